"""The best hyperparameters for exactly k steps over an interval of curvatures: the smallest worst case, found by search.

A minimax problem: after a global search on a coarse grid, sequential quadratic programming on the epigraph (minimise t subject
to ±p_k(λ_i) ≤ t) with the λ_i at the local maxima of |p_k|, as in Remez's exchange. The maxima are placed to 1e-7: on a
fixed grid the optimum is that of the grid, up to a part in a thousand off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import inf, pi
from sys import float_info
from time import process_time
from typing import Any

import numpy as np
from scipy.optimize import minimize

from convergence.errors import BadHyperparameter, ConvergenceError
from convergence.methods import as_method
from convergence.numerics.first_order import lower_bound
from convergence.numerics.inputs import checked_interval, checked_steps
from convergence.numerics.maxima import at_angle, enough
from convergence.numerics.replay import moving_states
from convergence.numerics.sampled_matrix import positions
from convergence.numerics.search import Space, evolved
from convergence.numerics.worst_cases import LONGEST, worst_case
from convergence.problem.arrays import Array, short
from convergence.rule import Method
from convergence.theory.optimum import best

COARSE = 48
"""Curvatures of the global search; the descent afterwards looks at all that matter."""

GENERATIONS, POPULATION, GLOBAL_STEPS = 50, 12, 400
"""Of the global search, which takes at most so many steps: for a longer horizon it only has to come near."""

SAMPLED, NEARBY, SHORT_HORIZON = 512, 0.05, 32
"""Random points that are tried about the best of the global search, and over the whole box where the horizon is short."""

STARTS, FEW, POLISHED, TURNS, ROUNDS = 6, 8, 4, 3, 30
"""Starts, and steps from each; how many of the lowest go on, descents from each with a fresh reach, and their steps."""

MOST_MAXIMA, ZOOM = 60, np.linspace(-1.0, 1.0, 17)
DIFFERENCE, OVERFLOW = 1e-6, 1e300
"""Of central differences, whose error is its square; and a size that stands for all larger ones."""

NEAR, PLACED, GAINED, LEAST = 1e-8, 1e-7, 1e-10, 1e-9
"""Relative: the spread of heights that ends the global search; to which maxima are placed, so that a descent which gains
less is over; a step's gain by rounding; the reach of the last steps."""


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
    complete
        False where the time limit cut the search short.
    """

    steps: int
    hyper: dict[str, float]
    value: float
    asymptotic: float
    asymptotic_hyper: dict[str, float]
    bound: float
    complete: bool = True

    def __repr__(self) -> str:
        settings = ", ".join(f"{n}={v:.6g}" for n, v in self.hyper.items())
        contracts = "" if self.value < 1 else "; no setting found contracts"
        found = "best found" if self.complete else "best found in the time given"
        return (
            f"HorizonOptimum for {self.steps} steps, {found}: {settings}; {self.value:.6g} of the first error, "
            f"{self.asymptotic:.6g} at the asymptotic optimum, {self.bound:.6g} at best{contracts}"
        )


def horizon_optimum(
    m: Any, /, steps: int, *, mu: Any = None, L: Any = None, problem: Any = None, seconds: float = 20.0, **fixed: Any
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
    seconds
        Processor time after which no further descent is begun; ``.complete`` is then False.
    fixed
        Hyperparameters that are held, at one number each.

    Returns
    -------
    HorizonOptimum

    Raises
    ------
    BadHyperparameter
        For an unknown name, a value that is not one number, a horizon or a time out of range, or no interval.
    BadData
        For steps that are no whole number.

    >>> horizon_optimum("gradient_descent", 3, mu=1, L=4).hyper
    {'lr': 0.4...}
    """
    method, k, (low, high) = as_method(m), checked_steps(steps), checked_interval(mu, L, problem)
    method.require_known(fixed)
    if not 1 <= k <= LONGEST:
        raise BadHyperparameter(f"a horizon is 1 to {LONGEST} steps long; got {k}")
    if not (isinstance(seconds, int | float) and seconds >= 0):
        raise BadHyperparameter(f"seconds must be a number, 0 or more; got {short(seconds)}")
    for name, value in fixed.items():
        if np.ndim(value) or getattr(value, "free_symbols", None):
            raise BadHyperparameter(f"{method.name}: {name} must be held at one number; got {short(value)}")
    return _best_found(method, k, low, high, tuple((name, float(value)) for name, value in fixed.items()), seconds)


@lru_cache(maxsize=256)
def _best_found(
    method: Method, k: int, mu: float, L: float, given: tuple[tuple[str, float], ...], seconds: float
) -> HorizonOptimum:
    deadline, fixed = process_time() + seconds, dict(given)
    probe = {**dict.fromkeys(method.hyper, 0.25), **dict(method.defaults), **fixed}
    moving_states(method, np.array([mu, L]), lambda j: probe)  # NotLinear for a rule without residual polynomials
    asymptotic = _asymptotic(method, mu, L, fixed)
    held = {**dict(method.defaults), **fixed}
    names = tuple(n for n in method.hyper if n not in fixed and (n not in held or n == method.rate))
    search = _Search(Space(method, names, held), k, mu, L)
    known = [] if asymptotic is None else [asymptotic]
    points, complete = [search.space.point(hyper) for hyper in known], True
    if names and not (known and search.worst(known[0]) == 0):
        found, complete = search.descended(search.starts(points), deadline)
        points += found
    hyper = min([*known, *map(search.hyper, points)] or [search.hyper(np.zeros(0))], key=search.worst)
    reference = inf if asymptotic is None else search.worst(asymptotic)
    bound = lower_bound(k, mu=mu, L=L)
    return HorizonOptimum(k, hyper, search.worst(hyper), reference, asymptotic or {}, bound, complete)


def _asymptotic(method: Method, mu: float, L: float, fixed: Mapping[str, float]) -> dict[str, float] | None:
    """The hyperparameters of the best rate; None where none is stable, or none is derived."""
    try:
        optimum = best(method, dict(fixed))
        open_ones = {n: v for n, v in dict(method.defaults).items() if n not in (*fixed, *optimum.determined)}
        return dict(optimum.at(mu=mu, L=L, **open_ones).hyper)
    except (ConvergenceError, NotImplementedError):
        return None


@dataclass(frozen=True)
class _Search:
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

    def values(self, points: Array, angles: Array, steps: int | None = None) -> Array:
        """p_k at points (count, n), on curvatures that belong to angles (m,): (count, m)."""
        curvatures = self.mu * np.cos(angles / 2) ** 2 + self.L * np.sin(angles / 2) ** 2
        settings = self.space.settings(points.T[:, :, None])
        with np.errstate(all="ignore"):
            found = positions(self.space.method, steps or self.steps, curvatures, settings, len(points))
        return np.asarray(np.nan_to_num(found, nan=OVERFLOW, posinf=OVERFLOW, neginf=-OVERFLOW))

    def starts(self, known: list[Array]) -> list[Array]:
        """Where descents begin, the lowest first: the known points, the best of a global search and of a sample."""
        angles, steps = np.linspace(0, pi, COARSE), min(self.steps, GLOBAL_STEPS)
        box = self.space.box(np.array([at_angle(self.mu, self.L, angle) for angle in angles]))

        def heights(points: Array) -> Array:
            flat = points.reshape(len(box), -1).T
            return np.asarray(np.log(np.abs(self.values(flat, angles, steps)).max(axis=1) + float_info.min))

        options = {"popsize": POPULATION, "maxiter": GENERATIONS, "tol": NEAR}
        searched, _ = evolved(heights, box, known[0] if known else None, **options)
        points, ends = [*known, searched], np.array(box).T
        near = np.clip(searched + NEARBY * np.outer([-1, 1], ends[1] - ends[0]), *ends)
        for low, high in (ends, near) if self.steps <= SHORT_HORIZON else (near,):
            sample = low + (high - low) * np.random.default_rng(0).random((SAMPLED, len(box)))
            points += list(sample[np.argsort(heights(sample.T), kind="stable")[:2]])
        heights_there = heights(np.array(points).T)
        order = [k for k in np.argsort(heights_there, kind="stable") if heights_there[k] < np.log(OVERFLOW)]
        return [points[k] for k in order[:STARTS]]

    def maxima(self, point: Array) -> tuple[Array, Array]:
        """The angles of the large local maxima of |p_k|, between nodes too, and p_k there."""
        angles = np.linspace(0, pi, 2 * enough(self.steps) + 1)
        values = self.values(point[None], angles)[0]
        sizes = np.pad(np.abs(values), 1, constant_values=-1.0)
        inner = sizes[1:-1]
        places = np.flatnonzero((inner >= sizes[:-2]) & (inner >= sizes[2:]) & (inner >= 0.3 * inner.max()))
        places = places[np.argsort(-inner[places], kind="stable")[:MOST_MAXIMA]]
        centres, reach, rows = angles[places], angles[1], np.arange(len(places))
        for _ in range(3):
            around = np.clip(centres[:, None] + reach * ZOOM, 0, pi)
            values = self.values(point[None], around.ravel())[0].reshape(around.shape)
            highest = np.abs(values).argmax(axis=1)
            centres, reach = around[rows, highest], reach * (ZOOM[1] - ZOOM[0])
        return centres, values[rows, highest]

    def descended(self, starts: list[Array], deadline: float) -> tuple[list[Array], bool]:
        """Local optima: a few steps from each start, then the lowest to their ends; and whether there was time for all."""
        lowest = list[tuple[float, int, Array]]()
        for place, start in enumerate(starts):
            if process_time() > deadline:
                break
            point, height = self._descended(start, self.height(start), FEW)
            lowest.append((height, place, point))
        for height, place, point in sorted(lowest)[:POLISHED]:
            if process_time() > deadline:
                break
            for _ in range(TURNS):
                before = height
                point, height = self._descended(point, height, ROUNDS)
                if not height < before * (1 - PLACED):
                    break
            lowest[place] = (height, place, point)
        return [point for *_, point in lowest], process_time() <= deadline

    def height(self, point: Array) -> float:
        return float(np.abs(self.maxima(point)[1]).max())

    def _descended(self, point: Array, height: float, rounds: int) -> tuple[Array, float]:
        reach = np.maximum(0.05 * np.abs(point), 0.05)
        for _ in range(rounds):
            trial = self._stepped(point, reach)
            lower = self.height(trial)
            if lower < height:
                gained = lower < height * (1 - GAINED)
                point, height = trial, lower
                if gained:
                    reach = 2 * reach
                    continue
            reach = reach / 4
            if reach.max() < LEAST:
                break
        return point, height

    def _stepped(self, point: Array, reach: Array) -> Array:
        """One descent: t is in units of the present maximum, and constraints are ±p_k ≤ t at its local maxima."""
        angles, values = self.maxima(point)
        top, size = float(np.abs(values).max()), len(point)
        if not 1 / OVERFLOW < top < OVERFLOW:
            return point
        offsets = np.concatenate([np.zeros((1, size)), DIFFERENCE * np.eye(size), -DIFFERENCE * np.eye(size)])

        @lru_cache(maxsize=8)
        def sides(unknown: bytes) -> tuple[Array, Array]:
            """The constraints ±p_k and their central differences, in one run."""
            many = self.values(point + (np.frombuffer(unknown) + offsets) * reach, angles) * (np.sign(values) / top)
            many = np.clip(many, -1e6, 1e6)
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
                constraints={"type": "ineq", "fun": room, "jac": slopes}, options={"ftol": GAINED, "maxiter": 12},
            )  # fmt: skip
        return np.asarray(point + end.x[:-1] * reach) if np.isfinite(end.x).all() else point
