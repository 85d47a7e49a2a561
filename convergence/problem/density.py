"""Spectral densities: Marchenko–Pastur and power laws, with Gauss quadrature and a sample of quantiles."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh_tridiagonal
from scipy.special import roots_jacobi

from convergence.errors import BadHyperparameter

Array = NDArray[np.float64]

QUANTILES = 64
"""Curvatures of the sample that stands for a density where a problem is asked for: both ends and 62 between them."""


class Density(Protocol):
    """A spectral density: its support, how it starts at 0, and quadrature."""

    @property
    def interval(self) -> tuple[float, float]:
        """The ends of the support."""

    @property
    def exponent(self) -> float:
        """s where the density goes as λˢ at an end of its support that is 0."""

    def quadrature(self, count: int) -> tuple[Array, Array]:
        """Nodes and weights (count,) of Gauss quadrature, exact up to degree 2·count−1."""


@dataclass(frozen=True)
class MarchenkoPastur:
    """The density of curvatures of scale·XᵀX/n for standard X (n, d) with d/n → ``ratio`` (Marchenko and Pastur 1967).

    It lives on scale·[(1−√r)², (1+√r)²]. For r > 1 the directions without curvature are left out: nothing moves along
    them.

    Attributes
    ----------
    ratio
        r = d/n, a pure number above 0. At 1 the density reaches 0, and rates are those of a power law.
    scale
        In units of a curvature, above 0.

    Raises
    ------
    BadHyperparameter
        Unless ratio and scale are finite numbers above 0.

    >>> MarchenkoPastur(ratio=0.25).interval
    (0.25, 2.25)
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
        """s where the density goes as λˢ at an end of its support that is 0."""
        return -0.5

    def quadrature(self, count: int) -> tuple[Array, Array]:
        """Gauss nodes and weights (count,): all recurrence coefficients but the first are constant (Golub and Welsch 1969).

        >>> nodes, weights = MarchenkoPastur(0.25, scale=2.0).quadrature(20)
        >>> round(float(weights @ nodes), 12)  # the mean of the curvatures is the scale
        2.0
        """
        ratio, scale = (self.ratio, self.scale) if self.ratio <= 1 else (1 / self.ratio, self.scale * self.ratio)
        diagonal = np.full(count, 1 + ratio)
        diagonal[0] = 1.0
        nodes, vectors = eigh_tridiagonal(diagonal, np.full(count - 1, ratio**0.5))
        return np.clip(scale * nodes, *self.interval), np.asarray(vectors[0] ** 2)

    def quantile(self, share: Array) -> Array:
        """The λ below which a share (m,) of the density lies, by integrating it in θ: λ = low + (high − low)·sin²(θ/2)."""
        low, high = self.interval
        theta = np.linspace(0.0, np.pi, 4097)
        points = low + (high - low) * np.sin(theta / 2) ** 2
        heights = np.sin(theta) ** 2 / np.where(points > 0, points, 1.0)
        heights[0] = 4 / high if low == 0 else 0.0  # the limit of sin²θ/λ
        below = np.concatenate([[0.0], np.cumsum(heights[1:] + heights[:-1])])
        return np.asarray(low + (high - low) * np.sin(np.interp(share, below / below[-1], theta) / 2) ** 2)


@dataclass(frozen=True)
class PowerLaw:
    """The density (s+1)λˢ/L^{s+1} on [0, L]: ever more small curvatures as s falls.

    Attributes
    ----------
    exponent
        s > −1.
    L
        The upper end of the support, in units of a curvature.

    Raises
    ------
    BadHyperparameter
        For other exponents, or L that is no finite number above 0.

    >>> PowerLaw(exponent=-0.5, L=4).quantile(0.5)
    1.0
    """

    exponent: float
    L: float = 1.0

    def __post_init__(self) -> None:
        _require_positive(L=self.L)
        if not -1 < _float(self.exponent) < inf:
            raise BadHyperparameter(f"a power law has a finite exponent above −1; got {self.exponent!r}")

    @property
    def interval(self) -> tuple[float, float]:
        """The ends of the support."""
        return 0.0, self.L

    def quadrature(self, count: int) -> tuple[Array, Array]:
        """Gauss–Jacobi nodes and weights (count,).

        >>> nodes, weights = PowerLaw(exponent=1.0).quadrature(5)
        >>> round(float(weights @ nodes), 12)
        0.666666666667
        """
        nodes, weights = roots_jacobi(count, 0.0, self.exponent)
        return np.asarray(self.L * np.clip((1 + nodes) / 2, 0.0, 1.0)), np.asarray(weights / weights.sum())

    def quantile(self, share: Any) -> Any:
        """The λ below which a share of the density lies."""
        return self.L * share ** (1 / (self.exponent + 1))


def _require_positive(**values: Any) -> None:
    for name, value in values.items():
        if not 0 < _float(value) < inf:
            raise BadHyperparameter(f"{name} must be a finite number above 0; got {value!r}")


def _float(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return float("nan")
