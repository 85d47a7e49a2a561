"""A method and curvatures go in; the matrices of its moving states come out, read off the rule, with its clocks run down.

A clock (the power of β in a bias correction) is no part of the matrix but changes it; once it stands still the matrix
does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.errors import BadHyperparameter, NotLinear
from convergence.numerics.linearity import Parabolas, moving_states
from convergence.numerics.radius import spectral_radius
from convergence.rule import Method

Array = NDArray[np.float64]

STILL = 1e-17
"""A clock that moves less than this, relative to 1 or to itself, stands still: no double feels it."""

WINDING = 10_000_000
"""A clock that has not run down by then does not."""


@dataclass(frozen=True, eq=False)
class Steady:
    """The method from step ``after`` on: moving states (m, n) ← ``matrices`` (m, n, n) · states.

    ``early`` (after, m) are p_0, …, p_{after−1}, ``states`` are those at step ``after``, begun at position 1; their
    first entry is the position.
    """

    after: int
    early: Array
    states: Array
    matrices: Array


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


def steady(method: Method, curvatures: Array, settings: Mapping[str, Any]) -> Steady:
    """The method once its clocks have run down: at once where it has none. NotLinear where they never do."""
    f = Parabolas(curvatures)
    with np.errstate(all="ignore"):
        moving = moving_states(method, curvatures, lambda j: settings)
        state, early = method.start(f, np.ones(curvatures.shape)), []
        while not all(moving):
            after = method(f, *state, **settings)
            early.append(np.broadcast_to(state[0], curvatures.shape))
            stands = all(m or _stands(a, b) for m, a, b in zip(moving, state, after, strict=True))
            state = after
            if stands or len(early) > WINDING:
                break
        if len(early) > WINDING:
            raise NotLinear(
                f"{method.name} has a state that runs on for ever whatever the position is, so its matrix never settles"
            )
        matrices = _matrices(method, f, state, moving, settings)
    kept = np.array([np.broadcast_to(s, curvatures.shape) for s, m in zip(state, moving, strict=True) if m]).T
    return Steady(len(early), np.array(early).reshape(-1, len(curvatures)), kept, matrices)


def _stands(before: Any, after: Any) -> bool:
    return bool(np.all(np.abs(after - before) <= STILL * np.maximum(1.0, np.abs(after))))


def _matrices(
    method: Method, f: Parabolas, state: tuple[Any, ...], moving: tuple[bool, ...], settings: Mapping[str, Any]
) -> Array:
    shape = f.curvature.shape
    columns = []
    for place, moves in enumerate(moving):
        if moves:
            unit = [np.full(shape, float(k == place)) if m else state[k] for k, m in enumerate(moving)]
            after = method(f, *unit, **settings)
            columns.append([np.broadcast_to(s, shape) for s, m in zip(after, moving, strict=True) if m])
    return np.array(columns, dtype=float).transpose(2, 1, 0)


def largest_radii(method: Method, curvatures: Array, settings: Mapping[str, Any], run: Steady | None = None) -> Array:
    """The spectral radius at each curvature (m,): by the derived formulas, which keep double eigenvalues, or read off."""
    try:
        return np.asarray(spectral_radius(method, curvatures, **settings))
    except NotLinear:
        matrices = (run or steady(method, curvatures, settings)).matrices
        return np.asarray(np.abs(np.linalg.eigvals(matrices)).max(axis=-1))
