"""The log of a run: checked arrays, their steps read, cut to the rows that can tell something."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.errors import BadData
from convergence.numerics.runs import Run

Array = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)

LONGEST = 2000
"""Rows that are looked at: more add time, and hardly information."""

STILL = 8.0
"""Steps that move by less than so many units in the last place say nothing: the run has arrived."""

GROWN = 1e14
"""Rows that have moved this much farther than the first one show the fastest direction only, and round the rest away."""

ENOUGH = 16
"""So many rows are kept all the same: losses in three directions need them, and are weighed row by row."""

LEAST = 3
"""A fit needs this many rows more than there are directions to be told apart, and the first one."""

TINY = 1e-60
"""A run that ends at zero exactly is still weighed by numbers that can be divided by."""


@dataclass(frozen=True, eq=False)
class Log:
    """``x`` (rows, d) at ``places`` (rows,), which count strides of ``stride`` steps from 0 on; what was cut off, in words.

    ``first`` and ``last`` are the first and the last step, before anything was cut. ``gradients`` (rows or fewer, d), or
    None. ``grain`` is the relative spacing of the numbers that it was logged in: that of doubles, or of single precision.
    ``losses``: x is the one column of losses.
    """

    x: Array
    gradients: Array | None
    places: NDArray[np.intp]
    stride: int
    notes: tuple[str, ...]
    grain: float = EPS
    losses: bool = False
    first: int = 0
    last: int = 0

    @property
    def steps(self) -> int:
        """Steps from the first row to the last."""
        return int(self.places[-1]) * self.stride

    @property
    def power(self) -> int:
        """The power of an eigenvalue of one step that the log shows: of so many steps between rows, and losses are squares."""
        return self.stride * (2 if self.losses else 1)

    @cached_property
    def sizes(self) -> Array:
        """What each row (rows,) was rounded beside: itself, or the step that led to it; never zero.

        A loss is the square of a distance that was rounded beside the first one, where that was larger.
        """
        moved = np.linalg.norm(np.diff(self.x, axis=0), axis=1)
        size = np.maximum(np.linalg.norm(self.x, axis=1), np.concatenate([moved[:1], moved]))
        size = np.maximum(size, np.sqrt(size * size[0])) if self.losses else size
        return np.asarray(np.maximum(size, TINY * max(float(size.max()), TINY)))

    def noise(self, relative: bool) -> Array:
        """One rounding of each row (rows,): of its own size, or of the largest's."""
        return EPS * (self.sizes if relative else np.full(len(self.x), self.sizes.max()))

    @cached_property
    def windows(self) -> NDArray[np.intp]:
        """The first of each four rows that are one stride apart."""
        return np.nonzero(self.places[3:] - self.places[:-3] == 3)[0]


def recorded(iterates: Any, gradients: Any = None, steps: Any = None, losses: bool = False) -> Log:
    """A Run, an array (rows, d), or a single series (rows,), with the gradients at the iterates and the steps if logged.

    The log ends before a number that is not finite, and where the run has arrived. BadData where too little is left.
    """
    if isinstance(iterates, Run):
        gradients = iterates.grad if gradients is None else gradients
        iterates = iterates.x
    x, coarse = _series(iterates, "losses" if losses else "iterates")
    g = None if gradients is None else _series(gradients, "gradients")[0]
    if g is not None and g.shape not in (x.shape, (len(x) - 1, x.shape[1])):
        raise BadData(f"gradients must be those at the iterates, of shape {x.shape}, last row optional; got {g.shape}")
    order, first, places, stride, notes = _counted(steps, len(x))
    if g is not None:
        g = g[order[order < len(g)]] if len(g) == len(x) or (order == np.arange(len(x))).all() else None
    x, whole = x[order], places
    end = _finite(x)
    if end < len(x):
        notes.append(f"the log overflows at row {end + 1}; the rows before are used")
    end = min(end, _grown(x[:end]))
    last = end if losses else _arrived(x[:end], coarse)
    if last < end:
        notes.append(f"the run has arrived after {places[last - 1] * stride} steps; later rows repeat it")
    if last > LONGEST + 1:
        notes.append(f"the first {LONGEST} steps are used" if stride == 1 else f"the first {LONGEST + 1} rows are used")
    last = min(last, LONGEST + 1)
    if len(x[:last]) < 2 or not np.ptp(x[:last], axis=0).any():
        raise BadData(f"the log must show a run that moves; its {len(x)} row(s) are all the same, or not finite")
    require_rows(last, 1)
    return Log(
        x[:last],
        None if g is None else g[:last],
        places[:last],
        stride,
        tuple(notes),
        coarse,
        losses,
        first,
        first + int(whole[-1]) * stride,
    )


def require_rows(rows: int, directions: int) -> None:
    """BadData, with the number that is needed, where a run is too short to tell so many directions apart."""
    if rows < directions + LEAST + 1:
        raise BadData(
            f"a run that moves in {directions} direction(s) needs at least {directions + LEAST} steps "
            f"({directions + LEAST + 1} rows) before it arrives or overflows; got {max(rows - 1, 0)}: log more of them"
        )


def _counted(steps: Any, rows: int) -> tuple[NDArray[np.intp], int, NDArray[np.intp], int, list[str]]:
    """The order of the rows by their steps, the first step, their places in strides, the stride, and what was odd."""
    if steps is None:
        return np.arange(rows), 0, np.arange(rows), 1, []
    counted = np.asarray(steps, dtype=float).ravel()
    if len(counted) != rows or not np.isfinite(counted).all() or (counted != np.round(counted)).any():
        raise BadData(f"steps must be whole numbers, one for each of {rows} rows; got {len(counted)} of them")
    whole, order = np.unique(counted[::-1].astype(np.int64), return_index=True)
    order = rows - 1 - order  # of rows that repeat a step, the last
    notes = []
    if len(order) < rows:
        notes.append(f"{rows - len(order)} rows repeat a step; the last of each is used")
    if (np.diff(order) < 0).any():
        notes.append("the rows are not in the order of their steps; they were sorted")
    gaps = np.diff(whole)
    stride = int(np.gcd.reduce(gaps)) if len(gaps) else 1
    if stride > 1:
        notes.append(
            f"a row every {stride} steps: of the eigenvalues of one step whose {stride}-th power the log shows, those "
            f"of the smallest lr·λ are told"
        )
    if (gaps > stride).any():
        notes.append(f"{int((gaps > stride).sum())} gap(s) between the rows' steps; no row is made up for them")
    return order, int(whole[0]), ((whole - whole[:1]) // max(stride, 1)).astype(np.intp), max(stride, 1), notes


def _series(values: Any, name: str) -> tuple[Array, float]:
    """The array (rows, d), and the relative spacing of the numbers it was logged in."""
    try:
        given = np.asarray(values)
        array = given.astype(float)
    except (TypeError, ValueError, OverflowError):
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
    """BadData for a NaN or ∞ with numbers after it: a run that overflowed stays so, this one lost an entry."""
    whole = np.flatnonzero(np.isfinite(array).all(axis=1))
    gaps = np.argwhere(~np.isfinite(array[1 : whole[-1] if whole.size else 0]))
    if len(gaps):
        row, column = gaps[0]
        raise BadData(
            f"{name} must be numbers up to where the run overflows; row {row + 2} has {array[row + 1, column]:g} (in column "
            f"{column + 1} of {array.shape[1]}) with numbers after it: log that row again, or cut the log before it"
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
    return max(int(far[0]), ENOUGH) if len(far) else len(x)


def _arrived(x: Array, coarse: float) -> int:
    """The number of rows up to the last that still moved by more than its rounding, and two that show the rest.

    All of them where a single step did not move: a run that swings stands still for one where it turns, and never for two.
    """
    moved = np.abs(np.diff(x, axis=0)).max(axis=1, initial=0.0)
    moving = np.nonzero(moved > STILL * coarse * np.abs(x[1:]).max(axis=1, initial=0.0))[0]
    if not moving.size:
        return min(len(x), 1)
    return int(moving[-1]) + 2 if len(moved) - moving[-1] > 2 else len(x)
