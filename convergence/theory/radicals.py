"""Formulas with square roots, as one would write them by hand.

√μ and √L are letters while an optimum is computed, since in them it is rational; products of conjugates are joined
when they are put back: (√L − √μ)(√L + √μ) = L − μ.
"""

from __future__ import annotations

from functools import cache

import sympy as sp

from convergence.algebra import cancelled
from convergence.theory.symbols import LARGEST, MU, factored, tidy

ROOT_MU = sp.Symbol("_sqrt_mu", positive=True)
ROOT_L = sp.Symbol("_sqrt_L", positive=True)
"""√μ and √L as letters: in them optima are rational."""

SQUARES = {ROOT_MU: sp.sqrt(MU), ROOT_L: sp.sqrt(LARGEST)}


def quadratic_roots(poly: sp.Poly) -> list[sp.Expr]:
    """The roots of a polynomial of degree one or two, as short as they can be written."""
    if poly.degree() == 1:
        a, b = poly.all_coeffs()
        return [factored(-b / a)]
    a, b, c = poly.all_coeffs()
    root = square_root(b**2 - 4 * a * c)
    return [without_nesting((-b + sign * root) / (2 * a)) for sign in (-1, 1)]


def square_root(formula: sp.Expr) -> sp.Expr:
    """One of the two square roots, squares taken out of it: √(4β(d−1)²) is 2√β·(d−1)."""
    constant, factors = sp.factor_list(formula)
    outside = sp.Mul(*(factor ** (times // 2) for factor, times in factors))
    inside = sp.Mul(*(factor for factor, times in factors if times % 2))
    return outside * sp.sqrt(constant * inside)


def without_nesting(formula: sp.Expr) -> sp.Expr:
    """A formula with one square root √v or √(1−v), factored as a rational function of that root."""
    formula = sp.powdenest(sp.together(formula), force=True)
    roots = {p for p in formula.atoms(sp.Pow) if p.exp in (sp.Rational(1, 2), -sp.Rational(1, 2))}
    bases = {p.base for p in roots}
    if len(bases) != 1:
        return tidy_radicals(formula)
    base = bases.pop()
    root = sp.Dummy("r", positive=True)
    for letter in sorted(base.free_symbols, key=str):
        slope = sp.diff(base, letter)
        if slope in (1, -1):
            inverse = letter - (base - root**2) / slope
            swapped = formula.subs(sp.sqrt(base), root).subs(letter, sp.expand(inverse))
            return factored(swapped).subs(root, sp.sqrt(base))
    return tidy_radicals(formula)


def tidy_radicals(formula: sp.Expr) -> sp.Expr:
    """The shortest of the forms that keep every root as it is."""
    return min((formula, sp.factor(formula), cancelled(formula)), key=sp.count_ops)


@cache
def short(formula: sp.Expr) -> sp.Expr:
    """A rational formula factored, one with roots in its shortest usual form."""
    if not any(p.exp.is_Rational and not p.exp.is_Integer for p in formula.atoms(sp.Pow)):
        return factored(formula)
    return min((formula, tidy(formula), without_nesting(formula)), key=sp.count_ops)


def in_mu_and_L(formula: sp.Expr) -> sp.Expr:
    """A formula in m = √μ and l = √L written in μ and L, products of conjugates multiplied out: (l−m)(l+m) is L−μ."""
    if formula.is_rational_function(ROOT_MU, ROOT_L):
        above, below = sp.fraction(cancelled(formula))
        if all(_even(part) for part in (above, below)):
            return short((above / below).subs(SQUARES))
    return formula.replace(lambda part: part.is_Mul, _conjugates_joined).subs(SQUARES)


def _even(formula: sp.Expr) -> bool:
    return all(sp.expand(formula - formula.subs(root, -root)) == 0 for root in (ROOT_MU, ROOT_L))


def _conjugates_joined(product: sp.Expr) -> sp.Expr:
    """The product with its polynomial factors, above and below the line, in μ and L where they are even together."""
    for sign in (1, -1):
        parts = [f for f in product.args if _polynomial(f**sign)]
        joined = sp.Mul(*parts)
        if parts and joined.has(ROOT_MU, ROOT_L) and _even(joined**sign):
            plain = sp.factor(sp.expand(joined**sign).subs(SQUARES))
            product = sp.Mul(*(f for f in product.args if f not in parts)) * plain**sign
    return product


def _polynomial(factor: sp.Expr) -> bool:
    return bool(factor.is_polynomial(*factor.free_symbols)) and not factor.is_number
