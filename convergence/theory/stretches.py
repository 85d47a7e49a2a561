"""A formula in the step k cut into stretches of steps on which it has no cases: no Piecewise, Min or Max."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

import sympy as sp
from sympy.core.relational import Relational

from convergence.crossing import compiled
from convergence.schedule import STEP

MOST_STRETCHES = 64
"""Stretches that a formula is cut into, at most."""

FAR = 2**40
"""No case begins at a later step."""

EXTREMES = (sp.Min, sp.Max)
CASES = (sp.Piecewise, *EXTREMES)


@dataclass(frozen=True)
class Stretch:
    """Steps from ``first`` on, up to ``end`` (None: for ever), with the formula in k counted from ``first``."""

    first: int
    end: int | None
    formula: sp.Expr


def stretches(formula: sp.Expr, last: int | None = None) -> list[Stretch] | None:
    """The steps cut where ``formula`` changes from case to case, and at ``last``, whose value all later steps keep.

    None where a condition may change to and fro, and where there are too many.

    >>> [(s.first, s.end, s.formula) for s in stretches(sp.Min(STEP, 3) + 1)]
    [(0, 3, k + 1), (3, None, 4)]
    """
    formula = formula.replace(sp.floor, _one_floor)
    conditions = set(_conditions(formula))
    if not all(_is_bound(condition.lhs - condition.rhs) for condition in conditions):
        return None
    cuts = {0, last, *map(_turn, conditions)}
    starts = sorted(cut for cut in cuts if cut is not None and (last is None or cut <= last))
    if len(starts) > MOST_STRETCHES:
        return None
    ends = [*starts[1:], None]
    return [Stretch(a, b, _part(formula, a, b, last)) for a, b in zip(starts, ends, strict=True)]


def _one_floor(inner: sp.Expr) -> sp.Expr:
    """⌊⌊x⌋/m⌋ is ⌊x/m⌋ for whole m."""
    part, stair = inner.as_coeff_Mul()
    return sp.floor(part * stair.args[0] if isinstance(stair, sp.floor) and (1 / part).is_Integer else inner)


def _conditions(formula: sp.Expr) -> Iterator[Relational]:
    """What decides between the cases of the formula: of Min and Max, which of two is larger, the one without k first."""
    for part in sp.preorder_traversal(formula):
        if isinstance(part, Relational):
            yield part
        elif isinstance(part, sp.Min | sp.Max):
            pairs = (pair for pair in combinations(_fixed_first(part), 2) if STEP in pair[1].free_symbols)
            yield from (sp.StrictGreaterThan(*pair, evaluate=False) for pair in pairs)


def _fixed_first(part: sp.Expr) -> list[sp.Expr]:
    return sorted(part.args, key=lambda argument: STEP in argument.free_symbols)


def _is_bound(difference: sp.Expr) -> bool:
    return difference.free_symbols <= {STEP} and _direction(difference) is not None


def _direction(formula: sp.Expr) -> int | None:
    """1 where it never falls with k, −1 where it never rises, 0 where it is constant; None where that is not seen."""
    if isinstance(formula, (*EXTREMES, sp.floor)):
        return _common(_direction(argument) for argument in formula.args)
    inner = {part for part in formula.atoms(*EXTREMES, sp.floor) if STEP in part.free_symbols}
    outermost = {part for part in inner if not any(part is not other and other.has(part) for other in inner)}
    letters = {part: sp.Dummy(real=True) for part in outermost}
    plain = formula.xreplace(letters)
    within = (_times(_slope(plain, letter), _direction(part)) for part, letter in letters.items())
    return _common([_slope(plain, STEP), *within])


def _times(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one * other


def _slope(formula: sp.Expr, letter: sp.Symbol) -> int | None:
    slope = formula.diff(letter)
    if slope == 0:
        return 0
    return 1 if slope.is_nonnegative else -1 if slope.is_nonpositive else None


def _common(directions: Iterable[int | None]) -> int | None:
    """The one direction of a sum of parts, or of their largest; None where they have several."""
    signs = set(directions) - {0}
    return 0 if not signs else signs.pop() if len(signs) == 1 else None


def _turn(condition: Relational) -> int | None:
    """The first step at which a condition is not what it was at step 0; None where it stays."""
    difference = condition.lhs - condition.rhs
    if _is_exact(difference):
        exactly = condition.func(difference, 0, evaluate=False)
        return _flip(lambda step: bool(exactly.subs(STEP, step).doit()))
    floating, sign = compiled((STEP,), (difference,)), condition.func
    return _flip(lambda step: bool(sign(float(floating(float(step))[0]), 0)))


def _is_exact(difference: sp.Expr) -> bool:
    """Whether it stays a small fraction at any step: powers with k in the exponent do not."""
    return not any(power.exp.has(STEP) for power in difference.atoms(sp.Pow, sp.exp))


def _flip(holds: Callable[[int], bool]) -> int | None:
    """The first step, up to ``FAR``, at which a condition that changes once at most is not what it was at step 0."""
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
    """Which of its cases a Piecewise, Min or Max is from a step on, up to the next at which a condition changes."""
    if isinstance(part, sp.Piecewise):
        return next(value for value, condition in part.args if condition.subs(STEP, step) == sp.true)
    chosen, *others = _fixed_first(part)
    for other in others:
        if bool(chosen.subs(STEP, step) > other.subs(STEP, step)) is isinstance(part, sp.Min):
            chosen = other
    return chosen
