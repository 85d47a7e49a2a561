"""The largest eigenvalue of an operator that is self-adjoint in a weighted inner product, by the Lanczos iteration."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.linalg import eigh_tridiagonal

from convergence.problem.arrays import Array

ITERATIONS = 150
"""Products with the operator at most."""


def largest(
    operator: Callable[[Array], Array], weights: Array, begin: Array, tolerance: float
) -> tuple[float, Array] | None:
    """The largest eigenvalue and its eigenvector (m,); None where it does not converge.

    ``tolerance`` is the residual, relative to the eigenvalue. The start is ``begin`` (m,).

    The inner product is Σ weights·x·y, with positive weights (m,). Vectors are made orthogonal to all before (Lanczos 1950).
    """
    root = np.sqrt(weights)
    basis = [root * begin / np.linalg.norm(root * begin)]
    diagonal, beside = list[float](), list[float]()
    for _ in range(min(ITERATIONS, len(begin))):
        now = root * operator(basis[-1] / root)
        diagonal.append(float(basis[-1] @ now))
        before = np.array(basis)
        for _ in range(2):  # once is not enough where much cancels
            now = now - before.T @ (before @ now)
        rest = float(np.linalg.norm(now))
        last = len(diagonal) - 1
        value, vector = eigh_tridiagonal(diagonal, beside, select="i", select_range=(last, last))
        if rest * abs(vector[-1, 0]) <= tolerance * abs(value[0]):
            return float(value[0]), np.asarray(before.T @ vector[:, 0] / root)
        beside.append(rest)
        basis.append(now / rest)
    return None
