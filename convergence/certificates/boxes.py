"""Polynomials and a box go in; a tree of smaller boxes comes out, on each a combination that is not positive: branch and bound.

Floats only choose: on every leaf the combination is expanded about the middle of the box in exact arithmetic, and its
value there, with the sizes of all its other coefficients, must not exceed zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import fmpq
from numpy.typing import NDArray

from convergence.certificates.infeasible import by_exponents
from convergence.certificates.multipliers import refuting
from convergence.certificates.taylor import Expansions

Array = NDArray[np.float64]

BITS = 40
"""Multipliers are rounded to this many binary places."""

MOST = 60_000
"""Boxes that are looked at before the search gives up."""

BATCH = 2_000
"""Boxes that are looked at together."""

Box = tuple[tuple[int, int], ...]
"""For each variable (level, place): the interval [place, place + 1] / 2^level of [0, 1]."""


@dataclass(frozen=True)
class Tree:
    """Either a split of the box in two, along an axis, or a leaf with multipliers (place, numerator over 2^BITS)."""

    axis: int = -1
    halves: tuple[Tree, ...] = ()
    multipliers: tuple[tuple[int, int], ...] = ()

    def listed(self) -> list[Any]:
        """Depth first: an axis for each split, a list of multipliers for each leaf."""
        if not self.halves:
            return [[list(pair) for pair in self.multipliers]]
        return [self.axis, *self.halves[0].listed(), *self.halves[1].listed()]


@dataclass(frozen=True)
class Search:
    """What branch and bound found: a ``tree`` that covers the box; or a ``point`` where all are positive; or neither."""

    tree: Tree | None
    point: tuple[float, ...] | None
    boxes: int


def searched(polys: Sequence[Any]) -> Search:
    """Show that polynomials on the unit box are nowhere all positive."""
    expansions = Expansions.of(polys)
    dimension = expansions.exponents.shape[1]
    waiting: list[Box] = [((0, 0),) * dimension]
    splits: dict[Box, int] = {}
    leaves: dict[Box, tuple[tuple[int, int], ...]] = {}
    looked = 0
    while waiting and looked <= MOST:
        batch, waiting = waiting[-BATCH:], waiting[:-BATCH]
        looked += len(batch)
        centres, widths = _geometry(batch)
        values, slopes, rest = expansions.at(centres, widths)
        inside = values.min(axis=1) > 0
        if inside.any():
            return Search(None, tuple(map(float, centres[int(inside.argmax())])), looked)
        bounds, multipliers = refuting(values + rest, slopes)
        axes = np.argmax((np.abs(slopes).max(axis=1) + rest.max(axis=1, keepdims=True)) * widths**0.25, axis=1)
        for box, bound, weights, axis in zip(batch, bounds, multipliers, axes, strict=True):
            leaf = _leaf(weights) if bound < 0 else ()
            if leaf and not_positive(combined(polys, leaf), box):
                leaves[box] = leaf
            else:
                splits[box] = int(axis)
                waiting += halved(box, int(axis))
    return Search(None if waiting else _tree(((0, 0),) * dimension, splits, leaves), None, looked)


def _geometry(batch: Sequence[Box]) -> tuple[Array, Array]:
    levels = np.array([[level for level, _ in box] for box in batch])
    places = np.array([[place for _, place in box] for box in batch])
    return (2 * places + 1) * 0.5 ** (levels + 1), 0.5 ** (levels + 1)


def halved(box: Box, axis: int) -> list[Box]:
    """The two halves of a box."""
    level, place = box[axis]
    return [(*box[:axis], (level + 1, 2 * place + half), *box[axis + 1 :]) for half in (0, 1)]


def _leaf(weights: Array) -> tuple[tuple[int, int], ...]:
    return tuple((k, int(w * 2**BITS)) for k, w in enumerate(weights) if w * 2**BITS >= 1)


def combined(polys: Sequence[Any], leaf: Sequence[tuple[int, int]]) -> Any:
    """The combination of a leaf."""
    parts = [polys[k] * fmpq(weight, 2**BITS) for k, weight in leaf]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def not_positive(poly: Any, box: Box) -> bool:
    """Whether the expansion about the middle of the box shows that the polynomial is nowhere positive on it, exactly."""
    context = poly.context()
    inner = [
        context.constant(fmpq(2 * place + 1, 2 ** (level + 1))) + letter * fmpq(1, 2 ** (level + 1))
        for (level, place), letter in zip(box, context.gens(), strict=True)
    ]
    parts = by_exponents(poly.compose(*inner))
    total = sum((c if not any(e) else abs(c) for e, c in parts.items()), fmpq(0))
    return bool(total <= 0)


def _tree(box: Box, splits: dict[Box, int], leaves: dict[Box, tuple[tuple[int, int], ...]]) -> Tree:
    if box in leaves:
        return Tree(multipliers=leaves[box])
    below = halved(box, splits[box])
    return Tree(splits[box], (_tree(below[0], splits, leaves), _tree(below[1], splits, leaves)))
