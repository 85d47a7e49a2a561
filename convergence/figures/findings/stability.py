"""Where a method converges: its spectral radius over learning rate and momentum, and its damping regimes."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from convergence.figures.findings.curves import Array, finite, grouped, span
from convergence.figures.findings.style import (
    BLACK,
    EDGE,
    GREY,
    LOOKS,
    MAP,
    MOST,
    PAPER,
    VERMILLION,
    colorbar,
    describe,
    left_out,
    legend,
    linear_ticks,
    number,
    panel,
    plain,
    star,
    wrapped,
)
from convergence.figures.findings.ticks import plain_powers
from convergence.results import DampingResult, DataResult, MapResult, MethodResult

RATE, MOMENTUM, RADIUS, SCALED = "learning rate η", "momentum β", "spectral radius ρ", "scaled learning rate ηλ"
WIDE = 12.0  # times the smallest bound: from there on the scaled rate is shown on a log axis
BANDS = (("#cfe3f1", ""), ("#fbe0c2", "///"), ("#cdeade", "\\\\\\"), ("#efdbe6", "|||"), ("#f4f4f4", "---"))


def radius_map(result: MethodResult, ax: Axes | None = None) -> Axes:
    """Spectral radius over (learning rate, momentum), the derived boundary, the optimum, the runs that probed it."""
    if result.map is None:
        raise ValueError(f"{result.name} has no momentum, so there is no map")
    with panel(ax, height=3.6) as axes:
        _radii(axes, result.map)
        edge = finite(result.map.boundary)
        axes.plot(edge, result.map.momentum, color=BLACK, linewidth=2, label="derived boundary ρ = 1")
        _probes(axes, result.map)
        axes.set_xlim(*span(result.map.lr))
        axes.set_ylim(*span([*result.map.momentum, result.map.optimum[1]]))
        star(axes, *result.map.optimum, label="derived optimum" if result.tuning.optimal else "chosen settings")
        describe(axes, f"Where {result.title} converges, and how fast", RATE, MOMENTUM)
        linear_ticks(axes.xaxis, axes.yaxis)
        legend(axes, columns=2)
    return axes


def radius_curve(result: MethodResult, data: DataResult, ax: Axes | None = None) -> Axes:
    """Spectral radius over the learning rate, a line for each direction, with the bound and the chosen rate."""
    curve = result.curve
    with panel(ax) as axes:
        groups = grouped([d.name for d in data.directions], curve.radius)
        for group, look in zip(groups, LOOKS, strict=False):
            axes.plot(curve.lr, finite(curve.radius[group.first]), **look.line, label=wrapped(group.label))
        axes.axhline(1.0, color=EDGE, linewidth=0.8)
        axes.set_xlim(*span(curve.lr))
        axes.set_ylim(*_heights(finite(curve.radius)))
        _rates(axes, result)
        describe(axes, f"Spectral radius of {result.title}", RATE, RADIUS)
        linear_ticks(axes.xaxis)
        legend(axes, left_out(data.hidden + len(groups) - len(groups[:MOST]), "direction"))
    return axes


def damping(result: MethodResult, data: DataResult, ax: Axes | None = None) -> Axes:
    """The damping regimes over (momentum, ηλ), and where each direction of the data lies at the settings of the run."""
    found = result.damping
    if found is None:
        raise ValueError(f"{result.name} has no momentum, so there are no damping regimes to map")
    with panel(ax, height=3.5) as axes:
        low, high = _scale(axes, found)
        patches = _bands(axes, found, low, high)
        (bound,) = axes.plot(found.momentum, finite(found.bound), color=BLACK, linewidth=2, label="largest stable ηλ")
        axes.set_xlim(*span([*found.momentum, result.tuning.hyper.get("momentum", np.nan)]))
        axes.set_ylim(low, high)
        lying = _directions(axes, result, data)
        describe(axes, f"How {result.title} is damped", MOMENTUM, SCALED)
        legend(axes, handles=[*patches, bound, *lying], columns=2)
    return axes


def _radii(ax: Axes, found: MapResult) -> None:
    colours = colormaps[MAP].with_extremes(over=GREY, bad=GREY)
    radius = finite(found.radius)
    low = float(np.nanmin(radius)) if np.isfinite(radius).any() else 0.0
    drawn = ax.pcolormesh(
        found.lr,
        found.momentum,
        radius,
        cmap=colours,
        vmin=min(low, 0.99),
        vmax=1.0,
        shading="nearest",
        rasterized=True,
    )
    bar = colorbar(ax, drawn, f"{RADIUS} (grey: diverges)", extend="max")
    linear_ticks(bar.ax.yaxis)


def _probes(ax: Axes, found: MapResult) -> None:
    for verdict, marker, face, label in ((1.0, "o", "white", "run converged"), (0.0, "X", VERMILLION, "run diverged")):
        points = [(lr, momentum) for lr, momentum, converged in found.probes if converged == verdict]
        if points:
            ax.plot(
                *zip(*points, strict=True),
                marker,
                color=face,
                markeredgecolor=BLACK,
                markersize=6.5,
                linestyle="none",
                zorder=4,
                label=label,
            )


def _rates(ax: Axes, result: MethodResult) -> None:
    curve, tuning = result.curve, result.tuning
    if np.isfinite(curve.bound):
        label = f"largest stable η = {number(curve.bound)}"
        ax.axvline(curve.bound, color=BLACK, linestyle="--", linewidth=1.2, label=label)
    kind = "optimum" if tuning.optimal else "chosen"
    star(ax, curve.chosen, tuning.rate, f"{kind}: η = {number(curve.chosen)}, ρ = {number(tuning.rate)}")


def _heights(radius: Array) -> tuple[float, float]:
    """Limits about ρ = 1 in proportion to the depth of the lowest curve below it."""
    low, high = span([*radius.ravel(), 1.0])
    depth = 1.0 - min(low, 0.9999)
    return max(0.0, low - 0.25 * depth), min(max(1.08 * high, 1 + 0.25 * depth), 1 + depth)


def _scale(ax: Axes, found: DampingResult) -> tuple[float, float]:
    """The limits of the vertical axis; logarithmic where the bound ranges widely."""
    bound = finite(found.bound)
    bound = bound[np.isfinite(bound)]
    if not bound.size:
        return 0.0, 1.0
    if bound.max() <= WIDE * bound.min():
        return 0.0, 1.15 * float(bound.max())
    edges = finite(found.edges)
    ax.set_yscale("log")
    plain_powers(ax.yaxis)
    smallest = float(edges[edges > 0].min()) if (edges > 0).any() else float(bound.min())
    return max(smallest, 1e-3 * float(bound.min())), 2.0 * float(bound.max())


def _bands(ax: Axes, found: DampingResult, low: float, high: float) -> list[Patch]:
    """Fill each regime from its lower to its upper edge, within the bound; the same regime looks the same."""
    bound = np.nan_to_num(finite(found.bound), nan=high)
    limits = [np.full_like(bound, low), *(np.nan_to_num(finite(row), nan=high) for row in found.edges), bound]
    looks = dict(zip(dict.fromkeys(found.bands), BANDS, strict=False))
    for name, lower, upper in zip(found.bands, limits, limits[1:], strict=False):
        face, hatch = looks.get(name, BANDS[-1])
        ax.fill_between(
            found.momentum,
            np.minimum(lower, bound),
            np.minimum(upper, bound),
            facecolor=face,
            hatch=hatch,
            edgecolor=EDGE,
            linewidth=0,
        )
    ax.fill_between(found.momentum, bound, high, facecolor=GREY, linewidth=0)
    shown = [(plain(name), *look) for name, look in looks.items()]
    listed = [*shown, ("diverges", GREY, "")]
    return [Patch(facecolor=face, hatch=hatch, edgecolor=EDGE, label=name) for name, face, hatch in listed]


def _directions(ax: Axes, result: MethodResult, data: DataResult) -> list[Line2D]:
    hyper = result.tuning.hyper
    if not {"lr", "momentum"} <= set(hyper):
        return []
    scaled = [hyper["lr"] * d.curvature for d in data.directions]
    low, high = ax.get_ylim()
    outside = not all(low <= value <= high for value in scaled)
    look: dict[str, Any] = {"color": BLACK, "markerfacecolor": PAPER, "markeredgewidth": 1.4, "linestyle": "none"}
    label = "directions of this data"
    return ax.plot([hyper["momentum"]] * len(scaled), scaled, "o", **look, zorder=5, clip_on=outside, label=label)
