"""The best settings of a method on a spectrum, and settings as one writes them: few digits, stable as written."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from itertools import product
from math import inf, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from convergence.diagnosis.directions import estimated, radii, slowest, stable, states
from convergence.diagnosis.wording import DIGITS, FINE, near_one, rounded, settings_text, steps
from convergence.errors import BadHyperparameter, NoStableLearningRate, NotLinear
from convergence.rule import Method
from convergence.theory.optimum import best as derived_best
from convergence.theory.region import region
from convergence.theory.system import system

Array = NDArray[np.float64]

RATES = 400
"""Learning rates tried, evenly on a logarithmic scale, before the best of them is refined."""

LEVEL = 1e-12
"""A flat direction along which weight decay moves the weights counts as one of this part of L: formulas want μ > 0."""

LEVELLED = 1e-12
"""Radii that differ by less are the same but for rounding, which is not to choose a learning rate."""

MARGIN = 0.9
"""A setting that one would use keeps this part of a bound above (and its inverse over one below)."""

AS_GOOD = 1e-4
"""A best setting as it is written takes at most this part more steps than the best."""

ENOUGH = 16
"""Digits that a setting is written with at most."""

SAMPLED = 12
"""So many of a range are looked at: of curvatures, where the ends need not be the worst, and of rates that are as good."""


@dataclass(frozen=True)
class Best:
    """Settings with the ``rate`` and the ``steps`` to a thousandth on a spectrum (None: never).

    ``printed`` is what one would set: the same in few digits, stable as written, with a rate and steps of its own.
    """

    hyper: dict[str, float]
    rate: float
    steps: int | None
    printed: Best | None = None

    def __str__(self) -> str:
        shown = self.printed or self
        return f"{settings_text(shown.hyper)}: rate {near_one(shown.rate)}, {steps(shown.steps)}"


def best(method: Method, curvatures: Array, settings: Mapping[str, Any]) -> Best | None:
    """The derived optimum; None where there is none. What moves the point of rest (weight decay) is held as given."""
    moving = {letter for entry in system(method).rest for letter in entry.free_symbols}
    held = {name: settings[name] for name in method.hyper if method.symbols[name] in moving}
    mu, L = float(curvatures[-1]) or LEVEL * float(curvatures[0]), float(curvatures[0])
    try:
        optimum = derived_best(method, held)
        free = {n: settings[n] for n in method.hyper if n not in optimum.determined and n not in held}
        tuned = optimum.at(mu=mu, L=L, **{name: value for name, value in free.items() if name not in optimum.fixed})
    except (NoStableLearningRate, NotLinear, BadHyperparameter):
        return None
    hyper = {name: tuned.hyper[name] for name in method.hyper}
    return evaluated(method, curvatures, hyper, FINE, [*held, *free], tuned.rate)


def best_rate(method: Method, curvatures: Array, settings: Mapping[str, Any]) -> Best | None:
    """The best learning rate with the other settings as they are, by search; None where no rate converges.

    Of rates that are as good (where all eigenvalues are complex, the radius is √β at any of them) a few are run, and that
    of the fewest steps is told.
    """
    if method.rate is None:
        return None
    name, column = method.rate, np.unique(curvatures)[:, None]

    def worst(rate: Any) -> Array:
        return np.asarray(radii(method, column, {**settings, name: np.asarray(rate, dtype=float)}).max(axis=0))

    scales = [float(settings[name]) or 1.0, 1.0, 1 / float(curvatures[0]), 1 / float(curvatures[curvatures > 0][-1])]
    rates = np.geomspace(1e-3 * min(scales), 1e3 * max(scales), RATES)
    sizes = np.nan_to_num(worst(rates), nan=np.inf)
    level = np.flatnonzero(sizes <= sizes.min() + LEVELLED)
    if not sizes.min() < 1:
        return None
    some = level[np.unique(np.linspace(0, len(level) - 1, SAMPLED).astype(int))]
    place = int(min(some, key=lambda k: _timed(method, curvatures, {**settings, name: float(rates[k])}).steps or inf))
    low, high = rates[max(place - 1, 0)], rates[min(place + 1, RATES - 1)]
    fine = minimize_scalar(
        lambda r: float(worst([r])[0]), bounds=(low, high), method="bounded", options={"xatol": 1e-9 * low}
    )
    rate = float(fine.x) if float(fine.fun) < sizes[place] - LEVELLED else float(rates[place])
    return evaluated(method, curvatures, {**settings, name: rate}, DIGITS, [n for n in settings if n != name])


def evaluated(
    method: Method,
    curvatures: Array,
    hyper: Mapping[str, Any],
    digits: int = FINE,
    held: Collection[str] = (),
    rate: float = 1.0,
) -> Best:
    """These settings, with their rate and steps, and as they are written with so many digits.

    Where doubles are not stable so near the edge, with the rate that is derived for them, and its steps.
    """
    exact = _timed(method, curvatures, {name: float(value) for name, value in hyper.items()})
    exact = Best(exact.hyper, rate, estimated(1 - rate)) if exact.steps is None else exact
    return replace(exact, printed=printed(method, curvatures, exact.hyper, digits, held, exact.steps))


def _timed(method: Method, curvatures: Array, hyper: dict[str, float]) -> Best:
    rows = states(method, curvatures, hyper)
    return Best(hyper, max(row.radius for row in rows), slowest(rows))


def printed(
    method: Method,
    curvatures: Array,
    hyper: dict[str, float],
    digits: int,
    held: Collection[str] = (),
    best: int | None = None,
) -> Best | None:
    """The settings in so many digits, or as many more as it takes to be stable also one unit of the rate's last digit off.

    What is ``held`` stands as it is. Where the ``best`` number of steps is given, digits are written until they reach it.
    Only where doubles have no more is the rate held at a margin from its edge. None where nothing near is stable.
    """
    free, rough = [name for name in hyper if name not in held], None
    for move in (dict[str, float], lambda given: _off_the_edge(method, curvatures, given)):
        given = move(hyper)
        for count, sides in product(range(digits, ENOUGH + 1, 2), _sides(len(free))):
            setting = given | {name: rounded(given[name], count, s) for name, s in zip(free, sides, strict=True)}
            if not _keeps(method, curvatures, setting, 10.0 ** (1 - count) if method.rate in free else 0.0):
                continue
            timed = _timed(method, curvatures, setting)
            if best is None or timed.steps is None or timed.steps <= best * (1 + AS_GOOD):
                return timed
            rough = timed if rough is None or timed.steps < (rough.steps or inf) else rough
        if rough is not None or method.rate not in free:
            return rough
    return None


def _sides(count: int) -> list[tuple[float, ...]]:
    """To round each of so many numbers to the nearest (0), down or up (−1, 1): fewest to a side first."""
    return sorted(product((0.0, -1.0, 1.0), repeat=count), key=np.count_nonzero)


def _keeps(method: Method, curvatures: Array, setting: dict[str, float], part: float) -> bool:
    """Whether these are stable, and are so with the rate larger or smaller by this part."""
    moves = (1.0, 1 + part, 1 - part) if part else (1.0,)
    moved = ({**setting, str(method.rate): setting[str(method.rate)] * m} if part else setting for m in moves)
    return all(bool(stable(method, curvatures, one).all()) for one in moved)


def _off_the_edge(method: Method, curvatures: Array, given: dict[str, float]) -> dict[str, float]:
    """The rate at a margin from the edges of the interval of stable rates that it is in, or nearest to."""
    rate = str(method.rate)
    try:
        pieces = stable_rates(method, binding(method, curvatures), given)
    except NotLinear:
        pieces = [(0.0, given[rate])]
    if not pieces:
        return given
    low, high = min(pieces, key=lambda piece: max(piece[0] - given[rate], given[rate] - piece[1]))
    top, bottom = MARGIN * high, low / MARGIN
    return {**given, rate: min(max(given[rate], bottom), top) if bottom < top else sqrt(low * high)}


def stable_rates(method: Method, curvatures: Array, given: Mapping[str, float]) -> list[tuple[float, float]]:
    """The open intervals of learning rates that are stable for all these curvatures, the other settings as given."""
    others = {name: value for name, value in given.items() if name != method.rate}
    return reduce(_common, (region(method).intervals(float(c), **others) for c in curvatures))


def _common(one: list[tuple[float, float]], other: list[tuple[float, float]]) -> list[tuple[float, float]]:
    pairs = ((max(a, c), min(b, d)) for a, b in one for c, d in other)
    return [(low, high) for low, high in pairs if low < high]


def binding(method: Method, curvatures: Array) -> Array:
    """The curvatures that can bind: both ends where that is proved, else a few over the whole spectrum."""
    few = 2 if system(method).ends_suffice else SAMPLED
    return np.asarray(curvatures[np.unique(np.linspace(0, len(curvatures) - 1, few).round().astype(int))])
