"""How long a run stays near a saddle: ln(distance grown)/ln ρ steps, with ρ the derived radius at the negative curvature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, log, nan
from typing import TYPE_CHECKING, Any

import numpy as np

from convergence.errors import BadData, NotLinear
from convergence.landscapes.oracles import Oracles
from convergence.methods import as_method
from convergence.numerics.radius import spectral_radius
from convergence.rule import Method
from convergence.theory.system import system

if TYPE_CHECKING:
    from convergence.landscapes.points import CriticalPoint

MOST, LONGER = 100_000, 10
"""Steps of a run, and how many times the estimate it may have."""


@dataclass(frozen=True)
class Escape:
    """Leaving a saddle (or a maximum) along its most negative curvature.

    Attributes
    ----------
    method
        The method's name.
    growth
        ρ, the spectral radius at that curvature: by what the distance grows a step. nan for a rule that is not linear, as of
        adaptive methods: they are linear only at distances at which √v is far below ε.
    estimate
        ln(to/start)/ln ρ, the steps; infinite where ρ ≤ 1: the method is attracted by the saddle. nan where there is no ρ.
    steps
        Those of a run of the method on the function itself; −1: it did not leave.

    >>> import convergence as cv
    >>> cv.local(cv.landscapes.saddle, at=(0.1, 0.1))[0].escape("gradient_descent", lr=0.01)
    Escape(method='gradient_descent', growth=1.02, estimate=697.66..., steps=698)
    """

    method: str
    growth: float
    estimate: float
    steps: int


def _linear(method: Method) -> bool:
    try:
        return system(method).linear
    except NotLinear:
        return False


def escape(point: CriticalPoint, m: Any, start: float, to: float, hyper: Mapping[str, Any]) -> Escape:
    """From a distance to another, along the most negative curvature. BadData at a point without one."""
    method = as_method(m)
    curvature = float(point.curvatures[-1])
    if curvature >= 0 or start >= to:
        raise BadData(
            f"escape is from a saddle or a maximum, from a smaller distance to a larger one; "
            f"got a {point.kind}, {start:g} to {to:g}"
        )
    settings: dict[str, Any] = {**method.at(**hyper).numbers}
    growth = float(spectral_radius(method, curvature, **settings)) if _linear(method) else nan
    estimate = log(to / start) / log(growth) if growth > 1 else nan if growth != growth else inf
    objective, count = Oracles(point.function), 0
    most = min(MOST, 1000 + LONGER * int(estimate)) if np.isfinite(estimate) else MOST
    state = method.start(objective, point.point + start * point.directions[:, -1])
    with np.errstate(all="ignore"):
        while count < most and np.linalg.norm(state[0] - point.point) < to:
            state = method(objective, *state, **settings)
            count += 1
            if growth <= 1 and np.linalg.norm(state[0] - point.point) < start / 2:
                break
    left = bool(np.linalg.norm(state[0] - point.point) >= to)
    return Escape(method.name, growth, estimate, count if left else -1)
