"""What runs did: errors on the line that was predicted, the loss of several methods, gradients and weights.

Logarithmic axes end where rounding begins: a curve is not drawn below it, and a remark says which curves sink there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from convergence.figures.curves import HUGE, Array, at_end, draw, every, finite, log_axis, positive, step_axis
from convergence.figures.style import (
    LOOKS,
    MOST,
    blank,
    describe,
    grow,
    left_out,
    legend,
    linear_ticks,
    panel,
    plain,
    samples,
    short,
    styled,
)
from convergence.figures.words import name_lines
from convergence.numerics.runs import Run
from convergence.rule import title_of

STEP, GRADIENT, WEIGHT = "step k", "gradient |∂f/∂w|", "weight |w|"
PAIRED = 3
"""Columns that a figure of two methods shows: six lines."""

EPSILON = 4 * float(np.finfo(float).eps)
"""Of the largest value so far, of all directions: what a run has below it is rounding, and differs from machine to machine."""


def run(result: Run, ax: Axes | None = None, **options: Any) -> Axes:
    """The error of a run in each direction over the steps."""
    return errors(result, None, ax, **options)


def errors(
    result: Run, predicted: Run | None = None, ax: Axes | None = None, *, rows: Sequence[int] = (), title: str = "",
    names: Sequence[str] = (), hidden: int = 0,
) -> Axes:  # fmt: skip
    """Size of the error in each direction, on a logarithmic axis: the run as open markers on the predicted line.

    What is below the rounding of the largest error so far is not drawn.

    Parameters
    ----------
    result, predicted
        The run on the data, and what theory says of it.
    ax
        Where to draw; a new figure, if not given.
    rows
        The directions that are drawn (default: the first six).
    names
        Theirs.
    hidden
        How many there are that are not drawn and have no name.
    """
    shown = list(rows or range(result.error.shape[1]))[:MOST]
    names = list(names or [f"direction {k + 1}" for k in shown])[:MOST]
    measured = [*_above_rounding(np.abs(result.error)).T[shown]]
    how = ", run (markers) and prediction" if predicted is not None else ""
    with panel(ax, f"Error of {title or title_of(result.method)}{how}", STEP, "error |e| in a direction") as axes:
        for k, row, look, name in zip(shown, measured, LOOKS, names, strict=False):
            own = {**look.marked, "markerfacecolor": "none", "markevery": every(len(row)), "label": plain(name)}
            if predicted is not None:
                axes.plot(positive(np.abs(predicted.error[:, k])), **look.line, label=plain(name))
                own |= {"linestyle": "none", "label": None}
            axes.plot(np.arange(len(row)), row, **own)
        log_axis(axes, measured)
        step_axis(axes, [len(result.error) - 1])
        gone = hidden + (0 if rows else result.error.shape[1] - len(shown))
        name_lines(axes, [*sunk(names, measured), *ended(result), *left_out(gone, "direction")])
    return axes


def losses(runs: Mapping[str, ArrayLike], ax: Axes | None = None) -> Axes:
    """Loss above its minimum (k+1,) over the steps of several named runs; equal curves are one line with all names.

    Where there are more than can be told apart, those that end lowest are drawn.
    """
    rows = {name: _above_rounding(np.asarray(row, dtype=float)[:, None])[:, 0] for name, row in runs.items()}
    with panel(ax, "Loss above its minimum", STEP, "loss − minimum") as axes:
        shown, hidden = draw(axes, {name: (np.arange(len(row)), row) for name, row in rows.items()}, at_end, 14)
        log_axis(axes, shown)
        step_axis(axes, [len(row) - 1 for row in rows.values()])
        name_lines(axes, [*sunk(rows, rows.values()), *hidden])
    return axes


def gradients(runs: Run | Mapping[str, Run], ax: Axes | None = None, *, columns: Sequence[str] = ()) -> Axes:
    """Size of the gradient in each column of the data over the steps of one run or several, on a logarithmic axis."""
    with panel(ax, "Gradient in each column", STEP, GRADIENT) as axes:
        log_axis(axes, _by_column(axes, runs, columns, _gradient))
        legend(axes, _missing(runs))
    return axes


def weights(runs: Run | Mapping[str, Run], ax: Axes | None = None, *, columns: Sequence[str] = ()) -> Axes:
    """Size of the weight of each column of the data over the steps of one run or several."""
    with panel(ax, "Weight of each column", STEP, WEIGHT) as axes:
        _by_column(axes, runs, columns, _weight)
        linear_ticks(axes.yaxis)
        legend(axes, _missing(runs))
    return axes


def descent(runs: Mapping[str, Run], columns: Sequence[str]) -> Figure:
    """The course notes' figure of one method or two: gradients above, weights below."""
    with styled():
        figure, (above, below) = blank(2, 1, height=4.8, sharex=True)
        log_axis(above, _by_column(above, runs, columns, _gradient))
        _by_column(below, runs, columns, _weight)
        linear_ticks(below.yaxis)
        describe(above, f"Gradient and weights of {' and '.join(runs)}", "", GRADIENT)
        describe(below, "", STEP, WEIGHT)
        legend(below, _missing(runs), samples(below))
        grow(figure)
    return figure


def _gradient(result: Run) -> list[Array]:
    return [*_above_rounding(np.abs(result.grad)).T]


def _weight(result: Run) -> list[Array]:
    return [finite(row, HUGE) for row in np.abs(result.x.T)]


def _by_column(
    ax: Axes, runs: Run | Mapping[str, Run], columns: Sequence[str], rows: Callable[[Run], list[Array]]
) -> list[Array]:
    """A line for each column and run: of several runs, hue tells the run, line and marker the column."""
    several = _named(runs)
    drawn = []
    for (name, result), hue in zip(several.items(), LOOKS, strict=False):
        names = columns or [f"w{k + 1}" for k in range(result.x.shape[1])]
        for row, column, look in zip(rows(result)[: _most(several)], names, LOOKS, strict=False):
            own: dict[str, Any] = {**look.marked, "markevery": every(len(row), 12)}
            if len(several) > 1:
                own |= {"color": hue.color, "markerfacecolor": hue.color if hue is LOOKS[0] else "none"}
            drawn.append(row)
            whose = f"{name}, column" if len(several) > 1 else "column"
            ax.plot(row, **own, label=plain(f"{whose} {short(column)}"))
    step_axis(ax, [result.steps for result in several.values()])
    return drawn


def _named(runs: Run | Mapping[str, Run]) -> Mapping[str, Run]:
    return {"": runs} if isinstance(runs, Run) else runs


def _most(several: Mapping[str, Run]) -> int:
    return MOST if len(several) == 1 else PAIRED


def _missing(runs: Run | Mapping[str, Run]) -> list[str]:
    """The remarks on runs that overflowed and on columns that are not drawn."""
    several = _named(runs)
    gone = next(iter(several.values())).x.shape[1] - _most(several)
    return [*(remark for result in several.values() for remark in ended(result)), *left_out(gone, "column")]


def sunk(names: Iterable[str], rows: Iterable[Array]) -> list[str]:
    """The remark on curves that sink to 0 or to rounding and are not drawn from there on, the fastest first."""
    drawn = [(int(np.isfinite(row).nonzero()[0].max(initial=-1)) + 1, len(row)) for row in rows]
    ends = sorted((step, name) for name, (step, steps) in zip(names, drawn, strict=False) if step < steps)
    named = [f"{name} from step {step}" for step, name in ends[:3]] + ["…"] * (len(ends) > 3)
    return [f"0 or only rounding, so not drawn: {', '.join(named)}"] if named else []


def ended(result: Run) -> list[str]:
    """The remark on a run that overflowed."""
    return [] if result.diverged is None else [f"diverged: numbers overflowed at step {result.diverged}"]


def _above_rounding(sizes: Array) -> Array:
    """Sizes (steps, k) without what is rounding of the largest of all k so far: a step rounds them as one vector.

    What a run that grows comes to later does not blur its start.
    """
    largest = np.maximum.accumulate(np.where(np.isfinite(sizes), sizes, 0.0).max(axis=1, keepdims=True, initial=0.0))
    return positive(np.where(sizes > EPSILON * largest, sizes, np.nan))
