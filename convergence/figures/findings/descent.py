"""The course notes' own figures: gradient and weight of each column over the steps, for one method or two."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from convergence.figures.findings.curves import HUGE, Array, every, finite, log_axis, positive, step_axis
from convergence.figures.findings.runs import STEP, ended, zeros
from convergence.figures.findings.style import (
    LOOKS,
    blank,
    describe,
    entitle,
    grow,
    left_out,
    legend,
    legend_of,
    linear_ticks,
    panel,
    plain,
    short,
    styled,
)
from convergence.results import DataResult, Grid, MethodResult

GRADIENT, WEIGHT = "gradient |∂f/∂w|", "weight |w|"
PAIRED = 3  # columns: with two methods, six lines


def gradients(result: MethodResult, data: DataResult, ax: Axes | None = None) -> Axes:
    """Size of the gradient in each column of the data over the steps, on a log axis."""
    with panel(ax) as axes:
        handles = _gradients(axes, result, data)
        entitle(axes, f"Gradient of {result.title}")
        legend(axes, _remarks(result, data, len(handles)), handles=handles)
    return axes


def weights(result: MethodResult, data: DataResult, ax: Axes | None = None) -> Axes:
    """Size of the weight of each column of the data over the steps."""
    with panel(ax) as axes:
        handles = _weights(axes, result, data)
        entitle(axes, f"Weights of {result.title}")
        legend(axes, [*ended(result.run), *left_out(len(data.columns) - len(handles), "column")], handles=handles)
    return axes


def descent(result: MethodResult, data: DataResult) -> Figure:
    """The notes' figure of one method: gradients above, weights below, a line for each column."""
    with styled():
        figure, (above, below) = blank(2, 1, height=4.6, sharex=True)
        handles = _gradients(above, result, data)
        _weights(below, result, data)
        entitle(above, f"Gradient and weights of {result.title}")
        above.set_xlabel("")
        legend_of(figure, handles, _remarks(result, data, len(handles)))
        grow(figure)
    return figure


def descent_pair(one: MethodResult, other: MethodResult, data: DataResult) -> Figure:
    """The notes' figure of two methods, one against the other; hue says which method, line and marker which column."""
    shown = min(PAIRED, len(data.columns))
    with styled():
        figure, (above, below) = blank(2, 1, height=4.6, sharex=True)
        rows = [positive(row) for method in (one, other) for row in method.run.gradient[:shown]]
        for method, look in ((one, LOOKS[0]), (other, LOOKS[1])):
            _pair(above, method.run.step, [positive(row) for row in method.run.gradient[:shown]], look.color)
            _pair(below, method.run.step, [finite(row, HUGE) for row in method.run.weight[:shown]], look.color)
        log_axis(above, rows)
        describe(above, f"{one.title} against {other.title}", "", GRADIENT)
        describe(below, "", STEP, WEIGHT)
        step_axis(below, [*one.run.step, *other.run.step])
        linear_ticks(below.yaxis)
        legend_of(figure, _pair_handles((one, other), data, shown), left_out(len(data.columns) - shown, "column"))
        grow(figure)
    return figure


def _gradients(ax: Axes, result: MethodResult, data: DataResult) -> list[Line2D]:
    rows = [positive(row) for row in result.run.gradient]
    handles = _lines(ax, result.run.step, rows, data)
    log_axis(ax, rows)
    describe(ax, "", STEP, GRADIENT)
    step_axis(ax, result.run.step)
    return handles


def _weights(ax: Axes, result: MethodResult, data: DataResult) -> list[Line2D]:
    handles = _lines(ax, result.run.step, [finite(row, HUGE) for row in result.run.weight], data)
    describe(ax, "", STEP, WEIGHT)
    step_axis(ax, result.run.step)
    linear_ticks(ax.yaxis)
    return handles


def _lines(ax: Axes, step: Sequence[int], rows: Sequence[Array], data: DataResult) -> list[Line2D]:
    return [
        ax.plot(step, row, **look.marked, markevery=every(len(step), 12), label=plain(f"column {short(name)}"))[0]
        for row, name, look in zip(rows, data.columns, LOOKS, strict=False)
    ]


def _pair(ax: Axes, step: Sequence[int], rows: Sequence[Array], color: str) -> None:
    for row, look in zip(rows, LOOKS, strict=False):
        ax.plot(
            step,
            row,
            color=color,
            linestyle=look.linestyle,
            marker=look.marker,
            markevery=every(len(step), 12),
            markerfacecolor="none" if color == LOOKS[1].color else color,
        )


def _pair_handles(methods: tuple[MethodResult, MethodResult], data: DataResult, shown: int) -> list[Line2D]:
    return [
        Line2D(
            [],
            [],
            color=hue.color,
            linestyle=look.linestyle,
            marker=look.marker,
            markerfacecolor="none" if hue is LOOKS[1] else hue.color,
            label=plain(f"{method.title}, column {short(name)}"),
        )
        for method, hue in zip(methods, LOOKS, strict=False)
        for name, look in zip(data.columns[:shown], LOOKS, strict=False)
    ]


def _remarks(result: MethodResult, data: DataResult, shown: int) -> list[str]:
    gradient: Grid = result.run.gradient
    hidden = left_out(len(data.columns) - shown, "column")
    return [*zeros([short(name) for name in data.columns], gradient), *ended(result.run), *hidden]
