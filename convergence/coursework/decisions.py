"""Kinds of decision on a claim: a formula equals, a value lies within, a method is another one, a bound holds for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import sympy as sp

import convergence as cv
from convergence.coursework.claim import Decision, Outcome
from convergence.theory.symbols import CURVATURE as LAMBDA
from convergence.theory.symbols import LARGEST, MU, Z

__all__ = [
    "BETA", "DOUBLE", "ETA", "KAPPA", "LAMBDA", "LARGEST", "MU", "ROOT", "Z", "alike", "characteristic", "closely",
    "exactly", "formula", "in_root_kappa", "number", "positive", "run", "same", "same_spectrum",
]  # fmt: skip

ETA, BETA = (cv.METHODS["heavy_ball"].symbols[name] for name in ("lr", "momentum"))
ROOT = sp.Symbol("m", positive=True)
"""√β: with it in the place of the momentum, formulas in that root are rational."""
KAPPA = sp.Symbol("k", positive=True)
"""√κ: it keeps rates rational."""
DOUBLE = 4 * 2.0**-26
"""A double eigenvalue is known to the root of machine epsilon."""

Answer = tuple[Any, Mapping[str, Any]]
"""Whether it holds, and the numbers that show it."""


def exactly(decide: Callable[..., Answer]) -> Decision:
    """A decision in fractions or formulas: nothing is rounded."""
    return _decision(decide, exact=True)


def closely(decide: Callable[..., Answer]) -> Decision:
    """A decision by a computation with rounding or sampling, to the tolerance that the evidence names."""
    return _decision(decide, exact=False)


def _decision(decide: Callable[..., Answer], exact: bool) -> Decision:
    def decided(**says: Any) -> Outcome:
        holds, numbers = decide(**says)
        return Outcome(bool(holds), numbers, exact)

    return decided


def formula(
    derived: Callable[[], Any], stated: Callable[..., Any], put: Mapping[Any, Any] | None = None, **more: Any
) -> Decision:
    """Whether the derived formula is the stated one, with ``put`` put in for letters; ``more`` numbers for the evidence."""

    def decide(**says: Any) -> Answer:
        found = derived()
        return same(found, stated(**says), put), {"derived": found, **more}

    return exactly(decide)


def number(value: Callable[[], float], tolerance: float) -> Decision:
    """Whether the computed value is the stated one, within the tolerance."""

    def decide(value_stated: float) -> Answer:
        found = value()
        return abs(found - value_stated) <= tolerance, {"value": found}

    return closely(lambda stated: decide(stated))


def positive(expression: Any, letter: Any = BETA) -> bool:
    """Whether a rational formula is positive for every value of a letter in (0, 1)."""
    s = sp.Symbol("s", positive=True)
    return bool(sp.factor(sp.cancel(expression.subs(letter, s / (1 + s)))).is_positive)


def same(one: Any, other: Any, put: Mapping[Any, Any] | None = None) -> bool:
    """Whether two formulas are identical."""
    apart = (sp.sympify(one) - sp.sympify(other)).subs(put or {})
    return bool(sp.cancel(apart) == 0 or sp.simplify(apart) == 0)


def in_root_kappa(expression: Any) -> Any:
    """A formula in μ and L with μ = 1 and L = k², k = √κ."""
    return sp.simplify(sp.sympify(expression).subs({MU: 1, LARGEST: KAPPA**2}))


def characteristic(method: Any, **swap: Any) -> Any:
    """The characteristic polynomial in z, with formulas put in for hyperparameters."""
    derived = cv.derive(method)
    letters = {derived.symbols[name]: value for name, value in swap.items()}
    return sp.expand(derived.characteristic.as_expr().subs(letters, simultaneous=True))


def same_spectrum(one: Any, other: Any, **swap: Any) -> bool:
    """Whether ``one`` has the eigenvalues of ``other``, where ``swap`` is put in for the hyperparameters of ``other``.

    Eigenvalues 0 (a state that forgets at once) do not count.
    """
    left, right = (sp.Poly(p, Z).terms_gcd()[1] for p in (characteristic(one), characteristic(other, **swap)))
    return bool(sp.expand(left.as_expr() - right.as_expr()) == 0)


def alike(one: Any, other: Any, **swap: Any) -> bool:
    """Whether one method is another: the same eigenvalues, and six equal steps in fractions on x⁴/4 + x²/2, no parabola.

    ``swap`` are formulas, in the letters of ``one``, for hyperparameters of ``other``; the rest correspond in their order.
    """
    letters = list(one.symbols.values())
    swap = {**dict(zip(other.hyper, letters, strict=True)), **swap}
    point = dict(zip(letters, (sp.Rational(1, 10), sp.Rational(9, 10)), strict=True))
    here = {name: _fraction(letter.subs(point)) for name, letter in one.symbols.items()}
    there = {name: _fraction(sp.sympify(value).subs(point)) for name, value in swap.items()}
    return same_spectrum(one, other, **swap) and run(one, here) == run(other, there)


def _fraction(value: Any) -> Fraction:
    return Fraction(int(value.p), int(value.q))


def bent(x: Any) -> Any:
    """The slope of x⁴/4 + x²/2."""
    return x**3 + x


def run(
    method: Any, hyper: Mapping[str, Any], gradient: Callable[[Any], Any] = bent, x: Any = Fraction(1), steps: int = 6
) -> list[Any]:
    """The iterates of a rule on any function of one variable, in whatever numbers ``x`` is made of."""
    oracle = _Oracle(gradient)
    state = method.start(oracle, x)
    path = [state[0]]
    for _ in range(steps):
        state = method(oracle, *state, **hyper)
        path.append(state[0])
    return path


class _Oracle:
    def __init__(self, gradient: Callable[[Any], Any]) -> None:
        self.grad = gradient

    def solve(self, g: Any, /) -> Any:
        raise NotImplementedError("only gradients are known here")
