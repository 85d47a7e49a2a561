"""Where a method converges, and how fast: spectral radius over two hyperparameters, and over the learning rate.

The boundary is drawn where the derived conditions change sign, and not as a contour of the radius on a grid.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter
from scipy.spatial.distance import cdist

from convergence.figures.curves import Array, finite, grouped, span
from convergence.figures.style import (
    BLACK,
    EDGE,
    GREY,
    LOOKS,
    MAP,
    MOST,
    colorbar,
    crowded_ticks,
    left_out,
    legend,
    linear_ticks,
    nines,
    note,
    panel,
    wrapped,
)
from convergence.figures.words import boxes, name_lines, star, to_axes
from convergence.notation import text
from convergence.numerics import curves, maps
from convergence.rule import Method
from convergence.theory.optimum import Optimum
from convergence.theory.region import Region

RADIUS, BANDS = "spectral radius ρ", 24

LETTER = 0.012
"""Room for each letter of the value of a contour, in parts of the axes."""

UNRESOLVED = 1e-7
"""A map on which 1 − ρ is smaller than this everywhere would show rounding: double eigenvalues are known to √ε."""

LEVELS = (*(k / 10 for k in range(1, 9)), *(1 - part * 10.0**-k for k in range(1, 10) for part in (1, 0.5, 0.2)))


def named(method: Method, name: str) -> str:
    """A hyperparameter as an axis is labelled: "learning rate η", "momentum β"."""
    letter = text(method.symbols[name])
    words = "learning rate" if method.domains[name].is_rate else name.replace("_", " ")
    return words if words == letter else f"{words} {letter}"


def chosen_star(ax: Axes, result: Any, words: str, spare: Sequence[Array] = ()) -> None:
    """A star at the settings of a map over two hyperparameters, if it has some; what lies beyond, at the edge."""
    if result.x in result.hyper and result.y in result.hyper:
        x, y = float(result.hyper[result.x]), float(np.clip(result.hyper[result.y], *result.up[[0, -1]]))
        star(ax, x, y, words, spare)


def settings(method: Method, hyper: Any, *names: str) -> str:
    """Hyperparameters with their letters: "η = 0.1, β = 0.9"."""
    return ", ".join(equation(text(method.symbols[n]), float(hyper[n])) for n in names if n in hyper)


def equation(letter: str, value: float) -> str:
    """ "β = 0.9", and "1−β = 10⁻⁵" where its distance from 1 says more."""
    return f"1−{letter} = {text(1 - value, 3)}" if 0.999 < value < 1 else f"{letter} = {text(value, 3)}"


def radius_map(result: maps.RadiusMap, ax: Axes | None = None, *, best: bool = True) -> Axes:
    """Spectral radius over two hyperparameters: filled contours, their values, the derived boundary and the settings.

    Parameters
    ----------
    result
        A RadiusMap.
    ax
        Where to draw; a new figure, if not given.
    best
        Whether the settings are the optimum: a star, and not a dot.
    """
    # Digits count from 1: rates of 0.99999 are common.
    radius = 1 - np.nan_to_num(finite(1 - result.radius), nan=-1.0)
    low = min(float(radius.min()), 1 - 1e-9)
    resolved, title = 1 - low >= UNRESOLVED, f"Where {result.method.title} converges, and how fast"
    across, up = (named(result.method, name) for name in (result.x, result.y))
    with panel(ax, title, across, up, height=3.9) as axes:
        linear_ticks(axes.xaxis, axes.yaxis)
        crowded_ticks(axes.yaxis, result.up)
        if resolved:
            levels = low + (1 - low) * np.linspace(0, 1, BANDS + 1)
            look: dict[str, Any] = {"cmap": colormaps[MAP].with_extremes(over=GREY), "extend": "max"}
            bands = axes.contourf(result.across, result.up, radius, levels, **look)
            bar = colorbar(axes, bands, f"{RADIUS} (grey: diverges)")
            linear_ticks(bar.ax.yaxis)
            bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: nines(value)))
        else:
            stable = np.where(result.margin > 0, 1.0, 0.0)
            axes.contourf(result.across, result.up, stable, [-1, 0.5, 1], colors=[GREY, "#8f8a6b"])
            words = "stable where not grey; 1−ρ is below rounding"
            legend(axes, [words if stable.any() else "nothing here is stable"], handles=[])
        chosen_star(axes, result, _answer(result, best, result.x, result.y), [_stable(axes, result)])
        edge = _boundary(axes, result)
        if resolved:
            _isolines(axes, result, radius, low, edge)
    return axes


def radius_curve(
    result: curves.RadiusCurve, ax: Axes | None = None, *, names: Any = (), hidden: int = 0, best: bool = True
) -> Axes:
    """Spectral radius over the learning rate, a line for each curvature, with the bound and the chosen rate.

    Parameters
    ----------
    result
        A RadiusCurve.
    ax
        Where to draw; a new figure, if not given.
    names
        Those of the lines.
    hidden
        How many directions of the data are not among them.
    best
        Whether the settings are the optimum.
    """
    rate = str(result.method.rate)
    title = f"Spectral radius of {result.method.title}"
    with panel(ax, title, named(result.method, rate), RADIUS) as axes:
        groups = grouped(names or [f"λ = {text(float(c), 3)}" for c in result.curvatures], list(result.radius))
        for group, look in zip(groups, LOOKS, strict=False):
            axes.plot(finite(result.lr), finite(result.radius[group.first]), **look.line, label=wrapped(group.label))
        axes.axhline(1.0, color=EDGE, linewidth=0.8)
        axes.set(xlim=(0, float(result.lr[-1])), ylim=_heights(finite(result.radius)))
        linear_ticks(axes.xaxis)
        if np.isfinite(result.bound):
            axes.axvline(result.bound, color=BLACK, linestyle="--", linewidth=1.2)
            words = f"stable below {equation(text(result.method.symbols[rate]), result.bound)}"
            words = words if result.bound > 0 else f"no small {text(result.method.symbols[rate])} is stable"
            left = result.bound < 0.5 * float(result.lr[-1])
            note(axes, words, (result.bound, axes.get_ylim()[1]), (5 if left else -5, -9), "left" if left else "right")
        if rate in result.hyper:
            height = float(np.minimum(result.rate, axes.get_ylim()[1]))  # what is higher stands at the upper edge
            star(axes, float(result.hyper[rate]), height, _answer(result, best, rate))
        name_lines(axes, left_out(hidden + len(groups) - MOST, "direction"))
    return axes


def region(result: Region, ax: Axes | None = None, *, mu: float = 1.0, L: float | None = None, **hyper: Any) -> Axes:
    """The stable region of a method over the spectrum [μ, L], with its radius.

    A map over learning rate and momentum; for a method with a learning rate alone, the radius over it.

    Parameters
    ----------
    result
        A Region.
    ax
        Where to draw; a new figure, if not given.
    mu, L
        The spectrum (default: one direction of curvature 1).
    hyper
        Where the other hyperparameters are held, or their defaults. Where it gives a point of the map, that is marked.

    Raises
    ------
    BadHyperparameter
        For a hyperparameter that the method has not, or one without a number or a default that is not on an axis.

    >>> import convergence as cv
    >>> cv.stability("heavy_ball").plot(mu=1, L=10).get_xlabel()
    'learning rate η'
    """
    result.method.require_known(hyper)
    return _over(result.method, (mu, mu if L is None else L), hyper, ax, best=False)


def optimum(result: Optimum, ax: Axes | None = None, *, mu: float = 1.0, L: float = 100.0) -> Axes:
    """The optimum for [μ, L] on the map of the spectral radius. Raises what ``result.at`` raises."""
    return _over(result.method, (mu, L), result.at(mu=mu, L=L).hyper, ax, best=True)


def _over(method: Method, curvatures: tuple[float, float], hyper: Any, ax: Axes | None, best: bool) -> Axes:
    if maps.second(method) is None:
        return radius_curve(curves.radius_curve(method, np.unique(curvatures), hyper), ax, best=best)
    return radius_map(maps.radius_map(method, curvatures, hyper), ax, best=best)


def _answer(result: maps.RadiusMap | curves.RadiusCurve, best: bool, *names: str) -> str:
    kind = "optimum" if best else "chosen"
    return f"{kind}: {equation('ρ', result.rate)}\n{settings(result.method, result.hyper, *names)}"


def _isolines(ax: Axes, result: maps.RadiusMap, radius: Array, low: float, edge: Array) -> None:
    """Contours at round values, each with its value; fewer where they would crowd."""
    spaced: list[float] = []
    for level in (level for level in LEVELS if low + 0.1 * (1 - low) < level < 1 - 0.05 * (1 - low)):
        if not spaced or level > spaced[-1] + 0.13 * (1 - low):
            spaced.append(level)
    if spaced:
        inks = ["white" if level < low + 0.6 * (1 - low) else "#3a3a36" for level in spaced]
        lines = ax.contour(result.across, result.up, radius, spaced, colors=inks, linewidths=0.8)
        spots = dict(_spots(ax, lines, edge))
        ax.clabel(lines, list(spots), fontsize=8.5, fmt=nines, manual=list(spots.values()))


def _spots(ax: Axes, lines: Any, edge: Array) -> Iterator[tuple[float, tuple[float, float]]]:
    """For each level a place for its value, off the frame, boundary, other words and values; none without room."""
    taken, words = np.round(to_axes(ax).transform(edge[::8]), 5), boxes(ax)
    for level, path in zip(lines.levels, lines.get_paths(), strict=True):
        inside = np.round(to_axes(ax).transform(path.vertices), 5)
        room = np.minimum(inside, 1 - inside).min(axis=1, initial=1.0)
        for low, high in words:
            room = np.fmin(room, np.maximum(low - inside, inside - high).max(axis=1))
        if len(taken):
            room = np.fmin(room, cdist(inside, taken, "chebyshev").min(axis=1) / 2)
        if len(room) and room.max() > LETTER * len(nines(level)):
            best = np.round(room, 4).argmax()
            taken = np.concatenate([taken, inside[best : best + 1]])
            yield float(level), (float(path.vertices[best, 0]), float(path.vertices[best, 1]))


def _stable(ax: Axes, result: maps.RadiusMap) -> Array:
    """Some of the points (n, 2) at which the method is stable, in parts of the axes."""
    row, column = np.nonzero(result.margin[::8, ::10] > 0)
    return np.asarray(to_axes(ax).transform(np.stack([result.across[::10][column], result.up[::8][row]], axis=1)))


def _boundary(ax: Axes, result: maps.RadiusMap) -> Array:
    """The zeros (n, 2) of the derived stability conditions; scaled row by row, which leaves them where they are."""
    size = np.nanmax(np.abs(result.margin), axis=1, keepdims=True)
    scaled = np.round(np.where(np.isfinite(result.margin), result.margin, -1.0) / np.where(size > 0, size, 1.0), 10)
    if not scaled.min() < 0 < scaled.max():
        return np.empty((0, 2))
    lines = ax.contour(result.across, result.up, scaled, [0.0], colors=BLACK, linewidths=2.0)
    return np.concatenate([path.vertices for path in lines.get_paths()])


def _heights(radius: Array) -> tuple[float, float]:
    """Limits about ρ = 1 in proportion to the depth of the lowest curve below it; all there is where none is below."""
    low, high = span([*radius.ravel(), 1.0])
    if low == 1 < high:
        return 1 - 0.1 * (high - 1), high + 0.1 * (high - 1)
    depth = 1.0 - min(low, 0.9999)
    return max(0.0, low - 0.4 * depth), min(max(1.08 * high, 1 + 0.25 * depth), 1 + depth)
