"""The covariance of a step's gradients, as a linear function of second moments, and its adjoint.

Along one direction at a time where directions do not mix: noise that is added, and fresh Gaussian rows. Over pairs of
directions for rows of data.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from convergence.problem.arrays import Array
from convergence.stochastic.sampling import GradientNoise, Rows


class Law(Protocol):
    """What the second moments (a, b, …) of states are carried by; … is (d,) for directions, (d, d) for pairs of them.

    Attributes
    ----------
    sampled
        Whether the covariance depends on where gradients are asked.
    uses_mean
        Whether also on the mean of that point.
    """

    @property
    def sampled(self) -> bool: ...

    @property
    def uses_mean(self) -> bool: ...

    def left(self, matrices: Array) -> Array:
        """Matrices (a, b, d) of directions as they act on the first index of second moments."""

    def right(self, matrices: Array) -> Array:
        """The same on the second."""

    def outer(self, a: Array, b: Array) -> Array:
        """The products (a, b, …) of states (a, d) and (b, d)."""

    def loss(self, second: Array) -> float:
        """½Σλ·E e², from the second moments (…) of the position."""

    def loss_slope(self) -> Array:
        """Its derivative (…)."""

    def covariance(self, second: Array, sums: Array) -> Array:
        """That of gradients (g, g, …), asked at points of these second moments, and sums (g, g, d) of two points' means."""

    def adjoint(self, weights: Array) -> tuple[Array, Array]:
        """The derivative of Σ weights·covariance by ``second`` and by ``sums``."""


@dataclass(frozen=True, eq=False)
class Separate:
    """Directions apart. Noise of variance ``added`` (d,) in each gradient; of Gaussian rows, ``factor`` times theirs.

    The covariance of one such row's gradient at q is λ²E q² + λ(Σλ E q² + 2·minimum) along a direction.
    """

    curvatures: Array
    added: Array
    factor: float = 0.0
    minimum: float = 0.0
    uses_mean: bool = field(default=False, init=False)

    @property
    def sampled(self) -> bool:
        return self.factor > 0

    def left(self, matrices: Array) -> Array:
        return matrices

    right = left

    def outer(self, a: Array, b: Array) -> Array:
        return a[:, None] * b[None]

    def loss(self, second: Array) -> float:
        return float(0.5 * self.curvatures @ second)

    def loss_slope(self) -> Array:
        return 0.5 * self.curvatures

    def covariance(self, second: Array, sums: Array) -> Array:
        if not self.factor:
            own = self.added[None, None]  # the same for all gradients of a step, which share the sample
            return own if len(second) == 1 else np.asarray(np.broadcast_to(own, (*second.shape[:2], len(self.added))))
        return self.added + self.factor * (self._linear(second) + 2 * self.minimum * self.curvatures)

    def adjoint(self, weights: Array) -> tuple[Array, Array]:
        return self.factor * self._linear(weights), np.zeros(1)

    def _linear(self, second: Array) -> Array:
        pulled = self.curvatures * second
        return np.asarray(self.curvatures * (pulled + pulled.sum(axis=-1, keepdims=True)))


@dataclass(frozen=True, eq=False)
class Coupled:
    """All pairs of directions, for batches of rows. ``third`` (d, d, d) is what the sum of two means gives."""

    curvatures: Array
    noise: GradientNoise
    third: Array
    sampled: bool = field(default=True, init=False)
    uses_mean: bool = field(default=True, init=False)

    @classmethod
    def of(cls, curvatures: Array, noise: GradientNoise, rows: Rows) -> Coupled:
        """That of rows along the directions of these curvatures."""
        d = len(curvatures)
        third = rows.covariance(np.zeros((d, d, d)), np.eye(d), 0.0)
        return cls(curvatures, noise, noise.factor * third)

    def left(self, matrices: Array) -> Array:
        return matrices[..., :, None]

    def right(self, matrices: Array) -> Array:
        return matrices[..., None, :]

    def outer(self, a: Array, b: Array) -> Array:
        return a[:, None, :, None] * b[None, :, None, :]

    def loss(self, second: Array) -> float:
        return float(0.5 * self.curvatures @ np.diagonal(second))

    def loss_slope(self) -> Array:
        return np.diag(0.5 * self.curvatures)

    def covariance(self, second: Array, sums: Array) -> Array:
        return self.noise.covariance(second, sums, 1.0)

    def adjoint(self, weights: Array) -> tuple[Array, Array]:
        # the part that is linear in second moments is its own adjoint: Σ (z'Sz)(z'Λz), less tr(HSHΛ)
        second = self.noise.covariance(weights, np.zeros((*weights.shape[:2], len(self.curvatures))), 0.0)
        return second, np.einsum("kij,ghij->ghk", self.third, weights)
