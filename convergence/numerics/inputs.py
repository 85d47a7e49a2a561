"""Validation of numbers of steps, tolerances and intervals of curvatures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.errors import BadData, BadHyperparameter
from convergence.problem import as_quadratic
from convergence.problem.arrays import floats, is_whole, one_number, short
from convergence.problem.density import MarchenkoPastur, PowerLaw

MOST_NUMBERS = 2**28
"""A run that is kept has at most so many numbers in its states: 2 GB."""


def checked_steps(steps: Any, width: int = 1) -> int:
    """The number of steps, with ``width`` numbers to keep of each. BadData unless whole, 0 or more, and storable."""
    if not is_whole(steps, 0):
        raise BadData(f"steps must be a whole number, 0 or more; got {short(steps)}")
    if (steps + 1) * width > MOST_NUMBERS:
        most = f"{short(steps)} steps of {width} numbers each do not fit into memory: at most {MOST_NUMBERS // width};"
        raise BadData(
            f"{most} steps_to, spectral_radius and transient answer for any number of steps",
            f"{most} 'convergence steps' and 'convergence transient' answer for any number of steps",
        )
    return int(steps)


def checked_interval(mu: Any, L: Any, problem: Any = None) -> tuple[float, float]:
    """μ and L as floats, or those of a problem. BadHyperparameter unless 0 < μ ≤ L, both finite."""
    if problem is not None:
        if mu is not None or L is not None:
            raise BadHyperparameter("give either problem=, or mu= and L=: the problem has its own")
        density = isinstance(problem, MarchenkoPastur | PowerLaw)
        mu, L = problem.interval if density else as_quadratic(problem).interval
        if mu == 0:
            raise BadHyperparameter(
                f"{short(problem)} has curvatures down to 0, where nothing contracts in the worst case: give mu= and L= "
                f"of your own, or ask for average_case(m, steps, problem), which weighs them"
            )
    low, high = one_number(mu), one_number(L)
    if not 0 < low <= high < float("inf"):
        raise BadHyperparameter(
            f"expected 0 < mu ≤ L, finite: the smallest and the largest curvature; got mu={short(mu)}, L={short(L)}"
        )
    return low, high


def checked_curvature(curvature: Any) -> float:
    """λ as a float. BadData unless it is a finite number above 0."""
    size = one_number(curvature)
    if not 0 < size < float("inf"):
        raise BadData(f"curvature is a positive number; got {short(curvature)}")
    return size


def checked_errors(start: Any, curvatures: NDArray[np.float64]) -> NDArray[np.float64]:
    """The first error along each of the curvatures' directions. BadData for another shape, or what is not finite."""
    first = floats(start)
    if first.shape != curvatures.shape or not np.isfinite(first).all():
        raise BadData(f"start must be the first error along each of {len(curvatures)} directions; got {short(start)}")
    return first


def checked_tolerance(tolerance: Any) -> float:
    """The tolerance as a float. BadHyperparameter unless it is a finite number above 0."""
    within = one_number(tolerance)
    if not 0 < within < float("inf"):
        raise BadHyperparameter(
            f"tolerance must be a finite number above 0, a part of the first error; got {short(tolerance)}"
        )
    return within
