"""Runs on a function from anywhere, and the time that they need from one place to another, as across a plateau."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, nan
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad

from convergence.errors import BadData
from convergence.landscapes.oracles import Oracles
from convergence.landscapes.roots import zeros
from convergence.methods import as_method
from convergence.rule import Method

if TYPE_CHECKING:
    from convergence.landscapes.function import Landscape

Array = NDArray[np.float64]

MOST = 1_000_000
"""Steps of a run."""


@dataclass(frozen=True)
class Crossing:
    """The time from one place to another on a function of one variable.

    Attributes
    ----------
    start, end
        The places.
    flow_time
        Of the gradient flow ẋ = −f′(x): ∫ dx/|f′|, infinite where a critical point is on the way, or it flows the other way.
        At a small learning rate gradient descent needs flow_time/lr steps.
    method, steps
        The method's name, and its first step at or beyond the end; −1: it did not come there. Empty and −1 without a method.

    >>> import convergence as cv
    >>> cv.landscapes.tanh.crossing(4, 0, "gradient_descent", lr=1)
    Crossing(start=4.0, end=0.0, flow_time=374.619706..., method='gradient_descent', steps=378)
    """

    start: float
    end: float
    flow_time: float
    method: str = ""
    steps: int = -1


def crossing(function: Landscape, start: float, end: float, m: Any, limit: int, hyper: Mapping[str, Any]) -> Crossing:
    """See ``Crossing``. BadData for a function of two variables, a callable, or places that are one."""
    slope = function.derivative(1)
    if start == end:
        raise BadData(f"a crossing goes from one place to another; got {start:g} and {end:g}")
    flows = _flow_time(function, start, end) if not zeros(slope, function.variables[0], *sorted((start, end))) else inf
    if m is None:
        return Crossing(start, end, flows)
    method = as_method(m)
    settings, objective = method.at(**hyper).numbers, Oracles(function)
    state = method.start(objective, np.array([start]))
    side = np.sign(start - end)
    with np.errstate(all="ignore"):
        for k in range(1, limit + 1):
            before, state = state[0], method(objective, *state, **settings)
            if (state[0][0] - end) * side <= 0:
                return Crossing(start, end, flows, method.name, k)
            if not np.isfinite(state[0][0]) or ((state[0] == before).all() and len(state) == 1):
                break
    return Crossing(start, end, flows, method.name, -1)


def _flow_time(function: Landscape, start: float, end: float) -> float:
    def pace(x: float) -> float:
        return 1 / float(function.grad([x])[0])

    if (start - end) * pace(start) < 0:
        return inf
    value, doubt = quad(pace, end, start, epsabs=0, epsrel=1e-12, limit=200)
    return float(value) if doubt <= 1e-6 * abs(value) else nan


def path(function: Landscape, method: Method, steps: int, start: Array, hyper: Mapping[str, Any]) -> Array:
    """The iterates of a run (steps+1, d), cut where a number overflows."""
    setting, objective = method.at(**hyper).numbers, Oracles(function)
    states = np.empty((steps + 1, len(start)))
    with np.errstate(all="ignore"):
        state = method.start(objective, start.copy())
        states[0] = start
        for k in range(1, steps + 1):
            state = method(objective, *state, **setting)
            states[k] = state[0]
            if not np.isfinite(states[k]).all():
                return states[:k]
    return states
