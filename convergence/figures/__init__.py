"""A study goes in; figures come out. They draw and never compute, and leave nothing of matplotlib's changed or open.

Single panels take ``ax`` and return it: ``radius_map(result, ax=ax)``; figures of several panels return a Figure.
"""

from __future__ import annotations

from convergence.figures.catalogue import figures
from convergence.figures.comparison import optimal_rates
from convergence.figures.data import landscape, scatter
from convergence.figures.descent import descent, descent_pair, gradients, weights
from convergence.figures.finite import worst_cases
from convergence.figures.picture import Picture, render
from convergence.figures.runs import errors, losses
from convergence.figures.spectrum import eigenvalues, spectrum
from convergence.figures.stability import damping, radius_curve, radius_map
from convergence.figures.workers import drawn

__all__ = [
    "Picture",
    "damping",
    "descent",
    "descent_pair",
    "drawn",
    "eigenvalues",
    "errors",
    "figures",
    "gradients",
    "landscape",
    "losses",
    "optimal_rates",
    "radius_curve",
    "radius_map",
    "render",
    "scatter",
    "spectrum",
    "weights",
    "worst_cases",
]
