"""What the log of a run shows, with error bars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from convergence.diagnosis import wording
from convergence.diagnosis.result import Diagnosis
from convergence.diagnosis.scheduled import ScheduledDiagnosis
from convergence.plotting import Plotted
from convergence.tabular import Tabular

Array = NDArray[np.float64]

READ = 9
"""Digits that are shown at most."""


@dataclass(frozen=True, eq=False, repr=False)
class RunDiagnosis(wording.Readable, Tabular, Plotted, figure="identification"):
    """What the log of a run shows. Error bars hold the truth in about 99.7 % of runs, as far as the noise is noise.

    Directions are numbered steepest first. With any direction unresolved or unseen no steps and no best settings are
    told.

    Attributes
    ----------
    verdict, direction
        A word of ``VERDICTS``, and the index of the direction that decides it.
    method
        The rule that explains the log, or None.
    eigenvalues, error
        (m, 2), a row a direction, and their error bars.
    vectors
        (d, m), the directions, a column each.
    momentum, momentum_error
        In the convention of ``method``; 0 for plain gradient descent.
    lr_curvature, lr_curvature_error
        (m,), lr·λ, pure numbers.
    lr, curvatures, lr_error, curvatures_error
        Apart; None where the log does not tell them apart.
    minimiser, minimiser_error
        (d,), where the run goes, or comes from.
    noise
        The size of what no recurrence explains.
    steps, columns
        The length of the log, and the names of its weights.
    diagnosis
        That of these settings on this spectrum, in units of lr where λ is not known; None where directions are left
        open, unless one surely grows: then that of the resolved directions alone.
    reasons
        Why, for everything that is None.
    notes
        What else is to be said, and what to log.
    unresolved
        The directions whose rate the log leaves open.
    unseen
        How many may move below its noise.
    """

    SHOWN: ClassVar = ("headline", "converges", "radius", "limit", "advice")

    verdict: str
    method: str | None
    direction: int
    eigenvalues: NDArray[np.complex128]
    error: Array
    vectors: Array
    momentum: float | None
    momentum_error: float | None
    lr_curvature: Array | None
    lr_curvature_error: Array | None
    lr: float | None
    lr_error: float | None
    curvatures: Array | None
    curvatures_error: Array | None
    minimiser: Array
    minimiser_error: Array
    noise: float
    steps: int
    columns: tuple[str, ...]
    diagnosis: Diagnosis | ScheduledDiagnosis | None
    reasons: Mapping[str, str]
    notes: tuple[str, ...]
    unresolved: tuple[int, ...] = ()
    unseen: int = 0

    @property
    def radius(self) -> float:
        """The largest modulus of an eigenvalue."""
        return float(np.abs(self.eigenvalues).max())

    @property
    def steps_to_go(self) -> int | None:
        """Steps to a thousandth in every direction; None: never, or the log does not tell."""
        told = isinstance(self.diagnosis, Diagnosis) and not (self.unresolved or self.unseen)
        return self.diagnosis.steps if told and self.diagnosis is not None else None

    @property
    def converges(self) -> bool:
        """Whether the run converges, as far as the error bars tell."""
        return self.verdict not in ("diverges", "stalls", "undecided")

    def __bool__(self) -> bool:
        return self.converges

    @property
    def limit(self) -> str | None:
        """The inequality that the culprit breaks, or is nearest to, in words."""
        limit = getattr(self.diagnosis, "limit", None)
        return None if limit is None else str(limit)

    @property
    def advice(self) -> tuple[str, ...]:
        """What to do, first things first; learning rates in units of the run's own where that is not known."""
        if self.diagnosis is None:
            return (self.reasons["diagnosis"],)
        unit = () if self.lr is not None else ("Learning rates below are in units of the run's own.",)
        return (*unit, *self.diagnosis.advice)

    @property
    def headline(self) -> str:
        """The verdict in a line."""
        return f"{self.verdict}: radius {bar(*self._lead)}, {self.culprit}"

    @property
    def _lead(self) -> tuple[float, float]:
        """The radius of the direction that decides, with its error bar."""
        place = int(np.abs(self.eigenvalues[self.direction]).argmax())
        return float(np.abs(self.eigenvalues[self.direction, place])), float(self.error[self.direction, place])

    @property
    def culprit(self) -> str:
        """The direction that decides, in words."""
        weights = np.abs(self.vectors[:, self.direction])
        mostly = f" (mostly {self.columns[int(weights.argmax())]})" if len(weights) > 1 else ""
        return f"direction {self.direction + 1}{mostly}"

    @property
    def findings(self) -> tuple[tuple[str, str], ...]:
        """What was found, as pairs (what, value in words)."""
        lead = self.eigenvalues[self.direction]
        pairs = [
            ("recurrence of", self.method or "no known method: two roots a direction"),
            ("direction", self.culprit),
            (
                "eigenvalues",
                f"{wording.roots(tuple(complex(z) for z in lead))} ± {self.error[self.direction].max():.1e}",
            ),
            ("momentum", self._shown("momentum", self.momentum, self.momentum_error)),
            ("lr", self._shown("lr", self.lr, self.lr_error)),
            ("noise of the log", f"{self.noise:.1e}"),
            ("steps used", f"{self.steps}"),
        ]
        if self.limit is not None:
            pairs.append(("limit", self.limit if self.lr is not None else f"{self.limit} (lr in units of the run's)"))
        return tuple(pairs)

    def table(self) -> dict[str, Any]:
        """A row for each direction: its largest eigenvalue; lr·λ and λ as far as the log tells them; error bars."""
        rows, largest = np.arange(len(self.eigenvalues)), np.abs(self.eigenvalues).argmax(axis=1)
        told = ("lr_curvature", "lr_curvature_error", "curvatures", "curvatures_error")
        return {
            "direction": rows + 1,
            "eigenvalue": self.eigenvalues[rows, largest],
            "error": self.error[rows, largest],
            **{name: getattr(self, name) for name in told if getattr(self, name) is not None},
        }

    def _shown(self, name: str, value: float | None, error: float | None) -> str:
        if value is None:
            return self.reasons.get(name, "not identified")
        return bar(value, error) if error is not None else f"{value:g}: {self.reasons.get(f'{name}_error', '')}"


@dataclass(frozen=True, eq=False, repr=False)
class ScheduledRunDiagnosis(RunDiagnosis):
    """A ``RunDiagnosis`` under a schedule: lr, lr·λ and eigenvalues are those at its largest learning rate.

    Attributes
    ----------
    rates
        (steps,), the learning rate of each step of the log.
    diagnosis
        A ``ScheduledDiagnosis`` of the directions that are seen, over the steps of the log.
    """

    rates: Array = field(default_factory=lambda: np.empty(0))

    @property
    def headline(self) -> str:
        """The verdict in a line."""
        if self.diagnosis is None:
            return f"{self.verdict}: {self.culprit} under a schedule"
        return self.diagnosis.headline

    @property
    def findings(self) -> tuple[tuple[str, str], ...]:
        """What was found, as pairs (what, value in words)."""
        ends = f"{wording.number(self.rates[0])} to {wording.number(self.rates[-1])}"
        named = {"lr": f"a schedule from {ends}, at most {wording.number(self.rates.max())}"}
        pairs = [(what, named.get(what, value)) for what, value in super().findings]
        return tuple(("at the largest lr" if what == "eigenvalues" else what, value) for what, value in pairs)


def bar(value: float, error: float) -> str:
    """A value and its error bar, with digits down to the bar's second, but no more than one reads."""
    if not isfinite(error):
        return f"{value:.4g} ± ?"
    digits = 6 if error <= 0 else int(np.clip(np.ceil(np.log10(max(abs(value), error) / error)) + 1, 2, READ))
    return f"{value:.{digits}g} ± {error:.1e}"
