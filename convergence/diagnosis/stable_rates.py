"""Learning rates that are stable for all curvatures of a spectrum: intervals between roots of the Schur–Cohn polynomials."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from convergence.rule import Method
from convergence.theory.region import region
from convergence.theory.system import system

Array = NDArray[np.float64]
Intervals = list[tuple[float, float]]

FEW = 12
"""Curvatures held in a first search, where the ends of the spectrum need not be the worst; the result is held against all."""


def stable_rates(method: Method, curvatures: Array, given: Mapping[str, float]) -> Intervals:
    """The open intervals of learning rates that are stable for all these curvatures, the other settings as given."""
    others = {name: value for name, value in given.items() if name != method.rate}
    return reduce(_common, (region(method).intervals(float(c), **others) for c in curvatures))


def binding(method: Method, curvatures: Array) -> Array:
    """The curvatures that can bind: both ends where that is proved, else a few over the whole spectrum."""
    if system(method).ends_suffice or len(curvatures) <= 2:
        return np.asarray(curvatures[[0, -1]])
    places = np.unique(np.linspace(0, len(curvatures) - 1, FEW).round().astype(int))
    return np.asarray(curvatures[places])


def _common(one: Intervals, other: Intervals) -> Intervals:
    pairs = ((max(a, c), min(b, d)) for a, b in one for c, d in other)
    return [(low, high) for low, high in pairs if low < high]
