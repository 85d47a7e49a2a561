"""The run of a method on a problem that all checks look at, its start, and the directions of the data that matter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.errors import NoStableLearningRate
from convergence.numerics.identification import Identification, identify
from convergence.numerics.matrices import require_derivative, run_down
from convergence.numerics.radius import bounds
from convergence.numerics.runs import Run, simulate
from convergence.problem import Quadratic
from convergence.rule import Method
from convergence.theory.optimum import best
from convergence.theory.system import system

Array = NDArray[np.float64]

STEPS = 200
"""Steps of the run that is checked: enough to see a rate, few enough that a direction is not all rounding."""

SHOWN = 6
"""Directions that are shown one by one: the steepest and the flattest, half each."""

INVISIBLE = 1e-8
"""A start whose error along a direction is a smaller part of the whole says little about that direction."""

SCALED, UNBENT = 20, 1e-3
"""Steps over which a run near the minimiser must scale with its start, and how well."""

NEARBY = 1e-6
"""How near the minimiser a rule is run that was linearised there, in parts of the minimiser's size."""


@dataclass(frozen=True, eq=False)
class Experiment:
    """One method at one setting on one problem, and its run: what all checks look at.

    Attributes
    ----------
    problem, method, hyper
        What is run.
    shown
        Indices of the directions that are shown one by one.
    run
        The run on the data.
    seen, full
        The eigenvalues that its iterates show (of a method with a clock, in a run with the clock run down), and the
        same with as many eigenvalues as the method has states. None under a schedule.
    linear_here
        Whether a run from half as far away is half as large, as the linearisation of a rule that is not linear claims
        near the minimiser.
    """

    problem: Any  # a Quadratic
    method: Method
    hyper: dict[str, Any]
    shown: tuple[int, ...]
    run: Run
    seen: Identification | None
    full: Identification | None
    linear_here: bool = True

    @property
    def curvatures(self) -> Array:
        """Of the shown directions."""
        return np.asarray(self.problem.curvatures[list(self.shown)])

    @property
    def names(self) -> tuple[str, ...]:
        """Short names of the shown directions."""
        return tuple(f"direction {index + 1}" for index in self.shown)


def experiment(problem: Quadratic, method: Method, given: dict[str, Any], steps: int = STEPS) -> Experiment:
    """The run to be checked; hyperparameters that are not given are the best ones for those that are."""
    require_derivative(method, {**dict(method.defaults), **given})
    hyper = completed(problem, method, given)
    run = simulate(problem, method, steps, informative_start(problem, method), **hyper)
    indices = watched(problem, method, hyper)
    limit = run if run_down(method) is method else simulate(problem, run_down(method), steps, run.x[0], **hyper)
    seen, full = (identify(limit, order=order, directions=indices) for order in (None, len(system(method).state)))
    return Experiment(problem, method, hyper, indices, run, seen, full, _scales(problem, method, run))


def under_schedules(problem: Quadratic, method: Method, given: Mapping[str, Any], steps: int = STEPS) -> Experiment:
    """The run under schedules: as many steps as the shortest sequence has; it shows no recurrence, so none is identified."""
    setting = method.at(**given)
    count = min([steps, *(len(value) for value in setting.hyper.values() if np.ndim(value))])
    run = simulate(problem, method, count, informative_start(problem, method), **given)
    return Experiment(problem, method, setting.over(count), shown(problem), run, None, None)


def _scales(problem: Quadratic, method: Method, run: Run) -> bool:
    if system(method).linear:
        return True
    half = simulate(
        problem, method, min(run.steps, SCALED), run.x[0] - run.error[0] @ problem.directions.T / 2, **run.hyper
    )
    return not bends(run, half, SCALED)


def bends(run: Run, half: Run, steps: int | None = None) -> bool:
    """Whether a run that starts half as far away moves otherwise than half as much."""
    moved, halved = (
        path.error[: min(len(half.error), len(run.error), steps or len(run.error))] for path in (run, half)
    )
    moved, halved = moved - moved[0], halved - halved[0]
    return not np.abs(2 * halved - moved).max() <= UNBENT * np.abs(moved).max()


def watched(problem: Quadratic, method: Method, hyper: dict[str, Any]) -> tuple[int, ...]:
    """The shown directions, and the one that sets the largest stable learning rate if it is none of them."""
    limits = bounds(method, problem.curvatures[: problem.rank], hyper)
    return tuple(sorted({*shown(problem), int(limits.argmin())}))


def completed(problem: Quadratic, method: Method, given: dict[str, Any]) -> dict[str, Any]:
    """The given hyperparameters, and the best values of the others for them: of the free optimum, where none converge."""
    if all(name in given for name in method.hyper):
        return method.scalars(given)
    try:
        tuned = best(method, given).at(mu=problem.mu, L=problem.L)
    except NoStableLearningRate:
        tuned = best(method, {}).at(mu=problem.mu, L=problem.L)
    return method.scalars({**tuned.hyper, **given})


def shown(problem: Quadratic, limit: int = SHOWN) -> tuple[int, ...]:
    """The directions with curvature that matter: all of them, or the steepest and the flattest."""
    if problem.rank <= limit:
        return tuple(range(problem.rank))
    half = limit // 2
    return (*range(half), *range(problem.rank - (limit - half), problem.rank))


def informative_start(problem: Quadratic, method: Method) -> Array:
    """Zero, as in the notes, where its error shows in every direction; else a point with the same error in each.

    A rule that was linearised is started near the minimiser, where the linearisation speaks of it.
    """
    error = problem.to_directions(-problem.minimizer)[: problem.rank]
    size = max(float(np.linalg.norm(problem.minimizer)), 1.0)
    if system(method).linear and np.abs(error).min() > INVISIBLE * size:
        return np.zeros(len(problem.columns))
    return excited(problem, 1.0 if system(method).linear else NEARBY)


def moving(method: Method) -> tuple[int, ...]:
    """The places of the states that are no clocks."""
    return tuple(k for k, name in enumerate(method.state) if name in system(method).state)


def excited(problem: Quadratic, part: float = 1.0) -> Array:
    """The minimiser plus an error of this part of its length, or of 1 where that is more, along all that has curvature."""
    length = part * max(float(np.linalg.norm(problem.minimizer)), 1.0)
    start: Array = problem.minimizer + problem.directions[:, : problem.rank].sum(axis=1) * length
    return start
