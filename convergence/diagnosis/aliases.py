"""Aliases of a direction: other lr·λ at which the log would look the same, as rows skip steps, or losses are squares."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from convergence.diagnosis.fit import Fit
from convergence.diagnosis.log import Log
from convergence.diagnosis.recurrence import strided

Array = NDArray[np.float64]

SAME = 1e-6
"""Traces and determinants over a stride that differ by less are the same: far more than rounding, far less than branches do."""


def aliases(fit: Fit, log: Log) -> list[Array]:
    """For each direction the other positive lr·λ whose eigenvalues have the same powers; none without a method, or under
    a schedule, in which no two steps have the same."""
    if fit.recurrence.method is None or fit.recurrence.rates is not None:
        return [np.empty(0)] * fit.size
    turns = np.exp(2j * np.pi * np.arange(log.power) / log.power)
    found = []
    for own, roots in zip(fit.own[:, 0], fit.recurrence.roots(fit.unknowns), strict=True):
        shared = fit.unknowns[: fit.recurrence.shared]
        others = fit.recurrence.products(shared, (turns * roots[:, None]).ravel())
        others = np.unique(others.real[(np.abs(others.imag) <= SAME * np.abs(others)) & (others.real > 0)])
        others = others[np.abs(np.diff(others, prepend=-1.0)) > SAME * others]
        (trace, *traces), (determinant, *determinants) = _shown(fit, log, np.concatenate([shared, [own], others]))
        same = (np.abs(np.array(traces) - trace) <= SAME * max(1.0, abs(trace))) & (
            np.abs(np.array(determinants) - determinant) <= SAME * max(1.0, abs(determinant))
        )
        found.append(others[same & (np.abs(others - own) > SAME * abs(own))])
    return found


def _shown(fit: Fit, log: Log, unknowns: Array) -> tuple[Array, Array]:
    """What the log shows of these directions: the trace over a row's power, and the determinant over a stride."""
    tau, delta = fit.recurrence.pair(unknowns)
    return strided(tau, delta, log.power)[0], np.asarray(delta**log.stride)
