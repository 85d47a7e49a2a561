"""The homework's answers as plain frozen values: formulas written out, numbers, and the checks of each question."""

from __future__ import annotations

from dataclasses import dataclass

from convergence.coursework.on_data import DataAnswer
from convergence.coursework.plateau import PlateauAnswer
from convergence.evidence.check import Check
from convergence.results import Formula


@dataclass(frozen=True)
class CourseFormulas:
    """What was derived, written out; see ``coursework.derivation`` for what each is."""

    rule: str
    equations: tuple[Formula, ...]
    matrix: Formula
    characteristic: Formula
    eigenvalues: Formula
    discriminant: Formula
    repeated: tuple[Formula, Formula]
    radius: Formula
    real: Formula
    repeated_top: Formula
    complex_top: Formula
    plateau: tuple[Formula, Formula]
    condition: Formula
    descent_lr: Formula
    descent_rate: Formula


@dataclass(frozen=True)
class CourseAnswers:
    """The model solution as plain values. Truthy when every check passed."""

    package_version: str
    formulas: CourseFormulas
    plateau: PlateauAnswer
    data: DataAnswer
    checks: dict[str, tuple[Check, ...]]

    def __bool__(self) -> bool:
        return all(all(made) for made in self.checks.values())
