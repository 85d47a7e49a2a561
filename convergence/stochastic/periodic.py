"""An epoch of batches that depend on each other, as one linear map: its spectral radius on second moments, its fixed point."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Any

import numpy as np

from convergence.errors import BadHyperparameter, NoStableLearningRate
from convergence.numerics.bracket import finite_log, minimum, root
from convergence.problem import Quadratic
from convergence.problem.arrays import Array
from convergence.rule import Method
from convergence.stochastic.batch_step import BatchStep
from convergence.stochastic.batches import Indices
from convergence.stochastic.loops import open_loop
from convergence.stochastic.one_dimension import MOST_ROWS, orders
from convergence.stochastic.sampling import Rows
from convergence.stochastic.subsets import feasible, lift, subsets, symmetric, upper_triangle
from convergence.theory.system import system

DENSE = 2**23
"""Numbers in the matrices of all batches in order, up to which these are multiplied at once."""

SMALL, LINEAR, GEOMETRIC = 1e-6, 40, 1.05
"""The first rate that is tried, rates up to the limit without noise, and the ratio of those beyond, all in its units."""

SEVERAL = 16
"""Epochs' operators that are to be computed in seconds."""

ROUNDING = 1e-13
"""Of the logarithm of a radius."""

AFFINE = 1e-10
"""Beside 1, a factor at rate 0: what is affine in the rate is so to rounding, and else the rate's square is missing."""

PEAK = 1e-10
"""How near a maximum between two rates is looked for, relatively: one that is farther below 0 than rounding is not 0."""

FARTHEST = 1e6
"""The last rate that is tried, in units of the limit without noise."""


@dataclass(frozen=True, eq=False)
class Epoch:
    """The epochs of a method on batches of a problem's rows, along the directions that have curvature."""

    problem: Quadratic
    method: Method
    batch: int
    sampling: str

    @cached_property
    def rows(self) -> Rows:
        """The rows, along the directions that have curvature."""
        return Rows(self.problem, self.rank)

    @property
    def order(self) -> Indices:
        """The batches of the rows in their order, (steps, batch)."""
        return np.arange(self.problem.rows).reshape(-1, self.batch)

    @property
    def rank(self) -> int:
        return self.problem.rank

    @property
    def size(self) -> int:
        """Directions times states."""
        return self.rank * len(system(self.method).state)

    @property
    def steps(self) -> int:
        """Batches of an epoch."""
        return self.problem.rows // self.batch

    @property
    def known(self) -> str | None:
        """How its map is computed: "order" (of the rows), "sets" (of rows seen), "line" (one dimension); None: it is not."""
        if self.sampling == "cyclic" or self.steps == 1:
            return "order"
        if self.size == 1 and self.batch == 1 and self.problem.rows <= MOST_ROWS:
            return "line"
        half = (self.size + 1) * (self.size + 2) // 2
        return "sets" if feasible(self.problem.rows, self.batch, self.size + 1, half, SEVERAL) else None

    def require_known(self) -> None:
        """BadHyperparameter, with what can be asked, where it is not computed."""
        if self.known is None:
            raise BadHyperparameter(
                f"reshuffled batches of {self.batch} of {self.problem.rows} rows, for {self.size} numbers of state, have too "
                f"many orders for an exact answer: it is known up to about 14 rows, and in one dimension for single rows and a "
                f"rule of one state. Ask with sampling='step' or 'cyclic', or look at runs (moments or ensemble with 'epoch')"
            )

    def step(self, settings: Mapping[str, Any], offset: Array) -> BatchStep:
        """What a batch does, at these settings; ``offset`` (rank,) is that of the rest."""
        loop = open_loop(self.method, self.problem.curvatures[: self.rank], settings)
        return BatchStep(self.rows, loop, offset, np.zeros((self.rank, loop.closed.shape[-1])))

    def radius(self, settings: Mapping[str, Any]) -> float:
        """The factor of second moments over an epoch, in the long run."""
        if self.known == "line":
            return float(np.prod(self.factors(settings) ** 2))
        step, power = self.step(settings, np.zeros(self.rank)), 2
        if self.known == "order":
            epoch = self._in_order(step)[:-1, :-1]
        else:
            sets, power = subsets(self.problem.rows, self.batch), 1
            epoch = sets.operator(lift(step.matrices(sets.batches)[:, :-1, :-1]))
        return float(np.abs(np.linalg.eigvals(epoch)).max() ** power) if np.isfinite(epoch).all() else inf

    def factors(self, settings: Mapping[str, Any]) -> Array:
        """What each row multiplies the error by, (n,), on a line."""
        return self.step(settings, np.zeros(1)).matrices(self.order)[:, 0, 0]

    def _in_order(self, step: BatchStep) -> Array:
        """The product of all batches in their order, (size + 1, size + 1)."""
        size = self.size
        if self.steps * (size + 1) ** 2 <= DENSE:
            return product(step.matrices(self.order))
        columns = np.concatenate([np.eye(size), np.zeros((1, size))]).reshape(size + 1, *step.shift.shape)
        for rows in self.order:
            columns = np.concatenate([step.linear(columns[:-1], rows), step(columns[-1:], rows)])
        out = np.eye(size + 1)
        out[:-1] = columns.reshape(size + 1, size).T
        return out

    def settled(self, settings: Mapping[str, Any], offset: Array, added: Array) -> tuple[Array, Array]:
        """Mean (size,) and second moment (size, size) of the errors at the end of an epoch that leaves them so.

        ``added`` (rank, rank) is the covariance of noise in the gradients.
        """
        step = self.step(settings, offset)
        noise = step.added(added)
        if self.known == "line":
            return _settled_on_a_line(step.matrices(self.order), float(noise[0, 0]))
        if self.known == "order":
            epoch = self._in_order(step)
            mean = np.linalg.solve(np.eye(self.size) - epoch[:-1, :-1], epoch[:-1, -1])
            total = np.zeros((*step.shift.shape, *step.shift.shape))
            for rows in self.order if noise.any() else ():
                total = step.spread(total, rows, noise)
            return np.asarray(mean), lyapunov(epoch[:-1, :-1], total.reshape(noise.shape)) + np.outer(mean, mean)
        sets = subsets(self.problem.rows, self.batch)
        lifted = lift(step.matrices(sets.batches))
        lifted[:, :, -1] += upper_triangle(np.pad(noise, (0, 1)))  # the last entry of moments is 1
        epoch = sets.operator(lifted)
        half = np.linalg.solve(np.eye(len(epoch) - 1) - epoch[:-1, :-1], epoch[:-1, -1])
        moments = symmetric(np.append(half, 1.0), self.size + 1)
        return moments[:-1, -1], moments[:-1, :-1]


def product(maps: Array) -> Array:
    """T_m⋯T_1 of maps (m, D, D), pair by pair."""
    while len(maps) > 1:
        pairs = maps[1::2] @ maps[: len(maps) // 2 * 2 : 2]
        maps = np.concatenate([pairs, maps[-1:]]) if len(maps) % 2 else pairs
    return np.asarray(maps[0])


def lyapunov(A: Array, noise: Array) -> Array:
    """The Σ with Σ = AΣAᵀ + noise for a stable A, by doubling (Smith 1968)."""
    total, power = noise, A
    while noise.any():
        more = power @ total @ power.T
        total, power = total + more, power @ power
        if np.abs(more).max() <= np.finfo(float).eps * np.abs(total).max():
            break
    return np.asarray(total)


def _settled_on_a_line(maps: Array, noise: float) -> tuple[Array, Array]:
    of_orders = orders(maps[:, 0, 0], maps[:, 0, 1])
    mean = of_orders.sum[-1] / (1 - of_orders.product[-1])
    rest = 2 * of_orders.mixed[-1] * mean + of_orders.squares[-1] + noise * of_orders.trailing[-1]
    return np.array([mean]), np.array([[rest / (1 - of_orders.square[-1])]])


def largest_stable(epoch: Epoch, settings: Callable[[float], Mapping[str, Any]], top: float) -> float:
    """The end of the interval of stable rates that begins at 0; ``top`` is the limit without noise.

    It is exact on a line, where rows' factors are affine in the rate; elsewhere rates are tried, and maxima between them
    looked at.
    """
    if epoch.known == "line":
        one, two, three = (epoch.factors(settings(top * k)) for k in (1, 2, 3))
        slope, level = two - one, 2 * one - two
        if np.allclose(three, level + 3 * slope, rtol=AFFINE, atol=AFFINE):
            with np.errstate(divide="ignore", invalid="ignore"):
                roots = -level / slope

            def on_a_line(share: float) -> float:
                with np.errstate(divide="ignore"):
                    return max(float(np.log(np.abs(level + slope * share)).sum()), -1e6)

            return top * first_crossing(on_a_line, _between(np.unique(roots[np.isfinite(roots) & (roots > 0)])))

    def excess(lr: float) -> float:
        return finite_log(epoch.radius(settings(lr))) - ROUNDING

    return first_crossing(excess, (top * share for share in _shares()))


def _between(zeros: Array) -> Iterator[float]:
    """Zeros, and a point between each and the next: in every gap a product of affine factors has one maximum."""
    before = 0.0
    for zero in zeros:
        yield from ((before + zero) / 2, zero)
        before = zero
    while before and before < FARTHEST:
        before *= 2
        yield before


def _shares() -> Iterator[float]:
    share = SMALL
    while share < 1 / LINEAR:
        yield share
        share *= 4
    yield from (k / LINEAR for k in range(1, LINEAR + 1))
    share = GEOMETRIC
    while share < FARTHEST:
        yield share
        share *= GEOMETRIC


def first_crossing(excess: Callable[[float], float], rates: Iterator[float]) -> float:
    """Where a function that is negative at the first of these points is 0 first. Maxima between points are looked at.

    NoStableLearningRate where it is not negative at first, or everywhere.
    """
    points, values = list[float](), list[float]()
    for rate in rates:
        points, values = [*points[-2:], rate], [*values[-2:], excess(rate)]
        if values[-1] >= 0:
            if len(values) == 1:
                break
            return root(excess, points[-2], rate)
        if len(values) == 3 and values[1] > max(values[0], values[2]):
            peak = minimum(lambda lr: -excess(lr), points[0], points[2], PEAK * points[2])
            if excess(peak) >= 0:
                return root(excess, points[0], peak)
    raise NoStableLearningRate(
        "no edge of stability was found: second moments grow, or shrink, at every learning rate that was tried"
    )


def smallest_divisor(problem: Quadratic, method: Method, sampling: str, settings: Mapping[str, Any]) -> float:
    """The smallest batch that divides the rows and is stable, ∞ where none is; BadHyperparameter where one is not known."""
    for batch in (b for b in range(1, problem.rows + 1) if problem.rows % b == 0):
        epoch = Epoch(problem, method, batch, sampling)
        epoch.require_known()
        if epoch.radius(settings) < 1:
            return float(batch)
    return inf
