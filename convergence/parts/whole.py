"""What a study says of its methods together: which are one, how near to the limit, rates over the condition number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import convergence as cv
from convergence.numerics.curves import rate_curves
from convergence.parts.case import Case
from convergence.parts.finite import last_step
from convergence.problem import Quadratic
from convergence.rule import Method


@dataclass(frozen=True, eq=False)
class Limits:
    """What no first-order method can beat, as ‖e_k‖/‖e₀‖ after each step.

    Attributes
    ----------
    bound
        (k+1,), over [μ, L]: Chebyshev's limit.
    krylov
        (k+1,), for this very spectrum and a start at zero: the least error of any Krylov method.
    """

    bound: NDArray[np.float64]
    krylov: NDArray[np.float64]


def classes(problem: Quadratic, methods: Sequence[Method]) -> Any:
    """Which methods are one in other letters."""
    return cv.equivalences(methods)


def limit(problem: Quadratic, methods: Sequence[Method]) -> Limits:
    """Chebyshev's bound for the condition number, and Krylov's for the data."""
    steps = range(last_step(problem) + 1)
    error = problem.to_directions(-problem.minimizer)[: problem.rank]
    best = cv.krylov_bound(problem.curvatures[: problem.rank], error, min(steps[-1], problem.rank)).history[:, 0]
    bound = np.array([cv.lower_bound(k, mu=problem.mu, L=problem.L) for k in steps])
    return Limits(bound, np.array([best[k] if k < len(best) else 0.0 for k in steps]))


def rates_of(case: Case) -> Any:
    """The best rates of one method over the condition number."""
    (curve,) = rate_curves([case.method], case.problem.kappa)
    return curve
