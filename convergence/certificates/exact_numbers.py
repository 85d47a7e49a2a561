"""Strings of a certificate go in; numbers in Python's fractions come out, in Q or in Q(θ): nothing of flint or SymPy here.

The sceptic's own arithmetic: an element of Q(θ) is a list of fractions, its sign is found by bisecting for θ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

Fractions = list[Fraction]


@dataclass
class Theta:
    """A real root of a polynomial (lowest coefficient first) between two fractions; bisected further when asked."""

    modulus: Fractions
    low: Fraction
    high: Fraction

    def __post_init__(self) -> None:
        if count_roots(square_free(self.modulus), self.low, self.high) != 1:
            raise ValueError("the interval of θ does not hold exactly one root")

    def halve(self) -> None:
        middle = (self.low + self.high) / 2
        below = _at(self.modulus, self.low) * _at(self.modulus, middle) <= 0
        self.low, self.high = (self.low, middle) if below else (middle, self.high)


@dataclass(frozen=True, eq=False)
class Number:
    """A number of Q(θ), or of Q where ``theta`` is None."""

    theta: Theta | None
    parts: tuple[Fraction, ...]

    def __add__(self, other: Any) -> Number:
        mine, others = _padded(self.parts, _parts(other))
        return Number(self._common(other), _cut([a + b for a, b in zip(mine, others, strict=True)]))

    def __neg__(self) -> Number:
        return Number(self.theta, tuple(-a for a in self.parts))

    def __mul__(self, other: Any) -> Number:
        theta = self._common(other)
        product = times(list(self.parts), list(_parts(other)))
        return Number(theta, _cut(product if theta is None else remainder(product, theta.modulus)))

    def __sub__(self, other: Any) -> Number:
        difference: Number = self + _negative(other)
        return difference

    def __rsub__(self, other: Any) -> Number:
        difference: Number = -self + other
        return difference

    def __truediv__(self, other: Any) -> Number:
        if not isinstance(other, Number):
            other = Number(None, _parts(other))
        quotient: Number = self * other.inverse()
        return quotient

    def __rtruediv__(self, other: Any) -> Number:
        quotient: Number = self.inverse() * other
        return quotient

    def __pow__(self, power: int) -> Number:
        result = Number(self.theta, (Fraction(1),))
        for _ in range(abs(power)):
            result = result * self
        return result if power >= 0 else result.inverse()

    __radd__ = __add__
    __rmul__ = __mul__

    def inverse(self) -> Number:
        if not self.parts:
            raise ZeroDivisionError("division by zero")
        if self.theta is None or len(self.parts) == 1:
            return Number(self.theta, (1 / self.parts[0],))
        return Number(self.theta, _cut(_inverse(list(self.parts), self.theta.modulus)))

    def sign(self) -> int:
        if len(self.parts) < 2 or self.theta is None:
            return (self.parts > () and self.parts[0] > 0) - (self.parts > () and self.parts[0] < 0)
        while True:
            low, high = _range(self.parts, self.theta)
            if low > 0 or high < 0:
                return 1 if low > 0 else -1
            self.theta.halve()

    def __bool__(self) -> bool:
        return bool(self.parts)

    def _common(self, other: Any) -> Theta | None:
        return self.theta or (other.theta if isinstance(other, Number) else None)


def number(strings: Sequence[str], theta: Theta | None) -> Number:
    """The number Σ cₖ θᵏ of a certificate."""
    parts = [Fraction(s) for s in strings]
    if theta is None and len(parts) > 1:
        raise ValueError("a number of a field without a field")
    return Number(theta, _cut(parts if theta is None else remainder(parts, theta.modulus)))


def _parts(value: Any) -> tuple[Fraction, ...]:
    return value.parts if isinstance(value, Number) else _cut([_fraction(value)])


def _fraction(value: Any) -> Fraction:
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)


def _negative(value: Any) -> Any:
    return -value if isinstance(value, Number) else -_fraction(value)


def _padded(one: Sequence[Fraction], other: Sequence[Fraction]) -> tuple[Fractions, Fractions]:
    size = max(len(one), len(other))
    return [*one, *[Fraction(0)] * (size - len(one))], [*other, *[Fraction(0)] * (size - len(other))]


def _cut(parts: Sequence[Fraction]) -> tuple[Fraction, ...]:
    size = len(parts)
    while size and parts[size - 1] == 0:
        size -= 1
    return tuple(parts[:size])


def times(one: Fractions, other: Fractions) -> Fractions:
    result = [Fraction(0)] * max(len(one) + len(other) - 1, 0)
    for i, a in enumerate(one):
        for j, b in enumerate(other):
            result[i + j] += a * b
    return result


def remainder(one: Fractions, by: Fractions) -> Fractions:
    rest = list(one)
    while len(rest) >= len(by):
        factor = rest[-1] / by[-1]
        for k in range(len(by)):
            rest[len(rest) - len(by) + k] -= factor * by[k]
        rest.pop()
    return list(_cut(rest))


def _inverse(parts: Fractions, modulus: Fractions) -> Fractions:
    """By solving the linear equations of parts·y = 1 (mod modulus)."""
    size = len(modulus) - 1
    columns = [remainder(times(parts, [*[Fraction(0)] * k, Fraction(1)]), modulus) for k in range(size)]
    rows = [[c[i] if i < len(c) else Fraction(0) for c in columns] + [Fraction(i == 0)] for i in range(size)]
    for k in range(size):
        pivot = next(i for i in range(k, size) if rows[i][k])
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [a / rows[k][k] for a in rows[k]]
        for i in range(size):
            if i != k and rows[i][k]:
                rows[i] = [a - rows[i][k] * b for a, b in zip(rows[i], rows[k], strict=True)]
    return [row[-1] for row in rows]


def _range(parts: Sequence[Fraction], theta: Theta) -> tuple[Fraction, Fraction]:
    """Interval arithmetic by Horner's rule."""
    low = high = Fraction(0)
    for part in reversed(parts):
        ends = [a * b for a in (low, high) for b in (theta.low, theta.high)]
        low, high = min(ends) + part, max(ends) + part
    return low, high


def _at(poly: Fractions, x: Fraction) -> Fraction:
    return sum((c * x**k for k, c in enumerate(poly)), Fraction(0))


def square_free(poly: Fractions) -> Fractions:
    """The polynomial without its multiple factors; irreducible ones, as θ's, stay as they are."""
    slope = [k * c for k, c in enumerate(poly)][1:]
    one, other = list(poly), slope
    while other:
        one, other = other, remainder(one, other)
    return list(poly) if len(one) == 1 else _quotient(poly, one)


def _quotient(one: Fractions, by: Fractions) -> Fractions:
    rest, result = list(one), []
    while len(rest) >= len(by):
        factor = rest[-1] / by[-1]
        result.append(factor)
        for k in range(len(by)):
            rest[len(rest) - len(by) + k] -= factor * by[k]
        rest.pop()
    return result[::-1]


def count_roots(poly: Fractions, low: Fraction, high: Fraction) -> int:
    """Roots in (low, high] of a polynomial without multiple roots, by its Sturm chain."""
    chain = [list(poly), [k * c for k, c in enumerate(poly)][1:]]
    while chain[-1]:
        chain.append([-c for c in remainder(chain[-2], chain[-1])])

    def variations(x: Fraction) -> int:
        signs = [v > 0 for v in (_at(p, x) for p in chain[:-1]) if v]
        return sum(a != b for a, b in pairwise(signs))

    return variations(low) - variations(high)
