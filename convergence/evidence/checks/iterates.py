"""Every iterate of the run is the one that powers of the derived iteration matrix give.

Allowed is what rounding adds at each step, carried on by the powers of the matrix: a fixed tolerance would be too
wide at the end of a run that contracts, and too narrow where it has a transient.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.evidence.check import EPS, FAULT, Check, Kind, compared, not_made
from convergence.evidence.checks.eigenvalues import exchanged
from convergence.evidence.experiment import Experiment, moving
from convergence.numerics.matrices import step_matrices
from convergence.numerics.prediction import closed_form
from convergence.theory.system import system

NAME = "iterates"
ROUNDINGS = 32.0
"""Roundings a step: some sums of d products, each bounded by its largest term, and differences of them that cancel."""

Array = NDArray[np.float64]


def claims(trial: Experiment) -> Array:
    """The iteration matrices of all directions, (d, n, n), or with a clock those of each step."""
    return step_matrices(trial.method, trial.problem.curvatures, trial.hyper, trial.run.steps)


def checks(trial: Experiment, matrices: Array) -> Sequence[Check]:
    """One check over all iterates and directions."""
    claim = f"all {trial.run.steps} iterates follow the closed form"
    if not system(trial.method).linear:
        return [
            not_made(NAME, claim, "the rule was linearised at the minimiser; its iterates only tend to the closed form")
        ]
    run = trial.run
    with np.errstate(all="ignore"):
        predicted = closed_form(trial.problem, trial.method, trial.hyper, matrices, run.steps, run.x[0])
        end = min(len(run.x), len(predicted.x))
        distance = np.abs(run.error[:end] - predicted.error[:end])
        allowed = allowance(trial, matrices)[:end]
    step, direction = divmod(int(np.nanargmax(distance / allowed)), distance.shape[1])
    if end < len(run.x) - 1:  # overflow of the prediction alone
        distance[step, direction] = np.inf
    why = f"{ROUNDINGS:g} roundings a step, carried on by the powers of the matrix (step {step}, direction {direction + 1})"
    said, seen, error, most = (float(a[step, direction]) for a in (predicted.error, run.error, distance, allowed))
    return [compared(NAME, claim, said, seen, error, most, why)]


def allowance(trial: Experiment, matrices: Array) -> Array:
    """What rounding may do to each error, (steps+1, d): each step adds some, and the later steps carry it on.

    A step rounds its state; it rounds the gradient to ε·L·‖x‖, which enters as the matrix depends on λ; and where the
    rule divides by the curvature (Newton's method), that error comes in divided by it.
    """
    problem, run = trial.problem, trial.run
    eps = EPS * ROUNDINGS * len(problem.columns) ** 0.5
    residual = (2 * problem.scale * problem.minimum) ** 0.5 * problem.singular_values[0]
    states = np.maximum.accumulate(np.abs(problem.to_directions(run.state[:, moving(trial.method)])), axis=0).transpose(
        0, 2, 1
    )  # (steps+1, d, n)
    sizes = np.maximum.accumulate(np.linalg.norm(run.x, axis=1) + np.linalg.norm(problem.minimizer))[:, None, None]
    gradient = problem.L * sizes + residual
    pull = np.abs(_sensitivity(trial)).sum(axis=-1)  # (d, n)
    divided = np.where(problem.curvatures > 0, problem.curvatures, np.inf)[:, None] if not pull.any() else np.inf
    size = np.abs(matrices) if matrices.ndim == 3 else np.abs(matrices).max(axis=0)
    moved = np.einsum("dij,kdj->kdi", size, states)
    added = eps * (states + moved + sizes + pull * gradient + (1 + size.sum(axis=-1)) * gradient / divided)
    return np.asarray(eps * sizes[..., 0] + _carried(matrices, added))


def _sensitivity(trial: Experiment) -> Array:
    """How much of a gradient enters the state, (d, n, n): the most at any step."""
    slopes = step_matrices(trial.method, trial.problem.curvatures, trial.hyper, trial.run.steps, slope=True)
    return np.asarray(np.abs(slopes).max(axis=0) if slopes.ndim == 4 else slopes)


def _carried(matrices: Array, added: Array) -> Array:
    """Σ_{j<k} |A_{k−1}⋯A_{j+1}|·added_j, position first: added (steps+1, d, n) -> (steps+1, d)."""
    total = np.zeros(added.shape[:2])
    size = matrices.shape[-1]
    if matrices.ndim == 3:  # all steps have the same: products are powers
        first = _first_rows(matrices, len(added) - 1)
        for step in range(len(first)):
            total[step + 1] = (first[step::-1] * added[: step + 1]).sum(axis=(0, 2))
        return total
    carried = np.empty((len(added), added.shape[1], size, size))
    for step in range(len(added) - 1):
        carried[:step] = matrices[min(step, len(matrices) - 1)] @ carried[:step]
        carried[step] = np.eye(size)
        total[step + 1] = (np.abs(carried[: step + 1, :, 0, :]) * added[: step + 1]).sum(axis=(0, 2))
    return total


def _first_rows(matrices: Array, count: int) -> Array:
    """|e₁ᵀAⁱ| for i < count, (count, d, n)."""
    rows, power = np.empty((count, *matrices.shape[:2])), np.broadcast_to(np.eye(matrices.shape[-1]), matrices.shape)
    for row in rows:
        row[:] = np.abs(power[:, 0, :])
        power = matrices @ power
    return rows


def faults(trial: Experiment, matrices: Array) -> Sequence[tuple[str, Any]]:
    """Two entries of the iteration matrix exchanged; where this run would not show it, a factor a step off by one per cent."""
    wrong = exchanged(matrices) if matrices.shape[-1] > 1 else matrices
    with np.errstate(all="ignore"):
        right, other = (_errors(trial, m) for m in (matrices, wrong))
        end = min(len(right), len(other))
        visible = not (np.abs(right[:end] - other[:end]) <= 2 * allowance(trial, wrong)[:end]).all()
    if visible:
        return [("two entries of the iteration matrix exchanged", wrong)]
    return [("the factor a step off by 1 %", matrices + FAULT * np.eye(matrices.shape[-1]))]


def _errors(trial: Experiment, matrices: Array) -> Array:
    run = trial.run
    return closed_form(trial.problem, trial.method, trial.hyper, matrices, run.steps, run.x[0]).error


KIND = Kind(NAME, claims, checks, faults)
