"""A method, a number of steps and a spectral density go in; the expected error, loss and gradient come out.

Over random quadratics whose curvatures have this density, and starts that favour no direction, E‖e_k‖²/E‖e_0‖² =
∫p_k²dμ; the loss and the gradient carry λ and λ² (Pedregosa and Scieur 2020). Gauss quadrature is exact for their
degrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh_tridiagonal

from convergence.errors import BadData, BadHyperparameter, ConvergenceError
from convergence.numerics.fractions import largest_rate
from convergence.numerics.residuals import checked_curvatures, floats, residual, scheduled
from convergence.numerics.sampling import constants, largest_radii
from convergence.numerics.trajectory import checked_steps
from convergence.problem import LeastSquares
from convergence.rule import Method

Array = NDArray[np.float64]

EDGE = 1e-9


@dataclass(frozen=True)
class MarchenkoPastur:
    """The density of the curvatures of scale·XᵀX/n for standard X (n, d) with d/n → ``ratio`` (Marchenko and Pastur 1967).

    It lives on scale·[(1−√r)², (1+√r)²]. For r > 1 the directions without curvature are left out: nothing moves along
    them. Raises BadHyperparameter unless ratio and scale are finite numbers above 0.
    """

    ratio: float
    scale: float = 1.0

    def __post_init__(self) -> None:
        _require_positive(ratio=self.ratio, scale=self.scale)

    @property
    def interval(self) -> tuple[float, float]:
        """The ends of the support."""
        root = self.ratio**0.5
        return self.scale * (1 - root) ** 2, self.scale * (1 + root) ** 2

    @property
    def exponent(self) -> float:
        """s where the density is like λˢ at an end of its support that is 0."""
        return -0.5

    def quadrature(self, count: int) -> tuple[Array, Array]:
        """Nodes and weights (count,), exact up to degree 2·count−1: all recurrence coefficients but the first are constant."""
        ratio, scale = (self.ratio, self.scale) if self.ratio <= 1 else (1 / self.ratio, self.scale * self.ratio)
        diagonal = np.full(count, 1 + ratio)
        diagonal[0] = 1.0
        nodes, weights = _golub_welsch(diagonal, np.full(count - 1, ratio**0.5))
        low, high = self.interval
        return np.clip(scale * nodes, low, high), weights


@dataclass(frozen=True)
class PowerLaw:
    """The density (s+1)λˢ/L^{s+1} on [0, L], s = ``exponent`` > −1: ever more small curvatures as s falls.

    Raises BadHyperparameter for other exponents, or L that is no finite number above 0.
    """

    exponent: float
    L: float = 1.0

    def __post_init__(self) -> None:
        _require_positive(L=self.L)
        if not -1 < float(floats(self.exponent)[0]) < inf:
            raise BadHyperparameter(f"a power law has a finite exponent above −1; got {self.exponent!r}")

    @property
    def interval(self) -> tuple[float, float]:
        """The ends of the support."""
        return 0.0, self.L

    def quadrature(self, count: int) -> tuple[Array, Array]:
        """Gauss–Jacobi nodes and weights (count,), exact up to degree 2·count−1."""
        n, s = np.arange(count, dtype=float), float(self.exponent)
        diagonal = np.full(count, s / (s + 2))
        diagonal[1:] = s**2 / ((2 * n[1:] + s) * (2 * n[1:] + s + 2))
        m = n[1:]
        beside = 2 * m * (m + s) / (2 * m + s) / np.sqrt((2 * m + s + 1) * (2 * m + s - 1))
        nodes, weights = _golub_welsch(diagonal, beside)
        return self.L * np.clip((1 + nodes) / 2, 0.0, 1.0), weights


@dataclass(frozen=True, eq=False)
class Empirical:
    """The density of given curvatures (m,), each with the same weight."""

    curvatures: Array

    @property
    def interval(self) -> tuple[float, float]:
        """The smallest and the largest curvature."""
        return float(self.curvatures.min()), float(self.curvatures.max())

    exponent = inf

    def quadrature(self, count: int) -> tuple[Array, Array]:
        """The curvatures themselves, whatever the count."""
        return self.curvatures, np.full(len(self.curvatures), 1 / len(self.curvatures))


@dataclass(frozen=True)
class Decay:
    """How the expectations fall at last.

    "geometric": each is multiplied by ``factor`` = ρ² a step (up to powers of k). "polynomial": they fall as
    k^{−error}, k^{−loss}, k^{−gradient}. "none": they do not fall; "unknown": the largest radius is 1 away from λ = 0,
    or the schedule ends.
    """

    kind: Literal["geometric", "polynomial", "none", "unknown"]
    factor: float
    error: float = 0.0
    loss: float = 0.0
    gradient: float = 0.0


@dataclass(frozen=True)
class AverageCase:
    """Expected squared error, loss gap and squared gradient norm after ``steps`` steps, over those at first; see ``Decay``."""

    steps: int
    error: float
    loss: float
    gradient: float
    rate: Decay

    def __repr__(self) -> str:
        sizes = f"error² {self.error:.6g}, loss {self.loss:.6g}, gradient² {self.gradient:.6g}"
        return f"AverageCase after {self.steps} steps: {sizes} of the first, {self.rate.kind} decay"


def average_case(method: Method, steps: Any, density: Any, **hyper: Any) -> AverageCase:
    """The average case over a density, which is one of this file's, a LeastSquares, or curvatures."""
    k, spectrum = checked_steps(steps), as_density(density)
    settings, _ = scheduled(method, hyper, k)
    nodes, weights = spectrum.quadrature(k + 3)
    found = residual(method, k, nodes, settings)
    if found.polynomial and found.degree > k + 1 and not isinstance(spectrum, Empirical):
        nodes, weights = spectrum.quadrature(found.degree + 2)
        found = residual(method, k, nodes, settings)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        squares = np.ldexp(found.values, np.clip(found.exponents, -4000, 4000).astype(np.int32)) ** 2
        error, loss, gradient = (_ratio(weights * nodes**power, squares) for power in (0, 1, 2))
    return AverageCase(k, error, loss, gradient, _decay(method, spectrum, hyper))


def _ratio(weights: Array, squares: Array) -> float:
    used = weights > 0
    return float(weights[used] @ squares[used] / weights[used].sum()) if used.any() else 0.0


def as_density(density: Any) -> Any:
    """A density of this file, or that of the curvatures given. A LeastSquares gives its positive ones. BadData for the rest."""
    if isinstance(density, MarchenkoPastur | PowerLaw | Empirical):
        return density
    if isinstance(density, LeastSquares):
        return Empirical(np.asarray(density.curvatures[: density.rank]))
    points = checked_curvatures(density)
    if not points.any():
        raise BadData("an average needs curvatures above 0: nothing moves along a direction without")
    return Empirical(points[points > 0])


def _decay(method: Method, spectrum: Any, hyper: dict[str, Any]) -> Decay:
    if any(np.ndim(v) for v in hyper.values()):
        return Decay("unknown", float("nan"))
    low, high = spectrum.interval
    if isinstance(spectrum, Empirical):
        own = np.unique(spectrum.curvatures)
        factor = float(largest_radii(method, own, constants(method, hyper)).max()) ** 2
        return Decay("geometric" if factor < 1 - EDGE**1.5 else "none", factor)
    if low > EDGE * high:
        factor = largest_rate(method, low, high, hyper) ** 2
        return Decay("geometric" if factor < 1 - EDGE**1.5 else "none", factor)
    return _polynomial(method, high, spectrum.exponent, hyper)


def _polynomial(method: Method, high: float, s: float, hyper: dict[str, Any]) -> Decay:
    """Near λ = 0 the largest eigenvalue is 1 − cλ + …, and ∫λ^{s+j}(1−cλ)^{2k} falls as k^{−(s+j+1)}."""
    try:
        top = largest_rate(method, high * 1e-3, high, hyper)
        tiny = np.array([high * 1e-6])
        slope = (1 - float(largest_radii(method, tiny, constants(method, hyper))[0])) / tiny[0]
    except ConvergenceError:
        return Decay("unknown", float("nan"))
    if top > 1 + EDGE:
        return Decay("none", top**2)
    if top > 1 - EDGE or not slope > 0:
        return Decay("unknown", 1.0)
    return Decay("polynomial", 1.0, s + 1, s + 2, s + 3)


def _golub_welsch(diagonal: Array, beside: Array) -> tuple[Array, Array]:
    """Nodes and weights from the three-term recurrence (Golub and Welsch 1969)."""
    nodes, vectors = eigh_tridiagonal(diagonal, beside)
    return np.asarray(nodes), np.asarray(vectors[0] ** 2)


def _require_positive(**values: float) -> None:
    for name, value in values.items():
        if not 0 < float(floats(value)[0]) < inf:
            raise BadHyperparameter(f"{name} must be a finite number above 0; got {value!r}")
