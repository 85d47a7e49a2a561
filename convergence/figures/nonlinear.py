"""Functions that are not quadratic: their critical points, the ways of methods, basins, and what comes beyond the limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch
from numpy.typing import NDArray

from convergence.figures.curves import finite
from convergence.figures.landscape import contours
from convergence.figures.style import (
    BLACK,
    BLUE,
    EDGE,
    GREEN,
    GREY,
    LOOKS,
    PAPER,
    SKY,
    VERMILLION,
    legend,
    linear_ticks,
    note,
    panel,
    samples,
    wrapped,
)
from convergence.landscapes.basin_map import ELSEWHERE, GONE, BasinMap
from convergence.landscapes.basins import LEAVES, Basins
from convergence.landscapes.critical import Critical
from convergence.landscapes.function import Landscape
from convergence.landscapes.period_doubling import PeriodDoubling
from convergence.notation import text
from convergence.rule import title_of

Array = NDArray[np.float64]

POINTS, GRID = 401, 81
LOOK = {"minimum": (GREEN, "o"), "maximum": (VERMILLION, "^"), "saddle": (VERMILLION, "X"), "degenerate": (GREY, "s")}
TINTS = ("#9ecae1", "#fdd0a2", "#a1d99b", "#dadaeb", "#fcbba1", "#c7e9c0", "#d9d9d9", "#fee391")
"""Of basins, light, so that lines can be seen on them."""

ATTRACTS: dict[str, Any] = {"color": BLACK, "linewidth": 1.5}
REPELS: dict[str, Any] = {"color": BLACK, "linewidth": 1.1, "linestyle": (0, (4, 2))}

UNSETTLED, BLANK = "#bdbdbd", PAPER
NO_PATHS: Mapping[str, Array] = {}
MARKERS = 25


def critical(result: Critical, paths: Mapping[str, Array] = NO_PATHS, ax: Axes | None = None) -> Axes:
    """A function and its critical points, the ways of methods on it, and in one variable the limits at its minima.

    Parameters
    ----------
    result
        What ``local`` found.
    paths
        Name -> iterates (steps+1, d), as ``Landscape.path`` makes them.
    ax
        Where to draw; a new figure, if not given.
    """
    function = result.function
    alone = function.dimension == 1
    names = [str(v) for v in function.variables]
    what = _written(function)
    title = f"Critical points of {what}{', and the ways of methods' if paths else ''}"
    with panel(ax, title, names[0], "f" if alone else names[1], height=3.5 if alone else 4.1) as axes:
        sides = function.domain or _around(
            [*(p.point for p in result), *(p[k] for p in paths.values() for k in (0, -1))]
        )
        if alone:
            x = np.linspace(*sides[0], POINTS)
            axes.plot(x, finite(function.loss(x[:, None])), color=BLUE, linewidth=1.6)
        else:
            x, y = (np.linspace(*side, GRID) for side in sides)
            contours(axes, x, y, function.loss(np.stack(np.meshgrid(x, y), axis=-1)))
        for look, (name, path) in zip(LOOKS[1:], paths.items(), strict=False):
            across, up = path[:, 0], function.loss(path) if alone else path[:, 1]
            marked = {**look.marked, "markevery": max(1, len(path) // MARKERS), "markersize": 4, "linewidth": 1.0}
            axes.plot(finite(across), finite(up), **marked, label=wrapped(name))
        _points(axes, result)
        axes.set_xlim(*sides[0])
        if alone:
            _limits(axes, result, sides[0])
        else:
            axes.set_ylim(*sides[1])
        linear_ticks(axes.xaxis, axes.yaxis)
        legend(
            axes,
            ["limits of lr: of gradient descent"] if alone and result.minima else [],
            samples(axes),
        )
    return axes


def _setting(result: Basins | BasinMap | PeriodDoubling) -> str:
    """The method and its hyperparameters: "heavy ball, lr = 0.1, momentum = 0.9"."""
    return ", ".join([title_of(result.method), *(f"{name} = {value:g}" for name, value in result.hyper.items())])


def _written(function: Landscape) -> str:
    return function.name if function.expression is None else text(function.expression)


def _points(axes: Axes, result: Critical) -> None:
    for kind, (color, marker) in LOOK.items():
        some = [point for point in result if point.kind == kind]
        if some:
            up = [point.value if result.function.dimension == 1 else point.point[1] for point in some]
            look: dict[str, Any] = {"color": color, "markeredgecolor": BLACK, "markersize": 8, "linestyle": "none"}
            axes.plot([p.point[0] for p in some], up, marker, **look, zorder=6, label=kind)


def _limits(axes: Axes, result: Critical, side: tuple[float, float]) -> None:
    axes.margins(y=0.18)
    for point in result.minima:
        at = "left" if point.x < sum(side) / 2 else "right"
        words = f"λ = {text(point.curvatures[0], 4)}: lr < {text(point.lr_max('gradient_descent'), 4)}"
        note(axes, words, (point.x, point.value), (0, -15), at)


def _around(places: Sequence[Array]) -> list[tuple[float, float]]:
    points = np.array(places) if places else np.zeros((1, 1))
    low, high = points.min(axis=0), points.max(axis=0)
    room = np.maximum(high - low, 2.0) / 2
    return [(float(a), float(b)) for a, b in zip(low - room, high + room, strict=True)]


def basins(result: Basins, ax: Axes | None = None) -> Axes:
    """The function in one variable on a ground that says where the runs from each start settle.

    Parameters
    ----------
    result
        Basins.
    ax
        Where to draw; a new figure, if not given.
    """
    function = result.critical.function
    (side,) = function.domain
    kinds = list(dict.fromkeys(piece.how for piece in result.pieces))
    shades = iter(TINTS * (len(kinds) // len(TINTS) + 1))
    tints = {kind: next(shades) if kind.startswith("to") else BLANK if kind == LEAVES else UNSETTLED for kind in kinds}
    with panel(ax, f"Where runs settle: {_setting(result)}", f"start {function.variables[0]}", "f") as axes:
        for piece in result.pieces:
            axes.axvspan(piece.low, piece.high, color=tints[piece.how], linewidth=0)
        for end in result.ends:
            axes.axvline(end, color=EDGE, linewidth=0.8)
        x = np.linspace(*side, POINTS)
        axes.plot(x, finite(function.loss(x[:, None])), color=BLACK, linewidth=1.4)
        _points(axes, result.critical)
        axes.set_xlim(*side)
        linear_ticks(axes.xaxis, axes.yaxis)
        patches = [Patch(facecolor=tints[kind], edgecolor=EDGE, label=wrapped(kind)) for kind in kinds]
        legend(
            axes,
            [] if result.complete else ["some ends found by runs"],
            [*patches, *samples(axes)],
        )
    return axes


def basin_map(result: BasinMap, ax: Axes | None = None) -> Axes:
    """Where the runs from each start of the grid are in the end, by colour.

    Parameters
    ----------
    result
        A BasinMap.
    ax
        Where to draw; a new figure, if not given.
    """
    function = result.critical.function
    title = f"Where runs are after {result.steps} steps: {_setting(result)}"
    names = [f"start {v}" for v in function.variables]
    alone = function.dimension == 1
    with panel(ax, title, names[0], "" if alone else names[1], height=1.6 if alone else 4.1) as axes:
        colors = [BLANK, UNSETTLED, *(TINTS[k % len(TINTS)] for k in range(len(result.critical)))]
        labels = result.labels[None] if alone else result.labels
        (left, right), (low, high) = function.domain[0], (0.0, 1.0) if alone else function.domain[1]
        look: dict[str, Any] = {"cmap": ListedColormap(colors), "vmin": GONE - 0.5, "vmax": len(result.critical) - 0.5}
        look |= {"origin": "lower", "aspect": "auto", "interpolation": "nearest"}
        axes.imshow(labels, extent=(left, right, low, high), **look)
        linear_ticks(axes.xaxis, axes.yaxis)
        if alone:
            axes.set_yticks([])
        else:
            _points(axes, result.critical)
        reached = [k for k in range(len(result.critical)) if result.share(k)]
        spots = [(colors[k + 2], "to " + ", ".join(f"{v:.6g}" for v in result.critical[k].point)) for k in reached]
        others = [(UNSETTLED, "elsewhere", ELSEWHERE), (BLANK, "diverged", GONE)]
        spots += [(color, name) for color, name, label in others if result.share(label)]
        legend(
            axes,
            [],
            [*(Patch(facecolor=c, edgecolor=EDGE, label=n) for c, n in spots), *samples(axes)],
        )
    return axes


def period_doubling(result: PeriodDoubling, ax: Axes | None = None) -> Axes:
    """The last iterates of runs over the learning rate, and on them the rest, the 2-cycle and the derived amplitude.

    Parameters
    ----------
    result
        A PeriodDoubling.
    ax
        Where to draw; a new figure, if not given.
    """
    point = result.point
    title = f"{_setting(result)} near the minimum {text(point.x, 6)} of {_written(point.function)}"
    ends = float(result.lr[0]), float(result.lr[-1])
    with panel(ax, title, "learning rate", str(point.function.variables[0]), height=3.9) as axes:
        seen = np.repeat(result.lr[:, None], result.orbit.shape[1], axis=1)
        span = _height(result)
        dots: dict[str, Any] = {"color": SKY, "markersize": 1.2, "rasterized": True, "zorder": 1}
        inside = (result.orbit >= span[0]) & (result.orbit <= span[1])
        axes.plot(seen[inside], finite(result.orbit[inside]), ".", **dots)
        axes.plot([], [], ".", color=SKY, markersize=5, label="last iterates of runs")
        axes.plot([ends[0], result.lr_max], [point.x] * 2, **ATTRACTS, label="attracts")
        axes.plot([result.lr_max, ends[1]], [point.x] * 2, **REPELS, label="repels")
        for kind, look in ((True, ATTRACTS), (False, REPELS)):
            axes.plot(result.cycle_lr, np.where(result.attracts[:, None] == kind, result.cycle, np.nan), **look)
        if result.flip is not None:
            lr = np.linspace(*ends, POINTS)
            amplitude = np.array([result.flip.amplitude(float(value)) for value in lr])
            law: dict[str, Any] = {"color": VERMILLION, "linewidth": 1.2, "linestyle": ":"}
            axes.plot(lr, point.x + amplitude, **law, label="√ law of the normal form")
            axes.plot(lr, point.x - amplitude, **law)
        axes.axvline(result.lr_max, color=EDGE, linewidth=0.8)
        axes.set(xlim=ends, ylim=span)
        note(axes, f"limit {result.lr_max:.4g}", (result.lr_max, span[0]), (-6, 12), "right")
        linear_ticks(axes.xaxis, axes.yaxis)
        legend(axes)
    return axes


def _height(result: PeriodDoubling) -> tuple[float, float]:
    """What there is to see around the rest: the 2-cycle, and orbits near it."""
    reach = float(np.abs(result.cycle - result.point.x).max()) if result.cycle.size else 0.1
    near = result.orbit[np.abs(result.orbit - result.point.x) < 3 * reach]
    low = near.min(initial=result.point.x - reach)
    high = near.max(initial=result.point.x + reach)
    room = 0.08 * (high - low)
    return low - room, high + room
