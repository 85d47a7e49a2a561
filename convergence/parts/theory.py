"""Theory of a method: its system, stable region, damping regimes and optimum, in letters."""

from __future__ import annotations

from typing import Any

import convergence as cv
from convergence.parts.case import Case


def system(case: Case) -> Any:
    """The dynamics along a direction of curvature λ."""
    return cv.derive(case.method)


def region(case: Case) -> Any:
    """Where the method is stable."""
    return cv.stability(case.method)


def regimes(case: Case) -> Any:
    """Where its eigenvalues are real, repeated, complex."""
    return cv.regimes(case.method)


def optimum(case: Case) -> Any:
    """The best settings for curvatures in [μ, L], nothing fixed."""
    return cv.optimum(case.method)
