"""An update rule goes in; the same rule on symbols comes out, for one direction of curvature λ.

Rules are written for arrays, with NumPy's functions. Here their arguments are symbols that answer to those functions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
import sympy as sp
from numpy.lib.mixins import NDArrayOperatorsMixin

from convergence.crossing import exact
from convergence.errors import BadRule, ConvergenceError, NotLinear
from convergence.rule import Method
from convergence.theory.symbols import CURVATURE, symbol

POSITION = sp.Symbol("w", real=True)
"""The minimiser's coordinate: a rule that treats the origin as special shows it by not resting there."""

UFUNCS: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "power": lambda a, b: a**b,
    "negative": lambda a: -a,
    "positive": lambda a: a,
    "square": lambda a: a**2,
    "reciprocal": lambda a: 1 / a,
    "absolute": sp.Abs,
    "fabs": sp.Abs,
    "maximum": sp.Max,
    "minimum": sp.Min,
    "sign": sp.sign,
    "arctan": sp.atan,
    "arcsinh": sp.asinh,
    "hypot": lambda a, b: sp.sqrt(a**2 + b**2),
    "cbrt": lambda a: sp.real_root(a, 3),
    "log1p": lambda a: sp.log(1 + a),
    "expm1": lambda a: sp.exp(a) - 1,
    **{name: getattr(sp, name) for name in ("sqrt", "exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh")},
}

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "copy": lambda a: a,
    "zeros_like": lambda a: sp.Integer(0),
    "ones_like": lambda a: sp.Integer(1),
    "clip": lambda a, a_min, a_max: sp.Min(sp.Max(a, a_min), a_max),
}


class Traced(NDArrayOperatorsMixin):
    """A symbol that a rule can treat as an array: NumPy's elementwise functions become SymPy's."""

    def __init__(self, formula: sp.Expr) -> None:
        self.formula = formula

    def __array_ufunc__(self, ufunc: Any, how: str, *inputs: Any, **options: Any) -> Traced:
        if how != "__call__" or ufunc.__name__ not in UFUNCS or set(options) - {"out"}:
            raise NotLinear(f"it uses numpy.{ufunc.__name__}, which has no iteration matrix per direction")
        return Traced(UFUNCS[ufunc.__name__](*map(formula, inputs)))

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Traced:
        if function.__name__ not in FUNCTIONS:
            raise NotLinear(f"it uses numpy.{function.__name__}, which couples the directions or has no derivative")
        return Traced(
            FUNCTIONS[function.__name__](*map(formula, inputs), **{k: formula(v) for k, v in options.items()})
        )

    def copy(self) -> Traced:
        return self

    def _sympy_(self) -> sp.Expr:
        return self.formula

    def __bool__(self) -> NoReturn:
        raise NotLinear("it branches on the value of the state, so it is not differentiable everywhere")

    def __float__(self) -> NoReturn:
        raise NotLinear("it needs the state as a float; write it with NumPy's functions, which also work on symbols")

    def __setitem__(self, place: Any, value: Any) -> NoReturn:
        raise NotLinear("it writes into the state's entries; write v = … instead, which works on symbols and arrays")

    def __getitem__(self, place: Any) -> NoReturn:
        raise NotLinear("it picks entries of the state, so it does not treat all directions alike")

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(name)
        raise NotLinear(f"it uses .{name} of the state, which couples the directions or is no formula")


class Parabola:
    """The objective along one direction: curvature λ, minimiser ``at``; its oracles answer with formulas."""

    def __init__(self, at: sp.Expr = POSITION) -> None:
        self.at = at

    def grad(self, x: Any, /) -> Traced:
        return Traced(CURVATURE * (formula(x) - self.at))

    def solve(self, g: Any, /) -> Traced:
        return Traced(formula(g) / CURVATURE)

    def __getattr__(self, name: str) -> NoReturn:
        raise NotLinear(f"it asks the objective for .{name}; an update rule may ask for .grad(x) and .solve(g)")


def formula(value: Any) -> sp.Expr:
    """What a rule computed, or a constant in it, as an exact formula."""
    if isinstance(value, Traced):
        return value.formula
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    return exact(value)


def traced(method: Method, state: tuple[sp.Expr, ...]) -> tuple[sp.Expr, ...]:
    """The next state of the rule, as formulas. NotLinear, with the reason, where the rule cannot be read on symbols."""
    hyper = {name: Traced(symbol(name)) for name in method.hyper}
    return _read(method, lambda: method(Parabola(), *map(Traced, state), **hyper))


def traced_start(method: Method, x: sp.Expr) -> tuple[sp.Expr, ...]:
    """The first state of the method at position ``x``, as formulas."""
    return _read(method, lambda: method.start(Parabola(), Traced(x)))


def _read(method: Method, run: Callable[[], tuple[Any, ...]]) -> tuple[sp.Expr, ...]:
    try:
        return tuple(formula(value) for value in run())
    except NotLinear as reason:
        raise NotLinear(f"{method.name} has no iteration matrix: {reason}") from None
    except ConvergenceError:
        raise
    except Exception as error:
        raise BadRule(f"{method.name} cannot be read on symbols: {type(error).__name__}: {error}") from error
