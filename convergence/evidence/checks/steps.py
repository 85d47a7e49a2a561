"""The run needs as many steps to come within 99.9 % of the solution as the closed form says, or never comes there.

A count has no tolerance; where an error is a thousandth of the first but for rounding, each count that it may give is
right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from convergence.evidence.check import Check, Kind, compared, not_made
from convergence.evidence.experiment import Experiment
from convergence.numerics.counts import COUNTABLE, Steps, counted_steps, predicted_steps
from convergence.numerics.matrices import run_down
from convergence.theory.system import system

NAME = "steps"
NEVER = 2000
"""Steps of a run that is said not to converge, in which it must not."""


def claims(trial: Experiment) -> Steps | None:
    """The predicted number of steps from the run's start; None: never."""
    return predicted_steps(trial.problem, trial.method, trial.run.x[0], trial.hyper)


def checks(trial: Experiment, predicted: Steps | None) -> Sequence[Check]:
    """One check: the count in a run."""
    claim = "steps until the error stays below 1/1000 of the first"
    if not system(trial.method).linear and run_down(trial.method) is not trial.method:
        return [
            not_made(NAME, claim, "the first steps are those of a bias correction, which the linearisation leaves out")
        ]
    if predicted is None:
        return [_never(trial)]
    if predicted.count > COUNTABLE:
        return [not_made(NAME, claim, f"about {predicted.count:.2g} steps are too many to run")]
    if predicted.blurred:
        return [
            not_made(NAME, claim, f"the error grows {predicted.peak:.1g} times first, and the rounding of that stays")
        ]
    seen = counted_steps(trial.problem, trial.method, trial.run.x[0], trial.hyper, 2 * predicted.last + 10)
    observed = float("inf") if seen is None else float(seen)
    error = max(predicted.first - observed, observed - predicted.last, 0.0)
    why = "a count, so exactly; several where an error is a thousandth of the first but for rounding"
    return [compared(NAME, claim, predicted.count, observed, error, 0.0, why)]


def _never(trial: Experiment) -> Check:
    seen = counted_steps(trial.problem, trial.method, trial.run.x[0], trial.hyper, NEVER)
    claim = f"the error does not come below 1/1000 of the first for good in {NEVER} steps"
    return compared(
        NAME, claim, float("inf"), float("inf") if seen is None else seen, float(seen is not None), 0.0, "a yes or no"
    )


def faults(trial: Experiment, predicted: Steps | None) -> Sequence[tuple[str, Any]]:
    """One step too many."""
    if predicted is None:
        return []
    more = predicted.last + 1
    return [("one step more", replace(predicted, count=more, first=more, last=more))]


KIND = Kind(NAME, claims, checks, faults)
