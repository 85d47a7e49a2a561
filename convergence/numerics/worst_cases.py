"""The worst case of a method after k steps over an interval of curvatures, proven.

Over all quadratics with curvatures in [μ, L] and all starts, ‖e_k‖/‖e_0‖ is at most max|p_k|, and attains it; so does
the ratio of gradient norms, since g = He; the ratio of the gaps f − f* attains max p_k².
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import nextafter
from typing import Any, Literal

import numpy as np
import sympy as sp

from convergence.errors import BadHyperparameter, BadName, nearest
from convergence.methods import as_method
from convergence.notation import number, significant
from convergence.numerics.inputs import checked_interval, checked_steps
from convergence.numerics.maxima import Maximum, at_angle, coefficients, enough, largest_modulus, nodes
from convergence.numerics.replay import Settings, residual, residuals, scheduled
from convergence.numerics.scaled import logarithm, sized
from convergence.plotting import Plotted
from convergence.problem.arrays import Array
from convergence.rule import Method
from convergence.theory.residual import extreme_values, residual_polynomial

Measure = Literal["error", "loss", "gradient"]

POWERS = {"error": 1, "loss": 2, "gradient": 1}
LONGEST = 20_000
"""Steps of a worst case: the time grows with their square."""

ROUNDED = 1e-7
"""Coefficients past the degree, beside the largest, that rounding of a recurrence leaves; else p_k is no polynomial."""

RESOLVED, MOST = 1e-12, 2**14
"""A rule that is no polynomial in λ is sampled until its Chebyshev coefficients fall to the first, at most at so many nodes."""


@dataclass(frozen=True)
class WorstCase(Plotted, figure="worst_case"):
    """The largest ratio after k steps over all quadratics with curvatures in [μ, L], and all starts.

    Attributes
    ----------
    steps
        k.
    measure
        "error" ‖e_k‖/‖e_0‖, "loss" (f_k−f*)/(f_0−f*) or "gradient" ‖g_k‖/‖g_0‖. The loss is the square of the others.
    value
        The ratio.
    curvature
        The λ of a quadratic that attains it, the smallest of several (where those are equal to rounding).
    bound
        ≥ the true largest ratio, the rounding of the recurrence apart.
    log10
        That of the value, also where the value over- or underflows.
    guaranteed
        False where p_k is no polynomial in λ (Newton steps): then it was sampled until resolved.
    exact
        Where asked for, the exact value if it is attained at μ or L, else None.
    interval
        Where asked for, rational numbers that enclose it.
    ends
        (μ, L).
    of
        What ``over`` and ``plot`` read: method and settings.
    """

    steps: int
    measure: str
    value: float
    curvature: float
    bound: float
    log10: float
    guaranteed: bool
    exact: sp.Rational | None = None
    interval: tuple[sp.Rational, sp.Rational] | None = None
    ends: tuple[float, float] = field(default=(0.0, 0.0), repr=False)
    of: tuple[Method, Mapping[str, Any]] | None = field(default=None, compare=False, repr=False)

    def over(self, curvatures: Any) -> Array:
        """The same ratio after as many steps on quadratics of these curvatures (m,), as (m,).

        >>> worst_case("gradient_descent", 2, mu=1, L=3, lr=0.5).over([1.0, 2.0, 3.0])
        array([0.25, 0.  , 0.25])
        """
        if self.of is None:
            raise BadHyperparameter("this worst case does not know its method")
        method, hyper = self.of
        return np.asarray(np.abs(residuals(method, self.steps, curvatures, **hyper)[-1]) ** _power(self.measure))

    def __repr__(self) -> str:
        where = f"{self.measure} at λ = {self.curvature:.6g} after {self.steps} steps"
        return f"WorstCase: {significant(number(self.value, self.log10))} of the first {where}"


def worst_case(
    m: Any,
    /,
    steps: int,
    *,
    mu: Any = None,
    L: Any = None,
    problem: Any = None,
    measure: Measure = "error",
    exact: bool = False,
    **hyper: Any,
) -> WorstCase:
    """The largest error after k steps over all quadratics with curvatures in [μ, L] and all starts, with the λ that attains it.

    Interior maxima are found, and ``.bound`` is proven, the rounding of the recurrence apart. A method with weight
    decay is measured from where it rests.

    Parameters
    ----------
    m
        A Method, its name, a preset, or an update rule.
    steps
        k, at most 20 000.
    mu, L, problem
        The interval of curvatures, or a problem that has it.
    measure
        What is compared with its first value, not squared: ‖e_k‖ ("error"), f_k − f* ("loss"), ‖g_k‖ ("gradient").
    exact
        For rational input, also an enclosure in rational numbers, and the exact value where it is attained at μ or L.
    hyper
        Numbers, or schedules with an entry a step.

    Returns
    -------
    WorstCase

    Raises
    ------
    NotLinear
        For a rule whose error is not proportional to the first one.
    BadHyperparameter
        For wrong settings, or no interval.
    BadData
        For steps that are no whole number.

    Van der Corput and Schaake 1935; Ehlich and Zeller 1964.

    >>> worst_case("gradient_descent", 5, mu=1, L=10, lr=0.1)
    WorstCase: 0.59049 of the first error at λ = 1 after 5 steps
    >>> worst_case("gradient_descent", 5, mu=1, L=10, lr=0.1, exact=True).exact
    59049/100000
    """
    method, k, (low, high), power = as_method(m), _countable(steps), checked_interval(mu, L, problem), _power(measure)
    maximum, exponent, guaranteed = largest(method, k, low, high, scheduled(method, hyper, k))
    curvature = at_angle(low, high, maximum.theta)
    value, bound = (sized(size, exponent, power) for size in (maximum.value, maximum.bound))
    bound = max(bound, nextafter(0.0, 1.0)) if maximum.bound > 0 else bound  # a bound that underflows is none
    log10 = power * logarithm(maximum.value, exponent)
    of = (method, hyper)
    case = WorstCase(k, measure, value, curvature, bound, log10, guaranteed, ends=(low, high), of=of)
    ends = (low, high) if problem is not None else (mu, L)
    return _exactly(case, method, ends, hyper) if exact else case


def _countable(steps: Any) -> int:
    k = checked_steps(steps)
    if k > LONGEST:
        most = f"a worst case is computed for at most {LONGEST} steps, each of them run on as many curvatures; got {k}."
        raise BadHyperparameter(
            f"{most} For more, the rate says it: spectral_radius(..., over='spectrum')**k",
            f"{most} For more, the rate says it: 'convergence transient' prints the radius",
        )
    return k


def largest(method: Method, k: int, mu: float, L: float, settings: Settings) -> tuple[Maximum, int, bool]:
    """The largest |p_k| over [μ, L] as a maximum times 2^exponent, and whether its bound is proven."""
    count = enough(k + 1)
    run = residual(method, k, nodes(mu, L, count), settings)
    if enough(run.degree) > count and run.polynomial:
        run = residual(method, k, nodes(mu, L, enough(run.degree)), settings)
    values, exponent = run.common()
    series = coefficients(values) if np.isfinite(values).all() else None
    if run.polynomial and (series is None or _fits(series, run.degree)):
        return largest_modulus(values, run.degree, series), exponent, True
    maximum, exponent = _resolved(method, k, mu, L, settings)
    return maximum, exponent, False


def _fits(series: Array, degree: int) -> bool:
    """Whether coefficients are those of a polynomial of this degree: what is past it is rounding."""
    sizes = np.abs(series)
    return bool(sizes[degree + 1 :].max(initial=0.0) <= ROUNDED * sizes.max())


def _resolved(method: Method, k: int, mu: float, L: float, settings: Settings) -> tuple[Maximum, int]:
    count = 64
    while True:
        run = residual(method, k, nodes(mu, L, count), settings)
        values, exponent = run.common()
        if not np.isfinite(values).all():
            return largest_modulus(values, count - 1), exponent
        series = np.abs(coefficients(values))
        if count >= MOST or series[count // 2 :].max() <= RESOLVED * max(series.max(), 5e-324):
            return largest_modulus(values, count // 2), exponent
        count *= 2


def _power(measure: str) -> int:
    if measure not in POWERS:
        raise BadName(f"measure must name what is measured, got {measure!r}: {nearest(str(measure), POWERS)}")
    return POWERS[measure]


def _exactly(case: WorstCase, method: Method, ends: tuple[Any, Any], hyper: dict[str, Any]) -> WorstCase:
    extremes = extreme_values(residual_polynomial(method, case.steps, **hyper), *ends)
    power = POWERS[case.measure]
    value = None if extremes.exact is None else extremes.exact**power
    return replace(case, exact=value, interval=(extremes.lower**power, extremes.upper**power))
