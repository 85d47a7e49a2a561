"""The run needs as many steps to come within 99.9 % of the solution as the closed form says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convergence.evidence.check import Check, compared, not_made
from convergence.evidence.checks.kind import Kind
from convergence.evidence.setting import Setting
from convergence.numerics.counting import COUNTABLE, counted_steps, predicted_steps

NAME = "steps"


def claims(setting: Setting) -> int | None:
    """The predicted number of steps from the run's start; None: never."""
    return predicted_steps(setting.problem, setting.method, setting.run.x[0], setting.hyper)


def checks(setting: Setting, predicted: int | None) -> Sequence[Check]:
    """One check: the count in a run."""
    claim = "steps until the error stays below 1/1000 of the first"
    if predicted is None:
        return [not_made(NAME, claim, "the setting does not converge")]
    if predicted > COUNTABLE:
        return [not_made(NAME, claim, f"about {predicted:.2g} steps are too many to run")]
    seen = counted_steps(setting.problem, setting.method, setting.run.x[0], setting.hyper, 2 * predicted + 10)
    error = float("inf") if seen is None else abs(seen - predicted)
    why = "a count, so exactly"
    return [compared(NAME, claim, predicted, float("inf") if seen is None else seen, error, 0.0, why)]


def faults(setting: Setting, predicted: int | None) -> Sequence[tuple[str, Any]]:
    """One step too many."""
    return [("one step more", None if predicted is None else predicted + 1)]


KIND = Kind(NAME, claims, checks, faults)
