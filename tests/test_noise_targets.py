"""Steps against batch: the fewest steps by brute force over moments, published values, and what must hold for any curve."""

from __future__ import annotations

import numpy as np
import pytest
from test_verification import covering

import convergence as cv

NOTES = cv.datasets.gaussian_2d(loss="mean")
BATCHES = [2**k for k in range(10)]
FEWEST = [1594, 810, 417, 221, 123, 73, 49, 36, 29, 25]
"""Steps to 1 % of the first excess loss on the notes' data at the best of a grid of 220 rates, computed independently."""


def test_steps_on_a_grid_are_the_known_ones():
    curve = cv.steps_by_batch(NOTES, "gradient_descent", lrs=np.geomspace(1e-4, 2 / NOTES.L, 220))
    assert curve.batches.tolist() == BATCHES
    assert curve.steps.tolist() == FEWEST
    assert curve.lr[[0, -1]] == pytest.approx([0.00091, 0.0414], rel=0.06)


def test_refined_rates_are_no_worse_than_a_grid():
    curve = cv.steps_by_batch(NOTES, "gradient_descent")
    assert (curve.steps <= FEWEST).all()
    assert (curve.steps >= np.array(FEWEST) * 0.99).all()


RULES = {
    "gradient_descent": {},
    "heavy_ball": {"momentum": 0.8},
    "ema_momentum": {"momentum": 0.3},  # its start asks for a gradient
    "nesterov": {"momentum": 0.5},
    "frozen_adam": {"momentum": 0.5},  # a clock runs
    "nesterov_decay_coupled": {"momentum": 0.5, "weight_decay": 0.3},  # it does not rest at the minimiser
}


@pytest.mark.parametrize(("name", "sampling"), covering(RULES, ["replacement", "step", "stream"], 1))
def test_moments_are_at_most_the_target_at_that_step_and_above_it_before(name, sampling):
    curve = cv.steps_by_batch(NOTES, name, [2, 16, 256], sampling=sampling, target=0.2, limit=3000, **RULES[name])
    for batch, steps, lr in zip(curve.batches, curve.steps, curve.lr, strict=True):
        loss = cv.moments(NOTES, name, int(steps), batch=int(batch), sampling=sampling, lr=lr, **RULES[name]).loss
        assert loss[-1] <= 0.2 * loss[0] * (1 + 1e-9)
        assert loss[:-1].min() > 0.2 * loss[0]


@pytest.mark.parametrize("name", ["gradient_descent", "heavy_ball"])
def test_many_directions_are_stepped_as_few_are(name, monkeypatch):
    rows = np.random.default_rng(5).normal(size=(30, 3))
    problem = cv.LeastSquares(rows, rows[:, 0] + np.arange(30) % 2, "mean")
    options = {"lrs": np.geomspace(1e-3, 0.5, 40), "target": 0.3, "start": [2.0, -1.0, 0.5], **RULES[name]}
    dense = cv.steps_by_batch(problem, name, [1, 4, 16], **options)
    monkeypatch.setattr("convergence.stochastic.many_rates.DENSE", 0)
    other = cv.steps_by_batch(problem, name, [1, 4, 16], **options)
    assert (dense.steps == other.steps).all()
    assert dense.lr == pytest.approx(other.lr, nan_ok=True)


def test_no_random_rate_needs_fewer_steps():
    curve = cv.steps_by_batch(NOTES, "nesterov", [4, 64], target=0.05, momentum=0.7)
    for rate in np.random.default_rng(0).uniform(0, 1.0 / NOTES.L, 60):
        for batch, steps in zip(curve.batches, curve.steps, strict=True):
            loss = cv.moments(NOTES, "nesterov", int(steps) - 1, batch=int(batch), lr=rate, momentum=0.7).loss
            assert loss.min() > 0.05 * loss[0]


def test_all_rows_at_once_need_the_steps_of_no_noise():
    curve = cv.steps_by_batch(NOTES, "gradient_descent", [500], sampling="step", lrs=[0.02])
    loss = cv.predict(NOTES, "gradient_descent", 200, lr=0.02).loss - NOTES.minimum
    assert curve.steps[0] == np.argmax(loss <= 0.01 * loss[0])


def test_a_target_below_the_floor_is_not_reached():
    curve = cv.steps_by_batch(NOTES, "gradient_descent", [1, 500], sampling="step", lrs=[0.01], target=1e-6, limit=500)
    assert np.isinf(curve.steps[0])
    assert np.isnan(curve.lr[0])
    assert np.isfinite(curve.steps[1])


def test_the_law_of_steps_and_examples_is_recovered_from_itself():
    from convergence.stochastic.steps_by_batch import _law

    batches = np.array([1, 2, 4, 8, 64, 512])
    fewest, critical = _law(batches, 30 * (1 + 20 / batches))
    assert (fewest, critical) == pytest.approx((30, 20), rel=1e-5)
    steps, examples = 30 * (1 + 20 / batches), 30 * (batches + 20)
    assert (steps / fewest - 1) * (examples / (fewest * critical) - 1) == pytest.approx(1, rel=1e-4)


def test_the_knee_is_between_what_pays_and_what_does_not():
    curve = cv.steps_by_batch(NOTES, "gradient_descent")
    saved = dict(zip(curve.batches, np.append(curve.steps[:-1] / curve.steps[1:], np.nan), strict=True))
    assert 32 < curve.knee < 128
    assert saved[32] > 2**0.5 > saved[128]
    assert 32 < curve.critical_batch < 128
    assert curve.examples == pytest.approx(curve.steps * curve.batches)
    assert list(curve.table()) == ["batch", "steps", "lr", "examples"]


def test_under_the_law_the_knee_is_the_critical_batch():
    """Steps S·(1 + B_c/B) fall as B^(−1/2) at B = B_c, the middle, in logarithms, of a doubling that saves √2."""
    batches = 2 ** np.arange(10)
    curve = cv.StepsByBatch("", {}, "replacement", 0.01, batches, 30 * (1 + 20 / batches), batches * np.nan, 30, 20)
    assert curve.knee == pytest.approx(20, rel=0.01)


def test_what_cannot_be_asked():
    with pytest.raises(cv.NotLinear):
        cv.steps_by_batch(NOTES, "newton")
    with pytest.raises(cv.BadData, match="minimiser"):
        cv.steps_by_batch(NOTES, "gradient_descent", start=NOTES.minimizer)
    with pytest.raises(cv.BadHyperparameter, match="depend"):
        cv.steps_by_batch(NOTES, "gradient_descent", sampling="epoch")
