"""The eigenvalues that the iterates obey, identified from them alone, are the derived ones.

Sets of eigenvalues are compared by the best assignment, each direction with the rounding that its run and the derived
formulas can have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from convergence.evidence.check import EPS, FAULT, Check, Kind, compared, not_made
from convergence.evidence.experiment import Experiment
from convergence.numerics.matrices import blocks, eigenvalues, sensitivity

NAME = "eigenvalues"
MARGIN = 16.0
"""The fit's doubt is that of a typical rounding error; sixteen of them are practically never exceeded."""

ROUNDING = 8 * EPS

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]


@dataclass(frozen=True, eq=False)
class Spectra:
    """The claim: derived eigenvalues (shown, n), and how far a rounding of their inputs moves them, (shown,)."""

    values: Complex
    doubt: Array


def claims(trial: Experiment) -> Spectra:
    """The derived eigenvalues of each shown direction."""
    values = _derived(trial, 0.0, 0.0)
    moved = [_derived(trial, a, b) for a in (-ROUNDING, ROUNDING) for b in (-ROUNDING, 0.0, ROUNDING)]
    with np.errstate(all="ignore"):
        matrices = blocks(trial.method, trial.curvatures, trial.hyper)
    finite = np.isfinite(matrices).all()
    read = [np.linalg.eigvals(matrices).astype(complex)] if finite else []  # the same numbers by another route
    return Spectra(values, np.max([_apart(values, other) for other in (*moved, *read)], axis=0) + _divided(trial))


def _divided(trial: Experiment) -> Array:
    """What the rounding of the gradient, ε·L·‖x‖, becomes in a rule that divides by the curvature, as Newton's does."""
    if np.any(sensitivity(trial.method, trial.curvatures, trial.hyper)):
        return np.zeros(len(trial.shown))
    size = np.abs(trial.run.x[0]).max() + np.linalg.norm(trial.problem.minimizer)
    first = np.abs(trial.run.error[0, list(trial.shown)])
    magnified: Array = ROUNDING * trial.problem.L / trial.curvatures * size / np.maximum(first, ROUNDING * size)
    return magnified


def _derived(trial: Experiment, curvature: float, hyper: float) -> Complex:
    """The derived eigenvalues where the inputs are off by these relative amounts, neighbours by opposite ones."""
    signs = [(-1) ** k * hyper for k in range(len(trial.hyper))]
    settings = {name: value * (1 + sign) for (name, value), sign in zip(trial.hyper.items(), signs, strict=True)}
    return eigenvalues(trial.method, trial.curvatures * (1 + curvature), settings)


def _apart(one: Complex, other: Complex) -> Array:
    """For each row, the distance between two unordered sets of eigenvalues."""
    return np.array([_matched(a, b)[0] for a, b in zip(one, np.broadcast_to(other, one.shape), strict=True)])


def _matched(derived: Complex, seen: Complex) -> tuple[float, Any]:
    distance = np.abs(derived[:, None] - seen[None])
    mine, theirs = linear_sum_assignment(distance)
    return float(distance[mine, theirs].max()), mine


def checks(trial: Experiment, claimed: Spectra) -> Sequence[Check]:
    """One check a direction."""
    assert trial.seen is not None, "under a schedule nothing is identified"
    assert trial.full is not None
    rows = zip(trial.names, claimed.values, claimed.doubt, trial.seen, trial.seen.error, strict=True)
    blurs = trial.full.error.max(axis=1)
    return [_direction(*row, blur=float(blur)) for row, blur in zip(rows, blurs, strict=True)]


def _direction(name: str, derived: Complex, rounding: float, seen: Complex, doubt: Array, blur: float) -> Check:
    """``blur`` is the doubt of a recurrence of full order: it tells when rounding hides a second eigenvalue."""
    claim = f"{name}: the run obeys the derived eigenvalues"
    there = np.nonzero(~np.isnan(seen))[0][: len(derived)]
    if not there.size:
        return not_made(
            NAME, claim, "the run shows no recurrence: its error is below rounding, or too few steps remain"
        )
    error, mine = _matched(derived, seen[there])
    if len(there) < len(derived):  # the largest must be among those seen, or any set that holds these would do
        error = max(error, float(abs(np.abs(derived).max() - np.abs(seen[there]).max())))
    tolerance = MARGIN * float(doubt[there].max()) + 8 * rounding + ROUNDING
    if error <= tolerance and tolerance > FAULT / 2:
        return not_made(NAME, claim, f"rounding blurs the eigenvalues to {tolerance:.1g}: too much to tell a fault")
    if len(there) < len(derived) and tolerance < error < min(blur, FAULT / 2):
        return not_made(NAME, claim, "rounding hides how many eigenvalues there are: fewer explain the run as well")
    why = "rounding of the iterates moves the roots of the fitted recurrence, rounding of the inputs the derived ones"
    return compared(NAME, claim, np.abs(derived[mine]).max(), np.abs(seen[there]).max(), error, tolerance, why)


def faults(trial: Experiment, claimed: Spectra) -> Sequence[tuple[str, Any]]:
    """A rate off by one per cent (of the unit circle), and two entries of the iteration matrix exchanged."""
    wrong = [("eigenvalues off by 1 %", replace(claimed, values=claimed.values + FAULT))]
    if claimed.values.shape[1] > 1:
        matrices = exchanged(blocks(trial.method, trial.curvatures, trial.hyper))
        exchange = replace(claimed, values=np.linalg.eigvals(matrices).astype(complex))
        wrong.append(("two entries of the iteration matrix exchanged", exchange))
    return wrong


def exchanged(matrices: Array) -> Array:
    """The matrices with two entries exchanged: the two that change the characteristic polynomial the most."""
    size = matrices.shape[-1]
    pairs = list(combinations([(i, j) for i in range(size) for j in range(size)], 2))
    wrong = [_swapped(matrices, one, other) for one, other in pairs]
    first = [made.reshape(-1, *matrices.shape[-3:])[-1, 0] for made in (matrices, *wrong)]  # steepest, of the last step
    change = np.array([np.abs(np.poly(w) - np.poly(first[0])).max() for w in first[1:]])
    return wrong[int((change >= change.max() * (1 - 1e-9)).argmax())]  # of those that change it equally, the first


def _swapped(matrices: Array, one: tuple[int, int], other: tuple[int, int]) -> Array:
    wrong = matrices.copy()
    wrong[..., one[0], one[1]] = matrices[..., other[0], other[1]]
    wrong[..., other[0], other[1]] = matrices[..., one[0], one[1]]
    return wrong


KIND = Kind(NAME, claims, checks, faults)
