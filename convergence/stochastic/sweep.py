"""Mean and second moment of a method at many learning rates at once, under minibatches: one linear recursion.

The moments [1, m, M] of the errors, M = E ssᵀ not about the mean, go over into those of the next step by a matrix that is
affine in the batch factor c; where it is small, it is built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, repeat
from typing import Any

import numpy as np

from convergence.numerics.matrices import readings
from convergence.problem import Quadratic
from convergence.problem.arrays import Array
from convergence.rule import Method
from convergence.stochastic.loops import OpenLoop, open_loop
from convergence.stochastic.moments import first_moments
from convergence.stochastic.recursion import DENSE, Recursion, products, sandwiched
from convergence.stochastic.sampling import GradientNoise, Samples

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
        count, d, s = self.mean.shape
        noise = GradientNoise(self.samples, factor, np.zeros((d, d)))
        weights = np.zeros((count, self.size))
        weights[:, 0] = 0.5 * self.offset**2 @ self.curvatures
        weights[:, 1 : 1 + d * s : s] = self.offset * self.curvatures
        weights[:, 1 + d * s + np.arange(d) * (d + 1) * s * s] = 0.5 * self.curvatures
        second = products(self.mean, self.mean) + factor * self.spread
        now = np.concatenate([np.ones((count, 1)), self.mean.reshape(count, -1), second.reshape(count, -1)], axis=1)
        early: Iterator[Callable[[Array], Array]] = (partial(self._stepped, noise, loop) for loop in self.early)
        for step in chain(early, repeat(self._step(noise))):
            yield np.einsum("li,li->l", weights, now)
            now = step(now)

    @property
    def size(self) -> int:
        """Numbers in [1, m, M]."""
        _, d, s = self.mean.shape
        return int(1 + d * s + (d * s) ** 2)

    def _stepped(self, noise: GradientNoise, loop: OpenLoop, now: Array, one: float = 1.0) -> Array:
        """The next [1, m, M] (…, L, n); ``one`` is the first of them."""
        _, d, s = self.mean.shape
        mean = now[..., 1 : 1 + d * s].reshape(*now.shape[:-1], d, s)
        second = now[..., 1 + d * s :].reshape(*now.shape[:-1], d, d, s, s)
        after = sandwiched(loop.closed, second) + Recursion(loop, noise, self.offset).entering(second, mean, one)
        flat = (part.reshape(*now.shape[:-1], -1) for part in (loop.carried(mean), after))
        return np.concatenate([now[..., :1], *flat], axis=-1)

    def _step(self, noise: GradientNoise) -> Callable[[Array], Array]:
        """The step once no clock runs: a product with matrices (L, n, n) where these are small."""
        if self.size > DENSE:
            return partial(self._stepped, noise, self.loop)
        basis = np.broadcast_to(np.eye(self.size)[:, None], (self.size, len(self.mean), self.size))
        columns = (self._stepped(noise, self.loop, *part) for part in ((basis[:1], 1.0), (basis[1:], 0.0)))
        matrices = np.moveaxis(np.concatenate(list(columns)), 0, -1).copy()
        return lambda now: np.einsum("lij,lj->li", matrices, now)


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
