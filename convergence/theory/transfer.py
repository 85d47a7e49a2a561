"""Quotients of polynomials in z as filters: what their weights sum to, their squares, and the weights as a formula."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.polys.matrices.exceptions import DMNonInvertibleMatrixError

from convergence.algebra import cancelled
from convergence.crossing import exact
from convergence.errors import BadHyperparameter
from convergence.theory.lyapunov import over_field, read, written
from convergence.theory.schur import stable_conditions
from convergence.theory.symbols import Z

LAG = sp.Symbol("k", integer=True, nonnegative=True)
"""How many steps ago a gradient came."""


def dc_gain(above: sp.Expr, below: sp.Expr) -> sp.Expr:
    """Σ wₖ of a quotient of polynomials in z that forgets; ∞ where it does so at no setting."""
    return sp.oo if never_forgets(below) else written(above.subs(Z, 1) / below.subs(Z, 1))


def never_forgets(below: sp.Expr) -> bool:
    """Whether there is a pole outside the unit circle, or on it, whatever the letters are: at z = 1 where steps add up."""
    fixed = (sp.Poly(factor, Z).monic() for factor, _ in sp.factor_list(below, Z)[1] if factor.free_symbols == {Z})
    return not all(condition > 0 for factor in fixed for condition in stable_conditions(factor))


def energy(above: sp.Expr, below: sp.Expr) -> sp.Expr:
    """Σ wₖ² of a quotient of polynomials in z that forgets; ∞ where it does so at no setting.

    With the autocovariances rₖ of 1/D driven by white noise (Yule and Walker: Σⱼ aⱼr₍ᵢ₋ⱼ₎ = 1 for i = 0, else 0), it is
    ΣΣ bᵢbⱼr₍ᵢ₋ⱼ₎.
    """
    if never_forgets(below):
        return sp.oo
    denominator, numerator = sp.Poly(below, Z), sp.Poly(above, Z)
    order = denominator.degree()
    a = [denominator.coeff_monomial(Z ** (order - k)) for k in range(order + 1)]
    b = [numerator.coeff_monomial(Z ** (order - k)) for k in range(order + 1)]
    rows = sp.zeros(order + 1, order + 2)
    rows[0, order + 1] = 1 / a[0]
    for i in range(order + 1):
        for j in range(order + 1):
            rows[i, abs(i - j)] += a[j]
    squares = sp.zeros(1, order + 1)  # of the numerator: the coefficients of r
    for i in range(order + 1):
        for j in range(order + 1):
            squares[0, abs(i - j)] += b[i] * b[j]
    whole, numerators = over_field(rows).unify(over_field(squares))
    try:
        r = whole[:, : order + 1].lu_solve(whole[:, order + 1 :])
    except DMNonInvertibleMatrixError:
        return sp.oo
    return read(numerators * r)[0]


def coloured(above: sp.Expr, below: sp.Expr, correlation: sp.Expr) -> sp.Expr:
    """The variance of the output for an AR(1) input of variance 1: white noise of variance 1 − r² through z/(z − r)."""
    whole = cancelled(above * Z / (below * (Z - correlation)))
    return written((1 - correlation**2) * energy(*sp.fraction(whole)))


def correlation_of(value: Any) -> sp.Expr:
    """A correlation, a number inside (−1, 1) or a letter. BadHyperparameter for anything else."""
    try:
        r = exact(value)
    except TypeError:
        r = None
    inside = isinstance(r, sp.Expr) and r.is_real is not False and (abs(r) < 1) is not sp.false
    if isinstance(value, bool) or not inside or r is sp.nan:
        raise BadHyperparameter(f"a correlation is a number inside (−1, 1); got {str(value)[:60]!r}")
    return r


def unrolled(above: sp.Expr, below: sp.Expr) -> sp.Expr | None:
    """The coefficients of the power series in 1/z: c/(z − p)ᵐ has c·C(k−1, m−1)·pᵏ⁻ᵐ from k = m on."""
    if any(sp.Poly(factor, Z).degree() > 1 for factor, _ in sp.factor_list(below, Z)[1]):
        return None
    series, special = sp.Integer(0), dict[int, sp.Expr]()
    for part in sp.Add.make_args(sp.apart(cancelled(above / below), Z)):
        over, under = (sp.Poly(one, Z) for one in sp.fraction(sp.together(part)))
        times = under.degree()
        pole = cancelled(-under.coeff_monomial(Z ** (times - 1)) / under.LC() / times) if times else sp.Integer(0)
        scale = cancelled(over.as_expr() / under.LC())
        if times and pole != 0:
            choices = sp.Mul(*(LAG - 1 - i for i in range(times - 1))) / sp.factorial(times - 1)
            series += written(scale / pole**times) * choices * pole**LAG
        else:
            special[times] = special.get(times, sp.Integer(0)) + scale
    series = sp.factor_terms(series)
    if cancelled(series.subs(LAG, 0) - special.get(0, 0)) == 0:
        special.pop(0, None)
    else:
        special.setdefault(0, sp.Integer(0))
    values = [(written((series.subs(LAG, k) if k else 0) + value), sp.Eq(LAG, k)) for k, value in special.items()]
    return sp.Piecewise(*values, (series, True)) if values else series
