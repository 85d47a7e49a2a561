"""What rounding leaves open of a function whose points are floats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

EPS = float(np.finfo(float).eps)
FEW = 16.0
"""Units in the last place by which a number may be off that was computed in a handful of operations."""


def rounding(*sizes: Any) -> float:
    """How far two floats may be apart that stand for one number, computed from numbers of these sizes."""
    return FEW * EPS * max(float(np.max(np.abs(size))) for size in sizes)


def half_of_digits(*sizes: Any) -> float:
    """Half of the digits of such numbers: to this a run that has settled, or Newton's method, is near, and ends are not."""
    return float(np.sqrt(EPS)) * max(float(np.max(np.abs(size))) for size in sizes)


def unsure(f: Callable[[Array], Array], x: Array, reach: float = 0.0) -> float:
    """How much a gradient or a Hessian is off at x (d,): what it changes where x moves by a rounding, and its own rounding.

    ``reach`` is the size of the numbers that x was computed from, where these are larger.
    """
    here = f(x)
    moves = [step * side for step in np.diag(FEW * EPS * np.maximum(np.abs(x), reach)) for side in (-1, 1)]
    return max([rounding(here), *(float(np.abs(f(x + move) - here).max()) for move in moves)])
