"""Bounds for all first-order methods: Chebyshev's limit over an interval, the Krylov bound for a spectrum and a start.

A method that only asks for gradients has e_k = p(H)e_0 with p(0) = 1, of degree k at most. Over [μ, L] Chebyshev's polynomial,
shifted and scaled to 1 at 0, has the smallest maximum: 1/T_k((κ+1)/(κ−1)) (Chebyshev 1881; Golub and Varga 1961; Nemirovski
1992 for first-order methods). For one H and e_0 the best p for the loss is that of conjugate gradients (Hestenes and Stiefel
1952), for the gradient that of MINRES (Paige and Saunders 1975).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log1p, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.errors import BadData
from convergence.numerics.inputs import checked_interval, checked_steps
from convergence.plotting import Plotted
from convergence.problem import checked_curvatures
from convergence.problem.arrays import floats, short
from convergence.tabular import Tabular

Array = NDArray[np.float64]


def lower_bound(steps: int, *, mu: Any = None, L: Any = None, problem: Any = None) -> float:
    """1/T_k((κ+1)/(κ−1)): no first-order method has a smaller worst ‖e_k‖/‖e_0‖ over [μ, L] (Nemirovski 1992).

    Parameters
    ----------
    steps
        k, 0 or more.
    mu, L, problem
        The interval of curvatures, or a problem that has it.

    Returns
    -------
    A number: of the error norm. Its square bounds the loss gap. 1 for k = 0, and 0 for κ = 1 and k ≥ 1.

    Raises
    ------
    BadHyperparameter
        Unless 0 < μ ≤ L are finite.
    BadData
        For steps that are no whole number.

    >>> lower_bound(5, mu=1, L=10)
    0.0755...
    """
    k, (low, high) = checked_steps(steps, 0), checked_interval(mu, L, problem)
    if k == 0:
        return 1.0
    growth = k * limit_exponent(low, high)
    return 2 * exp(-growth) / (1 + exp(-2 * growth)) if growth < inf else 0.0


def log_lower_bound(steps: int, mu: float, L: float) -> float:
    """The natural logarithm of ``lower_bound``, where that underflows too; −∞ for κ = 1."""
    growth = steps * limit_exponent(mu, L) if steps else 0.0
    return -growth + log1p(1.0) - log1p(exp(-2 * growth))


def limit_exponent(mu: float, L: float) -> float:
    """log((√κ+1)/(√κ−1)): minus the logarithm of the best rate; without cancellation where κ is near 1."""
    apart = (L - mu) / (sqrt(L) + sqrt(mu))
    return log1p(2 * sqrt(mu) / apart) if apart > 0 else inf


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
    first = floats(start)
    if first.shape != points.shape or not np.isfinite(first).all():
        raise BadData(f"start must be the first error along each of {len(points)} directions; got {short(start)}")
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
