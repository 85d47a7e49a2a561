"""Checks of theory against runs: how far apart they were, beside how far they may be."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from convergence.evidence.verification import Verification
from convergence.figures.curves import positive, span
from convergence.figures.style import BLACK, BLUE, VERMILLION, legend, log_scale, panel, plain, short
from convergence.rule import title_of

LEAST = 1e-17
"""An error or a tolerance of 0 on a logarithmic axis."""


def verification(result: Verification, ax: Axes | None = None) -> Axes:
    """A row for each check: the error as a dot, the tolerance as a bar; what failed is a cross beyond its bar."""
    checks = [check for check in result.checks if check.error is not None and check.tolerance is not None]
    error, allowed = np.fmax(np.array([(check.error, check.tolerance) for check in checks], dtype=float), LEAST).T
    passed = np.array([check.passed is not False for check in checks], dtype=bool)
    rows = np.arange(len(checks))[::-1]
    title = f"Theory of {title_of(result.method)} against its run"
    with panel(ax, title, "how far apart", height=1.0 + 0.4 * len(checks)) as axes:
        axes.plot(positive(allowed), rows, "|", color=BLACK, markersize=11, markeredgewidth=2, label="what is allowed")
        for good, mark, hue, label in ((True, "o", BLUE, "error"), (False, "X", VERMILLION, "error, failed")):
            if (passed == good).any():
                axes.plot(positive(error)[passed == good], rows[passed == good], mark, color=hue, label=label)
        look: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "fontsize": 8.5, "va": "center"}
        for row, check in zip(rows, checks, strict=True):
            axes.text(0.0, row + 0.42, plain(short(check.claim, 76)), **look)
        log_scale(axes.xaxis)
        low, high = span([*error, *allowed], log=True)
        axes.set(xlim=(low / 3, high * 3), ylim=(-0.7, len(checks) - 0.2), yticks=[])
        axes.spines["left"].set_visible(False)
        legend(axes)
    return axes
