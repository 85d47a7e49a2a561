"""A study goes in; figures come out. They draw and never compute, and leave nothing of matplotlib's changed or open.

Single panels take ``ax`` and return it: ``radius_map(result, ax=ax)``; figures of several panels return a Figure.
"""

from __future__ import annotations

from convergence.figures.findings.catalogue import figures
from convergence.figures.findings.comparison import optimal_rates
from convergence.figures.findings.data import landscape, scatter
from convergence.figures.findings.descent import descent, descent_pair, gradients, weights
from convergence.figures.findings.finite import worst_cases
from convergence.figures.findings.runs import errors, losses
from convergence.figures.findings.spectrum import eigenvalues, spectrum
from convergence.figures.findings.stability import damping, radius_curve, radius_map
from convergence.figures.findings.workers import drawn
from convergence.figures.picture import Picture, render

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
