"""Trace and determinant of a direction go in, with their covariance; the two eigenvalues come out, with error bars."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

CLOSE = 0.1
"""A discriminant uncertain by more than this part of itself is near that of a double root: there the bars go by its root."""


def roots(tau: float, delta: float) -> NDArray[np.complex128]:
    """The roots of z² − τz + δ, largest modulus first, without cancellation."""
    discriminant = tau * tau - 4 * delta
    if discriminant < 0:
        half = np.sqrt(-discriminant) / 2
        return np.array([complex(tau / 2, half), complex(tau / 2, -half)])
    large = (tau + np.copysign(np.sqrt(discriminant), tau)) / 2
    return np.array([complex(large), complex(delta / large if delta else 0.0)])


def errors(tau: float, delta: float, covariance: Array, factor: float) -> Array:
    """Error bars of both, ``factor`` standard errors of a covariance (2, 2) of τ and δ.

    To first order dz = (z·dτ − dδ)/(2z − τ); near a double root instead the bound |√(D+ε) − √D| ≤ min(ε/√D, √ε).
    """
    found = roots(tau, delta)
    if not np.isfinite(np.diag(covariance)).all():
        return np.full(2, np.inf)
    slope = np.array([2 * tau, -4.0])
    discriminant = abs(tau * tau - 4 * delta)
    moved = factor * _deviation(slope, covariance)
    if found[1] == 0 and covariance[1, 1] == 0:  # one root: the other is zero by the family
        return np.array([factor * covariance[0, 0] ** 0.5, 0.0])
    if moved > CLOSE * discriminant:
        root = min(moved / discriminant**0.5 if discriminant else np.inf, moved**0.5)
        return np.full(2, factor * covariance[0, 0] ** 0.5 / 2 + root / 2)
    slopes = [np.array([z, -1.0]) / (2 * z - tau) for z in found]
    return np.array(
        [factor * (_deviation(s.real, covariance) ** 2 + _deviation(s.imag, covariance) ** 2) ** 0.5 for s in slopes]
    )


def _deviation(slope: Array, covariance: Array) -> float:
    return float(max(float(slope @ covariance @ slope), 0.0) ** 0.5)
