"""Methods side by side: steps over the condition number, worst cases and limits over the steps, steps over the rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from convergence.figures.curves import (
    draw,
    every,
    finite,
    foremost,
    grouped,
    log_axis,
    name_lines,
    positive,
    span,
    star,
    step_axis,
)
from convergence.figures.runs import STEP
from convergence.figures.style import BLACK, EDGE, VERMILLION, describe, left_out, log_ticks, note, panel, wrapped
from convergence.notation import text
from convergence.numerics.crossings import StepsAcross
from convergence.numerics.krylov import KrylovBound
from convergence.numerics.sweeps import RateCurve
from convergence.numerics.transients import Transient, TransientGrowth

KAPPA, DIGIT = "condition number κ = L/μ", "steps per decimal digit, −1/log₁₀ ρ"


def rates(curves: RateCurve | Sequence[RateCurve], ax: Axes | None = None, *, here: float | None = None) -> Axes:
    """Steps for one more decimal digit at the optimal rate, over κ; both axes logarithmic, with slopes ½ and 1.

    Where there are more methods than can be told apart, those with the fewest steps at the largest κ are drawn. ``here``
    is the condition number of the data.
    """
    curves = [curves] if isinstance(curves, RateCurve) else list(curves)
    with panel(ax, height=3.9) as axes:
        steps = [curve.steps for curve in curves]
        groups = grouped([curve.method.title for curve in curves], steps)
        at_once = [group for group in groups if not np.any(steps[group.first])]
        never = [group for group in groups if np.isnan(steps[group.first][1:]).all()]
        usual = [group for group in groups if group not in at_once and group not in never]
        drawn = foremost(usual, lambda k: float(steps[k][-1]))
        rows = [positive(row) for row in steps]
        draw(axes, [curve.kappa for curve in curves], rows, drawn, marks=8)
        axes.set_xscale("log")
        log_ticks(axes.xaxis)
        log_axis(axes, [rows[group.first] for group in drawn])
        axes.set_xlim(*span(curves[0].kappa, log=True))
        _slopes(axes)
        if here:
            _mark(axes, here)
        describe(axes, "What the condition number costs", KAPPA, DIGIT)
        remarks = [f"{group.label}: ρ = 0, a single step at every κ" for group in at_once]
        remarks += [f"{group.label}: nothing converges" for group in never]
        name_lines(axes, [*remarks, *left_out(len(usual) - len(drawn), "curve")])
    return axes


def worst_cases(
    bound: ArrayLike, curves: Mapping[str, ArrayLike], ax: Axes | None = None, *, steps: ArrayLike | None = None
) -> Axes:
    """The worst error over [μ, L] over the steps by method, and Chebyshev's ``bound`` (k+1,), the limit of all of them.

    Where there are more than can be told apart, those that end lowest are drawn.
    """
    limit, names = np.asarray(bound, dtype=float), list(curves)
    values = [np.asarray(row, dtype=float) for row in curves.values()]
    k = np.arange(len(limit)) if steps is None else np.asarray(steps)
    with panel(ax) as axes:
        groups = [group for group in grouped(names, values) if np.any(values[group.first][1:])]
        best = [group for group in groups if np.allclose(values[group.first], limit, rtol=1e-6, atol=0)]
        usual = [group for group in groups if group not in best]
        drawn = foremost(usual, lambda i: float(values[i][-1]))
        rows = [positive(row) for row in values]
        draw(axes, [k] * len(rows), rows, drawn, marks=14)
        label = " = ".join(["limit of first-order methods", *(group.label for group in best)])
        axes.plot(k, positive(limit), color=BLACK, linewidth=2, linestyle=":", label=wrapped(label))
        log_axis(axes, [*(rows[group.first] for group in drawn), positive(limit)])
        step_axis(axes, [int(k[-1])])
        describe(axes, "Worst case over the steps, and the limit", STEP, "worst ‖eₖ‖/‖e₀‖ over [μ, L]")
        at_once = [name for name, row in zip(names, values, strict=True) if not np.any(row[1:])]
        notes = [f"{name}: 0 after a single step" for name in at_once]
        name_lines(axes, [*notes, *left_out(len(usual) - len(drawn), "curve")])
    return axes


def steps_across(found: StepsAcross, ax: Axes | None = None) -> Axes:
    """Steps to the tolerance over the learning rate; the fewest marked, gaps where the method does not settle."""
    with panel(ax) as axes:
        steps = positive([np.nan if count is None else count for count in found.steps])
        axes.plot(finite(found.lr), steps, color=BLACK, marker="o", markersize=3.5, markevery=every(len(steps), 40))
        axes.set_xlim(*span(found.lr))
        log_axis(axes, [steps])
        describe(axes, "Steps over the learning rate", "learning rate", "steps")
        if found.best is not None:
            star(axes, *found.best, f"fewest: {found.best[1]} steps at {text(found.best[0], 3)}")
    return axes


def krylov(found: KrylovBound, ax: Axes | None = None) -> Axes:
    """The least error, loss and gradient that any Krylov method can have over the steps, on this spectrum."""
    with panel(ax) as axes:
        rows = [positive(row) for row in found.history.T]
        draw(axes, [np.arange(found.steps + 1)] * 3, rows, grouped(("error", "loss", "gradient"), rows), marks=20)
        log_axis(axes, rows)
        step_axis(axes, [found.steps])
        describe(axes, "The least that any Krylov method can have", STEP, "part of the first")
        name_lines(axes)
    return axes


def transient(found: Transient, ax: Axes | None = None, *, steps: int | None = None) -> Axes:
    """‖Aᵏ‖ over the steps, the power of the spectral radius that it tends to, and the peak."""
    last = steps or int(min(max(20, 4 * found.step), 2000))
    with panel(ax) as axes:
        power, norms = np.eye(len(found.matrix)), [1.0]
        for _ in range(last):
            power = found.matrix @ power
            norms.append(float(np.linalg.norm(power, 2)))
        k = np.arange(last + 1)
        axes.plot(k, positive(norms), color=BLACK, label="‖Aᵏ‖")
        axes.plot(k, positive(found.radius**k), color=EDGE, linestyle="--", label="ρᵏ")
        log_axis(axes, [positive(norms)])
        step_axis(axes, [last])
        describe(axes, f"Transient at λ = {text(found.curvature, 3)}", STEP, "norm of the power")
        if np.isfinite(found.peak) and found.step <= last:
            star(axes, found.step, found.peak, f"peak {text(found.peak, 3)} at step {found.step}")
        name_lines(axes)
    return axes


def transient_growth(found: TransientGrowth, ax: Axes | None = None) -> Axes:
    """The largest peak at the optimum over κ, with the power of κ that it grows with."""
    with panel(ax) as axes:
        axes.plot(finite(found.kappas), positive(found.peaks), color=VERMILLION, marker="o")
        axes.set_xscale("log")
        log_ticks(axes.xaxis)
        log_axis(axes, [positive(found.peaks)])
        describe(
            axes, f"Transient peaks grow like κ to the power {text(found.slope, 3)}", KAPPA, "largest peak of ‖Aᵏ‖"
        )
    return axes


def _mark(ax: Axes, here: float) -> None:
    """The condition number of the data, or an arrow to it where it is further right."""
    end, top = ax.get_xlim()[1], ax.get_ylim()[1]
    right = here**2 > end
    words = f"this data: κ = {text(here, 3)}{' →' if here > end else ''}"
    note(ax, words, (min(here, end), top), (-6 if right else 6, -9), "right" if right else "left")
    if here <= end:
        ax.axvline(here, color=BLACK, linestyle=":", linewidth=1.2)


def _slopes(ax: Axes) -> None:
    """Faint lines of slope ½ and 1 through the lower left corner, each with its name at its upper end."""
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    for slope, name in ((0.5, "slope ½"), (1.0, "slope 1")):
        end = min(right, left * (high / low) ** (1 / slope)) if high > low else right
        ends: Any = ([left, end], [low, low * (end / left) ** slope])
        ax.plot(*ends, color="#b5b5b0", linewidth=0.9, zorder=0, scalex=False, scaley=False, label=f"_{name}")
        at = left * (end / left) ** 0.55
        note(ax, name, (at, low * (at / left) ** slope), (0, 0), "center")
