"""Exact moments as means over every sequence of batches that can be drawn from a few rows, the rule run on each."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, permutations, product
from math import comb, factorial

import numpy as np
from numpy.typing import NDArray

from convergence.evidence.experiment import excited
from convergence.evidence.noise import NoisyTrial
from convergence.numerics.runs import resting_point
from convergence.problem import LeastSquares, Quadratic
from convergence.stochastic.sample import Sample

Array = NDArray[np.float64]

MOST = 40_000
"""Sequences that are run."""

FEWEST, STEPS = 4, 3
"""Rows at least, and steps at most."""


@dataclass(frozen=True, eq=False)
class Enumerated:
    """Means over all sequences: of the products of errors, and of the excess loss.

    Attributes
    ----------
    second
        (steps+1, d, d), of the errors in directions.
    loss
        (steps+1,), the excess loss.
    reach
        The largest |w| on the way.
    """

    second: Array
    loss: Array
    reach: float


def few_rows(trial: NoisyTrial) -> LeastSquares:
    """Rows spread evenly over the data, two more than columns where there are as many: a problem of its own.

    Of rows in epochs four, so that batches of one and two divide them.
    """
    problem = trial.problem
    count = min(problem.rows, FEWEST if trial.in_epochs else max(FEWEST, len(problem.columns) + 2))
    chosen = np.unique(np.linspace(0, problem.rows - 1, count).astype(int))
    return LeastSquares(problem.X[chosen], problem.y[chosen], problem.loss_name)


def sequences(rows: int, batch: int, sampling: str, draws: int) -> NDArray[np.int64]:
    """All sequences of batches, equally likely: (N, draws, batch)."""
    if sampling in ("replacement", "step"):
        every = product(range(rows), repeat=batch) if sampling == "replacement" else combinations(range(rows), batch)
        return np.array(list(product(list(every), repeat=draws))).reshape(-1, draws, batch)
    orders = [tuple(range(rows))] if sampling == "cyclic" else list(permutations(range(rows)))
    epochs = -(-draws * batch // rows)
    return np.array(list(product(orders, repeat=epochs))).reshape(-1, epochs * rows // batch, batch)[:, :draws]


def count(rows: int, batch: int, sampling: str, draws: int) -> float:
    """How many sequences there are."""
    if sampling in ("replacement", "step"):
        return float(rows**batch if sampling == "replacement" else comb(rows, batch)) ** draws
    return 1.0 if sampling == "cyclic" else float(factorial(rows)) ** (-(-draws * batch // rows))


def sizes(trial: NoisyTrial, problem: Quadratic) -> tuple[int, int]:
    """Rows of a batch, 1 or 2, and steps, so that the sequences are not too many; 0 steps where one is too much."""
    draws, rows = trial.method.starts is not None, problem.rows
    largest = min(2, int(trial.batch or 1), rows)
    for steps in range(STEPS, 0, -1):
        for batch in range(largest, 0, -1):
            if not (trial.in_epochs and rows % batch) and count(rows, batch, trial.sampling, steps + draws) <= MOST:
                return batch, steps
    return 1, 0


def enumerated(trial: NoisyTrial, problem: Quadratic, batch: int, steps: int) -> Enumerated:
    """Moments of the trial's method on this problem, from the trial's kind of start: an error of its length everywhere."""
    table, weight = np.column_stack([problem.X, problem.y]), problem.scale * problem.rows / batch
    asks = trial.method.starts is not None and _asks(trial, problem)
    drawn = sequences(problem.rows, batch, trial.sampling, steps + asks)
    samples = iter([Sample(problem, table[drawn[:, j]], weight, None) for j in range(steps + asks)])
    x = np.tile(excited(problem), (len(drawn), 1))
    state = trial.method.start(next(samples) if asks else Sample(problem, None, 1.0, None), x)
    path = [np.broadcast_to(state[0], x.shape)]
    for sample in samples:
        state = trial.method(sample, *state, **trial.hyper)
        path.append(np.broadcast_to(state[0], x.shape))
    walked = np.array(path)
    rest = resting_point(problem, trial.method, trial.hyper, x[0])
    errors, away = (problem.to_directions(walked - point) for point in (rest, problem.minimizer))
    second = np.einsum("kni,knj->kij", errors, errors) / x.shape[0]
    loss = 0.5 * (away**2 @ problem.curvatures).mean(axis=1)
    return Enumerated(second, loss, float(np.abs(walked).max()))


def _asks(trial: NoisyTrial, problem: Quadratic) -> bool:
    """Whether the method's start asks for a gradient, which takes the first batch."""
    sample = Sample(problem, None, 1.0, None)
    trial.method.start(sample, excited(problem))
    return sample.asked
