"""Where a method converges: spectral radius over its hyperparameters, and what the error does there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from convergence.figures.curves import Array, boxes, finite, grouped, name_lines, span, star, to_axes
from convergence.figures.style import (
    BLACK,
    EDGE,
    GREY,
    LOOKS,
    MAP,
    MOST,
    PAPER,
    RAISED,
    VERMILLION,
    colorbar,
    describe,
    left_out,
    legend,
    linear_ticks,
    log_ticks,
    note,
    panel,
    wrapped,
)
from convergence.notation import text
from convergence.numerics.sweeps import KINDS, DampingMap, RadiusCurve, RadiusMap, damping_map, second
from convergence.numerics.sweeps import radius_curve as curve_of
from convergence.numerics.sweeps import radius_map as map_of
from convergence.rule import Method
from convergence.theory.optimum import Optimum
from convergence.theory.regimes import Regimes
from convergence.theory.region import Region

RADIUS, BANDS = "spectral radius ρ", 24
LETTER = 0.012
"""Room for each letter of the value of a contour, in parts of the axes."""

UNRESOLVED = 1e-7
"""A map on which 1 − ρ is smaller than this everywhere would show rounding: double eigenvalues are known to √ε."""

LEVELS = (*(k / 10 for k in range(1, 9)), *(1 - part * 10.0**-k for k in range(1, 10) for part in (1, 0.5, 0.2)))
LOOK_OF = {"monotone": ("#cfe3f1", ""), "rippling": ("#fbe0c2", "///"), "alternating": ("#cdeade", "\\\\\\")}


def named(method: Method, name: str) -> str:
    """A hyperparameter as an axis is labelled: "learning rate η", "momentum β"."""
    letter = text(method.symbols[name])
    words = "learning rate" if method.domains[name].is_rate else name.replace("_", " ")
    return words if words == letter else f"{words} {letter}"


def settings(method: Method, hyper: Any, *names: str) -> str:
    """Hyperparameters with their letters: "η = 0.1, β = 0.9"."""
    return ", ".join(equation(text(method.symbols[n]), float(hyper[n])) for n in names if n in hyper)


def equation(letter: str, value: float) -> str:
    """ "β = 0.9", and "1−β = 10⁻⁵" where its distance from 1 says more."""
    return f"1−{letter} = {text(1 - value, 3)}" if 0.999 < value < 1 else f"{letter} = {text(value, 3)}"


def radius_map(found: RadiusMap, ax: Axes | None = None, *, best: bool = True, probes: Any = ()) -> Axes:
    """Spectral radius over two hyperparameters: filled contours, their values, the derived boundary and the settings.

    ``best`` says whether the settings are the optimum. ``probes`` are runs (x, y, converged).
    """
    with panel(ax, height=3.9) as axes:
        radius = 1 - np.nan_to_num(
            finite(1 - found.radius), nan=-1.0
        )  # digits count from 1: rates of 0.99999 are common
        low = min(float(radius.min()), 1 - 1e-9)
        crowded = _by_distance(axes.yaxis, found.up)
        if 1 - low < UNRESOLVED:
            inside = np.where(found.margin > 0, 1.0, 0.0)
            axes.contourf(found.across, found.up, inside, [-1, 0.5, 1], colors=[GREY, "#8f8a6b"]).set_rasterized(True)
            legend(axes, ["stable where not grey; 1−ρ is below rounding"], handles=[])
        else:
            levels = low + (1 - low) * np.linspace(0, 1, BANDS + 1)
            colours = colormaps[MAP].with_extremes(over=GREY)
            shown = axes.contourf(found.across, found.up, radius, levels, cmap=colours, extend="max")
            shown.set_rasterized(True)
            _bar(axes, shown, low)
        _point(axes, found, best)
        if 1 - low >= UNRESOLVED:
            _isolines(axes, found, radius, low)
        _boundary(axes, found.across, found.up, found.margin)
        for x, y, converged in probes:
            face, mark = ("white", "o") if converged else (VERMILLION, "X")
            axes.plot(x, y, mark, color=face, markeredgecolor=BLACK, markersize=6, zorder=4)
        describe(axes, f"Where {found.method.title} converges, and how fast", *_axes_of(found))
        linear_ticks(axes.xaxis, *([] if crowded else [axes.yaxis]))
    return axes


def radius_curve(
    found: RadiusCurve, ax: Axes | None = None, *, names: Any = (), hidden: int = 0, best: bool = True
) -> Axes:
    """Spectral radius over the learning rate, a line for each curvature, with the bound and the chosen rate.

    ``names`` are those of the lines; ``hidden`` is how many directions of the data are not among them.
    """
    rate, letter = str(found.method.rate), text(found.method.symbols[str(found.method.rate)])
    with panel(ax) as axes:
        names = names or [f"λ = {text(float(c), 3)}" for c in found.curvatures]
        groups = grouped(names, list(found.radius))
        for group, look in zip(groups, LOOKS, strict=False):
            axes.plot(finite(found.lr), finite(found.radius[group.first]), **look.line, label=wrapped(group.label))
        axes.axhline(1.0, color=EDGE, linewidth=0.8)
        axes.set_xlim(0, float(found.lr[-1]))
        axes.set_ylim(*_heights(finite(found.radius)))
        linear_ticks(axes.xaxis)
        describe(axes, f"Spectral radius of {found.method.title}", named(found.method, rate), RADIUS)
        if np.isfinite(found.bound):
            axes.axvline(found.bound, color=BLACK, linestyle="--", linewidth=1.2)
            high = axes.get_ylim()[1]
            note(axes, f"stable below {letter} = {text(found.bound, 3)}", (found.bound, high), (-5, -9), "right")
        if rate in found.hyper:
            star(axes, float(found.hyper[rate]), found.rate, _answer(found, best, rate))
        name_lines(axes, left_out(hidden + len(groups) - MOST, "direction"))
    return axes


def damping(found: DampingMap, ax: Axes | None = None, *, directions: Any = ()) -> Axes:
    """Whether the error falls monotonely, ripples or alternates, over a hyperparameter and ηλ.

    The largest eigenvalue along a direction is positive, complex, or negative there. ``directions`` are the scaled rates
    ηλ at which the data lie, at the settings.
    """
    with panel(ax, height=3.7) as axes:
        shown = [k for k, kind in enumerate(KINDS[:3]) if (found.kind == k).any()]
        for k in shown:
            face, hatch = LOOK_OF[KINDS[k]]
            field = np.round(found.fields[k], 7)
            axes.contourf(found.across, found.scaled, field, [0, np.inf], colors=[face], hatches=[hatch])
        bound = finite(found.bound)
        axes.fill_between(found.across, np.nan_to_num(bound, nan=np.inf), found.scaled[-1], color=GREY, linewidth=0)
        axes.plot(found.across, bound, color=BLACK, linewidth=2)
        if found.logarithmic:
            axes.set_yscale("log")
            log_ticks(axes.yaxis)
        axes.set_ylim(*span(found.scaled, log=found.logarithmic))
        _by_distance(axes.xaxis, found.across)
        axes.set_xlim(found.across[0], found.across[-1])
        _lying(axes, found, np.asarray(directions, dtype=float))
        _name_bands(axes, found, shown)
        letter = text(found.method.symbols[str(found.method.rate)])
        describe(
            axes, f"How {found.method.title} is damped", named(found.method, found.x), f"scaled learning rate {letter}λ"
        )
    return axes


def _by_distance(axis: Axis, values: Array) -> bool:
    """Where values crowd towards 0 or 1, show them by their distance from it: 0, 0.9, 0.99, 0.999."""
    steps = np.diff(values)
    if np.allclose(steps[[0, -1]], steps[1]):
        return False
    if steps[0] < steps[-1]:
        axis._set_axes_scale("log")  # type: ignore[attr-defined]
        log_ticks(axis)
        return True
    axis._set_axes_scale("function", functions=(_digits, lambda digits: 1 - 10.0**-digits))  # type: ignore[attr-defined]
    last = int(_digits(values[-1]))
    axis.set_major_locator(FixedLocator([1 - 10.0**-k for k in range(0, last + 1, 1 + last // 5)]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: _nines(value)))
    axis.set_minor_locator(NullLocator())
    return True


def _digits(value: Any) -> Any:
    return -np.log10(np.maximum(1 - np.asarray(value), 1e-12))


def _nines(value: float) -> str:
    """0.99, and 1−10⁻⁵ where there would be more digits than one counts."""
    if not 0 < 1 - value < 0.9e-3:
        return f"{value:.10g}"
    digits, power = f"{1 - value:.1e}".split("e")
    return f"1−{'' if digits == '1.0' else digits.removesuffix('.0') + '·'}10{str(int(power)).translate(RAISED)}"


def _bar(ax: Axes, shown: Any, low: float) -> None:
    bar = colorbar(ax, shown, f"{RADIUS} (grey: diverges)")
    linear_ticks(bar.ax.yaxis)
    if low > 0.999:
        bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _nines(value)))


def _axes_of(found: RadiusMap) -> tuple[str, str]:
    return named(found.method, found.x), named(found.method, found.y)


def _isolines(ax: Axes, found: RadiusMap, radius: Array, low: float) -> None:
    """Contours at round values, each with its value; fewer where they would crowd."""
    spaced: list[float] = []
    for level in (level for level in LEVELS if low + 0.1 * (1 - low) < level < 1 - 0.05 * (1 - low)):
        if not spaced or level > spaced[-1] + 0.13 * (1 - low):
            spaced.append(level)
    if not spaced:
        return
    inks = ["white" if level < low + 0.6 * (1 - low) else "#3a3a36" for level in spaced]
    lines = ax.contour(found.across, found.up, radius, spaced, colors=inks, linewidths=0.8)
    spots = dict(_spots(ax, lines))
    ax.clabel(lines, list(spots), fontsize=8.5, fmt=_nines, manual=list(spots.values()))


def _spots(ax: Axes, lines: Any) -> Iterator[tuple[float, tuple[float, float]]]:
    """For each level a place for its value, far from the frame, other words and other values; none where there is no room."""
    taken: list[Array] = []
    for level, path in zip(lines.levels, lines.get_paths(), strict=True):
        inside = np.round(to_axes(ax).transform(path.vertices), 5)
        room = np.minimum(inside, 1 - inside).min(axis=1, initial=1.0)
        for low, high in boxes(ax):
            room = np.fmin(room, np.maximum(low - inside, inside - high).max(axis=1))
        for other in taken:
            room = np.fmin(room, np.abs(inside - other).max(axis=1) / 2.5)
        if len(room) and room.max() > LETTER * len(_nines(level)):
            best = np.round(room, 4).argmax()
            taken.append(inside[best])
            yield float(level), (float(path.vertices[best, 0]), float(path.vertices[best, 1]))


def _boundary(ax: Axes, across: Array, up: Array, margin: Array) -> None:
    """The zeros of the derived stability conditions; scaled row by row, which leaves them where they are."""
    size = np.nanmax(np.abs(margin), axis=1, keepdims=True)
    scaled = np.where(np.isfinite(margin), margin, -1.0) / np.where(size > 0, size, 1.0)
    if scaled.min() < 0 < scaled.max():
        ax.contour(across, up, scaled, [0.0], colors=BLACK, linewidths=2.0)


def _point(ax: Axes, found: RadiusMap, best: bool) -> None:
    if found.x in found.hyper and found.y in found.hyper:
        x, y = float(found.hyper[found.x]), float(np.clip(found.hyper[found.y], found.up[0], found.up[-1]))
        star(ax, x, y, _answer(found, best, found.x, found.y))


def _answer(found: RadiusMap | RadiusCurve, best: bool, *names: str) -> str:
    kind = "optimum" if best else "chosen"
    return f"{kind}: {equation('ρ', found.rate)}\n{settings(found.method, found.hyper, *names)}"


def _heights(radius: Array) -> tuple[float, float]:
    """Limits about ρ = 1 in proportion to the depth of the lowest curve below it."""
    low, high = span([*radius.ravel(), 1.0])
    depth = 1.0 - min(low, 0.9999)
    return max(0.0, low - 0.4 * depth), min(max(1.08 * high, 1 + 0.25 * depth), 1 + depth)


def _name_bands(ax: Axes, found: DampingMap, shown: list[int]) -> None:
    """Each regime's name where it is widest; in a legend where it is too narrow for its name."""
    narrow = [k for k in shown if not _name_band(ax, found, k)]
    _name_band(ax, found, 3)
    if narrow:
        looks = [(KINDS[k], *LOOK_OF[KINDS[k]]) for k in narrow]
        legend(ax, handles=[Patch(facecolor=f, hatch=h, edgecolor=EDGE, label=name) for name, f, h in looks])


def _name_band(ax: Axes, found: DampingMap, k: int) -> bool:
    """Write the name near the middle of the places where a rectangle of its size fits the regime, off other words."""
    inside = np.pad((found.kind == k).astype(int).cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    rows, columns = found.kind.shape
    high, wide = int(0.085 * rows), int(0.024 * len(KINDS[k]) * columns)
    filled = inside[high:, wide:] - inside[:-high, wide:] - inside[high:, :-wide] + inside[:-high, :-wide]
    places = np.argwhere(filled == high * wide)
    for low, top in ((box[0][::-1], box[1][::-1]) for box in boxes(ax)):
        corner, size = places / [rows, columns], np.array([high, wide]) / [rows, columns]
        apart = (corner > top).any(axis=1) | (corner < low - size).any(axis=1)
        places = places[apart]
    if not len(places):
        return False
    row, column = places[np.abs(places - places.mean(axis=0)).sum(axis=1).argmin()]
    note(ax, KINDS[k], (found.across[column + wide // 2], found.scaled[row + high // 2]), (0, 0), "center")
    return True


def _lying(ax: Axes, found: DampingMap, scaled: Array) -> None:
    if scaled.size and found.x in found.hyper:
        at = np.full(scaled.shape, float(found.hyper[found.x]))
        low, high = ax.get_ylim()
        within = (scaled >= low) & (scaled <= high)
        ax.plot(
            at[within], finite(scaled)[within], "o", color=BLACK, markerfacecolor=PAPER, markeredgewidth=1.4, zorder=8
        )
        if within.any():
            side = "right" if at[0] > float(np.mean(ax.get_xlim())) else "left"
            middle = float(np.exp(np.log(scaled[within]).mean()) if found.logarithmic else scaled[within].mean())
            note(ax, "directions of the data", (float(at[0]), middle), (-8 if side == "right" else 8, 0), side)


def region(found: Region, ax: Axes | None = None, *, mu: float = 1.0, L: float | None = None, **hyper: Any) -> Axes:
    """The stable region of a method over the spectrum [μ, L] (default: one direction of curvature 1), with its radius.

    A map over learning rate and momentum, with others held at ``hyper`` or their defaults; for a method with a learning
    rate alone, the radius over it. Where ``hyper`` gives a point of it, that is marked.
    """
    return _over(found.method, (mu, mu if L is None else L), hyper, ax, best=False)


def optimum(found: Optimum, ax: Axes | None = None, *, mu: float = 1.0, L: float = 100.0) -> Axes:
    """The optimum for [μ, L] on the map of the spectral radius. Raises what ``found.at`` raises."""
    return _over(found.method, (mu, L), found.at(mu=mu, L=L).hyper, ax, best=True)


def regimes(found: Regimes, ax: Axes | None = None, **hyper: Any) -> Axes:
    """The damping of a method along any direction, over momentum and ηλ; others are held at ``hyper`` or their defaults."""
    return damping(damping_map(found.method, hyper), ax)


def _over(method: Method, curvatures: tuple[float, float], hyper: Any, ax: Axes | None, best: bool) -> Axes:
    if second(method, hyper) is None:
        return radius_curve(curve_of(method, np.unique(curvatures), hyper), ax, best=best)
    return radius_map(map_of(method, curvatures, hyper), ax, best=best)
