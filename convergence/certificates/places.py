"""A place on the axis of curvatures, as arithmetic found it, goes in; an exact SymPy number comes out."""

from __future__ import annotations

from typing import Any

import sympy as sp
from flint import fmpq_poly

from convergence.certificates.discs import LAMBDA, RING, THETA
from convergence.certificates.field import Algebraic, Field, enclosed
from convergence.certificates.univariate import Isolated, Poly

X = sp.Symbol("x")


def curvature_at(place: Any, field: Field | None) -> sp.Expr:
    """The number itself: a rational, or which real root of which polynomial it is."""
    if isinstance(place, Isolated):
        return _root(_norm(place.poly, field), sympy_rational(place.low), sympy_rational(place.high))
    if isinstance(place, Algebraic):
        ball = enclosed(place, 128)
        low, high = (_dyadic(end) for end in (ball.lower(), ball.upper()))
        return _root(_norm([-place, 1], field), low, high)
    return sympy_rational(place)


def sympy_rational(number: Any) -> sp.Rational:
    """A flint fraction as SymPy has it."""
    return sp.Rational(int(number.p), int(number.q))


def _dyadic(end: Any) -> sp.Rational:
    mantissa, power = end.man_exp()
    return sp.Integer(int(mantissa)) * sp.Integer(2) ** int(power)


def _norm(poly: Poly, field: Field | None) -> sp.Poly:
    """A polynomial over Q that has the roots of this one among its own."""
    if field is None:
        return sp.Poly([sympy_rational(c) for c in reversed(poly)], X)
    parts = [c.poly.coeffs() if isinstance(c, Algebraic) else [c] for c in poly]
    lifted = sum((c * THETA**j * LAMBDA**k for k, p in enumerate(parts) for j, c in enumerate(p)), RING.constant(0))
    modulus = sum((c * THETA**k for k, c in enumerate(fmpq_poly(list(field.modulus)).coeffs())), RING.constant(0))
    product = lifted.resultant(modulus, "theta")
    return sp.Poly({(e[0],): sympy_rational(c) for e, c in product.to_dict().items()}, X)


def _root(poly: sp.Poly, low: sp.Rational, high: sp.Rational) -> sp.Expr:
    """The real root between two fractions."""
    for factor, _ in poly.factor_list()[1]:
        if factor.count_roots(low, high):
            place = factor.count_roots(None, low) - (factor.eval(low) == 0)
            return factor.real_roots()[int(place)]
    raise ArithmeticError("the interval holds no root")
