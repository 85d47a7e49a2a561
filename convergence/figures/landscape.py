"""The data and the loss over the weights: a scatter of the sample, and the landscape with the methods' paths on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes

from convergence.errors import BadData
from convergence.figures.curves import finite, foremost, grouped, span
from convergence.figures.style import (
    BLACK,
    LOOKS,
    MAP,
    colorbar,
    left_out,
    legend,
    linear_ticks,
    panel,
    plain,
    samples,
    short,
    wrapped,
)
from convergence.notation import text
from convergence.numerics.runs import Run
from convergence.problem import LeastSquares, Quadratic

LEVELS, POINTS, STEPS, MARKERS = 12, 81, 150, 30
MARGIN = 0.35
"""Room around what is shown, in parts of its size."""

FAR = 3.0
"""A path that ends this many times as far from the minimum as it began is cut where it first is; a transient is shown whole."""

SAMPLE, MOST_CLASSES = 500, 3

SMALL, LARGE = 3.4, 8.0
"""Points across a dot: of a full sample, and at most, of a few rows."""

NO_RUNS: Mapping[str, Run] = {}


def scatter(problem: LeastSquares, ax: Axes | None = None) -> Axes:
    """The first two columns of the data that vary; a target of few values as classes, another as colour.

    Raises
    ------
    BadData
        For data that have not two such columns.
    """
    pair = varying(problem)
    if len(pair) < 2:
        raise BadData(f"a scatter needs two columns that vary; {', '.join(problem.columns[:6])} has {len(pair)}")
    every = slice(None, None, -(-problem.rows // SAMPLE))
    points, target = finite(problem.X[every][:, pair]), finite(problem.y[every])
    shown = f"{len(points)} of {problem.rows} rows" if len(points) < problem.rows else f"{problem.rows} rows"
    first, second = (short(problem.columns[j], 40) for j in pair)
    with panel(ax, f"The data: {shown}", first, second) as axes:
        linear_ticks(axes.xaxis, axes.yaxis)
        classes = np.unique(target)
        if len(classes) <= MOST_CLASSES:
            _classes(axes, points, target, classes)
            legend(axes)
        else:
            look: dict[str, Any] = {"s": _size(len(points)) ** 2, "cmap": MAP, "edgecolors": "none"}
            marks = axes.scatter(points[:, 0], points[:, 1], c=target, **look)
            colorbar(axes, marks, "target y")
    return axes


def _size(rows: int) -> float:
    """Points across a dot: the fewer there are, the larger."""
    return float(min(SMALL * (SAMPLE / rows) ** 0.25, LARGE))


def varying(problem: LeastSquares) -> list[int]:
    """The first two columns that are not constant."""
    return [j for j in range(len(problem.columns)) if np.ptp(problem.X[:, j]) > 0][:2]


def landscape(problem: Quadratic, runs: Mapping[str, Run] = NO_RUNS, ax: Axes | None = None) -> Axes:
    """The loss over the two weights as filled contours, its minimum, and the way of each run by name.

    With more weights, the plane of the steepest and the flattest direction through the minimum.

    Parameters
    ----------
    problem
        A problem with two directions at least.
    runs
        Name -> Run.
    ax
        Where to draw; a new figure, if not given.

    Raises
    ------
    BadData
        For a problem with fewer than two directions.
    """
    if problem.rank < 2:
        raise BadData("a landscape needs two directions with curvature")
    plane = _Plane(problem)
    paths = [_cut(plane.path(one)[: STEPS + 1], plane.minimum) for one in runs.values()]
    losses = [float(one.loss[min(STEPS, one.steps)]) for one in runs.values()]
    with panel(ax, "The loss, and the way each method takes", *plane.labels, height=4.1) as axes:
        x, y = (_axis([*(path[:, k] for path in paths), plane.minimum[k : k + 1]]) for k in (0, 1))
        contours(axes, x, y, plane.loss(x, y))
        groups = grouped(runs, [_padded(path) for path in paths])
        drawn = foremost(groups, losses.__getitem__)
        for group, look in zip(drawn, LOOKS, strict=False):
            way = finite(paths[group.first]).T
            marked = {**look.marked, "markevery": max(1, way.shape[1] // MARKERS)}
            axes.plot(*way, **marked, markersize=4, linewidth=1.2, label=wrapped(group.label))
        axes.plot(*finite(plane.minimum), "*", color=BLACK, markersize=11, zorder=6, linestyle="none", label="minimum")
        axes.set(xlim=span(x), ylim=span(y))
        linear_ticks(axes.xaxis, axes.yaxis)
        long = any(one.steps > STEPS for one in runs.values())
        remarks = [f"the first {STEPS} steps of each"] * long + left_out(len(groups) - len(drawn), "path")
        legend(axes, remarks, samples(axes))
    return axes


class _Plane:
    """Coordinates in which a landscape is drawn: two weights, or the two extreme directions."""

    def __init__(self, problem: Quadratic) -> None:
        self.problem, self.weights = problem, len(problem.columns) == 2
        self.ends = [0, problem.rank - 1]
        names = [short(name) for name in problem.columns] if self.weights else [f"direction {k + 1}" for k in self.ends]
        self.labels = (f"weight of {names[0]}", f"weight of {names[1]}") if self.weights else (names[0], names[1])
        self.minimum = problem.minimizer if self.weights else np.zeros(2)

    def path(self, run: Run) -> Any:
        return run.x if self.weights else run.error[:, self.ends]

    def loss(self, x: Any, y: Any) -> Any:
        """(len(y), len(x)); off the plane the other errors are zero."""
        points = np.stack(np.meshgrid(x, y), axis=-1)
        if self.weights:
            return np.asarray(self.problem.loss(points))
        return np.asarray(self.problem.minimum + 0.5 * (points**2 * self.problem.curvatures[self.ends]).sum(axis=-1))


def _cut(path: Any, minimum: Any) -> Any:
    away = np.linalg.norm(path - minimum, axis=1)
    beyond = np.nonzero(~(away <= FAR * max(away[0], 1e-300)))[0]
    return path[: beyond[0] if beyond.size and beyond[-1] == len(path) - 1 else len(path)]


def _padded(path: Any) -> Any:
    return np.concatenate([path, np.full((STEPS + 1 - len(path), 2), np.nan)]).ravel()


def _axis(parts: Sequence[Any]) -> Any:
    low, high = span(np.concatenate(parts))
    return np.linspace(low - MARGIN * (high - low), high + MARGIN * (high - low), POINTS)


def _classes(ax: Axes, points: Any, target: Any, classes: Any) -> None:
    size = _size(len(points))
    for value, look in zip(classes, LOOKS, strict=False):
        chosen = points[target == value]
        own: dict[str, Any] = {"color": look.color, "markerfacecolor": look.color if look.marker == "o" else "none"}
        label = f"target {text(float(value), 3)}: {len(chosen)} points"
        ax.plot(*chosen.T, look.marker, **own, markersize=size, markeredgewidth=0.8, label=plain(label))


def contours(ax: Axes, x: Any, y: Any, loss: Any) -> None:
    """The loss (len(y), len(x)) as shades, with their scale beside the axes."""
    loss = finite(loss)
    low, high = span(loss)
    levels = low + (high - low) * np.linspace(0, 1, LEVELS) ** 2  # squares: evenly spaced ellipses
    shades = colormaps["Greys"](np.linspace(0.0, 0.5, LEVELS - 1))  # light, so that lines of any hue stand out
    filled = ax.contourf(x, y, loss, levels=levels, colors=shades)
    bar = colorbar(ax, filled, "loss", ticks=levels[::3])
    bar.ax.set_yticklabels([text(float(level), 3) for level in levels[::3]])
