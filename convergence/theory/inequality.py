"""Polynomials that must be positive: the shortest inequalities that say so, and their sign on arrays of numbers.

Factors of known sign are divided out of inequalities first. They are for λ > 0, lr > 0, momentum ≥ 0, as the domains say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convergence.algebra import cancelled
from convergence.crossing import evaluate, exact, fraction
from convergence.errors import BadHyperparameter
from convergence.theory.symbols import factored, tidy
from convergence.theory.system import System

DOUBT = 1e-10
"""A polynomial smaller than this part of its terms' sizes is evaluated exactly; rounding is a thousand times smaller."""


def relationals(polynomials: Sequence[sp.Expr], derived: System) -> tuple[Any, ...]:
    """The conditions ``polynomial > 0`` as SymPy relationals, without what is positive anyway and what follows.

    What is positive anyway follows from the symbols' assumptions (λ > 0, lr > 0, momentum ≥ 0).
    """
    essential = _essential(polynomials)
    positive = set(essential)
    preferred = [s for name, s in derived.symbols.items() if name not in ("curvature", "sigma")]
    solved = [_solved(factor, preferred, positive) for factor in sorted(essential, key=sp.count_ops)]
    return tuple(dict.fromkeys(solved))


def _essential(polynomials: Iterable[sp.Expr]) -> list[sp.Expr]:
    """One product of factors for each condition, freed of the factors whose sign is known."""
    left: list[sp.Expr] = []
    for polynomial in sorted(polynomials, key=lambda p: len(sp.factor_list(p)[1])):
        reduced = _reduced(polynomial, left)
        if reduced != 1:
            left.append(reduced)
    return list(dict.fromkeys(left))


def _reduced(polynomial: sp.Expr, positive: Sequence[sp.Expr]) -> sp.Expr:
    """The polynomial without factors known to be positive, its sign kept; 1 where nothing is left to say."""
    constant, factors = sp.factor_list(polynomial)
    product = sp.Integer(1 if constant > 0 else -1)
    for factor, times in factors:
        sign = sign_of(factor, positive)
        if sign == 0:
            product *= factor if times % 2 else factor**2
        elif sign < 0 and times % 2:
            product = -product
    return sp.expand(product)


def sign_of(formula: sp.Expr, positive: Iterable[sp.Expr]) -> int:
    """1 or −1 where the sign is known from the assumptions or from the formulas known to be positive, else 0."""
    if formula.is_positive:
        return 1
    if formula.is_negative:
        return -1
    for known in positive:
        ratio = cancelled(formula / known)
        if ratio.is_positive or ratio.is_negative:
            return 1 if ratio.is_positive else -1
    return 0


def _solved(factor: sp.Expr, preferred: Sequence[sp.Symbol], positive: set[sp.Expr]) -> Any:
    for letter in preferred:
        if not factor.has(letter):
            continue
        poly = sp.Poly(factor, letter)
        if poly.degree() == 1:
            slope, constant = poly.all_coeffs()
            sign = _product_sign(slope, positive - {factor})
            if sign:
                bound = factored(-constant / slope)
                return sp.StrictGreaterThan(letter, bound) if sign > 0 else sp.StrictLessThan(letter, bound)
    return sp.StrictGreaterThan(tidy(factor), 0)


def _product_sign(formula: sp.Expr, positive: Iterable[sp.Expr]) -> int:
    constant, factors = sp.factor_list(formula)
    sign = 1 if constant > 0 else -1
    known = list(positive)
    for factor, times in factors:
        sign *= sign_of(factor, known) ** times
    return sign


def numbers(name: str, value: Any) -> NDArray[Any]:
    """Numbers as an array: floats, or objects that are exact. BadHyperparameter for what is no finite real number."""
    try:
        array = np.asarray(value)
        real = array.dtype.kind in "iufO" and array.dtype != bool and bool(np.isfinite(array.astype(float)).all())
    except (TypeError, ValueError, OverflowError):
        real = False
    if not real:
        raise BadHyperparameter(f"{name} must be a finite real number, or an array of them; got {str(value)[:60]!r}")
    return array if array.dtype == object else array.astype(float)


def is_positive(polynomial: sp.Expr, arguments: list[sp.Symbol], values: Any) -> NDArray[np.bool_]:
    """The sign of a polynomial on arrays: in floats where that is certain, in rationals where it is not."""
    terms = sp.Add.make_args(polynomial)
    floats = [v.astype(float) for v in values]
    with np.errstate(all="ignore"):
        parts = [np.broadcast_to(part, floats[0].shape) for part in evaluate(arguments, terms, floats)]
        total, size = sum(parts), sum(np.abs(part) for part in parts)
        sign = np.array(total > 0)
        doubtful = ~(np.abs(total) > DOUBT * size) & np.isfinite(total)
    for place in zip(*np.nonzero(np.atleast_1d(doubtful)), strict=True):
        where = place if sign.ndim else ()
        sign[where] = _exactly_positive(polynomial, arguments, [v[where] for v in values])
    return sign


def _exactly_positive(polynomial: sp.Expr, arguments: list[sp.Symbol], numbers: list[Any]) -> bool:
    if any(isinstance(n, sp.Basic) and not n.is_Rational for n in numbers):
        value = polynomial.subs(dict(zip(arguments, map(exact, numbers), strict=True)))
        return bool(sp.simplify(value).is_positive)
    rational = dict(zip(arguments, (sp.Rational(fraction(n)) for n in numbers), strict=True))
    return bool(polynomial.xreplace(rational) > 0)
