"""Exact moments where the batches of an epoch depend on each other: rows in the order of the data, or reshuffled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from convergence.problem import Quadratic
from convergence.problem.arrays import Array
from convergence.rule import Method
from convergence.stochastic.batch_step import BatchStep, first_states, start_asks
from convergence.stochastic.loops import open_loop, start_noise
from convergence.stochastic.one_dimension import MOST_ROWS, orders
from convergence.stochastic.sampling import Rows
from convergence.stochastic.steps import Mean, StateMoments, changing, steps_of
from convergence.stochastic.subsets import feasible, lift, subsets, symmetric, upper_triangle
from convergence.theory.system import system_in_time

Path = tuple[Array, Array]
"""Mean errors (K+1, d) of the position, and their covariances (K+1, d, d)."""


def exact_in_epochs(problem: Quadratic, method: Method, full: Mapping[str, Any], batch: int, steps: int) -> bool:
    """Whether the moments of a reshuffled run are computed exactly: by sets of rows, or on a line."""
    size, epochs = len(problem.curvatures) * len(system_in_time(method).state) + 1, 1 + steps * batch // problem.rows
    return feasible(problem.rows, batch, size, epochs=epochs) or _on_a_line(problem, method, full, batch, steps)


def _on_a_line(problem: Quadratic, method: Method, full: Mapping[str, Any], batch: int, steps: int) -> bool:
    alone = batch == 1 and len(problem.curvatures) == len(system_in_time(method).state) == 1
    return alone and problem.rows <= MOST_ROWS and not start_asks(method) and not changing(method, full, steps)


def path_in_epochs(
    problem: Quadratic, method: Method, full: Mapping[str, Any], added: Array, batch: int, x: Array, steps: int
) -> Path:
    """That of a reshuffled run from x (d,), exactly; ``added`` (d, d) is the covariance of noise in the gradients."""
    if _on_a_line(problem, method, full, batch, steps):
        return _path_on_a_line(problem, method, full, added, x, steps)
    d = len(problem.curvatures)
    position = np.arange(d) * len(system_in_time(method).state)
    moments = moments_in_epochs(problem, method, full, added, batch, x, steps)
    seen = [(now[position, -1], now[np.ix_(position, position)]) for now in moments]
    mean, second = (np.array(part) for part in zip(*seen, strict=True))
    return mean, second - mean[:, :, None] * mean[:, None, :]


def moments_in_epochs(
    problem: Quadratic,
    method: Method,
    full: Mapping[str, Any],
    added: Array,
    batch: int,
    x: Array,
    steps: int,
    summed: int | None = None,
) -> Iterator[Array]:
    """Second moments (D, D) of (errors, 1) at each step, with the errors (d·s,) of the state.

    With ``summed`` it is (errors, sums, 1), with the sums (d,) of the positions' errors from that step on.
    """
    first, sets, rows = Mean.of(problem, method, full, x), subsets(problem.rows, batch), Rows(problem)
    (d, s), level, states = first.errors.shape, 0, first.errors[None]
    if start_asks(method):
        level, states = 1, first_states(rows, method, first.errors, first.asked, sets.batches)
    now = _outer(states.reshape(len(states), d * s))
    if level:
        now = sets.first(now)
        now[:, :-1, :-1] += _added_at_start(method, added)
    counted = np.eye(d * s)[::s]
    if summed is not None:
        into = with_sums(d * s, counted if summed == 0 else 0 * counted)
        now = into @ now @ into.T
    size = now.shape[-1]
    yield now.mean(axis=0)
    now, known, lifted, noise = upper_triangle(now)[:, None], None, np.empty(0), np.empty(0)
    for k, (loop, shift) in enumerate(steps_of(problem, method, full, steps, x), 1):
        level, counts = level % sets.steps, summed is not None and k >= summed
        if (loop, counts) != known:
            step = BatchStep(rows, loop, first.offset, shift)
            maps, entering = step.matrices(sets.batches), np.pad(step.added(added), (0, 1))
            if summed is not None:
                into = with_sums(d * s, counted if counts else 0 * counted)
                kept = np.zeros((size, size))
                kept[d * s : -1, d * s : -1] = np.eye(d)
                out = np.delete(np.eye(size), np.s_[d * s : -1], axis=0)
                maps, entering = into @ maps @ out + kept, into @ entering @ into.T
            lifted, noise, known = lift(maps), upper_triangle(entering), (loop, counts)
        now, level = sets.advance(level, now, lifted) + noise, level + 1
        yield symmetric(now.mean(axis=(0, 1)), size)


def _outer(states: Array) -> Array:
    """Products (m, D, D) of (state, 1) with itself, for states (m, D−1)."""
    ones = np.concatenate([states, np.ones((len(states), 1))], axis=1)
    return np.asarray(ones[:, :, None] * ones[:, None, :])


def with_sums(size: int, counted: Array) -> Array:
    """The matrix that makes (errors, counted·errors, 1) of (errors, 1), for errors (size,)."""
    into = np.zeros((size + len(counted) + 1, size + 1))
    into[:size, :size], into[size:-1, :size], into[-1, -1] = np.eye(size), counted, 1.0
    return into


def _added_at_start(method: Method, added: Array) -> Array:
    """The covariance (d·s, d·s) that noise in the gradients adds to the first state."""
    enters = start_noise(method)
    return np.asarray(np.kron(added, np.outer(enters, enters)))


def _path_on_a_line(
    problem: Quadratic, method: Method, full: Mapping[str, Any], added: Array, x: Array, steps: int
) -> Path:
    first = Mean.of(problem, method, full, x)
    step = BatchStep(Rows(problem), open_loop(method, problem.curvatures, full), first.offset, np.zeros((1, 1)))
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
    states = states_in_order(problem, method, full, added, batch, x, steps)
    mean, covariance = zip(*((error[:, 0], spread[:, :, 0, 0]) for error, spread, _ in states), strict=True)
    return np.array(mean), np.array(covariance)


def states_in_order(
    problem: Quadratic, method: Method, full: Mapping[str, Any], added: Array, batch: int, x: Array, steps: int
) -> Iterator[StateMoments]:
    """The moments of the states of such a run."""
    first, rows = Mean.of(problem, method, full, x), Rows(problem)
    drawn = np.arange(problem.rows).reshape(-1, batch)
    (d, s), asks, noisy = first.errors.shape, start_asks(method), bool(added.any())
    error, covariance = first.errors, np.zeros((d, s, d, s))
    if asks:
        error = first_states(rows, method, error, first.asked, drawn[:1])[0]
        covariance = _added_at_start(method, added).reshape(d, s, d, s)
    yield error, covariance.swapaxes(1, 2), np.asarray
    for k, (loop, shift) in enumerate(steps_of(problem, method, full, steps, x)):
        step, seen = BatchStep(rows, loop, first.offset, shift), drawn[(k + asks) % len(drawn)]
        error = step(error, seen)
        covariance = step.spread(covariance, seen, step.added(added)) if noisy else covariance
        yield error, covariance.swapaxes(1, 2), partial(step.linear, batch=seen)
