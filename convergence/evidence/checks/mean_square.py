"""Second moments shrink just below the derived limit of the learning rate in mean square, and grow just above it.

Growth is the spectral radius of the operator on the second moments of the whole state, made by hand, 1/256 on both sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, log

from convergence.errors import NoStableLearningRate
from convergence.evidence.check import EPS, FAULT, Check, Kind, interpolated, not_made
from convergence.evidence.checks.edge import PROBE
from convergence.evidence.noise import NoisyTrial
from convergence.stochastic.limits import mean_square_limit

NAME = "mean-square edge"
WITHIN = PROBE * (1 + 1e-9)
"""Growth is nearly linear so near the edge; the lower probe itself is within."""

KNOWN = 4 * EPS**0.5
"""Logarithms of growth that rounding may hide: eigenvalues of the operator may be double."""


def claims(trial: NoisyTrial) -> float | str:
    """The derived limit, infinite where there is none, as without batches; or why nothing can be held against it."""
    if trial.batch is None or trial.method.rate is None:
        return inf
    return trial.too_large or _limit(trial, trial.sampling)


def _limit(trial: NoisyTrial, sampling: str) -> float:
    try:
        return mean_square_limit(trial.problem, trial.method, int(trial.batch or 1), sampling=sampling, **trial.rates)
    except NoStableLearningRate:
        return inf


def checks(trial: NoisyTrial, limit: float | str) -> Sequence[Check]:
    """One check: where the growth a step, by hand below and above the limit, passes through 1."""
    if isinstance(limit, str):
        return [not_made(NAME, "stable in mean square below the derived limit, unstable above", limit)]
    claim = f"stable in mean square below {trial.method.rate} = {limit:.6g}, unstable above"
    if limit == inf:
        why = (
            "noise that is added moves no edge" if trial.batch is None else "no learning rate is stable in mean square"
        )
        return [not_made(NAME, claim, why)]
    low, high = (log(trial.growth(limit * (1 + side * PROBE))) for side in (-1, 1))
    if max(abs(low), abs(high)) < KNOWN:
        return [not_made(NAME, claim, "growth on both sides is within rounding of 1")]
    low = 0.0 if abs(low) < KNOWN else low  # of a direction that is nearly flat, at any rate
    why = f"the limit lies between {PROBE:.2%} below it, where moments shrink, and above it, where they grow"
    return [interpolated(NAME, claim, limit, PROBE, (low, high), WITHIN, why)]


def faults(trial: NoisyTrial, limit: float | str) -> Sequence[tuple[str, float]]:
    """The limit off by one per cent, that of the other sampling, and that of an average in the place of heavy ball's."""
    if isinstance(limit, str) or not limit < inf:
        return []
    wrong = [(f"limit {sign * FAULT:+.0%} off", limit * (1 + sign * FAULT)) for sign in (1, -1)]
    share = 0.0 if trial.share is None else trial.hyper[trial.share]
    if 0.1 <= share < 1:
        wrong.append(("the learning rate of an average, (1−β) times as large", limit * (1 - share)))
    if trial.wrong_sampling:
        name, sampling = trial.wrong_sampling
        wrong.append((name, _limit(trial, sampling)))
    return [(name, other) for name, other in wrong if abs(other / limit - 1) > 2 * WITHIN]


KIND = Kind(NAME, claims, checks, faults)
