"""Branch and bound: a tree of boxes, on each of which a combination of the inequalities is not positive.

Floats only choose; a leaf counts where its combination, expanded about the middle of the box in fractions, shows it. For
linear pieces on a box the largest smallest value is negative exactly where a combination with multipliers ≥ 0 is (Farkas).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.certificates.exact import Exponents
from convergence.certificates.facts import largest
from convergence.certificates.products import Terms, table

Array = NDArray[np.float64]

BITS = 40
"""Multipliers are rounded to this many binary places."""

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
    def of(cls, polys: Sequence[Terms]) -> Expansions:
        """Read polynomials in fractions."""
        exponents, coefficients = table(polys)
        sizes = np.abs(coefficients).max(axis=1, keepdims=True)
        sizes = np.where(sizes > 0, sizes, 1.0)
        return cls(np.array(exponents), coefficients / sizes, sizes[:, 0])

    def at(self, centres: Array, widths: Array) -> tuple[Array, Array, Array]:
        """Values (n, i), slopes times half-widths (n, i, d) and bounds of the rest (n, i) on boxes (n, d) around centres."""
        highest = self.exponents.max(axis=0)
        shape = (len(centres), len(self.coefficients))
        value, slopes, rest = np.zeros(shape), np.zeros((*shape, len(highest))), np.zeros(shape)
        powers = [[c[:, None] ** k for k in range(top + 1)] for c, top in zip(centres.T, highest, strict=True)]
        for order in product(*(range(top + 1) for top in highest)):
            part = self._derivative(order, powers) * np.prod(widths ** np.array(order), axis=1)[:, None]
            if sum(order) == 0:
                value = part
            elif sum(order) == 1:
                slopes[:, :, order.index(1)] = part
            else:
                rest += np.abs(part)
        return value, slopes, rest

    def _derivative(self, order: Sequence[int], powers: Sequence[Sequence[Array]]) -> Array:
        """The derivative of this order over its factorials, at all centres (n, i)."""
        basis = np.zeros((len(powers[0][0]), len(self.exponents)))
        for place, exponents in enumerate(self.exponents):
            if all(e >= k for e, k in zip(exponents, order, strict=True)):
                factor = float(np.prod([comb(int(e), k) for e, k in zip(exponents, order, strict=True)]))
                parts = [p[int(e) - k][:, 0] for p, e, k in zip(powers, exponents, order, strict=True)]
                basis[:, place] = factor * np.prod(parts, axis=0)
        return np.asarray(basis @ self.coefficients.T)


@dataclass(frozen=True)
class Search:
    """What branch and bound found: a ``tree`` that covers the box; or a ``point`` where all are positive; or neither.

    The tree is listed depth first: an axis for each split, the weights for each leaf.
    """

    tree: tuple[int | Leaf, ...] | None
    point: tuple[float, ...] | None


def searched(polys: Sequence[Terms], box: Sequence[tuple[Fraction, Fraction]]) -> Search:
    """Show that polynomials are nowhere on a box all positive."""
    inner = [moved(poly, box) for poly in polys]
    expansions = Expansions.of(inner)
    whole: Box = ((0, 0),) * len(box)
    waiting, splits, leaves = [whole], dict[Box, int](), dict[Box, Leaf]()
    looked = 0
    while waiting and looked <= MOST:
        batch, waiting = waiting[-BATCH:], waiting[:-BATCH]
        looked += len(batch)
        levels, places = (np.array([[side[k] for side in one] for one in batch]) for k in (0, 1))
        centres, widths = (2 * places + 1) * 0.5 ** (levels + 1), 0.5 ** (levels + 1)
        values, slopes, rest = expansions.at(centres, widths)
        inside = values.min(axis=1) > 0
        if inside.any():
            found = centres[int(inside.argmax())]
            return Search(None, tuple(float(a) + float(b - a) * float(x) for (a, b), x in zip(box, found, strict=True)))
        bounds, multipliers = _refuting(values + rest, slopes)
        axes = np.argmax((np.abs(slopes).max(axis=1) + rest.max(axis=1, keepdims=True)) * widths**0.25, axis=1)
        for one, bound, weights, axis in zip(batch, bounds, multipliers / expansions.sizes, axes, strict=True):
            leaf = _leaf(weights) if bound < 0 else ()
            if (
                leaf
                and largest(_combined(inner, leaf), [(Fraction(p, 2**n), Fraction(p + 1, 2**n)) for n, p in one]) <= 0
            ):
                leaves[one] = leaf
            else:
                splits[one] = int(axis)
                waiting += _halved(one, int(axis))
    return Search(None if waiting else tuple(_tree(whole, splits, leaves)), None)


def moved(poly: Terms, box: Sequence[tuple[Fraction, Fraction]]) -> dict[Exponents, Fraction]:
    """The polynomial in coordinates that are 0 and 1 at the ends of the box."""
    result: dict[Exponents, Fraction] = {}
    for exponents, coefficient in poly.items():
        for order in product(*(range(e + 1) for e in exponents)):
            part = coefficient
            for e, k, (a, b) in zip(exponents, order, box, strict=True):
                part *= comb(e, k) * a ** (e - k) * (b - a) ** k
            result[order] = result.get(order, Fraction(0)) + part
    return result


def _leaf(weights: Array) -> Leaf:
    scaled = weights / weights.max() * 2**BITS
    return tuple((k, int(w)) for k, w in enumerate(scaled) if w >= 1)


def _combined(polys: Sequence[Terms], leaf: Leaf) -> dict[Exponents, Fraction]:
    total: dict[Exponents, Fraction] = {}
    for place, weight in leaf:
        for e, c in polys[place].items():
            total[e] = total.get(e, Fraction(0)) + c * weight
    return total


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
