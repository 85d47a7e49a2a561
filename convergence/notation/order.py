"""Order of terms and signs of factors, as one writes a formula by hand.

Terms are ordered by their size where hyperparameters are small and condition numbers large, which puts constants before
corrections: 1 + β − ηλ, √κ + 1. Factors are turned so that they are positive there: (1 − β)² and not (β − 1)².
"""

from __future__ import annotations

from functools import lru_cache

import sympy as sp

SIZES = {
    "kappa": 1e4,
    "z": 1e3,
    "n": 1e3,
    "L": 1.0,
    "sigma_max": 1.0,
    "lambda": 0.1,
    "sigma": 0.1,
    "mu": 0.05,
    "delta": 0.01,
    "epsilon": 1e-6,
}
"""How large letters are thought to be."""

SHARE, SMALL = 0.02, 0.01
"""Others: what may vanish, as a momentum may, and the rest."""

BELOW = {"epsilon": 1.0}
"""How large they are below a line: what ε divides is small beside 1, as in 1 + β − ηλ/ε, though η − 2ε is positive."""

MANY = 60
"""Longer sums stay in SymPy's order: nobody reads them, and sizes cost time."""


def terms(expr: sp.Add) -> list[sp.Expr]:
    """The terms of a sum, the largest first, but for a positive one that leads; those of the same positive letters are one."""
    ordered = [part for term in expr.as_ordered_terms() for part in sp.Add.make_args(turned(term))]
    if len(ordered) <= MANY:
        ordered = _gathered(ordered)
        ordered.sort(key=lambda term: -abs(_size(term)))
    first = next((k for k, term in enumerate(ordered) if not term.could_extract_minus_sign()), 0)
    return [ordered[first], *ordered[:first], *ordered[first + 1 :]]


def _gathered(parts: list[sp.Expr]) -> list[sp.Expr]:
    """1 − ηλ(1 − βν) for 1 − ηλ + βηλν: terms that are one but for letters that may vanish."""
    groups: dict[sp.Expr, list[sp.Expr]] = {}
    for part in parts:
        positives = [letter for letter in part.free_symbols if letter.is_positive]
        groups.setdefault(part.as_independent(*positives, as_Add=False)[1], []).append(part)
    if len(groups) == 1:  # a factor of all, which ``shared`` takes out
        return parts
    whole: list[sp.Expr] = []
    for letters, group in groups.items():
        together = letters != 1 and len(group) > 1
        whole += [turned(letters * sp.factor(sp.Add(*(part / letters for part in group))))] if together else group
    return whole


def turned(term: sp.Expr) -> sp.Expr:
    """A product with its sums turned so that they are positive, the sign before it, and what they share taken out."""
    term = _divided(_outside(term)) if term.is_Mul or term.is_Pow else term
    if not term.is_Mul and not term.is_Pow:
        return term
    parts = [_turned(part) for part in sp.Mul.make_args(term)]
    if all(part is old for (_, part), old in zip(parts, sp.Mul.make_args(term), strict=True)):
        return term
    factors = [*(sp.Integer(sign) for sign, _ in parts), *(part for _, part in parts)]
    whole = sp.Mul(*factors)
    if not whole.is_Add:
        return whole
    number = sp.Mul(*(factor for factor in factors if factor.is_Number))  # a number times a sum would be a sum again
    return sp.Mul(number, *(factor for factor in factors if not factor.is_Number), evaluate=False)


def _outside(term: sp.Expr) -> sp.Expr:
    """A product in which no sum has a letter as a factor: ε(1 − β) below the line, not ε − βε."""
    powers = [part.as_base_exp() for part in sp.Mul.make_args(term)]
    letters = [common(base) if base.is_Add and power.is_Integer else sp.S.One for base, power in powers]
    if all(letter == 1 for letter in letters):
        return term
    split = zip(letters, powers, strict=True)
    return sp.Mul(*(c**power * (base if c == 1 else _over(base, c)) ** power for c, (base, power) in split))


def common(expr: sp.Add) -> sp.Expr:
    """The letters that are factors of every term; 1 where there are none."""
    if len(expr.args) > MANY:
        return sp.S.One
    first, *others = (term.as_powers_dict() for term in expr.args)
    powers = {s: min(one.get(s, 0) for one in (first, *others)) for s in first if s.is_Symbol and first[s].is_Integer}
    return sp.Mul(*(letter**power for letter, power in powers.items() if power > 0))


def _over(expr: sp.Add, factor: sp.Expr) -> sp.Expr:
    return sp.Add(*(term / factor for term in expr.args))


def _divided(term: sp.Expr) -> sp.Expr:
    """1 − ηλ/ε for (ε − ηλ)/ε: where a positive letter below the line is a term above it."""
    factors = sp.Mul.make_args(term)
    powers = (part for part in factors if part.is_Pow and part.exp.is_negative)
    under = [part for part in powers if part.base.is_Symbol and part.base.is_positive]
    for whole in factors if under else ():
        if whole.is_Add and len(whole.args) <= MANY:
            parts = [part * sp.Mul(*under) for part in sp.expand(whole).args]
            if any(part.is_Number for part in parts):
                return sp.Mul(sp.Add(*_gathered(parts)), *(f for f in factors if f is not whole and f not in under))
    return term


def _turned(part: sp.Expr) -> tuple[int, sp.Expr]:
    base, power = part.as_base_exp()
    if not (base.is_Add and power.is_Integer) or len(base.args) > MANY or not _negative(base):
        return 1, part
    return -1 if power % 2 else 1, sp.Pow(-base, power)


def positive(expr: sp.Expr) -> sp.Expr:
    """A sum, or the same with all signs changed, whichever is positive: what bars or an even power enclose."""
    return -expr if expr.is_Add and _negative(expr) else expr


def _negative(expr: sp.Expr) -> bool:
    size = _size(expr)
    return size < 0 or (size == 0 and bool(expr.could_extract_minus_sign()))


def shared(expr: sp.Add) -> sp.Expr | None:
    """(1 + β)/2 for ½ + β/2, β(1 − ηλ) for β − βηλ: where all terms have one denominator, or a factor; else None."""
    factor = common(expr)
    if factor != 1:
        return sp.Mul(factor, _over(expr, factor))
    numbers = [term.as_coeff_Mul()[0] for term in expr.args]
    under = {number.q if number.is_Rational else 1 for number in numbers}
    if len(under) != 1 or under == {1}:
        return None
    (q,) = under
    return sp.Mul(sp.Rational(1, q), sp.Add(*(q * term for term in expr.args)), evaluate=False)


def monomials(poly: sp.Poly) -> list[tuple[int, sp.Expr, int]]:
    """Sign, coefficient and power of each term of a polynomial, the highest power first, coefficients as products."""
    return [(*_signed(coefficient), power) for (power,), coefficient in poly.terms()]


def _signed(coefficient: sp.Expr) -> tuple[int, sp.Expr]:
    sign = -1 if _negative(coefficient) else 1
    return sign, shortest(sign * coefficient)


@lru_cache(maxsize=2_000)
def shortest(formula: sp.Expr) -> sp.Expr:
    """The shortest of the usual ways to write a rational formula, a product rather than a sum."""
    whole = sp.cancel(formula)
    factors = sp.factor(whole)
    product = sp.Mul(*map(_collected, sp.Mul.make_args(factors)))
    collected = product if factors == whole else _collected(whole)
    forms = (formula, whole, product, factors, sp.expand(whole), collected)
    return min(map(turned, forms), key=_length)


def _collected(expr: sp.Expr) -> sp.Expr:
    """A sum with the terms of one letter together: 1 + β − ηλ(1 − β)."""
    if not expr.is_Add or len(expr.args) > MANY:
        return expr
    letters = sorted(expr.free_symbols, key=str)
    return min((_turned_terms(sp.collect(expr, s, sp.factor)) for s in letters), key=_length, default=expr)


def _turned_terms(expr: sp.Expr) -> sp.Expr:
    """A sum whose products are turned."""
    return sp.Add(*map(turned, sp.Add.make_args(expr)))


def _length(expr: sp.Expr) -> tuple[int, bool]:
    return sp.count_ops(expr), expr.is_Add


@lru_cache(maxsize=20_000)
def _size(term: sp.Expr) -> float:
    """A formula at the letters' sizes; 0 where that is no real number."""
    try:
        below = {s for power in term.atoms(sp.Pow) if power.exp.is_negative for s in power.base.free_symbols}
        return float(term.xreplace({s: sp.Float(_letter(s, s in below)) for s in term.free_symbols}))
    except (TypeError, ValueError, AttributeError):
        return 0.0


def _letter(letter: sp.Symbol, below: bool) -> float:
    usual = SHARE if letter.is_nonnegative and not letter.is_positive else SMALL
    sizes = SIZES | BELOW if below else SIZES
    return sizes.get(letter.name.removesuffix("_0"), usual)  # κ₀ is as large as κ
