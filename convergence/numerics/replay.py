"""Residual polynomials p_k(λ) of a method: its rule run on parabolas ½λx².

An error is e_k = p_k(λ)·e_0. The recurrence is the rule with its own start, on minima at 0 and x₀ = 1. A state is either
proportional to the position (an error, a buffer of gradients) or a clock, which runs whatever the position is (the power
of β in a bias correction). Hyperparameters may be sequences: a schedule, whose entry j is used at step j (from 0).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convergence.algebra import cancelled
from convergence.errors import BadHyperparameter, NotLinear
from convergence.methods import as_method
from convergence.numerics.inputs import checked_steps
from convergence.problem import checked_curvatures
from convergence.problem.arrays import Array
from convergence.rule import Method
from convergence.theory.system import System, system_in_time

Exponents = NDArray[np.int64]
Settings = Callable[[int], Mapping[str, Any]]
"""The hyperparameters at step j, counted from 0."""

FACTORS = np.array([2.0**-30, -(2.0**10), 2.0**20])
"""Each direction is scaled by its own power of two: that rounds nothing, and shows a rule that couples directions."""

SAME = 1e-9
"""Relative: scaling by powers of two rounds nothing, and a rule that is linear but for rounding differs by far less."""

PROBED = 8
"""Steps of the run that is scaled."""

BETWEEN, HUGE = 16, 2.0**300
"""Steps between two looks at the size of the state, and the size at which an exponent is split off."""


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
    full = method.at(**hyper).over(steps)
    if not any(np.ndim(value) for value in full.values()):
        return lambda j: full
    last = max(steps - 1, 0)
    rows = {n: np.resize(v, last + 1).tolist() for n, v in full.items()}  # one entry is all of them
    return lambda j: {name: row[min(j, last)] for name, row in rows.items()}


def constants(method: Method, hyper: Mapping[str, Any]) -> dict[str, Any]:
    """Hyperparameters that are one number each. BadHyperparameter for schedules: nothing is known of what comes after them."""
    settings = method.at(**hyper).hyper
    for name, value in settings.items():
        if np.ndim(value) or callable(value):
            came = str(value) if callable(value) else f"shape {np.shape(value)}"
            raise BadHyperparameter(
                f"{method.name}: {name} must be one number here, since the steps do not end; got {came}. "
                f"For a schedule see worst_case and residuals"
            )
    settings = method.settings(hyper)
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
    """p_0, …, p_steps on the curvatures of f: mantissas (m,) and exponents of 2.

    Sizes are looked at every ``BETWEEN`` steps: nothing over- or underflows unless single steps change them by 2^45, as
    learning rates of 10^14/λ do. The arrays may be written to later: copy what is kept.
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
            curved = (
                f"{method.name} is not linear in the position: {name} does not scale with the start, so there is no residual "
                f"polynomial"
            )
            raise NotLinear(f"{curved}. Runs have an answer: simulate; or, of an adaptive rule, frozen(m)", curved)
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
    return bool(np.allclose(a[finite], b[finite], rtol=SAME, atol=0.0))


@cache
def _require_rest(method: Method) -> None:
    """Where errors come from errors alone, the first state is the state at rest when the first position is."""
    try:
        derived = system_in_time(method)
    except NotLinear:
        return  # a rule that is linear about 0 only; the probe decides
    rest = derived.rest
    if not derived.linear or all(cancelled(entry) == 0 for entry in _first_error(derived)):
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
