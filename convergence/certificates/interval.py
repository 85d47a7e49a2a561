"""Stability and rates for all curvatures of an interval, and the radius at one: proofs and counterexamples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import cache
from typing import Any

import mpmath
import sympy as sp

from convergence.certificates.certificate import Number, OnInterval, Sign
from convergence.certificates.check import within
from convergence.certificates.exact import Doubt, Poly
from convergence.certificates.loop import Loop, Pole, Restless, run
from convergence.certificates.numbers import Numbers, interval, numbers, one_number, rational
from convergence.certificates.proof import Proof
from convergence.certificates.subdivision import HALVINGS, cuts
from convergence.crossing import fraction
from convergence.errors import BadHyperparameter, NotLinear
from convergence.rule import Method
from convergence.theory.rational import require_rational
from convergence.theory.system import system

QUICK = 10
"""Halvings after which a multiple root is suspected."""

WIDTH = Fraction(1, 10**31)
"""An enclosure is twice as wide, in parts of 1 + radius, where the radius is no rational number."""

ONE: Number = ("1",)
"""A denominator."""

SHORT = 10**12
"""A radius with a denominator up to this is recognised as rational."""


def stable(method: Method, mu: Any, L: Any, hyper: Mapping[str, Any]) -> Proof:
    """Whether the radius is below 1 for every λ in [mu, L]; the counterexample is a λ where it is not."""
    return _decided("stable", numbers(method, hyper, [*interval(mu, L), sp.Integer(1)]))


def rate(method: Method, bound: Any, mu: Any, L: Any, hyper: Mapping[str, Any]) -> Proof:
    """Whether the radius is at most the rate for every λ in [mu, L]; the counterexample is a λ where it is larger."""
    number = one_number("rate", bound)
    if number.is_negative:
        raise BadHyperparameter(f"a rate is a spectral radius, so not negative; got {bound!r}")
    return _decided("rate", numbers(method, hyper, [*interval(mu, L), number]))


def _decided(kind: Any, given: Numbers) -> Proof:
    found = _violation(given, kind == "rate")
    if isinstance(found, list):
        return _proof(kind, given, None, signs=tuple(found))
    if isinstance(found, sp.Expr):
        given = given.also(found)
    return _proof(kind, given, given.others[3] if isinstance(found, sp.Expr) else found)


def _proof(kind: Any, given: Numbers, place: Number | None, **known: Any) -> Proof:
    mu, L, bound, *_ = given.others
    return Proof(
        OnInterval(
            method=given.method.name,
            kind=kind,
            holds=not place,
            ground=given.theta,
            hyper={n: (v, ONE) for n, v in given.hyper.items()},
            place=place,
            **({"mu": mu, "L": L, "rate": (bound, ONE)} | known),
        ),
        given.method,
    )


def reached(
    method: Method, hyper: Mapping[str, Fraction], bound: Fraction, mu: Fraction, L: Fraction
) -> tuple[Sign, ...] | None:
    """Whether the radius is at most the bound on [μ, L]: what shows it, or None."""
    with suppress(Doubt):
        found = _violation(numbers(method, hyper, [*map(rational, (mu, L, bound))]), True)
        return tuple(found) if isinstance(found, list) else None
    return None


def looped(method: Method, curvature: Poly, hyper: Any) -> Loop:
    """The rule run on letters; where it is not one linear formula, the system that theory derived (which is linearised)."""
    try:
        return run(method, curvature, hyper)
    except Pole:
        raise
    except Restless as doubt:
        raise NotLinear(f"{method.name} has no iteration matrix: {doubt}") from None
    except Doubt:
        given = [curvature, *(v for v, _ in hyper.values())]
        characteristic = tuple(_inserted(part, given) for part in _derived(method))
        return Loop(characteristic, characteristic[:1])


@cache
def _derived(method: Method) -> tuple[sp.Poly, ...]:
    """The coefficients of the characteristic polynomial over one denominator: that is the first of them."""
    derived = system(method)
    require_rational(derived)
    coefficients = derived.characteristic.all_coeffs()
    below = sp.lcm_list([sp.denom(sp.cancel(c)) for c in coefficients])
    return tuple(sp.Poly(sp.cancel(c * below), *derived.symbols.values()) for c in coefficients)


def _inserted(poly: sp.Poly, values: Sequence[Poly]) -> Poly:
    total = values[0] * 0
    for exponents, c in poly.terms():
        part = total + fraction(c)
        for value, power in zip(values, exponents, strict=True):
            part = part * value**power
        total = total + part
    return total


def _violation(given: Numbers, closed: bool) -> Number | sp.Expr | list[Sign]:
    """A λ at which a pole or a root outside the disc lies; where there is none, what shows that."""
    ring = given.ring
    mu, L, radius = map(ring.number, given.others[:3])
    try:
        loop = looped(given.method, ring.letter("λ") if L - mu else mu, given.ratios(ring))
    except Pole:
        return given.others[0]
    for poly in loop.divisors:
        pole = None if poly.is_constant else next(given.zeros(poly, *given.others[:2]), None)
        if pole is not None:
            return pole
    signs, conditions = list[Sign](), loop.conditions((radius, ring.constant(1)), closed)
    for place, poly in enumerate((*loop.divisors, *conditions)):
        divisor = place < len(loop.divisors)
        found = _decision(given, poly, divisor or not closed, turned=divisor)
        if not isinstance(found, Sign):
            return found
        signs += [found.model_copy(update={"place": place})] if found.cuts or found.square else []
    return signs


def _decision(given: Numbers, poly: Poly, strict: bool, **turned: bool) -> Number | sp.Expr | Sign:
    """Why a polynomial is not negative, or (``strict``) positive; or a λ where it is not."""
    low, high = map(poly.ring.number, given.others[:2])

    def decided(poly: Poly, halvings: int = HALVINGS, **square: Any) -> Number | Sign:
        found = cuts(poly, low, high, strict, halvings, **turned)
        if isinstance(found, Fraction):
            return tuple(map(str, poly.ring.parts(low + (high - low) * found)))
        return Sign(place=0, cuts=found, **square)

    with suppress(Doubt):
        return decided(poly, QUICK)
    if strict:
        zero = next(given.zeros(poly, *given.others[:2]), None)
        return decided(poly) if zero is None else zero
    whole = given.poly(poly)
    factor = sp.prod([f.monic() ** (times // 2) for f, times in whole.sqf_list()[1]], start=whole.one)
    square = tuple(tuple(given.parts(c) for c in reversed(p.rep.to_list())) for p in (factor, whole.quo(factor**2)))
    if factor.degree() > 0 and isinstance(found := decided(poly.ring.polynomial(square[1]), square=square), Sign):
        return found
    return decided(poly)


def radius(method: Method, curvature: Any, hyper: Mapping[str, Any]) -> Proof:
    """Enclose the radius. The claim that it lies in the enclosure then holds; it fails where there is no matrix."""
    place = one_number("curvature", curvature)
    given = numbers(method, hyper, [place, place, sp.Integer(0)])
    here = given.ring.number(given.others[0])
    try:
        low, high = _enclosure(given, looped(method, here, given.ratios(here.ring)), here)
    except Pole:
        return _proof("radius", given, given.others[0])
    return _proof("radius", given, None, lower=str(low), rate=((str(high),), ONE))


def _enclosure(given: Numbers, loop: Loop, here: Poly) -> tuple[Fraction, Fraction]:
    """Of the largest root, in decimals, and exactly where it is a short fraction; confirmed by disc tests."""
    lifted = sum((c * here.ring.letter("λ") ** k for k, c in enumerate(reversed(loop.characteristic))), here * 0)
    with mpmath.workdps(80):
        single = [_mpf(c) for c in given.poly(lifted).sqf_part().all_coeffs()]
        largest = max((abs(root) for root in mpmath.polyroots(single, maxsteps=500, extraprec=400)), default=0)
        middle = Fraction(str(mpmath.nstr(largest, 60)))
    margin = WIDTH * (1 + middle)
    low, high = max(middle - margin, Fraction(0)), middle + margin
    guess = simplest(low, high)
    if guess.denominator <= SHORT and _inside(loop, guess, here, True) and not _inside(loop, guess, here, False):
        return guess, guess
    if not _inside(loop, high, here, True) or (low and _inside(loop, low, here, False)):
        raise ArithmeticError(f"the enclosure [{low}, {high}] was not confirmed")
    return low, high


def _mpf(number: sp.Expr) -> Any:
    return mpmath.mpf(number.evalf(80)._mpf_) if number else mpmath.mpf(0)


def _inside(loop: Loop, bound: Fraction, here: Poly, closed: bool) -> bool:
    one = here.ring.constant(1)
    with suppress(Doubt):
        return bool(within(loop, (one * bound, one), here, here, closed=closed))
    return False


def simplest(low: Fraction, high: Fraction) -> Fraction:
    """The fraction with the smallest denominator in [low, high], by Stern's and Brocot's tree."""
    whole = -(-low.numerator // low.denominator)
    if whole <= high:
        return Fraction(whole)
    below = whole - 1
    return below + 1 / simplest(1 / (high - below), 1 / (low - below))
