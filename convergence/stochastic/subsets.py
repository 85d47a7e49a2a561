"""Second moments under random reshuffling, exactly: a recursion over the sets of rows that an epoch has seen so far.

All orders of the rows are equally likely, so given the set S that was seen, its last batch b is any part of it, and the
rows before are in any order: V_S = mean over b ⊂ S of T_b·V_{S∖b}·T_bᵀ (design of this package). That is 2ⁿ sets and not n!
orders.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations
from math import comb

import numpy as np

from convergence.problem.arrays import Array
from convergence.stochastic.batches import Indices

MOST_ROWS = 22
"""Sets of more rows are not numbered."""

MOST_PRODUCTS, MOST_PASSES = 2**20, 2**20
"""Products of an epoch: sets, times the batches that may have been their last; and passes over the sets of all epochs."""

MOST_NUMBERS = 2**26
"""Numbers in the moments of all sets of one size."""

MOST_WORK = 2**36
"""Multiplications of all epochs."""


@dataclass(frozen=True)
class Subsets:
    """The sets of ``rows`` that epochs in batches of ``batch`` rows pass through: ``level`` j has seen j batches."""

    rows: int
    batch: int

    @property
    def steps(self) -> int:
        """Batches of an epoch."""
        return self.rows // self.batch

    @cached_property
    def batches(self) -> Indices:
        """All batches (m, B)."""
        return np.array(list(combinations(range(self.rows), self.batch)), dtype=np.int64)

    @cached_property
    def levels(self) -> list[Indices]:
        """The sets of each level as bits."""
        every = np.arange(2**self.rows)
        sizes = sum((every >> k) & 1 for k in range(self.rows))
        return [every[sizes == j * self.batch] for j in range(self.steps + 1)]

    @cached_property
    def _places(self) -> Indices:
        """Where a set stands in its level, by its bits."""
        places = np.zeros(2**self.rows, dtype=np.int64)
        for level in self.levels:
            places[level] = np.arange(len(level))
        return places

    def reached(self, level: int) -> Iterator[tuple[Indices, Indices]]:
        """For each batch: the sets of a level that have none of it, and those of the next that they become with it."""
        before = self.levels[level]
        for bits in (1 << self.batches).sum(axis=1):
            free = np.flatnonzero((before & bits) == 0)
            yield free, self._places[before[free] | bits]

    def first(self, values: Array) -> Array:
        """Moments (m, …) after one batch each, in the order of the sets of level 1."""
        ordered = np.empty_like(values)
        ordered[self._places[(1 << self.batches).sum(axis=1)]] = values
        return ordered

    def advance(self, level: int, moments: Array, lifted: Array) -> Array:
        """The moments (sets, k, p) of the next level, for those of this and the ``lifted`` maps of the batches."""
        _, k, p = moments.shape
        after = np.zeros((len(self.levels[level + 1]), k, p))
        for (free, reached), one in zip(self.reached(level), lifted, strict=True):
            after[reached] += (moments[free].reshape(-1, p) @ one.T).reshape(-1, k, p)
        after /= comb((level + 1) * self.batch, self.batch)
        return after

    def operator(self, lifted: Array) -> Array:
        """What an epoch makes of second moments, as a matrix (p, p)."""
        now = np.eye(lifted.shape[-1])[None]
        for level in range(self.steps):
            now = self.advance(level, now, lifted)
        return np.asarray(now[0].T)


def lift(maps: Array) -> Array:
    """What maps T (…, D, D) make of second moments, V ← TVTᵀ, as matrices (…, p, p) on upper triangles, p = D(D+1)/2."""
    i, j = np.triu_indices(maps.shape[-1])
    one, other = maps[..., i, :], maps[..., j, :]
    return np.asarray(one[..., i] * other[..., j] + np.where(i != j, one[..., j] * other[..., i], 0.0))


def upper_triangle(moments: Array) -> Array:
    """The upper triangles (…, p) of symmetric matrices (…, D, D)."""
    return np.asarray(moments[..., *np.triu_indices(moments.shape[-1])])


def symmetric(half: Array, size: int) -> Array:
    """The symmetric matrices (…, D, D) with these upper triangles (…, p)."""
    upper, full = np.triu_indices(size), np.empty((*half.shape[:-1], size, size))
    full[..., *upper] = half
    full[..., *upper[::-1]] = half
    return full


@lru_cache(maxsize=4)
def subsets(rows: int, batch: int) -> Subsets:
    """Those of these epochs, kept."""
    return Subsets(rows, batch)


def feasible(rows: int, batch: int, size: int, moments: int = 1, epochs: int = 1) -> bool:
    """Whether ``epochs`` of ``moments`` second moments (size, size) at once take seconds."""
    if rows > MOST_ROWS:
        return False
    steps, p, batches = range(1, rows // batch + 1), size * (size + 1) // 2, comb(rows, batch)
    products = sum(comb(rows, j * batch) * comb(j * batch, batch) for j in steps)
    kept = max(comb(rows, j * batch) for j in steps) * moments * p + batches * p * p
    if products > MOST_PRODUCTS or kept > MOST_NUMBERS or batches * len(steps) * epochs > MOST_PASSES:
        return False
    return products * moments * p * p * epochs <= MOST_WORK
