"""Damping: where the error falls monotonely, ripples (complex eigenvalues) or alternates (negative ones).

Of rules with more than two states it is the eigenvalue of the largest modulus that tells.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from scipy.ndimage import distance_transform_edt

from convergence.figures.curves import finite, span
from convergence.figures.stability import named
from convergence.figures.style import BLACK, EDGE, GREY, PAPER, crowded_ticks, legend, log_scale, note, panel
from convergence.figures.words import boxes
from convergence.notation import text
from convergence.numerics import maps
from convergence.numerics.maps import KINDS
from convergence.theory.regimes import Regimes

LOOK_OF = {"monotone": ("#cfe3f1", ""), "rippling": ("#fbe0c2", "///"), "alternating": ("#cdeade", "\\\\\\")}
HIGH, WIDE = 0.05, 0.0115
"""Half the room that a name takes, in parts of the axes: its height, and its width for each letter."""


def damping(result: maps.DampingMap, ax: Axes | None = None, *, directions: Any = ()) -> Axes:
    """What the error along a direction does, over a hyperparameter and ηλ.

    The largest eigenvalue is positive (monotone), complex (rippling), or negative (alternating).

    Parameters
    ----------
    result
        A DampingMap.
    ax
        Where to draw; a new figure, if not given.
    directions
        The scaled rates ηλ at which the data lie, at the settings.
    """
    letter = text(result.method.symbols[str(result.method.rate)])
    scaled = f"scaled learning rate {letter}{'·' if len(letter) > 1 else ''}λ"
    title = f"How {result.method.title} is damped"
    with panel(ax, title, named(result.method, result.x), scaled, height=3.7) as axes:
        shown = [k for k, kind in enumerate(KINDS[:3]) if (result.kind == k).any()]
        for k in shown:
            color, hatch = LOOK_OF[KINDS[k]]
            field = np.round(result.fields[k], 7)
            axes.contourf(result.across, result.scaled, field, [0, np.inf], colors=[color], hatches=[hatch])
        bound = np.nan_to_num(finite(result.bound), nan=float(result.scaled[-1]))
        axes.fill_between(result.across, bound, result.scaled[-1], color=GREY, linewidth=0)
        axes.plot(result.across, bound, color=BLACK, linewidth=2)
        if result.logarithmic:
            log_scale(axes.yaxis)
        axes.set_ylim(*span(result.scaled, log=result.logarithmic))
        crowded_ticks(axes.xaxis, result.across)
        axes.set_xlim(result.across[0], result.across[-1])
        _mark(axes, result, np.asarray(directions, dtype=float))
        narrow = [KINDS[k] for k in (*shown, 3) if not _name(axes, result, k) and k in shown]
        patches = [Patch(facecolor=LOOK_OF[n][0], hatch=LOOK_OF[n][1], edgecolor=EDGE, label=n) for n in narrow]
        legend(axes, handles=patches)
    return axes


def regimes(result: Regimes, ax: Axes | None = None, **hyper: Any) -> Axes:
    """The damping of a method along any direction, over momentum and ηλ; others are held at ``hyper`` or their defaults.

    Raises
    ------
    BadHyperparameter
        For a hyperparameter that the method has not, or one without a number or a default that is not on an axis.
    """
    result.method.require_known(hyper)
    return damping(maps.damping_map(result.method, hyper), ax)


def _mark(ax: Axes, result: maps.DampingMap, scaled: Any) -> None:
    """The directions of the data, where they lie within the figure."""
    low, high = ax.get_ylim()
    scaled = finite(scaled[(scaled >= low) & (scaled <= high)])
    if not scaled.size or result.x not in result.hyper:
        return
    x = float(np.clip(result.hyper[result.x], result.across[0], result.across[-1]))
    look: dict[str, Any] = {"color": BLACK, "markerfacecolor": PAPER, "markeredgewidth": 1.4, "clip_on": False}
    ax.plot([x] * len(scaled), scaled, "o", **look, zorder=8)
    right = np.searchsorted(result.across, x) > len(result.across) / 2
    middle = float(np.exp(np.log(scaled).mean()) if result.logarithmic else scaled.mean())
    note(ax, "directions of the data", (x, middle), (-8 if right else 8, 0), "right" if right else "left")


def _name(ax: Axes, result: maps.DampingMap, k: int) -> bool:
    """Write a regime's name where it is widest, off other words; False where it is too narrow for its name."""
    rows, columns = result.kind.shape
    free = result.kind == k
    up, across = (np.arange(size) / (size - 1) for size in (rows, columns))
    for low, high in boxes(ax):
        free = free & ~np.outer((up > low[1]) & (up < high[1]), (across > low[0]) & (across < high[0]))
    units = 1 / (rows * HIGH), 1 / (columns * WIDE * len(KINDS[k]))
    room = np.round(distance_transform_edt(np.pad(free, 1), sampling=units)[1:-1, 1:-1], 6)
    row, column = np.unravel_index(room.argmax(), room.shape)
    if room.max() < 1:
        return False
    note(ax, KINDS[k], (float(result.across[column]), float(result.scaled[row])), (0, 0), "center")
    return True
