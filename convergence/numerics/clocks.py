"""A method and settings go in; what its clocks read at each step comes out, and the same method with them run down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.crossing import compiled
from convergence.numerics.spectral import arguments, blocks
from convergence.rule import Method, Objective, State
from convergence.theory.dynamics import dynamics

Array = NDArray[np.float64]

STOPPED = 1e-18
"""A clock that is nearer than this to its rest changes nothing any more that is added to 1."""


def readings(method: Method, settings: Mapping[str, Any], steps: int) -> Array:
    """What the clocks read before each step, (m, clocks), m ≤ steps: up to where they have run down."""
    clock = dynamics(method).clock
    if clock is None:
        return np.empty((0, 0))
    tick = _tick(method)
    now, rest = (np.array([float(v) for v in part]) for part in (clock.start, clock.rest))
    seen: list[Array] = []
    while len(seen) < steps and np.abs(now - rest).max() > STOPPED:
        seen.append(now)
        now = np.array(tick(1.0, *settings.values(), *now), dtype=float)
    return np.array(seen).reshape(len(seen), len(clock.names))


def step_matrices(method: Method, curvatures: Array, settings: Mapping[str, Any], steps: int) -> Array:
    """The iteration matrices of a run: (d, n, n) where all steps have the same, else (m+1, d, n, n), the last the limit."""
    limit = blocks(method, curvatures, settings)
    seen = readings(method, settings, steps)
    if not len(seen):
        return limit
    changing = blocks(method, curvatures, settings, [column[:, None] for column in seen.T])
    return np.concatenate([changing, limit[None]])


def with_clocks(method: Method, settings: Mapping[str, Any], states: Array) -> Array:
    """States (steps+1, n, d) with those of the clocks put in their places."""
    clock = dynamics(method).clock
    if clock is None:
        return states
    seen, rest = readings(method, settings, len(states)), np.array([float(v) for v in clock.rest])
    read = np.concatenate([seen, np.tile(rest, (len(states) - len(seen), 1))])
    moving, keeping = iter(states.transpose(1, 0, 2)), iter(read.T)
    rows = [
        np.broadcast_to(next(keeping)[:, None], states[:, 0].shape) if name in clock.names else next(moving)
        for name in method.state
    ]
    return np.stack(rows, axis=1)


@cache
def run_down(method: Method) -> Method:
    """The same method with its clocks at rest from the start: the limit that its runs tend to. Itself where it has none."""
    clock = dynamics(method).clock
    if clock is None:
        return method
    rest = dict(zip(clock.names, (float(v) for v in clock.rest), strict=True))

    def start(f: Objective, x: Any) -> State:
        first = zip(method.state, method.start(f, x), strict=True)
        return tuple(value * 0 + rest[name] if name in rest else value for name, value in first)

    return replace(method, starts=start)


@cache
def _tick(method: Method) -> Any:
    clock = dynamics(method).clock
    assert clock is not None
    return compiled((*arguments(method), *clock.letters), clock.update)
