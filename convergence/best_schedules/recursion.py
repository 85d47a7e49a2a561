"""The expected final excess loss as a function of the rates of all steps, with its exact gradient by a reverse sweep.

Second moments obey S ← A S Aᵀ + B C(R S Rᵀ) Bᵀ. Their adjoint goes back by the transposed maps, and the derivative by one
step's rate is that of its own step alone, against the adjoint after it (Griewank and Walther 2008 have the method).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from convergence.best_schedules.laws import Law
from convergence.best_schedules.steps import Loops, loops
from convergence.problem.arrays import Array
from convergence.rule import Method


def times(a: Array, b: Array) -> Array:
    """Products of matrices: (a, b, …) with (b, c, …) -> (a, c, …)."""
    if a.shape[1] == 1:
        return np.asarray(a * b)
    return np.asarray((a[:, :, None] * b[None]).sum(axis=1))


def transposed(a: Array) -> Array:
    """Rows and columns exchanged, of (a, b, …)."""
    return a.swapaxes(0, 1)


@dataclass(frozen=True, eq=False)
class FinalLoss:
    """½Σλ E e² after K steps of a method at rates (K,).

    Attributes
    ----------
    method
        A linear method, that rests at the minimiser.
    curvatures
        (d,), above 0.
    others
        The hyperparameters but the rate: numbers, or (K,).
    readings
        (K, c), of the clocks.
    mean
        (s, d), of the first state's errors.
    second
        (s, s, …), their second moments.
    law
        What the noise of gradients is.
    """

    method: Method
    curvatures: Array
    others: Mapping[str, Any]
    readings: Array
    mean: Array
    second: Array
    law: Law

    def __call__(self, rates: Array) -> float:
        """The loss; ∞ where it overflows."""
        with np.errstate(all="ignore"):
            loss = self.law.loss(self._forward(self._loops(rates))[0][-1][0, 0])
        return loss if np.isfinite(loss) else np.inf

    def over(self, rates: Array) -> Array:
        """The loss before the first step and after each (K+1,)."""
        with np.errstate(all="ignore"):
            seconds, _ = self._forward(self._loops(rates))
            return np.array([self.law.loss(second[0, 0]) for second in seconds])

    def with_gradient(self, rates: Array) -> tuple[float, Array]:
        """The loss, and its derivatives by the rates (K,)."""
        with np.errstate(all="ignore"):
            steps = self._loops(rates)
            seconds, means = self._forward(steps)
            loss = self.law.loss(seconds[-1][0, 0])
            if not np.isfinite(loss):
                return np.inf, np.zeros(len(rates))
            return loss, self._backward(steps, self._loops(rates, slope=True), seconds, means)

    def _forward(self, steps: Loops) -> tuple[list[Array], list[Array]]:
        """Second moments and means before each step and after the last."""
        law = self.law
        seconds, means = [self.second], [self.mean]
        for A, B, R in zip(steps.closed, steps.enters, steps.asked, strict=True):
            now, mean = seconds[-1], means[-1]
            covariance = law.covariance(*self._asked(R, now, mean))
            carried = times(law.left(A), times(now, transposed(law.right(A))))
            seconds.append(carried + times(law.left(B), times(covariance, transposed(law.right(B)))))
            means.append(times(A, mean[:, None])[:, 0] if law.uses_mean else mean)
        return seconds, means

    def _asked(self, R: Array, second: Array, mean: Array) -> tuple[Array, Array]:
        """The second moments (g, g, …) of the points of the gradients, and the sums (g, g, d) of two points' means."""
        law, g = self.law, len(R)
        if not law.sampled:
            return np.zeros((g, g, 1)), np.zeros(1)
        points = times(law.left(R), times(second, transposed(law.right(R))))
        if not law.uses_mean:
            return points, np.zeros(1)
        at = times(R, mean[:, None])[:, 0]
        return points, at[:, None] + at[None]

    def _backward(self, steps: Loops, slopes: Loops, seconds: list[Array], means: list[Array]) -> Array:
        law = self.law
        of_second, of_mean = np.zeros_like(self.second), np.zeros_like(self.mean)
        of_second[0, 0] = law.loss_slope()
        gradient = np.empty(len(steps.closed))
        for k in reversed(range(len(gradient))):
            A, B, R = steps.closed[k], steps.enters[k], steps.asked[k]
            dA, dB, dR = slopes.closed[k], slopes.enters[k], slopes.asked[k]
            now, mean = seconds[k], means[k]
            covariance = law.covariance(*self._asked(R, now, mean))
            carried, entered = times(of_second, law.right(A)), times(of_second, law.right(B))
            slope = 2 * _inner(carried, times(law.left(dA), now))
            slope += 2 * _inner(entered, times(law.left(dB), covariance))
            back = times(transposed(law.left(A)), carried)
            mean_back = of_mean
            if law.sampled:
                of_points, of_sums = law.adjoint(times(transposed(law.left(B)), entered))
                asked = times(of_points, law.right(R))
                slope += 2 * _inner(asked, times(law.left(dR), now))
                back = back + times(transposed(law.left(R)), asked)
                if law.uses_mean:
                    of_points = of_sums.sum(axis=0) + of_sums.sum(axis=1)
                    slope += _inner(of_points, times(dR, mean[:, None])[:, 0])
                    slope += _inner(of_mean, times(dA, mean[:, None])[:, 0])
                    mean_back = (times(transposed(A), of_mean[:, None]) + times(transposed(R), of_points[:, None]))[
                        :, 0
                    ]
            of_second, of_mean, gradient[k] = back, mean_back, slope
        return gradient

    def _loops(self, rates: Array, slope: bool = False) -> Loops:
        return loops(self.method, self.curvatures, rates, self.others, self.readings, slope)


def _inner(a: Array, b: Array) -> float:
    return float(np.vdot(a, b))
