"""Near a minimum of a function that is not quadratic, runs on it follow the linear theory, the closer the better.

Two runs on the function itself, one started half as far away as the other, leave the linear recurrence by a quarter where the
claim is right (the next term is of second order), and by a half where the curvature is not that of the function. Multipliers
are identified from the iterates of the closer run. Far from the minimum nothing follows, and nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.evidence.check import EPS, FAULT, Check, Kind, compared, not_made
from convergence.evidence.experiment import completed
from convergence.landscapes.flip import resting
from convergence.landscapes.points import LocalQuadratic
from convergence.numerics.identification import identify
from convergence.numerics.matrices import eigenvalues, run_down, sensitivity
from convergence.numerics.runs import simulate
from convergence.problem import LeastSquares
from convergence.rule import Method
from convergence.theory.system import system

Array = NDArray[np.float64]

STEPS, GROWN = 60, 10.0
"""Steps that are compared, and how much larger an error may become before the comparison ends."""

BENT, NEAREST = 1e-3, 1e-9
"""The distance is halved until the iterates are linear to this part; nearer than this part of the size is only rounding."""

CLAIMED = 1e-4
"""The distance, in parts of the size, at which every claim about a linear rule can be held against the function."""

HALF, LOOSE = 4.0, 0.1
"""By what an error of second order falls where the distance is halved, and what terms of third order may change of it."""

MARGIN = 16.0
ROUNDING = 64 * EPS


@dataclass(frozen=True)
class NearClaim:
    """The curvatures and the learning rate of the linear theory, in parts of the right ones."""

    curvature: float = 1.0
    rate: float = 1.0


RIGHT = NearClaim()


@dataclass(frozen=True, eq=False)
class NearTrial:
    """A method at one setting near a minimum, and its runs: what the checks look at."""

    problem: LocalQuadratic
    method: Method
    hyper: dict[str, Any]

    @cached_property
    def distance(self) -> float | None:
        """The largest distance, of halves, at which the run is linear to a thousandth; for a rule that is not linear, or none.

        For one that is, the claim is wrong where there is none, and the checks are made all the same.
        """
        size = max(float(np.abs(self.problem.point).max()), 1.0)
        distance = size / 4
        while distance > NEAREST * size:
            distance /= 2
            gap, moved = self.gap(distance, RIGHT)
            if gap <= BENT * moved and self.rule_bends(distance) <= BENT * moved:
                return distance
        return CLAIMED * size if system(self.method).linear else None

    def gap(self, distance: float, claim: NearClaim) -> tuple[float, float]:
        """The largest distance of the run from the linear one that is claimed, and how far the latter moves."""
        seen, said = (
            self.errors(self.problem, distance),
            self.claimed(claim).errors(_bent(self.problem, claim.curvature), distance),
        )
        end = min(len(seen), len(said))
        grown = np.abs(said[:end]).max(axis=1) > GROWN * distance
        end = int(grown.argmax()) if grown.any() else end
        if end < 2:
            return np.inf, distance
        return float(np.abs(seen[:end] - said[:end]).max()), float(np.abs(said[:end] - said[0]).max())

    def errors(self, problem: Any, distance: float) -> Array:
        """Of a run from this far along every direction that has curvature, (steps+1, d)."""
        basis = self.problem.directions[:, : self.problem.rank]
        start = self.problem.point + distance * basis.sum(axis=1)
        return np.asarray((simulate(problem, self.method, STEPS, start, **self.hyper).x - self.problem.point) @ basis)

    def rule_bends(self, distance: float) -> float:
        """By how much a run on the quadratic is not twice that from half the distance: 0 for a rule that is linear."""
        if system(self.method).linear:
            return 0.0
        whole, half = (self.errors(self.problem.model, distance * share) for share in (1.0, 0.5))
        end = min(len(whole), len(half))
        return float(np.abs(whole[:end] - 2 * half[:end]).max())

    def claimed(self, claim: NearClaim) -> NearTrial:
        """The setting with the learning rate that is claimed."""
        name = self.method.rate
        wrong = {} if name is None else {name: self.hyper[name] * claim.rate}
        return NearTrial(self.problem, self.method, self.hyper | wrong)

    @property
    def rounding(self) -> float:
        """What rounding leaves of the iterates."""
        return ROUNDING * STEPS * max(float(np.abs(self.problem.point).max()), 1.0)


def near_trial(problem: LocalQuadratic, method: Method, given: Mapping[str, Any]) -> NearTrial:
    """The setting, completed by the best for the curvatures. NotLinear for a rule that does not rest at minima."""
    system(resting(method))
    return NearTrial(problem, method, completed(problem, method, dict(given)))


def _bent(problem: LocalQuadratic, factor: float) -> LeastSquares:
    rows = problem.X * factor**0.5
    return LeastSquares(rows, rows @ problem.point, "half")


def _order(trial: NearTrial, claimed: NearClaim) -> Sequence[Check]:
    claim = "half the distance, a quarter of the departure from the linear recurrence"
    if trial.distance is None:
        return [not_made(ORDER, claim, "no distance at which the run is linear to a thousandth and not only rounding")]
    far, near = (trial.gap(trial.distance * share, claimed)[0] for share in (1.0, 0.5))
    if far <= trial.rounding:
        why = "the function is quadratic to rounding here"
        return [compared(ORDER, claim, 0.0, far, far, trial.rounding, why)]
    if near <= MARGIN * trial.rounding:
        return [not_made(ORDER, claim, "the departure is hidden by rounding")]
    fall = far / near
    why = f"from {trial.distance:.2g}: terms of third order, a thousandth of the distance there, change the factor by less"
    return [compared(ORDER, claim, HALF, fall, max(HALF - fall, 0.0), LOOSE * HALF, why)]


def _multipliers(trial: NearTrial, claimed: NearClaim) -> Sequence[Check]:
    """Of the run nearest to the minimum, where rounding still leaves eight digits."""
    claim = "multipliers of a run close by are those of the curvature there"
    if trial.distance is None:
        return [
            not_made(MULTIPLIERS, claim, "no distance at which the run is linear to a thousandth and not only rounding")
        ]
    distance = min(max(trial.distance * 1e-3, 1e-7), trial.distance)
    limit = NearTrial(trial.problem, run_down(trial.method), trial.hyper)
    errors, curvatures = limit.errors(trial.problem, distance), trial.problem.curvatures[: trial.problem.rank]
    ((_, fault),) = _faults(trial, RIGHT)
    right, wrong, values = (
        eigenvalues(trial.method, curvatures * one.curvature, trial.claimed(one).hyper)
        for one in (RIGHT, fault, claimed)
    )
    apart = [_apart(errors[:, [k]], derived) for k, derived in enumerate(values)]
    if not any(doubt for _, doubt in apart):
        return [not_made(MULTIPLIERS, claim, "the run shows no recurrence above rounding")]
    off, doubt = max(error for error, _ in apart), max(doubt for _, doubt in apart)
    visible = max(float(np.abs(a[:, None] - b[None]).min(axis=1).max()) for a, b in zip(right, wrong, strict=True))
    bend = BENT * distance / trial.distance * MARGIN
    why = "rounding of the iterates moves the roots of the fitted recurrence, and so does the bend of the gradient"
    if doubt + bend > visible / 2:
        return [
            not_made(MULTIPLIERS, claim, "rounding moves the multipliers more than one per cent of the curvature does")
        ]
    top = float(np.abs(values).max())
    return [compared(MULTIPLIERS, claim, top, top + off, off, doubt + bend, why)]


def _apart(errors: Array, derived: NDArray[np.complex128]) -> tuple[float, float]:
    """How far the identified multipliers are from the derived ones, and their doubt; zeros where none can be told.

    Of the highest order that shows any: what rounding hides, as a buffer that the position does not hear, blurs the others.
    """
    for order in range(len(derived), 0, -1):
        seen = identify(errors, order=order)
        clear = ~np.isnan(seen[0]) & (MARGIN * seen.error[0] < FAULT / 4)
        if clear.any():
            off = np.abs(seen[0][clear][:, None] - derived[None]).min(axis=1).max()
            return float(off), MARGIN * float(seen.error[0][clear].max())
    return 0.0, 0.0


def _faults(trial: NearTrial, claimed: NearClaim) -> Sequence[tuple[str, NearClaim]]:
    """The curvature, or for a rule whose multipliers do not depend on it (Newton's) the learning rate, off by one per cent."""
    if np.any(sensitivity(trial.method, trial.problem.curvatures[: trial.problem.rank], trial.hyper)):
        return [("the curvature off by 1 %", NearClaim(curvature=1 + FAULT))]
    return [("the learning rate off by 1 %", NearClaim(rate=1 + FAULT))]


ORDER, MULTIPLIERS = "departure", "multipliers"
NEAR_KINDS: tuple[Kind[NearTrial], ...] = (
    Kind(ORDER, lambda trial: RIGHT, _order, _faults),
    Kind(MULTIPLIERS, lambda trial: RIGHT, _multipliers, _faults),
)
"""Of runs on a function that is not quadratic."""
