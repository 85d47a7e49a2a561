"""Cycles of a method along one direction: 2-cycles from the rule's symmetry, longer ones from runs.

A run, or Newton's method on F∘…∘F from its states, finds a cycle; what is found is no list of all. Newton's interval
operator (Krawczyk 1969) proves that one is there, and only one within its box; where it cannot, the residual is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import isfinite
from typing import Any

import numpy as np
import sympy as sp

from convergence.crossing import exact
from convergence.errors import BadData, BadHyperparameter, NotANumber, NotLinear
from convergence.methods import as_method
from convergence.numerics.interval_newton import contains_one
from convergence.numerics.orbit_search import REPEATS, Orbit, candidates, distance, equal, guarded, orbit_of, size_of
from convergence.numerics.replay import Parabolas
from convergence.problem.arrays import Array, is_whole, short
from convergence.rule import Method
from convergence.theory.cycles import NEUTRAL, Cycle, Direction, direction, signed_cycles, spelled
from convergence.theory.letters import Letters, letters_of

LONGEST_PERIOD = 64
"""The longest period that is looked for."""

RUNS = (1.0, 0.31, 0.0577)
"""Starts, in units of the curvature's length scale and of the learning rate."""


def cycles(m: Any, /, period: int = 2, *, curvature: Any = 1, **hyper: Any) -> list[Cycle]:
    """The cycles of a method on ½λx²: states that follow each other for ever, and whether they attract.

    A 2-cycle of a rule that is odd (x and momenta change sign, second moments do not) is derived as formulas: those whose two
    states mirror each other, each alone among these. (Of rules that hear signs only it is neutral, one of many that do not
    mirror.) Of gradient descent at λη = 2, where every state mirrors, there is none in the list. Longer cycles, and those of
    other rules, are found from runs, at numbers; that list may miss some, repelling ones above all. A bias correction βᵗ is at
    its limit.

    Parameters
    ----------
    m
        A Method, its name, a preset, or an update rule.
    period
        2 to 64.
    curvature
        λ > 0, a number or a letter.
    hyper
        Numbers, or letters; what is left out is a letter. Longer periods need numbers, those with a default excepted.

    Returns
    -------
    list of Cycle
        Largest amplitude first, where these are numbers.

    Raises
    ------
    NotLinear
        For a rule that cannot be read on symbols, counts its steps for ever, or has no formula in these letters.
    BadHyperparameter, BadData
        For wrong values; for letters where numbers are needed.

    >>> import numpy as np, convergence as cv
    >>> @cv.method
    ... def rmsprop(f, x, v, *, lr: cv.Rate, decay: cv.Share, eps: cv.Offset):
    ...     g = f.grad(x)
    ...     v = decay * v + (1 - decay) * g**2
    ...     return x - lr * g / (np.sqrt(v) + eps), v
    >>> (cycle,) = cv.cycles(rmsprop)
    >>> cycle.amplitude, cycle.exists, cycle.attracting
    (-epsilon + eta/2, -2*epsilon + eta > 0, True)
    >>> cv.cycles(rmsprop, lr=0.1, decay=0.9, eps=0.01)
    [Cycle of rmsprop, period 2: amplitude 0.04; attracting (derived)]
    >>> cv.cycles("gradient_descent", lr=2)
    []
    """
    method = as_method(m)
    if not is_whole(period, 2, LONGEST_PERIOD):
        raise BadData(f"period must be a whole number from 2 to {LONGEST_PERIOD}; got {short(period)}")
    lam, letters = _curvature(curvature), letters_of(method, hyper)
    if period == 2:
        derived = _derived(method, letters, lam)
        if derived is not None:
            asked = {name: letters.outer(value) for name, value in letters.inner.items()}
            derived = [replace(cycle, hyper=asked, curvature=lam) for cycle in derived]
            return sorted(derived, key=lambda c: -c.amplitude if isinstance(c.amplitude, float) else 0.0)
    odd = f"{method.name} is not shown to be odd, or its cycles have no formula: they are"
    why = "cycles longer than 2 are" if period > 2 else odd
    if lam.free_symbols or any(getattr(value, "free_symbols", None) for value in hyper.values()):
        raise BadHyperparameter(f"{why} found from runs, which need numbers and no letters; give them")
    full = {**dict(method.defaults), **hyper}
    missing = [name for name in method.hyper if name not in full]
    if missing:
        raise BadHyperparameter(f"{why} found from runs, which need numbers; missing: {', '.join(missing)}")
    numbers = method.scalars(full)
    longer = _from_runs(method, int(period), float(lam), numbers)
    return [replace(cycle, hyper=numbers, curvature=float(lam)) for cycle in longer]


def _derived(method: Method, letters: Letters, curvature: sp.Expr) -> list[Cycle] | None:
    """The cycles by symmetry; None where there is none, or, at numbers, no formula."""
    try:
        return signed_cycles(method, *letters.with_positive(curvature))
    except NotLinear:
        if letters.back or curvature.free_symbols:
            raise
        return None


def _curvature(given: Any) -> sp.Expr:
    try:
        value = sp.Integer(0) if isinstance(given, bool) else exact(given)
    except NotANumber:
        value = sp.Integer(0)
    if value.is_Symbol:
        return value
    if not value.is_number or not value.is_real or not value > 0 or not isfinite(_float(value)):
        raise BadData(f"curvature is a positive number, or a letter; got {short(given)}")
    return value


def _float(value: sp.Expr) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def _from_runs(method: Method, period: int, curvature: float, hyper: Mapping[str, Any]) -> list[Cycle]:
    along = direction(method, {name: exact(value) for name, value in hyper.items()}, exact(curvature))
    orbit = orbit_of(along)
    orbits: list[Array] = []
    for start in _starts(method, along, curvature, hyper):
        for points in candidates(orbit, start, period):
            if not any(equal(points, other) for other in orbits):
                orbits.append(points)
    results = [cycle_of(method, orbit, points) for points in orbits]
    return sorted(results, key=lambda cycle: -cycle.amplitude)


def _starts(method: Method, along: Direction, curvature: float, hyper: Mapping[str, Any]) -> list[Array]:
    """First states: from positions of size 1, and of that of a step."""
    rate = hyper.get(method.rate or "", 1.0)
    places = [*RUNS, *(share * rate for share in (0.7, 0.5, 0.23)), -0.43]
    moving = [k for k, name in enumerate(along.names) if name not in along.stopped]
    objective = Parabolas(np.array([curvature]))
    states = [method.start(objective, np.array([place])) for place in places]
    return [np.array([float(np.ravel(state[k])[0]) for k in moving]) for state in states]


def _at_kink(along: Direction, points: Array) -> bool:
    """Whether a sign, |·| or maximum in the rule changes its piece at one of the points, so that there is no derivative."""
    kinks = {kink for entry in along.update for kink in entry.atoms(sp.sign, sp.Abs, sp.Max, sp.Min)}
    gaps = [kink.args[0] - (kink.func(*kink.args[1:]) if len(kink.args) > 1 else 0) for kink in kinks]
    if not gaps:
        return False
    values = guarded(sp.lambdify(along.state, gaps, modules="math"), (len(gaps),))
    return any(np.abs(values(point)).min() <= REPEATS * size_of(points) for point in points)


def cycle_of(method: Method, orbit: Orbit, points: Array) -> Cycle:
    """The states of a cycle (period, s) with what is known of it, from that with the largest position on."""
    top = int(np.argmax(points[:, 0]))
    points = np.roll(points, -top, axis=0)
    smooth = not _at_kink(orbit.along, points)
    multipliers = np.linalg.eigvals(orbit.slope_of(points)) if smooth else np.empty(0)
    residual = distance(orbit.step(points[-1]), points[0])
    along = orbit.along
    proved = smooth and contains_one(along.state, along.update, points)
    stopped = {name: float(value) for name, value in along.stopped.items()}
    moving = [name for name in along.names if name not in stopped]
    rows = tuple(
        tuple({**dict(zip(moving, map(float, row), strict=True)), **stopped}[name] for name in along.names)
        for row in points
    )
    return Cycle(
        method=method.name,
        period=len(points),
        amplitude=float(np.ptp(points[:, 0])) / 2,
        names=along.names,
        state=rows[0],
        exists=True,
        multipliers=spelled(multipliers.astype(complex)),
        attracting=bool(np.abs(multipliers).max() < 1 - NEUTRAL) if smooth else None,
        proof="interval Newton" if proved else f"found by iteration, residual {residual:.1g}",
        points=rows,
    )
