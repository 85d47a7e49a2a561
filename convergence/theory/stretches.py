"""A formula in the step k cut into stretches on which it has no cases: no Piecewise, no Min, and no end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import sympy as sp
from sympy.core.relational import Relational

from convergence.schedule import STEP

MOST = 64
"""Stretches that a formula is cut into, at most."""

FAR = 2**40
"""No case begins at a later step."""

CASES = (sp.Piecewise, sp.Min, sp.Max)


@dataclass(frozen=True)
class Stretch:
    """Steps from ``first`` on, up to ``end`` (None: for ever), with the formula in k counted from ``first``."""

    first: int
    end: int | None
    formula: sp.Expr


def stretches(formula: sp.Expr, last: int | None = None) -> list[Stretch] | None:
    """The steps cut where ``formula`` changes from case to case, and at ``last``, whose value all later steps keep.

    None where a condition is no bound on k, and where there are too many.

    >>> [(s.first, s.end, s.formula) for s in stretches(sp.Min(STEP, 3) + 1)]
    [(0, 3, k + 1), (3, None, 4)]
    """
    formula = formula.replace(sp.floor, _one_floor)
    conditions = set(_conditions(formula))
    if not all(_bounds_step(condition) for condition in conditions):
        return None
    cuts = {0, last, *map(_turn, conditions)}
    starts = sorted(cut for cut in cuts if cut is not None and (last is None or cut <= last))
    if len(starts) > MOST:
        return None
    ends = [*starts[1:], None]
    return [Stretch(a, b, _part(formula, a, b, last)) for a, b in zip(starts, ends, strict=True)]


def _one_floor(inner: sp.Expr) -> sp.Expr:
    """⌊⌊x⌋/m⌋ is ⌊x/m⌋ for whole m."""
    part, stair = inner.as_coeff_Mul()
    return sp.floor(part * stair.args[0] if isinstance(stair, sp.floor) and (1 / part).is_Integer else inner)


def _conditions(formula: sp.Expr) -> Iterator[sp.Basic]:
    """What decides between the cases of the formula."""
    for part in sp.preorder_traversal(formula):
        if isinstance(part, Relational):
            yield part
        elif isinstance(part, sp.Min | sp.Max):
            yield from (a > b for a, b in combinations(sorted(part.args, key=lambda one: one.has(STEP)), 2))


def _bounds_step(condition: sp.Basic) -> bool:
    if not isinstance(condition, Relational):
        return True  # between two numbers
    smooth = (condition.lhs - condition.rhs).replace(sp.floor, lambda inner: inner)
    return bool(smooth.free_symbols <= {STEP} and smooth.is_polynomial(STEP) and sp.degree(smooth, STEP) <= 1)


def _turn(condition: sp.Basic) -> int | None:
    """The first step at which a bound on k is not what it was at step 0; None where it stays."""

    def holds(step: int) -> bool:
        return bool(condition.subs(STEP, step))

    before, low, high = holds(0), 0, FAR
    if holds(high) is before:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) is before else (low, middle)
    return high


def _part(formula: sp.Expr, first: int, end: int | None, last: int | None) -> sp.Expr:
    """The formula on a stretch, in k counted from its first step."""
    if first == last:
        return formula.subs(STEP, sp.Integer(first))
    case = formula.replace(lambda part: isinstance(part, CASES), lambda part: _case(part, first))
    return case.subs(STEP, first if end == first + 1 else STEP + first)


def _case(part: sp.Expr, step: int) -> sp.Expr:
    """Which of its cases a Piecewise, Min or Max is at a step; of equal ones that without k."""
    if isinstance(part, sp.Piecewise):
        return next(value for value, condition in part.args if condition.subs(STEP, step) == sp.true)
    best = part.subs(STEP, step)
    equal = [argument for argument in part.args if argument.subs(STEP, step) == best]
    return min(equal, key=lambda argument: STEP in argument.free_symbols)
