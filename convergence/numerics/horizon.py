"""The best hyperparameters for exactly k steps over an interval of curvatures: the smallest worst case, found by search.

A global search on a coarse grid of curvatures; then from several starts a descent on the epigraph (minimise t subject to
|p_k(λ_i)| ≤ t near local maxima, by SLSQP), in turns with Nelder and Mead's simplex, which needs no slopes and leaves the
kinks where descents stall. The maximum itself is the proven one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import qmc

from convergence.errors import BadHyperparameter, ConvergenceError
from convergence.methods import as_method
from convergence.numerics.bounds import lower_bound
from convergence.numerics.inputs import checked_interval, checked_steps
from convergence.numerics.maxima import enough, nodes
from convergence.numerics.sampled import positions
from convergence.numerics.search import Space, evolved
from convergence.numerics.worst_cases import LONGEST, worst_case
from convergence.problem.arrays import short
from convergence.rule import Method
from convergence.theory.optimum import best

Array = NDArray[np.float64]

COARSE = 48
"""Curvatures of the global search; the descent afterwards looks at all that matter."""

GENERATIONS, POPULATION, ROUNDS = 50, 12, 16
GLOBAL_STEPS = 400
"""Steps of the global search at most: for a longer horizon it only has to come near, as optima move with k slowly."""

SAMPLED, STARTS, SHORT_HORIZON = 1024, 4, 32
"""Points of a Sobol sequence that are tried for few steps, and how many of them the descent starts from, too."""

TURNS, SIMPLEX = 3, 160
"""Turns of descent and simplex, and evaluations of a simplex."""

MOST_MAXIMA = 60
DIFFERENCE = 1e-6
OVERFLOW = 1e300


@dataclass(frozen=True)
class HorizonOptimum:
    """The best hyperparameters found for k steps over [μ, L], by search: better ones cannot be excluded.

    Attributes
    ----------
    steps
        k.
    hyper
        Name -> value, the best found.
    value
        Their worst case max|p_k| over [μ, L]: ‖e_k‖/‖e_0‖.
    asymptotic, asymptotic_hyper
        That of the hyperparameters with the best *rate* after as many steps, and these; ∞ and empty where there are
        none.
    bound
        The least that any first-order method has.
    """

    steps: int
    hyper: dict[str, float]
    value: float
    asymptotic: float
    asymptotic_hyper: dict[str, float]
    bound: float

    def __repr__(self) -> str:
        settings = ", ".join(f"{n}={v:.6g}" for n, v in self.hyper.items())
        contracts = "" if self.value < 1 else "; no setting found contracts"
        return (
            f"HorizonOptimum for {self.steps} steps, best found: {settings}; {self.value:.6g} of the first error, "
            f"{self.asymptotic:.6g} at the asymptotic optimum, {self.bound:.6g} at best{contracts}"
        )


def horizon_optimum(
    m: Any, /, steps: int, *, mu: Any = None, L: Any = None, problem: Any = None, **fixed: Any
) -> HorizonOptimum:
    """The hyperparameters with the smallest worst case after exactly k steps over [μ, L], the ``fixed`` ones held.

    The best found by a global search and local descents: an upper bound of the optimum, not a proof of it.
    Hyperparameters may leave their usual interval (a momentum above 1 can be best for few steps).

    Parameters
    ----------
    m
        A Method, its name, a preset, or an update rule.
    steps
        k, from 1 to 20 000.
    mu, L, problem
        The interval of curvatures, or a problem that has it.
    fixed
        Hyperparameters that are held, at one number each.

    Returns
    -------
    HorizonOptimum

    Raises
    ------
    BadHyperparameter
        For an unknown name, a value that is not one number, a horizon out of range, or no interval.
    BadData
        For steps that are no whole number.

    >>> horizon_optimum("gradient_descent", 3, mu=1, L=4).hyper
    {'lr': 0.4...}
    """
    method, k, (low, high) = as_method(m), checked_steps(steps), checked_interval(mu, L, problem)
    method.require_known(fixed)
    if not 1 <= k <= LONGEST:
        raise BadHyperparameter(f"a horizon is 1 to {LONGEST} steps long; got {k}")
    for name, value in fixed.items():
        if np.ndim(value) or getattr(value, "free_symbols", None):
            raise BadHyperparameter(f"{method.name}: {name} must be held at one number; got {short(value)}")
    return _best_found(method, k, low, high, tuple((name, float(value)) for name, value in fixed.items()))


@lru_cache(maxsize=256)
def _best_found(method: Method, k: int, mu: float, L: float, given: tuple[tuple[str, float], ...]) -> HorizonOptimum:
    fixed = dict(given)
    before = _asymptotic(method, mu, L, fixed)
    held = {**dict(method.defaults), **fixed}
    names = tuple(n for n in method.hyper if n not in fixed and (n not in held or n == method.rate))
    task = _Task(Space(method, names, held), k, mu, L)
    candidates = [] if before is None else [before]
    if names:
        starts = [] if before is None else [task.space.point(before)]
        candidates += [task.hyper(task.polished(start)) for start in [*starts, *task.global_starts(starts)]]
    else:
        candidates.append(task.hyper(np.zeros(0)))
    hyper = min(candidates, key=task.worst)
    reference = inf if before is None else task.worst(before)
    return HorizonOptimum(k, hyper, task.worst(hyper), reference, before or {}, lower_bound(k, mu=mu, L=L))


def _asymptotic(method: Method, mu: float, L: float, fixed: Mapping[str, float]) -> dict[str, float] | None:
    """The hyperparameters of the best rate; None where none is stable, or none is derived."""
    try:
        optimum = best(method, dict(fixed))
        open_ones = {n: v for n, v in dict(method.defaults).items() if n not in (*fixed, *optimum.determined)}
        return dict(optimum.at(mu=mu, L=L, **open_ones).hyper)
    except (ConvergenceError, NotImplementedError):
        return None


@dataclass(frozen=True)
class _Task:
    space: Space
    steps: int
    mu: float
    L: float

    def hyper(self, point: Array) -> dict[str, float]:
        return {name: float(value) for name, value in self.space.settings(point).items()}

    def worst(self, hyper: Mapping[str, Any]) -> float:
        try:
            return worst_case(self.space.method, self.steps, mu=self.mu, L=self.L, **hyper).value
        except ConvergenceError:
            return inf

    def global_starts(self, starts: list[Array]) -> list[Array]:
        """The best points of a global search and of a sample, on a coarse grid."""
        curvatures = np.unique([self.mu, *nodes(self.mu, self.L, COARSE), self.L])
        box, steps = self.space.box(curvatures), min(self.steps, GLOBAL_STEPS)

        def height(points: Array) -> Array:
            return self.heights(points.reshape(len(box), -1).T, curvatures, steps)

        first = starts[0] if starts else None
        evolution = {"population": POPULATION, "generations": GENERATIONS, "tolerance": 1e-8}
        searched, lowest = evolved(height, box, first, **evolution)  # type: ignore[arg-type]
        if self.steps > SHORT_HORIZON:  # the landscape of long horizons is that of the rate, with one valley
            return [searched] if lowest < OVERFLOW else []
        sample = qmc.scale(qmc.Sobol(len(box), rng=0).random(SAMPLED), *np.array(box).T)
        heights = height(sample.T)
        lowest_first = np.argsort(heights)[:STARTS]
        return [*([searched] if lowest < OVERFLOW else []), *sample[lowest_first[heights[lowest_first] < OVERFLOW]]]

    def heights(self, points: Array, curvatures: Array, steps: int) -> Array:
        """log max|p_k| over curvatures (m,) at points (count, n)."""
        with np.errstate(all="ignore"):
            tops = np.abs(self.values(points, curvatures, steps)).max(axis=1)
            return np.asarray(np.nan_to_num(np.log(np.maximum(tops, 1e-300)), nan=OVERFLOW, posinf=OVERFLOW))

    def values(self, points: Array, curvatures: Array, steps: int) -> Array:
        """p_k on curvatures (m,) at points (count, n): (count, m)."""
        settings = self.space.settings(points.T[:, :, None])
        return positions(self.space.method, steps, curvatures, settings, len(points))

    @property
    def grid(self) -> Array:
        """Curvatures between which |p_k| rises by less than a tenth: as fine as a polynomial of its degree needs, twice."""
        return np.unique([self.mu, *nodes(self.mu, self.L, 2 * enough(self.steps)), self.L])

    def polished(self, start: Array) -> Array:
        """A local optimum near a start: descent and simplex in turns, while one of them gains."""
        grid, point = self.grid, start

        def height(u: Array) -> float:
            return float(self.heights(u[None], grid, self.steps)[0])

        lowest = height(point)
        for _ in range(TURNS):
            before = lowest
            point = self._descended(point, grid)
            spread = np.vstack([point, point + np.diag(np.maximum(0.02 * np.abs(point), 0.02))])
            options = {"initial_simplex": spread, "maxfev": SIMPLEX, "xatol": 1e-10, "fatol": 1e-13}
            end = minimize(height, point, method="Nelder-Mead", options=options)
            point, lowest = np.asarray(end.x), float(end.fun)
            if not lowest < before - 1e-9:
                break
        return point

    def _descended(self, point: Array, grid: Array) -> Array:
        """SLSQP on the epigraph, with constraints where |p_k| has local maxima on the grid."""
        lowest = float(self.heights(point[None], grid, self.steps)[0])
        reach = np.maximum(0.05 * np.abs(point), 0.05)
        for _ in range(ROUNDS):
            tried = self._stepped(point, reach, grid)
            lower = float(self.heights(tried[None], grid, self.steps)[0])
            if lower < lowest - 1e-12:
                point, lowest = tried, lower
            else:
                reach = reach / 4
        return point

    def _stepped(self, point: Array, reach: Array, grid: Array) -> Array:
        """One descent: t is in units of the present maximum, and constraints are ±p_k ≤ t at its local maxima."""
        values = self.values(point[None], grid, self.steps)[0]
        top = float(np.abs(values).max())
        if not np.isfinite(values).all() or top < 1e-280:
            return point
        places = _local_maxima(np.abs(values), values, 0.3)
        points, signs = grid[places], np.sign(values[places])
        size = len(point)
        offsets = np.concatenate([np.zeros((1, size)), DIFFERENCE * np.eye(size), -DIFFERENCE * np.eye(size)])

        @lru_cache(maxsize=8)
        def sides(unknown: bytes) -> tuple[Array, Array]:
            """The constraints ±p_k and their central differences, in one run."""
            many = self.values(point + (np.frombuffer(unknown) + offsets) * reach, points, self.steps) * (signs / top)
            many = np.nan_to_num(many, nan=1e6, posinf=1e6, neginf=-1e6)
            return many[0], (many[1 : size + 1] - many[size + 1 :]).T / (2 * DIFFERENCE)

        def room(u: Array) -> Array:
            return np.asarray(u[-1] - sides(u[:-1].tobytes())[0])

        def slopes(u: Array) -> Array:
            inside = sides(u[:-1].tobytes())[1]
            return np.hstack([-inside, np.ones((len(inside), 1))])

        down = np.append(np.zeros(size), 1.0)
        with np.errstate(all="ignore"):
            end = minimize(
                lambda u: u[-1], down, jac=lambda u: down, method="SLSQP",
                bounds=[*[(-1.0, 1.0)] * size, (0.0, None)],
                constraints={"type": "ineq", "fun": room, "jac": slopes}, options={"ftol": 1e-14, "maxiter": 40},
            )  # fmt: skip
        return np.asarray(point + end.x[:-1] * reach) if np.isfinite(end.x).all() else point


def _local_maxima(sizes: Array, values: Array, share: float) -> NDArray[np.intp]:
    """The places of local maxima of |p_k| that are at least a share of the largest, with their neighbours."""
    padded = np.pad(sizes, 1, constant_values=-1.0)
    high = (sizes >= padded[:-2]) & (sizes >= padded[2:]) & (sizes >= share * sizes.max())
    places = np.flatnonzero(high)
    if len(places) > MOST_MAXIMA:
        places = places[np.argsort(sizes[places])[::-1][:MOST_MAXIMA]]
    around = np.unique(np.clip(np.concatenate([places - 1, places, places + 1]), 0, len(sizes) - 1))
    return np.asarray(around[values[around] != 0])
