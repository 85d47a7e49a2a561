"""The gradient noise scale, against the gradients of single rows, and as what it says of one step."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

import convergence as cv

NOTES = cv.datasets.gaussian_2d(loss="mean")
RANDOM = np.random.default_rng(2)
WIDE = cv.LeastSquares(RANDOM.normal(size=(3, 5)), RANDOM.normal(size=3), "half")
TALL = cv.LeastSquares(RANDOM.normal(size=(40, 3)) @ np.diag([9.0, 1.0, 0.1]), RANDOM.normal(size=40), "half_mean")


@pytest.mark.parametrize("problem", [NOTES, WIDE, TALL], ids=["notes", "wide", "tall"])
def test_it_is_that_of_the_gradients_of_single_rows(problem):
    for at in (None, RANDOM.normal(size=len(problem.columns))):
        scale, w = cv.noise_scale(problem, at), np.zeros(len(problem.columns)) if at is None else at
        rows = problem.scale * problem.rows * problem.X * (problem.X @ w - problem.y)[:, None]
        mean, covariance = rows.mean(axis=0), np.cov(rows.T, bias=True)
        H = problem.scale * problem.X.T @ problem.X
        assert scale.gradient == pytest.approx(mean, rel=1e-9)
        assert scale.covariance == pytest.approx(covariance, rel=1e-9, abs=1e-12 * np.abs(covariance).max())
        assert scale.simple == pytest.approx(np.trace(covariance) / (mean @ mean), rel=1e-9)
        assert scale.full == pytest.approx(np.trace(H @ covariance) / (mean @ H @ mean), rel=1e-9)


@pytest.mark.parametrize("batch", [1, 8, 100])
def test_the_best_single_step_gains_as_much_as_without_noise_over_one_plus_the_share(batch):
    """McCandlish et al. 2018, §2.2, by exact moments after one step."""
    scale = cv.noise_scale(NOTES)

    def after(lr):
        return cv.moments(NOTES, "gradient_descent", 1, batch=batch, lr=lr).loss[1]

    best = minimize_scalar(after, bounds=(0, 2 * scale.longest), method="bounded", options={"xatol": 1e-12})
    assert best.x == pytest.approx(scale.best_lr(batch), rel=1e-6)
    before = NOTES.loss(np.zeros(2)) - NOTES.minimum
    most = 0.5 * scale.longest * scale.gradient @ scale.gradient
    assert before - best.fun == pytest.approx(most / (1 + scale.full / batch), rel=1e-9)


def test_it_does_not_depend_on_the_scaling_of_the_loss():
    half = cv.datasets.gaussian_2d(loss="sum")
    assert cv.noise_scale(half).simple == pytest.approx(cv.noise_scale(NOTES).simple, rel=1e-12)
    assert cv.noise_scale(half).full == pytest.approx(cv.noise_scale(NOTES).full, rel=1e-12)


def test_at_the_minimiser_it_is_infinite_and_grows_on_the_way():
    assert cv.noise_scale(NOTES, NOTES.minimizer).simple == cv.noise_scale(NOTES, NOTES.minimizer).full == np.inf
    shares = [cv.noise_scale(NOTES, share * NOTES.minimizer).full for share in (0, 0.5, 0.9, 0.99)]
    assert (np.diff(shares) > 0).all()
