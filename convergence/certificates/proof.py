"""What was claimed and the facts that decide it go in; a proof object comes out that rechecks itself and keeps as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import sympy as sp

from convergence.certificates.sceptic import Recheck, rechecked
from convergence.errors import BadData
from convergence.rule import Method

SCHEMA = "convergence certificate 1"
"""The first entry of a certificate in JSON, and the only kind that is read."""

LONGEST = 36
"""A number with more characters than this is shown by its decimals."""

_EXACT = ("counterexample", "lower", "upper")


@dataclass(frozen=True)
class Step:
    """An elementary fact: what ``kind`` it is of, in ``words``, and its numbers, as strings that JSON can hold."""

    kind: str
    words: str
    data: Mapping[str, Any]

    def __repr__(self) -> str:
        return self.words


@dataclass(frozen=True)
class Proof:
    """A decided claim: truthy where it was proven; ``holds`` is None where it is undecided, and ``why`` says so.

    ``counterexample`` is an exact number (a curvature; for a formula a condition number) or None. ``lower`` and ``upper``
    are exact, where the claim is about a number; ``hyper`` are exact hyperparameters that attain ``upper``.
    ``assumptions`` were not proven; ``steps`` are the facts. ``statement`` is the claim for a program.
    """

    claim: str
    holds: bool | None
    why: str
    steps: tuple[Step, ...]
    statement: Mapping[str, Any]
    counterexample: Any = None
    lower: sp.Expr | None = None
    upper: sp.Expr | None = None
    hyper: Mapping[str, sp.Expr] | None = None
    assumptions: tuple[str, ...] = ()
    method: Method | None = field(default=None, compare=False, repr=False)

    def __bool__(self) -> bool:
        return self.holds is True

    def recheck(self, method: Method | None = None) -> Recheck:
        """Every step again, in Python's fractions alone and by other algorithms; truthy when all of them hold.

        ``method`` is the rule to hold the characteristic polynomial against, where the proof came from a file.
        """
        return rechecked(self.to_dict(), method or self.method)

    def to_dict(self) -> dict[str, Any]:
        """The certificate as JSON holds it: exact numbers are strings."""
        content: dict[str, Any] = {"schema": SCHEMA}
        for entry in fields(self):
            value = getattr(self, entry.name)
            if entry.name in _EXACT:
                content[entry.name] = kept(value)
            elif entry.name == "steps":
                content["steps"] = [{"kind": s.kind, "words": s.words, "data": dict(s.data)} for s in value]
            elif entry.name == "hyper":
                content["hyper"] = None if value is None else {name: str(v) for name, v in value.items()}
            elif entry.name != "method":
                content[entry.name] = list(value) if isinstance(value, tuple) else value
        return content

    def to_json(self) -> str:
        """The certificate as JSON text, from which ``from_json`` makes it again."""
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Proof:
        """The certificate that ``to_json`` wrote. Raises BadData for anything else. Nothing in it is believed yet."""
        try:
            content = json.loads(text)
            if content.pop("schema") != SCHEMA:
                raise KeyError("schema")
            exact = {name: _read(content[name]) for name in _EXACT}
            hyper = content["hyper"] and {name: _read(v) for name, v in content["hyper"].items()}
            steps = tuple(Step(s["kind"], s["words"], s["data"]) for s in content["steps"])
            assumptions = tuple(content["assumptions"])
            return cls(**{**content, **exact, "hyper": hyper, "steps": steps, "assumptions": assumptions})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadData(f'a certificate must be JSON that begins with "schema": "{SCHEMA}": {error!r}') from None

    def __repr__(self) -> str:
        verdict = {True: "proven", False: "refuted", None: "undecided"}[self.holds]
        found = "" if self.counterexample is None else f"; counterexample {shown(self.counterexample)}"
        return f"{verdict}: {self.claim}{found}{f' ({self.why})' if self.why else ''}"


def shown(number: Any) -> str:
    """An exact number in a line: itself where that is short, else its decimals."""
    return str(number) if len(str(number)) <= LONGEST else f"{sp.N(number, 15)}…"


def kept(number: Any) -> Any:
    """An exact real number as JSON holds it: a fraction, or which real root of which polynomial it is."""
    if number is None or number.is_Rational:
        return None if number is None else str(number)
    poly = sp.Poly(sp.minimal_polynomial(number, sp.Dummy("x")))
    place = next(k for k, root in enumerate(poly.real_roots()) if abs(sp.N(root - number, 60)) < sp.Float("1e-50"))
    return {"text": str(number), "polynomial": [str(c) for c in poly.all_coeffs()], "root": place}


def _read(held: Any) -> Any:
    """The number that ``kept`` wrote."""
    if held is None or isinstance(held, str):
        return None if held is None else sp.Rational(held)
    poly = sp.Poly([sp.Rational(c) for c in held["polynomial"]], sp.Symbol("x"))
    return poly.real_roots()[held["root"]]
