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


def torn(curvatures, method, steps, noise=0.0, **hyper):
    """A run from a random start, with noise in its log."""
    random = np.random.default_rng(len(curvatures) + steps)
    start = 1.0 + random.uniform(1, 3, len(curvatures))
    run = cv.simulate(curvatures, method, steps, start=start, **hyper)
    return run, run.x + noise * random.standard_normal(run.x.shape)


LOGGED = [
    ("gradient_descent", S.warmup(10) * S.cosine(0.1, 60), {}),
    ("pytorch", S.warmup(10) * S.cosine(0.1, 60), {"momentum": 0.9}),
    ("nesterov", S.exponential(0.1, 0.97), {"momentum": 0.5}),
    ("heavy_ball", S.piecewise([0.1, 0.02], [30]), {"momentum": 0.5}),
    ("pytorch", S.cosine(0.4, 60), {"momentum": 0.5}),  # grows at first
]


@pytest.mark.parametrize(
    ("method", "lr", "hyper", "noise"), [(*one, 0.0) for one in LOGGED] + [(*one, 1e-6) for one in LOGGED[:4]]
)
def test_a_log_under_a_schedule_gives_back_curvatures_and_momentum(method, lr, hyper, noise):
    _, rows = torn([15.0, 3.0], method, 60, noise, lr=lr, **hyper)
    for given in (hyper, {}):
        found = cv.diagnose_run(rows, method=method, lr=lr, **given)
        assert (np.abs(found.curvatures - [15.0, 3.0]) <= found.curvatures_error).all()
        assert abs(found.momentum - hyper.get("momentum", 0.0)) <= (found.momentum_error or 0.0)
        assert (np.abs(found.minimiser - 1.0) <= found.minimiser_error).all()
        assert found.curvatures_error.max() < (1e-9 if not noise else 1e-2)
        truth = cv.diagnose(curvatures=[15.0, 3.0], method=method, lr=lr, steps=60, **hyper, **defaults(method))
        assert found.verdict == truth.verdict
        assert found.diagnosis.direction.log == pytest.approx(truth.direction.log, abs=1e-2)


def defaults(method):
    return {"dampening": 0.0} if method == "pytorch" else {}


@pytest.mark.parametrize(("method", "lr", "hyper"), LOGGED)
def test_losses_under_a_schedule_tell_a_side_from_the_other(method, lr, hyper):
    """Of constant rates (1 − ηλ)² hides the sign; of two different ones it does not."""
    run, _ = torn([15.0, 3.0], method, 60, lr=lr, **hyper)
    found = cv.diagnose_run(losses=run.loss, method=method, lr=lr, **hyper)
    assert found.curvatures == pytest.approx([15.0, 3.0][: len(found.curvatures)], rel=1e-6)
    assert not any("sign" in note for note in found.notes)


def test_a_schedule_is_a_list_a_function_or_what_a_library_has():
    lr = S.cosine(0.1, 60)
    _, rows = torn([15.0, 3.0], "gradient_descent", 60, lr=lr)
    for given in (lr, lr.values(60), lr.values(60).tolist(), lambda k: lr(k)):
        found = cv.diagnose_run(rows, lr=given)
        assert found.method == "gradient_descent"
        assert found.curvatures == pytest.approx([15.0, 3.0])
        assert found.rates == pytest.approx(lr.values(60))
        assert found.lr == pytest.approx(0.1)


def test_a_log_of_some_rows_knows_which_steps_they_were():
    lr = S.cosine(0.1, 60)
    _, rows = torn([15.0, 3.0], "heavy_ball", 60, lr=lr, momentum=0.5)
    found = cv.diagnose_run(rows[10:50:2], steps=np.arange(10, 50, 2), lr=lr, method="heavy_ball")
    assert found.curvatures == pytest.approx([15.0, 3.0])
    assert found.momentum == pytest.approx(0.5)


@pytest.mark.parametrize("lr", [S.cosine(0.4, 60), S.warmup(10) * S.cosine(0.4, 60)])
@pytest.mark.parametrize("noise", [0.0, 1e-5])
def test_a_schedule_that_is_not_told_is_no_noise(lr, noise):
    """What a constant rate leaves of such a run swings with it: white noise of that size would not."""
    run = cv.simulate([5.0, 1.0], "heavy_ball", 60, lr=lr, momentum=0.5, start=[3.0, 4.0])
    rows = run.x + noise * np.random.default_rng(0).standard_normal(run.x.shape)
    assert any("settings changed" in note for note in cv.diagnose_run(rows, method="heavy_ball").notes)
    assert not any("settings changed" in note for note in cv.diagnose_run(rows, method="heavy_ball", lr=lr).notes)


def test_gradients_of_another_schedule_contradict_it():
    lr = S.cosine(0.1, 60)
    run, rows = torn([15.0, 3.0], "gradient_descent", 60, lr=lr)
    right = cv.diagnose_run(rows, run.grad, lr=lr)
    assert not right.notes
    halved = cv.diagnose_run(rows, run.grad, lr=0.5 * lr)
    assert any("logged gradients" in note for note in halved.notes)
    assert halved.diagnosis is None


@pytest.mark.parametrize("lr", [[0.1] * 5, [0.0] * 60, S.cosine(-0.1, 60), [[0.1, 0.2]]])
def test_a_schedule_that_no_run_has_is_refused(lr):
    _, rows = torn([15.0, 3.0], "gradient_descent", 60, lr=0.1)
    with pytest.raises(cv.BadHyperparameter, match="schedule"):
        cv.diagnose_run(rows, lr=lr)
