"""Numbers of a claim: SymPy's algebraic numbers as polynomials in one of them, θ, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy.polys.constructor import construct_domain

from convergence.certificates.certificate import Theta
from convergence.certificates.exact import Poly, Ring
from convergence.certificates.loop import Ratio, ring_of
from convergence.crossing import exact, fraction
from convergence.errors import BadHyperparameter
from convergence.rule import Method

X = sp.Symbol("x")

NARROW = sp.Rational(1, 2**64)
"""The interval that isolates θ is not longer."""

DIGITS = 60
"""Decimal digits in which one algebraic number is told from another."""

Parts = tuple[Fraction, ...]


@dataclass(frozen=True)
class Numbers:
    """A method at exact numbers, and the ``others`` of a claim: the parts of each by powers of θ, lowest first."""

    method: Method
    values: tuple[sp.Expr, ...]
    domain: Any
    theta: Theta | None
    hyper: Mapping[str, Parts]
    others: tuple[Parts, ...]

    @property
    def ring(self) -> Ring:
        """The ring in which a rule is run on these numbers."""
        return ring_of(self.method, ground="θ", **isolating(self.theta))

    def ratios(self, ring: Ring) -> dict[str, Ratio]:
        """The hyperparameters in the ring."""
        return {n: (ring.number(v), ring.constant(1)) for n, v in self.hyper.items()}

    def also(self, number: sp.Expr) -> Numbers:
        """The same with one more number among the others."""
        return _numbers(self.method, list(self.hyper), (*self.values, number))

    def exact(self, parts: Sequence[Fraction]) -> sp.Expr:
        """The number that has these parts."""
        return algebraic(tuple(map(str, parts)), self.theta)

    def poly(self, poly: Poly) -> sp.Poly:
        """A polynomial in λ as SymPy has it, over Q or Q(θ)."""
        rows = [[rational(c.value) for c in part.by("θ")] for part in poly.by("λ")]
        if self.theta is None:
            return sp.Poly([row[0] for row in reversed(rows)], X, domain=sp.QQ)
        elements = [self.domain([sp.QQ(int(c.p), int(c.q)) for c in reversed(row)]) for row in reversed(rows)]
        return sp.Poly.from_list(elements, X, domain=self.domain)

    def parts(self, number: Any) -> Parts:
        """The parts of an element of the domain."""
        if self.theta is None:
            return (element(number),)
        return tuple(element(c) for c in reversed(number.to_list())) or (Fraction(0),)

    def zeros(self, poly: Poly, low: Parts, high: Parts) -> Iterator[sp.Expr]:
        """The roots of a polynomial in λ between two numbers."""
        ends = [self.exact(end).evalf(DIGITS) for end in (low, high)]
        over_q = self.poly(poly) if self.theta is None else _norm(poly, self.theta)
        theta = 0 if self.theta is None else algebraic(("0", "1"), self.theta).evalf(DIGITS)
        for factor, _ in over_q.factor_list()[1]:
            for root in factor.real_roots():
                value = root.evalf(DIGITS)
                if ends[0] <= value <= ends[1] and abs(_value(poly, value, theta)) < sp.Float(10) ** (-DIGITS // 2):
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
    domain, theta = sp.QQ, None
    parts: list[Parts] = [(fraction(v),) if v.is_Rational else () for v in values]
    if not all(parts):
        for value in values:
            if value.free_symbols or not (value.is_algebraic and value.is_real):
                raise BadHyperparameter(
                    f"a certificate needs real algebraic numbers (such as 9/10 or sqrt(2)); got {value}"
                )
        domain, elements = construct_domain([sp.radsimp(value) for value in values], extension=True)
        if domain.is_Algebraic:
            theta = _isolated(domain)
            parts = [tuple(element(c) for c in reversed(e.to_list())) or (Fraction(0),) for e in elements]
        else:
            domain, parts = sp.QQ, [(element(e),) for e in elements]
    size = len(names)
    return Numbers(method, values, domain, theta, dict(zip(names, parts, strict=False)), tuple(parts[size:]))


def element(number: Any) -> Fraction:
    """A rational number of SymPy's domains as a fraction."""
    return Fraction(int(number.numerator), int(number.denominator))


def _isolated(domain: Any) -> Theta:
    modulus = sp.Poly([rational(element(c)) for c in domain.mod.to_list()], X).monic()
    theta = domain.ext.as_expr().evalf(DIGITS)
    (low, high), _ = min(modulus.intervals(eps=NARROW), key=lambda one: abs((one[0][0] + one[0][1]) / 2 - theta))
    return Theta(modulus=tuple(str(c) for c in reversed(modulus.all_coeffs())), low=str(low), high=str(high))


def isolating(theta: Theta | None) -> dict[str, Any]:
    """What a ring needs of θ."""
    if theta is None:
        return {}
    return {"modulus": tuple(map(Fraction, theta.modulus)), "low": Fraction(theta.low), "high": Fraction(theta.high)}


def rational(number: Fraction) -> sp.Rational:
    """A fraction as SymPy has it."""
    return sp.Rational(number.numerator, number.denominator)


def algebraic(parts: Sequence[str], theta: Theta | None) -> sp.Expr:
    """The number of a certificate: a fraction, a root written out, or which real root of which polynomial it is."""
    if theta is None or len(parts) < 2:
        return sp.Rational(parts[0])
    modulus = sp.Poly([sp.Rational(c) for c in reversed(theta.modulus)], X)
    (root,) = (r for r in modulus.real_roots() if sp.Rational(theta.low) < r < sp.Rational(theta.high))
    number = sum((sp.Rational(c) * root**k for k, c in enumerate(parts)), sp.Integer(0))
    if number == root:
        return root
    roots = sp.Poly(sp.minimal_polynomial(number, X), X).real_roots()
    return min(roots, key=lambda r: abs((r - number).evalf(DIGITS)))


def _norm(poly: Poly, theta: Theta) -> sp.Poly:
    """A polynomial over Q that has the roots of this one among its own."""
    T = sp.Symbol("t")
    rows = [[rational(c.value) for c in part.by("θ")] for part in poly.by("λ")]
    lifted = sum((c * X**k * T**j for k, row in enumerate(rows) for j, c in enumerate(row)), sp.Integer(0))
    modulus = sum((sp.Rational(c) * T**k for k, c in enumerate(theta.modulus)), sp.Integer(0))
    return sp.Poly(sp.resultant(lifted, modulus, T), X)


def _value(poly: Poly, at: sp.Expr, theta: sp.Expr) -> sp.Expr:
    rows = [[rational(c.value) for c in part.by("θ")] for part in poly.by("λ")]
    return sum((c * at**k * theta**j for k, row in enumerate(rows) for j, c in enumerate(row)), sp.Integer(0))


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
