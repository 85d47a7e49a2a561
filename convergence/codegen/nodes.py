"""Nodes of a formula that have the same meaning in every language that code is written in; all others are refused.

SymPy's printers write calls of undefined functions for some nodes (CRootOf, Sum in JavaScript) and say nothing.
"""

from __future__ import annotations

import sympy as sp
from sympy.core.relational import Relational
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.logic.boolalg import BooleanFalse, BooleanTrue

from convergence.errors import NoCode

TOTAL = (
    sp.Add,
    sp.Mul,
    sp.Abs,
    sp.sign,
    sp.Max,
    sp.Min,
    sp.floor,
    sp.ceiling,
    sp.sin,
    sp.cos,
    sp.tanh,
    sp.atan,
    sp.asinh,
)
"""Operations with a value for every number."""

PARTIAL = (sp.Pow, sp.exp, sp.log, sp.tan, sp.asin, sp.acos, sp.acosh, sp.sinh, sp.cosh)
"""Those that fail or overflow for some."""

LOGIC = (sp.Piecewise, ExprCondPair, Relational, sp.And, sp.Or, sp.Not)
ATOMS = (sp.Symbol, sp.Rational, sp.Float, sp.core.numbers.Pi, sp.core.numbers.Exp1, BooleanTrue, BooleanFalse)
ENDS = (sp.oo, -sp.oo)
NODES = (*TOTAL, *PARTIAL, *LOGIC, *ATOMS)
LARGEST = 10**300
"""Numerators and denominators beyond this are no floats."""


def require_code(formula: sp.Basic) -> None:
    """Raise NoCode where a node of the formula is none of ``NODES``, or a number or a case has no value in floats.

    >>> require_code(sp.sqrt(sp.Symbol("x")))
    >>> require_code(sp.gamma(sp.Symbol("x")))
    Traceback (most recent call last):
        ...
    convergence.errors.NoCode: a formula with gamma has no code: gamma(x); ...
    """
    for node in sp.preorder_traversal(formula):
        if not isinstance(node, NODES) and node not in ENDS:
            raise NoCode(
                f"a formula with {type(node).__name__} has no code: {str(node)[:60]}; put numbers in for its letters, or "
                f"evaluate it in this package"
            )
        if isinstance(node, sp.Rational) and max(abs(node.p), node.q) > LARGEST:
            raise NoCode("a formula with a number of more than 300 digits has no code; give it as a float")
        if isinstance(node, sp.Piecewise) and node.args[-1].cond != sp.true:
            raise NoCode(
                f"a formula with cases has code where the last of them is for all that is left; got {str(node)[:60]}"
            )


def is_partial(formula: sp.Basic) -> bool:
    """Whether an operation in it has no value for some numbers: a root, a quotient, a logarithm; whole powers have."""
    return any(
        isinstance(node, PARTIAL) and not (node.is_Pow and node.exp.is_Integer and node.exp > 0)
        for node in sp.preorder_traversal(formula)
    )
