"""Works go in; their median times come out, taken in turns, and results with their targets."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from timeit import timeit
from typing import NamedTuple


class Result(NamedTuple):
    """One measured number; its target is a sign and a bound, or nothing for a number that only informs."""

    what: str
    value: float
    unit: str = ""
    target: str = ""
    note: str = ""

    @property
    def met(self) -> bool:
        sign, bound = (self.target or "≤ inf").split()
        return bool(self.value >= float(bound) if sign == "≥" else self.value <= float(bound))

    @property
    def cells(self) -> str:
        verdict = ("yes" if self.met else "**no**") if self.target else "–"
        return " | ".join((self.what, f"{self.value:.3g} {self.unit}", self.target or "–", verdict, self.note))


def medians(repetitions: int, *works: Callable[[], object]) -> list[float]:
    """Median seconds of each, taking turns; one turn before is not counted (derivations, caches, memory)."""
    turns = [[timeit(work, number=1) for work in works] for _ in range(repetitions + 1)]
    return [median(times) for times in zip(*turns[1:], strict=True)]


def versus(ours: float, theirs: float, alternative: str) -> str:
    return f"{ours * 1e3:.3g} ms against {theirs * 1e3:.4g} ms of {alternative}"
