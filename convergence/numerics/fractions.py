"""A method, a number of steps and an interval go in; how much of what is possible it reaches comes out."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log
from typing import Any

import numpy as np

from convergence.numerics.maxima import nodes
from convergence.numerics.residuals import checked_interval
from convergence.numerics.sampling import constants, largest_radii
from convergence.numerics.semi_iteration import limit_exponent, log_lower_bound, lower_bound
from convergence.numerics.worst_cases import worst_case
from convergence.rule import Method

SAMPLES = 257


@dataclass(frozen=True)
class LimitFraction:
    """How much of Chebyshev's limit a method reaches over [μ, L].

    ``value`` is its worst case after ``steps`` steps, ``bound`` the least that any first-order method has. ``at_k`` is
    log(value)/log(bound): 1 reaches the limit, ½ needs about twice the steps, less than 0 is worse than the start.
    ``asymptotic`` is log ρ/log((√κ−1)/(√κ+1)), the same for infinitely many steps, with ρ (``rate``) the largest
    radius.
    """

    steps: int
    value: float
    bound: float
    at_k: float
    asymptotic: float
    rate: float


def fraction_of_limit(method: Method, steps: Any, *, mu: Any, L: Any, **hyper: Any) -> LimitFraction:
    """The fraction of the limit at k steps and asymptotically; a Newton step, which is no first-order method, may exceed 1."""
    low, high = checked_interval(mu, L)
    worst = worst_case(method, steps, mu=low, L=high, **hyper)
    rate = largest_rate(method, low, high, hyper)
    at_k = _share(worst.log10 * log(10), log_lower_bound(worst.steps, low, high))
    asymptotic = _share(log(rate) if rate > 0 else -inf, -limit_exponent(low, high))
    return LimitFraction(worst.steps, worst.value, lower_bound(worst.steps, mu=low, L=high), at_k, asymptotic, rate)


def largest_rate(method: Method, mu: float, L: float, hyper: dict[str, Any]) -> float:
    """The largest spectral radius on Chebyshev nodes and both ends of [μ, L], once clocks have run down; nan for schedules."""
    if any(np.ndim(value) for value in hyper.values()):
        return float("nan")
    points = np.unique([mu, *nodes(mu, L, SAMPLES), L])
    return float(largest_radii(method, points, constants(method, hyper)).max())


def _share(reached: float, limit: float) -> float:
    if np.isnan(reached) or np.isnan(limit):
        return float("nan")
    if limit == 0:
        return 1.0 if reached == 0 else -inf
    if limit == -inf:
        return 1.0 if reached == -inf else 0.0
    return inf if reached == -inf else reached / limit
