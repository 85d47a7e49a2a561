"""A method, curvatures and many settings go in; p_k for all of them at once comes out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.numerics.linearity import Parabolas, known_linear
from convergence.rule import Method

Array = NDArray[np.float64]

SHORT = 24
"""Up to so many steps it is faster to take them than to raise matrices to powers."""


def positions(method: Method, steps: int, curvatures: Array, settings: dict[str, Any], count: int) -> Array:
    """p_k on curvatures (m,) for settings (count, 1): (count, m). By powers of the matrix where the method has no clock."""
    f = Parabolas(np.broadcast_to(curvatures, (count, len(curvatures))))
    with np.errstate(all="ignore"):
        state = method.start(f, np.ones(f.curvature.shape))
        if steps <= SHORT or not known_linear(method):
            for _ in range(steps):
                state = method(f, *state, **settings)
            return np.asarray(np.broadcast_to(state[0], f.curvature.shape))
        units = np.eye(len(state))
        columns = [method(f, *(np.full(f.curvature.shape, u) for u in unit), **settings) for unit in units]
        matrix = np.stack([np.stack(column, axis=-1) for column in columns], axis=-1)
        return _powered(matrix, np.stack(state, axis=-1)[..., None], steps)[..., 0, 0]


def _powered(matrix: Array, state: Array, steps: int) -> Array:
    while steps:
        if steps & 1:
            state = matrix @ state
        steps >>= 1
        matrix = matrix @ matrix if steps else matrix
    return state
