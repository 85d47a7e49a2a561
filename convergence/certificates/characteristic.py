"""A method and exact settings go in; its characteristic polynomial comes out, with coefficients in λ over one field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, repeat
from typing import Any

import sympy as sp
from flint import fmpq

from convergence.certificates.field import Field, Scalar, numbers, rational
from convergence.certificates.poles import poles
from convergence.certificates.univariate import Poly, trimmed, value
from convergence.crossing import exact
from convergence.errors import BadHyperparameter
from convergence.rule import Method
from convergence.theory.dynamics import dynamics, require_rational

Terms = tuple[tuple[tuple[int, ...], fmpq], ...]
"""A polynomial in λ and the hyperparameters: exponents and coefficient of each term."""


@cache
def terms(method: Method) -> tuple[Terms, ...]:
    """The coefficients of the characteristic polynomial, highest first, over one denominator: that is the first of them."""
    derived = dynamics(method)
    require_rational(derived)
    coefficients = [sp.fraction(sp.cancel(c)) for c in derived.characteristic.all_coeffs()]
    below = sp.Integer(1)
    for _, denominator in coefficients:
        below = sp.lcm(below, denominator)
    letters = tuple(derived.symbols.values())
    cleared = [sp.cancel(above * below / denominator) for above, denominator in coefficients]
    return tuple(_terms(sp.Poly(c, *letters)) for c in cleared)


@cache
def divisors(method: Method) -> tuple[Terms, ...]:
    """The polynomials by which the rule divides, but for the factors of the common denominator of ``terms``."""
    letters = tuple(dynamics(method).symbols.values())
    first = sum((sp.Rational(int(c.p), int(c.q)) * _monomial(letters, e) for e, c in terms(method)[0]), sp.Integer(0))
    known = {factor for factor, _ in sp.factor_list(first)[1]}
    return tuple(_terms(sp.Poly(factor, *letters)) for factor in poles(method) if factor not in known)


def _monomial(letters: Sequence[sp.Symbol], exponents: Sequence[int]) -> sp.Expr:
    return sp.prod([letter**power for letter, power in zip(letters, exponents, strict=True)])


def _terms(poly: sp.Poly) -> Terms:
    return tuple((exponents, rational(coefficient)) for exponents, coefficient in poly.terms())


@dataclass(frozen=True)
class Characteristic:
    """det(zI − A) times its denominator, at exact hyperparameters: ``coefficients``, highest first, are polynomials in λ.

    The first of them is the denominator: where it is zero, the method has no iteration matrix. Nor has it where one of
    ``divisors`` is, what the rule divides by though it cancels in the polynomial.
    """

    field: Field | None
    coefficients: tuple[tuple[Scalar, ...], ...]
    divisors: tuple[tuple[Scalar, ...], ...] = ()

    @property
    def degree(self) -> int:
        return len(self.coefficients) - 1

    def at(self, curvature: Scalar) -> Characteristic:
        """The same at one curvature: constants."""
        there = [tuple((value(list(p), curvature),) for p in held) for held in (self.coefficients, self.divisors)]
        return Characteristic(self.field, *there)


def characteristic(method: Method, settings: Mapping[str, Scalar], field: Field | None) -> Characteristic:
    """The characteristic polynomial with these numbers for the hyperparameters."""
    parts, below = terms(method), divisors(method)
    every = [exponents for part in (*parts, *below) for exponents, _ in part]
    highest = [max(exponents[k] for exponents in every) for k in range(len(settings) + 1)]
    powers = [_powers(number, top) for number, top in zip(settings.values(), highest[1:], strict=True)]
    inserted = [tuple(tuple(_in_curvature(part, powers)) for part in held) for held in (parts, below)]
    return Characteristic(field, *inserted)


def _powers(number: Scalar, count: int) -> list[Scalar]:
    return list(accumulate(repeat(number, count), lambda a, b: a * b, initial=fmpq(1)))


def _in_curvature(part: Terms, powers: Sequence[Sequence[Scalar]]) -> Poly:
    result: Poly = [fmpq(0)] * (1 + max((exponents[0] for exponents, _ in part), default=0))
    for (degree, *exponents), coefficient in part:
        product: Scalar = coefficient
        for power, exponent in zip(powers, exponents, strict=True):
            product = product * power[exponent] if exponent else product
        result[degree] = result[degree] + product
    return trimmed(result) or [fmpq(0)]


@dataclass(frozen=True)
class Setting:
    """A method at exact numbers: its characteristic polynomial and the other numbers of a claim, all in one field."""

    method: Method
    hyper: dict[str, sp.Expr]
    settings: dict[str, Scalar]
    characteristic: Characteristic
    others: tuple[Scalar, ...]


def setting(method: Method, hyper: Mapping[str, Any], others: Sequence[Any]) -> Setting:
    """Read hyperparameters and other numbers exactly. Raises BadHyperparameter for what is missing, unknown or no number."""
    given = {name: exact(value) for name, value in _scalars(method, hyper).items()}
    field, found = numbers([*given.values(), *others])
    settings = dict(zip(given, found[: len(given)], strict=True))
    return Setting(method, given, settings, characteristic(method, settings, field), found[len(given) :])


def _scalars(method: Method, hyper: Mapping[str, Any]) -> dict[str, Any]:
    settings = method.settings(hyper)
    for name, given in settings.items():
        if getattr(given, "ndim", 0):
            raise BadHyperparameter(f"{method.name}: a certificate takes one {name}, a number; got shape {given.shape}")
    return settings


def interval(mu: Any, L: Any) -> tuple[sp.Expr, sp.Expr]:
    """The ends of the spectrum, exactly. Raises BadHyperparameter unless 0 < mu ≤ L, finite."""
    low, high = one_number("mu", mu), one_number("L", L)
    if not (low.is_positive and (high - low).is_nonnegative):
        raise BadHyperparameter(f"expected 0 < mu ≤ L, finite; got mu={mu!r}, L={L!r}")
    return low, high


def one_number(name: str, given: Any) -> sp.Expr:
    """One real number, exactly. Raises BadHyperparameter for anything else."""
    try:
        number = exact(given)
    except TypeError:
        number = sp.nan
    if not isinstance(number, sp.Expr) or number.free_symbols or not (number.is_finite and number.is_real):
        raise BadHyperparameter(f"expected a finite real number for {name}; got {given!r}")
    return number
