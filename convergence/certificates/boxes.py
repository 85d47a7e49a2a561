"""Branch and bound: a tree of boxes, on each of which a combination of the inequalities is not positive.

Floats only choose, with some room; the checker decides in fractions. For linear pieces on a box the largest smallest value is
negative exactly where a combination with multipliers ≥ 0 is (Farkas).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.certificates.exact import Poly, composed
from convergence.certificates.products import table

Array = NDArray[np.float64]

BITS = 40
"""Multipliers are rounded to this many binary places."""

MARGIN = 1e-11
"""A combination of polynomials of size 1 counts as negative below this: rounded multipliers and floats are nearer."""

MOST = 60_000
"""Boxes that are looked at before the search gives up."""

BATCH = 2_000
"""Boxes that are looked at together."""

Box = tuple[tuple[int, int], ...]
"""For each variable (level, place): the interval [place, place + 1] / 2^level of [0, 1]."""

Leaf = tuple[tuple[int, int], ...]
"""Which polynomials are combined, and with which weights."""


@dataclass(frozen=True, eq=False)
class Expansions:
    """Taylor expansions of polynomials: ``coefficients`` (i, m) for ``exponents`` (m, d), each polynomial of size 1."""

    exponents: NDArray[np.int64]
    coefficients: Array
    sizes: Array

    @classmethod
    def of(cls, polys: Sequence[Poly], box: Mapping[str, tuple[Fraction, Fraction]]) -> Expansions:
        """Of polynomials in coordinates that are 0 and 1 at the ends of the box."""
        for name, (low, high) in box.items():
            letter = polys[0].ring.letter(name)
            rows = [composed(poly.by(name), low, high - low) for poly in polys]
            polys = [sum((c * letter**k for k, c in enumerate(row)), letter * 0) for row in rows]
        exponents, coefficients = table(polys, list(box))
        sizes = np.abs(coefficients).max(axis=1)
        sizes = np.where(sizes > 0, sizes, 1.0)
        return cls(np.array(exponents), coefficients / sizes[:, None], sizes)

    def at(self, centres: Array, widths: Array) -> tuple[Array, Array, Array]:
        """Values (n, i), slopes times half-widths (n, i, d) and bounds of the rest (n, i) on boxes (n, d) around centres."""
        highest = self.exponents.max(axis=0)
        shape = (len(centres), len(self.coefficients))
        value, slopes, rest = np.zeros(shape), np.zeros((*shape, len(highest))), np.zeros(shape)
        for order in product(*(range(top + 1) for top in highest)):
            factors = np.array(
                [[comb(e, k) for e, k in zip(row, order, strict=True)] for row in self.exponents.tolist()]
            )
            powers = np.maximum(self.exponents - order, 0)
            basis = factors.prod(axis=1) * np.prod(centres[:, None, :] ** powers, axis=2)
            part = basis @ self.coefficients.T * np.prod(widths ** np.array(order), axis=1)[:, None]
            if sum(order) == 0:
                value = part
            elif sum(order) == 1:
                slopes[:, :, order.index(1)] = part
            else:
                rest += np.abs(part)
        return value, slopes, rest


@dataclass(frozen=True)
class Search:
    """What branch and bound ends with: a ``tree`` that covers the box; or a ``point`` where all are positive; or neither.

    The tree is listed depth first: an axis for each split, the weights for each leaf.
    """

    tree: tuple[int | Leaf, ...] | None
    point: tuple[float, ...] | None


def searched(polys: Sequence[Poly], box: Mapping[str, tuple[Fraction, Fraction]]) -> Search:
    """Show that polynomials are nowhere on a box all positive."""
    expansions = Expansions.of(polys, box)
    whole: Box = ((0, 0),) * len(box)
    waiting, splits, leaves = [whole], dict[Box, int](), dict[Box, Leaf]()
    while waiting and len(splits) + len(leaves) <= MOST:
        batch, waiting = waiting[-BATCH:], waiting[:-BATCH]
        levels, places = (np.array([[side[k] for side in one] for one in batch]) for k in (0, 1))
        centres, widths = (2 * places + 1) * 0.5 ** (levels + 1), 0.5 ** (levels + 1)
        values, slopes, rest = expansions.at(centres, widths)
        inside = values.min(axis=1) > 0
        if inside.any():
            ends = np.array(list(box.values()), dtype=float)
            point = ends[:, 0] + (ends[:, 1] - ends[:, 0]) * centres[int(inside.argmax())]
            return Search(None, tuple(point.tolist()))
        bounds, multipliers = _refuting(values + rest, slopes)
        axes = np.argmax((np.abs(slopes).max(axis=1) + rest.max(axis=1, keepdims=True)) * widths**0.25, axis=1)
        for one, bound, weights, axis in zip(batch, bounds, multipliers / expansions.sizes, axes, strict=True):
            if bound < -MARGIN:
                leaves[one] = tuple((k, int(w)) for k, w in enumerate(weights / weights.max() * 2**BITS) if w >= 1)
            else:
                splits[one] = int(axis)
                waiting += _halved(one, int(axis))
    return Search(None if waiting else tuple(_tree(whole, splits, leaves)), None)


def _halved(box: Box, axis: int) -> list[Box]:
    level, place = box[axis]
    return [(*box[:axis], (level + 1, 2 * place + half), *box[axis + 1 :]) for half in (0, 1)]


def _tree(box: Box, splits: dict[Box, int], leaves: dict[Box, Leaf]) -> Iterator[int | Leaf]:
    if box in leaves:
        yield leaves[box]
        return
    yield splits[box]
    for half in _halved(box, splits[box]):
        yield from _tree(half, splits, leaves)


def _refuting(values: Array, slopes: Array) -> tuple[Array, Array]:
    """For pieces with values (n, i) and slopes (n, i, d): the smallest upper bounds (n,), and multipliers (n, i)."""
    count, size = values.shape
    best, multipliers = np.full(count, np.inf), np.zeros((count, size))
    for places, kernel in _vertices(slopes):
        y = np.zeros((count, size))
        y[:, list(places)] = kernel
        bound = (y * values).sum(axis=1) + np.abs((y[:, :, None] * slopes).sum(axis=1)).sum(axis=1)
        better = (bound < best) & (kernel.min(axis=1) >= 0) & (kernel.sum(axis=1) > 0)
        best = np.where(better, bound, best)
        multipliers[better] = y[better]
        if (best < -MARGIN).all():
            break
    return best, multipliers


def _vertices(slopes: Array) -> Iterator[tuple[tuple[int, ...], Array]]:
    """Candidates: the places that have multipliers, and these (n, s), scaled to a sum of 1.

    The best is a vertex: as many of the slopes' components cancel as it has entries less one.
    """
    count, size, dimension = slopes.shape
    for place in range(size):
        yield (place,), np.ones((count, 1))
    for much in range(2, dimension + 2):
        for places in combinations(range(size), much):
            for axes in combinations(range(dimension), much - 1):
                yield places, _kernel(slopes[:, list(places)][:, :, list(axes)])


def _kernel(slopes: Any) -> Array:
    """The combination of s rows (n, s, s−1) that vanishes, by cofactors; of one sign where it can be."""
    count, much, _ = slopes.shape
    parts = [np.linalg.det(np.delete(slopes, k, axis=1)) * (-1) ** k for k in range(much)]
    kernel = np.stack(parts, axis=1)
    total = kernel.sum(axis=1, keepdims=True)
    return np.asarray(kernel / np.where(total == 0, np.inf, total)).reshape(count, much)
