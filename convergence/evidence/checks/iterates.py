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
    residual = (2 * problem.scale * problem.minimum) ** 0.5 * problem.singular_values[0]
    states = np.maximum.accumulate(np.abs(problem.to_directions(run.state)), axis=0).transpose(
        0, 2, 1
    )  # (steps+1, d, n)
    sizes = np.maximum.accumulate(np.linalg.norm(run.x, axis=1) + np.linalg.norm(problem.minimizer))[:, None, None]
    gradient = problem.L * sizes + residual
    pull = np.abs(sensitivity(setting.method, problem.curvatures, setting.hyper)).sum(axis=-1)  # (d, n)
    divided = np.where(problem.curvatures > 0, problem.curvatures, np.inf)[:, None] if not pull.any() else np.inf
    added = eps * (states + sizes + pull * gradient + (1 + np.abs(matrices).sum(axis=-1)) * gradient / divided)
    return np.asarray(eps * sizes[..., 0] + _carried(matrices, added))


def _carried(matrices: Array, added: Array) -> Array:
    """Σ_{j<k} |A^{k−1−j}|·added_j, position first: added (steps+1, d, n) -> (steps+1, d)."""
    total = np.zeros(added.shape[:2])
    power = np.broadcast_to(np.eye(matrices.shape[-1]), matrices.shape)
    for lag in range(1, len(added)):
        total[lag:] += (np.abs(power[:, 0, :]) * added[:-lag]).sum(axis=-1)
        power = power @ matrices
    return total


def faults(setting: Setting, matrices: Array) -> Sequence[tuple[str, Any]]:
    """Two entries of the iteration matrix exchanged; for one state, which has no two, the entry off by one per cent."""
    if matrices.shape[-1] == 1:
        return [("the factor a step off by 1 %", matrices + FAULT)]
    return [("two entries of the iteration matrix exchanged", exchanged(matrices))]


KIND = Kind(NAME, claims, checks, faults)
