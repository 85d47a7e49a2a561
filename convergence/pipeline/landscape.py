"""A problem and its methods' settings go in; the loss over a plane, and the methods' paths in it, come out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.numerics.trajectory import Run, simulate
from convergence.pipeline.data import grid, significant, vector
from convergence.problem import LeastSquares
from convergence.results import LandscapeResult, PathResult
from convergence.rule import Method

Array = NDArray[np.float64]

STEPS = 30
POINTS = 61
MARGIN = 0.35
"""Room around what is shown, in parts of its size."""

FAR = 3.0
"""A path that leaves the start's distance from the minimum this many times over is cut there."""


def landscape(problem: LeastSquares, settings: Mapping[Method, Mapping[str, Any]]) -> LandscapeResult | None:
    """Over the two weights, or the steepest and the flattest direction where there are more; None for one column."""
    if len(problem.columns) < 2 or problem.rank < 2:
        return None
    runs = {m: simulate(problem, m, STEPS, **hyper) for m, hyper in settings.items()}
    plane = _Plane(problem)
    paths = [PathResult(m.name, *map(vector, _cut(plane.path(run), plane.minimum))) for m, run in runs.items()]
    x, y = _axes(paths, plane.minimum)
    return LandscapeResult(
        labels=plane.labels,
        x=vector(significant(x, 6)),
        y=vector(significant(y, 6)),
        loss=grid(plane.loss(x, y), 5),
        minimum=(float(plane.minimum[0]), float(plane.minimum[1])),
        paths=tuple(paths),
    )


class _Plane:
    """Coordinates in which a landscape is drawn."""

    def __init__(self, problem: LeastSquares) -> None:
        self.problem = problem
        self.weights = len(problem.columns) == 2
        self.ends = [0, problem.rank - 1]
        names = problem.columns if self.weights else [f"direction {k + 1}" for k in self.ends]
        self.labels = (f"weight of {names[0]}", f"weight of {names[1]}") if self.weights else (names[0], names[1])
        self.minimum = problem.minimizer if self.weights else np.zeros(2)

    def path(self, run: Run) -> Array:
        return run.x if self.weights else run.error[:, self.ends]

    def loss(self, x: Array, y: Array) -> Array:
        """(len(y), len(x)); off the plane the other errors are zero."""
        points = np.stack(np.meshgrid(x, y), axis=-1)
        if self.weights:
            return np.asarray(self.problem.loss(points))
        return np.asarray(self.problem.minimum + 0.5 * (points**2 * self.problem.curvatures[self.ends]).sum(axis=-1))


def _cut(path: Array, minimum: Array) -> Array:
    away = np.linalg.norm(path - minimum, axis=1)
    beyond = np.nonzero(away > FAR * max(away[0], 1e-300))[0]
    return np.asarray(path[: beyond[0] if beyond.size else len(path)].T)


def _axes(paths: list[PathResult], minimum: Array) -> tuple[Array, Array]:
    return _axis(np.concatenate([p.x for p in paths]), minimum[0]), _axis(
        np.concatenate([p.y for p in paths]), minimum[1]
    )


def _axis(values: Array, minimum: float) -> Array:
    low, high = min(values.min(), minimum), max(values.max(), minimum)
    room = MARGIN * (high - low) or 1.0
    return np.linspace(low - room, high + room, POINTS)
