"""What finitely many steps leave of the error in the worst case, beside what no first-order method can beat."""

from __future__ import annotations

from matplotlib.axes import Axes

from convergence.figures.curves import every, grouped, log_axis, positive, step_axis
from convergence.figures.style import BLACK, LOOKS, MOST, describe, left_out, legend, panel, wrapped
from convergence.results import Findings

STEP, LEFT = "step k", "worst ‖e_k‖/‖e_0‖ over [μ, L]"


def worst_cases(study: Findings, ax: Axes | None = None) -> Axes:
    """The worst case of each method over the steps, and Chebyshev's bound; coinciding curves are one line."""
    limit, shown = study.limit, [m for m in study.methods if m.finite is not None]
    with panel(ax) as axes:
        rows = [m.finite.curve for m in shown if m.finite is not None]
        groups = grouped([m.title for m in shown], rows)
        for group, look in zip(groups, LOOKS, strict=False):
            axes.plot(
                limit.steps,
                positive(rows[group.first]),
                **look.marked,
                markevery=every(len(limit.steps), 14),
                label=wrapped(group.label),
            )
        axes.plot(
            limit.steps,
            positive(limit.bound),
            color=BLACK,
            linewidth=2,
            linestyle=":",
            label="limit of all first-order methods",
        )
        log_axis(axes, [positive(rows[group.first]) for group in groups[:MOST]] + [positive(limit.bound)])
        describe(axes, "Worst case over the steps, and the limit", STEP, LEFT)
        step_axis(axes, limit.steps)
        legend(axes, left_out(len(groups) - MOST, "curve"))
    return axes
