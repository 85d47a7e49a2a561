"""What gradient noise does: the floor of the loss and its limits by batch, and the loss of many runs beside its expectation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.ticker import LogLocator, NullLocator

from convergence.figures.curves import Array, finite, log_axis, positive, span, step_axis
from convergence.figures.runs import STEP
from convergence.figures.stability import chosen_star, named, settings
from convergence.figures.style import (
    BLACK,
    BLUE,
    EDGE,
    GREY,
    LOOKS,
    MAP,
    SKY,
    VERMILLION,
    PlainPowers,
    Within,
    colorbar,
    crowded_ticks,
    linear_ticks,
    log_scale,
    note,
    panel,
)
from convergence.figures.words import name_lines, star, to_axes
from convergence.notation import text
from convergence.rule import title_of
from convergence.stochastic.ensemble import Ensemble
from convergence.stochastic.floor_maps import FloorCurve, FloorMap
from convergence.stochastic.moments import Moments
from convergence.stochastic.sampling import LabelNoise
from convergence.stochastic.steps_by_batch import StepsByBatch

LOSS = "loss above its minimum"

BANDS = 24
TOP = 97.0
"""The percentage of the stable points of a map whose floors its colours tell apart: at the limit the floor is infinite."""

APART, ROOM = 0.025, 0.12
"""In parts of the axes: limits nearer to each other share a name, and a name needs no more room beside its line."""

INSIDE, HIGH = np.array([0.07, 0.04]), 0.07
"""Of a name, in parts of the axes: the room it needs to the frame, and its height."""

QUANTILES = (0.1, 0.9)
"""Of the runs, between which the band lies."""


def floor_map(result: FloorMap, ax: Axes | None = None) -> Axes:
    """The floor of the loss over learning rate and momentum, both colours and rates on logarithmic scales.

    Black lines are the limits in mean square for several batches; grey is where nothing settles.

    Parameters
    ----------
    result
        A FloorMap.
    ax
        Where to draw; a new figure, if not given.
    """
    title = f"Loss that {result.method.title} settles at, {cause(result.batch, result.noise)}"
    across, up = (named(result.method, name) for name in (result.x, result.y))
    edge = result.edges[result.batches.index(result.batch)]
    with panel(ax, title, f"{across} (log scale)", up, height=3.9) as axes:
        log_scale(axes.xaxis)
        linear_ticks(axes.yaxis)
        crowded_ticks(axes.yaxis, result.up)
        axes.set(xlim=span(result.across, log=True), ylim=span(result.up))
        shown = positive(result.floor)
        if np.isfinite(shown).any():
            low, high = float(np.nanmin(shown)), float(np.nanpercentile(shown, TOP))
            levels = np.geomspace(low, max(high, 1.01 * low), BANDS + 1)
            field = np.where(np.isfinite(shown), shown, 2 * levels[-1])
            look: dict[str, Any] = {"cmap": colormaps[MAP], "norm": LogNorm(levels[0], levels[-1]), "extend": "max"}
            bands = axes.contourf(result.across, result.up, field, levels, **look)
            bar = colorbar(axes, bands, f"{LOSS} (log scale)")
            bar.ax.yaxis.set_major_locator(Within(LogLocator(10, (1,) if high > 30 * low else (1, 2, 5))))
            bar.ax.yaxis.set_minor_locator(NullLocator())
            bar.ax.yaxis.set_major_formatter(PlainPowers())
        axes.fill_betweenx(result.up, edge, 2 * result.across[-1], color=GREY, linewidth=0)
        _edges(axes, result)
        floor = f"settles at {text(result.here, 3)}" if np.isfinite(result.here) else "settles nowhere"
        chosen_star(axes, result, f"{floor}\n{settings(result.method, result.hyper, result.x, result.y)}")
    return axes


def floor_curve(result: FloorCurve, ax: Axes | None = None) -> Axes:
    """The floor of the loss over the learning rate, a line for each batch up to its limit; both scales are logarithmic.

    Parameters
    ----------
    result
        A FloorCurve.
    ax
        Where to draw; a new figure, if not given.
    """
    title = f"Loss that {result.method.title} settles at"
    across = named(result.method, str(result.method.rate))
    with panel(ax, title, f"{across} (log scale)", f"{LOSS} (log scale)") as axes:
        log_scale(axes.xaxis)
        rows = []
        for batch, floor, limit, look in zip(result.batches, result.floors, result.limits, LOOKS, strict=False):
            row = positive(floor)
            words = "noise alone" if batch is None else f"B = {batch}"
            axes.plot(finite(result.lr), row, **look.line, label=words)
            rows.append(row)
            if 0 < limit <= result.lr[-1]:
                axes.axvline(limit, color=look.color, linewidth=0.8, linestyle=":")
        axes.set_xlim(*span(result.lr, log=True))
        log_axis(axes, [_below(row) for row in rows])
        rate = str(result.method.rate)
        if rate in result.hyper:
            axes.axvline(float(result.hyper[rate]), color=EDGE, linewidth=1.2, linestyle="--")
        seen = (result.limits > 0) & (result.limits <= result.lr[-1])
        name_lines(axes, ["dotted: limits of stability in mean square"] if seen.any() else [])
    return axes


def moments(result: Moments, ax: Axes | None = None, *, seen: Ensemble | None = None) -> Axes:
    """The expected loss over the steps with its bias and variance dashed; the loss axis is logarithmic.

    Parameters
    ----------
    result
        Moments.
    ax
        Where to draw; a new figure, if not given.
    seen
        Runs, whose middle 80 % is shown as a band.
    """
    title = f"Expected loss of {title_of(result.method)}, exactly"
    with panel(ax, title, STEP, f"{LOSS} (log scale)") as axes:
        steps = np.arange(result.steps + 1)
        band = [] if seen is None else _band(axes, seen)
        parts = {"expected": result.loss, "bias": result.bias, "variance": result.variance}
        looks = (BLACK, "-", 2.0), (BLUE, "--", 1.6), (VERMILLION, (0, (1.2, 1.2)), 1.6)
        rows = [positive(row) for row in parts.values()]
        for name, row, (color, style, width) in zip(parts, rows, looks, strict=True):
            axes.plot(steps, row, color=color, linestyle=style, linewidth=width, label=name)
        log_axis(axes, _framed(rows, band))
        step_axis(axes, [result.steps])
        name_lines(axes, [] if seen is None else [_words(seen)])
    return axes


def ensemble(result: Ensemble, ax: Axes | None = None) -> Axes:
    """The mean loss of many runs over the steps, and the band of the middle 80 %; the loss axis is logarithmic.

    Parameters
    ----------
    result
        An Ensemble.
    ax
        Where to draw; a new figure, if not given.
    """
    title = f"Loss of {title_of(result.method)} in {result.runs} runs"
    with panel(ax, title, STEP, f"{LOSS} (log scale)") as axes:
        band = _band(axes, result)
        rows = [positive(result.mean), positive(result.quantiles(0.5))]
        axes.plot(rows[0], color=BLACK, linewidth=2.0, label="mean")
        axes.plot(rows[1], color=BLUE, linestyle="--", label="median")
        log_axis(axes, _framed(rows, band))
        step_axis(axes, [result.steps])
        name_lines(axes, [_words(result)])
    return axes


def steps_by_batch(result: StepsByBatch, ax: Axes | None = None) -> Axes:
    """Steps to the target over the batch, with the law of their trade and its two ends; both axes are logarithmic.

    Parameters
    ----------
    result
        StepsByBatch.
    ax
        Where to draw; a new figure, if not given.
    """
    title = f"Steps of {title_of(result.method)} to {text(result.target)} of the first excess loss"
    with panel(ax, title, "batch B (log scale)", "steps (log scale)") as axes:
        log_scale(axes.xaxis)
        steps, batches = positive(result.steps), result.batches.astype(float)
        axes.plot(batches, steps, "o", color=BLACK, label="_steps")
        rows, known = [steps], np.flatnonzero(np.isfinite(steps))
        fine = np.geomspace(batches[0], max(batches[-1], 2 * batches[0]), 120)
        if known.size:
            first = known[0]
            ideal = steps[first] * batches[first] / fine
            axes.plot(fine, ideal, color=EDGE, linestyle="--", linewidth=1.2, label="perfect scaling")
        if np.isfinite(result.critical_batch):
            law = result.fewest * (1 + result.critical_batch / fine)
            axes.plot(fine, positive(law), color=BLUE, label="S(1 + B_c/B)")
            axes.axhline(result.fewest, color=EDGE, linestyle=":", linewidth=1.2, label="_fewest")
            rows.append(positive([result.fewest]))
        axes.set_xlim(*span([batches[0] / 1.2, 1.2 * fine[-1]], log=True))
        log_axis(axes, rows)
        if np.isfinite(result.fewest):
            note(axes, f"S = {text(result.fewest, 3)} steps", (axes.get_xlim()[0], result.fewest), (6, -9))
        knee = result.knee
        if np.isfinite(knee):
            at = float(np.exp(np.interp(np.log(knee), np.log(batches[known]), np.log(steps[known]))))
            star(axes, knee, at, f"knee: B = {text(knee, 2)}")
        notes = [f"critical batch B_c = {text(result.critical_batch, 3)}"] if np.isfinite(result.critical_batch) else []
        name_lines(axes, notes)
    return axes


def cause(batch: int | None, noise: Any) -> str:
    """What the noise comes from, in a few words."""
    rows = "" if batch is None else f"batches of {batch}"
    if noise is None:
        return rows or "without noise"
    added = "label noise" if isinstance(noise, LabelNoise) else "added noise"
    return f"{rows}, {added}" if rows else added


def _band(ax: Axes, seen: Ensemble) -> list[Array]:
    low, high = (positive(row) for row in seen.quantiles(QUANTILES))
    ax.fill_between(np.arange(seen.steps + 1), low, high, color=SKY, alpha=0.4, linewidth=0)
    return [low, high]


def _words(seen: Ensemble) -> str:
    gone = f"; {seen.diverged} overflowed" if seen.diverged else ""
    return f"band: the middle 80 % of {seen.runs} runs{gone}"


def _framed(rows: list[Array], band: list[Array]) -> list[Array]:
    """What the axis must show: the expectation, and of its parts and the band no more than two decades below."""
    least = np.nanmin(rows[0]) / 100 if np.isfinite(rows[0]).any() else 0.0
    return [np.where(row >= least, row, np.nan) for row in [*rows, *band]]


def _below(row: Array) -> Array:
    """A floor without its rise to infinity at the limit."""
    known = row[np.isfinite(row)]
    return np.where(row <= 30 * np.median(known), row, np.nan) if known.size else row


def _edges(ax: Axes, result: FloorMap) -> None:
    """The limits by batch, each named on its line where it is farthest from others."""
    edges = dict(zip(result.batches, np.where(result.edges > 0, result.edges, np.nan), strict=True))
    lines = {batch: _line(ax, edge, result.up) for batch, edge in edges.items()}
    groups, taken = _together(lines), np.empty(0)
    for group in groups:
        lead = result.batch if result.batch in group else group[0]
        own: dict[str, Any] = {"color": BLACK, "linewidth": 2.0 if lead == result.batch else 1.2}
        own |= {"linestyle": "--" if lead is None else "-", "scalex": False, "scaley": False}
        ax.plot(edges[lead], result.up, **own)
        line, others = lines[lead], [lines[other[0]] for other in groups if other is not group]
        gaps = [np.nan_to_num(np.abs(line[:, 0] - other[:, 0]), nan=1.0) for other in others]
        room = np.min([np.full(len(line), ROOM), *gaps], axis=0)
        inside = ((line > INSIDE) & (line < 1 - INSIDE)).all(axis=1)
        room = np.where(inside & (np.abs(line[:, 1, None] - taken) > HIGH).all(axis=1), np.round(room, 3), -1.0)
        at = int(room.argmax())
        if room[at] >= 0:
            taken = np.append(taken, line[at, 1])
            place = float(edges[lead][at]), float(result.up[at])
            note(ax, _batches(group), place, (0, 0), "center", fontsize=8.5)


def _together(lines: dict[int | None, Array]) -> list[list[int | None]]:
    """Batches whose limits lie on one another; the larger the batch, the farther to the right."""
    groups: list[list[int | None]] = []
    for batch, line in lines.items():
        gap = np.abs(lines[groups[-1][0]][:, 0] - line[:, 0]) if groups else np.ones(1)
        near = np.isfinite(gap).any() and float(np.nanmax(gap)) < APART
        groups = [*groups[:-1], [*groups[-1], batch]] if near else [*groups, [batch]]
    return groups


def _line(ax: Axes, edge: Array, up: Array) -> Array:
    """A limit (m, 2) in parts of the axes."""
    return np.asarray(to_axes(ax).transform(np.stack([edge, up], axis=1)))


def _batches(group: Sequence[int | None]) -> str:
    sizes = [str(size) for size in group if size is not None]
    if group[-1] is None:
        return f"B ≥ {sizes[0]}" if sizes else "no noise"
    return f"B = {', '.join(sizes)}"
