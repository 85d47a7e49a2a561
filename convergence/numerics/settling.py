"""Counts of steps: the first step from which an error stays within a tolerance, for good.

That it *stays* is proven by quadratic forms Q_j with e_k² ≤ sᵀQ_j s for the next 2^j steps from any state s: Q_{j+1} is an
upper bound (in Löwner's order) of Q_j and of BᵀQ_jB with B = A^(2^j), until the powers have died out; the first few are
sums, which makes them definite. With them the last step above the tolerance is found by halving. At critical damping, where
optima lie, an eigenvalue of a matrix in doubles is known to √ε only, and A^k to k²ε: for κ = 10¹⁰ that is a wrong count, so
powers are sums of two doubles, 32 digits (Dekker 1971, Knuth 1969).

Over an interval of curvatures, up to ``LONGEST`` steps, one run on so many Chebyshev nodes that every p_k of it is bounded
between them (as in ``maxima``), and powers of the iteration matrix that have fallen below 1 in norm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from math import cos, pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.crossing import exact
from convergence.errors import BadHyperparameter, ConvergenceError, NoStableLearningRate
from convergence.numerics.matrices import Steady, precise_blocks, steady
from convergence.numerics.maxima import at_angle, largest_modulus, nodes
from convergence.numerics.radius import spectral_radius
from convergence.numerics.replay import constants
from convergence.numerics.worst_cases import largest
from convergence.rule import Method
from convergence.theory.residual import residual_value

Array = NDArray[np.float64]
Pair = tuple[Array, Array]
"""The leading and the trailing part of numbers."""

SPLITTER = 2.0**27 + 1


def matmul(a: Pair, b: Pair) -> Pair:
    """a (..., i, k) times b (..., k, j)."""
    left, right = (part[..., :, :, None] for part in a), (part[..., None, :, :] for part in b)
    high, low = _product(*left, *right)
    total, rest = high[..., :, 0, :], low[..., :, 0, :]
    for k in range(1, high.shape[-2]):
        total, lost = _sum(total, high[..., :, k, :])
        rest = rest + (lost + low[..., :, k, :])
    return _sum(total, rest)


def _sum(a: Array, b: Array) -> Pair:
    total = a + b
    of_b = total - a
    return total, (a - (total - of_b)) + (b - of_b)


def _product(a: Array, a_low: Array, b: Array, b_low: Array) -> Pair:
    product = a * b
    (a1, a2), (b1, b2) = _halves(a), _halves(b)
    lost = ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2
    return product, lost + (a * b_low + a_low * b)


def _halves(a: Array) -> Pair:
    shifted = SPLITTER * a
    high = shifted - (shifted - a)
    return high, a - high


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
"""A power of this size adds nothing to a sum of squares."""


@dataclass(frozen=True, eq=False)
class Powers:
    """A^(2^j) of iteration matrices (m, n, n), and bounds Q_j of the errors in 2^j steps, until the powers have died out."""

    squares: tuple[Pair, ...]
    bounds: tuple[Array, ...]
    alive: NDArray[np.bool_]
    """The matrices whose powers do not die out."""

    @classmethod
    def of(cls, matrices: Pair) -> Powers:
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
            alive = ~(sizes < GONE)
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

    def energy(self, level: int, states: Pair) -> Array:
        """A bound of the squared errors in the next 2^level steps, (m,)."""
        return np.asarray(np.einsum("ma,mab,mb->m", states[0], self.bounds[level], states[0]))

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
            if self.energy(level, states).sum() <= tolerance**2 * (1 - room):
                continue
            if level > LEAF:
                half = 2 ** (level - 1)
                pending += [(level - 1, states, begun), (level - 1, self.after(half, states), begun + half)]
                continue
            sizes = np.sqrt(np.square(np.einsum("mkn,mn->mk", self.rows, states[0])).sum(axis=0))
            for place in np.flatnonzero(sizes > tolerance * (1 - 2 * TIE))[::-1]:
                if exceeds(float(sizes[place]), begun + int(place)):
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
            precise_blocks(question.method, curvatures, {n: question.given[n] for n in question.method.hyper})
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
        energy = np.where(left, powers.energy(len(powers.bounds) - 1, states), 0.0)
        place = int(energy.argmax())
        if energy[place] <= question.tolerance**2 * (1 - 4 * TIE):
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
        sizes = np.abs(states[:, 0])
        if (sizes > high).any():
            rows.clear()
        rows += [(done + int(k), sizes[k]) for k in np.flatnonzero((sizes > low).any(axis=1))]
        done += len(states)
    for step, row in reversed(rows):
        if any(question.exceeds(float(e), step, float(c)) for e, c in zip(row, run.curvatures, strict=True)):
            return step + 1, states[-1].T
    return 0, states[-1].T


def _never(question: Question, curvatures: Array, radius: Array) -> NoStableLearningRate:
    worst = int(np.argmax(np.nan_to_num(radius, nan=np.inf)))
    given = ", ".join(f"{name}={value:g}" for name, value in question.settings.items())
    return NoStableLearningRate(
        f"{question.method.name}({given}) never settles along λ = {curvatures[worst]:.6g}: its spectral radius there is "
        f"{radius[worst]:.9g}, not below 1. stability(m).lr_max has the largest stable rate, optimum(m) the best one"
    )


OVERSAMPLING = 4
LONGEST = 8000
"""More steps than this are counted at ``SAMPLES`` nodes and both ends, not proven in between."""

SAMPLES = 257


def worst_steps_to(question: Question, low: float, high: float) -> int:
    """The first k from which max over [μ, L] of |p_k| is at most the tolerance, for good."""
    if len(question.method.state) == 1:  # p_k is the k-th power of p_1: the worst curvature is the same at all steps
        settings = question.settings
        maximum, _, _ = largest(question.method, 1, low, high, lambda j: settings)
        return settled(question, np.unique([low, at_angle(low, high, maximum.theta), high]))
    seen = settled(question, np.unique([low, *nodes(low, high, SAMPLES), high]))
    steps = int(1.3 * seen) + 50
    while low < high and steps <= LONGEST:
        count = _counted(question, low, high, steps)
        if count is not None:
            return count
        steps *= 2
    return seen


def _counted(question: Question, mu: float, L: float, steps: int) -> int | None:
    """The count by a run of this length, or None where it cannot be proven to stay within the tolerance after it."""
    count = OVERSAMPLING * (steps + 2)
    run = steady(question.method, nodes(mu, L, count), question.settings)
    if run.after >= steps:
        return None
    margin = 1 / cos(pi * (steps + 1) / (2 * count))
    norm = _norm(run.matrices, margin, steps)
    if norm is None:
        return None
    last, unclear = -1, list[tuple[int, Array]]()
    for k, states in enumerate(_walk(run, steps)):
        top = float(np.abs(states[0]).max())
        if top > question.tolerance * (1 + TIE):
            last, unclear = k, []
        elif top * margin > question.tolerance * (1 - TIE):
            unclear.append((k, states[0].copy()))
        elif k >= run.after and norm.future(states) <= question.tolerance:
            break
    else:
        return None
    for step, values in reversed(unclear):  # the nodes alone do not decide
        maximum = largest_modulus(values, step + 1)
        if question.exceeds(maximum.value, step, at_angle(mu, L, maximum.theta)):
            return step + 1
    return last + 1


def _walk(run: Steady, steps: int) -> Iterator[Array]:
    """The states (n, m), position first, on all nodes."""
    states = np.empty(0)
    for block in run.approach():
        for states in block:
            yield states
    matrix = _by_entries(run.matrices)
    for _ in range(run.after, steps):
        states = (matrix * states).sum(axis=1)
        yield states


def _by_entries(matrices: Array) -> Array:
    return np.ascontiguousarray(matrices.transpose(1, 2, 0))


@dataclass(frozen=True, eq=False)
class Norm:
    """A norm on states, scaled by ``scales`` (n,), in which powers of the matrix fall below 1 over the whole interval.

    ``reach`` ≥ ‖e₁ᵀAⁱ‖ for all i ≥ 0 and all curvatures, so no later error is above reach·‖state‖.
    """

    scales: Array
    reach: float

    def future(self, states: Array) -> float:
        """A bound of the errors at this step and all later ones."""
        return self.reach * float(np.linalg.norm(np.abs(states).max(axis=1) * self.scales))


def _norm(matrices: Array, margin: float, steps: int) -> Norm | None:
    """Powers of the matrix until one is below 1 in norm; None where none of the first ``steps`` is proven to be."""
    scales, reach = _scales(matrices), 1.0 / margin
    matrix = power = _by_entries(matrices)
    for _ in range(steps):
        sizes = np.abs(power).max(axis=2) * np.outer(scales, 1 / scales)
        if float(np.linalg.norm(sizes)) * margin < 1:
            return Norm(scales, reach * margin**2)
        reach = max(reach, float(np.linalg.norm(sizes[0])))
        power = np.einsum("abm,bcm->acm", matrix, power)
    return None


def _scales(matrices: Array) -> Array:
    """Units for the buffers in which what they take from the position is what they give to it."""
    largest = np.abs(matrices)
    for _ in range(4):
        matrices = matrices @ matrices
        largest = np.maximum(largest, np.abs(matrices))
    given, taken = largest[:, 0, :].max(axis=0), largest[:, :, 0].max(axis=0)
    useful = (given > 0) & (taken > 0)
    return np.where(useful, np.sqrt(np.where(useful, given, 1.0) / np.where(useful, taken, 1.0)), 1.0)
