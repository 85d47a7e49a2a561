"""Eigenvalues of the iteration matrix in the complex plane, as the learning rate grows, and those that a run shows.

A root locus, in the words of control theory: it leaves the unit disc at the largest stable learning rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle

from convergence.figures.curves import every, finite
from convergence.figures.style import (
    BLACK,
    LOOKS,
    MAP,
    VERMILLION,
    blank,
    describe,
    grow,
    legend,
    note,
    panel,
    plain,
    styled,
)
from convergence.notation import text
from convergence.numerics.curves import Locus
from convergence.numerics.identification import Identification

POINTS = 28
"""Along the way of an eigenvalue."""

FARTHEST = 1.5
"""Half the width of the plane at most."""

SEEN: dict[str, Any] = {"color": VERMILLION, "markersize": 9, "markeredgewidth": 2.2, "linestyle": "none"}
START: dict[str, Any] = {"color": BLACK, "markerfacecolor": "none", "markersize": 9, "linestyle": "none"}


def eigenvalues(result: Locus, ax: Axes | None = None, *, name: str = "", identified: Any = ()) -> Axes:
    """Where the eigenvalues of one direction go as the learning rate grows from 0 (squares) past its bound (bright).

    Parameters
    ----------
    result
        A Locus.
    ax
        Where to draw; a new figure, if not given.
    name
        Of the direction: the title.
    identified
        Eigenvalues that a run showed: crosses.
    """
    with panel(ax, height=3.6) as axes:
        chosen = slice(None, None, every(len(result.lr), POINTS))
        share = np.linspace(0, 1, len(result.lr))[chosen]
        axes.plot(finite(result.eigenvalues[0].real), finite(result.eigenvalues[0].imag), "s", **START, zorder=4)
        for way in result.eigenvalues.T:
            look: dict[str, Any] = {"cmap": MAP, "vmin": 0, "vmax": 1, "edgecolors": "#555555", "linewidths": 0.3}
            axes.scatter(_near(way.real)[chosen], _near(way.imag)[chosen], c=share, s=22, zorder=3, **look)
        _crosses(axes, np.asarray(identified, dtype=complex))
        _plane(axes, result.eigenvalues)
        describe(axes, name or f"λ = {text(result.curvature, 3)}", "real part", "imaginary part")
    return axes


def spectrum(title: str, loci: Sequence[tuple[str, Locus, Any]], letter: str = "η") -> Figure:
    """A panel for each (name, locus, identified eigenvalues), on one scale."""
    with styled():
        rows = -(-len(loci) // 2)
        figure, panels = blank(rows, min(2, len(loci)), height=3.1 * rows)
        for (name, result, identified), axes in zip(loci, panels, strict=False):
            eigenvalues(result, axes, identified=identified).set_title("")
            note(axes, name, (0, 1), (2, -8), xycoords="axes fraction")
        half = max(axes.get_xlim()[1] for axes in panels[: len(loci)])
        for axes in panels[: len(loci)]:
            axes.set(xlim=(-half, half), ylim=(-half, half))
        for axes in panels[len(loci) :]:
            axes.set_axis_off()
        panels[0].set_title(plain(f"Eigenvalues of {title} as {letter} grows"), loc="left")
        seen = any(np.isfinite(np.asarray(identified, dtype=complex)).any() for *_, identified in loci)
        legend(panels[0], handles=_samples(letter, seen))
        grow(figure)
    return figure


def identification(result: Identification, ax: Axes | None = None, *, names: Sequence[str] = ()) -> Axes:
    """The eigenvalues recovered from a run, a mark for each direction, in the unit circle of what converges."""
    with panel(ax, height=3.8) as axes:
        for row, look in zip(result.eigenvalues, LOOKS, strict=False):
            axes.plot(finite(row.real), finite(row.imag), look.marker, color=look.color, markerfacecolor="none")
        _plane(axes, result.eigenvalues)
        names = names or [f"direction {k + 1}" for k in range(len(result))]
        shown = [
            Line2D([], [], marker=look.marker, color=look.color, markerfacecolor="none", linestyle="none", label=name)
            for name, look in zip(names, LOOKS, strict=False)
        ]
        describe(axes, "Eigenvalues that the run shows", "real part", "imaginary part")
        legend(axes, handles=shown)
    return axes


def _near(values: Any) -> Any:
    return finite(values, FARTHEST)


def _crosses(ax: Axes, seen: Any) -> None:
    seen = seen[np.isfinite(seen)]
    ax.plot(finite(seen.real), finite(seen.imag), "x", **SEEN, zorder=5)


def _plane(ax: Axes, roots: Any) -> None:
    ax.add_patch(Circle((0, 0), 1, facecolor="#f1f1ec", edgecolor=BLACK, linewidth=1.2, zorder=0))
    reach = np.abs(np.concatenate([_near(roots.real).ravel(), _near(roots.imag).ravel(), [1.1]]))
    half = 1.06 * float(np.nanmax(reach))
    ax.axhline(0, color="#bbbbbb", linewidth=0.6, zorder=1)
    ax.axvline(0, color="#bbbbbb", linewidth=0.6, zorder=1)
    ax.set(xlim=(-half, half), ylim=(-half, half), xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    ax.set_aspect("equal")


def _samples(letter: str, seen: bool) -> list[Line2D]:
    way: dict[str, Any] = {"marker": "o", "color": "#555555", "linestyle": "none"}
    samples = [
        Line2D([], [], marker="s", **START, label=f"{letter} = 0"),
        Line2D([], [], **way, label=f"derived, brighter as {letter} grows"),
        Line2D([], [], color=BLACK, linewidth=1.2, label="unit circle: inside, the error shrinks"),
    ]
    return [*samples, *([Line2D([], [], marker="x", **SEEN, label="identified from the run")] if seen else [])]
