"""Polynomials in several letters as a certificate holds them go in; products, sums and bounds in plain fractions come out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product
from math import comb
from random import Random
from typing import Any

Terms = dict[tuple[int, ...], Fraction]

UNFORESEEN = 2
"""Points beside those of a grid: polynomials that differ agree at one with a chance of their degree over 2⁶⁴."""


def terms(held: Sequence[Any]) -> Terms:
    """The polynomial of a list of (exponents, coefficient)."""
    result: Terms = {}
    for exponents, coefficient in held:
        key = tuple(int(e) for e in exponents)
        result[key] = result.get(key, Fraction(0)) + Fraction(coefficient)
    return result


def times(one: Terms, other: Terms) -> Terms:
    result: Terms = {}
    for a, x in one.items():
        for b, y in other.items():
            key = tuple(i + j for i, j in zip(a, b, strict=True))
            result[key] = result.get(key, Fraction(0)) + x * y
    return result


def plus(one: Terms, other: Terms, factor: Fraction) -> Terms:
    """one + factor · other."""
    result = dict(one)
    for key, value in other.items():
        result[key] = result.get(key, Fraction(0)) + factor * value
    return result


def value(poly: Terms, at: Sequence[Fraction]) -> Fraction:
    total = Fraction(0)
    for exponents, coefficient in poly.items():
        part = coefficient
        for x, e in zip(at, exponents, strict=True):
            part *= x**e
        total += part
    return total


def degrees(polys: Sequence[Terms], count: int) -> list[int]:
    """The highest exponent of each letter."""
    return [max((e[k] for poly in polys for e in poly), default=0) for k in range(count)]


def grid(highest: Sequence[int]) -> Iterator[tuple[Fraction, ...]]:
    """Points that tell apart polynomials with no higher exponents than these."""
    return product(*([Fraction(2 * k + 1, 3) for k in range(top + 1)] for top in highest))


def unforeseen(content: Any, size: int) -> Iterator[tuple[Fraction, ...]]:
    """A few points that hang on all of the content: who writes it cannot choose it to fit them, whatever the degrees."""
    source = Random(repr(content))
    for _ in range(UNFORESEEN):
        yield tuple(Fraction(source.getrandbits(64) + 1, 2**32 + 15) for _ in range(size))


def upper_bound(poly: Terms, centre: Sequence[Fraction], width: Sequence[Fraction]) -> Fraction:
    """A bound from above on a box: its expansion about the centre, with the size of all but the constant."""
    parts: Terms = {}
    for exponents, coefficient in poly.items():
        for order in product(*(range(e + 1) for e in exponents)):
            part = coefficient
            for e, k, c, w in zip(exponents, order, centre, width, strict=True):
                part *= comb(e, k) * c ** (e - k) * w**k
            parts[order] = parts.get(order, Fraction(0)) + part
    return sum((v if not any(k) else abs(v) for k, v in parts.items()), Fraction(0))
