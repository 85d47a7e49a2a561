"""What the runs did on the data: errors on the line that was predicted, and the loss of all methods."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from convergence.figures.findings.curves import every, grouped, log_axis, positive, step_axis, vanished
from convergence.figures.findings.style import LOOKS, MOST, describe, left_out, legend, panel, plain, wrapped
from convergence.results import DataResult, Findings, MethodResult, RunResult

STEP = "step k"


def errors(result: MethodResult, data: DataResult, ax: Axes | None = None) -> Axes:
    """Error in each direction on a log axis: the run as open markers on the line that was predicted."""
    run, names = result.run, [d.name for d in data.directions]
    with panel(ax) as axes:
        rows = [positive(row) for row in run.error[:MOST]]
        for row, predicted, look in zip(rows, run.predicted, LOOKS, strict=False):
            axes.plot(run.step, positive(predicted), **look.line)
            axes.plot(
                run.step,
                row,
                look.marker,
                color=look.color,
                markerfacecolor="none",
                linestyle="none",
                markevery=every(len(run.step)),
            )
        log_axis(axes, rows)
        describe(axes, f"Error of {result.title}: run and prediction", STEP, "error |e| in a direction")
        step_axis(axes, run.step)
        hidden = left_out(data.hidden + len(names) - len(rows), "direction")
        legend(axes, [*zeros(names, run.error), *ended(run), *hidden], handles=_samples(names))
    return axes


def losses(study: Findings, ax: Axes | None = None) -> Axes:
    """Loss above its minimum over the steps, for all methods; coinciding curves are one line with all names."""
    with panel(ax) as axes:
        names, runs = [m.title for m in study.methods], [m.run for m in study.methods]
        groups = grouped(names, [run.gap for run in runs])
        for group, look in zip(groups, LOOKS, strict=False):
            run = runs[group.first]
            axes.plot(
                run.step,
                positive(run.gap),
                **look.marked,
                markevery=every(len(run.step), 14),
                label=wrapped(group.label),
            )
        log_axis(axes, [positive(runs[group.first].gap) for group in groups[:MOST]])
        describe(axes, "Loss above its minimum, all methods", STEP, "loss − minimum")
        step_axis(axes, [step for run in runs for step in run.step])
        legend(axes, [*zeros(names, [run.gap for run in runs]), *left_out(len(groups) - MOST, "curve")])
    return axes


def zeros(names: Iterable[str], rows: Iterable[ArrayLike]) -> list[str]:
    """The remark on values that are exactly zero, which a log axis cannot show."""
    pairs = list(zip(names, rows, strict=False))
    named = [name for name, row in pairs if vanished(row)]
    some = f" (in {len(named)} of {len(pairs)})" if len(named) > 3 else f": {', '.join(named)}"
    return [f"exactly 0 at some steps, so not drawn there{some}"] if named else []


def ended(run: RunResult) -> list[str]:
    """The remark on a run that overflowed."""
    return [] if run.diverged is None else [f"diverged: numbers overflowed at step {run.diverged}"]


def _samples(names: Sequence[str]) -> list[Line2D]:
    """A sample of the line with its marker, for each direction that is drawn."""
    return [
        Line2D([], [], **look.marked, markerfacecolor="none", label=plain(f"{name}: run (markers), predicted (line)"))
        for name, look in zip(names, LOOKS, strict=False)
    ]
