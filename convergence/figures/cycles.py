"""Cycles of a method: the 2-cycle on the parabola, where it attracts, and where runs end over the learning rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from convergence.errors import BadData
from convergence.figures.curves import Array, finite
from convergence.figures.stability import chosen_star, equation, named, settings
from convergence.figures.style import (
    BLACK,
    BLUE,
    EDGE,
    GREEN,
    GREY,
    MAP,
    VERMILLION,
    colorbar,
    legend,
    linear_ticks,
    panel,
)
from convergence.notation import text
from convergence.numerics.bifurcation import Bifurcation
from convergence.numerics.cycle_map import CycleMap
from convergence.numerics.log_run import LEAST, LogRun
from convergence.rule import title_of
from convergence.theory.cycles import Cycle

ATTRACTS: dict[str, Any] = {"linewidth": 2, "linestyle": "-", "zorder": 4}
REPELS: dict[str, Any] = {"linewidth": 1.4, "linestyle": "--", "zorder": 4}


def cycle(result: Cycle, ax: Axes | None = None, *, run: Sequence[float] | Array | None = None) -> Axes:
    """A cycle on the parabola ½λx²: its positions, the steps between them, and a run that falls into it or leaves it.

    Parameters
    ----------
    result
        A Cycle at numbers.
    ax
        Where to draw; a new figure, if not given.
    run
        Positions (k,) of a run, coloured by the step.

    Raises
    ------
    BadData
        For a cycle whose hyperparameters are letters.

    >>> import convergence as cv
    >>> cv.cycles("rmsprop", lr=0.1, decay=0.9, eps=0.01)[0].plot().get_xlabel()
    'position x'
    """
    if not result.points:
        raise BadData("this cycle is a formula; ask for one at numbers: cycles(m, lr=0.1, ...)")
    kind = "attracts" if result.attracting else "is neutral" if result.neutral else "repels"
    kind = "lies at a kink" if result.attracting is None else kind
    size = text(result.amplitude, 4)
    title = f"Cycle of {title_of(result.method)}, period {result.period}, amplitude {size}: it {kind}"
    lam, places = float(result.curvature), np.array([row[0] for row in result.points])
    walk = np.empty(0) if run is None else np.asarray(run, dtype=float)
    reach = 1.25 * np.abs(np.concatenate([places, walk[np.isfinite(walk)]])).max()
    with panel(ax, title, "position x", "loss ½λx²", height=3.7) as axes:
        ground = np.linspace(-reach, reach, 201)
        axes.plot(ground, finite(lam * ground**2 / 2), color=EDGE, linewidth=1)
        axes.set(xlim=(-reach, reach), ylim=(-0.06 * lam * reach**2 / 2, lam * reach**2 / 2))
        if len(walk):
            look: dict[str, Any] = {"c": np.arange(len(walk)), "cmap": MAP, "s": 16, "zorder": 3, "linewidths": 0}
            colorbar(axes, axes.scatter(finite(walk), finite(lam * walk**2 / 2), **look), "step of the run")
        _steps(axes, places, lam)
        linear_ticks(axes.xaxis, axes.yaxis)
        samples = [Line2D([], [], color=VERMILLION, marker="o", linewidth=1.5, label="the cycle")]
        legend(axes, handles=samples)
    return axes


def _steps(ax: Axes, places: Array, curvature: float) -> None:
    """The positions of a cycle on the parabola, and the way from each to the next."""
    there = finite(places), finite(curvature * places**2 / 2)
    ax.plot(*(np.append(part, part[:1]) for part in there), color=VERMILLION, zorder=2)
    ax.plot(*there, "o", color=VERMILLION, markersize=7, zorder=5, label="_cycle")


def cycle_map(result: CycleMap, ax: Axes | None = None) -> Axes:
    """Where the 2-cycle of a method attracts, repels, or is not there, over two hyperparameters; its settings as a star.

    Parameters
    ----------
    result
        A CycleMap.
    ax
        Where to draw; a new figure, if not given.
    """
    others = [name for name in result.method.hyper if name not in (result.x, result.y)]
    title = f"Where the 2-cycle of {result.method.title} attracts ({settings(result.method, result.hyper, *others)})"
    kind = np.where(result.exists <= 0, 2, np.where(result.attracts > 0, 0, 1))
    other = "it is neutral" if result.neutral else "it repels"
    looks = (("it attracts", "#cdeade", ""), (other, "#fbe0c2", "///"), ("it is not there", GREY, ""))
    across, up = (named(result.method, name) for name in (result.x, result.y))
    with panel(ax, title, across, up, height=3.9) as axes:
        samples = []
        for k, (name, color, hatch) in enumerate(looks):
            if (kind == k).any():
                levels = [k - 0.5, k + 0.5]
                axes.contourf(result.across, result.up, kind, levels, colors=[color], hatches=[hatch])
                samples.append(Patch(facecolor=color, hatch=hatch, edgecolor=EDGE, label=name))
        for field in (result.attracts, result.exists):
            if field.min() < 0 < field.max():
                axes.contour(result.across, result.up, finite(field), [0.0], colors=BLACK, linewidths=1.8)
        linear_ticks(axes.xaxis, axes.yaxis)
        axes.set(xlim=(0, 1), ylim=(0, 1))
        chosen_star(axes, result, settings(result.method, result.hyper, result.x, result.y))
        legend(axes, handles=samples)
    return axes


def bifurcation(result: Bifurcation, ax: Axes | None = None) -> Axes:
    """Where runs end, over the learning rate: computed positions, and the derived rest and 2-cycles on them.

    What attracts is solid, what repels or is neutral is dashed.

    Parameters
    ----------
    result
        A Bifurcation.
    ax
        Where to draw; a new figure, if not given.
    """
    title = f"Where {result.method.title} ends on ½λx², λ = {text(result.curvature, 3)}"
    held = settings(result.method, result.hyper, *result.method.hyper)
    title, rate, lr = f"{title}{f', {held}' if held else ''}", str(result.method.rate), result.lr
    size = np.nanmax(np.where(np.isfinite(result.amplitude), result.amplitude, 0.0), initial=0.0)
    with panel(ax, title, named(result.method, rate), "position x", height=4.0) as axes:
        samples = _ends(axes, result)
        if result.limit > 0:
            edge = np.clip(result.limit, *lr[[0, -1]])
            axes.plot([lr[0], edge], [0, 0], **ATTRACTS, color=BLACK)
            axes.plot([edge, lr[-1]], [0, 0], **REPELS, color=BLACK)
            samples.append(Line2D([], [], color=BLACK, linewidth=2, label="derived: the minimiser"))
        for row, attracts in zip(result.amplitude.T, result.attracting.T, strict=True):
            for there, look in ((attracts, ATTRACTS), (~attracts, REPELS)):
                height = finite(np.where(there, row, np.nan))
                axes.plot(lr, np.stack([height, -height], axis=1), **look, color=BLUE)
        if result.amplitude.size:
            samples.append(Line2D([], [], color=BLUE, linewidth=2, label="derived: 2-cycles"))
        shown = np.abs(result.positions[np.isfinite(result.positions)])
        top = 1.2 * max(float(np.quantile(shown, 0.995)) if shown.size else 0.0, float(size)) or float(lr[-1])
        axes.set(xlim=(0, float(lr[-1])), ylim=(-top, top))
        linear_ticks(axes.xaxis, axes.yaxis)
        notes = ["solid: attracts; dashed: repels, or is neutral"]
        if 0 < result.limit < lr[-1]:
            notes.append(f"the minimiser attracts below {equation(text(result.method.symbols[rate]), result.limit)}")
        legend(axes, notes, handles=samples)
    return axes


def _ends(ax: Axes, result: Bifurcation) -> list[Any]:
    """The last positions of the runs, by kind: at rest, on a 2-cycle, on a longer one, on none."""
    kinds = (
        ("runs at rest", result.periods == 1, BLACK, "o"),
        ("runs of period 2", result.periods == 2, GREEN, "o"),
        ("runs of a longer period", result.periods > 2, VERMILLION, "s"),
        ("runs still on their way, or without a short period", result.periods == 0, EDGE, "."),
    )
    samples = []
    for label, chosen, color, marker in kinds:
        if not chosen.any():
            continue
        where = np.nonzero(chosen)
        x = np.repeat(result.lr[where[0]], result.positions.shape[2])
        y = result.positions[where].ravel()
        small = 3.5 if marker != "." else 1.0
        look: dict[str, Any] = {"color": color, "marker": marker, "linestyle": "none", "markersize": small}
        ax.plot(finite(x), finite(y), markeredgewidth=0, rasterized=True, zorder=3, **look)
        samples.append(Line2D([], [], **{**look, "markersize": 5}, label=label))
    return samples


def log_run(result: LogRun, ax: Axes | None = None) -> Axes:
    """log₁₀|x| of a run by the step, and the smallest number that a double can be.

    >>> import convergence as cv
    >>> cv.log_run("rmsprop", 1.0, 50, 1.0, lr=0.1, eps=0).plot().get_ylabel()
    'log₁₀|x|'
    """
    with panel(ax, f"{title_of(result.method)} on ½λx², in logarithms", "step", "log₁₀|x|") as axes:
        axes.plot(np.arange(len(result.log10)), finite(result.log10), color=BLUE, linewidth=1)
        if result.smallest[1] < LEAST:
            axes.axhline(LEAST, color=BLACK, linewidth=0.8, linestyle="--", label="the smallest double")
            legend(axes)
        linear_ticks(axes.xaxis, axes.yaxis)
    return axes
