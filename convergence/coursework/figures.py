"""Figures of the homework's answers: the plateau of (g), and the runs of (h)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from convergence.coursework.on_data import DataAnswer, MethodOnData
from convergence.coursework.plateau import PlateauAnswer
from convergence.figures.curves import every, log_axis, positive, star, step_axis
from convergence.figures.picture import Picture
from convergence.figures.runs import STEP
from convergence.figures.stability import RADIUS
from convergence.figures.style import (
    BLACK,
    EDGE,
    LOOKS,
    blank,
    describe,
    grow,
    legend,
    linear_ticks,
    panel,
    styled,
)
from convergence.notation import text

RATE = "learning rate η"
number = partial(text, digits=3)
SHADE = "#e7eef4"
DIRECTIONS = ("first", "second")
TICKS = (0.15, 0.25, 0.5, 1.0, 2.0, 4.0)


def pictures(g: PlateauAnswer, h: DataAnswer) -> dict[str, Picture]:
    """The pictures of the answer sheet by name, with their words."""
    plain, course = h.methods
    made = (
        Picture("plateau", *_plateau_words(g), None, lambda: plateau(g)),
        Picture("dimensions", *_dimension_words(h), None, lambda: dimensions(h)),
        Picture("gap", *_gap_words(h), None, lambda: _figure(gap(h))),
        Picture("errors-gradient_descent", *_error_words(plain), None, lambda: _figure(errors(plain))),
        Picture("errors-ema_momentum", *_error_words(course), None, lambda: _figure(errors(course))),
    )
    return {picture.name: picture for picture in made}


def plateau(g: PlateauAnswer) -> Figure:
    """Rate above, steps below, over the learning rate; the plateau of rates is shaded."""
    with styled():
        figure, (above, below) = blank(2, 1, height=5.2, sharex=True)
        for ax in (above, below):
            ax.axvspan(g.low, g.high, color=SHADE, linewidth=0)
            ax.set_xscale("log")
        above.plot(g.curve_lr, g.curve_rate, color=BLACK)
        above.set_ylim(min(g.curve_rate) - 0.012, 1.03)
        above.axhline(1.0, color=EDGE, linewidth=0.8)
        handles = _steps(below, g)
        below.set_xlim(g.curve_lr[0], g.curve_lr[-1])
        below.set_ylim(0, 1.18 * max(g.descent_steps, *(count.both for count in g.counts)))
        star(below, g.best.lr, float(g.best.both), "")
        describe(above, f"Question (g), β = {number(g.momentum)}: one rate, but not one number of steps", "", RADIUS)
        describe(below, "", RATE, "steps to 99.9 %")
        below.xaxis.set_major_locator(FixedLocator(TICKS))
        below.xaxis.set_minor_locator(NullLocator())
        below.xaxis.set_major_formatter(FuncFormatter(lambda lr, _: number(lr)))
        fewest = Line2D([], [], marker="*", color="white", markeredgecolor=BLACK, markersize=12, linestyle="none")
        fewest.set_label(f"fewest: {g.best.both} steps at η = {number(g.best.lr)}")
        legend(above, handles=[Patch(color=SHADE, label=f"ρ = {number(g.rate)} throughout"), *handles, fewest])
        grow(figure)
    return figure


def _steps(ax: Axes, g: PlateauAnswer) -> list[Line2D]:
    names = [f"direction with σ² = {number(lam / 2)}" for lam in g.curvatures]
    rows = [np.where(np.array(row) < 0, np.nan, row) for row in g.curve_steps]
    drawn = [
        ax.plot(g.curve_lr, row, **look.line, label=name)[0]
        for row, name, look in zip(rows, names, LOOKS, strict=False)
    ]
    counted = [(count.lr, count.both) for count in g.counts]
    (exact,) = ax.plot(
        *zip(*counted, strict=True), "o", color=BLACK, markerfacecolor="none", label="both, counted exactly"
    )
    words = f"gradient descent at its best, η = {number(g.descent_lr)}: {g.descent_steps}"
    return [*drawn, exact, ax.axhline(g.descent_steps, color=EDGE, linestyle=":", label=words)]


def dimensions(h: DataAnswer) -> Figure:
    """The notes' figure: size of gradient and weight in each dimension, one method against the other."""
    with styled():
        figure, (above, below) = blank(2, 1, height=4.8, sharex=True)
        shown = [
            (m, row, hue, look) for m, hue in zip(h.methods, LOOKS, strict=False) for row, look in enumerate(LOOKS[:2])
        ]
        for m, row, hue, look in shown:
            marks = {"color": hue.color, "linestyle": look.linestyle, "marker": look.marker}
            marks |= {"markevery": every(len(m.gap), 12), "markerfacecolor": "none" if row else hue.color}
            above.plot(positive(m.gradient[row]), **marks)
            below.plot(m.weight[row], **marks, label=f"{m.title}, {DIRECTIONS[row]} dimension")
        log_axis(above, [positive(row) for m in h.methods for row in m.gradient])
        describe(above, "Gradient and weight in each dimension", "", "gradient |∂f/∂w|")
        describe(below, "", STEP, "weight |w|")
        step_axis(below, [len(m.gap) - 1 for m in h.methods])
        linear_ticks(below.yaxis)
        legend(below, handles=below.get_legend_handles_labels()[0])
        grow(figure)
    return figure


def gap(h: DataAnswer, ax: Axes | None = None) -> Axes:
    """log(loss − final loss), as the notes plot it, beside the loss above the minimum."""
    with panel(ax) as axes:
        rows = [positive(row) for m in h.methods for row in (m.above_final, m.gap)]
        for m, look in zip(h.methods, LOOKS, strict=False):
            axes.plot(positive(m.gap), color=look.color, linestyle="-", label=f"{m.title}: loss − minimum")
            axes.plot(
                positive(m.above_final),
                color=look.color,
                linestyle="none",
                marker=look.marker,
                markerfacecolor="none",
                markevery=every(len(m.gap), 25),
                label=f"{m.title}: loss − final loss",
            )
        log_axis(axes, rows)
        describe(axes, "The loss above its end, and above its minimum", STEP, "difference of losses")
        step_axis(axes, [len(m.gap) - 1 for m in h.methods])
        legend(axes)
    return axes


def errors(m: MethodOnData, ax: Axes | None = None) -> Axes:
    """The error in each direction: the run as markers on the line that was predicted."""
    with panel(ax) as axes:
        rows = [positive(row) for row in m.error]
        for k, look in enumerate(LOOKS[: len(rows)]):
            axes.plot(
                positive(m.predicted[k]),
                **look.line,
                label=f"{DIRECTIONS[k]} direction: predicted, ρ = {number(m.radius[k])}",
            )
            axes.plot(
                rows[k],
                look.marker,
                color=look.color,
                markerfacecolor="none",
                linestyle="none",
                markevery=every(len(rows[k])),
                label=f"{DIRECTIONS[k]} direction: run",
            )
        log_axis(axes, rows)
        describe(axes, f"{m.title}: error in each direction", STEP, "error |x| in a direction")
        step_axis(axes, [len(m.gap) - 1])
        legend(axes)
    return axes


def _figure(ax: Axes) -> Figure:
    found = ax.get_figure(root=True)
    assert isinstance(found, Figure)
    return found


Words = tuple[str, str, str]


def _plateau_words(g: PlateauAnswer) -> Words:
    spread = [count.both for count in g.counts]
    alt = (
        f"Two panels over the learning rate. Above, the rate: {number(g.rate)} from η = {number(g.low)} to "
        f"{number(g.high)}. Below, "
        f"steps to 99.9 %: from {g.best.both} at η = {number(g.best.lr)} to {max(spread)} at the upper end; "
        f"gradient descent {g.descent_steps}."
    )
    caption = (
        "The rate is the same over the whole shaded interval; the number of steps is not. Circles are exact counts."
    )
    return "Rate and steps over the learning rate", alt, caption


def _dimension_words(h: DataAnswer) -> Words:
    ends = "; ".join(f"{m.title} takes {m.steps[0]} and {m.steps[1]} steps to 99.9 %" for m in h.methods)
    alt = f"Gradient (log axis) and weight in both dimensions over the steps, for both methods: {ends}."
    caption = (
        "The first dimension is done first, for both methods. Its gradient then follows the second direction's, "
        "since the "
        f"directions are {number(abs(h.angle))}° off the axes."
    )
    return "Gradient and weight per dimension", alt, caption


def _gap_words(h: DataAnswer) -> Words:
    ends = "; ".join(f"{m.title} ends {number(m.gap[-1])} above the minimum" for m in h.methods)
    alt = f"Loss less final loss, and less the minimum, on a log axis over the steps: {ends}."
    caption = (
        "Less the final loss, as in the notes, the curve falls away at the end; less the minimum it goes straight on."
    )
    return "Loss above its end", alt, caption


def _error_words(m: MethodOnData) -> Words:
    rates: Sequence[str] = [number(value) for value in m.radius]
    alt = (
        f"Error of {m.title} in both directions on a log axis over the steps, run on prediction; rates {rates[0]} "
        f"and {rates[1]}."
    )
    caption = "Lines: the closed form. Markers: the run on the data."
    return f"Error of {m.title} per direction", alt, caption
