"""Rows of numbers go in; what of them can be drawn comes out: finite, positive on a log axis, equal ones merged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from convergence.figures.findings.ticks import plain_powers

Array = NDArray[np.float64]

SPAN = 1e-20  # a log axis goes no further below its first values: there is only rounding
HUGE = 1e200  # where a log axis ends: its ticks, far apart, must not overflow
SAME = 1e-6  # relative: curves nearer than this lie on each other at any printed size
ROUNDING = 1e-12  # of the largest value: below it, equal curves differ by rounding


@dataclass(frozen=True)
class Group:
    """Curves that lie on one another, drawn once under all their names; ``first`` is the row that is drawn."""

    names: tuple[str, ...]
    first: int

    @property
    def label(self) -> str:
        return " = ".join(self.names)


def finite(values: ArrayLike, limit: float = np.inf) -> Array:
    """The values, with NaN (which is not drawn) for what is not finite or beyond the limit."""
    array = np.asarray(values, dtype=np.float64)
    return np.where(np.isfinite(array) & (np.abs(np.nan_to_num(array)) <= limit), array, np.nan)


def positive(values: ArrayLike) -> Array:
    """The values as a log axis can show them: NaN for zero, below, and what is not finite."""
    array = finite(values)
    return np.where(np.nan_to_num(array) > 0, array, np.nan)


def vanished(values: ArrayLike) -> bool:
    """Whether a curve has values that are exactly zero, which a log axis cannot show."""
    return bool((np.asarray(values) == 0).any())


def grouped(names: Iterable[str], rows: Sequence[ArrayLike]) -> list[Group]:
    """The curves in their order, those that coincide merged into one."""
    groups: list[Group] = []
    for i, name in enumerate(names):
        at = next((k for k, group in enumerate(groups) if coincide(rows[group.first], rows[i])), None)
        if at is None:
            groups.append(Group((name,), i))
        else:
            groups[at] = Group((*groups[at].names, name), groups[at].first)
    return groups


def coincide(one: ArrayLike, other: ArrayLike) -> bool:
    """Whether two curves cannot be told apart in a picture."""
    a, b = finite(one), finite(other)
    if a.shape != b.shape:
        return False
    largest = np.fmax(np.abs(a), np.abs(b))
    floor = ROUNDING * np.nanmax(largest) if np.isfinite(largest).any() else 0.0
    near = np.abs(a - b) <= np.maximum(SAME * largest, floor)
    return bool((near | (np.isnan(a) & np.isnan(b))).all())


def log_axis(ax: Axes, rows: Sequence[Array]) -> None:
    """A logarithmic vertical axis round the rows, no deeper than rounding; (10⁻³, 1) where there is nothing to show."""
    ax.set_ylim(*_depth(rows))  # before the scale, which would otherwise look for limits of its own
    ax.set_yscale("log", nonpositive="mask")
    plain_powers(ax.yaxis)


def _depth(rows: Sequence[Array]) -> tuple[float, float]:
    shown = [row[np.isfinite(row)] for row in rows]
    shown = [row for row in shown if row.size]
    if not shown:
        return 1e-3, 1.0
    deepest = SPAN * max(float(row[0]) for row in shown)
    low, high = max(min(float(row.min()) for row in shown), deepest), max(float(row.max()) for row in shown)
    return max(low / 3, 1 / HUGE), min(high * 3, HUGE) if high < HUGE else HUGE


def span(values: ArrayLike, log: bool = False) -> tuple[float, float]:
    """Limits of an axis that shows the finite values; never empty."""
    array = finite(values).ravel()
    array = array[np.isfinite(array) & ((array > 0) | (not log))]
    low, high = (float(array.min()), float(array.max())) if array.size else (1.0, 1.0)
    if high > low:
        return low, high
    return (low / 2, low * 2) if log else (low - 0.5 * (abs(low) or 1), low + 0.5 * (abs(low) or 1))


def step_axis(ax: Axes, steps: Sequence[int]) -> None:
    """The axis of all the steps, also where little of them can be drawn; whole numbers."""
    last = max([1, *steps])
    ax.set_xlim(-0.02 * last, 1.02 * last)
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))


def every(count: int, most: int = 24) -> int:
    """Each how many points to set a marker, so that there are at most ``most``."""
    return max(1, -(-count // most))
