"""How fast ensembles are, against NumPy's loop over runs, in turns."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from measuring import Result, medians, versus

import convergence as cv

STEPS, BATCH, LR = 200, 32, 0.01


def run_by_run(p: cv.LeastSquares, runs: int) -> np.ndarray:
    """Minibatch gradient descent, one run after another: the losses above the minimum, (runs, steps+1)."""
    X, y = np.array(p.X), np.array(p.y)
    random, losses = np.random.default_rng(0), np.empty((runs, STEPS + 1))
    for run in range(runs):
        w = np.zeros(X.shape[1])
        losses[run, 0] = p.loss(w)
        for step in range(STEPS):
            rows = random.integers(len(y), size=BATCH)
            A = X[rows]
            w = w - LR * (2 / BATCH) * (A.T @ (A @ w - y[rows]))
            losses[run, step + 1] = p.loss(w)
    return losses - p.minimum


def ensembles() -> Iterator[Result]:
    """10⁴ runs of 200 steps on the notes' data at batch 32, for each run, against those of a loop over 200 runs."""
    p = cv.datasets.gaussian_2d(loss="mean")
    many, few = 10_000, 200
    ours = partial(cv.ensemble, p, "gradient_descent", STEPS, many, batch=BATCH, lr=LR)
    fast, slow = (
        seconds / runs for seconds, runs in zip(medians(3, ours, partial(run_by_run, p, few)), (many, few), strict=True)
    )
    yield Result("10⁴ runs × 200 steps, a run", slow / fast, "×", "≥ 8", versus(fast, slow, "the loop"))
