"""A method and curvatures go in; the best hyperparameters that a blind global search finds come out.

The search knows nothing of the theory: it runs the update rule on unit states along a parabola to get its matrix, takes
eigenvalues, and lets differential evolution (Storn and Price 1997) look for the smallest radius.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import differential_evolution

from convergence.rule import Method

Array = NDArray[np.float64]

UNIT = 2.0**-40
"""The size of a unit state: so small that a smooth rule is linear there, and a power of two, which rounds nothing."""

GENERATIONS = 250
POPULATION = 24


@dataclass(frozen=True)
class Found:
    """What the search found: the best ``hyper`` and their ``rate``."""

    hyper: dict[str, float]
    rate: float


class _Parabola:
    """½λx², elementwise for arrays of curvatures: the objective that the search lets the rule loose on."""

    def __init__(self, curvature: Array) -> None:
        self.curvature = curvature

    def grad(self, x: Any, /) -> Any:
        return self.curvature * x

    def solve(self, g: Any, /) -> Any:
        return g / self.curvature


def sampled_matrix(method: Method, curvature: Array, settings: Mapping[str, Any]) -> Array:
    """The iteration matrix (..., n, n) read off the rule itself: its result on each unit state."""
    size = len(method.state)
    shape = np.broadcast_shapes(np.shape(curvature), *(np.shape(v) for v in settings.values()))
    columns = []
    for place in range(size):
        unit = [np.full(shape, UNIT * (k == place)) for k in range(size)]
        columns.append(
            np.stack([np.broadcast_to(s, shape) for s in method(_Parabola(curvature), *unit, **settings)], -1)
        )
    return np.stack(columns, axis=-1) / UNIT


def sampled_rate(method: Method, curvatures: Array, settings: Mapping[str, Any]) -> Array:
    """The largest radius over curvatures (m,) for settings that are arrays (p,): (p,)."""
    matrices = sampled_matrix(method, np.asarray(curvatures)[:, None], settings)
    return np.asarray(np.abs(np.linalg.eigvals(matrices)).max(axis=(0, -1)))


def search_box(method: Method, name: str, curvatures: Array, fixed: Mapping[str, float]) -> tuple[float, float]:
    """Where the search looks for a hyperparameter; for a learning rate on a logarithmic scale, around 1/λ and around 1.

    And around the largest rate that converges with the others in the middle of theirs, should its scale be another.
    """
    if name != method.rate:
        return (0.0, 1.0) if name == "momentum" else (-1.5, 1.5)
    mu, L = float(np.min(curvatures)), float(np.max(curvatures))
    rates = np.geomspace(1e-16, 1e16, 257)
    middle = {n: np.full(rates.shape, fixed.get(n, 0.5)) for n in method.hyper} | {name: rates}
    with np.errstate(all="ignore"):
        stable = rates[np.nan_to_num(sampled_rate(method, curvatures, middle), nan=np.inf) < 1]
    top = float(stable.max()) if stable.size else 1.0
    return float(np.log(min(1e-2 / L, 1e-2, top * 1e-3))), float(np.log(max(10 / mu, 10.0, top)))


def global_search(method: Method, curvatures: Array, fixed: Mapping[str, float], seed: int = 0) -> Found:
    """The smallest rate over the curvatures (m,), the fixed hyperparameters held."""
    names = [name for name in method.hyper if name not in fixed]
    box = [search_box(method, name, curvatures, fixed) for name in names]

    def settings(points: Array) -> dict[str, Any]:
        free = {n: np.exp(u) if n == method.rate else u for n, u in zip(names, np.atleast_2d(points.T).T, strict=True)}
        return {name: free.get(name, fixed.get(name)) for name in method.hyper}

    def rate(points: Array) -> Array:
        with np.errstate(all="ignore"):
            rates = sampled_rate(method, curvatures, settings(points.reshape(len(names), -1)))
        return np.nan_to_num(rates, nan=1e300, posinf=1e300)

    end = differential_evolution(
        rate,
        box,
        rng=seed,
        popsize=POPULATION,
        maxiter=GENERATIONS,
        tol=0,
        atol=0,
        polish=False,
        vectorized=True,
        updating="deferred",
        init="sobol",
        mutation=(0.4, 0.9),
        recombination=0.9,
    )
    best = settings(end.x.reshape(len(names), 1))
    return Found({name: float(np.ravel(value)[0]) for name, value in best.items()}, float(end.fun))
