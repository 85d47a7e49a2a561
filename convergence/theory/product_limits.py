"""Limits of products of gradient steps Π (1 − λη_k), decided by lim η and by whether Ση is finite.

For η_k ≥ 0 with η_k → 0: if Ση is finite and no factor is 0, the product has a limit that is not 0 (it *stops
prematurely*), and if Ση is infinite it goes to 0, since ln|1 − x| ≤ −x for x < 1 and ≥ −2x for x ≤ ½.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import sympy as sp

from convergence.algebra import cancelled
from convergence.notation import text
from convergence.schedule import STEP
from convergence.theory.products import COUNT, closed
from convergence.theory.special_functions import PowerProduct
from convergence.theory.stretches import Stretch

Kind = Literal["zero", "stops", "grows", "turns", "repeats", "depends", "unknown"]

_X = sp.Symbol("x", positive=True)


@dataclass(frozen=True)
class Limit:
    """The limit of a product without end, in kind.

    Attributes
    ----------
    kind
        "zero": it goes to 0. "stops": to a number that is not 0. "grows": without bound. "turns": its size stays, and its
        sign changes. "repeats": the product over a ``period`` decides. "depends": on λ. "unknown": not decided.
    reason
        In words.
    rest
        Of one that stops: the product from the last stretch on, a formula; None where none is known.
    """

    kind: Kind
    reason: str
    rest: sp.Expr | None = None
    period: int = 0


def limit(rates: list[Stretch], curvature: sp.Expr) -> Limit:
    """The limit of the product, decided by the last of the stretches of the learning rate."""
    tail = rates[-1].formula
    period, stair = _period(tail), _unstaired(tail)
    if period:
        return Limit("repeats", f"the learning rate repeats every {period} steps", period=period)
    if stair is None:
        return Limit("unknown", "the learning rate changes in each epoch and with the epochs")
    level = _at_infinity(stair)
    if level is None:
        return Limit("unknown", "the limit of the learning rate is not decided")
    if level.is_extended_negative:
        return Limit("unknown", "the learning rate becomes negative")
    if level != 0:
        return _stays(level, curvature, tail)
    if tail == 0:
        return Limit(
            "stops", f"the learning rate is 0 from step {rates[-1].first} on: what is left then stays", sp.S.One
        )
    finite = _summable(stair)
    if finite is None:
        return Limit("unknown", "whether Ση is finite is not decided")
    if finite:
        reason = "Ση is finite: the steps shrink too fast, and the descent stops prematurely"
        return Limit("stops", reason, _endless(1 - curvature * tail))
    order = _at_infinity(stair * STEP)
    like = f", like K^(−{text(curvature * order)})" if order is not None and order.is_finite and order != 0 else ""
    return Limit("zero", f"η → 0 but Ση is infinite: the product goes to 0{like}")


def asymptotic(factor: sp.Expr) -> sp.Expr | None:
    """Of Π_{k<K} (1 − a/√(k + b)) as K grows, with its first correction; None for other factors.

    ln is −Σ_m aᵐ/m·Σ_k (k + b)^(−m/2), and each sum ζ(m/2, b) − ζ(m/2, K + b), so that the product is

        C·exp(−2a√K)·K^(−a²/2)·(1 + (2a³/3 − a(b − ½))/√K + O(1/K)),
        C = exp(−aζ(½, b) + a²ψ(b)/2 − Σ_{m≥3} aᵐζ(m/2, b)/m).

    >>> asymptotic(1 - sp.Rational(1, 2) / sp.sqrt(STEP + 1))
    (1 - 1/(6*sqrt(K)))*exp(-sqrt(K))*PowerProduct(1/2, 1, 1/2)/K**(1/8)
    """
    law = power_law(factor)
    if law is None or law[2] != sp.S.Half:
        return None
    a, b, _ = law
    correction = (2 * a**3 / 3 - a * (b - sp.S.Half)) / sp.sqrt(COUNT)
    constant = PowerProduct(a, b, sp.S.Half)
    return constant * sp.exp(-2 * a * sp.sqrt(COUNT)) * COUNT ** (-(a**2) / 2) * (1 + correction)


def power_law(factor: sp.Expr) -> tuple[sp.Expr, sp.Expr, sp.Expr] | None:
    """a, b and p of a factor 1 − a·(k + b)^(−p); None where it is none."""
    size, moving = sp.factor_terms(1 - factor).as_independent(STEP, as_Add=False)
    base, power = moving.as_base_exp()
    if not (power.is_number and base.is_polynomial(STEP) and sp.degree(base, STEP) == 1 and power.is_negative):
        return None
    slope, start = sp.Poly(base, STEP).all_coeffs()
    return sp.simplify(size * slope**power), start / slope, -power


def _stays(level: sp.Expr, curvature: sp.Expr, tail: sp.Expr) -> Limit:
    """The limit where η tends to a level above 0."""
    size = curvature * level
    verb = "stays at" if STEP not in tail.free_symbols else "tends to"
    if size.free_symbols:
        return Limit(
            "depends", f"the learning rate {verb} {text(level)}: the product goes to 0 for λ < {text(2 / level)}"
        )
    words = f"the learning rate {verb} {text(float(level))}: λη is {text(float(size))},"
    if size < 2:
        return Limit("zero", f"{words} below 2: each step contracts")
    if size > 2:
        return Limit("grows", f"{words} above 2: each step grows")
    return (
        Limit("turns", f"{words} just 2: each step turns the sign") if tail == level else Limit("unknown", words + " 2")
    )


def _unstaired(rate: sp.Expr) -> sp.Expr | None:
    """h(k) where the rate is h(⌊k/m⌋); None where it changes in an epoch too."""
    floors = rate.atoms(sp.floor)
    if not floors:
        return rate
    plain = rate.xreplace(dict.fromkeys(floors, _X))
    return None if len(floors) > 1 or plain.has(STEP) else plain.subs(_X, STEP)


def _period(rate: sp.Expr) -> int:
    """After how many steps it repeats, from cosines and from ⌊k/m⌋; 0 where it does not."""
    waves = [wave for wave in rate.atoms(sp.cos) if STEP in wave.free_symbols]
    turns = [2 * sp.pi / slope for wave in waves if (slope := wave.args[0].coeff(STEP)) != 0]
    lengths = [*turns, *(cancelled(STEP / stair.args[0]) for stair in rate.atoms(sp.floor))]
    if not lengths or not all(length.is_Integer for length in lengths):
        return 0
    period = abs(sp.ilcm(1, *lengths))
    plain = rate.xreplace({wave: sp.Dummy() for wave in waves})
    whole = all((_growth(wave.args[0], period) / (2 * sp.pi)).is_integer for wave in waves)
    return int(period) if whole and _growth(plain, period) == 0 else 0


def _growth(formula: sp.Expr, steps: int) -> sp.Expr:
    return sp.expand(formula.subs(STEP, STEP + steps) - formula)


def _endless(factor: sp.Expr) -> sp.Expr | None:
    """Π_{k≥0} of a factor that tends to 1, where there is a formula."""
    limit = closed(factor).endless
    law = power_law(factor) if limit is None else None
    return PowerProduct(*law) if law is not None and law[2] > 1 else limit


def _summable(rate: sp.Expr) -> bool | None:
    """Whether Σ of a positive sequence is finite: by the quotient of neighbours, then by Raabe's test, then against 1/k."""
    quotient = sp.simplify(rate.subs(STEP, STEP + 1) / rate)
    ratio = _at_infinity(quotient)
    if ratio is None or not ratio.is_number or ratio != 1:
        return None if ratio is None or not ratio.is_number else bool(ratio < 1)
    power = _at_infinity(STEP * (1 / quotient - 1))
    if power is None or not power.is_number or power != 1:
        return None if power is None or not power.is_number else bool(power > 1)
    order = _at_infinity(STEP * rate)
    return False if order is not None and order.is_nonzero else None


def _at_infinity(formula: sp.Expr) -> sp.Expr | None:
    """As k → ∞; None where SymPy does not know."""
    try:
        value = sp.limit(formula.subs(STEP, _X), _X, sp.oo)
    except (NotImplementedError, ValueError):
        return None
    return value if value.is_extended_real and not value.has(_X, sp.AccumBounds) else None
