"""Many directions: the batch beyond which curvature, not noise, limits the learning rate; rates of single-row streaming."""

from __future__ import annotations

from functools import cache
from math import inf, sqrt
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy.optimize import brentq

from convergence.crossing import evaluate
from convergence.errors import BadHyperparameter, NotLinear
from convergence.problem import as_quadratic
from convergence.problem.arrays import floats, short
from convergence.problem.density import MarchenkoPastur, PowerLaw
from convergence.rule import Method
from convergence.stochastic.limits import limit_without_noise, require_others, sampled_method
from convergence.theory.noise import noise_floor
from convergence.theory.symbols import CURVATURE

Array = NDArray[np.float64]

NODES = 400
"""Of the quadrature over a density."""


def critical_batch(p: Any, m: Any, /, **hyper: Any) -> float:
    """The batch at which noise and curvature limit the learning rate alike, for fresh Gaussian rows in many directions.

    For small learning rates λ²g(λ, λ) grows as lr·λ²g′(λ), with g the method's cross gain: where no direction has a large
    part of the sum, second moments stay bounded up to lr = B/Σλ²g′(λ). That meets the largest lr without noise at this
    batch; below it the limit grows with B, above it hardly. For gradient descent it is tr H/λ_max, for heavy ball
    (1+β)/(1−β) times that: both come out of the rule. (``mean_square_limit`` has the limit itself.)

    Parameters
    ----------
    p
        A LeastSquares, (X, y), a list of curvatures, or a density.
    m
        A Method, its name, a preset, or an update rule.
    hyper
        The other hyperparameters, one number each.

    Raises
    ------
    NotLinear
        For a rule whose step is not affine in the sampled Hessian, or that asks for several gradients.
    NoStableLearningRate
        Where no learning rate is stable, or all are.
    BadHyperparameter
        For wrong settings.

    >>> critical_batch([4.0, 3.0, 1.0], "gradient_descent")
    2.0
    >>> round(critical_batch([4.0, 3.0, 1.0], "heavy_ball", momentum=0.9), 9)
    38.0
    """
    problem, method = as_quadratic(p), sampled_method(m)
    require_others(method, hyper)
    settings = method.scalars({**hyper, str(method.rate): 1.0})
    curvatures, edge = problem.curvatures[: problem.rank], limit_without_noise(problem, method, hyper)
    names = [method.symbols[name] for name in settings if name != method.rate]
    values = [float(value) for name, value in settings.items() if name != method.rate]
    (slope,) = evaluate([CURVATURE, *names], [_slope(method)], [curvatures, *values])
    return float(edge * np.sum(curvatures**2 * slope))


@cache
def _slope(method: Method) -> sp.Expr:
    """g′(λ): the slope of the cross gain of one direction in the learning rate, at 0."""
    points = list(noise_floor(method).points.values())
    if len(points) != 1:
        raise NotLinear(f"{method.name} asks for {len(points)} gradients a step; the criterion is for one")
    lr = method.symbols[str(method.rate)]
    return sp.cancel(sp.together(points[0] / lr)).subs(lr, 0)


def streaming_rate(p: Any, gamma: float) -> float:
    """The rate of gradient descent on single fresh rows of very many directions, at the learning rate gamma/d.

    After t·d rows the excess loss has fallen as exp(−rate·t): rate = γu with γE[λ²/(2λ−u)] = 1 and u < 2λ_min, or 2γλ_min
    where no u is so (the Volterra equation of Paquette et al. 2021). Negative: it grows.

    Parameters
    ----------
    p
        A MarchenkoPastur (there it is a closed form) or a PowerLaw; or curvatures, a LeastSquares or (X, y), whose
        spectrum is taken as that of ever more directions. Flat directions are not counted in d.
    gamma
        Above 0, in units of 1/λ.

    Raises
    ------
    BadHyperparameter
        For a gamma that is no such number.
    BadData
        For a problem that is none.

    >>> streaming_rate(MarchenkoPastur(0.25), 1.0)
    0.5
    >>> round(streaming_rate(MarchenkoPastur(0.25), 1.6), 10)
    0.5788854382
    """
    number = floats(gamma)
    if number.shape != (1,) or not 0 < number[0] < inf:
        raise BadHyperparameter(f"gamma must be a finite number above 0, in units of 1/λ; got {short(gamma)}")
    lr = float(number[0])
    if isinstance(p, MarchenkoPastur):
        return _marchenko_pastur(p, lr)
    density = p if isinstance(p, PowerLaw) else as_quadratic(p)
    nodes, weights = density.quadrature(NODES)
    return lr * _secular(nodes, weights, density.interval[0], lr)


def _marchenko_pastur(density: MarchenkoPastur, gamma: float) -> float:
    """The root of the same equation: with s the Stieltjes transform of the density, a quadratic."""
    r, scale = density.ratio, density.scale
    if r > 1:  # the directions that have curvature: those of the transposed matrix
        r, scale = 1 / r, scale * r
    step = gamma * scale
    if step <= 2 * sqrt(r) / (1 - sqrt(r) + r):
        return 2 * step * (1 - sqrt(r)) ** 2
    return step * (2 - step) / 2 * ((1 + r) + sqrt((1 + r) ** 2 - 8 * r / step))


def _secular(nodes: Array, weights: Array, low: float, gamma: float) -> float:
    """The u below twice the least curvature at which γE[λ²/(2λ−u)] is 1; that bound, where it is less than 1 up to there."""

    def excess(u: float) -> float:
        return gamma * float(weights @ (nodes**2 / (2 * nodes - u))) - 1

    top = 2 * low
    near = top - 1e-15 * float(nodes.max())
    bottom = -gamma * float(weights @ nodes**2)  # there E[λ²/(2λ−u)] is less than E[λ²]/|u|
    return top if excess(near) <= 0 else float(brentq(excess, bottom, near, rtol=1e-14, xtol=1e-300))
