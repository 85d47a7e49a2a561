"""A problem, a method and settings go in; the run comes out: every iterate, state, gradient, loss and error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.errors import BadData
from convergence.numerics.resting import resting_point
from convergence.plotting import Plotted
from convergence.problem import Quadratic
from convergence.rule import Method
from convergence.tabular import Tabular

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Run(Plotted, Tabular, figure="run"):
    """What a method did, or will do, from a start. Row 0 of each array is the start.

    ``x`` (steps+1, d) are the iterates, ``state`` (steps+1, n, d) all of the method's state, ``grad`` (steps+1, d) the
    gradients at x, ``loss`` (steps+1,), ``error`` (steps+1, d) is Vᵀ(x − w*) in the directions of the data, with w* the
    minimiser that the start can reach (with weight decay, the ridge point at which the method rests).
    ``diverged`` is the step at which a number overflowed (None: never); the arrays end
    before it. ``predicted`` tells a closed form from a run on the data.
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


def simulate(problem: Quadratic, method: Method, steps: int, start: Any = None, **hyper: Any) -> Run:
    """Run the method on the data for a number of steps from ``start`` (d,), zeros by default.

    A step costs O(d²) whatever the number of rows, since the problem keeps a compressed form of them. Divergence is a
    result: the run ends before the first number that overflows. Raises BadData for a start of the wrong shape, and
    BadHyperparameter for wrong settings.
    """
    settings = method.scalars(hyper)
    x = first_position(problem, start)
    states = np.empty((checked_steps(steps) + 1, len(method.state), len(x)))
    with np.errstate(all="ignore"):
        state = method.start(problem, x.copy())
        states[0] = state
        for k in range(1, steps + 1):
            state = method(problem, *state, **settings)
            states[k] = state
        return recorded(problem, method, settings, states)


def distances(problem: Quadratic, method: Method, steps: int, start: Any, settings: Mapping[str, Any]) -> Array:
    """‖x_k − w*‖, w* as in ``Run``, along a run of at most this many steps; it ends early where a number overflows."""
    x = first_position(problem, start)
    target, found = resting_point(problem, method, settings, x), np.empty(steps + 1)
    with np.errstate(all="ignore"):
        state = method.start(problem, x.copy())
        for k in range(steps + 1):
            away = state[0] - target
            found[k] = (away @ away) ** 0.5
            if not np.isfinite(found[k]):
                return found[:k]
            state = method(problem, *state, **settings)
    return found


def recorded(problem: Quadratic, method: Method, settings: Mapping[str, Any], states: Array) -> Run:
    """The run that has these states, with gradient, loss and error computed from the problem."""
    x = states[:, 0]
    error = problem.to_directions(x - resting_point(problem, method, settings, x[0]))
    return cut(Run(method.name, settings, x, states, problem.grad(x), problem.loss(x), error, None))


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
    x = np.zeros(size) if start is None else np.array(start, dtype=float)
    if x.shape != (size,) or not np.isfinite(x).all():
        raise BadData(f"start must be {size} finite numbers, one a column of X; got {start!r}")
    return x


def checked_steps(steps: Any) -> int:
    """The number of steps. BadData for anything but a whole number that is not negative."""
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or steps < 0:
        raise BadData(f"steps must be a whole number, 0 or more; got {steps!r}")
    return int(steps)
