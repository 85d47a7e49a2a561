"""Words beside what they name: a star with its settings, lines with their names, where they hide least."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Annotation

from convergence.figures.curves import Array
from convergence.figures.style import BLACK, PAPER, legend, note

MARGIN = np.array([0.03, 0.02])
"""Between a point and its words, in parts of the axes."""

POINTS = np.array([350.0, 200.0])
"""About the width and the height of the axes of a single panel, in typographical points."""

BAR = 0.8
"""What a scale of colours beside a panel leaves of its width."""

GUIDE, NAME = 0, 1
"""Layers: faint lines that guide the eye lie below names, on whose paper they end; what is drawn lies above both."""

BESIDE = np.array([(across, up) for up in (1.35, -1.35) for across in (0.0, 1.05, -1.05)])
"""Where the name of a line may stand about a point of it, in halves of its own size."""

FARTHER = np.array([(across, up) for up in (3.5, -3.5) for across in (0.0, 1.05, -1.05, 2.2, -2.2)])
"""Where it stands when other words are there: lines may leave the figure side by side."""

WORDS, MARKS, FAR = 1000, 50, 300
"""Costs: of hiding other words, of hiding a single point, and of standing farther from the line than beside it."""


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
    drawn = [curve for line, curve in curves.items() if line.get_zorder() > GUIDE]
    offsets, farther = np.concatenate([BESIDE, FARTHER]), np.repeat([0, FAR], [len(BESIDE), len(FARTHER)])
    for line, name in zip(lines, names, strict=True):
        own, half, others = curves[line], _half(name, ax), [curves[other] for other in lines if other is not line]
        line.set_label(f"_{name}")
        if not len(own):
            continue
        spots = (own[::6, None] + offsets * half).reshape(-1, 2)
        costs = _costs(spots, half, drawn, placed, marks) + _mistaken(spots, own, others)
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
