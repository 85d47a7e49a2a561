"""The verification of a method on a problem: every claim of the theory held against what runs show.

A check that could not be made is neither a pass nor a failure; with no check made at all there is no pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from convergence.evidence.check import Check, Control, Judged, not_made
from convergence.evidence.checks import KINDS, NOISE_KINDS, iterates
from convergence.evidence.experiment import Experiment, experiment, under_schedules
from convergence.evidence.nearby import NEAR_KINDS, near_trial
from convergence.evidence.noise import noisy_trial
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
FAR_FROM_MINIMUM = "nothing is claimed: a linear theory says nothing of runs that do not stay near the point"
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
        noisy = noisy_trial(_model(problem), method, batch, sampling, noise, hyper)
        return gathered(method, noisy.hyper, [kind.judged(noisy) for kind in NOISE_KINDS], noisy.problem)
    if any(map(varies, hyper.values())):
        return _under_schedules(_model(problem), method, hyper)
    if isinstance(problem, LocalQuadratic):
        near = near_trial(problem, method, hyper)
        far = not_made("far away", f"farther than {near.distance or 0.0:.2g} from the minimum", FAR_FROM_MINIMUM)
        parts = [*(kind.judged(near) for kind in NEAR_KINDS), ([far], [])]
        of_function = gathered(method, near.hyper, parts, problem)
        return verified(experiment(problem.model, method, hyper)) & of_function
    return verified(experiment(problem, method, hyper))


def _under_schedules(problem: Quadratic, method: Method, hyper: Mapping[str, Any]) -> Verification:
    """The run under schedules against the product of its steps' matrices: there is no rate, and no edge, to check."""
    trial = under_schedules(problem, method, hyper)
    return gathered(method, trial.hyper, [iterates.KIND.judged(trial)])


def verified(trial: Experiment) -> Verification:
    """All kinds of check, and all their controls, on one run."""
    parts: list[Judged] = []
    for kind in KINDS:
        bent = kind.of_run and not trial.linear_here
        claim = "the run follows the linearised theory"
        parts.append(([not_made(kind.name, claim, BENT)], []) if bent else kind.judged(trial))
    if not system(trial.method).linear:
        parts.append(([not_made("far away", "runs from other starts", FAR)], []))
    return gathered(trial.method, trial.hyper, parts, trial.problem)


def _model(problem: Quadratic) -> Quadratic:
    return problem.model if isinstance(problem, LocalQuadratic) else problem


def gathered(
    method: Method, hyper: Mapping[str, Any], parts: Sequence[Judged], problem: Quadratic | None = None
) -> Verification:
    """The checks and controls of all kinds, with the rate of constant settings on a problem."""
    checks, controls = (tuple(chain.from_iterable(part)) for part in zip(*parts, strict=True))
    if problem is None:
        return Verification(method.name, dict(hyper), checks, controls)
    numbers = {name: float(value) for name, value in hyper.items()}
    rate = float(spectral_radius(method, problem.curvatures[: problem.rank], over="spectrum", **numbers))
    return Verification(method.name, numbers, checks, controls, rate)
