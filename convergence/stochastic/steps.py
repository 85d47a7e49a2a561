"""The open loops of the steps of a run: the same for all, or one for each under a schedule and while a clock runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

import numpy as np

from convergence.numerics.matrices import readings
from convergence.numerics.prediction import first_errors
from convergence.numerics.replay import scheduled
from convergence.numerics.runs import resting_state
from convergence.problem import Quadratic
from convergence.problem.arrays import Array
from convergence.rule import Method
from convergence.stochastic.loops import OpenLoop, open_loop
from convergence.theory.system import system_in_time

Step = tuple[OpenLoop, Array]
"""The loop of a step, and the shift (d, s) of where that step rests from where the first one does."""

StateMoments = tuple[Array, Array, Callable[[Array], Array]]
"""Mean (d, s) and covariance (d, d, s, s) of the errors of a state, and what the step to it does to errors (…, d, s)."""


def changing(method: Method, full: Mapping[str, Any], steps: int) -> bool:
    """Whether the steps differ: under a schedule, or while a clock runs."""
    return any(np.ndim(value) for value in full.values()) or len(readings(method, full, min(steps, 1))) > 0


def steps_of(problem: Quadratic, method: Method, full: Mapping[str, Any], steps: int, x: Array) -> Iterator[Step]:
    """The loop and the shift of each step of a run from x (d,). Equal steps in a row give the same object."""
    settings = scheduled(method, full, steps)
    rest = resting_state(problem, method, settings(0), x)
    if not changing(method, full, steps):
        yield from repeat((open_loop(method, problem.curvatures, settings(0)), np.zeros(rest.T.shape)), steps)
        return
    letters, known = set(method.symbols.values()), dict[tuple[Any, ...], Step]()
    still = not any(entry.free_symbols & letters for entry in system_in_time(method).rest)
    clocks = chain(readings(method, full, steps), repeat(()))  # nothing once they have run down
    for k, reading in zip(range(steps), clocks, strict=False):
        now = settings(k)
        key = (*now.values(), *reading)
        if key not in known:
            shift = np.zeros(rest.shape) if still else resting_state(problem, method, now, x) - rest
            known = {key: (open_loop(method, problem.curvatures, now, reading), shift.T)}
        yield known[key]


@dataclass(frozen=True, eq=False)
class Mean:
    """Where the mean of a run begins.

    Attributes
    ----------
    errors
        (d, s), of the first state, from the rest of the first step.
    asked
        (d,), the first position, from the minimiser that it can reach.
    offset
        (d,), the rest of the position, from that minimiser.
    """

    errors: Array
    asked: Array
    offset: Array

    @classmethod
    def of(cls, problem: Quadratic, method: Method, full: Mapping[str, Any], x: Array) -> Mean:
        """That of a run from x (d,)."""
        first = {name: next(iter(value), 0.0) if np.ndim(value) else value for name, value in full.items()}
        rest = resting_state(problem, method, first, x)
        target = problem.to_directions(problem.reachable(x))
        return cls(first_errors(problem, method, x, rest), problem.to_directions(x) - target, rest[0] - target)
