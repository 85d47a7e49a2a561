"""A SymPy formula as text and LaTeX side by side."""

from __future__ import annotations

from typing import Any

import sympy as sp

from convergence import notation
from convergence.notation import latex, pretty, text
from convergence.results import Formula

__all__ = ["discriminant", "formula", "latex", "polynomial", "pretty", "roots", "text", "union", "values"]


def formula(value: Any) -> Formula:
    """A SymPy formula, relation, interval, matrix, or several."""
    return Formula(text(value), latex(value))


union = values = polynomial = formula


def roots(factor: sp.Poly) -> Formula:
    """The roots of a factor of degree one or two: (τ ± √(τ² − 4δ))/2. For a higher degree, words."""
    found = notation.roots(factor)
    return formula(f"the {factor.degree()} roots of the characteristic polynomial" if found is None else found)


def discriminant(poly: sp.Poly) -> Formula:
    """Of a quadratic τ² − 4δ as it stands; of another polynomial in factors."""
    return formula(notation.discriminant(poly))
