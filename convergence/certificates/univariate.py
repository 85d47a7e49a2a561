"""A polynomial in one letter and an interval go in; its sign there comes out, with a point where it is not as claimed.

Polynomials are lists of exact numbers (``field``), lowest coefficient first. Sturm's theorem (1829), on the polynomial's
parts of odd multiplicity where it is enough that the sign does not change.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise

from flint import fmpq

from convergence.certificates.field import Scalar, as_fraction_between, sign

Poly = list[Scalar]


def trimmed(poly: Poly) -> Poly:
    """Without zeros in the highest places; [] is the zero polynomial."""
    while poly and sign(poly[-1]) == 0:
        poly = poly[:-1]
    return poly


def value(poly: Poly, at: Scalar) -> Scalar:
    """Horner's rule."""
    total: Scalar = fmpq(0)
    for coefficient in reversed(poly):
        total = total * at + coefficient
    return total


def derivative(poly: Poly) -> Poly:
    return [k * c for k, c in enumerate(poly)][1:]


def divided(poly: Poly, by: Poly) -> tuple[Poly, Poly]:
    """Quotient and remainder."""
    rest, quotient = list(poly), [fmpq(0)] * max(len(poly) - len(by) + 1, 0)
    for place in reversed(range(len(quotient))):
        factor = rest[place + len(by) - 1] / by[-1]
        quotient[place] = factor
        for k, c in enumerate(by):
            rest[place + k] = rest[place + k] - factor * c
    return trimmed(quotient), trimmed(rest[: len(by) - 1])


def common(one: Poly, other: Poly) -> Poly:
    """The greatest common divisor, monic."""
    while other:
        one, other = other, divided(one, other)[1]
    return [c / one[-1] for c in one]


def odd_part(poly: Poly) -> Poly:
    """The product of the distinct factors of odd multiplicity: it has the sign changes, once each (Yun 1976)."""
    result: Poly = [fmpq(1)]
    slope = derivative(poly)
    shared = common(poly, slope) if slope else [fmpq(1)]
    left, rest = divided(poly, shared)[0], divided(slope, shared)[0]
    odd = True
    while len(left) > 1:
        rest = _minus(rest, derivative(left))
        factor = common(left, rest) if rest else [c / left[-1] for c in left]
        result = times(result, factor) if odd else result
        left = divided(left, factor)[0]
        rest, odd = (divided(rest, factor)[0] if rest else []), not odd
    return result


def _minus(one: Poly, other: Poly) -> Poly:
    size = max(len(one), len(other))
    padded = [[*p, *[fmpq(0)] * (size - len(p))] for p in (one, other)]
    return trimmed([a - b for a, b in zip(*padded, strict=True)])


def times(one: Poly, other: Poly) -> Poly:
    """The product."""
    result: Poly = [fmpq(0)] * (len(one) + len(other) - 1)
    for i, a in enumerate(one):
        for j, b in enumerate(other):
            result[i + j] = result[i + j] + a * b
    return result


def square_free(poly: Poly) -> Poly:
    """The product of the distinct factors."""
    slope = trimmed(derivative(poly))
    return divided(poly, common(poly, slope))[0] if slope else poly


@dataclass(frozen=True)
class Sturm:
    """Sturm's chain of a polynomial without multiple roots."""

    chain: tuple[Poly, ...]

    @classmethod
    def of(cls, poly: Poly) -> Sturm:
        chain = [poly, trimmed(derivative(poly))]
        while chain[-1]:
            chain.append([-c for c in divided(chain[-2], chain[-1])[1]])
        return cls(tuple(chain[:-1]))

    def variations(self, at: Scalar) -> int:
        signs = [s for s in (sign(value(p, at)) for p in self.chain) if s]
        return sum(a != b for a, b in pairwise(signs))

    def inside(self, low: Scalar, high: Scalar) -> int:
        """How many roots lie strictly between."""
        at_high = sign(value(self.chain[0], high)) == 0
        return self.variations(low) - self.variations(high) - at_high


def violation(poly: Poly, low: Scalar, high: Scalar, strict: bool) -> Scalar | Isolated | None:
    """A point of [low, high] at which the polynomial is negative, or (``strict``) not positive; None where there is none."""
    poly = trimmed(poly)
    limit = 1 if strict else 0
    for end in (low, high):
        if sign(value(poly, end)) < limit:
            return end
    if sign(high - low) == 0 or len(poly) < 2:
        return None
    if len(poly) == 2:
        return None  # affine: the ends decide
    return _negative(poly, low, high) or (_touching(poly, low, high) if strict else None)


def _negative(poly: Poly, low: Scalar, high: Scalar) -> fmpq | None:
    sturm = Sturm.of(odd_part(poly))
    waiting = deque([(low, high)])
    while waiting:
        start, end = waiting.popleft()
        middle = _no_root(poly, start, end)
        if sign(value(poly, middle)) < 0:
            return middle
        waiting.extend((a, b) for a, b in ((start, middle), (middle, end)) if sturm.inside(a, b))
    return None


def _no_root(poly: Poly, low: Scalar, high: Scalar) -> fmpq:
    """A fraction between two numbers where the polynomial is not zero."""
    middle = as_fraction_between(low, high)
    while sign(value(poly, middle)) == 0:
        middle = as_fraction_between(low, middle)
    return middle


@dataclass(frozen=True)
class Isolated:
    """The one root of ``poly``, which has no multiple roots, between two fractions."""

    poly: Poly
    low: fmpq
    high: fmpq


def _touching(poly: Poly, low: Scalar, high: Scalar) -> fmpq | Isolated | None:
    single = square_free(poly)
    sturm = Sturm.of(single)
    if not sturm.inside(low, high):
        return None
    start, end = low, high
    for _ in range(10**4):
        middle = as_fraction_between(start, end)
        if sign(value(poly, middle)) == 0:
            return middle
        start, end = (start, middle) if sturm.inside(start, middle) else (middle, end)
        if (
            isinstance(start, fmpq)
            and isinstance(end, fmpq)
            and sturm.inside(start, end) == 1
            and end - start < fmpq(1, 2**60)
        ):
            return Isolated(single, start, end)
    raise ArithmeticError("a root could not be isolated")
