"""Exact arithmetic of the checker: polynomials with fractions, and signs by Bernstein coefficients.

A polynomial is positive on an interval where its Bernstein coefficients are (Bernstein 1915); cut in halves, they come as near
to its values as need be. Nothing but Python's integers and fractions is used.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import comb
from typing import Any

Exponents = tuple[int, ...]

HALVINGS = 100
"""An interval of curvatures is cut in two so often, at most, before a sign counts as not decided."""

BISECTIONS = 400
"""The interval of an algebraic number is halved so often, at most, before it cannot be told from zero."""

PATIENCE = 20_000
"""As many parts of an interval are looked at."""


class Doubt(Exception):
    """A fact that is not so, or that cannot be verified."""


def require(so: bool, otherwise: str) -> None:
    """Doubt where something is not so."""
    if not so:
        raise Doubt(otherwise)


@dataclass(eq=False)
class Ring:
    """Polynomials in ``letters``; the last one is the ground letter, over which signs are decided.

    Of a number field that letter is θ, the only root of ``modulus`` (monic, lowest coefficient first) between ``low`` and
    ``high``. Where there is no modulus, it is t, which is any number above ``low``; or it does not occur.
    """

    letters: tuple[str, ...]
    modulus: tuple[Fraction, ...] = ()
    low: Fraction = Fraction(0)
    high: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        require(len(set(self.letters)) == len(self.letters), "a hyperparameter has the name of a letter of the checker")
        if self.modulus:
            row = bernstein(self.modulus, self.low, self.high - self.low)
            changes = sum(a != b for a, b in pairwise(c > 0 for c in row if c))
            isolated = self.low < self.high and bool(row[0] and row[-1]) and changes == 1
            monic = self.modulus[-1] == 1 and len(self.modulus) > 2
            require(isolated and monic, "the interval of θ does not hold exactly one root of a monic polynomial")

    def constant(self, number: Fraction | int) -> Poly:
        """The constant polynomial."""
        return Poly(self, {(0,) * len(self.letters): Fraction(number)})

    def letter(self, name: str) -> Poly:
        """A letter."""
        return Poly(self, {tuple(int(letter == name) for letter in self.letters): Fraction(1)})

    def number(self, coefficients: Sequence[str | Fraction]) -> Poly:
        """The polynomial in the ground letter with these coefficients, lowest first."""
        zero = (0,) * (len(self.letters) - 1)
        return Poly(self, {(*zero, k): Fraction(c) for k, c in enumerate(coefficients)})

    def parts(self, number: Poly) -> list[Fraction]:
        """The coefficients of a polynomial in the ground letter alone, lowest first."""
        require(not number.has(*self.letters[:-1]), "a number was expected")
        return [c.value for c in number.by(self.letters[-1])]

    def sign(self, number: Poly) -> int:
        """−1, 0 or 1: of a fraction or a number of the field. Doubt where it cannot be told."""
        parts = self.parts(number)
        require(bool(self.modulus) or len(parts) == 1, "a number was expected")
        for _ in range(BISECTIONS if any(parts) else 0):
            row = bernstein(parts, self.low, self.high - self.low)
            if min(row) >= 0 or max(row) <= 0:
                return 1 if max(row) > 0 else -1
            self.halve()
        require(not any(parts), "a number could not be told from zero")
        return 0

    def halve(self) -> None:
        """Isolate θ in half of its interval."""
        middle = (self.low + self.high) / 2
        below, here = (at(self.modulus, x) for x in (self.low, middle))
        require(here != 0, "θ is a fraction")
        self.low, self.high = (self.low, middle) if below * here < 0 else (middle, self.high)

    def holds(self, number: Poly, strict: bool = True) -> bool:
        """Whether a number is positive, or (not ``strict``) not negative; a polynomial in t, for all t above ``low``."""
        parts = self.parts(number)
        if self.modulus or len(parts) == 1:
            return self.sign(number) >= strict
        shifted = composed(parts, self.low, 1)
        first = next(k for k, c in enumerate(shifted) if c)
        size = len(shifted) - 1 - first
        row = [c / comb(size, k) for k, c in enumerate(shifted[first:])]  # in s, where t − low = s/(1 − s)
        return violation(row, lambda c, sharp: c > 0 if sharp else c >= 0, strict) is None


class Poly:
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
            total[e] = total.get(e, Fraction(0)) + c
        return Poly(self.ring, total)

    def __neg__(self) -> Poly:
        return self * -1

    def __sub__(self, other: Poly | Fraction | int) -> Poly:
        return self + -other

    def __rsub__(self, other: Fraction | int) -> Poly:
        return -self + other

    def __mul__(self, other: Poly | Fraction | int) -> Poly:
        if not isinstance(other, Poly):
            return Poly(self.ring, {e: c * other for e, c in self.terms.items()})
        total: dict[Exponents, Fraction] = {}
        for e, c in self.terms.items():
            for f, d in other.terms.items():
                key = tuple(i + j for i, j in zip(e, f, strict=True))
                total[key] = total.get(key, Fraction(0)) + c * d
        return Poly(self.ring, total)

    def __pow__(self, power: int) -> Poly:
        result = self.ring.constant(1)
        for _ in range(power):
            result = result * self
        return result

    __radd__ = __add__
    __rmul__ = __mul__

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


def halves(row: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """The Bernstein coefficients on both halves (de Casteljau)."""
    left, right = [], []
    while row:
        left.append(row[0])
        right.append(row[-1])
        row = [(a + b) * Fraction(1, 2) for a, b in pairwise(row)]
    return left, right[::-1]


def violation(
    row: list[Any], holds: Callable[[Any, bool], bool], strict: bool, halvings: int = HALVINGS
) -> Fraction | None:
    """Where in [0, 1] a polynomial is negative, or (``strict``) not positive; None where nowhere. Doubt: not decided.

    ``row`` are its Bernstein coefficients; ``holds`` tells whether one is positive, or (with False) not negative.
    """
    waiting, undecided = deque([(row, Fraction(0), Fraction(1))]), False
    for _ in range(PATIENCE):
        if not waiting:
            break
        part, low, high = waiting.popleft()
        for end, value in ((low, part[0]), (high, part[-1])):
            if not holds(value, strict):
                return end
        if all(holds(c, False) for c in part):
            continue
        if high - low <= Fraction(1, 2**halvings):
            undecided = True
            continue
        middle, (left, right) = (low + high) / 2, halves(part)
        waiting.extend([(left, low, middle), (right, middle, high)])
    require(not (waiting or undecided), "a sign could not be decided")
    return None
