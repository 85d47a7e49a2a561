"""Stationary moments by Monte Carlo: long runs from the method's rest, their states at the ends of epochs averaged.

The rule itself is run, as in ``ensemble``.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count, islice
from math import ceil, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.errors import BadHyperparameter, NoStableLearningRate
from convergence.numerics.matrices import run_down
from convergence.numerics.radius import spectral_radius
from convergence.numerics.runs import resting_state
from convergence.problem import Quadratic
from convergence.rule import Method
from convergence.stochastic.batches import checked_runs, entropy_of
from convergence.stochastic.periodic import Epoch
from convergence.stochastic.sample import Sampler, noise_factor
from convergence.theory.system import system

Array = NDArray[np.float64]

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
    rank, states = problem.rank, system(method).state
    rate = float(np.max(spectral_radius(method, problem.curvatures[:rank], over="spectrum", **full)))
    before = 0 if rate == 0 else ceil(log(FORGOTTEN) / (2 * log(rate))) if rate < 1 else BURN_IN
    if before > BURN_IN:
        raise BadHyperparameter(
            f"{method.name} forgets so slowly at these settings (a factor of {rate:.6g} a step) that an estimate by runs "
            f"would take {before} steps before it begins; ask with sampling='step', which is exact"
        )
    first = -(-before // epoch.steps)
    windows = max(EPOCHS, first if rate < 1 else 0)
    rest = resting_state(problem, method, full, problem.minimizer)
    target = problem.to_directions(problem.minimizer)
    sampler = Sampler(problem, epoch.batch, epoch.sampling, noise_factor(problem, noise, epoch.batch), entropy_of(rng))
    runs, size = checked_runs(runs), rank * len(states)
    total, products, losses = np.zeros(size), np.zeros((size, size)), np.zeros((runs, windows))
    runner, kept = run_down(method), [method.state.index(name) for name in states]
    with np.errstate(all="ignore"):
        for block, begin in zip(count(), range(0, runs, sampler.block), strict=False):
            end = min(begin + sampler.block, runs)
            state = runner.start(problem, np.tile(problem.directions @ rest[0], (end - begin, 1)))
            draws = islice(sampler.samples(block, end - begin), (first + windows) * epoch.steps)
            for k, sample in enumerate(draws, 1):
                state = runner(sample, *state, **full)
                done, within = divmod(k, epoch.steps)
                if within == 0 and done > first:
                    now = np.stack([np.broadcast_to(state[j], (end - begin, len(target))) for j in kept], axis=-1)
                    errors = (problem.to_directions(now.swapaxes(-1, -2)) - rest).swapaxes(-1, -2)[:, :rank]
                    away = errors[..., 0] + (rest[0] - target)[:rank]
                    losses[begin:end, done - first - 1] = 0.5 * away**2 @ problem.curvatures[:rank]
                    flat = errors.reshape(-1, size)
                    total += flat.sum(axis=0)
                    products += flat.T @ flat
        half = windows // 2
        early, late = losses[:, :half].mean(axis=1), losses[:, -half:].mean(axis=1)
        error = float((late - early).std(ddof=1) / runs**0.5) if runs > 1 else 0.0
    if not np.isfinite(losses).all() or late.mean() > GROWTH * early.mean() + ERRORS * error:
        raise NoStableLearningRate(f"{method.name} does not settle at these settings: the loss of its runs grew")
    spread = float(losses.mean(axis=1).std(ddof=1) / runs**0.5) if runs > 1 else float("nan")
    shape, samples = (rank, len(states)), runs * windows
    second = (products / samples).reshape(*shape, *shape).transpose(0, 2, 1, 3)
    return (total / samples).reshape(shape), second, spread
