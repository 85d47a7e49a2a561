"""The final loss of batches of rows on few directions: each step one matrix on (1, mean, second moments), all built at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from convergence.problem.arrays import Array
from convergence.scheduling.laws import Coupled
from convergence.scheduling.recursion import FinalLoss
from convergence.scheduling.steps import Loops

DENSE = 40
"""Up to so many second moments a step is kept as a matrix."""


@dataclass(frozen=True, eq=False)
class DenseFinalLoss(FinalLoss):
    """The same numbers as ``FinalLoss`` of a ``Coupled`` law, sooner where d·s is small."""

    @classmethod
    def of(cls, loss: FinalLoss) -> FinalLoss:
        """That of a final loss; itself where it is too large, or directions do not mix."""
        if not isinstance(loss.law, Coupled) or loss.second.size > DENSE:
            return loss
        return cls(loss.method, loss.curvatures, loss.others, loss.readings, loss.mean, loss.second, loss.law)

    def __call__(self, rates: Array) -> float:
        with np.errstate(all="ignore"):
            loss = float(self._last @ self._states(self._maps(self._loops(rates)))[-1])
        return loss if np.isfinite(loss) else np.inf

    def with_gradient(self, rates: Array) -> tuple[float, Array]:
        with np.errstate(all="ignore"):
            steps = self._loops(rates)
            maps, slopes = self._maps(steps), self._slopes(steps, self._loops(rates, slope=True))
            states, weights = self._states(maps), np.empty((len(rates), len(self._last)))
            weight = self._last
            for k in reversed(range(len(rates))):
                weights[k] = weight
                weight = weight @ maps[k]
            gradient = (weights * (slopes @ states[:-1, :, None])[..., 0]).sum(axis=1)
        loss = float(self._last @ states[-1])
        return (loss, gradient) if np.isfinite(loss) else (np.inf, np.zeros(len(rates)))

    def _states(self, maps: Array) -> Array:
        states = [np.concatenate([[1.0], self.mean.ravel(), self.second.ravel()])]
        for one in maps:
            states.append(one @ states[-1])
        return np.array(states)

    @cached_property
    def _last(self) -> Array:
        """The loss as a linear function of the last state."""
        of_second = np.zeros_like(self.second)
        of_second[0, 0] = self.law.loss_slope()
        return np.concatenate([np.zeros(1 + self.mean.size), of_second.ravel()])

    @cached_property
    def _laws(self) -> tuple[Array, Array, Array]:
        """The covariance of gradients: of second moments (d, d, d, d), of sums of means, and by itself."""
        law, d = self.law, len(self.curvatures)
        assert isinstance(law, Coupled)
        pairs = np.eye(d * d).reshape(d * d, d, d)
        fourth = law.noise.covariance(pairs, np.zeros((d * d, d)), 0.0)
        return fourth.reshape(d, d, d, d), law.third, law.noise.covariance(np.zeros((d, d)), np.zeros(d), 1.0)

    def _maps(self, steps: Loops) -> Array:
        A, B, R = (self._full(part) for part in (steps.closed, steps.enters, steps.asked))
        return self._filled(A, _twice(A, A), *self._sampled(B, B, R, R))

    def _slopes(self, steps: Loops, slopes: Loops) -> Array:
        """Those of the maps, where they meet symmetric moments and weights."""
        A, B, R = (self._full(part) for part in (steps.closed, steps.enters, steps.asked))
        dA, dB, dR = (self._full(part) for part in (slopes.closed, slopes.enters, slopes.asked))
        of_enters, of_asked = self._sampled(dB, B, R, R), self._sampled(B, B, dR, R)
        second = 2 * (of_enters[0] + of_asked[0])
        # sums of means are linear in R, second moments quadratic
        return self._filled(dA, 2 * _twice(dA, A), second, 2 * of_enters[1] + of_asked[1], 2 * of_enters[2], one=0.0)

    def _full(self, part: Array) -> Array:
        return np.broadcast_to(part, (*part.shape[:-1], len(self.curvatures)))

    def _sampled(self, B: Array, C: Array, R: Array, Q: Array) -> tuple[Array, Array, Array]:
        """B·(law of points asked by R and Q)·Cᵀ: of second moments, means, and by itself."""
        fourth, third, alone = self._laws
        pair = np.einsum("kagi,kbhj->kabghij", B, C)
        points = np.einsum("kgcm,khen->kghcemn", R, Q)
        second = np.einsum("kabghij,mnij,kghcemn->kabijcemn", pair, fourth, points, optimize=True)
        means = np.einsum("kabghij,mij,kgcm->kabijcm", pair, third, R, optimize=True)
        means = means + np.einsum("kabghij,mij,khcm->kabijcm", pair, third, R, optimize=True)
        return second, means, np.einsum("kabghij,ij->kabij", pair, alone)

    def _filled(
        self, mean: Array, carried: Array, second: Array, means: Array, alone: Array, one: float = 1.0
    ) -> Array:
        """Maps (K, n, n) of the parts."""
        steps, n, m = len(mean), len(self._last), self.mean.size
        maps, moments = np.zeros((steps, n, n)), n - 1 - m
        maps[:, 0, 0] = one
        s, d = self.mean.shape
        blocks = np.zeros((steps, s, d, s, d))
        blocks[:, :, np.arange(d), :, np.arange(d)] = np.moveaxis(mean, -1, 0)
        maps[:, 1 : 1 + m, 1 : 1 + m] = blocks.reshape(steps, m, m)
        maps[:, 1 + m :, 0] = alone.reshape(steps, moments)
        maps[:, 1 + m :, 1 : 1 + m] = means.reshape(steps, moments, m)
        maps[:, 1 + m :, 1 + m :] = (carried + second).reshape(steps, moments, moments)
        return maps


def _twice(a: Array, b: Array) -> Array:
    """What a pair of directions is carried by: (K, s, s, d) twice -> (K, s, s, d, d, s, s, d, d)."""
    s, d = a.shape[1], a.shape[-1]
    whole = np.zeros((len(a), s, s, d, d, s, s, d, d))
    pairs = np.einsum("kaci,kbej->kijabce", a, b)
    i, j = np.indices((d, d))
    whole[:, :, :, i, j, :, :, i, j] = np.moveaxis(pairs, (1, 2), (0, 1))
    return whole
