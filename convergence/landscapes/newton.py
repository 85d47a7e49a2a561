"""The order of Newton's method at a critical point, and its constant: from the Taylor series of its step."""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial
from typing import TYPE_CHECKING

import flint

from convergence.landscapes.roots import narrowed, on_balls
from convergence.landscapes.rounding import rounding
from convergence.numerics.interval_newton import ball_arithmetic

if TYPE_CHECKING:
    from convergence.landscapes.points import CriticalPoint

HIGHEST = 10
"""The highest order that is looked for."""


@dataclass(frozen=True)
class NewtonOrder:
    """|e_{k+1}| ≈ constant·|e_k|^order near the point, for x ← x − f′/f″: the first Taylor coefficient that is not 0.

    With ``constant`` 0 all are 0 up to ``order``, as of a parabola, where one step is enough.

    >>> import convergence as cv
    >>> cv.local("cosh(x/2)", at=1.0)[0].newton
    NewtonOrder(order=3, constant=0.08333...)
    """

    order: int
    constant: float


def newton_order(point: CriticalPoint) -> NewtonOrder:
    """From f′ = Σ sₖe^{k+1}, by which e − f′/f″ = k(sₖ/s₀)e^{k+1} + … for the first k ≥ 1 with sₖ ≠ 0.

    Coefficients are balls of 48 digits; one that may be 0 is taken for 0. BadData for two variables.
    """
    function, x = point.function, point.function.variables[0]
    slope = function.derivative(1)
    if point.order > 1:  # e − e/order + …
        return NewtonOrder(1, 1 - 1 / point.order)
    with ball_arithmetic():
        bend = on_balls(function.derivative(2), x)
        root = narrowed(on_balls(slope, x), bend, flint.arb(point.x, rounding(point.x)))
        for k in range(1, HIGHEST):
            c = k * on_balls(function.derivative(k + 2), x)(root) / (factorial(k + 1) * bend(root))
            if c > 0 or c < 0:
                return NewtonOrder(k + 1, abs(float(c.mid())))
    return NewtonOrder(HIGHEST, 0.0)
