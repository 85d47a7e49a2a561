"""Where the 2-cycle of a method attracts, over two of its hyperparameters; and runs that begin beside a cycle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log

import numpy as np

from convergence.crossing import exact
from convergence.errors import BadHyperparameter
from convergence.numerics.bifurcation import margin
from convergence.numerics.curves import rate_of
from convergence.numerics.orbit_search import orbit_of
from convergence.numerics.orbits import cycles
from convergence.plotting import Plotted
from convergence.problem.arrays import Array
from convergence.rule import Method
from convergence.theory.cycles import NEUTRAL, Cycle, direction

CELLS = 400
"""Points of a map, each way."""

PUSH, TURNS = 0.1, 40
"""How far beside a cycle a run begins, in parts of its amplitude; steps of it where neither side is left or reached."""

NEAR, FAR, LONGEST = 1e-2, 10.0, 400
"""Of the push: what is left of one that dies out, and what one that grows has become; and the most steps."""


@dataclass(frozen=True, eq=False)
class CycleMap(Plotted, figure="cycle_map"):
    """Where a method's 2-cycle is there and attracts, over two hyperparameters, from the derived conditions.

    Attributes
    ----------
    method
        The Method.
    x, y
        The two hyperparameters.
    across, up
        (n,) values of x, and (m,) of y.
    exists, attracts
        (m, n), positive where it is there, and where it attracts: the zeros are the boundaries.
    neutral
        Whether it is neutral throughout: it attracts nowhere, and repels nowhere.
    hyper
        The settings: the others are held there, and the point (x, y) is the one that is marked, if it has it.
    """

    method: Method
    x: str
    y: str
    across: Array
    up: Array
    exists: Array
    attracts: Array
    neutral: bool
    hyper: Mapping[str, float]


def cycle_map(method: Method, hyper: Mapping[str, float], curvature: float = 1.0) -> CycleMap | None:
    """The map over a method's first two shares (as β₁ and β₂ are); None for one without them, or without a 2-cycle.

    Raises BadHyperparameter where a number is missing.
    """
    shares = [name for name in method.hyper if method.domains[name].is_share][:2]
    rate = rate_of(method)
    full = {rate: 1.0, **dict(method.defaults), **hyper}
    missing = [name for name in method.hyper if name not in full and name not in shares]
    if missing:
        raise BadHyperparameter(f"{method.name}: give numbers for {', '.join(missing)}, which the map holds")
    if len(shares) < 2:
        return None
    found = cycles(method, 2, curvature=curvature, **{n: v for n, v in full.items() if n not in shares})
    if not found:
        return None
    values = np.linspace(0, 1, CELLS + 2)[1:-1]
    at = {method.symbols[shares[0]]: values[None, :], method.symbols[shares[1]]: values[:, None]}
    exists, attracts = margin(found[0].exists, at), margin(found[0].attracting, at)
    return CycleMap(method, shares[0], shares[1], values, values, exists, attracts, found[0].neutral, full)


def beside(method: Method, cycle: Cycle) -> Array:
    """Positions of a run that begins beside a cycle at numbers, by a tenth of its amplitude, until it is there or gone."""
    hyper = {name: exact(value) for name, value in cycle.hyper.items()}
    along = direction(method, hyper, exact(cycle.curvature))
    moving = [k for k, name in enumerate(along.names) if name not in along.stopped]
    state = np.array([cycle.points[0][k] for k in moving])
    state[0] += PUSH * cycle.amplitude
    largest = max((abs(m) for m in cycle.multipliers), default=1.0)
    turns = TURNS
    if abs(largest - 1) > NEUTRAL and largest > 0:
        turns = int(abs(log(NEAR if largest < 1 else FAR) / log(largest))) * cycle.period
    return orbit_of(along).run(state, min(max(turns, TURNS), LONGEST))[:, 0]
