"""The edge of stability of a whole cycle of learning rates: the first λ at which |Π (1 − λη_k)| is 1 again.

Points are a = λ·max η, and rates their shares of the largest. Between two neighbours of its zeros max η/η_k the logarithm
is concave in a (each ln|1 − λη| is), so it has one maximum there.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from convergence.problem.arrays import Array

MOST_RATES, TOGETHER = 2048, 64
"""Different learning rates, and intervals between zeros that are looked at together, at most."""

HALVINGS = 60
"""Bisections, to the last bit of an interval."""


def cycle_edge(rates: Array) -> float | None:
    """The edge λ·max η for learning rates (K,), one of them above 0: at least 2. None with more than 2048 different rates.

    >>> cycle_edge(np.array([1.0, 1.0])), round(cycle_edge(np.array([1.0, 0.5])), 12)
    (2.0, 3.0)
    """
    shares, counts = np.unique(rates[rates > 0] / rates.max(), return_counts=True)
    if len(shares) > MOST_RATES:
        return None
    zeros = 1 / shares[::-1]
    ends = np.unique(np.concatenate([[2.0], zeros[zeros > 2.0]]))
    for start in range(0, len(ends) - 1, TOGETHER):
        low, high = ends[:-1][start : start + TOGETHER], ends[1:][start : start + TOGETHER]
        tops = _bisected(lambda a: _slope(a, shares, counts) > 0, low, high)
        reached = _log(tops, shares, counts) >= 0
        if reached.any():
            first = int(np.argmax(reached))
            return _crossing(low[first], tops[first], shares, counts)
    far = 2 * ends[-1]
    while _log(np.array([far]), shares, counts)[0] < 0:
        far *= 2
    return _crossing(ends[-1], far, shares, counts)


def _crossing(low: float, high: float, shares: Array, counts: NDArray[np.intp]) -> float:
    """Where the logarithm, which rises from ``low`` to ``high``, becomes 0."""
    (edge,) = _bisected(lambda a: _log(a, shares, counts) < 0, np.array([low]), np.array([high]))
    return float(edge)


def _bisected(before: Callable[[Array], NDArray[np.bool_]], low: Array, high: Array) -> Array:
    """Where ``before`` turns from true to false in each interval: its middle, or of a single interval its upper end."""
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        below = before(middle)
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return high if len(low) == 1 else (low + high) / 2


def _log(points: Array, shares: Array, counts: NDArray[np.intp]) -> Array:
    """ln |Π (1 − λη_k)| (n,) at points (n,); each share counts as often as it occurs."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.abs(1 - points[:, None] * shares)) @ counts)


def _slope(points: Array, shares: Array, counts: NDArray[np.intp]) -> Array:
    """The derivative of that, (n,)."""
    with np.errstate(divide="ignore"):
        return np.asarray((shares / (points[:, None] * shares - 1)) @ counts)
