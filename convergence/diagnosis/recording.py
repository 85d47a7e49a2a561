"""The iterates of a run, as somebody logged them, go in; checked arrays, cut to what they can tell, come out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.errors import BadData
from convergence.numerics.runs import Run

Array = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)

LONGEST = 2000
"""Steps that are looked at: more add time, and hardly information."""

ARRIVED = 8.0
"""Steps that move by less than so many units in the last place say nothing: the run has arrived."""

GROWN = 1e14
"""Rows that have moved this much farther than the first one show the fastest direction only, and round the rest away."""

LEAST = 3
"""A fit needs this many steps more than there are directions to be told apart."""

GRAINS = 8.0
"""No number computed from a log is better than so many units in the last place of it, nor are the settings of its run."""

TINY = 1e-60
"""A run that ends at zero exactly is still weighed by numbers that can be divided by."""


@dataclass(frozen=True, eq=False)
class Log:
    """``x`` (steps+1, d), ``gradients`` of the same shape or None, and what was cut off, in words.

    ``grain`` is the relative spacing of the numbers that it was logged in: that of doubles, or of single precision.
    """

    x: Array
    gradients: Array | None
    notes: tuple[str, ...]
    grain: float = EPS

    @property
    def steps(self) -> int:
        return len(self.x) - 1

    def noise(self, relative: bool) -> Array:
        """One rounding of an iterate (steps+1,): of each one's own size, or of the largest's."""
        size = np.linalg.norm(self.x, axis=1)
        top = max(float(size.max()), TINY)
        return EPS * (np.maximum(size, TINY * top) if relative else np.full(len(size), top))


def recorded(iterates: Any, gradients: Any = None) -> Log:
    """A Run, an array (steps+1, d), or a single weight's series (steps+1,), with the gradients at the iterates if logged.

    The log ends before a number that is not finite, and where the run has arrived. BadData where too little is left.
    """
    if isinstance(iterates, Run):
        gradients = iterates.grad if gradients is None else gradients
        iterates = iterates.x
    x, coarse = _series(iterates, "iterates")
    g = None if gradients is None else _series(gradients, "gradients")[0]
    if g is not None and g.shape not in (x.shape, (len(x) - 1, x.shape[1])):
        raise BadData(f"gradients must be those at the iterates, of shape {x.shape}, last row optional; got {g.shape}")
    notes: list[str] = []
    end = _finite(x)
    if end < len(x):
        notes.append(f"the log overflows at row {end + 1}; the rows before are used")
    end = min(end, _grown(x[:end]))
    last = _arrived(x[:end], coarse)
    if last < end:
        notes.append(f"the run has arrived after {last - 1} steps; later rows repeat it")
    if last > LONGEST + 1:
        notes.append(f"the first {LONGEST} steps are used")
    last = min(last, LONGEST + 1)
    _require_movement(x[:last], len(x))
    return Log(x[:last], None if g is None else g[:last], tuple(notes), coarse)


def require_steps(steps: int, directions: int) -> None:
    """BadData, with the number that is needed, where a run is too short to tell so many directions apart."""
    if steps < directions + LEAST:
        raise BadData(
            f"a run that moves in {directions} direction(s) needs at least {directions + LEAST} steps "
            f"({directions + LEAST + 1} rows) before it arrives or overflows; got {max(steps, 0)}: log more of them"
        )


def _series(values: Any, name: str) -> tuple[Array, float]:
    """The array (steps+1, d), and the relative spacing of the numbers it was logged in."""
    try:
        given = np.asarray(values)
        array = given.astype(float)
    except (TypeError, ValueError):
        raise BadData(f"{name} must be numbers, a row a step: (steps+1, d); got {type(values).__name__}") from None
    if given.dtype.kind not in "iuf" or array.ndim not in (1, 2) or not array.size:
        raise BadData(f"{name} must be real numbers, a row a step: (steps+1, d); got {given.dtype} {given.shape}")
    array = array[:, None] if array.ndim == 1 else array
    _require_no_gap(array, name)
    if np.isnan(array[0]).any():
        raise BadData(f"{name} must begin with finite numbers; the first row is {array[0]}")
    with np.errstate(over="ignore", invalid="ignore"):
        single = bool(np.array_equal(array, array.astype(np.float32), equal_nan=True))
    return array, float(np.finfo(np.float32).eps) if single else EPS


def _require_no_gap(array: Array, name: str) -> None:
    """BadData for a NaN with numbers after it: a run that overflowed stays so, this one lost an entry."""
    whole = np.nonzero(np.isfinite(array).all(axis=1))[0]
    gaps = np.argwhere(np.isnan(array[: whole[-1]])) if whole.size else np.empty((0, 2), dtype=int)
    gaps = gaps[gaps[:, 0] > 0]
    if len(gaps):
        row, column = gaps[0] + 1
        raise BadData(
            f"{name} must be numbers up to where the run overflows; row {row} has a NaN (in column {column} of "
            f"{array.shape[1]}) with numbers after it: log that row again, or cut the log before it"
        )


def _finite(x: Array) -> int:
    """The number of rows before one that is not finite, or so large that its square is not."""
    good = (np.abs(x) < 1e150).all(axis=1)
    return len(x) if good.all() else int(good.argmin())


def _grown(x: Array) -> int:
    """The number of rows before the run has grown beyond what its rounding lets the other directions show."""
    away = np.abs(x - x[0]).max(axis=1)
    moved = away[away > 0]
    far = np.nonzero(away > GROWN * moved[0])[0] if moved.size else moved
    return max(int(far[0]), 12) if len(far) else len(x)


def _arrived(x: Array, coarse: float) -> int:
    """The number of rows up to the last that still moved by more than its rounding."""
    moved = np.abs(np.diff(x, axis=0)).max(axis=1, initial=0.0)
    moving = np.nonzero(moved > ARRIVED * coarse * np.abs(x[1:]).max(axis=1, initial=0.0))[0]
    return int(moving[-1]) + 2 if moving.size else min(len(x), 1)


def _require_movement(x: Array, rows: int) -> None:
    if len(x) < 2:
        raise BadData(f"the log must show a run that moves; its {rows} row(s) are all the same, or not finite")
    require_steps(len(x) - 1, 1)
