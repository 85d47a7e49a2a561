"""The theory of noise passes its checks on easy and on hard problems, and each kind of check rejects wrong theory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from test_verification import PROBLEMS, covering

import convergence as cv
from convergence.evidence.checks import NOISE_KINDS
from convergence.evidence.noise import SIGMAS, noisy_trial, sigmas

RANDOM = {
    "single rows": {"batch": 1},
    "distinct rows": {"batch": 2, "sampling": "step"},
    "fresh rows": {"batch": 2, "sampling": "stream"},
    "noise": {"noise": 0.1},
    "noise in targets": {"batch": 3, "noise": cv.LabelNoise(0.1)},
}
METHODS = [
    *("gradient_descent", "heavy_ball", "nesterov", "ema_momentum"),
    *("torch_sgd_nesterov", "weight_decay_coupled", "torch_sgd"),
]
FAULTS = {
    "c of the other sampling",
    "cross term dropped",
    "the look-ahead point taken for the position",
    "a factor 2 of the loss",
    "the learning rate of an average, (1−β) times as large",
}
NOTES = cv.datasets.gaussian_2d(loss="mean")


ALL = [(p, METHODS[k % len(METHODS)], r) for k, (p, r) in enumerate(covering(PROBLEMS, list(RANDOM), 2))]
"""Every problem under two kinds of noise, with methods in turn."""


@pytest.mark.parametrize(("problem", "name", "random"), ALL)
def test_theory_and_brute_force_agree(problem, name, random):
    if problem == "a single row" and random == "distinct rows":
        pytest.skip("there are no two rows")
    found = cv.verify(PROBLEMS[problem](), name, **RANDOM[random])
    assert found, found.failed or [c for c in found.controls if not c]
    assert sum(check.passed is True for check in found.checks) >= 3


@pytest.mark.parametrize(
    ("name", "random"),
    covering(
        ["frozen_adam", "frozen_nadam", "chebyshev", "qhm", "triple_momentum"], ["distinct rows", "noise in targets"], 1
    ),
)
def test_with_clocks_and_three_hyperparameters_too(name, random):
    more = {"nu": 0.7} if name == "qhm" else {}
    found = cv.verify(NOTES, name, **more, **RANDOM[random])
    assert found, found.failed or [c for c in found.controls if not c]
    assert all(check.passed for check in found.checks)


SIX = cv.LeastSquares(np.random.default_rng(1).normal(size=(6, 2)), np.random.default_rng(2).normal(size=6), "mean")


@pytest.mark.parametrize(
    ("name", "random"),
    covering(METHODS, [{"batch": 2}, {"batch": 1, "noise": 0.2}, {"batch": 3, "sampling": "cyclic"}], 1),
    ids=str,
)
def test_rows_in_epochs(name, random):
    found = cv.verify(SIX, name, **{"sampling": "epoch", **random})
    assert found, found.failed or [c for c in found.controls if not c]
    assert all(check.passed for check in found.checks)
    assert "batches taken for independent ones" in {control.fault for control in found.controls}


def test_many_reshuffled_rows_are_checked_on_a_few():
    found = cv.verify(NOTES, "heavy_ball", batch=100, sampling="epoch")
    assert found
    assert {check.kind for check in found.checks if check.passed} == {"enumeration"}
    assert all("rows" in check.why for check in found.checks if check.passed is None)


def test_all_faults_that_were_named_are_tried_and_rejected():
    found = cv.verify(NOTES, "nesterov", batch=2, sampling="step")
    assert {control.fault for control in found.controls} >= FAULTS
    assert all(control.rejected for control in found.controls)
    assert {control.kind for control in found.controls} == {kind.name for kind in NOISE_KINDS}


KINDS = {kind.name: kind for kind in NOISE_KINDS}


def test_small_errors_of_theory_are_caught():
    """A part in a million in exact moments and in what settles, a per cent of the edge, a tenth in an ensemble's moments."""
    trial = noisy_trial(NOTES, cv.METHODS["heavy_ball"], 4, "replacement", None, {"lr": 0.01, "momentum": 0.8})
    wrong = {
        "enumeration": lambda c: replace(c, said=replace(c.said, second=c.said.second * (1 + 1e-6))),
        "moments": lambda c: replace(c, second=c.second * 1.1),
        "mean-square edge": lambda c: c * 1.01,
        "stationary": lambda c: replace(c, second=c.second * (1 + 1e-6)),
    }
    for name, kind in KINDS.items():
        claims = kind.claims(trial)
        assert all(check.passed for check in kind.checks(trial, claims))
        assert not all(kind.checks(trial, wrong[name](claims)))


@pytest.mark.parametrize("sampling", ["replacement", "step"])
def test_a_wrong_batch_factor_in_the_theory_is_caught_by_every_exact_kind(monkeypatch, sampling):
    """n for n−1 in (n−B)/(B(n−1)), or B−1 for B: the checks fail, and not their controls alone."""
    from convergence.stochastic import limits
    from convergence.stochastic import sampling as of_theory

    def wrong(kind, batch, rows):
        return (rows - batch) / (batch * rows) if kind == "step" else 1 / (batch + 1)

    few = cv.LeastSquares(NOTES.X[:40], NOTES.y[:40], "mean")
    assert cv.verify(few, "heavy_ball", batch=4, sampling=sampling)
    for module in (limits, of_theory):
        monkeypatch.setattr(module, "batch_factor", wrong)
    found = cv.verify(few, "heavy_ball", batch=4, sampling=sampling)
    assert {check.kind for check in found.failed} >= {"enumeration", "mean-square edge", "stationary"}


def test_the_operator_by_hand_is_the_mean_over_rows():
    """Heavy ball written as a matrix for each row, and the products of them averaged."""
    trial = noisy_trial(NOTES, cv.METHODS["heavy_ball"], 1, "replacement", None, {"lr": 0.01, "momentum": 0.8})
    V, eye, steps = NOTES.directions, np.eye(2), []
    for x in NOTES.X @ V:
        h = NOTES.scale * NOTES.rows * np.outer(x, x)
        steps.append(np.block([[eye - 0.01 * h, -0.01 * 0.8 * eye], [h, 0.8 * eye]]))
    by_rows = np.mean([np.kron(step, step) for step in steps], axis=0)
    assert np.allclose(trial.hand.operator(), by_rows, rtol=1e-10, atol=1e-10 * np.abs(by_rows).max())


def test_beyond_the_edge_nothing_settles_and_that_is_no_failure():
    found = cv.verify(NOTES, "gradient_descent", batch=1, lr=0.9 * 2 / NOTES.L)
    assert found
    assert not found.diverges
    (why,) = (check.why for check in found.checks if check.kind == "stationary")
    assert "grow" in why


def test_a_rate_that_is_not_given_is_within_the_edge():
    found = cv.verify(NOTES, "gradient_descent", batch=1)
    assert found.hyper["lr"] == cv.mean_square_limit(NOTES, "gradient_descent", 1) / 2
    assert (
        cv.verify(NOTES, "gradient_descent", noise=0.1).hyper["lr"] == cv.verify(NOTES, "gradient_descent").hyper["lr"]
    )


def test_many_estimates_at_once_are_allowed_more():
    assert sigmas(1) == pytest.approx(SIGMAS)
    assert SIGMAS < sigmas(100) < sigmas(10_000) < 7


@pytest.mark.parametrize(
    ("error", "name", "options"),
    [
        (cv.NotLinear, "newton", {"batch": 2}),
        (cv.BadName, "heavy_ball", {"batch": 2, "sampling": "steps"}),
        (cv.BadHyperparameter, "heavy_ball", {"batch": 0}),
        (cv.BadHyperparameter, "heavy_ball", {"noise": -1}),
    ],
)
def test_what_cannot_be_is_refused(error, name, options):
    with pytest.raises(error):
        cv.verify(NOTES, name, **options)
