"""Where a function of one number is 0, between two points at which its signs differ."""

from __future__ import annotations

from collections.abc import Callable
from sys import float_info

from scipy.optimize import brentq

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
