"""The nearest stable setting to one that is not: by the learning rate alone, and together with the momentum.

For each momentum the edges of the stable rates are roots of the Schur–Cohn polynomials at the curvatures that bind; so the
search over both is one over the momentum alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import hypot, inf, isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from convergence.diagnosis.best import MARGIN, Best, binding, printed, stable_rates
from convergence.diagnosis.directions import radii, slowest, stable, states
from convergence.diagnosis.wording import DIGITS, FINE, rounded, settings_text, steps
from convergence.errors import NotLinear
from convergence.rule import Method

Array = NDArray[np.float64]

INSIDE = 1e-6
"""The nearest stable setting lies this far inside the edge, relative to the change: the edge itself is not stable."""

SMALLER = 0.99
"""Changing the momentum as well must save this much of the change of the rate alone to be worth saying."""

HALVED = 0.5
"""It is shown where it saves this much: two settings to change are more trouble than one."""

ROOM = 0.02
"""A momentum that one would use stays stable when it is moved by so much."""

GRID = 121
"""Momenta tried before the best of them is refined."""

FAR = 1.5
"""The momentum moves by at most this much."""


@dataclass(frozen=True)
class Nearest:
    """A stable setting at the smallest change from the one given.

    ``hyper`` is stable, INSIDE the edge; ``edge`` is the rate at the edge. ``change``: |Δlr|/lr, with a momentum the root of
    the sum of its square and (Δmomentum)². ``joint`` tells whether the momentum moved, too. ``safe`` keeps a margin from the
    edge, with the ``safe_steps`` that it takes; ``printed`` is the same as it is written in a sentence. A setting that is
    stable already is its own nearest, at change 0.
    """

    hyper: dict[str, float]
    edge: float
    change: float
    joint: bool
    safe: dict[str, float]
    safe_steps: int | None
    note: str
    shown: str
    printed: Best | None = None

    def __str__(self) -> str:
        time = "" if self.printed is None or self.printed.steps is None else f": {steps(self.printed.steps)}"
        return f"{self.shown} ({self.note}{time})"

    @property
    def untimed(self) -> Nearest:
        """The same without steps, for where slower directions than are known may be."""
        return replace(self, safe_steps=None, printed=self.printed and replace(self.printed, steps=None))


@dataclass(frozen=True)
class Edge:
    """A ``rate`` at the edge of what is stable; ``inward`` is −1 where that lies below, +1 above, 0 inside of it."""

    rate: float
    inward: float


def nearest(method: Method, curvatures: Array, settings: Mapping[str, Any]) -> tuple[Nearest | None, Nearest | None]:
    """(by the rate alone, together with the momentum where that is nearer), each None where there is none."""
    given = {name: float(value) for name, value in settings.items()}
    if method.rate is None:
        return None, None
    if bool(stable(method, curvatures, settings).all()):
        as_is = Nearest(given, given[method.rate], 0.0, False, given, None, "stable as it is", settings_text(given))
        return as_is, None
    search = _Search(method, curvatures, given, method.rate)
    try:
        alone = search.alone()
        return alone, search.joint(alone)
    except NotLinear:
        return None, None


@dataclass(frozen=True, eq=False)
class _Search:
    """The search around settings ``given`` that are not stable; the share among them (a momentum) may move as well."""

    method: Method
    curvatures: Array
    given: dict[str, float]
    rate: str

    def alone(self) -> Nearest | None:
        """By the rate alone: for the curvatures that bind, or where that does not do, for all."""
        for some in (binding(self.method, self.curvatures), self.curvatures):
            edge = self.closest(some, self.given)
            if edge is None:
                return None
            setting = self.setting({**self.given, self.rate: edge.rate}, edge.inward, None)
            if setting is not None:
                return setting
        return None

    def joint(self, alone: Nearest | None) -> Nearest | None:
        """With the first hyperparameter that is a share (as a momentum is) as well, where that is nearer than ``alone``."""
        share = next((name for name, domain in self.method.domains.items() if domain.is_share), None)
        if share is None:
            return None
        some, now = binding(self.method, self.curvatures), self.given[share]
        reach = min(FAR, alone.change if alone is not None else FAR)

        def change(value: float) -> float:
            edge = self.closest(some, {**self.given, share: value})
            return inf if edge is None else hypot(self.relative(edge.rate), value - now)

        grid = np.linspace(max(0.0, now - reach), now + reach, GRID)
        sizes = [change(float(value)) for value in grid]
        place = int(np.argmin(sizes))
        if not isfinite(sizes[place]):
            return None
        ends = float(grid[max(place - 1, 0)]), float(grid[min(place + 1, GRID - 1)])
        fine = minimize_scalar(
            lambda v: min(change(float(v)), 1e9), bounds=ends, method="bounded", options={"xatol": 1e-10}
        )
        value = float(fine.x) if fine.fun < sizes[place] else float(grid[place])
        edge = self.closest(some, {**self.given, share: value})
        if edge is None or (alone is not None and not change(value) < SMALLER * alone.change):
            return None
        return self.setting({**self.given, self.rate: edge.rate, share: value}, edge.inward, share)

    def closest(self, curvatures: Array, given: Mapping[str, float]) -> Edge | None:
        """The edge nearest to the given rate of what is stable for all curvatures."""
        now, edges = given[self.rate], []
        for low, high in stable_rates(self.method, curvatures, given):
            if (
                low == 0.0 and now <= 0.0
            ):  # every rate above 0 will do: go to the middle of the scale, for there is no nearest
                edges.append(Edge(min(high, 1.0) / 2, 0.0))
            else:
                edges.append(
                    Edge(now, 0.0) if low < now < high else Edge(high, -1.0) if now >= high else Edge(low, 1.0)
                )
        return min(edges, key=lambda edge: self.relative(edge.rate), default=None)

    def setting(self, edge: dict[str, float], inward: float, share: str | None) -> Nearest | None:
        """The setting just inside this edge, if it is stable for all curvatures; ``share`` is the one that moved."""
        inside = self.inside(edge, inward, share)
        if inside is None:
            return None
        change = hypot(self.relative(inside[self.rate]), inside[share] - self.given[share] if share else 0.0)
        safe = self.safe(edge, inward, share)
        held = [name for name in self.given if safe[name] == self.given[name]]
        written = printed(self.method, self.curvatures, safe, DIGITS, held)
        shown = settings_text(written.hyper if written and (share or not inward) else inside)
        if written and share:
            note = "moves the momentum too; with a margin"
        elif written and not inward:
            note = f"any small {self.rate} converges"
        else:  # an edge is cut toward the stable side, not rounded
            shown = settings_text({**inside, self.rate: rounded(inside[self.rate], FINE, inward)})
            margin = f"; with a margin {settings_text(written.hyper)}" if written else ""
            note = f"the very edge, where it takes forever{margin}"
        count = slowest(states(self.method, self.curvatures, safe))
        return Nearest(inside, edge[self.rate], change, share is not None, safe, count, note, shown, written)

    def inside(self, edge: dict[str, float], inward: float, share: str | None) -> dict[str, float] | None:
        """A stable setting INSIDE the edge, or as little more as it takes."""
        for part in (INSIDE, 10 * INSIDE, 100 * INSIDE):
            moved = {**edge, self.rate: edge[self.rate] * (1 + inward * part)}
            turns = [{share: max(0.0, edge[share] + turn)} for turn in (0.0, -part, part)] if share else [{}]
            for setting in ({**moved, **turn} for turn in turns):
                if self.stable(setting):
                    return setting
        return None

    def safe(self, edge: dict[str, float], inward: float, share: str | None) -> dict[str, float]:
        """Off the edge by a tenth of the rate; and where the share sits at an edge of its own, off that one, too."""
        part = MARGIN if inward < 0 else 1 / MARGIN if inward > 0 else 1.0
        tries = [{**edge, self.rate: edge[self.rate] * part}]
        if share:
            tries += [{**tries[0], share: edge[share] * part} for part in (MARGIN, 1 / MARGIN)]
            roomy = [t for t in tries if all(self.stable({**t, share: max(0.0, t[share] + d)}) for d in (-ROOM, ROOM))]
            tries = roomy or tries
        return min(tries, key=lambda setting: float(radii(self.method, self.curvatures, setting).max()))

    def stable(self, setting: Mapping[str, float]) -> bool:
        """Whether every direction contracts."""
        return bool(stable(self.method, self.curvatures, setting).all())

    def relative(self, rate: float) -> float:
        """|Δ|/given; of a rate given as zero, any other counts as one change."""
        now = self.given[self.rate]
        return abs(rate - now) / now if now > 0 else 1.0
