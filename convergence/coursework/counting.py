"""Steps of the homework's momentum to within 99.9 %: exact in whole numbers, and fast in floats."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

WITHIN = 1000
"""Within 99.9 %: the error is at most a thousandth of the first, from then on."""

STEPS_RUN = 1500
"""Steps that are run. Where errors have settled they are then so small that no transient brings them back."""


def exact_steps(
    lr: Fraction, momentum: Fraction, curvature: Fraction, *, at_rest: bool = False, horizon: int = STEPS_RUN
) -> int | None:
    """The first step from which |x_k| ≤ |x_0|/1000 for good, in whole numbers: nothing is rounded. None: not within them.

    The recurrence a ← (1−β)a + βλx, x ← x − ηa from x = 1, times a common denominator at each step; a starts at the first
    gradient, λ, or ``at_rest`` at 0.
    """
    a_a, a_x = 1 - momentum, momentum * curvature
    entries = (a_a, a_x, -lr * a_a, 1 - lr * a_x)
    common = int(np.lcm.reduce([entry.denominator for entry in entries], dtype=object))
    whole = [int(entry * common) for entry in entries]
    a, x = 0 if at_rest else curvature.numerator, curvature.denominator
    first, scale, last = x, 1, 0
    for step in range(1, horizon + 1):
        a, x = whole[0] * a + whole[1] * x, whole[2] * a + whole[3] * x
        scale *= common
        if abs(x) * WITHIN > first * scale:
            last = step
    return last + 1 if last < horizon else None


def float_steps(
    lrs: Sequence[float] | Array, momentum: float, curvatures: Sequence[float], *, at_rest: bool = False
) -> Array:
    """The same in floats for many learning rates, a row for each curvature: (d, m); nan where it does not settle."""
    lr, lam = np.asarray(lrs, dtype=float)[None, :], np.asarray(curvatures, dtype=float)[:, None]
    x = np.ones(np.broadcast_shapes(lr.shape, lam.shape))
    a, last = (0 if at_rest else lam) * x, np.zeros(x.shape)
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(1, STEPS_RUN + 1):
            a = (1 - momentum) * a + momentum * lam * x
            x = x - lr * a
            last = np.where(np.abs(x) * WITHIN <= 1, last, step)
    return np.where(last < STEPS_RUN, last + 1, np.nan)
