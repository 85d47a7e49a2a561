"""A claim of a source: a function that decides it. Its docstring says it, its defaults are what the source states."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import cleandoc
from numbers import Real
from string import Formatter
from typing import Any, Literal

from convergence.errors import ConvergenceError
from convergence.notation import text

Verdict = Literal["proved", "confirmed", "refuted", "open", "answered"]
VERDICTS: tuple[Verdict, ...] = ("proved", "confirmed", "refuted", "open", "answered")

Answer = tuple[Any, Mapping[str, Any]]
"""Whether what was stated holds, and the numbers and formulas that show it."""


@dataclass(frozen=True)
class Source:
    """Where claims come from: a short ``key`` to ask for it, its ``name`` (authors and year), and its ``title``."""

    key: str
    name: str
    title: str

    @property
    def reference(self) -> str:
        """Name and title."""
        return f"{self.name}, {self.title}"

    def exactly(self, id: str, place: str, **other: Any) -> Callable[[Callable[..., Answer]], Claim]:
        """A claim that is decided in fractions or formulas: nothing is rounded."""
        return lambda decide: Claim(id, self, place, decide, other, exact=True)

    def closely(self, id: str, place: str, **other: Any) -> Callable[[Callable[..., Answer]], Claim]:
        """A claim that is decided with rounding or sampling, to the tolerance that its evidence names."""
        return lambda decide: Claim(id, self, place, decide, other, exact=False)


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
    """A statement, and the function that decides it.

    Attributes
    ----------
    place
        Where it stands in the source.
    decide
        Whether the statement holds. The defaults of its parameters are what the source states. Its docstring has, in
        paragraphs, the claim (or a question that the source leaves), the evidence, and after "Instead: " what holds where
        the claim does not. Evidence with "Missing: " leaves the claim open. The numbers of the answer stand in braces:
        {rate} or, with six digits, {rate:6}; those of a correction are of the control.
    other
        The control: the right values where the source is wrong, an error where it is right. The same function decides both,
        so a decision that cannot fail shows.
    exact
        Whether nothing is rounded on the way.
    """

    id: str
    source: Source
    place: str
    decide: Callable[..., Answer]
    other: Mapping[str, Any]
    exact: bool

    def finding(self, **stated: Any) -> Finding:
        """Decide the claim, and its control; with ``stated``, the claim with other values."""
        words, evidence, *correction = self._paragraphs()
        (holds, numbers), (other, others) = self.decide(**stated), self.decide(**{**stated, **self.other})
        verdict: Verdict = "refuted" if not holds else "proved" if self.exact else "confirmed"
        if "Missing: " in evidence:
            verdict = "open"
        elif words.endswith("?"):
            verdict, evidence = "answered", f"{'Yes' if holds else 'No'}: {evidence}"
        return Finding(
            self.source.key,
            words,
            verdict,
            _filled(evidence, numbers),
            _filled(" ".join(correction), {**numbers, **others}) if verdict == "refuted" else "",
            self.id,
            self.place,
            self.source.reference,
            {name: float(value) for name, value in numbers.items() if isinstance(value, Real)},
            None if verdict == "open" else bool(other) is not bool(holds),
        )

    def _paragraphs(self) -> list[str]:
        if not self.decide.__doc__:
            raise ConvergenceError("the audit reads its claims from docstrings, which Python leaves out under -OO")
        parts = cleandoc(self.decide.__doc__).split("\n\n")
        return [" ".join(part.split()).removeprefix("Instead: ") for part in parts]


class _Filling(Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        return text(value, int(format_spec or 4))


def _filled(words: str, numbers: Mapping[str, Any]) -> str:
    return _Filling().vformat(words, (), numbers)
