"""Rows of numbers as a chart can show them: finite, rounded, positive on a logarithmic axis, equal ones merged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Annotation
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from convergence.figures.style import BLACK, LOOKS, MOST, PAPER, left_out, legend, log_scale, note, wrapped

Array = NDArray[np.float64]

DIGITS = 6
"""Significant digits of what is drawn: the last ones of a double depend on the processor's vector units."""

SPAN = 1e-20
"""A logarithmic axis goes no further below its first values: there is only rounding."""

HUGE = 1e200
"""Where a logarithmic axis ends: its ticks, far apart, must not overflow."""

SAME, ROUNDING = 1e-6, 1e-12
"""Curves nearer than this lie on each other at any printed size: relative, and in parts of the largest value."""


MARGIN = np.array([0.03, 0.02])
"""Between a point and its words, in parts of the axes."""

POINTS = np.array([350.0, 200.0])
"""About the width and the height of the axes of a single panel, in typographical points."""

BAR = 0.8
"""What a scale of colours beside a panel leaves of its width."""

GUIDE, NAME = 0, 1
"""Layers: faint lines that guide the eye lie below names, on whose paper they end; what is drawn lies above both."""

RIM = 0.6 * MARGIN * [(across, up) for across in (-1, 0, 1) for up in (-1, 0, 1)]
"""From the middle of a marker to points on its rim."""

BESIDE = np.array([(across, up) for up in (1.35, -1.35) for across in (0.0, 1.05, -1.05)])
"""Where the name of a line may stand about a point of it, in halves of its own size."""

FARTHER = np.array([(across, up) for up in (3.5, -3.5) for across in (0.0, 1.05, -1.05, 2.2, -2.2)])
"""Where it stands when other words are there: lines may leave the figure side by side."""

WORDS, MARKS, FAR = 1000, 50, 300
"""Costs: of hiding other words, of hiding a single point, and of standing farther from the line than beside it."""


@dataclass(frozen=True)
class Group:
    """Curves that lie on one another, drawn once under all their names; ``first`` is the row that is drawn."""

    names: tuple[str, ...]
    first: int

    @property
    def label(self) -> str:
        return " = ".join(self.names)


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
    """The groups that are drawn, in their order: where there are too many, the ones of least ``merit`` (of their row)."""
    best = sorted(groups, key=lambda group: np.nan_to_num(merit(group.first), nan=np.inf))[:most]
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


def star(ax: Axes, x: float, y: float, words: str = "", spare: Sequence[Array] = ()) -> None:
    """The one point that matters, white with a black edge, and words beside it where they hide least. After the limits.

    ``spare`` are more points (n, 2), in parts of the axes, that are not to be hidden.
    """
    look: dict[str, Any] = {"color": "white", "markeredgecolor": BLACK, "markersize": 14, "linestyle": "none"}
    ax.plot([x], [y], "*", **look, zorder=6, clip_on=False, scalex=False, scaley=False, label="_star")
    if words and np.isfinite([x, y]).all():
        spot, half = to_axes(ax).transform((x, y)), _half(words, ax)
        sides = np.array([(1, -1), (1, 1), (-1, -1), (-1, 1)])
        costs = _costs(spot + sides * (half + MARGIN), half, [*_curves(ax), *spare], _words(ax), _marks(ax))
        across, up = sides[costs.argmin()]
        note(ax, words, (x, y), (11 * across, 17 * up), "left" if across > 0 else "right")


def name_lines(ax: Axes, notes: Sequence[str] = (), letters: int = 30) -> None:
    """The names of the lines beside them, in their colours; in a legend where they are long or many.

    ``notes`` stand below, and the names of lines outside the figure. Call it when limits, scales and other words are set.
    """
    lines = [line for line in ax.lines if not str(line.get_label()).startswith("_")]
    names = [str(line.get_label()) for line in lines]
    if len(lines) > 4 or max(map(len, names), default=0) > letters:
        legend(ax, notes)
        return
    curves, placed, marks = dict(zip(ax.lines, _curves(ax), strict=True)), _words(ax), _marks(ax)
    drawn, rims = [curve for line, curve in curves.items() if line.get_zorder() > GUIDE], _rims(ax)
    offsets, farther = np.concatenate([BESIDE, FARTHER]), np.repeat([0, FAR], [len(BESIDE), len(FARTHER)])
    for line, name in zip(lines, names, strict=True):
        own, half, others = curves[line], _half(name, ax), [curves[other] for other in lines if other is not line]
        line.set_label(f"_{name}")
        if not len(own):
            continue
        spots = (own[::6, None] + offsets * half).reshape(-1, 2)
        costs = _costs(spots, half, [*drawn, *rims], placed, marks) + _mistaken(spots, own, others)
        best = spots[(costs + np.tile(farther, len(own[::6]))).argmin()]
        placed.append(np.array([best - half, best + half]))
        look: dict[str, Any] = {
            "color": line.get_color(),
            "fontsize": 9.5,
            "ha": "center",
            "va": "center",
            "zorder": NAME,
        }
        look["bbox"] = {"boxstyle": "square,pad=0", "facecolor": PAPER, "edgecolor": "none"}
        ax.text(float(best[0]), float(best[1]), name, transform=ax.transAxes, **look)
    unseen = ", ".join(name for line, name in zip(lines, names, strict=True) if not len(curves[line]))
    notes = [*notes, *([f"not within the figure: {unseen}"] if unseen else [])]
    if notes:
        legend(ax, notes, handles=[])


def to_axes(ax: Axes) -> Any:
    """The transform from data to parts of the axes."""
    return ax.transScale + ax.transLimits


def _half(words: str, ax: Axes) -> Array:
    """Half the width and height of words, in parts of the axes of a single panel."""
    lines = words.split("\n")
    return np.array([6.125 * max(map(len, lines)), 12.4 * len(lines)]) / _points(ax) / 2


def _points(ax: Axes) -> Array:
    return POINTS * [BAR if getattr(ax, "_colorbars", ()) else 1.0, 1.0]


def _curves(ax: Axes) -> list[Array]:
    """The lines in parts of the axes, with points as near as a letter, and none outside."""
    return [_dense(line.get_transform().transform(line.get_xydata()), ax) for line in ax.lines]


def _dense(pixels: Array, ax: Axes) -> Array:
    points = ax.transAxes.inverted().transform(pixels)
    points = points[np.isfinite(points).all(axis=1)].clip(-1, 2)
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])[: len(points)]
    if len(points) > 1:
        fine = np.linspace(0, along[-1], 240)
        points = np.stack([np.interp(fine, along, points[:, k]) for k in (0, 1)], axis=1)
    return np.round(points[((points >= 0) & (points <= 1)).all(axis=1)], 4)


def boxes(ax: Axes) -> list[Array]:
    """About where words, single points and the star stand already, as corners (2, 2) in parts of the axes."""
    return _words(ax) + _marks(ax) + _around([line for line in ax.lines if line.get_label() == "_star"], ax)


def _words(ax: Axes) -> list[Array]:
    words = (word for word in ax.texts if isinstance(word, Annotation) and word.get_text())
    return [np.array([at - half, at + half]) for at, half in map(_box, words)]


def _marks(ax: Axes) -> list[Array]:
    return _around([line for line in ax.lines if line.get_linestyle() == "None" and line.get_label() != "_star"], ax)


def _around(points: Sequence[Line2D], ax: Axes) -> list[Array]:
    spots = [spot for line in points for spot in to_axes(ax).transform(line.get_xydata())]
    return [np.array([spot - MARGIN, spot + MARGIN]) for spot in spots]


def _rims(ax: Axes) -> list[Array]:
    """Points on the rims of the markers of lines, in parts of the axes."""
    marked = [line for line in ax.lines if line.get_linestyle() != "None" and line.get_marker() != "None"]
    steps = [cast(int, line.get_markevery() or 1) for line in marked]
    spots = [to_axes(ax).transform(line.get_xydata())[::step] for line, step in zip(marked, steps, strict=True)]
    return [(spot[:, None] + RIM).reshape(-1, 2) for spot in spots]


def _box(word: Annotation) -> tuple[Array, Array]:
    ax, half = cast(Axes, word.axes), _half(word.get_text(), cast(Axes, word.axes))
    at = to_axes(ax).transform(word.xy) if word.xycoords == "data" else np.asarray(word.xy)
    side = {"left": 1, "right": -1}.get(word.get_horizontalalignment(), 0)
    return at + np.asarray(word.xyann) / _points(ax) + np.array([side * half[0], 0.0]), half


def _costs(spots: Array, half: Array, curves: Sequence[Array], words: Sequence[Array], marks: Sequence[Array]) -> Array:
    """How much words at each spot (n, 2) would hide: lines, words, points, the frame; a little less to the right."""
    low, high = spots - half, spots + half
    points = np.concatenate([np.empty((0, 2)), *curves])

    def hidden(placed: Sequence[Array]) -> Array:
        corners = np.array(placed).reshape(-1, 2, 2)
        overlap = np.minimum(high[:, None], corners[:, 1]) > np.maximum(low[:, None], corners[:, 0])
        return np.asarray(overlap.all(axis=2).sum(axis=1))

    outside = (np.maximum(0, 0.01 - low) + np.maximum(0, high - 0.99)).sum(axis=1)
    across, up = ((line > low[:, [k]]) & (line < high[:, [k]]) for k, line in enumerate(points.T))
    crossed = np.count_nonzero(across & up, axis=1)
    costs = 2000 * outside + crossed + WORDS * hidden(words) + MARKS * hidden(marks) - 0.2 * spots[:, 0]
    return np.asarray(np.round(costs, 6))


def _mistaken(spots: Array, own: Array, others: Sequence[Array]) -> Array:
    """How easily a name is read as that of another line: those farther away than its own are welcome."""
    near, *far = (_distance(spots, line).min(axis=1, initial=1.0) for line in (own, *others))
    least = np.min(far, axis=0, initial=1.0) if far else np.ones(len(spots))
    return np.round(np.where(least < 1.2 * near, 20.0, 0.0) - np.minimum(least, 0.4), 4)


def _distance(spots: Array, line: Array) -> Array:
    """From each spot (n, 2) to each point of the line (m, 2), across plus up."""
    across, up = (np.abs(line[:, k] - spots[:, [k]]) for k in (0, 1))
    return across + up


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
