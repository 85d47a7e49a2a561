"""Runs on a problem: every iterate, state, gradient, loss and error that a method makes.

A run is on the compressed data, R (d, d) in the place of X (n, d): the same loss and gradient, whatever the number of rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from convergence.crossing import compiled
from convergence.errors import BadData, BadRule, NotLinear
from convergence.methods import as_method
from convergence.numerics.inputs import checked_steps
from convergence.numerics.matrices import arguments
from convergence.numerics.replay import scheduled
from convergence.plotting import Plotted
from convergence.problem import Quadratic, as_quadratic
from convergence.problem.arrays import Array, floats, short
from convergence.rule import Method
from convergence.tabular import Tabular
from convergence.theory.rest import rest_of
from convergence.theory.system import system_in_time
from convergence.theory.trace import MINIMISER


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
        weight decay, the ridge point at which the method rests, under a schedule that of the first step).
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
        The problem: a LeastSquares, (X, y), a list of curvatures (minimiser all ones), a density, or a minimum of another
        function (``local``), which then is what is run on.
    m
        A Method, its name, a preset, or an update rule.
    steps
        The number of steps, 0 or more.
    start
        The first position (d,), zeros by default (a point close by, of a minimum that ``local`` found). Buffers begin as
        the method says.
    hyper
        One number each, or a schedule: one of ``cv.schedules``, a sequence with an entry a step, a function of the step
        k = 0, 1, …. Those with a default may be left out.

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
    x = first_position(problem, start)
    count = checked_steps(steps, len(method.state) * len(x))
    setting, settings = method.at(**hyper), scheduled(method, hyper, count)
    states = np.empty((count + 1, len(method.state), len(x)))
    with np.errstate(all="ignore"):
        objective = problem.oracles()
        state = method.start(objective, x.copy())
        states[0] = state
        for k in range(1, count + 1):
            state = method(objective, *state, **settings(k - 1))
            states[k] = state
        path = states[:, 0]
        error = problem.to_directions(path - resting_point(problem, method, settings(0), path[0]))
        return cut(Run(method.name, setting.shown, path, states, problem.grad(path), problem.loss(path), error, None))


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
    x = problem.start.copy() if start is None else floats(start).copy()
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
    rest = system_in_time(method).rest
    moved = [n for n, v in settings.items() if np.ndim(v) and any(part.has(method.symbols[n]) for part in rest)]
    if moved:
        raise NotLinear(
            f"{method.name} rests where {moved[0]} says, and a schedule of it moves that: no rest to measure from"
        )
    still = [0.0 if np.ndim(value) else value for value in settings.values()]
    with np.errstate(all="ignore"):
        values = compiled(arguments(method), rest)(problem.curvatures, *still)
    parts = np.stack([np.broadcast_to(v, problem.curvatures.shape) for v in values])
    parts[0] = np.where(np.isnan(parts[0]), 1.0, parts[0])
    return np.asarray(np.nan_to_num(parts))
