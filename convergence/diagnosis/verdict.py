"""The verdict on a setting in one word, and the direction that decides it."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from convergence.diagnosis.best import Best
from convergence.diagnosis.directions import DirectionState

SLOW = 2.0
"""More than this many times the steps of the best setting is slow."""

MANY = 100_000
"""So many steps are slow, whatever the best setting takes."""

FEW = 10
"""So many steps more than the best setting takes are no matter, whatever their ratio."""

EDGE = 1e-9
"""A radius this near to 1 that does not contract neither grows nor shrinks."""

TURNING = 1e-7
"""An eigenvalue turns where its angle is larger than this: complex, or negative."""

ALIVE = 1e-9
"""A second eigenvalue larger than this part of the first is a memory; below it, the method is memoryless."""

VERDICTS = {
    "diverges": "a direction grows: its radius is above 1",
    "stalls": "a direction neither grows nor shrinks: its radius is 1",
    "noise": "stable without noise, and not in mean square: the noise of the batches grows with the error",
    "oscillates": "slow, and its slowest direction swings: a complex or negative leading eigenvalue",
    "overdamped": "slow, and its slowest direction creeps: a positive leading eigenvalue, with a memory behind it",
    "crawls": "slow, with a positive leading eigenvalue and no memory, or a double one",
    "fine": f"below {MANY} steps, and at most {SLOW:g} times those of the best setting of this method, or {FEW} more",
}
"""Each verdict, and what it says. Slow is what is not fine."""


def culprit(states: Sequence[DirectionState]) -> DirectionState:
    """The direction that grows fastest, or else the one that takes longest; of equals the steepest, or the flattest."""
    moving = [state for state in states if not state.stable]
    if moving:
        return max(moving, key=lambda s: (round(s.radius, 12), s.curvature))
    return max(states, key=lambda s: (inf if s.steps is None else s.steps, round(s.radius, 12), -s.curvature))


def verdict(states: Sequence[DirectionState], best: Best | None) -> str:
    """One of VERDICTS."""
    worst = culprit(states)
    if not worst.stable:
        return "diverges" if worst.radius > 1 + EDGE else "stalls"
    possible = None if best is None else best.steps
    slow = worst.steps is None or worst.steps >= MANY or (possible is not None and is_slow(worst.steps, possible))
    return manner(worst) if slow else "fine"


def is_slow(steps: int | None, best: int) -> bool:
    """Whether so many steps are slow for what is possible."""
    return steps is None or (steps > SLOW * best and steps > best + FEW)


def manner(worst: DirectionState) -> str:
    """How a slow direction is slow."""
    lead = worst.eigenvalues[0]
    if abs(lead.imag) > TURNING * abs(lead) or lead.real < 0:
        return "oscillates"
    memory = len(worst.eigenvalues) > 1 and abs(worst.eigenvalues[1]) > ALIVE * abs(lead)
    return "overdamped" if memory and worst.regime == "real" else "crawls"
