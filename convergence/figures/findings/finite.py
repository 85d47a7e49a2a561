"""What finitely many steps leave of the error in the worst case, beside what no first-order method can beat."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from convergence.figures.findings.curves import every, grouped, log_axis, positive, step_axis
from convergence.figures.findings.style import BLACK, LOOKS, MOST, describe, left_out, legend, panel, wrapped
from convergence.results import Findings

STEP, LEFT = "step k", "worst ‖e_k‖/‖e_0‖ over [μ, L]"


def worst_cases(study: Findings, ax: Axes | None = None) -> Axes:
    """The worst case of each method over the steps, and Chebyshev's bound; coinciding curves are one line."""
    limit, shown = study.limit, [m for m in study.methods if m.finite is not None]
    with panel(ax) as axes:
        names, rows = [m.title for m in shown], [m.finite.curve for m in shown if m.finite is not None]
        groups = [group for group in grouped(names, rows) if np.any(rows[group.first][1:])]
        best = [group for group in groups if np.allclose(rows[group.first], limit.bound, rtol=1e-6, atol=0)]
        groups = [group for group in groups if group not in best]
        for group, look in zip(groups, LOOKS, strict=False):
            axes.plot(
                limit.steps,
                positive(rows[group.first]),
                **look.marked,
                markevery=every(len(limit.steps), 14),
                label=wrapped(group.label),
            )
        label = " = ".join(["limit of all first-order methods", *(group.label for group in best)])
        axes.plot(limit.steps, positive(limit.bound), color=BLACK, linewidth=2, linestyle=":", label=wrapped(label))
        log_axis(axes, [*(positive(rows[group.first]) for group in groups[:MOST]), positive(limit.bound)])
        describe(axes, "Worst case over the steps, and the limit", STEP, LEFT)
        step_axis(axes, limit.steps)
        at_once = [name for name, row in zip(names, rows, strict=True) if not np.any(row[1:])]
        notes = [f"{name}: 0 after a single step" for name in at_once]
        legend(axes, [*notes, *left_out(len(groups) - MOST, "curve")])
    return axes
