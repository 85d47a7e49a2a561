"""SymPy's printers with the order and the signs of handwriting, to text, LaTeX, and several lines of text."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from typing import Any

import sympy as sp
from sympy.core.relational import Relational
from sympy.printing.conventions import split_super_sub
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.pretty.pretty import PrettyPrinter
from sympy.printing.pretty.stringpict import prettyForm
from sympy.printing.str import StrPrinter

from convergence.notation.decimals import RAISED, Form, spelled
from convergence.notation.order import monomials, positive, shared, terms, turned

GREEK = {unicodedata.name(letter).split()[-1].lower(): letter for letter in "αβγδεζηθικμνξοπρστυφχψω"} | {"lambda": "λ"}
LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_WORD = re.compile(r"(?<=[\w}]) (?=\\mathrm)|(\\mathrm\{[^{}]*\}(?:\^\{[^{}]*\})?) (?=[\\\w])(?!\\,)")
"""The blank before and after a word that is a factor."""

SIGNS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "==": "=", "!=": "≠"}


class PlusMinus(sp.Function):
    """Two values at once, a ± b: the roots of a quadratic."""

    nargs = 2
    precedence = PRECEDENCE["Add"]


class _ByHand:
    """What the printers share."""

    digits = 4
    form: Form = "text"

    def _as_ordered_terms(self, expr: Any, order: Any = None) -> list[Any]:
        return terms(expr)

    def _print_Add(self, expr: Any, order: Any = None) -> Any:
        whole = shared(expr)
        return super()._print_Add(expr) if whole is None else self._print_Mul(whole)  # type: ignore[misc]

    def _print_Mul(self, expr: Any) -> Any:
        written = turned(expr)
        return self._print_Add(written) if written.is_Add else super()._print_Mul(written)  # type: ignore[misc]

    def _print_Pow(self, expr: Any, **options: Any) -> Any:
        written = turned(expr)
        return super()._print_Pow(written, **options) if written.is_Pow else self._print_Mul(written)  # type: ignore[misc]

    def _print_Abs(self, expr: Any, **options: Any) -> Any:
        return super()._print_Abs(sp.Abs(positive(expr.args[0]), evaluate=False), **options)  # type: ignore[misc]


class _OneLine(_ByHand):
    """What the printers to one line share."""

    def __init__(self, digits: int) -> None:
        super().__init__()
        self.digits = digits

    def _print_Float(self, expr: Any) -> str:
        return spelled(float(expr), self.digits, self.form)


class TextFormula(_OneLine, StrPrinter):
    """A formula as one line of Unicode."""

    def _print_Symbol(self, expr: Any) -> str:
        base, _, lower = split_super_sub(expr.name)
        letter = GREEK.get(base, base)
        return letter + "".join(lower).translate(LOWERED) if len(letter) == 1 else str(expr.name)

    def _print_Add(self, expr: Any, order: Any = None) -> str:
        whole = shared(expr)
        if whole is not None:
            return str(self._print_Mul(whole))
        first, *rest = (str(self._print(term)) for term in terms(expr))
        return first + "".join(f" − {term[1:]}" if term[0] == "−" else f" + {term}" for term in rest)

    def _print_Mul(self, expr: Any) -> str:
        written = turned(expr)
        if written.is_Add:
            return self._print_Add(written)
        number, factors = written.as_coeff_mul()
        return self._quotient(number, sp.Mul(*factors, evaluate=False).as_ordered_factors() if factors else [])

    def _print_Pow(self, expr: Any, **_: Any) -> str:
        expr = turned(expr)
        if expr.is_Mul or expr.exp.could_extract_minus_sign():
            return str(self._print_Mul(expr))
        if expr.exp == sp.S.Half:
            inner = self._print(expr.base)
            return f"√{inner}" if self._kind(expr.base) == "letter" or inner.isdigit() else f"√({inner})"
        base = str(self.parenthesize(expr.base, PRECEDENCE["Pow"], strict=False))
        power = self._print(expr.exp)
        if expr.exp.is_Integer:
            return base + str(expr.exp).translate(RAISED)
        return f"{base}^{power}" if expr.exp.is_Atom and not expr.exp.is_Rational else f"{base}^({power})"

    def _quotient(self, number: sp.Expr, factors: list[sp.Expr]) -> str:
        """A number times factors, those with negative powers below a stroke."""
        over, under = [abs(sp.numer(number))], [sp.denom(number)]
        for factor in factors:
            base, power = factor.as_base_exp()
            below = power.could_extract_minus_sign()
            (under if below else over).append(sp.Pow(base, -power, evaluate=bool(power == -1)) if below else factor)
        over, under = ([factor for factor in part if factor != 1] for part in (over, under))
        sign = "−" if number.could_extract_minus_sign() else ""
        top = self._product(over) if over else "1"
        if not under:
            return sign + top
        return f"{sign}{top}/{self._product(under) if len(under) == 1 else f'({self._product(under)})'}"

    def _product(self, factors: list[sp.Expr]) -> str:
        """Factors side by side where that cannot be misread, with a point where it could."""
        written = str(self.parenthesize(factors[0], PRECEDENCE["Mul"]))
        for left, right in pairwise(factors):
            plain = self._kind(left) in ("number", "letter", "sum") and self._kind(right) in ("letter", "sum", "root")
            written += ("" if plain else "·") + self.parenthesize(right, PRECEDENCE["Mul"])
        return written

    def _kind(self, factor: sp.Expr) -> str:
        if factor.is_Integer:
            return "number"
        base, power = factor.as_base_exp()
        if power == sp.S.Half:
            return "root"
        if not power.is_Integer:
            return "other"
        word = self._print(base) if base.is_Symbol else ""
        return (
            "sum" if base.is_Add else "letter" if word[:1].isalpha() and not word[1:].strip("₀₁₂₃₄₅₆₇₈₉") else "other"
        )

    def _print_Poly(self, expr: Any) -> str:
        written = ""
        for sign, coefficient, power in monomials(expr):
            number, factors = coefficient.as_coeff_mul()
            ordered = sp.Mul(*factors, evaluate=False).as_ordered_factors() if factors else []
            body = self._quotient(number, [*ordered, expr.gen**power]) if power else self._print(coefficient)
            body = f"({body})" if sign < 0 and coefficient.is_Add and not power else body
            written += (" − " if sign < 0 else " + ") + body
        return "−" + written[3:] if written.startswith(" − ") else written[3:]

    def _print_PlusMinus(self, expr: Any) -> str:
        return f"{self._print(expr.args[0])} ± {self.parenthesize(expr.args[1], PRECEDENCE['Mul'])}"

    def _print_QPochhammer(self, expr: Any) -> str:
        a, q, n = map(self._print, expr.args)
        return f"({a}; {q})_{n if len(n) == 1 else f'({n})'}"

    def _print_ChebyshevBase(self, expr: Any) -> str:
        n, x = expr.args
        index = str(n).translate(LOWERED) if n.is_Integer else f"_({self._print(n)})"
        return f"{expr.kind}{index}({self._print(x)})"

    def _print_Rational(self, expr: Any) -> str:
        return str(expr).replace("-", "−")

    def _print_Integer(self, expr: Any) -> str:
        return self._print_Rational(expr)

    def _print_Infinity(self, expr: Any) -> str:
        return "∞"

    def _print_Relational(self, expr: Any) -> str:
        return f"{self._print(expr.lhs)} {SIGNS[expr.rel_op]} {self._print(expr.rhs)}"

    def _print_And(self, expr: Any) -> str:
        return ", ".join(map(self._print, _conditions(expr)))

    def _print_Or(self, expr: Any) -> str:
        return " or ".join(map(self._print, _conditions(expr)))

    def _print_BooleanTrue(self, expr: Any) -> str:
        return "always"

    def _print_BooleanFalse(self, expr: Any) -> str:
        return "never"

    def _print_Interval(self, expr: Any) -> str:
        left, right = "(" if expr.left_open else "[", ")" if expr.right_open else "]"
        return f"{left}{self._print(expr.start)}, {self._print(expr.end)}{right}"

    def _print_Union(self, expr: Any) -> str:
        return " ∪ ".join(map(self._print, expr.args))

    def _print_EmptySet(self, expr: Any) -> str:
        return "none"

    def _print_Abs(self, expr: Any, **_: Any) -> str:
        return f"|{self._print(positive(expr.args[0]))}|"

    def _print_LatticeOp(self, expr: Any) -> str:
        return f"{type(expr).__name__.lower()}({', '.join(map(self._print, expr.args))})"  # max, min

    def _print_Piecewise(self, expr: Any) -> str:
        cases = [(self._print(value), self._print(when)) for value, when in expr.args]
        return "; ".join(f"{value} otherwise" if when == "always" else f"{value} if {when}" for value, when in cases)

    def _print_MatrixBase(self, expr: Any) -> str:
        return f"[{'; '.join(', '.join(map(self._print, expr.row(k))) for k in range(expr.rows))}]"


class LatexFormula(_OneLine, LatexPrinter):
    """A formula as LaTeX."""

    form = "latex"

    def _print_Symbol(self, expr: Any, style: str = "plain") -> str:
        base, _, lower = split_super_sub(expr.name)
        if base not in GREEK and len(base) > 1:
            return rf"\mathrm{{{expr.name}}}".replace("_", r"\_")
        letter = {"epsilon": r"\varepsilon", "omicron": "o"}.get(base, f"\\{base}" if base in GREEK else base)
        under = "".join(part if part.isdigit() or len(part) == 1 else rf"\mathrm{{{part}}}" for part in lower)
        return f"{letter}_{{{under}}}" if under else letter

    def _print_Mul(self, expr: Any) -> str:
        return _WORD.sub(lambda blank: rf"{blank[1] or ''} \, ", super()._print_Mul(expr))

    def _print_Poly(self, expr: Any) -> str:
        written = ""
        for sign, coefficient, power in monomials(expr):
            letter = self._print(expr.gen**power) if power else ""
            body = "" if coefficient == 1 and power else self._print(coefficient)
            body = rf"\left({body}\right)" if coefficient.is_Add and (power or sign < 0) else body
            written += (" - " if sign < 0 else " + ") + f"{body} {letter}".strip()
        return "- " + written[3:] if written.startswith(" - ") else written[3:]

    def _print_PlusMinus(self, expr: Any, exp: Any = None) -> str:
        return rf"{self._print(expr.args[0])} \pm {self.parenthesize(expr.args[1], PRECEDENCE['Mul'])}"

    def _print_And(self, expr: Any) -> str:
        return r",\; ".join(map(self._print, _conditions(expr)))

    def _print_Or(self, expr: Any) -> str:
        return r"\ \text{or}\ ".join(map(self._print, _conditions(expr)))

    def _print_BooleanTrue(self, expr: Any) -> str:
        return r"\text{always}"

    def _print_BooleanFalse(self, expr: Any) -> str:
        return r"\text{never}"


class PrettyFormula(_ByHand, PrettyPrinter):
    """A formula on several lines of text."""

    def _print_Poly(self, expr: Any) -> Any:
        parts: list[Any] = []
        for sign, coefficient, power in monomials(expr):
            form = self._print(coefficient)
            if coefficient.is_Add and (power or sign < 0):
                form = prettyForm(*form.parens())
            if power:
                letter = self._print(expr.gen**power)
                form = letter if coefficient == 1 else prettyForm(*form.right("⋅", letter))
            parts += [" - " if sign < 0 else " + ", form]
        first = ["-"] if parts[0] == " - " else []
        return prettyForm(*prettyForm.next(*first, *parts[1:]), binding=prettyForm.ADD)

    def _print_PlusMinus(self, expr: Any) -> Any:
        middle, away = (self._print(part) for part in expr.args)
        return prettyForm(*prettyForm.next(middle, " ± ", away), binding=prettyForm.ADD)


def _conditions(expr: Any) -> list[Any]:
    return sorted(expr.args, key=lambda one: (not isinstance(one, Relational), sp.default_sort_key(one)))
