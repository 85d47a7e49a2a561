"""The stationary covariance of a method's state under gradient noise, and the excess loss that it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from convergence.errors import NoStableLearningRate
from convergence.methods import as_method
from convergence.numerics.radius import spectral_radius
from convergence.numerics.runs import resting_state
from convergence.problem import Quadratic, as_quadratic
from convergence.problem.arrays import Array
from convergence.rule import Method
from convergence.stochastic.batches import checked_batch, checked_sampling
from convergence.stochastic.cross_gain import Gain
from convergence.stochastic.long_runs import at_epoch_ends
from convergence.stochastic.loops import OpenLoop, linear_system, open_loop, require_samples
from convergence.stochastic.periodic import Epoch
from convergence.stochastic.sampling import INDEPENDENT, added_noise, gradient_noise, samples_of
from convergence.tabular import Tabular


@dataclass(frozen=True, eq=False)
class Stationary(Tabular):
    """Moments that stay as they are from step to step, along the d directions of the data.

    Attributes
    ----------
    method, hyper
        The method's name, and its settings.
    second
        (d, d), the expected products of two directions' errors, relative to where the method rests. Along flat
        directions nothing is forgotten: 0 there, where no noise enters, or nan, where added noise makes a random walk.
    state
        (d, d, s, s), the same of the whole state, in the order of ``derive(m).state``.
    excess_loss
        The expected loss above the minimum, in the problem's own scaling.
    asked
        (d, d), the expected products at the point where the (first) gradient is asked, from the minimiser: at a
        look-ahead point it differs from ``second``.
    mean
        (d,), the expected errors: 0 where batches are independent of each other, but not at the ends of epochs.
    standard_error
        Of ``excess_loss``, where it is a Monte Carlo estimate; 0.0 where it is exact.
    """

    method: str
    hyper: Mapping[str, Any]
    second: Array
    state: Array
    excess_loss: float
    asked: Array
    mean: Array
    standard_error: float = 0.0

    def table(self) -> dict[str, Any]:
        """A row for each direction: its expected error, and the expected squares there and where the gradient is asked."""
        squares = {"second": np.diagonal(self.second), "asked": np.diagonal(self.asked)}
        return {"direction": range(1, len(self.mean) + 1), "mean": self.mean, **squares}

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value}" for name, value in self.hyper.items())
        estimated = f" ± {self.standard_error:.2g} (standard error of runs)" if self.standard_error else ""
        return f"Stationary of {self.method}({settings}): expected excess loss {self.excess_loss:.6g}{estimated}"


def stationary(
    p: Any,
    m: Any,
    /,
    *,
    batch: int | None = None,
    sampling: str = "replacement",
    noise: Any = None,
    runs: int = 200,
    rng: np.random.Generator | int | None = None,
    **hyper: Any,
) -> Stationary:
    """The moments that a method settles at under minibatches and added noise, exactly wherever that can be done.

    With the samplings "cyclic" and "epoch" they go on changing within an epoch, and are those at its end.

    Parameters
    ----------
    p, m, batch, sampling, noise
        As for ``moments``. Where that estimates ("epoch" with many rows), this is an average along runs from the rest.
    runs, rng
        Of an estimate: the number of runs, and the seed of their random numbers.
    hyper
        One number each.

    Returns
    -------
    Stationary

    Raises
    ------
    NoStableLearningRate
        Where nothing settles: with the largest batch or rate that does, see ``smallest_batch`` and ``mean_square_limit``.
    NotLinear
        For a rule that is not linear, or whose step is not affine in the sampled Hessian.
    BadHyperparameter
        For wrong settings, a batch or noise that is none.

    >>> stationary([2.0, 1.0], "gradient_descent", noise=1.0, lr=0.5).second
    array([[0.25      , 0.        ],
           [0.        , 0.33333333]])
    """
    problem, method = as_quadratic(p), as_method(m)
    full = method.scalars(hyper)
    linear_system(method) if batch is None else require_samples(method)
    size = (
        None if checked_sampling(sampling) and batch is None else checked_batch(problem, batch, sampling, drawn=False)
    )
    if size is None or sampling in INDEPENDENT:
        settled = _of_independent(problem, method, full, batch, sampling, noise)
    else:
        settled = _at_epoch_ends(problem, method, full, Epoch(problem, method, size, sampling), noise, runs, rng)
    return _result(problem, method, full, settled, added_noise(problem, noise, size or 1))


@dataclass(frozen=True, eq=False)
class Settled:
    """Mean (d, s) and second moments (d, d, s, s) of the errors of states, along directions that have curvature."""

    loop: OpenLoop
    offset: Array
    mean: Array
    second: Array
    standard_error: float = 0.0


def _result(problem: Quadratic, method: Method, full: Mapping[str, Any], settled: Settled, added: Array) -> Stationary:
    """The moments along all d directions; ``added`` (d, d) makes random walks of the flat ones."""
    rank, d, offset = problem.rank, len(problem.curvatures), settled.offset
    state, asked, mean = np.zeros((d, d, *settled.second.shape[2:])), np.zeros((d, d)), np.zeros(d)
    state[:rank, :rank], mean[:rank] = settled.second, settled.mean[:, 0]
    state[rank:, rank:] = np.where(added[rank:, rank:, None, None] != 0, np.nan, 0.0)
    away = np.diagonal(settled.second[:, :, 0, 0]) + 2 * settled.mean[:, 0] * offset + offset**2
    loss = 0.5 * float(away @ problem.curvatures[:rank])
    if settled.loop.asked.shape[1]:
        at = settled.loop.asked[:, 0]
        point = np.einsum("ia,ijab,jb->ij", at, settled.second, at)
        shifted = np.outer((at * settled.mean).sum(axis=-1), offset)
        asked[:rank, :rank] = point + shifted + shifted.T + np.outer(offset, offset)
    return Stationary(method.name, full, state[:, :, 0, 0], state, loss, asked, mean, settled.standard_error)


def _offset(problem: Quadratic, method: Method, full: Mapping[str, Any]) -> Array:
    """Where the position rests from the minimiser, along the directions that have curvature."""
    rest = resting_state(problem, method, full, problem.minimizer)[0]
    return np.asarray((rest - problem.to_directions(problem.minimizer))[: problem.rank])


def _of_independent(
    problem: Quadratic, method: Method, full: Mapping[str, Any], batch: int | None, sampling: str, noise: Any
) -> Settled:
    noise_of, rank = gradient_noise(problem, batch, sampling, noise), problem.rank
    curvatures = problem.curvatures[:rank]
    if np.max(spectral_radius(method, curvatures, over="spectrum", **full)) >= 1:
        raise NoStableLearningRate(f"{method.name} does not settle at these settings, even without noise")
    samples = samples_of(problem, "stream" if batch is None else sampling, rank)  # without batches none is drawn
    gain = Gain(open_loop(method, curvatures, full), samples)
    offset, g = _offset(problem, method, full), gain.shape[-1]
    covariance = np.broadcast_to(noise_of.added[:rank, :rank, None, None], gain.shape)
    if batch is not None:
        still = np.broadcast_to((offset[:, None] * offset)[..., None, None], gain.shape)
        alone = noise_of.factor * gain.noisy(still, np.broadcast_to(2 * offset, (g, g, rank)), 1.0) + covariance
        Q = gain.fixed_point(noise_of.factor, gain.amplified(alone))
        if Q is None:
            raise NoStableLearningRate(
                f"{method.name} does not settle at these settings: with batches of {batch} second moments grow; the smallest "
                f"batch that settles is above {gain.leading[0]:.6g} (see smallest_batch), and see mean_square_limit"
            )
        covariance = noise_of.factor * gain.noisy(Q, np.zeros(rank), 0.0) + alone
    second = gain.state(covariance)
    return Settled(gain.loop, offset, np.zeros((rank, second.shape[-1])), second)


def _at_epoch_ends(
    problem: Quadratic, method: Method, full: Mapping[str, Any], epoch: Epoch, noise: Any, runs: int, rng: Any
) -> Settled:
    rank, offset = problem.rank, _offset(problem, method, full)
    loop = open_loop(method, problem.curvatures[:rank], full)
    shape = loop.closed.shape[:2]
    if epoch.known is None:
        return Settled(loop, offset, *at_epoch_ends(problem, method, full, epoch, noise, runs, rng))
    if epoch.radius(full) >= 1:
        raise NoStableLearningRate(
            f"{method.name} does not settle at these settings with batches of {epoch.batch}, {epoch.sampling!r}: see "
            f"mean_square_limit and smallest_batch"
        )
    mean, second = epoch.settled(full, offset, added_noise(problem, noise, epoch.batch)[:rank, :rank])
    return Settled(loop, offset, mean.reshape(shape), second.reshape(*shape, *shape).transpose(0, 2, 1, 3))
