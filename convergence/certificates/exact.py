"""Exact arithmetic of the checker: polynomials with fractions, their quotients, and signs by Bernstein coefficients.

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
        if self.modulus and not (self.modulus[-1] == 1 and len(self.modulus) > 2 and self._isolated()):
            raise Doubt("the interval of θ does not hold exactly one root of a monic polynomial")
        if len(set(self.letters)) < len(self.letters):
            raise Doubt("a hyperparameter has the name of one of the checker's letters")
        self.origin = (0,) * len(self.letters)
        self._powers: list[list[Fraction]] = []  # from that of the modulus's degree on
        row = [Fraction(0)] * max(len(self.modulus) - 2, 0) + [Fraction(1)]
        for _ in self.modulus[2:]:
            row = [a - row[-1] * m for a, m in zip([Fraction(0), *row[:-1]], self.modulus, strict=False)]
            self._powers.append(row)

    def _isolated(self) -> bool:
        row = bernstein(list(self.modulus), self.low, self.high - self.low)
        signs = [c > 0 for c in row if c]
        return self.low < self.high and bool(row[0] and row[-1]) and sum(a != b for a, b in pairwise(signs)) == 1

    def constant(self, number: Fraction | int) -> Poly:
        """The constant polynomial."""
        return Poly(self, {self.origin: Fraction(number)})

    def letter(self, name: str, power: int = 1) -> Poly:
        """A power of a letter."""
        place = self.letters.index(name)
        return Poly(self, {tuple(power if k == place else 0 for k in range(len(self.letters))): Fraction(1)})

    def number(self, coefficients: Sequence[Fraction]) -> Poly:
        """The polynomial in the ground letter with these coefficients, lowest first."""
        ground = self.letter(self.letters[-1])
        total = self.constant(0)
        for c in reversed(coefficients):
            total = total * ground + c
        return total

    def reduced(self, terms: dict[Exponents, Fraction]) -> dict[Exponents, Fraction]:
        """With powers of θ below the degree of its modulus."""
        size = len(self.modulus) - 1
        result: dict[Exponents, Fraction] = {}
        for e, c in terms.items():
            if e[-1] < size:
                result[e] = result.get(e, 0) + c
                continue
            for k, m in enumerate(self._powers[e[-1] - size]):
                if m:
                    result[*e[:-1], k] = result.get((*e[:-1], k), Fraction(0)) + c * m
        return result

    def sign(self, number: Poly) -> int:
        """−1, 0 or 1: of a number of the field. Doubt where it cannot be told."""
        if number.has(*self.letters[:-1]):
            raise Doubt("a number was expected")
        parts = [c.value for c in number.by(self.letters[-1])]
        if not any(parts[1:]):
            return (parts[0] > 0) - (parts[0] < 0)
        if not self.modulus:
            raise Doubt("a number was expected")
        for _ in range(BISECTIONS):
            low, high = enclosed(parts, self.low, self.high)
            if low > 0 or high < 0:
                return 1 if low > 0 else -1
            self.halve()
        raise Doubt("a number could not be told from zero")

    def halve(self) -> None:
        middle = (self.low + self.high) / 2
        below, here = (at(self.modulus, x) for x in (self.low, middle))
        if not here:
            raise Doubt("θ is a fraction")
        self.low, self.high = (self.low, middle) if below * here < 0 else (middle, self.high)

    def holds(self, number: Poly, strict: bool) -> bool:
        """Whether a number is positive, or (not ``strict``) not negative; a polynomial in t, for all t above ``low``."""
        if self.modulus or number.is_constant or number.has(*self.letters[:-1]):
            return self.sign(number) >= (1 if strict else 0)
        shifted = composed([c.value for c in number.by(self.letters[-1])], self.low, Fraction(1))
        first = next(k for k, c in enumerate(shifted) if c)
        size = len(shifted) - 1 - first
        row = [c / comb(size, k) for k, c in enumerate(shifted[first:])]  # in s, where t − low = s/(1 − s)
        return violation(row, lambda c, sharp: c > 0 if sharp else c >= 0, strict) is None


@dataclass(frozen=True, eq=False)
class Poly:
    """A polynomial of a ring: its terms, exponents and coefficient."""

    ring: Ring
    terms: dict[Exponents, Fraction]

    def __post_init__(self) -> None:
        if not all(self.terms.values()):
            object.__setattr__(self, "terms", {e: c for e, c in self.terms.items() if c})

    def __bool__(self) -> bool:
        return bool(self.terms)

    def __add__(self, other: Poly | Fraction | int) -> Poly:
        more = other if isinstance(other, Poly) else self.ring.constant(other)
        total = dict(self.terms)
        for e, c in more.terms.items():
            total[e] = total.get(e, Fraction(0)) + c
        return Poly(self.ring, total)

    def __neg__(self) -> Poly:
        return Poly(self.ring, {e: -c for e, c in self.terms.items()})

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
                total[key] = total.get(key, 0) + c * d
        return Poly(self.ring, self.ring.reduced(total) if self.ring.modulus else total)

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
        return self.terms.get(self.ring.origin, Fraction(0))

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
            if any(a < b for a, b in zip(top, lead, strict=True)):
                break
            power = tuple(a - b for a, b in zip(top, lead, strict=True))
            part = Poly(self.ring, {power: rest.terms[top] / by.terms[lead]})
            rest, quotient = rest - part * by, quotient + part
        return None if rest else quotient


def enclosed(parts: Sequence[Fraction], low: Fraction, high: Fraction) -> tuple[Fraction, Fraction]:
    """The polynomial on an interval, by Horner's rule in interval arithmetic."""
    least = most = Fraction(0)
    for part in reversed(parts):
        ends = [a * b for a in (least, most) for b in (low, high)]
        least, most = min(ends) + part, max(ends) + part
    return least, most


def at(coefficients: Sequence[Any], x: Any) -> Any:
    """The value of a polynomial, lowest coefficient first."""
    total = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        total = total * x + c
    return total


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
    size = len(power) - 1
    zero = power[0] * 0
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
    if waiting or undecided:
        raise Doubt("a sign could not be decided")
    return None
