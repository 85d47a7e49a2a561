"""The open loops of all steps of a run as functions of its learning rates, with their derivatives: arrays over directions.

A step takes the state s of a direction to A·s + B·ξ, and asks for gradients at R·s. States come first and directions
last: for one state and thousands of directions a product of matrices is then one of long arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import sympy as sp

from convergence.crossing import Compiled, compiled
from convergence.numerics.matrices import arguments
from convergence.problem.arrays import Array
from convergence.rule import Method
from convergence.theory.gradient_noise import answered_points, entering, heard
from convergence.theory.loop import Loop
from convergence.theory.system import system_in_time


@dataclass(frozen=True, eq=False)
class Loops:
    """Those of K steps, or their derivatives by each step's rate.

    Attributes
    ----------
    closed
        (K, s, s, d), A; the last axis is 1 where all directions have the same, here and below.
    enters
        (K, s, g, d), B.
    asked
        (K, g, s, d), R.
    """

    closed: Array
    enters: Array
    asked: Array


def loops(
    method: Method, curvatures: Array, rates: Array, others: Mapping[str, Any], readings: Array, slope: bool = False
) -> Loops:
    """The loops at rates (K,), with the other hyperparameters (numbers, or (K,)) and the readings (K, c) of the clocks.

    ``slope``: their derivatives by the rate.
    """
    settings = {name: rates if name == method.rate else others[name] for name in method.hyper}
    columns = [np.asarray(v, dtype=float)[:, None] if np.ndim(v) else v for v in settings.values()]
    clocks = [reading[:, None] for reading in readings.T]
    parts = (
        _filled(function(curvatures, *columns, *clocks), shape, len(rates))
        for function, shape in _functions(method, slope)
    )
    return Loops(*parts)


def _filled(entries: list[Any], shape: tuple[int, int], steps: int) -> Array:
    """Matrices (K, *shape, d) of entries that broadcast to (K, d); d is 1 where none of them depends on the direction."""
    full = np.broadcast_shapes((1, 1), *(np.shape(entry) for entry in entries))
    matrices = np.empty((full[0], len(entries), full[1]))
    for place, entry in enumerate(entries):
        matrices[:, place] = entry
    return np.broadcast_to(matrices.reshape(full[0], *shape, full[1]), (steps, *shape, full[1]))


@cache
def _functions(method: Method, slope: bool) -> tuple[tuple[Compiled, tuple[int, int]], ...]:
    clock = system_in_time(method).clock
    letters = (*arguments(method), *(clock.letters if clock else ()))
    rate = method.symbols[str(method.rate)]
    parts = formulas(system_in_time(method).loop_in_time)
    return tuple(
        (compiled(letters, tuple(sp.diff(part, rate) if slope else part)), (part.rows, part.cols)) for part in parts
    )


def formulas(loop: Loop) -> tuple[sp.Matrix, sp.Matrix, sp.Matrix]:
    """A, B and R: B and R of the gradients alone, since a Newton step has no noise of its own."""
    asked, _ = answered_points(loop)
    return loop.closed(), entering(loop, fresh=True), asked.extract(heard(loop), list(range(asked.cols)))
