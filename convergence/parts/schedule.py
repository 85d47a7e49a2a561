"""What schedules of the learning rate do to a method in so many steps: their cost against the best, and what they leave."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import convergence as cv
from convergence.errors import BadHyperparameter
from convergence.parts.case import Case
from convergence.problem import Quadratic, as_quadratic
from convergence.rule import Method
from convergence.schedule import Schedule

Array = NDArray[np.float64]

MOST = 4
"""Directions of which is said what is left, from the steepest to the flattest."""

USUAL = 100
"""Steps where none are given."""


@dataclass(frozen=True, eq=False)
class Left:
    """What is left of an error along a direction, in parts of the first.

    Attributes
    ----------
    curvature
        λ.
    logs
        (K+1,), the natural logarithm of its size after each number of steps from 0 on.
    sign
        After the last: 1, −1, or 0.
    stops
        What is left without end where that is neither 0 nor infinite: the schedule stops prematurely. None where it does not,
        where that is not known, or where the schedule has an end.
    """

    curvature: float
    logs: Array
    sign: int
    stops: float | None

    @property
    def log(self) -> float:
        """After the last step."""
        return float(self.logs[-1])

    @property
    def peak(self) -> tuple[float, int]:
        """The largest logarithm on the way, and after how many steps."""
        step = int(np.argmax(self.logs))
        return float(self.logs[step]), step


@dataclass(frozen=True, eq=False)
class Scheduled:
    """A method under a schedule.

    Attributes
    ----------
    name
        Of the schedule, as it was given.
    base
        The factor that was found best for it; None where it was taken as it is.
    rates
        (K,), the learning rates.
    clock
        What k counts.
    loss
        (K+1,), the expected excess loss over the steps.
    left
        What is left of the errors along some directions.
    share
        The best schedule's last loss over this one's; None where none was found.
    """

    name: str
    base: float | None
    rates: Array
    clock: str
    loss: Array
    left: tuple[Left, ...]
    share: float | None

    @property
    def total(self) -> float:
        """Ση."""
        return float(self.rates.sum())


@dataclass(frozen=True, eq=False)
class Schedules:
    """Schedules beside each other, and the best that is known.

    Attributes
    ----------
    rows
        A ``Scheduled`` for each.
    steps, hyper
        K, and the method's other hyperparameters.
    best
        (K,), the best rates that are known; None where none were sought.
    loss
        (K+1,), the expected excess loss under them.
    note
        How they were found, or why not.
    cap
        The largest rate that was allowed; ∞ for none.
    """

    rows: tuple[Scheduled, ...]
    steps: int
    hyper: Mapping[str, Any]
    best: Array | None
    loss: Array | None
    note: str
    cap: float


def scheduled(
    p: Any,
    steps: int,
    schedules: Mapping[str, Schedule],
    *,
    sought: Collection[str],
    method: Method,
    random: Mapping[str, Any],
    cap: Any = "2/L",
    start: Any = None,
    hyper: Mapping[str, Any],
) -> Schedules:
    """Schedules beside each other; of those that are ``sought`` the best multiple. Raises as ``cv.compare_schedules``."""
    problem, rate = as_quadratic(p), str(method.rate)
    law = {"method": method, **random, "cap": cap, "start": start, **hyper}
    best, note, chosen, largest = None, "", dict(schedules), np.inf
    try:
        found = cv.compare_schedules(p, steps, dict(schedules), **law)
    except BadHyperparameter as error:
        if sought:
            raise
        note = f"not sought: {error}"
    else:
        chosen |= {name: found[name].schedule for name in sought}
        best, note, largest = found.optimum.lr, found.optimum.note, found.optimum.cap

    def loss(rates: Any) -> Array:
        return cv.moments(p, method, steps, **random, start=start, **hyper, **{rate: rates}).loss

    optimum = None if best is None else loss(best)
    rows = []
    for name, one in chosen.items():
        rates, risk = one.values(steps), loss(one)
        factor = _factor(rates, schedules[name].values(steps)) if name in sought else None
        share = None if optimum is None else float(optimum[-1] / risk[-1]) if risk[-1] > 0 else 1.0
        rows.append(Scheduled(name, factor, rates, one.clock, risk, _left(problem, method, one, steps, hyper), share))
    return Schedules(tuple(rows), steps, dict(hyper), best, optimum, note, largest)


def _factor(rates: Array, shape: Array) -> float:
    top = int(np.argmax(np.abs(shape)))
    return float(rates[top] / shape[top]) if shape.any() else 0.0


def _left(
    problem: Quadratic, method: Method, schedule: Schedule, steps: int, hyper: Mapping[str, Any]
) -> tuple[Left, ...]:
    """Along the steepest and the flattest direction, and some between."""
    known = problem.curvatures[: problem.rank]
    places = np.unique(np.linspace(0, len(known) - 1, MOST).round().astype(int))
    return tuple(_along(float(x), method, schedule, steps, hyper) for x in dict.fromkeys(known[places].tolist()))


def _along(curvature: float, method: Method, schedule: Schedule, steps: int, hyper: Mapping[str, Any]) -> Left:
    product = cv.product(schedule, steps, curvature, method=method, **hyper)
    limit = product.limit if schedule.last is None else None
    stops = None if limit is None or not limit.stops else limit.value
    assert product.logs is not None
    assert product.sign is not None
    return Left(curvature, product.logs, product.sign, stops)


def schedule(case: Case) -> Schedules:
    """Raises NotLinear for a method that has no product of steps; BadHyperparameter for one without a learning rate."""
    asked, method = dict(case.schedules or {}), case.method
    hyper = {name: value for name, value in case.hyper.items() if name != method.rate}
    random = dict(case.random or {"batch": None, "sampling": "replacement", "noise": None})
    sought = () if method.rate in case.given else tuple(asked)
    return scheduled(case.problem, case.steps or USUAL, asked, sought=sought, method=method, random=random, hyper=hyper)
