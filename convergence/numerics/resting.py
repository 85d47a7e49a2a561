"""A problem, a method and a start go in; the state in which the method stays comes out.

That is at the minimiser, or, with weight decay, at a part of it along each direction.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.crossing import compiled
from convergence.errors import BadRule, NotLinear
from convergence.numerics.spectral import arguments
from convergence.problem import Quadratic
from convergence.rule import Method
from convergence.theory.dynamics import dynamics, resting
from convergence.theory.tracing import POSITION

Array = NDArray[np.float64]


def resting_state(problem: Quadratic, method: Method, settings: Mapping[str, Any], start: Array) -> Array:
    """Each state at rest, in the directions of the data: (n, d), for a run from the position ``start`` (d,)."""
    return np.asarray(_parts(problem, method, settings) * problem.to_directions(problem.reachable(start)))


def resting_point(problem: Quadratic, method: Method, settings: Mapping[str, Any], start: Array) -> Array:
    """Where a run from ``start`` (d,) would rest, (d,). A rule without an iteration matrix is taken to aim at the minimiser."""
    if rests_at_minimiser(method):
        return problem.reachable(start)
    return np.asarray(problem.directions @ resting_state(problem, method, settings, start)[0])


@cache
def rests_at_minimiser(method: Method) -> bool:
    """Whether the position at rest is the minimiser itself: taken so where the rule cannot be read on symbols, too."""
    try:
        return bool(resting(method)[2][0] == POSITION)
    except (NotLinear, BadRule):
        return True


def _parts(problem: Quadratic, method: Method, settings: Mapping[str, Any]) -> Array:
    """Each state at rest in units of the minimiser: (n, 1), or (n, d) where it depends on λ. At λ = 0 without decay it is 1."""
    if (constant := _constant(method)) is not None:
        return constant
    with np.errstate(all="ignore"):
        values = compiled(arguments(method), dynamics(method).rest)(problem.curvatures, *settings.values())
    found = np.stack([np.broadcast_to(v, problem.curvatures.shape) for v in values])
    found[0] = np.where(np.isnan(found[0]), 1.0, found[0])
    return np.asarray(np.nan_to_num(found))


@cache
def _constant(method: Method) -> Array | None:
    rest = dynamics(method).rest
    return np.array([[float(c)] for c in rest]) if all(c.is_number for c in rest) else None
