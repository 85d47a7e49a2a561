"""The final loss of batches of rows on few directions: each step one matrix on [1, mean, second moments], all built at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from convergence.best_schedules.laws import Coupled
from convergence.best_schedules.recursion import FinalLoss
from convergence.best_schedules.steps import Loops
from convergence.problem.arrays import Array
from convergence.stochastic.loops import OpenLoop
from convergence.stochastic.recursion import Recursion, flattened, loss_weights

DENSE = 40
"""Up to so many second moments a step is kept as a matrix."""

STEP = 2.0**-200
"""An imaginary step, whose square is nothing beside 1: derivatives are right to rounding (Squire and Trapp 1998)."""


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
        states = [flattened(np.array(1.0), self.mean.T, self.second.transpose(2, 3, 0, 1))]
        for one in maps:
            states.append(one @ states[-1])
        return np.array(states)

    @cached_property
    def _last(self) -> Array:
        """The loss as a linear function of the last state."""
        return loss_weights(self.curvatures, np.zeros(len(self.curvatures)), len(self.mean))

    def _maps(self, steps: Loops) -> Array:
        """The steps as matrices (K, n, n)."""
        assert isinstance(self.law, Coupled)
        d = len(self.curvatures)
        parts = (steps.closed, steps.enters, steps.asked)
        loop = OpenLoop(*(np.moveaxis(np.broadcast_to(part, (*part.shape[:-1], d)), -1, 1) for part in parts))
        return Recursion(loop, self.law.noise, np.zeros(d)).matrices

    def _slopes(self, steps: Loops, slopes: Loops) -> Array:
        """Their derivatives by each step's rate."""
        pairs = ((getattr(steps, name), getattr(slopes, name)) for name in ("closed", "enters", "asked"))
        return np.asarray(self._maps(Loops(*(part + 1j * STEP * slope for part, slope in pairs))).imag / STEP)
