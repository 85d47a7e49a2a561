"""Solutions of polynomial equations, branch by branch: linear elimination, and splitting of factors.

The systems here are small, and nearly every one is linear in one unknown after another. A general solver returns nothing
on them, or takes seconds, because it does not know which letters are positive.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

import sympy as sp

from convergence.algebra import factors, fraction, lowest_terms, numerator, powers, real_roots

Branch = dict[sp.Symbol, sp.Expr]
Equation = list[sp.Expr]
"""The factors of one equation that may vanish: it holds where one of them does."""


class Unsolved(Exception):
    """A system that elimination does not solve: what is left has degree three or more, and letters in it."""


def solutions(equations: Iterable[sp.Expr], unknowns: Sequence[sp.Symbol]) -> list[Branch]:
    """The branches of the common zeros of rational ``equations``; what a branch leaves out is free.

    Letters that are no unknowns are generic: a nonzero polynomial in them alone cannot vanish. ``unknowns`` come in the
    order in which they should be solved for. Values that an unknown's assumptions forbid are left out. Raises Unsolved.
    """
    system = _factored(equations, unknowns)
    if system is None:
        return []
    if not system:
        return [{}]
    first = min(system, key=lambda equation: (len(equation), _cost(equation, unknowns)))
    rest = [sp.Mul(*equation) for equation in system if equation is not first]
    branches = chain.from_iterable(_vanishing(factor, rest, unknowns) for factor in first)
    return list({frozenset(branch.items()): branch for branch in branches}.values())


def _factored(equations: Iterable[sp.Expr], unknowns: Sequence[sp.Symbol]) -> list[Equation] | None:
    """Each equation that is not always true, as its factors; None where one cannot hold."""
    system: list[Equation] = []
    for formula in equations:
        above = numerator(formula)
        if above == 0:
            continue
        if not above.has_free(*unknowns):
            return None
        parts = [part for part in factors(above) if part.has_free(*unknowns) and not part.is_nonzero]
        if not parts:
            return None
        if parts not in system:
            system.append(parts)
    return system


def _cost(equation: Equation, unknowns: Sequence[sp.Symbol]) -> tuple[bool, int]:
    """Equations that are linear in an unknown with a slope that cannot vanish come first, short ones before long."""
    plain = all(any(_slope_is_safe(f, u, unknowns) for u in unknowns if f.has(u)) for f in equation)
    return not plain, sum(sp.count_ops(f) for f in equation)


def _slope_is_safe(factor: sp.Expr, unknown: sp.Symbol, unknowns: Sequence[sp.Symbol]) -> bool:
    by_power = powers(factor, unknown)
    return len(by_power) == 2 and (not by_power[0].has_free(*unknowns) or bool(by_power[0].is_nonzero))


def _vanishing(factor: sp.Expr, rest: list[sp.Expr], unknowns: Sequence[sp.Symbol]) -> list[Branch]:
    """The solutions of the rest with one factor zero."""
    inside = [u for u in unknowns if factor.has(u)]
    safe = [u for u in inside if _slope_is_safe(factor, u, unknowns)]
    linear = [u for u in inside if len(powers(factor, u)) == 2]
    if safe or linear:
        unknown = (safe or linear)[0]
        slope, constant = powers(factor, unknown)
        branches = _with(unknown, -constant / slope, rest, unknowns)
        return branches if safe else branches + solutions([slope, constant, *rest], unknowns)
    unknown = min(inside, key=lambda u: len(powers(factor, u)))
    try:
        values = real_roots(powers(factor, unknown))
    except ValueError as reason:
        raise Unsolved(f"{factor} = 0 has no formula for {unknown}: {reason}") from None
    return [branch for value in values for branch in _with(unknown, value, rest, unknowns)]


def _with(unknown: sp.Symbol, value: sp.Expr, rest: list[sp.Expr], unknowns: Sequence[sp.Symbol]) -> list[Branch]:
    """The solutions of the rest with an unknown at a value, unless it may not have that."""
    value = lowest_terms(value)
    if not _allowed(unknown, value):
        return []
    others = [u for u in unknowns if u is not unknown]
    branches = []
    for branch in solutions([equation.xreplace({unknown: value}) for equation in rest], others):
        settled = settle(value, branch)
        if settled is not None and _allowed(unknown, settled):
            branches.append({unknown: settled, **branch})
    return branches


def settle(value: sp.Expr, branch: Branch) -> sp.Expr | None:
    """A rational formula with what is known of its letters put in; None where it has a pole there."""
    above, below = (part.xreplace(branch) for part in fraction(value))
    return lowest_terms(above / below) if numerator(below) != 0 else None


def _allowed(unknown: sp.Symbol, value: sp.Expr) -> bool:
    """Whether a value does not contradict what is assumed of the unknown."""
    if unknown.is_positive and value.is_nonpositive:
        return False
    return not (unknown.is_nonnegative and value.is_negative)
