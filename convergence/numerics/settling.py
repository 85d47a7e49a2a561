"""Counts of steps: the first step from which an error stays within a tolerance, for good.

That it *stays* is proven by quadratic forms Q_j with e_k² ≤ sᵀQ_j s for the next 2^j steps from any state s: Q_{j+1} is an
upper bound (in Löwner's order) of Q_j and of BᵀQ_jB with B = A^(2^j), until the powers have died out; the first few are
sums, which makes them definite. With them the last step above the tolerance is found by halving. At critical damping, where
optima lie, an eigenvalue of a matrix in doubles is known to √ε only, and A^k to k²ε: for κ = 10¹⁰ that is a wrong count, so
powers are sums of two doubles (``double_double``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.crossing import exact
from convergence.errors import BadHyperparameter, ConvergenceError, NoStableLearningRate
from convergence.numerics.double_double import Pair, matmul
from convergence.numerics.matrices import Steady, precise_blocks, steady
from convergence.numerics.radius import spectral_radius
from convergence.numerics.replay import constants, residuals
from convergence.problem.arrays import Array
from convergence.rule import Method
from convergence.theory.residual import residual_value

TIE = 1e-9
"""An error this near to the tolerance, relatively, is computed again in exact arithmetic, up to ``EXACT`` steps."""

EXACT = 3000
LEAF, MOST = 12, 2**15
"""Errors of 2^LEAF steps are looked at together; a search that does not end after ``MOST`` looks follows rounding."""

LEVELS = 100
"""Squarings of a matrix: a power of 2^100 that has not died out does not."""

RIDGE = 1e-12
"""What makes a bound definite along states that hardly show: it may only grow by that."""

GONE = 2.0**-40
"""A power of this size adds nothing to a sum of squares, nor its square anything to an error of size 1."""


@dataclass(frozen=True, eq=False)
class Powers:
    """A^(2^j) of iteration matrices (m, n, n), and bounds Q_j of the errors in 2^j steps, until the powers have died out."""

    squares: tuple[Pair, ...]
    bounds: tuple[Array, ...]
    alive: NDArray[np.bool_]
    """The matrices whose powers do not die out."""

    @classmethod
    def of(cls, matrices: Pair, tolerance: float = 1.0) -> Powers:
        """Until what is left of an error is small beside the tolerance."""
        size = matrices[0].shape[-1]
        first = np.zeros((len(matrices[0]), size, size))
        first[:, 0, 0] = 1.0
        squares, bounds = [matrices], [first]
        while True:
            power, bound = squares[-1], bounds[-1]
            later = power[0].swapaxes(-1, -2) @ bound @ power[0]
            if not np.isfinite(later).all():  # powers that grow: nothing bounds them
                return cls(tuple(squares), tuple(bounds), np.asarray(~np.isfinite(later).all(axis=(1, 2))))
            bounds.append(bound + later if 2 ** len(squares) < 2 * size else _upper(bound, later))
            squares.append(matmul(power, power))
            sizes = np.abs(squares[-1][0]).max(axis=(-1, -2)) * np.sqrt(1 + np.abs(bounds[-1]).max(axis=(-1, -2)))
            alive = ~(sizes < GONE * min(tolerance, 1.0))
            if not alive.any() or len(squares) > LEVELS or not np.isfinite(sizes).all():
                return cls(tuple(squares), tuple(bounds), alive)

    def after(self, steps: int, states: Pair) -> Pair:
        """The states (m, n) so many steps later."""
        columns = (states[0][..., None], states[1][..., None])
        for level, square in enumerate(self.squares):
            if steps >> level & 1:
                columns = matmul(square, columns)
        gone = 0.0 if steps >> len(self.squares) else 1.0
        return columns[0][..., 0] * gone, columns[1][..., 0] * gone

    def only(self, chosen: Any) -> Powers:
        """Those of some of the matrices."""
        squares = tuple((high[chosen], low[chosen]) for high, low in self.squares)
        return Powers(squares, tuple(b[chosen] for b in self.bounds), self.alive[chosen])

    def energy(self, level: int, states: Pair, tolerance: float) -> Array:
        """A bound of the squares of the errors in the next 2^level steps, each error in units of the tolerance, (m,)."""
        units = states[0] / tolerance  # the square of a small tolerance is 0
        return np.asarray(np.einsum("ma,mab,mb->m", units, self.bounds[level], units))

    @cached_property
    def rows(self) -> Array:
        """e₁ᵀAⁱ for i < 2^LEAF: (m, 2^LEAF, n)."""
        rows = np.zeros((len(self.alive), 1, self.bounds[0].shape[-1]))
        rows[:, :, 0] = 1.0
        for level in range(min(LEAF, len(self.squares))):
            rows = np.concatenate([rows, rows @ self.squares[level][0]], axis=1)
        return rows

    def last(self, states: Pair, tolerance: float, exceeds: Callable[[float, int], bool], begun: int = 0) -> int:
        """The last step from ``begun`` on, where these states are, with √Σ(errors²) above the tolerance; −1: none."""
        pending = [(len(self.bounds) - 1, states, begun)]  # the latest on top
        for _ in range(MOST):
            if not pending:
                return -1
            level, states, begun = pending.pop()
            room = 4 * TIE if begun <= EXACT else 0.0  # ties are decided exactly there
            if self.energy(level, states, tolerance).sum() <= 1 - room:
                continue
            if level > LEAF:
                half = 2 ** (level - 1)
                pending += [(level - 1, states, begun), (level - 1, self.after(half, states), begun + half)]
                continue
            units = np.sqrt(np.square(np.einsum("mkn,mn->mk", self.rows, states[0] / tolerance)).sum(axis=0))
            for place in np.flatnonzero(units > 1 - 2 * TIE)[::-1]:
                if exceeds(float(units[place]) * tolerance, begun + int(place)):
                    return begun + int(place)
        raise BadHyperparameter(
            f"about {begun:.3g} steps, more than can be told apart: the spectral radius is 1 but for rounding"
        )


def _upper(first: Array, second: Array) -> Array:
    """An upper bound of two positive semidefinite matrices (m, n, n): both are made diagonal, and the larger entries kept."""
    units = np.sqrt(np.einsum("mii->mi", first + second))
    units = np.where(units > 0, units, 1.0)
    outer = units[:, :, None] * units[:, None, :]
    sizes, axes = np.linalg.eigh(first / outer + RIDGE * np.eye(units.shape[-1]))
    to, back = axes / np.sqrt(sizes)[:, None, :], axes * np.sqrt(sizes)[:, None, :]
    ratios, turned = np.linalg.eigh(to.swapaxes(-1, -2) @ (second / outer) @ to)
    root = back @ turned * np.sqrt(np.maximum(ratios, 1.0))[:, None, :]
    return np.asarray(root @ root.swapaxes(-1, -2) * outer)


@dataclass(frozen=True)
class Question:
    """When |p_k(λ)| stays within the tolerance: the method and its hyperparameters, exact ones where they are given so."""

    method: Method
    given: dict[str, Any]
    tolerance: float

    @property
    def settings(self) -> dict[str, Any]:
        """The hyperparameters in floats."""
        return constants(self.method, self.given)

    @property
    def words(self) -> str:
        """The settings as one writes them."""
        return ", ".join(f"{name}={value:g}" for name, value in self.settings.items())

    def exceeds(self, size: float, step: int, curvature: float) -> bool:
        """Whether |p_step(λ)| is above the tolerance, where floats say that it is ``size``."""
        if abs(size - self.tolerance) > TIE * self.tolerance or step > EXACT:
            return size > self.tolerance
        try:
            value = residual_value(self.method, step, curvature, **self.given)
        except ConvergenceError:
            return size > self.tolerance
        return bool(abs(value) > exact(self.tolerance))


def settled(question: Question, curvatures: Array) -> int:
    """The largest count over the curvatures (m,). NoStableLearningRate where an error does not fall for good."""
    settings = question.settings
    run = steady(question.method, curvatures, settings)
    with np.errstate(all="ignore"):
        powers = Powers.of(
            precise_blocks(question.method, curvatures, {n: question.given[n] for n in question.method.hyper}),
            question.tolerance,
        )
        if powers.alive.any():
            radius = np.asarray(spectral_radius(question.method, curvatures, **settings))
            raise _never(question, curvatures, np.where(powers.alive, np.maximum(radius, 1.0), 0.0))
        best, states = _early(question, run)
        return _largest(question, curvatures, (states, np.zeros_like(states)), run.after, powers, best)


def _largest(question: Question, curvatures: Array, first: Pair, after: int, powers: Powers, best: int) -> int:
    """The largest count, from the states (m, n) at step ``after`` on: only what can exceed the best so far is looked at."""
    left = np.ones(len(curvatures), dtype=bool)
    while True:
        begun = max(best, after)
        states = powers.after(begun - after, first)
        energy = np.where(left, powers.energy(len(powers.bounds) - 1, states, question.tolerance), 0.0)
        place = int(energy.argmax())
        if energy[place] <= 1 - 4 * TIE:
            return best
        own, left[place] = slice(place, place + 1), False
        state = (states[0][own], states[1][own])
        exceeds = partial(question.exceeds, curvature=float(curvatures[place]))
        last = powers.only(own).last(state, question.tolerance, exceeds, begun)
        best = max(best, last + 1)


def _early(question: Question, run: Steady) -> tuple[int, Array]:
    """The count as far as the clocks are still running, and the states (m, n) when they stand still."""
    rows, done, low, high = list[tuple[int, Array]](), 0, *(question.tolerance * (1 + s * 2 * TIE) for s in (-1, 1))
    for states in run.approach():
        if not np.isfinite(states[-1]).all():
            raise _overflows(question, run.curvatures[~np.isfinite(states[-1]).all(axis=0)], done + len(states))
        sizes = np.abs(states[:, 0])
        if (sizes > high).any():
            rows.clear()
        rows += [(done + int(k), sizes[k]) for k in np.flatnonzero((sizes > low).any(axis=1))]
        done += len(states)
    for step, row in reversed(rows):
        if any(question.exceeds(float(e), step, float(c)) for e, c in zip(row, run.curvatures, strict=True)):
            return step + 1, states[-1].T
    return 0, states[-1].T


def _overflows(question: Question, curvatures: Array, steps: int) -> NoStableLearningRate:
    return NoStableLearningRate(
        f"{question.method.name}({question.words}) overflows along λ = {curvatures[0]:.6g} within {steps} steps, before its "
        f"clocks have run down: no run in doubles comes back from that. Give settings that are stable from the first step on"
    )


def _never(question: Question, curvatures: Array, radius: Array) -> NoStableLearningRate:
    worst = int(np.argmax(np.nan_to_num(radius, nan=np.inf)))
    return NoStableLearningRate(
        f"{question.method.name}({question.words}) never settles along λ = {curvatures[worst]:.6g}: its spectral radius there "
        f"is {radius[worst]:.9g}, not below 1. stability(m).lr_max has the largest stable rate, optimum(m) the best one"
    )


def settled_under_schedules(method: Method, curvatures: Array, hyper: dict[str, Any], tolerance: float) -> int:
    """The count where hyperparameters are schedules, of which one ends: a sequence, or one that says its last step."""
    ends = [_length(value) for value in method.at(**hyper).hyper.values()]
    steps = min((end for end in ends if end is not None), default=None)
    if steps is None:
        raise BadHyperparameter(
            f"{method.name}: errors under this schedule never end, so none can be the last; give a sequence of as many "
            f"values as there are steps (schedule.values(steps))"
        )
    sizes = np.abs(residuals(method, steps, curvatures, **hyper)).max(axis=1)
    count = after_last(~(sizes <= tolerance))
    if count > steps:
        raise NoStableLearningRate(
            f"{method.name} is not within {tolerance:g} when its schedule ends, after {steps} steps: the largest error is "
            f"{sizes[-1]:.6g} of the first"
        )
    return count


def _length(value: Any) -> int | None:
    """The steps of a schedule that ends; None for a number, and for a schedule that does not."""
    if np.ndim(value):
        return len(value)
    last = getattr(value, "last", None)
    return None if last is None else int(last) + 1


def after_last(outside: NDArray[np.bool_]) -> int:
    """The first step from which none of these (n,) is true; n where the last one is."""
    places = np.flatnonzero(outside)
    return int(places[-1]) + 1 if places.size else 0
