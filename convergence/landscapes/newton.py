"""The order of Newton's method at a critical point, and its constant: from the Taylor series of its step."""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial
from typing import TYPE_CHECKING, Any

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
    """From the Taylor coefficients of f′ at the point, in balls of 48 digits: one that may be 0 is taken for 0.

    BadData for two variables.
    """
    function, order = point.function, point.order
    slopes = [function.derivative(k + 1) for k in range(HIGHEST + 1)]
    if order > 1:  # e − e/order + …
        return NewtonOrder(1, 1 - 1 / order)
    with ball_arithmetic():
        balls = [on_balls(slope, function.variables[0]) for slope in slopes]
        at = flint.arb(point.x, rounding(point.x))
        root = narrowed(balls[0], balls[1], at)
        s = [ball(root) / factorial(k) for k, ball in enumerate(balls)][1:]
        step: list[Any] = []  # of e, e², …: the quotient of e f″ − f′ = Σ (k − 1) sₖ eᵏ and f″ = Σ k sₖ eᵏ⁻¹
        for k, c in enumerate(s):
            step.append((k * c - sum(step[j] * (k - j + 1) * s[k - j] for j in range(k))) / s[0])
        first = next((k for k, c in enumerate(step) if c > 0 or c < 0), None)
        return NewtonOrder(HIGHEST, 0.0) if first is None else NewtonOrder(first + 1, abs(float(step[first].mid())))
