"""The solution of polynomial equations near a numerical one, in square roots.

A general solver asks for every solution in every case. Here a numerical one is known, so each step keeps the one factor
that vanishes there: eliminate an unknown that stands linearly, factor, keep, repeat; at the end a quadratic at most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import prod

import numpy as np
import sympy as sp

from convergence.algebra import cancelled, factors, resultant
from convergence.theory.candidates import values
from convergence.theory.deadline import Deadline
from convergence.theory.radicals import short, square_root

Near = Mapping[sp.Symbol, float]

RESULTANTS = 12
"""So many pairs of equations are replaced by their resultant; a solution in square roots needs a few."""

NONZERO = 1e-6
"""A coefficient below this part of its terms' sizes, at a solution known to about 1e-9, is taken for zero."""


def solved(
    equations: Sequence[sp.Expr],
    unknown: Sequence[sp.Symbol],
    near: Near,
    deadline: Deadline,
    wanted: sp.Symbol | None = None,
) -> dict[sp.Symbol, sp.Expr] | None:
    """The solution near ``near`` of as many independent equations as there are unknowns; None: not in square roots.

    With one of them ``wanted``, those that are found through it are left out. Raises TimeoutError where the time is up.
    """
    try:
        found = _solved(equations, unknown, near, deadline)
        return None if found is None else _substituted_back(found, unknown, wanted)
    except sp.PolynomialError:  # a root came in before the last step
        return None


def _solved(
    equations: Sequence[sp.Expr], unknown: Sequence[sp.Symbol], near: Near, deadline: Deadline
) -> list[tuple[sp.Symbol, sp.Expr]] | None:
    """Each unknown in those that come after it."""
    left = [_vanishing(equation, unknown, near) for equation in equations]
    found: list[tuple[sp.Symbol, sp.Expr]] = []
    tries = RESULTANTS
    while remaining := list(dict.fromkeys(e for e in left if e is not None and e.has(*unknown))):
        deadline.check()
        step = _linear(remaining, unknown, near) or _quadratic(remaining, unknown, near)
        if step is None:
            reduced = _resultant(remaining, unknown, near) if tries else None
            if reduced is None:
                return None
            tries -= 1
            left = reduced
            continue
        used, letter, value = step
        found.append((letter, value))
        left = [_vanishing(_substituted(e, letter, value), unknown, near) for e in remaining if e is not used]
    return found


def _vanishing(equation: sp.Expr, unknown: Sequence[sp.Symbol], near: Near) -> sp.Expr | None:
    """The irreducible factor that vanishes at the solution; None for an equation that says 0 = 0."""
    if equation == 0:
        return None
    parts = [factor for factor in _factors(equation) if factor.has(*unknown)]
    return min(parts, key=lambda part: _relative(part, near), default=None)


def _factors(equation: sp.Expr) -> list[sp.Expr]:
    if equation.is_polynomial(*equation.free_symbols):
        return factors(equation)
    return [factor for factor, _ in sp.factor_list(equation)[1]]


def _relative(formula: sp.Expr, near: Near) -> float:
    """How far the formula is from zero there, in parts of its terms; a single term by its size."""
    with np.errstate(all="ignore"):  # a denominator may vanish there
        terms = [_value(term, near) for term in sp.Add.make_args(sp.expand(formula))]
        if len(terms) == 1:
            return float(abs(terms[0]))
        return float(abs(sum(terms)) / (sum(map(abs, terms)) or 1.0))


def _value(formula: sp.Expr, near: Near) -> complex:
    """An algebraic formula there, in floats: it is asked for once, and compiling it would take a hundred times longer."""
    if not formula.args:
        return np.complex128(near[formula] if formula.is_Symbol else complex(formula))
    parts = [_value(part, near) for part in formula.args]
    return sum(parts) if formula.is_Add else prod(parts) if formula.is_Mul else parts[0] ** parts[1]


Step = tuple[sp.Expr, sp.Symbol, sp.Expr]


def _linear(equations: Sequence[sp.Expr], unknown: Sequence[sp.Symbol], near: Near) -> Step | None:
    """The simplest equation that is linear in an unknown, solved for it."""
    options = []
    for equation in equations:
        for place, letter in enumerate(unknown):
            if equation.has(letter) and sp.degree(equation, letter) == 1:
                slope, constant = sp.Poly(equation, letter).all_coeffs()
                if _relative(slope, near) > NONZERO or not slope.free_symbols:
                    options.append(
                        (sp.count_ops(slope), sp.count_ops(constant), place, equation, letter, -constant / slope)
                    )
    if not options:
        return None
    *_, equation, letter, value = min(options, key=lambda option: option[:3])
    return equation, letter, cancelled(value)


def _quadratic(equations: Sequence[sp.Expr], unknown: Sequence[sp.Symbol], near: Near) -> Step | None:
    """A quadratic equation in one unknown alone, solved for the root that lies near."""
    for equation in equations:
        letters = [s for s in unknown if equation.has(s)]
        if len(letters) == 1 and sp.degree(equation, letters[0]) == 2:
            a, b, c = sp.Poly(equation, letters[0]).all_coeffs()
            sign = -1 if values((a,), near, complex)[0].real < 0 else 1
            a, b, c = (sp.factor(sign * k) for k in (a, b, c))
            root = min((square_root(b**2 - 4 * a * c), sp.sqrt(b**2 - 4 * a * c)), key=sp.count_ops)
            sides = [(-b + s * root) / (2 * a) for s in (1, -1)]
            at = values(sides, near, complex)
            side = min((0, 1), key=lambda k: abs(at[k] - near[letters[0]]))
            split = sp.factor_terms(cancelled(-b / (2 * a)) + (1, -1)[side] * root / (2 * a))
            return equation, letters[0], min((short(sides[side]), split), key=sp.count_ops)
    return None


def _resultant(equations: list[sp.Expr], unknown: Sequence[sp.Symbol], near: Near) -> list[sp.Expr | None] | None:
    """Two equations replaced by one without an unknown, the simpler of the two kept; None where nothing is left to do."""
    pairs = [
        (sp.degree(one, letter) + sp.degree(other, letter), letter, one, other)
        for one, other in combinations(equations, 2)
        for letter in unknown
        if one.has(letter) and other.has(letter)
    ]
    if not pairs:
        return None
    _, letter, one, other = min(pairs, key=lambda pair: pair[0])
    reduced = _vanishing(resultant(one, other, letter), unknown, near)
    kept = min((one, other), key=lambda e: (sp.degree(e, letter), sp.count_ops(e)))
    others = [e for e in equations if e not in (one, other)]
    univariate = reduced is not None and sum(reduced.has(s) for s in unknown) == 1
    if reduced is None or (univariate and max(sp.degree(reduced, s) for s in unknown) > 2):
        return None
    return [*others, reduced, kept]


def _substituted(equation: sp.Expr, letter: sp.Symbol, value: sp.Expr) -> sp.Expr:
    if value.atoms(sp.Pow) and any(not p.exp.is_Integer for p in value.atoms(sp.Pow)):
        return sp.Integer(0) if not equation.has(letter) else equation.subs(letter, value)
    return sp.expand(sp.numer(sp.together(equation.subs(letter, value))))


def _substituted_back(
    found: list[tuple[sp.Symbol, sp.Expr]], unknown: Sequence[sp.Symbol], wanted: sp.Symbol | None
) -> dict[sp.Symbol, sp.Expr]:
    solution: dict[sp.Symbol, sp.Expr] = {}
    for letter, value in reversed(found):
        inserted = value.subs(solution)
        if inserted.has(sp.nan, sp.zoo):
            return {}
        solution[letter] = short(inserted)
        if letter == wanted:
            break
    return {letter: solution[letter] for letter in unknown if letter in solution}
