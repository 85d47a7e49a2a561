"""The run is stable just below the derived bound of the learning rate, unstable just above it, and in the direction said.

Growth is measured from the iterates on both sides, 1/256 away, and interpolated to 1; the faults move the bound by a
per cent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.evidence.check import FAULT, Check, Kind, compared, interpolated, not_made
from convergence.evidence.checks.eigenvalues import MARGIN
from convergence.evidence.experiment import Experiment, bends, excited
from convergence.numerics.identification import identify
from convergence.numerics.matrices import run_down
from convergence.numerics.radius import bounds
from convergence.numerics.runs import simulate
from convergence.theory.system import system

NAME = "edge of stability"
PROBE = 1 / 256
"""The probes stand this part of the bound below and above it: well within the one per cent of the controls."""

STEPS = 160

NEAR = 1e-8
"""How near the minimiser a rule is probed that was linearised there: a root of rounding, so that both errors are small."""

Array = NDArray[np.float64]


def claims(trial: Experiment) -> Array:
    """The derived bounds of the shown directions, other hyperparameters as they are."""
    return bounds(trial.method, trial.curvatures, trial.hyper)


def checks(trial: Experiment, edges: Array) -> Sequence[Check]:
    """One check: where the growth a step, measured below and above the bound, passes through 1."""
    rate, lr, first = trial.method.rate, float(edges.min()), int(edges.argmin())
    claim = f"stable below {rate} = {lr:.6g}, unstable above"
    if rate is None:
        return [not_made(NAME, "stable up to a learning rate", f"{trial.method.name} has no learning rate")]
    if not np.isfinite(lr) or lr <= 0:
        reason = "no learning rate is stable here" if lr <= 0 else "every learning rate is stable here"
        return [not_made(NAME, claim, reason)]
    below, above = (_growth(trial, lr * (1 + side * PROBE)) for side in (-1, 1))
    if not (below.rate[first] > 0 and above.rate[first] > 0):
        return [not_made(NAME, claim, f"a probe's run shows no recurrence in {trial.names[first]}, or bends")]
    with np.errstate(divide="ignore"):  # a run that came to rest exactly
        growth = float(np.log(below.rate[first])), float(np.log(above.rate[first]))
    why = f"the bound lies between runs at {PROBE:.2%} below it, which shrinks, and above it, which grows"
    return [interpolated(NAME, claim, lr, PROBE, growth, PROBE, why), _first_to_fail(trial, edges, above)]


def _first_to_fail(trial: Experiment, edges: Array, above: Growth) -> Check:
    """Just above the bound, the directions that grow are those whose bound has been passed."""
    known = np.abs(above.rate - 1) > above.doubt  # False for nan too
    first = int(edges.argmin())
    if not known[first]:
        return not_made(NAME, f"{trial.names[first]} fails first", "its growth above the bound is within rounding of 1")
    passed = (edges < edges.min() * (1 + PROBE))[known]
    grows = (above.rate > 1)[known]
    claim = f"just above it, {trial.names[first]} grows, and no direction with a larger bound"
    why = "directions are counted, so exactly"
    return compared(NAME, claim, float(passed.sum()), float(grows.sum()), float((passed != grows).sum()), 0.0, why)


@dataclass(frozen=True, eq=False)
class Growth:
    """The growth a step in each shown direction, nan where none could be identified, and how well it is known."""

    rate: Array
    doubt: Array


def _growth(trial: Experiment, lr: float) -> Growth:
    """Identified from a run at this learning rate that starts with the same error in every direction.

    Of a rule that was linearised, from a run so near that one from half as far is half as large to the end; else nan.
    """
    problem, method, hyper = trial.problem, run_down(trial.method), {**trial.hyper, str(trial.method.rate): lr}
    linear = system(trial.method).linear
    run = simulate(problem, method, STEPS, excited(problem, 1.0 if linear else NEAR), **hyper)
    if not linear and bends(run, simulate(problem, method, STEPS, excited(problem, NEAR / 2), **hyper)):
        return Growth(*np.full((2, len(trial.shown)), np.nan))
    seen = identify(run, directions=trial.shown)
    largest = np.abs(seen.eigenvalues[:, :1]).sum(axis=1)  # the first is the largest; nan stays nan
    return Growth(largest, MARGIN * seen.error[:, :1].sum(axis=1))


def faults(trial: Experiment, edges: Array) -> Sequence[tuple[str, Any]]:
    """The bound off by one per cent, either way."""
    return [(f"bound {sign * FAULT:+.0%} off", edges * (1 + sign * FAULT)) for sign in (1, -1)]


KIND = Kind(NAME, claims, checks, faults)
