"""The product of a schedule's steps, e_K/e_0 = Π_{k<K} (1 − λη_k) for gradient descent, without over- or underflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from math import exp, inf, isnan
from typing import Any, NamedTuple

import numpy as np
import sympy as sp

from convergence.crossing import exact
from convergence.errors import BadHyperparameter
from convergence.methods import METHODS, as_method
from convergence.notation import latex, text
from convergence.numerics.curves import rate_of
from convergence.numerics.cycle_edge import cycle_edge
from convergence.numerics.factors import Sized, factors_of, multiplied
from convergence.numerics.inputs import checked_interval, checked_steps
from convergence.numerics.product_limit import ProductLimit, has_letters, limit_of
from convergence.numerics.replay import Parabolas, scheduled, walked
from convergence.plotting import Plotted
from convergence.problem.arrays import Array
from convergence.rule import Method
from convergence.schedule import Schedule, as_schedule
from convergence.tabular import Tabular
from convergence.theory.product_limits import asymptotic
from convergence.theory.products import closed_form
from convergence.theory.stretches import Stretch, stretches
from convergence.theory.symbols import CURVATURE


class Peak(NamedTuple):
    """The largest |prefix| of a product: its natural logarithm, and after how many steps."""

    log: float
    step: int


@dataclass(frozen=True, eq=False, repr=False)
class Product(Plotted, Tabular, figure="product"):
    """What a schedule leaves of an error after so many steps.

    Attributes
    ----------
    schedule, steps, curvature, method, hyper
        What was asked; without a curvature λ stays a letter, and there are formulas only, as for schedules with letters.
    value
        The product: 0.0 or infinite where it under- or overflows.
    log, sign
        The natural logarithm of its size, −inf for an exact 0 only, and 1, −1 or 0.
    rates
        (steps,), the learning rates.
    """

    schedule: Schedule
    steps: int
    curvature: float | None
    method: str
    hyper: Mapping[str, Any]
    value: float | None
    log: float | None
    sign: int | None
    rates: Array
    _letter: sp.Expr | None
    _prefixes: Callable[[], Array] | None

    @cached_property
    def logs(self) -> Array | None:
        """(steps + 1,), the logarithm of |prefix| for each number of steps from 0 on; None where λ is a letter."""
        return None if self._prefixes is None else self._prefixes()

    @property
    def peak(self) -> Peak | None:
        """The largest |prefix|, its logarithm and after how many steps: (0, 0) where it never exceeds 1."""
        if self.logs is None:
            return None
        step = int(np.argmax(self.logs))
        return Peak(float(self.logs[step]), step)

    @cached_property
    def formula(self) -> sp.Expr | None:
        """In closed form in the number of steps ``K``, and in λ where that is a letter. None where no pattern applies.

        Where it has cases, a number of steps that is in none of them has no closed form.
        """
        return None if self._factors is None else closed_form(self._factors, self.steps)

    @cached_property
    def asymptotic(self) -> sp.Expr | None:
        """What the product under 1/√k comes near as K grows, with its first correction: exact for no K. None for others."""
        return None if self._factors is None or len(self._factors) > 1 else asymptotic(self._factors[0].formula)

    @cached_property
    def limit(self) -> ProductLimit | None:
        """For K → ∞; None for a table of numbers, after whose last nothing is known, and for other methods."""
        return limit_of(self.schedule, self._letter, self.curvature) if self._is_descent else None

    @property
    def step_edge(self) -> float | None:
        """Up to which λ, times the largest learning rate, each step contracts: 2, of gradient descent."""
        return 2.0 if self._is_descent and (self.rates > 0).any() else None

    @cached_property
    def cycle_edge(self) -> float | None:
        """Up to which λ, times the largest learning rate, all the steps together contract: from 0 on, without a gap.

        None with other methods, where no step moves, and with more than 2048 different learning rates.
        """
        return None if self.step_edge is None else cycle_edge(self.rates)

    @property
    def per_step(self) -> float | None:
        """|product|^(1/steps): the factor of a step on average."""
        return None if self.log is None or not self.steps else exp(self.log / self.steps)

    @property
    def _is_descent(self) -> bool:
        return self._letter is not None

    @cached_property
    def _factors(self) -> list[Stretch] | None:
        """1 − λη, cut into stretches."""
        if self.schedule.formula is None or not self._is_descent:
            return None
        parts = stretches(exact(self.schedule.formula), self.schedule.last)
        return parts and [Stretch(part.first, part.end, 1 - self._letter * part.formula) for part in parts]

    def table(self) -> dict[str, Any]:
        """A row for each number of steps from 1 on: the learning rate of the last of them, and log |product|."""
        logs = np.full(self.steps + 1, np.nan) if self.logs is None else self.logs
        return {"steps": range(1, self.steps + 1), "lr": self.rates, "log": logs[1:]}

    def _repr_latex_(self) -> str | None:
        return None if self.formula is None else f"$${latex(self.formula)}$$"

    def __repr__(self) -> str:
        what = f"{self.steps} steps of {self.schedule}"
        if self.log is None or self.peak is None:
            return f"{what}{'' if self.curvature is None else f' at λ = {self.curvature:g}'}: {text(self.formula)}"
        size = "0" if not self.sign else f"{'−' if self.sign < 0 else ''}exp({self.log:.8g})"
        return f"{what} at λ = {self.curvature:g}: {size}, at most exp({self.peak.log:.3g}) on the way"


def product(
    schedule: Any, steps: int, curvature: Any = None, *, method: Any = "gradient_descent", **hyper: Any
) -> Product:
    """What K steps under a schedule leave of an error along a curvature: Π_{k<K} (1 − λη_k) for gradient descent.

    Parameters
    ----------
    schedule
        Learning rates: a Schedule, a number, a sequence, or a function of the step k = 0, 1, ….
    steps
        K, 0 or more.
    curvature
        λ, above 0. None: a letter.
    method, hyper
        Another method whose learning rate is scheduled, and its other hyperparameters, numbers or schedules: the position after
        K steps from 1, by its rule, with no formula and no limit.

    Returns
    -------
    Product
        Its relative error is about K·ε, times what the condition of the factors adds (a learning rate rounds, and a factor
        near 0 magnifies it).

    Raises
    ------
    BadHyperparameter
        For what is no schedule, a sequence that is too short, a negative learning rate, a curvature that is not a finite
        number above 0, or none with another method.
    BadData
        For steps that are no whole number.
    NotLinear
        For a method without a residual polynomial.

    >>> import convergence as cv
    >>> p = cv.product(cv.schedules.inverse_time(0.5, 1.0), 10, 1)
    >>> round(p.value, 12), p.formula
    (0.176197052002, RisingFactorial(1/2, K)/RisingFactorial(1, K))
    >>> cv.product(cv.schedules.exponential(0.5, 0.99), 10, 1).limit
    4.8908e-26: Ση is finite: the steps shrink too fast, and the descent stops prematurely
    >>> cv.product(cv.schedules.linear(1.9, 4000), 4000, 1).log < -1000
    True
    >>> cv.product(0.1, 3, 1, method="heavy_ball", momentum=0.5).value
    0.614...
    """
    rule, given, count = as_method(method), as_schedule(schedule), checked_steps(steps)
    size = None if curvature is None else checked_interval(curvature, curvature)[0]
    letter, in_letters = CURVATURE if size is None else exact(curvature), has_letters(given)
    rates = np.full(count, np.nan) if in_letters else _rates(rule, given, schedule, count, hyper)
    asked = given, count, size, rule.name, dict(hyper)
    if rule is not METHODS["gradient_descent"]:
        return _by_rule(rule, asked, rates)
    if size is None or in_letters:
        return Product(*asked, None, None, None, rates, letter, None)
    factors = factors_of(given, rates, letter, size)
    total = multiplied(factors)
    return Product(*asked, total.value, total.log, total.sign, rates, letter, partial(_prefix_logs, factors))


def _rates(rule: Method, schedule: Schedule, given: Any, steps: int, hyper: Mapping[str, Any]) -> Array:
    """(steps,), checked as the method's; a table of numbers is not called step by step."""
    rate = rate_of(rule)
    settings = rule.at(**{rate: schedule if schedule.function is None else given, **hyper})
    return np.broadcast_to(np.asarray(settings.over(steps)[rate], dtype=float), (steps,))


def _prefix_logs(factors: Array) -> Array:
    """(K+1,), ln |Π_{j<k} factors_j| for k = 0, …, K."""
    with np.errstate(divide="ignore"):
        return np.concatenate([[0.0], np.cumsum(np.log(np.abs(factors)))])


def _by_rule(rule: Method, asked: tuple[Schedule, int, float | None, str, Mapping[str, Any]], rates: Array) -> Product:
    """The position of another method, from 1."""
    _, steps, size, _, hyper = asked
    if size is None:
        raise BadHyperparameter(f"the product of {rule.name} needs a curvature: only gradient descent's has formulas")
    settings = scheduled(rule, {rate_of(rule): rates, **hyper}, steps)
    path = walked(rule, Parabolas(np.array([size])), settings, steps)
    with np.errstate(all="ignore"):
        numbers = [(float(values[0]), int(exponents[0])) for values, exponents in path]
    sizes = [Sized(inf if isnan(number) else number, exponent) for number, exponent in numbers]  # ∞ − ∞, far outside
    last, logs = sizes[-1], np.array([one.log for one in sizes])
    return Product(*asked, last.value, last.log, last.sign, rates, None, partial(np.asarray, logs))
