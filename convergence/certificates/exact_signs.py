"""A polynomial over the sceptic's numbers and an interval go in; whether its sign there is as claimed comes out.

Written apart from ``univariate``: signed remainders of the polynomial itself, multiple roots and all, and then its sign
between the roots that were counted.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

from convergence.certificates.exact_numbers import Number

Coefficients = list[Number]
"""Lowest first, the last one not zero."""


def cut(poly: Coefficients) -> Coefficients:
    while poly and not poly[-1]:
        poly = poly[:-1]
    return poly


def at(poly: Coefficients, x: Any) -> Number:
    total = Number(None, ())
    for c in reversed(poly):
        total = total * x + c
    return total


def slope(poly: Coefficients) -> Coefficients:
    return cut([c * k for k, c in enumerate(poly)][1:])


def remainder(one: Coefficients, by: Coefficients) -> tuple[Coefficients, Coefficients]:
    rest, quotient = list(one), []
    while len(rest) >= len(by):
        factor = rest[-1] / by[-1]
        quotient.append(factor)
        for k in range(len(by)):
            rest[len(rest) - len(by) + k] = rest[len(rest) - len(by) + k] - factor * by[k]
        rest.pop()
    return quotient[::-1], cut(rest)


def divisor(one: Coefficients, other: Coefficients) -> Coefficients:
    while other:
        one, other = other, remainder(one, other)[1]
    return one


def single(poly: Coefficients) -> Coefficients:
    """The polynomial with every root once."""
    return remainder(poly, divisor(poly, slope(poly)))[0] if len(poly) > 1 else poly


def roots_between(poly: Coefficients, low: Any, high: Any) -> int:
    """How many different roots lie in (low, high]."""
    once = single(poly)
    chain = [once, slope(once)]
    while chain[-1]:
        chain.append([-c for c in remainder(chain[-2], chain[-1])[1]])
    return _variations(chain[:-1], low) - _variations(chain[:-1], high)


def _variations(chain: list[Coefficients], x: Any) -> int:
    signs = [s for s in (at(p, x).sign() for p in chain) if s]
    return sum(a != b for a, b in pairwise(signs))


def positive(poly: Coefficients, low: Number, high: Number) -> bool:
    """Positive on the whole of [low, high]."""
    poly = cut(poly)
    if at(poly, low).sign() <= 0 or at(poly, high).sign() <= 0:
        return False
    return (high - low).sign() == 0 or roots_between(poly, low, high) == 0


def not_negative(poly: Coefficients, low: Number, high: Number) -> bool:
    """Not negative anywhere in [low, high], and not zero on all of it unless that is one point."""
    poly = cut(poly)
    if (high - low).sign() == 0:
        return at(poly, low).sign() >= 0
    if not poly or at(poly, low).sign() < 0 or at(poly, high).sign() < 0:
        return False
    cuts = _separated(poly, low, high)
    return all(at(poly, x).sign() > 0 for x in cuts)


def _separated(poly: Coefficients, low: Number, high: Number) -> list[Number]:
    """A point between each two neighbouring roots in [low, high], and outside the first and the last."""
    inner = roots_between(poly, low, high) - (at(poly, high).sign() == 0)
    middle = _off(poly, low, high)
    if inner == 0:
        return [middle]
    if inner == 1:
        return _on_both_sides(poly, low, high)
    return [*_separated(poly, low, middle), *_separated(poly, middle, high)]


def _on_both_sides(poly: Coefficients, low: Number, high: Number) -> list[Number]:
    """A point below and a point above the one root that lies strictly between."""
    below = above = None
    while below is None or above is None:
        middle = _off(poly, low, high)
        if roots_between(poly, low, middle):
            high = above = middle
        else:
            low = below = middle
    return [below, above]


def _off(poly: Coefficients, low: Number, high: Number) -> Number:
    """A point strictly between that is no root."""
    middle = (low + high) * Fraction(1, 2)
    while at(poly, middle).sign() == 0:
        middle = (low + middle) * Fraction(1, 2)
    return middle
