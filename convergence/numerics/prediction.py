"""Runs in closed form: every iterate from powers of the iteration matrix, without running the method.

The state of each direction is A^k times its first: powers of small blocks, by repeated squaring. That serves defective
blocks, too, and k steps cost log₂ k products.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from convergence.errors import NotLinear
from convergence.methods import as_method
from convergence.numerics.inputs import checked_steps
from convergence.numerics.matrices import step_matrices, with_clocks
from convergence.numerics.runs import (
    Run,
    cut,
    first_position,
    resting_state,
    rests_at_minimiser,
)
from convergence.problem import Quadratic, as_quadratic
from convergence.problem.arrays import Array
from convergence.rule import Method
from convergence.theory.system import system_in_time

NEAR = 0.1
"""How far the first step of a linearised rule may be from the prediction, in parts of the distance from rest."""

KEPT = 2_000_000
"""Numbers kept at a time when only distances are asked for."""


def predict(p: Any, m: Any, /, steps: int, start: Any = None, **hyper: Any) -> Run:
    """The run that ``simulate`` makes, from the iteration matrix alone: powers of it per direction, no step taken.

    For a rule that is linear this is exact up to rounding, also where its matrix changes with a clock or a schedule; for
    one that was linearised at the minimiser it holds near it, and is refused where the first step already leaves it.

    Parameters
    ----------
    p, m, steps, start, hyper
        As for ``simulate``.

    Returns
    -------
    Run
        With ``predicted`` true.

    Raises
    ------
    NotLinear
        For a rule without an iteration matrix; for one that was linearised, from a start where it is not linear yet.
    BadData, BadHyperparameter, BadName
        As ``simulate``.

    >>> predict([4.0, 1.0], "gradient_descent", 2, lr=0.25)
    Run (prediction) of gradient_descent(lr=0.25): 2 steps, loss 0.158203
    """
    problem, method = as_quadratic(p), as_method(m)
    x = first_position(problem, start)
    count = checked_steps(steps, len(method.state) * len(x))
    setting = method.at(**hyper)
    settings = setting.over(count)
    with np.errstate(all="ignore"):
        matrices = step_matrices(method, problem.curvatures, settings, count)
        run = replace(closed_form(problem, method, settings, matrices, count, x), hyper=setting.shown)
    if not system_in_time(method).linear and count:
        _require_near(problem, method, setting.over(1), run)
    return run


def _require_near(problem: Quadratic, method: Method, settings: Mapping[str, Any], run: Run) -> None:
    """Raise NotLinear where the rule's own first step is not that of its linearisation."""
    first = {name: value[0] if np.ndim(value) else value for name, value in settings.items()}
    with np.errstate(all="ignore"):
        own = method(problem, *method.start(problem, run.x[0]), **first)[0]
    away = np.abs(run.error[0]).max()
    if not np.abs(own - run.x[min(1, run.steps)]).max() <= NEAR * away:
        raise NotLinear(
            f"{method.name} is linear only near its rest, and this start is {away:.3g} away, where its first step is another. "
            f"Runs have an answer: simulate; with what it divides by held: predict(p, frozen({method.name!r}), ...)"
        )


def closed_form(
    problem: Quadratic, method: Method, settings: dict[str, Any], matrices: Array, steps: int, x: Array
) -> Run:
    """The run from position x (d,) that these matrices make: (d, n, n), or (m+1, d, n, n) for m steps and all later ones."""
    rest = resting_state(problem, method, settings, x)
    errors = products(matrices, first_errors(problem, method, x, rest), steps + 1)
    error, basis = np.ascontiguousarray(errors[0]), problem.directions.T
    away = error if rests_at_minimiser(method) else error + rest[0] - problem.to_directions(problem.reachable(x))
    states = ((errors + rest[:, None]).reshape(-1, len(basis)) @ basis).reshape(errors.shape).transpose(1, 0, 2)
    pull = away * problem.curvatures
    grad, loss = pull @ basis, problem.minimum + 0.5 * np.einsum("kd,kd->k", pull, away)
    whole = with_clocks(method, settings, states)
    return cut(Run(method.name, settings, states[:, 0], whole, grad, loss, error, None, predicted=True))


def predicted_distances(problem: Quadratic, method: Method, steps: int, start: Any, settings: dict[str, Any]) -> Array:
    """‖e_k‖ for k ≤ steps, (steps+1,), in pieces, so that only a few of the states are in memory."""
    x = first_position(problem, start)
    with np.errstate(all="ignore"):
        matrices = step_matrices(method, problem.curvatures, settings, steps)
        state = first_errors(problem, method, x, resting_state(problem, method, settings, x))
        piece = max(64, KEPT // state.size)
        pieces = [np.linalg.norm(state[:, :1], axis=0)]
        for done in range(0, steps, piece):
            later = matrices if matrices.ndim == 3 else matrices[min(done, len(matrices) - 1) :]
            states = products(later, state, min(piece, steps - done) + 1)
            pieces.append(np.linalg.norm(states[0, 1:], axis=1))
            state = states[:, -1].T
    return np.concatenate(pieces)


def until_clocks_stop(problem: Quadratic, method: Method, x: Array, settings: dict[str, Any], steps: int) -> Array:
    """The errors of the states (n, m+1, d) up to step m ≤ ``steps``, from which the iteration matrix is the limit's."""
    matrices = step_matrices(method, problem.curvatures, settings, steps)
    first = first_errors(problem, method, x, resting_state(problem, method, settings, x))
    return products(matrices, first, len(matrices) if matrices.ndim == 4 else 1)


def first_errors(problem: Quadratic, method: Method, x: Array, rest: Array) -> Array:
    """The first state less the state at rest, in the directions: (d, n), without clocks."""
    kept = [k for k, name in enumerate(method.state) if name in system_in_time(method).state]
    return np.asarray((problem.to_directions(np.array(method.start(problem, x)))[kept] - rest).T)


def products(matrices: Array, first: Array, count: int) -> Array:
    """The states A_{k−1}⋯A_0·first for k < count: (n, count, d). ``matrices`` as for ``closed_form``, ``first`` (d, n)."""
    if matrices.ndim == 3:
        return powers(matrices, first, count)
    changing, limit = matrices[:-1][: count - 1], matrices[-1]
    states = [first]
    for matrix in changing:
        states.append(np.einsum("dij,dj->di", matrix, states[-1]))
    early = (
        np.stack(states[:-1], axis=1).transpose(2, 1, 0) if changing.size else np.empty((first.shape[1], 0, len(first)))
    )
    return np.concatenate([early, powers(limit, states[-1], count - len(changing))], axis=1)


def powers(matrices: Array, first: Array, count: int) -> Array:
    """The states A^k·first for k < count: matrices (d, n, n), first (d, n) -> (n, count, d)."""
    states = np.empty((*first.shape, count))
    states[..., 0] = first
    power, done, moving = matrices, 1, np.asarray(first.any(axis=1))
    if not moving.all():  # what is at rest stays there, whatever overflows elsewhere
        power = np.where(moving[:, None, None], matrices, 0.0)
    while done < count:
        more = min(done, count - done)
        np.matmul(power, states[..., :more], out=states[..., done : done + more])
        done += more
        if done < count:
            power = power @ power
    return states.transpose(1, 2, 0)
