"""Exact moments as means over every sequence of batches that can be drawn from a few rows, the rule run on each."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

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
    """Means over all sequences: of the errors, of their products, and of the excess loss.

    Attributes
    ----------
    mean, second
        (steps+1, d) and (steps+1, d, d), of the errors in directions.
    loss
        (steps+1,), the excess loss.
    reach
        The largest |w| on the way.
    """

    mean: Array
    second: Array
    loss: Array
    reach: float


def few_rows(problem: Quadratic) -> LeastSquares:
    """Rows spread evenly over the data, two more than columns where there are as many: a problem of its own."""
    count = min(problem.rows, max(FEWEST, len(problem.columns) + 2))
    chosen = np.unique(np.linspace(0, problem.rows - 1, count).astype(int))
    return LeastSquares(problem.X[chosen], problem.y[chosen], problem.loss_name)


def batches_of(rows: int, batch: int, sampling: str) -> Array:
    """All batches of a step, equally likely: (m, batch)."""
    every = product(range(rows), repeat=batch) if sampling == "replacement" else combinations(range(rows), batch)
    return np.array(list(every))


def sizes(trial: NoisyTrial, problem: Quadratic) -> tuple[int, int]:
    """Rows of a batch, 1 or 2, and steps, so that the sequences are not too many; 0 steps where one is too much."""
    asks = trial.method.starts is not None
    largest = min(2, int(trial.batch or 1), problem.rows)
    for steps in range(STEPS, 0, -1):
        for batch in range(largest, 0, -1):
            kinds = float(problem.rows) ** batch
            if kinds ** (steps + asks) <= MOST:
                return batch, steps
    return 1, 0


def enumerated(trial: NoisyTrial, problem: Quadratic, batch: int, steps: int) -> Enumerated:
    """Moments of the trial's method on this problem, from the trial's kind of start: an error of its length everywhere."""
    kinds = batches_of(problem.rows, batch, trial.sampling)
    table, weight = np.column_stack([problem.X, problem.y]), problem.scale * problem.rows / batch
    draws = steps + (trial.method.starts is not None)
    places = np.indices((len(kinds),) * draws).reshape(draws, -1)
    samples = iter([Sample(problem, table[kinds[place]], weight, None) for place in places])
    x = np.tile(start_of(problem), (places.shape[1], 1))
    first = Sample(problem, None, 1.0, None) if trial.method.starts is None else next(samples)
    state = trial.method.start(first, x)
    if trial.method.starts is not None and not first.asked:
        places = places[1:]  # a start that asks nothing takes no batch; the first draw is idle
    path = [state[0]]
    for sample in samples:
        state = trial.method(sample, *state, **trial.hyper)
        path.append(np.broadcast_to(state[0], x.shape))
    walked = np.array(path)
    rest = resting_point(problem, trial.method, trial.hyper, x[0])
    errors, away = (problem.to_directions(walked - point) for point in (rest, problem.minimizer))
    second = np.einsum("kni,knj->kij", errors, errors) / x.shape[0]
    loss = 0.5 * (away**2 @ problem.curvatures).mean(axis=1)
    return Enumerated(errors.mean(axis=1), second, loss, float(np.abs(walked).max()))


def start_of(problem: Quadratic) -> Array:
    """The minimiser plus an error of its length along every direction."""
    length = max(float(np.linalg.norm(problem.minimizer)), 1.0)
    return np.asarray(problem.minimizer + problem.directions[:, : problem.rank].sum(axis=1) * length)
