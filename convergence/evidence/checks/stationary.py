"""What a method settles at is left as it is by the operator on the second moments of its whole state, made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_discrete_lyapunov

from convergence.errors import NoStableLearningRate
from convergence.evidence.check import EPS, Check, Kind, compared, not_made
from convergence.evidence.noise import NoisyTrial
from convergence.numerics.runs import resting_point
from convergence.stochastic.stationary import Stationary, stationary

NAME = "stationary"
ROUNDINGS = 64.0
"""Of a system of linear equations, times its condition number."""

KNOWN = 0.01
"""How well the second moments must be known by hand for a check."""

Array = NDArray[np.float64]


def claims(trial: NoisyTrial) -> Stationary | str:
    """The derived stationary moments, or why nothing can be held against them."""
    if trial.too_large:
        return trial.too_large
    said = _settled(trial, trial.sampling)
    if said is None:
        return "second moments grow at these settings"
    known = ROUNDINGS * EPS * trial.hand.condition <= KNOWN
    return said if known else "the equations are too ill-conditioned to be solved by hand"


def _settled(trial: NoisyTrial, sampling: str) -> Stationary | None:
    try:
        random = {**trial.random, "sampling": sampling}
        return stationary(trial.problem, trial.method, **random, **trial.hyper)
    except NoStableLearningRate:
        return None


def checks(trial: NoisyTrial, said: Stationary | str) -> Sequence[Check]:
    """One check of all second moments of the position, one of the loss."""
    claim = "the second moments of the position that a step leaves as they are"
    if isinstance(said, str):
        return [not_made(NAME, claim, said)]
    d, seen, most = trial.problem.rank, _seen(trial), _allowed(trial)
    off = np.abs(said.second[:d, :d] - seen)
    at = np.unravel_index(int(off.argmax()), off.shape)
    loss, apart = _loss(trial, seen), abs(said.excess_loss - _loss(trial, seen))
    why = f"{ROUNDINGS:g} roundings, times the condition number of the equations, and those of the residuals"
    return [
        compared(NAME, claim, said.second[at], seen[at], off[at], most, why),
        compared(NAME, "the loss at which it settles", said.excess_loss, loss, apart, _allowed_loss(trial), why),
    ]


def _seen(trial: NoisyTrial) -> Array:
    """Of the position, by linear equations; without batches by SciPy's solver of Lyapunov equations."""
    d, hand = trial.problem.rank, trial.hand
    if trial.batch is None:
        scale, both = hand.scale, np.outer(hand.scale, hand.scale)
        whole = solve_discrete_lyapunov(hand.mean * scale / scale[:, None], hand.constant / both) * both
        return np.asarray(whole[:d, :d])
    return hand.settled(hand.constant)[:d, :d]


def _allowed(trial: NoisyTrial) -> float:
    """Rounding of the equations, relative to the largest number, and of the residuals that are the noise."""
    hand, problem = trial.hand, trial.problem
    length = float(
        np.linalg.norm(problem.X, axis=1).max() * np.linalg.norm(problem.minimizer) + np.abs(problem.y).max()
    )
    return ROUNDINGS * EPS * hand.condition * float(np.abs(_seen(trial)).max()) + hand.of_targets(
        ROUNDINGS * EPS * length
    )


def _allowed_loss(trial: NoisyTrial) -> float:
    """The same for the loss, which weighs second moments by half the curvatures."""
    return 0.5 * float(trial.problem.curvatures.sum()) * _allowed(trial) + ROUNDINGS * EPS * _loss(trial, _seen(trial))


def _loss(trial: NoisyTrial, second: Any) -> float:
    problem, d = trial.problem, trial.problem.rank
    rest = resting_point(problem, trial.method, trial.hyper, problem.minimizer)
    offset = problem.to_directions(rest - problem.minimizer)[:d]
    squares = np.diagonal(second) + 2 * trial.hand.settled_mean[:d] * offset + offset**2
    return float(0.5 * squares @ problem.curvatures[:d])


def faults(trial: NoisyTrial, said: Stationary | str) -> Sequence[tuple[str, Any]]:
    """The look-ahead point in the place of the position, c of the other sampling, the loss without its half."""
    if isinstance(said, str):
        return []
    wrong: dict[str, Stationary | None] = {
        "the look-ahead point taken for the position": replace(said, second=said.asked),
        "a factor 2 of the loss": replace(said, excess_loss=2 * said.excess_loss),
    }
    if trial.wrong_sampling:
        name, sampling = trial.wrong_sampling
        wrong[name] = _settled(trial, sampling)
    d, most = trial.problem.rank, 2 * _allowed(trial)

    def shows(other: Stationary) -> bool:
        apart = np.abs(other.second[:d, :d] - said.second[:d, :d]).max()
        return bool(apart > most or abs(other.excess_loss - said.excess_loss) > 2 * _allowed_loss(trial))

    return [(name, other) for name, other in wrong.items() if other is not None and shows(other)]


KIND = Kind(NAME, claims, checks, faults)
