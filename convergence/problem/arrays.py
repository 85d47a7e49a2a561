"""Validation of data: matrices, targets and lists of curvatures as float64 arrays, or ``BadData`` with the way out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from convergence.errors import BadData

Array = NDArray[np.float64]

_LARGEST = 1e60  # a curvature goes with the square of the data, and theory squares curvatures again


def checked_array(values: ArrayLike, name: str, ndim: int) -> Array:
    array = _real(values, name)
    if array.ndim != ndim or array.size == 0:
        wanted = ("one number a row, (n,)", "a matrix of at least one row and one column, (n, d)")[ndim - 1]
        hint = _SHAPE_HINTS.get((name, array.ndim), "")
        raise BadData(f"{name} must be {wanted}, got shape {array.shape}{hint}")
    return array


_SHAPE_HINTS = {
    ("X", 1): "; for a single column use X.reshape(-1, 1)",
    ("y", 2): "; use y.ravel() or, of several targets, one: y[:, 0]",
}


def _real(values: ArrayLike, name: str) -> Array:
    if isinstance(values, np.ma.MaskedArray):
        raise BadData(f"{name} must be a plain array, got a masked one; fill or drop the masked entries")
    if hasattr(values, "toarray"):
        raise BadData(f"{name} must be a dense array, got a sparse one; give {name}.toarray()")
    try:
        array = np.asarray(values)
    except ValueError:
        raise BadData(f"{name} must be an array, got rows of different lengths; make them equal") from None
    if array.dtype.kind not in "biuf":
        way_out = "split it in two" if array.dtype.kind == "c" else "convert it with numpy.asarray(…, dtype=float)"
        raise BadData(f"{name} must hold real numbers, got {array.dtype.name}; {way_out}")
    with np.errstate(over="ignore"):  # a wider float that does not fit becomes inf, and is found later
        return np.asarray(array, dtype=np.float64)


def floats(values: Any) -> Array:
    """A float array of at least one dimension; one nan where there are no real numbers, so that the caller's check fails.

    NumPy makes floats of dates, of words, and of complex numbers by dropping a part: none of these is one.
    """
    try:
        given = np.asarray(values)
        return np.atleast_1d(given.astype(float)) if given.dtype.kind in "biufO" else np.array([np.nan])
    except (TypeError, ValueError, OverflowError):
        return np.array([np.nan])


def one_number(value: Any) -> float:
    """The value as a float; nan where it is not one number, so that the caller's check fails. True and False are none."""
    numbers = floats(value)
    return float(numbers[0]) if numbers.shape == (1,) and not isinstance(value, bool) else float("nan")


def is_whole(value: Any, least: float = 1, most: float = float("inf")) -> bool:
    """Whether a value is a whole number between these, both included. True and False are none."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(least <= value <= most)


def checked_numbers(values: Any, name: str) -> Array:
    """Numbers (m,), finite, 0 or more, not all 0. BadData for anything else."""
    numbers = floats(values)
    if numbers.ndim != 1 or not np.isfinite(numbers).all() or (numbers < 0).any() or not numbers.any():
        raise BadData(f"{name} must be a list of finite numbers, 0 or more and not all 0; got {short(values)}")
    return numbers


def short(values: Any) -> str:
    """The value as an error message repeats it: its beginning, where it is long."""
    text = repr(values)
    return text if len(text) <= 80 else f"{text[:77]}…"


def column_names(columns: Iterable[str] | None, count: int) -> tuple[str, ...]:
    names = tuple(f"x{i + 1}" for i in range(count)) if columns is None else tuple(map(str, columns))
    if len(names) != count or len(set(names)) != count:
        raise BadData(f"columns must be {count} different names, one a column of X; got {', '.join(names) or 'none'}")
    return names


def require_usable(X: Array, y: Array, columns: tuple[str, ...]) -> None:
    if len(X) != len(y):
        raise BadData(f"X and y must have the same number of rows, got {len(X)} and {len(y)}; is X transposed?")
    largest = _require_finite(X, lambda at: f"X[{at[0]}, {at[1]}] (column {columns[at[1]]})")
    _require_finite(y, lambda at: f"y[{at[0]}]")
    if largest == 0.0:
        raise BadData("X must have an entry other than zero, got only zeros; there is no direction to learn")
    if largest < 1 / _LARGEST:
        raise BadData(f"X must not vanish when squared, its largest entry is {largest:.3g}; rescale the data")


def _require_finite(array: Array, place: Callable[[NDArray[np.intp]], str]) -> float:
    largest = float(max(array.max(), -array.min()))
    if largest <= _LARGEST:  # False for NaN too
        return largest
    at = np.argwhere(~(np.abs(array) <= _LARGEST))[0]
    raise BadData(
        f"the data must be finite, and at most {_LARGEST:g} in size so that curvatures do not overflow; "
        f"{place(at)} is {array[tuple(at)]:g}: drop or fill that row, or rescale the data"
    )
