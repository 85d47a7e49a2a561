"""A claim of a source: its words and place, what it states, and the decision by which a machine proves or refutes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from numbers import Real
from string import Formatter
from typing import Any, Literal

from convergence.notation import text

Verdict = Literal["proved", "confirmed", "refuted", "open", "answered"]
VERDICTS: tuple[Verdict, ...] = ("proved", "confirmed", "refuted", "open", "answered")


@dataclass(frozen=True)
class Source:
    """Where claims come from: a short ``key`` to ask for it, the ``reference`` in full, and a ``name`` for a line of text."""

    key: str
    reference: str
    name: str


@dataclass(frozen=True)
class Outcome:
    """Whether what was stated holds, the numbers and formulas that show it, and whether nothing was rounded."""

    holds: bool
    numbers: Mapping[str, Any]
    exact: bool


Decision = Callable[..., Outcome]


@dataclass(frozen=True)
class Finding:
    """The verdict on one claim.

    Attributes
    ----------
    source, reference
        The source's key ("004", "goh-2017") and its title.
    place
        Where in the source the claim stands: a section, a theorem, a part of the code.
    claim
        What is claimed, in our own words.
    verdict
        "proved" (in exact arithmetic or as an identity of formulas), "confirmed" (to the tolerance that the evidence names),
        "refuted" (the evidence has the counterexample), "open" (the evidence says what is missing), or "answered" (what the
        source leaves as a question).
    evidence, numbers
        What was computed, in words and as numbers.
    correction
        Of a refuted claim, what holds instead.
    checked
        The control: a correction was put through the same decision, and holds; or an error was put into a claim that stands,
        and was refuted. None for what is open.
    """

    source: str
    claim: str
    verdict: Verdict
    evidence: str
    correction: str
    id: str = ""
    place: str = ""
    reference: str = ""
    numbers: Mapping[str, float] = field(default_factory=dict)
    checked: bool | None = None

    def __repr__(self) -> str:
        return f"Finding {self.id} {self.verdict}: {self.claim}"


@dataclass(frozen=True)
class Claim:
    """A statement as data.

    Attributes
    ----------
    place, words
        Where it stands, and what it says, in our own words.
    decide
        Whether the statement holds with given numbers: ``decide(**says)``.
    says
        The numbers, or choices, that the source states.
    other
        Others for the same statement: the right ones where the source is wrong, an error where it is right. Both are decided
        by the same function, so a decision that cannot fail shows.
    evidence, correction
        Text with the numbers of the outcome in braces, {rate} or, with six digits, {rate:6}; that of the correction are of the
        outcome of ``other``.
    asks
        Whether ``words`` are a question that the source leaves, and not its claim.
    missing
        What a full decision would need: such a claim stays open.
    """

    id: str
    place: str
    words: str
    decide: Decision
    says: Mapping[str, Any]
    other: Mapping[str, Any]
    evidence: str
    correction: str = ""
    asks: bool = False
    missing: str = ""

    def saying(self, **other: Any) -> Claim:
        """The same claim with other numbers."""
        return replace(self, says={**self.says, **other})

    def finding(self, source: Source) -> Finding:
        """Decide the claim, and its control."""
        said, control = self.decide(**self.says), self.decide(**{**self.says, **self.other})
        evidence = _filled(self.evidence, said.numbers)
        if self.asks:
            evidence = f"{'Yes' if said.holds else 'No'}: {evidence}"
        if self.missing:
            evidence += f" Missing: {self.missing}."
        verdict = self._verdict(said)
        return Finding(
            source.key,
            self.words,
            verdict,
            evidence,
            _filled(self.correction, {**said.numbers, **control.numbers}) if verdict == "refuted" else "",
            self.id,
            self.place,
            source.reference,
            {name: float(value) for name, value in said.numbers.items() if isinstance(value, Real)},
            None if self.missing else control.holds is not said.holds,
        )

    def _verdict(self, said: Outcome) -> Verdict:
        if self.missing:
            return "open"
        if self.asks:
            return "answered"
        return "refuted" if not said.holds else "proved" if said.exact else "confirmed"


class _Filling(Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        return text(value, int(format_spec or 4))


def _filled(words: str, numbers: Mapping[str, Any]) -> str:
    return _Filling().vformat(words, (), numbers)
