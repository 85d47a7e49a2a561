"""A problem, a method and settings go in; the run comes out in closed form, without stepping through the data.

In the basis of the directions the state of each is A^k times its first: powers of small blocks, by repeated squaring. That
serves blocks of any size, defective ones included, and k steps cost log₂ k products.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.numerics.resting import resting_state, rests_at_minimiser
from convergence.numerics.spectral import blocks
from convergence.numerics.trajectory import Run, checked_steps, cut, first_position
from convergence.problem import LeastSquares
from convergence.rule import Method

Array = NDArray[np.float64]

KEPT = 2_000_000
"""Numbers kept at a time when only distances are asked for."""


def predict(problem: LeastSquares, method: Method, steps: int, start: Any = None, **hyper: Any) -> Run:
    """What ``simulate`` would record, from the derived iteration matrix alone.

    For a rule that is linear this is exact up to rounding; for one that was linearised at the minimiser it holds near it.
    Raises what ``simulate`` raises, and NotLinear for a rule without an iteration matrix.
    """
    settings = method.scalars(hyper)
    x = first_position(problem, start)
    with np.errstate(all="ignore"):
        matrices = blocks(method, problem.curvatures, settings)
        return closed_form(problem, method, settings, matrices, checked_steps(steps), x)


def closed_form(
    problem: LeastSquares, method: Method, settings: dict[str, Any], matrices: Array, steps: int, x: Array
) -> Run:
    """The run from position x (d,) that these iteration matrices (d, n, n) make."""
    rest = resting_state(problem, method, settings, x)
    first = problem.to_directions(np.array(method.start(problem, x))) - rest
    return _recorded(
        problem,
        method,
        settings,
        powers(matrices, first.T, steps + 1),
        rest,
        problem.to_directions(problem.reachable(x)),
    )


def distances(problem: LeastSquares, method: Method, steps: int, start: Any, settings: dict[str, Any]) -> Array:
    """‖e_k‖ for k ≤ steps, (steps+1,), in pieces, so that only a few of the states are in memory."""
    x = first_position(problem, start)
    with np.errstate(all="ignore"):
        matrices = blocks(method, problem.curvatures, settings)
        rest = resting_state(problem, method, settings, x)
        state = (problem.to_directions(np.array(method.start(problem, x))) - rest).T
        piece = max(64, KEPT // state.size)
        found = [np.linalg.norm(state[:, :1], axis=0)]
        for done in range(0, steps, piece):
            states = powers(matrices, state, min(piece, steps - done) + 1)
            found.append(np.linalg.norm(states[0, 1:], axis=1))
            state = states[:, -1].T
    return np.concatenate(found)


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


def _recorded(
    problem: LeastSquares, method: Method, settings: dict[str, Any], errors: Array, rest: Array, minimiser: Array
) -> Run:
    error, basis = np.ascontiguousarray(errors[0]), problem.directions.T
    away = error if rests_at_minimiser(method) else error + (rest[0] - minimiser)
    states = ((errors + rest[:, None]).reshape(-1, len(basis)) @ basis).reshape(errors.shape).transpose(1, 0, 2)
    pull = away * problem.curvatures
    grad, loss = pull @ basis, problem.minimum + 0.5 * np.einsum("kd,kd->k", pull, away)
    return cut(Run(method.name, settings, states[:, 0], states, grad, loss, error, None, predicted=True))
