"""The figures of schedules beside each other: the rates, what is left of the error, and the loss."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from convergence import figures
from convergence.schedule import as_schedule

if TYPE_CHECKING:
    from convergence.parts.schedule import Scheduled, Schedules

Draw = Callable[[], Axes]


def draws(found: Schedules) -> dict[str, Draw]:
    """What draws each figure: "rates", "risk", and "left-1", … for each schedule."""
    rates = {row.name: as_schedule(row.rates) for row in found.rows}
    risk = {row.name: row.loss for row in found.rows}
    ways: dict[str, Draw] = {
        "rates": partial(figures.schedules, rates, steps=found.steps, best=found.best),
        "risk": partial(figures.risks, risk, best=found.loss, title="Loss above its minimum under schedules"),
    }
    return ways | {f"left-{k}": partial(left, row) for k, row in enumerate(found.rows, 1)}


def left(row: Scheduled) -> Axes:
    """What is left of the errors under one schedule."""
    named = {f"λ = {one.curvature:.4g}": np.asarray(one.logs) for one in row.left}
    return figures.prefixes(named, title=f"Error under {row.name}")
