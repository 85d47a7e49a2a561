"""What a diagonal preconditioner does to the condition number: a lot where the axes are those of the data, nothing at 45°."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from convergence.notation import text
from convergence.problem import Diagonal, LeastSquares, as_quadratic
from convergence.problem.arrays import Array
from convergence.problem.quadratic import Quadratic


@dataclass(frozen=True, eq=False)
class DiagonalScaling:
    """The condition number κ of H before, and after each coordinate is divided by its scale, so that the diagonal is 1.

    Attributes
    ----------
    before, after
        κ = L/μ on the directions that have curvature.
    scales
        (d,), √H_ii; 1 for a coordinate without curvature.
    """

    before: float
    after: float
    scales: Array

    def __repr__(self) -> str:
        return f"DiagonalScaling: κ {text(self.before)} → {text(self.after)}"


def diagonal_scaling(p: Any, /) -> DiagonalScaling:
    """The condition number before and after each coordinate is scaled to curvature one, as a diagonal preconditioner does.

    Of two coordinates it comes to (1 + r)/(1 − r) with r = |h₁₂|/√(h₁₁h₂₂), whatever their scales: rotated data undo it. In
    more dimensions another diagonal may do better, by a factor of at most d (van der Sluis 1969).

    Parameters
    ----------
    p
        The problem: a LeastSquares, (X, y), a list of curvatures (whose axes are the coordinates), or a density.

    Raises
    ------
    BadData
        For what is no problem.

    >>> import numpy as np
    >>> turn = np.array([[1, -1], [1, 1]]) / np.sqrt(2)
    >>> diagonal_scaling((np.diag([10.0, 1.0]), [0.0, 0.0])), diagonal_scaling((np.diag([10.0, 1.0]) @ turn, [0.0, 0.0]))
    (DiagonalScaling: κ 100 → 1, DiagonalScaling: κ 100 → 100)
    """
    problem = as_quadratic(p)
    if isinstance(problem, LeastSquares):
        norms = np.linalg.norm(problem.X, axis=0)
        used = np.where(norms > 0, norms, 1.0)
        scaled = LeastSquares(problem.X / used, problem.y, problem.loss_name)
        return DiagonalScaling(problem.kappa, scaled.kappa, np.where(norms > 0, np.sqrt(problem.scale) * norms, 1.0))
    if isinstance(problem, Diagonal):
        return DiagonalScaling(problem.kappa, 1.0, np.sqrt(np.where(problem.curvatures > 0, problem.curvatures, 1.0)))
    return _of_hessian(problem)


def _of_hessian(problem: Quadratic) -> DiagonalScaling:
    hessian = problem.hessian
    diagonal = np.sqrt(np.diag(hessian))
    scales = np.where(diagonal > 0, diagonal, 1.0)
    values = np.linalg.eigvalsh(hessian / scales / scales[:, None])
    curved = values[values > len(values) * np.finfo(float).eps * values[-1]]
    return DiagonalScaling(problem.kappa, float(curved[-1] / curved[0]), scales)
