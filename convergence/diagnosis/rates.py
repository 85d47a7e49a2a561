"""A method, curvatures and settings go in; the intervals of learning rates that are stable for all of them come out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from convergence.crossing import exact
from convergence.rule import Method
from convergence.theory import candidates
from convergence.theory.dynamics import dynamics
from convergence.theory.region import region
from convergence.theory.symbols import CURVATURE, symbol

Array = NDArray[np.float64]

FEW = 12
"""Curvatures held in a first search, where the ends of the spectrum need not be the worst; the result is held against all."""


def stable_rates(method: Method, curvatures: Array, given: Mapping[str, float]) -> list[tuple[float, float]]:
    """The intervals of rates that are stable for all these curvatures."""
    rate, others = str(method.rate), {n: v for n, v in given.items() if n != method.rate}
    letters = {symbol(name): exact(value) for name, value in others.items()}
    polynomials = region(method).polynomials
    edges = {
        edge
        for c in curvatures
        for edge in candidates.real_roots(polynomials, symbol(rate), {**letters, CURVATURE: exact(float(c))})
    }
    inside = candidates.between(sorted(edges))
    middles = {**others, rate: np.array([middle for _, middle, _ in inside])}
    good = np.atleast_1d(np.asarray(region(method).contains(curvatures[:, None], **middles)).all(axis=0))
    pieces: list[tuple[float, float]] = []
    for (low, _, high), converges in zip(inside, good, strict=True):
        if converges:
            joined = bool(pieces) and pieces[-1][1] == low
            pieces = [*pieces[:-1], (pieces[-1][0], high)] if joined else [*pieces, (low, high)]
    return pieces


def binding(method: Method, curvatures: Array) -> Array:
    """The curvatures that can bind: both ends where that is proved, else a few over the whole spectrum."""
    if dynamics(method).ends_suffice or len(curvatures) <= 2:
        return np.asarray(curvatures[[0, -1]])
    places = np.unique(np.linspace(0, len(curvatures) - 1, FEW).round().astype(int))
    return np.asarray(curvatures[places])
