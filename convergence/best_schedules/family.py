"""The best member of a family of schedules: its parameters, fitted by a search without derivatives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from inspect import Parameter, signature
from itertools import product
from typing import Any

import numpy as np
import sympy as sp
from scipy.optimize import minimize

from convergence.best_schedules.objective import Task
from convergence.best_schedules.search import best_scale
from convergence.crossing import Compiled, compiled
from convergence.errors import BadHyperparameter, ConvergenceError
from convergence.problem.arrays import Array
from convergence.schedule import STEP, Schedule, as_schedule

SHARES = (0, 1 / 20, 1 / 10, 1 / 5, 2 / 5, 3 / 5, 4 / 5, 1)
"""Of the steps, that are tried for a parameter that is a whole number."""

POINTS, DESCENTS, DECADES, LARGEST, TOUCH = 128, 3, 6, 100.0, 1e-12
"""Points of the first look, how many of the best are followed, how many decades the box of a parameter spans, what all
parameters but the first go up to, and by how much an edge may be passed."""


SETTLED, PROPORTIONAL = 1e-6, 1e-9
"""Relative: how far a parameter may be from its best, where a loss differs by the square; and rates that are proportional."""


def fitted(task: Task, family: Any) -> tuple[Schedule, str]:
    """The best schedule found of a family, and a note. BadHyperparameter for what is no family."""
    free, whole, fixed = _parameters(family, task.steps)
    if not free:
        raise BadHyperparameter("family must have a parameter without a default that is no whole number: its base rate")
    best: Schedule | None = None
    least = np.inf
    for choice in product(*(_shares(task.steps) for _ in whole)):
        member = Member(task, partial(family, **fixed, **dict(zip(whole, choice, strict=True))), free)
        end = member.best()
        if end is not None and end[1] < least:
            best, least = member.schedule(end[0]), end[1]
    if best is None:
        raise BadHyperparameter(f"no schedule of the family was found with rates from 0 to the cap, {task.largest:g}")
    return best, f"best found by search of its {len(free) + len(whole)} parameters"


def _parameters(family: Any, steps: int) -> tuple[list[str], list[str], dict[str, Any]]:
    """The names of its real and its whole parameters, and those that are given."""
    try:
        parameters = signature(family).parameters.values()
    except (TypeError, ValueError):
        raise BadHyperparameter(
            f"family must be a function that makes a schedule of its parameters, as those of cv.schedules; got {family!r:.60}"
        ) from None
    named = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    if any(one.kind not in named and one.default is Parameter.empty for one in parameters):
        raise BadHyperparameter(f"family must take its parameters by name; got {family!r:.60}")
    sought = [p for p in parameters if p.default is Parameter.empty and p.name != "steps"]
    whole = [p.name for p in sought if p.annotation in (int, "int")]
    fixed = {"steps": steps} if any(p.name == "steps" for p in parameters) else {}
    return [p.name for p in sought if p.name not in whole], whole, fixed


def _shares(steps: int) -> list[int]:
    return sorted({round(share * steps) for share in SHARES})


@dataclass(frozen=True, eq=False)
class Member:
    """Members of a family by the logarithms (n,) of its parameters ``free``; ``family`` makes a schedule of numbers by name."""

    task: Task
    family: Callable[..., Any]
    free: list[str]

    @property
    def top(self) -> Array:
        """The upper corner of the box that is searched: the first parameter is a rate."""
        return np.log([self.task.highest, *np.full(len(self.free) - 1, LARGEST)])

    def schedule(self, point: Array) -> Schedule:
        """The member at a point. Raises what ``family`` raises."""
        return as_schedule(self.family(**dict(zip(self.free, map(float, np.exp(point)), strict=True))))

    def rates(self, point: Array) -> Array | None:
        """Its values (K,); None where it has none."""
        if self._formula is not None:
            with np.errstate(all="ignore"):
                values = np.broadcast_to(self._formula(np.arange(self.task.steps), *np.exp(point))[0], self.task.steps)
            return np.array(values, dtype=float) if np.isfinite(values).all() else None
        try:
            return self.schedule(point).values(self.task.steps)
        except ConvergenceError:
            return None

    @cached_property
    def _formula(self) -> Compiled | None:
        """The values as a function of the steps and the parameters, where the family takes letters."""
        letters = {name: sp.Symbol(name, positive=True) for name in self.free}
        try:
            schedule = self.family(**letters)
        except Exception:  # of a user's function, which need not take letters
            return None
        if not isinstance(schedule, Schedule) or schedule.formula is None:
            return None
        if schedule.last is not None and schedule.last < self.task.steps - 1:
            return None
        if schedule.formula.free_symbols - {STEP, *letters.values()}:
            return None
        return compiled((STEP, *letters.values()), (schedule.formula,))

    def loss(self, point: Array) -> float:
        """∞ out of the box, where there is no such schedule, and where a rate is out of bounds."""
        if (point > self.top + TOUCH).any() or (point < self.top - np.log(10) * DECADES - TOUCH).any():
            return np.inf
        rates = self.rates(point)
        if rates is None or (rates < 0).any() or (rates > self.task.largest * (1 + TOUCH)).any():
            return np.inf
        return self.task.loss(rates)

    def best(self) -> tuple[Array, float] | None:
        """The best point found, and its loss; None where none has one."""
        scaled = self._scaled()
        if scaled is not None:
            return scaled
        from scipy.stats import qmc  # half a second, which other searches need not wait for

        points = self.top - np.log(10) * DECADES * qmc.Halton(len(self.free), scramble=False).random(POINTS)
        losses = np.array([self.loss(point) for point in points])
        starts = points[np.argsort(losses, kind="stable")[:DESCENTS]]
        options = {"maxiter": 200 * len(self.free), "xatol": SETTLED, "fatol": SETTLED**2 * losses.min()}
        ends = [
            minimize(self.loss, start, method="Nelder-Mead", options=options)
            for start in starts
            if np.isfinite(self.loss(start))
        ]
        end = min(ends, key=lambda e: float(e.fun), default=None)
        return None if end is None else (end.x, float(end.fun))

    def _scaled(self) -> tuple[Array, float] | None:
        """Where rates are proportional to the one parameter, the best multiple."""
        if len(self.free) > 1:
            return None
        one, half = self.rates(self.top), self.rates(self.top - np.log(2))
        if (
            one is None
            or half is None
            or (one < 0).any()
            or not np.allclose(one, 2 * half, rtol=PROPORTIONAL, atol=0.0)
        ):
            return None
        scale, loss = best_scale(self.task, one)
        return (self.top + np.log(scale), loss) if scale > 0 else None
