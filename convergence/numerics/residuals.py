"""A method and curvatures go in; its residual polynomials on them come out: p_k(λ) with e_k = p_k(λ)·e_0, by recurrence.

The recurrence is the rule itself, with its own start, on parabolas with their minima at 0 and x₀ = 1. Hyperparameters
may be sequences: a schedule, whose entry j is used at step j (from 0).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.errors import BadHyperparameter
from convergence.numerics.linearity import Parabolas, Settings, moving_states
from convergence.numerics.trajectory import checked_steps
from convergence.problem import checked_curvatures
from convergence.rule import Method

Array = NDArray[np.float64]
Exponents = NDArray[np.int64]

BETWEEN = 16
"""Steps between two looks at the size of the state."""

HUGE = 2.0**300


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
        if not self.exponents.any():
            return self.values, 0
        sized = np.abs(self.values) > 0
        top = int(self.exponents[sized].max()) if sized.any() else 0
        return np.ldexp(self.values, np.maximum(self.exponents - top, -2000).astype(np.int32)), top


def checked_interval(mu: Any, L: Any) -> tuple[float, float]:
    """μ and L as floats. BadHyperparameter unless 0 < μ ≤ L, both finite."""
    try:
        low, high = float(mu), float(L)
    except (TypeError, ValueError):
        low = high = float("nan")
    if not 0 < low <= high < float("inf"):
        raise BadHyperparameter(
            f"expected 0 < mu ≤ L, finite: the smallest and the largest curvature; got mu={mu!r}, L={L!r}"
        )
    return low, high


def scheduled(method: Method, hyper: Mapping[str, Any], steps: int) -> tuple[Settings, bool]:
    """The hyperparameters as a function of the step, and whether they are constant.

    Raises BadHyperparameter for what ``Method.settings`` refuses, and for a schedule with fewer entries than steps.
    """
    full = method.settings(hyper)
    long = {name: np.asarray(v, dtype=float) for name, v in full.items() if np.ndim(v)}
    fixed = {name: v if isinstance(v, int | float) else float(v) for name, v in full.items() if name not in long}
    for name, values in long.items():
        if values.ndim != 1 or len(values) < steps:
            raise BadHyperparameter(
                f"{method.name}: {name} must be a number, or a schedule with an entry for each of the {steps} steps; "
                f"got shape {values.shape}"
            )
    if not long:
        return lambda j: fixed, True
    last = {name: len(v) - 1 for name, v in long.items()}
    return (lambda j: {n: fixed[n] if n in fixed else float(long[n][min(j, last[n])]) for n in full}), False


def walked(method: Method, f: Parabolas, settings: Settings, steps: int) -> Iterator[tuple[Array, Exponents]]:
    """p_0, …, p_steps on the curvatures of f: mantissas (m,) and exponents of 2, so that nothing over- or underflows.

    The arrays may be written to later: copy what is kept.
    """
    shape = f.curvature.shape
    moving = moving_states(method, f.curvature, settings)
    exponents = np.zeros(shape, dtype=np.int64)
    state = method.start(f, np.ones(shape))
    yield _position(state, shape), exponents
    for j in range(steps):
        if j == 0:
            state = method(f, *state, **settings(j))
        else:  # the first step was checked; what is left of a short run's time is the rule itself
            made = method.rule(f, *state, **settings(j))
            state = made if isinstance(made, tuple) else (made,)
        if j % BETWEEN == BETWEEN - 1:
            state, exponents = _rescaled(state, moving, exponents)
        yield _position(state, shape), exponents


def _position(state: tuple[Any, ...], shape: tuple[int, ...]) -> Array:
    x = state[0]
    return x if np.shape(x) == shape else np.broadcast_to(x, shape)


def _rescaled(
    state: tuple[Any, ...], moving: tuple[bool, ...], exponents: Exponents
) -> tuple[tuple[Any, ...], Exponents]:
    size = np.abs(state[0])
    for part, moves in zip(state[1:], moving[1:], strict=True):
        if moves:
            size = np.maximum(size, np.abs(part))
    if size.size and size.max() < HUGE and size.min() > 1 / HUGE:
        return state, exponents
    known = np.isfinite(size) & (size > 0)
    shift = np.where(known, np.frexp(np.where(known, size, 1.0))[1], 0)
    parts = (np.ldexp(s, -shift) if moves else s for s, moves in zip(state, moving, strict=True))
    return tuple(parts), exponents + shift


def residual(method: Method, steps: int, curvatures: Array, settings: Settings) -> Residual:
    """p_k on curvatures (m,), for k = steps."""
    f = Parabolas(curvatures)
    with np.errstate(all="ignore"):
        for values, exponents in walked(method, f, settings, steps):  # noqa: B007
            pass
    grown = np.where(np.isnan(values), np.inf, values)  # ∞−∞, far outside
    return Residual(np.asarray(grown), exponents, f.gradients, not f.solved)


def residuals(method: Method, steps: Any, curvatures: Any, **hyper: Any) -> Array:
    """p_0, …, p_k on curvatures (m,): (k+1, m). What overflows is infinite."""
    k, points = checked_steps(steps), checked_curvatures(curvatures)
    settings, _ = scheduled(method, hyper, k)
    found = np.empty((k + 1, len(points)))
    with np.errstate(all="ignore"):
        for row, (values, exponents) in zip(found, walked(method, Parabolas(points), settings, k), strict=True):
            row[:] = np.ldexp(values, exponents.astype(np.int32))
    return np.where(np.isnan(found), np.inf, found)
