"""The cross gain: what a unit of gradient noise makes of the point where the next gradients are asked, in the long run.

g(λ_i, λ_j) is the stationary E q_i q_j of two directions that feel one unit noise. The noise of a batch is linear in
E q qᵀ, so its long run is that of Q ← G∘(c·N(Q)), a d×d recursion instead of one of all states (design of this package;
for gradient descent Ma, Bassily and Belkin 2018 and Mulayoff and Michaeli 2024 have it).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator, eigs, gmres

from convergence.errors import ConvergenceError
from convergence.stochastic.loops import OpenLoop
from convergence.stochastic.sampling import Samples

Array = NDArray[np.float64]

DENSE = 300
"""Up to so many entries of E q qᵀ the operator is a matrix, and all its eigenvalues are computed."""

POWERS, PATIENCE = 40, 6
"""Of the operator, before its spectral radius is looked for by another iteration; after these changes are to halve."""

TOLERANCE = 1e-12
"""Relative, of iterations in larger dimensions."""

ENCLOSED = 1e-8
"""How far above the radius that was found, relatively, the upper bound of it may lie."""

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
        everywhere = np.eye(d * g)
        if d * d * g * g <= DENSE:
            return self._largest(*np.linalg.eig(self.matrix))
        for begin in (everywhere,) if self.near is None else (self.near, everywhere):
            found = self._by_powers(begin)
            # a direction that was left out of Q would show in the upper bound
            if found is not None and self.enclosed(found[1])[1] <= found[0] * (1 + ENCLOSED):
                return found
        begin = self._unsquare(everywhere).reshape(-1)
        return self._largest(*eigs(self.operator, k=1, which="LM", v0=begin, tol=TOLERANCE))

    def _by_powers(self, begin: Array) -> tuple[float, Array] | None:
        """By powers of the operator: what all directions share leads by far, as a rule. None where it does not."""
        Q, radius, before = self._unsquare(begin), 0.0, inf
        for power in range(POWERS):
            Q = Q / np.linalg.norm(Q)
            after = self(Q)
            now = float(np.vdot(Q, after))
            change = abs(now - radius)
            # where changes halve at least, all that are to come add up to at most the last one
            if change <= TOLERANCE * abs(now) and change < before / 2:
                return now, _square(after) + _square(after).T
            if power > PATIENCE and change > before / 2:
                return None
            Q, radius, before = after, now, change
        return None

    def _largest(self, values: Array, vectors: Array) -> tuple[float, Array]:
        largest = int(np.abs(values).argmax())
        Q = _square(vectors[:, largest].real.reshape(self.shape))
        return float(np.abs(values[largest])), (Q + Q.T) * np.sign(np.trace(Q))

    def bounds(self) -> tuple[float, float]:
        """Lower and upper bounds of ρ(G∘N), from a positive definite Q near the leading one (Collatz and Wielandt)."""
        return self.enclosed(self.leading[1])

    def enclosed(self, Q: Array) -> tuple[float, float]:
        """Bounds of ρ(T) for T = G∘N: T(Q) between low·Q and high·Q, in the order of symmetric matrices, has it between them.

        Q (d·g, d·g) is positive semidefinite; a small part of the identity is added.
        """
        Q = Q + INSIDE * np.trace(Q) / len(Q) * np.eye(len(Q))
        root = np.linalg.inv(np.linalg.cholesky(Q))
        after = _square(self(self._unsquare(Q)))
        values = np.linalg.eigvalsh(root @ ((after + after.T) / 2) @ root.T)
        return float(values[0]), float(values[-1])

    def _unsquare(self, Q: Array) -> Array:
        """A matrix (d·g, d·g) as moments (d, d, g, g)."""
        d, _, g, _ = self.shape
        return Q.reshape(d, g, d, g).transpose(0, 2, 1, 3)

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
