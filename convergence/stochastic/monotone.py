"""The limit in mean square where the cross gain grows with the rate: Newton's method on log(c·ρ(G∘N)), few products.

If G grows in the order of symmetric matrices, so does G∘N on positive semidefinite ones (Schur's product theorem), and its
radius. The radius' slope comes free: N is self-adjoint, so the left eigenvector is Q/G (design of this package).
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, inf, log

import numpy as np

from convergence.errors import ConvergenceError
from convergence.problem.arrays import Array
from convergence.stochastic.cross_gain import RESIDUAL, Gain

EDGE = 1e-9
"""The part of the limit without noise by which a rate stays below it."""

SHARES = (1e-6, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1 - EDGE)
"""Rates, in units of the limit without noise, between which the cross gain is compared."""

DIFFERENCE = 1e-6
"""Relative, of the rates between which the gain's slope is taken."""

ROUNDS, CLOSE = 60, 1e-8
"""Steps at most, and log(c·ρ) from which one more step is right to rounding."""

COARSE = 1e-3
"""The residual of the first eigenvector, as a part of its eigenvalue."""

ROUNDING = 1e-9
"""Of eigenvalues of a change of the gain, as a part of the largest."""


def grows(gains: Callable[[float], Gain], top: float) -> bool:
    """Whether a loop is stable at rates up to ``top``, and the cross gain of its one gradient a step grows, as a matrix."""
    before: Array | None = None
    for share in SHARES:
        gain = gains(share * top)
        if gain.shape[-1] > 1 or np.abs(np.linalg.eigvals(gain.loop.closed)).max() >= 1:
            return False
        G = gain.gains[..., 0, 0]
        if not np.isfinite(G).all() or not (np.diag(G) > 0).all():
            return False
        if before is not None:
            scale = np.sqrt(np.diag(G))
            values = np.linalg.eigvalsh((G - before) / scale[:, None] / scale)
            if values[0] < -ROUNDING * max(values[-1], 1e-300):
                return False
        before = G
    return True


def growing_limit(gains: Callable[[float], Gain], factor: float, top: float, guess: Callable[[], float]) -> float:
    """The rate at which factor·ρ(G∘N) is 1, ``top`` where it is below 1 up to there; ``gains`` must grow."""
    low, high, lr = 0.0, top, top / 2
    if not gains(lr).dense:  # where a product costs more than a guess
        lr = guess()
    Q: Array | None = None
    residual = COARSE
    for _ in range(ROUNDS):
        gain = gains(lr)
        radius, Q = gain.leading_from(np.eye(len(gain.loop.asked)) if Q is None else Q, residual) or gain.leading
        excess = log(factor * radius) if radius > 0 else -inf
        if excess >= 0:  # a Rayleigh quotient is not above the radius
            high = min(high, lr)
        elif excess < -residual:
            low = max(low, lr)
        change = (gain.gains - gains(lr * (1 - DIFFERENCE)).gains)[..., 0, 0] / DIFFERENCE
        slope = gain.slope(Q, change)  # by log lr
        after = lr * exp(min(max(-excess / slope, -1.0), 1.0)) if slope > 0 else inf
        if abs(excess) < CLOSE and residual <= RESIDUAL and slope > 0:
            gain.require_confirmed(radius, Q)
            return min(after, top)
        if high == top and low > top * (1 - EDGE):
            return top
        if not low < after < high:
            after = (low + high) / 2
        residual = max(min(residual, abs(excess)) ** 2, RESIDUAL) if abs(excess) < COARSE else residual
        lr = after
    raise ConvergenceError("the limit in mean square was not reached by iteration")
