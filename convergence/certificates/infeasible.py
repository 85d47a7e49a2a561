"""Polynomials that should all be positive go in; multipliers come out that show that they cannot be.

If a combination, with multipliers that are not negative, of their products is a constant that is not positive, then no
point makes them all positive (Farkas 1902 for the polynomials themselves; Krivine 1964, Handelman 1988 for products). A
linear program in floats says which products; exact linear algebra gives the multipliers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat
from scipy.optimize import linprog

SUPPORT = 1e-9
"""A multiplier of the linear program below this is zero: its rows and sum are of size 1."""

MOST = 400
"""Products are not formed beyond this number."""


@dataclass(frozen=True)
class Identity:
    """Σ multiplier · product ≡ constant ≤ 0; a product is a tuple of places, in the strict polynomials, then the weak ones."""

    terms: tuple[tuple[tuple[int, ...], fmpq], ...]
    constant: fmpq


def identity(strict: Sequence[Any], weak: Sequence[Any], scales: Sequence[float], degree: int) -> Identity | None:
    """Multipliers that prove that the strict ones are not all positive where the weak ones are not negative; None: not found.

    ``scales`` are sizes of the variables at which the linear program is well conditioned.
    """
    products = chosen(strict, weak, scales, degree)
    if products is None:
        return None
    return _exact(products, [_product([*strict, *weak], product) for product in products], len(strict))


def chosen(
    strict: Sequence[Any], weak: Sequence[Any], scales: Sequence[float], degree: int
) -> tuple[tuple[int, ...], ...] | None:
    """The products that a linear program in floats would combine; None where it finds no combination."""
    products = _products(len(strict), len(strict) + len(weak), degree)
    if len(products) > MOST:
        return None
    support = _support([_product([*strict, *weak], product) for product in products], scales)
    return None if support is None else tuple(products[k] for k in support)


def _products(strict: int, count: int, degree: int) -> list[tuple[int, ...]]:
    sizes = [combinations_with_replacement(range(count), size) for size in range(1, degree + 1)]
    return [p for products in sizes for p in products if degree == 1 or any(k < strict for k in p)]


def _product(polys: Sequence[Any], places: Sequence[int]) -> Any:
    result = polys[places[0]]
    for place in places[1:]:
        result = result * polys[place]
    return result


def _support(rows: Sequence[Any], scales: Sequence[float]) -> list[int] | None:
    """Which rows the linear program uses to make a constant that is as negative as can be."""
    held = [by_exponents(row) for row in rows]
    monomials = sorted({m for row in held for m in row})
    sizes = np.array([float(np.prod(np.power(scales, m))) for m in monomials])
    matrix = np.array([[as_float(row.get(m, fmpq(0))) for m in monomials] for row in held]) * sizes
    matrix /= np.abs(matrix).max(axis=1, keepdims=True) + (matrix == 0).all(axis=1, keepdims=True)
    constant = np.array([not any(m) for m in monomials])
    equal = np.vstack([matrix[:, ~constant].T, np.ones(len(rows))])
    cost = matrix[:, constant].sum(axis=1)
    found = linprog(cost, A_eq=equal, b_eq=[*[0.0] * (~constant).sum(), 1.0], method="highs-ds")
    if found.status != 0 or found.fun > SUPPORT:
        return None
    return [int(k) for k in np.nonzero(found.x > SUPPORT)[0]]


def by_exponents(poly: Any) -> dict[tuple[int, ...], fmpq]:
    """The coefficients of a polynomial by the exponents of its terms, plain integers."""
    return {tuple(map(int, exponents)): coefficient for exponents, coefficient in poly.to_dict().items()}


def as_float(number: fmpq) -> float:
    """The nearest float."""
    return int(number.p) / int(number.q)


def _exact(products: Sequence[tuple[int, ...]], rows: Sequence[Any], strict: int) -> Identity | None:
    held = [by_exponents(row) for row in rows]
    monomials = sorted({m for row in held for m in row if any(m)})
    kernel = _kernel([[row.get(m, fmpq(0)) for row in held] for m in monomials], len(rows))
    if kernel is None:
        return None
    zero = (0,) * (len(monomials[0]) if monomials else len(next(iter(held[0]))))
    constant = sum((y * row.get(zero, fmpq(0)) for y, row in zip(kernel, held, strict=True)), fmpq(0))
    used = any(y > 0 and all(k < strict for k in p) for y, p in zip(kernel, products, strict=True))
    if min(kernel) < 0 or constant > 0 or (constant == 0 and not used):
        return None
    return Identity(tuple((p, y) for p, y in zip(products, kernel, strict=True) if y != 0), constant)


def _kernel(equations: list[list[fmpq]], size: int) -> list[fmpq] | None:
    """The one solution, up to its length, of homogeneous equations, scaled to a sum of 1."""
    if not equations:
        return [fmpq(1)] if size == 1 else None
    reduced, rank = fmpq_mat(len(equations), size, [c for row in equations for c in row]).rref()
    if rank != size - 1:
        return None
    pivots = [next(j for j in range(size) if reduced[i, j] != 0) for i in range(rank)]
    (free,) = set(range(size)) - set(pivots)
    solution = [fmpq(0)] * size
    solution[free] = fmpq(1)
    for i, pivot in enumerate(pivots):
        solution[pivot] = -reduced[i, free]
    total = sum(solution, fmpq(0))
    return [y / total for y in solution] if total != 0 else None
