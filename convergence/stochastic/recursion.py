"""Second moments of a method's state under gradient noise, a step at a time.

Γ ← A Γ Aᵀ + B C Bᵀ per pair of directions, with C the covariance of the gradients, linear in the second moments of the
points where they are asked: the recursion of second moments closes (as in Polyak and Juditsky 1992, for one method).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from convergence.problem.arrays import Array
from convergence.stochastic.loops import OpenLoop
from convergence.stochastic.sampling import GradientNoise

DENSE = 400
"""Up to so many entries of a covariance its step is kept as a matrix."""


def sandwiched(left: Array, middle: Array) -> Array:
    """L_i M_ij L_jᵀ for pairs of directions: left (…, d, a, b), middle (…, d, d, b, b) -> (…, d, d, a, a)."""
    of_first, of_second = left[..., :, None, :, :], left[..., None, :, :, :]
    if left.shape[-2:] == (1, 1):  # many products of single numbers are slow as products of matrices
        return np.asarray(of_first * middle * of_second)
    return of_first @ middle @ of_second.swapaxes(-1, -2)


def products(a: Array, b: Array) -> Array:
    """a_i b_jᵀ for pairs of directions: (…, d, a) and (…, d, b) -> (…, d, d, a, b)."""
    return np.asarray(a[..., :, None, :, None] * b[..., None, :, None, :])


@dataclass(frozen=True, eq=False)
class Recursion:
    """A step of mean errors (…, d, s) and second moments (…, d, d, s, s); ``offset`` (…, d) is the rest, from the minimiser."""

    loop: OpenLoop
    noise: GradientNoise
    offset: Array

    def entering(self, second: Array, mean: Array, one: float = 1.0) -> Array:
        """The covariance (…, d, d, s, s) that noise adds to the next state, from the moments of this one about the rest.

        It is linear in them and in ``one``: 0 for the linear part alone.
        """
        points, offset = (self.loop.asked @ mean[..., None])[..., 0], self.offset[..., None]
        shifted = products(points, offset) + products(offset, points) + one * products(offset, offset)
        sums = points[..., :, None] + points[..., None, :] + 2 * one * offset[..., None]
        pairs = np.moveaxis(sandwiched(self.loop.asked, second) + shifted, (-4, -3), (-2, -1))
        noise = self.noise.covariance(pairs, np.moveaxis(sums, -3, -1), one)
        return sandwiched(self.loop.enters, np.moveaxis(noise, (-2, -1), (-4, -3)))

    def __call__(self, covariance: Array, mean: Array) -> Array:
        """The next covariance."""
        second = covariance + products(mean, mean)
        return np.asarray(sandwiched(self.loop.closed, covariance) + self.entering(second, mean))

    def stepped(self, now: Array, one: float = 1.0) -> Array:
        """The next [1, m, M] (…, n), flattened, with M the second moments about the rest; ``one`` is the first of them."""
        d, s, _ = self.loop.closed.shape[-3:]
        mean = now[..., 1 : 1 + d * s].reshape(*now.shape[:-1], d, s)
        second = now[..., 1 + d * s :].reshape(*now.shape[:-1], d, d, s, s)
        after = sandwiched(self.loop.closed, second) + self.entering(second, mean, one)
        return flattened(now[..., 0], self.loop.carried(mean), after)

    @cached_property
    def matrices(self) -> Array:
        """The same as matrices (…, n, n)."""
        *several, d, s, _ = self.loop.closed.shape
        size = 1 + d * s + (d * s) ** 2
        basis = np.broadcast_to(np.eye(size).reshape(size, *(1,) * len(several), size), (size, *several, size))
        columns = np.concatenate([self.stepped(basis[:1]), self.stepped(basis[1:], 0.0)])
        return np.moveaxis(columns, 0, -1).copy()


def flattened(one: Array, mean: Array, second: Array) -> Array:
    """[1, m, M] (…, n) of these numbers (…), means (…, d, s) and second moments (…, d, d, s, s)."""
    parts = (part.reshape(*np.shape(one), -1) for part in (mean, second))
    return np.concatenate([one[..., None], *parts], axis=-1)


def loss_weights(curvatures: Array, offset: Array, states: int) -> Array:
    """The excess loss as a linear function (…, n) of [1, m, M], for ``offset`` (…, d) of the rest from the minimiser."""
    d = len(curvatures)
    first, second = np.zeros((*offset.shape, states)), np.zeros((*offset.shape, d, states, states))
    first[..., 0] = offset * curvatures
    second[..., np.arange(d), np.arange(d), 0, 0] = 0.5 * curvatures
    return flattened(0.5 * offset**2 @ curvatures, first, second)
