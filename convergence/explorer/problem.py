"""A problem for the explorer: its curvatures, where a run starts, and the second moments of its rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.errors import BadData
from convergence.problem import LeastSquares, Quadratic
from convergence.stochastic.sampling import TENSOR, Rows

Array = NDArray[np.float64]

MOST = 64
"""Directions that the page computes with; of more, these evenly spaced ones, both ends among them."""

ROWS = 4000
"""Numbers of the rows of data up to which the page draws minibatches of them."""

DIGITS = 10


def facts(problem: Quadratic, label: str) -> dict[str, Any]:
    """Curvatures, largest first, the error at the start and the minimiser along each, and the law of one sample's gradient."""
    chosen = np.unique(np.linspace(0, problem.rank - 1, min(problem.rank, MOST)).round().astype(int))
    minimiser = problem.to_directions(problem.minimizer)[chosen]
    start = np.where(minimiser == 0, 1.0, -minimiser)
    return {
        "label": label,
        "curvatures": _numbers(problem.curvatures[chosen]),
        "directions": problem.rank,
        "flat": len(problem.curvatures) - problem.rank,
        "minimiser": _numbers(minimiser),
        "start": _numbers(start),
        "samples": _samples(problem),
    }


def _samples(problem: Quadratic) -> dict[str, Any] | None:
    """Rows of data by their moments; of a list of curvatures fresh Gaussian rows. None where there are too many directions."""
    if not isinstance(problem, LeastSquares):
        return {"minimum": problem.minimum} if problem.rank <= MOST else None
    if problem.rank > TENSOR:
        return None
    try:
        rows = Rows(problem, problem.rank)
    except BadData:  # the problem kept a sample of its rows
        return None
    return moments(rows, problem)


def moments(rows: Rows, problem: LeastSquares) -> dict[str, Any]:
    """The covariance of one row's gradient as a matrix on pairs of directions; and the rows themselves, where they are few."""
    d = problem.rank
    pairs = [(i, j) for i in range(d) for j in range(i, d)]
    upper = tuple(np.array(pairs).T)
    basis = np.zeros((len(pairs), d, d))
    for k, (i, j) in enumerate(pairs):
        basis[k, i, j] = basis[k, j, i] = 1.0
    nothing, none = np.zeros((d, d)), np.zeros(d)
    of_pairs = np.stack([rows.covariance(one, none, 0.0)[upper] for one in basis], axis=1)
    of_sums = np.stack([rows.covariance(nothing, one, 0.0)[upper] for one in np.eye(d)])
    few = problem.rows * (d + 1) <= ROWS
    each = np.column_stack([rows.rows, rows.residuals]) if few else None
    return {
        "pairs": pairs,
        "matrix": [_numbers(row) for row in of_pairs],
        "sums": [_numbers(row) for row in of_sums],
        "still": _numbers(rows.covariance(nothing, none, 1.0)[upper]),
        "count": problem.rows,
        "weight": problem.sample_scale,
        "rows": None if each is None else [_numbers(row, 7) for row in each],
    }


def _numbers(values: Array, digits: int = DIGITS) -> list[float]:
    return [float(f"{value:.{digits}g}") for value in np.asarray(values, dtype=float)]
