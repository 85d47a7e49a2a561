"""Practice: how libraries write the settings, and what is to be said of them on the data."""

from __future__ import annotations

from typing import Any

import convergence as cv
from convergence.parts.case import Case


def libraries(case: Case) -> tuple[Any, ...]:
    """The calls of libraries that have this method."""
    return tuple(row for row in cv.in_libraries(case.method, **case.hyper) if row.call)


def diagnosis(case: Case) -> Any:
    """Verdict and advice, with the directions of the data."""
    return cv.diagnose(case.problem, method=case.method, **case.hyper)
