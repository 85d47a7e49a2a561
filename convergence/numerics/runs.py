"""Runs on a problem: every iterate, state, gradient, loss and error that a method makes; the same in closed form.

A run is on the compressed data, R (d, d) in the place of X (n, d): the same loss and gradient, whatever the number of
rows. In closed form the state of each direction is A^k times its first: powers of small blocks, by repeated squaring. That
serves defective blocks, too, and k steps cost log₂ k products.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.crossing import compiled
from convergence.errors import BadData, BadRule, NotLinear
from convergence.methods import as_method
from convergence.numerics.inputs import checked_steps
from convergence.numerics.matrices import arguments, step_matrices, with_clocks
from convergence.plotting import Plotted
from convergence.problem import Quadratic, as_quadratic
from convergence.problem.arrays import floats, short
from convergence.rule import Method
from convergence.tabular import Tabular
from convergence.theory.rest import rest_of
from convergence.theory.system import system
from convergence.theory.trace import MINIMISER

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Run(Plotted, Tabular, figure="run"):
    """What a method did, or will do, from a start. Row 0 of each array is the start.

    Attributes
    ----------
    method, hyper
        The method's name, and its settings.
    x
        (steps+1, d), the iterates.
    state
        (steps+1, n, d), all of the method's state: the position, then its buffers.
    grad
        (steps+1, d), the gradients at x (a rule may ask at other points).
    loss
        (steps+1,), in the problem's scaling, its minimum included.
    error
        (steps+1, d), Vᵀ(x − w*) in the directions of the data, with w* the minimiser that the start can reach (with
        weight decay, the ridge point at which the method rests).
    diverged
        The step at which a number overflowed; the arrays end before it. None: never.
    predicted
        Whether it is a closed form, and not a run on the data.

    >>> import convergence as cv
    >>> run = cv.simulate([4.0, 1.0], "heavy_ball", 3, lr=0.25, momentum=0.25)
    >>> run.error[:, 1]
    array([-1.    , -0.75  , -0.5   , -0.3125])
    >>> run.state.shape, run.steps
    ((4, 2, 2), 3)
    """

    method: str
    hyper: Mapping[str, Any]
    x: Array
    state: Array
    grad: Array
    loss: Array
    error: Array
    diverged: int | None
    predicted: bool = False

    @property
    def steps(self) -> int:
        """The number of steps recorded."""
        return len(self.x) - 1

    def table(self) -> dict[str, Any]:
        """A row for each step: the loss, each coordinate of x, and the error in each direction."""
        parts = {"x": self.x, "error": self.error}
        columns = {f"{name}{k + 1}": column for name, part in parts.items() for k, column in enumerate(part.T)}
        return {"step": range(self.steps + 1), "loss": self.loss, **columns}

    def __repr__(self) -> str:
        kind = "prediction" if self.predicted else "run"
        settings = ", ".join(f"{name}={value}" for name, value in self.hyper.items())
        end = f"diverged at step {self.diverged}" if self.diverged is not None else f"loss {self.loss[-1]:.6g}"
        return f"Run ({kind}) of {self.method}({settings}): {self.steps} steps, {end}"


def simulate(p: Any, m: Any, /, steps: int, start: Any = None, **hyper: Any) -> Run:
    """Run the method on the data: every iterate, state, gradient, loss and error per direction.

    A step costs O(d²) whatever the number of rows, since the problem keeps a compressed form of them. Divergence is a
    result: the run ends before the first number that overflows.

    Parameters
    ----------
    p
        The problem: a LeastSquares, (X, y), a list of curvatures (minimiser all ones), or a density.
    m
        A Method, its name, a preset, or an update rule.
    steps
        The number of steps, 0 or more.
    start
        The first position (d,), zeros by default. Buffers begin as the method says.
    hyper
        One number each; those with a default may be left out.

    Returns
    -------
    Run

    Raises
    ------
    BadData
        For a start of the wrong shape, a problem that is none, or a run that does not fit into memory.
    BadHyperparameter
        For wrong settings.
    BadName
        For an unknown method.

    >>> simulate([4.0, 1.0], "gradient_descent", 2, lr=0.25).x
    array([[0.    , 0.    ],
           [1.    , 0.25  ],
           [1.    , 0.4375]])
    >>> simulate([4.0, 1.0], "gradient_descent", 5000, lr=1).diverged
    323
    """
    problem, method = as_quadratic(p), as_method(m)
    settings = method.scalars(hyper)
    x = first_position(problem, start)
    count = checked_steps(steps, len(method.state) * len(x))
    states = np.empty((count + 1, len(method.state), len(x)))
    with np.errstate(all="ignore"):
        state = method.start(problem, x.copy())
        states[0] = state
        for k in range(1, count + 1):
            state = method(problem, *state, **settings)
            states[k] = state
        path = states[:, 0]
        error = problem.to_directions(path - resting_point(problem, method, settings, path[0]))
        return cut(Run(method.name, settings, path, states, problem.grad(path), problem.loss(path), error, None))


def distances(problem: Quadratic, method: Method, steps: int, start: Any, settings: Mapping[str, Any]) -> Array:
    """‖x_k − w*‖, w* as in ``Run``, along a run of at most this many steps; it ends early where a number overflows."""
    x = first_position(problem, start)
    target, apart = resting_point(problem, method, settings, x), np.empty(steps + 1)
    with np.errstate(all="ignore"):
        state = method.start(problem, x.copy())
        for k in range(steps + 1):
            away = state[0] - target
            apart[k] = (away @ away) ** 0.5
            if not np.isfinite(apart[k]):
                return apart[:k]
            state = method(problem, *state, **settings)
    return apart


def cut(run: Run) -> Run:
    """The run up to where a number overflows."""
    if np.isfinite(run.state.sum() + run.grad.sum() + run.loss.sum()):  # of numbers that are all finite, nearly always
        return run
    finite = np.isfinite(run.loss) & np.isfinite(run.grad).all(axis=1) & np.isfinite(run.state).all(axis=(1, 2))
    if finite.all():
        return run
    end = int(finite.argmin())
    parts = {name: getattr(run, name)[:end] for name in ("x", "state", "grad", "loss", "error")}
    return replace(run, **parts, diverged=end)


def first_position(problem: Quadratic, start: Any) -> Array:
    """The start as a float array (d,). BadData for another shape or numbers that are not finite."""
    size = len(problem.columns)
    x = np.zeros(size) if start is None else floats(start).copy()
    if x.shape != (size,) or not np.isfinite(x).all():
        raise BadData(f"start must be {size} finite numbers, one a column of X; got {short(start)}")
    return x


def resting_state(problem: Quadratic, method: Method, settings: Mapping[str, Any], start: Array) -> Array:
    """Each state at rest, in the directions of the data: (n, d), for a run from the position ``start`` (d,)."""
    return np.asarray(_parts(problem, method, settings) * problem.to_directions(problem.reachable(start)))


def resting_point(problem: Quadratic, method: Method, settings: Mapping[str, Any], start: Array) -> Array:
    """Where a run from ``start`` (d,) would rest, (d,). A rule without an iteration matrix is taken to aim at the minimiser."""
    if rests_at_minimiser(method):
        return problem.reachable(start)
    return np.asarray(problem.directions @ resting_state(problem, method, settings, start)[0])


@cache
def rests_at_minimiser(method: Method) -> bool:
    """Whether the position at rest is the minimiser itself: taken so where the rule cannot be read on symbols, too."""
    try:
        return bool(rest_of(method).state[0] == MINIMISER)
    except (NotLinear, BadRule):
        return True


def _parts(problem: Quadratic, method: Method, settings: Mapping[str, Any]) -> Array:
    """Each state at rest in units of the minimiser: (n, d). At λ = 0 without decay it is 1."""
    with np.errstate(all="ignore"):
        values = compiled(arguments(method), system(method).rest)(problem.curvatures, *settings.values())
    parts = np.stack([np.broadcast_to(v, problem.curvatures.shape) for v in values])
    parts[0] = np.where(np.isnan(parts[0]), 1.0, parts[0])
    return np.asarray(np.nan_to_num(parts))


KEPT = 2_000_000
"""Numbers kept at a time when only distances are asked for."""


def predict(p: Any, m: Any, /, steps: int, start: Any = None, **hyper: Any) -> Run:
    """The run that ``simulate`` makes, from the iteration matrix alone: powers of it per direction, no step taken.

    For a rule that is linear this is exact up to rounding, also where its matrix changes with a clock; for one that was
    linearised at the minimiser it holds near it.

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
        For a rule without an iteration matrix.
    BadData, BadHyperparameter, BadName
        As ``simulate``.

    >>> predict([4.0, 1.0], "gradient_descent", 2, lr=0.25)
    Run (prediction) of gradient_descent(lr=0.25): 2 steps, loss 0.158203
    """
    problem, method = as_quadratic(p), as_method(m)
    settings = method.scalars(hyper)
    x = first_position(problem, start)
    count = checked_steps(steps, len(method.state) * len(x))
    with np.errstate(all="ignore"):
        matrices = step_matrices(method, problem.curvatures, settings, count)
        return closed_form(problem, method, settings, matrices, count, x)


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
    kept = [k for k, name in enumerate(method.state) if name in system(method).state]
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
