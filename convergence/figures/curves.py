"""Rows of numbers as a chart can show them: finite, rounded, positive on a logarithmic axis, equal ones merged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from convergence.figures.style import LETTERS, LOOKS, MOST, left_out, log_scale, wrapped

Array = NDArray[np.float64]

DIGITS = 6
"""Significant digits of what is drawn: the last ones of a double depend on the processor's vector units."""

BASELINES = {"gradient descent", "Nesterov"}
"""Methods that others are compared with: they are drawn wherever they are given."""

SPAN = 1e-20
"""A logarithmic axis goes no further below its first values: there is only rounding."""

HUGE = 1e200
"""Where a logarithmic axis ends: its ticks, far apart, must not overflow."""

SAME, ROUNDING = 1e-6, 1e-12
"""Curves nearer than this lie on each other at any printed size: relative, and in parts of the largest value."""


@dataclass(frozen=True)
class Group:
    """Curves that lie on one another, drawn once under all their names; ``first`` is the row that is drawn."""

    names: tuple[str, ...]
    first: int

    @property
    def label(self) -> str:
        """Their names, as many as a line of a legend has room for, and how many more there are."""
        whole = " = ".join(self.names)
        for hidden in range(1, len(self.names) if len(whole) > LETTERS else 0):
            whole = " = ".join((*self.names[:-hidden], f"{hidden} more"))
            if len(whole) <= LETTERS:
                break
        return whole


def finite(values: ArrayLike, limit: float = np.inf) -> Array:
    """The values rounded, with NaN (which is not drawn) for what is not finite or beyond the limit."""
    array = np.asarray(values, dtype=np.float64)
    with np.errstate(all="ignore"):
        kept = np.where(np.abs(array) <= limit, array, np.nan) + 0.0
        scale = 10.0 ** np.clip(DIGITS - 1 - np.floor(np.log10(np.abs(kept))), -300, 300)
        rounded = np.round(kept * scale) / scale
    return np.where(np.isfinite(rounded), rounded, np.where(np.isfinite(kept), kept, np.nan))


def positive(values: ArrayLike) -> Array:
    """The values as a logarithmic axis can show them: NaN for zero, below, and what is not finite."""
    array = finite(values)
    return np.where(np.nan_to_num(array) > 0, array, np.nan)


def grouped(names: Iterable[str], rows: Sequence[ArrayLike]) -> list[Group]:
    """The curves in their order, those that coincide merged into one."""
    members: dict[int, list[str]] = {}
    for i, name in enumerate(names):
        first = next((k for k in members if coincide(rows[k], rows[i])), i)
        members.setdefault(first, []).append(name)
    return [Group(tuple(same), first) for first, same in members.items()]


def coincide(one: ArrayLike, other: ArrayLike) -> bool:
    """Whether two curves cannot be told apart in a picture."""
    a, b = (np.where(np.isfinite(row), row, np.nan) for row in (np.asarray(one, float), np.asarray(other, float)))
    if a.shape != b.shape:
        return False
    largest = np.fmax(np.abs(a), np.abs(b))
    floor = ROUNDING * np.nanmax(largest) if np.isfinite(largest).any() else 0.0
    near = np.abs(a - b) <= np.maximum(SAME * largest, floor)
    return bool((near | (np.isnan(a) & np.isnan(b))).all())


def foremost(groups: Sequence[Group], merit: Callable[[int], float], most: int = MOST) -> list[Group]:
    """The groups that are drawn, in their order: of too many the ``BASELINES``, and those of least ``merit`` (of their row)."""

    def rank(group: Group) -> tuple[bool, float]:
        return BASELINES.isdisjoint(group.names), float(np.nan_to_num(merit(group.first), nan=np.inf))

    best = sorted(groups, key=rank)[:most]
    return [group for group in groups if group in best]


def draw(
    ax: Axes,
    curves: Mapping[str, tuple[ArrayLike, Array]],
    merit: Callable[[Array], float] = lambda row: 0.0,
    marks: int = 0,
    noun: str = "curve",
    hidden: int = 0,
) -> tuple[list[Array], list[str]]:
    """A line with some ``marks`` for each different curve (x, y), those of least ``merit`` where there are too many.

    Returns the values that are drawn, and the remark on those that are not, and on as many ``hidden`` ones more.
    """
    places, rows = [x for x, _ in curves.values()], [y for _, y in curves.values()]
    groups = grouped(curves, rows)
    shown = foremost(groups, lambda k: merit(rows[k]))
    for group, look in zip(shown, LOOKS, strict=False):
        own = {**look.marked, "markevery": every(len(rows[group.first]), marks)} if marks else look.line
        ax.plot(finite(places[group.first]), rows[group.first], **own, label=wrapped(group.label))
    return [rows[group.first] for group in shown], left_out(hidden + len(groups) - len(shown), noun)


def at_end(row: Array) -> float:
    """The merit of a curve that ought to be low at its end; one that has sunk to nothing has the most."""
    return float(row[-1]) if np.isfinite(row[-1]) else float(np.isfinite(row).sum()) * 1e-300


def log_axis(ax: Axes, rows: Sequence[Array]) -> None:
    """A logarithmic vertical axis round the rows, no deeper than rounding; (10⁻³, 1) where there is nothing to show."""
    ax.set_ylim(*_depth(rows))  # before the scale, which would otherwise look for limits of its own
    log_scale(ax.yaxis, nonpositive="mask")


def _depth(rows: Sequence[Array]) -> tuple[float, float]:
    shown = [row[np.isfinite(row)] for row in rows]
    shown = [row for row in shown if row.size]
    if not shown:
        return 1e-3, 1.0
    deepest = SPAN * max(float(row[0]) for row in shown)
    low, high = max(min(float(row.min()) for row in shown), deepest), max(float(row.max()) for row in shown)
    room = max(3.0, (high / low) ** 0.08)
    return max(low / room, 1 / HUGE), min(high * room, HUGE)


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
