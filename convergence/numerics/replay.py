"""A rule run on parabolas ½λx²: residual polynomials p_k(λ), and the iteration matrix, read off the rule itself.

An error is e_k = p_k(λ)·e_0. The recurrence is the rule with its own start, on minima at 0 and x₀ = 1. A state is either
proportional to the position (an error, a buffer of gradients) or a clock, which runs whatever the position is (the power
of β in a bias correction). Hyperparameters may be sequences: a schedule, whose entry j is used at step j (from 0).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convergence.errors import BadHyperparameter, NotLinear
from convergence.methods import as_method
from convergence.numerics.inputs import checked_steps
from convergence.problem import checked_curvatures
from convergence.rule import Method
from convergence.theory.system import System, system

Array = NDArray[np.float64]
Exponents = NDArray[np.int64]
Settings = Callable[[int], Mapping[str, Any]]
"""The hyperparameters at step j, counted from 0."""

FACTORS = np.array([2.0**-30, -(2.0**10), 2.0**20])
"""Each direction is scaled by its own power of two: that rounds nothing, and shows a rule that couples directions."""

PROBED = 8
"""Steps of the run that is scaled."""

BETWEEN, HUGE = 16, 2.0**300
"""Steps between two looks at the size of the state, and the size at which an exponent is split off."""

SHORT = 24
"""Up to so many steps it is faster to take them than to raise matrices to powers."""

STILL, WINDING = 1e-17, 10_000_000
"""A clock that moves by less, relative to 1 or to itself, stands still; one that has not by then runs for ever."""

WATCHED, BLOCK = 1024, 2**18
"""Steps of a clock between two looks at whether it stands still, and entries of matrices that are in memory at a time."""

UNIT = 2.0**-40
"""The size of a unit state: so small that a smooth rule is linear there, and a power of two, which rounds nothing."""


class Parabolas:
    """½λx² for curvatures (m,) at once, all minima at 0. It counts the gradients, and whether ``solve`` was asked."""

    def __init__(self, curvature: Array) -> None:
        self.curvature, self.gradients, self.solved = curvature, 0, False

    def grad(self, x: Any, /) -> Any:
        self.gradients += 1
        return self.curvature * x

    def solve(self, g: Any, /) -> Any:
        self.solved = True
        return g / self.curvature


@dataclass(frozen=True, eq=False)
class Residual:
    """p_k on curvatures (m,): ``values``·2^``exponents``. ``degree`` bounds that of p_k: the gradients that were asked for.

    ``polynomial`` is False where the rule also asked for Newton steps, so that p_k may be any rational function of λ.
    """

    values: Array
    exponents: Exponents
    degree: int
    polynomial: bool

    def common(self) -> tuple[Array, int]:
        """The values in one power of two, that of the largest, and its exponent; what is negligible becomes 0."""
        sized = np.abs(self.values) > 0
        if not self.exponents.any() or not sized.any():
            return self.values, 0
        top = int(self.exponents[sized].max())
        return np.ldexp(self.values, np.maximum(self.exponents - top, -2000).astype(np.int32)), top


def scheduled(method: Method, hyper: Mapping[str, Any], steps: int) -> Settings:
    """The hyperparameters as a function of the step. BadHyperparameter for a schedule with fewer entries than steps."""
    full = method.settings(hyper)
    long = {name: np.asarray(v, dtype=float) for name, v in full.items() if np.ndim(v)}
    fixed = {name: v if isinstance(v, int | float) else float(v) for name, v in full.items() if name not in long}
    for name, values in long.items():
        if values.ndim != 1 or len(values) < max(steps, 1):
            raise BadHyperparameter(
                f"{method.name}: {name} must be a number, or a schedule with an entry for each of the {steps} steps; "
                f"got shape {values.shape}"
            )
    if not long:
        return lambda j: fixed
    return lambda j: {n: fixed[n] if n in fixed else float(long[n][min(j, len(long[n]) - 1)]) for n in full}


def constants(method: Method, hyper: Mapping[str, Any]) -> dict[str, Any]:
    """Hyperparameters that are one number each. BadHyperparameter for schedules: nothing is known of what comes after them."""
    settings = method.settings(hyper)
    for name, value in settings.items():
        if np.ndim(value):
            raise BadHyperparameter(
                f"{method.name}: {name} must be one number here, since the steps do not end; got shape {np.shape(value)}. "
                f"For a schedule see worst_case and residuals"
            )
    return {name: value if isinstance(value, int | float) else float(value) for name, value in settings.items()}


def residuals(m: Any, /, steps: int, curvatures: Any, **hyper: Any) -> Array:
    """The residual polynomials p_0, …, p_k on curvatures, by recurrence: e_j = p_j(λ)·e_0.

    Parameters
    ----------
    m
        A Method, its name, a preset, or an update rule.
    steps
        k, 0 or more.
    curvatures
        (m,) as a list, in its order, or those of a problem.
    hyper
        Numbers, or schedules with an entry a step (the first is used in step 1).

    Returns
    -------
    (k+1, m); what overflows is infinite.

    Raises
    ------
    NotLinear
        For a rule whose error is not proportional to the first one.
    BadHyperparameter
        For wrong settings, or a schedule that is too short.
    BadData
        For other curvatures or steps.

    >>> residuals("gradient_descent", 2, [1.0, 4.0], lr=0.5)
    array([[ 1.  ,  1.  ],
           [ 0.5 , -1.  ],
           [ 0.25,  1.  ]])
    >>> residuals("gradient_descent", 2, [1.0, 4.0], lr=[1.0, 0.25])[-1]
    array([0., 0.])
    """
    method, k, points = as_method(m), checked_steps(steps), checked_curvatures(curvatures)
    settings = scheduled(method, hyper, k)
    table = np.empty((k + 1, len(points)))
    with np.errstate(all="ignore"):
        for row, (values, exponents) in zip(table, walked(method, Parabolas(points), settings, k), strict=True):
            row[:] = np.ldexp(values, exponents.astype(np.int32))
    return np.where(np.isnan(table), np.inf, table)


def residual(method: Method, steps: int, curvatures: Array, settings: Settings) -> Residual:
    """p_k on curvatures (m,), for k = steps."""
    f = Parabolas(curvatures)
    with np.errstate(all="ignore"):
        for values, exponents in walked(method, f, settings, steps):  # noqa: B007
            pass
    grown = np.where(np.isnan(values), np.inf, values)  # ∞−∞, far outside
    return Residual(np.asarray(grown), exponents, f.gradients, not f.solved)


def walked(method: Method, f: Parabolas, settings: Settings, steps: int) -> Iterator[tuple[Array, Exponents]]:
    """p_0, …, p_steps on the curvatures of f: mantissas (m,) and exponents of 2, so that nothing over- or underflows.

    The arrays may be written to later: copy what is kept.
    """
    shape = f.curvature.shape
    moving = moving_states(method, f.curvature, settings)
    exponents = np.zeros(shape, dtype=np.int64)
    state = method.start(f, np.ones(shape))
    yield np.broadcast_to(state[0], shape), exponents
    for j in range(steps):
        after = method.rule(f, *state, **settings(j)) if j else method(f, *state, **settings(j))  # the first is checked
        state = after if isinstance(after, tuple) else (after,)
        if j % BETWEEN == BETWEEN - 1:
            state, exponents = _rescaled(state, moving, exponents)
        yield np.broadcast_to(state[0], shape), exponents


def _rescaled(
    state: tuple[Any, ...], moving: tuple[bool, ...], exponents: Exponents
) -> tuple[tuple[Any, ...], Exponents]:
    size = np.max(
        [np.broadcast_to(np.abs(s), exponents.shape) for s, m in zip(state, moving, strict=True) if m], axis=0
    )
    if size.size and size.max() < HUGE and size.min() > 1 / HUGE:
        return state, exponents
    known = np.isfinite(size) & (size > 0)
    shift = np.where(known, np.frexp(np.where(known, size, 1.0))[1], 0)
    parts = (np.ldexp(s, -shift) if moves else s for s, moves in zip(state, moving, strict=True))
    return tuple(parts), exponents + shift


def moving_states(method: Method, curvatures: Array, settings: Settings) -> tuple[bool, ...]:
    """For each state, whether it is proportional to the position; False for a clock.

    Seen in a run that is started again elsewhere. Raises NotLinear where a state is neither, and for a method whose errors
    depend on where its minimiser is.
    """
    _require_rest(method)
    line = np.linspace(float(np.min(curvatures)), float(np.max(curvatures)), 3)
    with np.errstate(all="ignore"):
        plain, scaled = (_states(method, line, x, settings) for x in (np.ones(3), FACTORS))
    moving = []
    for name, a, b in zip(method.state, plain, scaled, strict=True):
        moves = _same(a * FACTORS, b)
        if not (moves or (_same(a, b) and _same(b, b[:, :1] + 0 * b))):
            raise NotLinear(
                f"{method.name} is not linear in the position: {name} does not scale with the start, so there is no residual "
                f"polynomial. For an adaptive rule freeze its preconditioner, or look at runs (simulate)"
            )
        moving.append(moves)
    if not moving[0]:
        raise NotLinear(f"{method.name} is not linear in the position: its position does not depend on the start")
    return tuple(moving)


def _states(method: Method, line: Array, x: Array, settings: Settings) -> list[Array]:
    f = Parabolas(line)
    state = method.start(f, x)
    kept = [state]
    for j in range(PROBED):
        state = method(f, *state, **settings(j))
        kept.append(state)
    return [np.array([np.broadcast_to(s[n], line.shape) for s in kept], dtype=float) for n in range(len(state))]


def _same(a: Array, b: Array) -> bool:
    finite = np.isfinite(a) & np.isfinite(b)
    return bool(np.allclose(a[finite], b[finite], rtol=1e-9, atol=0.0))


@cache
def _require_rest(method: Method) -> None:
    """Where errors come from errors alone, the first state is the state at rest when the first position is."""
    try:
        derived = system(method)
    except NotLinear:
        return  # a rule that is linear about 0 only; the probe decides
    rest = derived.rest
    if not derived.linear or all(sp.cancel(entry) == 0 for entry in _first_error(derived)):
        return
    if rest[0] == 1:
        raise NotLinear(
            f"{method.name} does not stay at the minimiser when it starts there, so its errors are no polynomial in λ times "
            f"the first error; let start(f, x) give the state in which it rests"
        )
    raise NotLinear(
        f"{method.name} rests elsewhere than at the minimiser, with a buffer that does not start there: its error depends "
        f"on the minimiser too, and no polynomial in λ gives it. Run it on the data instead (simulate, predict)"
    )


def _first_error(derived: System) -> sp.Matrix:
    """The first state less that at rest, for the first position at rest and the minimiser at 1."""
    return derived.rest[0] * derived.first + derived.first_by_minimiser - sp.Matrix(derived.rest)


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
