"""Exact moments are the mean over every sequence of batches, on a few of the data's rows.

The rule itself is run on each sequence, so nothing is sampled: the two agree to rounding, and faults of a part in a million
are seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from convergence.errors import ConvergenceError
from convergence.evidence.check import EPS, Check, Kind, compared, not_made
from convergence.evidence.enumeration import Enumerated, enumerated, few_rows, sizes
from convergence.evidence.experiment import excited
from convergence.evidence.noise import NoisyTrial
from convergence.problem import LeastSquares
from convergence.stochastic.moments import Moments, moments

NAME = "enumeration"
ROUNDINGS = 2.0**8
"""Roundings a step, relative to the largest position and to how far a row's gradient moves it."""


@dataclass(frozen=True, eq=False)
class Claims:
    """Exact moments on a few rows, what enumeration gives, and how far apart rounding may bring them."""

    said: Moments
    seen: Enumerated
    allowed: float
    batch: int
    problem: LeastSquares


def claims(trial: NoisyTrial) -> Claims | str:
    """Exact moments of the trial's method on a few rows of its data, or why there are none."""
    if trial.batch is None or trial.sampling == "stream":
        return "there are sequences of batches only where rows of the data are drawn"
    try:
        problem = few_rows(trial)
    except ConvergenceError as error:
        return f"a few of the rows are no problem: {error}"
    batch, steps = sizes(trial, problem)
    if not steps:
        return "even the sequences of one step are too many"
    seen = enumerated(trial, problem, batch, steps)
    push = 1 + abs(float(trial.hyper.get(str(trial.method.rate), 1.0))) * problem.scale * problem.rows * float(
        np.square(problem.X).sum(axis=1).max()
    )
    allowed = ROUNDINGS * EPS * (steps + 1) * push * seen.reach**2 * len(problem.columns)
    return Claims(_exact(trial, problem, batch, steps), seen, allowed, batch, problem)


def _exact(trial: NoisyTrial, problem: LeastSquares, batch: int, steps: int, sampling: str = "") -> Moments:
    kind, start = sampling or trial.sampling, excited(problem)
    return moments(problem, trial.method, steps, batch=batch, sampling=kind, start=start, **trial.hyper)


def checks(trial: NoisyTrial, claimed: Claims | str) -> Sequence[Check]:
    """One check of all second moments, one of the loss."""
    if isinstance(claimed, str):
        return [not_made(NAME, "exact moments are means over all sequences of batches", claimed)]
    said, seen, steps = claimed.said, claimed.seen, claimed.said.steps
    about = f"over all sequences of {steps} batches of {claimed.batch} of {claimed.problem.rows} rows"
    why = f"{ROUNDINGS:g} roundings a step, relative to the largest position"
    off = np.abs(said.second - seen.second)
    at = np.unravel_index(int(off.argmax()), off.shape)
    last = float(np.abs(said.loss - seen.loss).max())
    most = claimed.allowed * max(claimed.problem.L, 1e-300)
    return [
        compared(NAME, f"second moments {about}", said.second[at], seen.second[at], off[at], claimed.allowed, why),
        compared(NAME, f"expected loss {about}", said.loss[-1], seen.loss[-1], last, most, why),
    ]


def faults(trial: NoisyTrial, claimed: Claims | str) -> Sequence[tuple[str, Any]]:
    """c of the other sampling, the cross term dropped, the loss without its half: those that these rows can show."""
    if isinstance(claimed, str):
        return []
    right, problem, batch, steps = claimed.said, claimed.problem, claimed.batch, claimed.said.steps
    wrong = {
        "cross term dropped": _without_cross_term(trial, problem, batch, steps),
        "a factor 2 of the loss": replace(right, loss=2 * right.loss),
    }
    if trial.wrong_sampling:
        name, sampling = trial.wrong_sampling
        wrong[name] = _exact(trial, problem, batch, steps, sampling)
    visible = {
        name: np.abs(other.second - right.second).max() > 2 * claimed.allowed
        or np.abs(other.loss - right.loss).max() > 2 * claimed.allowed * problem.L
        for name, other in wrong.items()
    }
    return [(name, replace(claimed, said=other)) for name, other in wrong.items() if visible[name]]


def _without_cross_term(trial: NoisyTrial, problem: LeastSquares, batch: int, steps: int) -> Moments:
    """The mean of two problems whose residuals differ in sign: E[(h−H)mζᵀ] has the other sign in one, all else is alike."""
    mirrored = LeastSquares(problem.X, 2 * (problem.X @ problem.minimizer) - problem.y, problem.loss_name)
    one, two = (_exact(trial, p, batch, steps) for p in (problem, mirrored))
    return replace(one, second=(one.second + two.second) / 2, loss=(one.loss + two.loss) / 2)


KIND = Kind(NAME, claims, checks, faults)
