"""Exact moments are the mean over all sequences of batches, to rounding: every method, sampling, noise, schedules, clocks."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from enumeration import moments_by_enumeration
from tolerances import EPS, SLACK
from usual_settings import usual

import convergence as cv

X, Y = [[1.0, 0.5], [-0.3, 2.0], [0.7, -1.1]], [1.0, -0.5, 0.3]
THREE = cv.LeastSquares(X, Y, "mean")
WIDE = cv.LeastSquares([[1.0, 0.5, -0.2], [-0.3, 2.0, 0.4]], [1.0, -0.5], "half_mean")
"""Fewer rows than columns: no row has a residual, and one direction is flat."""

WHOLE_START = np.array([0.5, -1.0, 2.0])
START = WHOLE_START[:2]
CASES = [("replacement", 1), ("replacement", 2), ("step", 1), ("step", 2)]
SAMPLED = [m for m in cv.methods.LINEAR if m != "newton"]
STEPS = 3


@cache
def rest_of(problem, name):
    """Where the method ends without noise, by a long run: longest along a flat direction, which decay alone moves."""
    steps = 20_000 if problem is WIDE else 3_000
    return cv.simulate(problem, name, steps, WHOLE_START[: problem.X.shape[1]], **settings(name)).x[-1]


def settings(name):
    return {"lr": 0.06, **usual(cv.METHODS[name])}


def agree(problem, name, batch, sampling, start=START, steps=STEPS, noise=None, factor=None, rest=None, **hyper):
    claimed = cv.moments(problem, name, steps, batch=batch, sampling=sampling, start=start, noise=noise, **hyper)
    seen = moments_by_enumeration(
        problem, cv.METHODS[name], steps, batch, sampling, start, noise=factor, rest=rest, **hyper
    )
    for said, exact in zip((claimed.mean, claimed.second, claimed.loss), seen, strict=True):
        assert np.abs(said - exact).max() <= SLACK**2 * EPS * steps * max(np.abs(exact).max(), 1.0)


@pytest.mark.parametrize(("sampling", "batch"), CASES)
@pytest.mark.parametrize("name", SAMPLED)
def test_every_method_on_every_sequence_of_batches(name, sampling, batch):
    hyper = settings(name)
    agree(THREE, name, batch, sampling, rest=rest_of(THREE, name), **hyper)


FOUR = cv.LeastSquares([*X, [1.5, 0.2]], [*Y, 2.0], "mean")


@pytest.mark.parametrize(
    ("sampling", "batch", "steps"), [("epoch", 1, 6), ("epoch", 2, 4), ("cyclic", 2, 5), ("epoch", 4, 2)]
)
@pytest.mark.parametrize("name", SAMPLED)
def test_every_method_on_rows_in_epochs(name, sampling, batch, steps):
    hyper = settings(name)
    agree(FOUR, name, batch, sampling, steps=steps, rest=rest_of(FOUR, name), **hyper)


@pytest.mark.parametrize("name", ["gradient_descent", "heavy_ball", "torch_sgd_nesterov", "weight_decay_decoupled"])
def test_fewer_rows_than_columns(name):
    hyper = settings(name)
    for sampling in ("replacement", "step"):
        agree(WIDE, name, 1, sampling, WHOLE_START, rest=rest_of(WIDE, name), **hyper)


@pytest.mark.parametrize("name", list(cv.methods.LINEAR))
def test_noise_that_is_added(name):
    """Signs ±1 have the moments of a unit Gaussian that a second moment needs."""
    hyper = settings(name)
    factor = np.array([[0.5, 0.0], [0.3, 0.2]])
    rest = rest_of(THREE, name)
    agree(THREE, name, None, "replacement", noise=factor @ factor.T, factor=factor, rest=rest, **hyper)
    if name != "newton":
        agree(THREE, name, 1, "step", steps=2, noise=factor @ factor.T, factor=factor, rest=rest, **hyper)


@pytest.mark.parametrize("name", ["gradient_descent", "heavy_ball", "nesterov", "frozen_adam", "ema_momentum"])
def test_schedules(name):
    hyper = {**settings(name), "lr": [0.1, 0.02, 0.05]}
    agree(THREE, name, 2, "replacement", **hyper)
    if "momentum" in hyper:
        agree(THREE, name, 1, "step", **{**hyper, "momentum": [0.2, 0.9, 0.5]})


def test_the_cross_term_is_needed():
    """Without E[(h−H)mζᵀ] the second moments of the first step are some per cent off."""
    mirrored = cv.LeastSquares(X, 2 * (THREE.X @ THREE.minimizer) - THREE.y, "mean")
    one, two = (
        cv.moments(p, "gradient_descent", 1, batch=1, start=START, lr=0.06).second[1] for p in (THREE, mirrored)
    )
    exact = moments_by_enumeration(THREE, cv.METHODS["gradient_descent"], 1, 1, "replacement", START, lr=0.06)[1][1]
    assert np.abs((one + two) / 2 - exact).max() > 0.01 * np.abs(exact).max()
