"""Means over runs with their standard errors, from sums that are kept step by step: no run is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convergence.problem import Quadratic
from convergence.problem.arrays import Array


@dataclass(frozen=True, eq=False)
class Estimate:
    """A mean over runs, with its standard error, nan for a single run."""

    value: Array
    standard_error: Array


@dataclass(frozen=True)
class Record:
    """Losses, and sums over runs of errors and of their products, step by step.

    Errors are e = m + δ with m the mean of the first block. With sums of powers of δ, Σ(e_ie_j − m_im_j) and the sum of its
    squares lose nothing where the noise is small beside the mean, as sums of (e_ie_j)² would.
    """

    problem: Quadratic
    rest: Array
    loss: Array
    center: Array
    sums: Array
    powers: tuple[Array, Array, Array]

    @classmethod
    def empty(cls, problem: Quadratic, rest: Array, runs: int, steps: int) -> Record:
        d = len(problem.curvatures)
        center, sums = np.zeros((2, steps + 1, d))
        powers = (np.zeros((steps + 1, d, d)), np.zeros((steps + 1, d, d)), np.zeros((steps + 1, d, d)))
        return cls(problem, rest, np.empty((runs, steps + 1)), center, sums, powers)

    def add(self, begin: int, end: int, step: int, position: Array) -> None:
        """Positions (end − begin, d) of these runs."""
        away = self.problem.to_directions(position - self.problem.minimizer)
        self.loss[begin:end, step] = (away * away) @ self.problem.curvatures / 2
        error = self.problem.to_directions(position - self.rest)
        if begin == 0:
            self.center[step] = error.mean(axis=0)
        error -= self.center[step]
        square = error * error
        self.sums[step] += error.sum(axis=0)
        for power, (left, right) in zip(self.powers, ((error, error), (error, square), (square, square)), strict=True):
            power[step] += left.T @ right

    def estimates(self) -> tuple[Estimate, Estimate]:
        """E e (steps+1, d) and E eeᵀ (steps+1, d, d)."""
        runs, m, s = len(self.loss), self.center, self.sums
        second, third, fourth = self.powers
        spread = np.diagonal(second, axis1=1, axis2=2) - s**2 / runs
        left, across = m[:, :, None], m[:, None, :]
        total = left * s[:, None, :] + across * s[:, :, None] + second
        of_mean = np.square(left) * np.diagonal(second, axis1=1, axis2=2)[:, None, :] + 2 * left * third
        squares = of_mean + of_mean.swapaxes(1, 2) + 2 * left * across * second + fourth
        products = Estimate(left * across + total / runs, standard_error(squares - total**2 / runs, runs))
        return Estimate(m + s / runs, standard_error(spread, runs)), products


def standard_error(spread: Array, runs: int) -> Array:
    """The standard error of a mean over ``runs``, from the sum of squared deviations; nan for a single run."""
    return np.sqrt(np.maximum(spread, 0.0) / (runs - 1) / runs) if runs > 1 else np.full(np.shape(spread), np.nan)


def standard_error_of(values: Array) -> Array:
    """That of means over runs, the first axis of these values."""
    return standard_error(np.square(values - values.mean(axis=0)).sum(axis=0), len(values))
