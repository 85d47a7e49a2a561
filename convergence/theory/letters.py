"""Hyperparameters as positive letters: a share β in [0, 1) is b/(1 + b), so that SymPy decides signs and roots close.

With β itself it leaves √((1−β)²) as |β − 1|.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from convergence.crossing import exact
from convergence.errors import BadHyperparameter
from convergence.rule import Method
from convergence.setting import checked, varies
from convergence.theory.symbols import factored


@dataclass(frozen=True)
class Letters:
    """The hyperparameters ``inner``, in positive letters, and ``back``, what these letters are of the person's own."""

    inner: Mapping[str, sp.Expr]
    back: Mapping[sp.Symbol, sp.Expr]

    def with_positive(self, letter: sp.Expr) -> tuple[Letters, sp.Expr]:
        """These and another letter, which SymPy then knows to be positive; a number stays as it is."""
        if not letter.is_Symbol:
            return self, letter
        positive = sp.Dummy(letter.name, positive=True)
        return Letters(self.inner, {**self.back, positive: letter}), positive

    def outer(self, formula: sp.Expr) -> sp.Expr:
        """A formula in the person's letters, as one writes it by hand: η(1 − β)/(2(1 + β)) − ε/λ."""
        formula = sp.sympify(formula).subs(self.back)
        if not formula.free_symbols:
            return formula
        if any(not p.exp.is_Integer for p in formula.atoms(sp.Pow)):
            return _rooted(formula)
        whole = factored(formula)
        above, below = sp.fraction(sp.together(formula))
        letters = sorted(above.free_symbols, key=str)
        sums = [sp.collect(sp.expand(above), letter, evaluate=False) for letter in letters]
        split = [sp.Add(*(factored(power * c / below) for power, c in terms.items())) for terms in sums]
        return min((whole, *split), key=sp.count_ops)

    def positive(self, formula: sp.Expr) -> Any:
        """Formula > 0 as a condition on the person's letters, without the factors that are positive anyway."""
        formula = sp.sympify(formula)
        if not formula.free_symbols:
            return sp.true if _number_sign(formula) > 0 else sp.false
        above, below = sp.fraction(sp.together(formula))
        if not (above * below).is_polynomial():
            known = sign_of(formula)
            return sp.Gt(self.outer(formula), 0) if known is None else sp.true if known > 0 else sp.false
        number, factors = sp.factor_list(above * below)
        sign, left = 1 if number > 0 else -1, []
        for factor, times in factors:
            known = sign_of(factor)
            if known == 0:
                return sp.false
            if known is None and times % 2:
                left.append(factor)
            elif known is None:
                left.extend([factor, factor])
            elif known < 0 and times % 2:
                sign = -sign
        if not left:
            return sp.true if sign > 0 else sp.false
        above, below = sp.fraction(sp.together(sp.Mul(sign, *left).subs(self.back)))
        # below the line are powers of 1 − β alone, for shares β: their sign is that at any point between 0 and 1
        negative = below.subs({s: sp.Rational(1, 3) for s in below.free_symbols}) < 0
        return sp.Gt(sp.factor(-above if negative else above), 0)


def letters_of(method: Method, given: Mapping[str, Any]) -> Letters:
    """What was given, numbers exact; what was left out, or is a letter, as a letter that SymPy knows to be positive.

    Raises BadHyperparameter for unknown names, schedules, arrays, and what is no finite real number.
    """
    method.require_known(given)
    for name, value in given.items():
        if varies(value):
            raise BadHyperparameter(f"{method.name}: {name} is one number or letter here; got {str(value)[:60]!r}")
    full = checked(method, {**method.symbols, **given}).hyper
    inner, back = {}, {}
    for name, value in full.items():
        value = exact(value)
        if value.is_Symbol:
            domain = method.domains[name]
            if domain.is_share:
                letter = sp.Dummy(name, nonnegative=True)
                inner[name], back[letter] = letter / (1 + letter), value / (1 - value)
            else:
                letter = sp.Dummy(name, **domain.symbol.assumptions0)
                inner[name], back[letter] = letter, value
        else:
            inner[name] = value
    return Letters(inner, back)


def sign_of(formula: sp.Expr) -> int | None:
    """The sign of a formula, where the letters' own decide it; None where they do not."""
    if not formula.free_symbols:
        return _number_sign(formula)
    short = sp.factor(sp.together(formula))
    for value in (formula, short):
        if value.is_zero:
            return 0
        if value.is_positive or value.is_negative:
            return 1 if value.is_positive else -1
    above, below = (sp.expand(part) for part in sp.fraction(short))
    signs = [_one_sign(part) for part in (above, below)]
    return None if None in signs else signs[0] * signs[1]  # type: ignore[operator]


def _one_sign(formula: sp.Expr) -> int | None:
    """Of a sum whose terms all have one sign, one of them not zero."""
    terms = sp.Add.make_args(formula)
    for sign in (1, -1):
        if all((sign * t).is_nonnegative for t in terms) and any((sign * t).is_positive for t in terms):
            return sign
    return None


def _number_sign(value: sp.Expr) -> int:
    value = sp.sympify(value)
    if value.is_zero or (not value.is_Rational and value.equals(0)):
        return 0
    if not value.is_real:
        return 0
    return 1 if value > 0 else -1


def _rooted(formula: sp.Expr) -> sp.Expr:
    """A formula with roots: the factors that have none in lowest terms, and so what is under the roots."""
    if formula.is_Add:
        return sp.Add(*(_rooted(term) for term in formula.args))
    parts = sp.Mul.make_args(formula)
    plain = sp.Mul(*(p for p in parts if all(q.exp.is_Integer for q in p.atoms(sp.Pow))))
    return factored(plain) * sp.Mul(*(_root(p) for p in parts if any(not q.exp.is_Integer for q in p.atoms(sp.Pow))))


def _root(part: sp.Expr) -> sp.Expr:
    if not part.is_Pow or part.exp.is_Integer:
        return part.replace(lambda p: p.is_Pow and not p.exp.is_Integer, _root) if part.args else part
    base = factored(part.base)
    return sp.denom(base) ** -part.exp if sp.numer(base) == 1 else base**part.exp
