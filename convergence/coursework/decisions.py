"""What claims are decided with: identities of formulas, spectra of methods, and exact steps of a rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

import convergence as cv
from convergence.algebra import cancelled
from convergence.coursework.claim import Answer
from convergence.coursework.letters import BETA, KAPPA, LAMBDA, LARGEST, MU, Z


def same(one: Any, other: Any) -> bool:
    """Whether two formulas are identical."""
    difference = sp.sympify(one) - sp.sympify(other)
    return bool(cancelled(difference) == 0 or sp.simplify(difference) == 0)


def equal(derived: Any, stated: Any) -> Answer:
    """Whether the derived formula is the stated one."""
    return same(derived, stated), {"derived": derived}


def near(value: float, stated: float, tolerance: float) -> Answer:
    """Whether the computed value is the stated one, within the tolerance."""
    return abs(value - stated) <= tolerance, {"value": value}


def positive(expression: Any) -> bool:
    """Whether a rational formula is positive for every β in (0, 1)."""
    s = sp.Symbol("s", positive=True)
    return bool(sp.factor(cancelled(expression.subs(BETA, s / (1 + s)))).is_positive)


def in_root_kappa(expression: Any) -> Any:
    """A formula in μ and L with μ = 1 and L = k², k = √κ."""
    return sp.simplify(sp.sympify(expression).subs({MU: 1, LARGEST: KAPPA**2}))


def average(signals: Iterable[Any]) -> Any:
    """v ← βv + (1−β)θ from v = 0."""
    v: Any = sp.Integer(0)
    for signal in signals:
        v = BETA * v + (1 - BETA) * signal
    return v


def unbiased(power: Callable[[int], int]) -> Answer:
    """Whether the average of t ones is 1 − β^power(t), for eight steps."""
    return all(same(average([1] * t), 1 - BETA ** power(t)) for t in range(1, 9)), {}


def noise_left() -> Any:
    """The variance of the average of independent signals of variance one: the geometric series Σ (1−β)²β²ᵏ."""
    return sp.factor(cancelled((1 - BETA) ** 2 / (1 - BETA**2)))


def edge(method: Any) -> Any:
    """The largest stable learning rate times λ, a formula in β."""
    return sp.factor(cv.stability(method).lr_max * LAMBDA)


def characteristic(method: Any, **swap: Any) -> sp.Poly:
    """The characteristic polynomial in z, with formulas put in for hyperparameters."""
    derived = cv.derive(method)
    letters = {derived.symbols[name]: value for name, value in swap.items()}
    return sp.Poly(derived.characteristic.as_expr().subs(letters, simultaneous=True), Z)


def same_spectrum(one: Any, other: Any, **swap: Any) -> bool:
    """Whether ``one`` has the eigenvalues of ``other``, where ``swap`` is put in for the hyperparameters of ``other``.

    Eigenvalues 0 (a state that forgets at once) do not count.
    """
    left, right = (p.terms_gcd()[1].as_expr() for p in (characteristic(one), characteristic(other, **swap)))
    return bool(sp.expand(left - right) == 0)


def alike(one: Any, other: Any, **swap: Any) -> Answer:
    """Whether one method is another: the same eigenvalues, and six equal steps in fractions on x⁴/4 + x²/2, no parabola.

    ``swap`` are formulas, in the letters of ``one``, for hyperparameters of ``other``; the rest correspond in their order.
    """
    letters = list(one.symbols.values())
    swap = {**dict(zip(other.hyper, letters, strict=True)), **swap}
    point = dict(zip(letters, (sp.Rational(1, 10), sp.Rational(9, 10)), strict=True))
    settings, others = (
        {name: Fraction(str(sp.sympify(value).subs(point))) for name, value in hyper.items()}
        for hyper in (one.symbols, swap)
    )
    return same_spectrum(one, other, **swap) and run(one, settings) == run(other, others), {}


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


@dataclass(frozen=True)
class _Oracle:
    grad: Callable[[Any], Any]

    def solve(self, g: Any, /) -> Any:
        raise NotImplementedError("only gradients are known here")
