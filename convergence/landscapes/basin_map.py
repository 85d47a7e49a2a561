"""Basins as a picture: where runs from a grid of starts settle, for any method, in one variable or two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from convergence.errors import BadData, NotLinear
from convergence.landscapes.oracles import Oracles
from convergence.methods import as_method
from convergence.plotting import Plotted
from convergence.rule import Method

if TYPE_CHECKING:
    from convergence.landscapes.critical import Critical

Array = NDArray[np.float64]

NEAR, BETWEEN = 1e-3, 0.1
"""How near a run ends to a point that is said to have come there: in parts of the width, and of the way to the next point."""

ELSEWHERE, GONE = -1, -2
"""Labels of runs that did not come to a known point, and of those that left for infinity."""

FAR = 1e3
"""How many widths away a run is gone."""

PROBED = 3


@dataclass(frozen=True, eq=False)
class BasinMap(Plotted, figure="basin_map"):
    """Where runs from a grid of starts are after so many steps.

    Attributes
    ----------
    critical
        The critical points and the domain.
    method, hyper, steps
        The method's name, its settings, and the steps of each run.
    starts
        The coordinates of the grid, (n,) for each variable.
    labels
        (n,) or (n, n), the second variable first: the index in ``critical`` of the point that a run came to, −1: to none of
        these, −2: it diverged.

    >>> import convergence as cv
    >>> wave = cv.local("x*cos(pi*x)", over=(-1, 2))
    >>> wave.basin_map("heavy_ball", points=7, lr=0.05, momentum=0.5).labels.tolist()
    [0, 0, 0, 2, 2, 2, 2]
    """

    critical: Critical
    method: str
    hyper: Mapping[str, Any]
    steps: int
    starts: tuple[Array, ...]
    labels: NDArray[np.int64]

    def share(self, index: int) -> float:
        """The share of the starts whose runs came to this point of ``critical``."""
        return float((self.labels == index).mean())

    def __repr__(self) -> str:
        shares = ", ".join(f"{self.share(k):.1%} to {p.x}" for k, p in enumerate(self.critical) if self.share(k))
        return (
            f"BasinMap of {self.method} after {self.steps} steps from {self.labels.size} starts: {shares or 'none settled'}; "
            f"{self.share(ELSEWHERE):.1%} elsewhere, {self.share(GONE):.1%} diverged"
        )


def basin_map(critical: Critical, m: Any, points: int, steps: int, hyper: Mapping[str, Any]) -> BasinMap:
    """BadData without a domain; NotLinear for a rule that couples coordinates, whose runs cannot go side by side."""
    method, function = as_method(m), critical.function
    if not function.domain:
        raise BadData("a map needs a domain: give over, or a landscape that has one")
    settings = method.at(**hyper).numbers
    axes = tuple(np.linspace(*side, points) for side in function.domain)
    grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, function.dimension)
    _require_alone(critical, method, grid, settings)
    width = max(high - low for low, high in function.domain)
    ends = _run(critical, method, grid, steps, settings)
    labels = np.full(len(grid), ELSEWHERE)
    for k, point in enumerate(critical):
        gaps = (float(np.abs(point.point - other.point).max()) for other in critical if other is not point)
        labels[np.abs(ends - point.point).max(axis=1) <= min([NEAR * width, *(BETWEEN * gap for gap in gaps)])] = k
    labels[~(np.abs(ends) <= FAR * width).all(axis=1)] = GONE
    return BasinMap(critical, method.name, settings, steps, axes, labels.reshape((points,) * function.dimension))


def _run(critical: Critical, method: Method, starts: Array, steps: int, settings: Mapping[str, Any]) -> Array:
    objective = Oracles(critical.function)
    with np.errstate(all="ignore"):
        state = method.start(objective, starts.copy())
        for _ in range(steps):
            after = method.rule(objective, *state, **settings)
            after = after if isinstance(after, tuple) else (after,)
            if len(after) == 1 and np.array_equal(after[0], state[0], equal_nan=True):
                break
            state = after
    return np.asarray(state[0])


def _require_alone(critical: Critical, method: Method, grid: Array, settings: Mapping[str, Any]) -> None:
    """A rule with a norm in it would take that of all runs together."""
    pair = grid[[0, len(grid) // 3]]
    try:
        together = _run(critical, method, pair, PROBED, settings)
        alone = np.concatenate([_run(critical, method, one[None], PROBED, settings) for one in pair])
        single = np.stack([_run(critical, method, one, PROBED, settings) for one in pair])
    except ValueError:
        together, alone, single = np.zeros(1), np.ones(1), np.ones(1)
    with np.errstate(all="ignore"):
        apart = not (np.allclose(together, alone, equal_nan=True) and np.allclose(together, single, equal_nan=True))
    if apart:
        raise NotLinear(
            f"{method.name} couples the coordinates, so that runs from many starts cannot go side by side: use path"
        )
