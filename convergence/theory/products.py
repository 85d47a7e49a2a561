"""Products of steps Π_{k<K} f(k) in closed form, by the pattern of the factor f.

A formula is cut into stretches on which it has no case distinctions, and each stretch is one of these patterns:

f free of k: a power; rational in k: rising factorials of its roots and poles; A + B·qᵏ: the q-Pochhammer symbol; in
stairs h(⌊k/m⌋): powers of a product over h; periodic g(k mod m): powers of a product over a period; A − B·cos(πk/T):
Chebyshev's U for whole cycles, by Π_{0<k<T} (x − cos(πk/T)) = U_{T−1}(x)/2^{T−1}, and T where k counts from ½.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

from convergence.algebra import cancelled
from convergence.schedule import STEP
from convergence.theory.special_functions import ChebyshevT, ChebyshevU, Kept, QPochhammer, RisingFactorial
from convergence.theory.stretches import Stretch

COUNT = sp.Symbol("K", integer=True, nonnegative=True)
"""The letter of the number of steps in formulas."""

HIGHEST, SHORT = 6, 32
"""The degree in k of a rational factor, and the factors of a stretch without a pattern that are written out, at most."""

LONG = 400
"""Powers of fractions up to this are multiplied out."""

_EPOCH, _WITHIN = sp.symbols("i r", integer=True, nonnegative=True)


@dataclass(frozen=True)
class Closed:
    """A product in closed form.

    Attributes
    ----------
    of
        n -> Π_{k<n} f(k), for a letter or a number n; None where there is no formula for this n.
    endless
        Its limit as n → ∞, where that is neither 0 nor infinite; None where it is, or has no formula.
    has_pattern
        False where its factors are written one by one.
    """

    of: Callable[[sp.Expr], sp.Expr | None]
    endless: sp.Expr | None = None
    has_pattern: bool = True


def closed(factor: sp.Expr) -> Closed:
    """Π_{k<n} of a factor without cases, by its pattern; where no pattern applies, a few factors one by one.

    >>> closed(1 - sp.Rational(1, 2) / (STEP + 1)).of(COUNT)
    RisingFactorial(1/2, K)/RisingFactorial(1, K)
    """
    for pattern in (_power, _rational, _geometric, _floors, _cosine):
        product = pattern(factor)
        if product is not None:
            return product
    return Closed(lambda n: _one_by_one(factor, n), has_pattern=False)


def closed_form(parts: list[Stretch], steps: int) -> sp.Expr | None:
    """Π_{k<K} over stretches: a formula in K, or one for each stretch that has one. None where there is none for ``steps``."""
    before: sp.Expr = sp.S.One
    pieces: list[tuple[sp.Expr, int, int | None]] = []
    for part in parts:
        product, end = closed(part.formula), part.end
        within = product.of(COUNT - part.first)
        if within is not None:
            pieces.append((before * within, part.first, end))
        elif product.has_pattern and part.first <= steps and (end is None or steps < end):
            at = product.of(sp.Integer(steps - part.first))
            pieces += [] if at is None else [(before * at, steps, steps)]
        whole = None if end is None else product.of(sp.Integer(end - part.first))
        if whole is None:
            break
        before = before * whole
    return _pieces(pieces) if any(a <= steps and (b is None or steps <= b) for _, a, b in pieces) else None


def head(parts: list[Stretch]) -> sp.Expr | None:
    """The product of all stretches that end. None where one has no formula."""
    wholes = [closed(part.formula).of(sp.Integer(part.end - part.first)) for part in parts if part.end is not None]
    return None if None in wholes else sp.Mul(*wholes)


def _pieces(pieces: list[tuple[sp.Expr, int, int | None]]) -> sp.Expr:
    """Formulas for K from … to …, the first of which counts where two hold."""
    reached, cases = 0, []
    for formula, first, end in pieces:
        low = first <= COUNT if first > reached else sp.true
        cases.append((formula, sp.And(low, sp.true if end is None else end >= COUNT)))
        reached = end or 0
    return sp.Piecewise(*cases)


def _one_by_one(factor: sp.Expr, n: sp.Expr) -> sp.Expr | None:
    return sp.Mul(*(factor.subs(STEP, k) for k in range(int(n)))) if n.is_Integer and n <= SHORT else None


def _power(factor: sp.Expr) -> Closed | None:
    if STEP in factor.free_symbols:
        return None
    return Closed(lambda n: _raised(factor, n), sp.S.One if factor == 1 else None)


def _raised(base: sp.Expr, n: sp.Expr) -> sp.Expr:
    """baseⁿ; not multiplied out where it is a fraction and n is large: that would be thousands of digits."""
    return (Kept(base) if base.is_Rational and n.is_Integer and n > LONG else base) ** n


def _rational(factor: sp.Expr) -> Closed | None:
    if not factor.is_rational_function(STEP):
        return None
    over, under = (sp.Poly(part, STEP) for part in sp.fraction(cancelled(sp.together(factor))))
    zeros, poles = _roots(over), _roots(under)
    if zeros is None or poles is None:
        return None
    lead = cancelled(over.LC() / under.LC())

    def of(n: sp.Expr) -> sp.Expr:
        return (
            _raised(lead, n)
            * sp.Mul(*(RisingFactorial(sp.expand(-z), n) for z in zeros))
            / sp.Mul(*(RisingFactorial(sp.expand(-p), n) for p in poles))
        )

    balanced = lead == 1 and len(zeros) == len(poles) and sp.simplify(sum(zeros) - sum(poles)) == 0
    gammas = sp.Mul(*(sp.gamma(-p) for p in poles)) / sp.Mul(*(sp.gamma(-z) for z in zeros))
    return Closed(of, sp.gammasimp(gammas) if balanced else None)


def _roots(polynomial: sp.Poly) -> list[sp.Expr] | None:
    """All roots, where they are those of a quadratic or of (k + b)ⁿ = c."""
    degree = polynomial.degree()
    if degree == 0:
        return []
    first, second = polynomial.nth(degree), polynomial.nth(degree - 1)
    shift = cancelled(-second / (degree * first))
    centred = sp.Poly(polynomial.as_expr().subs(STEP, STEP + shift), STEP)
    if degree > HIGHEST or any(cancelled(centred.nth(k)) != 0 for k in range(1, degree)):
        return None
    value = cancelled(-centred.nth(0) / first)
    if degree == 1:
        return [shift]
    size = sp.root(sp.factor(value), degree)
    return [shift + size * sp.exp(2 * sp.pi * sp.I * k / degree) for k in range(degree)]


def _geometric(factor: sp.Expr) -> Closed | None:
    if not any(power.exp.has(STEP) for power in factor.atoms(sp.Pow, sp.exp)):
        return None
    still, moving = sp.expand(factor).as_independent(STEP, as_Add=True)
    ratio = sp.simplify(moving.subs(STEP, STEP + 1) / moving)
    if STEP in ratio.free_symbols:
        return None
    start = moving.subs(STEP, 0)
    if still == 0:
        return Closed(lambda n: start**n * ratio ** (n * (n - 1) / 2))
    endless = QPochhammer(-start, ratio, sp.oo) if still == 1 and (1 - abs(ratio)).is_positive else None
    return Closed(lambda n: _raised(still, n) * QPochhammer(cancelled(-start / still), ratio, n), endless)


def _floors(factor: sp.Expr) -> Closed | None:
    """Stairs, which change with ⌊k/m⌋ alone, and periods, which change with k − m⌊k/m⌋ alone."""
    floors = factor.atoms(sp.floor)
    if len(floors) != 1:
        return None
    (stair,) = floors
    length = cancelled(STEP / stair.args[0])
    if not (length.is_Integer and length > 0):
        return None
    factor = factor.xreplace({stair: _EPOCH}).subs(STEP, length * _EPOCH + _WITHIN)
    if not {_EPOCH, _WITHIN} & factor.free_symbols:
        return None
    if _WITHIN not in factor.free_symbols:
        return _stairs(factor.xreplace({_EPOCH: STEP}), length)
    return _periods(factor.xreplace({_WITHIN: STEP}), length) if _EPOCH not in factor.free_symbols else None


def _stairs(step: sp.Expr, length: sp.Integer) -> Closed | None:
    of_steps = closed(step)

    def of(n: sp.Expr) -> sp.Expr | None:
        epochs = sp.floor(n / length)
        whole = of_steps.of(epochs)
        return None if whole is None else _raised(whole, length) * step.subs(STEP, epochs) ** (n - length * epochs)

    return Closed(of, None if of_steps.endless is None else of_steps.endless**length)


def _periods(period: sp.Expr, length: sp.Integer) -> Closed | None:
    of_steps = closed(period)
    whole = of_steps.of(length)
    if whole is None:
        return None

    def of(n: sp.Expr) -> sp.Expr | None:
        periods = sp.floor(n / length)
        part = of_steps.of(n - length * periods)
        return None if part is None else whole**periods * part

    return Closed(of)


def _cosine(factor: sp.Expr) -> Closed | None:
    waves = [wave for wave in factor.atoms(sp.cos) if wave.has(STEP)]
    if len(waves) != 1 or not waves[0].args[0].is_polynomial(STEP):
        return None
    angle, in_wave = sp.Poly(waves[0].args[0], STEP), factor.xreplace({waves[0]: _WITHIN})
    length, start = cancelled(sp.pi / angle.nth(1)), cancelled(angle.nth(0) / angle.nth(1))
    level, height = in_wave.subs(_WITHIN, 0), sp.expand(in_wave.diff(_WITHIN))
    if (
        height.has(STEP, _WITHIN)
        or level.has(STEP)
        or not length.is_Integer
        or length < 1
        or start not in (0, 1, sp.S.Half)
    ):
        return None
    point = sp.expand(cancelled(level / -height))

    def of(n: sp.Expr) -> sp.Expr | None:
        if n == 0:
            return sp.S.One
        if start == sp.S.Half:
            size = 2 * ChebyshevT(length, point) * _raised(-height / 2, length)
            return size if n == length else None
        cycles, rest = divmod(start + n, length)
        if not n.is_Integer or rest not in (0, 1):
            return None
        down, up = (sum(k % 2 == turn for k in range(int(start), int(cycles + rest))) for turn in (0, 1))
        ends = (point - 1) ** down * (point + 1) ** up * _raised(-height, sp.Integer(down + up))
        return ends * (_raised(-height / 2, length - 1) * ChebyshevU(length - 1, point)) ** cycles

    return Closed(of)
