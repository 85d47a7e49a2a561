"""The cross gain G: stationary covariances, per unit of gradient noise, of the points where gradients are asked; ρ(G∘N).

g(λ_i, λ_j) is the stationary E q_i q_j of two directions that feel one unit noise. The noise of a batch is linear in
E q qᵀ, so its long run is that of Q ← G∘(c·N(Q)), a d×d recursion instead of one of all states (design of this package;
for gradient descent Ma, Bassily and Belkin 2018 and Mulayoff and Michaeli 2024 have it).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf

import numpy as np
from scipy.sparse.linalg import LinearOperator, eigs, gmres

from convergence.errors import ConvergenceError
from convergence.problem.arrays import Array
from convergence.stochastic.lanczos import largest
from convergence.stochastic.loops import OpenLoop
from convergence.stochastic.sampling import Samples

DENSE = 300
"""Up to so many entries of E q qᵀ the operator is a matrix, and all its eigenvalues are computed."""

TOLERANCE, RESIDUAL = 1e-12, 1e-10
"""Relative, of iterations in larger dimensions; the second where an eigenvalue's error is its square."""

ENCLOSED, SMOOTHED = 1e-6, 12
"""How far, relatively, the upper bound may lie from a radius that was found; steps that bring them together at most."""

MIXED = 1e-3
"""The part of the mean eigenvalue that is added where an iteration begins: a direction that is left out stays out."""

DEFINITE = 1e-9
"""The least eigenvalue of a matrix that is positive definite whatever an iteration leaves over, as a part of the largest."""

INSIDE = 1e-9
"""The part of the mean eigenvalue that is added to a leading Q, so that it is positive definite."""


@dataclass(frozen=True, eq=False)
class Gain:
    """The operator G∘N on moments Q (d, d, g, g) of the points where gradients are asked, for one sample a step.

    It leaves positive semidefinite matrices so, as G is a Gram matrix (Schur's product theorem) and N a covariance: its
    spectral radius is an eigenvalue (Krein and Rutman 1948), and any positive definite Q bounds it on both sides.
    """

    loop: OpenLoop
    samples: Samples
    near: Array | None = None  # a leading Q (d·g, d·g) of an operator nearby, where one is known

    @property
    def shape(self) -> tuple[int, int, int, int]:
        d, g, _ = self.loop.asked.shape
        return d, d, g, g

    @cached_property
    def settled(self) -> Array:
        """(d, d, s², g²), the stationary state covariance of each pair for each unit of noise between two gradients."""
        A, B = self.loop.closed, self.loop.enters
        d, s, g = B.shape
        pairs = np.einsum("iab,jcd->ijacbd", A, A).reshape(d, d, s * s, s * s)
        entering = np.einsum("iab,jcd->ijacbd", B, B).reshape(d, d, s * s, g * g)
        return np.asarray(np.linalg.solve(np.eye(s * s) - pairs, entering))

    @cached_property
    def gains(self) -> Array:
        """(d, d, g², g²), G: the same for the points where gradients are asked."""
        R = self.loop.asked
        d, g, s = R.shape
        return np.asarray(np.einsum("iab,jcd->ijacbd", R, R).reshape(d, d, g * g, s * s) @ self.settled)

    def noisy(self, Q: Array, sums: Array, one: float) -> Array:
        """The covariance (…, d, d, g, g) of one sample's gradients."""
        moved = self.samples.covariance(np.moveaxis(Q, (-4, -3), (-2, -1)), sums, one)
        return np.moveaxis(moved, (-2, -1), (-4, -3))

    def amplified(self, noise: Array) -> Array:
        """The stationary Q (…, d, d, g, g) under gradient noise of this covariance (…, d, d, g, g): G∘noise."""
        flat = noise.reshape(*noise.shape[:-2], -1, 1)
        return np.asarray((self.gains @ flat).reshape(noise.shape))

    def __call__(self, Q: Array) -> Array:
        return self.amplified(self.noisy(Q, np.zeros(len(self.loop.closed)), 0.0))

    @cached_property
    def matrix(self) -> Array:
        """The operator on flattened moments."""
        size = int(np.prod(self.shape))
        return self(np.eye(size).reshape(size, *self.shape)).reshape(size, size).T

    @cached_property
    def operator(self) -> LinearOperator:
        size = int(np.prod(self.shape))
        return LinearOperator((size, size), lambda q: self(q.reshape(self.shape)).reshape(size), dtype=float)

    @cached_property
    def leading(self) -> tuple[float, Array]:
        """The spectral radius ρ(G∘N), and an eigenvector (d·g, d·g) of it, symmetric with a positive trace.

        ConvergenceError where an iteration found one that its upper bound does not confirm.
        """
        if self.dense:
            return self._largest(*np.linalg.eig(self.matrix))
        identity = np.eye(len(self.loop.asked) * self.shape[-1])
        known = [] if self.near is None else [self.near]
        for begin in (*known, identity) if self.weights is not None else ():
            iterated = self.leading_from(begin, RESIDUAL)
            if iterated is not None and self.confirmed(*iterated):
                return iterated
        begin = self._unsquare([*known, identity][0]).reshape(-1)
        radius, Q = self._largest(*eigs(self.operator, k=1, which="LR", v0=begin, tol=TOLERANCE))
        self.require_confirmed(radius, Q)
        return radius, Q

    @property
    def dense(self) -> bool:
        """Whether all eigenvalues are computed."""
        return int(np.prod(self.shape)) <= DENSE

    @cached_property
    def weights(self) -> Array | None:
        """(d, d), 1/G of a single gradient a step where G is positive: G∘N is self-adjoint in the product Σ XY/G. Else None."""
        if self.shape[-1] > 1 or not (self.gains > 0).all():
            return None
        return np.asarray(1 / self.gains[..., 0, 0])

    def leading_from(self, begin: Array, residual: float) -> tuple[float, Array] | None:
        """``leading`` by Lanczos's iteration from a symmetric Q (d·g, d·g), not checked; None where it does not converge.

        ``residual`` is relative to the eigenvalue.
        """
        if self.dense or self.weights is None:
            return self.leading
        begin = begin + MIXED * np.trace(begin) / len(begin) * np.eye(len(begin))
        pair = largest(lambda q: self.operator @ q, self.weights.ravel(), begin.ravel(), residual)
        if pair is None:
            return None
        Q = pair[1].reshape(begin.shape)
        return pair[0], np.asarray((Q + Q.T) * np.sign(np.trace(Q)))

    def slope(self, Q: Array, change: Array) -> float:
        """d log ρ, for an eigenvector Q (d, d) and a change (d, d) of G: its left eigenvector is Q/G."""
        G = self.gains[..., 0, 0]
        return float((Q**2 * change / G**2).sum() / (Q**2 / G).sum())

    def confirmed(self, radius: float, Q: Array) -> bool:
        """Whether an upper bound, from Q or from what the operator makes of it, is within ENCLOSED of an iterated radius.

        An iterated eigenvalue is one, and so no more than the radius; a direction that was left out shows in the bound.
        """
        if self.dense or radius == 0:
            return True
        for _ in range(SMOOTHED):
            Q = _inside(Q)
            after = self._applied(Q)
            if abs(_between(Q, after)[1] / radius - 1) <= ENCLOSED:
                return True
            Q = after / radius
        return False

    def require_confirmed(self, radius: float, Q: Array) -> None:
        """ConvergenceError unless ``confirmed``."""
        if not self.confirmed(radius, Q):
            raise ConvergenceError(
                f"the amplification of second moments was iterated to {radius:.9g}, but its upper bound is "
                f"{self.enclosed(Q)[1]:.9g}: the spectrum is too wide for an answer that is sure"
            )

    def _largest(self, values: Array, vectors: Array) -> tuple[float, Array]:
        """The spectral radius, and its eigenvector as a symmetric matrix with a positive trace.

        Others may have the same modulus, as −ρ; but of a map that leaves semidefinite matrices so, ρ is an eigenvalue itself.
        """
        place = int(values.real.argmax())
        Q = _square(vectors[:, place].real.reshape(self.shape))
        return float(values[place].real), (Q + Q.T) * np.sign(np.trace(Q))

    def bounds(self) -> tuple[float, float]:
        """Lower and upper bounds of ρ(G∘N), from a positive definite Q near the leading one (Collatz and Wielandt)."""
        return self.enclosed(self.leading[1])

    def enclosed(self, Q: Array) -> tuple[float, float]:
        """Bounds of ρ(T) for T = G∘N: T(Q) between low·Q and high·Q, in the order of symmetric matrices, has it between them.

        Q (d·g, d·g) is positive semidefinite; a small part of the identity is added.
        """
        Q = _inside(Q)
        return _between(Q, self._applied(Q))

    def _applied(self, Q: Array) -> Array:
        """G∘N of Q (d·g, d·g)."""
        after = _square(self(self._unsquare(Q)))
        return np.asarray((after + after.T) / 2)

    def _unsquare(self, Q: Array) -> Array:
        """A matrix (d·g, d·g) as moments (d, d, g, g)."""
        d, _, g, _ = self.shape
        return Q.reshape(d, g, d, g).transpose(0, 2, 1, 3)

    def state(self, noise: Array) -> Array:
        """The stationary covariance (d, d, s, s) of the state under gradient noise of covariance (d, d, g, g)."""
        d, s, _ = self.loop.closed.shape
        return np.asarray((self.settled @ noise.reshape(d, d, -1, 1)).reshape(d, d, s, s))

    def fixed_point(self, factor: float, constant: Array) -> Array | None:
        """The Q with Q = factor·(G∘N)(Q) + constant, for a positive semidefinite constant; None where factor·ρ ≥ 1.

        Where the constant is positive definite, a Q that is so too shows that factor·ρ < 1, by its upper bound; else the
        radius is computed.
        """
        size = int(np.prod(self.shape))
        if self.dense:
            if factor * self.leading[0] >= 1:
                return None
            flat = np.linalg.solve(np.eye(size) - factor * self.matrix, constant.reshape(size))
            return np.asarray(flat.reshape(self.shape))
        step = LinearOperator((size, size), lambda q: q - factor * (self.operator @ q), dtype=float)
        flat, failed = gmres(step, constant.reshape(size), rtol=TOLERANCE, atol=0.0, restart=60, maxiter=20)
        Q = np.asarray(flat.reshape(self.shape))
        certain = not failed and _is_definite(_square(constant)) and _is_definite(_square(Q))
        if not certain and factor * self.leading[0] >= 1:
            return None
        if failed:
            raise ConvergenceError("the stationary covariance was not reached by iteration: too near the limit")
        return Q


def _is_definite(matrix: Array) -> bool:
    """Positive definite, by far more than iterations leave over."""
    values = np.linalg.eigvalsh((matrix + matrix.T) / 2)
    return bool(values[0] > DEFINITE * values[-1])


def _inside(Q: Array) -> Array:
    """Q, moved into the positive definite matrices."""
    return np.asarray(Q + INSIDE * np.trace(Q) / len(Q) * np.eye(len(Q)))


def _between(Q: Array, after: Array) -> tuple[float, float]:
    """The largest low and the smallest high with low·Q ≤ after ≤ high·Q; (0, ∞) where Q is not positive definite."""
    scale = np.sqrt(np.abs(np.diag(Q)))
    scale[scale == 0] = 1.0
    try:
        root = np.linalg.inv(np.linalg.cholesky(Q / scale[:, None] / scale))
    except np.linalg.LinAlgError:
        return 0.0, inf
    values = np.linalg.eigvalsh(root @ (after / scale[:, None] / scale) @ root.T)
    return float(values[0]), float(values[-1])


def _square(Q: Array) -> Array:
    """Moments (d, d, g, g) as a matrix (d·g, d·g)."""
    d, _, g, _ = Q.shape
    return Q.transpose(0, 2, 1, 3).reshape(d * g, d * g)
