"""Gaussian rows: stability in mean square by one scalar equation, O(d) an evaluation, in place of an operator on matrices.

For fresh rows u ~ N(0, H) the covariance of one sample's gradient along two directions is λ_iλ_jQ_ij, plus λ_i·Σλ_kQ_kk where
they are one: variances feed each other by their sum alone, and covariances only themselves.
"""

from __future__ import annotations

import numpy as np

from convergence.numerics.bracket import root
from convergence.problem.arrays import Array
from convergence.stochastic.loops import OpenLoop


def own_gains(loop: OpenLoop) -> Array:
    """g(λ_i, λ_i) (d,): the stationary variance of the point where the one gradient of a step is asked, for unit noise."""
    A, B, R = loop.closed, loop.enters, loop.asked
    d, s, _ = B.shape
    pairs = np.einsum("iab,icd->iacbd", A, A).reshape(d, s * s, s * s)
    entering = (B * B.swapaxes(-1, -2)).reshape(d, s * s, 1)
    settled = np.linalg.solve(np.eye(s * s) - pairs, entering).reshape(d, s, s)
    return np.asarray((R @ settled @ R.swapaxes(-1, -2))[:, 0, 0])


def least_batch(shares: Array) -> float:
    """The B > max a_i with Σ a_i/(B − a_i) = 1: the batch at which second moments only just stay bounded.

    ``shares`` are a_i = λ_i²g(λ_i, λ_i). With t_i = a_i/B, stable means each t_i < 1 and Σ t_i/(1 − t_i) < 1.

    >>> round(least_batch(np.array([1.0, 1.0])), 9)
    3.0
    """
    largest, total = float(shares.max()), float(shares.sum())
    if not total > 0 or not np.isfinite(total):
        return total
    parts = shares[shares > 0] / total

    def excess(above: float) -> float:
        """Of B = max a_i + above·Σa_i: falls as B grows."""
        return float((parts / (above + (largest / total - parts))).sum()) - 1

    # at 1 each term is at most its part, so the sum at most 1; towards 0 the largest term has no bound
    low = parts.max() / 2
    return largest + total * (1.0 if excess(1.0) >= 0 else root(excess, low, 1.0))
