"""Powers of a small matrix: the first of them, their norms where these matter, and whether they grow."""

from __future__ import annotations

import numpy as np

from convergence.numerics.pseudospectrum import norms
from convergence.problem.arrays import Array

ROUNDING = 1e-12
"""Relative: bounds nearer than this are computed and not believed."""


def first_powers(matrix: Array, count: int) -> Array:
    """The first ``count`` powers of a matrix (n, n), a power of two of them, by squaring: (count, n, n)."""
    result, power = np.eye(len(matrix))[None], matrix
    while len(result) < count:
        result = np.concatenate([result, result @ power])
        power = power @ power
    return result


def norms_above(powers: Array, best: float) -> Array:
    """‖·‖₂ of each, where it may be above ``best`` or below 1 by ‖A‖₂ ≤ ‖A‖_F ≤ √n‖A‖₂; 1, which is neither, elsewhere."""
    frobenius, sizes = np.sqrt(np.einsum("kij,kij->k", powers, powers)), np.ones(len(powers))
    unsure = ~((np.sqrt(powers.shape[-1]) * (1 + ROUNDING) < frobenius) & (frobenius < best * (1 - ROUNDING)))
    sizes[unsure] = norms(powers[unsure])
    return sizes


def grows(matrix: Array) -> bool:
    """Whether powers of a matrix of radius 1 grow: a defective eigenvalue on the circle, where they grow like k."""
    with np.errstate(all="ignore"):
        early, late = (np.linalg.norm(np.linalg.matrix_power(matrix, 2**k), 2) for k in (20, 22))
    return bool(not np.isfinite(late) or late > 2 * early)
