"""Roots of polynomials in one unknown: candidate formulas in square roots, their values at a point, and the one that wins.

Which root is the largest, which bound binds first: a general solver splits such questions into endless cases. Here they are
decided at one point in each of the ``cells`` between which the answer can change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convergence.crossing import compiled
from convergence.theory.radicals import quadratic_roots

Array = NDArray[np.float64]
Point = dict[sp.Symbol, sp.Rational]


def values(formulas: Sequence[sp.Expr], point: Mapping[sp.Symbol, Any], kind: type = float) -> list[Any]:
    """The formulas at a point, as Python numbers: floats, or complex where roots of negative numbers may occur."""
    letters = tuple(sorted(point, key=str))
    with np.errstate(all="ignore"):  # a denominator may vanish at a point: then the value is nan or infinite
        found = compiled(letters, tuple(formulas))(*(np.dtype(kind).type(point[letter]) for letter in letters))
    return [kind(value) for value in found]


def real_roots(polynomials: Iterable[sp.Expr], unknown: sp.Symbol, point: Point) -> list[float]:
    """The positive real roots in ``unknown`` of the polynomials at this point, sorted."""
    found: set[float] = set()
    for coefficients in (part for polynomial in polynomials for part in _factors(polynomial, unknown)):
        numbers = values(coefficients, point)
        roots = np.roots(numbers) if np.isfinite(numbers).all() else np.array([])
        found |= {float(r.real) for r in roots if abs(r.imag) <= 1e-12 * abs(r) and r.real > 0}
    return sorted(found)


def real_roots_along(
    polynomials: Iterable[sp.Expr], unknown: sp.Symbol, point: Point, letter: sp.Symbol, places: Array
) -> Array:
    """The positive real roots at this point and every one of these places (m,) of the letter, in no order."""
    at = {**point, letter: places}
    letters = tuple(sorted(at, key=str))
    arguments = [np.asarray(at[one], dtype=float) for one in letters]
    found = [np.array([])]
    for coefficients in (part for polynomial in polynomials for part in _factors(polynomial, unknown)):
        with np.errstate(all="ignore"):
            rows = np.stack(np.broadcast_arrays(*compiled(letters, coefficients)(*arguments), places)[:-1], axis=1)
        rows = rows[np.isfinite(rows).all(axis=1)]
        plain = (rows[:, 0] != 0) & (rows[:, -1] != 0)
        companion = np.zeros((plain.sum(), len(coefficients) - 1, len(coefficients) - 1))
        companion[:, 1:, :-1] = np.eye(len(coefficients) - 2)
        companion[:, 0] = -rows[plain, 1:] / rows[plain, :1]
        roots = np.concatenate([np.linalg.eigvals(companion).ravel(), *map(np.roots, rows[~plain])])
        found.append(roots.real[(np.abs(roots.imag) <= 1e-12 * np.abs(roots)) & (roots.real > 0)])
    return np.concatenate(found)


@cache
def _factors(polynomial: sp.Expr, unknown: sp.Symbol) -> tuple[tuple[sp.Expr, ...], ...]:
    """The coefficients of the factors that hold the unknown: multiple roots are computed as single ones."""
    above = sp.numer(sp.together(polynomial))
    roots = {
        p: sp.Dummy() for p in above.atoms(sp.Pow) if not p.exp.is_Integer
    }  # which SymPy does not take for letters
    back = {letter: root for root, letter in roots.items()}
    parts = [factor for factor, _ in sp.factor_list(above.xreplace(roots))[1] if factor.has(unknown)]
    return tuple(tuple(c.xreplace(back) for c in sp.Poly(part, unknown).all_coeffs()) for part in parts)


def between(edges: Sequence[float]) -> list[tuple[float, float, float]]:
    """The pieces (low, a point inside, high) into which the edges cut (0, ∞)."""
    low = [0.0, *edges]
    high = [*edges, np.inf]
    return [(a, (a + b) / 2 if np.isfinite(b) else 2 * a + 1, b) for a, b in zip(low, high, strict=True)]


def supremum(polynomials: Sequence[sp.Expr], unknown: sp.Symbol, point: Point) -> float:
    """The upper end of the highest interval in which all polynomials are positive at this point; 0 where there is none."""
    return max((high for _, _, high in positive_pieces(polynomials, unknown, point)), default=0.0)


def positive_pieces(
    polynomials: Sequence[sp.Expr], unknown: sp.Symbol, point: Point, extra: tuple[float, ...] = ()
) -> list[tuple[float, float, float]]:
    """The intervals (low, inside, high) in which all polynomials are positive, cut at ``extra`` points too."""
    edges = sorted({*real_roots(polynomials, unknown, point), *extra})
    return [piece for piece in between(edges) if min(values(polynomials, {**point, unknown: piece[1]})) > 0]


def solutions(polynomials: Iterable[sp.Expr], unknown: sp.Symbol) -> tuple[sp.Expr, ...] | None:
    """Every root in ``unknown``, in radicals no worse than a square root; None where a factor has a higher degree."""
    found: list[sp.Expr] = []
    for polynomial in polynomials:
        for factor, _ in sp.factor_list(sp.numer(sp.together(polynomial)))[1]:
            if not factor.has(unknown):
                continue
            poly = sp.Poly(factor, unknown)
            if poly.degree() > 2:
                return None
            found += quadratic_roots(poly)
    return tuple(dict.fromkeys(found))


def matching(candidates: Iterable[sp.Expr], value: float, point: Point) -> list[sp.Expr]:
    """The candidates that have this value at this point."""
    if value in (0.0, np.inf):
        return [sp.Integer(0) if value == 0.0 else sp.oo]
    known = tuple(candidates)
    return [c for c, v in zip(known, values(known, point, complex), strict=True) if abs(v - value) <= 1e-9 * abs(value)]


def winner(found: Sequence[list[sp.Expr]], points: Sequence[Point]) -> sp.Expr | None:
    """The formula that wins at every point: one of them, or the smallest of a few; None where there is neither."""
    named = list(islice(dict.fromkeys(formula for at_point in found for formula in at_point), 6))
    for formula in named:
        if all(formula in at_point for at_point in found):
            return formula
    sizes = [values(named, point, complex) for point in points] if named else []
    real = all(np.isfinite(v) and v.imag == 0 for at_point in sizes for v in at_point)
    least = [named[int(np.argmin(np.real(at_point)))] for at_point in sizes]
    smallest = real and sizes and all(one in at_point for one, at_point in zip(least, found, strict=True))
    return sp.Min(*named) if smallest else None
