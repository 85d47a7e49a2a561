"""The letters of curvatures and rates in formulas, and how a formula is written by hand.

A hyperparameter's letter, and what may be assumed of it, is its domain's: ``method.symbols[name]``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any, TypeVar

import sympy as sp

from convergence.algebra import cancelled
from convergence.errors import BadName, nearest

CURVATURE = sp.Symbol("lambda", positive=True)
SIGMA = sp.Symbol("sigma", positive=True)
ROWS = sp.Symbol("n", positive=True, integer=True)
MU = sp.Symbol("mu", positive=True)
LARGEST = sp.Symbol("L", positive=True)
Z = sp.Symbol("z")
RATE = sp.Symbol("rho", nonnegative=True)

SCALINGS = {"sum": sp.Integer(2), "half": sp.Integer(1), "mean": 2 / ROWS, "half_mean": 1 / ROWS}


Result = TypeVar("Result")


def rewritten(result: Result, values: Mapping[sp.Symbol, sp.Expr], *fields: str) -> Result:
    """A dataclass with letters replaced in some of its fields: formulas, and tuples and dictionaries of them."""

    def put(part: Any) -> Any:
        if isinstance(part, tuple):
            return tuple(map(put, part))
        if isinstance(part, Mapping):
            return {key: put(value) for key, value in part.items()}
        return None if part is None else part.subs(values)

    return replace(result, **{name: put(getattr(result, name)) for name in fields})  # type: ignore[type-var]


@cache
def tidy(formula: sp.Expr) -> sp.Expr:
    """The shortest of the usual ways to write a rational formula, a product rather than a sum."""
    together = cancelled(formula)
    return min((formula, together, sp.factor(together), sp.expand(together)), key=lambda f: (sp.count_ops(f), f.is_Add))


@cache
def factored(formula: sp.Expr) -> sp.Expr:
    """A rational formula as a product of factors, each written so that it is positive for small hyperparameters.

    1−β and not −(β−1): the way one writes it by hand. One factor is left as it was where the signs do not cancel.
    """
    return turned(sp.factor(cancelled(formula)))


def turned(formula: sp.Expr) -> sp.Expr:
    """A product of factors, each written so that it is positive for small hyperparameters."""
    number, product = formula.as_coeff_Mul()
    parts = sp.Mul.make_args(product)
    pairs = [_turned(part) for part in parts]
    sign = sp.Mul(*(sign for sign, _ in pairs)) * number
    if sign < 0 < number:
        first = next(k for k, (turn, _) in enumerate(pairs) if turn == -1)
        pairs[first], sign = (sp.Integer(1), parts[first]), -sign
    return sp.Mul(sign, *(part for _, part in pairs))


def _turned(part: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """The sign of turning a factor round, so that it is positive for small hyperparameters, and the factor turned."""
    base, power = part.as_base_exp()
    small = base.subs({s: sp.Rational(1, 100) for s in base.free_symbols})
    if base.is_Add and power.is_Integer and small.is_negative:
        return sp.Integer(-1) ** power, sp.expand(-base) ** power
    return sp.Integer(1), part


def sigma_symbols(symbols: Mapping[str, sp.Symbol]) -> dict[str, sp.Symbol]:
    """The symbols of formulas in σ: "sigma" in the place of "curvature"."""
    return {"sigma": SIGMA} | {name: letter for name, letter in symbols.items() if name != "curvature"}


def sigma_curvature(loss: str) -> sp.Expr:
    """λ as a formula in σ (and n) for a named scaling of the loss. BadName for another name."""
    if not isinstance(loss, str) or loss not in SCALINGS:
        raise BadName(f"there is no loss scaling {str(loss)[:60]!r}: {nearest(str(loss), SCALINGS)}")
    return SCALINGS[loss] * SIGMA**2
