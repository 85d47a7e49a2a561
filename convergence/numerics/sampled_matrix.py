"""Iteration matrices sampled from a rule: its results on states with one entry. Nothing is derived here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from convergence.errors import NotLinear
from convergence.numerics.replay import Parabolas
from convergence.problem.arrays import Array
from convergence.rule import Method
from convergence.theory.system import system_in_time

SHORT = 24
"""Up to so many steps it is faster to take them than to raise matrices to powers."""

UNIT = 2.0**-200
"""The size of a unit state: so small that a smooth rule is linear there, and a power of two, which rounds nothing."""


def positions(method: Method, steps: int, curvatures: Array, settings: dict[str, Any], count: int) -> Array:
    """p_k on curvatures (m,) for settings (count, 1): (count, m). By powers of the matrix where the method has no clock."""
    f = Parabolas(np.broadcast_to(curvatures, (count, len(curvatures))))
    shape = f.curvature.shape
    with np.errstate(all="ignore"):
        state = method.start(f, np.ones(shape))
        if steps <= SHORT or not _clockless(method):
            for _ in range(steps):
                state = method(f, *state, **settings)
            return np.asarray(np.broadcast_to(state[0], shape))
        matrix = sampled_matrix(method, f.curvature, settings)
        column = np.stack([np.broadcast_to(s, shape) for s in state], axis=-1)[..., None]
        return np.asarray((np.linalg.matrix_power(matrix, steps) @ column)[..., 0, 0])


@cache
def _clockless(method: Method) -> bool:
    try:
        return system_in_time(method).linear and system_in_time(method).clock is None
    except NotLinear:
        return False


def sampled_matrix(method: Method, curvature: Array, settings: Mapping[str, Any]) -> Array:
    """The iteration matrix (..., n, n) read off the rule: its result on each unit state."""
    shape = np.broadcast_shapes(np.shape(curvature), *(np.shape(v) for v in settings.values()))
    columns = []
    for unit in UNIT * np.eye(len(method.state)):
        after = method(Parabolas(curvature), *(np.full(shape, entry) for entry in unit), **settings)
        columns.append(np.stack([np.broadcast_to(entry, shape) for entry in after], axis=-1))
    return np.stack(columns, axis=-1) / UNIT
