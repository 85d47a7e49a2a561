"""Checks: claims of the theory held against observations, within tolerances that have reasons, and the faults they reject."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Generic, TypeVar

import numpy as np

EPS = float(np.finfo(float).eps)

DOUBLE_ROOT = 8 * EPS**0.5
"""A double eigenvalue, as at critical damping, of a matrix that is known to ε is known to √ε."""

FAULT = 0.01
"""How far off deliberately wrong theory is: one per cent."""

Trial = TypeVar("Trial")
"""What is looked at: an ``Experiment``, or a ``NoisyTrial``."""

Claims = Any
"""What the theory says, in the form that one kind of check understands."""


@dataclass(frozen=True)
class Check:
    """A claim, what theory predicts, what was observed, and how far apart they may be and why.

    ``error`` is compared with ``tolerance``; ``passed`` is None where the check could not be made (``why`` says the
    reason), and that is neither a pass nor a failure.
    """

    kind: str
    claim: str
    predicted: float | None
    observed: float | None
    error: float | None
    tolerance: float | None
    why: str
    passed: bool | None

    def __bool__(self) -> bool:
        return self.passed is not False

    @property
    def excess(self) -> float:
        """The error in parts of the tolerance."""
        return (self.error or 0.0) / max(self.tolerance or 0.0, 1e-300)


@dataclass(frozen=True)
class Control:
    """The same kind of check made with a deliberate fault in the theory; it must be ``rejected``."""

    kind: str
    fault: str
    error: float | None
    tolerance: float | None
    rejected: bool | None

    def __bool__(self) -> bool:
        return self.rejected is not False


Judged = tuple[Sequence[Check], Sequence[Control]]


@dataclass(frozen=True)
class Kind(Generic[Trial]):
    """A kind of check: its ``claims`` (theory), its ``checks`` (claims against observation), and ``faults``.

    ``faults`` returns claims that are wrong on purpose, each with its name; the same checks must reject every one. ``of_run``:
    the checks look at runs, and not at the rule or the literature alone.
    """

    name: str
    claims: Callable[[Trial], Claims]
    checks: Callable[[Trial, Claims], Sequence[Check]]
    faults: Callable[[Trial, Claims], Sequence[tuple[str, Claims]]]
    of_run: bool = True

    def judged(self, trial: Trial) -> Judged:
        """The checks and controls of a trial; one check that is not made where its numbers cannot be computed."""
        try:
            claims = self.claims(trial)
            checks = self.checks(trial, claims)
            return checks, [self.control(trial, fault, wrong) for fault, wrong in self.faults(trial, claims)]
        except np.linalg.LinAlgError as error:
            return [not_made(self.name, self.name, f"the numbers are beyond what doubles can tell: {error}")], []

    def control(self, trial: Trial, fault: str, wrong: Claims) -> Control:
        """Whether at least one check of this kind rejects claims that are wrong on purpose."""
        decided = [check for check in self.checks(trial, wrong) if check.passed is not None]
        if not decided:
            return Control(self.name, fault, None, None, None)
        worst = max(decided, key=lambda check: check.excess)
        return Control(self.name, fault, worst.error, worst.tolerance, not all(decided))


def compared(
    kind: str, claim: str, predicted: float, observed: float, error: float, tolerance: float, why: str
) -> Check:
    """A check whose verdict is ``error ≤ tolerance``."""
    said, seen, off, most = map(float, (predicted, observed, error, tolerance))
    return Check(kind, claim, said, seen, off, most, why, off <= most)


def not_made(kind: str, claim: str, why: str) -> Check:
    """A check that could not be made, and why."""
    return Check(kind, claim, None, None, None, None, why, None)


def interpolated(
    kind: str, claim: str, bound: float, probe: float, growth: tuple[float, float], within: float, why: str
) -> Check:
    """Whether the ``growth`` a step, as logarithms at the part ``probe`` below and above a bound, passes through 0 there."""
    low, high = growth
    edge = bound * (1 + probe * (low + high) / (low - high)) if low != high else inf
    return compared(kind, claim, bound, edge, abs(edge / bound - 1), within, why)
