"""A method, a tolerance and a spectrum go in; the step from which every error stays within the tolerance comes out.

That it *stays* is proven: with P = Σ(Aᵏ)ᵀe₁e₁ᵀAᵏ (the observability Gramian, Stein's equation P = e₁e₁ᵀ + AᵀPA), no
later error is above √(sᵀPs), which falls along the run. What lies before the step at which that is small enough is
looked through, backwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.crossing import exact
from convergence.errors import BadData, BadHyperparameter, ConvergenceError, NoStableLearningRate
from convergence.numerics.sampling import Steady, constants, largest_radii, steady
from convergence.problem import checked_curvatures
from convergence.problem.arrays import floats
from convergence.rule import Method
from convergence.theory.residual import residual_value

Array = NDArray[np.float64]

TIE = 1e-9
"""An error this near to the tolerance, relatively, is computed again in exact arithmetic, up to ``EXACT`` steps."""

ROUNDING = 8e-16
"""A radius this near to 1 is 1."""

EXACT = 3000
BLOCK = 4096
BLOCKS = 4000
"""Blocks looked through; past that, an error is taken to fall from where the last one that is too large is found by halving."""

LONGEST = 2.0**60


@dataclass(frozen=True)
class Question:
    """When |p_k(λ)| stays within the tolerance: the method and settings, for what must be computed exactly."""

    method: Method
    settings: dict[str, Any]
    tolerance: float

    def exceeds(self, size: float, step: int, curvature: float) -> bool:
        """Whether |p_step(λ)| is above the tolerance, where floats say that it is ``size``."""
        if abs(size - self.tolerance) > TIE * self.tolerance or step > EXACT:
            return size > self.tolerance
        try:
            value = residual_value(self.method, step, curvature, **self.settings)
        except ConvergenceError:
            return size > self.tolerance
        return bool(abs(value) > exact(self.tolerance))


def steps_to(method: Method, tolerance: Any, curvatures: Any, start: Any = None, **hyper: Any) -> int:
    """The first k from which every |error| is at most tolerance·|start|, direction by direction, for good."""
    within, points = checked_tolerance(tolerance), checked_curvatures(curvatures)
    moved = np.unique(points[_started(start, points)])
    if not moved.size:
        return 0
    question = Question(method, constants(method, hyper), within)
    run = steady(method, moved, question.settings)
    require_stable(question, moved, run)
    return settled(question, moved, run)


def settled(question: Question, curvatures: Array, run: Steady) -> int:
    """The largest count over the curvatures (m,) of a run that is stable at each."""
    ends = [run.after + k for k in _certain(run, question.tolerance)]
    best = 0
    for place in np.argsort(ends)[::-1]:
        if ends[place] <= best:
            break
        best = max(best, _last(question, float(curvatures[place]), _single(run, int(place)), int(ends[place])) + 1)
    return best


def _single(run: Steady, place: int) -> Steady:
    own = slice(place, place + 1)
    return Steady(run.after, run.early[:, own], run.states[own], run.matrices[own])


def checked_tolerance(tolerance: Any) -> float:
    """The tolerance as a float. BadHyperparameter unless it is a finite number above 0."""
    try:
        within = float(tolerance)
    except (TypeError, ValueError):
        within = float("nan")
    if not 0 < within < float("inf"):
        raise BadHyperparameter(
            f"tolerance must be a finite number above 0, a part of the first error; got {tolerance!r}"
        )
    return within


def _started(start: Any, points: Array) -> NDArray[np.bool_]:
    """The directions that start away from the minimiser that can be reached: nothing moves along a flat one."""
    if start is None:
        curved: NDArray[np.bool_] = points > 0
        return curved
    first = floats(start)
    if first.shape != points.shape or not np.isfinite(first).all():
        raise BadData(f"start must be the first error along each of {len(points)} directions; got {start!r}")
    away: NDArray[np.bool_] = (first != 0) & (points > 0)
    return away


def require_stable(question: Question, curvatures: Array, run: Steady) -> None:
    """Raise NoStableLearningRate where an error does not fall for good."""
    radius = largest_radii(question.method, curvatures, question.settings, run)
    wrong = np.flatnonzero(~(radius < 1 - ROUNDING))
    if wrong.size:
        worst = wrong[int(np.argmax(radius[wrong]))]
        given = ", ".join(f"{name}={value:g}" for name, value in question.settings.items())
        raise NoStableLearningRate(
            f"{question.method.name}({given}) never settles along λ = {curvatures[worst]:.6g}: its spectral radius there is "
            f"{radius[worst]:.9g}, not below 1. stability(m).lr_max has the largest stable rate, optimum(m) the best one"
        )


def _gramians(matrices: Array) -> Array:
    """P = e₁e₁ᵀ + AᵀPA for each matrix (m, n, n)."""
    size = matrices.shape[-1]
    turned = matrices.swapaxes(-1, -2)
    kronecker = np.einsum("mab,mcd->macbd", turned, turned).reshape(-1, size**2, size**2)
    right = np.zeros((len(matrices), size**2, 1))
    right[:, 0] = 1.0
    found = np.linalg.solve(np.eye(size**2) - kronecker, right).reshape(-1, size, size)
    return np.asarray((found + found.swapaxes(-1, -2)) / 2)


def _certain(run: Steady, tolerance: float) -> list[int]:
    """For each curvature, a number of steps from ``after`` past which no error is above the tolerance."""
    gramians = _gramians(run.matrices)

    def certain(states: Array) -> NDArray[np.bool_]:
        energy = np.einsum("ma,mab,mb->m", states, gramians, states)
        small: NDArray[np.bool_] = energy * (1 + 1e-6) <= tolerance**2
        return small

    powers = [run.matrices]
    while not certain(_times(powers[-1], run.states)).all() and 2.0 ** len(powers) < LONGEST:
        powers.append(powers[-1] @ powers[-1])
    count, states = np.zeros(len(gramians), dtype=object), run.states
    small = certain(states)
    for place, power in reversed(list(enumerate(powers))):
        further = _times(power, states)
        go = ~certain(further) & ~small
        states = np.where(go[:, None], further, states)
        count = count + np.where(go, 2**place, 0)
    return [0 if s else int(c) + 1 for c, s in zip(count, small, strict=True)]


def _times(matrices: Array, states: Array) -> Array:
    return np.asarray(np.einsum("mab,mb->ma", matrices, states))


def _last(question: Question, curvature: float, run: Steady, end: int) -> int:
    """The last step before ``end`` at which the error is above the tolerance; −1 if there is none."""
    if run.matrices.shape[-1] == 1 and not run.after and 0 < abs(run.matrices[0, 0, 0]) < 1:
        return _geometric(question, curvature, abs(float(run.matrices[0, 0, 0])))
    rows = _rows(run.matrices[0], min(BLOCK, end))
    for number, stop in enumerate(range(end, run.after, -len(rows))):
        if number == BLOCKS:
            return _halved(question, curvature, run, stop)
        first = max(stop - len(rows), run.after)
        sizes = np.abs(rows[: stop - first] @ _powered(run.matrices[0], first - run.after, run.states[0]))
        found = _last_of(question, curvature, sizes, first)
        if found >= 0:
            return found
    return _last_of(question, curvature, np.abs(run.early[:, 0]), 0) if run.after else -1


def _last_of(question: Question, curvature: float, sizes: Array, first: int) -> int:
    for place in np.flatnonzero(sizes > question.tolerance * (1 - 2 * TIE))[::-1]:
        if question.exceeds(float(sizes[place]), first + int(place), curvature):
            return first + int(place)
    return -1


def _geometric(question: Question, curvature: float, factor: float) -> int:
    """The last k with factor^k above the tolerance."""
    about = log(question.tolerance) / log(factor)
    near = range(max(0, ceil(about) - 2), max(0, ceil(about)) + 3)
    found = [k for k in near if question.exceeds(factor**k, k, curvature)]
    return max(found, default=-1)


def _halved(question: Question, curvature: float, run: Steady, high: int) -> int:
    def exceeds(k: int) -> bool:
        value = abs(float(_powered(run.matrices[0], k - run.after, run.states[0])[0]))
        return question.exceeds(value, k, curvature)

    return first_false(exceeds, run.after, high) - 1


def first_false(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The first whole number in [low, high] at which a condition that holds first and then no more fails; high: none."""
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if holds(middle) else (low, middle)
    return low


def _rows(matrix: Array, count: int) -> Array:
    """e₁ᵀAⁱ for i < count."""
    rows, power = np.eye(1, len(matrix)), matrix
    while len(rows) < count:
        rows = np.concatenate([rows, rows @ power])
        power = power @ power
    return rows[:count]


def _powered(matrix: Array, times: int, state: Array) -> Array:
    while times:
        if times & 1:
            state = matrix @ state
        times >>= 1
        matrix = matrix @ matrix if times else matrix
    return state
