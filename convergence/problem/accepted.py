"""What may stand for a problem: a ``Quadratic``, (X, y), a list of curvatures, or a spectral density."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.errors import BadData
from convergence.problem.arrays import floats, short
from convergence.problem.density import QUANTILES, MarchenkoPastur, PowerLaw
from convergence.problem.diagonal import Diagonal
from convergence.problem.least_squares import LeastSquares
from convergence.problem.quadratic import Quadratic

Array = NDArray[np.float64]


def as_quadratic(problem: Any, loss: str = "sum") -> Quadratic:
    """The problem that was meant.

    Parameters
    ----------
    problem
        A ``Quadratic`` (such as ``LeastSquares``) is one. (X, y), with X (n, d) and y (n,), is least squares. A list
        of curvatures (d,) is the diagonal problem with its minimiser at all ones. A density is the diagonal problem
        of 64 of its quantiles, evenly spaced in probability, both ends among them, weighted as by the trapezoidal
        rule.
    loss
        The scaling of least squares, for (X, y).

    Raises
    ------
    BadData
        For anything else.

    >>> as_quadratic([10, 1])
    Diagonal(2 curvatures in [1, 10], κ = 10)
    >>> round(as_quadratic(([[1.0], [2.0]], [1.0, 2.0])).L, 9)
    10.0
    """
    if isinstance(problem, Quadratic):
        return problem
    if isinstance(problem, MarchenkoPastur | PowerLaw):
        return _sampled(problem)
    if _is_pair(problem):
        return LeastSquares(problem[0], problem[1], loss)
    numbers = floats(problem)
    if problem is None or numbers.ndim != 1 or not np.isfinite(numbers).any():
        raise BadData(
            "a problem is a LeastSquares, (X, y) with a matrix and a target, a list of curvatures, a MarchenkoPastur or "
            f"PowerLaw density; got {short(problem)}"
        )
    return Diagonal(problem)


def checked_curvatures(curvatures: Any) -> Array:
    """Curvatures (m,) of a problem or of a list, in its order.

    Raises
    ------
    BadData
        Unless they are finite, and not negative.
    """
    if isinstance(curvatures, Quadratic | MarchenkoPastur | PowerLaw) or _is_pair(curvatures):
        return as_quadratic(curvatures).curvatures
    numbers = floats(curvatures)
    if numbers.ndim != 1 or not numbers.size or not np.isfinite(numbers).all() or (numbers < 0).any():
        raise BadData(f"curvatures must be a list of finite numbers, 0 or more (λ = cσ²); got {short(curvatures)}")
    return numbers


def _is_pair(problem: Any) -> bool:
    """(X, y) is told from two curvatures by its first part, a matrix."""
    if not isinstance(problem, tuple | list) or len(problem) != 2:
        return False
    return np.ndim(problem[0] if hasattr(problem[0], "shape") else floats(problem[0])) == 2


def _sampled(density: MarchenkoPastur | PowerLaw) -> Diagonal:
    shares, weights = np.linspace(0.0, 1.0, QUANTILES), np.ones(QUANTILES)
    weights[[0, -1]] = 0.5
    return Diagonal(density.quantile(shares), weights, f"{QUANTILES} quantiles of {density}")
