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
    """200 steps on the notes' data at batch 32: 10⁴ runs side by side, and exact moments, against a loop over runs.

    The loop is timed on 200 runs and taken 50 times: each run costs the same.
    """
    p, many, few = cv.datasets.gaussian_2d(loss="mean"), 10_000, 200
    setting = {"batch": BATCH, "lr": LR}
    ours, exact = (
        partial(cv.ensemble, p, "gradient_descent", STEPS, many, **setting),
        partial(cv.moments, p, "gradient_descent", STEPS, **setting),
    )
    fast, closed, slow = medians(3, ours, exact, partial(run_by_run, p, few))
    slow *= many / few
    yield Result("10⁴ runs at once", slow / fast, "×", "≥ 8", versus(fast, slow, "the loop"))
    yield Result("exact moments of them", slow / closed, "×", "≥ 1e4", versus(closed, slow, "the loop"))
    runs, moments = ours(), exact()
    off = np.abs(runs.mean - moments.loss)[1:] / runs.standard_error[1:]
    yield Result("the two apart, at most", float(off.max()), "standard errors", "≤ 4", "expected loss at 200 steps")
