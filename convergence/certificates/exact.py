"""Exact arithmetic of the checker: polynomials with fractions, and signs that Bernstein coefficients show.

A polynomial is positive on an interval where its Bernstein coefficients are (Bernstein 1915). Nothing is searched for, nothing
but Python's integers and fractions is used, and what does not show on the given interval is not so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb, prod
from operator import add
from typing import Any, Self

Exponents = tuple[int, ...]


class Doubt(Exception):
    """A fact that is not so, or that cannot be verified."""


def require(so: bool, otherwise: str) -> None:
    """Doubt where something is not so."""
    if not so:
        raise Doubt(otherwise)


@dataclass(frozen=True, eq=False)
class Ring:
    """Polynomials in ``letters``; the last one is the ground letter, over which signs are decided.

    Of a number field that letter is θ, a root of ``modulus`` (monic, lowest coefficient first) between ``low`` and ``high``;
    what holds is so at each, if there are several. Without a modulus it is t, any number above ``low``; without ``low`` it does
    not occur.
    """

    letters: tuple[str, ...]
    modulus: tuple[Fraction, ...] = ()
    low: Fraction | None = None
    high: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        require(len(set(self.letters)) == len(self.letters), "a hyperparameter has the name of a letter of the checker")
        if self.modulus:
            ends = [at(self.modulus, x) for x in (self.low or Fraction(0), self.high)]
            isolated = self.modulus[-1] == 1 and self.low is not None and self.low < self.high and ends[0] * ends[1] < 0
            require(isolated, "the interval of θ does not hold a root of a monic polynomial")

    def constant(self, number: Fraction | int) -> Poly:
        """The constant polynomial."""
        return Poly(self, {(0,) * len(self.letters): Fraction(number)})

    def letter(self, name: str) -> Poly:
        """A letter."""
        return Poly(self, {tuple(int(letter == name) for letter in self.letters): Fraction(1)})

    def number(self, coefficients: Sequence[str | Fraction]) -> Poly:
        """The polynomial in the ground letter with these coefficients, lowest first."""
        require(len(coefficients) == 1 or self.low is not None, "a number with too many parts")
        zero = (0,) * (len(self.letters) - 1)
        return Poly(self, {(*zero, k): Fraction(c) for k, c in enumerate(coefficients)})

    def polynomial(self, parts: Sequence[Sequence[str]]) -> Poly:
        """The polynomial in λ with these numbers as coefficients, lowest first."""
        return sum((self.number(part) * self.letter("λ") ** k for k, part in enumerate(parts)), self.constant(0))

    def parts(self, number: Poly) -> list[Fraction]:
        """The coefficients of a polynomial in the ground letter alone, lowest first."""
        require(not number.has(*self.letters[:-1]), "a number was expected")
        return [c.value for c in number.by(self.letters[-1])]

    def holds(self, number: Poly, strict: bool = True) -> bool:
        """Whether a number is shown to be positive, or (not ``strict``) that or zero: in t, for all t above ``low``."""
        row = self.parts(number)
        if len(row) > 1:
            require(self.low is not None, "a number was expected")
            low = self.low or Fraction(0)
            row = bernstein(row, low, self.high - low) if self.modulus else composed(row, low, 1)
        return all(c >= 0 for c in row) and (any(row) or not strict)


class Arithmetic:
    """What follows from a sum and a product."""

    def __add__(self, other: Any) -> Self:
        raise NotImplementedError

    def __mul__(self, other: Any) -> Self:
        raise NotImplementedError

    def __radd__(self, other: Any) -> Self:
        return self.__add__(other)

    def __rmul__(self, other: Any) -> Self:
        return self.__mul__(other)

    def __neg__(self) -> Self:
        return self.__mul__(-1)

    def __sub__(self, other: Any) -> Self:
        return self.__add__(other * -1)

    def __rsub__(self, other: Any) -> Self:
        return (-self).__add__(other)


class Poly(Arithmetic):
    """A polynomial of a ring: its terms, exponents and coefficient; powers of θ below the degree of its modulus."""

    def __init__(self, ring: Ring, terms: dict[Exponents, Fraction]) -> None:
        size = len(ring.modulus) - 1
        for power in range(max((e[-1] for e in terms), default=0), size - 1, -1) if ring.modulus else ():
            for e in [e for e in terms if e[-1] == power]:
                c = terms.pop(e)
                for k, m in enumerate(ring.modulus[:-1], power - size):
                    terms[*e[:-1], k] = terms.get((*e[:-1], k), Fraction(0)) - c * m
        self.ring, self.terms = ring, {e: c for e, c in terms.items() if c}

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __add__(self, other: Poly | Fraction | int) -> Poly:
        more = other if isinstance(other, Poly) else self.ring.constant(other)
        total = dict(self.terms)
        for e, c in more.terms.items():
            total[e] = total[e] + c if e in total else c
        return Poly(self.ring, total)

    def __mul__(self, other: Poly | Fraction | int) -> Poly:
        if not isinstance(other, Poly):
            return Poly(self.ring, {e: c * other for e, c in self.terms.items()})
        total: dict[Exponents, Fraction] = {}
        for e, c in self.terms.items():
            for f, d in other.terms.items():
                key = tuple(map(add, e, f))
                total[key] = total[key] + c * d if key in total else c * d
        return Poly(self.ring, total)

    def __pow__(self, power: int) -> Poly:
        return prod([self] * power, start=self.ring.constant(1))

    @property
    def is_constant(self) -> bool:
        """Whether it is a fraction."""
        return not any(any(e) for e in self.terms)

    @property
    def value(self) -> Fraction:
        """Its constant term."""
        return self.terms.get((0,) * len(self.ring.letters), Fraction(0))

    def by(self, letter: str) -> list[Poly]:
        """The coefficients of the powers of a letter, lowest first: at least one."""
        place = self.ring.letters.index(letter)
        rows: list[dict[Exponents, Fraction]] = [{} for _ in range(1 + max((e[place] for e in self.terms), default=0))]
        for e, c in self.terms.items():
            rows[e[place]][*e[:place], 0, *e[place + 1 :]] = c
        return [Poly(self.ring, row) for row in rows]

    def has(self, *letters: str) -> bool:
        """Whether one of the letters occurs."""
        places = [self.ring.letters.index(letter) for letter in letters]
        return any(e[k] for e in self.terms for k in places)

    def divided(self, by: Poly) -> Poly | None:
        """The quotient, where it is a polynomial and the leading term of ``by`` has no θ; None elsewhere."""
        lead = max(by.terms)
        rest, quotient = self, self.ring.constant(0)
        while rest and not (self.ring.modulus and lead[-1]):
            top = max(rest.terms)
            power = tuple(a - b for a, b in zip(top, lead, strict=True))
            if min(power) < 0:
                break
            part = Poly(self.ring, {power: rest.terms[top] / by.terms[lead]})
            rest, quotient = rest - part * by, quotient + part
        return None if rest else quotient


def at(coefficients: Sequence[Fraction], x: Fraction) -> Fraction:
    """The value of a polynomial, lowest coefficient first."""
    return sum((c * x**k for k, c in enumerate(coefficients)), Fraction(0))


def composed(coefficients: Sequence[Any], low: Any, width: Any) -> list[Any]:
    """The coefficients of the polynomial at low + width·s, in s."""
    zero = coefficients[0] * 0
    result = [coefficients[-1]]
    for c in reversed(coefficients[:-1]):
        result = [a * low + b * width for a, b in zip([*result, zero], [zero, *result], strict=True)]
        result[0] = result[0] + c
    return result


def bernstein(coefficients: Sequence[Any], low: Any, width: Any) -> list[Any]:
    """The Bernstein coefficients of a polynomial on [low, low + width]."""
    power = composed(coefficients, low, width)
    size, zero = len(power) - 1, power[0] * 0
    return [sum((power[k] * Fraction(comb(j, k), comb(size, k)) for k in range(j + 1)), zero) for j in range(size + 1)]
