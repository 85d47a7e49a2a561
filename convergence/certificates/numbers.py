"""Numbers of a claim: SymPy's algebraic numbers as polynomials in one of them, θ, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy.polys.constructor import construct_domain

from convergence.certificates.certificate import Number, Theta
from convergence.certificates.exact import Poly, Ring
from convergence.certificates.loop import Ratio, ring_of
from convergence.certificates.words import grounded
from convergence.crossing import exact, fraction
from convergence.errors import BadHyperparameter
from convergence.rule import Method

X, T = sp.symbols("x t")

NARROW = 400
"""θ is isolated in as many binary places: so near to zero a number of its field is told from it."""

DIGITS = 60
"""Decimal digits in which one algebraic number is told from another."""


@dataclass(frozen=True)
class Numbers:
    """A method at exact numbers, and the ``others`` of a claim: the parts of each by powers of θ, lowest first."""

    method: Method
    values: tuple[sp.Expr, ...]
    domain: Any
    theta: Theta | None
    hyper: Mapping[str, Number]
    others: tuple[Number, ...]

    @property
    def ring(self) -> Ring:
        """The ring in which a rule is run on these numbers."""
        return ring_of(self.method, ground="θ", **grounded(self.theta))

    def ratios(self, ring: Ring) -> dict[str, Ratio]:
        """The hyperparameters in the ring."""
        return {n: (ring.number(v), ring.constant(1)) for n, v in self.hyper.items()}

    def also(self, number: sp.Expr) -> Numbers:
        """The same with one more number among the others."""
        return _numbers(self.method, list(self.hyper), (*self.values, number))

    def poly(self, poly: Poly) -> sp.Poly:
        """A polynomial in λ as SymPy has it, over Q or Q(θ)."""
        rows = [[sp.QQ(c.numerator, c.denominator) for c in poly.ring.parts(part)] for part in poly.by("λ")]
        elements = [self.domain(row[::-1]) if self.theta else row[0] for row in reversed(rows)]
        return sp.Poly.from_list(elements, X, domain=self.domain)

    def parts(self, element: Any) -> Number:
        """The parts of an element of the domain."""
        return _parts([element] if self.theta is None else element.to_list()[::-1])

    def zeros(self, poly: Poly, low: Number, high: Number) -> Iterator[sp.Expr]:
        """The roots of a polynomial in λ between two numbers."""
        ends = [algebraic(end, self.theta).evalf(DIGITS) for end in (low, high)]
        rows = [[rational(c) for c in poly.ring.parts(part)] for part in poly.by("λ")]
        lifted = sum((c * X**k * T**j for k, row in enumerate(rows) for j, c in enumerate(row)), sp.Integer(0))
        theta = algebraic(("0", "1"), self.theta).evalf(DIGITS) if self.theta else 0
        over_q = lifted if self.theta is None else sp.resultant(lifted, _minimal(self.theta, T), T)
        for root in sp.Poly(over_q, X).sqf_part().real_roots():
            value = root.evalf(DIGITS)
            near = abs(lifted.subs({X: value, T: theta})) < sp.Float(10) ** (-DIGITS // 2)
            if near and ends[0] <= value <= ends[1]:
                yield root


def numbers(method: Method, hyper: Mapping[str, Any], others: Sequence[Any]) -> Numbers:
    """Read hyperparameters and other numbers exactly, floats as the decimals they print as.

    Raises BadHyperparameter for what is missing, unknown or no number, and for what is no real algebraic one.
    """
    given = method.settings(hyper)
    for name, value in given.items():
        if getattr(value, "ndim", 0):
            raise BadHyperparameter(f"{method.name}: a certificate takes one {name}, a number; got shape {value.shape}")
    return _numbers(method, list(given), (*map(exact, given.values()), *others))


def _numbers(method: Method, names: Sequence[str], values: tuple[sp.Expr, ...]) -> Numbers:
    for value in values:
        if value.free_symbols or not (value.is_algebraic and value.is_real):
            raise BadHyperparameter(
                f"a certificate needs real algebraic numbers (such as 9/10 or sqrt(2)); got {value}"
            )
    domain, theta = sp.QQ, None
    elements: Sequence[Any] = [sp.QQ(v.p, v.q) for v in values if v.is_Rational]
    if len(elements) < len(values):
        domain, elements = construct_domain([sp.radsimp(value) for value in values], extension=True)
        theta = _isolated(domain) if domain.is_Algebraic else None
    parts = [_parts([e] if theta is None else e.to_list()[::-1]) for e in elements]
    size = len(names)
    return Numbers(method, values, domain, theta, dict(zip(names, parts, strict=False)), tuple(parts[size:]))


def _parts(elements: Sequence[Any]) -> Number:
    return tuple(str(Fraction(int(c.numerator), int(c.denominator))) for c in elements) or ("0",)


def _isolated(domain: Any) -> Theta:
    modulus = sp.Poly([rational(c) for c in domain.mod.to_list()], X).monic()
    theta = domain.ext.as_expr().evalf(NARROW)
    low = sp.floor(theta * 2**NARROW)
    ends = {"low": str(sp.Rational(low - 1, 2**NARROW)), "high": str(sp.Rational(low + 1, 2**NARROW))}
    return Theta(modulus=tuple(str(c) for c in reversed(modulus.all_coeffs())), **ends)


def _minimal(theta: Theta, letter: sp.Symbol) -> sp.Expr:
    return sum((sp.Rational(c) * letter**k for k, c in enumerate(theta.modulus)), sp.Integer(0))


def rational(number: Any) -> sp.Rational:
    """A fraction, or an element of Q, as SymPy has it."""
    return sp.Rational(int(number.numerator), int(number.denominator))


def algebraic(parts: Sequence[str], theta: Theta | None) -> sp.Expr:
    """The number of a certificate: a fraction, a root written out, or which real root of which polynomial it is."""
    if theta is None or len(parts) < 2:
        return sp.Rational(parts[0])
    roots = sp.Poly(_minimal(theta, X), X).real_roots()
    near = (sp.Rational(theta.low) + sp.Rational(theta.high)) / 2
    root = min(roots, key=lambda r: abs((r - near).evalf(DIGITS)))
    number = sum((sp.Rational(c) * root**k for k, c in enumerate(parts)), sp.Integer(0))
    if number == root:
        return root
    roots = sp.Poly(sp.minimal_polynomial(number, X), X).real_roots()
    return min(roots, key=lambda r: abs((r - number).evalf(DIGITS)))


def interval(mu: Any, L: Any) -> tuple[sp.Expr, sp.Expr]:
    """The ends of the spectrum, exactly. Raises BadHyperparameter unless 0 < mu ≤ L, finite."""
    low, high = one_number("mu", mu), one_number("L", L)
    if not (low.is_positive and (high - low).is_nonnegative and high < 10**300):
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


def one_fraction(name: str, given: Any) -> Fraction:
    """One rational number. Raises BadHyperparameter for anything else."""
    number = one_number(name, given)
    if not number.is_Rational:
        raise BadHyperparameter(f"an optimum is certified at rational numbers; got {name}={given}")
    return fraction(number)
