"""A schedule: what a hyperparameter is at step k, counted from 0, as a formula or a table of numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from inspect import Parameter, signature
from math import fsum
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convergence.crossing import compiled
from convergence.errors import BadHyperparameter
from convergence.notation import latex
from convergence.plotting import Plotted
from convergence.tabular import Tabular

Array = NDArray[np.float64]

STEP = sp.Symbol("k", integer=True, nonnegative=True)
"""The letter of the step in formulas, from 0."""

SHOWN = 100
"""Steps that a table or a picture shows of a schedule without an end."""

ROUNDING = 1e-12
"""In parts of the largest value: less than this below zero may be rounding at a zero, and is computed exactly."""


@dataclass(frozen=True, eq=False, repr=False)
class Schedule(Plotted, Tabular, figure="schedule"):
    """A value for each step k = 0, 1, …, in the slot of a hyperparameter: ``lr=cv.schedules.cosine(0.1, 100)``.

    Attributes
    ----------
    name
        Of its family, with its parameters.
    formula
        The value at step k, in SymPy's ``k``; None where it is a table of numbers. Past ``last`` it does not hold.
    last
        The last step of its own: later ones keep its value. None: the formula holds for ever.
    clock
        What k counts, and from where.
    function
        The value at a step, where there is no formula.
    parameters
        Those that it was made with.

    >>> import convergence as cv
    >>> s = cv.schedules.exponential(0.5, 0.9)
    >>> s.values(3), s.formula, s.total(3)
    (array([0.5  , 0.45 , 0.405]), (9/10)**k/2, 1.355)
    """

    name: str
    formula: sp.Expr | None = None
    last: int | None = None
    clock: str = "k counts steps, 0 at the first"
    function: Callable[[int], Any] | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def values(self, steps: int) -> Array:
        """The values at steps 0, …, ``steps`` − 1: (steps,).

        Raises
        ------
        BadHyperparameter
            For steps that are no whole number, and where a value is not a finite number.
        """
        return self.at(np.arange(whole(steps, "steps", 0)))

    def at(self, steps: Any) -> Array:
        """The values at an array of steps, 0 or more, of the same shape."""
        k = np.asarray(steps, dtype=float)
        inside = k if self.last is None else np.minimum(k, self.last)
        formula = self.formula
        letters = sorted(map(str, formula.free_symbols - {STEP})) if formula is not None else []
        if letters:
            raise BadHyperparameter(f"{self} has values for numbers only; it has letters: {', '.join(letters)}")
        value = self._called(inside) if formula is None else compiled((STEP,), (formula,))(inside)[0]
        values = np.array(np.broadcast_to(np.asarray(value, dtype=float), k.shape))
        if formula is not None:
            for place in np.argwhere((values < 0) & (values > -ROUNDING * np.abs(values).max(initial=0.0))):
                values[tuple(place)] = float(formula.subs(STEP, sp.Rational(float(inside[tuple(place)]))))
        if not np.isfinite(values).all():
            wrong = int(k[~np.isfinite(values)].flat[0])
            raise BadHyperparameter(f"{self} has no finite value at step {wrong}: {values[k == wrong].flat[0]}")
        return values

    def _called(self, k: Array) -> Array:
        function = self.function or float
        try:
            return np.asarray([function(int(one)) for one in k.flat], dtype=float).reshape(k.shape)
        except (TypeError, ValueError, ArithmeticError) as error:
            raise BadHyperparameter(
                f"a schedule is a function of the step k = 0, 1, …, that gives a number; {self.name}: {error}"
            ) from None

    def __call__(self, k: int) -> float:
        """The value at step k."""
        return float(self.at(k))

    def total(self, steps: int) -> float:
        """The sum of the values at steps 0, …, ``steps`` − 1: how far time has gone, where they are learning rates."""
        return fsum(self.values(steps))

    def __mul__(self, other: Any) -> Schedule:
        """The product, step by step, with another schedule or a number."""
        second = as_schedule(other)
        name, last = f"{self.name}·{second.name}", self.last if second.is_constant else None
        if self.formula is None or second.formula is None:
            return Schedule(name, None, last, self.clock, lambda k: self(k) * second(k))
        return Schedule(name, (self.formula if last else self._for_ever) * second._for_ever, last, self.clock)

    __rmul__ = __mul__

    def per_epoch(self, steps: int) -> Schedule:
        """The same with k counting epochs of this many steps: the value changes once an epoch, and not each step.

        >>> import convergence as cv
        >>> cv.schedules.exponential(1.0, 0.5).per_epoch(2).values(5)
        array([1.  , 1.  , 0.5 , 0.5 , 0.25])
        """
        length = whole(steps, "the steps of an epoch", 1)
        clock = f"k counts steps, {length} an epoch; the value is that of the epoch, 0 at the first"
        last = None if self.last is None else (self.last + 1) * length - 1
        if self.formula is not None:
            return replace(self, formula=self.formula.subs(STEP, sp.floor(STEP / length)), last=last, clock=clock)
        return replace(self, function=lambda k: self(k // length), last=last, clock=clock)

    @property
    def is_constant(self) -> bool:
        """Whether it is one number."""
        return self.formula is not None and not self.formula.free_symbols

    @property
    def shown(self) -> int:
        """How many steps a table or a picture has: all of its own, 100 where it has no end."""
        if self.last is not None:
            return self.last + 1
        entries = self.parameters.get("values") if self.formula is None else None
        return SHOWN if entries is None else len(entries)

    @property
    def _for_ever(self) -> sp.Expr:
        """The formula, which keeps its last value after the last step of its own."""
        assert self.formula is not None
        return self.formula if self.last is None else self.formula.subs(STEP, sp.Min(STEP, self.last))

    def table(self) -> dict[str, Any]:
        """A row for each step, 100 of them where it has no end."""
        return {"step": range(self.shown), "value": self.values(self.shown)}

    def _repr_latex_(self) -> str | None:
        return None if self.formula is None else f"$${latex(self.formula)}$$"

    def __repr__(self) -> str:
        return self.name


def named(family: Callable[..., Any], parameters: Mapping[str, Any]) -> str:
    """The call that makes a schedule: the family's name and its parameters, without those that are at their default."""
    usual = {name: one.default for name, one in signature(family).parameters.items()}
    given = {
        name: value for name, value in parameters.items() if usual[name] is Parameter.empty or value != usual[name]
    }
    words = [f"{value}" if n == 0 else f"{name}={value}" for n, (name, value) in enumerate(given.items())]
    return f"{family.__name__}({', '.join(words)})"


def whole(number: Any, what: str, least: int) -> int:
    """A whole number from ``least`` on. BadHyperparameter for anything else."""
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < least:
        raise BadHyperparameter(f"{what} must be a whole number, {least} or more; got {str(number)[:60]}")
    return int(number)


def as_schedule(given: Any) -> Schedule:
    """A schedule from one, from a number, a sequence with an entry a step, or a function of the step k = 0, 1, ….

    Raises
    ------
    BadHyperparameter
        For anything else.

    >>> as_schedule([0.1, 0.05]).values(2)
    array([0.1 , 0.05])
    >>> as_schedule(lambda k: 1 / (k + 1)).values(3)
    array([1.        , 0.5       , 0.33333333])
    """
    if isinstance(given, Schedule):
        return given
    if callable(given) and not hasattr(given, "free_symbols"):
        return Schedule(getattr(given, "__name__", "a function"), function=given)
    try:
        numbers = np.asarray(given, dtype=float)
    except (TypeError, ValueError, OverflowError):
        numbers = np.array(np.nan)
    if numbers.ndim > 1 or not numbers.size or not np.isfinite(numbers).all():
        raise BadHyperparameter(
            f"a schedule is one of cv.schedules, a number, a sequence with an entry a step, or a function of the step "
            f"k = 0, 1, …; got {str(given)[:60]!r}"
        )
    if numbers.ndim == 0:
        return Schedule(f"{float(numbers):g}", sp.Float(float(numbers), 17))
    return Schedule(
        f"a table of {len(numbers)} values", function=partial(_entry, numbers), parameters={"values": numbers}
    )


def _entry(numbers: Array, k: int) -> float:
    if k < len(numbers):
        return float(numbers[k])
    raise BadHyperparameter(
        f"a table of {len(numbers)} values has no entry for step {k} (from 0); give one for each step"
    )
