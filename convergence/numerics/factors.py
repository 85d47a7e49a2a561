"""Products of many factors 1 − λη: sign and logarithm, without over- or underflow, and exact where a factor is 0."""

from __future__ import annotations

from math import inf, log
from typing import NamedTuple

import numpy as np
import sympy as sp

from convergence.crossing import exact
from convergence.problem.arrays import Array
from convergence.schedule import STEP, Schedule

BLOCK = 512
"""Mantissas between ½ and 1 that are multiplied before an exponent is split off: 2^−512 is far from underflow."""

FEW, MODERATE = 16, 2.0**60
"""So many factors of moderate size, or of one over it, are multiplied without that."""

NEAR, REDONE = 2.0**-12, 16
"""Factors below this lose digits in 1 − λη, and so many of them are computed anew from the formula."""

SMALLEST = 1e-25
"""A factor below this is 0, or is asked whether it is."""

LOG2 = log(2.0)


class Sized(NamedTuple):
    """A number mantissa·2^exponent, which may be too small or too large for a double."""

    mantissa: float
    exponent: int

    @property
    def sign(self) -> int:
        """1, −1 or 0."""
        return (self.mantissa > 0) - (self.mantissa < 0)

    @property
    def log(self) -> float:
        """The natural logarithm of its size."""
        return log(abs(self.mantissa)) + self.exponent * LOG2 if self.mantissa else -inf

    @property
    def value(self) -> float:
        """As a double: 0 or infinite where it is none."""
        with np.errstate(over="ignore", under="ignore"):
            return float(np.ldexp(self.mantissa, int(np.clip(self.exponent, -5000, 5000))))


def multiplied(factors: Array) -> Sized:
    """The product of many factors, to a relative error of about their number · ε."""
    sizes = np.abs(factors)
    least, most = (float(f(sizes, initial=1.0)) for f in (np.min, np.max))
    if not least:
        return Sized(0.0, 0)
    total, left = 0, factors
    if least > 1 / MODERATE and most < MODERATE:
        left = _in_blocks(left, FEW)
    while True:
        left, exponents = np.frexp(left)
        total += int(exponents.sum(dtype=np.int64))
        if len(left) <= 1:
            return Sized(float(left[0]) if len(left) else 1.0, total)
        left = _in_blocks(left, BLOCK)


def _in_blocks(factors: Array, length: int) -> Array:
    """Products of so many factors each, those that are left over by themselves."""
    columns = len(factors) // length
    blocks = np.multiply.reduce(factors[: columns * length].reshape(length, columns), axis=0)
    rest = np.multiply.reduce(factors[columns * length :], keepdims=True)
    return np.concatenate([blocks, rest])


def factors_of(schedule: Schedule, rates: Array, letter: sp.Expr, size: float) -> Array:
    """1 − λη at each step; those near 0 from the formula, where there is one."""
    factors = 1 - size * rates
    if schedule.formula is None:
        return factors
    near = np.flatnonzero(np.abs(factors) < NEAR)
    if schedule.is_constant and len(near):
        return np.full(len(rates), float(1 - letter * exact(schedule.formula)))
    for k in near[:REDONE].tolist():
        step = k if schedule.last is None else min(k, schedule.last)
        factors[k] = _exactly(1 - letter * exact(schedule.formula).subs(STEP, step))
    return factors


def _exactly(number: sp.Expr) -> float:
    """A double, with all of its digits right; 0 where the number is."""
    if number.is_Rational:
        return float(number)
    value = float(number.evalf(30))
    return 0.0 if abs(value) < SMALLEST and number.equals(0) else value
