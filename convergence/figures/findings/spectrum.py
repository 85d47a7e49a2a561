"""Eigenvalues of the iteration matrix in the complex plane as the learning rate grows, and those a run revealed."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle

from convergence.figures.findings.curves import every, finite
from convergence.figures.findings.style import (
    BLACK,
    MAP,
    VERMILLION,
    blank,
    describe,
    grow,
    left_out,
    legend_of,
    panel,
    styled,
    wrapped,
)
from convergence.results import MethodResult, RootResult

POINTS = 28  # along the way of an eigenvalue
FARTHEST = 1.5  # the view's half width at most
PANELS = 4


def eigenvalues(root: RootResult, ax: Axes | None = None) -> Axes:
    """One direction: where the eigenvalues go in the complex plane as the learning rate grows from 0 past its bound."""
    with panel(ax, height=3.6) as axes:
        _way(axes, root)
        _identified(axes, root)
        _plane(axes, root)
        describe(axes, root.direction, "real part", "imaginary part")
    return axes


def spectrum(result: MethodResult) -> Figure:
    """A panel for each direction of ``result.roots`` (at most four), one scale of learning rates for all."""
    roots = result.roots[:PANELS]
    with styled():
        rows = -(-len(roots) // 2)
        figure, panels = blank(rows, min(2, len(roots)), height=2.9 * rows)
        for root, axes in zip(roots, panels, strict=False):
            eigenvalues(root, axes)
        half = max(axes.get_xlim()[1] for axes in panels[: len(roots)])
        for axes in panels[: len(roots)]:
            axes.set(xlim=(-half, half), ylim=(-half, half))
        for axes in panels[len(roots) :]:
            axes.set_axis_off()
        figure.suptitle(wrapped(f"Eigenvalues of {result.title} as η grows"), x=0.01, ha="left", fontsize=11)
        legend_of(
            figure,
            _handles(any(root.identified_real for root in roots)),
            left_out(len(result.roots) - PANELS, "direction"),
        )
        grow(figure)
    return figure


def _way(ax: Axes, root: RootResult) -> None:
    """Points that brighten as the learning rate grows; open squares where it is 0."""
    chosen = slice(None, None, every(len(root.lr), POINTS))
    share = np.linspace(0, 1, len(root.lr))[chosen]
    starts = [row[0] for row in root.real], [row[0] for row in root.imag]
    ax.plot(*starts, "s", color=BLACK, markerfacecolor="none", markersize=9, linestyle="none", zorder=4)
    for real, imag in zip(root.real, root.imag, strict=True):
        ax.scatter(
            finite(real, FARTHEST)[chosen],
            finite(imag, FARTHEST)[chosen],
            c=share,
            s=22,
            cmap=MAP,
            vmin=0,
            vmax=1,
            edgecolors="#555555",
            linewidths=0.3,
            zorder=3,
        )


def _identified(ax: Axes, root: RootResult) -> None:
    real, imag = finite(root.identified_real), finite(root.identified_imag)
    ax.plot(real, imag, "x", color=VERMILLION, markersize=9, markeredgewidth=2.2, linestyle="none", zorder=5)


def _plane(ax: Axes, root: RootResult) -> None:
    ax.add_patch(Circle((0, 0), 1, facecolor="#f1f1ec", edgecolor=BLACK, linewidth=1.2, zorder=0))
    reach = np.abs(np.concatenate([finite(root.real, FARTHEST).ravel(), finite(root.imag, FARTHEST).ravel(), [1.1]]))
    half = 1.06 * float(np.nanmax(reach))
    ax.axhline(0, color="#bbbbbb", linewidth=0.6, zorder=1)
    ax.axvline(0, color="#bbbbbb", linewidth=0.6, zorder=1)
    ax.set(xlim=(-half, half), ylim=(-half, half), xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    ax.set_aspect("equal")


def _handles(identified: bool) -> list[Any]:
    start = Line2D(
        [], [], marker="s", color=BLACK, markerfacecolor="none", markersize=9, linestyle="none", label="η = 0"
    )
    way = Line2D([], [], marker="o", color="#555555", linestyle="none", label="derived, brighter as η grows")
    circle = Line2D([], [], color=BLACK, linewidth=1.2, label="unit circle: inside, the error shrinks")
    found = Line2D(
        [],
        [],
        marker="x",
        color=VERMILLION,
        markersize=9,
        markeredgewidth=2.2,
        linestyle="none",
        label="identified from the run",
    )
    return [start, way, circle, *([found] if identified else [])]
