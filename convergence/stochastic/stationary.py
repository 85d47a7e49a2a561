"""What a method settles at under noise: the stationary covariance of its state, and the loss that it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.errors import NoStableLearningRate
from convergence.methods import as_method
from convergence.numerics.radius import spectral_radius
from convergence.numerics.runs import resting_state
from convergence.problem import as_quadratic
from convergence.stochastic.gain import Gain
from convergence.stochastic.limits import require_independent, samples_of
from convergence.stochastic.loops import linear_system, open_loop, require_samples
from convergence.stochastic.sampling import gradient_noise

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Stationary:
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
    """

    method: str
    hyper: Mapping[str, Any]
    second: Array
    state: Array
    excess_loss: float
    asked: Array

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value}" for name, value in self.hyper.items())
        return f"Stationary of {self.method}({settings}): expected excess loss {self.excess_loss:.6g}"


def stationary(
    p: Any, m: Any, /, *, batch: int | None = None, sampling: str = "replacement", noise: Any = None, **hyper: Any
) -> Stationary:
    """The moments that a method settles at under minibatches and added noise, exactly.

    Parameters
    ----------
    p, m, batch, sampling, noise
        As for ``moments``.
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
    require_independent(sampling)
    linear_system(method) if batch is None else require_samples(method)
    noise_of = gradient_noise(problem, batch, sampling, noise)
    rank, d = problem.rank, len(problem.curvatures)
    curvatures = problem.curvatures[:rank]
    if np.max(spectral_radius(method, curvatures, over="spectrum", **full)) >= 1:
        raise NoStableLearningRate(f"{method.name} does not settle at these settings, even without noise")
    gain = Gain(open_loop(method, curvatures, full), samples_of(problem, sampling))
    if batch is not None and noise_of.factor * gain.leading[0] >= 1:
        raise NoStableLearningRate(
            f"{method.name} does not settle at these settings: with batches of {batch} second moments grow; the smallest "
            f"batch that settles is above {gain.leading[0]:.6g} (see smallest_batch), and see mean_square_limit"
        )
    target = problem.to_directions(problem.minimizer)[:rank]
    offset = resting_state(problem, method, full, problem.minimizer)[0][:rank] - target
    g = gain.shape[-1]
    added = np.broadcast_to(noise_of.added[:rank, :rank, None, None], gain.shape)
    if batch is None:
        Q, covariance = gain.amplified(added), added
    else:
        still = np.broadcast_to((offset[:, None] * offset)[..., None, None], gain.shape)
        alone = noise_of.factor * gain.noisy(still, np.broadcast_to(2 * offset, (g, g, rank)), 1.0) + added
        Q = gain.solve(noise_of.factor, gain.amplified(alone))
        covariance = noise_of.factor * gain.noisy(Q, np.zeros(rank), 0.0) + alone
    settled = gain.state(covariance)
    state = np.zeros((d, d, *settled.shape[2:]))
    state[:rank, :rank] = settled
    state[rank:, rank:] = np.where(noise_of.added[rank:, rank:, None, None] != 0, np.nan, 0.0)
    loss = 0.5 * float((np.diagonal(settled[:, :, 0, 0]) + offset**2) @ curvatures)
    asked = np.zeros((d, d))
    asked[:rank, :rank] = Q[:, :, 0, 0] + offset[:, None] * offset
    return Stationary(method.name, full, state[:, :, 0, 0], state, loss, asked)
