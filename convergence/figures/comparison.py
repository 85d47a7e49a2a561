"""How fast methods are: steps over κ or the learning rate; worst, average and transient errors over the steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from convergence.errors import BadData
from convergence.figures.curves import at_end, draw, every, finite, log_axis, positive, span, step_axis
from convergence.figures.runs import STEP
from convergence.figures.style import BLACK, EDGE, VERMILLION, legend, log_scale, note, panel, wrapped
from convergence.figures.words import GUIDE, name_lines, star
from convergence.notation import text
from convergence.numerics.averages import AverageCase
from convergence.numerics.counts import StepsAcross
from convergence.numerics.curves import RateCurve
from convergence.numerics.krylov import KrylovBound
from convergence.numerics.transients import Transient, TransientGrowth
from convergence.numerics.worst_cases import WorstCase

if TYPE_CHECKING:
    from convergence.document import Study

FINE = 801
"""Curvatures at which a worst case is drawn."""

KAPPA, DIGIT = "condition number κ = L/μ", "steps per decimal digit, −1/log₁₀ ρ"


def rates(curves: RateCurve | Sequence[RateCurve], ax: Axes | None = None, *, here: float | None = None) -> Axes:
    """Steps for one more decimal digit at the optimal rate, over κ; both axes logarithmic, with slopes ½ and 1.

    Where there are more methods than can be told apart, those with the fewest steps at the largest κ are drawn.

    Parameters
    ----------
    curves
        A RateCurve, or several: a line each.
    ax
        Where to draw; a new figure, if not given.
    here
        The condition number of the data: a vertical line.
    """
    curves = [curves] if isinstance(curves, RateCurve) else list(curves)
    at_once = [c.method.title for c in curves if not np.any(c.steps)]
    never = [c.method.title for c in curves if np.isnan(c.steps[1:]).all()]
    rows = {c.method.title: (c.kappa, positive(c.steps)) for c in curves if c.method.title not in (*at_once, *never)}
    remarks = [f"{' = '.join(at_once)}: ρ = 0, a single step at every κ"] if at_once else []
    remarks += [f"{' and '.join(never)}: nothing converges"] if never else []
    with panel(ax, "What the condition number costs", KAPPA, DIGIT, height=3.9) as axes:
        shown, hidden = draw(axes, rows, at_end, 8)
        log_scale(axes.xaxis)
        log_axis(axes, shown)
        axes.set_xlim(*span(curves[0].kappa, log=True))
        _slopes(axes)
        if here:
            _mark(axes, here)
        name_lines(axes, [*remarks, *hidden])
    return axes


def study(result: Study, ax: Axes | None = None) -> Axes:
    """The rates of a study's methods at their best settings over κ, and where its data are.

    Raises
    ------
    BadData
        Where the study has no rates.
    """
    if not result.rates:
        raise BadData(f"a study shows its rates, and this one has none ({result!r}): make it with parts=['rates', …]")
    return rates(result.rates, ax, here=result.problem.kappa)


def worst_cases(
    bound: ArrayLike, curves: Mapping[str, ArrayLike], ax: Axes | None = None, *, steps: ArrayLike | None = None
) -> Axes:
    """The worst error over [μ, L] over the steps by method, and Chebyshev's limit of all of them.

    Parameters
    ----------
    bound
        (k+1,), the limit after 0, 1, …, k steps.
    curves
        Name -> (k+1,). Where there are more than can be told apart, those that end lowest are drawn.
    ax
        Where to draw; a new figure, if not given.
    steps
        (k+1,), where they are not 0, 1, …, k.
    """
    limit = np.asarray(bound, dtype=float)
    k = np.arange(len(limit)) if steps is None else np.asarray(steps)
    rows = {name: np.asarray(row, dtype=float) for name, row in curves.items()}
    at_once = [name for name, row in rows.items() if not np.any(row[1:])]
    best = [name for name, row in rows.items() if np.allclose(row, limit, rtol=1e-6, atol=0)]
    with panel(ax, "Worst case over the steps, and the limit", STEP, "worst ‖eₖ‖/‖e₀‖ over [μ, L]") as axes:
        usual = {name: (k, positive(row)) for name, row in rows.items() if name not in (*at_once, *best)}
        shown, hidden = draw(axes, usual, at_end, 14)
        label = " = ".join(["limit of first-order methods", *best])
        axes.plot(k, positive(limit), color=BLACK, linewidth=2, linestyle=":", label=wrapped(label))
        log_axis(axes, [*shown, positive(limit)])
        step_axis(axes, [int(k[-1])])
        name_lines(axes, [*(f"{name}: 0 after a single step" for name in at_once), *hidden])
    return axes


def steps_across(result: StepsAcross, ax: Axes | None = None) -> Axes:
    """Steps to the tolerance over the learning rate; the fewest marked, gaps where the method does not settle."""
    with panel(ax, "Steps over the learning rate", "learning rate", "steps") as axes:
        steps = positive([np.nan if count is None else count for count in result.steps])
        axes.plot(finite(result.lr), steps, color=BLACK, marker="o", markersize=3.5, markevery=every(len(steps), 40))
        axes.set_xlim(*span(result.lr))
        log_axis(axes, [steps])
        if result.best is not None:
            star(axes, *result.best, f"fewest: {result.best[1]} steps at {text(result.best[0], 3)}")
    return axes


def krylov(result: KrylovBound, ax: Axes | None = None) -> Axes:
    """The least error, loss and gradient that any Krylov method can have over the steps, on this spectrum."""
    return _kinds(result.table(), "The least that any Krylov method can have", ax)


def average_case(result: AverageCase, ax: Axes | None = None) -> Axes:
    """Expected squared error, loss and squared gradient over the steps."""
    return _kinds(result.table(), "Expected squared error, loss and squared gradient", ax)


def _kinds(table: Mapping[str, Any], title: str, ax: Axes | None) -> Axes:
    with panel(ax, title, STEP, "part of the first") as axes:
        steps, names = list(table["step"]), ("error", "loss", "gradient")
        log_axis(axes, draw(axes, {name: (steps, positive(table[name])) for name in names}, at_end, 20)[0])
        step_axis(axes, steps)
        name_lines(axes)
    return axes


def worst_case(result: WorstCase, ax: Axes | None = None) -> Axes:
    """What the steps leave at each curvature in [μ, L], and where that is most."""
    kind = {"error": "‖eₖ‖/‖e₀‖", "loss": "loss gap, part of the first"}.get(result.measure, "‖gₖ‖/‖g₀‖")
    whose = f" of {result.of[0].title}" if result.of else ""
    with panel(ax, f"What {result.steps} steps{whose} leave", "curvature λ", kind) as axes:
        curvatures = np.unique(np.linspace(*result.ends, FINE))
        left = positive(result.over(curvatures))
        axes.plot(curvatures, left, color=BLACK)
        log_axis(axes, [left, positive([result.value])])
        axes.set_xlim(*span(curvatures))
        star(axes, result.curvature, result.value, f"worst: {text(result.value, 3)} at λ = {text(result.curvature, 3)}")
        legend(axes, [] if result.value else ["0 at every curvature"], handles=[])
    return axes


def transient(result: Transient, ax: Axes | None = None, *, steps: int | None = None) -> Axes:
    """‖Aᵏ‖ over the steps, the power of the spectral radius that it tends to, and the peak."""
    norms = result.norms(steps)
    last = len(norms) - 1
    with panel(ax, f"Transient at λ = {text(result.curvature, 3)}", STEP, "norm of the power") as axes:
        k = np.arange(last + 1)
        axes.plot(k, positive(norms), color=BLACK, label="‖Aᵏ‖")
        axes.plot(k, positive(result.radius**k), color=EDGE, linestyle="--", label="ρᵏ")
        log_axis(axes, [positive(norms)])
        step_axis(axes, [last])
        if np.isfinite(result.peak) and result.step <= last:
            star(axes, result.step, result.peak, f"peak {text(result.peak, 3)} at step {result.step}")
        name_lines(axes)
    return axes


def transient_growth(result: TransientGrowth, ax: Axes | None = None) -> Axes:
    """The largest peak at the optimum over κ, with the power of κ that it grows with."""
    title = f"Transient peaks grow like κ to the power {text(result.slope, 3)}"
    with panel(ax, title, KAPPA, "largest peak of ‖Aᵏ‖") as axes:
        axes.plot(finite(result.kappas), positive(result.peaks), color=VERMILLION, marker="o")
        log_scale(axes.xaxis)
        log_axis(axes, [positive(result.peaks)])
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
    """Faint lines of slope ½ and 1 through the lower left corner, each with its name."""
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    for slope, name in ((0.5, "slope ½"), (1.0, "slope 1")):
        end = min(right, left * (high / low) ** (1 / slope)) if high > low else right
        look: dict[str, Any] = {"color": "#b5b5b0", "linewidth": 0.9, "zorder": GUIDE, "label": f"_{name}"}
        ax.plot([left, end], [low, low * (end / left) ** slope], **look, scalex=False, scaley=False)
        at = left * (end / left) ** 0.55
        note(ax, name, (at, low * (at / left) ** slope), (0, 0), "center")
