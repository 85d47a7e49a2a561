"""Small questions to exact formulas go in; yes or no, a number or a short text comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sympy as sp

from convergence.methods import METHODS
from convergence.rule import Method
from convergence.theory.dynamics import dynamics
from convergence.theory.symbols import CURVATURE, LARGEST, MU, Z, symbol

LR, MOMENTUM = symbol("lr"), symbol("momentum")
ROOT = sp.Symbol("m", positive=True)
"""√β, or √(1−β): with it in the place of the momentum, formulas in that root are rational."""


def function(of: Callable[..., Any]) -> Callable[..., Any]:
    """A lambda with a name, for a formula of what a source states."""
    return of


def same(one: Any, other: Any) -> bool:
    """Whether two rational formulas are identical."""
    return bool(sp.simplify(sp.sympify(one) - sp.sympify(other)) == 0)


def same_in_root(one: Any, other: Any, momentum: Any) -> bool:
    """Whether two formulas in a root of the momentum are identical; ``momentum`` is ROOT² or 1 − ROOT²."""
    return same(*(sp.sympify(f).subs(MOMENTUM, momentum) for f in (one, other)))


def characteristic(method: Method, **swap: Any) -> sp.Expr:
    """The characteristic polynomial, with formulas put in for hyperparameters."""
    letters = {symbol(name): value for name, value in swap.items()}
    return sp.expand(dynamics(method).characteristic.as_expr().subs(letters, simultaneous=True))


def same_spectrum(one: Method, other: Method, **swap: Any) -> bool:
    """Whether ``one`` has the eigenvalues of ``other``, where ``swap`` is put in for the hyperparameters of ``other``.

    A further factor z (a state that forgets at once) does not count.
    """
    a, b = (_reduced(characteristic(one)), _reduced(characteristic(other, **swap)))
    return bool(sp.expand(a - b) == 0)


def _reduced(polynomial: sp.Expr) -> sp.Expr:
    poly = sp.Poly(polynomial, Z)
    return sp.Poly(poly.all_coeffs()[: len(poly.all_coeffs()) - _zeros(poly)], Z).as_expr()


def _zeros(poly: sp.Poly) -> int:
    return min(int(power) for (power,), _ in poly.terms())


def run(
    method: Method, gradient: Any, x: Any, steps: int, settings: Mapping[str, Any], state: Sequence[Any] = ()
) -> list[Any]:
    """The iterates of a rule on any function, in whatever numbers ``x`` is made of."""
    oracle = _Oracle(gradient)
    now = (x, *state) if state else method.start(oracle, x)
    found = [now[0]]
    for _ in range(steps):
        now = method(oracle, *now, **settings)
        found.append(now[0])
    return found


class _Oracle:
    def __init__(self, gradient: Any) -> None:
        self.grad = gradient

    def solve(self, g: Any, /) -> Any:
        raise NotImplementedError("only gradients are known here")


def radius_at(method: Method, curvature: Any, settings: Mapping[str, Any]) -> float:
    """The spectral radius at numbers, from the exact characteristic polynomial."""
    point = {symbol(name): value for name, value in settings.items()} | {CURVATURE: curvature}
    poly = sp.Poly(dynamics(method).characteristic.as_expr().subs(point), Z)
    return max(abs(complex(root)) for root in sp.Poly(poly, Z).nroots(n=30, maxsteps=200))


def catalogue(name: str) -> Method:
    """A method of the catalogue."""
    return METHODS[name]


def short(value: Any, digits: int = 4) -> str:
    """A number for reading."""
    return f"{float(value):.{digits}g}".replace("-", "−")


SIGNS = {"sqrt": "√", "beta": "β", "lambda": "λ", "eta": "η", "mu": "μ", "**": "^", "*": "·", "-": "−"}


def text(formula: Any) -> str:
    """A formula in a line of text."""
    line = str(formula)
    for written, sign in SIGNS.items():
        line = line.replace(written, sign)
    return line


KAPPA = sp.Symbol("k", positive=True)
"""√κ: it keeps rates rational."""


def in_root_kappa(formula: Any) -> sp.Expr:
    """A formula in μ and L with μ = 1 and L = k²."""
    return sp.simplify(sp.sympify(formula).subs({MU: 1, LARGEST: KAPPA**2}))
