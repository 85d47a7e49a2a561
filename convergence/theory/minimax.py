"""The tuning problem in floats: make the largest spectral radius over [μ, L] smallest.

In radii the problem is not even Lipschitz (at critical damping); as inequalities it is smooth: smallest ρ such that
the Schur–Cohn polynomials of p(ρz) are not negative at the curvatures that matter. A global grid, then sequential
quadratic programming from its best points. Theory uses this to learn *which* inequalities are active, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from math import inf, log

import numpy as np
import sympy as sp
from scipy.optimize import minimize

from convergence.roots import meeting_roots
from convergence.theory.candidates import real_roots_along
from convergence.theory.deadline import NEVER, Deadline
from convergence.theory.inequalities import Array, Inequalities, Values
from convergence.theory.symbols import CURVATURE, RATE

ACTIVE = 1e-6
"""An inequality closer to equality than this, measured in the unknowns, is active: SLSQP stops at about 1e-8."""

ROOMS = (1e-6, 1e-2, 1e-4)
"""How far above the reached rate a descent begins: SLSQP sometimes sticks to an inequality that it began at."""

FLAT = 1e-3
"""A relative width of the best learning rates above this is a plateau; at a point it is about 1e-7."""

PATH = 4.0
"""The factor by which condition numbers grow along the path of ``best``."""

STARTS = {1: 2, 2: 3}
GRID = {1: 400, 2: 48, 3: 16, 4: 9}
"""Points a hyperparameter in the global search, by the number of unknown hyperparameters."""

EXCHANGES = 6
"""So often the worst curvature is added to those that are looked at, and the search goes on."""

Constraint = tuple[int, float]
"""An inequality at a curvature: its place in ``polynomials``, and where the curvature lies: 0 at μ, 1 at L."""


@dataclass(frozen=True)
class Solution:
    """Where the search ended: the unknowns, the rate, and the active inequalities."""

    values: Values
    rate: float
    active: frozenset[Constraint]
    at_zero: frozenset[sp.Symbol]


@dataclass(frozen=True, eq=False)
class Minimax(Inequalities):
    """The search for the unknowns that make the largest radius over [μ, L] smallest; it ends at the ``deadline``.

    ``unit`` is what a learning rate times its curvature is measured in: 1, but ε for a step that is divided by ε.
    """

    deadline: Deadline = NEVER
    unit: float = 1.0

    @np.errstate(all="ignore")
    def solve(self, mu: float, L: float, fixed: Mapping[sp.Symbol, float], near: Values | None = None) -> Solution:
        """The global minimum of the largest radius over [μ, L], as far as the grid and the descent from it can tell.

        With ``near``, the local minimum next to it.
        """
        spectrum = self.spectrum(mu, L)
        best: tuple[float, float, Values] = (inf, inf, {})
        for _ in range(EXCHANGES):
            starts = self._starts(spectrum, mu, L, fixed) if near is None else [near]
            ends = [self._descend(spectrum, mu, L, start, fixed) for start in starts]
            values, rate = min(ends, key=lambda end: end[1])
            curvature, reached = self.largest(mu, L, {**values, **fixed})
            if not best[2] or reached <= best[0] + meeting_roots(len(self.system.state)):
                best = reached, rate, values
            if reached <= rate + 1e-12 or self.deadline.over:
                break
            spectrum = np.unique(np.append(spectrum, curvature))
        reached, rate, values = best  # of those that rounding cannot tell apart, the last: it knows the most curvatures
        rate = rate if reached <= rate + meeting_roots(len(self.system.state)) else reached
        return self._solution(spectrum, mu, L, values, rate, fixed)

    def _starts(self, spectrum: Array, mu: float, L: float, fixed: Mapping[sp.Symbol, float]) -> Iterator[Values]:
        """The best points of a grid, no two of them neighbours."""
        if not self.unknown:
            yield {}
            return
        axes = [self._axis(letter, mu, L) for letter in self.unknown]
        mesh = dict(zip(self.unknown, np.meshgrid(*axes, indexing="ij"), strict=True))
        radius = self.radius(spectrum.reshape(-1, *(1 for _ in axes)), mesh | dict(fixed)).max(axis=0)
        taken: list[Array] = []
        for flat in np.argsort(radius, axis=None)[:4000]:
            place = np.array(np.unravel_index(flat, radius.shape))
            if all(np.abs(place - other).max() > 3 for other in taken):
                taken.append(place)
                yield {s: float(axis[i]) for s, axis, i in zip(self.unknown, axes, place, strict=True)}
            if len(taken) == STARTS.get(len(self.unknown), 4):
                return

    def _axis(self, letter: sp.Symbol, mu: float, L: float) -> Array:
        count = GRID.get(len(self.unknown), 7)
        if letter.is_positive:
            unit = self.unit if letter == self.rate_symbol else 1.0
            return unit * np.geomspace(1e-2 * min(1 / L, 1), 10 * max(1 / mu, 1), count)
        if letter.is_nonnegative:
            half = np.geomspace(1e-3, 0.5, count // 2)
            return np.concatenate([[0.0], half, 1 - half[::-1]])
        near = 1 - np.geomspace(1e-3, 0.2, count // 6)  # where memories, contractions and averages lie
        return np.unique(np.concatenate([np.linspace(-1.5, 1.5, count - 2 * near.size), near, -near]))

    def _descend(
        self, spectrum: Array, mu: float, L: float, start: Values, fixed: Mapping[sp.Symbol, float]
    ) -> tuple[Values, float]:
        """From a start to a local minimum; again with more room where fewer inequalities are active than a vertex has."""
        best, rate = start, float(self.worst(mu, L, {**start, **fixed}))
        for room in ROOMS:
            values = self._slide(spectrum, self._vector(best, rate + room), fixed)
            reached = self._at(spectrum, values, fixed)
            if reached < rate:
                best, rate = values, reached
            if len(self._solution(spectrum, mu, L, best, rate, fixed).active) > len(self.unknown):
                break
        return best, rate

    def _slide(self, spectrum: Array, u: Array, fixed: Mapping[sp.Symbol, float]) -> Values:
        """Sequential quadratic programming from u; unknowns that are positive move on a logarithmic scale."""
        bounds = [(0.0, None) if s.is_nonnegative and not s.is_positive else (None, None) for s in self.unknown]
        found = minimize(
            lambda v: v[-1],
            u,
            jac=lambda v: np.eye(len(v))[-1],
            bounds=[*bounds, (0.0, None)],
            constraints={
                "type": "ineq",
                "fun": lambda v: self._slack(spectrum, v, fixed),
                "jac": lambda v: self._slopes(spectrum, v, fixed),
            },
            method="SLSQP",
            options={"ftol": 1e-15, "maxiter": 200},
        )
        return self._values(found.x if np.isfinite(found.x).all() else u)

    def _at(self, spectrum: Array, values: Values, fixed: Mapping[sp.Symbol, float]) -> float:
        return float(self.radius(spectrum, {**values, **fixed}).max())

    def polished(self, mu: float, L: float, fixed: Mapping[sp.Symbol, float], near: Values | None = None) -> Solution:
        """The minimum of ``solve``, refined by Newton's method on its active inequalities: the rate to about 1e-12."""
        rough = self.solve(mu, L, fixed, near)
        active, u = sorted(rough.active), self._vector(rough.values, rough.rate)
        curvatures = np.array([mu * (L / mu) ** where for _, where in active])
        rows = [(place * curvatures.size + k) for k, (place, _) in enumerate(active)]
        kept = [i for i, s in enumerate((*self.unknown, RATE)) if s not in rough.at_zero]
        for _ in range(4 if rows else 0):
            slack, slopes = self._slack(curvatures, u, fixed), self._slopes(curvatures, u, fixed)
            u[kept] -= np.linalg.lstsq(slopes[rows][:, kept], slack[rows], rcond=1e-9)[0]
        values = self._values(u)
        better = (
            abs(float(u[-1]) - rough.rate) < 1e-5 and self.largest(mu, L, {**values, **fixed})[1] < rough.rate + 1e-6
        )
        return replace(rough, values=values, rate=max(float(u[-1]), 0.0)) if better else rough

    def best(self, mu: float, L: float, fixed: Mapping[sp.Symbol, float]) -> Solution:
        """The best of a search over [μ, L] and of one from the best for a narrower spectrum, and so on down to a narrow one.

        At large condition numbers the best settings lie in a valley that a grid may miss. Out of time, it is the best of
        the first search.
        """
        wide, steps = self.polished(mu, L, fixed), int(log(L / mu) / log(PATH)) if self.unknown else 0
        try:
            near = _narrower(self, L, tuple(fixed.items()), steps) if steps else wide
        except TimeoutError:
            return wide
        return min((wide, self.polished(mu, L, fixed, near.values)), key=lambda solution: solution.rate)

    def plateau(
        self, mu: float, L: float, solution: Solution, fixed: Mapping[sp.Symbol, float]
    ) -> tuple[float, float] | None:
        """The learning rates around the solution that have its rate (a hair more), other unknowns as they are; None: one."""
        here = solution.values.get(self.rate_symbol, 0.0)
        if not here > 0:
            return None
        level = {RATE: solution.rate * (1 + 1e-9) + 1e-12}
        point = {s: v for s, v in {**fixed, **solution.values, **level}.items() if s != self.rate_symbol}
        edges = real_roots_along(self.polynomials, self.rate_symbol, point, CURVATURE, self.spectrum(mu, L))
        low = float(edges[edges <= here * (1 + 1e-7)].max(initial=0.0))
        high = float(edges[edges >= here * (1 - 1e-7)].min(initial=np.inf))
        return (low, high) if high - low > FLAT * high else None

    def moved(self, mu: float, L: float, solution: Solution, lr: float, fixed: Mapping[sp.Symbol, float]) -> Solution:
        """The solution with another learning rate of the same radius, and what is active there."""
        values = {**solution.values, self.rate_symbol: lr}
        return self._solution(self.spectrum(mu, L), mu, L, values, solution.rate, fixed)

    def _solution(
        self, spectrum: Array, mu: float, L: float, values: Values, rate: float, fixed: Mapping[sp.Symbol, float]
    ) -> Solution:
        vector = self._vector(values, rate)
        slack, slopes = self._slack(spectrum, vector, fixed), self._slopes(spectrum, vector, fixed)
        near = np.abs(slack) <= ACTIVE * np.maximum(np.abs(slopes).max(axis=1), ACTIVE)
        places = [divmod(int(k), spectrum.size) for k in np.nonzero(near)[0]]
        where = (np.log(spectrum) - np.log(mu)) / np.log(L / mu) if mu < L else np.zeros(spectrum.size)
        active = frozenset((polynomial, float(where[k])) for polynomial, k in places)
        zero = frozenset(s for s, v in values.items() if s.is_nonnegative and not s.is_positive and abs(v) < ACTIVE)
        return Solution(values, rate, active, zero)


@cache
def _narrower(problem: Minimax, L: float, fixed: tuple[tuple[sp.Symbol, float], ...], steps: int) -> Solution:
    """The best that was found for the condition number PATH**steps, beginning at that for the one before.

    Raises TimeoutError where the time is up; what was found until then is forgotten.
    """
    problem.deadline.check()
    mu, held = L / PATH**steps, dict(fixed)
    ends = [problem.polished(mu, L, held)]
    if steps > 1:
        ends.append(problem.polished(mu, L, held, _narrower(problem, L, fixed, steps - 1).values))
    return min(ends, key=lambda solution: solution.rate)
