"""Mean and second moment of a method at many learning rates at once, under minibatches: one linear recursion.

The moments [1, m, M] of the errors, M = E ssᵀ not about the mean, go over into those of the next step by a matrix that is
affine in the batch factor c. Where it is small it is built once, and serves all batches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.numerics.matrices import readings
from convergence.problem import Quadratic
from convergence.rule import Method
from convergence.stochastic.loops import OpenLoop, open_loop
from convergence.stochastic.moments import first_moments
from convergence.stochastic.recursion import DENSE, sandwiched
from convergence.stochastic.sampling import GradientNoise, Samples

Array = NDArray[np.float64]

CLOCK_STEPS = 10_000
"""Steps after which a clock that still runs is taken to be at rest."""


@dataclass(frozen=True, eq=False)
class Sweep:
    """A method at L learning rates, along d directions, with s states and g gradients a step.

    Attributes
    ----------
    curvatures
        (d,).
    samples
        The law of one sample's gradient.
    loop
        An ``OpenLoop`` with a leading axis of L.
    early
        Those of the first steps, where a clock runs.
    offset
        (L, d), where the method rests, from the minimiser.
    mean, spread
        (L, d, s) and (L, d, d, s, s): mean error of the first state, and what one sample's noise at the start adds to
        its second moment.
    """

    curvatures: Array
    samples: Samples
    loop: OpenLoop
    early: tuple[OpenLoop, ...]
    offset: Array
    mean: Array
    spread: Array

    def losses(self, factor: float) -> Iterator[Array]:
        """The expected excess loss (L,) at steps 0, 1, …, without end, the noise of one sample times ``factor``."""
        mean = self.mean
        second = mean[:, :, None, :, None] * mean[:, None, :, None, :] + factor * self.spread
        for loop in self.early:
            yield self._loss(mean, second)
            mean, second = self._stepped(loop, mean, second, factor)
        yield from self._small(mean, second, factor) if self.size <= DENSE else self._large(mean, second, factor)

    @property
    def size(self) -> int:
        """Numbers in [1, m, M]."""
        _, d, s = self.mean.shape
        return int(1 + d * s + (d * s) ** 2)

    def _small(self, mean: Array, second: Array, factor: float) -> Iterator[Array]:
        without, noise = self._matrices
        matrix, count = without + factor * noise, len(mean)
        one, weights = np.ones((count, 1)), np.zeros((count, self.size))
        _, d, s = self.mean.shape
        weights[:, 0] = 0.5 * self.offset**2 @ self.curvatures
        weights[:, 1 : 1 + d * s : s] = self.offset * self.curvatures
        own = 1 + d * s + np.arange(d) * (d + 1) * s * s
        weights[:, own] = 0.5 * self.curvatures
        moments = np.concatenate([one, mean.reshape(count, -1), second.reshape(count, -1)], axis=1)
        while True:
            yield np.einsum("li,li->l", weights, moments)
            moments = np.einsum("lij,lj->li", matrix, moments)

    def _large(self, mean: Array, second: Array, factor: float) -> Iterator[Array]:
        while True:
            yield self._loss(mean, second)
            mean, second = self._stepped(self.loop, mean, second, factor)

    def _loss(self, mean: Array, second: Array) -> Array:
        square = np.einsum("liiss->lis", second[..., :1, :1])[..., 0]
        return np.asarray(0.5 * (square + 2 * self.offset * mean[..., 0] + self.offset**2) @ self.curvatures)

    def _stepped(self, loop: OpenLoop, mean: Array, second: Array, factor: float) -> tuple[Array, Array]:
        after = sandwiched(loop.closed, second) + factor * self._noisy(loop, mean, second, 1.0)
        return (loop.closed @ mean[..., None])[..., 0], after

    @cached_property
    def _matrices(self) -> tuple[Array, Array]:
        """(L, n, n): the step of [1, m, M] without noise, and what one sample's noise adds."""
        count, d, s = self.mean.shape
        basis = np.eye(self.size)[:, None]  # (n, 1, n): a column of the matrices each
        mean = np.broadcast_to(basis[..., 1 : 1 + d * s].reshape(-1, 1, d, s), (self.size, count, d, s))
        second = np.broadcast_to(basis[..., 1 + d * s :].reshape(-1, 1, d, d, s, s), (self.size, count, d, d, s, s))
        without, noise = np.zeros((2, self.size, count, self.size))
        without[0, :, 0] = 1.0
        without[..., 1 : 1 + d * s] = (self.loop.closed @ mean[..., None])[..., 0].reshape(self.size, count, -1)
        without[..., 1 + d * s :] = sandwiched(self.loop.closed, second).reshape(self.size, count, -1)
        noise[..., 1 + d * s :] = self._noisy(self.loop, mean, second, 0.0).reshape(self.size, count, -1)
        noise[0, :, 1 + d * s :] = self._noisy(self.loop, mean[0], second[0], 1.0).reshape(count, -1)
        return np.moveaxis(without, 0, -1).copy(), np.moveaxis(noise, 0, -1).copy()

    def _noisy(self, loop: OpenLoop, mean: Array, second: Array, one: float) -> Array:
        """What one sample's noise adds to the next second moment (…, L, d, d, s, s); linear in mean, second and one."""
        points, offset = (loop.asked @ mean[..., None])[..., 0], self.offset
        shifted = points[..., :, None, :, None] * offset[:, None, :, None, None]
        both = offset[:, :, None, None, None] * points[..., None, :, None, :]
        still = one * (offset[:, :, None] * offset[:, None, :])[..., None, None]
        pairs = np.moveaxis(sandwiched(loop.asked, second) + shifted + both + still, (-4, -3), (-2, -1))
        sums = points[..., :, None] + points[..., None, :] + 2 * one * offset[..., None, None]
        noise = self.samples.covariance(pairs, np.moveaxis(sums, -3, -1), one)
        return sandwiched(loop.enters, np.moveaxis(noise, (-2, -1), (-4, -3)))


def sweep(
    problem: Quadratic, method: Method, samples: Samples, lrs: Array, others: Mapping[str, Any], x: Array
) -> Sweep:
    """The method at these learning rates (L,), from the position x (d,)."""
    settings = [method.scalars({**others, str(method.rate): float(lr)}) for lr in lrs]
    clocks = [readings(method, full, CLOCK_STEPS) for full in settings]
    early = tuple(
        _stacked(method, problem, settings, [r[k : k + 1] for r in clocks]) for k in range(max(map(len, clocks)))
    )
    d = len(problem.curvatures)
    alone = GradientNoise(samples, 1.0, np.zeros((d, d)))
    first = [first_moments(problem, method, full, alone, x) for full in settings]
    mean, spread, offset = (np.stack(parts) for parts in zip(*first, strict=True))
    at_rest = _stacked(method, problem, settings, [()] * len(settings))
    return Sweep(problem.curvatures, samples, at_rest, early, offset, mean, spread)


def _stacked(method: Method, problem: Quadratic, settings: Sequence[dict[str, Any]], clocks: Sequence[Any]) -> OpenLoop:
    """The loops at these settings side by side, each with the one reading of its clocks, or with none where they rest."""
    pairs = zip(settings, clocks, strict=True)
    loops = [open_loop(method, problem.curvatures, full, *reading) for full, reading in pairs]
    return OpenLoop(*(np.stack([getattr(loop, name) for loop in loops]) for name in ("closed", "enters", "asked")))
