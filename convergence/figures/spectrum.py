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

from convergence.diagnosis.run_result import RunDiagnosis
from convergence.figures.curves import every, finite
from convergence.figures.style import BLACK, LOOKS, MAP, VERMILLION, blank, grow, legend, note, panel, plain, styled
from convergence.notation import text
from convergence.numerics.curves import Locus
from convergence.numerics.identification import Identification

POINTS = 28
"""Along the way of an eigenvalue."""

FARTHEST = 1.5
"""Half the width of the plane at most."""

AXES = "real part", "imaginary part"
SEEN: dict[str, Any] = {
    "marker": "x",
    "color": VERMILLION,
    "markersize": 9,
    "markeredgewidth": 2.2,
    "linestyle": "none",
}
START: dict[str, Any] = {"marker": "s", "color": BLACK, "markerfacecolor": "none", "markersize": 9, "linestyle": "none"}
WAY: dict[str, Any] = {"marker": "o", "color": "#555555", "linestyle": "none"}


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
    with panel(ax, name or f"λ = {text(result.curvature, 3)}", *AXES, height=3.6) as axes:
        axes.plot(*_parts(result.eigenvalues[0]), **START, zorder=4)
        chosen = slice(None, None, every(len(result.lr), POINTS))
        look: dict[str, Any] = {"cmap": MAP, "vmin": 0, "vmax": 1, "edgecolors": "#555555", "linewidths": 0.3, "s": 22}
        for way in result.eigenvalues[chosen].T:
            share = np.linspace(0, 1, len(result.lr))[chosen]
            axes.scatter(*_parts(way, FARTHEST), c=share, zorder=3, **look)
        seen = np.asarray(identified, dtype=complex)
        axes.plot(*_parts(seen[np.isfinite(seen)]), **SEEN, zorder=5)
        _plane(axes, result.eigenvalues)
    return axes


def spectrum(title: str, loci: Sequence[tuple[str, Locus, Any]], letter: str = "η") -> Figure:
    """A panel for each (name, locus, identified eigenvalues), on one scale."""
    with styled():
        rows = -(-len(loci) // 2)
        figure, panels = blank(rows, min(2, len(loci)), height=3.1 * rows)
        used, spare = panels[: len(loci)], panels[len(loci) :]
        for (name, result, identified), axes in zip(loci, used, strict=True):
            eigenvalues(result, axes, identified=identified).set_title("")
            note(axes, name, (0, 1), (2, -8), xycoords="axes fraction")
        half = max(axes.get_xlim()[1] for axes in used)
        for axes in used:
            axes.set(xlim=(-half, half), ylim=(-half, half))
        for axes in spare:
            axes.set_axis_off()
        panels[0].set_title(plain(f"Eigenvalues of {title} as {letter} grows"), loc="left")
        samples = [
            Line2D([], [], **START, label=f"{letter} = 0"),
            Line2D([], [], **WAY, label=f"derived, brighter as {letter} grows"),
            Line2D([], [], color=BLACK, linewidth=1.2, label="unit circle: inside, the error shrinks"),
        ]
        if any(np.isfinite(np.asarray(identified, dtype=complex)).any() for *_, identified in loci):
            samples.append(Line2D([], [], **SEEN, label="identified from the run"))
        legend(panels[0], handles=samples)
        grow(figure)
    return figure


def identification(result: Identification | RunDiagnosis, ax: Axes | None = None, *, names: Sequence[str] = ()) -> Axes:
    """The eigenvalues recovered from a run, a mark for each direction, in the unit circle of what converges."""
    names = names or [f"direction {k + 1}" for k in range(len(result.eigenvalues))]
    with panel(ax, "Eigenvalues that the run shows", *AXES, height=3.8) as axes:
        for row, look, name in zip(result.eigenvalues, LOOKS, names, strict=False):
            own: dict[str, Any] = {"color": look.color, "markerfacecolor": "none", "linestyle": "none"}
            axes.plot(*_parts(row), marker=look.marker, **own, label=name)
        _plane(axes, result.eigenvalues)
        parts = [np.nan_to_num(_parts(row, FARTHEST), nan=np.inf) for row in result.eigenvalues]
        unseen = [name for part, name in zip(parts, names, strict=False) if not np.isfinite(part).all(axis=0).any()]
        legend(axes, [f"not within the figure: {', '.join(unseen)}"] if unseen else [])
    return axes


def _parts(values: Any, limit: float = np.inf) -> tuple[Any, Any]:
    return finite(values.real, limit), finite(values.imag, limit)


def _plane(ax: Axes, roots: Any) -> None:
    """The unit disc, as much of the plane around it as the roots need, and the axes through 0."""
    ax.add_patch(Circle((0, 0), 1, facecolor="#f1f1ec", edgecolor=BLACK, linewidth=1.2, zorder=0))
    half = 1.06 * float(np.nanmax(np.abs([1.1, *np.concatenate(_parts(roots, FARTHEST)).ravel()])))
    ax.axhline(0, color="#bbbbbb", linewidth=0.6, zorder=1)
    ax.axvline(0, color="#bbbbbb", linewidth=0.6, zorder=1)
    ax.set(xlim=(-half, half), ylim=(-half, half), xticks=[-1, 0, 1], yticks=[-1, 0, 1])
    ax.set_aspect("equal")
