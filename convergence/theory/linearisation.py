"""A rule that is not linear goes in; its derivative at the minimiser comes out, or the reason why it has none."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import sympy as sp

from convergence.errors import NotLinear
from convergence.rule import Method

STEP = sp.Symbol("t", positive=True)
KINKS = (sp.Abs, sp.sign, sp.Max, sp.Min, sp.Piecewise)
INFINITE = (sp.oo, -sp.oo, sp.zoo, sp.nan)

Formulas = Sequence[sp.Expr]


def linearised(method: Method, update: Formulas, state: Sequence[sp.Symbol], rest: Formulas) -> sp.Matrix:
    """The Jacobian of the update at rest. NotLinear where the rule is not differentiable there."""
    at = dict(zip(state, rest, strict=True))
    if not any(_delicate(entry, at) for entry in update):
        matrix = sp.Matrix(update).jacobian(state).subs(at)
        if not matrix.has(*INFINITE):
            return matrix
    return _along_rays(method, update, state, rest)


def _delicate(entry: sp.Expr, at: dict[sp.Symbol, sp.Expr]) -> bool:
    """Whether the usual rules of differentiation may fail at rest: a kink, or a root or quotient of zero."""
    powers = [p for p in entry.atoms(sp.Pow) if not (p.exp.is_Integer and p.exp > 0)]
    return entry.has(*KINKS) or any(sp.simplify(p.base.subs(at)) == 0 for p in powers)


def _along_rays(method: Method, update: Formulas, state: Sequence[sp.Symbol], rest: Formulas) -> sp.Matrix:
    """The derivative taken along rays from rest; all of them must agree with one matrix.

    A ray that leaves the domain (a second moment below zero) has no real value, and says nothing.
    """
    size = len(state)
    axes = [sp.eye(size)[:, i] for i in range(size)]
    columns = []
    for name, axis in zip(method.state, axes, strict=True):
        ahead, behind = (_slope(method, update, state, rest, ray) for ray in (axis, -axis))
        column = ahead if ahead is not None else behind * -1 if behind is not None else None
        _require(method, name, column is not None and not column.has(*INFINITE))
        _require(method, name, ahead is None or behind is None or _same(ahead, -behind))
        columns.append(column)
    matrix = sp.Matrix.hstack(*columns)
    for one, other in combinations(range(size), 2):
        for ray in (axes[one] + axes[other], axes[one] - axes[other], axes[other] - axes[one]):
            slope = _slope(method, update, state, rest, ray)
            _require(
                method, f"{method.state[one]} with {method.state[other]}", slope is None or _same(slope, matrix * ray)
            )
    return matrix


def _slope(
    method: Method, update: Formulas, state: Sequence[sp.Symbol], rest: Formulas, ray: sp.Matrix
) -> sp.Matrix | None:
    """The one-sided derivative of the update along a ray; None where the ray leaves the rule's domain."""
    along = {s: r + STEP * d for s, r, d in zip(state, rest, ray, strict=True)}
    growth = [sp.simplify((_branch(u.subs(along)) - r) / STEP) for u, r in zip(update, rest, strict=True)]
    try:
        slope = sp.Matrix([sp.limit(g, STEP, 0, "+") for g in growth])
    except (NotImplementedError, ValueError):
        raise NotLinear(
            f"{method.name} has no iteration matrix that SymPy could find: its derivative at the minimiser is undecided; "
            f"write the rule with smooth functions"
        ) from None
    return None if slope.has(sp.I) else slope


def _branch(formula: sp.Expr) -> sp.Expr:
    """Near the start of the ray a maximum of unequal values is the larger one: clipping at 1 is no kink at 0."""
    for bound in formula.atoms(sp.Max, sp.Min):
        values = [argument.subs(STEP, 0) for argument in bound.args]
        winner = bound.func(*values)
        if values.count(winner) == 1:
            formula = formula.subs(bound, bound.args[values.index(winner)])
    return formula


def _same(one: sp.Matrix, other: sp.Matrix) -> bool:
    return bool(sp.simplify(one - other).is_zero_matrix)


def _require(method: Method, where: str, holds: bool) -> None:
    if not holds:
        raise NotLinear(
            f"{method.name} has no iteration matrix: its rule is not differentiable at the minimiser (along {where}). "
            f"A smooth function in place of the kink, or an epsilon inside the root, would make it so"
        )
