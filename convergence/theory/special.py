"""Functions that are products of steps: the q-Pochhammer symbol, which SymPy has not; rising factorials and Chebyshev's
polynomials, which it multiplies out into as many factors or terms as there are steps.
"""

from __future__ import annotations

from math import ceil, log
from typing import Any

import mpmath
import sympy as sp

LONGEST = 10**7
"""Factors that are multiplied one by one, at most."""

SPARE = 20
"""Bits beyond those that are asked for."""


class QPochhammer(sp.Function):
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
        """√(1 − a)·exp(−Li₂(a)/ln(1/q)) for n = ∞, good where q is near 1 and 0 < a < 1; the quotient of two for n < ∞."""
        a, q, n = self.args

        def endless(first: sp.Expr) -> sp.Expr:
            return sp.sqrt(1 - first) * sp.exp(-sp.polylog(2, first) / sp.log(1 / q))

        return endless(a) if n == sp.oo else endless(a) / endless(a * q**n)

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        a, q, n = (argument._evalf(prec + SPARE) for argument in self.args)
        if not all(part.is_Float or part.is_Integer or part == sp.oo or part.is_Rational for part in (a, q, n)):
            return None
        with mpmath.workprec(prec + SPARE):
            value = q_pochhammer(a._to_mpmath(prec + SPARE), q._to_mpmath(prec + SPARE), _count(n))
            return sp.Float._new(value._mpf_, prec)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        a, q, n = (printer.doprint(argument) for argument in self.args)
        written = rf"\left({a}; {q}\right)_{{{n}}}"
        return written if exp is None else rf"{written}^{{{exp}}}"


class RisingFactorial(sp.Function):
    """x(x + 1)⋯(x + n − 1) = Γ(x + n)/Γ(x), not multiplied out; 0 where it has the factor 0. ``doit()`` multiplies.

    >>> half = sp.Rational(1, 2)
    >>> RisingFactorial(half, 3), RisingFactorial(half, 3).doit(), RisingFactorial(-2, 3)
    (RisingFactorial(1/2, 3), 15/8, 0)
    >>> RisingFactorial(half, 10**6).evalf()
    4.66...e+5565705
    """

    nargs = 2

    @classmethod
    def eval(cls, x: sp.Expr, n: sp.Expr) -> sp.Expr | None:
        """1 for no factors, and 0 where one is."""
        if n == 0:
            return sp.S.One
        return sp.S.Zero if x.is_Integer and x <= 0 and (n + x).is_positive else None

    def doit(self, **hints: Any) -> sp.Expr:
        """Multiplied out."""
        return sp.rf(*(argument.doit(**hints) for argument in self.args))

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        x, n = (argument._evalf(prec + SPARE) for argument in self.args)
        if not (x.is_number and n.is_number):
            return None
        with mpmath.workprec(prec + SPARE):
            point, count = (part._to_mpmath(prec + SPARE) for part in (x, n))
            return sp.Expr._from_mpmath(mpmath.rf(point, count), prec)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        x, n = (printer.doprint(argument) for argument in self.args)
        written = rf"{{\left({x}\right)}}^{{\left({n}\right)}}"
        return written if exp is None else rf"\left({written}\right)^{{{exp}}}"


class PowerProduct(sp.Function):
    """Π_{k≥0} (1 − a·(k + b)^(−p)) for p > 1; for 0 < p ≤ 1 the constant before what makes the product go to 0.

    It is exp(−Σ_{m≥1} aᵐζ(mp, b)/m) by analytic continuation, with −ψ(b) where ζ has its pole, mp = 1. Its number: factors
    one by one until |a|(N + b)^(−p) ≤ ½, and the series from N on.

    >>> PowerProduct(sp.Rational(1, 2), 1, 2).evalf(12)
    0.358187786013
    >>> PowerProduct(sp.Rational(1, 2), 1, sp.S.Half).evalf(12)
    1.66489069332
    """

    nargs = 3

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        numbers = [argument._evalf(prec + SPARE) for argument in self.args]
        if not all(number.is_number for number in numbers):
            return None
        with mpmath.workprec(prec + SPARE):
            a, b, p = (number._to_mpmath(prec + SPARE) for number in numbers)
            return sp.Float._new(power_product(a, b, p)._mpf_, prec)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        a, b, p = self.args
        m = sp.Symbol("m", integer=True, positive=True)
        terms = printer.doprint(a**m * sp.zeta(m * p, b) / m)
        return rf"\exp\left(-{'' if exp is None else exp}\sum_{{m=1}}^{{\infty}} {terms}\right)"


class ChebyshevBase(sp.Function):
    """A polynomial of Chebyshev's, not multiplied out: SymPy's has as many terms as steps. ``doit()`` is the polynomial.

    (SymPy's printers look for a method of a class between a function and Function only where its name ends in Base.)
    """

    nargs = 2
    kind = ""

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        n, x = self.args
        point = x._evalf(prec + SPARE)
        if not (n.is_Integer and point.is_number):
            return None
        with mpmath.workprec(prec + SPARE):
            return sp.Float._new(chebyshev(self.kind, int(n), point._to_mpmath(prec + SPARE))._mpf_, prec)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        n, x = (printer.doprint(argument) for argument in self.args)
        return rf"{self.kind}_{{{n}}}{'' if exp is None else f'^{{{exp}}}'}\left({x}\right)"


class ChebyshevT(ChebyshevBase):
    """Tₙ(x) = cos(n·arccos x).

    >>> ChebyshevT(3, sp.Symbol("x")).doit(), ChebyshevT(1000, sp.Rational(3, 5)).evalf()
    (4*x**3 - 3*x, -0.865130813880141)
    """

    kind = "T"

    @classmethod
    def eval(cls, n: sp.Expr, x: sp.Expr) -> sp.Expr | None:
        """Where the angle is a fraction of π."""
        angle = _angle(x)
        return None if angle is None else sp.cos(n * angle)

    def doit(self, **hints: Any) -> sp.Expr:
        """The polynomial."""
        return sp.chebyshevt(*(argument.doit(**hints) for argument in self.args))


class ChebyshevU(ChebyshevBase):
    """Uₙ(x) = sin((n + 1)·arccos x)/sin(arccos x).

    >>> ChebyshevU(3, sp.Symbol("x")).doit(), ChebyshevU(1000, sp.Rational(3, 5)).evalf()
    (8*x**3 - 4*x, -1.24129052679107)
    """

    kind = "U"

    @classmethod
    def eval(cls, n: sp.Expr, x: sp.Expr) -> sp.Expr | None:
        """Where the angle is a fraction of π."""
        if x in (1, -1):
            return x**n * (n + 1)
        angle = _angle(x)
        return None if angle is None else sp.sin((n + 1) * angle) / sp.sin(angle)

    def doit(self, **hints: Any) -> sp.Expr:
        """The polynomial."""
        return sp.chebyshevu(*(argument.doit(**hints) for argument in self.args))


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


def power_product(a: Any, b: Any, p: Any) -> Any:
    """``PowerProduct`` in mpmath's numbers at its precision."""
    first = max(0, int(mpmath.ceil((2 * abs(a)) ** (1 / p) - b)))
    product = mpmath.fprod(1 - a * (k + b) ** -p for k in range(first))
    total, m, term = mpmath.mpf(0), 0, mpmath.mpf(1)
    while abs(term) > mpmath.ldexp(1, -mpmath.mp.prec) or m * p < 2:
        m += 1
        pole = abs(m * p - 1) < mpmath.ldexp(1, SPARE // 2 - mpmath.mp.prec)
        term = a**m * (-mpmath.digamma(first + b) if pole else mpmath.zeta(m * p, first + b)) / m
        total -= term
    return product * mpmath.exp(total)


def chebyshev(kind: str, n: int, x: Any) -> Any:
    """Tₙ or Uₙ at x in mpmath's numbers, by the angle arccos x, of which n is a multiple: with spare bits for that."""
    with mpmath.extraprec(SPARE + 2 * (n + 1).bit_length()):
        x = mpmath.mpf(x)
        if abs(x) == 1:
            return x**n * (1 if kind == "T" else n + 1)
        inside, turn = abs(x) < 1, mpmath.sign(x) ** n
        angle = mpmath.acos(x) if inside else mpmath.acosh(abs(x))
        if kind == "T":
            return mpmath.cos(n * angle) if inside else turn * mpmath.cosh(n * angle)
        sine = mpmath.sin if inside else mpmath.sinh
        return (1 if inside else turn) * sine((n + 1) * angle) / sine(angle)


def _angle(x: sp.Expr) -> sp.Expr | None:
    """arccos x where that is a fraction of π."""
    angle = sp.acos(x) if x.is_Rational else None
    return angle if angle is not None and (angle / sp.pi).is_Rational else None


def _root(a: sp.Expr, q: sp.Expr) -> sp.Integer | None:
    """The k at which a·qᵏ = 1, of exact positive numbers; None where there is none."""
    if not (a.is_Rational and q.is_Rational and a.is_positive and q.is_positive) or q == 1:
        return None
    k = round(-_log(a) / _log(q))
    near = k >= 0 and abs(k * _log(q) + _log(a)) < 1e-9 * (1 + k)
    return sp.Integer(k) if near and k < 10**4 and a * q**k == 1 else None


def _log(number: sp.Rational) -> float:
    return log(int(number.p)) - log(int(number.q))


def _count(n: sp.Expr) -> int | None:
    return None if n == sp.oo else int(n)
