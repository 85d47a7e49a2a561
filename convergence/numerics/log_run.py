"""Runs on ½λx² in numbers without smallest or largest: what a double calls zero may only be on its way back.

Rules that know no scale, as RMSProp at ε = 0, pass |x| = 10^(−2139) and return to a step's length. The rule itself is run, in
mpmath's floating point, whose exponents are whole numbers of any size; log₁₀|x| is what is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray

from convergence.errors import BadData, BadRule
from convergence.methods import as_method
from convergence.notation import text
from convergence.numerics.inputs import checked_curvature, checked_steps
from convergence.numerics.replay import Parabolas
from convergence.plotting import Plotted
from convergence.problem.arrays import Array, one_number, short
from convergence.tabular import Tabular

BITS = 64
"""Of a mantissa: a little more than a double's."""

LEAST = float(np.log10(np.finfo(float).smallest_subnormal))
"""log₁₀ of the smallest number that a double can be, about −323.3."""


@dataclass(frozen=True, eq=False)
class LogRun(Tabular, Plotted, figure="log_run"):
    """A run along one direction, its minimum at 0, in logarithms.

    Attributes
    ----------
    method, hyper
        The Method's name and its hyperparameters.
    log10
        (steps + 1,), log₁₀|x|; −∞ where x is exactly 0.
    sign
        (steps + 1,), of x.

    >>> import convergence as cv
    >>> run = cv.log_run("rmsprop", 1.0, 3000, 1.0, lr=1e-3, decay=0.9, eps=0)
    >>> run.smallest, run.regrew
    ((1091, -21.742...), True)
    """

    method: str
    hyper: Mapping[str, Any]
    log10: Array
    sign: NDArray[np.int64]

    @property
    def smallest(self) -> tuple[int, float]:
        """The step at which |x| is smallest, and log₁₀|x| there."""
        step = int(np.argmin(self.log10))
        return step, float(self.log10[step])

    @property
    def regrew(self) -> bool:
        """Whether |x| ends more than a thousand times its smallest value: it had not converged there."""
        return bool(self.log10[-1] > self.smallest[1] + 3)

    def table(self) -> Mapping[str, Any]:
        """A row for each step."""
        return {"step": range(len(self.log10)), "log10": self.log10, "sign": self.sign}

    def __repr__(self) -> str:
        step, least = self.smallest
        low = f"10^{text(least, 6)} at step {step}{', where a double is 0' if least < LEAST else ''}"
        back = (
            f"; regrown to 10^{text(self.log10[-1], 6)}" if self.regrew else f"; ends at 10^{text(self.log10[-1], 6)}"
        )
        return f"LogRun of {self.method}: {len(self.log10) - 1} steps, |x| down to {low}{back}"


def log_run(m: Any, /, curvature: float, steps: int, start: float, **hyper: Any) -> LogRun:
    """Run a method on ½λx² and keep log₁₀|x|: nothing underflows, so that a regrowth is seen where doubles end at zero.

    Parameters
    ----------
    m
        A Method, its name, a preset, or an update rule.
    curvature, start
        λ > 0 and the first position, not 0.
    steps
        The number of steps.
    hyper
        One number each; those with a default may be left out. ε = 0 is what makes an adaptive rule scale-free.

    Raises
    ------
    BadData
        For wrong values.
    BadHyperparameter
        As ``simulate``.
    BadRule
        For a rule that uses functions which numbers of any size do not have, as tanh.

    >>> log_run("rmsprop", 1.0, 3000, 1.0, lr=1e-3, decay=0.9, eps=0)
    LogRun of rmsprop: 3000 steps, |x| down to 10^−21.7428 at step 1091; regrown to 10^−3.30103
    """
    method = as_method(m)
    lam, first = checked_curvature(curvature), one_number(start)
    if not 0 < abs(first) < inf:
        raise BadData(f"start is a number, not 0; got {short(start)}")
    count = checked_steps(steps, len(method.state))
    numbers = method.at(**hyper).numbers
    context = mpmath.MPContext()
    context.prec = BITS
    objective: Any = Parabolas(np.array([context.mpf(lam)], dtype=object))
    logarithms, signs = np.empty(count + 1), np.zeros(count + 1, dtype=np.int64)
    try:
        state = method.start(objective, np.array([context.mpf(first)], dtype=object))
        for k in range(count + 1):
            value = context.mpf(np.ravel(state[0])[0])
            mantissa, exponent = context.frexp(value)
            logarithms[k] = float(np.log10(abs(float(mantissa)))) + int(exponent) * np.log10(2) if value else -np.inf
            signs[k] = int(context.sign(value))
            if not context.isfinite(value):
                return LogRun(method.name, numbers, logarithms[:k], signs[:k])
            state = method(objective, *state, **numbers)
    except ZeroDivisionError:
        return LogRun(method.name, numbers, logarithms[: k + 1], signs[: k + 1])
    except TypeError as error:
        raise BadRule(f"{method.name} uses a function that numbers of any size do not have: {error}") from None
    return LogRun(method.name, numbers, logarithms, signs)
