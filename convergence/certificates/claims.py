"""The claims that can be certified: small frozen objects that say what is to be proven, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from convergence.rule import Method


@dataclass(frozen=True)
class Radius:
    """The spectral radius along a direction of this curvature lies in an interval, which is to be found."""

    method: Method
    curvature: Any
    hyper: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Stable:
    """The spectral radius is below 1, strictly, for every curvature in [mu, L]."""

    method: Method
    mu: Any
    L: Any
    hyper: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Rate:
    """The spectral radius is at most ``rate`` for every curvature in [mu, L]."""

    method: Method
    rate: Any
    mu: Any
    L: Any
    hyper: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Optimum:
    """The best rate over [mu, L] lies in an interval no longer than ``epsilon``, which is to be found.

    Over all hyperparameters that are not in ``fixed``: rates and momentum not negative, others real.
    """

    method: Method
    mu: Any
    L: Any
    epsilon: Any = 1e-6
    fixed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Formula:
    """The closed form of the optimum is attained, and no hyperparameters do better, for every κ = L/μ > 1.

    The derived one, or a ``rate`` and ``hyper`` of one's own, formulas in SymPy's positive symbols mu and L.
    """

    method: Method
    rate: Any = None
    hyper: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class MeanSquare:
    """With minibatches of the rows of the data the second moments of all errors tend to zero.

    ``problem`` is a LeastSquares or (X, y); ``sampling`` "replacement" or "step".
    """

    method: Method
    problem: Any
    batch: int
    sampling: str = "replacement"
    hyper: Mapping[str, Any] = field(default_factory=dict)


Claim = Radius | Stable | Rate | Optimum | Formula | MeanSquare
