"""Schedules that know the spectrum's ends: Chebyshev's, optimal on quadratics; silver steps, for all convex functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import sqrt
from typing import Any

import numpy as np

from convergence.errors import BadHyperparameter
from convergence.numerics.inputs import checked_interval
from convergence.numerics.semi_iteration import chebyshev_steps
from convergence.problem.arrays import Array
from convergence.schedule import Schedule, as_schedule, named, whole

SILVER = 1 + sqrt(2)
"""The silver ratio."""


def chebyshev(steps: int, *, mu: Any = None, L: Any = None, problem: Any = None, order: str = "stable") -> Schedule:
    """The learning rates that attain the lower bound of ``steps`` steps over [μ, L]: ``chebyshev_steps`` as a schedule.

    Raises
    ------
    BadHyperparameter, BadData, BadName
        As ``chebyshev_steps``.

    >>> chebyshev(2, mu=1, L=3).values(2)
    array([0.773..., 0.369...])
    """
    rates = chebyshev_steps(steps, mu=mu, L=L, problem=problem, order=order)  # type: ignore[arg-type]
    low, high = checked_interval(mu, L, problem)
    return _table(chebyshev, rates, steps=steps, mu=low, L=high, order=order)


def silver(steps: int, *, mu: Any = 0, L: Any = 1) -> Schedule:
    """Silver steps for L-smooth functions, convex (μ = 0) or strongly convex (Altschuler and Parrilo 2023).

    For convex functions (their part II, eq. 1.2) the rate of step k is (1 + ρ^(ν(k+1)−1))/L, with ρ = 1 + √2 and ν the
    power of 2 in k + 1: for any number of steps, at its best for 2ⁿ − 1. For strongly convex ones (part I) it is a
    recursion in the condition number for 2ⁿ steps.

    Raises
    ------
    BadHyperparameter
        Unless 0 ≤ μ < L, and with μ > 0 steps are a power of 2.

    >>> silver(3).values(3).round(4)
    array([1.4142, 2.    , 1.4142])
    """
    count = whole(steps, "steps", 1)
    if mu == 0:
        _, top = checked_interval(L, L)
        k = np.arange(1, count + 1)
        powers = np.log2(k & -k)
        return _table(silver, (1 + SILVER ** (powers - 1)) / top, steps=steps, mu=0, L=L)
    low, top = checked_interval(mu, L)
    if count & (count - 1):
        raise BadHyperparameter(f"silver steps for strongly convex functions are a power of 2 in number; got {count}")
    return _table(silver, _strongly_convex(count, top / low) / top, steps=steps, mu=mu, L=L)


def _strongly_convex(steps: int, kappa: float) -> Array:
    """Part I, section 3: [b] for one step; each doubling puts a step a where b was, and a longer b at the end."""
    z, rates = 1 / kappa, [2 / (1 + 1 / kappa)]
    while len(rates) < steps:
        root = (1 - z) + sqrt(1 + (1 - z) ** 2)
        y, z = z / root, z * root
        body = rates[:-1]
        rates = [*body, _step(y, kappa), *body, _step(z, kappa)]
    return np.array(rates)


def _step(t: float, kappa: float) -> float:
    return (1 + kappa * t) / (1 + t)


def _table(family: Callable[..., Schedule], rates: Array, **parameters: Any) -> Schedule:
    return replace(as_schedule(rates), name=named(family, parameters), parameters=parameters, last=len(rates) - 1)
