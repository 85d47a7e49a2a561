"""The residual polynomial p_k of a linear method, e_k = p_k(λ)·e_0 along a direction of curvature λ, and its extremes.

The iteration matrices are multiplied out in rational polynomials (FLINT), or in SymPy's fields where hyperparameters are
letters (Rutishauser 1959; d'Aspremont, Scieur and Taylor 2021, ch. 2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add, mul
from threading import Lock
from typing import Any

import flint
import numpy as np
import sympy as sp
from sympy.polys.fields import field

from convergence.algebra import cancelled
from convergence.crossing import exact, fraction
from convergence.errors import BadData, BadHyperparameter, NotLinear
from convergence.methods import as_method
from convergence.rule import Method
from convergence.schedule import as_schedule
from convergence.theory.symbols import CURVATURE
from convergence.theory.system import System, system_in_time

PRECISION = 64
"""Bits beyond those that a polynomial of its degree and size needs, in which extremes are enclosed."""

ONE_AT_A_TIME = Lock()
"""FLINT's precision is one for all threads of a process."""

Constant = Callable[[sp.Expr], Any]
Schedules = dict[str, list[sp.Expr]]


def residual_polynomial(m: Any, /, steps: int, **hyper: Any) -> sp.Poly:
    """The residual polynomial p_k of a linear method, exact: e_k = p_k(λ)·e_0 along a direction of curvature λ.

    Parameters
    ----------
    m
        A Method, its name, a preset or a plain rule. Its first state is its own: where a buffer begins (at zero, at the
        first gradient) changes p_k from k = 1 or 2 on.
    steps
        k, 0 or more.
    hyper
        Numbers (floats are the decimals that they print as), or sequences, used entry by entry; symbols, and those not
        given, stay letters in the coefficients.

    Returns
    -------
    A SymPy polynomial in λ over QQ, of degree k at most, with p_k(0) = 1 unless there is weight decay.

    Raises
    ------
    NotLinear
        Where the rule leads out of the polynomials.
    BadHyperparameter
        For wrong names.
    BadData
        For steps that are no whole number.

    >>> residual_polynomial("gradient_descent", 2, lr=1).as_expr()
    lambda**2 - 2*lambda + 1
    """
    method = as_method(m)
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or not 0 <= steps <= 10**6:
        raise BadData(f"steps must be a whole number from 0 to {10**6}; got {str(steps)[:60]}")
    method.require_known(hyper)
    full = {n: hyper.get(n, dict(method.defaults).get(n, method.symbols[n])) for n in method.hyper}
    schedules = {n: _entries(method, n, v, int(steps)) for n, v in full.items()}
    letters = sorted(set().union(*(v.free_symbols for vs in schedules.values() for v in vs)), key=str)
    if CURVATURE in letters:
        raise BadHyperparameter(f"{method.name}: a hyperparameter cannot depend on the curvature λ itself")
    if letters:
        return sp.Poly(_over_letters(method, schedules, int(steps), letters), CURVATURE)
    residual = _residual(system_in_time(method), schedules, int(steps), flint.fmpq_poly([0, 1]), _rational)
    coefficients = [_read(c) for c in reversed(residual.coeffs())]
    return sp.Poly(coefficients or [sp.Integer(0)], CURVATURE, domain="QQ")


def residual_value(method: Method, steps: int, curvature: Any, **hyper: Any) -> sp.Rational:
    """p_k(λ) at one rational λ, exactly; numbers only. Raises what ``residual_polynomial`` raises."""
    schedules = {n: _entries(method, n, v, steps) for n, v in method.settings(hyper).items()}
    return _read(_residual(system_in_time(method), schedules, steps, _rational(exact(curvature)), _rational)[0])


def _entries(method: Method, name: str, value: Any, steps: int) -> list[sp.Expr]:
    if callable(value) and not hasattr(value, "free_symbols"):
        value = as_schedule(value).values(max(steps, 1))
    many = list(value) if isinstance(value, list | tuple) or np.ndim(value) else [value] * max(steps, 1)
    if len(many) < steps:
        raise BadHyperparameter(f"{method.name}: the schedule of {name} has {len(many)} entries for {steps} steps")
    try:
        return [exact(v) for v in many]
    except TypeError as error:
        raise BadHyperparameter(f"{method.name}: {name} must be an exact number or a formula: {error}") from None


def _rational(number: sp.Expr) -> Any:
    return flint.fmpq_poly([_fmpq(number)])


def _fmpq(number: Any) -> Any:
    value = fraction(exact(number))
    return flint.fmpq(value.numerator, value.denominator)


def _read(value: Any) -> sp.Rational:
    return sp.Rational(int(value.p), int(value.q))


def _over_letters(method: Method, schedules: Schedules, steps: int, letters: list[sp.Symbol]) -> sp.Expr:
    domain, curvature, *_ = field([CURVATURE, *letters], sp.QQ)

    def constant(number: sp.Expr) -> Any:
        try:
            return domain.from_expr(number)
        except (ValueError, TypeError):
            raise BadHyperparameter(f"{number} is no rational formula") from None

    numerator, denominator = sp.fraction(
        _residual(system_in_time(method), schedules, steps, curvature, constant).as_expr()
    )
    if denominator.has(CURVATURE):
        raise NotLinear(f"{method.name} has a residual that is no polynomial in λ")
    return cancelled(numerator / denominator)


def _residual(derived: System, schedules: Schedules, steps: int, curvature: Any, constant: Constant) -> Any:
    """The position after the steps, begun at 1 with the minimiser at 0, in the ring of ``curvature`` and ``constant``."""
    if not derived.linear:
        raise NotLinear(f"{derived.name} is not linear in its state, so it has no residual polynomial")
    clock = derived.clock
    matrix = derived.matrix if clock is None else clock.matrix
    reading = {} if clock is None else {s: constant(v) for s, v in zip(clock.letters, clock.start, strict=True)}
    state = [_value(entry, {CURVATURE: curvature}, constant) for entry in derived.first]
    size, known, entries = len(state), None, []
    for step in range(steps):
        now = {derived.symbols[name]: constant(values[step]) for name, values in schedules.items()} | reading
        if now != known:
            entries = [_value(entry, {CURVATURE: curvature, **now}, constant) for entry in matrix]
            known = now
        state = [reduce(add, map(mul, entries[size * row : size * (row + 1)], state)) for row in range(size)]
        if clock is not None:
            reading = {s: _value(u, now, constant) for s, u in zip(clock.letters, clock.update, strict=True)}
    return state[0]


def _value(formula: sp.Expr, values: Mapping[sp.Symbol, Any], constant: Constant) -> Any:
    """A rational formula at elements of a ring."""
    if formula in values:
        return values[formula]
    if formula.is_Rational:
        return constant(formula)
    if formula.is_Pow and formula.exp.is_Integer:
        power = _value(formula.base, values, constant) ** abs(int(formula.exp))
        return power if formula.exp > 0 else _quotient(constant(sp.Integer(1)), power)
    if formula.is_Add or formula.is_Mul:
        return reduce(add if formula.is_Add else mul, (_value(part, values, constant) for part in formula.args))
    raise NotLinear(f"{formula} is not rational, so the rule leads out of the polynomials")


def _quotient(a: Any, b: Any) -> Any:
    if not isinstance(b, flint.fmpq_poly):
        return a / b
    if b.degree() != 0:
        raise NotLinear("it divides by something in λ, or by zero, so its residual is no polynomial")
    return a / b[0]


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
    ends = [_fmpq(end) for end in (low, high)]
    whole = flint.fmpq_poly([_fmpq(c) for c in reversed(poly.all_coeffs())])
    at_ends = max(abs(whole(end)) for end in ends)
    inside = _interior(whole, ends)
    upper = max([at_ends, *(top for _, top in inside)])
    lower = max([at_ends, *(bottom for bottom, _ in inside)])
    return Extremes(_read(lower), _read(upper), _read(upper) if upper == at_ends else None)


def _interior(whole: Any, ends: list[Any]) -> list[tuple[Any, Any]]:
    """Enclosures of |p| at the critical points that lie, or may lie, between the ends."""
    slope = whole.derivative().numer()
    if slope.degree() < 1:
        return []
    with ONE_AT_A_TIME:
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
    return tuple(max(flint.fmpq(0), _dyadic(end)) for end in (size.abs_lower(), size.abs_upper()))


def _dyadic(end: Any) -> Any:
    mantissa, exponent = end.man_exp()
    return flint.fmpq(mantissa) * flint.fmpq(2) ** int(exponent)
