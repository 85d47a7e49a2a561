"""Shapes of schedules, each at its best base rate, against the best schedule that is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from convergence.best_schedules.family import fitted
from convergence.best_schedules.objective import Task, task
from convergence.best_schedules.optimal_schedule import OptimalSchedule, best_schedule
from convergence.best_schedules.search import best_scale
from convergence.errors import BadHyperparameter
from convergence.numerics.replay import residuals
from convergence.plotting import Plotted
from convergence.problem.arrays import Array
from convergence.schedule import Schedule, as_schedule
from convergence.schedules import constant, cosine, exponential, inverse_sqrt, inverse_time, linear, wsd
from convergence.tabular import Tabular


@dataclass(frozen=True, eq=False)
class ComparedSchedule:
    """A schedule at its best.

    Attributes
    ----------
    name
        Of its shape.
    schedule
        The Schedule.
    base
        Its largest rate.
    loss
        The expected excess loss after the last step.
    share
        The optimum's loss over this: 1 for the optimum.
    peak
        The largest size of a residual polynomial after any of the steps, over all curvatures: by how much an error may have
        grown on the way. For gradient descent the largest |Π(1 − λη)| of the first k factors.
    total
        Ση.
    risk
        (K+1,), the expected excess loss over the steps.
    """

    name: str
    schedule: Schedule
    base: float
    loss: float
    share: float
    peak: float
    total: float
    risk: Array


@dataclass(frozen=True, eq=False)
class ScheduleComparison(Plotted, Tabular, figure="schedule_comparison"):
    """Schedules at their best base rates: ``rows``, the optimum the last of them, and the ``optimum`` itself."""

    rows: tuple[ComparedSchedule, ...]
    optimum: OptimalSchedule

    def __getitem__(self, name: str) -> ComparedSchedule:
        """The row of this name. KeyError for none."""
        return {row.name: row for row in self.rows}[name]

    def table(self) -> dict[str, Any]:
        """A row for each schedule, the optimum last."""
        columns = {
            "base lr": "base",
            "loss": "loss",
            "share of the optimum": "share",
            "prefix peak": "peak",
            "Ση": "total",
        }
        names: dict[str, Any] = {"schedule": [row.name for row in self.rows]}
        return names | {title: [getattr(row, name) for row in self.rows] for title, name in columns.items()}

    def __repr__(self) -> str:
        shares = ", ".join(f"{row.name} {row.share:.4g}" for row in self.rows[:-1])
        return (
            f"ScheduleComparison over {self.optimum.steps} steps, shares of the optimum: {shares}; {self.optimum.note}"
        )


def compare_schedules(
    p: Any,
    /,
    steps: int,
    schedules: Any = None,
    *,
    method: Any = "gradient_descent",
    batch: int | None = None,
    sampling: str = "replacement",
    noise: Any = None,
    start: Any = None,
    cap: Any = "2/L",
    **hyper: Any,
) -> ScheduleComparison:
    """What the usual schedules leave on the table: each at its best base rate, against the best schedule known.

    Parameters
    ----------
    p, steps, method, batch, sampling, noise, start, cap, hyper
        As for ``optimal_schedule``.
    schedules
        A list, or names to: schedules, or sequences with an entry a step, whose base rate is sought; or families (functions,
        as ``family`` of ``optimal_schedule``), all whose parameters are. None: constant, linear to 0, cosine to 0, WSD
        (no warm-up, the last fifth to 0), 1/√(k+1), 1/(1 + 8k/K), and exponential to 1/100.

    Returns
    -------
    ScheduleComparison

    Raises
    ------
    BadHyperparameter
        For schedules that are none, or have a negative value; and as ``optimal_schedule``.
    NotLinear, BadName, BadData
        As ``optimal_schedule``.

    >>> import convergence as cv
    >>> result = compare_schedules([4.0, 1.0], 8, [cv.schedules.constant(1), cv.schedules.linear(1, 8)], noise=0.3)
    >>> [(row.name, round(row.base, 4), round(row.share, 4), row.peak) for row in result.rows]
    [('constant(1)', 0.2454, 0.4374, 1.0), ('linear(1, steps=8)', 0.5, 0.9311, 1.0), ('optimum', 0.5, 1.0, 1.0)]
    """
    goal = task(p, method, steps, batch=batch, sampling=sampling, noise=noise, start=start, cap=cap, hyper=hyper)
    best = {name: _best(goal, given) for name, given in _named(schedules, goal.steps).items()}
    values = [schedule.values(goal.steps) for schedule in best.values()]
    optimum = best_schedule(goal, values)
    shown = [*best.items(), ("optimum", optimum.schedule)]
    rates = [*values, optimum.lr]
    return ScheduleComparison(tuple(_row(goal, *one, r, optimum) for one, r in zip(shown, rates, strict=True)), optimum)


def _usual(steps: int) -> dict[str, Schedule]:
    return {
        "constant": constant(1),
        "linear": linear(1, steps),
        "cosine": cosine(1, steps),
        "wsd": wsd(1, steps, 0, max(1, steps // 5)),
        "inverse_sqrt": inverse_sqrt(1),
        "inverse_time": inverse_time(1, 8 / steps),
        "exponential": exponential(1, 0.01 ** (1 / steps)),
    }


def _named(schedules: Any, steps: int) -> dict[str, Any]:
    """The shapes by name."""
    if schedules is None:
        return dict(_usual(steps))
    if isinstance(schedules, Mapping):
        named = {str(name): given for name, given in schedules.items()}
    elif isinstance(schedules, list | tuple):
        named = {}
        for given in schedules:
            name = str(given if isinstance(given, Schedule) else getattr(given, "__name__", as_schedule(given)))
            named[name if name not in named else f"{name} ({len(named) + 1})"] = given
    else:
        raise BadHyperparameter(f"schedules must be a list of them, or names to them; got {str(schedules)[:60]!r}")
    if not named or "optimum" in named:
        raise BadHyperparameter("schedules must be one or more, none of which is called 'optimum'")
    return named


def _best(goal: Task, given: Any) -> Schedule:
    """A family at its best parameters, a schedule at its best base rate."""
    if callable(given) and not isinstance(given, Schedule):
        return fitted(goal, given)[0]
    schedule = as_schedule(given)
    shape = schedule.values(goal.steps)
    if (shape < 0).any():
        raise BadHyperparameter(f"a learning rate cannot be negative; {schedule} has {shape.min():g}")
    return schedule * best_scale(goal, shape)[0]


def _row(goal: Task, name: str, schedule: Schedule, rates: Array, optimum: OptimalSchedule) -> ComparedSchedule:
    loss = goal.loss(rates)
    settings = {key: rates if key == goal.method.rate else goal.loss.others[key] for key in goal.method.hyper}
    table = np.abs(residuals(goal.method, goal.steps, goal.loss.curvatures, **settings))
    share = 1.0 if loss == optimum.loss else optimum.loss / loss
    return ComparedSchedule(
        name, schedule, float(rates.max()), loss, share, float(table.max()), float(rates.sum()), goal.loss.over(rates)
    )
