"""Exact mean and second moment of the errors at each step, under minibatches and added noise: bias and variance apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from convergence.methods import as_method
from convergence.numerics.inputs import checked_steps
from convergence.numerics.prediction import powers
from convergence.numerics.runs import first_position
from convergence.plotting import Plotted
from convergence.problem import Quadratic, as_quadratic
from convergence.problem.arrays import Array
from convergence.rule import Method
from convergence.stochastic.batches import checked_sampling
from convergence.stochastic.ensemble import ensemble
from convergence.stochastic.epochs import exact_in_epochs, path_in_epochs, path_in_order
from convergence.stochastic.loops import linear_system, open_loop, require_samples, start_noise
from convergence.stochastic.recursion import DENSE, Recursion, products
from convergence.stochastic.sampling import INDEPENDENT, GradientNoise, added_noise, checked_draws, gradient_noise
from convergence.stochastic.steps import Mean, StateMoments, changing, steps_of
from convergence.tabular import Tabular


@dataclass(frozen=True, eq=False)
class Moments(Plotted, Tabular, figure="moments"):
    """Mean and second moment of the errors at steps 0, …, K, and what they make of the loss.

    Attributes
    ----------
    method, hyper
        The method's name, and its settings.
    mean
        (K+1, d), the expected errors, in the directions of the data and relative to where the method rests.
    second
        (K+1, d, d), the expected products of two directions' errors.
    loss
        (K+1,), the expected excess loss, above the minimum, in the problem's own scaling: ``bias`` + ``variance``.
    bias
        (K+1,), the excess loss of the expected iterate.
    variance
        (K+1,), what the noise adds to it: ½ tr(H·covariance).
    standard_error
        (K+1,), of ``loss`` where it is a Monte Carlo estimate; zeros where it is exact.
    runs
        How many made the estimate, 0 where it is exact.
    """

    method: str
    hyper: Mapping[str, Any]
    mean: Array
    second: Array
    loss: Array
    bias: Array
    variance: Array
    standard_error: Array
    runs: int = 0

    @property
    def steps(self) -> int:
        """K."""
        return len(self.loss) - 1

    @property
    def covariance(self) -> Array:
        """(K+1, d, d), ``second`` less the products of the means."""
        return self.second - self.mean[:, :, None] * self.mean[:, None, :]

    @property
    def exact(self) -> bool:
        """Whether they are the moments themselves, and no estimate."""
        return self.runs == 0

    def table(self) -> dict[str, Any]:
        """A row for each step: the expected excess loss, and its parts."""
        return {"step": range(self.steps + 1), "loss": self.loss, "bias": self.bias, "variance": self.variance}

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value}" for name, value in self.hyper.items())
        if not self.exact:
            end = f"{self.loss[-1]:.6g} ± {self.standard_error[-1]:.2g} (standard error of {self.runs} runs)"
            return f"Moments of {self.method}({settings}): {self.steps} steps, expected excess loss {end}"
        last = f"{self.loss[-1]:.6g} = {self.bias[-1]:.6g} bias + {self.variance[-1]:.6g} variance"
        return f"Moments of {self.method}({settings}): {self.steps} steps, expected excess loss {last}"


def moments(
    p: Any,
    m: Any,
    /,
    steps: int,
    *,
    batch: int | None = None,
    sampling: str = "replacement",
    noise: Any = None,
    start: Any = None,
    runs: int = 1000,
    rng: np.random.Generator | int | None = None,
    **hyper: Any,
) -> Moments:
    """Mean and second moment of the errors at each step, exactly wherever that can be done: then no run is made.

    All gradients of one step share its batch and its noise; a start that asks for a gradient has its own.

    Parameters
    ----------
    p
        The problem: a LeastSquares, (X, y), a list of curvatures (minimiser all ones), or a density.
    m
        A Method, its name, a preset, or an update rule.
    steps
        K, 0 or more.
    batch
        Rows of a batch, B; None: all the data, so that only ``noise`` is random.
    sampling
        How they are drawn: "replacement"; "step" (distinct rows within a step); "stream" (fresh Gaussian rows with this
        Hessian, targets with as much noise as leaves the problem's minimum); "cyclic" (in the order of the data, always);
        "epoch" (reshuffled each epoch). For these two the batch divides the rows, and a start that asks for a gradient takes
        the first batch. "epoch" is exact up to about 14 rows (or few large batches of up to 22), and for single rows in one
        dimension up to 500, with a rule of one state; beyond it is an estimate from an ``ensemble``, and says so.
    noise
        Noise added to each gradient: its standard deviation along every direction, or one for each (d,), largest
        curvature first; a covariance (d, d) in the coordinates of w; or a ``LabelNoise``.
    start
        The first position (d,), zeros by default.
    runs, rng
        Of an estimate: the number of runs, and the seed of their random numbers. Not used where moments are exact.
    hyper
        Numbers, or schedules with an entry a step.

    Returns
    -------
    Moments

    Raises
    ------
    NotLinear
        For a rule that is not linear, or, with a batch, one whose step is not affine in the sampled Hessian (Newton's).
    BadHyperparameter
        For wrong settings, a batch or noise that is none.
    BadName
        For an unknown method or sampling.
    BadData
        For a problem that is none, or wrong steps or start.

    >>> import convergence as cv
    >>> sgd = moments([2.0, 1.0], "gradient_descent", 300, noise=0.1, lr=0.5)
    >>> round(float(sgd.loss[-1]), 9), round(float(sgd.variance[1]), 9)
    (0.004166667, 0.00375)
    >>> four = cv.LeastSquares([[1.0], [2.0], [0.5], [1.0]], [1.0, 2.0, -1.0, 0.0])
    >>> [cv.moments(four, "gradient_descent", 8, batch=1, sampling="epoch", lr=0.1).exact, four.rows]
    [True, 4]
    >>> round(float(sgd.loss[-1] / cv.moments([2.0, 1.0], "gradient_descent", 300, noise=0.2, lr=0.5).loss[-1]), 9)
    0.25
    """
    problem, method = as_quadratic(p), as_method(m)
    sampling, count = checked_sampling(sampling), checked_steps(steps, len(problem.columns) ** 2)
    linear_system(method) if batch is None else require_samples(method)
    setting, x = method.at(**hyper), first_position(problem, start)
    full = setting.over(count)
    batch, sampling = checked_draws(problem, batch, sampling)
    with np.errstate(all="ignore"):
        if batch is None or sampling in INDEPENDENT:
            random = gradient_noise(problem, batch, sampling, noise)
            mean, covariance = _path(problem, method, full, random, x, count)
        else:
            added = added_noise(problem, noise, batch)
            if sampling == "cyclic":
                mean, covariance = path_in_order(problem, method, full, added, batch, x, count)
            elif exact_in_epochs(problem, method, full, batch, count):
                mean, covariance = path_in_epochs(problem, method, full, added, batch, x, count)
            else:
                sampled = ensemble(
                    problem, method, count, runs, batch=batch, sampling=sampling, noise=noise, start=x, rng=rng, **hyper
                )
                mean, loss = sampled.first.value, sampled.mean
                bias = _bias(problem, method, full, mean, x)
                parts = (mean, sampled.second.value, loss, bias, loss - bias, sampled.standard_error, sampled.runs)
                return Moments(method.name, setting.shown, *parts)
        mean, covariance = (np.where(np.isnan(part), np.inf, part) for part in (mean, covariance))
        bias = _bias(problem, method, full, mean, x)
        variance = 0.5 * np.einsum("kii,i->k", covariance, problem.curvatures)
        second = covariance + mean[:, :, None] * mean[:, None, :]
    loss, exact = bias + variance, np.zeros(len(mean))
    return Moments(method.name, setting.shown, mean, second, loss, bias, variance, exact)


def _bias(problem: Quadratic, method: Method, full: Mapping[str, Any], mean: Array, x: Array) -> Array:
    """The excess loss (K+1,) of mean errors (K+1, d) from where the method rests."""
    return np.asarray(0.5 * np.square(mean + Mean.of(problem, method, full, x).offset) @ problem.curvatures)


def first_moments(
    problem: Quadratic, method: Method, full: Mapping[str, Any], random: GradientNoise, x: Array
) -> tuple[Array, Array, Array]:
    """Mean error (d, s) and covariance (d, d, s, s) of the first state, and the offset (d,) of the rest."""
    first, enters = Mean.of(problem, method, full, x), start_noise(method)
    noisy = random.covariance(first.asked[:, None] * first.asked, 2 * first.asked, 1.0)
    return first.errors, noisy[:, :, None, None] * (enters[:, None] * enters), first.offset


def _path(
    problem: Quadratic, method: Method, full: Mapping[str, Any], random: GradientNoise, x: Array, steps: int
) -> tuple[Array, Array]:
    """Mean (K+1, d) and covariance (K+1, d, d) of the position, on batches that are independent of each other."""
    mean, covariance, offset = first_moments(problem, method, full, random, x)
    if changing(method, full, steps) or covariance.size > DENSE:
        seen = ((mean[:, 0], spread[..., 0, 0]) for mean, spread, _ in states(problem, method, full, random, x, steps))
        means, kept = zip(*seen, strict=True)
        return np.array(means), np.array(kept)
    step = Recursion(open_loop(method, problem.curvatures, full), random, offset)
    path = powers(step.loop.closed, mean, steps + 1).transpose(1, 2, 0)
    covariances, linear = [covariance.ravel()], step.matrices[-covariance.size :, -covariance.size :]
    for entering in step.entering(products(path, path), path).reshape(steps + 1, -1)[:-1]:
        covariances.append(linear @ covariances[-1] + entering)
    return path[..., 0], np.array(covariances).reshape(-1, *covariance.shape)[..., 0, 0]


def states(
    problem: Quadratic, method: Method, full: Mapping[str, Any], random: GradientNoise, x: Array, steps: int
) -> Iterator[StateMoments]:
    """The moments of the states of a run from x (d,), on batches that are independent of each other."""
    mean, covariance, offset = first_moments(problem, method, full, random, x)
    yield mean, covariance, np.asarray
    for loop, shift in steps_of(problem, method, full, steps, x):
        step, away = Recursion(loop, random, offset + shift[:, 0]), mean - shift
        mean, covariance = loop.carried(away) + shift, step(covariance, away)
        yield mean, covariance, loop.carried
