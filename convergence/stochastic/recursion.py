"""The covariance of a method's state under gradient noise, a step at a time.

Γ ← A Γ Aᵀ + B C Bᵀ per pair of directions, with C the covariance of the gradients, linear in the second moments of the
points where they are asked: the recursion of second moments closes (as in Polyak and Juditsky 1992, for one method).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from convergence.stochastic.loops import OpenLoop
from convergence.stochastic.sampling import GradientNoise

Array = NDArray[np.float64]

DENSE = 400
"""Up to so many entries of a covariance its step is kept as a matrix."""


def sandwiched(left: Array, middle: Array) -> Array:
    """L_i M_ij L_jᵀ for pairs of directions: left (…, d, a, b), middle (…, d, d, b, b) -> (…, d, d, a, a)."""
    of_first, of_second = left[..., :, None, :, :], left[..., None, :, :, :]
    if left.shape[-2:] == (1, 1):  # many products of single numbers are slow as products of matrices
        return np.asarray(of_first * middle * of_second)
    return of_first @ middle @ of_second.swapaxes(-1, -2)


@dataclass(frozen=True, eq=False)
class Recursion:
    """One step of mean and covariance, with ``offset`` (d,) of the rest from the minimiser.

    Covariances are (…, d, d, s, s): directions first, then states.
    """

    loop: OpenLoop
    noise: GradientNoise
    offset: Array

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """That of a covariance."""
        d, s, _ = self.loop.closed.shape
        return d, d, s, s

    def asked_at(self, means: Array) -> Array:
        """The mean points (…, d, g) of the gradients, from the minimiser, for mean errors (…, d, s)."""
        loop = self.loop
        return (loop.asked @ means[..., None])[..., 0] + self.offset[:, None]

    def spread(self, covariance: Array) -> Array:
        """The part of the next covariance that is linear in this one."""
        carried = sandwiched(self.loop.closed, covariance)
        if self.noise.samples is None:
            return carried
        second = sandwiched(self.loop.asked, covariance)
        return carried + sandwiched(self.loop.enters, self._gradients(second, np.zeros(1), 0.0))

    def fresh(self, means: Array) -> Array:
        """The part (…, d, d, s, s) that comes of the mean errors (…, d, s), and of noise that is added."""
        asked = self.asked_at(means)
        second = asked[..., :, None, :, None] * asked[..., None, :, None, :]
        sums = asked[..., :, :, None] + asked[..., :, None, :]
        return sandwiched(self.loop.enters, self._gradients(second, sums, 1.0))

    def _gradients(self, second: Array, sums: Array, one: float) -> Array:
        """The covariances (…, d, d, g, g) of gradients, from the joint moments of the points that they are asked at."""
        of_pairs = np.moveaxis(second, (-4, -3), (-2, -1))
        pairs = np.broadcast_to(np.moveaxis(sums, -3, -1) if sums.ndim > 1 else sums, of_pairs.shape[:-1])
        return np.moveaxis(self.noise.covariance(of_pairs, pairs, one), (-2, -1), (-4, -3))

    def __call__(self, covariance: Array, means: Array) -> Array:
        """The next covariance, for present means (d, s): ``spread`` and ``fresh`` with one pass over the rows."""
        loop, asked = self.loop, self.asked_at(means)
        second = sandwiched(loop.asked, covariance) + asked[:, None, :, None] * asked[None, :, None, :]
        gradients = self._gradients(second, asked[:, :, None] + asked[:, None], 1.0)
        return np.asarray(sandwiched(loop.closed, covariance) + sandwiched(loop.enters, gradients))

    @cached_property
    def matrix(self) -> Array:
        """``spread`` as a matrix on flattened covariances."""
        size = int(np.prod(self.shape))
        return self.spread(np.eye(size).reshape(size, *self.shape)).reshape(size, size).T
