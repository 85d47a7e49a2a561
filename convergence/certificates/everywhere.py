"""A closed form in t goes in; steps come out that show that it is attained for all t beyond the start, and all λ between."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb
from typing import Any

import sympy as sp
from flint import fmpq

from convergence.certificates.characteristic import Terms, divisors, terms
from convergence.certificates.constraints import not_negative
from convergence.certificates.discs import EPSILON, LAMBDA, RING, THETA, lienard_chipart
from convergence.certificates.facts import words
from convergence.certificates.field import rational
from convergence.certificates.halfline import negative_at
from convergence.certificates.infeasible import by_exponents
from convergence.certificates.places import sympy_rational
from convergence.certificates.proof import Step
from convergence.certificates.rationalised import Rationalised, T
from convergence.certificates.univariate import Poly
from convergence.rule import Method

PIECES = (1, 2, 4)
"""Into how many parts [1, κ] is cut until the Bernstein coefficients show the sign."""


class Gap(Exception):
    """Something that could not be shown; ``kappa`` is where it is false, None where that is not known: perhaps at ``t``."""

    def __init__(
        self, why: str, kappa: sp.Expr | None = None, step: Step | None = None, t: sp.Rational | None = None
    ) -> None:
        super().__init__(why)
        self.kappa = kappa
        self.t = t
        self.step = step or Step("gap", why, {})


def in_t(formula: sp.Expr) -> Any:
    """A polynomial in t, in the ring."""
    poly = sp.Poly(formula, T)
    return sum((rational(c) * THETA**e for (e,), c in poly.terms()), RING.constant(0))


def ratio(formula: sp.Expr) -> tuple[Any, Any]:
    """Numerator and denominator in the ring, the denominator positive for large t."""
    above, below = sp.fraction(sp.cancel(formula))
    sign = 1 if sp.Poly(below, T).LC() > 0 else -1
    return in_t(sign * above), in_t(sign * below)


def domain_steps(method: Method, inner: Rationalised) -> list[Step]:
    """Denominators have no zeros, rate and momentum are not negative, the rate lies in [0, 1)."""
    start = rational(inner.start)
    facts = []
    for name, formula in (*inner.hyper.items(), ("the rate", inner.rate), ("1 − rate", 1 - inner.rate)):
        above, below = sp.fraction(sp.cancel(formula))
        if sp.Poly(below, T).LC() < 0:
            above, below = -above, -below
        facts.append((f"the denominator of {name}", below, True))
        if name not in inner.hyper or not_negative(name):
            facts.append((f"the numerator of {name}", above, name == "1 − rate"))
    steps = []
    for said, poly, strict in facts:
        found = _coefficients(poly)
        if len(found) > 1 or strict:
            _require(said, found, start, strict, inner)
            steps.append(on_halfline(said, found, strict))
    return steps


def _coefficients(poly: sp.Expr) -> Poly:
    return [rational(c) for c in reversed(sp.Poly(poly, T).all_coeffs())]


def _require(said: str, poly: Poly, start: fmpq, strict: bool, inner: Rationalised) -> None:
    place = negative_at(poly, start, strict)
    if place is None:
        return
    kappa = inner.kappa.subs(T, sympy_rational(place))
    why = f"{said} is not positive for all κ > 1 (not at κ ≈ {sp.N(kappa, 6)})"
    name = said.removeprefix("the numerator of ")
    if strict or name == said:
        raise Gap(why, t=sympy_rational(place) if name == "1 − rate" and isinstance(place, fmpq) else None)
    step = Step("negative", f"{name} is < 0 at κ = {kappa}", {"what": name, "t": str(place)})
    raise Gap(f"{name} is negative", kappa, step)


def on_halfline(said: str, poly: Poly, strict: bool) -> Step:
    """The fact that a polynomial has its sign for all t beyond the start."""
    sign = "> 0" if strict else "≥ 0"
    return Step(
        "halfline",
        f"{said}, {words(poly, 't')}, is {sign} for all κ > 1",
        {"poly": [str(c) for c in poly], "strict": strict, "what": said},
    )


def tuned(method: Method, inner: Rationalised) -> list[Any]:
    """The characteristic polynomial's coefficients at the closed form, over a common denominator, in λ and t."""
    return inserted(terms(method), method, inner)


def inserted(parts: Sequence[Terms], method: Method, inner: Rationalised) -> list[Any]:
    """Polynomials in λ and the hyperparameters at the closed form, over a common denominator, in λ and t."""
    ratios = [ratio(inner.hyper[name]) for name in method.hyper]
    tops = [max((e[k + 1] for part in parts for e, _ in part), default=0) for k in range(len(ratios))]
    result = []
    for part in parts:
        total = RING.constant(0)
        for exponents, coefficient in part:
            product = RING.constant(coefficient) * LAMBDA ** exponents[0]
            for (above, below), power, top in zip(ratios, exponents[1:], tops, strict=True):
                product = product * above**power * below ** (top - power)
            total = total + product
        result.append(total)
    return result


def attained_steps(method: Method, inner: Rationalised) -> list[Step]:
    """The radius is at most the rate, for all λ in [1, κ] and all κ > 1. Gap where that is not shown, or not so."""
    found = tuned(method, inner)
    above, below = ratio(inner.rate)
    size = len(found) - 1
    for divisor in (found[0], *(d for one in divisors(method) for d in inserted((one,), method, inner))):
        _defined(divisor, inner)
    scaled = [a * found[0] * (above + EPSILON * below) ** (size - k) * below**k for k, a in enumerate(found)]
    given = {"coefficients": [_flat(a) for a in found]}
    steps = [Step("tuned", "the characteristic polynomial at the closed form, in λ and t", given)]
    for place, polynomial in enumerate(lienard_chipart(scaled)):
        order, lowest = _lowest(polynomial)
        steps.append(_not_negative(place, order, lowest, inner))
    return steps


def _defined(first: Any, inner: Rationalised) -> None:
    """The common denominator, and what cancels in it, depends on λ by a power alone, and has no zero; other cases are left."""
    if len({e[0] for e in by_exponents(first)}) > 1:
        raise Gap("the iteration matrix has a denominator that depends on λ")
    poly = _in_theta(first)
    if (
        negative_at(poly, rational(inner.start), True) is not None
        and negative_at([-c for c in poly], rational(inner.start), True) is not None
    ):
        raise Gap("the iteration matrix has a pole for some κ > 1")


def _in_theta(poly: Any) -> Poly:
    held = by_exponents(poly)
    result: Poly = [fmpq(0)] * (1 + max((e[2] for e in held), default=-1))
    for exponents, c in held.items():
        result[exponents[2]] = c
    return result


def _flat(poly: Any) -> list[list[Any]]:
    return [[[e[0], e[2]], str(c)] for e, c in by_exponents(poly).items()]


def _lowest(polynomial: Any) -> tuple[int, Any]:
    """The first power of ε that is there, and its coefficient."""
    held = by_exponents(polynomial)
    order = min(e[1] for e in held)
    lowest = sum((c * LAMBDA ** e[0] * THETA ** e[2] for e, c in held.items() if e[1] == order), RING.constant(0))
    return order, lowest


def _not_negative(place: int, order: int, poly: Any, inner: Rationalised) -> Step:
    start, kappa = rational(inner.start), in_t(inner.kappa)
    for pieces in PIECES:
        rows = [row for k in range(pieces) for row in bernstein(poly, kappa, fmpq(k, pieces), fmpq(k + 1, pieces))]
        places = [negative_at(row, start) for row in rows]
        ends = [t for t in (places[0], places[-1]) if t is not None]
        if ends:
            raise _refuted(place, order, poly, ends[0], places[0] is not None, inner)
        if not any(t is not None for t in places):
            content = {"place": place, "order": order, "poly": _flat(poly), "pieces": pieces}
            said = f"{len(rows)} Bernstein coefficients in λ on [1, κ], polynomials in t, are ≥ 0 for all κ > 1"
            text = f"Liénard–Chipart polynomial {place + 1} at ε^{order}: {said}"
            return Step("bernstein", text, content)
    raise Gap("a polynomial in λ and κ changes its sign, or its Bernstein coefficients do not show that it does not")


def _refuted(place: int, order: int, poly: Any, t: fmpq, at_mu: bool, inner: Rationalised) -> Gap:
    kappa = inner.kappa.subs(T, sympy_rational(t))
    where = "μ" if at_mu else "L"
    content = {"place": place, "order": order, "poly": _flat(poly), "t": str(t), "end": where}
    step = Step(
        "violated", f"Liénard–Chipart polynomial {place + 1} at ε^{order} is < 0 at λ = {where}, κ = {kappa}", content
    )
    return Gap("with these hyperparameters the radius is larger than that", kappa, step)


def bernstein(poly: Any, kappa: Any, low: fmpq, high: fmpq) -> list[Poly]:
    """The Bernstein coefficients of the polynomial in λ = 1 + s(κ − 1) for s in [low, high], each a polynomial in t."""
    left, right = (1 + (kappa - 1) * end for end in (low, high))
    moved = poly.compose(left + (right - left) * LAMBDA, EPSILON, THETA)
    held = by_exponents(moved)
    degree = max((e[0] for e in by_exponents(poly)), default=0)
    power = [
        sum((c * THETA ** e[2] for e, c in held.items() if e[0] == k), RING.constant(0)) for k in range(degree + 1)
    ]
    rows = [
        sum((power[k] * fmpq(comb(j, k), comb(degree, k)) for k in range(j + 1)), RING.constant(0))
        for j in range(degree + 1)
    ]
    return [_in_theta(row) for row in rows]
