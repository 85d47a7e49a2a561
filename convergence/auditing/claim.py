"""A claim of a source goes in, with the numbers it states and a procedure that decides it; a finding comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Verdict = Literal["proved", "confirmed", "refuted", "open"]
VERDICTS: tuple[Verdict, ...] = ("proved", "confirmed", "refuted", "open")


@dataclass(frozen=True)
class Source:
    """Where claims come from: a short ``key`` to ask for it, and the ``reference`` in full."""

    key: str
    reference: str


@dataclass(frozen=True)
class Ruling:
    """What a procedure decided. ``checked``: the correction was itself computed and holds; None where there is none."""

    verdict: Verdict
    evidence: str
    correction: str = ""
    checked: bool | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """The verdict on one claim.

    ``source`` is the source's key, ``reference`` its title; ``claim`` is in our own words. ``verdict`` is "proved" (exact or
    symbolic), "confirmed" (to the tolerance that ``evidence`` names), "refuted" (``evidence`` has the counterexample and
    ``correction`` the statement that holds) or "open". ``checked`` says that the correction held when computed. ``location``
    tells text from code, ``numbers`` are those of the evidence.
    """

    source: str
    claim: str
    verdict: Verdict
    evidence: str
    correction: str
    id: str = ""
    location: str = ""
    reference: str = ""
    numbers: Mapping[str, float] = field(default_factory=dict)
    checked: bool | None = None

    def __repr__(self) -> str:
        return f"Finding {self.id} {self.verdict}: {self.claim}"


@dataclass(frozen=True)
class Claim:
    """A statement as data: ``states`` are its numbers, and ``decide(**states)`` computes whether they are right.

    ``source`` is None where the file that holds the claim says it for all of its own.
    """

    id: str
    location: str
    words: str
    states: Mapping[str, Any]
    decide: Callable[..., Ruling]
    source: Source | None = None

    def saying(self, **other: Any) -> Claim:
        """The same claim with other numbers: what an error in it would look like."""
        return replace(self, states={**self.states, **other})

    def finding(self, source: Source) -> Finding:
        """Decide the claim."""
        found = self.decide(**self.states)
        return Finding(
            source.key,
            self.words,
            found.verdict,
            found.evidence,
            found.correction,
            self.id,
            self.location,
            source.reference,
            found.numbers,
            found.checked,
        )


def claim(id: str, location: str, words: str, **states: Any) -> Callable[[Callable[..., Ruling]], Claim]:
    """Make a Claim of the function that decides it; ``states`` are the numbers that the source gives."""
    return lambda decide: Claim(id, location, words, states, decide)


def published(
    source: Source, id: str, location: str, words: str, **states: Any
) -> Callable[[Callable[..., Ruling]], Claim]:
    """The same for a claim of a source of its own."""
    return lambda decide: Claim(id, location, words, states, decide, source)


def exactly(holds: bool, evidence: str, correction: str, checked: bool, **numbers: float) -> Ruling:
    """Proved where it holds in exact arithmetic or as formulas; else refuted, with what holds instead."""
    return _decided("proved", holds, evidence, correction, checked, numbers)


def closely(holds: bool, evidence: str, correction: str, checked: bool, **numbers: float) -> Ruling:
    """Confirmed where it holds to the tolerance that the evidence names; else refuted, with what holds instead."""
    return _decided("confirmed", holds, evidence, correction, checked, numbers)


def undecided(evidence: str, missing: str, **numbers: float) -> Ruling:
    """Open: what could be decided stands in the evidence, what is missing after it."""
    return Ruling("open", f"{evidence} Missing: {missing}.", numbers=numbers)


def _decided(
    name: Verdict, holds: bool, evidence: str, correction: str, checked: bool, numbers: Mapping[str, float]
) -> Ruling:
    floats = {key: float(value) for key, value in numbers.items()}
    if holds:
        return Ruling(name, evidence, numbers=floats)
    return Ruling("refuted", evidence, correction, bool(checked), floats)
