"""Running error analysis (Higham 2002, §3.3): the value of a formula, and how far floats may be from it, to first order.

An operation adds the unit roundoff, a function of a library twice that; errors of what goes in are carried along.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import mpmath
import sympy as sp
from sympy.core.relational import Relational

UNIT = mpmath.ldexp(1, -53)
DIGITS = 50
WIDE = 100
"""A sign is decided, and a root taken, where the value is so many times its error."""

Number = Any  # mpmath's mpf
Bounded = tuple[Number, Number]
"""A value, and the bound of its error in floats."""


TINY = mpmath.mpf("1e-300")
"""Smaller numbers lose digits in floats, and those larger than its inverse overflow."""


class Undecided(ArithmeticError):
    """A point at which rounding may choose another case, or that is no real number."""


def bounded(formula: sp.Basic, at: Mapping[sp.Symbol, Bounded]) -> Bounded:
    """The value of a formula at numbers, to ``DIGITS`` digits, and the bound of the error of its code there.

    A condition has the value 1 or 0. Raises Undecided where a case is not decided, and where there is no real value.

    >>> x = sp.Symbol("x")
    >>> value, error = bounded(1 - x, {x: (mpmath.mpf("0.75"), mpmath.mpf(0))})
    >>> float(value), float(error) == 1.75 * 2.0**-53
    (0.25, True)
    """
    with mpmath.workdps(DIGITS):
        return _bounded(formula, at)


def _bounded(formula: sp.Basic, at: Mapping[sp.Symbol, Bounded]) -> Bounded:
    value, error = _operation(formula, at)
    if not isinstance(value, mpmath.mpf) or mpmath.isnan(value) or mpmath.isnan(error):
        raise Undecided(f"no real value: {str(formula)[:60]}")
    if value and mpmath.isfinite(value) and not TINY < abs(value) < 1 / TINY:
        raise Undecided(f"out of the range of floats: {str(formula)[:60]}")
    return value, error


def _operation(formula: sp.Basic, at: Mapping[sp.Symbol, Bounded]) -> Bounded:
    if formula.is_Symbol:
        return at[formula]
    if formula.is_Atom:
        return _atom(formula)
    if isinstance(formula, sp.Piecewise):
        return next(_bounded(value, at) for value, condition in formula.args if _holds(condition, at))
    if isinstance(formula, sp.And | sp.Or | sp.Not | Relational):
        return mpmath.mpf(_holds(formula, at)), mpmath.mpf(0)
    parts = [_bounded(part, at) for part in formula.args]
    values, errors = zip(*parts, strict=True)
    if isinstance(formula, sp.Add):
        return mpmath.fsum(values), mpmath.fsum(errors) + (len(parts) - 1) * UNIT * mpmath.fsum(map(abs, values))
    if isinstance(formula, sp.Mul):
        value = mpmath.fprod(values)
        carried = (
            e * abs(prod((v for j, v in enumerate(values) if j != k), start=mpmath.mpf(1)))
            for k, e in enumerate(errors)
        )
        products = sum(abs(v) != 1 for v in values) - 1  # by ±1 nothing is rounded
        return value, mpmath.fsum(carried) + max(products, 0) * UNIT * abs(value)
    if isinstance(formula, sp.Max | sp.Min):
        return (max if isinstance(formula, sp.Max) else min)(values), max(errors)
    if isinstance(formula, sp.sign | sp.floor | sp.ceiling):
        return _step(formula, *parts[0])
    if isinstance(formula, sp.Abs):
        return abs(values[0]), errors[0]
    return _power(*parts) if isinstance(formula, sp.Pow) else _function(formula, *parts[0])


def _atom(number: sp.Basic) -> Bounded:
    if number in (sp.true, sp.false):
        return mpmath.mpf(number == sp.true), mpmath.mpf(0)
    value = mpmath.mpf(number._to_mpmath(mpmath.mp.prec))
    return value, abs(value - float(value)) if mpmath.isfinite(value) else mpmath.mpf(0)


def _power(base: Bounded, power: Bounded) -> Bounded:
    (b, under), (n, above) = base, power
    if n != int(n) and b < WIDE * under:
        raise Undecided("a root of what may be negative")
    if n < 0 and abs(b) <= WIDE * under:
        raise Undecided("a quotient by what may be 0")
    value = mpmath.power(b, n)
    slope = n * mpmath.power(b, n - 1) if b or n >= 1 else mpmath.mpf(0)
    carried = abs(slope) * under + (abs(value * mpmath.log(abs(b))) * above if above else 0)
    return value, carried + 2 * UNIT * abs(value)


def _step(formula: sp.Basic, value: Number, error: Number) -> Bounded:
    """Of what jumps: a sign, a whole number below or above; exact where the jump is far."""
    jump = mpmath.mpf(0) if isinstance(formula, sp.sign) else mpmath.nint(value)
    if error and abs(value - jump) <= WIDE * error:
        raise Undecided(f"{formula.func} at its jump")
    call = {sp.sign: mpmath.sign, sp.floor: mpmath.floor, sp.ceiling: mpmath.ceil}[formula.func]
    return call(value), mpmath.mpf(0)


def _function(formula: sp.Basic, value: Number, error: Number) -> Bounded:
    call = getattr(mpmath, formula.func.__name__)
    if isinstance(formula, sp.log | sp.acosh) and value <= WIDE * error:
        raise Undecided(f"{formula.func} of what may be negative")
    result = call(value)
    return result, abs(mpmath.diff(call, value)) * error + 2 * UNIT * abs(result)


def _holds(condition: sp.Basic, at: Mapping[sp.Symbol, Bounded]) -> bool:
    if condition in (sp.true, sp.false):
        return bool(condition)
    if isinstance(condition, sp.And):
        return all(_holds(part, at) for part in condition.args)
    if isinstance(condition, sp.Or):
        return any(_holds(part, at) for part in condition.args)
    if isinstance(condition, sp.Not):
        return not _holds(condition.args[0], at)
    (left, one), (right, other) = _bounded(condition.lhs, at), _bounded(condition.rhs, at)
    if one + other and abs(left - right) <= WIDE * (one + other):
        raise Undecided(str(condition)[:60])
    return bool(
        {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}.get(
            condition.rel_op, (left == right) == (condition.rel_op == "==")
        )
    )
