"""Where exact and floating point meet: numbers become rationals here, formulas become NumPy functions here.

A float is read as the decimal it prints as: 0.1 is 1/10. Whoever typed 0.9 and 3.8 meant those, and then the edge of a
stable region is where the person expects it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from itertools import chain
from numbers import Integral, Rational, Real
from typing import Any

import mpmath
import numpy as np
import sympy as sp

from convergence.errors import NotANumber

Compiled = Callable[..., Any]


def exact(number: Any) -> sp.Expr:
    """A SymPy number or formula from anything that a person writes as one: int, float, Fraction, NumPy or SymPy.

    A float is the decimal that it prints as, not its binary value: conditions at a boundary are decided as they are
    written.

    >>> exact(0.1), exact(0.75)
    (1/10, 3/4)
    """
    if isinstance(number, sp.Float):
        return sp.Rational(str(number))
    if isinstance(number, sp.Basic):
        return number.replace(lambda part: isinstance(part, sp.Float), exact) if number.has(sp.Float) else number
    if isinstance(number, Integral):
        return sp.Integer(int(number))
    if isinstance(number, Rational):
        return sp.Rational(number.numerator, number.denominator)
    if isinstance(number, np.ndarray) and number.ndim == 0:
        return exact(number.item())
    if isinstance(number, Real) and np.isfinite(float(number)):
        return sp.Rational(str(number))  # of a float32 too: the digits that it shows
    raise NotANumber(f"expected a finite real number or a formula; got {str(number)[:60]!r}")


def fraction(number: Any) -> Fraction:
    """The same reading as ``exact``, as a Fraction: for arithmetic with rational numbers alone."""
    if isinstance(number, Integral):
        return Fraction(int(number))
    if isinstance(number, Rational):
        return Fraction(int(number.numerator), int(number.denominator))
    value = exact(number)
    return Fraction(int(value.p), int(value.q))


@cache
def compiled(arguments: tuple[sp.Symbol, ...], formulas: tuple[sp.Expr, ...]) -> Compiled:
    """A function of floats or arrays, in the order of ``arguments``, that returns the list of values of ``formulas``."""
    letters = {argument: sp.Dummy() for argument in arguments}  # two letters may have one name, or that of a keyword
    plain = [sp.sympify(f).replace(_unwieldy, lambda number: sp.Float(number, 17)).xreplace(letters) for f in formulas]
    return sp.lambdify(list(letters.values()), plain, modules="numpy", cse=True)  # type: ignore[no-any-return]


def _unwieldy(part: sp.Basic) -> bool:
    """A fraction whose parts exceed a machine integer: NumPy would compute with Python objects."""
    return bool(part.is_Rational) and max(abs(part.p), part.q) > 2**53


def evaluate(arguments: Sequence[sp.Symbol], formulas: Sequence[sp.Expr], values: Sequence[Any]) -> list[Any]:
    """The formulas at these values."""
    return list(compiled(tuple(arguments), tuple(formulas))(*values))


DIGITS = 40
"""Decimal digits in which formulas are evaluated for sums of two doubles, which hold 32."""


def doubled(
    arguments: Sequence[sp.Symbol], formulas: Sequence[sp.Expr], values: Sequence[Any]
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The formulas (n,) for an array (m,) as first value, as sums of two doubles: (2, m, n). Floats are read as decimals."""
    first, *others = values
    function = _precise(tuple(arguments), tuple(formulas))
    with mpmath.workdps(DIGITS):
        rest = [_mpf(value) for value in others]
        rows = [[mpmath.mpf(v) for v in function(_mpf(float(one)), *rest)] for one in first]
        high = np.array([[float(v) for v in row] for row in rows]).reshape(len(rows), -1)
        pairs = zip(chain(*rows), high.flat, strict=True)
        low = np.array([float(v - h) if np.isfinite(h) else 0.0 for v, h in pairs])
    return np.stack([high, low.reshape(high.shape)])


def precise(
    arguments: Sequence[sp.Symbol], formulas: Sequence[sp.Expr], values: Sequence[Any], digits: int = DIGITS
) -> list[Any]:
    """The formulas at these values, in mpmath's numbers computed with so many digits."""
    with mpmath.workdps(digits):
        return list(_precise(tuple(arguments), tuple(formulas))(*map(_mpf, values)))


@cache
def _precise(arguments: tuple[sp.Symbol, ...], formulas: tuple[sp.Expr, ...]) -> Compiled:
    letters = {argument: sp.Dummy() for argument in arguments}
    plain = [sp.sympify(formula).xreplace(letters) for formula in formulas]
    return sp.lambdify(list(letters.values()), plain, modules="mpmath", cse=True)  # type: ignore[no-any-return]


def _mpf(value: Any) -> Any:
    number = exact(value)
    return mpmath.mpf(int(number.p)) / int(number.q) if number.is_Rational else sp.N(number, DIGITS)._to_mpmath(133)
