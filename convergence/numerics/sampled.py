"""Iteration matrices sampled from a rule: its results on unit states; and a run until its clocks stand still.

Nothing is derived here: the matrix at a reading of the clocks is what the rule itself makes of a state with one entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.errors import NotLinear
from convergence.numerics.replay import Parabolas, moving_states
from convergence.rule import Method
from convergence.theory.system import system

Array = NDArray[np.float64]

SHORT = 24
"""Up to so many steps it is faster to take them than to raise matrices to powers."""

STILL, WINDING = 1e-17, 10_000_000
"""A clock that moves by less, relative to 1 or to itself, stands still; one that has not by then runs for ever."""

WATCHED, BLOCK = 1024, 2**18
"""Steps of a clock between two looks at whether it stands still, and entries of matrices that are in memory at a time."""

UNIT = 2.0**-40
"""The size of a unit state: so small that a smooth rule is linear there, and a power of two, which rounds nothing."""


def positions(method: Method, steps: int, curvatures: Array, settings: dict[str, Any], count: int) -> Array:
    """p_k on curvatures (m,) for settings (count, 1): (count, m). By powers of the matrix where the method has no clock."""
    f = Parabolas(np.broadcast_to(curvatures, (count, len(curvatures))))
    shape = f.curvature.shape
    with np.errstate(all="ignore"):
        state = method.start(f, np.ones(shape))
        if steps <= SHORT or not _clockless(method):
            for _ in range(steps):
                state = method(f, *state, **settings)
            return np.asarray(np.broadcast_to(state[0], shape))
        matrix = sampled_matrix(method, f.curvature, settings)
        column = np.stack([np.broadcast_to(s, shape) for s in state], axis=-1)[..., None]
        return powered(matrix, column, steps)[..., 0, 0]


@cache
def _clockless(method: Method) -> bool:
    try:
        return system(method).linear and system(method).clock is None
    except NotLinear:
        return False


def powered(matrix: Array, state: Array, steps: int) -> Array:
    """matrix^steps · state, by repeated squaring."""
    while steps:
        if steps & 1:
            state = matrix @ state
        steps >>= 1
        matrix = matrix @ matrix if steps else matrix
    return state


def sampled_matrix(
    method: Method, curvature: Array, settings: Mapping[str, Any], clocks: Mapping[int, Any] | None = None
) -> Array:
    """The iteration matrix (..., n, n) read off the rule: its result on each unit state, at these readings of clocks."""
    read = clocks or {}
    shape = np.broadcast_shapes(np.shape(curvature), *(np.shape(v) for v in (*settings.values(), *read.values())))
    places = [k for k in range(len(method.state)) if k not in read]
    columns = []
    for place in places:
        unit = [read[k] if k in read else np.full(shape, UNIT * (k == place)) for k in range(len(method.state))]
        after = method(Parabolas(curvature), *unit, **settings)
        columns.append(np.stack([np.broadcast_to(after[k], shape) for k in places], axis=-1))
    return np.stack(columns, axis=-1) / UNIT


@dataclass(frozen=True, eq=False)
class Steady:
    """A method on curvatures (m,), its clocks stepped until they stand still: from step ``after`` on it is s ← ``matrices``·s.

    ``readings`` (after+1, c) are those of the clocks at the ``places`` of the state, ``matrices`` (m, n, n) act on the others.
    """

    method: Method
    curvatures: Array
    settings: Mapping[str, Any]
    places: tuple[int, ...]
    readings: Array

    @property
    def after(self) -> int:
        return len(self.readings) - 1

    @cached_property
    def matrices(self) -> Array:
        with np.errstate(all="ignore"):
            last = dict(zip(self.places, self.readings[-1], strict=True))
            return sampled_matrix(self.method, self.curvatures, self.settings, last)

    def approach(self) -> Iterator[Array]:
        """The moving states (b, n, m) at steps 0, …, ``after``, from position 1, position first, in blocks."""
        shape = self.curvatures.shape
        with np.errstate(all="ignore"):
            start = self.method.start(Parabolas(self.curvatures), np.ones(shape))
        first = np.array([np.broadcast_to(s, shape) for k, s in enumerate(start) if k not in self.places], dtype=float)
        yield first[None]
        size = max(1, BLOCK // (len(first) * first.size))
        for begun in range(0, self.after, size):
            states = self._block(first, self.readings[begun : min(begun + size, self.after)])
            yield states
            first = states[-1]

    def _block(self, state: Array, readings: Array) -> Array:
        states = np.empty((len(readings), *state.shape))
        with np.errstate(all="ignore"):
            clocks = {k: column[:, None] for k, column in zip(self.places, readings.T, strict=True)}
            matrices = sampled_matrix(self.method, self.curvatures, self.settings, clocks)
            for matrix, into in zip(np.ascontiguousarray(matrices.transpose(0, 3, 2, 1)), states, strict=True):
                state = np.add.reduce(matrix * state[:, None], axis=0, out=into)
        return states


def steady(method: Method, curvatures: Array, settings: Mapping[str, Any]) -> Steady:
    """The method with its clocks stepped until they stand still: at once where it has none. NotLinear where they never do."""
    moving = moving_states(method, curvatures, lambda j: settings)
    places = tuple(k for k, moves in enumerate(moving) if not moves)
    with np.errstate(all="ignore"):
        read = _readings(method, float(np.max(curvatures)), settings, places)
    return Steady(method, curvatures, settings, places, read)


def _readings(method: Method, curvature: float, settings: Mapping[str, Any], places: tuple[int, ...]) -> Array:
    """What the clocks read at each step until they stand still, (after+1, c): the position plays no part in it."""
    f = Parabolas(np.asarray(curvature))
    state, seen = method.start(f, np.float64(1.0)), list[list[float]]()
    while places and len(seen) <= WINDING:
        fresh = len(seen)
        for _ in range(WATCHED):
            seen.append([float(state[k]) for k in places])
            state = method.rule(f, *state, **settings)
        read = np.array(seen[max(fresh - 1, 0) :])
        still = (np.abs(np.diff(read, axis=0)) <= STILL * np.maximum(1.0, np.abs(read[1:]))).all(axis=1)
        if still.any():
            return np.array(seen[: max(fresh - 1, 0) + int(still.argmax()) + 2])
    if places:
        raise NotLinear(
            f"{method.name} has a state that runs on for ever whatever the position is, so its matrix never settles"
        )
    return np.empty((1, 0))
