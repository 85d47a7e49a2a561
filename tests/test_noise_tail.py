"""Tail averages: over all sequences of batches, from sums over pairs of times, and values computed independently."""

from __future__ import annotations

import numpy as np
import pytest
from enumeration import averaged, paths
from tolerances import SLACK, library

import convergence as cv

DATA = cv.LeastSquares([[1.0, 0.5], [-0.3, 2.0], [0.7, -1.1], [1.5, 0.2]], [1.0, -0.5, 0.3, 2.0], "half_mean")
NOTES = cv.datasets.gaussian_2d(loss="mean")
START = np.array([0.5, -1.0])
USUAL = {"lr": 0.2, "momentum": 0.6, "weight_decay": 0.1, "nu": 0.7, "gamma": 0.2, "contraction": 0.8, "kappa": 10.0}
LINEAR = [name for name in cv.methods.LINEAR if name != "newton"]
CASES = [("replacement", 1, 3), ("step", 2, 3), ("epoch", 1, 4), ("epoch", 2, 3), ("cyclic", 2, 5), ("epoch", 4, 2)]


def by_enumeration(x, average):
    """Expected excess loss of the mean, its bias, and that of the last, over paths (N, steps+1, d)."""
    mean = x[:, -average:].mean(axis=1)
    return np.array([(DATA.loss(w) - DATA.minimum).mean() for w in (mean, averaged(mean)[None], x[:, -1])])


@pytest.mark.parametrize(("sampling", "batch", "steps"), CASES)
@pytest.mark.parametrize("name", LINEAR)
def test_tail_averages_over_all_sequences(name, sampling, batch, steps):
    method = cv.METHODS[name]
    hyper = {k: USUAL[k] for k in method.hyper if k in USUAL}
    x = paths(DATA, method, steps, batch, sampling, START, **hyper)
    for average in (1, 2, steps, steps + 1):
        got = cv.tail_average(DATA, method, steps, average=average, batch=batch, sampling=sampling, start=START, **hyper)
        expected = by_enumeration(x, average)
        assert np.abs([got.excess_loss, got.bias, got.last] - expected).max() <= library(steps) * SLACK * max(1, expected.max())
        assert got.exact
        assert got.excess_loss == pytest.approx(got.bias + got.variance, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("sampling", ["replacement", "epoch", "cyclic"])
@pytest.mark.parametrize("name", ["gradient_descent", "ema_momentum"])
def test_with_noise_that_is_added(name, sampling):
    factor, hyper = np.array([[0.5, 0.0], [0.2, 0.1]]), {"lr": 0.2} | ({"momentum": 0.5} if name == "ema_momentum" else {})
    x = paths(DATA, cv.METHODS[name], 2, 2, sampling, START, noise=factor, **hyper)
    got = cv.tail_average(
        DATA, name, 2, average=2, batch=2, sampling=sampling, start=START, noise=factor @ factor.T, **hyper
    )
    assert [got.excess_loss, got.bias, got.last] == pytest.approx(by_enumeration(x, 2), rel=1e-12)


@pytest.mark.parametrize("name", ["gradient_descent", "frozen_adam", "weight_decay_decoupled"])
def test_under_schedules(name):
    schedules = {"lr": [0.2, 0.1, 0.15], "momentum": [0.6, 0.3, 0.7], "weight_decay": [0.3, 0.1, 0.2]}
    method = cv.METHODS[name]
    hyper = {k: v for k, v in schedules.items() if k in method.hyper}
    for sampling in ("replacement", "epoch"):
        x = paths(DATA, method, 3, 1, sampling, START, **hyper)
        got = cv.tail_average(DATA, method, 3, average=2, batch=1, sampling=sampling, start=START, **hyper)
        assert [got.excess_loss, got.bias, got.last] == pytest.approx(by_enumeration(x, 2), rel=1e-12)


def test_from_what_is_stationary_on_the_notes_data():
    settled = {"batch": 1, "start": "stationary", "lr": 0.01}
    for T, known in ((1, 0.0449228794), (10, 0.0170710874), (100, 0.00328390007), (1000, 0.000430796148)):
        got = cv.tail_average(NOTES, "gradient_descent", T, average=T, **settled)
        assert got.excess_loss == pytest.approx(known, rel=2e-9)
        assert got.last == pytest.approx(0.0449228794, rel=2e-9)
        assert T * got.cramer_rao == pytest.approx(0.3426882948, rel=2e-10)
    short, long = (cv.tail_average(NOTES, "gradient_descent", T, average=T, **settled).excess_loss * T for T in (4000, 8000))
    assert 2 * long - short == pytest.approx(0.4440743996, rel=2e-10)  # what remains falls as 1/T


def test_the_sum_over_pairs_of_times():
    """Stationary gradient descent along one direction: covariances ρ^|j−k|/(1−ρ²), summed one by one."""
    rho, T = 0.8, 50
    pairs = rho ** np.abs(np.subtract.outer(np.arange(T), np.arange(T)))
    got = cv.tail_average([1.0], "gradient_descent", 70, average=T, noise=1.0, start="stationary", lr=0.2)
    assert 2 * got.excess_loss == pytest.approx(0.2**2 / (1 - rho**2) * pairs.sum() / T**2, rel=1e-12)
    assert 2 * got.excess_loss == pytest.approx(0.0182222476, rel=2e-9)
    floor = cv.noise_floor("gradient_descent").average(T, curvature=1.0, noise=1.0, lr=0.2)
    assert 2 * got.excess_loss == pytest.approx(float(floor), rel=1e-12)


def test_a_stationary_start_stays_where_moments_tend_to():
    hyper = {"batch": 8, "lr": 0.002, "momentum": 0.9}
    settled = cv.tail_average(NOTES, "nesterov", 300, average=200, start="stationary", **hyper)
    late = cv.tail_average(NOTES, "nesterov", 4000, average=200, **hyper)
    assert late.excess_loss == pytest.approx(settled.excess_loss, rel=1e-8)
    assert settled.last == pytest.approx(cv.stationary(NOTES, "nesterov", **hyper).excess_loss, rel=1e-10)


@pytest.mark.parametrize("sampling", ["replacement", "epoch"])
def test_runs_lie_within_four_standard_errors(sampling):
    hyper = {"batch": 50, "sampling": sampling, "lr": 0.02}
    exact = cv.tail_average(NOTES, "gradient_descent", 40, average=0.5, runs=400, rng=3, **hyper)
    x = cv.ensemble(NOTES, "gradient_descent", 40, 400, rng=7, keep=True, **hyper).x[:, 21:].mean(axis=1)
    losses = NOTES.loss(x) - NOTES.minimum
    error = np.hypot(losses.std(ddof=1) / 20, exact.standard_error)
    assert abs(losses.mean() - exact.excess_loss) < 4 * error
    assert exact.exact == (sampling == "replacement")
    assert exact.average == 20


def test_a_flat_direction_stays_out_of_it():
    p = cv.LeastSquares([[1.0, 1.0], [2.0, 2.0], [0.5, 0.5]], [1.0, 0.0, 2.0], "mean")
    one = cv.LeastSquares(np.sqrt(2) * np.array([[1.0], [2.0], [0.5]]), [1.0, 0.0, 2.0], "mean")
    for start in (None, "stationary"):
        flat, alone = (cv.tail_average(q, "heavy_ball", 9, batch=1, start=start, lr=0.05, momentum=0.5) for q in (p, one))
        assert flat.excess_loss == pytest.approx(alone.excess_loss, rel=1e-11)
        assert flat.cramer_rao == pytest.approx(alone.cramer_rao, rel=1e-11)


@pytest.mark.parametrize("average", [0, -1, 1.5, 8, "ab", None, True, np.nan])
def test_averages_that_are_none(average):
    with pytest.raises(cv.BadHyperparameter, match="average must be"):
        cv.tail_average(DATA, "gradient_descent", 6, average=average, batch=1, lr=0.1)


def test_what_is_refused_in_words():
    with pytest.raises(cv.BadHyperparameter, match="start must be"):
        cv.tail_average(DATA, "gradient_descent", 6, batch=1, sampling="epoch", start="stationary", lr=0.1)
    with pytest.raises(cv.BadHyperparameter, match="start must be"):
        cv.tail_average(DATA, "gradient_descent", 6, batch=1, start="settled", lr=0.1)
    with pytest.raises(cv.NoStableLearningRate):
        cv.tail_average(DATA, "gradient_descent", 6, batch=1, start="stationary", lr=10.0)
