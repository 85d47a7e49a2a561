"""Stability and rates for all curvatures of an interval, and the radius at one: proofs and counterexamples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import mpmath
import sympy as sp

from convergence.certificates.certificate import SCHEMA, Enclosure, OnInterval, Square
from convergence.certificates.claims import Radius, Rate, Stable
from convergence.certificates.exact import Doubt, Poly, bernstein, violation
from convergence.certificates.facts import within
from convergence.certificates.loop import Loop, Pole, Restless, conditions, run
from convergence.certificates.numbers import Numbers, Parts, interval, numbers, one_number, rational
from convergence.certificates.proof import Proof
from convergence.crossing import fraction
from convergence.errors import BadHyperparameter, NotLinear
from convergence.rule import Method
from convergence.theory.system import require_rational, system

QUICK = 10
"""Halvings after which a multiple root is suspected."""

WIDTH = Fraction(1, 10**31)
"""An enclosure is twice as wide, in parts of 1 + radius, where the radius is no rational number."""

SHORT = 10**12
"""A radius with a denominator up to this is recognised as rational."""


def stable(claim: Stable) -> Proof:
    """Whether the radius is below 1 for every λ in [mu, L]; the counterexample is a λ where it is not."""
    return _decided(claim, "stable", sp.Integer(1))


def rate(claim: Rate) -> Proof:
    """Whether the radius is at most the rate for every λ in [mu, L]; the counterexample is a λ where it is larger."""
    bound = one_number("rate", claim.rate)
    if bound.is_negative:
        raise BadHyperparameter(f"a rate is a spectral radius, so not negative; got {claim.rate!r}")
    return _decided(claim, "rate", bound)


def _decided(claim: Stable | Rate, kind: Any, bound: sp.Expr) -> Proof:
    given = numbers(claim.method, claim.hyper, [*interval(claim.mu, claim.L), bound])
    squares: list[Square] = []
    try:
        place = _violated(given, kind == "rate", squares)
    except Pole:
        place = given.others[0]
    if isinstance(place, sp.Expr):
        given = given.also(place)
        place = given.others[3]
    mu, L, radius = map(_kept, given.others[:3])
    certificate = OnInterval(
        schema=SCHEMA,
        method=claim.method.name,
        kind=kind,
        holds=place is None,
        field=given.theta,
        hyper={n: _kept(v) for n, v in given.hyper.items()},
        mu=mu,
        L=L,
        rate=radius,
        place=None if place is None else _kept(place),
        squares=tuple(squares) if place is None else (),
    )
    return Proof(certificate, claim.method)


def reached(
    method: Method, hyper: Mapping[str, Fraction], rate: Fraction, mu: Fraction, L: Fraction
) -> tuple[Square, ...] | None:
    """Whether the radius is at most the rate on [μ, L]: the squares that a proof needs, or None."""
    given = numbers(method, hyper, [*map(rational, (mu, L, rate))])
    squares: list[Square] = []
    try:
        found = _violated(given, True, squares)
        return tuple(squares) if found is None else None
    except Doubt:
        return None


def _kept(parts: Sequence[Fraction]) -> tuple[str, ...]:
    return tuple(map(str, parts))


def looped(method: Method, curvature: Poly, hyper: Any) -> Loop:
    """The rule run on letters; where it is not one linear formula, the system that theory derived (which is linearised)."""
    try:
        return run(method, curvature, hyper)
    except Pole:
        raise
    except Restless as doubt:
        raise NotLinear(f"{method.name} has no iteration matrix: {doubt}") from None
    except Doubt:
        inserted = [_inserted(part, [curvature, *(above for above, _ in hyper.values())]) for part in _derived(method)]
        first = inserted[0]
        return Loop((first * 0 + 1, *(a * first**k for k, a in enumerate(inserted[1:]))), first, (), ())


@cache
def _derived(method: Method) -> tuple[sp.Poly, ...]:
    """The coefficients of the characteristic polynomial over one denominator: that is the first of them."""
    derived = system(method)
    require_rational(derived)
    below = sp.lcm_list([sp.denom(sp.cancel(c)) for c in derived.characteristic.all_coeffs()])
    return tuple(sp.Poly(sp.cancel(c * below), *derived.symbols.values()) for c in derived.characteristic.all_coeffs())


def _inserted(poly: sp.Poly, values: Sequence[Poly]) -> Poly:
    total = values[0] * 0
    for exponents, c in poly.terms():
        part = total * 0 + fraction(c)
        for value, power in zip(values, exponents, strict=True):
            part = part * value**power
        total = total + part
    return total


def _violated(given: Numbers, closed: bool, squares: list[Square]) -> Parts | sp.Expr | None:
    """A λ at which a pole or a root outside the disc lies; None where nowhere, with the squares that the proof needs."""
    ring = given.ring
    mu, L, radius = map(ring.number, given.others[:3])
    loop = looped(given.method, ring.letter("λ") if L - mu else mu, given.ratios(ring))
    for poly in (loop.scale, *loop.divisors):
        pole = None if poly.is_constant else next(given.zeros(poly, *given.others[:2]), None)
        if pole is not None:
            return pole
    for place, poly in enumerate(conditions(loop, (radius, ring.constant(1)), closed)):
        found = _Sign(given, poly, mu, L, closed).violation()
        if isinstance(found, Square):
            squares.append(found.model_copy(update={"place": place}))
        elif found is not None:
            return found
    return None


@dataclass(frozen=True)
class _Sign:
    """The question where on an interval a polynomial in λ is negative (``closed``), or not positive."""

    given: Numbers
    poly: Poly
    low: Poly
    high: Poly
    closed: bool

    def violation(self) -> Parts | sp.Expr | Square | None:
        """A place; a square that divides the polynomial, where the sign needs it; None where there is none."""
        try:
            return self._place(self.poly, QUICK)
        except Doubt:
            if self.closed:
                return self._beside_square()
        zero = next(self.given.zeros(self.poly, *self.given.others[:2]), None)
        return self._place(self.poly) if zero is None else zero

    def _place(self, poly: Poly, *halvings: int) -> Parts | None:
        width = self.high - self.low
        found = violation(bernstein(poly.by("λ"), self.low, width), poly.ring.holds, not self.closed, *halvings)
        return None if found is None else tuple(c.value for c in (self.low + width * found).by("θ"))

    def _beside_square(self) -> Parts | Square | None:
        factors = self.given.poly(self.poly).sqf_list()[1]
        root = sp.prod([factor.monic() ** (times // 2) for factor, times in factors if times > 1])
        if not isinstance(root, sp.Poly):
            return self._place(self.poly)
        parts = [self.given.parts(c) for c in reversed(root.rep.to_list())]
        ring = self.poly.ring
        factor = sum((ring.number(c) * ring.letter("λ", k) for k, c in enumerate(parts)), ring.constant(0))
        rest = self.poly.divided(factor * factor)
        place = None if rest is None else self._place(rest)
        return Square(place=0, factor=tuple(map(_kept, parts))) if place is None else place


def radius(claim: Radius) -> Proof:
    """Enclose the radius. The claim that it lies in the enclosure then holds; it fails where there is no matrix."""
    given = numbers(claim.method, claim.hyper, [one_number("curvature", claim.curvature)])
    ring = given.ring
    here = ring.number(given.others[0])
    ends: tuple[Fraction | None, Fraction | None] = None, None
    with suppress(Pole):
        ends = _enclosure(given, looped(claim.method, here, given.ratios(ring)), here)
    certificate = Enclosure(
        schema=SCHEMA,
        method=claim.method.name,
        kind="radius",
        holds=ends[0] is not None,
        field=given.theta,
        hyper={n: _kept(v) for n, v in given.hyper.items()},
        curvature=_kept(given.others[0]),
        lower=None if ends[0] is None else str(ends[0]),
        upper=None if ends[1] is None else str(ends[1]),
    )
    return Proof(certificate, claim.method)


def _enclosure(given: Numbers, loop: Loop, here: Poly) -> tuple[Fraction, Fraction]:
    """Of the largest root, in decimals, and exactly where it is a short fraction; confirmed by disc tests."""
    lifted = sum((c * here.ring.letter("λ", k) for k, c in enumerate(reversed(loop.characteristic))), here * 0)
    with mpmath.workdps(80):
        single = [_mpf(c) for c in given.poly(lifted).sqf_part().all_coeffs()]
        scale = abs(_mpf(given.poly(loop.scale).all_coeffs()[0]))
        found = max((abs(root) for root in mpmath.polyroots(single, maxsteps=500, extraprec=400)), default=0) / scale
        middle = Fraction(str(mpmath.nstr(found, 60)))
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


def _inside(loop: Loop, radius: Fraction, here: Poly, closed: bool) -> bool:
    one = here.ring.constant(1)
    try:
        return bool(within(loop, (one * radius, one), here, here, closed=closed))
    except Doubt:
        return False


def simplest(low: Fraction, high: Fraction) -> Fraction:
    """The fraction with the smallest denominator in [low, high], by Stern's and Brocot's tree."""
    whole = -(-low.numerator // low.denominator)
    if whole <= high:
        return Fraction(whole)
    below = whole - 1
    return below + 1 / simplest(1 / (high - below), 1 / (low - below))
