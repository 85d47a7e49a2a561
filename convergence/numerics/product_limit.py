"""The limit of a product of gradient steps Π (1 − λη_k): 0, ∞, or the number at which it stops prematurely."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import mpmath
import sympy as sp

from convergence.crossing import exact
from convergence.notation import text
from convergence.numerics.factors import Sized, factors_of, multiplied
from convergence.schedule import STEP, Schedule
from convergence.theory.product_limits import Limit, limit
from convergence.theory.products import head
from convergence.theory.stretches import Stretch, stretches

HEAD_STEPS = 2**26
"""Steps before the last stretch of a schedule that are gone through, at most."""

EVEN = 1e-14
"""A period of so small a logarithm, for each of its steps, is not told from 1."""

HIT = "a learning rate of exactly 1/λ: the error is 0 from there on"


@dataclass(frozen=True, eq=False)
class ProductLimit:
    """The limit of a product of steps for K → ∞.

    Attributes
    ----------
    value, log
        The limit and the natural logarithm of its size; None where it is not known, or depends on λ.
    formula
        In λ; None where it has no closed form.
    stops
        Whether the limit is neither 0 nor infinite.
    reason
        The theorem that decides it, in words.
    """

    value: float | None
    log: float | None
    formula: sp.Expr | None
    stops: bool
    reason: str

    def __repr__(self) -> str:
        if self.value is None or self.log is None:
            return f"{'?' if self.formula is None else text(self.formula)}: {self.reason}"
        small = not self.value and self.log > -inf
        return f"{f'exp({self.log:.8g}) in size' if small else f'{self.value:.6g}'}: {self.reason}"


def limit_of(schedule: Schedule, letter: sp.Expr, size: float | None) -> ProductLimit | None:
    """The limit of the product under a schedule; None for a table of numbers.

    The curvature is given twice: exactly or as a letter (``letter``), and as a float (``size``, None for a letter).
    """
    if schedule.formula is None:
        return None
    rates = stretches(exact(schedule.formula), schedule.last)
    if rates is None:
        return ProductLimit(None, None, None, False, "the formula has cases that are not told apart here")
    end = limit(rates, letter)
    if end.period:
        end = _repeated(end, schedule, rates[-1].first, letter, size)
    before = _before(schedule, rates[-1].first, letter, size)
    if before is not None and not before.sign:
        return ProductLimit(0.0, -inf, sp.S.Zero, False, HIT)
    if end.kind in ("zero", "grows"):
        value, total = (0.0, -inf) if end.kind == "zero" else (inf, inf)
        return ProductLimit(value, total, sp.S.Zero if end.kind == "zero" else sp.oo, False, end.reason)
    if end.kind != "stops":
        return ProductLimit(None, None, None, False, end.reason)
    first = head([Stretch(part.first, part.end, 1 - letter * part.formula) for part in rates])
    formula = None if first is None or end.rest is None else first * end.rest
    return _stop(end, formula, before)


def _repeated(end: Limit, schedule: Schedule, first: int, letter: sp.Expr, size: float | None) -> Limit:
    """By the product over a period."""
    if size is None or max(first, end.period) > HEAD_STEPS or has_letters(schedule):
        return Limit("depends", f"{end.reason}: the product over a period decides")
    factors = factors_of(schedule, schedule.values(first + end.period), letter, size)
    log = multiplied(factors[first:]).log
    if log == -inf:
        return Limit("zero", HIT)
    words = f"{end.reason}, and these multiply the error by exp({log:.4g}) in size"
    if abs(log) < end.period * EVEN:
        return Limit("unknown", f"{words}: too near 1 to tell")
    return Limit("zero" if log < 0 else "grows", words)


def has_letters(schedule: Schedule) -> bool:
    """Whether its formula has letters beside the step's, so that there are no numbers."""
    return schedule.formula is not None and bool(sp.sympify(schedule.formula).free_symbols - {STEP})


def _before(schedule: Schedule, steps: int, letter: sp.Expr, size: float | None) -> Sized | None:
    """What the steps before the last stretch leave; None where that is not known."""
    if size is None or steps > HEAD_STEPS or has_letters(schedule):
        return None
    return multiplied(factors_of(schedule, schedule.values(steps), letter, size))


def _stop(end: Limit, formula: sp.Expr | None, before: Sized | None) -> ProductLimit:
    """The number at which it stops: what the steps before the last stretch leave, times the rest."""
    if end.rest is None or end.rest.free_symbols or before is None:
        return ProductLimit(None, None, formula, True, end.reason)
    rest = mpmath.mpf(end.rest.evalf(20))
    if rest == 0:
        return ProductLimit(0.0, -inf, sp.S.Zero, False, HIT)
    mantissa, exponent = mpmath.frexp(rest)
    total = Sized(before.mantissa * float(mantissa), before.exponent + int(exponent))
    return ProductLimit(total.value, total.log, formula, True, end.reason)
