"""All methods side by side: how many steps each needs at its best, over the condition number."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from convergence.figures.findings.curves import Array, finite, grouped, log_axis, positive, span
from convergence.figures.findings.style import BLACK, LOOKS, MOST, describe, left_out, legend, number, panel, wrapped
from convergence.figures.findings.ticks import plain_powers
from convergence.results import Findings

KAPPA, DIGIT = "condition number κ = L/μ", "steps per decimal digit, −1/log₁₀ ρ"


def optimal_rates(study: Findings, ax: Axes | None = None) -> Axes:
    """Steps for one more decimal digit at the optimal rate over κ, both axes logarithmic; κ of the data is marked."""
    found = study.kappa
    with panel(ax) as axes:
        titles = {m.name: m.title for m in study.methods}
        rows = [steps_per_digit(rate) for rate in found.rate]
        groups = grouped([titles.get(name, name) for name in found.methods], rows)
        at_once = [group for group in groups if not np.any(found.rate[group.first])]
        groups = [group for group in groups if group not in at_once]
        for group, look in zip(groups, LOOKS, strict=False):
            axes.plot(
                found.kappa,
                positive(rows[group.first]),
                **look.line,
                marker=look.marker,
                markevery=max(1, len(found.kappa) // 8),
                label=wrapped(group.label),
            )
        here = f"this data: κ = {number(found.here)}"
        axes.axvline(found.here, color=BLACK, linestyle=":", linewidth=1.2, label=here)
        axes.set_xscale("log")
        plain_powers(axes.xaxis)
        log_axis(axes, [positive(rows[group.first]) for group in groups[:MOST]])
        axes.set_xlim(*span([*found.kappa, found.here], log=True))
        describe(axes, "What the condition number costs", KAPPA, DIGIT)
        notes = [f"{group.label}: ρ = 0, a single step at every κ" for group in at_once]
        legend(axes, [*notes, *left_out(len(groups) - MOST, "curve")])
    return axes


def steps_per_digit(rate: ArrayLike) -> Array:
    """The asymptotic rate ρ written as steps for a factor of ten: −1/log₁₀ ρ; 0 where ρ = 0, NaN where ρ ≥ 1."""
    rho = finite(rate)
    rho = np.where(rho < 1, rho, np.nan)
    with np.errstate(divide="ignore"):
        return np.asarray(np.where(rho > 0, -1 / np.log10(rho), 0.0 * rho))
