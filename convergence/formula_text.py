"""Formulas as text that a program reads: SymPy's, with a table of letters; read without evaluating any code."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import sympy as sp
from sympy.polys.polyerrors import BasePolynomialError

from convergence.errors import BadData

_NAMES = """sqrt Abs Max Min sign re im exp log cos sin tan acos asin atan cosh sinh tanh acosh asinh atanh conjugate Piecewise
Interval Union FiniteSet And Or Not Eq Ne Rational Float CRootOf"""
FUNCTIONS: dict[str, Callable[..., Any]] = {name: getattr(sp, name) for name in _NAMES.split()} | {
    f"Interval.{kind}": getattr(sp.Interval, kind) for kind in ("open", "Lopen", "Ropen")
}
CONSTANTS = {"oo": sp.oo, "nan": sp.nan, "pi": sp.pi, "I": sp.I, "E": sp.E, "EmptySet": sp.S.EmptySet, "zoo": sp.zoo}
OPERATIONS: dict[type, Callable[..., Any]] = dict(
    zip(
        (ast.Add, ast.Sub, ast.USub, ast.UAdd, ast.BitAnd, ast.BitOr, ast.Invert, ast.Lt, ast.LtE, ast.Gt, ast.GtE),
        (operator.add, operator.sub, operator.neg, operator.pos, sp.And, sp.Or, sp.Not, sp.Lt, sp.Le, sp.Gt, sp.Ge),
        strict=True,
    )
)
LARGEST_POWER = 100_000
"""Bits of a power of a number: what is larger would not end."""

NO_FORMULA = (
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    MemoryError,
    BasePolynomialError,
)


@dataclass
class Letters:
    """The symbols of a document: a name that Python can read for each, and what is assumed of it."""

    names: dict[sp.Symbol, str] = field(default_factory=dict)

    def text(self, formula: Any) -> str:
        """The formula as text; its symbols are added to the table."""
        swaps = {symbol: sp.Symbol(self._name(symbol)) for symbol in sorted(formula.atoms(sp.Symbol), key=str)}
        return str(formula.xreplace({old: new for old, new in swaps.items() if old != new}))

    def _name(self, symbol: sp.Symbol) -> str:
        if symbol not in self.names:
            word = symbol.name if symbol.name.isidentifier() and symbol.name != "lambda" else "lambda_"
            twins = sum(name.rpartition("__")[0] == word or name == word for name in self.names.values())
            self.names[symbol] = f"{word}__{twins + 1}" if twins else word
        return self.names[symbol]

    @property
    def table(self) -> dict[str, dict[str, Any]]:
        """The symbols as JSON holds them."""
        return {
            name: {"name": symbol.name, **{k: v for k, v in symbol._assumptions_orig.items() if k != "commutative"}}
            for symbol, name in self.names.items()
        }


def symbols(table: Mapping[str, Mapping[str, Any]]) -> dict[str, sp.Symbol]:
    """The symbols of a table. BadData for a table that is none."""
    try:
        return {key: sp.Symbol(**entry) for key, entry in table.items()}
    except (TypeError, AttributeError, ValueError) as error:
        raise BadData(f"a table of letters must name each and what is assumed of it: {error}") from None


def formula(text: str, letters: Mapping[str, sp.Symbol]) -> Any:
    """The formula that a text stands for. BadData for anything but a formula in these letters.

    >>> formula("2*(beta + 1)/sqrt(lambda_)", {"beta": sp.Symbol("beta"), "lambda_": sp.Symbol("lambda", positive=True)})
    2*(beta + 1)/sqrt(lambda)
    """
    try:
        return sp.sympify(_value(ast.parse(text, mode="eval").body, letters))
    except BadData:
        raise
    except NO_FORMULA:
        raise BadData(f"a formula must be one in the letters of its file; got {text[:60]!r}") from None


def letters_in(text: str) -> tuple[str, ...]:
    """The names in a formula that are no function and no constant, in the order of the alphabet. BadData for no formula.

    >>> letters_in("x**2 - sin(pi*y)")
    ('x', 'y')
    """
    try:
        names = {node.id for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Name)}
    except NO_FORMULA:
        raise BadData(f"expected a formula such as x*cos(pi*x); got {text[:60]!r}") from None
    return tuple(sorted(names - FUNCTIONS.keys() - CONSTANTS.keys()))


def _value(node: ast.AST, letters: Mapping[str, sp.Symbol]) -> Any:
    match node:
        case ast.Constant(value=bool() | int() | float()):
            return sp.sympify(node.value)
        case ast.Name(id=name):
            return letters[name] if name in letters else CONSTANTS[name]
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            return tuple(_value(part, letters) for part in parts)
        case ast.UnaryOp(op=op, operand=inner):
            return OPERATIONS[type(op)](_value(inner, letters))
        case ast.BinOp(op=ast.Mult() | ast.Div()):
            return sp.Mul(*_factors(node, letters))  # at once: SymPy multiplies a lone number into a sum
        case ast.BinOp(op=ast.Pow(), left=left, right=right):
            return _power(_value(left, letters), _value(right, letters))
        case ast.BinOp(op=op, left=left, right=right):
            return OPERATIONS[type(op)](_value(left, letters), _value(right, letters))
        case ast.Compare(left=left, ops=ops, comparators=others):
            values = [_value(part, letters) for part in (left, *others)]
            pairs = [OPERATIONS[type(op)](a, b) for op, a, b in zip(ops, values, values[1:], strict=False)]
            return reduce(sp.And, pairs)
        case ast.Call(func=function, args=arguments, keywords=[]):
            return FUNCTIONS[ast.unparse(function)](*(_value(argument, letters) for argument in arguments))
    raise BadData(f"a formula has no place for {ast.unparse(node)[:40]!r}")


def _factors(node: ast.AST, letters: Mapping[str, sp.Symbol]) -> list[Any]:
    match node:
        case ast.BinOp(op=ast.Mult(), left=left, right=right):
            return [*_factors(left, letters), *_factors(right, letters)]
        case ast.BinOp(op=ast.Div(), left=left, right=right):
            return [*_factors(left, letters), sp.Pow(_value(right, letters), -1)]
    return [_value(node, letters)]


def _power(base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
    """A power, of a number only where its digits can be written down."""
    if base.is_number and exponent.is_number:
        bits = max((max(abs(one.p), one.q).bit_length() for one in base.atoms(sp.Rational)), default=1)
        if abs(exponent) * bits > LARGEST_POWER:
            raise BadData(f"a power of a number must have fewer than {LARGEST_POWER} binary digits")
    return base**exponent
