"""Stability in mean square under minibatches: the largest learning rate for a batch, the smallest batch for a rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, log
from typing import Any

import numpy as np

from convergence.errors import BadHyperparameter, NoStableLearningRate
from convergence.methods import as_method
from convergence.numerics.bracket import ROUNDING, finite_log, root
from convergence.numerics.radius import bounds, spectral_radius
from convergence.problem import Quadratic, as_quadratic
from convergence.problem.arrays import Array
from convergence.rule import Method
from convergence.stochastic.batches import checked_batch, checked_sampling
from convergence.stochastic.cross_gain import TOLERANCE, Gain
from convergence.stochastic.gaussian import least_batch, own_gains
from convergence.stochastic.loops import open_loop, require_samples
from convergence.stochastic.monotone import EDGE, growing_limit, grows
from convergence.stochastic.periodic import Epoch, largest_stable, smallest_divisor
from convergence.stochastic.sampling import INDEPENDENT, GaussianRows, Samples, batch_factor, samples_of
from convergence.theory.system import system

GRID, LARGE_GRID = 17, 5
"""Rates at which stability is tried before the limit is bracketed, in few and in many directions."""

MANY = 16
"""Directions that are many."""

TINY = 1e-6
"""The first rate that is tried, as a part of the limit without noise."""

GUESS = 1e-3
"""The relative distance of a first guess: Newton's method, which begins there, squares it in each step."""


@dataclass(frozen=True, eq=False)
class Amplification:
    """ρ(G∘N) of a method on a problem's samples, along the directions that have curvature."""

    problem: Quadratic
    method: Method
    samples: Samples
    others: Mapping[str, Any]

    @property
    def curvatures(self) -> Array:
        return self.problem.curvatures[: self.problem.rank]

    def gain(self, lr: float, near: Gain | None = None) -> Gain:
        """The cross gain at this learning rate, with that of one ``near``."""
        settings = self.method.scalars({**self.others, str(self.method.rate): lr})
        return Gain(
            open_loop(self.method, self.curvatures, settings), self.samples, None if near is None else near.leading[1]
        )

    def __call__(self, lr: float) -> float:
        """ρ(G∘N), infinite where the method is not stable without noise."""
        return self.at(lr, None)[0]

    def at(self, lr: float, near: Gain | None) -> tuple[float, Gain | None]:
        """The same, and its cross gain (None where one equation answers); ``near`` is that of a rate nearby, to begin with."""
        settings = {**self.others, str(self.method.rate): lr}
        radius = np.max(spectral_radius(self.method, self.curvatures, over="spectrum", **settings))
        if not radius < 1:
            return inf, near
        gain = self.gain(lr, near)
        if self.by_one_equation:
            return least_batch(self.curvatures**2 * own_gains(gain.loop)), None
        return gain.leading[0], gain

    def grows(self, top: float) -> bool:
        """Whether rows' cross gain, of one gradient a step, grows with the rate up to ``top``."""
        if isinstance(self.samples, GaussianRows) or len(system(self.method).loop.gains) != 1:
            return False
        return grows(self.gain, top)

    def limit_of_gaussian_rows(self, factor: float, top: float) -> float:
        """The limit for Gaussian rows with this spectrum, up to ``top``: a first guess for others."""

        def excess(lr: float) -> float:
            shares = self.curvatures**2 * own_gains(self.gain(lr).loop)
            return log(factor * least_batch(shares))

        low, high = TINY * top, (1 - EDGE) * top
        if excess(high) < 0 or excess(low) > 0:
            return top / 2
        return root(excess, low, high, GUESS)

    @property
    def by_one_equation(self) -> bool:
        """Whether Gaussian rows make it the root of one scalar equation: of a single gradient a step."""
        return isinstance(self.samples, GaussianRows) and len(system(self.method).loop.gains) == 1


def amplification(p: Any, m: Any, sampling: str, hyper: Mapping[str, Any]) -> Amplification:
    """The ρ(G∘N) of these arguments, checked. Raises as ``mean_square_limit`` does."""
    problem, method = as_quadratic(p), sampled_method(m)
    require_independent(sampling)
    return Amplification(problem, method, samples_of(problem, sampling, problem.rank), hyper)


def sampled_method(m: Any) -> Method:
    """The method. NotLinear or BadHyperparameter unless it has a rate, and steps that are affine in a batch's Hessian."""
    method = as_method(m)
    require_samples(method)
    if method.rate is None:
        raise BadHyperparameter(f"{method.name} has no learning rate")
    return method


def require_independent(sampling: str) -> None:
    """BadName for no sampling, BadHyperparameter for one whose batches depend on each other."""
    checked_sampling(sampling)
    if sampling not in INDEPENDENT:
        raise BadHyperparameter(
            f"with sampling={sampling!r} the batches of different steps depend on each other; use one of "
            f"{', '.join(INDEPENDENT)}"
        )


def mean_square_limit(p: Any, m: Any, /, batch: int, *, sampling: str = "replacement", **hyper: Any) -> float:
    """The largest learning rate at which second moments stay bounded under minibatches: stable in mean square.

    Stable without noise, and c·ρ(G∘N) < 1, with G the method's cross gain, N the covariance of one row's Hessian and c
    that of a mean of B draws: 1/B with replacement, (n−B)/(B(n−1)) without. For gradient descent it is the condition
    of Mulayoff and Michaeli (2024).

    Parameters
    ----------
    p
        The problem: a LeastSquares, (X, y), a list of curvatures (a row each), or a density.
    m
        A Method, its name, a preset, or an update rule.
    batch
        Rows of a batch, B.
    sampling
        "replacement", "step" (distinct rows within a step), or "stream" (fresh Gaussian rows with this Hessian); "cyclic"
        (in the order of the data) and "epoch" (reshuffled), for batches that divide the rows. "epoch" is exact up to about
        14 rows, and for single rows in one dimension up to 500, with a rule of one state; else it is refused.
    hyper
        The other hyperparameters, one number each.

    Returns
    -------
    In units of 1/λ of the problem's own loss. Where the stable rates were found to be no interval, its largest end; for
    "cyclic" and "epoch" the end of the interval that begins at 0: beyond it, rates at which an epoch's product is small
    are stable again.

    Raises
    ------
    NoStableLearningRate
        Where no rate is stable.
    ConvergenceError
        With many directions, where no upper bound confirms the radius that an iteration found.
    NotLinear
        For a rule whose step is not affine in the sampled Hessian, as Newton's, or that is not linear.
    BadHyperparameter
        For wrong settings or a batch that is none.

    >>> round(mean_square_limit([2.0, 1.0], "gradient_descent", 1, sampling="stream"), 10)
    0.3048058984
    """
    if checked_sampling(sampling) not in INDEPENDENT:
        return _limit_in_epochs(p, m, batch, sampling, hyper)
    amplified = amplification(p, m, sampling, hyper)
    method, problem = amplified.method, amplified.problem
    require_others(method, hyper)
    factor = batch_factor(sampling, checked_batch(problem, batch, sampling, drawn=False), problem.rows)
    top = limit_without_noise(problem, method, hyper)
    if factor == 0:
        return top
    if amplified.grows(top):
        return growing_limit(amplified.gain, factor, top, lambda: amplified.limit_of_gaussian_rows(factor, top))

    near: Gain | None = None

    def excess(lr: float) -> float:
        """log(c·ρ), below 0 where it is stable."""
        nonlocal near
        radius, near = amplified.at(lr, near)
        return finite_log(factor * radius)

    few = len(amplified.curvatures) < MANY or amplified.by_one_equation
    points, digits = (GRID, ROUNDING) if few else (LARGE_GRID, TOLERANCE)
    rates = [top * share for share in (TINY, *(k / points for k in range(1, points)), 1 - EDGE)]
    stable = [excess(lr) < 0 for lr in rates]
    if not any(stable):
        raise NoStableLearningRate(f"{method.name} is stable in mean square at no learning rate that was tried")
    last = len(stable) - 1 - stable[::-1].index(True)
    if last == len(stable) - 1:
        return top
    return root(excess, rates[last], rates[last + 1], digits)


def limit_without_noise(problem: Quadratic, method: Method, others: Mapping[str, Any]) -> float:
    """The largest stable learning rate of exact gradients, the other hyperparameters given. NoStableLearningRate for none."""
    settings = method.scalars({**others, str(method.rate): 1.0})
    top = float(bounds(method, problem.curvatures[: problem.rank], settings).min())
    if not 0 < top < inf:
        raise NoStableLearningRate(f"{method.name} has no learning rate at which it is only just stable without noise")
    return top


def _limit_in_epochs(p: Any, m: Any, batch: int, sampling: str, hyper: Mapping[str, Any]) -> float:
    problem, method = as_quadratic(p), sampled_method(m)
    require_others(method, hyper)
    epoch = Epoch(problem, method, checked_batch(problem, batch, sampling, drawn=False), sampling)
    top = limit_without_noise(problem, method, hyper)
    if epoch.steps == 1:
        return top
    epoch.require_known()
    return largest_stable(epoch, lambda lr: method.scalars({**hyper, str(method.rate): lr}), top)


def smallest_batch(p: Any, m: Any, /, *, sampling: str = "replacement", **hyper: Any) -> float:
    """The batch from which these settings are stable in mean square, as a real number: ρ(G∘N) with replacement.

    Parameters
    ----------
    p, m, sampling
        As for ``mean_square_limit``.
    hyper
        All hyperparameters, the learning rate too, one number each.

    Returns
    -------
    B > 0: whole batches larger than it are stable, smaller ones are not. Without replacement within a step it is at
    most the n rows. ∞ where the settings are not stable even without noise. For "cyclic" and "epoch" it is the smallest
    batch that divides the rows and is stable.

    Raises
    ------
    NotLinear
        For a rule whose step is not affine in the sampled Hessian.
    BadHyperparameter
        For wrong settings.

    >>> round(smallest_batch([2.0, 1.0], "gradient_descent", sampling="stream", lr=0.3048058984), 6)
    1.0
    """
    if checked_sampling(sampling) not in INDEPENDENT:
        method = sampled_method(m)
        return smallest_divisor(as_quadratic(p), method, sampling, method.scalars(hyper))
    amplified = amplification(p, m, sampling, {})
    full = amplified.method.scalars(hyper)
    size = Amplification(amplified.problem, amplified.method, amplified.samples, full)(full[str(amplified.method.rate)])
    rows = amplified.problem.rows
    if sampling != "step" or size == inf:
        return size
    return rows * size / (rows - 1 + size) if rows > 1 else 0.0  # where (n−B)/(B(n−1))·ρ = 1


def require_others(method: Method, hyper: Mapping[str, Any]) -> None:
    """BadHyperparameter where the learning rate is among the other hyperparameters: it is what is asked for."""
    if method.rate in hyper:
        raise BadHyperparameter(f"{method.rate} is what is asked for: leave it out, or ask smallest_batch about it")
