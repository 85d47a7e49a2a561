"""Many directions: the batch beyond which curvature, not noise, limits the learning rate; rates of single-row streaming."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import inf, sqrt
from typing import Any

import numpy as np
import sympy as sp

from convergence.algebra import cancelled
from convergence.crossing import evaluate
from convergence.errors import BadHyperparameter, NotLinear
from convergence.numerics.bracket import root
from convergence.problem import as_quadratic
from convergence.problem.arrays import Array, one_number, short
from convergence.problem.density import MarchenkoPastur, PowerLaw
from convergence.rule import Method
from convergence.stochastic.limits import limit_without_noise, require_others, sampled_method
from convergence.theory.noise import noise_floor
from convergence.theory.symbols import CURVATURE

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
    return cancelled(sp.together(points[0] / lr)).subs(lr, 0)


def streaming_rate(p: Any, gamma: float) -> float:
    """The rate of gradient descent on single fresh rows of very many directions, at the learning rate gamma/d.

    After t·d rows the excess loss has fallen as exp(−rate·t): rate = 2γz with γE[λ²/(λ−z)] = 2 and z < λ_min, or 2γλ_min
    where no z is so (the Volterra equation of Paquette et al. 2021). Negative: it grows.

    Parameters
    ----------
    p
        A MarchenkoPastur (its expectation is exact, by the Stieltjes transform) or a PowerLaw; or curvatures, a
        LeastSquares or (X, y), whose spectrum is taken as that of ever more directions. Flat directions are not
        counted in d.
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
    step = one_number(gamma)
    if not 0 < step < inf:
        raise BadHyperparameter(f"gamma must be a finite number above 0, in units of 1/λ; got {short(gamma)}")
    density = p if isinstance(p, MarchenkoPastur | PowerLaw) else as_quadratic(p)
    mean = _of_marchenko_pastur(p) if isinstance(p, MarchenkoPastur) else _of_nodes(*density.quadrature(NODES))
    low, high = density.interval

    def excess(z: float) -> float:
        return step * mean(z) / 2 - 1

    beside = float(np.nextafter(low, -inf))  # a curvature at the end itself is a pole
    # below 0 the mean is less than high²/|z|
    z = low if excess(beside) <= 0 else root(excess, -step * high**2 / 2, beside)
    return 2 * step * z


def _of_nodes(nodes: Array, weights: Array) -> Callable[[float], float]:
    """E[λ²/(λ − z)] by quadrature."""
    return lambda z: float(weights @ (nodes**2 / (nodes - z)))


def _of_marchenko_pastur(density: MarchenkoPastur) -> Callable[[float], float]:
    """E[λ²/(λ − z)] for z up to the support, without quadrature.

    The Stieltjes transform m = E[1/(λ − z)] obeys m = 1/(s(1 − r − rzm) − z) with s the scale (Marchenko and Pastur 1967).
    For q = E[λ/(λ − z)] = 1 + zm that is rq² − (1 + r − z/s)q + 1 = 0, and λ²/(λ − z) = λ + zλ/(λ − z) makes the mean
    s + zq = sq(1 + r − rq), where nothing cancels. Far below the support q tends to 0: it is the smaller root.
    """
    r, s = density.ratio, density.scale
    if r > 1:  # the directions that have curvature: those of the transposed matrix
        r, s = 1 / r, s * r

    def mean(z: float) -> float:
        b = 1 + r - z / s
        q = 2 / (b + sqrt(max(b * b - 4 * r, 0.0)))
        return s * q * (1 + r - r * q)

    return mean
