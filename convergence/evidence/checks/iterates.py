"""Every iterate of the run is the one that powers of the derived iteration matrix give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.evidence.check import Check, compared, not_made
from convergence.evidence.checks.eigenvalues import exchanged
from convergence.evidence.checks.kind import FAULT, Kind
from convergence.evidence.setting import Setting
from convergence.numerics.prediction import closed_form
from convergence.numerics.spectral import blocks, sensitivity
from convergence.theory.dynamics import dynamics

NAME = "iterates"
ROUNDINGS = 8.0
"""Roundings a step: some sums of d products, each bounded by its largest term."""

Array = NDArray[np.float64]


def claims(setting: Setting) -> Array:
    """The iteration matrices of all directions, (d, n, n)."""
    return blocks(setting.method, setting.problem.curvatures, setting.hyper)


def checks(setting: Setting, matrices: Array) -> Sequence[Check]:
    """One check over all iterates and directions."""
    claim = f"all {setting.run.steps} iterates follow the closed form"
    if not dynamics(setting.method).linear:
        return [
            not_made(NAME, claim, "the rule was linearised at the minimiser; its iterates only tend to the closed form")
        ]
    run = setting.run
    with np.errstate(all="ignore"):
        predicted = closed_form(setting.problem, setting.method, setting.hyper, matrices, run.steps, run.x[0])
        end = min(len(run.x), len(predicted.x))
        distance = np.abs(run.error[:end] - predicted.error[:end])
        allowed = allowance(setting, matrices)[:end]
    step, direction = divmod(int(np.nanargmax(distance / allowed)), distance.shape[1])
    if end < len(run.x) - 1:  # overflow of the prediction alone
        distance[step, direction] = np.inf
    why = f"{ROUNDINGS:g} roundings a step, carried on by the powers of the matrix (step {step}, direction {direction + 1})"
    said, seen, error, most = (float(a[step, direction]) for a in (predicted.error, run.error, distance, allowed))
    return [compared(NAME, claim, said, seen, error, most, why)]


def allowance(setting: Setting, matrices: Array) -> Array:
    """What rounding may do to each error, (steps+1, d): each step adds some, and the later steps carry it on.

    A step rounds its state; it rounds the gradient to ε·L·‖x‖, which enters as the matrix depends on λ; and where the
    rule divides by the curvature (Newton's method), that error comes in divided by it.
    """
    problem, run = setting.problem, setting.run
    eps = float(np.finfo(float).eps) * ROUNDINGS * len(problem.columns) ** 0.5
    size = float(np.abs(run.x).max() + np.linalg.norm(problem.minimizer))
    residual = (2 * problem.scale * problem.minimum) ** 0.5 * problem.singular_values[0]
    states = np.abs(problem.to_directions(run.state)).max(axis=0).T  # (d, n)
    pull = np.abs(sensitivity(setting.method, problem.curvatures, setting.hyper)).sum(axis=-1)  # (d, n)
    gradient = problem.L * size + residual
    blind = np.where(
        pull.sum(axis=1) == 0, gradient / np.where(problem.curvatures > 0, problem.curvatures, np.inf), 0.0
    )
    added = eps * (states + size + pull * gradient + (1 + np.abs(matrices).sum(axis=-1)) * blind[:, None])
    return np.asarray(eps * size + _carried(matrices, added, len(run.x)))


def _carried(matrices: Array, added: Array, count: int) -> Array:
    """Σ_{j<k} |A^j|·added, position first, for k < count: (count, d)."""
    total = np.zeros((count, len(matrices)))
    power = np.broadcast_to(np.eye(matrices.shape[-1]), matrices.shape)
    for k in range(1, count):
        total[k] = total[k - 1] + (np.abs(power[:, 0, :]) * added).sum(axis=-1)
        power = power @ matrices
    return total


def faults(setting: Setting, matrices: Array) -> Sequence[tuple[str, Any]]:
    """Two entries of the iteration matrix exchanged; for one state, which has no two, the entry off by one per cent."""
    if matrices.shape[-1] == 1:
        return [("the factor a step off by 1 %", matrices + FAULT)]
    return [("two entries of the iteration matrix exchanged", exchanged(matrices))]


KIND = Kind(NAME, claims, checks, faults)
