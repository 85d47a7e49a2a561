"""Limits of all first-order methods over an interval of curvatures, and what part of them a method reaches.

A method that only asks for gradients has e_k = p(H)e_0 with p(0) = 1, of degree k at most. Over [μ, L] Chebyshev's polynomial,
shifted and scaled to 1 at 0, has the smallest maximum: 1/T_k((κ+1)/(κ−1)) (Chebyshev 1881; Golub and Varga 1961; Nemirovski
1992 for first-order methods).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log, log1p, sqrt
from typing import Any

import numpy as np

from convergence.methods import as_method
from convergence.numerics.inputs import checked_interval, checked_steps
from convergence.numerics.maxima import sampled
from convergence.numerics.radius import spectral_radius
from convergence.numerics.replay import constants
from convergence.numerics.worst_cases import worst_case
from convergence.rule import Method


def lower_bound(steps: int, *, mu: Any = None, L: Any = None, problem: Any = None) -> float:
    """1/T_k((κ+1)/(κ−1)): no first-order method has a smaller worst ‖e_k‖/‖e_0‖ over [μ, L] (Nemirovski 1992).

    Parameters
    ----------
    steps
        k, 0 or more.
    mu, L, problem
        The interval of curvatures, or a problem that has it.

    Returns
    -------
    A number: of the error norm. Its square bounds the loss gap. 1 for k = 0, and 0 for κ = 1 and k ≥ 1.

    Raises
    ------
    BadHyperparameter
        Unless 0 < μ ≤ L are finite.
    BadData
        For steps that are no whole number.

    >>> lower_bound(5, mu=1, L=10)
    0.0755...
    """
    k, (low, high) = checked_steps(steps, 0), checked_interval(mu, L, problem)
    if k == 0:
        return 1.0
    growth = min(k, 10**300) * limit_exponent(low, high)
    return 2 * exp(-growth) / (1 + exp(-2 * growth)) if growth < inf else 0.0


def log_lower_bound(steps: int, mu: float, L: float) -> float:
    """The natural logarithm of ``lower_bound``, where that underflows too; −∞ for κ = 1."""
    growth = steps * limit_exponent(mu, L) if steps else 0.0
    return -growth + log1p(1.0) - log1p(exp(-2 * growth))


def limit_exponent(mu: float, L: float) -> float:
    """log((√κ+1)/(√κ−1)): minus the logarithm of the best rate; without cancellation where κ is near 1."""
    apart = (L - mu) / (sqrt(L) + sqrt(mu))
    return log1p(2 * sqrt(mu) / apart) if apart > 0 else inf


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
    log10
        Those of value and bound, also where these over- or underflow.
    """

    steps: int
    value: float
    bound: float
    at_k: float
    asymptotic: float
    rate: float
    log10: tuple[float, float]


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
    log_bound, bound = log_lower_bound(worst.steps, low, high), lower_bound(worst.steps, mu=low, L=high)
    at_k = _share(worst.log10 * log(10), log_bound)
    asymptotic = _share(log(rate) if rate > 0 else -inf, -limit_exponent(low, high))
    return LimitFraction(worst.steps, worst.value, bound, at_k, asymptotic, rate, (worst.log10, log_bound / log(10)))


def largest_rate(method: Method, mu: float, L: float, hyper: dict[str, Any]) -> float:
    """The largest spectral radius on Chebyshev nodes and both ends of [μ, L], once clocks have run down; nan for schedules."""
    if any(np.ndim(value) for value in hyper.values()):
        return float("nan")
    return float(spectral_radius(method, sampled(mu, L), over="spectrum", **constants(method, hyper)))


def _share(reached: float, limit: float) -> float:
    if np.isnan(reached) or np.isnan(limit):
        return float("nan")
    if limit == 0:
        return 1.0 if reached == 0 else -inf
    if limit == -inf:
        return 1.0 if reached == -inf else 0.0
    return inf if reached == -inf else reached / limit
