"""A closed form in t, in plain fractions, goes in; its values, and signs for all t beyond a start, come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb
from typing import Any

from convergence.certificates.exact_infeasibility import as_number
from convergence.certificates.exact_numbers import Number
from convergence.certificates.exact_polynomials import Terms, value
from convergence.certificates.exact_signs import not_negative, positive

Ratio = tuple[list[Fraction], list[Fraction]]


@dataclass(frozen=True)
class Closed:
    """The closed form in t: everything rational, κ(t) a polynomial that grows from 1 at ``start``."""

    hyper: Mapping[str, Ratio]
    rate: Ratio
    kappa: Ratio
    start: Fraction
    held: Mapping[str, Fraction]
    formula: list[Terms]
    letters: list[str]

    def at(self, curvature: Fraction, t: Fraction) -> list[Number]:
        """The characteristic polynomial's coefficients at the closed form."""
        numbers = [curvature, *(ratio_at(self.hyper[n], t) for n in self.letters[1:])]
        return [as_number(value(part, numbers)) for part in self.formula]


def beyond(poly: Sequence[Any], start: Fraction, strict: bool) -> bool:
    """Not negative (``strict``: positive) for all t > start; never the zero polynomial where strict."""
    moved = _shifted([Fraction(c) for c in poly], start)
    while moved and moved[-1] == 0:
        moved.pop()
    while moved and moved[0] == 0:
        moved.pop(0)
    if not moved or moved[-1] < 0:
        return not moved and not strict
    last = 1 + max(abs(c / moved[-1]) for c in moved)
    test = positive if strict else not_negative
    return test([as_number(c) for c in moved], Number(None, ()), as_number(last))


def _shifted(poly: list[Fraction], start: Fraction) -> list[Fraction]:
    return [
        sum((c * comb(j, k) * start ** (j - k) for j, c in enumerate(poly) if j >= k), Fraction(0))
        for k in range(len(poly))
    ]


def poly_at(poly: Sequence[Fraction], t: Fraction) -> Fraction:
    return sum((c * t**k for k, c in enumerate(poly)), Fraction(0))


def ratio_at(ratio: Ratio, t: Fraction) -> Fraction:
    return poly_at(ratio[0], t) / poly_at(ratio[1], t)
