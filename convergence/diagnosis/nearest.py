"""Settings that do not converge go in; the nearest ones that do come out: by the rate alone, and with the momentum.

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

from convergence.diagnosis.directions import radii, slowest, stable, states
from convergence.diagnosis.printed import MARGIN, Printed, as_read, printed
from convergence.diagnosis.rates import binding, stable_rates
from convergence.diagnosis.wording import DIGITS, FINE, rounded, steps
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
    printed: Printed | None = None

    def __str__(self) -> str:
        known = self.printed is not None and self.printed.steps is not None
        return f"{self.shown} ({self.note}{f': {steps(self.printed.steps)}' if self.printed and known else ''})"

    @property
    def untimed(self) -> Nearest:
        """The same without steps, for where slower directions than are known may be."""
        return replace(self, safe_steps=None, printed=self.printed and replace(self.printed, steps=None))


def nearest(method: Method, curvatures: Array, settings: Mapping[str, Any]) -> tuple[Nearest | None, Nearest | None]:
    """(by the rate alone, together with the momentum where that is nearer), each None where there is none."""
    given = {name: float(value) for name, value in settings.items()}
    if bool(stable(method, curvatures, settings).all()):
        return Nearest(
            given, given.get(method.rate or "", 0.0), 0.0, False, given, None, "stable as it is", as_read(given)
        ), None
    if method.rate is None:
        return None, None
    try:
        alone = _alone(method, curvatures, given)
        joint = _joint(method, curvatures, given, alone) if "momentum" in method.hyper else None
    except NotLinear:
        return None, None
    return alone, joint


def _alone(method: Method, curvatures: Array, given: dict[str, float]) -> Nearest | None:
    for chosen in (binding(method, curvatures), curvatures):
        found = _closest_rate(method, chosen, given)
        if found is None:
            return None
        made = _made(method, curvatures, given, {**given, str(method.rate): found[0]}, found[1], False)
        if made is not None:
            return made
    return None


def _joint(method: Method, curvatures: Array, given: dict[str, float], alone: Nearest | None) -> Nearest | None:
    some, rate, beta = binding(method, curvatures), str(method.rate), given["momentum"]
    reach = min(FAR, alone.change if alone is not None else FAR)

    def at(momentum: float) -> tuple[float, float, float]:
        """(change, rate, inward) of the nearest stable rate with this momentum."""
        found = _closest_rate(method, some, {**given, "momentum": momentum})
        if found is None:
            return inf, 0.0, 0.0
        return hypot(_relative(found[0], given[rate]), momentum - beta), *found

    grid = np.linspace(max(0.0, beta - reach), beta + reach, GRID)
    sizes = [at(float(m))[0] for m in grid]
    place = int(np.argmin(sizes))
    if not isfinite(sizes[place]):
        return None
    ends = float(grid[max(place - 1, 0)]), float(grid[min(place + 1, GRID - 1)])
    fine = minimize_scalar(lambda m: min(at(float(m))[0], 1e9), bounds=ends, method="bounded", options={"xatol": 1e-10})
    momentum = min((float(grid[place]), float(fine.x)), key=lambda m: at(m)[0])
    change, edge, inward = at(momentum)
    if alone is not None and not change < SMALLER * alone.change:
        return None
    return _made(method, curvatures, given, {**given, rate: edge, "momentum": momentum}, inward, True)


def _closest_rate(method: Method, curvatures: Array, given: Mapping[str, float]) -> tuple[float, float] | None:
    """The rate nearest to the given one that is stable for all curvatures, up to its edge: (rate, direction inward).

    The direction is 0 where the given rate is inside, −1 where stable rates lie below the edge, +1 where above.
    """
    rate = str(method.rate)
    pieces = stable_rates(method, curvatures, given)
    now = given[rate]
    best: tuple[float, float, float] | None = None
    for low, high in pieces:
        edge, inward = (now, 0.0) if low < now < high else (high, -1.0) if now >= high else (low, 1.0)
        if edge == 0.0:  # every rate above 0 will do: go to the middle of the scale, for there is no nearest
            edge, inward = (min(high, 1.0) / 2, 0.0)
        size = _relative(edge, now)
        if best is None or size < best[0]:
            best = (size, edge, inward)
    return None if best is None else best[1:]


def _made(
    method: Method, curvatures: Array, given: dict[str, float], edge: dict[str, float], inward: float, joint: bool
) -> Nearest | None:
    """The setting just inside this edge, if it is stable for all curvatures."""
    rate = str(method.rate)
    inside = _inside(method, curvatures, edge, inward, joint)
    if inside is None:
        return None
    change = _relative(inside[rate], given[rate])
    change = hypot(change, inside["momentum"] - given["momentum"]) if joint else change
    safe = _safe(method, curvatures, edge, inward, joint)
    count = slowest(states(method, curvatures, safe))
    told = printed(method, curvatures, safe, DIGITS, held=[name for name in given if safe[name] == given[name]])
    shown, note = _note(rate, inside, inward, joint, told)
    return Nearest(inside, edge[rate], change, joint, safe, count, note, shown, told)


def _note(rate: str, inside: dict[str, float], inward: float, joint: bool, told: Printed | None) -> tuple[str, str]:
    """The setting as somebody would type it, and what to know of it; an edge is cut toward the stable side, not rounded."""
    if told is not None and joint:
        return as_read(told.hyper), "moves the momentum too; with a margin"
    if told is not None and inward == 0:
        return as_read(told.hyper), f"any small {rate} converges"
    margin = f"; with a margin {as_read(told.hyper)}" if told is not None else ""
    edge = as_read({**inside, rate: rounded(inside[rate], FINE, inward)})
    return edge, f"the very edge, where it takes forever{margin}"


def _inside(
    method: Method, curvatures: Array, edge: dict[str, float], inward: float, joint: bool
) -> dict[str, float] | None:
    rate = str(method.rate)
    for part in (INSIDE, 10 * INSIDE, 100 * INSIDE):
        for turn in (0.0, -part, part) if joint else (0.0,):
            inside = {**edge, rate: edge[rate] * (1 + inward * part)}
            if joint:
                inside["momentum"] = max(0.0, edge["momentum"] + turn)
            if bool(stable(method, curvatures, inside).all()):
                return inside
    return None


def _safe(method: Method, curvatures: Array, edge: dict[str, float], inward: float, joint: bool) -> dict[str, float]:
    """Off the edge by a tenth of the rate; and where the momentum sits at an edge of its own, off that one, too."""
    rate = str(method.rate)
    part = MARGIN if inward < 0 else 1 / MARGIN if inward > 0 else 1.0
    tries = [{**edge, rate: edge[rate] * part}]
    if joint:
        tries += [{**t, "momentum": edge["momentum"] * p} for t in tries for p in (MARGIN, 1 / MARGIN)]
    roomy = [t for t in tries if not joint or _has_room(method, curvatures, t)] or tries
    worst = [float(radii(method, curvatures, t).max()) for t in roomy]
    return roomy[int(np.argmin(worst))]


def _has_room(method: Method, curvatures: Array, setting: dict[str, float]) -> bool:
    """Whether a momentum a little larger or smaller is stable, too."""
    moved = [{**setting, "momentum": max(0.0, setting["momentum"] + shift)} for shift in (-ROOM, ROOM)]
    return all(bool(stable(method, curvatures, at).all()) for at in moved)


def _relative(rate: float, given: float) -> float:
    """|Δ|/given; of a rate given as zero, the rate itself counts as one change."""
    return abs(rate - given) / given if given > 0 else 1.0
