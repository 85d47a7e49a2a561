"""Curves over one number: the spectral radius and the eigenvalues over the learning rate, the best rate over κ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from sys import float_info
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.errors import BadHyperparameter, ConvergenceError
from convergence.numerics.matrices import eigenvalues
from convergence.numerics.radius import bounds, spectral_radius
from convergence.plotting import Plotted
from convergence.problem.arrays import Array
from convergence.rule import Method
from convergence.tabular import Tabular
from convergence.theory.optimum import Optimum, best

POINTS, KAPPAS = 241, 61


@dataclass(frozen=True, eq=False)
class RadiusCurve(Plotted, Tabular, figure="radius_curve"):
    """The spectral radius over the learning rate, direction by direction.

    Attributes
    ----------
    method
        The Method.
    lr
        (n,) learning rates.
    curvatures
        (d,).
    radius
        (d, n), a row for each of the curvatures.
    bound
        The largest stable learning rate of all of them (∞: none).
    hyper, rate
        The settings, and the largest radius at them.
    """

    method: Method
    lr: Array
    curvatures: Array
    radius: Array
    bound: float
    hyper: Mapping[str, float]
    rate: float

    def table(self) -> dict[str, Array]:
        """The learning rates, and the radius for each curvature."""
        return {"lr": self.lr, **{f"λ = {c:.6g}": row for c, row in zip(self.curvatures, self.radius, strict=True)}}


@dataclass(frozen=True, eq=False)
class Locus(Plotted, figure="eigenvalues"):
    """The eigenvalues of the iteration matrix along a direction, as the learning rate grows from 0: a root locus.

    Attributes
    ----------
    method
        The Method.
    lr
        (n,) learning rates.
    curvature
        λ of the direction.
    eigenvalues
        (n, s) complex.
    hyper
        The settings; the other hyperparameters are held there.
    """

    method: Method
    lr: Array
    curvature: float
    eigenvalues: NDArray[np.complex128]
    hyper: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class RateCurve(Plotted, Tabular, figure="rates"):
    """The optimal rate of a method over the condition number.

    Attributes
    ----------
    method
        The Method.
    kappa
        (n,) condition numbers.
    rate
        (n,), NaN where nothing converges.
    """

    method: Method
    kappa: Array
    rate: Array

    @property
    def steps(self) -> Array:
        """Steps for one more decimal digit, −1/log₁₀ ρ: 0 where ρ = 0, NaN where ρ is not below 1."""
        with np.errstate(divide="ignore", invalid="ignore"):
            below = np.where(self.rate < 1, -1 / np.log10(self.rate), np.nan)
        return np.where(self.rate > 0, below, 0.0 * self.rate)

    def table(self) -> dict[str, Array]:
        """κ, the optimal rate, and steps for one more decimal digit."""
        return {"kappa": self.kappa, "rate": self.rate, "steps": self.steps}


def radius_curve(method: Method, curvatures: Any, hyper: Mapping[str, float]) -> RadiusCurve:
    """The radius of each of the curvatures (d,) over the learning rate, from 0 past the largest stable one."""
    name, values = rate_of(method), np.asarray(curvatures, dtype=float)
    hyper = {**dict(method.defaults), **hyper}
    bound = float(bounds(method, values, hyper).min())
    lr = np.linspace(0, _past(bound, hyper.get(name), values), POINTS)[1:]
    settings: dict[str, Any] = {**hyper, name: lr}
    radius = spectral_radius(method, values[:, None], **settings)
    return RadiusCurve(method, lr, values, radius, bound, dict(hyper), rate(method, values, hyper))


def locus(method: Method, curvature: float, hyper: Mapping[str, float], last: float | None = None) -> Locus:
    """The eigenvalues along a direction as the learning rate grows from 0 to ``last``, or past the largest stable one."""
    rate = rate_of(method)
    end = last or _past(float(bounds(method, np.array([curvature]), hyper)[0]), hyper.get(rate), np.array([curvature]))
    lr = np.linspace(0, end, POINTS)
    roots = eigenvalues(method, curvature, {name: lr if name == rate else hyper[name] for name in method.hyper})
    return Locus(method, lr, float(curvature), np.broadcast_to(roots, (len(lr), roots.shape[-1])), dict(hyper))


def rate_curve(method: Method, kappas: Any, every: int = 5) -> RateCurve:
    """The best rate of a method over the condition number (n,); where it is searched for, at each ``every``-th and between.

    Never raises for a κ at which nothing converges: the rate is NaN there. A rate that a search found at one κ holds at
    smaller ones, too: [μ, L] is a part of the wider interval.
    """
    kappa = np.asarray(kappas, dtype=float)
    try:
        optimum = best(method, {})
    except ConvergenceError:
        return RateCurve(method, kappa, np.full(kappa.shape, np.nan))
    some = kappa if optimum.exact else np.unique([*kappa[::every], kappa[-1]])
    known = np.fmin.accumulate([_best_rate(optimum, float(k)) for k in some[::-1]])[::-1]
    between = 1 - np.exp(np.interp(np.log(kappa), np.log(some), np.log(np.maximum(1 - known, float_info.epsilon))))
    return RateCurve(method, kappa, known if optimum.exact else between)


def _best_rate(optimum: Optimum, kappa: float) -> float:
    try:
        return float(optimum.at(mu=1.0, L=kappa).rate)
    except ConvergenceError:
        return float("nan")


def rate_of(method: Method) -> str:
    """The name of the learning rate. BadHyperparameter where a rule has none."""
    if method.rate is None:
        raise BadHyperparameter(f"{method.name} has no learning rate to vary")
    return method.rate


def rate(method: Method, spectrum: Array, hyper: Mapping[str, float]) -> float:
    """The largest radius over the spectrum at these settings; NaN where one is missing."""
    full = {**dict(method.defaults), **hyper}
    known = all(name in full for name in method.hyper)
    return float(spectral_radius(method, spectrum, over="spectrum", **full)) if known else float("nan")


def _past(bound: float, chosen: float | None, curvatures: Array) -> float:
    """The end of an axis of learning rates: past the bound and the one that was chosen."""
    ends = [1.3 * bound] if np.isfinite(bound) and bound > 0 else []
    ends += [1.15 * float(chosen)] if chosen else []
    return max(ends, default=2 / float(np.max(curvatures)))


def rate_curves(methods: Iterable[Method], here: float) -> tuple[RateCurve, ...]:
    """``rate_curve`` of each method over condition numbers from 1 to a million, further where the problem's is larger."""
    kappas = np.geomspace(1, max(1e6, min(10 * here, 1e12)), KAPPAS)
    return tuple(rate_curve(method, kappas) for method in methods)
