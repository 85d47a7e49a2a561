"""Methods go in; their optimal rates over the condition number come out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from convergence.crossing import evaluate
from convergence.pipeline.data import grid, significant, vector
from convergence.results import KappaResult
from convergence.rule import Method
from convergence.theory.optimum import best
from convergence.theory.symbols import LARGEST, MU

POINTS = 37
LARGEST_KAPPA = 1e6


def over_kappa(methods: list[Method], here: float) -> KappaResult:
    """The best rate of each method for κ from 1 to a million, and further where the data are worse."""
    kappa = np.geomspace(1, max(LARGEST_KAPPA, min(10 * here, 1e12)), POINTS)
    rates = [_rates(method, kappa) for method in methods]
    return KappaResult(vector(significant(kappa, 6)), tuple(m.name for m in methods), grid(np.array(rates), 9), here)


def _rates(method: Method, kappa: NDArray[np.float64]) -> NDArray[np.float64]:
    found = best(method, {})
    if found.exact:
        (rate,) = evaluate([MU, LARGEST], [found.rate], [1.0, kappa])
        return np.asarray(np.maximum(np.broadcast_to(np.asarray(rate, dtype=float), kappa.shape), 0.0))
    return np.array([found.at(mu=1.0, L=float(k)).rate for k in kappa])
