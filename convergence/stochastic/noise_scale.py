"""The gradient noise scale: the batch at which a step's noise weighs as much as its gradient (McCandlish et al. 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from convergence.errors import BadHyperparameter
from convergence.numerics.runs import first_position
from convergence.problem import as_quadratic
from convergence.problem.arrays import Array, one_number, short
from convergence.stochastic.sampling import Rows


@dataclass(frozen=True, eq=False)
class NoiseScale:
    """Both usual noise scales at a point w, with g the gradient there and C the covariance of one row's gradient.

    A batch of B rows, drawn with replacement, has gradient noise C/B.

    Attributes
    ----------
    at
        w, (d,).
    gradient
        g, (d,), in the coordinates of w.
    covariance
        C, (d, d), of the n rows themselves (their mean square is divided by n, not n−1), in the coordinates of w.
    simple
        tr C/‖g‖², ∞ at a minimiser.
    full
        tr(HC)/gᵀHg: below it a larger batch pays, as the best step's gain is that without noise over 1 + full/B; ∞ at a
        minimiser.
    longest
        ‖g‖²/gᵀHg, the best learning rate of a single gradient step without noise; nan at a minimiser.
    """

    at: Array
    gradient: Array
    covariance: Array
    simple: float
    full: float
    longest: float

    def best_lr(self, batch: float) -> float:
        """The learning rate that lowers the expected loss most in a single gradient step on a batch: longest/(1 + full/B).

        Raises BadHyperparameter unless the batch is a number above 0.

        >>> import convergence as cv
        >>> round(cv.noise_scale(cv.datasets.gaussian_2d(loss="mean")).best_lr(32), 6)
        0.025997
        """
        size = one_number(batch)
        if not 0 < size < inf:
            raise BadHyperparameter(f"batch must be a number of rows, above 0; got {short(batch)}")
        return self.longest / (1 + self.full / size)

    def __repr__(self) -> str:
        return f"NoiseScale: {self.simple:.6g} simple, {self.full:.6g} full"


def noise_scale(p: Any, at: Any = None) -> NoiseScale:
    """The gradient noise scale of the data's rows at a point: tr C/‖g‖² and tr(HC)/gᵀHg (McCandlish et al. 2018, §2.2).

    They are of the loss and the point, not of a method: far from the minimiser they are small, at it infinite. The batch
    up to which a whole run gains is ``steps_by_batch``'s critical batch; that up to which noise sets the largest stable
    learning rate is ``critical_batch``.

    Parameters
    ----------
    p
        A LeastSquares, (X, y), a list of curvatures (a row each), or a density.
    at
        The point w (d,), zeros by default.

    Returns
    -------
    NoiseScale

    Raises
    ------
    BadData
        For a problem or a point that is none, or a problem that kept a sample of its rows.

    >>> import convergence as cv
    >>> round(noise_scale(([[1.0], [2.0]], [1.0, 1.0])).simple, 12)
    0.111111111111
    """
    problem = as_quadratic(p)
    w = first_position(problem, at)
    away = problem.to_directions(w - problem.minimizer)
    gradient, H = problem.curvatures * away, problem.curvatures
    covariance = Rows(problem).covariance(away[:, None] * away, 2 * away, 1.0)
    gg, gHg = float(gradient @ gradient), float(gradient @ (H * gradient))
    trace_C, trace_HC = float(np.trace(covariance)), float(np.diag(covariance) @ H)
    basis = problem.directions
    simple, full = (above / below if below > 0 else inf for above, below in ((trace_C, gg), (trace_HC, gHg)))
    longest = gg / gHg if gHg > 0 else float("nan")
    return NoiseScale(w, basis @ gradient, basis @ covariance @ basis.T, simple, full, longest)
