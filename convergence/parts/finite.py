"""Finitely many steps: worst cases over [μ, L], beside what no first-order method can beat."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, isfinite, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

import convergence as cv
from convergence.errors import NoStableLearningRate
from convergence.notation import number
from convergence.notation.decimals import SMALLEST
from convergence.numerics.maxima import nodes
from convergence.parts.case import Case
from convergence.problem import Quadratic

HORIZONS = (10, 100, 1000)
SHORT = 10
"""The horizon for which the best settings are searched, where at most ``FREE`` hyperparameters are free: more take long."""

FREE = 2
WITHIN = 1e-3
LEAST = 1e-9
"""The worst case is drawn until the limit is below this, for at most ``LONGEST`` steps."""

LONGEST = 1000
CURVATURES = 257
"""Curvatures at which the curve is computed: Chebyshev nodes, which see a polynomial of this degree within a factor of two."""


@dataclass(frozen=True, eq=False)
class Finite:
    """What happens in finitely many steps, at the study's settings, in the worst case over [μ, L].

    Attributes
    ----------
    worst, shares, averages
        An entry for each of ``HORIZONS``: the worst case, how much of the limit is reached, and what is expected on the
        data's spectrum.
    steps
        To come within 99.9 % (None: never).
    peak, peak_step
        The error grows to this many times the first at most, at this step.
    transient
        That of the direction where it is largest.
    curve
        (k+1,), the worst case after each step.
    best
        The best settings for ``SHORT`` steps.
    """

    worst: tuple[Any, ...]
    shares: tuple[Any, ...]
    averages: tuple[Any, ...]
    steps: int | None
    peak: float
    peak_step: int
    transient: Any
    curve: NDArray[np.float64]
    best: Any | None

    @property
    def share(self) -> float:
        """The part of the limit that is reached in the long run."""
        return float(self.shares[0].asymptotic)

    @property
    def sizes(self) -> list[tuple[Any, Any, Any]]:
        """For each horizon the worst error, its limit and the expected one: numbers that do not underflow."""
        return [
            (
                number(worst.value, worst.log10),
                number(share.bound, share.log10[1]),
                number(average.error**0.5 if average.error > SMALLEST else 0.0, average.log10[0] / 2),
            )
            for worst, share, average in zip(self.worst, self.shares, self.averages, strict=True)
        ]


def finite(case: Case) -> Finite:
    """Raises NotLinear for a method whose error is not the first one times a number that depends on the curvature alone."""
    method, hyper, ends = case.method, case.hyper, case.ends
    worst = tuple(cv.worst_case(method, k, mu=ends["mu"], L=ends["L"], **hyper) for k in HORIZONS)
    steps = _steps(case)
    last = last_step(case.problem)
    spectrum = np.concatenate([[ends["mu"]], nodes(ends["mu"], ends["L"], CURVATURES), [ends["L"]]])
    sizes = np.abs(cv.residuals(method, min(max(last, steps or 0), 3 * LONGEST), spectrum, **hyper)).max(axis=1)
    sizes = np.where(np.isfinite(sizes), sizes, np.inf)
    return Finite(
        worst=worst,
        shares=tuple(cv.fraction_of_limit(method, k, **ends, **hyper) for k in HORIZONS),
        averages=tuple(cv.average_case(method, k, case.problem, **hyper) for k in HORIZONS),
        steps=steps,
        peak=float(sizes.max()),
        peak_step=int(sizes.argmax()),
        transient=max((cv.transient(method, end, **hyper) for end in ends.values()), key=lambda one: one.peak),
        curve=sizes[: last + 1],
        best=_best(case),
    )


def last_step(problem: Quadratic) -> int:
    """How far worst cases are drawn: until the limit is small."""
    a_step = -log((problem.kappa**0.5 - 1) / (problem.kappa**0.5 + 1)) if problem.kappa > 1 else float("inf")
    return min(max(ceil(log(2 / LEAST) / a_step) if isfinite(a_step) else 0, 2 * SHORT), LONGEST)


def _steps(case: Case) -> int | None:
    try:
        return int(cv.steps_to(case.method, WITHIN, **case.ends, **case.hyper))
    except NoStableLearningRate:
        return None


def _best(case: Case) -> Any | None:
    held = {**{n: v for n, v in case.method.defaults if n != case.method.rate}, **case.given}
    if not 0 < len(set(case.method.hyper) - set(held)) <= FREE:
        return None
    return cv.horizon_optimum(case.method, SHORT, **case.ends, **held)
