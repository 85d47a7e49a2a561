"""Exact moments where the batches of an epoch depend on each other: rows in the order of the data, or reshuffled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.problem import Quadratic
from convergence.rule import Method
from convergence.stochastic.batch_step import Batches, BatchStep, first_states, start_asks
from convergence.stochastic.loops import open_loop, start_noise
from convergence.stochastic.on_a_line import MOST_ROWS, orders
from convergence.stochastic.steps import Mean, changing, steps_of
from convergence.stochastic.subsets import feasible, halved, lift, subsets, whole
from convergence.theory.system import system

Array = NDArray[np.float64]

Path = tuple[Array, Array]
"""Mean errors (K+1, d) of the position, and their covariances (K+1, d, d)."""


def exact_in_epochs(problem: Quadratic, method: Method, full: Mapping[str, Any], batch: int, steps: int) -> bool:
    """Whether the moments of a reshuffled run are computed exactly: by sets of rows, or on a line."""
    size = len(problem.curvatures) * len(system(method).state) + 1
    return feasible(problem.rows, batch, size) or _on_a_line(problem, method, full, batch, steps)


def _on_a_line(problem: Quadratic, method: Method, full: Mapping[str, Any], batch: int, steps: int) -> bool:
    alone = batch == 1 and len(problem.curvatures) == len(system(method).state) == 1
    return alone and problem.rows <= MOST_ROWS and not start_asks(method) and not changing(method, full, steps)


def path_in_epochs(
    problem: Quadratic, method: Method, full: Mapping[str, Any], added: Array, batch: int, x: Array, steps: int
) -> Path:
    """That of a reshuffled run from x (d,), exactly; ``added`` (d, d) is the covariance of noise in the gradients."""
    if _on_a_line(problem, method, full, batch, steps):
        return _path_on_a_line(problem, method, full, added, x, steps)
    first, sets, batches = Mean.of(problem, method, full, steps, x), subsets(problem.rows, batch), Batches(problem)
    d, s = first.errors.shape
    level, states = 0, first.errors[None]
    if start_asks(method):
        level, states = 1, first_states(batches, method, first.errors, first.asked, sets.batches)
    ones = np.concatenate([states.reshape(len(states), d * s), np.ones((len(states), 1))], axis=1)
    moments = ones[:, :, None] * ones[:, None, :]
    if level:
        moments = sets.first(moments)
        moments[:, :-1, :-1] += _added_at_start(method, added)
    now, seen, known, lifted, noise = halved(moments)[:, None], [], None, np.empty(0), np.empty(0)
    position = np.arange(d) * s
    for loop, shift in (*steps_of(problem, method, full, steps, x), (None, None)):
        average = whole(now.mean(axis=(0, 1)), d * s + 1)
        seen.append((average[position, -1], average[np.ix_(position, position)]))
        if loop is None or shift is None:
            break
        if level == sets.steps:
            level = 0
        if loop is not known:
            step = BatchStep(batches, loop, first.offset, shift)
            lifted = lift(step.matrices(sets.batches))
            noise, known = halved(np.pad(step.added(added), (0, 1))), loop
        now, level = sets.advance(level, now, lifted) + noise, level + 1
    mean, second = (np.array(part) for part in zip(*seen, strict=True))
    return mean, second - mean[:, :, None] * mean[:, None, :]


def _added_at_start(method: Method, added: Array) -> Array:
    """The covariance (d·s, d·s) that noise in the gradients adds to the first state."""
    enters = start_noise(method)
    return np.asarray(np.kron(added, np.outer(enters, enters)))


def _path_on_a_line(
    problem: Quadratic, method: Method, full: Mapping[str, Any], added: Array, x: Array, steps: int
) -> Path:
    first = Mean.of(problem, method, full, steps, x)
    step = BatchStep(Batches(problem), open_loop(method, problem.curvatures, full), first.offset, np.zeros((1, 1)))
    maps, noise = step.matrices(np.arange(problem.rows)[:, None]), float(step.added(added)[0, 0])
    of_orders = orders(maps[:, 0, 0], maps[:, 0, 1])
    mean, second = first.errors[0], first.errors[0] ** 2
    for _ in range(0, steps, problem.rows):
        means, seconds = of_orders.moments(mean[-1], second[-1], noise)
        mean, second = np.concatenate([mean, means[1:]]), np.concatenate([second, seconds[1:]])
    mean, second = mean[: steps + 1], second[: steps + 1]
    return mean[:, None], (second - mean**2)[:, None, None]


def path_in_order(
    problem: Quadratic, method: Method, full: Mapping[str, Any], added: Array, batch: int, x: Array, steps: int
) -> Path:
    """That of a run on the rows in their order, always: its batches are not random, only the noise that is added is."""
    first, batches = Mean.of(problem, method, full, steps, x), Batches(problem)
    drawn = np.arange(problem.rows).reshape(-1, batch)
    (d, s), asks, noisy = first.errors.shape, start_asks(method), bool(added.any())
    error, covariance = first.errors, np.zeros((d, s, d, s))
    if asks:
        error = first_states(batches, method, error, first.asked, drawn[:1])[0]
        covariance = _added_at_start(method, added).reshape(d, s, d, s)
    means, kept = [error[:, 0]], np.zeros((steps + 1, d, d))
    kept[0] = covariance[:, 0, :, 0]
    for k, (loop, shift) in enumerate(steps_of(problem, method, full, steps, x)):
        step, rows = BatchStep(batches, loop, first.offset, shift), drawn[(k + asks) % len(drawn)]
        error = step(error, rows)
        means.append(error[:, 0])
        if noisy:
            half = step.linear(covariance, rows).transpose(2, 3, 0, 1)
            covariance = step.linear(half, rows) + step.added(added).reshape(d, s, d, s)
            kept[k + 1] = covariance[:, 0, :, 0]
    return np.array(means), kept
