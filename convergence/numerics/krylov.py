"""The Krylov bound: what any first-order method leaves of one start on one spectrum.

The best polynomial for the loss is that of conjugate gradients (Hestenes and Stiefel 1952), for the gradient that of MINRES
(Paige and Saunders 1975).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from convergence.numerics.inputs import checked_errors, checked_steps
from convergence.plotting import Plotted
from convergence.problem import checked_curvatures
from convergence.problem.arrays import Array
from convergence.tabular import Tabular


@dataclass(frozen=True, eq=False)
class KrylovBound(Plotted, Tabular, figure="krylov"):
    """What no Krylov method can beat on one spectrum from one start: each measure by its own best method.

    Attributes
    ----------
    steps
        k.
    history
        (k+1, 3): ‖e_j‖/‖e_0‖, (f_j−f*)/(f_0−f*) and ‖g_j‖/‖g_0‖ after j = 0, 1, …, k steps. Below ε (ε² for the loss)
        they are rounding; from as many steps as there are different curvatures on, they are 0.
    error, loss, gradient
        The last row of it, one by one.
    """

    steps: int
    history: Array

    @property
    def error(self) -> float:
        """‖e_k‖/‖e_0‖."""
        return float(self.history[-1, 0])

    @property
    def loss(self) -> float:
        """(f_k−f*)/(f_0−f*), that of conjugate gradients."""
        return float(self.history[-1, 1])

    @property
    def gradient(self) -> float:
        """‖g_k‖/‖g_0‖, that of MINRES."""
        return float(self.history[-1, 2])

    def table(self) -> dict[str, Any]:
        """The least error, loss and gradient after each step."""
        return {"step": range(self.steps + 1), **dict(zip(("error", "loss", "gradient"), self.history.T, strict=True))}

    def __repr__(self) -> str:
        sizes = f"error {self.error:.6g}, loss {self.loss:.6g}, gradient {self.gradient:.6g}"
        return f"KrylovBound after {self.steps} steps: {sizes} of the first"


def krylov_bound(curvatures: Any, start: Any, steps: int) -> KrylovBound:
    """The best that any Krylov method can do for this very spectrum and these first errors, after k steps.

    Of the loss it is what conjugate gradients attain; of the gradient, the minimal residual method.

    Parameters
    ----------
    curvatures
        (m,) as a list, or a problem's.
    start
        (m,) the first errors by direction, Vᵀ(w₀ − w*). Directions without curvature are left out: nothing moves
        along them.
    steps
        k, 0 or more.

    Returns
    -------
    KrylovBound

    Raises
    ------
    BadData
        For other shapes, or steps that are no whole number.

    >>> krylov_bound([1.0, 2.0, 4.0], [1.0, 1.0, 1.0], 2)
    KrylovBound after 2 steps: error 0.172345, loss 0.0156318, gradient 0.0765886 of the first
    >>> krylov_bound([1.0, 2.0, 4.0], [1.0, 1.0, 1.0], 3).loss  # as many steps as curvatures
    0.0
    """
    points, k = checked_curvatures(curvatures), checked_steps(steps)
    first = checked_errors(start, points)
    moved = (points > 0) & (first != 0)
    spectrum, weights = _merged(points[moved] / points.max(initial=1e-300), first[moved])
    history = np.zeros((k + 1, 3))
    if spectrum.size:
        for column, half_power in enumerate((0.0, 0.5, 1.0)):
            history[:, column] = _least(spectrum, weights * spectrum**half_power, k)
        history[:, 1] **= 2
    return KrylovBound(k, history)


def _merged(spectrum: Array, first: Array) -> tuple[Array, Array]:
    """Directions of equal curvature act as one."""
    different, place = np.unique(spectrum, return_inverse=True)
    return different, np.sqrt(np.bincount(place.ravel(), weights=(first / np.abs(first).max(initial=1e-300)) ** 2))


def _least(spectrum: Array, residual: Array, steps: int) -> Array:
    """min ‖p(Λ)r‖/‖r‖ over p with p(0) = 1, for each degree ≤ steps: r less its projection on span{Λr, …, Λᵏr}.

    The basis is built by Arnoldi's process and orthogonalised twice, which keeps it orthogonal to rounding (Giraud et
    al. 2005).
    """
    size, least = len(spectrum), np.zeros(steps + 1)
    first = float(np.linalg.norm(residual))
    least[0], left, basis = 1.0, residual.copy(), np.empty((0, size))
    direction = spectrum * residual
    for k in range(1, min(steps, size - 1) + 1):
        for _ in range(2):
            direction = direction - basis.T @ (basis @ direction)
        length = float(np.linalg.norm(direction))
        if length == 0:
            break
        direction = direction / length
        basis = np.vstack([basis, direction])
        for _ in range(2):
            left = left - direction * float(direction @ left)
        least[k] = float(np.linalg.norm(left)) / first
        direction = spectrum * direction
    return np.minimum.accumulate(least)
