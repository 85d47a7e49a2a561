"""How fast noise is dealt with: ensembles and exact moments against NumPy's loop over runs, and what is derived, in seconds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from statistics import median
from timeit import timeit

import numpy as np
from measuring import Result, medians, versus

import convergence as cv
from convergence.theory.noise import noise_floor

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


def heavy() -> cv.Method:
    """A rule that is derived anew, as nothing is kept of it."""

    @cv.method
    def heavy_again(f, x, v, *, lr, momentum):  # type: ignore[no-untyped-def]
        v = momentum * v + f.grad(x)
        return x - lr * v, v

    return heavy_again


def three_states() -> cv.Method:
    """As ``heavy``, with two buffers."""

    @cv.method
    def two_again(f, x, quick, slow, *, lr, momentum):  # type: ignore[no-untyped-def]
        g = f.grad(x)
        quick, slow = momentum**2 * quick + g, momentum * slow + g
        return x - lr * (quick + slow) / 2, quick, slow

    return two_again


def noise() -> Iterator[Result]:
    """Floors as formulas, limits in mean square, and steps by batch."""
    for what, rule, target in (("heavy ball", heavy, "≤ 0.5"), ("a rule of three states", three_states, "≤ 3")):
        time = median(timeit(lambda make=rule: noise_floor(make()), number=1) for _ in range(3))  # type: ignore[misc]
        yield Result(f"noise floor, {what}", time, "s", target, "symbolic, derivation included")
    notes, random = cv.datasets.gaussian_2d(loss="mean"), np.random.default_rng(0)
    for name, others in (("gradient_descent", {}), ("heavy_ball", {"momentum": 0.9})):
        (time,) = medians(9, partial(cv.mean_square_limit, notes, name, BATCH, **others))
        yield Result(f"mean-square limit, notes' data, {name}", time * 1e3, "ms", "≤ 20")
    (time,) = medians(3, partial(cv.steps_by_batch, notes, "gradient_descent"))
    yield Result("steps by batch, ten batches, 220 rates", time, "s", "≤ 3")
    X = random.standard_normal((500, 60))
    wide = cv.LeastSquares(X, X.sum(axis=1) + random.standard_normal(500), "mean")
    (time,) = medians(3, partial(cv.mean_square_limit, wide, "heavy_ball", 8, momentum=0.9))
    yield Result("mean-square limit, 500×60, heavy_ball", time, "s", "≤ 2", "no d²×d² matrix")
    X = random.standard_normal((10**5, 200))
    many = cv.LeastSquares(X, X.sum(axis=1) + random.standard_normal(10**5), "mean")
    time = timeit(lambda: cv.smallest_batch(many, "heavy_ball", lr=0.3, momentum=0.9), number=1)
    yield Result("smallest batch, 10⁵×200, heavy_ball", time, "s", "≤ 60")
