"""Figures of the homework's answers: the plateau of (g), and the runs of (h)."""

from __future__ import annotations

from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from convergence import figures
from convergence.coursework.on_data import DataAnswer, MethodOnData
from convergence.coursework.plateau import PlateauAnswer
from convergence.figures.picture import Picture
from convergence.figures.stability import RADIUS
from convergence.figures.style import BLACK, EDGE, LOOKS, blank, describe, grow, legend, styled
from convergence.figures.words import star
from convergence.notation import text

RATE = "learning rate η"
SHADE = "#e7eef4"
DIRECTIONS = ("first", "second")
TICKS = (0.15, 0.25, 0.5, 1.0, 2.0, 4.0)

number = partial(text, digits=3)


def pictures(g: PlateauAnswer, h: DataAnswer) -> dict[str, Picture]:
    """The pictures of the answer sheet by name, with their words."""
    return {picture.name: picture for picture in (_plateau(g), _dimensions(h), _gap(h), *map(_errors, h.methods))}


def plateau(g: PlateauAnswer) -> Figure:
    """Rate above, steps below, over the learning rate; the plateau of rates is shaded."""
    with styled():
        figure, (above, below) = blank(2, 1, height=5.2, sharex=True)
        for ax in (above, below):
            ax.axvspan(g.low, g.high, color=SHADE, linewidth=0)
            ax.set_xscale("log")
        above.plot(g.curve_lr, g.curve_rate, color=BLACK)
        above.set_ylim(g.curve_rate.min() - 0.012, 1.03)
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
    rows = zip(np.where(g.curve_steps < 0, np.nan, g.curve_steps), g.curvatures, LOOKS, strict=False)
    for row, curvature, look in rows:
        ax.plot(g.curve_lr, row, **look.line, label=f"direction with σ² = {number(curvature / 2)}")
    lrs, counts = zip(*((count.lr, count.both) for count in g.counts), strict=True)
    ax.plot(lrs, counts, "o", color=BLACK, markerfacecolor="none", label="both, counted exactly")
    words = f"gradient descent at its best, η = {number(g.descent_lr)}: {g.descent_steps}"
    ax.axhline(g.descent_steps, color=EDGE, linestyle=":", label=words)
    return list(ax.lines)


def _plateau(g: PlateauAnswer) -> Picture:
    alt = (
        f"Two panels over the learning rate. Above, the rate: {number(g.rate)} from η = {number(g.low)} to "
        f"{number(g.high)}. Below, steps to 99.9 %: from {g.best.both} at η = {number(g.best.lr)} to "
        f"{max(count.both for count in g.counts)} at the upper end; gradient descent {g.descent_steps}."
    )
    caption = (
        "The rate is the same over the whole shaded interval; the number of steps is not. Circles are exact counts."
    )
    return Picture("plateau", "Rate and steps over the learning rate", alt, caption, None, lambda: plateau(g))


def _dimensions(h: DataAnswer) -> Picture:
    ends = "; ".join(f"{m.title} takes {m.steps[0]} and {m.steps[1]} steps to 99.9 %" for m in h.methods)
    alt = f"Gradient (log axis) and weight in both dimensions over the steps, for both methods: {ends}."
    caption = (
        "The first dimension is done first, for both methods. Its gradient then follows the second direction's, "
        f"since the directions are {number(abs(h.angle))}° off the axes."
    )
    runs = {m.title: m.run for m in h.methods}
    title = "Gradient and weight per dimension"
    return Picture("dimensions", title, alt, caption, None, lambda: figures.descent(runs, ()))


def _gap(h: DataAnswer) -> Picture:
    ends = "; ".join(f"{m.title} ends {number(m.gap[-1])} above the minimum" for m in h.methods)
    alt = f"Loss less final loss, and less the minimum, on a log axis over the steps: {ends}."
    caption = (
        "Less the final loss, as in the notes, the curve falls away at the end; less the minimum it goes straight on."
    )
    rows = {f"{m.title}: loss − {less}": row for m in h.methods for less, row in m.losses.items()}
    return Picture("gap", "Loss above its end", alt, caption, None, lambda: _figure(figures.losses(rows)))


def _errors(m: MethodOnData) -> Picture:
    rates = [number(value) for value in m.radius]
    alt = (
        f"Error of {m.title} in both directions on a log axis over the steps, run on prediction; rates {rates[0]} "
        f"and {rates[1]}."
    )
    names = [f"{which} direction, ρ = {rate}" for which, rate in zip(DIRECTIONS, rates, strict=True)]
    caption, title = "Lines: the closed form. Markers: the run on the data.", f"Error of {m.title} per direction"
    return Picture(
        f"errors-{m.run.method}", title, alt, caption, None,
        lambda: _figure(figures.errors(m.run, m.closed, title=m.title, names=names)),
    )  # fmt: skip


def _figure(ax: Axes) -> Figure:
    root = ax.get_figure(root=True)
    assert isinstance(root, Figure)
    return root
