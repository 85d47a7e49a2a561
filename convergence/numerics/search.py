"""A global search over hyperparameters that knows nothing of the theory: differential evolution (Storn and Price 1997).

The blind search for the best rate runs the update rule on unit states along a parabola to get its matrix, and takes
eigenvalues.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
from scipy.optimize import differential_evolution

from convergence.numerics.sampled_matrix import sampled_matrix
from convergence.problem.arrays import Array
from convergence.rule import Method
from convergence.theory.system import system

TINY = 1e-300

GATHERED = 1e-6
"""A generation whose rates are this near to one another, in parts of 1 − ρ, has come down to the bottom of its valley."""


@dataclass(frozen=True)
class Found:
    """What the search found: the best ``hyper`` and their ``rate``.

    Attributes
    ----------
    hyper
        Name -> value.
    rate
        The largest spectral radius over the curvatures there: an upper bound of the optimum, not a proof of it.
    """

    hyper: dict[str, float]
    rate: float


@dataclass(frozen=True)
class Space:
    """The hyperparameters of a method that are searched, the others held; those on a logarithmic scale as logarithms.

    Attributes
    ----------
    method
        The Method.
    names
        The hyperparameters that are searched, in the order of a point's coordinates.
    fixed
        Name -> value of the others.
    """

    method: Method
    names: tuple[str, ...]
    fixed: Mapping[str, Any]

    def settings(self, points: Array) -> dict[str, Any]:
        """The hyperparameters at points (n, ...), in the order of the signature."""
        free = {n: np.exp(u) if self._log(n) else u for n, u in zip(self.names, points, strict=True)}
        return {name: free.get(name, self.fixed.get(name)) for name in self.method.hyper}

    def point(self, hyper: Mapping[str, float]) -> Array:
        """The point (n,) of hyperparameters."""
        return np.array([log(max(hyper[n], TINY)) if self._log(n) else hyper[n] for n in self.names])

    def box(self, curvatures: Array) -> list[tuple[float, float]]:
        """Where to search: linear ones over their interval, logarithmic ones decades around the scale of the curvatures.

        A learning rate around 1/λ and around 1, and around the largest that converges with the others in the middle of
        theirs, should its scale be another.
        """
        mu, L = float(np.min(curvatures)), float(np.max(curvatures))
        return [self._range(name, mu, L, curvatures) for name in self.names]

    def _range(self, name: str, mu: float, L: float, curvatures: Array) -> tuple[float, float]:
        domain = self.method.domains[name]
        if name == self.method.rate and self._log(name):
            top = self._largest_rate(name, curvatures)
            return log(min(1e-2 / L, 1e-2, top * 1e-3)), log(max(10 / mu, 10.0, top))
        if self._log(name):
            ends = sorted((mu**domain.unit, L**domain.unit))
            return log(1e-2 * ends[0]), log(10 * ends[1])
        return domain.span

    def _largest_rate(self, name: str, curvatures: Array) -> float:
        rates = np.geomspace(1e-16, 1e16, 257)
        middle = {n: np.full(rates.shape, self.fixed.get(n, 0.5)) for n in self.method.hyper} | {name: rates}
        with np.errstate(all="ignore"):
            stable = rates[np.nan_to_num(sampled_rate(self.method, curvatures, middle), nan=np.inf) < 1]
        return float(stable.max()) if stable.size else 1.0

    def _log(self, name: str) -> bool:
        return self.method.domains[name].scale == "log"


def evolved(
    height: Callable[[Array], Array], box: list[tuple[float, float]], first: Array | None = None, **options: Any
) -> tuple[Array, float]:
    """The lowest point (n,) of a vectorised height (points (n, count) -> (count,)) over a box, and its height.

    ``options`` are SciPy's; it also ends where the relative spread of heights falls to ``tol``.
    """
    usual = {"rng": 0, "popsize": 24, "maxiter": 250, "tol": 0.0, "mutation": (0.4, 0.9), "recombination": 0.9}
    kind = {"atol": 0, "polish": False, "vectorized": True, "updating": "deferred", "init": "latinhypercube"}
    start = None if first is None else np.clip(first, *np.array(box).T)
    with np.errstate(all="ignore"):
        end = differential_evolution(height, box, x0=start, **(usual | kind | options))
    return np.asarray(end.x), float(end.fun)


def sampled_rate(method: Method, curvatures: Array, settings: Mapping[str, Any]) -> Array:
    """The largest radius over curvatures (m,) for settings that are arrays (p,): (p,).

    Without states that theory leaves out (clocks, second moments), if the samples too show that the position hears none.
    """
    matrices = sampled_matrix(method, np.asarray(curvatures)[:, None], settings)
    felt = [0]
    for place in felt:
        heard = (matrices[..., place, :] != 0).any(axis=tuple(range(matrices.ndim - 2)))
        felt += [k for k, hears in enumerate(heard) if hears and k not in felt]
    derived = system(method).state
    places = np.array([k for k, name in enumerate(method.state) if k in felt or name in derived])
    return np.asarray(np.abs(np.linalg.eigvals(matrices[..., places[:, None], places])).max(axis=(0, -1)))


def global_search(method: Method, curvatures: Array, fixed: Mapping[str, float], seed: int = 0) -> Found:
    """The smallest rate over the curvatures (m,), the fixed hyperparameters held."""
    space = Space(method, tuple(name for name in method.hyper if name not in fixed), fixed)

    def rate(points: Array) -> Array:
        rates = sampled_rate(method, curvatures, space.settings(points.reshape(len(space.names), -1)))
        return np.nan_to_num(rates, nan=1e300, posinf=1e300)

    best, lowest = evolved(rate, space.box(curvatures), rng=seed, callback=_gathered)
    hyper = space.settings(best[:, None])
    return Found({name: float(np.ravel(value)[0]) for name, value in hyper.items()}, lowest)


def _gathered(intermediate_result: Any) -> bool:
    """Whether the rates of a generation differ by far less than their distance from 1."""
    rates = intermediate_result.population_energies  # SciPy goes by the name of the parameter
    return bool(np.ptp(rates) <= GATHERED * abs(1 - rates.min()))
