"""Order of terms and signs of factors, as one writes a formula by hand.

Terms are ordered by their size where hyperparameters are small and condition numbers large, which puts constants before
corrections: 1 + β − ηλ, √κ + 1. Factors are turned so that they are positive there: (1 − β)² and not (β − 1)².
"""

from __future__ import annotations

from functools import lru_cache

import sympy as sp

SIZES = {
    "kappa": 1e4,
    "z": 1e3,
    "n": 1e3,
    "L": 1.0,
    "sigma_max": 1.0,
    "lambda": 0.1,
    "sigma": 0.1,
    "mu": 0.05,
    "beta": 0.02,
}
"""How large letters are thought to be; others are small."""

SMALL = 0.01
MANY = 60
"""Longer sums stay in SymPy's order: nobody reads them, and sizes cost time."""


def terms(expr: sp.Add) -> list[sp.Expr]:
    """The terms of a sum, the largest first, but for a positive one that leads."""
    ordered = [turned(term) for term in expr.as_ordered_terms()]
    if len(ordered) <= MANY:
        ordered.sort(key=lambda term: -abs(_size(term)))
    first = next((k for k, term in enumerate(ordered) if not term.could_extract_minus_sign()), 0)
    return [ordered[first], *ordered[:first], *ordered[first + 1 :]]


def turned(term: sp.Expr) -> sp.Expr:
    """A product with its sums turned so that they are positive, the sign before it."""
    if not term.is_Mul and not term.is_Pow:
        return term
    parts = [_turned(part) for part in sp.Mul.make_args(term)]
    if all(part is old for (_, part), old in zip(parts, sp.Mul.make_args(term), strict=True)):
        return term
    factors = [*(sp.Integer(sign) for sign, _ in parts), *(part for _, part in parts)]
    whole = sp.Mul(*factors)
    if not whole.is_Add:
        return whole
    number = sp.Mul(*(factor for factor in factors if factor.is_Number))  # a number times a sum would be a sum again
    return sp.Mul(number, *(factor for factor in factors if not factor.is_Number), evaluate=False)


def _turned(part: sp.Expr) -> tuple[int, sp.Expr]:
    base, power = part.as_base_exp()
    if not (base.is_Add and power.is_Integer) or len(base.args) > MANY or not _negative(base):
        return 1, part
    return -1 if power % 2 else 1, sp.Pow(-base, power)


def positive(expr: sp.Expr) -> sp.Expr:
    """A sum, or the same with all signs changed, whichever is positive: what bars or an even power enclose."""
    return -expr if expr.is_Add and _negative(expr) else expr


def _negative(expr: sp.Expr) -> bool:
    size = _size(expr)
    return size < 0 or (size == 0 and bool(expr.could_extract_minus_sign()))


def shared(expr: sp.Add) -> sp.Expr | None:
    """(1 + β)/2 for ½ + β/2: where all terms have one denominator; else None."""
    numbers = [term.as_coeff_Mul()[0] for term in expr.args]
    under = {number.q if number.is_Rational else 1 for number in numbers}
    if len(under) != 1 or under == {1}:
        return None
    (q,) = under
    return sp.Mul(sp.Rational(1, q), sp.Add(*(q * term for term in expr.args)), evaluate=False)


def monomials(poly: sp.Poly) -> list[tuple[int, sp.Expr, int]]:
    """Sign, coefficient and power of each term of a polynomial, the highest power first, coefficients as products."""
    return [(*_signed(coefficient), power) for (power,), coefficient in poly.terms()]


def _signed(coefficient: sp.Expr) -> tuple[int, sp.Expr]:
    sign = -1 if _negative(coefficient) else 1
    return sign, shortest(sign * coefficient)


@lru_cache(maxsize=2_000)
def shortest(formula: sp.Expr) -> sp.Expr:
    """The shortest of the usual ways to write a rational formula, a product rather than a sum."""
    whole = sp.cancel(formula)
    factors = sp.factor(whole)
    product = sp.Mul(*map(_collected, sp.Mul.make_args(factors)))
    collected = product if factors == whole else _collected(whole)
    forms = (formula, whole, product, factors, sp.expand(whole), collected)
    return min(map(turned, forms), key=_length)


def _collected(expr: sp.Expr) -> sp.Expr:
    """A sum with the terms of one letter together: 1 + β − ηλ(1 − β)."""
    if not expr.is_Add or len(expr.args) > MANY:
        return expr
    letters = sorted(expr.free_symbols, key=str)
    return min((_turned_terms(sp.collect(expr, s, sp.factor)) for s in letters), key=_length, default=expr)


def _turned_terms(expr: sp.Expr) -> sp.Expr:
    """A sum whose products are turned."""
    return sp.Add(*map(turned, sp.Add.make_args(expr)))


def _length(expr: sp.Expr) -> tuple[int, bool]:
    return sp.count_ops(expr), expr.is_Add


@lru_cache(maxsize=20_000)
def _size(term: sp.Expr) -> float:
    """A formula at the letters' sizes; 0 where that is no real number."""
    try:
        return float(term.xreplace({s: sp.Float(SIZES.get(s.name, SMALL)) for s in term.free_symbols}))
    except (TypeError, ValueError, AttributeError):
        return 0.0
