"""Questions (h) and (i) of the homework: both methods on the notes' data, per dimension, run and predicted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import convergence as cv
from convergence.coursework.derivation import course_method, descent_method
from convergence.datasets import gaussian_2d
from convergence.numerics.counts import passed as settled
from convergence.numerics.identification import identify
from convergence.numerics.matrices import eigenvalues
from convergence.numerics.runs import predict, simulate
from convergence.problem import LeastSquares
from convergence.rule import Method

Array = NDArray[np.float64]
Rows = tuple[tuple[float, ...], ...]

STEPS = 100
SETTINGS = {"gradient_descent": {"lr": 1e-4}, "ema_momentum": {"lr": 1e-4, "momentum": 0.6}}
"""What the notes run."""


@dataclass(frozen=True)
class MethodOnData:
    """One method on the notes' data. Pairs are (first, second) direction; rows of figures are (direction or column, step).

    ``radius`` is derived, ``measured`` is the largest modulus of the eigenvalues identified from the run, known to
    ``doubt``; ``kind`` says what the derived eigenvalues are; ``steps`` bring each direction within 99.9 %. ``gap`` is the
    loss above the minimum, ``above_final`` above the last loss, as the notes plot it.
    """

    name: str
    title: str
    hyper: dict[str, float]
    eigenvalues: tuple[tuple[complex, ...], tuple[complex, ...]]
    kind: tuple[str, str]
    radius: tuple[float, float]
    measured: tuple[float, float]
    doubt: tuple[float, float]
    steps: tuple[int, int]
    final_loss: float
    disagreement: float
    gradient: Rows
    weight: Rows
    error: Rows
    predicted: Rows
    gap: tuple[float, ...]
    above_final: tuple[float, ...]

    @property
    def rate(self) -> float:
        """The rate of the slower direction, which the error as a whole takes in the end."""
        return max(self.radius)


@dataclass(frozen=True)
class DataAnswer:
    """The answers to (h) and (i): singular values, curvatures, the directions' angle off the axes (degrees), and the runs.

    ``best_rates`` are those of both methods at their best on this data.
    """

    singular_values: tuple[float, float]
    curvatures: tuple[float, float]
    angle: float
    minimum: float
    methods: tuple[MethodOnData, MethodOnData]
    best_rates: tuple[float, float]

    @property
    def faster(self) -> tuple[int, int]:
        """Which direction (1 or 2) each method is faster in."""
        first, second = (1 + int(m.radius[1] < m.radius[0]) for m in self.methods)
        return first, second

    @property
    def winner(self) -> MethodOnData:
        """The faster method at the notes' settings: the one whose slower direction is the faster."""
        return min(self.methods, key=lambda m: m.rate)


def on_data() -> DataAnswer:
    """Run both methods on the notes' data, and predict the same."""
    problem = gaussian_2d()
    angle = float(np.degrees(np.arctan2(problem.directions[1, 0], problem.directions[0, 0])))
    plain, course = (_on(problem, method) for method in (descent_method(), course_method()))
    return DataAnswer(
        _pair(problem.singular_values),
        _pair(problem.curvatures),
        angle,
        problem.minimum,
        (plain, course),
        _pair(
            np.array([cv.optimum(m).at(mu=problem.mu, L=problem.L).rate for m in (descent_method(), course_method())])
        ),
    )


def _on(problem: LeastSquares, method: Method) -> MethodOnData:
    hyper = SETTINGS[method.name]
    run, closed = (how(problem, method, STEPS, **hyper) for how in (simulate, predict))
    long = predict(problem, method, 4 * STEPS, **hyper)
    roots = eigenvalues(method, problem.curvatures, hyper)
    seen = identify(run, order=len(method.state))
    counts = [settled(np.abs(long.error[:, k])) for k in (0, 1)]
    return MethodOnData(
        method.name,
        method.title,
        dict(hyper),
        (tuple(map(complex, roots[0])), tuple(map(complex, roots[1]))),
        (_kind(roots[0]), _kind(roots[1])),
        _pair(np.abs(roots).max(axis=1)),
        _pair(np.abs(seen.eigenvalues).max(axis=1)),
        _pair(seen.error.max(axis=1)),
        (int(counts[0] or 0), int(counts[1] or 0)),
        float(run.loss[-1]),
        float(np.abs(run.error - closed.error).max() / np.abs(run.error).max()),
        _rows(np.abs(run.grad)),
        _rows(np.abs(run.x)),
        _rows(np.abs(run.error)),
        _rows(np.abs(closed.error)),
        tuple(map(float, run.loss - problem.minimum)),
        tuple(map(float, run.loss - run.loss[-1])),
    )


def _kind(roots: NDArray[np.complex128]) -> str:
    return "complex" if np.any(roots.imag) else "real"


def _pair(values: Array) -> tuple[float, float]:
    return float(values[0]), float(values[1])


def _rows(columns: Array) -> Rows:
    return tuple(tuple(map(float, row)) for row in columns.T)
