"""A setting whose learning rate is a schedule is diagnosed by what it leaves of each direction when it ends."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

import convergence as cv

S = cv.schedules


@pytest.fixture
def p():
    return cv.datasets.gaussian_2d(loss="mean")


@pytest.mark.parametrize(
    ("method", "hyper"),
    [
        ("gradient_descent", {"lr": S.cosine(0.06, 30)}),
        ("heavy_ball", {"lr": S.linear(0.05, 60), "momentum": S.linear(0.9, 60, 0.5)}),
        ("frozen_adam", {"lr": [0.02] * 60, "momentum": 0.9}),
    ],
)
def test_what_is_left_and_the_peak_are_those_of_the_run(p, method, hyper):
    found = cv.diagnose(p, method=method, **hyper)
    error = np.abs(cv.simulate(p, method, found.steps, p.minimizer + p.directions.sum(axis=1), **hyper).error)
    for row in found.directions:
        rounding = 64 * np.finfo(float).eps * error.max() / error[-1, row.index]  # of the run, in parts of what is left
        assert row.log == pytest.approx(log(error[-1, row.index]), abs=1e-9 + rounding)
        assert row.peak == pytest.approx(np.log(error[:, row.index]).max(), abs=1e-9)
        assert error[:, row.index].argmax() == row.peak_step


def test_unstable_steps_are_those_above_the_limit(p):
    lr = S.cosine(0.1, 100)
    found = cv.diagnose(p, method="gradient_descent", lr=lr)
    above = np.flatnonzero(lr.values(100) > 2 / p.L)
    assert found.directions[0].unstable == tuple(above)
    assert not found.directions[1].unstable
    assert "48 steps of 100" in found.advice[0]


@pytest.mark.parametrize(("base", "verdict"), [(0.3, "diverges"), (0.05, "unfinished")])
def test_the_verdict_is_about_the_end_and_the_advice_leaves_less(p, base, verdict):
    found = cv.diagnose(p, method="gradient_descent", lr=S.cosine(base, 100))
    assert found.verdict == verdict
    assert bool(found) == (verdict != "diverges")
    scale = next(float(words.split()[1]) for words in found.advice if words.startswith("With "))
    after = cv.diagnose(p, method="gradient_descent", lr=scale * S.cosine(base, 100))
    assert after.direction.log < found.direction.log
    assert not after.directions[0].unstable


def test_a_schedule_that_arrives_is_fine(p):
    found = cv.diagnose(p, method="gradient_descent", lr=S.linear(0.05, 400))
    assert found.verdict == "fine"
    assert not found.advice


@pytest.mark.parametrize("lr", [S.chebyshev(8, mu=1, L=10), S.warmup(8) * 0.1, S.one_cycle(0.1, 8), S.linear(0.1, 8)])
def test_a_schedule_is_diagnosed_to_its_end(lr):
    found = cv.diagnose(curvatures=[9.0, 1.0], method="gradient_descent", lr=lr)
    assert found.steps == 8
    left = np.log(np.abs(cv.residuals("gradient_descent", 8, [9.0, 1.0], lr=lr)[-1]))
    assert [row.log for row in found.directions] == pytest.approx(left, abs=1e-9)


@pytest.mark.parametrize(
    ("hyper", "words"),
    [
        ({"lr": S.exponential(0.1, 0.9)}, "does not end"),
        ({"lr": S.cosine(0.1, 9), "batch": 3}, "not both"),
        ({"lr": 0.1, "steps": 9}, "for schedules"),
        ({"lr": [0.1, 0.1], "steps": 3}, "each of the 3 steps"),
    ],
)
def test_what_cannot_be_diagnosed_says_why(p, hyper, words):
    with pytest.raises(cv.BadHyperparameter, match=words):
        cv.diagnose(p, method="gradient_descent", **hyper)


def test_errors_beyond_what_a_double_holds_are_told_in_logarithms(p):
    """1e-300 is no zero, and 1e+400 no overflow: the logarithm is that of the product of the steps."""
    for lr in (S.linear(0.05, 2000), S.cosine(0.3, 2000)):
        found = cv.diagnose(p, method="gradient_descent", lr=lr)
        for row in found.directions:
            assert row.log == pytest.approx(cv.product(lr, found.steps, row.curvature).log, rel=1e-9)
        assert max(abs(row.log) for row in found.directions) > 800
