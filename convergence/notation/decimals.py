"""Decimal notation of floats: significant digits, groups of three, powers of ten."""

from __future__ import annotations

import re
from decimal import Decimal
from math import inf, isfinite, isnan
from numbers import Integral, Real
from typing import Any, Literal

import sympy as sp

Form = Literal["text", "latex"]
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
WHOLE = 1e6
"""Whole numbers below this keep all their digits."""

SURE = 15
"""Significant digits that a float surely has."""

NEAR = 0.01
SMALLEST = 2.0**-1022
"""Floats below this have fewer digits."""

SPACES = {"text": "\u202f", "latex": r"\\,"}
ODD = {"text": ("?", "∞", "−∞"), "latex": (r"\text{?}", r"\infty", r"-\infty")}
"""What is no number, and the infinities."""


def is_number(x: Any) -> bool:
    """Whether x is a float or integer of Python or NumPy, or a Decimal, not of SymPy."""
    return isinstance(x, float | Integral | Real | Decimal) and not isinstance(x, bool | sp.Basic)


def spelled(value: Any, digits: int, form: Form) -> str:
    """A number to so many significant digits."""
    if not isinstance(value, Integral | Decimal) and not isfinite(value):
        return ODD[form][0 if isnan(value) else 1 if value > 0 else 2]
    mantissa, power = decimal(value, digits)
    whole, point, rest = mantissa.partition(".")
    if len(whole.lstrip("-")) > 4:
        whole = re.sub(r"(?<=\d)(?=(?:\d{3})+$)", SPACES[form], whole)
    if form == "latex":
        return whole + point + rest + ("" if power is None else rf"\times10^{{{power}}}")
    return (whole + point + rest).replace("-", "−") + ("" if power is None else f"×10{str(power).translate(RAISED)}")


def decimal(value: Any, digits: int) -> tuple[str, int | None]:
    """The decimal digits of a number, and the power of ten beside them where it is very large or small.

    More digits stand where it would read as 1 and is not; zeros at the end only where they were rounded: 0.5, but 0.5000 for
    0.50001.
    """
    if value == int(value) and abs(value) < WHOLE:
        return str(int(value)), None
    value = value if isinstance(value, Decimal) else float(value)
    digits = told_from_one(value, digits)
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    power = int(exponent)
    if -4 < power < 6:
        return _short(f"{value:.{max(0, digits - 1 - power)}f}", value), None
    return _short(mantissa, float(f"{value:.17e}".split("e")[0])), power


def told_from_one(value: float | Decimal, digits: int) -> int:
    """So many significant digits, or as many as it takes that a number does not read as 1 and is not.

    Within a hundredth of 1, as shares and rates are told by their distance from it, that has an error of a tenth at most.
    What is 1 but for rounding reads as 1.
    """
    size = abs(float(value))
    away = abs(1 - size)
    for d in range(digits, SURE + 1) if 10.0**-SURE < away < 1 else ():
        rounded = float(f"{size:.{d}g}")
        if rounded != 1 and (away > NEAR or abs(rounded - size) <= away / 10):
            return d
    return digits


def significant(value: float | Decimal, digits: int = 6) -> str:
    """A number as a program reads it: 6.715e-11, 0.9999996.

    >>> significant(2 / 3), significant(1 - 4e-7)
    ('0.666667', '0.9999996')
    """
    return f"{value:.{told_from_one(value, digits)}g}"


def number(value: float, log10: float) -> float | Decimal:
    """A number that is also known by its logarithm: a Decimal where it has left the range of floats.

    >>> significant(number(0.0, -404.5))
    '3.16228e-405'
    """
    if (isfinite(log10) and not isfinite(value)) or (abs(value) < SMALLEST and log10 > -inf):
        return Decimal(10) ** Decimal(log10)
    return value


def _short(digits: str, value: float) -> str:
    exact = "." in digits and abs(float(digits) - value) <= 1e-15 * abs(value)
    return digits.rstrip("0").rstrip(".") if exact else digits
