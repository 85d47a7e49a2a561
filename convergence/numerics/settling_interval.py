"""Counts of steps over an interval of curvatures: the first step from which the worst error stays within a tolerance.

Up to ``LONGEST`` steps, one run on so many Chebyshev nodes that every p_k of it is bounded between them (as in ``maxima``),
and powers of the iteration matrix that have fallen below 1 in norm.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import cos, pi

import numpy as np

from convergence.numerics.matrices import Steady, steady
from convergence.numerics.maxima import at_angle, largest_modulus, nodes, sampled
from convergence.numerics.settling import TIE, Question, settled
from convergence.numerics.worst_cases import largest
from convergence.problem.arrays import Array

OVERSAMPLING = 4

LONGEST = 8000
"""More steps than this are counted at 257 nodes and both ends, not proven in between."""


def worst_steps_to(question: Question, low: float, high: float) -> int:
    """The first k from which max over [μ, L] of |p_k| is at most the tolerance, for good."""
    if len(question.method.state) == 1:  # p_k is the k-th power of p_1: the worst curvature is the same at all steps
        settings = question.settings
        maximum, _, _ = largest(question.method, 1, low, high, lambda j: settings)
        return settled(question, np.unique([low, at_angle(low, high, maximum.theta), high]))
    seen = settled(question, sampled(low, high))
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
