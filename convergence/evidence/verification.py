"""The verification of a method on a problem: every claim of the theory held against what runs show.

A check that could not be made is neither a pass nor a failure; with no check made at all there is no pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from convergence.evidence.check import Check, Control, Kind, Trial, not_made
from convergence.evidence.checks import KINDS, NOISE_KINDS, iterates
from convergence.evidence.experiment import Experiment, experiment, under_schedules
from convergence.evidence.nearby import NEAR_KINDS, near_trial
from convergence.evidence.noise import NoisyTrial, noisy_trial
from convergence.landscapes.points import LocalQuadratic
from convergence.methods import as_method
from convergence.numerics.radius import spectral_radius
from convergence.plotting import Plotted
from convergence.problem import Quadratic, as_quadratic
from convergence.rule import Method
from convergence.setting import varies
from convergence.tabular import Tabular
from convergence.theory.system import system

FAR = (
    "nothing is claimed: they may go round a cycle, and one that seems to have arrived may come back (cycles, log_run)"
)
BENT = "at this distance from the minimiser the rule is not linear yet, and nearer there is only rounding"


@dataclass(frozen=True)
class Verification(Plotted, Tabular, figure="verification"):
    """The checks and controls of a method on a problem.

    Truthy when checks were made, none failed, and every fault that could be tried was rejected. That a setting
    diverges is no failure of the theory: ``diverges`` says it.

    Attributes
    ----------
    method, hyper
        The method's name, and the settings that were checked.
    checks
        Claims of theory against what the run showed.
    controls
        The same on theory that is wrong on purpose.
    rate
        The largest spectral radius over the curvatures.
    """

    method: str
    hyper: dict[str, float]
    checks: tuple[Check, ...]
    controls: tuple[Control, ...]
    rate: float = float("nan")

    @property
    def diverges(self) -> bool:
        """Whether the settings do not converge."""
        return self.rate >= 1

    def __bool__(self) -> bool:
        return any(check.passed for check in self.checks) and all(self.checks) and all(self.controls)

    def __and__(self, other: Verification) -> Verification:
        """Both, as one: the checks and controls of this, then those of the other."""
        return replace(self, checks=(*self.checks, *other.checks), controls=(*self.controls, *other.controls))

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.passed is False)

    def __repr__(self) -> str:
        decided = [check for check in self.checks if check.passed is not None]
        tried = [control for control in self.controls if control.rejected is not None]
        rejected = sum(map(bool, tried))
        verdict = "passed" if self else "FAILED"
        first = f"At these settings {self.method} does not converge (rate {self.rate:.6g}). " if self.diverges else ""
        return (
            f"{first}Verification of {self.method} {verdict}: {sum(map(bool, decided))} of {len(decided)} checks passed, "
            f"{len(self.checks) - len(decided)} not made; {rejected} of {len(tried)} deliberate faults rejected"
        )

    def table(self) -> dict[str, list[Any]]:
        """A row for each check: the claim, how far it was off, how far it may be, and whether it passed."""
        return {name: [getattr(c, name) for c in self.checks] for name in ("claim", "error", "tolerance", "passed")}


def verify(
    p: Any, m: Any, /, *, batch: int | None = None, sampling: str = "replacement", noise: Any = None, **hyper: Any
) -> Verification:
    """Hold theory against runs on this data, claim by claim, with deliberate faults as controls.

    At a minimum of another function (``local``) it is the theory of the quadratic with its curvatures, and runs on the function
    itself near the minimum; of runs far from it nothing is claimed.

    With a batch or noise it is the theory of noise: exact moments against means over all sequences of batches of a few
    rows, and against 10⁴ runs; the edge in mean square, and what settles, against second moments by hand.

    Parameters
    ----------
    p
        The problem: a LeastSquares, (X, y), a list of curvatures, or a density.
    m
        A Method, its name, a preset, or an update rule.
    batch, sampling, noise
        What is random, as for ``ensemble``; nothing, unless given.
    hyper
        Hyperparameters; those that are not given are those of the optimum, with the given ones fixed. Under batches the
        learning rate is half the limit in mean square where that is less. With schedules all
        are given, and it is the iterates that are checked.

    Returns
    -------
    Verification
        Truthy when checks were made, all of them passed, and every fault that could be tried was rejected.

    Raises
    ------
    BadHyperparameter
        For wrong settings, batches or noise.
    BadName
        For an unknown method or sampling.
    NotLinear
        Where the method has no iteration matrix, or its step is not affine in the sampled Hessian.
    NoStableLearningRate
        Where hyperparameters are to be chosen and none converge.
    BadData
        For what is no problem.

    >>> result = verify([10.0, 1.0], "gradient_descent", lr=0.1)
    >>> bool(result), result.controls[0].fault
    (True, 'eigenvalues off by 1 %')
    """
    problem, method = as_quadratic(p), as_method(m)
    if batch is not None or noise is not None:
        return verified_noise(noisy_trial(_model(problem), method, batch, sampling, noise, hyper))
    if any(map(varies, hyper.values())):
        return _under_schedules(_model(problem), method, hyper)
    if isinstance(problem, LocalQuadratic):
        return verified(experiment(problem.model, method, hyper)) & verified_near(problem, method, hyper)
    return verified(experiment(problem, method, hyper))


def _under_schedules(problem: Quadratic, method: Method, hyper: Mapping[str, Any]) -> Verification:
    """The run under schedules against the product of its steps' matrices: there is no rate, and no edge, to check."""
    trial = under_schedules(problem, method, hyper)
    checks, controls = _of_kind(iterates.KIND, trial)
    return Verification(method.name, trial.hyper, tuple(checks), tuple(controls))


def verified(trial: Experiment) -> Verification:
    """All kinds of check, and all their controls, on one run."""
    checks: list[Check] = []
    controls: list[Control] = []
    for kind in KINDS:
        if kind.of_run and not trial.linear_here:
            checks.append(not_made(kind.name, "the run follows the linearised theory", BENT))
            continue
        some, faults = _of_kind(kind, trial)
        checks += some
        controls += faults
    if not system(trial.method).linear:
        checks.append(not_made("far away", "runs from other starts", FAR))
    return _gathered(trial.problem, trial.method, trial.hyper, checks, controls)


def verified_near(problem: LocalQuadratic, method: Method, given: Mapping[str, Any]) -> Verification:
    """Runs on the function itself, near the minimum, against the linear theory of the curvatures there."""
    trial = near_trial(problem, method, given)
    both = [_of_kind(kind, trial) for kind in NEAR_KINDS]
    checks, controls = ([one for part in parts for one in part] for parts in zip(*both, strict=True))
    return _gathered(problem, method, trial.hyper, checks, controls)


def _model(problem: Quadratic) -> Quadratic:
    return problem.model if isinstance(problem, LocalQuadratic) else problem


def verified_noise(trial: NoisyTrial) -> Verification:
    """All kinds of check of noise, and all their controls."""
    both = [_of_kind(kind, trial) for kind in NOISE_KINDS]
    checks, controls = ([one for part in parts for one in part] for parts in zip(*both, strict=True))
    return _gathered(trial.problem, trial.method, trial.hyper, checks, controls)


def _gathered(
    problem: Quadratic, method: Method, hyper: Mapping[str, Any], checks: Sequence[Check], controls: Sequence[Control]
) -> Verification:
    numbers = {name: float(value) for name, value in hyper.items()}
    rate = float(spectral_radius(method, problem.curvatures[: problem.rank], over="spectrum", **numbers))
    return Verification(method.name, numbers, tuple(checks), tuple(controls), rate)


def _of_kind(kind: Kind[Trial], trial: Trial) -> tuple[list[Check], list[Control]]:
    """The checks and controls of one kind; one check that is not made where its numbers cannot be computed."""
    try:
        claims = kind.claims(trial)
        checks = list(kind.checks(trial, claims))
        return checks, [kind.control(trial, fault, wrong) for fault, wrong in kind.faults(trial, claims)]
    except np.linalg.LinAlgError as error:
        return [not_made(kind.name, kind.name, f"the numbers are beyond what doubles can tell: {error}")], []
