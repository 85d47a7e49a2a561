"""Functions that are products of steps: the q-Pochhammer symbol, which SymPy has not; rising factorials and Chebyshev's
polynomials, which it multiplies out into as many factors or terms as there are steps.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, log
from typing import Any

import mpmath
import sympy as sp

LONGEST = 10**7
"""Factors that are multiplied one by one, at most."""

SPARE = 20
"""Bits beyond those that are asked for."""


class ProductBase(sp.Function):
    """A product of steps whose number is computed, with spare bits, from those of its arguments.

    (SymPy's printers look for a method of a class between a function and Function only where its name ends in Base.)
    """

    @staticmethod
    def number(*arguments: Any) -> Any:
        """The value in mpmath's numbers at its precision; an infinite count is None."""
        raise NotImplementedError

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        numbers = [argument._evalf(prec + SPARE) for argument in self.args]
        if not all(number.is_number and not number.has(sp.zoo, sp.nan) for number in numbers):
            return None
        with mpmath.workprec(prec + SPARE):
            value = self.number(*(None if n == sp.oo else n._to_mpmath(prec + SPARE) for n in numbers))
            return sp.Expr._from_mpmath(value, prec)


class QPochhammer(ProductBase):
    """(a; q)ₙ = Π_{k<n} (1 − a·qᵏ), also for n = ∞ where |q| < 1.

    Its number is the product itself, up to the factor from which |x| = |aqᴺ| ≤ ½; the rest is the series

        ln (x; q)ₙ = −Σ_{m≥1} xᵐ(1 − qᵐⁿ)/(m(1 − qᵐ)),

    of which the terms from m on sum to at most 4|x|ᵐ/(1 − |q|): it ends where that is below the last bit.

    >>> half = sp.Rational(1, 2)
    >>> QPochhammer(half, half, 3), QPochhammer(half, half, 3).evalf()
    (QPochhammer(1/2, 1/2, 3), 0.328125000000000)
    >>> QPochhammer(half, half, sp.oo).evalf(20)
    0.28878809508660242128
    """

    nargs = 3

    @classmethod
    def eval(cls, a: sp.Expr, q: sp.Expr, n: sp.Expr) -> sp.Expr | None:
        """1 for no factors, and 0 where exact numbers make a factor 0."""
        if n == 0 or a == 0:
            return sp.S.One
        root = _root(a, q)
        return sp.S.Zero if root is not None and (n - root).is_extended_positive else None

    @property
    def estimate(self) -> sp.Expr:
        """√(1 − a)·exp(−Li₂(a)/ln(1/q)) for n = ∞, good where q is near 1 and 0 < a < 1; the quotient of two for n < ∞.

        These are the integral and the half of the first term in Euler and Maclaurin's formula (NIST DLMF, eq. 2.10.1) for the
        sum over k ≥ 0 of f(k) = ln(1 − a·qᵏ). The next term, −f′(0)/12 = −ln(1/q)·a/(12(1 − a)), is its error in the logarithm.
        """
        a, q, n = self.args

        def endless(first: sp.Expr) -> sp.Expr:
            return sp.sqrt(1 - first) * sp.exp(-sp.polylog(2, first) / sp.log(1 / q))

        return endless(a) if n == sp.oo else endless(a) / endless(a * q**n)

    @staticmethod
    def number(a: Any, q: Any, n: Any) -> Any:
        """ValueError where it has none."""
        return q_pochhammer(a, q, None if n is None else int(n))

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        a, q, n = (printer.doprint(argument) for argument in self.args)
        written = rf"\left({a}; {q}\right)_{{{n}}}"
        return written if exp is None else rf"{written}^{{{exp}}}"


class RisingFactorial(ProductBase):
    """x(x + 1)⋯(x + n − 1) = Γ(x + n)/Γ(x), not multiplied out; 0 where it has the factor 0. ``doit()`` multiplies.

    >>> half = sp.Rational(1, 2)
    >>> RisingFactorial(half, 3), RisingFactorial(half, 3).doit(), RisingFactorial(-2, 3)
    (RisingFactorial(1/2, 3), 15/8, 0)
    >>> RisingFactorial(half, 10**6).evalf()
    4.66...e+5565705
    """

    nargs = 2
    number = staticmethod(mpmath.rf)

    @classmethod
    def eval(cls, x: sp.Expr, n: sp.Expr) -> sp.Expr | None:
        """1 for no factors, and 0 where one is."""
        if n == 0:
            return sp.S.One
        return sp.S.Zero if x.is_Integer and x <= 0 and (n + x).is_positive else None

    def doit(self, **hints: Any) -> sp.Expr:
        """Multiplied out."""
        return sp.rf(*(argument.doit(**hints) for argument in self.args))

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        x, n = (printer.doprint(argument) for argument in self.args)
        written = rf"{{\left({x}\right)}}^{{\left({n}\right)}}"
        return written if exp is None else rf"\left({written}\right)^{{{exp}}}"


class PowerProduct(ProductBase):
    """Π_{k≥0} (1 − a·(k + b)^(−p)) for p > 1; for 0 < p ≤ 1 the constant before what makes the product go to 0.

    It is exp(−Σ_{m≥1} aᵐζ(mp, b)/m) by analytic continuation, with −ψ(b) where ζ has its pole, mp = 1. Its number: factors
    one by one until |a|(N + b)^(−p) ≤ ½, and the series from N on.

    >>> PowerProduct(sp.Rational(1, 2), 1, 2).evalf(12)
    0.358187786013
    >>> PowerProduct(sp.Rational(1, 2), 1, sp.S.Half).evalf(12)
    1.66489069332
    """

    nargs = 3

    @staticmethod
    def number(a: Any, b: Any, p: Any) -> Any:
        """The factors, and the series."""
        first = max(0, int(mpmath.ceil((2 * abs(a)) ** (1 / p) - b)))
        product = mpmath.fprod(1 - a * (k + b) ** -p for k in range(first))
        total, m, term = mpmath.mpf(0), 0, mpmath.mpf(1)
        while abs(term) > mpmath.ldexp(1, -mpmath.mp.prec) or m * p < 2:
            m += 1
            pole = abs(m * p - 1) < mpmath.ldexp(1, SPARE // 2 - mpmath.mp.prec)
            term = a**m * (-mpmath.digamma(first + b) if pole else mpmath.zeta(m * p, first + b)) / m
            total -= term
        return product * mpmath.exp(total)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        a, b, p = self.args
        m = sp.Symbol("m", integer=True, positive=True)
        terms = printer.doprint(a**m * sp.zeta(m * p, b) / m)
        return rf"\exp\left(-{'' if exp is None else exp}\sum_{{m=1}}^{{\infty}} {terms}\right)"


class ChebyshevBase(ProductBase):
    """A polynomial of Chebyshev's, not multiplied out: SymPy's has as many terms as steps. ``doit()`` is the polynomial.

    Its number is by the angle arccos x, which is imaginary for |x| > 1: with spare bits, since n multiplies it.
    """

    nargs = 2
    kind = ""
    of_angle: Callable[[Any, Any, Any], Any]
    polynomial: Callable[[Any, Any], Any]

    @classmethod
    def eval(cls, n: sp.Expr, x: sp.Expr) -> sp.Expr | None:
        """Where the angle is a fraction of π."""
        angle = sp.acos(x) if x.is_Rational else None
        return cls.of_angle(n, angle, sp) if angle is not None and (angle / sp.pi).is_Rational else None

    @classmethod
    def number(cls, n: Any, x: Any) -> Any:
        """The real part of the function of the angle."""
        with mpmath.extraprec(SPARE + 2 * (int(n) + 1).bit_length()):
            return mpmath.re(cls.of_angle(n, mpmath.acos(x), mpmath))

    def doit(self, **hints: Any) -> sp.Expr:
        """The polynomial."""
        return type(self).polynomial(*(argument.doit(**hints) for argument in self.args))

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        n, x = (printer.doprint(argument) for argument in self.args)
        return rf"{self.kind}_{{{n}}}{'' if exp is None else f'^{{{exp}}}'}\left({x}\right)"


class ChebyshevT(ChebyshevBase):
    """Tₙ(x) = cos(n·arccos x).

    >>> ChebyshevT(3, sp.Symbol("x")).doit(), ChebyshevT(1000, sp.Rational(3, 5)).evalf()
    (4*x**3 - 3*x, -0.865130813880141)
    """

    kind, polynomial = "T", staticmethod(sp.chebyshevt)

    @staticmethod
    def of_angle(n: Any, angle: Any, numbers: Any) -> Any:
        """With the cosine of SymPy or of mpmath."""
        return numbers.cos(n * angle)


class ChebyshevU(ChebyshevBase):
    """Uₙ(x) = sin((n + 1)·arccos x)/sin(arccos x).

    >>> ChebyshevU(3, sp.Symbol("x")).doit(), ChebyshevU(1000, sp.Rational(3, 5)).evalf()
    (8*x**3 - 4*x, -1.24129052679107)
    """

    kind, polynomial = "U", staticmethod(sp.chebyshevu)

    @staticmethod
    def of_angle(n: Any, angle: Any, numbers: Any) -> Any:
        """With the functions of SymPy or of mpmath; at x = ±1 the limit."""
        if numbers.cos(angle) ** 2 == 1:
            return (n + 1) * numbers.cos(n * angle)
        return numbers.sin((n + 1) * angle) / numbers.sin(angle)


class Kept(sp.UnevaluatedExpr):
    """A fraction whose powers are not multiplied out, which would be numbers of millions of digits."""

    def _eval_evalf(self, prec: int) -> sp.Expr:
        return self.args[0]._eval_evalf(prec)


def q_pochhammer(a: Any, q: Any, n: int | None) -> Any:
    """(a; q)ₙ in mpmath's numbers at its precision; n = None is without end. ValueError where that is no number."""
    a, q = mpmath.mpf(a), mpmath.mpf(q)
    first = _large(a, q, n)
    with mpmath.extraprec(SPARE + max(0, -int(mpmath.log(abs(1 - q) or 1, 2)))):
        product, term = mpmath.mpf(1), a
        for _ in range(first):
            product *= 1 - term
            term *= q
        return product if n == first else product * mpmath.exp(_log_tail(term, q, None if n is None else n - first))


def _log_tail(x: Any, q: Any, n: int | None) -> Any:
    """ln (x; q)ₙ for |x| ≤ ½: −Σ xᵐ(1 − qᵐⁿ)/(m(1 − qᵐ)), to the m at which the rest is below the last bit."""
    total, power, m = mpmath.mpf(0), x, 1
    while abs(power) / (1 - abs(q)) > mpmath.ldexp(1, -mpmath.mp.prec - 2):
        total -= power * (1 if n is None else 1 - q ** (m * n)) / (m * (1 - q**m))
        power, m = power * x, m + 1
    return total


def _large(a: Any, q: Any, n: int | None) -> int:
    """How many factors are to be multiplied: those with |a·qᵏ| > ½ where |q| < 1, else all n."""
    if abs(q) < 1:
        above = ceil(mpmath.log(2 * abs(a)) / -mpmath.log(abs(q))) if a and q else 1
        first = max(int(above), 0)
        n = first if n is None else min(n, first)
    if n is None or n > LONGEST:
        raise ValueError(f"(a; q)ₙ has no number, or too many factors, for q = {mpmath.nstr(q, 8)}")
    return n


def _root(a: sp.Expr, q: sp.Expr) -> sp.Integer | None:
    """The k at which a·qᵏ = 1, of exact positive numbers; None where there is none."""
    if not (a.is_Rational and q.is_Rational and a.is_positive and q.is_positive) or q == 1:
        return None
    k = round(-_log(a) / _log(q))
    near = k >= 0 and abs(k * _log(q) + _log(a)) < 1e-9 * (1 + k)
    return sp.Integer(k) if near and k < 10**4 and a * q**k == 1 else None


def _log(number: sp.Rational) -> float:
    return log(int(number.p)) - log(int(number.q))
