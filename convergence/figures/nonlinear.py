"""Functions that are not quadratic: the function with its critical points."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from convergence.figures.curves import finite
from convergence.figures.landscape import contours
from convergence.figures.style import BLACK, BLUE, GREEN, GREY, VERMILLION, legend, linear_ticks, note, panel
from convergence.landscapes.critical import Critical
from convergence.notation import text

POINTS = 401
LOOK = {"minimum": (GREEN, "o"), "maximum": (VERMILLION, "^"), "saddle": (VERMILLION, "X"), "degenerate": (GREY, "s")}


def critical(result: Critical, ax: Axes | None = None) -> Axes:
    """A function and its critical points; in one variable beside each minimum the largest learning rate of gradient descent.

    Parameters
    ----------
    result
        What ``local`` found.
    ax
        Where to draw; a new figure, if not given.
    """
    function = result.function
    names = [str(v) for v in function.variables]
    title = f"{text(function.expression) if function.expression is not None else function.name}: critical points"
    up = names[1] if function.dimension > 1 else "f"
    with panel(ax, title, names[0], up) as axes:
        places = [point.point for point in result]
        sides = function.domain or [_around([place[k] for place in places]) for k in range(function.dimension)]
        if function.dimension > 1:
            x, y = (np.linspace(*side, 81) for side in sides)
            contours(axes, x, y, function.loss(np.stack(np.meshgrid(x, y), axis=-1)))
        else:
            x = np.linspace(*sides[0], POINTS)
            axes.plot(x, finite(function.loss(x[:, None])), color=BLUE, linewidth=1.6)
        for kind, (color, marker) in LOOK.items():
            some = [point for point in result if point.kind == kind]
            if some:
                at = [point.point[0] for point in some]
                height = [point.value if function.dimension == 1 else point.point[1] for point in some]
                axes.plot(
                    at, height, marker, color=color, markeredgecolor=BLACK, markersize=8, linestyle="none", label=kind
                )
        axes.set_xlim(*sides[0])
        linear_ticks(axes.xaxis, axes.yaxis)
        if function.dimension == 1:
            axes.margins(y=0.15)
            for point in result.minima:
                side = "left" if point.x < sum(sides[0]) / 2 else "right"
                words = f"λ = {text(point.curvatures[0], 4)}, lr < {text(point.lr_max('gradient_descent'), 4)}"
                note(axes, words, (point.x, point.value), (0, -14), side)
        legend(axes, ["lr: of gradient descent"] if function.dimension == 1 and result.minima else [])
    return axes


def _around(values: list[float]) -> tuple[float, float]:
    low, high = min(values, default=0.0), max(values, default=0.0)
    room = max(high - low, 2.0) / 2
    return low - room, high + room
