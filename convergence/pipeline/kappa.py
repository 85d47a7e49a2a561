"""Methods go in; their optimal rates over the condition number come out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from convergence.crossing import evaluate
from convergence.pipeline.data import significant, vector
from convergence.results import KappaResult, MethodResult, Vector
from convergence.rule import Method
from convergence.theory.optimum import best
from convergence.theory.symbols import LARGEST, MU

POINTS = 37
EVERY = 3
"""Where a rate is found numerically, a second for each κ, it is found at every third."""

LARGEST_KAPPA = 1e6


def over_kappa(methods: Sequence[MethodResult], rates: Sequence[Vector], here: float) -> KappaResult:
    """The best rates of all methods side by side."""
    return KappaResult(vector(significant(_kappas(here), 6)), tuple(m.name for m in methods), tuple(rates), here)


def best_rates(method: Method, here: float) -> Vector:
    """The best rate of a method for κ from 1 to a million, and further where the data are worse."""
    kappa, found = _kappas(here), best(method, {})
    if found.exact:
        (rate,) = evaluate([MU, LARGEST], [found.rate], [1.0, kappa])
        rates = np.maximum(np.broadcast_to(np.asarray(rate, dtype=float), kappa.shape), 0.0)
    else:
        rates = _between(kappa, [found.at(mu=1.0, L=float(k)).rate for k in kappa[::EVERY]])
    return vector(significant(rates, 9))


def _between(kappa: NDArray[np.float64], rates: list[float]) -> NDArray[np.float64]:
    """Rates known at every third κ, the others interpolated in log κ and log(1 − ρ), where such curves are straight.

    What converges on an interval does so on a part of it: a rate that a search found at a larger κ holds at smaller ones,
    where the search may have ended in a valley.
    """
    reached = np.minimum.accumulate(rates[::-1])[::-1]
    known = np.log(np.maximum(1 - reached, 1e-16))
    return np.asarray(1 - np.exp(np.interp(np.log(kappa), np.log(kappa[::EVERY]), known)))


def _kappas(here: float) -> NDArray[np.float64]:
    return np.geomspace(1, max(LARGEST_KAPPA, min(10 * here, 1e12)), POINTS)
