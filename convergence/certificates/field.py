"""SymPy numbers go in; exact numbers that add, divide and know their sign come out: fractions, or elements of Q(θ).

An element of a real number field is a polynomial in θ, reduced by θ's minimal polynomial. It is zero exactly where that
polynomial is; any other sign is decided by ball arithmetic, with as many bits as it takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sympy as sp
from flint import arb, ctx, fmpq, fmpq_poly
from sympy.polys.constructor import construct_domain

from convergence.crossing import exact
from convergence.errors import BadHyperparameter

Scalar = Any
"""An ``fmpq``, or an ``Algebraic``."""

BITS = (64, 128, 256, 512, 1024, 4096, 16384)
"""Precisions that are tried in turn: a sign that is not zero shows at one of them."""

ISOLATING = 40
"""Digits to which θ is known at first: it is refined from there."""


@dataclass(frozen=True)
class Field:
    """Q(θ): the minimal polynomial of θ, lowest coefficient first, and an interval that holds no other real root of it."""

    modulus: tuple[fmpq, ...]
    low: fmpq
    high: fmpq

    @property
    def degree(self) -> int:
        return len(self.modulus) - 1

    def element(self, coefficients: Sequence[Any]) -> Scalar:
        """The number Σ cₖ θᵏ."""
        return _reduced(self, fmpq_poly([fmpq(c) for c in coefficients]))

    def data(self) -> dict[str, Any]:
        """The field in words that JSON can hold."""
        return {"modulus": [str(c) for c in self.modulus], "low": str(self.low), "high": str(self.high)}


@dataclass(frozen=True, eq=False)
class Algebraic:
    """An irrational element of a field, with the operations of a number."""

    field: Field
    poly: fmpq_poly

    def __add__(self, other: Any) -> Scalar:
        return _reduced(self.field, self.poly + _poly(other))

    def __mul__(self, other: Any) -> Scalar:
        return _reduced(self.field, self.poly * _poly(other))

    def __neg__(self) -> Scalar:
        return Algebraic(self.field, -self.poly)

    def __sub__(self, other: Any) -> Scalar:
        return _reduced(self.field, self.poly - _poly(other))

    def __rsub__(self, other: Any) -> Scalar:
        return _reduced(self.field, _poly(other) - self.poly)

    def __truediv__(self, other: Any) -> Scalar:
        return self * _inverse(self.field, _poly(other))

    def __rtruediv__(self, other: Any) -> Scalar:
        return _reduced(self.field, _poly(other) * _inverse(self.field, self.poly)._poly_of())

    def _poly_of(self) -> fmpq_poly:
        return self.poly

    __radd__ = __add__
    __rmul__ = __mul__


def _poly(number: Any) -> fmpq_poly:
    return number.poly if isinstance(number, Algebraic) else fmpq_poly([fmpq(number)])


def _reduced(field: Field, poly: fmpq_poly) -> Scalar:
    poly = poly % _modulus(field)
    return poly[0] if poly.degree() < 1 else Algebraic(field, poly)


def _inverse(field: Field, poly: fmpq_poly) -> Algebraic:
    return Algebraic(field, poly.xgcd(_modulus(field))[1])


@cache
def _modulus(field: Field) -> fmpq_poly:
    return fmpq_poly(list(field.modulus))


def sign(number: Scalar) -> int:
    """−1, 0 or 1, exactly."""
    if isinstance(number, Algebraic):
        ball = enclosed(number)
        return 1 if ball > 0 else -1
    return int(number > 0) - int(number < 0)


def enclosed(number: Scalar, bits: int = 0) -> arb:
    """A ball around the number that does not hold zero, unless the number is zero; ``bits`` more than that needs."""
    if not isinstance(number, Algebraic):
        with ctx.workprec(max(64, bits)):
            return arb(number)
    for precision in BITS:
        with ctx.workprec(precision + bits):
            ball = _evaluated(number.poly, _theta(number.field, precision + bits))
            if ball > 0 or ball < 0:
                return ball
    raise ArithmeticError("an algebraic number that is not zero could not be told from zero")


def _evaluated(poly: fmpq_poly, at: arb) -> arb:
    total = arb(0)
    for coefficient in reversed(poly.coeffs()):
        total = total * at + arb(coefficient)
    return total


def real_roots(poly: fmpq_poly) -> list[arb]:
    """Balls around the real roots, at the precision of the moment."""
    found: list[Any] = poly.numer().complex_roots()
    return [root.real for root, _ in found if root.imag == 0]


@cache
def _theta(field: Field, bits: int) -> arb:
    """θ as a ball of about this precision: the one real root in its interval."""
    poly = _modulus(field)
    with ctx.workprec(bits + 32):
        inside = [root for root in real_roots(poly) if root > arb(field.low) and root < arb(field.high)]
    if len(inside) != 1:
        raise ArithmeticError(f"expected one root between {field.low} and {field.high}; found {len(inside)}")
    return inside[0]


def rational(value: Any) -> fmpq:
    """A SymPy rational as flint has it."""
    return fmpq(*_ratio(value))


def numbers(values: Sequence[Any]) -> tuple[Field | None, tuple[Scalar, ...]]:
    """Exact numbers in one field: None and fractions where all are rational.

    Floats are read as the decimals they print as. Raises BadHyperparameter for what is no real algebraic number.
    """
    read = [exact(value) for value in values]
    if all(value.is_Rational for value in read):
        return None, tuple(rational(value) for value in read)
    for value in read:
        if value.free_symbols or not (value.is_algebraic and value.is_real):
            raise BadHyperparameter(
                f"a certificate needs real algebraic numbers (such as 9/10 or sqrt(2)); got {value}"
            )
    domain, elements = construct_domain([sp.radsimp(value) for value in read], extension=True)
    if not domain.is_Algebraic:
        return None, tuple(rational(sp.Rational(value)) for value in elements)
    field = _field(domain)
    return field, tuple(field.element([_plain(c) for c in reversed(e.to_list())] or [0]) for e in elements)


def _plain(number: Any) -> fmpq:
    return fmpq(int(number.numerator), int(number.denominator))


def _field(domain: Any) -> Field:
    modulus = tuple(_plain(c) for c in reversed(domain.mod.to_list()))
    theta = fmpq(*_ratio(sp.Rational(str(domain.ext.as_expr().evalf(ISOLATING)))))
    with ctx.workprec(BITS[2]):
        balls = real_roots(fmpq_poly(list(modulus)))
    roots = sorted(_middle(ball) for ball in balls)
    place = min(range(len(roots)), key=lambda k: abs(roots[k] - theta))
    low = (roots[place - 1] + roots[place]) / 2 if place else roots[place] - 1
    high = (roots[place + 1] + roots[place]) / 2 if place + 1 < len(roots) else roots[place] + 1
    return Field(modulus, as_fraction_between(low, roots[place]), as_fraction_between(roots[place], high))


def _ratio(number: sp.Rational) -> tuple[int, int]:
    return int(number.p), int(number.q)


def _middle(ball: arb) -> fmpq:
    mantissa, power = ball.mid().man_exp()
    return fmpq(mantissa) * fmpq(2) ** int(power)


def as_data(number: Scalar) -> list[str]:
    """A number as JSON holds it: the coefficients of its polynomial in θ, lowest first."""
    return [str(c) for c in number.poly.coeffs()] if isinstance(number, Algebraic) else [str(number)]


def as_fraction_between(low: Scalar, high: Scalar) -> fmpq:
    """A short fraction strictly between two numbers."""
    for bits in (8, 32, 64, *BITS[1:]):
        ends = [_approximate(end, bits) for end in (low, high)]
        middle = (ends[0] + ends[1]) / 2
        short = fmpq((middle * 2**bits).floor(), 2**bits)
        for guess in (short, middle):
            if sign(guess - low) > 0 and sign(high - guess) > 0:
                return guess
    raise ArithmeticError("two numbers are too close for a fraction between them")


def _approximate(number: Scalar, bits: int) -> fmpq:
    if not isinstance(number, Algebraic):
        return fmpq(number)
    return _middle(enclosed(number, bits))
