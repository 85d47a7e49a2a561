"""Tail averages: the mean of the last iterates (Ruppert 1988, Polyak and Juditsky 1992), exactly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from math import ceil, inf, isnan
from typing import Any

import numpy as np

from convergence.errors import BadHyperparameter
from convergence.methods import as_method
from convergence.numerics.inputs import checked_steps
from convergence.numerics.runs import first_position
from convergence.problem import Quadratic, as_quadratic
from convergence.problem.arrays import Array, one_number, short
from convergence.rule import Method
from convergence.setting import Setting
from convergence.stochastic.batches import checked_sampling
from convergence.stochastic.ensemble import Ensemble, ensemble
from convergence.stochastic.epochs import moments_in_epochs, states_in_order
from convergence.stochastic.estimates import standard_error_of
from convergence.stochastic.loops import linear_system, open_loop, require_samples
from convergence.stochastic.moments import states
from convergence.stochastic.sampling import INDEPENDENT, GradientNoise, added_noise, checked_draws, gradient_noise
from convergence.stochastic.stationary import stationary
from convergence.stochastic.steps import Mean, StateMoments
from convergence.stochastic.subsets import feasible
from convergence.theory.system import system

STATIONARY = "stationary"


@dataclass(frozen=True, eq=False)
class TailAverage:
    """The mean of the last iterates of a method under noise.

    Attributes
    ----------
    method, hyper, steps
        The method's name, its settings, and the number of steps K.
    average
        T: the iterates at steps K−T+1, …, K are averaged.
    excess_loss
        The expected loss of their mean above the minimum, in the problem's own scaling: ``bias`` + ``variance``; infinite
        where it overflows.
    bias
        The excess loss of the expected mean.
    variance
        ½ tr(H·covariance of the mean).
    last
        The expected excess loss of the last iterate.
    cramer_rao
        ½ tr(H⁻¹Q)/T, with Q the covariance of a step's gradient at the minimiser: what a mean of T steps cannot go below
        in the long run, reached at small learning rates. nan where batches depend on each other.
    standard_error
        Of ``excess_loss`` where it is a Monte Carlo estimate; 0.0 where it is exact.
    """

    method: str
    hyper: Mapping[str, Any]
    steps: int
    average: int
    excess_loss: float
    bias: float
    variance: float
    last: float
    cramer_rao: float
    standard_error: float = 0.0

    @property
    def exact(self) -> bool:
        """Whether it is no estimate."""
        return self.standard_error == 0

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={short(value)}" for name, value in self.hyper.items())
        estimated = "" if self.exact else f" ± {self.standard_error:.2g} (standard error of runs)"
        return (
            f"TailAverage of the last {self.average} of {self.steps} steps of {self.method}({settings}): expected excess loss "
            f"{self.excess_loss:.6g}{estimated}, of the last iterate {self.last:.6g}"
        )


def tail_average(
    p: Any,
    m: Any,
    /,
    steps: int,
    *,
    average: float = 0.5,
    batch: int | None = None,
    sampling: str = "replacement",
    noise: Any = None,
    start: Any = None,
    runs: int = 1000,
    rng: np.random.Generator | int | None = None,
    **hyper: Any,
) -> TailAverage:
    """The expected excess loss of the mean of the last iterates, exactly: from the covariances of states at different times.

    Parameters
    ----------
    p, m, steps, batch, sampling, noise, runs, rng, hyper
        As for ``moments``.
    average
        T, how many of the last iterates: a whole number from 1 to ``steps`` + 1 (then the start is one of them), or a share
        of the steps between 0 and 1.
    start
        The first position (d,), zeros by default; or "stationary": a state drawn from what the method settles at, for
        batches that are independent of each other, and settings that are one number each.

    Returns
    -------
    TailAverage

    Raises
    ------
    NoStableLearningRate
        For start="stationary", where nothing settles.
    NotLinear, BadHyperparameter, BadName, BadData
        As ``moments``; BadHyperparameter for an average that is none.

    >>> mean = tail_average([1.0], "gradient_descent", 50, average=50, noise=1.0, start="stationary", lr=0.2)
    >>> round(2 * mean.excess_loss, 10), round(2 * mean.last, 10), round(2 * mean.cramer_rao, 10)
    (0.0182222476, 0.1111111111, 0.02)
    """
    problem, method = as_quadratic(p), as_method(m)
    sampling, count = checked_sampling(sampling), checked_steps(steps, len(problem.columns))
    linear_system(method) if batch is None else require_samples(method)
    run = Averaged(problem, method.at(**hyper), count, _checked_average(average, count))
    full = run.full
    size, sampling = checked_draws(problem, batch, sampling)
    random = gradient_noise(problem, size, sampling, noise) if size is None or sampling in INDEPENDENT else None
    with np.errstate(all="ignore"):
        if isinstance(start, str):
            if start != STATIONARY or random is None:
                raise BadHyperparameter(
                    f"start must be a position, or {STATIONARY!r} where batches are independent of each other; got "
                    f"{short(start)} with sampling={sampling!r}"
                )
            settled = stationary(problem, method, batch=size, sampling=sampling, noise=noise, **method.scalars(hyper))
            return run.of_states(run.stationary(settled.state), problem.minimizer, random)
        x = first_position(problem, start)
        if random is not None:
            return run.of_states(states(problem, method, full, random, x, count), x, random)
        assert size is not None
        added = added_noise(problem, noise, size)
        if sampling == "cyclic":
            return run.of_states(states_in_order(problem, method, full, added, size, x, count), x)
        width = len(problem.curvatures) * (len(system(method).state) + 1) + 1
        if feasible(problem.rows, size, width, epochs=1 + count * size // problem.rows):
            return run.in_epochs(added, size, x)
    kept = {"batch": size, "sampling": sampling, "noise": noise, "start": x, "rng": rng}
    return run.of_runs(ensemble(problem, method, count, runs, keep=True, **kept, **hyper), x)


def _checked_average(average: Any, steps: int) -> int:
    """T. BadHyperparameter unless a number of iterates, or a share of the steps."""
    number = one_number(average)
    if not 0 < number <= steps + 1:
        raise BadHyperparameter(
            f"average must be a whole number of iterates, 1 to {steps + 1}, or a share of the steps between 0 and 1; "
            f"got {short(average)}"
        )
    if number < 1:
        return max(1, ceil(number * steps))
    if number % 1:
        raise BadHyperparameter(f"average must be a whole number of iterates, or a share below 1; got {short(average)}")
    return int(number)


@dataclass(frozen=True, eq=False)
class Averaged:
    """A run whose last ``length`` iterates are averaged."""

    problem: Quadratic
    setting: Setting
    steps: int
    length: int

    @property
    def method(self) -> Method:
        return self.setting.method

    @cached_property
    def full(self) -> dict[str, Any]:
        """The hyperparameters, schedules with an entry a step."""
        return self.setting.over(self.steps)

    @property
    def first(self) -> int:
        """The first step that counts."""
        return self.steps - self.length + 1

    def stationary(self, covariance: Array) -> Iterator[StateMoments]:
        """The states of a run that has settled at this covariance (d, d, s, s)."""
        loop, covariance = open_loop(self.method, self.problem.curvatures, self.full), np.nan_to_num(covariance)
        return repeat((np.zeros(loop.closed.shape[:2]), covariance, loop.carried), self.steps + 1)

    def of_states(self, states: Iterator[StateMoments], x: Array, random: GradientNoise | None = None) -> TailAverage:
        """The result, of states one after another; ``random`` is the noise of independent batches."""
        d = len(self.problem.curvatures)
        total, spread, shared = np.zeros(d), np.zeros((d, d)), np.empty(0)
        for k, (mean, covariance, carried) in enumerate(states):
            last = mean[:, 0], covariance[:, :, 0, 0]
            if k >= self.first:
                shared = carried(shared) if k > self.first else np.zeros((d, *mean.shape))
                cross = shared[..., 0]  # of the sum so far, with this position
                spread += cross + cross.T + last[1]
                shared += covariance[..., 0].swapaxes(0, 1)
                total += mean[:, 0]
        bound = float("nan") if random is None else self._cramer_rao(random)
        return self._result(total, spread, *last, self._offset(x), bound)

    def in_epochs(self, added: Array, batch: int, x: Array) -> TailAverage:
        """The result of a reshuffled run, exactly; ``added`` (d, d) is the covariance of noise in the gradients."""
        run = (self.problem, self.method, self.full, added, batch, x, self.steps)
        *_, end = moments_in_epochs(*run, summed=self.first)
        d, size = len(x), len(end) - 1
        position = np.arange(d) * ((size - d) // d)
        sums, mean = np.arange(size - d, size), end[:, -1]
        covariances = end - np.outer(mean, mean)
        total, spread = mean[sums], covariances[np.ix_(sums, sums)]
        last, covariance = mean[position], covariances[np.ix_(position, position)]
        return self._result(total, spread, last, covariance, self._offset(x))

    def of_runs(self, sampled: Ensemble, x: Array) -> TailAverage:
        """The estimate from runs whose iterates were kept."""
        assert sampled.x is not None
        problem = self.problem
        away = problem.to_directions(sampled.x[:, self.first :].mean(axis=1) - problem.minimizer)
        losses, bias = 0.5 * away**2 @ problem.curvatures, 0.5 * away.mean(axis=0) ** 2 @ problem.curvatures
        loss, last = float(losses.mean()), float(sampled.mean[-1])
        parts = (loss, float(bias), loss - float(bias), last, float("nan"), float(standard_error_of(losses)))
        return TailAverage(self.method.name, self.setting.shown, self.steps, self.length, *parts)

    def _offset(self, x: Array) -> Array:
        return Mean.of(self.problem, self.method, self.full, x).offset

    def _result(
        self, total: Array, spread: Array, last: Array, covariance: Array, offset: Array, bound: float = float("nan")
    ) -> TailAverage:
        """The result, of the sum of the mean errors (d,), its covariance (d, d), and those of the last iterate."""
        T, half = self.length, 0.5 * self.problem.curvatures
        bias, variance = (total / T + offset) ** 2 @ half, np.diag(spread) @ half / T**2
        end = ((last + offset) ** 2 + np.diag(covariance)) @ half
        losses = (float(bias + variance), float(bias), float(variance), float(end))
        parts = (*(inf if isnan(loss) else loss for loss in losses), bound)  # nan: infinite less infinite
        return TailAverage(self.method.name, self.setting.shown, self.steps, T, *parts)

    def _cramer_rao(self, random: GradientNoise) -> float:
        """½ tr(H⁻¹Q)/T."""
        d, rank = len(self.problem.curvatures), self.problem.rank
        at_minimiser = random.covariance(np.zeros((d, d)), np.zeros(d), 1.0)
        shares = np.diag(at_minimiser)[:rank] / self.problem.curvatures[:rank]
        return 0.5 * float(shares.sum()) / self.length
