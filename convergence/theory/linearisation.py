"""The derivative of a rule that is not linear, where it rests; or the reason why it has none there.

The usual rules of differentiation fail where a root or a quotient of zero stands, as in Adam's m/(√v + ε) at v = 0,
which has a derivative all the same. A product of what vanishes smoothly with what is only continuous has: the derivative
of the first times the value of the second. Where that does not decide, limits along rays may refute a derivative, but prove
none: |abc|^⅓ has the slope 0 along all axes and their diagonals, and no derivative. What neither decides is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import sympy as sp

from convergence.algebra import cancelled
from convergence.errors import NotLinear
from convergence.rule import Method
from convergence.theory.clock import stopped_clocks
from convergence.theory.rest import Rest

STEP = sp.Symbol("t", positive=True)
KINKS = (sp.Abs, sp.sign, sp.Max, sp.Min, sp.Piecewise)
INFINITE = (sp.oo, -sp.oo, sp.zoo, sp.nan)


@dataclass(frozen=True)
class Map:
    """``formulas`` of ``letters``, which have the values ``image`` at the point ``at``; messages use ``names``."""

    method: str
    names: tuple[str, ...]
    letters: tuple[sp.Symbol, ...]
    formulas: tuple[sp.Expr, ...]
    at: tuple[sp.Expr, ...]
    image: tuple[sp.Expr, ...]


def linearised_at_rest(method: Method, rest: Rest) -> tuple[list[int], sp.Matrix]:
    """The places of the states that the error of a rule that is not linear is made of, and their Jacobian at rest."""
    moving = without_clocks(rest)
    rule = _stopped(method, rest, moving)
    jacobian = linearised(rule)
    shares = {domain.symbol for domain in method.domains.values() if domain.is_share}
    felt = _felt(rule, jacobian, shares)
    return [moving[k] for k in felt], jacobian.extract(felt, felt)


def without_clocks(rest: Rest) -> list[int]:
    """The places of the states that move: all where one of them hears, at rest, what a clock reads."""
    state = rest.trace.inputs
    clocks = stopped_clocks(state, rest.update)
    moving = [k for k, s in enumerate(state) if s not in clocks]
    still = {state[k]: rest.state[k] for k in moving}
    deaf = all(cancelled(rest.update[k].subs(still) - rest.state[k]) == 0 for k in moving)
    return moving if deaf else list(range(len(state)))


def _felt(rule: Map, jacobian: sp.Matrix, shares: set[sp.Symbol]) -> list[int]:
    """The places of the states that the position hears in first order, itself first, directly or through others.

    The others are left out, as Adam's second moment is, where each forgets by a share and those that are heard rest whatever
    the others hold. The step is then e ← A(v)e with A(v) → A(0), and e shrinks as if v were 0. Else all are kept: of
    x ← x − ηg + v², v ← βv + g, the position comes near as β²ᵏ.
    """
    felt = [0]
    for place in felt:
        felt += [k for k in range(jacobian.cols) if k not in felt and jacobian[place, k] != 0]
    others = [k for k in range(jacobian.rows) if k not in felt]
    apart = all(jacobian[k, j] == 0 for k in others for j in others if j != k)
    forgets = all(
        jacobian[k, k] in shares or (abs(jacobian[k, k]).is_number and abs(jacobian[k, k]) < 1) for k in others
    )
    still = {rule.letters[k]: rule.at[k] for k in felt}
    deaf = all(sp.simplify(rule.formulas[k].subs(still) - rule.image[k]) == 0 for k in felt)
    return sorted(felt) if apart and forgets and deaf else list(range(jacobian.rows))


def _stopped(method: Method, rest: Rest, moving: Sequence[int]) -> Map:
    """The rule of the states that move, its clocks run down."""
    state = rest.trace.inputs
    readings = {s: rest.state[k] for k, s in enumerate(state) if k not in moving}
    update = tuple(rest.update[k].subs(readings) for k in moving)
    names, letters, at = (tuple(part[k] for k in moving) for part in (method.state, state, rest.state))
    return Map(method.name, names, letters, update, at, at)


def linearised(rule: Map) -> sp.Matrix:
    """The Jacobian (formulas, letters) at the point. NotLinear where the map is not differentiable there, or not provably."""
    at = dict(zip(rule.letters, rule.at, strict=True))
    rows = [_gradient(near(entry, at), rule.letters, at) for entry in rule.formulas]
    if None in rows:
        _refuted_along_rays(rule)
        raise NotLinear(
            f"{rule.method} has no iteration matrix that could be proved: its slopes along the axes and their diagonals agree, "
            f"which is no proof of a derivative at the minimiser; write the rule with smooth functions, or see "
            f"rests({rule.method!r})"
        )
    return sp.Matrix.vstack(*rows)


def near(entry: sp.Expr, at: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
    """The rule near the point: a maximum of unequal values is the larger one, as clipping at 1 is no kink at 0."""

    def largest(*values: sp.Expr, of: type[sp.Expr]) -> sp.Expr:
        there = [value.subs(at) for value in values]
        winners = [value for value, one in zip(values, there, strict=True) if one == of(*there)]
        decided = len(winners) == 1 and all(_is_continuous(value, at) for value in values)
        return winners[0] if decided else of(*values)

    for kind in (sp.Max, sp.Min, sp.Max):
        entry = entry.replace(kind, partial(largest, of=kind))
    return entry


def _gradient(entry: sp.Expr, letters: tuple[sp.Symbol, ...], at: Mapping[sp.Symbol, sp.Expr]) -> sp.Matrix | None:
    """The derivative of one entry, term by term; None where a term is neither smooth nor such a product."""
    total = sp.zeros(1, len(letters))
    for term in sp.Add.make_args(entry):
        rough = sp.Mul(*(factor for factor in sp.Mul.make_args(term) if _delicate(factor, at)))
        smooth = term / rough
        if rough != 1 and (not _is_continuous(rough, at) or sp.simplify(smooth.subs(at)) != 0):
            return None
        total += rough.subs(at) * sp.Matrix([smooth]).jacobian(letters).subs(at)
    return None if total.has(*INFINITE) else total


def _is_continuous(formula: sp.Expr, at: Mapping[sp.Symbol, sp.Expr]) -> bool:
    """Whether a formula of roots, quotients and maxima is continuous at the point, within its domain."""
    if formula.is_Pow:
        base, power = formula.args
        return power.is_number and _is_continuous(base, at) and (power > 0 or sp.simplify(base.subs(at)) != 0)
    whole = formula.is_Add or formula.is_Mul or isinstance(formula, (sp.Abs, sp.Max, sp.Min))
    return formula.is_Atom or (whole and all(_is_continuous(part, at) for part in formula.args))


def _delicate(entry: sp.Expr, at: Mapping[sp.Symbol, sp.Expr]) -> bool:
    """Whether the usual rules of differentiation may fail at rest: a kink, or a root or quotient of zero."""
    powers = [p for p in entry.atoms(sp.Pow) if not (p.exp.is_Rational and p.exp >= 1)]
    return entry.has(*KINKS) or any(sp.simplify(p.base.subs(at)) == 0 for p in powers)


def _refuted_along_rays(rule: Map) -> None:
    """NotLinear where the derivatives along rays from the point do not agree with one matrix.

    A ray that leaves the domain (a second moment below zero) has no real value, and says nothing.
    """
    size = len(rule.letters)
    axes = [sp.eye(size)[:, i] for i in range(size)]
    columns = []
    for name, axis in zip(rule.names, axes, strict=True):
        ahead, behind = _slope(rule, axis), _slope(rule, -axis)
        column = ahead if ahead is not None else behind * -1 if behind is not None else None
        _require(rule, name, column is not None and not column.has(*INFINITE))
        _require(rule, name, ahead is None or behind is None or _same(ahead, -behind))
        columns.append(column)
    matrix = sp.Matrix.hstack(*columns)
    for one, other in combinations(range(size), 2):
        for ray in (axes[one] + axes[other], axes[one] - axes[other], axes[other] - axes[one]):
            slope = _slope(rule, ray)
            _require(rule, f"{rule.names[one]} with {rule.names[other]}", slope is None or _same(slope, matrix * ray))


def _slope(rule: Map, ray: sp.Matrix) -> sp.Matrix | None:
    """The one-sided derivative along a ray; None where the ray leaves the rule's domain."""
    along = {s: r + STEP * d for s, r, d in zip(rule.letters, rule.at, ray, strict=True)}
    growth = [sp.simplify((_branch(u.subs(along)) - r) / STEP) for u, r in zip(rule.formulas, rule.image, strict=True)]
    try:
        slope = sp.Matrix([sp.limit(g, STEP, 0, "+") for g in growth])
    except (NotImplementedError, ValueError):
        raise NotLinear(
            f"{rule.method} has no iteration matrix that SymPy could find: its derivative at the minimiser is undecided; "
            f"write the rule with smooth functions, or see rests({rule.method!r})"
        ) from None
    return None if slope.has(sp.I) else slope


def _branch(formula: sp.Expr) -> sp.Expr:
    """Near the start of the ray a maximum of unequal values is the larger one: clipping at 1 is no kink at 0."""
    return near(formula, {STEP: sp.S.Zero})


def _same(one: sp.Matrix, other: sp.Matrix) -> bool:
    return bool(sp.simplify(one - other).is_zero_matrix)


def _require(rule: Map, where: str, holds: bool) -> None:
    if not holds:
        raise NotLinear(
            f"{rule.method} has no iteration matrix: its rule is not differentiable at the minimiser (along {where}). "
            f"What it does there instead: cycles({rule.method!r}). (A smooth function in place of the kink would make it so.)"
        )
