"""Polynomials on the unit box go in; their values, slopes and remainders on many small boxes at a time come out, in floats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.certificates.infeasible import as_float, by_exponents

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Expansions:
    """Taylor expansions of polynomials: ``coefficients`` (i, m) for ``exponents`` (m, d), each polynomial of size 1."""

    exponents: NDArray[np.int64]
    coefficients: Array

    @classmethod
    def of(cls, polys: Sequence[Any]) -> Expansions:
        held = [by_exponents(poly) for poly in polys]
        exponents = sorted({m for row in held for m in row})
        table = np.array([[as_float(row[m]) if m in row else 0.0 for m in exponents] for row in held])
        sizes = np.abs(table).max(axis=1, keepdims=True)
        return cls(np.array(exponents), table / np.where(sizes > 0, sizes, 1.0))

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
