"""The best schedule of the learning rate for a number of steps: the least expected final excess loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from convergence.best_schedules.closed import closed_form
from convergence.best_schedules.family import fitted
from convergence.best_schedules.objective import Best, Task, task
from convergence.best_schedules.search import projected, searched
from convergence.plotting import Plotted
from convergence.problem.arrays import Array
from convergence.schedule import Schedule, as_schedule
from convergence.tabular import Tabular


@dataclass(frozen=True, eq=False)
class OptimalSchedule(Plotted, Tabular, figure="optimal_schedule"):
    """The best schedule that is known for K steps.

    Attributes
    ----------
    method, hyper
        The method's name, and its other hyperparameters.
    lr
        (K,), the rates, the first one that of step 1.
    loss
        The expected excess loss after the last step.
    schedule
        The same as a ``Schedule``; with a formula where there is one.
    note
        Whether it is a closed form, or the best found by search, and from how many starts.
    gradient_norm
        The largest slope of log(loss) by a rate, in units of 2/L, of those along which the rate may go (of all rates,
        where a family was fitted). Near 0 at a local optimum.
    cap
        The largest rate that was allowed, ∞ for none.
    """

    method: str
    hyper: Mapping[str, Any]
    lr: Array
    loss: float
    schedule: Schedule
    note: str
    gradient_norm: float
    cap: float

    @property
    def steps(self) -> int:
        """K."""
        return len(self.lr)

    def table(self) -> dict[str, Any]:
        """A row for each step: its rate."""
        return {"step": range(self.steps), "lr": self.lr}

    def __repr__(self) -> str:
        return (
            f"OptimalSchedule of {self.method} for {self.steps} steps: expected excess loss {self.loss:.6g}, rates from "
            f"{self.lr[0]:.6g} to {self.lr[-1]:.6g}; {self.note}"
        )


def optimal_schedule(
    p: Any,
    /,
    steps: int,
    *,
    method: Any = "gradient_descent",
    batch: int | None = None,
    sampling: str = "replacement",
    noise: Any = None,
    start: Any = None,
    cap: Any = "2/L",
    family: Callable[..., Any] | None = None,
    **hyper: Any,
) -> OptimalSchedule:
    """The learning rates of K steps with the least expected excess loss after the last, for this problem and its noise.

    Second moments are followed exactly, and the gradient by all rates with them. A closed form where there is one: along
    one direction, and without noise where a step for each curvature fits. Else it is the best found by search from
    several starts; better ones cannot be excluded.

    Parameters
    ----------
    p
        The problem: a LeastSquares, (X, y), a list of curvatures (loss Σλe²/2), or a density.
    steps
        K, 1 or more.
    method
        A linear Method that rests at the minimiser, its name, a preset, or an update rule.
    batch, sampling, noise
        As for ``moments``; batches must be independent ("replacement", "step", "stream").
    start
        The first position (d,), zeros by default. For a list of curvatures the first errors along them, in its order,
        ones by default.
    cap
        The largest rate: "2/L" (no step diverges by itself), a number, or None for none.
    family
        A function of ``cv.schedules``, or one like it, whose parameters are fitted: the first is a rate, up to the cap; others
        without a default are positive numbers, whole where so annotated. ``steps`` is K; defaults are kept.
    hyper
        The method's other hyperparameters: numbers, or schedules.

    Returns
    -------
    OptimalSchedule

    Raises
    ------
    NotLinear
        For a rule that is not linear, rests elsewhere than at the minimiser, or, with a batch, whose step is not affine in the
        sampled Hessian.
    BadHyperparameter
        For wrong settings, a cap that is none, batches that depend on one another, a family that is none.
    BadName, BadData
        As ``moments``.

    >>> import convergence as cv
    >>> one = optimal_schedule([1.0], 100, noise=1.0, start=[10.0])
    >>> one.schedule.formula, round(2 * one.loss, 10)
    (100/(100*k + 101), 0.0099990001)
    >>> optimal_schedule([4.0, 1.0], 2, cap=None).lr
    array([0.25, 1.  ])
    >>> two = optimal_schedule([4.0, 1.0], 8, noise=0.3)
    >>> linear = optimal_schedule([4.0, 1.0], 8, noise=0.3, family=cv.schedules.linear)
    >>> round(two.loss, 6), round(linear.loss, 6)
    (0.009882, 0.010613)
    """
    goal = task(p, method, steps, batch=batch, sampling=sampling, noise=noise, start=start, cap=cap, hyper=hyper)
    if family is None:
        return best_schedule(goal)
    schedule, note = fitted(goal, family)
    return _result(goal, Best(schedule.values(goal.steps), note, schedule))


def best_schedule(goal: Task, more: Sequence[Array] = ()) -> OptimalSchedule:
    """The closed form, or the best found by search, from ``more`` guesses too."""
    return _result(goal, closed_form(goal) or searched(goal, more))


def _result(goal: Task, best: Best) -> OptimalSchedule:
    loss, gradient = goal.loss.with_gradient(best.rates)
    norm = projected(goal, best.rates, loss, gradient)
    title = f"best {goal.steps} rates of {goal.method.name}"
    schedule = best.schedule or replace(as_schedule(best.rates), name=title, last=goal.steps - 1)
    return OptimalSchedule(
        goal.method.name, goal.loss.others, best.rates, loss, schedule, best.note, norm, goal.largest
    )
