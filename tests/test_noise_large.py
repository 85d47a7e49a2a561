"""Many directions: iterated amplifications against dense eigenvalues, with bounds on both sides, and limits by them."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import convergence as cv
from convergence.errors import ConvergenceError
from convergence.stochastic.cross_gain import Gain
from convergence.stochastic.loops import open_loop
from convergence.stochastic.monotone import grows
from convergence.stochastic.sampling import samples_of

RULES = {
    "gradient_descent": {},
    "heavy_ball": {"momentum": 0.9},
    "nesterov": {"momentum": 0.5},
    "weight_decay_coupled": {"momentum": 0.5, "weight_decay": 0.01},
}


@cache
def problem(kind, d=20, rows=60):
    rng = np.random.default_rng(8)
    X = rng.normal(size=(rows, d))
    if kind == "wide spectrum":
        X = X * np.geomspace(1, 1e-3, d)
    elif kind == "one-hot":
        X = np.eye(d)[rng.integers(d, size=rows)] * rng.normal(size=(rows, 1))
        X[:d] = np.eye(d) * np.linspace(1, 2, d)
    elif kind == "outliers":
        X[::10] *= 10
    return cv.LeastSquares(X, rng.normal(size=rows), "mean")


def gain_of(p, name, lr):
    m = cv.METHODS[name]
    loop = open_loop(m, p.curvatures[: p.rank], m.scalars({"lr": lr, **RULES[name]}))
    return Gain(loop, samples_of(p, "replacement", p.rank))


KINDS = ["even", "wide spectrum", "one-hot", "outliers"]
PAIRS = [(name, KINDS[(k + j) % len(KINDS)]) for k, name in enumerate(RULES) for j in range(2)]
"""Each rule on two kinds of rows, each kind under two rules."""


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_iterated_radii_are_the_dense_ones_and_between_their_bounds(name, kind):
    p = problem(kind)
    for share in (0.01, 0.3, 0.95):
        gain = gain_of(p, name, share / p.L)
        assert not gain.dense
        dense = np.abs(np.linalg.eigvals(gain.matrix)).max()
        radius, Q = gain.leading
        low, high = gain.bounds()
        assert radius == pytest.approx(dense, rel=1e-11)
        assert low <= dense * (1 + 1e-9)
        assert dense <= high * (1 + 1e-9)
        assert gain.confirmed(radius, Q)


def test_bounds_hold_the_radius_for_any_positive_definite_matrix():
    gain = gain_of(problem("even"), "heavy_ball", 0.5 / problem("even").L)
    dense, rng = np.abs(np.linalg.eigvals(gain.matrix)).max(), np.random.default_rng(1)
    for _ in range(5):
        root = rng.normal(size=(20, 25))
        low, high = gain.enclosed(root @ root.T)
        assert low <= dense <= high


def test_a_wrong_radius_is_not_let_through():
    gain = gain_of(problem("even"), "heavy_ball", 0.5 / problem("even").L)
    radius, Q = gain.leading
    for wrong in (0.99 * radius, 1.01 * radius):
        with pytest.raises(ConvergenceError, match="upper bound"):
            gain_of(problem("even"), "heavy_ball", 0.5 / problem("even").L).require_confirmed(wrong, np.diag(np.diag(Q)))


def by_grid(p, name, batch, monkeypatch):
    """The limit by trying rates, without a word on growth."""
    with monkeypatch.context() as patched:
        patched.setattr("convergence.stochastic.limits.grows", lambda *_: False)
        return cv.mean_square_limit(p, name, batch, **RULES[name])


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_limits_by_growth_are_those_by_trial(name, kind, monkeypatch):
    p = problem(kind)
    for batch in (1, 8):
        limit = cv.mean_square_limit(p, name, batch, **RULES[name])
        assert limit == pytest.approx(by_grid(p, name, batch, monkeypatch), rel=1e-11)
        matrix = gain_of(p, name, limit).matrix
        assert np.abs(np.linalg.eigvals(matrix)).max() == pytest.approx(batch, rel=1e-9)


def test_few_directions_take_the_same_way(monkeypatch):
    p = cv.datasets.gaussian_2d(loss="mean")
    for name in RULES:
        for batch in (1, 3, 64, 400):
            limit = cv.mean_square_limit(p, name, batch, **RULES[name])
            assert limit == pytest.approx(by_grid(p, name, batch, monkeypatch), rel=1e-12)


def test_growth_is_decided_by_the_gain():
    p = problem("even")
    assert grows(lambda lr: gain_of(p, "gradient_descent", lr), 2 / p.L)
    assert not grows(lambda lr: gain_of(p, "gradient_descent", lr), 2.1 / p.L)  # not stable up to there
    assert not grows(lambda lr: gain_of(p, "gradient_descent", 2 / p.L - lr), 2 / p.L)  # falls


@pytest.mark.parametrize("name", ["gradient_descent", "heavy_ball"])
def test_what_is_stationary_solves_its_equation(name):
    """Moments from there stay there: a step of the recursion in all states, by plain loops over rows."""
    p, hyper = problem("outliers"), RULES[name]
    lr = 0.3 * cv.mean_square_limit(p, name, 4, **hyper)
    settled = cv.stationary(p, name, batch=4, lr=lr, **hyper)
    Z, r = p.X @ p.directions, p.y - p.X @ p.minimizer
    noise = np.zeros((20, 20))
    for z, residual in zip(Z, r, strict=True):
        noise += z[:, None] * z * (z @ settled.second @ z + residual**2)
    noise = (4 / 60 * noise - p.curvatures[:, None] * settled.second * p.curvatures) / 4
    momentum = hyper.get("momentum", 0.0)
    for i in range(20):
        kept = slice(len(hyper) + 1)
        A = np.array([[1 - lr * p.curvatures[i], -lr * momentum], [p.curvatures[i], momentum]])[kept, kept]
        b = np.array([-lr, 1.0])[kept]
        S = settled.state[i, i]
        assert A @ S @ A.T + noise[i, i] * np.outer(b, b) == pytest.approx(S, rel=1e-8)


def test_beyond_the_limit_nothing_is_stationary():
    p = problem("even")
    lr = cv.mean_square_limit(p, "heavy_ball", 4, momentum=0.9)
    assert cv.stationary(p, "heavy_ball", batch=4, lr=0.999 * lr, momentum=0.9).excess_loss > 0
    with pytest.raises(cv.NoStableLearningRate, match="smallest batch"):
        cv.stationary(p, "heavy_ball", batch=4, lr=1.001 * lr, momentum=0.9)


def test_targets_that_are_fitted_leave_nothing_stationary_but_the_minimum():
    p = cv.LeastSquares(problem("even").X, problem("even").X.sum(axis=1), "mean")
    lr = cv.mean_square_limit(p, "heavy_ball", 4, momentum=0.9)
    assert cv.stationary(p, "heavy_ball", batch=4, lr=0.9 * lr, momentum=0.9).excess_loss == pytest.approx(0, abs=1e-20)
    with pytest.raises(cv.NoStableLearningRate):
        cv.stationary(p, "heavy_ball", batch=4, lr=1.1 * lr, momentum=0.9)


def test_moments_of_many_directions_are_those_over_runs():
    p = problem("even")
    exact = cv.moments(p, "heavy_ball", 30, batch=8, lr=0.1 / p.L, momentum=0.9)
    runs = cv.ensemble(p, "heavy_ball", 30, 2000, batch=8, lr=0.1 / p.L, momentum=0.9)
    assert (np.abs(runs.mean - exact.loss) <= 4 * runs.standard_error + 1e-12).all()
