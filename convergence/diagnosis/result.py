"""The diagnosis of a setting: its verdict, the direction that decides it, the limit it breaks, and what is near or best."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any, ClassVar

from convergence.diagnosis import wording
from convergence.diagnosis.advice import Scaling
from convergence.diagnosis.best import Best
from convergence.diagnosis.directions import DirectionState
from convergence.diagnosis.limit import Limit
from convergence.diagnosis.nearest import HALVED, Nearest
from convergence.tabular import Tabular

LISTED = 6
"""Directions in a table: half from the steepest on, half to the flattest, and the culprit."""


@dataclass(frozen=True, repr=False)
class Diagnosis(wording.Readable, Tabular):
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

    def table(self) -> dict[str, Any]:
        """A row for each direction, steepest first."""
        columns = ("curvature", "radius", "regime", "stable", "steps")
        return {name: [getattr(state, name) for state in self.directions] for name in ("name", *columns)}

    @property
    def listed(self) -> tuple[DirectionState, ...]:
        """The directions worth a row in a table: the steepest, the flattest and the culprit."""
        if len(self.directions) <= LISTED:
            return self.directions
        half = LISTED // 2
        places = {*range(half), *range(len(self.directions) - half, len(self.directions)), self.direction.index}
        return tuple(self.directions[k] for k in sorted(places))
