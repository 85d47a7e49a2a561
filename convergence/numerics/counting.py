"""A problem, a method and settings go in; the number of steps to come within 99.9 % of the solution comes out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.numerics import prediction, trajectory
from convergence.numerics.radius import spectral_radius
from convergence.problem import Quadratic
from convergence.rule import Method

Array = NDArray[np.float64]

WITHIN = 1e-3
"""Within 99.9 % of the solution: the error is a thousandth of the first one, and stays below it."""

COUNTABLE = 20_000
"""More steps than this are not counted in a run, and past four times as many the asymptotic rate is all that is said."""

TIE = 1e-9
"""A ratio of errors this near to a thousandth, relatively, may count as either side: rounding of the run decides."""


ROUNDING = 64 * float(np.finfo(float).eps)
"""What rounding leaves of the largest error of a run, in parts of it: some steps' worth."""


@dataclass(frozen=True)
class Steps:
    """A predicted number of steps: ``count``, or one up to ``last`` where errors come to a thousandth but for rounding.

    ``exact`` is False for an estimate from the asymptotic rate alone. The error grows to ``peak`` times the first on the way.
    """

    count: int
    first: int
    last: int
    exact: bool
    peak: float = 1.0

    @property
    def blurred(self) -> bool:
        """Whether the rounding of the largest error is no longer small beside the thousandth that is waited for."""
        return self.peak * ROUNDING > WITHIN


def settled(distance: Array, within: float = WITHIN) -> int | None:
    """The first step from which ‖e_k‖ ≤ within·‖e_0‖ for good, as far as the distances (steps+1,) go; None: never."""
    outside = np.nonzero(~(distance <= within * distance[0]))[0]  # what overflowed is outside too
    first = int(outside[-1]) + 1 if outside.size else 0
    return first if first < len(distance) else None


def predicted_steps(problem: Quadratic, method: Method, start: Any, settings: dict[str, Any]) -> Steps | None:
    """The number of steps by the closed form, or by the asymptotic rate where that is far.

    None: it does not converge, or a transient overflows on the way, and no run in floating point comes back from that.
    """
    rate = float(spectral_radius(method, problem.curvatures[: problem.rank], over="spectrum", **settings))
    if not rate < 1:
        return None
    about = ceil(log(WITHIN) / log(rate)) if rate > 0 else 1
    for length in _lengths(2 * about + 50):
        distance = prediction.distances(problem, method, length, start, settings)
        if not np.isfinite(distance).all():
            return None
        counts = [settled(distance, WITHIN * (1 + side * TIE)) for side in (0, 1, -1)]
        if None not in counts:
            count, first, last = (int(number or 0) for number in counts)
            return Steps(count, first, last, True, float(distance.max() / (distance[0] or 1.0)))
    return Steps(about, about, about, False)


def _lengths(length: int) -> Iterator[int]:
    """How far to look: a large transient may need many times the steps that the rate alone says."""
    while length < 4 * COUNTABLE:
        yield length
        length *= 4
    yield 4 * COUNTABLE


def counted_steps(problem: Quadratic, method: Method, start: Any, settings: dict[str, Any], steps: int) -> int | None:
    """The number of steps counted in a run of this length; None where it does not settle."""
    distance = trajectory.distances(problem, method, steps, start, settings)
    return settled(distance) if len(distance) == steps + 1 else None
