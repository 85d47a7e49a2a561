"""Roots and minima of functions of one number between two points."""

from __future__ import annotations

from collections.abc import Callable
from math import log
from sys import float_info

from scipy.optimize import brentq, minimize_scalar

ROUNDING = 4 * float_info.epsilon
"""The least relative distance that Brent's method stops at."""

MOST = 10_000
"""Evaluations; from 1 down to the smallest double halvings alone take a thousand."""


def root(function: Callable[[float], float], low: float, high: float, relative: float = ROUNDING) -> float:
    """The root in [low, high] to a ``relative`` distance, however small it is (Brent 1973).

    >>> root(lambda x: x * x - 2e-40, 0.0, 1.0)
    1.414...e-20
    """
    return float(brentq(function, low, high, rtol=relative, xtol=float_info.min, maxiter=MOST))


def minimum(function: Callable[[float], float], low: float, high: float, within: float) -> float:
    """Where a function is least between two points, to a distance ``within`` (Brent 1973)."""
    options = {"xatol": within}
    return float(minimize_scalar(function, bounds=(low, high), method="bounded", options=options).x)


def finite_log(size: float) -> float:
    """The logarithm of a size, of the least and the largest double where it is 0 or ∞: a bracket needs finite numbers."""
    return log(min(max(size, float_info.min), float_info.max))
