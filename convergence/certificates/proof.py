"""The proof of a claim, or its refutation: a certificate with the rule that it is about, and its numbers in SymPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import sympy as sp

from convergence.certificates.certificate import (
    SCHEMA,
    Certificate,
    Formula,
    MeanSquare,
    OnInterval,
    Optimum,
    Undecided,
    read,
    written,
)
from convergence.certificates.check import NO_MATRIX, Recheck, rechecked
from convergence.certificates.exact import at
from convergence.certificates.numbers import algebraic, rational
from convergence.certificates.words import claim, ratio
from convergence.methods import METHODS
from convergence.rule import Method

VERDICTS = {True: "proven", False: "refuted", None: "undecided"}


@dataclass(frozen=True)
class Step:
    """A fact that the checker verified, in its ``words``."""

    words: str

    def __repr__(self) -> str:
        return self.words


@dataclass(frozen=True)
class Proof:
    """A decided claim: truthy where it was proven; ``holds`` is None where it is undecided, and ``why`` says so.

    >>> import convergence as cv
    >>> proof = cv.certify_rate("gradient_descent", 0.9, mu=1, L=10, lr=0.1)
    >>> proof
    proven: gradient_descent(lr=1/10) has a radius of at most 9/10 for all λ in [1, 10]
    >>> cv.read_certificate(proof.to_json()) == proof
    True
    """

    certificate: Certificate
    method: Method | None = field(default=None, compare=False, repr=False)

    @property
    def holds(self) -> bool | None:
        """True: proven; False: refuted; None: undecided."""
        return self.certificate.holds

    @property
    def claim(self) -> str:
        """The claim in words, made of the certificate's numbers."""
        return claim(self.certificate)

    @property
    def why(self) -> str:
        """Why it is undecided or refuted; empty where it is proven."""
        c = self.certificate
        if isinstance(c, Undecided) or c.holds:
            return c.why if isinstance(c, Undecided) else ""
        facts = self.recheck()
        if any(fact.endswith(NO_MATRIX) for fact in facts.passed):
            return "the method has no iteration matrix there"
        if c.kind == "formula":
            return "; ".join(facts.passed[:1] or facts.failed)
        if isinstance(c, MeanSquare):
            return "second moments do not tend to zero"
        return "the radius is not below 1 there" if c.kind == "stable" else "the radius is larger there"

    @property
    def counterexample(self) -> sp.Expr | None:
        """Where it is false: an exact curvature; of a formula a condition number."""
        c = self.certificate
        if isinstance(c, OnInterval) and c.place:
            return algebraic(c.place, c.ground)
        if isinstance(c, Formula) and c.at:
            return rational(at([*map(Fraction, c.L)], Fraction(c.at)))
        return None

    @property
    def lower(self) -> sp.Rational | None:
        """The lower end of what is enclosed, exact."""
        return self._ends[0]

    @property
    def upper(self) -> sp.Rational | None:
        """The upper end of what is enclosed, exact."""
        return self._ends[1]

    @property
    def _ends(self) -> tuple[sp.Rational | None, sp.Rational | None]:
        c = self.certificate
        if isinstance(c, Undecided):
            return _number(c.lower), _number(c.upper)
        if isinstance(c, OnInterval | Optimum) and c.lower is not None:
            return _number(c.lower), _number(ratio(c.rate))
        return None, None

    @property
    def hyper(self) -> Mapping[str, sp.Rational] | None:
        """Of an optimum: exact hyperparameters that reach ``upper``."""
        c = self.certificate
        if isinstance(c, Undecided):
            return {n: _number(v) for n, v in c.hyper.items()} if c.hyper else None
        return {n: _number(ratio(v)) for n, v in c.hyper.items()} if isinstance(c, Optimum) else None

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What was not proven, of an undecided optimum."""
        return self.certificate.assumptions if isinstance(self.certificate, Undecided) else ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """The facts that carry it, as the checker verifies them."""
        return tuple(Step(words) for words in self.recheck().passed)

    def __bool__(self) -> bool:
        return self.holds is True

    def recheck(self, method: Method | None = None) -> Recheck:
        """Verify it in Python's fractions alone, against the rule (default: its own, or that of its name in ``METHODS``)."""
        return rechecked(self.certificate, method or self.method or METHODS.get(self.certificate.method))

    def to_json(self) -> str:
        """The certificate as JSON text, which ``read_certificate`` reads."""
        return written(self.certificate)

    def summary(self) -> dict[str, Any]:
        """What is claimed, decided and verified, in words and numbers for JSON; the certificate is its "statement"."""
        plain = {name: getattr(self, name) for name in ("claim", "holds", "why")}
        numbers = {n: None if (v := getattr(self, n)) is None else str(v) for n in ("counterexample", "lower", "upper")}
        hyper = None if self.hyper is None else {n: str(v) for n, v in self.hyper.items()}
        steps = [step.words for step in self.steps]
        kept = {"hyper": hyper, "assumptions": list(self.assumptions), "steps": steps, "statement": self.to_dict()}
        return {"schema": SCHEMA, **plain, **numbers, **kept}

    def to_dict(self) -> dict[str, Any]:
        """The certificate as a dictionary."""
        content: dict[str, Any] = self.certificate.model_dump(mode="json", by_alias=True)
        return content

    @classmethod
    def from_json(cls, text: str | bytes) -> Proof:
        """The proof in a JSON text. BadData for anything else. Nothing in it is believed before ``recheck``."""
        return cls(read(text))

    def __repr__(self) -> str:
        place = "" if self.counterexample is None else f"; counterexample {_short(self.counterexample)}"
        verdict = VERDICTS[self.holds] if self.method or self.holds is None else "to be rechecked"
        return f"{verdict}: {self.claim}{place}{f' ({self.why})' if self.why else ''}"


def _number(text: str | None) -> sp.Rational | None:
    return None if text in (None, "nan") else sp.Rational(text)


def _short(number: sp.Expr) -> str:
    return str(number) if len(str(number)) <= 36 else f"{sp.N(number, 15)}…"
