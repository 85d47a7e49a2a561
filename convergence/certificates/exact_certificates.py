"""A certificate as JSON holds it goes in; its numbers in the sceptic's arithmetic come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from convergence.certificates.exact_numbers import Number, Theta, number
from convergence.certificates.exact_signs import Coefficients, at, cut
from convergence.rule import Method


class Doubt(Exception):
    """A fact of a certificate that is not so."""


@dataclass(frozen=True)
class Certificate:
    """The certificate with its characteristic polynomial, highest coefficient first, and the rule where that is at hand."""

    content: Mapping[str, Any]
    first: Mapping[str, Any]
    theta: Theta | None
    hyper: Mapping[str, Number]
    characteristic: list[Coefficients]
    method: Method | None = None

    def number(self, strings: list[str]) -> Number:
        return number(strings, self.theta)

    def poly(self, held: list[list[str]]) -> Coefficients:
        return cut([self.number(c) for c in held])

    def on(self, low: Number, high: Number) -> list[Coefficients]:
        """The characteristic polynomial on an interval; its values, where that is one point."""
        if (high - low).sign():
            return self.characteristic
        return [[at(c, low)] for c in self.characteristic]


def read(content: Mapping[str, Any], place: int = 0) -> Certificate:
    """The certificate whose characteristic polynomial stands in the step at this place."""
    first = content["steps"][place]
    if first["kind"] != "characteristic":
        raise Doubt("a certificate begins with the method's characteristic polynomial")
    theta = _theta(first["data"]["field"])
    hyper = {name: number(strings, theta) for name, strings in first["data"]["hyper"].items()}
    polys = [cut([number(c, theta) for c in held]) for held in first["data"]["coefficients"]]
    return Certificate(content, first, theta, hyper, polys)


def _theta(held: Mapping[str, Any] | None) -> Theta | None:
    if held is None:
        return None
    modulus = [Fraction(c) for c in held["modulus"]]
    if not sp.Poly([sp.Rational(c.numerator, c.denominator) for c in reversed(modulus)], sp.Symbol("x")).is_irreducible:
        raise Doubt("the minimal polynomial of θ has factors")
    return Theta(modulus, Fraction(held["low"]), Fraction(held["high"]))
