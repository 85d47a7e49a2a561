"""Questions (h) and (i) of the homework: both methods on the notes' data, per dimension, run and predicted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import convergence as cv
from convergence.coursework.derivation import COURSE, DESCENT
from convergence.datasets import gaussian_2d
from convergence.numerics.counts import passed
from convergence.numerics.matrices import eigenvalues
from convergence.numerics.runs import Run
from convergence.problem import LeastSquares
from convergence.rule import Method

Array = NDArray[np.float64]

STEPS = 100
SETTINGS = {DESCENT.name: {"lr": 1e-4}, COURSE.name: {"lr": 1e-4, "momentum": 0.6}}
"""What the notes run."""


@dataclass(frozen=True, eq=False)
class MethodOnData:
    """One method on the notes' data. Pairs are of the first and the second direction.

    ``run`` is on the data, ``closed`` the closed form; ``eigenvalues`` (2, n) are derived, ``measured`` the largest moduli of
    those identified from the run, known to ``doubt``; ``steps`` bring each direction within 99.9 %. ``minimum`` is the
    loss's.
    """

    title: str
    run: Run
    closed: Run
    eigenvalues: NDArray[np.complex128]
    measured: Array
    doubt: Array
    steps: tuple[int, ...]
    minimum: float

    @property
    def radius(self) -> Array:
        """The derived rates (2,)."""
        return np.asarray(np.abs(self.eigenvalues).max(axis=1))

    @property
    def rate(self) -> float:
        """The rate of the slower direction, which the error as a whole takes in the end."""
        return float(self.radius.max())

    @property
    def kind(self) -> list[str]:
        """What the derived eigenvalues are in each direction."""
        return ["complex" if row.imag.any() else "real" for row in self.eigenvalues]

    @property
    def disagreement(self) -> float:
        """How far the run is from the closed form, relative to the largest error."""
        return float(np.abs(self.run.error - self.closed.error).max() / np.abs(self.run.error).max())

    @property
    def gap(self) -> Array:
        """The loss above the minimum (steps+1,)."""
        return self.run.loss - self.minimum

    @property
    def losses(self) -> dict[str, Array]:
        """The loss (steps+1,) less the minimum, and less the last one, as the notes plot it."""
        return {"minimum": self.gap, "final loss": self.run.loss - self.run.loss[-1]}

    def table(self) -> dict[str, Any]:
        """All of it by name; rows of iterates are by direction or column."""
        same = ("title", "eigenvalues", "kind", "radius", "measured", "doubt", "steps", "disagreement", "gap")
        sizes = {
            "gradient": self.run.grad,
            "weight": self.run.x,
            "error": self.run.error,
            "predicted": self.closed.error,
        }
        return {
            "name": self.run.method,
            "hyper": dict(self.run.hyper),
            "final_loss": float(self.run.loss[-1]),
            "above_final": self.losses["final loss"],
            **{name: getattr(self, name) for name in same},
            **{name: np.abs(rows).T for name, rows in sizes.items()},
        }


@dataclass(frozen=True, eq=False)
class DataAnswer:
    """The answers to (h) and (i): singular values, curvatures, the directions' angle off the axes (degrees), and the runs.

    ``best_rates`` are those of both methods at their best on this data.
    """

    singular_values: tuple[float, ...]
    curvatures: tuple[float, ...]
    angle: float
    minimum: float
    methods: tuple[MethodOnData, MethodOnData]
    best_rates: tuple[float, ...]

    @property
    def faster(self) -> tuple[int, ...]:
        """Which direction (1 or 2) each method is faster in."""
        return tuple(1 + int(m.radius.argmin()) for m in self.methods)

    @property
    def winner(self) -> MethodOnData:
        """The faster method at the notes' settings: the one whose slower direction is the faster."""
        return min(self.methods, key=lambda m: m.rate)


def on_data() -> DataAnswer:
    """Run both methods on the notes' data, and predict the same."""
    problem = gaussian_2d()
    return DataAnswer(
        tuple(problem.singular_values.tolist()),
        tuple(problem.curvatures.tolist()),
        float(np.degrees(np.arctan2(problem.directions[1, 0], problem.directions[0, 0]))),
        problem.minimum,
        (_on(problem, DESCENT), _on(problem, COURSE)),
        tuple(cv.optimum(method).at(mu=problem.mu, L=problem.L).rate for method in (DESCENT, COURSE)),
    )


def _on(problem: LeastSquares, method: Method) -> MethodOnData:
    hyper: dict[str, Any] = SETTINGS[method.name]
    run, closed, long = (
        how(problem, method, steps, **hyper)
        for how, steps in ((cv.simulate, STEPS), (cv.predict, STEPS), (cv.predict, 4 * STEPS))
    )
    seen = cv.identify(run, order=len(method.state))
    return MethodOnData(
        method.title,
        run,
        closed,
        eigenvalues(method, problem.curvatures, hyper),
        np.abs(seen.eigenvalues).max(axis=1),
        seen.error.max(axis=1),
        tuple(passed(np.abs(column)) or 0 for column in long.error.T),
        problem.minimum,
    )
