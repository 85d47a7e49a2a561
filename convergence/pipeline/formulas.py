"""A SymPy formula goes in; the same formula as text and as LaTeX comes out, written as one writes it by hand."""

from __future__ import annotations

import re
from typing import Any

import sympy as sp
from sympy.printing.latex import LatexPrinter
from sympy.printing.pretty.pretty import PrettyPrinter
from sympy.printing.str import StrPrinter

from convergence.results import Formula
from convergence.theory.symbols import Z, tidy

GREEK = {
    "eta": "η",
    "beta": "β",
    "lambda": "λ",
    "mu": "μ",
    "rho": "ρ",
    "sigma": "σ",
    "nu": "ν",
    "gamma": "γ",
    "kappa": "κ",
    "delta": "δ",
    "epsilon": "ε",
}
SIGNS = (
    (r"\*\*2\b", "²"),
    (r"\*\*3\b", "³"),
    (r"\bsqrt\(", "√("),
    (r"\*", "·"),
    ("<=", "≤"),
    (">=", "≥"),
    (r"\boo\b", "∞"),
)


class _PositiveFirst:
    """Sums begin with a positive term: 1 − ηλ, and not −ηλ + 1."""

    def _as_ordered_terms(self, expr: Any, order: Any = None) -> list[Any]:
        terms = super()._as_ordered_terms(expr, order)  # type: ignore[misc]
        first = next((k for k, term in enumerate(terms) if not term.could_extract_minus_sign()), 0)
        return [terms[first], *terms[:first], *terms[first + 1 :]]


class _Text(_PositiveFirst, StrPrinter):
    def _print_Symbol(self, expr: Any) -> str:
        return GREEK.get(expr.name, str(expr.name))

    def _print_Interval(self, expr: Any) -> str:
        left, right = "(["[not expr.left_open], ")]"[not expr.right_open]
        return f"{left}{self._print(expr.start)}, {self._print(expr.end)}{right}"


class _Latex(_PositiveFirst, LatexPrinter):
    pass


class _Pretty(_PositiveFirst, PrettyPrinter):
    pass


def text(formula: Any) -> str:
    """One line of Unicode."""
    line = _Text().doprint(formula)
    for pattern, sign in SIGNS:
        line = re.sub(pattern, sign, line)
    return str(line)


def latex(formula: Any) -> str:
    """LaTeX, without dollar signs."""
    return str(_Latex().doprint(formula))


def pretty(formula: Any, width: int) -> str:
    """Several lines of Unicode, as a terminal of this width shows a formula."""
    return str(_Pretty({"use_unicode": True, "num_columns": width}).doprint(formula))


def formula(value: Any) -> Formula:
    """A SymPy formula, relation, interval or matrix."""
    if isinstance(value, sp.MatrixBase):
        rows = "; ".join(", ".join(text(entry) for entry in value.row(k)) for k in range(value.rows))
        return Formula(f"[{rows}]", latex(value))
    return Formula(text(value), latex(value))


def union(intervals: tuple[Any, ...]) -> Formula:
    """Several intervals or values, side by side; an empty set where there are none."""
    if not intervals:
        return Formula("none", r"\varnothing")
    return Formula(" ∪ ".join(map(text, intervals)), r" \cup ".join(map(latex, intervals)))


def values(numbers: tuple[Any, ...]) -> Formula:
    """Several values; an empty set where there are none."""
    if not numbers:
        return Formula("none", r"\varnothing")
    return Formula(", ".join(map(text, numbers)), r",\; ".join(map(latex, numbers)))


def polynomial(poly: sp.Poly) -> Formula:
    """A monic polynomial in z, highest power first, each coefficient in its shortest form."""
    terms = [(tidy(c), k) for k, c in enumerate(reversed(poly.all_coeffs())) if c != 0][::-1]
    return Formula(
        "".join(_term(c, k, text, "·") for c, k in terms), "".join(_term(c, k, latex, r"\,") for c, k in terms)
    )


def _term(coefficient: sp.Expr, power: int, written: Any, times: str) -> str:
    letter = "" if power == 0 else written(Z**power)
    if coefficient == 1 and power:
        return letter
    minus = _mostly_negative(coefficient)
    size = written(-coefficient if minus else coefficient)
    if (-coefficient if minus else coefficient).is_Add:
        size = f"({size})"
    body = letter if size == "1" and power else size + (times + letter if power else "")
    return f" {'−' if minus and written is text else '-' if minus else '+'} {body}"


def _mostly_negative(coefficient: sp.Expr) -> bool:
    """Whether a coefficient reads better after a minus sign: at small hyperparameters it is negative."""
    small = {s: sp.Rational(1, 100) for s in coefficient.free_symbols}
    return bool(coefficient.subs(small) < 0)


def roots(factor: sp.Poly) -> Formula:
    """The roots of a factor of degree one or two: (τ ± √(τ² − 4δ))/2. For a higher degree, words."""
    if factor.degree() == 1:
        return formula(tidy(-factor.coeff_monomial(1)))
    if factor.degree() > 2:
        words = f"the {factor.degree()} roots of the characteristic polynomial"
        return Formula(words, rf"\text{{{words}}}")
    trace = tidy(-factor.coeff_monomial(Z))
    under = discriminant(factor)
    return Formula(f"({text(trace)} ± √({under.text}))/2", rf"\frac{{{latex(trace)} \pm \sqrt{{{under.latex}}}}}{{2}}")


def discriminant(poly: sp.Poly) -> Formula:
    """Of a quadratic τ² − 4δ as it stands, which shows where it comes from; of another polynomial in factors."""
    if poly.degree() != 2:
        return formula(sp.factor(sp.discriminant(poly.as_expr(), Z)) if poly.degree() > 1 else sp.Integer(1))
    trace, determinant = tidy(-poly.coeff_monomial(Z)), tidy(poly.coeff_monomial(1))
    inner = [f"({w(determinant)})" if determinant.is_Add else w(determinant) for w in (text, latex)]
    return Formula(f"({text(trace)})² − 4·{inner[0]}", rf"({latex(trace)})^{{2}} - 4 {inner[1]}")
