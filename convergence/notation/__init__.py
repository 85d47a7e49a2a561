"""Notation of formulas and numbers: the one printer of the package, to Unicode text, LaTeX and MathML.

Formulas stand in the order in which one writes them by hand: 1 − ηλ, and z² − (1 + β)(1 − ηλ)z + β(1 − ηλ).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from convergence.notation.decimals import decimal, is_number, number, significant, spelled
from convergence.notation.order import shortest
from convergence.notation.printers import LatexFormula, PlusMinus, PrettyFormula, TextFormula

__all__ = [
    "PlusMinus",
    "decimal",
    "discriminant",
    "latex",
    "mathml",
    "number",
    "pretty",
    "roots",
    "shortest",
    "significant",
    "text",
]

NOTHING = "–"


def text(x: Any, digits: int = 4) -> str:
    """One line of Unicode: of a formula, number, interval, condition, matrix, polynomial, or of several.

    ``digits`` are the significant ones of floats. Strings stay as they are, None is a dash; several sets are a union, several
    other things stand side by side with commas.

    >>> beta, eta, lam = sp.symbols("beta eta lambda")
    >>> text((beta - 1) * (eta * lam - 1)), text(1.5e-7)
    ('(1 − β)(1 − ηλ)', '1.5×10⁻⁷')
    """
    if isinstance(x, str):
        return x
    if isinstance(x, tuple | list):
        return _several(x, lambda one: text(one, digits), (", ", " ∪ ")) or "none"
    if is_number(x):
        return spelled(x, digits, "text")
    return NOTHING if x is None else str(TextFormula(digits).doprint(sp.sympify(x)))


def latex(x: Any, digits: int = 4) -> str:
    r"""The same as LaTeX, without dollar signs.

    >>> latex(0.00012345678), latex(sp.sqrt(sp.Symbol("kappa")) + 1)
    ('1.235\\times10^{-4}', '\\sqrt{\\kappa} + 1')
    """
    if isinstance(x, str):
        return rf"\text{{{x}}}"
    if isinstance(x, tuple | list):
        return _several(x, lambda one: latex(one, digits), (r",\; ", r" \cup ")) or r"\varnothing"
    if is_number(x):
        return spelled(x, digits, "latex")
    return rf"\text{{{NOTHING}}}" if x is None else str(LatexFormula(digits).doprint(sp.sympify(x)))


def mathml(x: Any, digits: int = 4, *, block: bool = False) -> str:
    """The same as MathML; ``block`` for a formula on a line of its own."""
    from convergence.notation.markup import from_latex  # only pages need it, and its library takes time to load

    return from_latex(latex(x, digits), block=block)


def pretty(x: Any, width: int = 80) -> str:
    """Several lines of Unicode, as a terminal of this width shows a formula."""
    return str(PrettyFormula({"use_unicode": True, "num_columns": width}).doprint(x))


def roots(factor: sp.Poly) -> sp.Expr | None:
    """The roots of a polynomial of degree one or two as one formula, (τ ± √(τ² − 4δ))/2; None for a higher degree."""
    if factor.degree() > 2:
        return None
    leading, trace, *_ = factor.all_coeffs()
    middle = shortest(-trace / leading)
    if factor.degree() == 1:
        return middle
    away = sp.Pow(discriminant(factor), sp.S.Half, evaluate=False)
    return sp.Mul(sp.S.Half, PlusMinus(middle, away), evaluate=False)


def discriminant(poly: sp.Poly) -> sp.Expr:
    """Of a quadratic τ² − 4δ as it stands, which shows where it comes from; of another polynomial in factors."""
    if poly.degree() != 2:
        return sp.factor(sp.discriminant(poly.as_expr(), poly.gen)) if poly.degree() > 1 else sp.Integer(1)
    leading, trace, determinant = poly.all_coeffs()
    last = shortest(determinant / leading)
    square, product = shortest(-trace / leading) ** 2, sp.Mul(-4, last, evaluate=not last.is_Add)
    return sp.Add(square, product, evaluate=False)


def _several(values: tuple[Any, ...] | list[Any], one: Callable[[Any], str], between: tuple[str, str]) -> str:
    return between[all(isinstance(v, sp.Set) for v in values)].join(map(one, values))
