"""Nothing goes in; the answers to the homework come out together: formulas, numbers, and the checks of each."""

from __future__ import annotations

from dataclasses import dataclass

from convergence.coursework.checking import checks
from convergence.coursework.derivation import Derivation, derivation
from convergence.coursework.on_data import DataAnswer, on_data
from convergence.coursework.plateau import PlateauAnswer, plateau
from convergence.evidence.check import Check


@dataclass(frozen=True)
class Sheet:
    """The answers: (a)–(g) as formulas in ``derivation``, (g) and (h) in numbers, ``checks`` by letter."""

    derivation: Derivation
    plateau: PlateauAnswer
    data: DataAnswer
    checks: dict[str, tuple[Check, ...]]

    def __bool__(self) -> bool:
        return all(all(made) for made in self.checks.values())


def answer_sheet() -> Sheet:
    """Derive, compute and check all of it."""
    found, g, h = derivation(), plateau(), on_data()
    return Sheet(found, g, h, checks(found, g, h))
