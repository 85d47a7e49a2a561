"""Periodic points of a rule at numbers: where a run repeats, and Newton's method on as many steps from its states."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from convergence.problem.arrays import Array
from convergence.theory.cycles import Direction

Step = Callable[[Array], Array]

TRANSIENT, BLOCKS = 2000, 12
"""Steps between two looks whether a run repeats, and looks."""

TRIES = 40
"""States of a run that Newton's method starts from."""

EPS = float(np.finfo(float).eps)

REPEATS, SAME = 1e-9, 1e-6
"""Relative distances: of a state that has come back, and of two states that are not told apart."""


@dataclass(frozen=True)
class Orbit:
    """A rule along one direction at numbers: one ``step`` on (s,), and its derivative ``slope`` (s, s)."""

    along: Direction
    step: Step
    slope: Step

    def run(self, state: Array, steps: int) -> Array:
        """The states (steps+1, s); fewer where the rule has no value, or overflows."""
        states = [state]
        for _ in range(steps):
            after = self.step(states[-1])
            if not np.isfinite(after).all():
                break
            states.append(after)
        return np.array(states)

    def slope_of(self, points: Array) -> Array:
        """The derivative of as many steps as there are points, along them."""
        product = np.eye(points.shape[1])
        with np.errstate(all="ignore"):
            for point in points:
                product = self.slope(point) @ product
        return product


def orbit_of(along: Direction) -> Orbit:
    jacobian = sp.Matrix(along.update).jacobian(along.state).doit()
    jacobian = jacobian.replace(sp.DiracDelta, lambda *a: sp.Integer(0))
    step = sp.lambdify(along.state, along.update, modules="math")
    slope = sp.lambdify(along.state, jacobian.tolist(), modules=[{"DiracDelta": lambda *a: 0.0}, "math"])
    return Orbit(along, guarded(step, (len(along.state),)), guarded(slope, (len(along.state),) * 2))


def guarded(function: Callable[..., Any], shape: tuple[int, ...]) -> Step:
    """The function of floats on an array; nan where it has no value."""

    def value(state: Array) -> Array:
        try:
            return np.array(function(*state.tolist()), dtype=float)
        except (ArithmeticError, ValueError, TypeError):  # a root of what is negative, a quotient by zero
            return np.full(shape, np.nan)

    return value


def candidates(orbit: Orbit, start: Array, period: int) -> list[Array]:
    """Cycles of this least period (period, s) near a run: where it ends, or by Newton's method from its states."""
    state = start
    states = start[None]
    for _ in range(BLOCKS):
        states = orbit.run(state, TRANSIENT)
        if len(states) <= TRANSIENT:
            break
        state = states[-1]
        if distance(states[-1 - period], state) < REPEATS * size_of(states[-period:]):
            break
    tail = states[-min(len(states), TRANSIENT // 2) :]
    begins = tail[np.unique(np.linspace(0, len(tail) - 1, TRIES).astype(int))]
    refined = [newton(orbit, begin, period) for begin in (tail[-1], *begins)]
    repeated = [orbit.run(tail[-1], period - 1)] if _returns(orbit, tail[-1], period) else []
    kept: list[Array] = []
    for points in (*(r for r in refined if r is not None), *repeated):
        if len(points) == period and least_period(orbit, points) and not any(equal(points, other) for other in kept):
            kept.append(points)
    return kept


def _returns(orbit: Orbit, state: Array, period: int) -> bool:
    points = orbit.run(state, period)
    return len(points) == period + 1 and distance(points[-1], state) < REPEATS * size_of(points)


def newton(orbit: Orbit, state: Array, period: int, settled: float = 4 * EPS) -> Array | None:
    """The states of a cycle by Newton's method on as many steps, less the state; None where it does not settle.

    Next to where the cycle is born, rounding moves it by more than a few units in the last place: ``settled`` says how much.
    """
    for _ in range(40):
        points = orbit.run(state, period)
        if len(points) <= period:
            return None
        gap, slope = points[-1] - state, orbit.slope_of(points[:-1])
        if not np.isfinite(slope).all():
            return None
        try:
            move = np.linalg.solve(slope - np.eye(len(state)), -gap)
        except np.linalg.LinAlgError:
            return None
        if not np.isfinite(move).all():
            return None
        state = state + move
        if np.abs(move).max() <= settled * size_of(points):
            final = orbit.run(state, period)
            close = len(final) > period and distance(final[-1], state) < REPEATS * size_of(final)
            return final[:-1] if close else None
    return None


def least_period(orbit: Orbit, points: Array) -> bool:
    """Whether no shorter period does: the rest is one of period 1."""
    size = len(points)
    scale = size_of(points)
    if scale == 0 or np.ptp(points[:, 0]) <= SAME * scale:
        return False
    return all(distance(points[0], points[d]) > SAME * scale for d in range(1, size) if size % d == 0)


def equal(one: Array, other: Array) -> bool:
    scale = size_of(one)
    return any(distance(np.roll(one, k, axis=0), other) < SAME * scale for k in range(len(one)))


def distance(one: Array, other: Array) -> float:
    return float(np.abs(one - other).max())


def size_of(points: Array) -> float:
    return float(np.abs(points[:, 0]).max())
