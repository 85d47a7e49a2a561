"""A method, an interval of curvatures and a number of steps go in; the hyperparameters that are best for just so many come out.

A blind global search (differential evolution) on a coarse grid of curvatures, then a descent on the epigraph: minimise
t subject to |p_k(λ_i)| ≤ t at the nodes near local maxima, by SLSQP, again and again with new maxima. The maximum
itself is the proven one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import inf, log
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import differential_evolution, minimize

from convergence.errors import BadHyperparameter, ConvergenceError
from convergence.numerics.maxima import enough, nodes
from convergence.numerics.positions import positions
from convergence.numerics.residuals import checked_interval
from convergence.numerics.search import search_box
from convergence.numerics.semi_iteration import lower_bound
from convergence.numerics.trajectory import checked_steps
from convergence.numerics.worst_cases import worst_case
from convergence.rule import RATE_NAMES, Method
from convergence.theory.optimum import best

Array = NDArray[np.float64]

COARSE = 48
"""Curvatures of the global search; the descent afterwards looks at all that matter."""

GENERATIONS, POPULATION, ROUNDS = 50, 12, 24
STEPS_FELT = 400
"""Steps of the global search at most: for a longer horizon it only has to come near, as optima move with k slowly."""

MOST = 20_000
MOST_SUMMITS = 60
DIFFERENCE = 1e-6


@dataclass(frozen=True)
class HorizonOptimum:
    """The best hyperparameters for ``steps`` steps over [μ, L].

    ``value`` is their worst case max|p_k|; ``asymptotic`` that of the hyperparameters with the best rate
    (``asymptotic_hyper``) after as many steps; ``bound`` the least that any first-order method has. Found by search:
    better ones cannot be excluded.
    """

    steps: int
    hyper: dict[str, float]
    value: float
    asymptotic: float
    asymptotic_hyper: dict[str, float]
    bound: float

    def __repr__(self) -> str:
        settings = ", ".join(f"{n}={v:.6g}" for n, v in self.hyper.items())
        return (
            f"HorizonOptimum for {self.steps} steps: {settings}; {self.value:.6g} of the first error, "
            f"{self.asymptotic:.6g} at the asymptotic optimum, {self.bound:.6g} at best"
        )


def horizon_optimum(method: Method, steps: Any, *, mu: Any, L: Any, **fixed: Any) -> HorizonOptimum:
    """The hyperparameters, other than the fixed ones, that minimise max|p_k| over [μ, L]; see ``HorizonOptimum``."""
    k, (low, high) = checked_steps(steps), checked_interval(mu, L)
    method.require_known(fixed)
    if not 1 <= k <= MOST:
        raise BadHyperparameter(f"a horizon is 1 to {MOST} steps long; got {k}")
    numbers = {name: _number(method, name, value) for name, value in fixed.items()}
    return _searched(method, k, low, high, tuple(numbers.items()))


def _number(method: Method, name: str, value: Any) -> float:
    if np.ndim(value) or getattr(value, "free_symbols", None):
        raise BadHyperparameter(f"{method.name}: {name} must be held at one number; got {value!r}")
    return float(value)


@lru_cache(maxsize=256)
def _searched(method: Method, k: int, mu: float, L: float, given: tuple[tuple[str, float], ...]) -> HorizonOptimum:
    fixed = dict(given)
    before = _asymptotic(method, mu, L, fixed)
    task = _Task(method, k, mu, L, fixed, _free(method, fixed))
    reference = inf if before is None else task.worst(before)
    starts = [] if before is None else [task.point(before)]
    if task.names:
        starts += [p for p in [task.search(starts)] if p is not None]
    found = [task.settings(task.descend(p)) for p in starts] if task.names else [task.settings(np.zeros(0))]
    candidates = [hyper for hyper in [before, *found] if hyper is not None]
    hyper = min(candidates, key=task.worst)
    value = task.worst(hyper)
    return HorizonOptimum(k, hyper, value, reference, before or {}, lower_bound(k, mu=mu, L=L))


def _asymptotic(method: Method, mu: float, L: float, fixed: Mapping[str, float]) -> dict[str, float] | None:
    """The hyperparameters of the best rate; None where none is stable, or none is derived."""
    try:
        optimum = best(method, fixed)
        open_ones = {n: v for n, v in dict(method.defaults).items() if n not in (*fixed, *optimum.determined)}
        return dict(optimum.at(mu=mu, L=L, **open_ones).hyper)
    except (ConvergenceError, NotImplementedError):
        return None


def _free(method: Method, fixed: Mapping[str, float]) -> tuple[str, ...]:
    """What is searched for: all that is neither fixed nor has a default, and the rate."""
    held = {name for name, _ in method.defaults if name != method.rate}
    return tuple(name for name in method.hyper if name not in fixed and name not in held)


@dataclass(frozen=True)
class _Task:
    """The search: points are the free hyperparameters, learning rates as logarithms."""

    method: Method
    steps: int
    mu: float
    L: float
    fixed: Mapping[str, float]
    names: tuple[str, ...]

    def settings(self, point: Array) -> dict[str, Any]:
        free = {n: np.exp(u) if self._logarithmic(n) else u for n, u in zip(self.names, point, strict=True)}
        full = {**dict(self.method.defaults), **self.fixed, **free}
        return {n: full[n] if np.ndim(full[n]) else float(full[n]) for n in self.method.hyper}

    def point(self, hyper: Mapping[str, float]) -> Array:
        tiny = 1e-300
        return np.array([log(max(hyper[n], tiny)) if self._logarithmic(n) else hyper[n] for n in self.names])

    def _logarithmic(self, name: str) -> bool:
        return name == self.method.rate or name in RATE_NAMES

    def worst(self, hyper: Mapping[str, Any]) -> float:
        try:
            return worst_case(self.method, self.steps, mu=self.mu, L=self.L, **hyper).value
        except ConvergenceError:
            return inf

    def search(self, starts: list[Array]) -> Array | None:
        """The best point of a global search on a coarse grid."""
        curvatures = np.unique([self.mu, *nodes(self.mu, self.L, COARSE), self.L])
        box = [self._box(name, curvatures) for name in self.names]
        steps = min(self.steps, STEPS_FELT)

        def height(points: Array) -> Array:
            many = self.settings(points.reshape(len(self.names), -1, 1))
            return _logarithms(self.method, steps, curvatures, many, points.reshape(len(self.names), -1).shape[1])

        first = np.clip(starts[0], *np.array(box).T) if starts else None
        with np.errstate(all="ignore"):
            end = differential_evolution(
                height, box, rng=0, popsize=POPULATION, maxiter=GENERATIONS, tol=1e-8, polish=False, vectorized=True,
                updating="deferred", init="sobol", x0=first,
            )  # fmt: skip
        return np.asarray(end.x) if np.isfinite(end.fun) and end.fun < 1e299 else None

    def _box(self, name: str, curvatures: Array) -> tuple[float, float]:
        if name == self.method.rate:
            return search_box(self.method, name, curvatures, self.fixed)
        if self._logarithmic(name):
            return log(1e-2 / self.L), log(10 / self.mu)
        return (0.0, 1.0) if name == "momentum" else (-1.5, 1.5)

    def descend(self, start: Array) -> Array:
        """SLSQP on the epigraph, with constraints where |p_k| has local maxima on a fine grid."""
        point, height = start, self._height(start)
        reach = np.maximum(0.05 * np.abs(start), 0.05)
        for _ in range(ROUNDS):
            tried = self._stepped(point, reach)
            lower = self._height(tried)
            if lower < height - 1e-13 * max(1.0, abs(height)):
                gained, point, height = height - lower, tried, lower
                if gained < 1e-12:
                    break
            else:
                reach = reach / 4
        return point

    def _height(self, point: Array) -> float:
        try:
            case = worst_case(self.method, self.steps, mu=self.mu, L=self.L, **self.settings(point))
        except ConvergenceError:
            return inf
        return case.log10 if np.isfinite(case.log10) else (-1e300 if case.value == 0 else inf)

    def _stepped(self, point: Array, reach: Array) -> Array:
        """One descent: t is in units of the present maximum, and constraints are ±p_k ≤ t at its local maxima."""
        grid = np.unique([self.mu, *nodes(self.mu, self.L, 2 * enough(self.steps)), self.L])
        values = self._values(point[None], grid)[0]
        top = float(np.abs(values).max())
        if not np.isfinite(values).all() or top < 1e-280:
            return point
        places = _summits(np.abs(values), values, 0.3)
        points, signs = grid[places], np.sign(values[places])
        offsets = np.concatenate(
            [np.zeros((1, len(point))), DIFFERENCE * np.eye(len(point)), -DIFFERENCE * np.eye(len(point))]
        )

        @lru_cache(maxsize=8)
        def looked(unknown: bytes) -> tuple[Array, Array]:
            """The constraints ±p_k and their central differences, in one run."""
            many = self._values(point + (np.frombuffer(unknown) + offsets) * reach, points) * (signs / top)
            many = np.nan_to_num(many, nan=1e6, posinf=1e6, neginf=-1e6)
            n = len(point)
            return many[0], (many[1 : n + 1] - many[n + 1 :]).T / (2 * DIFFERENCE)

        def room(u: Array) -> Array:
            return np.asarray(u[-1] - looked(u[:-1].tobytes())[0])

        def slopes(u: Array) -> Array:
            inside = looked(u[:-1].tobytes())[1]
            return np.hstack([-inside, np.ones((len(inside), 1))])

        down = np.append(np.zeros(len(point)), 1.0)
        with np.errstate(all="ignore"):
            end = minimize(
                lambda u: u[-1], down, jac=lambda u: down, method="SLSQP",
                bounds=[*[(-1.0, 1.0)] * len(point), (0.0, None)],
                constraints={"type": "ineq", "fun": room, "jac": slopes}, options={"ftol": 1e-14, "maxiter": 40},
            )  # fmt: skip
        return np.asarray(point + end.x[:-1] * reach) if np.isfinite(end.x).all() else point

    def _values(self, points: Array, curvatures: Array) -> Array:
        """p_k on curvatures (m,) for points (c, n): (c, m)."""
        return positions(self.method, self.steps, curvatures, self.settings(points.T[:, :, None]), len(points))


def _summits(sizes: Array, values: Array, share: float) -> NDArray[np.intp]:
    """The places of local maxima of |p_k| that are at least a share of the largest, with their neighbours."""
    padded = np.pad(sizes, 1, constant_values=-1.0)
    high = (sizes >= padded[:-2]) & (sizes >= padded[2:]) & (sizes >= share * sizes.max())
    places = np.flatnonzero(high)
    if len(places) > MOST_SUMMITS:
        places = places[np.argsort(sizes[places])[::-1][:MOST_SUMMITS]]
    around = np.unique(np.clip(np.concatenate([places - 1, places, places + 1]), 0, len(sizes) - 1))
    return np.asarray(around[values[around] != 0])


def _logarithms(method: Method, steps: int, curvatures: Array, settings: dict[str, Any], count: int) -> Array:
    """log max|p_k| over curvatures (m,) for settings (count, 1); 1e300 where it overflows."""
    top = np.abs(positions(method, steps, curvatures, settings, count)).max(axis=1)
    with np.errstate(all="ignore"):
        heights = np.log(np.maximum(top, 1e-300))
    return np.where(np.isfinite(heights), heights, 1e300)
