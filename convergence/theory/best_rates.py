"""The learning rates that are best under gradient noise in one direction, from the recursion of the second moment."""

from __future__ import annotations

from functools import cache

import sympy as sp

from convergence.schedule import STEP
from convergence.theory.symbols import CURVATURE

NOISE, FIRST = sp.symbols("s P_0", positive=True)
"""The variance of the gradient noise, and the first second moment E x²."""


@cache
def best_rates() -> tuple[sp.Expr, sp.Expr]:
    """η_k and E x² before step k, in λ, the noise's variance s and P₀.

    A step makes P into (1 − ηλ)²P + η²s. That grows with P whatever η is, so the best of each step is the best of all of
    them; and there 1/P grows by the same amount in each step.

    >>> best_rates()[0]
    P_0*lambda/(P_0*k*lambda**2 + P_0*lambda**2 + s)
    """
    before, rate = sp.symbols("P eta", positive=True)
    after = (1 - rate * CURVATURE) ** 2 * before + rate**2 * NOISE
    (best,) = sp.solve(sp.diff(after, rate), rate)
    gain = sp.cancel(1 / after.subs(rate, best) - 1 / before)
    moment = sp.cancel(1 / (1 / FIRST + STEP * gain))
    return sp.cancel(best.subs(before, moment)), moment
