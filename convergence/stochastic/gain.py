"""The cross gain: what a unit of gradient noise makes of the point where the next gradients are asked, in the long run.

g(λ_i, λ_j) is the stationary E q_i q_j of two directions that feel one unit noise. The noise of a batch is linear in
E q qᵀ, so its long run is that of Q ← G∘(c·N(Q)), a d×d recursion instead of one of all states (design of this package;
for gradient descent Ma, Bassily and Belkin 2018 and Mulayoff and Michaeli 2024 have it).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator, eigs, gmres

from convergence.errors import ConvergenceError
from convergence.stochastic.loops import OpenLoop
from convergence.stochastic.sampling import Samples

Array = NDArray[np.float64]

DENSE = 300
"""Up to so many entries of E q qᵀ the operator is a matrix, and all its eigenvalues are computed."""

TOLERANCE = 1e-12
"""Relative, of iterations in larger dimensions."""

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
        """Q in the long run under gradient noise of this covariance (…, d, d, g, g)."""
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
        """The spectral radius ρ(G∘N), and an eigenvector (d·g, d·g) of it, symmetric with a positive trace."""
        d, _, g, _ = self.shape
        if d * d * g * g <= DENSE:
            values, vectors = np.linalg.eig(self.matrix)
        else:
            begin = np.einsum("ij,ab->ijab", np.eye(d), np.eye(g)).reshape(-1)
            values, vectors = eigs(self.operator, k=1, which="LM", v0=begin, tol=TOLERANCE)
        largest = int(np.abs(values).argmax())
        Q = _square(vectors[:, largest].real.reshape(self.shape))
        return float(np.abs(values[largest])), (Q + Q.T) * np.sign(np.trace(Q))

    def bounds(self) -> tuple[float, float]:
        """Lower and upper bounds of ρ(G∘N), from a positive definite Q near the leading one (Collatz and Wielandt).

        T(Q) between low·Q and high·Q, in the order of symmetric matrices, puts ρ(T) between low and high.
        """
        d, _, g, _ = self.shape
        Q = self.leading[1]
        Q = Q + INSIDE * np.trace(Q) / len(Q) * np.eye(len(Q))
        root = np.linalg.inv(np.linalg.cholesky(Q))
        after = _square(self(Q.reshape(d, g, d, g).transpose(0, 2, 1, 3)))
        values = np.linalg.eigvalsh(root @ ((after + after.T) / 2) @ root.T)
        return float(values[0]), float(values[-1])

    def state(self, noise: Array) -> Array:
        """The stationary covariance (d, d, s, s) of the state under gradient noise of covariance (d, d, g, g)."""
        d, s, _ = self.loop.closed.shape
        return np.asarray((self.settled @ noise.reshape(d, d, -1, 1)).reshape(d, d, s, s))

    def solve(self, factor: float, constant: Array) -> Array:
        """The Q with Q = factor·(G∘N)(Q) + constant."""
        size = int(np.prod(self.shape))
        if size <= DENSE:
            dense = np.linalg.solve(np.eye(size) - factor * self.matrix, constant.reshape(size))
            return np.asarray(dense.reshape(self.shape))
        step = LinearOperator((size, size), lambda q: q - factor * (self.operator @ q), dtype=float)
        found, failed = gmres(step, constant.reshape(size), rtol=TOLERANCE, atol=0.0, restart=60, maxiter=20)
        if failed:
            raise ConvergenceError("the stationary covariance was not reached by iteration: too near the limit")
        return np.asarray(found.reshape(self.shape))


def _square(Q: Array) -> Array:
    """Moments (d, d, g, g) as a matrix (d·g, d·g)."""
    d, _, g, _ = Q.shape
    return Q.transpose(0, 2, 1, 3).reshape(d * g, d * g)
