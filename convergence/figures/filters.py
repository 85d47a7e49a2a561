"""Averages of gradients as filters: the gain at each frequency, against a constant input."""

from __future__ import annotations

from collections.abc import Mapping
from math import pi
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from convergence.figures.curves import draw, log_axis, positive
from convergence.figures.stability import settings
from convergence.figures.style import EDGE, log_scale, panel
from convergence.figures.words import name_lines, star
from convergence.notation import text
from convergence.theory.filters import Filter
from convergence.theory.weighting import Weights

SLOWEST, POINTS = 1e-3, 400
"""The lowest frequency that is drawn, in radians a step, unless a filter is slower still; and how many."""

CROWDED = 4
"""So many curves, which run close together at low frequencies, have a legend."""

HALF_POWER = 0.5**0.5


def response(result: Weights | Mapping[str, Weights], ax: Axes | None = None, *, title: str = "") -> Axes:
    """The gain |T(e^{iω})| of averages, in parts of that of a constant gradient; both axes are logarithmic.

    Parameters
    ----------
    result
        Weights, or several by their names.
    ax
        Where to draw; a new figure, if not given.
    title
        Above the axes.
    """
    several = {"gain": result} if isinstance(result, Weights) else dict(result)
    title = title or "How averages of gradients damp what oscillates"
    with panel(ax, title, "frequency ω, radians a step (log scale)", "gain, of a constant one (log scale)") as axes:
        log_scale(axes.xaxis)
        cutoffs = [one.cutoff for one in several.values() if np.isfinite(one.cutoff)]
        omega = np.geomspace(min([SLOWEST, *(cutoff / 10 for cutoff in cutoffs)]), pi, POINTS)
        gains = {name: positive(np.abs(one.response(omega)) / _scale(one)) for name, one in several.items()}
        rows, hidden = draw(axes, {name: (omega, gain) for name, gain in gains.items()})
        axes.axhline(HALF_POWER, color=EDGE, linewidth=0.8, linestyle=":")
        axes.set_xlim(float(omega[0]), pi)
        log_axis(axes, rows)
        notes = ["dotted: half the power (−3 dB)", *hidden]
        if len(several) == 1:
            (one,) = several.values()
            axes.lines[0].set_label("_gain")
            if np.isfinite(one.cutoff):
                star(axes, one.cutoff, HALF_POWER, f"cutoff {text(one.cutoff, 3)}\nwindow {text(one.window, 3)} steps")
        name_lines(axes, notes, letters=30 if len(several) < CROWDED else 0)
    return axes


def filter_response(result: Filter, ax: Axes | None = None, **hyper: Any) -> Axes:
    """The frequency response of a method's filter at these hyperparameters (and ``curvature``, where it is closed).

    Raises
    ------
    BadHyperparameter
        For a hyperparameter that is missing or that the method has not.

    >>> import convergence as cv
    >>> cv.filter_of("heavy_ball").plot(momentum=0.9).get_xscale()
    'log'
    """
    given = settings(result.method, hyper, *result.method.hyper)
    source = "noise" if result.closed else "gradients"
    title = f"From {source} to {result.output} of {result.method.title}{f', {given}' if given else ''}"
    return response(result.at(**hyper), ax, title=title)


def _scale(one: Weights) -> float:
    """The gain of a constant gradient; 1 where there is none, or no end to it."""
    return abs(one.dc_gain) if one.dc_gain and np.isfinite(one.dc_gain) else 1.0
