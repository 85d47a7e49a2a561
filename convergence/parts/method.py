"""What a study says of one method: its theory in letters, evidence, proofs, and practice."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import Any

import convergence as cv
from convergence.evidence.check import not_made
from convergence.evidence.verification import Verification
from convergence.parts.case import Case

DIGITS = 4
"""The rate is certified rounded up in this digit of its distance from 1: the one in floats is off in its last digit."""


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


def verification(case: Case) -> Any:
    """Checks and controls of the settings on the data; with a batch or noise, of what it does, too, at rates that it leaves."""
    plain = cv.verify(case.problem, case.method, **case.hyper)
    if case.random is None:
        return plain
    try:
        return plain & cv.verify(case.problem, case.method, **case.random, **case.given)
    except cv.NotLinear as reason:
        why = not_made("noise", "what the noise does", str(reason))
        return plain & Verification(case.method.name, plain.hyper, (why,), ())


def certificates(case: Case) -> dict[str, Any]:
    """Stability and rate of the settings on all of [μ, L], and the closed form of the optimum; by name."""
    rate = float(
        cv.spectral_radius(case.method, case.problem.curvatures[: case.problem.rank], over="spectrum", **case.hyper)
    )
    found = {"stable": cv.certify_stable(case.method, **case.ends, **case.hyper)}
    if rate < 1:
        found["rate"] = cv.certify_rate(case.method, rounded_up(rate), **case.ends, **case.hyper)
    return found | {"formula": cv.certify_formula(case.method)}


def rounded_up(rate: float) -> float:
    """A little above a rate: by a unit in the fourth digit of what is left to 1."""
    unit = 10.0 ** (floor(log10(1 - rate)) - DIGITS + 1)
    return min(float(f"{ceil(rate / unit) * unit + unit:.15g}"), 1.0)


def libraries(case: Case) -> tuple[Any, ...]:
    """The calls of libraries that have this method."""
    return tuple(row for row in cv.in_libraries(case.method, **case.hyper) if row.call)


def diagnosis(case: Case) -> Any:
    """Verdict and advice, with the directions of the data."""
    return cv.diagnose(case.problem, method=case.method, **case.hyper)
