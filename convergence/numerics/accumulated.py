"""What a sum of squared gradients comes to on ½λ(x − w)², as Adagrad's does: from the flow, and from the run.

Each step lowers f by about ηg²/D(s), with D(s) what the step is divided by, and adds g² to s: so ∫ds/D(s) = (f₀ − f*)/η, for
any f (Ward, Wu and Bottou 2019 bound it so). The first steps, at which g stands still and s grows by leaps, are summed instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from scipy.integrate import quad

from convergence.algebra import cancelled
from convergence.errors import BadData
from convergence.notation import text
from convergence.numerics.bracket import root
from convergence.numerics.replay import Parabolas
from convergence.rule import Method
from convergence.theory.rests import Equilibrium
from convergence.theory.symbols import CURVATURE

FIRST = 100_000
"""Steps at a standing gradient that are summed; the rest of the sum follows by Euler's and Maclaurin's formula."""

HUGE, QUADRATURE = 1e300, 1e-12
"""Where a sum is given up; and how far quadrature is from the integral, relatively: closer a root of it means nothing."""

ENDED = 1e-9
"""The part of the first error that is left when a run has come to its end: its square adds nothing to the sum."""

LONGEST = 60_000
"""Steps of a run before it is given up; one that would take longer, by the estimate, is not begun."""


@dataclass(frozen=True)
class Gathered:
    """The held state in the end, by ``estimate`` for small learning rates and in the ``run`` of so many ``steps``.

    ``slope_estimate`` and ``slope_run`` are what a step multiplies the error by there. The run's are None where it would not
    come to an end in 60 000 steps.
    """

    estimate: float
    slope_estimate: float
    run: float | None
    slope_run: float | None
    steps: int

    def __str__(self) -> str:
        run = (
            f"run of {self.steps} steps {text(self.slope_run, 9)}"
            if self.run is not None
            else "run longer than 60 000 steps"
        )
        return f"in the end by estimate {text(self.slope_estimate, 9)}, {run}"


def gathered(
    method: Method, equilibrium: Equilibrium, numbers: Mapping[sp.Symbol, sp.Expr], minimiser: float, start: float
) -> Gathered:
    """The held state's end from a position. ``numbers`` has λ and all hyperparameters."""
    held, rate = sp.Symbol(str(equilibrium.held), positive=True), float(numbers[method.symbols[method.rate or ""]])
    factor = equilibrium.system.matrix[0, 0]
    divisor, slope = (
        sp.lambdify(held, formula.subs(numbers), modules="numpy")
        for formula in (cancelled(method.symbols[method.rate or ""] * CURVATURE / (1 - factor)), factor)
    )
    curvature, place = float(numbers[CURVATURE]), method.state.index(str(equilibrium.held))
    objective = Parabolas(np.array([curvature]))
    state = method.start(objective, np.array([start - minimiser]))
    first = float(np.ravel(state[place])[0])
    with np.errstate(all="ignore"):
        estimate = _estimate(divisor, first, curvature * (start - minimiser), rate, curvature)
        last = float(slope(estimate))
        needed = np.log(ENDED) / np.log(abs(last)) if 0 < abs(last) < 1 else 1.0
    hyper = {name: float(numbers[letter]) for name, letter in method.symbols.items()}
    with np.errstate(all="ignore"):
        for steps in range(1, LONGEST + 1 if needed < LONGEST else 1):
            before, state = state, method(objective, *state, **hyper)
            if state[place] == before[place] and abs(state[0]) <= ENDED * abs(start - minimiser):
                run = float(np.ravel(state[place])[0])
                return Gathered(estimate, last, run, float(slope(run)), steps)
    return Gathered(estimate, last, None, None, 0)


def _estimate(divisor: Callable[[Any], Any], first: float, gradient: float, rate: float, curvature: float) -> float:
    """The s with ∫ds/D(s) = f₀/η and what the leaps of the first steps add, from ``first`` on; in r = √s, where D is smooth."""

    def integral(s: float) -> float:
        return float(quad(lambda r: 2 * r / divisor(r * r), np.sqrt(first), np.sqrt(s), limit=200)[0])

    square = gradient * gradient
    leaps = first + square * np.arange(1, FIRST + 1)
    terms = square / divisor(leaps)
    target = square / curvature / 2 / rate + integral(leaps[-1]) - terms.sum() + terms[-1] / 2
    if not 0 < target < np.inf:
        raise BadData(
            f"from start = minimiser, or beyond what floats hold, nothing is gathered: gradient {gradient:g}, lr {rate:g}"
        )
    top = max(first, square, 1e-300)
    while integral(top) < target and top < HUGE:
        top *= 4
    return root(lambda s: integral(s) - target, first, top, QUADRATURE)
