"""SymPy's code printers, with what they would print wrong: whole numbers that would overflow or be divided as integers."""

from __future__ import annotations

import re

import sympy as sp
from sympy.printing.c import C99CodePrinter
from sympy.printing.codeprinter import CodePrinter
from sympy.printing.jscode import JavascriptCodePrinter
from sympy.printing.julia import JuliaCodePrinter
from sympy.printing.pycode import PythonCodePrinter


class _Floats:
    """Every number as a float."""

    def _print_Integer(self, number: sp.Integer) -> str:
        return f"{number.p}.0"

    def _print_Rational(self, number: sp.Rational) -> str:
        return f"{number.p}.0/{number.q}.0"

    def _print_Pi(self, number: sp.Expr) -> str:
        return repr(float(number))

    def _print_Exp1(self, number: sp.Expr) -> str:
        return repr(float(number))


class _Products:
    """Squares as products, which is faster than a call."""

    def _print_Pow(self, power: sp.Pow) -> str:
        if power.base.is_Symbol and power.exp == 2:
            return f"({power.base}*{power.base})"
        return str(super()._print_Pow(power))  # type: ignore[misc]


class Python(PythonCodePrinter):
    """Of floats, by ``math``: a power that is not real is an error, and no complex number."""

    def _print_Pow(self, power: sp.Pow, rational: bool = False) -> str:
        if power.exp.is_Integer or abs(power.exp) == sp.S.Half:
            return str(super()._print_Pow(power, rational))
        return f"math.pow({self._print(power.base)}, {self._print(power.exp)})"


class C(_Floats, _Products, C99CodePrinter):
    """C99, where abs is for integers."""

    def _print_Abs(self, size: sp.Abs) -> str:
        return f"fabs({self._print(size.args[0])})"


class Julia(_Floats, JuliaCodePrinter):
    """Julia, for numbers and not for arrays."""


class Javascript(_Products, JavascriptCodePrinter):
    """JavaScript, all of whose numbers are floats."""


_FUNCTIONS = {"Max": "max", "Min": "min"}
PRINTERS: dict[str, CodePrinter] = {
    "python": Python({"fully_qualified_modules": True}),
    "c": C(),
    "julia": Julia({"user_functions": _FUNCTIONS}),
    "javascript": Javascript(),
}


def expression(language: str, formula: sp.Basic) -> str:
    """A formula, whose letters are identifiers already, on one line.

    >>> expression("c", sp.Symbol("x") / 3), expression("julia", sp.Symbol("x") ** 2)
    ('(1.0/3.0)*x', 'x ^ 2.0')
    """
    line = re.sub(r"\s+", " ", PRINTERS[language].doprint(formula)).replace("( ", "(").replace(" )", ")")
    return re.sub(r" \.([*/^]) ", r" \1 ", line) if language == "julia" else line
