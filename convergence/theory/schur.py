"""The Schur–Cohn conditions: polynomials that are positive exactly where all roots lie in the unit disc.

The map z = (1+s)/(1−s) takes the unit disc to the left half plane, where Hurwitz's determinants decide (Jury 1964, ch. 3),
half of them after Liénard and Chipart (Gantmacher 1959, vol. 2, ch. XV §13). Any degree; no division, so exact.
"""

from __future__ import annotations

from functools import cache

import sympy as sp
from sympy.polys.matrices import DomainMatrix

from convergence.theory.symbols import Z

S = sp.Symbol("s")


def stable_conditions(characteristic: sp.Poly) -> tuple[sp.Expr, ...]:
    """Polynomials whose joint positivity says that every root has modulus below 1. ``characteristic`` is monic in z."""
    return tuple(_cleared(condition) for condition in hurwitz_conditions(half_plane(characteristic)))


def half_plane(characteristic: sp.Poly) -> list[sp.Expr]:
    """The coefficients, highest first, of the polynomial in s whose left half plane is the unit disc in z."""
    size = characteristic.degree()
    terms = sum(a * (1 + S) ** (size - k) * (1 - S) ** k for k, a in enumerate(characteristic.all_coeffs()))
    mapped = sp.Poly(sp.expand(terms), S)
    return [mapped.coeff_monomial(S**k) for k in range(size, -1, -1)]


def hurwitz_conditions(coefficients: list[sp.Expr]) -> list[sp.Expr]:
    """What must be positive for all roots to have negative real parts: every other coefficient and Hurwitz determinant."""
    size = len(coefficients) - 1
    determinants = [hurwitz(coefficients, k) for k in range(size - 1, 0, -2)]
    return [coefficients[0], *(coefficients[k] for k in range(size, 0, -2)), *determinants]


def hurwitz(coefficients: list[sp.Expr], order: int) -> sp.Expr:
    """The leading Hurwitz determinant of this order."""
    size = len(coefficients) - 1
    entry = lambda i, j: coefficients[2 * j - i + 1] if 0 <= 2 * j - i + 1 <= size else sp.Integer(0)  # noqa: E731
    matrix = sp.Matrix(order, order, entry)
    plain = DomainMatrix.from_Matrix(matrix)
    if plain.domain.is_ZZ or plain.domain.is_QQ or plain.domain.is_PolynomialRing:
        return plain.domain.to_sympy(plain.det())
    return sp.expand(matrix.det(method="berkowitz"))


@cache
def scaled_conditions(characteristic: sp.Poly, radius: sp.Symbol) -> tuple[sp.Expr, ...]:
    """The same for a disc of this radius: the conditions of p(radius·z)."""
    size = characteristic.degree()
    scaled = [a * radius ** (size - k) for k, a in enumerate(characteristic.all_coeffs())]
    return tuple(_cleared(c) for c in hurwitz_conditions(half_plane(sp.Poly(scaled, Z))))


def _cleared(condition: sp.Expr) -> sp.Expr:
    """The condition as a polynomial of the same sign: numerator times denominator."""
    above, below = sp.fraction(sp.together(condition))
    return sp.expand(above * below)
