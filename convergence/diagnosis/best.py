"""A method, curvatures and settings go in; the best that the method can do on them comes out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from convergence.diagnosis.directions import radii, slowest, states
from convergence.diagnosis.printed import Printed, as_read, printed
from convergence.diagnosis.wording import DIGITS, FINE, near_one, numbers, steps
from convergence.errors import BadHyperparameter, NoStableLearningRate, NotLinear
from convergence.rule import Method
from convergence.theory.optimum import best as derived_best
from convergence.theory.system import system

Array = NDArray[np.float64]

RATES = 400
"""Learning rates tried, evenly on a logarithmic scale, before the best of them is refined."""


LEVEL = 1e-12
"""A flat direction along which weight decay moves the weights counts as one of this part of L: formulas want μ > 0."""


@dataclass(frozen=True)
class Best:
    """The best settings over all curvatures in [μ, L]: ``hyper``, the ``rate`` and the ``steps`` to a thousandth.

    ``printed`` is what one would set: the same in few digits, off the edge of stability, with a rate and steps of its own.
    """

    hyper: dict[str, float]
    rate: float
    steps: int | None
    printed: Printed | None = None

    def __str__(self) -> str:
        told = self.printed
        if told is not None:
            return f"{as_read(told.hyper)}: rate {near_one(told.rate)}, {steps(told.steps)}"
        return f"{numbers(self.hyper)}: rate {near_one(self.rate)}, {steps(self.steps)}"


def best(method: Method, curvatures: Array, settings: Mapping[str, Any]) -> Best | None:
    """The derived optimum; None where none is found. What moves the point of rest (weight decay) is held as given."""
    moving = {letter for entry in system(method).rest for letter in entry.free_symbols}
    symbols = system(method).symbols
    held = {name: settings[name] for name in method.hyper if symbols[name] in moving}
    try:
        optimum = derived_best(method, held)
        open_ones = {n: settings[n] for n in method.hyper if n not in optimum.determined and n not in held}
        tuned = optimum.at(
            mu=max(float(curvatures[-1]), LEVEL * float(curvatures[0])),
            L=float(curvatures[0]),
            **_taken(optimum.fixed, held, open_ones),
        )
    except (NoStableLearningRate, NotLinear, BadHyperparameter):
        return None
    return made(method, curvatures, {name: tuned.hyper[name] for name in method.hyper}, FINE, [*held, *open_ones])


def _taken(fixed: Mapping[str, Any], held: Mapping[str, Any], open_ones: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers that the optimum still asks for: of what neither it nor a default determines."""
    return {name: value for name, value in open_ones.items() if name not in fixed and name not in held}


def best_rate(method: Method, curvatures: Array, settings: Mapping[str, Any]) -> Best | None:
    """The best learning rate with the other settings as they are, by search; None where no rate converges."""
    if method.rate is None:
        return None
    name = method.rate

    def worst(rate: Any) -> Array:
        given = {**settings, name: np.asarray(rate, dtype=float)}
        return np.asarray(radii(method, np.unique(curvatures)[:, None], given).max(axis=0))

    now = float(settings[name]) or 1.0
    scales = [now, 1.0, 1 / float(curvatures[0]), 1 / float(curvatures[curvatures > 0][-1])]
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
    others = [other for other in settings if other != name]
    return made(method, curvatures, {**settings, name: rate}, DIGITS, others)


def made(
    method: Method, curvatures: Array, hyper: Mapping[str, Any], digits: int = FINE, held: Collection[str] = ()
) -> Best:
    """These settings, with their rate and steps, and as they are written with so many digits."""
    rows = states(method, curvatures, hyper)
    rate = max(row.radius for row in rows)
    return Best(
        {n: float(v) for n, v in hyper.items()}, rate, slowest(rows), printed(method, curvatures, hyper, digits, held)
    )
