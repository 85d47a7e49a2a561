"""The average case: expected error, loss and gradient after k steps over a spectral density.

Over random quadratics whose curvatures have this density, and starts that favour no direction, E‖e_k‖²/E‖e_0‖² =
∫p_k²dμ; the loss and the gradient carry λ and λ² (Pedregosa and Scieur 2020). Gauss quadrature is exact for their
degrees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from convergence.errors import BadHyperparameter, ConvergenceError
from convergence.methods import as_method
from convergence.notation import number, significant
from convergence.numerics.first_order import largest_rate
from convergence.numerics.inputs import checked_steps
from convergence.numerics.radius import spectral_radius
from convergence.numerics.replay import constants, residual, residuals, scheduled
from convergence.numerics.scaled import logarithm, sized
from convergence.plotting import Plotted
from convergence.problem import Density, MarchenkoPastur, PowerLaw, Quadratic, as_quadratic
from convergence.problem.arrays import Array
from convergence.rule import Method
from convergence.tabular import Tabular

EDGE = 1e-9
"""A spectrum whose lower end is this small beside the upper one reaches 0; a radius this near to 1 is not told from it."""

ROUNDING = EDGE**1.5
"""A square of a radius this near to 1 does not fall: the radius of a double eigenvalue is known to √ε, others to ε."""

FLAT, FLATTEST = 1e-3, 1e-6
"""Curvatures, beside the largest, up to which a spectrum is near 0, and at which the slope of the radius is taken there."""


@dataclass(frozen=True)
class Decay:
    """How expectations over a spectrum fall at last.

    Attributes
    ----------
    kind
        "geometric": each is multiplied by ``factor`` a step (up to powers of k). "polynomial": they fall as k^{−error},
        k^{−loss}, k^{−gradient}. "none": they do not fall; "unknown": the largest radius is 1 away from λ = 0, or the
        schedule ends.
    factor
        ρ², with ρ the largest spectral radius: the expectations are of squares.
    error, loss, gradient
        The powers of k; 0.0 where the decay is no such power.
    """

    kind: Literal["geometric", "polynomial", "none", "unknown"]
    factor: float
    error: float = 0.0
    loss: float = 0.0
    gradient: float = 0.0


@dataclass(frozen=True)
class AverageCase(Plotted, Tabular, figure="average_case"):
    """Expected squared error, loss gap and squared gradient norm after k steps, over those at first.

    Attributes
    ----------
    steps
        k.
    error
        E‖e_k‖²/E‖e_0‖²: squared, unlike ``WorstCase``.
    loss
        E(f_k − f*)/E(f_0 − f*).
    gradient
        E‖g_k‖²/E‖g_0‖².
    rate
        How they fall at last: a ``Decay``.
    log10
        Those of error, loss and gradient, also where these over- or underflow.
    of
        What ``plot`` draws: method, settings, nodes of the density and their weights.
    """

    steps: int
    error: float
    loss: float
    gradient: float
    rate: Decay
    log10: tuple[float, ...]
    of: tuple[Method, Mapping[str, Any], Array, Array] | None = field(default=None, compare=False, repr=False)

    def table(self) -> dict[str, Any]:
        """The expectations after 0, 1, …, k steps."""
        if self.of is None:
            raise BadHyperparameter("this average case does not know its method")
        method, hyper, nodes, weights = self.of
        squares = residuals(method, self.steps, nodes, **hyper) ** 2
        kinds = {name: weights * nodes**power for power, name in enumerate(("error", "loss", "gradient"))}
        return {"step": range(self.steps + 1), **{name: squares @ w / w.sum() for name, w in kinds.items()}}

    def __repr__(self) -> str:
        error, loss, gradient = map(significant, map(number, (self.error, self.loss, self.gradient), self.log10))
        sizes = f"error² {error}, loss {loss}, gradient² {gradient}"
        return f"AverageCase after {self.steps} steps: {sizes} of the first, {self.rate.kind} decay"


def average_case(m: Any, /, steps: int, density: Any, **hyper: Any) -> AverageCase:
    """Expected squared error, loss gap and squared gradient after k steps for a spectral density, over their values at first.

    First errors are alike in all directions: E e_0 e_0ᵀ is a multiple of the identity.

    Parameters
    ----------
    m
        A Method, its name, a preset, or an update rule.
    steps
        k, 0 or more.
    density
        ``MarchenkoPastur(ratio, scale)``, ``PowerLaw(exponent, L)``, or any problem: a LeastSquares, (X, y), or an
        array of curvatures (each the same weight).
    hyper
        Numbers, or schedules with an entry a step.

    Returns
    -------
    AverageCase
        ``.rate`` is the asymptotic decay: geometric where the density stays off 0, else the powers of k.

    Raises
    ------
    NotLinear
        For a rule whose error is not proportional to the first one.
    BadHyperparameter
        For missing, unknown or non-finite settings, or a schedule that is too short.
    BadData
        For steps that are no whole number, or a density that is none.

    Pedregosa and Scieur 2020.

    >>> average_case("gradient_descent", 1, [1.0, 3.0], lr=0.5)
    AverageCase after 1 steps: error² 0.25, loss 0.25, gradient² 0.25 of the first, geometric decay
    >>> import convergence as cv
    >>> average_case("gradient_descent", 5, cv.MarchenkoPastur(0.25), lr=0.5).rate.factor
    0.765625
    """
    method, k, spectrum = as_method(m), checked_steps(steps), as_density(density)
    settings = scheduled(method, hyper, k)
    nodes, weights = spectrum.quadrature(k + 3)
    run = residual(method, k, nodes, settings)
    if run.polynomial and run.degree > k + 1 and not isinstance(spectrum, Quadratic):
        nodes, weights = spectrum.quadrature(run.degree + 2)
        run = residual(method, k, nodes, settings)
    values, exponent = run.common()
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        means = [_ratio(weights * nodes**power, values**2) for power in (0, 1, 2)]
    error, loss, gradient = (sized(mean, 2 * exponent) for mean in means)
    logarithms = tuple(logarithm(mean, 2 * exponent) for mean in means)
    of = (method, hyper, nodes, weights)
    return AverageCase(k, error, loss, gradient, _decay(method, spectrum, hyper), logarithms, of)


def _ratio(weights: Array, squares: Array) -> float:
    used = weights > 0
    return float(weights[used] @ squares[used] / weights[used].sum()) if used.any() else 0.0


def as_density(density: Any) -> Density:
    """A spectral density, or that of a problem's positive curvatures. BadData for anything else."""
    return density if isinstance(density, MarchenkoPastur | PowerLaw) else as_quadratic(density)


def _decay(method: Method, spectrum: Density, hyper: dict[str, Any]) -> Decay:
    if any(np.ndim(v) for v in hyper.values()):
        return Decay("unknown", float("nan"))
    low, high = spectrum.interval
    if isinstance(spectrum, Quadratic):
        own = spectrum.curvatures[: spectrum.rank]
        rate = float(spectral_radius(method, own, over="spectrum", **constants(method, hyper)))
    elif low > EDGE * high:
        rate = largest_rate(method, low, high, hyper)
    else:
        return _polynomial(method, high, spectrum.exponent, hyper)
    return Decay("geometric" if rate**2 < 1 - ROUNDING else "none", rate**2)


def _polynomial(method: Method, high: float, s: float, hyper: dict[str, Any]) -> Decay:
    """Near λ = 0 the largest eigenvalue is 1 − cλ + …, and ∫λ^{s+j}(1−cλ)^{2k} falls as k^{−(s+j+1)}."""
    try:
        top = largest_rate(method, FLAT * high, high, hyper)
        tiny = FLATTEST * high
        slope = (1 - float(spectral_radius(method, tiny, **constants(method, hyper)))) / tiny
    except ConvergenceError:
        return Decay("unknown", float("nan"))
    if top > 1 + EDGE:
        return Decay("none", top**2)
    if top > 1 - EDGE or not slope > 0:
        return Decay("unknown", 1.0)
    return Decay("polynomial", 1.0, s + 1, s + 2, s + 3)
