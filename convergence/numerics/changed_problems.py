"""Changes of a problem, and two runs of a few steps: of a rule on quadratics in two dimensions, and on the changed ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from convergence.errors import BadRule, ConvergenceError
from convergence.problem.arrays import Array
from convergence.rule import Method

STEPS = 6
CLOSE = 1e-9
"""Relative distance of two runs that are the same but for rounding."""

TIMES, MOVE = 3.0, np.array([0.7, -1.1])
"""The factor and the shift of the changed problem."""

STRETCH = np.array([3.0, 0.5])
ANGLE = 0.6
PROBLEMS = (
    (np.array([[2.0, 0.6], [0.6, 0.9]]), np.array([0.3, -0.4]), np.array([1.3, 0.8])),
    (np.array([[1.1, -0.7], [-0.7, 1.9]]), np.array([-1.2, 0.5]), np.array([0.4, -1.7])),
    (np.array([[1.3, 0.4], [0.4, 0.8]]), np.array([0.3, -0.4]), np.array([0.35, -0.37])),
)
"""Hessian, minimiser, start; of the last small gradients, as clipping has to be seen from both sides."""


@dataclass(frozen=True)
class Changed:
    """A change of coordinates x = By + h and a factor of the loss; ``position``, ``gradient``: powers of c that it brings."""

    name: str
    basis: Array
    shift: Array
    loss: float = 1.0
    position: int = 0
    gradient: int = 0

    def problem(self, hessian: Array, minimiser: Array, start: Array) -> tuple[Array, Array, Array]:
        inverse = np.linalg.inv(self.basis)
        return (
            self.loss * self.basis.T @ hessian @ self.basis,
            inverse @ (minimiser - self.shift),
            inverse @ (start - self.shift),
        )

    def back(self, positions: Array) -> Array:
        return positions @ self.basis.T + self.shift


_TURN = np.array([[np.cos(ANGLE), -np.sin(ANGLE)], [np.sin(ANGLE), np.cos(ANGLE)]])
CHANGES = (
    Changed("loss", np.eye(2), np.zeros(2), loss=TIMES, gradient=1),
    Changed("scale", TIMES * np.eye(2), np.zeros(2), position=-1, gradient=1),
    Changed("coordinates", np.diag(STRETCH), np.zeros(2), position=-1, gradient=1),
    Changed("rotation", _TURN, np.zeros(2)),
    Changed("permutation", np.array([[0.0, 1.0], [1.0, 0.0]]), np.zeros(2)),
    Changed("shift", np.eye(2), MOVE),
    Changed("sign", np.diag([-1.0, 1.0]), np.zeros(2)),
)


class Objective:
    """½(x − w)ᵀH(x − w)."""

    def __init__(self, hessian: Array, minimiser: Array) -> None:
        self.hessian, self.minimiser = hessian, minimiser

    def grad(self, x: Any, /) -> Any:
        return self.hessian @ (x - self.minimiser)

    def solve(self, g: Any, /) -> Any:
        return np.linalg.solve(self.hessian, g)


def usual(method: Method) -> dict[str, float]:
    """A value for each hyperparameter inside its domain, generic."""
    values = {}
    for k, (name, domain) in enumerate(method.domains.items()):
        values[name] = 0.05 if domain.is_rate else 0.55 + 0.07 * k if domain.is_share else 0.03 + 0.01 * k
        if not domain.low < values[name] < domain.high:
            values[name] = domain.low + 0.3 if np.isfinite(domain.low) else domain.high - 0.3
    return values


Pair = tuple[list[list[Array]], list[list[Array]]]


def pair_of(
    method: Method,
    change: Changed,
    problem: tuple[Array, Array, Array],
    hyper: Mapping[str, float],
    scaled: Mapping[str, float],
) -> Pair:
    """The states of the plain run, and of that on the changed problem."""
    return _run(method, problem, hyper), _run(method, change.problem(*problem), scaled)


def _run(method: Method, problem: tuple[Array, Array, Array], hyper: Mapping[str, float]) -> list[list[Array]]:
    hessian, minimiser, start = problem
    f = Objective(hessian, minimiser)
    with np.errstate(all="ignore"):
        try:
            state = method.start(f, start)
            states = [list(state)]
            for _ in range(STEPS):
                state = method(f, *state, **hyper)
                states.append(list(state))
            rows = [[np.asarray(value, dtype=float) for value in row] for row in states]
        except ConvergenceError:
            raise
        except Exception as error:
            raise BadRule(f"{method.name} does not run on arrays: {type(error).__name__}: {error}") from error
    if any(row[0].shape != start.shape for row in rows):
        raise BadRule(f"{method.name} must return positions of the shape {start.shape} of its start")
    return rows


def positions(run: list[list[Array]]) -> Array:
    return np.array([row[0] for row in run])


def agree(change: Changed, plain: list[list[Array]], other: list[list[Array]]) -> bool:
    one, two = positions(plain), change.back(positions(other))
    scale = np.abs(one - one[0]).max() + np.abs(one).max()
    return bool(np.isfinite(one).all() and np.abs(one - two).max() <= CLOSE * scale)
