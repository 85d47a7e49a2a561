"""Polynomials that must be positive, as the shortest inequalities that say so, solved for the rate where they are linear.

Factors of known sign are divided out first. Conditions are assumed for λ > 0, lr > 0, momentum ≥ 0, as the domains say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sympy as sp

from convergence.theory.symbols import factored, tidy
from convergence.theory.system import System


def relationals(polynomials: Sequence[sp.Expr], derived: System) -> tuple[Any, ...]:
    """The conditions ``polynomial > 0`` as SymPy relationals, without what is positive anyway and what follows.

    What is positive anyway follows from the symbols' assumptions (λ > 0, lr > 0, momentum ≥ 0).
    """
    essential = _essential(polynomials)
    positive = set(essential)
    preferred = [s for name, s in derived.symbols.items() if name not in ("curvature", "sigma")]
    solved = [_solved(factor, preferred, positive) for factor in sorted(essential, key=sp.count_ops)]
    return tuple(dict.fromkeys(solved))


def _essential(polynomials: Iterable[sp.Expr]) -> list[sp.Expr]:
    """One product of factors for each condition, freed of the factors whose sign is known."""
    left: list[sp.Expr] = []
    for polynomial in sorted(polynomials, key=lambda p: len(sp.factor_list(p)[1])):
        reduced = _reduced(polynomial, left)
        if reduced != 1:
            left.append(reduced)
    return list(dict.fromkeys(left))


def _reduced(polynomial: sp.Expr, positive: Sequence[sp.Expr]) -> sp.Expr:
    """The polynomial without factors known to be positive, its sign kept; 1 where nothing is left to say."""
    constant, factors = sp.factor_list(polynomial)
    product = sp.Integer(1 if constant > 0 else -1)
    for factor, times in factors:
        sign = sign_of(factor, positive)
        if sign == 0:
            product *= factor if times % 2 else factor**2
        elif sign < 0 and times % 2:
            product = -product
    return sp.expand(product)


def sign_of(formula: sp.Expr, positive: Iterable[sp.Expr]) -> int:
    """1 or −1 where the sign is known from the assumptions or from the formulas known to be positive, else 0."""
    if formula.is_positive:
        return 1
    if formula.is_negative:
        return -1
    for known in positive:
        ratio = sp.cancel(formula / known)
        if ratio.is_positive or ratio.is_negative:
            return 1 if ratio.is_positive else -1
    return 0


def _solved(factor: sp.Expr, preferred: Sequence[sp.Symbol], positive: set[sp.Expr]) -> Any:
    for letter in preferred:
        if not factor.has(letter):
            continue
        poly = sp.Poly(factor, letter)
        if poly.degree() == 1:
            slope, constant = poly.all_coeffs()
            sign = _product_sign(slope, positive - {factor})
            if sign:
                bound = factored(-constant / slope)
                return sp.StrictGreaterThan(letter, bound) if sign > 0 else sp.StrictLessThan(letter, bound)
    return sp.StrictGreaterThan(tidy(factor), 0)


def _product_sign(formula: sp.Expr, positive: Iterable[sp.Expr]) -> int:
    constant, factors = sp.factor_list(formula)
    sign = 1 if constant > 0 else -1
    known = list(positive)
    for factor, times in factors:
        sign *= sign_of(factor, known) ** times
    return sign
