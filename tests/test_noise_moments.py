"""Moments, limits and stationary covariances under minibatches, by values computed independently and by brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import convergence as cv

NOTES = cv.datasets.gaussian_2d(loss="mean")
RAMP = np.arange(1, 65) / 64
DIGITS = 2e-10
"""The values below are known to ten digits."""


def full_operator(X, scale, method, lr, momentum, factor):
    """The second-moment operator of all (2·d) states, from the Hessians of single rows: no cross gain."""
    rows = [scale * len(X) * np.outer(x, x) for x in X]
    H = np.mean(rows, axis=0)
    eye = np.eye(len(H))

    def step(h):
        if method == "heavy_ball":  # v ← βv + hx, x ← x − ηv
            return np.block([[eye - lr * h, -lr * momentum * eye], [h, momentum * eye]])
        return np.block([[eye - lr * h, -momentum * (eye - lr * h)], [lr * h, momentum * (eye - lr * h)]])  # Nesterov

    mean = step(H)
    spread = np.mean([np.kron(step(h) - mean, step(h) - mean) for h in rows], axis=0)
    return np.kron(mean, mean) + factor * spread


@pytest.mark.parametrize("name", ["heavy_ball", "nesterov"])
@pytest.mark.parametrize(("sampling", "batch"), [("replacement", 3), ("step", 5)])
def test_at_the_limit_the_operator_of_all_states_has_radius_one(name, sampling, batch):
    X = np.random.default_rng(3).normal(size=(12, 3)) @ np.diag([3.0, 1.0, 0.5])
    p = cv.LeastSquares(X, X[:, 0], "mean")
    factor = 1 / batch if sampling == "replacement" else (12 - batch) / (batch * 11)
    lr = cv.mean_square_limit(p, name, batch, sampling=sampling, momentum=0.7)
    operator = full_operator(X, p.scale, name, lr, 0.7, factor)
    assert np.abs(np.linalg.eigvals(operator)).max() == pytest.approx(1, abs=1e-9)
    assert cv.smallest_batch(p, name, sampling=sampling, lr=lr, momentum=0.7) == pytest.approx(batch, rel=1e-8)


@pytest.mark.parametrize(("name", "momentum"), [("heavy_ball", 0.5), ("heavy_ball", 0.0), ("nesterov", 0.5)])
def test_rows_that_mirror_each_other_have_a_limit(name, momentum):
    """What (1, 1) and (1, −1) do to each other's covariances has the eigenvalue −ρ beside ρ, and rounding orders the two."""
    p = cv.LeastSquares([[1.0, 1.0], [1.0, -1.0]], [0.0, 0.0], "half_mean")
    lr = cv.mean_square_limit(p, name, 1, momentum=momentum)
    operator = full_operator(p.X, p.scale, name, lr, momentum, 1)
    assert np.abs(np.linalg.eigvals(operator)).max() == pytest.approx(1, abs=1e-9)
    assert momentum or lr == pytest.approx(1, rel=DIGITS)  # E(1 − ηh)² = 1 − 2η + 2η²


@pytest.mark.parametrize(
    ("batch", "sgd", "heavy"),
    [(1, 0.3048058984, 0.0414394085), (4, 0.6495285954, 0.1565351588), (19, 0.9027241115, 0.5791312070)],
)
def test_limits_of_gaussian_features(batch, sgd, heavy):
    assert cv.mean_square_limit([2, 1], "gradient_descent", batch, sampling="stream") == pytest.approx(sgd, rel=DIGITS)
    other = cv.mean_square_limit([2, 1], "heavy_ball", batch, sampling="stream", momentum=0.9)
    assert other == pytest.approx(heavy, rel=10 * DIGITS)


def test_smallest_batches_at_half_the_limit_without_noise():
    half = 1 / NOTES.L
    assert cv.smallest_batch(NOTES, "gradient_descent", lr=half) == pytest.approx(1.3054301949, rel=DIGITS)
    heavy = cv.smallest_batch(NOTES, "heavy_ball", lr=1.9 * half, momentum=0.9)
    assert heavy == pytest.approx(24.8020792401, rel=DIGITS)
    assert cv.smallest_batch(RAMP, "gradient_descent", sampling="stream", lr=1.0) == pytest.approx(25.82444803, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "lr", "batch", "floor"),
    [
        ("gradient_descent", 1 / 64, 1, 0.00172588721),
        ("heavy_ball", 0.1 / 64, 1, 0.00171427475),
        ("heavy_ball", 1 / 64, 19, 0.00077619237),
    ],
)
def test_floors_of_gaussian_features_with_noisy_targets(name, lr, batch, floor):
    momentum = {} if name == "gradient_descent" else {"momentum": 0.9}
    r = cv.stationary(RAMP, name, batch=batch, sampling="stream", noise=cv.LabelNoise(0.1), lr=lr, **momentum)
    assert r.excess_loss == pytest.approx(floor, rel=1e-8)


def test_a_look_ahead_point_is_not_the_position():
    r = cv.stationary(NOTES, "nesterov", batch=32, lr=0.002, momentum=0.9)
    assert r.excess_loss == pytest.approx(0.00104485537, rel=1e-8)
    assert 0.5 * np.diag(r.asked) @ NOTES.curvatures == pytest.approx(0.00117363201, rel=1e-8)
    by_columns = NOTES.directions @ r.second @ NOTES.directions.T
    assert np.diag(by_columns) == pytest.approx([4.87328119e-5, 1.31329712e-4], rel=1e-8)


NAMES = ["gradient_descent", "heavy_ball", "nesterov", "ema_momentum", "frozen_adam", "weight_decay_coupled"]
"""The last of them rests off the minimiser."""


@pytest.mark.parametrize("name", NAMES)
def test_moments_tend_to_what_is_stationary(name):
    hyper = {n: {"lr": 0.01, "momentum": 0.6, "weight_decay": 2.0}[n] for n in cv.METHODS[name].hyper}
    late = cv.moments(NOTES, name, 2000, batch=16, sampling="step", **hyper)
    settled = cv.stationary(NOTES, name, batch=16, sampling="step", **hyper)
    assert late.loss[-1] == pytest.approx(settled.excess_loss, rel=1e-9)
    assert late.second[-1] == pytest.approx(settled.second, rel=1e-8, abs=1e-12)


def test_fresh_rows_at_the_minimiser_have_noise_as_the_curvatures_and_twice_the_minimum():
    """A row u with E uuᵀ = H and an error ε of its target, ½E ε² the minimum: its gradient −εu has covariance 2·minimum·H."""
    step = cv.moments(NOTES, "gradient_descent", 1, batch=4, sampling="stream", start=NOTES.minimizer, lr=0.01)
    assert step.loss[0] == pytest.approx(0, abs=1e-20)
    assert step.loss[1] == pytest.approx(0.01**2 * NOTES.minimum * (NOTES.curvatures**2).sum() / 4, rel=DIGITS)


def enumerated(p, batches, lr, momentum, x, steps):
    """Mean excess loss after each step over all sequences of batches, heavy ball by hand."""
    losses = []
    for sequence in itertools.product(batches, repeat=steps):
        w, v, seen = np.array(x, float), np.zeros(len(x)), [p.loss(np.array(x, float)) - p.minimum]
        for rows in sequence:
            A, b = p.X[list(rows)], p.y[list(rows)]
            v = momentum * v + p.scale * p.rows / len(rows) * A.T @ (A @ w - b)
            w = w - lr * v
            seen.append(p.loss(w) - p.minimum)
        losses.append(seen)
    return np.mean(losses, axis=0)


@pytest.mark.parametrize(("sampling", "batch"), [("replacement", 1), ("replacement", 2), ("step", 2)])
def test_moments_are_those_over_all_sequences_of_batches(sampling, batch):
    p = cv.LeastSquares([[1.0, 0.5], [-0.3, 2.0], [0.7, -1.0], [0.2, 0.4]], [1.0, -1.0, 0.5, 2.0], "half_mean")
    distinct = itertools.combinations(range(4), batch)
    of_rows = itertools.product(range(4), repeat=batch) if sampling == "replacement" else distinct
    expected = enumerated(p, list(of_rows), 0.3, 0.5, [1.0, -2.0], 3)
    got = cv.moments(p, "heavy_ball", 3, batch=batch, sampling=sampling, start=[1.0, -2.0], lr=0.3, momentum=0.5)
    assert got.loss == pytest.approx(expected, rel=1e-12)
    assert got.loss == pytest.approx(got.bias + got.variance, rel=1e-12)


@pytest.mark.parametrize("name", ["gradient_descent", "heavy_ball"])
def test_rows_along_the_directions_decide_each_direction_alone(name):
    """Sample Hessians that commute: a direction's own limit is that of its rows, and the smallest of them is the whole's."""
    rng = np.random.default_rng(5)
    axes = np.linalg.qr(rng.normal(size=(15, 15)))[0]
    lengths = np.linspace(1.0, 3.0, 15)[:, None] * np.array([[0.5], [1.0], [1.7]])[:, :, None]
    X = (lengths * axes).reshape(-1, 15)
    p = cv.LeastSquares(X, X @ np.ones(15) + 0.1 * rng.normal(size=len(X)), "mean")
    others = {} if name == "gradient_descent" else {"momentum": 0.5}
    limit = cv.mean_square_limit(p, name, 2, **others)
    columns = [X @ p.directions[:, [k]] for k in range(15)]
    lines = [cv.LeastSquares(np.where(np.abs(z) > 1e-9, z, 0.0), p.y, "mean") for z in columns]
    assert limit == pytest.approx(min(cv.mean_square_limit(line, name, 2, **others) for line in lines), rel=1e-9)
    moments = cv.moments(p, name, 5, batch=2, lr=limit / 3, **others)
    for k, line in enumerate(lines):
        start = line.minimizer - p.directions[:, k] @ p.minimizer  # the same first error
        alone = cv.moments(line, name, 5, batch=2, lr=limit / 3, start=start, **others)
        assert moments.second[:, k, k] == pytest.approx(alone.second[:, 0, 0], rel=1e-9)


def test_added_noise_needs_no_rows():
    kept = cv.Study.from_json(cv.study(NOTES, ["gradient_descent"], parts=["system"]).to_json()).problem
    floors = [cv.stationary(p, "heavy_ball", noise=0.3, lr=0.01, momentum=0.5).excess_loss for p in (kept, NOTES)]
    assert floors[0] == pytest.approx(floors[1], rel=1e-12)
