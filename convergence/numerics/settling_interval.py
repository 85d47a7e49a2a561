"""The worst case over an interval of curvatures: the step from which it stays within a tolerance, proven.

Up to ``LONGEST`` steps it is: one run on so many Chebyshev nodes that every p_k of it is bounded between them
(as in ``maxima``), and powers of the iteration matrix that have fallen below 1 in norm, so that nothing grows again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import cos, hypot, pi

import numpy as np
from numpy.typing import NDArray

from convergence.numerics.maxima import at_angle, largest_modulus, nodes
from convergence.numerics.sampled import Steady, steady
from convergence.numerics.settling import TIE, Question, settled
from convergence.numerics.worst_cases import largest

Array = NDArray[np.float64]

OVERSAMPLING = 4
LONGEST = 8000
"""More steps than this are counted at ``SAMPLES`` nodes and both ends, not proven in between."""

SAMPLES = 257


@dataclass(frozen=True, eq=False)
class Row:
    """p_k on nodes, where these alone do not tell whether its largest modulus is within the tolerance."""

    step: int
    values: Array


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
    last, unclear = -1, list[Row]()
    for k, states in enumerate(_walk(run, steps)):
        top = float(np.abs(states[0]).max())
        if top > question.tolerance * (1 + TIE):
            last, unclear = k, []
        elif top * margin > question.tolerance * (1 - TIE):
            unclear.append(Row(k, states[0].copy()))
        elif k >= run.after and norm.future(states) <= question.tolerance:
            break
    else:
        return None
    return _last(question, unclear, last, mu, L) + 1


def _last(question: Question, unclear: list[Row], last: int, mu: float, L: float) -> int:
    """The last step above the tolerance, among those that the nodes alone do not decide."""
    for row in reversed(unclear):
        maximum = largest_modulus(row.values, row.step + 1)
        if question.exceeds(maximum.value, row.step, at_angle(mu, L, maximum.theta)):
            return row.step
    return last


def _walk(run: Steady, steps: int) -> Iterator[list[Array]]:
    """The states, position first, each on all nodes."""
    states, matrix = list[Array](), _entries(run.matrices)
    for block in run.approach():
        for row in block:
            states = list(row)
            yield states
    for _ in range(run.after, steps):
        states = _applied(matrix, states)
        yield states


def _entries(matrices: Array) -> list[list[Array]]:
    return [
        [np.ascontiguousarray(matrices[:, a, b]) for b in range(matrices.shape[2])] for a in range(matrices.shape[1])
    ]


def _applied(matrix: list[list[Array]], states: list[Array]) -> list[Array]:
    return [sum((m * s for m, s in zip(row, states, strict=True)), np.zeros(1)) for row in matrix]


@dataclass(frozen=True)
class Norm:
    """A norm on states, scaled by ``scales``, in which powers of the matrix fall below 1 over the whole interval.

    ``reach`` ≥ ‖e₁ᵀAⁱ‖ for all i ≥ 0 and all curvatures, so no later error is above reach·‖state‖.
    """

    scales: tuple[float, ...]
    reach: float
    margin: float

    def future(self, states: list[Array]) -> float:
        """A bound of the errors at this step and all later ones."""
        sizes = (float(np.abs(s).max()) * d for s, d in zip(states, self.scales, strict=True))
        return self.reach * self.margin * hypot(*sizes)


def _norm(matrices: Array, margin: float, steps: int) -> Norm | None:
    """Powers of the matrix until one is below 1 in norm; None where none of the first ``steps`` is proven to be."""
    scales, reach = _scales(matrices), 1.0 / margin
    matrix = _entries(matrices)
    columns = [[np.full(len(matrices), float(a == b)) for a in range(len(matrix))] for b in range(len(matrix))]
    for _ in range(steps):
        columns = [_applied(matrix, column) for column in columns]
        sizes = np.array([[np.abs(entry).max() for entry in column] for column in columns]).T
        sizes *= np.outer(scales, 1 / scales)
        if float(np.linalg.norm(sizes)) * margin < 1:
            return Norm(tuple(scales), reach * margin, margin)
        reach = max(reach, float(np.linalg.norm(sizes[0])))
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
