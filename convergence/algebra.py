"""Rational formulas in many letters: factors, coefficients, lowest terms, resultants.

A root of a polynomial is a letter that knows its equation, so that formulas stay rational: one is zero exactly where its
numerator is a multiple of the root's minimal polynomial. The arithmetic is FLINT's, a hundred times faster than SymPy's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import sympy as sp
from flint import fmpz_mpoly_ctx

Ratio = tuple[Any, Any]


class Root(sp.Dummy):  # type: ignore[misc]
    """A letter for a root of an irreducible polynomial: ``minimal`` is that polynomial in the letter, ``value`` the root."""

    __slots__ = ("minimal", "value")


def real_roots(coefficients: list[sp.Expr]) -> list[sp.Expr]:
    """The real roots of an irreducible polynomial, in a new letter; those of degree two may have letters in them.

    Raises ValueError for a higher degree with letters.
    """
    if len(coefficients) == 3:
        a, b, c = coefficients
        square = sp.factor(b**2 - 4 * a * c)
        letter = _root(sp.sqrt(square), [sp.Integer(1), sp.Integer(0), -square])
        return [] if square.is_negative else [(-b + sign * letter) / (2 * a) for sign in (1, -1)]
    if any(c.free_symbols for c in coefficients):
        raise ValueError("a polynomial of degree three or more, with letters in it")
    return [_root(value, coefficients) for value in sp.Poly(coefficients, sp.Dummy("x")).real_roots()]


def _root(value: sp.Expr, coefficients: list[sp.Expr]) -> Root:
    letter = Root("r", real=True)
    letter.value = value
    letter.minimal = sum(c * letter**k for k, c in enumerate(reversed(coefficients)))
    return letter


def cancelled(formula: sp.Expr) -> sp.Expr:
    """The quotient of two expanded polynomials without a common factor, as ``sympy.cancel`` writes it.

    That first looks for common terms (``factor_terms``), which takes longer than all the rest. Of a rational formula the
    lowest terms are the same without; with roots in it they are not, and are left to SymPy.

    >>> x, y = sp.symbols("x y")
    >>> cancelled(1 / (x - y) - 1 / (x + y))
    2*y/(x**2 - y**2)
    """
    formula = sp.sympify(formula)
    if formula.is_Rational or not _is_rational(formula):
        return sp.cancel(formula)
    ring, (above, below) = sp.sring(formula.as_numer_denom())
    if not ring.ngens:
        return sp.cancel(formula)
    above, below = above.cancel(below)
    return above.as_expr() / below.as_expr()


def _is_rational(formula: sp.Expr) -> bool:
    """Whether it is made of letters and fractions by sums, products and powers of whole numbers."""
    if formula.is_Pow:
        return bool(formula.exp.is_Integer) and _is_rational(formula.base)
    return (
        formula.is_Symbol
        or formula.is_Rational
        or ((formula.is_Add or formula.is_Mul) and all(map(_is_rational, formula.args)))
    )


def plain(formula: sp.Expr) -> sp.Expr:
    """The formula with the roots themselves in the places of their letters, square roots out of the denominator."""
    while formula.has(Root):
        letter = max(formula.atoms(Root), key=lambda root: int(root.dummy_index))
        if len(powers(letter.minimal, letter)) == 3:
            formula = _rationalised(formula, letter)
        formula = formula.xreplace({letter: letter.value})
    return formula


def _rationalised(formula: sp.Expr, letter: Root) -> sp.Expr:
    """A formula in r with r² = D as a + b·r: (p + qr)/(s + tr) is (p + qr)(s − tr)/(s² − t²D)."""
    square = letter.value**2
    (p, q), (s, t) = (_linear(_remainder(part, letter), letter) for part in fraction(formula))
    norm = s**2 - t**2 * square
    return sp.factor(lowest_terms((p * s - q * t * square) / norm)) + letter * sp.factor(
        lowest_terms((q * s - p * t) / norm)
    )


def _linear(reduced: sp.Expr, letter: Root) -> tuple[sp.Expr, sp.Expr]:
    slope = lowest_terms(sp.diff(reduced, letter))
    return lowest_terms(reduced.xreplace({letter: sp.Integer(0)})), slope


def has_root(formula: sp.Expr) -> bool:
    """Whether there is a root in a formula that letters have left: a power that is no whole number, or a root of a cubic."""
    return formula.has(sp.CRootOf) or any(not power.exp.is_Integer for power in formula.atoms(sp.Pow))


def numerator(formula: sp.Expr) -> sp.Expr:
    """The numerator of a formula in lowest terms: 0 exactly where the formula is."""
    field = _Field(formula)
    above = field.formula(field.lowest(formula)[0])
    for letter in sorted(above.atoms(Root), key=lambda root: -int(root.dummy_index)):
        above = fraction(_remainder(above, letter))[0]
    return above


def _remainder(polynomial: sp.Expr, letter: Root) -> sp.Expr:
    """What a polynomial leaves modulo the minimal polynomial of a letter in it."""
    leading, *tail = powers(letter.minimal, letter)
    left = powers(polynomial, letter)
    while len(left) > len(tail):
        first, *left = left
        left = [c - first * (tail[k] if k < len(tail) else sp.Integer(0)) / leading for k, c in enumerate(left)]
    return sum(c * letter**k for k, c in enumerate(reversed(left)))


@cache
def powers(polynomial: sp.Expr, letter: sp.Symbol) -> list[sp.Expr]:
    """The coefficients of a polynomial in one letter, highest power first."""
    field = _Field(polynomial, letter)
    place = field.letters.index(letter)
    parts: dict[int, dict[tuple[int, ...], Any]] = {}
    for exponents, number in field.ratio(polynomial)[0].to_dict().items():
        rest = tuple(0 if k == place else power for k, power in enumerate(exponents))
        parts.setdefault(int(exponents[place]), {})[rest] = number
    return [field.formula(field.ring.from_dict(parts.get(k, {}))) for k in range(max(parts, default=0), -1, -1)]


def vanishes(formula: sp.Expr) -> bool:
    """Whether a formula is zero for all values of its letters."""
    return bool(numerator(formula) == 0)


def lowest_terms(formula: sp.Expr) -> sp.Expr:
    """The formula as one fraction in lowest terms, both parts multiplied out."""
    field = _Field(formula)
    above, below = field.lowest(formula)
    if below.leading_coefficient() < 0:
        above, below = -above, -below
    return field.formula(above) / field.formula(below)


def fraction(formula: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """Numerator and denominator in lowest terms."""
    field = _Field(formula)
    above, below = field.lowest(formula)
    return field.formula(above), field.formula(below)


def factors(formula: sp.Expr) -> list[sp.Expr]:
    """The irreducible factors of a numerator, each once, constants left out.

    >>> x, y = sp.symbols("x y")
    >>> sorted(factors(3 * (x - y) ** 2 * (x + y) / x), key=str)
    [x + y, x - y]
    """
    return [part for part, _ in factors_with_powers(formula)]


def factors_with_powers(formula: sp.Expr) -> list[tuple[sp.Expr, int]]:
    """The irreducible factors of a numerator and how often each occurs, constants left out."""
    field = _Field(formula)
    above = field.ratio(formula)[0]
    try:
        return [(field.formula(part), int(times)) for part, times in above.factor()[1]]
    except OverflowError:  # FLINT sorts factors by the difference of coefficients, as a C integer
        return [(part, int(times)) for part, times in sp.factor_list(field.formula(above))[1]]


def coefficients(formula: sp.Expr, *letters: sp.Symbol) -> list[sp.Expr]:
    """The coefficients, as a polynomial in these letters, of the numerator of a formula: all zero exactly where it is."""
    field = _Field(formula, *letters)
    places = [field.letters.index(letter) for letter in letters]
    parts: dict[tuple[int, ...], dict[tuple[int, ...], Any]] = {}
    for powers, number in field.ratio(formula)[0].to_dict().items():
        rest = tuple(0 if k in places else power for k, power in enumerate(powers))
        parts.setdefault(tuple(powers[k] for k in places), {})[rest] = number
    return [field.formula(field.ring.from_dict(part)) for part in parts.values()]


def resultant(one: sp.Expr, other: sp.Expr, letter: sp.Symbol) -> sp.Expr:
    """The resultant of two polynomials in one of their letters: zero where they have a common root in it.

    >>> x, a = sp.symbols("x a")
    >>> resultant(x**2 - a, x - 1, x)
    1 - a
    """
    if not (one.is_polynomial(*one.free_symbols) and other.is_polynomial(*other.free_symbols)):
        return sp.resultant(one, other, letter)
    field = _Field(one, other, letter)
    name = field.ring.names()[field.letters.index(letter)]
    return field.formula(field.ratio(one)[0].resultant(field.ratio(other)[0], name))


def projection(polynomials: Sequence[sp.Expr], letter: sp.Symbol, ends: Sequence[sp.Expr]) -> list[sp.Expr]:
    """Where the real roots in one letter of some polynomials may change their number or order: irreducible factors.

    Of the leading coefficients, the discriminants, the resultants of pairs, and the values at the ``ends`` of an interval;
    polynomials without the letter pass (Collins 1975, McCallum 1988).
    """
    field = _Field(sp.Mul(*polynomials), letter)
    parts = [field.ratio(p)[0] for p in polynomials]
    place = field.letters.index(letter)
    inside = [p for p in parts if p.degrees()[place]]
    outside = [p for p in parts if not p.degrees()[place]]
    name = field.ring.names()[place]
    outside += [p.discriminant(name) for p in inside if p.degrees()[place] > 1]
    outside += [p.resultant(q, name) for k, p in enumerate(inside) for q in inside[:k]]
    formulas = [field.formula(p) for p in outside]
    formulas += [powers(field.formula(p), letter)[0] for p in inside]
    formulas += [field.formula(p).subs(letter, end) for p in inside for end in ends]
    return list(dict.fromkeys(part for formula in formulas for part in factors(formula) if part.free_symbols))


class _Field:
    """The rational functions in the letters of some formulas; other constants than rationals are letters too."""

    def __init__(self, *formulas: sp.Expr) -> None:
        self.letters = sorted(set().union(*(_letters(formula) for formula in formulas)), key=sp.default_sort_key)
        self.ring = fmpz_mpoly_ctx.get(tuple(f"x{k}" for k in range(max(1, len(self.letters)))), "lex")
        self.generators = dict(zip(self.letters, self.ring.gens(), strict=False))

    def ratio(self, formula: sp.Expr) -> Ratio:
        """Numerator and denominator, with what they have in common."""
        if formula in self.generators:
            return self.generators[formula], self.ring.constant(1)
        if formula.is_Rational:
            return self.ring.constant(int(formula.p)), self.ring.constant(int(formula.q))
        parts = [self.ratio(part) for part in (formula.args if not formula.is_Pow else formula.args[:1])]
        return _power(parts[0], int(formula.exp)) if formula.is_Pow else _joined(parts, OPERATIONS[type(formula)])

    def lowest(self, formula: sp.Expr) -> Ratio:
        above, below = self.ratio(formula)
        common = above.gcd(below)
        return above // common, below // common

    def formula(self, polynomial: Any) -> sp.Expr:
        return sp.Add(*(self._term(powers, number) for powers, number in polynomial.to_dict().items()))

    def _term(self, powers: Sequence[int], number: Any) -> sp.Expr:
        parts = (letter ** int(power) for letter, power in zip(self.letters, powers, strict=False) if power)
        return sp.Mul(sp.Integer(int(number)), *parts)


def _letters(formula: sp.Expr) -> set[sp.Expr]:
    if formula.is_Rational:
        return set()
    if formula.is_Add or formula.is_Mul:
        return set().union(*map(_letters, formula.args))
    if formula.is_Pow and formula.exp.is_Integer:
        return _letters(formula.base)
    return {formula}


def _power(ratio: Ratio, exponent: int) -> Ratio:
    above, below = ratio if exponent >= 0 else ratio[::-1]
    return above ** abs(exponent), below ** abs(exponent)


def _joined(parts: Sequence[Ratio], join: Callable[[Ratio, Ratio], Ratio]) -> Ratio:
    result, *rest = parts
    for part in rest:
        result = join(result, part)
    return result


def _sum(one: Ratio, other: Ratio) -> Ratio:
    if one[1] == other[1]:
        return one[0] + other[0], one[1]
    common = one[1].gcd(other[1])
    mine, yours = one[1] // common, other[1] // common
    return one[0] * yours + other[0] * mine, mine * other[1]


def _product(one: Ratio, other: Ratio) -> Ratio:
    return one[0] * other[0], one[1] * other[1]


OPERATIONS = {sp.Add: _sum, sp.Mul: _product}
