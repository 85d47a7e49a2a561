"""Diagnosis of a setting: why it diverges or crawls, along which direction, and what to set instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from convergence.diagnosis import wording
from convergence.diagnosis.advice import Scaling, advice, scaling
from convergence.diagnosis.best import Best, best, best_rate, binding, evaluated
from convergence.diagnosis.directions import DirectionState, rests_elsewhere, slowest, states
from convergence.diagnosis.limit import Limit, limit
from convergence.diagnosis.nearest import HALVED, Nearest, nearest
from convergence.diagnosis.spectrum import Spectrum, spectrum_of
from convergence.diagnosis.verdict import culprit, verdict
from convergence.errors import BadHyperparameter
from convergence.methods import as_method
from convergence.rule import Method

Array = NDArray[np.float64]

LISTED = 6
"""Directions in a table: half from the steepest on, half to the flattest, and the culprit."""


@dataclass(frozen=True, repr=False)
class Diagnosis(wording.Readable):
    """Why a run with these settings diverges or crawls, or that it is fine; truthy when every direction contracts.

    Attributes
    ----------
    method, hyper
        The method's name, and the settings.
    verdict
        A word of ``convergence.diagnosis.verdict.VERDICTS``.
    direction
        The culprit: the direction that grows fastest, else the slowest.
    limit
        The inequality of the stable region that it breaks, or comes nearest to; None where the region has no
        polynomials.
    nearest_rate, nearest_joint
        The nearest stable setting by the learning rate alone, and with the momentum; None where there is none.
        ``nearest`` is the nearer of both.
    best, best_rate
        The best settings of this method over [μ, L], and the best learning rate with the rest as it is.
    steps
        To a thousandth in every direction; None: never.
    directions
        A row for each curvature, largest first.
    loss
        The scaling of the loss of data, in words.
    """

    SHOWN: ClassVar = ("headline", "converges", "radius", "curvature", "kappa", "steps", "ratio")

    method: str
    hyper: dict[str, float]
    verdict: str
    direction: DirectionState
    limit: Limit | None
    nearest_rate: Nearest | None
    nearest_joint: Nearest | None
    best: Best | None
    best_rate: Best | None
    directions: tuple[DirectionState, ...]
    scaling: Scaling | None
    flat: int
    loss: str = ""
    advice: tuple[str, ...] = ()

    @property
    def curvature(self) -> float:
        """λ of the culprit."""
        return self.direction.curvature

    @property
    def eigenvalues(self) -> tuple[complex, ...]:
        """The eigenvalues of the culprit's iteration matrix, largest modulus first."""
        return self.direction.eigenvalues

    @property
    def radius(self) -> float:
        """The largest spectral radius: that of the culprit."""
        return self.direction.radius

    @property
    def nearest(self) -> Nearest | None:
        """The nearest stable setting."""
        return self.nearest_joint or self.nearest_rate

    @property
    def steps(self) -> int | None:
        """Steps to a thousandth in every direction; None: never."""
        return self.direction.steps

    @property
    def ratio(self) -> float:
        """Steps of these settings over steps of the best ones; ∞ where these never arrive, nan where no best is known."""
        if self.best is None or self.best.steps is None:
            return float("nan")
        return inf if self.steps is None else self.steps / max(self.best.steps, 1)

    @property
    def kappa(self) -> float:
        """L/μ; ∞ with a flat direction along which weight decay moves the weights."""
        last = self.directions[-1].curvature
        return self.directions[0].curvature / last if last > 0 else inf

    @property
    def unstable(self) -> tuple[DirectionState, ...]:
        """The directions that do not contract."""
        return tuple(state for state in self.directions if not state.stable)

    @property
    def converges(self) -> bool:
        """Whether every direction contracts."""
        return not self.unstable

    def __bool__(self) -> bool:
        return self.converges

    @property
    def headline(self) -> str:
        """The verdict in a line."""
        count = len(self.unstable)
        if count:
            return f"{self.verdict}: {count} of {wording.counted(len(self.directions), 'direction')} not contracting"
        ratio = "" if self.best is None or self.best.steps is None else f", {wording.times_best(self.ratio)}"
        return f"{self.verdict}: {wording.steps(self.steps)} to 1e-3{ratio}"

    @property
    def findings(self) -> tuple[tuple[str, str], ...]:
        """What was found, as pairs (what, value in words), for tables and reports."""
        pairs = [("loss", self.loss)] if self.loss else []
        pairs += [
            ("settings", f"{self.method}({wording.settings_text(self.hyper)})"),
            ("direction", self.direction.name),
            ("eigenvalues", f"{wording.roots(self.eigenvalues)} ({self.direction.regime})"),
            ("radius", f"{self.radius:.6g}"),
            ("limit broken" if self.unstable else "nearest limit", str(self.limit) if self.limit else "no formula"),
        ]
        alone, joint = self.nearest_rate, self.nearest_joint
        if self.unstable:
            pairs += [("nearest stable", str(alone or "no learning rate alone"))]
            worth = joint is not None and (alone is None or joint.change < HALVED * alone.change)
            pairs += [("nearer still", str(joint))] if worth else []
        return (*pairs, ("best settings", str(self.best) if self.best else "none found"))

    @property
    def listed(self) -> tuple[DirectionState, ...]:
        """The directions worth a row in a table: the steepest, the flattest and the culprit."""
        if len(self.directions) <= LISTED:
            return self.directions
        half = LISTED // 2
        places = {*range(half), *range(len(self.directions) - half, len(self.directions)), self.direction.index}
        return tuple(self.directions[k] for k in sorted(places))


def diagnose(
    X: Any = None,
    y: Any = None,
    /,
    *,
    method: Any,
    curvatures: Any = None,
    loss: str | None = None,
    columns: Sequence[str] | None = None,
    **hyper: Any,
) -> Diagnosis:
    """Why a method with these settings diverges or crawls, which direction does, and what to set instead.

    Parameters
    ----------
    X, y
        Data, X (n, d) and y (n,); or X is a problem (LeastSquares, a pair (X, y), a list of curvatures), alone.
    method
        A Method, a name in METHODS, a preset, or an update rule; ``hyper`` are all of its settings.
    curvatures
        The spectrum (m,) of a Hessian, in the place of data.
    loss, columns
        The scaling of the loss of data ("sum" by default), and the names of X's columns.

    The result is truthy when every direction contracts. A flat direction (λ = 0) is one like the others where weight decay
    moves the weights along it; else it is only counted. What is advised is stable as it is printed, with the steps of
    just that. Stability: Schur–Cohn (Jury 1964), exact at the boundary; best settings are over all of [μ, L].

    Raises BadData for data or a spectrum that cannot be used (negative curvature included), BadHyperparameter for settings
    that are missing, unknown or no numbers, BadName for an unknown method or loss, NotLinear for a rule without an
    iteration matrix.

    >>> print(diagnose(curvatures=[10.0, 1.0], method="gradient_descent", lr=0.3).headline)
    diverges: 1 of 2 directions not contracting
    """
    return judged(spectrum_of(X, y, curvatures=curvatures, loss=loss, columns=columns), as_method(method), hyper)


def judged(spectrum: Spectrum, method: Method, given: Mapping[str, Any], whole: bool = True) -> Diagnosis:
    """Diagnose a method with these settings on a spectrum.

    Where the spectrum is not the ``whole`` one, for slower directions may be, no steps and best settings are told.

    Raises BadHyperparameter for settings that are missing, unknown or no numbers, and NotLinear for a rule without an
    iteration matrix.
    """
    settings = {name: float(value) for name, value in method.scalars(given).items()}
    for name, value in settings.items():
        if value < method.domains[name].low:  # such as a negative momentum
            raise BadHyperparameter(
                f"{method.name}: {name} must be {method.domains[name].low:g} or more; got {value:g}"
            )
    if spectrum.flat and rests_elsewhere(method, settings):
        spectrum = spectrum.with_flat()
    curvatures = spectrum.curvatures
    rows = states(method, curvatures, settings, spectrum.columns)
    worst, (alone, joint) = culprit(rows), nearest(method, curvatures, settings)
    at_best, at_best_rate = None, None
    if whole:
        at_best = _no_worse(best(method, curvatures, settings), method, curvatures, settings, rows)
        at_best_rate = best_rate(method, curvatures, settings)
    else:
        alone, joint = alone and alone.untimed, joint and joint.untimed
    among = binding(method, curvatures) if worst.stable else np.array([worst.curvature])
    found = Diagnosis(
        method=method.name,
        hyper=settings,
        verdict=verdict(rows, at_best),
        direction=worst,
        limit=limit(method, among, settings),
        nearest_rate=alone,
        nearest_joint=joint,
        best=at_best,
        best_rate=at_best_rate,
        directions=rows,
        scaling=scaling(spectrum.problem),
        flat=spectrum.flat,
        loss=spectrum.loss,
    )
    return replace(found, advice=advice(found, method, spectrum))


def _no_worse(
    derived: Best | None, method: Method, curvatures: Array, settings: Mapping[str, Any], rows: Sequence[DirectionState]
) -> Best | None:
    """The best settings, or the given ones where these are better still: on a few curvatures, not on all of [μ, L]."""
    now = slowest(rows)
    better = derived is None or derived.steps is None or (now or 0) < derived.steps
    return evaluated(method, curvatures, settings) if better and all(row.stable for row in rows) else derived
