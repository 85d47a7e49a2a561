"""Mean and second moment of a method at many learning rates at once, under minibatches: one linear recursion.

The moments [1, m, M] of the errors, M = E ssᵀ not about the mean, go over into those of the next step by a matrix that is
affine in the batch factor c; where it is small, it is built.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

import numpy as np

from convergence.numerics.matrices import readings
from convergence.problem import Quadratic
from convergence.problem.arrays import Array
from convergence.rule import Method
from convergence.stochastic.loops import OpenLoop, open_loop
from convergence.stochastic.moments import first_moments
from convergence.stochastic.recursion import DENSE, Recursion, flattened, loss_weights, products
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
        *early, last = (Recursion(loop, noise, self.offset) for loop in (*self.early, self.loop))
        weights = loss_weights(self.curvatures, self.offset, s)
        now = flattened(np.ones(count), self.mean, products(self.mean, self.mean) + factor * self.spread)
        small = weights.shape[-1] <= DENSE
        for step in chain(early, repeat(last)):
            yield np.einsum("li,li->l", weights, now)
            now = np.einsum("lij,lj->li", last.matrices, now) if small and step is last else step.stepped(now)


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
