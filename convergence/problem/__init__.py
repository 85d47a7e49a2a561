"""Problems: quadratics, given as data, as a list of curvatures, or as a spectral density."""

from __future__ import annotations

from convergence.problem.accepted import as_quadratic, checked_curvatures
from convergence.problem.density import Density, MarchenkoPastur, PowerLaw
from convergence.problem.diagonal import Diagonal
from convergence.problem.least_squares import LOSSES, LeastSquares, loss_scale
from convergence.problem.quadratic import Direction, Quadratic

__all__ = [
    "LOSSES",
    "Density",
    "Diagonal",
    "Direction",
    "LeastSquares",
    "MarchenkoPastur",
    "PowerLaw",
    "Quadratic",
    "as_quadratic",
    "checked_curvatures",
    "loss_scale",
]
