"""The effective batch of a method: how many times its batch plain gradient descent needs for the same, in five meanings.

People say "momentum averages gradients, so it is a larger batch", and mean different things. Each is derived here from the
floor, the filter and the stable region of the rule, beside those of gradient descent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp

from convergence.algebra import cancelled
from convergence.crossing import exact
from convergence.errors import BadHyperparameter, BadName, NoEquivalent, NotLinear, nearest
from convergence.methods import METHODS, as_method
from convergence.rule import Method
from convergence.theory.filters import filter_of
from convergence.theory.inequality import numbers
from convergence.theory.lyapunov import written
from convergence.theory.noise import floor_of
from convergence.theory.rate import radius
from convergence.theory.region import inside, region
from convergence.theory.symbols import CURVATURE, RATE, Z
from convergence.theory.system import system
from convergence.theory.transfer import dc_gain, energy

PLAIN = METHODS["gradient_descent"]
PLAIN_RATE = PLAIN.symbols["lr"]


@dataclass(frozen=True, eq=False)
class Given:
    """A method with the values of λ and its hyperparameters by their letters; those not given are the letters themselves."""

    method: Method
    values: Mapping[sp.Symbol, sp.Expr]

    def put(self, formula: sp.Expr) -> sp.Expr:
        """The formula at these values."""
        return formula.subs(self.values, simultaneous=True)

    @property
    def decided(self) -> bool:
        """Whether all are numbers."""
        return all(value.is_number for value in self.values.values())

    @property
    def curvature(self) -> sp.Expr:
        return self.values[CURVATURE]

    @property
    def lr(self) -> sp.Expr:
        """The learning rate. NoEquivalent for a method that has none."""
        if self.method.rate is None or not self.method.domains[self.method.rate].is_rate:
            raise NoEquivalent(f"{self.method.name} has no learning rate, so gradient descent cannot have the same")
        return self.values[self.method.symbols[self.method.rate]]

    @property
    def floor(self) -> sp.Expr:
        """E x² under unit noise. BadHyperparameter where the numbers are not stable."""
        require_stable(self)
        return self.put(floor_of(self.method).variance)

    @cached_property
    def step(self) -> tuple[sp.Expr, sp.Expr]:
        """The filter from gradients to the step, at these values: numerator and denominator in lowest terms."""
        above, below = sp.fraction(cancelled(self.put(filter_of(self.method, "step").formula)))
        return above, below

    @property
    def long_step(self) -> sp.Expr:
        """What a constant gradient of 1 moves the position by, a step, in the end: η/(1−β) of heavy ball."""
        gain = dc_gain(*self.step)
        if gain.is_infinite or gain == 0:
            raise NoEquivalent(
                f"{self.method.name} does not follow a constant gradient at a constant speed, so no plain average of gradients "
                f"does the same{'' if gain else '; a decay holds it back: give it as 0'}"
            )
        return gain


def require_stable(given: Given) -> None:
    """Raise BadHyperparameter where all values are numbers and the method is not stable at them."""
    if given.decided and not _stable(given.method, given.values):
        settings = ", ".join(f"{letter}={value}" for letter, value in given.values.items())
        raise BadHyperparameter(f"{given.method.name} is not stable at {settings}, and settles at no floor")


def _stable(method: Method, values: Mapping[sp.Symbol, sp.Expr]) -> bool:
    letters = (CURVATURE, *method.symbols.values())
    return bool(inside(method, letters, [np.array(values[letter], dtype=object) for letter in letters]))


def _plain(curvature: sp.Expr, lr: sp.Expr) -> sp.Expr:
    """Gradient descent's floor; ∞ at numbers at which it is not stable."""
    values = {CURVATURE: curvature, PLAIN_RATE: lr}
    if curvature.is_number and lr.is_number and not _stable(PLAIN, values):
        return sp.oo
    return floor_of(PLAIN).variance.subs(values, simultaneous=True)


def _equal_speed(given: Given) -> sp.Expr:
    floor = given.floor
    (slow,) = sp.solve(system(PLAIN).eigenvalues[0] - RATE, PLAIN_RATE)
    batch = _shortest(_plain(given.curvature, slow.subs(CURVATURE, given.curvature)) / floor)
    speed = _speed(given)
    if isinstance(speed, sp.Piecewise):
        return sp.Piecewise(*((batch.subs(RATE, value), condition) for value, condition in speed.args))
    return batch.subs(RATE, speed)


def _speed(given: Given) -> sp.Expr:
    """The radius at these values: by its formula, or by the roots where it has none and all are numbers."""
    derived = system(given.method)
    try:
        return given.put(radius(derived))
    except NotImplementedError:
        if not given.decided:
            raise BadHyperparameter(
                f"the radius of {derived.name} has no short formula: give numbers for all of curvature, "
                f"{', '.join(derived.hyper)}"
            ) from None
    roots = sp.Poly(given.put(derived.characteristic.as_expr()), Z).nroots(n=30, maxsteps=500)
    return max(abs(root) for root in roots)


def _stability(given: Given) -> sp.Expr:
    method, lr = given.method, given.lr
    if len(system(method).loop.gains) != 1:
        raise NotLinear(
            f"{method.name} does not ask for one gradient a step and nothing else: its step is not affine in the Hessian of a "
            f"batch, and no cross gain decides its stability in mean square"
        )
    require_stable(given)
    (point,) = floor_of(method).points.values()
    (plain_point,) = floor_of(PLAIN).points.values()
    limit = _limit(given)
    if limit.is_infinite:
        raise NoEquivalent(f"{method.name} is stable at every learning rate: there is no fraction of its limit")
    plain_limit = _limit(Given(PLAIN, {CURVATURE: given.curvature, PLAIN_RATE: PLAIN_RATE}))
    same = {CURVATURE: given.curvature, PLAIN_RATE: lr * plain_limit / limit}
    return given.put(point) / plain_point.subs(same, simultaneous=True)


def _limit(given: Given) -> sp.Expr:
    """The largest stable learning rate: the formula where it was decided everywhere, or at numbers."""
    stable, rate = region(given.method), given.method.rate
    others = {n: given.values[s] for n, s in given.method.symbols.items() if n != rate}
    if stable.lr_max is not None and stable.decided and not stable.lr_max.has(sp.Piecewise):
        return given.put(stable.lr_max)
    if not all(value.is_number for value in (given.curvature, *others.values())):
        raise BadHyperparameter(
            f"the largest stable learning rate of {given.method.name} has no one formula: give numbers for "
            f"{', '.join(['curvature', *others])}"
        )
    return exact(stable.largest_lr(given.curvature, **others)) if others else exact(stable.largest_lr(given.curvature))


MEANINGS: dict[str, Callable[[Given], sp.Expr]] = {
    "average": lambda given: given.long_step**2 / energy(*given.step),
    "equal_lr": lambda given: _plain(given.curvature, given.lr) / given.floor,
    "equal_effective_lr": lambda given: _plain(given.curvature, given.long_step) / given.floor,
    "equal_speed": _equal_speed,
    "stability": _stability,
}


def effective_batch(m: Any, /, meaning: str = "average", *, curvature: Any = None, **hyper: Any) -> sp.Expr | float:
    """How many times the method's batch plain gradient descent needs for the same noise, in the meaning that is named.

    A batch B times as large has noise of a B-th of the variance.

    Parameters
    ----------
    m
        A Method, its name in ``METHODS``, a preset, or a plain update rule.
    meaning
        What is to be the same.

        - "average": the variance of the averaged gradient by which the method steps, its weights made to sum to 1.
        - "equal_lr": the floor E x², at the same learning rate. Below 1 where the method's is higher.
        - "equal_effective_lr": the floor, where gradient descent has the learning rate of the method's long run, η/(1−β) of
          heavy ball. It tends to 1 for small learning rates: there momentum is no larger batch.
        - "equal_speed": the floor, where gradient descent has the learning rate at which it is as fast (same radius).
        - "stability": the batch as a part of the smallest that is stable in mean square, at the same fraction of the
          largest stable learning rate: here the *method* needs so many times the batch.
    curvature, hyper
        Numbers (floats are the decimals that they print as), letters or formulas; those not given stay letters.

    Returns
    -------
    A formula in the letters that are left, or a float where none is left: ∞ where gradient descent diverges at that
    learning rate. Floors are for noise that does not depend on x; the other meaning is that of sampled Hessians along one
    direction.

    Raises
    ------
    BadName
        For another meaning.
    BadHyperparameter
        For wrong names or values; for numbers at which the method is not stable; and where there is no formula without
        numbers for all.
    NoEquivalent
        Where gradient descent can have no such thing.
    NotLinear, BadRule
        As ``derive``, and "stability" for a rule that asks for several gradients a step.

    >>> effective_batch("heavy_ball")
    (beta + 1)/(1 - beta)
    >>> effective_batch("heavy_ball", momentum=0.9)
    19.0
    >>> effective_batch("heavy_ball", "equal_lr", curvature=1, lr=0.1, momentum=0.5)
    0.5087719298245614
    """
    method = as_method(m)
    if not isinstance(meaning, str) or meaning not in MEANINGS:
        raise BadName(
            f"an effective batch has no meaning {str(meaning)[:60]!r}: {nearest(str(meaning)[:60], MEANINGS)}"
        )
    setting = method.at(**{**method.symbols, **hyper})
    values = {method.symbols[name]: exact(value) for name, value in setting.hyper.items()}
    given = Given(method, {CURVATURE: _curvature(curvature), **values})
    batch = MEANINGS[meaning](given)
    if batch.has(sp.zoo, sp.nan):
        raise BadHyperparameter(f"{method.name} does not move, or has no floor, at these values of {', '.join(hyper)}")
    if not batch.free_symbols:
        return float(batch)
    return _shortest(batch)


def _curvature(value: Any) -> sp.Expr:
    if value is None:
        return CURVATURE
    if getattr(value, "free_symbols", None) and isinstance(value, sp.Expr):
        return value
    array = numbers("curvature", value)
    if array.ndim or not array > 0:
        raise BadHyperparameter(f"a curvature is one positive number; got {str(value)[:60]!r}")
    return exact(array[()])


def _shortest(batch: sp.Expr) -> sp.Expr:
    """Factored, where it is rational in its letters."""
    return written(batch) if batch.is_rational_function(*batch.free_symbols) else batch
