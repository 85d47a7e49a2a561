"""The share of Chebyshev's limit that a method reaches over an interval of curvatures."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log
from typing import Any

import numpy as np

from convergence.methods import as_method
from convergence.numerics.bounds import limit_exponent, log_lower_bound, lower_bound
from convergence.numerics.inputs import checked_interval
from convergence.numerics.maxima import nodes
from convergence.numerics.radius import largest_radii
from convergence.numerics.replay import constants
from convergence.numerics.worst_cases import worst_case
from convergence.rule import Method

SAMPLES = 257


@dataclass(frozen=True)
class LimitFraction:
    """How much of Chebyshev's limit a method reaches over [μ, L].

    Attributes
    ----------
    steps
        k.
    value
        The method's worst case after k steps, ‖e_k‖/‖e_0‖.
    bound
        The least that any first-order method has.
    at_k
        log(value)/log(bound): 1 reaches the limit, ½ needs about twice the steps, less than 0 is worse than the start.
    asymptotic
        log ρ/log((√κ−1)/(√κ+1)): the same for infinitely many steps.
    rate
        ρ, the largest spectral radius over [μ, L].
    """

    steps: int
    value: float
    bound: float
    at_k: float
    asymptotic: float
    rate: float


def fraction_of_limit(
    m: Any, /, steps: int, *, mu: Any = None, L: Any = None, problem: Any = None, **hyper: Any
) -> LimitFraction:
    """How much of Chebyshev's limit the method reaches over [μ, L], or over those of a problem, at k steps and asymptotically.

    1 is the limit itself; negative is worse than not starting. A Newton step is no first-order method, and weight decay
    solves an easier problem: both may exceed 1.

    Parameters
    ----------
    m
        A Method, its name, a preset, or an update rule.
    steps
        k, 1 or more.
    mu, L, problem
        The interval of curvatures, or a problem that has it.
    hyper
        One number each.

    Returns
    -------
    LimitFraction

    Raises
    ------
    NotLinear, BadHyperparameter, BadData
        As ``worst_case``.

    >>> fraction_of_limit("gradient_descent", 10, mu=1, L=100, lr=2 / 101).asymptotic
    0.0996...
    """
    method, (low, high) = as_method(m), checked_interval(mu, L, problem)
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
