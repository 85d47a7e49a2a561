"""All sequences of batches together: what an ensemble estimates, and what a loop over the sequences gives."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from enumeration import moments_by_enumeration, paths
from tolerances import EPS, SLACK, library

import convergence as cv

X, Y = [[1.0, 0.5], [-0.3, 2.0], [0.7, -1.1], [1.5, 0.2]], [1.0, -0.5, 0.3, 2.0]
FOUR = cv.LeastSquares(X, Y, "half_mean")
THREE = cv.LeastSquares(X[:3], Y[:3], "mean")
START = (0.5, -1.0)
RULES = {
    "gradient_descent": {"lr": 0.2},
    "heavy_ball": {"lr": 0.2, "momentum": 0.6},
    "ema_momentum": {"lr": 0.3, "momentum": 0.7},
    "torch_sgd_nesterov": {"lr": 0.1, "momentum": 0.5},
    "nesterov": {"lr": 0.1, "momentum": 0.5},
    "chebyshev": {"lr": 0.2, "momentum": 0.4},
}
CASES = [
    ("replacement", 1, 4),
    ("replacement", 2, 2),
    ("step", 2, 4),
    ("epoch", 1, 4),
    ("epoch", 2, 5),
    ("cyclic", 2, 4),
]


@pytest.mark.parametrize(("sampling", "batch", "steps"), CASES)
@pytest.mark.parametrize("name", RULES)
def test_ensembles_lie_within_four_standard_errors(name, sampling, batch, steps):
    method, hyper = cv.METHODS[name], RULES[name]
    draws = min(steps, 3) if sampling == "replacement" else steps - (method.starts is not None)
    mean, second, loss = moments_by_enumeration(FOUR, method, draws, batch, sampling, START, **hyper)
    made = cv.ensemble(FOUR, method, draws, 4000, batch=batch, sampling=sampling, start=START, **hyper)
    for estimate, exact in ((made.first, mean), (made.second, second)):
        allowed = 4 * estimate.standard_error + EPS * made.runs * np.abs(exact).max()
        assert (np.abs(estimate.value - exact) <= allowed).all()
    assert (np.abs(made.mean - loss) <= 4 * made.standard_error + EPS * made.runs * loss.max()).all()


@pytest.mark.parametrize("batch", [1, 2])
def test_a_plain_loop_over_all_sequences(batch):
    """Three rows, two steps of heavy ball: written out once more, sequence by sequence."""
    total, count = np.zeros((3, 2, 2)), 0
    for first, second in product(product(range(3), repeat=batch), repeat=2):
        w, v = np.array(START), np.zeros(2)
        errors = [w - THREE.minimizer]
        for rows in (first, second):
            A, b = THREE.X[list(rows)], THREE.y[list(rows)]
            v = 0.6 * v + 2 / batch * A.T @ (A @ w - b)
            w = w - 0.2 * v
            errors.append(w - THREE.minimizer)
        errors = np.array(errors) @ THREE.directions
        total += errors[:, :, None] * errors[:, None, :]
        count += 1
    _, exact, _ = moments_by_enumeration(
        THREE, cv.METHODS["heavy_ball"], 2, batch, "replacement", START, lr=0.2, momentum=0.6
    )
    assert np.abs(total / count - exact).max() <= library(4) * SLACK * np.abs(exact).max()


@pytest.mark.parametrize("name", RULES)
def test_independent_batches_leave_the_mean_to_the_whole_data(name):
    method, hyper = cv.METHODS[name], RULES[name]
    for sampling in ("replacement", "step"):
        mean, _, _ = moments_by_enumeration(THREE, method, 3, 1, sampling, START, **hyper)
        run = cv.simulate(THREE, method, 3, START, **hyper)
        assert np.abs(mean - run.error).max() <= library(3) * SLACK * np.abs(run.error).max()


@pytest.mark.parametrize("name", RULES)
def test_a_batch_of_all_rows_is_the_run(name):
    method, hyper = cv.METHODS[name], RULES[name]
    run = cv.simulate(THREE, method, 3, START, **hyper)
    for sampling in ("step", "epoch", "cyclic"):
        seen = paths(THREE, method, 3, 3, sampling, START, **hyper)
        assert np.abs(seen - run.x).max() <= library(3) * SLACK * np.abs(run.x).max()


def test_signs_have_the_covariance_of_the_noise():
    factor = np.array([[0.5, 0.0], [0.2, 0.1]])
    seen = paths(THREE, cv.METHODS["gradient_descent"], 1, start=THREE.minimizer, noise=factor, lr=1.0)
    away = seen[:, 1] - THREE.minimizer
    assert np.allclose(away.T @ away / len(away), factor @ factor.T, rtol=1e-12, atol=1e-15)
