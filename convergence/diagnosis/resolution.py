"""Eigenvalues of a logged run with their error bars go in; the directions whose rate the log leaves open come out, with why."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from convergence.diagnosis.identifying import Identified

Array = NDArray[np.float64]

OPEN = 0.5
"""An error bar larger than this part of 1 − radius leaves the number of steps open by a factor of two."""

MOVED = 0.1
"""(1 − radius)·steps below this: the direction has hardly moved yet, and its steps would be an extrapolation."""

CLEAN = 1e-12
"""Noise below this part of the log is rounding of doubles: what does not move above it, does not move."""

REMEDY = "log more steps, in double precision, with the gradients"
"""What resolves a slow direction."""


def leading(eigenvalues: NDArray[np.complex128], error: Array) -> tuple[Array, Array]:
    """The radius (m,) of each direction, and its error bar."""
    sizes = np.abs(eigenvalues)
    place = sizes.argmax(axis=1)[:, None]
    return np.take_along_axis(sizes, place, axis=1)[:, 0], np.take_along_axis(error, place, axis=1)[:, 0]


def unresolved(eigenvalues: NDArray[np.complex128], error: Array, steps: int) -> dict[int, str]:
    """The directions whose number of steps the log leaves open, each with the reason; none that surely grows."""
    found: dict[int, str] = {}
    for k, (radius, bar) in enumerate(zip(*leading(eigenvalues, error), strict=True)):
        gap = 1 - radius
        if radius - bar > 1:
            continue
        if not bar < gap:
            found[k] = f"its radius is {radius:.6g} ± {bar:.1e}, on either side of 1"
        elif bar > OPEN * gap:
            found[k] = f"1 − radius is {gap:.1e} ± {bar:.1e}"
        elif gap * steps < MOVED:
            found[k] = f"in {steps} steps it went {gap * steps:.1e} of its way; all beyond is extrapolated"
    return found


def unseen(found: Identified, noise: float) -> int:
    """The directions that may well move, below the noise of the log or too vaguely to be told apart."""
    vague = len(found.offset) - found.visible.shape[1] < found.hidden
    size = max(float(np.abs(found.offset).max(initial=0.0)), 1e-300)
    return found.hidden if vague or found.grain > CLEAN or noise > CLEAN * size else 0


def told(open_ones: dict[int, str], unseen_ones: int) -> list[str]:
    """Notes on what the log leaves open, and what to log instead."""
    notes = [f"the log does not resolve direction {k + 1}: {why}; {REMEDY}" for k, why in open_ones.items()]
    if unseen_ones:
        notes.append(
            f"a direction that is not seen may be slower than all that are ({unseen_ones} may): no steps and no best "
            f"settings are told; {REMEDY}"
        )
    return notes
