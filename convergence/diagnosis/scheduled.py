"""Diagnosis of a schedule: what it leaves of each direction's error when it ends, and which of its steps are unstable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, inf, log
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from convergence.diagnosis.spectrum import Spectrum
from convergence.diagnosis.wording import DIGITS, Readable, counted, number, rounded
from convergence.errors import BadHyperparameter
from convergence.numerics.inputs import checked_steps
from convergence.numerics.radius import bounds, spectral_radius
from convergence.numerics.replay import Parabolas, scheduled, walked
from convergence.problem.arrays import short
from convergence.rule import Method
from convergence.tabular import Tabular

Array = NDArray[np.float64]

ARRIVED = 1e-3
"""The part of the first error at which a direction has arrived."""

VERDICTS = {
    "diverges": "a direction ends with a larger error than it began with",
    "unfinished": f"a direction ends with more than {ARRIVED:g} of its first error",
    "fine": f"every direction ends within {ARRIVED:g} of its first error",
}


@dataclass(frozen=True)
class DirectionLeft:
    """What a schedule does to one direction.

    Attributes
    ----------
    index, name, curvature
        From 0, largest curvature first; in words; λ.
    log
        ln |e_K/e_0| when it ends; −∞ for an error of exactly 0.
    peak, peak_step
        The largest ln |e_k/e_0| on the way, and after how many steps.
    unstable
        The steps k, from 0, whose settings alone would make this direction grow.
    """

    index: int
    name: str
    curvature: float
    log: float
    peak: float
    peak_step: int
    unstable: tuple[int, ...]


@dataclass(frozen=True, repr=False)
class ScheduledDiagnosis(Readable, Tabular):
    """What a method under schedules leaves of the errors; truthy when none ends larger than it began.

    Attributes
    ----------
    method, hyper, steps
        The method's name, its settings as they were given, and K.
    verdict
        "diverges", "unfinished" or "fine": see ``convergence.diagnosis.scheduled.VERDICTS``.
    direction
        The one that is left with most.
    directions
        A ``DirectionLeft`` for each curvature, largest first.
    """

    SHOWN: ClassVar = ("headline", "converges")

    method: str
    hyper: dict[str, Any]
    steps: int
    verdict: str
    direction: DirectionLeft
    directions: tuple[DirectionLeft, ...]
    advice: tuple[str, ...] = ()

    @property
    def converges(self) -> bool:
        """Whether no error is larger when the schedule ends."""
        return self.verdict != "diverges"

    def __bool__(self) -> bool:
        return self.converges

    @property
    def headline(self) -> str:
        """The verdict in a line."""
        return (
            f"{self.verdict}: {part(self.direction.log)} the error along {self.direction.name} after {self.steps} steps"
        )

    @property
    def findings(self) -> tuple[tuple[str, str], ...]:
        """What was found, as pairs (what, value in words)."""
        words = ", ".join(f"{name}={short(value)}" for name, value in self.hyper.items())
        pairs = [("settings", f"{self.method}({words})")]
        for row in self.directions[:1] if len(self.directions) == 1 else (self.directions[0], self.directions[-1]):
            way = f", {part(row.peak)} it at step {row.peak_step}" if row.peak > 0 else ""
            pairs.append((row.name, f"{part(row.log)} its first error at the end{way}"))
        return tuple(pairs)

    def table(self) -> dict[str, Any]:
        """A row for each direction, steepest first."""
        columns = ("name", "curvature", "log", "peak", "peak_step")
        return {name: [getattr(row, name) for row in self.directions] for name in columns}


def under_schedules(method: Method, given: Mapping[str, Any], spectrum: Spectrum, steps: Any) -> ScheduledDiagnosis:
    """Diagnose a method under schedules on a spectrum. BadHyperparameter where nothing says how many steps there are."""
    setting = method.at(**given)
    ends = [_end(value) for value in setting.hyper.values()]
    count = steps if steps is not None else min((end for end in ends if end is not None), default=None)
    if count is None:
        raise BadHyperparameter(f"{method.name}: this schedule does not end; say after how many steps (steps=…)")
    count = checked_steps(count)
    if not count:
        raise BadHyperparameter(f"{method.name}: a schedule is diagnosed over 1 step or more; got none")
    full = setting.over(count)
    rows = _left(method, full, spectrum, count)
    worst = max(rows, key=lambda row: row.log)
    verdict = "diverges" if worst.log > 0 else "unfinished" if worst.log > log(ARRIVED) else "fine"
    advice = tuple(_advice(method, full, spectrum, rows, worst, count))
    return ScheduledDiagnosis(method.name, setting.shown, count, verdict, worst, rows, advice)


def _end(value: Any) -> int | None:
    """The steps of a hyperparameter: the entries of a sequence, those of a Schedule that ends; None where it has no end.

    A schedule that comes down to 0 is over when it is there: that step does nothing.
    """
    if np.ndim(value):
        return len(value)
    last = getattr(value, "last", None)
    return None if last is None else int(last) + (value(last) != 0)


def _left(method: Method, full: Mapping[str, Any], spectrum: Spectrum, steps: int) -> tuple[DirectionLeft, ...]:
    logs = _logs(method, full, spectrum.curvatures, steps)
    peaks = logs.argmax(axis=0)
    rows = []
    for index, curvature in enumerate(spectrum.curvatures):
        grows = np.broadcast_to(np.asarray(spectral_radius(method, float(curvature), **full)) > 1, steps)
        unstable = tuple(np.flatnonzero(grows).tolist())
        peak = int(peaks[index])
        name = f"direction {index + 1} (λ = {number(float(curvature))})"
        rows.append(
            DirectionLeft(
                index, name, float(curvature), float(logs[-1, index]), float(logs[peak, index]), peak, unstable
            )
        )
    return tuple(rows)


def _logs(method: Method, full: Mapping[str, Any], curvatures: Array, steps: int) -> Array:
    """ln |e_k/e_0|, (steps+1, m)."""
    with np.errstate(all="ignore"):
        path = walked(method, Parabolas(curvatures), scheduled(method, full, steps), steps)
        logs = np.array([np.log(np.abs(values)) + exponents * log(2) for values, exponents in path])
    return np.where(np.isnan(logs), inf, logs)


def _advice(
    method: Method,
    full: Mapping[str, Any],
    spectrum: Spectrum,
    rows: Sequence[DirectionLeft],
    worst: DirectionLeft,
    steps: int,
) -> Iterator[str]:
    rate = str(method.rate)
    unsteady = max(rows, key=lambda row: len(row.unstable))
    if unsteady.unstable:
        first, last = unsteady.unstable[0], unsteady.unstable[-1]
        size = f"; its error grows to {part(unsteady.peak)} the first on the way" if unsteady.peak > 0 else ""
        yield (
            f"{counted(len(unsteady.unstable), 'step')} of {steps}, between {first} and {last}, would make "
            f"{unsteady.name} grow{size}."
        )
    scale = _scale(method, full, spectrum, rate)
    if scale is not None and (unsteady.unstable or worst.log > log(ARRIVED)):
        changed = {**full, rate: np.asarray(full[rate]) * scale}
        after = max(_left(method, changed, spectrum, steps), key=lambda row: row.log)
        if after.log < worst.log:
            yield f"With {scale:.15g} times these learning rates {part(after.log)} the error along {after.name} is left."
    if worst.log > log(ARRIVED) and not unsteady.unstable:
        yield "More steps or another shape leave less: compare_schedules has what is possible for so many steps."


def _scale(method: Method, full: Mapping[str, Any], spectrum: Spectrum, rate: str) -> float | None:
    """By what all learning rates are multiplied so that the largest is just below the limit; None where there is none."""
    others = {name: value for name, value in full.items() if name != rate}
    if not np.ndim(full.get(rate, 0.0)) or any(np.ndim(value) for value in others.values()):
        return None
    limit, top = float(bounds(method, spectrum.curvatures, {**others, rate: 1.0}).min()), float(np.max(full[rate]))
    return rounded(limit / top, DIGITS, -1) if 0 < limit < inf and top > 0 else None


def part(size: float) -> str:
    """A part of the first error, from its logarithm: 36 % of, 1.2e+08 times, e^-700 of, nothing of."""
    if size > 0:
        return f"{exp(size):.3g} times" if size < log(1e300) else f"e^{size:.4g} times"
    return f"{100 * exp(size):.3g} % of" if size > log(1e-5) else f"e^{size:.4g} of" if size > -inf else "nothing of"
