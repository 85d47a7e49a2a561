"""The spectral radius as a formula: along one direction, and over all curvatures in [μ, L].

Of two real eigenvalues it is the larger modulus, of a complex pair √det; the sign of the discriminant tells which, so
that the formula is piecewise.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from convergence.crossing import exact
from convergence.methods import as_method
from convergence.theory.symbols import CURVATURE, LARGEST, MU, Z, tidy
from convergence.theory.system import System, system


def rate(m: Any, /, **hyper: Any) -> sp.Expr:
    """The spectral radius along a direction of curvature λ as a formula, piecewise by the sign of the discriminant.

    Parameters
    ----------
    m
        A Method, its name, a preset or a plain rule.
    hyper
        Numbers (exact, or decimals: 0.1 is 1/10) or symbols; those not given stay letters.

    Returns
    -------
    A SymPy formula in λ: along one direction. Over all curvatures in [μ, L], it is ``optimum`` with every
    hyperparameter given.

    Raises
    ------
    BadHyperparameter
        For unknown names.
    NotImplementedError
        Where an eigenvalue has no short formula (``spectral_radius`` has numbers).

    >>> rate("gradient_descent", lr=0.1)
    Abs(lambda/10 - 1)
    """
    method = as_method(m)
    method.require_known(hyper)
    return radius(system(method)).subs({method.symbols[name]: exact(value) for name, value in hyper.items()})


def radius(derived: System) -> sp.Expr:
    """The spectral radius along a direction of curvature λ, piecewise by the sign of the discriminant.

    Raises NotImplementedError for a factor of degree three or more, whose roots have no formula one could read.
    """
    parts = list(dict.fromkeys(_factor_radius(factor) for factor, _ in derived.factors))
    return parts[0] if len(parts) == 1 else sp.Max(*parts)


def worst_rate(derived: System) -> sp.Expr:
    """The rate over [μ, L]: the larger of the radii at both ends (at most two states, coefficients affine in λ)."""
    if not derived.ends_suffice:
        raise NotImplementedError(f"the rate of {derived.name} over [μ, L] may be set inside the interval")
    along = radius(derived)
    ends = [along.subs(CURVATURE, end) for end in (MU, LARGEST)]
    return ends[0] if ends[0] == ends[1] else sp.Max(*ends, evaluate=False)


def _factor_radius(factor: sp.Poly) -> sp.Expr:
    if factor.degree() == 1:
        return sp.Abs(tidy(-factor.coeff_monomial(1)))
    if factor.degree() > 2:
        raise NotImplementedError(f"the roots of a polynomial of degree {factor.degree()} have no short formula")
    trace, determinant = tidy(-factor.coeff_monomial(Z)), tidy(factor.coeff_monomial(1))
    discriminant = tidy(trace**2 - 4 * determinant)
    real = (sp.Abs(trace) + sp.sqrt(discriminant)) / 2
    return sp.Piecewise((sp.sqrt(determinant), discriminant < 0), (real, True))
