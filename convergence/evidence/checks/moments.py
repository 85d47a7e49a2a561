"""An ensemble of runs has the exact moments, within its standard errors: mean errors, second moments, expected loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.evidence.check import Check, Kind, compared, not_made
from convergence.evidence.noise import RUNS, SIGMAS, STEPS, NoisyTrial, sigmas
from convergence.stochastic.estimates import Estimate
from convergence.stochastic.moments import Moments, moments

NAME = "moments"
CARRIED = 0.02
"""A step in which one run has a larger part of the whole loss is left out: a few rare runs carry its moments."""

ROUNDING = 1e-10
"""Of numbers that the runs know exactly, relative to the largest."""

Array = NDArray[np.float64]


def claims(trial: NoisyTrial) -> Moments:
    """The exact moments of the trial."""
    return moments(trial.problem, trial.method, STEPS, start=trial.start, **trial.random, **trial.hyper)


def checks(trial: NoisyTrial, said: Moments) -> Sequence[Check]:
    """One check each of all means, all second moments, and the loss at all steps."""
    if not said.exact:
        return [
            not_made(NAME, "an ensemble has the exact moments", "of so many reshuffled rows they are estimates too")
        ]
    runs = trial.runs
    with np.errstate(all="ignore"):
        carried = runs.loss.max(axis=0) > CARRIED * runs.loss.sum(axis=0)
    end = int(carried.argmax()) if carried.any() else STEPS + 1
    if end < 2:
        return [not_made(NAME, "an ensemble has the exact moments", "a few rare runs carry its moments from step 1 on")]
    loss = Estimate(runs.mean, runs.standard_error)
    return [
        _within("the mean error", said.mean[:end], runs.first, end),
        _within("second moments", said.second[:end], runs.second, end),
        _within("the expected loss", said.loss[:end], loss, end),
    ]


def _within(what: str, said: Array, seen: Estimate, end: int) -> Check:
    value, error = seen.value[:end], seen.standard_error[:end]
    free = int((error > 0).sum())
    allowed = sigmas(free) * error + ROUNDING * np.abs(value).max()
    off = np.abs(said - value)
    at = np.unravel_index(int((off / np.maximum(allowed, 1e-300)).argmax()), off.shape)
    claim = f"{what} of {RUNS} runs at the first {end - 1} steps"
    why = f"{sigmas(free):.2g} standard errors: {free} numbers at once, as rarely as one beyond {SIGMAS:g}"
    return compared(NAME, claim, said[at], value[at], off[at], allowed[at], why)


def faults(trial: NoisyTrial, said: Moments) -> Sequence[tuple[str, Any]]:
    """The loss without its half; the learning rate of an average taken for heavy ball's."""
    if not said.exact:
        return []
    wrong: list[tuple[str, Any]] = [("a factor 2 of the loss", replace(said, loss=2 * said.loss))]
    share, rate = trial.share, trial.method.rate
    if share is not None and rate is not None and 0.1 <= trial.hyper[share] < 1:
        hyper = {**trial.hyper, rate: trial.hyper[rate] * (1 - trial.hyper[share])}
        other = moments(trial.problem, trial.method, STEPS, start=trial.start, **trial.random, **hyper)
        wrong.append(("the learning rate of an average, (1−β) times as large", other))
    return wrong


KIND = Kind(NAME, claims, checks, faults)
