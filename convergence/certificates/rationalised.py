"""A derived optimum goes in; the same in one parameter t that makes it rational comes out, with μ = 1 and L = κ(t).

κ = t² takes √κ out, κ = (t² − 1)/3 takes √(3κ + 1) out. That μ = 1 is enough is a fact about exponents: the characteristic
polynomial depends on λ and the rate through their product alone, or not on λ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from convergence.certificates.characteristic import terms
from convergence.rule import Method
from convergence.theory.symbols import LARGEST, MU

T = sp.Symbol("t", positive=True)


@dataclass(frozen=True)
class Rationalised:
    """``kappa`` is a polynomial in t that grows from 1 at ``start``; the others are rational functions of t."""

    kappa: sp.Expr
    start: sp.Rational
    hyper: Mapping[str, sp.Expr]
    rate: sp.Expr


def rationalised(hyper: Mapping[str, sp.Expr], rate: sp.Expr) -> Rationalised | None:
    """None where one square root of a linear function of κ is not enough."""
    kappa = sp.Symbol("kappa", positive=True)
    at = {MU: sp.Integer(1), LARGEST: kappa}
    formulas = [sp.powdenest(sp.expand_power_base(v.subs(at), force=True), force=True) for v in (*hyper.values(), rate)]
    bases = {p.base for f in formulas for p in f.atoms(sp.Pow) if p.exp.is_Rational and not p.exp.is_Integer}
    bases = {b for b in bases if b.has(kappa)}
    if len(bases) > 1 or any(sp.degree(b, kappa) != 1 or not b.is_polynomial(kappa) for b in bases):
        return None
    inverse, start = T, sp.Integer(1)
    if bases:
        (base,) = bases
        slope, constant = sp.Poly(base, kappa).all_coeffs()
        inverse, start = sp.expand((T**2 - constant) / slope), sp.sqrt(slope + constant)
        if not (start.is_Rational and slope > 0):
            return None
        formulas = [f.subs(sp.sqrt(base), T).subs(1 / sp.sqrt(base), 1 / T) for f in formulas]
    *found, last = [sp.cancel(f.subs(kappa, inverse)) for f in formulas]
    if not all(f.is_rational_function(T) and not f.free_symbols - {T} for f in (*found, last)):
        return None
    return Rationalised(inverse, start, dict(zip(hyper, found, strict=True)), last)


def scale_free(method: Method) -> bool:
    """Whether another unit of curvature is another learning rate, and nothing else: then μ = 1 is no restriction."""
    place = 1 + method.hyper.index(method.rate) if method.rate else 0
    exponents = [e for part in terms(method) for e, _ in part]
    return len({e[0] for e in exponents}) == 1 or len({e[0] - e[place] for e in exponents}) == 1
