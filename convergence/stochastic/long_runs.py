"""Stationary moments by Monte Carlo: long runs from the method's rest, their states at the ends of epochs averaged.

The rule itself is run, as in ``ensemble``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from math import ceil, log
from typing import Any

import numpy as np

from convergence.errors import BadHyperparameter, NoStableLearningRate
from convergence.numerics.matrices import run_down
from convergence.numerics.radius import spectral_radius
from convergence.numerics.runs import resting_state
from convergence.problem import Quadratic
from convergence.problem.arrays import Array
from convergence.rule import Method
from convergence.stochastic.batches import checked_runs, entropy_of
from convergence.stochastic.estimates import standard_error_of
from convergence.stochastic.periodic import Epoch
from convergence.stochastic.sample import Sample, Sampler, noise_factor
from convergence.theory.system import system

FORGOTTEN = 1e-6
"""The part of the variance that is missing when averaging begins."""

BURN_IN, EPOCHS = 100_000, 20
"""Steps before averaging begins at most, and epochs at least over which is averaged."""

GROWTH, ERRORS = 1.5, 6
"""What grew by this factor within the averages, beyond this many standard errors, did not settle."""


def at_epoch_ends(
    problem: Quadratic, method: Method, full: Mapping[str, Any], epoch: Epoch, noise: Any, runs: int, rng: Any
) -> tuple[Array, Array, float]:
    """Mean (d, s) and second moments (d, d, s, s) of the errors at the ends of epochs, and the standard error of the loss.

    NoStableLearningRate where they were seen to grow, BadHyperparameter where settling takes too long.
    """
    forgotten, averaged = _epochs(problem, method, full, epoch)
    runs, shape = checked_runs(runs), (problem.rank, len(system(method).state))
    rest, curvatures = resting_state(problem, method, full, problem.minimizer), problem.curvatures[: problem.rank]
    offset = (rest[0] - problem.to_directions(problem.minimizer))[: problem.rank]
    sampler = Sampler(problem, epoch.batch, epoch.sampling, noise_factor(problem, noise, epoch.batch), entropy_of(rng))
    losses, moments = np.empty((runs, averaged)), np.zeros((1 + shape[0] * shape[1],) * 2)
    with np.errstate(all="ignore"):
        for block, begin in enumerate(range(0, runs, sampler.block)):
            end = min(begin + sampler.block, runs)
            ends = _ends(problem, method, full, sampler.samples(block, end - begin), rest, end - begin, epoch.steps)
            for k, errors in enumerate(islice(ends, forgotten, forgotten + averaged)):
                losses[begin:end, k] = 0.5 * (errors[..., 0] + offset) ** 2 @ curvatures
                flat = np.column_stack([errors.reshape(end - begin, -1), np.ones(end - begin)])
                moments += flat.T @ flat / (runs * averaged)
        _require_settled(method, losses)
    second = moments[:-1, :-1].reshape(*shape, *shape).transpose(0, 2, 1, 3)
    return moments[:-1, -1].reshape(shape), second, float(standard_error_of(losses.mean(axis=1)))


def _epochs(problem: Quadratic, method: Method, full: Mapping[str, Any], epoch: Epoch) -> tuple[int, int]:
    """Epochs until all but a part of the variance is there, and those that are averaged."""
    rate = float(np.max(spectral_radius(method, problem.curvatures[: problem.rank], over="spectrum", **full)))
    before = 0 if rate == 0 else ceil(log(FORGOTTEN) / (2 * log(rate))) if rate < 1 else BURN_IN
    if before > BURN_IN:
        raise BadHyperparameter(
            f"{method.name} forgets so slowly at these settings (a factor of {rate:.6g} a step) that an estimate by runs "
            f"would take {before} steps before it begins; ask with sampling='step', which is exact"
        )
    first = -(-before // epoch.steps)
    return first, max(EPOCHS, first if rate < 1 else 0)


def _ends(
    problem: Quadratic,
    method: Method,
    full: Mapping[str, Any],
    samples: Iterator[Sample],
    rest: Array,
    runs: int,
    steps: int,
) -> Iterator[Array]:
    """The errors (runs, d, s) of runs from the rest after every so many steps, along directions that have curvature."""
    runner, kept = run_down(method), [method.state.index(name) for name in system(method).state]
    first = np.tile(problem.directions @ rest[0], (runs, 1))
    state = runner.start(problem, first)
    for k, sample in enumerate(samples, 1):
        state = runner(sample, *state, **full)
        if k % steps == 0:
            now = np.stack([np.broadcast_to(state[j], first.shape) for j in kept], axis=1)
            yield (problem.to_directions(now) - rest).swapaxes(1, 2)[:, : problem.rank]


def _require_settled(method: Method, losses: Array) -> None:
    """NoStableLearningRate where the losses (runs, epochs) grew."""
    half = losses.shape[1] // 2
    early, late = losses[:, :half].mean(axis=1), losses[:, -half:].mean(axis=1)
    room = ERRORS * np.nan_to_num(standard_error_of(late - early))
    if not np.isfinite(losses).all() or late.mean() > GROWTH * early.mean() + room:
        raise NoStableLearningRate(f"{method.name} does not settle at these settings: the loss of its runs grew")
