"""Maps of the noise floor: the stationary excess loss over hyperparameters, and for each batch where there is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from convergence.errors import BadHyperparameter, NoStableLearningRate
from convergence.methods import as_method
from convergence.numerics.curves import rate_of
from convergence.numerics.maps import fixed_settings, interval, second
from convergence.numerics.radius import bounds
from convergence.plotting import Plotted
from convergence.problem import as_quadratic
from convergence.problem.arrays import Array
from convergence.rule import Method
from convergence.stochastic.batches import usual_batches
from convergence.stochastic.limits import mean_square_limit
from convergence.stochastic.stationary import stationary

CELLS = {4: (36, 24), 16: (24, 16)}
"""Points of a map, across and up, by the most directions: each is a solution of its own."""

POINTS = 96
"""Learning rates of a curve."""

BELOW, ABOVE, LEAST = 4.0, 1.1, 1e-5
"""An axis of rates begins this part below the smallest limit, but at no less than a part of the largest; it ends above."""


@dataclass(frozen=True, eq=False)
class FloorMap(Plotted, figure="floor_map"):
    """The excess loss that a method settles at, over two hyperparameters, and its limits in mean square by batch.

    Attributes
    ----------
    method
        The Method.
    x, y
        The two hyperparameters; x is the learning rate.
    across, up
        (n,) values of x, evenly spaced in their logarithm, and (m,) of y.
    floor
        (m, n), a row for each of ``up``; ∞ where nothing settles.
    batch, sampling, noise
        What is random.
    batches
        Those of which limits are known, the smallest first; the last is None, for no noise.
    edges
        (len(batches), m), the largest x that is stable in mean square. 0: there is none.
    hyper, here
        The settings, and the floor at them; nan where x or y is open.
    """

    method: Method
    x: str
    y: str
    across: Array
    up: Array
    floor: Array
    batch: int | None
    sampling: str
    noise: Any
    batches: tuple[int | None, ...]
    edges: Array
    hyper: Mapping[str, float]
    here: float


@dataclass(frozen=True, eq=False)
class FloorCurve(Plotted, figure="floor_curve"):
    """The excess loss that a method settles at over its learning rate, a curve for each batch.

    Attributes
    ----------
    method
        The Method.
    lr
        (n,), evenly spaced in their logarithm.
    batches
        Those that are shown, the smallest first; (None,) where all is noise that is added.
    floors
        (len(batches), n); ∞ where nothing settles.
    limits
        (len(batches),), the largest learning rate that is stable in mean square.
    sampling, noise, hyper
        What is random, and the settings.
    """

    method: Method
    lr: Array
    batches: tuple[int | None, ...]
    floors: Array
    limits: Array
    sampling: str
    noise: Any
    hyper: Mapping[str, float]


def floor_map(
    p: Any,
    m: Any,
    /,
    *,
    batch: int | None = None,
    sampling: str = "replacement",
    noise: Any = None,
    cells: tuple[int, int] | None = None,
    **hyper: float,
) -> FloorMap:
    """The map of the floor over the learning rate and the hyperparameter that a radius map shows beside it.

    Raises
    ------
    BadHyperparameter
        For a method that has not both, for a problem of many directions, and as ``stationary``.
    NotLinear
        As ``stationary``.
    """
    problem, method = as_quadratic(p), as_method(m)
    x, y = rate_of(method), second(method, hyper)
    if y is None:
        raise BadHyperparameter(f"{method.name} has one hyperparameter, {x}: draw the curve of its floor (floor_curve)")
    points = cells or next((n for most, n in CELLS.items() if problem.rank <= most), None)
    if points is None:
        raise BadHyperparameter(f"a map of the floor is drawn for at most {max(CELLS)} directions; got {problem.rank}")
    random: dict[str, Any] = {"batch": batch, "sampling": sampling, "noise": noise}
    up, sizes = interval(method, y, hyper, points[1]), (*shown(problem.rows, sampling, batch), None)
    held = [{**fixed_settings(method, hyper, x, y), y: value} for value in up.tolist()]
    edges = np.array([[limit(problem, method, size, sampling, others) for others in held] for size in sizes])
    across = axis(edges, points[0], hyper.get(x))
    floor = np.array([settled(problem, method, across, others, random) for others in held])
    here = np.nan
    if x in hyper and y in hyper:
        (here,) = settled(problem, method, [hyper[x]], {**held[0], y: hyper[y]}, random)
    return FloorMap(method, x, y, across, up, floor, batch, sampling, noise, sizes, edges, dict(hyper), here)


def floor_curve(
    p: Any,
    m: Any,
    /,
    *,
    batch: int | None = None,
    sampling: str = "replacement",
    noise: Any = None,
    points: int = POINTS,
    **hyper: float,
) -> FloorCurve:
    """The floor over the learning rate for several batches, the other hyperparameters held.

    Raises what ``stationary`` raises.
    """
    problem, method = as_quadratic(p), as_method(m)
    x = rate_of(method)
    others, random = fixed_settings(method, hyper, x), {"sampling": sampling, "noise": noise}
    sizes: tuple[int | None, ...] = shown(problem.rows, sampling, batch) or (None,)
    limits = np.array([limit(problem, method, size, sampling, others) for size in sizes])
    lr = axis(limits, points, hyper.get(x))
    floors = np.array([settled(problem, method, lr, others, {**random, "batch": size}) for size in sizes])
    return FloorCurve(method, lr, sizes, floors, limits, sampling, noise, dict(hyper))


def shown(rows: int, sampling: str, batch: int | None) -> tuple[int, ...]:
    """The batches that are shown, the smallest first; none where all is noise that is added."""
    return () if batch is None else tuple(sorted({*usual_batches(rows, sampling), batch}))


def limit(problem: Any, method: Method, batch: int | None, sampling: str, others: Mapping[str, float]) -> float:
    """The largest learning rate that settles with this batch, or without noise; 0 where there is none."""
    if batch is None:
        settings = method.scalars({**others, rate_of(method): 1.0})
        return float(bounds(method, problem.curvatures[: problem.rank], settings).min())
    try:
        return mean_square_limit(problem, method, batch, sampling=sampling, **others)
    except NoStableLearningRate:
        return 0.0


def settled(
    problem: Any, method: Method, lrs: Iterable[float], others: Mapping[str, float], random: Mapping[str, Any]
) -> list[float]:
    """The excess loss in the long run at each of the learning rates, ∞ where nothing settles."""
    losses = []
    for lr in lrs:
        settings: dict[str, Any] = {**random, **others, rate_of(method): float(lr)}
        try:
            losses.append(stationary(problem, method, **settings).excess_loss)
        except NoStableLearningRate:
            losses.append(np.inf)
    return losses


def axis(edges: Array, points: int, here: float | None) -> Array:
    """Learning rates around the limits and the one chosen, evenly spaced in their logarithm."""
    known = edges[np.isfinite(edges) & (edges > 0)]
    most = max(float(known.max()) if known.size else 1.0, here or 0.0)
    least = min(float(known.min()) if known.size else most, here or most)
    return np.geomspace(max(least / BELOW, LEAST * most), ABOVE * most, points)
