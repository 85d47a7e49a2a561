"""Linear pieces on boxes go in; for each box multipliers come out whose combination is negative on it, where there are any.

Farkas for a box: the largest smallest of vᵢ + gᵢ·t over |t| ≤ 1 is negative exactly where a combination with multipliers
y ≥ 0 is. The best y is a vertex: as many of the slopes' components cancel as it has entries less one. All are tried at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def refuting(values: Array, slopes: Array) -> tuple[Array, Array]:
    """For pieces with values (n, i) and slopes (n, i, d): the smallest upper bounds found (n,), and multipliers (n, i)."""
    count, size = values.shape
    best, found = np.full(count, np.inf), np.zeros((count, size))
    for places, kernel in _vertices(values, slopes):
        y = np.zeros((count, size))
        y[:, list(places)] = kernel
        bound = (y * values).sum(axis=1) + np.abs((y[:, :, None] * slopes).sum(axis=1)).sum(axis=1)
        better = (bound < best) & (kernel.min(axis=1) >= 0) & (kernel.sum(axis=1) > 0)
        best = np.where(better, bound, best)
        found[better] = y[better]
        if (best < 0).all():
            break
    return best, found


def _vertices(values: Array, slopes: Array) -> Iterator[tuple[tuple[int, ...], Array]]:
    """Candidates: the places that have multipliers, and these (n, s), scaled to a sum of 1."""
    count, size, dimension = slopes.shape
    for place in range(size):
        yield (place,), np.ones((count, 1))
    for much in range(2, dimension + 2):
        for places in combinations(range(size), much):
            for axes in combinations(range(dimension), much - 1):
                yield places, _kernel(slopes[:, list(places)][:, :, list(axes)])


def _kernel(slopes: Array) -> Array:
    """The combination of s rows (n, s, s−1) that vanishes, by cofactors; of one sign where it can be."""
    count, much, _ = slopes.shape
    parts = [np.linalg.det(np.delete(slopes, k, axis=1)) * (-1) ** k for k in range(much)]
    kernel = np.stack(parts, axis=1)
    total = kernel.sum(axis=1, keepdims=True)
    return np.asarray(kernel / np.where(total == 0, np.inf, total)).reshape(count, much)
