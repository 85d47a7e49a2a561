"""A problem, a method and settings go in; the number of steps to come within 99.9 % of the solution comes out."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.numerics.prediction import predict
from convergence.numerics.radius import spectral_radius
from convergence.numerics.trajectory import simulate
from convergence.problem import LeastSquares
from convergence.rule import Method

Array = NDArray[np.float64]

WITHIN = 1e-3
"""Within 99.9 % of the solution: the error is a thousandth of the first one, and stays below it."""

COUNTABLE = 20_000
"""More steps than this are not counted in a run; their number is then the asymptotic estimate."""

ENTRIES = 8_000_000
"""More numbers than this are not kept for a prediction."""


def settled(error: Array) -> int | None:
    """The first step from which ‖e_k‖ ≤ ‖e_0‖/1000 for good, as far as the errors (steps+1, d) go; None: never."""
    size = np.linalg.norm(error, axis=1)
    outside = np.nonzero(size > WITHIN * size[0])[0]
    first = int(outside[-1]) + 1 if outside.size else 0
    return first if first < len(size) else None


def predicted_steps(problem: LeastSquares, method: Method, start: Any, settings: Mapping[str, Any]) -> int | None:
    """The number of steps by the closed form; past COUNTABLE by the asymptotic rate; None where it does not converge."""
    rate = float(spectral_radius(method, problem.curvatures[: problem.rank], over="spectrum", **settings))
    if not rate < 1:
        return None
    steps = 2 * ceil(log(WITHIN) / log(rate)) + 50 if rate > 0 else 50
    room = min(4 * COUNTABLE, ENTRIES // (len(problem.columns) * len(method.state)))
    exact = settled(predict(problem, method, min(steps, room), start, **settings).error)
    return exact if exact is not None else ceil(log(WITHIN) / log(rate))


def counted_steps(
    problem: LeastSquares, method: Method, start: Any, settings: Mapping[str, Any], steps: int
) -> int | None:
    """The number of steps counted in a run of this length; None where it does not settle."""
    run = simulate(problem, method, steps, start, **settings)
    return None if run.diverged is not None else settled(run.error)
