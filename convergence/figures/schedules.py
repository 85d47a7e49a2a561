"""Schedules over the steps, what is left of an error under them, and the loss on the way against the best schedule's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from convergence.best_schedules.comparison import ScheduleComparison
from convergence.best_schedules.optimal_schedule import OptimalSchedule
from convergence.errors import BadHyperparameter
from convergence.figures.curves import Array, at_end, draw, finite, log_axis, positive, span, step_axis
from convergence.figures.runs import STEP, sunk
from convergence.figures.style import BLACK, EDGE, legend, linear_ticks, panel
from convergence.figures.words import name_lines
from convergence.rule import title_of
from convergence.schedule import Schedule

DECADES = 2
"""A quarter of the steps so much below the largest value makes an axis logarithmic: a line to 0 is not drawn as one."""

FEW = 40
"""Steps up to which each has a marker."""

GROWN = 1e3
"""Of the first loss: what an axis shows at most, so that one schedule that diverges does not hide the others."""

DEPTH = 40
"""Decades below the first error that an axis shows, where one direction sinks farther than the others."""


def schedule(result: Schedule, ax: Axes | None = None, *, steps: int | None = None) -> Axes:
    """A schedule's values over the steps; the axis is logarithmic where they span decades.

    Parameters
    ----------
    result
        A Schedule.
    ax
        Where to draw; a new figure, if not given.
    steps
        How many are shown (default: its own, or 100 where it has no end).

    Raises
    ------
    BadHyperparameter
        For steps that are no whole number from 0 on.
    """
    return schedules(
        {result.name: result}, ax, steps=result.shown if steps is None else steps, title=f"Schedule {result}"
    )


def schedules(
    named: Mapping[str, Schedule],
    ax: Axes | None = None,
    *,
    steps: int,
    best: Array | None = None,
    title: str = "Learning rate of each step",
) -> Axes:
    """Several schedules over the same steps, a line each; those that coincide are one. The best known is black.

    Parameters
    ----------
    named
        Name -> Schedule.
    ax
        Where to draw; a new figure, if not given.
    steps
        How many are shown.
    best
        (steps,), the best rates that are known.
    title
        Of the figure.
    """
    rows = {name: one.values(steps) for name, one in named.items()}
    logarithmic = any(map(_spans_decades, rows.values())) and all((row >= 0).all() for row in rows.values())
    shape = positive if logarithmic else finite
    unit = " (log scale)" if logarithmic else ""
    with panel(ax, title, STEP, f"value at step k{unit}") as axes:
        curves = {name: (np.arange(steps), shape(row)) for name, row in rows.items()}
        shown, hidden = draw(axes, curves, marks=steps if steps <= FEW else 0, noun="schedule")
        if best is not None:
            shown.append(shape(best))
            axes.plot(np.arange(steps), shown[-1], color=BLACK, linewidth=1.2, label="best known")
        if logarithmic:
            log_axis(axes, shown)
        else:
            low, high = span(np.concatenate([[0.0], *shown]))
            axes.set_ylim(low - 0.05 * (high - low) * (low < 0), high + 0.08 * (high - low))
            linear_ticks(axes.yaxis)
        step_axis(axes, [steps - 1])
        if len(axes.lines) > 1:
            legend(axes, hidden)
    return axes


def _spans_decades(row: Array) -> bool:
    sizes = row[row > 0]
    return bool(sizes.size and float(np.quantile(sizes, 0.25)) < 10.0**-DECADES * float(sizes.max()))


def product(result: Any, ax: Axes | None = None) -> Axes:
    """What is left of an error under a schedule, in powers of ten over the steps, and the largest that it is on the way.

    Parameters
    ----------
    result
        A Product.
    ax
        Where to draw; a new figure, if not given.

    Raises
    ------
    BadHyperparameter
        For a product in letters.
    """
    if result.logs is None:
        raise BadHyperparameter("a product in letters has no sizes to draw: give product a curvature")
    return prefixes({f"λ = {result.curvature:.4g}": result.logs}, ax, title=f"Error under {result.schedule}")


def prefixes(named: Mapping[str, Array], ax: Axes | None = None, *, title: str, notes: Sequence[str] = ()) -> Axes:
    """Errors relative to the first, in powers of ten, a line for each direction; a point where a prefix peaks above 1.

    Parameters
    ----------
    named
        Direction -> (K+1,), the natural logarithms of |error| in parts of the first.
    ax
        Where to draw; a new figure, if not given.
    title
        Of the figure.
    notes
        Below it.
    """
    rows = {name: finite(np.where(np.isfinite(logs), logs, np.nan) / log(10)) for name, logs in named.items()}
    with panel(ax, title, STEP, "log₁₀ of |error / first error|") as axes:
        curves = {name: (np.arange(len(row)), row) for name, row in rows.items()}
        shown, hidden = draw(axes, curves, lambda row: -float(np.nanmax(row)), noun="direction")
        grown = [(row, line) for row, line in zip(shown, axes.lines[-len(shown) :], strict=True) if np.nanmax(row) > 0]
        for row, line in grown:
            at = int(np.nanargmax(row))
            axes.plot([at], [row[at]], "o", color=line.get_color(), markerfacecolor="white", zorder=5, label="_peak")
        axes.axhline(0, color=EDGE, linewidth=0.8, linestyle=":", label="_first")
        low, high = span(np.append(np.concatenate(shown), 0.0))
        low = max(low, max(float(np.nanmin(row)) for row in shown) - DEPTH)
        axes.set_ylim(low - 0.06 * (high - low), high + 0.1 * (high - low))
        linear_ticks(axes.yaxis)
        step_axis(axes, [len(row) - 1 for row in rows.values()])
        peaks = ["open circles: the largest error on the way"] if grown else []
        gone = [f"0 from step {step} on: {name}" for name, step in _zeros(named).items()]
        name_lines(axes, [*peaks, *gone, *notes, *hidden])
    return axes


def _zeros(named: Mapping[str, Array]) -> dict[str, int]:
    """Where an error is 0 at the end, from which step on it is."""
    ends = {name: np.flatnonzero(np.isfinite(logs)) for name, logs in named.items()}
    return {name: int(ends[name][-1]) + 1 for name, logs in named.items() if ends[name].size and logs[-1] == -np.inf}


def schedule_comparison(result: ScheduleComparison, ax: Axes | None = None) -> Axes:
    """The expected loss over the steps under each schedule at its best base rate, and black under the optimum.

    Parameters
    ----------
    result
        A ScheduleComparison.
    ax
        Where to draw; a new figure, if not given.
    """
    *rows, optimum = result.rows
    title = f"Expected loss of {title_of(result.optimum.method)} under schedules"
    return risks({row.name: row.risk for row in rows}, ax, best=optimum.risk, title=title)


def optimal_schedule(result: OptimalSchedule, ax: Axes | None = None) -> Axes:
    """The best rates that are known, a step each.

    Parameters
    ----------
    result
        An OptimalSchedule.
    ax
        Where to draw; a new figure, if not given.
    """
    title = f"Best {result.steps} rates known of {title_of(result.method)}"
    return schedules({"lr": result.schedule}, ax, steps=result.steps, title=title)


def risks(
    named: Mapping[str, Array], ax: Axes | None = None, *, best: Array | None = None, title: str = "Expected loss"
) -> Axes:
    """The expected loss above its minimum over the steps, a line a schedule, and black that of the best schedule known.

    Parameters
    ----------
    named
        Schedule -> (K+1,).
    ax
        Where to draw; a new figure, if not given.
    best
        (K+1,), of the best schedule for the last step.
    title
        Of the figure.
    """
    rows = {name: positive(row) for name, row in named.items()}
    with panel(ax, title, STEP, "loss above its minimum (log scale)") as axes:
        shown, hidden = draw(axes, {n: (np.arange(len(row)), row) for n, row in rows.items()}, at_end, 12)
        if best is not None:
            shown.append(positive(best))
            axes.plot(np.arange(len(best)), shown[-1], color=BLACK, linewidth=2.0, label="best known at the end")
        log_axis(axes, [np.where(row <= GROWN * row[0], row, np.nan) for row in shown])
        step_axis(axes, [len(row) - 1 for row in shown])
        lost = [name for name, row in named.items() if not np.max(row) <= GROWN * row[0]]
        gone = [f"grows out of the figure: {', '.join(lost)}"] if lost else []
        name_lines(axes, [*gone, *sunk(rows, rows.values()), *hidden])
    return axes
