"""Pseudospectra of small matrices: norms of powers and resolvents, the Kreiss constant, the ε-pseudospectral radius.

See Trefethen and Embree, Spectra and Pseudospectra (2005).
"""

from __future__ import annotations

from math import inf, log, pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

ROUNDS, AROUND, KEPT = 40, np.linspace(-1.0, 1.0, 9), 6
"""Refinements of a maximum over a plane, the grid of each, and how many candidates are followed."""


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

        near = max(1e-14, 1 - float(np.abs(roots).max()))
        outside = np.linspace(log(near) - 5, 8.0, 120)
        return max(1.0, _highest(height, outside, _angles(roots, near)))


def _angles(roots: Complex, near: float) -> Array:
    """Angles in [0, π], crowded about those of the eigenvalues; A is real, so the lower half mirrors the upper."""
    offsets = np.concatenate([[0.0], near * np.geomspace(1e-3, max(2e-3, pi / near), 60)])
    about = np.abs(np.angle(roots))[:, None]
    crowded = np.concatenate([(about + offsets).ravel(), (about - offsets).ravel(), np.linspace(0, pi, 90)])
    return np.unique(crowded[(crowded >= 0) & (crowded <= pi)])


def _highest(height: Any, first: Array, second: Array) -> float:
    """The highest value over a plane: on a grid, and then ever finer about its best local maxima."""
    grid = height(*np.meshgrid(first, second, indexing="ij"))
    padded = np.pad(grid, 1, constant_values=-inf)
    around = [
        padded[1 + i : padded.shape[0] - 1 + i, 1 + j : padded.shape[1] - 1 + j] for i in (-1, 0, 1) for j in (-1, 0, 1)
    ]
    peaks = np.argwhere(grid >= np.max(around, axis=0))
    peaks = peaks[np.argsort(grid[tuple(peaks.T)])[::-1][:KEPT]]
    return max(_refined(height, first, second, place) for place in peaks)


def _refined(height: Any, first: Array, second: Array, place: NDArray[np.intp]) -> float:
    centre = [float(axis[k]) for axis, k in zip((first, second), place, strict=True)]
    reach = [float(np.diff(axis[max(0, k - 1) : k + 2]).max()) for axis, k in zip((first, second), place, strict=True)]
    best = -inf
    for _ in range(ROUNDS):
        axes = [c + r * AROUND for c, r in zip(centre, reach, strict=True)]
        values = height(*np.meshgrid(*axes, indexing="ij"))
        at = np.unravel_index(int(values.argmax()), values.shape)
        best = max(best, float(values[at]))
        centre = [float(axis[k]) for axis, k in zip(axes, at, strict=True)]
        inside = [0 < k < len(AROUND) - 1 for k in at]
        reach = [r * (0.4 if i else 1.0) for r, i in zip(reach, inside, strict=True)]
    return best


def pseudoradius(matrix: Array, roots: Complex, epsilon: float) -> float:
    """The largest radius over all angles, by refining about the best of a grid; see ``_outermost``."""
    angles = _angles(roots, max(epsilon, 1e-8))
    radii = _outermost(matrix, angles, epsilon)
    best = float(radii.max())
    for place in np.argsort(radii)[::-1][:KEPT]:
        centre = float(angles[place])
        reach = float(np.diff(angles[max(0, place - 1) : place + 2]).max(initial=1e-3))
        for _ in range(ROUNDS // 2):
            around = centre + reach * AROUND
            found = _outermost(matrix, around, epsilon)
            best, centre, reach = max(best, float(found.max())), float(around[found.argmax()]), reach * 0.4
    return best


def _outermost(matrix: Array, angles: Array, epsilon: float) -> Array:
    """For each angle, the largest r with σ_min(re^{iθ}I − A) = ε: a real eigenvalue of a matrix (Mengi and Overton 2005)."""
    size, turn = len(matrix), np.exp(1j * angles)[:, None, None]
    whole = np.zeros((len(angles), 2 * size, 2 * size), dtype=complex)
    whole[:, :size, :size], whole[:, :size, size:] = turn * matrix.T, epsilon * turn * np.eye(size)
    whole[:, size:, :size], whole[:, size:, size:] = epsilon / turn * np.eye(size), matrix / turn
    roots = np.linalg.eigvals(whole)
    real = np.abs(roots.imag) <= 1e-7 * (1 + np.abs(roots))
    radius = np.where(real, roots.real, 0.0)
    close = real & (np.abs(smallest_singular_value(matrix, radius * turn[..., 0]) - epsilon) <= 1e-6 * (epsilon + 1e-6))
    return np.asarray(np.where(close, radius, 0.0).max(axis=1))
