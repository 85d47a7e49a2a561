"""A closed form in t goes in; steps come out that show that no hyperparameters are faster, for any t beyond the start.

At sample values of t a linear program says which products of the inequalities to combine; their multipliers are then
polynomials in t, found as the kernel of a matrix over Q(t), and shown to be not negative.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sympy as sp
from flint import fmpq, fmpq_mpoly_ctx
from sympy.polys.matrices import DomainMatrix

from convergence.certificates.characteristic import terms
from convergence.certificates.constraints import necessary, not_negative
from convergence.certificates.everywhere import on_halfline
from convergence.certificates.field import rational
from convergence.certificates.halfline import negative_at
from convergence.certificates.infeasible import by_exponents, chosen
from convergence.certificates.places import sympy_rational
from convergence.certificates.proof import Step
from convergence.certificates.rationalised import Rationalised, T
from convergence.certificates.univariate import Poly
from convergence.rule import Method

SAMPLES = (fmpq(3, 2), fmpq(1), fmpq(4), fmpq(9), fmpq(1, 3), fmpq(30))
"""Distances of t from its start at which a linear program is solved."""

Terms = dict[tuple[int, ...], fmpq]


def lower_steps(method: Method, inner: Rationalised, held: Mapping[str, sp.Expr]) -> list[Step] | None:
    """Steps that prove that no radius at μ and L is below the rate; None where no such proof was found."""
    unknown = tuple(n for n in method.hyper if n not in held)
    polys = inequalities(method, inner, {n: rational(v) for n, v in held.items()}, unknown)
    for products in _candidates(polys, unknown, inner):
        multipliers = _multipliers([_product(polys, unknown, p) for p in products], len(unknown))
        if multipliers is not None and _signs(products, multipliers, len(polys), inner):
            return _steps(polys, products, multipliers, unknown)
    return None


def inequalities(method: Method, inner: Rationalised, held: Mapping[str, fmpq], unknown: Sequence[str]) -> list[Any]:
    """What must be positive at λ = 1 and λ = κ(t) for a radius below the rate: polynomials in the unknown and t."""
    context = fmpq_mpoly_ctx.get((*unknown, "t"), "lex")
    known = dict(zip(unknown, context.gens()[:-1], strict=True))
    above, below = (_lifted(part, context) for part in _signed(inner.rate))
    found = []
    for curvature in (context.constant(1), _lifted(inner.kappa, context)):
        numbers = [curvature, *(known[n] if n in known else context.constant(held[n]) for n in method.hyper)]
        a = [_value(part, numbers, context) for part in terms(method)]
        size = len(a) - 1
        found += necessary([c * a[0] * above ** (size - k) * below**k for k, c in enumerate(a)])
    return found


def _lifted(formula: sp.Expr, context: Any) -> Any:
    """A polynomial in t, in the ring."""
    t = context.gens()[-1]
    return sum((rational(c) * t**e for (e,), c in sp.Poly(formula, T).terms()), context.constant(0))


def _entry(row: Terms, monomial: tuple[int, ...]) -> sp.Expr:
    """The coefficient of a monomial in the hyperparameters, a polynomial in t."""
    return sum((sympy_rational(c) * T ** e[-1] for e, c in row.items() if e[:-1] == monomial), sp.Integer(0))


def _signed(formula: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    above, below = sp.fraction(sp.cancel(formula))
    return (above, below) if sp.Poly(below, T).LC() > 0 else (-above, -below)


def _value(part: Any, numbers: Sequence[Any], context: Any) -> Any:
    total = context.constant(0)
    for exponents, coefficient in part:
        product = context.constant(coefficient)
        for number, power in zip(numbers, exponents, strict=True):
            product = product * number**power if power else product
        total = total + product
    return total


def _candidates(
    polys: Sequence[Any], unknown: Sequence[str], inner: Rationalised
) -> Iterator[tuple[tuple[int, ...], ...]]:
    """Sets of products that prove it at a sample t."""
    seen = set()
    context = fmpq_mpoly_ctx.get(tuple(unknown), "lex")
    weak = [g for n, g in zip(unknown, context.gens(), strict=True) if not_negative(n)]
    for degree in (1, 2):
        for distance in SAMPLES:
            t = rational(inner.start) + distance
            strict = [_at(poly, t, context) for poly in polys]
            sizes = [abs(float(inner.hyper[n].subs(T, sympy_rational(t)))) or 1.0 for n in unknown]
            products = chosen(strict, weak, sizes, degree)
            if products is not None and products not in seen:
                seen.add(products)
                yield products


def _at(poly: Any, t: fmpq, context: Any) -> Any:
    total: Terms = {}
    for exponents, c in by_exponents(poly).items():
        total[exponents[:-1]] = total.get(exponents[:-1], fmpq(0)) + c * t ** exponents[-1]
    return context.from_dict(total)


def _product(polys: Sequence[Any], unknown: Sequence[str], places: Sequence[int]) -> Any:
    context = polys[0].context()
    weak = [g for n, g in zip(unknown, context.gens()[:-1], strict=True) if not_negative(n)]
    result = context.constant(1)
    for place in places:
        result = result * [*polys, *weak][place]
    return result


def _multipliers(rows: Sequence[Any], count: int) -> list[Poly] | None:
    """The kernel of the products' coefficients, as polynomials in t without a common factor."""
    held = [by_exponents(row) for row in rows]
    monomials = sorted({e[:-1] for row in held for e in row})
    field = sp.QQ.frac_field(T)
    matrix = DomainMatrix(
        [[field.from_sympy(_entry(row, m)) for row in held] for m in monomials], (len(monomials), len(rows)), field
    )
    kernel = matrix.nullspace().to_Matrix()
    if kernel.rows != 1:
        return None
    cleared = [sp.fraction(sp.cancel(y)) for y in kernel]
    multiple = sp.Integer(1)
    for _, below in cleared:
        multiple = sp.lcm(multiple, below)
    polys = [sp.Poly(sp.cancel(above * multiple / below), T) for above, below in cleared]
    shared = polys[0]
    for poly in polys[1:]:
        shared = sp.gcd(shared, poly)
    return [[rational(sp.Rational(c)) for c in reversed(sp.quo(poly, shared).all_coeffs())] for poly in polys]


def _signs(products: Sequence[tuple[int, ...]], multipliers: list[Poly], strict: int, inner: Rationalised) -> bool:
    """Whether all are not negative beyond the start, those of strict products not all zero; turned round if need be."""
    start = rational(inner.start)
    sample = start + SAMPLES[0]
    total = sum((sum((c * sample**k for k, c in enumerate(y)), fmpq(0)) for y in multipliers), fmpq(0))
    if total < 0:
        multipliers[:] = [[-c for c in y] for y in multipliers]
    if any(negative_at(y, start) is not None for y in multipliers):
        return False
    return negative_at(strict_sum(products, multipliers, strict), start, True) is None


def strict_sum(products: Sequence[tuple[int, ...]], multipliers: Sequence[Poly], strict: int) -> Poly:
    """The sum of the multipliers whose products are positive."""
    chosen_ = [y for p, y in zip(products, multipliers, strict=True) if max(p) < strict]
    size = max((len(y) for y in chosen_), default=0)
    return [sum((y[k] for y in chosen_ if k < len(y)), fmpq(0)) for k in range(size)]


def _steps(
    polys: Sequence[Any], products: Sequence[tuple[int, ...]], multipliers: list[Poly], unknown: Sequence[str]
) -> list[Step]:
    held = [[[list(e), str(c)] for e, c in by_exponents(poly).items()] for poly in polys]
    first = Step(
        "inequalities",
        f"where the radius at μ and at L is below the rate, {len(polys)} polynomials in {', '.join(unknown)} and t are > 0",
        {"unknown": list(unknown), "polys": held},
    )
    signs = [on_halfline(f"multiplier {k + 1}", y, False) for k, y in enumerate(multipliers)]
    total = on_halfline(
        "the sum of the multipliers of positive products", strict_sum(products, multipliers, len(polys)), True
    )
    content = {"terms": [[list(p), [str(c) for c in y]] for p, y in zip(products, multipliers, strict=True)]}
    last = Step("vanishing", f"{len(products)} products of them, with these multipliers, add up to 0", content)
    return [first, *signs, total, last]
