"""The best settings of a method on a spectrum, and settings as one writes them: few digits, stable as written."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from convergence.diagnosis.directions import radii, slowest, stable, states
from convergence.diagnosis.stable_rates import binding, stable_rates
from convergence.diagnosis.wording import DIGITS, FINE, near_one, rounded, settings_text, steps
from convergence.errors import BadHyperparameter, NoStableLearningRate, NotLinear
from convergence.rule import Method
from convergence.theory.optimum import best as derived_best
from convergence.theory.system import system

Array = NDArray[np.float64]

RATES = 400
"""Learning rates tried, evenly on a logarithmic scale, before the best of them is refined."""

LEVEL = 1e-12
"""A flat direction along which weight decay moves the weights counts as one of this part of L: formulas want μ > 0."""

MARGIN = 0.9
"""A setting that one would use keeps this part of a bound above (and its inverse over one below)."""

AS_GOOD = 1e-4
"""A best setting as it is written takes at most this part more steps than the best."""

MOST = 16
"""Digits that a setting is written with at most."""


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
    try:
        optimum = derived_best(method, held)
        free = {n: settings[n] for n in method.hyper if n not in optimum.determined and n not in held}
        asked = {name: value for name, value in free.items() if name not in optimum.fixed}
        mu = max(float(curvatures[-1]), LEVEL * float(curvatures[0]))
        tuned = optimum.at(mu=mu, L=float(curvatures[0]), **asked)
    except (NoStableLearningRate, NotLinear, BadHyperparameter):
        return None
    return evaluated(method, curvatures, {name: tuned.hyper[name] for name in method.hyper}, FINE, [*held, *free])


def best_rate(method: Method, curvatures: Array, settings: Mapping[str, Any]) -> Best | None:
    """The best learning rate with the other settings as they are, by search; None where no rate converges."""
    if method.rate is None:
        return None
    name, some = method.rate, np.unique(curvatures)[:, None]

    def worst(rate: Any) -> Array:
        return np.asarray(radii(method, some, {**settings, name: np.asarray(rate, dtype=float)}).max(axis=0))

    scales = [float(settings[name]) or 1.0, 1.0, 1 / float(curvatures[0]), 1 / float(curvatures[curvatures > 0][-1])]
    rates = np.geomspace(1e-3 * min(scales), 1e3 * max(scales), RATES)
    sizes = np.nan_to_num(worst(rates), nan=np.inf)
    place = int(np.argmin(sizes))
    if not sizes[place] < 1:
        return None
    ends = rates[max(place - 1, 0)], rates[min(place + 1, RATES - 1)]
    fine = minimize_scalar(
        lambda r: float(worst([r])[0]), bounds=ends, method="bounded", options={"xatol": 1e-9 * ends[0]}
    )
    rate = float(fine.x) if float(fine.fun) < sizes[place] else float(rates[place])
    return evaluated(method, curvatures, {**settings, name: rate}, DIGITS, [n for n in settings if n != name])


def evaluated(
    method: Method, curvatures: Array, hyper: Mapping[str, Any], digits: int = FINE, held: Collection[str] = ()
) -> Best:
    """These settings, with their rate and steps, and as they are written with so many digits."""
    exact = _timed(method, curvatures, {name: float(value) for name, value in hyper.items()})
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
    free, first = [name for name in hyper if name not in held], None
    for candidates in (_rounded, _off_the_edge):
        for count in range(digits, MOST + 1, 2):
            for setting in candidates(method, curvatures, hyper, count, free):
                if _keeps(method, curvatures, setting, count, free):
                    timed = _timed(method, curvatures, setting)
                    if best is None or timed.steps is None or timed.steps <= best * (1 + AS_GOOD):
                        return timed
                    first = first or timed
        if first is not None:
            return first
    return None


def _rounded(_: Method, __: Array, given: dict[str, float], digits: int, free: list[str]) -> Iterator[dict[str, float]]:
    """Rounded to the nearest, then to either side."""
    for sides in sorted(product((0.0, -1.0, 1.0), repeat=len(free)), key=np.count_nonzero):
        yield given | {name: rounded(given[name], digits, s) for name, s in zip(free, sides, strict=True)}


def _off_the_edge(
    method: Method, curvatures: Array, given: dict[str, float], digits: int, free: list[str]
) -> Iterator[dict[str, float]]:
    """The rate at a margin from the edges of the interval of stable rates that it is in, or near to."""
    if method.rate not in free:
        return
    rate, given = method.rate, given | {n: rounded(given[n], digits) for n in free}
    try:
        pieces = stable_rates(method, binding(method, curvatures), given)
    except NotLinear:
        pieces = [(0.0, given[rate])]
    for low, high in sorted(pieces, key=lambda piece: max(piece[0] - given[rate], given[rate] - piece[1])):
        top, bottom = MARGIN * high, low / MARGIN
        value = min(max(given[rate], bottom), top) if bottom < top else sqrt(low * high)
        yield {**given, rate: rounded(value, digits)}


def _keeps(method: Method, curvatures: Array, setting: dict[str, float], digits: int, free: list[str]) -> bool:
    """Whether these are stable, and are so with the rate a little larger or smaller."""
    parts = [0.0] if method.rate not in free else [0.0, 10.0 ** (1 - digits), -(10.0 ** (1 - digits))]
    moved = (
        setting if not part else {**setting, str(method.rate): setting[str(method.rate)] * (1 + part)} for part in parts
    )
    return all(bool(stable(method, curvatures, at).all()) for at in moved)
