"""Inequalities that cannot all hold: products of them whose combination, with multipliers ≥ 0, is not positive.

Farkas (1902) for the inequalities themselves, Krivine (1964) and Handelman (1988) for products. A linear program in floats says
which products; exact linear algebra gives the multipliers, numbers or polynomials in t; the checker says whether it is so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import sympy as sp
from scipy.optimize import linprog
from sympy.polys.matrices import DomainMatrix

from convergence.certificates.certificate import Product
from convergence.certificates.exact import Doubt, Exponents, Poly
from convergence.certificates.facts import contradiction, in_letters
from convergence.certificates.numbers import element

T = sp.Symbol("t")
_RING: Any = sp.QQ[T]

Terms = Mapping[Exponents, Fraction]
"""A polynomial in the unknown hyperparameters."""

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
    seen = set()
    for degree in DEGREES:
        for t, sizes in samples:
            places = _support(polys, len(strict), unknown, t, sizes, degree)
            if places and places not in seen:
                seen.add(places)
                for found in _multiplied(places, [_product(polys, p) for p in places], unknown):
                    try:
                        contradiction(found, strict, weak)
                    except Doubt:
                        continue
                    return found
    return None


def _product(polys: Sequence[Poly], places: Sequence[int]) -> Poly:
    result = polys[places[0]]
    for place in places[1:]:
        result = result * polys[place]
    return result


def _at(poly: Poly, t: Fraction) -> Poly:
    result: dict[Exponents, Fraction] = {}
    for e, c in poly.terms.items():
        result[*e[:-1], 0] = result.get((*e[:-1], 0), Fraction(0)) + c * t ** e[-1]
    return Poly(poly.ring, result)


def table(rows: Sequence[Terms]) -> tuple[list[Exponents], np.ndarray[tuple[int, int], np.dtype[np.float64]]]:
    """All exponents that occur, and the coefficients (rows, exponents) in floats."""
    monomials = sorted({m for row in rows for m in row})
    return monomials, np.array([[float(row.get(m, 0)) for m in monomials] for row in rows])


def _support(
    polys: Sequence[Poly], strict: int, unknown: Sequence[str], t: Fraction, sizes: Sequence[float], degree: int
) -> tuple[tuple[int, ...], ...] | None:
    """The products that a linear program combines to a constant that is as negative as can be."""
    counts = [combinations_with_replacement(range(len(polys)), size) for size in range(1, degree + 1)]
    products = [p for some in counts for p in some if degree == 1 or any(k < strict for k in p)]
    if len(products) > MOST:
        return None
    here = [_at(p, t) for p in polys]
    monomials, matrix = table([in_letters(_product(here, p), unknown) for p in products])
    matrix = matrix * np.array([float(np.prod(np.power(sizes, m))) for m in monomials])
    matrix /= np.abs(matrix).max(axis=1, keepdims=True) + (matrix == 0).all(axis=1, keepdims=True)
    constant = np.array([not any(m) for m in monomials])
    equal = np.vstack([matrix[:, ~constant].T, np.ones(len(products))])
    cost = matrix[:, constant].sum(axis=1)
    found = linprog(cost, A_eq=equal, b_eq=[*[0.0] * (~constant).sum(), 1.0], method="highs-ds")
    if found.status != 0 or found.fun > SUPPORT:
        return None
    return tuple(products[int(k)] for k in np.nonzero(found.x > SUPPORT)[0])


def _multiplied(
    places: Sequence[tuple[int, ...]], rows: Sequence[Poly], unknown: Sequence[str]
) -> Iterator[tuple[Product, ...]]:
    """Multipliers with which the products add up to a constant, as polynomials in t without a common factor."""
    held = [_by_monomial(row, unknown) for row in rows]
    moving = any(row.has("t") for row in rows)
    monomials = sorted({m for row in held for m in row if moving or any(m)})
    kernel = [_RING.one]
    if monomials:
        entries = [[row.get(m, _RING.zero) for row in held] for m in monomials]
        found = DomainMatrix(entries, (len(monomials), len(rows)), _RING).nullspace()
        if found.shape[0] != 1:
            return
        kernel = found.to_list()[0]
    shared = reduce(_RING.gcd, kernel)
    quotients = [_RING.exquo(y, shared) for y in kernel]
    parts = [[element(y.get((k,), _RING.domain.zero)) for k in range(y.degree() + 1)] if y else [] for y in quotients]
    for sign in (1, -1):
        pairs = [(p, tuple(str(sign * c) for c in part)) for p, part in zip(places, parts, strict=True) if any(part)]
        yield tuple(Product(places=p, multiplier=y) for p, y in pairs)


def _by_monomial(row: Poly, unknown: Sequence[str]) -> dict[Exponents, Any]:
    """The coefficients, polynomials in t."""
    places = [row.ring.letters.index(n) for n in unknown]
    result: dict[Exponents, dict[Exponents, Any]] = {}
    for e, c in row.terms.items():
        result.setdefault(tuple(e[k] for k in places), {})[e[-1:]] = sp.QQ(c.numerator, c.denominator)
    return {key: _RING.ring.from_dict(part) for key, part in result.items()}
