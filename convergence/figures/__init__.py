"""Figures of results: each draws what a result holds, on the axes given or new ones, and computes nothing.

Single panels take ``ax`` and return it: ``radius_map(result, ax=ax)``; figures of several panels return a Figure. They call
no ``show`` and leave no setting of Matplotlib's changed.
"""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from convergence.figures.comparison import (
    average_case,
    krylov,
    rates,
    steps_across,
    study,
    transient,
    transient_growth,
    worst_case,
    worst_cases,
)
from convergence.figures.cycles import bifurcation, cycle, cycle_map, log_run
from convergence.figures.damping import damping, regimes
from convergence.figures.evidence import verification
from convergence.figures.filters import filter_response, response
from convergence.figures.landscape import landscape, scatter
from convergence.figures.noise import ensemble, floor_curve, floor_map, moments, steps_by_batch
from convergence.figures.nonlinear import basin_map, basins, critical, period_doubling
from convergence.figures.picture import Picture, render
from convergence.figures.runs import descent, errors, gradients, losses, run, weights
from convergence.figures.schedules import (
    optimal_schedule,
    prefixes,
    product,
    risks,
    schedule,
    schedule_comparison,
    schedules,
)
from convergence.figures.spectrum import eigenvalues, identification, spectrum
from convergence.figures.stability import optimum, radius_curve, radius_map, region
from convergence.figures.style import of_pyplot
from convergence.plotting import Plotted

__all__ = [
    "Picture",
    "average_case",
    "basin_map",
    "basins",
    "bifurcation",
    "critical",
    "cycle",
    "cycle_map",
    "damping",
    "descent",
    "eigenvalues",
    "ensemble",
    "errors",
    "filter_response",
    "floor_curve",
    "floor_map",
    "gradients",
    "identification",
    "krylov",
    "landscape",
    "log_run",
    "losses",
    "moments",
    "optimal_schedule",
    "optimum",
    "period_doubling",
    "plot",
    "prefixes",
    "product",
    "radius_curve",
    "radius_map",
    "rates",
    "regimes",
    "region",
    "render",
    "response",
    "risks",
    "run",
    "scatter",
    "schedule",
    "schedule_comparison",
    "schedules",
    "spectrum",
    "steps_across",
    "steps_by_batch",
    "study",
    "transient",
    "transient_growth",
    "verification",
    "weights",
    "worst_case",
    "worst_cases",
]


def plot(result: Plotted, ax: Axes | None = None, **options: Any) -> Axes:
    """Draw a result on ``ax``, or on a new figure of pyplot's: what ``result.plot`` does."""
    draw = globals()[result.drawn_by]
    if ax is not None:
        return draw(result, ax=ax, **options)  # type: ignore[no-any-return]
    with of_pyplot():
        return draw(result, **options)  # type: ignore[no-any-return]
