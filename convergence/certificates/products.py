"""Inequalities that cannot all hold: products of them whose combination, with multipliers ≥ 0, is not positive.

Farkas (1902) for the inequalities themselves, Krivine (1964) and Handelman (1988) for products. A linear program in floats says
which products; exact linear algebra gives the multipliers, numbers or polynomials in t; the checker says whether it is so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import reduce
from itertools import combinations_with_replacement
from math import prod
from typing import Any

import numpy as np
import sympy as sp
from scipy.optimize import linprog
from sympy.polys.matrices import DomainMatrix

from convergence.certificates.certificate import Product
from convergence.certificates.exact import Doubt, Exponents, Poly
from convergence.certificates.lower_bound import contradiction
from convergence.certificates.numbers import T, rational

_RING: Any = sp.QQ[T]

SUPPORT = 1e-9
"""A multiplier of the linear program below this is zero: its rows and sum are of size 1."""

MOST = 400
"""Products are not formed beyond this number."""

DEGREES = (1, 2)
"""Products of as many polynomials are combined."""


def refuting(
    strict: Sequence[Poly],
    weak: Sequence[Poly],
    unknown: Sequence[str],
    samples: Sequence[tuple[Fraction, Sequence[float]]],
) -> tuple[Product, ...] | None:
    """Products that show that the strict polynomials are not all positive where the weak ones are not negative; or None.

    ``samples`` are values of t, and sizes of the unknown there at which a linear program is well conditioned.
    """
    polys = [*strict, *weak]
    for degree in DEGREES:
        counts = [combinations_with_replacement(range(len(polys)), size) for size in range(1, degree + 1)]
        products = [p for some in counts for p in some if degree == 1 or any(k < len(strict) for k in p)]
        if len(products) > MOST:
            return None
        seen = set()
        for t, sizes in samples:
            places = _support([_at(p, t) for p in polys], products, unknown, sizes)
            if places and places not in seen:
                seen.add(places)
                for combined in _multiplied(places, polys, unknown):
                    with suppress(Doubt):
                        contradiction(combined, strict, weak)
                        return combined
    return None


def _product(polys: Sequence[Poly], places: Sequence[int]) -> Poly:
    return prod((polys[k] for k in places), start=polys[0].ring.constant(1))


def _at(poly: Poly, t: Fraction) -> Poly:
    return sum((c * t**k for k, c in enumerate(poly.by("t"))), poly * 0)


def table(rows: Sequence[Poly], unknown: Sequence[str]) -> tuple[list[Exponents], Any]:
    """All exponents of the unknown that occur, and the coefficients (rows, exponents) in floats."""
    terms = [{e: c.value for e, c in _by_monomial(row, unknown).items()} for row in rows]
    monomials = sorted({m for row in terms for m in row})
    return monomials, np.array([[float(row.get(m, 0)) for m in monomials] for row in terms])


def _by_monomial(row: Poly, unknown: Sequence[str]) -> dict[Exponents, Poly]:
    """The coefficients of a polynomial in the unknown, by their exponents: numbers, or polynomials in t."""
    places = [row.ring.letters.index(n) for n in unknown]
    result: dict[Exponents, dict[Exponents, Fraction]] = {}
    for e, c in row.terms.items():
        result.setdefault(tuple(e[k] for k in places), {})[*(0 for _ in e[1:]), e[-1]] = c
    return {key: Poly(row.ring, terms) for key, terms in result.items()}


def _support(
    polys: Sequence[Poly], products: Sequence[tuple[int, ...]], unknown: Sequence[str], sizes: Sequence[float]
) -> tuple[tuple[int, ...], ...] | None:
    """The products that a linear program combines to a constant that is as negative as can be."""
    monomials, matrix = table([_product(polys, p) for p in products], unknown)
    matrix = matrix * np.array([float(np.prod(np.power(sizes, m))) for m in monomials])
    matrix /= np.abs(matrix).max(axis=1, keepdims=True) + (matrix == 0).all(axis=1, keepdims=True)
    constant = np.array([not any(m) for m in monomials])
    equal = np.vstack([matrix[:, ~constant].T, np.ones(len(products))])
    cost = matrix[:, constant].sum(axis=1)
    end = linprog(cost, A_eq=equal, b_eq=[*[0.0] * (~constant).sum(), 1.0], method="highs-ds")
    if end.status != 0 or end.fun > SUPPORT:
        return None
    return tuple(products[int(k)] for k in np.nonzero(end.x > SUPPORT)[0])


def _multiplied(
    places: Sequence[tuple[int, ...]], polys: Sequence[Poly], unknown: Sequence[str]
) -> Iterator[tuple[Product, ...]]:
    """Multipliers with which the products add up to a constant, as polynomials in t without a common factor."""
    products = [_product(polys, p) for p in places]
    moving = any(p.has("t") for p in products)
    rows = [{e: _in_t(c) for e, c in _by_monomial(p, unknown).items()} for p in products]
    monomials = sorted({m for row in rows for m in row if moving or any(m)})
    kernel = [_RING.one]
    if monomials:
        entries = [[row.get(m, _RING.zero) for row in rows] for m in monomials]
        space = DomainMatrix(entries, (len(monomials), len(rows)), _RING).nullspace()
        if space.shape[0] != 1:
            return
        kernel = space.to_list()[0]
    shared = reduce(_RING.gcd, kernel)
    quotients = [_RING.exquo(y, shared) for y in kernel]
    parts = [[y.get((k,), _RING.domain.zero) for k in range(y.degree() + 1)] if y else [] for y in quotients]
    for sign in (1, -1):
        signed = [tuple(str(rational(sign * c)) for c in part) for part in parts]
        yield tuple(Product(places=p, multiplier=y) for p, y in zip(places, signed, strict=True) if y)


def _in_t(poly: Poly) -> Any:
    parts = enumerate(poly.ring.parts(poly))
    return _RING.ring.from_dict({(k,): sp.QQ(c.numerator, c.denominator) for k, c in parts if c})
