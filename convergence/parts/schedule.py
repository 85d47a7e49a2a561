"""What schedules of the learning rate do to a method in so many steps: their cost against the best, and what they leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import convergence as cv
from convergence.errors import BadHyperparameter
from convergence.parts.case import Case
from convergence.problem import Quadratic, as_quadratic
from convergence.rule import Method
from convergence.schedule import Schedule, as_schedule

Array = NDArray[np.float64]

MOST = 4
"""Directions of which is said what is left, from the steepest to the flattest."""

OfBase = Callable[[Any], Schedule]
"""A schedule as a function of its base rate."""

USUAL = 100
"""Steps where none are given."""

ROUNDING = 1e-9
"""Of a logarithm: an error that has grown by less has not."""


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
        """The largest logarithm on the way, and after how many steps: (0, 0) where the first error is the largest."""
        step = int(np.argmax(np.where(self.logs > ROUNDING, self.logs, 0.0)))
        return float(self.logs[step]), step


@dataclass(frozen=True, eq=False)
class Scheduled:
    """A method under a schedule.

    Attributes
    ----------
    name
        Of the schedule, as it was given.
    base
        The base rate that was found best for it; None where it was taken as it is.
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
    schedules: Mapping[str, Schedule | OfBase],
    *,
    method: Method,
    random: Mapping[str, Any],
    cap: Any = "2/L",
    start: Any = None,
    hyper: Mapping[str, Any],
) -> Schedules:
    """Schedules beside each other; functions of a base rate at the best one. Raises as ``cv.compare_schedules``."""
    problem, rate = as_quadratic(p), str(method.rate)
    law = {"method": method, **random, "cap": cap, "start": start, **hyper}
    sought = {name: _based(one) for name, one in schedules.items() if not isinstance(one, Schedule)}
    chosen: dict[str, Any] = dict(schedules)
    best, note, largest = None, "", np.inf
    try:
        found = cv.compare_schedules(p, steps, {**schedules, **sought}, **law)
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
        base = float(one.parameters["base"]) if name in sought else None
        share = None if optimum is None else float(optimum[-1] / risk[-1]) if risk[-1] > 0 else 1.0
        rows.append(Scheduled(name, base, rates, one.clock, risk, _left(problem, method, one, steps, hyper), share))
    return Schedules(tuple(rows), steps, dict(hyper), best, optimum, note, largest)


def _based(of_base: OfBase) -> OfBase:
    """The same, which keeps the base."""
    return lambda base: replace(as_schedule(of_base(base)), parameters={"base": base})


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


def shapes(given: Any, steps: int | None) -> dict[str, Schedule | OfBase] | None:
    """Schedules and functions of a base rate, by name; those without a formula as tables that another process can be given.

    Raises BadHyperparameter for what is none.
    """
    if given is None:
        return None
    if not isinstance(given, Mapping | list | tuple) or not given:
        raise BadHyperparameter(f"schedules are a list of them, or names to them; got {str(given)[:60]!r}")
    listed = given.items() if isinstance(given, Mapping) else [(None, one) for one in given]
    made: dict[str, Schedule | OfBase] = {}
    for name, one in listed:
        if callable(one) and not isinstance(one, Schedule):
            made[str(getattr(one, "__name__", "a function") if name is None else name)] = one
            continue
        schedule = as_schedule(one)
        values = schedule.values(steps or USUAL)
        kept = schedule if schedule.formula is not None else replace(as_schedule(values), name=schedule.name)
        made[str(schedule if name is None else name)] = replace(kept, clock=schedule.clock)
    return made


def schedule(case: Case) -> Schedules:
    """Raises NotLinear for a method that has no product of steps; BadHyperparameter for one without a learning rate."""
    method, base = case.method, case.given.get(str(case.method.rate))
    asked = {
        name: one if base is None or isinstance(one, Schedule) else as_schedule(one(base))
        for name, one in (case.schedules or {}).items()
    }
    hyper = {name: value for name, value in case.hyper.items() if name != method.rate}
    random = dict(case.random or {"batch": None, "sampling": "replacement", "noise": None})
    return scheduled(case.problem, case.steps or USUAL, asked, method=method, random=random, hyper=hyper)
