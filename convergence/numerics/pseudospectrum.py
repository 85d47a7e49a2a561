"""Norms, Kreiss constant and pseudospectral radius of a matrix (Trefethen and Embree 2005, ch. 14-16)."""

from __future__ import annotations

from collections.abc import Callable
from math import log, pi, sqrt
from sys import float_info
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter
from scipy.optimize import minimize

from convergence.problem.arrays import Array

Complex = NDArray[np.complex128]

ROUNDING, DOUBLE = 64 * float_info.epsilon, sqrt(float_info.epsilon)
"""To which single and double eigenvalues are known, relatively."""

SAME = 1e-6
"""Relative: an eigenvalue at which the smallest singular value is ε, and not one that only looks real."""

KEPT = 6
"""Local maxima on a grid that are followed."""


def norms(matrices: NDArray[Any]) -> Array:
    """‖·‖₂ of many small matrices: in closed form up to two rows."""
    size = matrices.shape[-1]
    if size == 1:
        return np.asarray(np.abs(matrices[..., 0, 0]))
    if size == 2:
        return _singular_values(matrices)[0]
    return np.asarray(np.linalg.norm(matrices, 2, axis=(-2, -1)))


def _singular_values(matrices: NDArray[Any]) -> tuple[Array, Array]:
    """The larger and the smaller singular value of 2×2 matrices, complex ones too, without cancellation."""
    a, b, c, d = (matrices[..., i, j] for i in (0, 1) for j in (0, 1))
    size = np.abs(a) ** 2 + np.abs(b) ** 2 + np.abs(c) ** 2 + np.abs(d) ** 2
    product = np.abs(a * d - b * c)
    gap = np.abs(a) ** 2 + np.abs(b) ** 2 - np.abs(c) ** 2 - np.abs(d) ** 2
    cross = np.abs(a * np.conj(c) + b * np.conj(d))
    largest = np.sqrt((size + np.hypot(gap, 2 * cross)) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return largest, np.where(largest > 0, product / largest, 0.0)


def smallest_singular_value(matrix: Array, points: Complex) -> Array:
    """σ_min(zI − A) at many points z: the distance of A from having the eigenvalue z."""
    size = len(matrix)
    shifted = points[..., None, None] * np.eye(size) - matrix
    if size == 1:
        return np.asarray(np.abs(shifted[..., 0, 0]))
    if size == 2:
        return _singular_values(shifted)[1]
    return np.asarray(np.linalg.svd(shifted, compute_uv=False)[..., -1])


def kreiss_constant(matrix: Array, roots: Complex) -> float:
    """sup over |z| > 1 of (|z|−1)/σ_min(zI−A); it tends to 1 far away, so it is at least that."""
    with np.errstate(divide="ignore", invalid="ignore"):

        def height(outside: Array, angle: Array) -> Array:
            points = (1 + np.exp(outside)) * np.exp(1j * angle)
            found = np.exp(outside) / smallest_singular_value(matrix, points)
            return np.nan_to_num(found, nan=0.0, posinf=0.0)

        near = max(ROUNDING, 1 - float(np.abs(roots).max()))
        outside = np.linspace(log(near) - 5, 8.0, 120)
        return max(1.0, _highest(height, outside, _angles(roots, near)))


def _angles(roots: Complex, near: float) -> Array:
    """Angles in [0, π], crowded about those of the eigenvalues; A is real, so the lower half mirrors the upper."""
    offsets = np.concatenate([[0.0], near * np.geomspace(1e-3, max(2e-3, pi / near), 60)])
    about = np.abs(np.angle(roots))[:, None]
    crowded = np.concatenate([(about + offsets).ravel(), (about - offsets).ravel(), np.linspace(0, pi, 90)])
    return np.unique(crowded[(crowded >= 0) & (crowded <= pi)])


def _highest(height: Callable[..., Any], *axes: Array) -> float:
    """The highest value: on a grid, and then by Nelder and Mead's simplex about its best local maxima."""
    grid = np.asarray(height(*np.meshgrid(*axes, indexing="ij")))
    peaks = np.argwhere(grid == maximum_filter(grid, 3))
    peaks = peaks[np.argsort(-grid[tuple(peaks.T)], kind="stable")[:KEPT]]
    heights = [grid.max()]
    for place in peaks:
        first = np.array([axis[k] for axis, k in zip(axes, place, strict=True)])
        reach = [np.diff(axis[max(0, k - 1) : k + 2]).max() for axis, k in zip(axes, place, strict=True)]
        options = {
            "initial_simplex": np.vstack([first, first + np.diag(reach)]),
            "xatol": 0.0,
            "fatol": ROUNDING,
            "maxiter": 200,
        }
        heights.append(-minimize(lambda u: -float(height(*u)), first, method="Nelder-Mead", options=options).fun)
    return float(max(heights))


def pseudoradius(matrix: Array, roots: Complex, epsilon: float) -> float:
    """The largest radius over all angles, by refining about the best of a grid; see ``_outermost``."""
    return _highest(lambda angles: _outermost(matrix, angles, epsilon), _angles(roots, max(epsilon, DOUBLE)))


def _outermost(matrix: Array, angles: Array, epsilon: float) -> Array:
    """For each angle, the largest r with σ_min(re^{iθ}I − A) = ε: a real eigenvalue of a matrix (Mengi and Overton 2005)."""
    size, turn = len(matrix), np.exp(1j * np.asarray(angles))[..., None, None]
    one = np.eye(size)
    whole = np.block([[turn * matrix.T, epsilon * turn * one], [epsilon / turn * one, matrix / turn]])
    roots = np.linalg.eigvals(whole)
    real = np.abs(roots.imag) <= 8 * DOUBLE * (1 + np.abs(roots))
    radius = np.where(real, roots.real, 0.0)
    close = real & (np.abs(smallest_singular_value(matrix, radius * turn[..., 0]) - epsilon) <= SAME * (epsilon + SAME))
    return np.asarray(np.where(close, radius, 0.0).max(axis=-1))
