"""The order of Newton's method at a critical point, and its constant: from the Taylor series of its step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sympy as sp

if TYPE_CHECKING:
    from convergence.landscapes.points import CriticalPoint

HIGHEST = 9
"""The highest order that is looked for."""

DIGITS = 30

ZERO = 1e-9
"""A Taylor coefficient below this part of the largest before it is taken for 0, where the point is no exact number."""


@dataclass(frozen=True)
class NewtonOrder:
    """|e_{k+1}| ≈ constant·|e_k|^order near the point, for x ← x − f′/f″: the first Taylor coefficient that is not 0.

    >>> import convergence as cv
    >>> cv.local("cosh(x/2)", at=1.0)[0].newton
    NewtonOrder(order=3, constant=0.08333...)
    """

    order: int
    constant: float


def newton_order(point: CriticalPoint) -> NewtonOrder:
    """From the Taylor coefficients of f′ at the point, with a power series: N(e) = e − f′/f″. BadData for two variables."""
    function = point.function
    x = function.variables[0]
    length = HIGHEST + point.order
    slopes = [function.derivative(k + 1) for k in range(length)]
    at = {x: sp.Float(float(point.point[0]), DIGITS)}
    digits = [sp.N(s.subs(at), DIGITS) / sp.factorial(k) for k, s in enumerate(slopes)]
    size = max(abs(d) for d in digits)
    s = [d if abs(d) > ZERO * size else 0 for d in digits[point.order :]]
    bend = [(point.order + k) * c for k, c in enumerate(s)]
    step: list[sp.Expr] = []  # of e, e², …: the quotient of (e f″ − f′) and f″
    for k, c in enumerate(s):
        step.append(((point.order + k - 1) * c - sum(step[j] * bend[k - j] for j in range(k))) / bend[0])
    order, constant = next(((k, c) for k, c in enumerate(step, 1) if abs(c) > ZERO), (len(s) + 1, 0))
    return NewtonOrder(order, abs(float(constant)))
