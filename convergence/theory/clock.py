"""Clocks: states that only keep time, and the iteration matrix of the others at every reading of them.

Bias correction needs βᵗ, Chebyshev's coefficients βᵏ, an average of all iterates the weight 1/t, which is the map
c ← c/(1 + c). Such a state is a clock: it hears nothing but itself. Given its reading the rule may be linear; then it is a
linear method whose matrix changes with time and tends to a limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import sympy as sp

from convergence.algebra import cancelled
from convergence.theory.symbols import CURVATURE, tidy
from convergence.theory.trace import MINIMISER, Formulas


@dataclass(frozen=True)
class Clock:
    """The clocks of a method: their ``names``, the ``letters`` for their readings, and for each its ``start`` and ``update``.

    ``rest`` is what they run down to, and ``matrix`` the iteration matrix of the other states at any reading.
    """

    names: tuple[str, ...]
    letters: tuple[sp.Symbol, ...]
    start: Formulas
    update: Formulas
    rest: Formulas
    matrix: sp.ImmutableMatrix

    @cached_property
    def fades(self) -> bool:
        """Whether one comes to rest as 1/t does, so that the limit is never reached and says nothing of the way there."""
        pairs = zip(self.update, self.letters, self.rest, strict=True)
        return any(sp.diff(update, letter).subs(letter, rest) == 1 for update, letter, rest in pairs)


def clock_of(
    names: Sequence[str], state: Sequence[sp.Symbol], update: Formulas, start: Formulas, rest: Formulas
) -> Clock | None:
    """The clocks of a rule that is linear once they are read; None where it has none, or is not linear even then."""
    clocks = stopped_clocks(state, update)
    places = [k for k, s in enumerate(state) if s in clocks]
    moving = [k for k in range(len(state)) if k not in places]
    readable = all(
        start[k].is_number and rest[k].is_number and _nears(update[k], state[k], start[k], rest[k]) for k in places
    )
    if not places or not readable or not all(_affine(update[k], [state[m] for m in moving]) for k in moving):
        return None
    at_rest = {state[k]: rest[k] for k in moving}
    if any(cancelled(update[k].subs(at_rest) - rest[k]) != 0 for k in moving):
        return None
    matrix = sp.Matrix([update[k] for k in moving]).jacobian([state[k] for k in moving]).applyfunc(tidy)
    timed = [tuple(part[k] for k in places) for part in (start, update, rest)]
    named, letters = tuple(names[k] for k in places), tuple(state[k] for k in places)
    return Clock(named, letters, timed[0], timed[1], timed[2], sp.ImmutableMatrix(matrix))


def keeps_time(update: sp.Expr, letter: sp.Symbol, state: Sequence[sp.Symbol]) -> bool:
    """Whether a state's update hears nothing but itself, and comes to rest: c ← 1 − c, which goes to and fro, does not."""
    if update.free_symbols & ({CURVATURE, MINIMISER, *state} - {letter}):
        return False
    if not _affine(update, [letter]):
        return _fading_rest(update, letter) is not None
    slope = sp.diff(update, letter)
    return not slope.is_number or abs(slope) < 1


def stopped_clocks(state: Sequence[sp.Symbol], update: Sequence[sp.Expr]) -> dict[sp.Symbol, sp.Expr]:
    """The states that keep time, the position never among them, and where each comes to rest."""
    return {s: _stopped(u, s) for s, u in zip(state[1:], update[1:], strict=True) if keeps_time(u, s, state)}


def _stopped(update: sp.Expr, letter: sp.Symbol) -> sp.Expr:
    fading = None if _affine(update, [letter]) else _fading_rest(update, letter)
    return cancelled(-update.subs(letter, 0) / (sp.diff(update, letter) - 1)) if fading is None else fading


def _fading_rest(update: sp.Expr, letter: sp.Symbol) -> sp.Expr | None:
    """The one fixed point of c ← (ac + b)/(ec + d), in numbers, where there is only one: then 1/(c − rest) grows evenly."""
    top, bottom = sp.fraction(cancelled(update))
    if update.free_symbols != {letter} or not all(part.is_polynomial(letter) for part in (top, bottom)):
        return None
    if max(sp.degree(top, letter), sp.degree(bottom, letter)) > 1:
        return None
    roots = sp.roots(sp.Poly(top - letter * bottom, letter))
    return next((rest for rest, times in roots.items() if times == 2 and bottom.subs(letter, rest) != 0), None)


def _nears(update: sp.Expr, letter: sp.Symbol, start: sp.Expr, rest: sp.Expr) -> bool:
    """Whether a fading clock that starts here goes to its rest at once, and not by way of infinity."""
    return (
        _affine(update, [letter]) or start == rest or bool(0 < (update.subs(letter, start) - rest) / (start - rest) < 1)
    )


def _affine(entry: sp.Expr, letters: Sequence[sp.Symbol]) -> bool:
    return all(_is_free_of(sp.diff(entry, one), letters) for one in letters)


def _is_free_of(slope: sp.Expr, letters: Sequence[sp.Symbol]) -> bool:
    """Whether a formula depends on none of the letters, once it is in lowest terms; first two points are tried."""
    if not slope.has(*letters):
        return True
    others = {s: sp.Rational(k + 2, 7 + 3 * k) for k, s in enumerate(sorted(slope.free_symbols, key=str))}
    points = ({**others, **dict.fromkeys(letters, value)} for value in (sp.Rational(3, 11), sp.Rational(5, 13)))
    one, other = (slope.subs(point).evalf(30) for point in points)
    differ = one.is_finite and other.is_finite and abs(one - other) > sp.Float("1e-20")
    return not differ and not cancelled(slope).has(*letters)
