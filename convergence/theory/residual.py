"""An update rule and exact numbers go in; its residual polynomial p_k(λ), with e_k = p_k(λ)·e_0, comes out, and its extremes.

The rule runs, start included, on a parabola whose gradient multiplies by λ, and x₀ = 1: on rational polynomials
(FLINT), or on SymPy's rings where hyperparameters are letters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import flint
import numpy as np
import sympy as sp
from numpy.lib.mixins import NDArrayOperatorsMixin
from sympy.polys.fields import field

from convergence.crossing import exact, fraction
from convergence.errors import BadData, BadHyperparameter, BadRule, ConvergenceError, NotLinear
from convergence.rule import Method
from convergence.theory.symbols import CURVATURE

PRECISION = 64
"""Bits beyond those that a polynomial of its degree and size needs, in which extremes are enclosed."""


class Element(NDArrayOperatorsMixin):
    """A polynomial that a rule can treat as an array: NumPy's arithmetic becomes the ring's."""

    def __init__(self, value: Any, constant: Callable[[Any], Any]) -> None:
        self.value, self.constant = value, constant

    def __array_ufunc__(self, ufunc: Any, how: str, *inputs: Any, **options: Any) -> Element:
        if how != "__call__" or ufunc.__name__ not in ARITHMETIC or set(options) - {"out"}:
            raise NotLinear(f"it uses numpy.{ufunc.__name__}, which leads out of the polynomials")
        if ufunc.__name__ == "power":
            return Element(_power(inputs[0].value, inputs[1]), self.constant)
        values = [given.value if isinstance(given, Element) else self.constant(given) for given in inputs]
        return Element(ARITHMETIC[ufunc.__name__](*values), self.constant)

    def copy(self) -> Element:
        return self

    def __bool__(self) -> bool:
        raise NotLinear("it branches on the value of the state")

    def __float__(self) -> float:
        raise NotLinear("it needs the state as a float")


def _quotient(a: Any, b: Any) -> Any:
    if not isinstance(b, flint.fmpq_poly):
        return a / b
    if b.degree() == 0:
        return a / b[0]
    whole, rest = divmod(a, b)
    if rest != 0:
        raise NotLinear("it divides by something in λ, so its residual is no polynomial")
    return whole


def _power(base: Any, times: Any) -> Any:
    if isinstance(times, Element) or int(times) != times or times < 0:
        raise NotLinear("it raises the state to a power that is no whole number")
    return base ** int(times)


ARITHMETIC: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": _quotient,
    "negative": lambda a: -a,
    "positive": lambda a: a,
    "square": lambda a: a * a,
    "power": _power,
}


class Line:
    """½λx² with its minimiser at 0: the gradient multiplies by λ, the Newton step divides by it."""

    def __init__(self, curvature: Element) -> None:
        self.curvature = curvature

    def grad(self, x: Any, /) -> Any:
        return self.curvature * x

    def solve(self, g: Any, /) -> Any:
        return g / self.curvature


def residual_polynomial(method: Method, steps: int, **hyper: Any) -> sp.Poly:
    """p_k as a polynomial in λ, over QQ, or over QQ(letters) where hyperparameters are symbols or not given.

    A hyperparameter may be a sequence: its entry j is used at step j. Raises BadHyperparameter, and NotLinear where the
    residual is no polynomial.
    """
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or steps < 0:
        raise BadData(f"steps must be a whole number, 0 or more; got {steps!r}")
    method.require_known(hyper)
    full = {n: hyper.get(n, dict(method.defaults).get(n, method.symbols[n])) for n in method.hyper}
    schedules = {n: _entries(method, n, v, int(steps)) for n, v in full.items()}
    letters = sorted(set().union(*(v.free_symbols for vs in schedules.values() for v in vs)), key=str)
    if CURVATURE in letters:
        raise BadHyperparameter(f"{method.name}: a hyperparameter cannot depend on the curvature λ itself")
    found = (_over_letters if letters else _over_rationals)(method, schedules, int(steps), letters)
    return sp.Poly(found, CURVATURE, domain="QQ") if not letters else sp.Poly(found, CURVATURE)


def residual_value(method: Method, steps: int, curvature: Any, **hyper: Any) -> sp.Rational:
    """p_k(λ) at one rational λ, exactly; numbers only. Raises what ``residual_polynomial`` raises."""
    schedules = {n: _entries(method, n, v, steps) for n, v in method.settings(hyper).items()}
    at = fraction(exact(curvature))
    line = flint.fmpq_poly([flint.fmpq(at.numerator, at.denominator)])
    found = _run(method, schedules, steps, line, _rational_constant)
    return sp.Rational(int(found[0].p), int(found[0].q))


def _entries(method: Method, name: str, value: Any, steps: int) -> list[sp.Expr]:
    many = list(value) if np.ndim(value) else [value] * max(steps, 1)
    if len(many) < steps:
        raise BadHyperparameter(f"{method.name}: the schedule of {name} has {len(many)} entries for {steps} steps")
    try:
        return [exact(v) for v in many]
    except TypeError as error:
        raise BadHyperparameter(f"{method.name}: {name} must be an exact number or a formula: {error}") from None


def _over_rationals(method: Method, schedules: dict[str, list[sp.Expr]], steps: int, letters: list[Any]) -> list[Any]:
    found = _run(method, schedules, steps, flint.fmpq_poly([0, 1]), _rational_constant)
    return [sp.Rational(int(c.p), int(c.q)) for c in reversed(found.coeffs())] or [sp.Integer(0)]


def _rational_constant(number: Any) -> Any:
    try:
        value = fraction(number)
    except (AttributeError, TypeError):
        raise NotLinear(f"{number!r} is no rational number") from None
    return flint.fmpq_poly([flint.fmpq(value.numerator, value.denominator)])


def _over_letters(method: Method, schedules: dict[str, list[sp.Expr]], steps: int, letters: list[Any]) -> sp.Expr:
    domain, curvature, *_ = field([CURVATURE, *letters], sp.QQ)

    def constant(number: Any) -> Any:
        try:
            return domain.from_expr(exact(number))
        except (ValueError, TypeError):
            raise BadHyperparameter(f"{number} is no rational formula") from None

    found = _run(method, schedules, steps, curvature, constant).as_expr()
    numerator, denominator = sp.fraction(found)
    if denominator.has(CURVATURE):
        raise NotLinear(f"{method.name} has a residual that is no polynomial in λ")
    return sp.cancel(numerator / denominator) if denominator != 1 else found


def _run(method: Method, schedules: dict[str, list[sp.Expr]], steps: int, lam: Any, constant: Any) -> Any:
    f = Line(Element(lam, constant))
    settings = [{n: Element(constant(vs[j]), constant) for n, vs in schedules.items()} for j in range(steps)]
    try:
        state = method.start(f, Element(constant(1), constant))
        for chosen in settings:
            state = method(f, *state, **chosen)
    except NotLinear as reason:
        raise NotLinear(f"{method.name} has no residual polynomial: {reason}") from None
    except ConvergenceError:
        raise
    except Exception as error:
        raise BadRule(f"{method.name} cannot be run on polynomials: {type(error).__name__}: {error}") from error
    return state[0].value if isinstance(state[0], Element) else constant(state[0])


@dataclass(frozen=True)
class Extremes:
    """The largest |p| over an interval, enclosed in [``lower``, ``upper``]; ``exact`` where it is attained at an end."""

    lower: sp.Rational
    upper: sp.Rational
    exact: sp.Rational | None


def extreme_values(poly: sp.Poly, low: Any, high: Any) -> Extremes:
    """The largest |p| over [low, high] for a polynomial over QQ, enclosed: its critical points are isolated by FLINT.

    Raises BadHyperparameter where the polynomial still has letters, or an end is no rational number.
    """
    if poly.free_symbols_in_domain or not poly.domain.is_Exact:
        raise BadHyperparameter(f"an exact worst case needs a number for {poly.free_symbols_in_domain}")
    ends = [fraction(exact(end)) for end in (low, high)]
    whole = flint.fmpq_poly([flint.fmpq(int(c.p), int(c.q)) for c in reversed(poly.all_coeffs())])
    at_ends = max(abs(whole(flint.fmpq(e.numerator, e.denominator))) for e in ends)
    inside = _interior(whole, [flint.fmpq(e.numerator, e.denominator) for e in ends])
    upper = max([at_ends, *(top for _, top in inside)])
    lower = max([at_ends, *(bottom for bottom, _ in inside)])
    first, last = (sp.Rational(int(v.p), int(v.q)) for v in (lower, upper))
    return Extremes(first, last, last if upper == at_ends else None)


def _interior(whole: Any, ends: list[Any]) -> list[tuple[Any, Any]]:
    """Enclosures of |p| at the critical points that lie, or may lie, between the ends."""
    slope = whole.derivative().numer()
    if slope.degree() < 1:
        return []
    before = flint.ctx.prec
    try:
        flint.ctx.prec = PRECISION + 8 * slope.degree() + max(int(c).bit_length() for c in slope.coeffs())
        return [_enclosed(whole, root.real) for root, _ in slope.complex_roots() if _between(root, ends)]
    finally:
        flint.ctx.prec = before


def _between(root: Any, ends: list[Any]) -> bool:
    return bool(root.imag.contains(0)) and not (root.real < flint.arb(ends[0]) or root.real > flint.arb(ends[1]))


def _enclosed(whole: Any, place: Any) -> tuple[Any, Any]:
    total = flint.arb(0)
    for c in reversed(whole.coeffs()):
        total = total * place + flint.arb(c)
    size = abs(total)
    return tuple(max(flint.fmpq(0), _rational(end)) for end in (size.abs_lower(), size.abs_upper()))


def _rational(end: Any) -> Any:
    mantissa, exponent = end.man_exp()
    return flint.fmpq(mantissa) * flint.fmpq(2) ** int(exponent)
