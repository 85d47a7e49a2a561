"""The data and the loss over the weights: a scatter of the sample, and the landscape with the methods' paths on it."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes

from convergence.figures.findings.curves import finite, grouped, span
from convergence.figures.findings.style import (
    BLACK,
    LOOKS,
    MAP,
    MOST,
    colorbar,
    describe,
    left_out,
    legend,
    linear_ticks,
    number,
    panel,
    wrapped,
)
from convergence.results import DataResult, Findings, LandscapeResult

LEVELS = 12
MOST_CLASSES = 3
STEPS = 30  # of a path: later ones lie on one another
FAR = 1e3  # times the width of the landscape: a path is not drawn further out


def scatter(data: DataResult, ax: Axes | None = None) -> Axes:
    """Two columns of the data against each other; a target of few values as classes, another as colour."""
    if data.sample_columns is None:
        raise ValueError("a scatter needs two columns, and this data's sample has none")
    with panel(ax) as axes:
        points, target = np.array(data.sample).reshape(-1, 2), np.array(data.sample_target)
        classes = np.unique(target)
        if 0 < len(classes) <= MOST_CLASSES:
            _classes(axes, points, target, classes)
        else:
            _graded(axes, points, target)
        x, y = data.sample_columns
        describe(axes, _title(data), x, y)
        linear_ticks(axes.xaxis, axes.yaxis)
    return axes


def landscape(study: Findings, ax: Axes | None = None) -> Axes:
    """The loss over two coordinates as filled contours, its minimum, and the way each method took."""
    found = study.landscape
    if found is None:
        raise ValueError("a landscape needs two coordinates, and this study has none")
    with panel(ax, height=3.9) as axes:
        _contours(axes, found)
        titles = {m.name: m.title for m in study.methods}
        hidden = _paths(axes, found, [titles.get(path.method, path.method) for path in found.paths])
        long = max((len(path.x) - 1 for path in found.paths), default=0) > STEPS
        axes.plot(*found.minimum, "*", color=BLACK, markersize=11, zorder=6, linestyle="none", label="minimum")
        axes.set_xlim(*span(found.x))
        axes.set_ylim(*span(found.y))
        describe(axes, "The loss, and the way each method takes", *found.labels)
        linear_ticks(axes.xaxis, axes.yaxis)
        legend(axes, [*([f"the first {STEPS} steps of each"] if long else []), *left_out(hidden, "path")])
    return axes


def _title(data: DataResult) -> str:
    shown = len(data.sample)
    return f"The data: {shown} of {data.rows} rows" if shown < data.rows else f"The data: {data.rows} rows"


def _classes(ax: Axes, points: np.ndarray, target: np.ndarray, classes: np.ndarray) -> None:
    for value, look in zip(classes, LOOKS, strict=False):
        chosen = points[target == value]
        face = look.color if look.marker == "o" else "none"
        ax.plot(
            *chosen.T,
            look.marker,
            color=look.color,
            markerfacecolor=face,
            markersize=3.2,
            markeredgewidth=0.8,
            label=f"target {number(float(value))}: {len(chosen)} points",
        )
    legend(ax, columns=len(classes) if len(classes) < 3 else 1)


def _graded(ax: Axes, points: np.ndarray, target: np.ndarray) -> None:
    drawn = ax.scatter(points[:, 0], points[:, 1], c=target, s=12, cmap=MAP, edgecolors="none", rasterized=True)
    colorbar(ax, drawn, "target y")


def _contours(ax: Axes, found: LandscapeResult) -> None:
    loss = finite(found.loss)
    low, high = float(np.nanmin(loss)), float(np.nanmax(loss))
    high = high if high > low else low + 1.0
    levels = low + (high - low) * np.linspace(0, 1, LEVELS) ** 2  # squares: evenly spaced ellipses
    shades = colormaps["Greys"](np.linspace(0.0, 0.5, LEVELS - 1))  # light, so that lines of any hue stand out
    filled = ax.contourf(found.x, found.y, loss, levels=levels, colors=shades)
    filled.set_rasterized(True)
    bar = colorbar(ax, filled, "loss", ticks=levels[::3])
    bar.ax.set_yticklabels([number(float(level)) for level in levels[::3]])


def _paths(ax: Axes, found: LandscapeResult, titles: list[str]) -> int:
    """Draw the paths and return how many were left out."""
    far = FAR * max(max(map(abs, found.x)), max(map(abs, found.y)))
    rows = [np.concatenate([finite(p.x[: STEPS + 1], far), finite(p.y[: STEPS + 1], far)]) for p in found.paths]
    groups = grouped(titles, rows)
    for group, look in zip(groups, LOOKS, strict=False):
        x, y = np.split(rows[group.first], 2)
        ax.plot(x, y, **look.marked, markersize=4, linewidth=1.2, label=wrapped(group.label))
    return max(0, len(groups) - MOST)
