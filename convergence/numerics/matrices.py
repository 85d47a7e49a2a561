"""Iteration matrices and their eigenvalues on arrays, from the derived formulas; and the readings of clocks, step by step.

LAPACK's eigenvalues of a nearly defective matrix are off by √ε, and at critical damping, where optima lie, matrices
are defective: so factors of the characteristic polynomial up to degree two are solved in closed form, their
discriminants factored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from math import isqrt
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convergence.crossing import Compiled, compiled, doubled, exact
from convergence.errors import NotLinear
from convergence.numerics.replay import Parabolas, moving_states
from convergence.problem.arrays import Array
from convergence.rule import Method, Objective, State
from convergence.theory.linearisation import without_clocks
from convergence.theory.rest import Rest, rest_of
from convergence.theory.symbols import CURVATURE, Z
from convergence.theory.system import system, system_in_time

WINDING, BLOCK = 10_000_000, 2**18
"""Steps within which a clock must run down, and entries of matrices that are in memory at a time."""

STOPPED, TICKS = 1e-18, 256
"""A clock that is nearer than this to its rest changes nothing any more that is added to 1; looked at after so many steps."""


def blocks(method: Method, curvature: Any, settings: Mapping[str, Any], reading: Sequence[Any] | None = None) -> Array:
    """The iteration matrices (..., n, n), broadcast over the curvatures and the settings.

    Of a method with a clock those of the limit, or with a ``reading`` of each clock those of that moment.
    """
    return _filled(_matrix(method, reading is not None, False), curvature, *settings.values(), *(reading or ()))


def require_derivative(method: Method, settings: Mapping[str, Any]) -> None:
    """Raise NotLinear where a linearised rule divides by 0 at its rest at these numbers, as Adam does at ε = 0."""
    if system(method).linear:
        return
    numbers = {method.symbols[name]: exact(value) for name, value in settings.items() if not np.ndim(value)}
    if any(pole.subs(numbers) == 0 for pole in rest_of(method).poles):
        raise NotLinear(
            f"{method.name} has no derivative at its minimiser at these settings: it divides by 0 there, and knows no scale. "
            f"What it does instead: cycles({method.name!r}). Runs that end at 0 in doubles may come back: log_run"
        )


def sensitivity(
    method: Method, curvature: Any, settings: Mapping[str, Any], reading: Sequence[Any] | None = None
) -> Array:
    """The derivative of the iteration matrices by the curvature (..., n, n): how a gradient enters the state."""
    return _filled(_matrix(method, reading is not None, True), curvature, *settings.values(), *(reading or ()))


def precise_blocks(method: Method, curvatures: Array, settings: Mapping[str, Any]) -> tuple[Array, Array]:
    """The iteration matrices (m, n, n) of the limit as sums of two doubles; floats are the decimals that they print as."""
    entries = doubled(arguments(method), tuple(system(method).matrix), [curvatures, *settings.values()])
    size = isqrt(entries.shape[-1])
    high, low = entries.reshape(2, len(curvatures), size, size)
    return high, low


def _filled(function: Compiled, *values: Any) -> Array:
    """Square matrices (..., n, n) from a function of their entries row by row, each broadcast like the values."""
    entries, shape = function(*values), np.broadcast(*values).shape
    rows = np.stack([np.broadcast_to(np.asarray(entry, dtype=float), shape) for entry in entries], axis=-1)
    return rows.reshape(*shape, isqrt(len(entries)), isqrt(len(entries)))


@cache
def _matrix(method: Method, timed: bool, slope: bool) -> Compiled:
    derived = system_in_time(method) if timed else system(method)
    clock = derived.clock if timed else None
    matrix, letters = (clock.matrix, clock.letters) if clock else (derived.matrix, ())
    return compiled((*arguments(method), *letters), tuple(sp.diff(matrix, CURVATURE) if slope else matrix))


def eigenvalues(method: Method, curvature: Any, settings: dict[str, Any]) -> NDArray[np.complex128]:
    """All eigenvalues (..., n), from the characteristic polynomial's factors where they are quadratic or less.

    A double eigenvalue is double here, too: the discriminant is evaluated in factored form.
    """
    roots = [_factor_roots(part, curvature, settings) for part in _factor_functions(method)]
    together = np.broadcast_shapes(*(part.shape[:-1] for part in roots))
    return np.concatenate([np.broadcast_to(r, (*together, r.shape[-1])) for r in roots], axis=-1)


@cache
def arguments(method: Method) -> tuple[sp.Symbol, ...]:
    return (CURVATURE, *method.symbols.values())


@cache
def _factor_functions(method: Method) -> tuple[Any, ...]:
    """For each factor, with multiplicity: its degree, coefficients and, for a quadratic, its discriminant, compiled."""
    functions = []
    for factor, times in system(method).factors:
        formulas = tuple(factor.all_coeffs()[1:])
        if factor.degree() == 2:
            formulas += (sp.factor(sp.discriminant(factor.as_expr(), Z)),)
        functions += [(factor.degree(), compiled(arguments(method), formulas))] * times
    return tuple(functions)


def _factor_roots(part: tuple[int, Any], curvature: Any, settings: dict[str, Any]) -> NDArray[np.complex128]:
    degree, function = part
    values = np.broadcast_arrays(np.asarray(curvature, float) * 0.0, *function(curvature, *settings.values()))[1:]
    if degree == 1:
        return np.asarray(-values[0], dtype=complex)[..., None]
    if degree == 2:
        root = np.sqrt(np.asarray(values[2], dtype=complex))
        return np.stack([(-values[0] - root) / 2, (-values[0] + root) / 2], axis=-1)
    companion = np.zeros((*values[0].shape, degree, degree))
    companion[..., 1:, :-1] = np.eye(degree - 1)
    companion[..., :, -1] = -np.stack(values[::-1], axis=-1)
    return np.asarray(np.linalg.eigvals(companion), dtype=complex)


def readings(method: Method, settings: Mapping[str, Any], steps: int) -> Array:
    """What the clocks read before each step, (m, clocks), m ≤ steps: up to where they have run down; under a schedule, all."""
    clock = system_in_time(method).clock
    if clock is None:
        return np.empty((0, 0))
    tick = compiled((*arguments(method), *clock.letters), clock.update)
    now, rest = ([float(v) for v in part] for part in (clock.start, clock.rest))
    seen, done, given, varied = list[float](), 0, list(settings.values()), is_scheduled(settings)
    while done < steps and (varied or max(abs(a - b) for a, b in zip(now, rest, strict=True)) > STOPPED):
        begun, done = done, min(done + TICKS, steps)
        for step in range(begun, done):
            seen.extend(now)
            now = tick(1.0, *([_entry(value, step) for value in given] if varied else given), *now)
    read = np.array(seen, dtype=float).reshape(done, len(clock.names))
    stopped = np.flatnonzero((np.abs(read - rest) <= STOPPED).all(axis=1))
    return read[: stopped[0]] if stopped.size and not varied else read


@lru_cache(4)
def _wound_down(method: Method, settings: tuple[tuple[str, Any], ...]) -> Array:
    """The readings until the clocks have run down: κ = 10¹¹ takes millions, and every direction of a problem has the same."""
    return readings(method, dict(settings), WINDING)


def is_scheduled(settings: Mapping[str, Any]) -> bool:
    """Whether a hyperparameter has an entry a step."""
    return any(np.ndim(value) for value in settings.values())


def _entry(value: Any, step: int) -> Any:
    return value[min(step, len(value) - 1)] if np.ndim(value) else value


def step_matrices(
    method: Method, curvatures: Array, settings: Mapping[str, Any], steps: int, *, slope: bool = False
) -> Array:
    """The iteration matrices of a run: (d, n, n) where all steps have the same, else (m+1, d, n, n), the last the limit.

    Where a clock never runs down m = steps, and the last is that of the step to come.

    ``settings`` may have entries a step; then m = steps, and the last is that of the last step again. ``slope``: their
    derivatives by the curvature.
    """
    of = sensitivity if slope else blocks
    clock = system_in_time(method).clock
    fades = clock is not None and clock.fades and not is_scheduled(settings)
    seen = [column[:, None] for column in readings(method, settings, steps + fades).T] or None
    if fades:
        return of(method, curvatures, settings, seen)
    if not is_scheduled(settings):
        limit = of(method, curvatures, settings)
        return limit if seen is None else np.concatenate([of(method, curvatures, settings, seen), limit[None]])
    if not steps:
        return of(method, curvatures, {n: 0.0 if np.ndim(v) else v for n, v in settings.items()})  # none is used
    columns = {n: np.asarray(v)[:steps, None] if np.ndim(v) else v for n, v in settings.items()}
    changing = of(method, curvatures, columns, seen)
    return np.concatenate([changing, changing[-1:]])


def with_clocks(method: Method, settings: Mapping[str, Any], states: Array) -> Array:
    """States (steps+1, n, d) with those of the clocks put in their places."""
    clock = system_in_time(method).clock
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
    derived, stopped = system(method), rest_of(method)
    names = derived.clock.names if derived.clock else () if derived.linear else _clocks(method, stopped)
    readings = {name: stopped.state[method.state.index(name)] for name in names}
    if not readings or not all(value.is_number for value in readings.values()):
        return method
    rest = {name: float(value) for name, value in readings.items()}

    def start(f: Objective, x: Any) -> State:
        first = zip(method.state, method.start(f, x), strict=True)
        return tuple(value * 0 + rest[name] if name in rest else value for name, value in first)

    return replace(method, starts=start)


def _clocks(method: Method, rest: Rest) -> list[str]:
    """The clocks of a rule that is not linear even when they are read."""
    moving = without_clocks(rest)
    return [name for k, name in enumerate(method.state) if k not in moving]


@dataclass(frozen=True, eq=False)
class Steady:
    """A method on curvatures (m,), its clocks run down: from step ``after`` on it is s ← ``matrices``·s.

    ``readings`` (after, c) are those of the clocks until then, ``matrices`` (m, n, n) act on the other states.
    """

    method: Method
    curvatures: Array
    settings: Mapping[str, Any]
    readings: Array
    matrices: Array

    @property
    def after(self) -> int:
        return len(self.readings)

    def approach(self) -> Iterator[Array]:
        """The moving states (b, n, m) at steps 0, …, ``after``, from position 1, position first, in blocks."""
        kept = [name in system(self.method).state for name in self.method.state]
        start = self.method.start(Parabolas(self.curvatures), np.ones(self.curvatures.shape))
        states = np.array([np.broadcast_to(s, self.curvatures.shape) for s, k in zip(start, kept, strict=True) if k])
        states = states[None].astype(float)
        yield states
        size = max(1, BLOCK // (states.shape[1] * states.size))
        for begun in range(0, self.after, size):
            states = self._block(states[-1], self.readings[begun : begun + size])
            yield states

    def _block(self, state: Array, readings: Array) -> Array:
        changing = blocks(self.method, self.curvatures, self.settings, [column[:, None] for column in readings.T])
        states = np.empty((len(readings), *state.shape))
        for matrix, into in zip(np.ascontiguousarray(changing.transpose(0, 3, 2, 1)), states, strict=True):
            state = np.add.reduce(matrix * state[:, None], axis=0, out=into)
        return states


def steady(method: Method, curvatures: Array, settings: Mapping[str, Any]) -> Steady:
    """The method once its clocks have run down: at once where it has none.

    NotLinear where they never do, where the rule has no iteration matrix, or where errors depend on the minimiser.
    """
    moving_states(method, curvatures, lambda j: settings)
    system(method)
    read = _wound_down(method, tuple(settings.items()))
    if len(read) == WINDING:
        raise NotLinear(f"{method.name} has a clock that takes more than {WINDING} steps to run down")
    with np.errstate(all="ignore"):
        return Steady(method, curvatures, settings, read, blocks(method, curvatures, settings))
