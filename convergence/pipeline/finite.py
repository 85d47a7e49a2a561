"""A problem, a method and settings go in; what happens in finitely many steps, and how near that is to the limit, comes out."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, isfinite, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.errors import NoStableLearningRate, NotLinear
from convergence.numerics.averages import average_case
from convergence.numerics.fractions import fraction_of_limit
from convergence.numerics.horizons import horizon_optimum
from convergence.numerics.krylov import krylov_bound
from convergence.numerics.maxima import nodes
from convergence.numerics.residuals import residuals
from convergence.numerics.semi_iteration import limit_exponent, lower_bound
from convergence.numerics.settling_interval import worst_steps_to
from convergence.numerics.transients import transient
from convergence.numerics.worst_cases import worst_case
from convergence.pipeline.data import significant, vector
from convergence.problem import LeastSquares
from convergence.results import BestForResult, FiniteResult, HorizonResult, LimitResult, TransientResult
from convergence.rule import Method

HORIZONS = (10, 100, 1000)
SHORT = 10
"""The horizon for which the best settings are searched, where at most ``FREE`` hyperparameters are free: more take long."""

FREE = 2
WITHIN = 1e-3
LEAST = 1e-9
"""The worst case is drawn until the limit is below this, at some ``RECORDED`` of at most ``LONGEST`` steps."""

LONGEST, RECORDED = 3000, 120
CURVATURES = 257
"""Curvatures at which the curve is computed: Chebyshev nodes, which see a polynomial of this degree within a factor of two."""


def limit(problem: LeastSquares) -> LimitResult:
    """The bounds for this condition number, and for this spectrum and a start at zero."""
    steps = drawn_steps(problem)
    error = problem.to_directions(-problem.minimizer)[: problem.rank]
    best = krylov_bound(problem.curvatures[: problem.rank], error, min(max(steps), problem.rank)).history[:, 0]
    krylov = [float(best[k]) if k < len(best) else 0.0 for k in steps]
    bound = [lower_bound(k, mu=problem.mu, L=problem.L) for k in steps]
    return LimitResult(steps, vector(significant(bound, 9)), vector(significant(krylov, 6)))


def drawn_steps(problem: LeastSquares) -> tuple[int, ...]:
    """The steps at which worst cases are drawn."""
    a_step = limit_exponent(problem.mu, problem.L)
    last = min(max(ceil(log(2 / LEAST) / a_step) if isfinite(a_step) else 0, 2 * SHORT), LONGEST)
    return tuple(int(k) for k in np.unique(np.linspace(0, last, min(last + 1, RECORDED)).round()))


def finite(
    problem: LeastSquares, method: Method, hyper: Mapping[str, Any], given: Mapping[str, Any]
) -> FiniteResult | None:
    """The worst cases of a method at its settings; None where its error is not the first one times a number."""
    try:
        horizons = tuple(_horizon(problem, method, k, hyper) for k in HORIZONS)
        steps = _steps(problem, method, hyper)
        last = min(max(*drawn_steps(problem), steps or 0), LONGEST)
        sizes = np.abs(residuals(method, last, _spectrum(problem), **hyper)).max(axis=1)
    except NotLinear:
        return None
    sizes = np.where(np.isfinite(sizes), sizes, np.inf)
    asymptotic = fraction_of_limit(method, SHORT, mu=problem.mu, L=problem.L, **hyper).asymptotic
    share = _known(problem, asymptotic)
    best_for = _best_for(problem, method, hyper, given)
    strays, curve = _strays(problem, method, hyper), vector(significant(sizes[list(drawn_steps(problem))], 9))
    return FiniteResult(horizons, share, steps, float(sizes.max()), int(sizes.argmax()), strays, best_for, curve)


def _spectrum(problem: LeastSquares) -> NDArray[np.float64]:
    return np.concatenate([[problem.mu], nodes(problem.mu, problem.L, CURVATURES), [problem.L]])


def _horizon(problem: LeastSquares, method: Method, steps: int, hyper: Mapping[str, Any]) -> HorizonResult:
    mu, L = problem.mu, problem.L
    worst, reached = (
        worst_case(method, steps, mu=mu, L=L, **hyper),
        fraction_of_limit(method, steps, mu=mu, L=L, **hyper),
    )
    average = average_case(method, steps, problem, **hyper).error
    return HorizonResult(steps, worst.value, worst.curvature, reached.bound, _known(problem, reached.at_k), average)


def _known(problem: LeastSquares, share: float) -> float | None:
    """A share of the limit; None for κ = 1, where the limit is 0 after one step."""
    return share if problem.mu < problem.L and isfinite(share) else None


def _steps(problem: LeastSquares, method: Method, hyper: Mapping[str, Any]) -> int | None:
    try:
        return worst_steps_to(method, WITHIN, problem.mu, problem.L, **hyper)
    except NoStableLearningRate:
        return None


def _strays(problem: LeastSquares, method: Method, hyper: Mapping[str, Any]) -> TransientResult:
    ends = {0: problem.L, problem.rank - 1: problem.mu}
    found = {index: transient(method, curvature, **hyper) for index, curvature in ends.items()}
    index = max(found, key=lambda k: found[k].peak)
    worst = found[index]
    return TransientResult(f"direction {index + 1}", worst.peak, worst.step, worst.kreiss, worst.departure)


def _best_for(
    problem: LeastSquares, method: Method, hyper: Mapping[str, Any], given: Mapping[str, Any]
) -> BestForResult | None:
    held = {**{n: v for n, v in method.defaults if n != method.rate}, **given}
    if not 0 < len(set(method.hyper) - set(held)) <= FREE:
        return None
    found = horizon_optimum(method, SHORT, mu=problem.mu, L=problem.L, **held)
    here = worst_case(method, SHORT, mu=problem.mu, L=problem.L, **hyper).value
    return BestForResult(SHORT, {name: float(v) for name, v in found.hyper.items()}, found.value, here)
