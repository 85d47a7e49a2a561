"""Spectral radii of monic real polynomials on arrays: the largest modulus of the roots, from the coefficients.

Closed forms up to degree three, in which double roots stay double: companion matrices lose half of the digits there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

NEWTON_STEPS = 2
"""From a closed form's 1e-9 or better, two quadratically convergent steps reach rounding."""


def largest_modulus(lower: Sequence[Any]) -> Array:
    """The largest modulus of the roots of monic polynomials, given by their lower coefficients, highest first.

    >>> largest_modulus([np.array([-3.0]), np.array([2.0])])  # z² − 3z + 2 = (z − 1)(z − 2)
    array([2.])
    """
    if len(lower) == 1:
        return np.asarray(np.abs(lower[0]), dtype=float)
    if len(lower) == 2:
        return quadratic_modulus(np.abs(np.asarray(lower[0], dtype=float)) * 0.5, lower[1])
    if len(lower) == 3:
        return cubic_modulus(*lower)
    return companion_modulus(lower)


def quadratic_modulus(half: Array, determinant: Any) -> Array:
    """The largest modulus of the roots of z² ± 2·half·z + determinant with half ≥ 0: max(√δ⁺, half + √(half² − δ)⁺).

    >>> quadratic_modulus(np.array([0.5, 0.75]), 0.5)  # complex: √δ; real: the larger root
    array([0.70710678, 1.        ])
    """
    root = np.asarray(half * half - determinant)
    np.maximum(root, 0.0, out=root)
    np.sqrt(root, out=root)
    root += half
    np.maximum(root, np.sqrt(np.maximum(determinant, 0.0)), out=root)
    return root


def cubic_modulus(a: Any, b: Any, c: Any) -> Array:
    """For z³ + az² + bz + c: its isolated real root by Cardano or Viète, polished, and the quadratic that is left."""
    a, b, c = np.broadcast_arrays(*(np.asarray(v, dtype=float) for v in (a, b, c)))
    root = _isolated_root(a, b, c)
    for _ in range(NEWTON_STEPS):
        slope = (3 * root + 2 * a) * root + b
        step = ((root + a) * root + b) * root + c
        root = root - np.divide(step, slope, out=np.zeros_like(root), where=np.abs(slope) > 1e-8)
    rest = root + a
    return np.maximum(np.abs(root), quadratic_modulus(np.abs(rest) * 0.5, root * rest + b))


def _isolated_root(a: Array, b: Array, c: Array) -> Array:
    """The real root that stays away from the two others, also where those meet (Numerical Recipes 5.6, eqs. 9–16)."""
    q = (a * a - 3 * b) / 9
    r = ((2 * a * a - 9 * b) * a + 27 * c) / 54
    cube = np.maximum(q, 0.0) ** 1.5
    three = np.abs(r) < cube
    angle = np.arccos(np.divide(np.abs(r), cube, out=np.ones_like(r), where=three)) / 3
    one = np.cbrt(np.abs(r) + np.sqrt(np.maximum(r * r - q * q * q, 0.0)))
    alone = one + np.divide(q, one, out=np.zeros_like(r), where=one > 0)
    size = np.where(three, 2 * np.sqrt(np.maximum(q, 0.0)) * np.cos(angle), alone)
    result: Array = -np.copysign(size, r) - a / 3
    return result


def companion_modulus(coefficients: Sequence[Any]) -> Array:
    """Any degree, by the eigenvalues of the companion matrix; infinite where a coefficient overflows."""
    lower = np.stack(np.broadcast_arrays(*coefficients), axis=-1)
    finite, size = np.isfinite(lower).all(axis=-1), lower.shape[-1]
    lower = np.where(finite[..., None], lower, 0.0)
    companion = np.zeros((*lower.shape[:-1], size, size))
    companion[..., 0, :] = -lower
    companion[..., 1:, :-1] += np.eye(size - 1)
    return np.where(finite, np.abs(np.linalg.eigvals(companion)).max(axis=-1), np.inf)


def meeting_roots(states: int) -> float:
    """How far a radius computed in floats may lie from the true one where all eigenvalues meet: the n-th root of rounding."""
    return float(16 * np.finfo(float).eps ** (1 / states))
