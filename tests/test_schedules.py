"""Schedules: each family by hand, in every slot that takes one, and runs against products of their steps."""

from __future__ import annotations

from math import cos, pi, sqrt

import numpy as np
import pytest

import convergence as cv

S = cv.schedules
ROUNDING = 1e-15

FAMILIES = {
    "constant": (S.constant(0.3), lambda k: 0.3),
    "exponential": (S.exponential(0.3, 0.9), lambda k: 0.3 * 0.9**k),
    "staircase": (S.staircase(0.3, 0.5, 4), lambda k: 0.3 * 0.5 ** (k // 4)),
    "piecewise": (S.piecewise([0.3, 0.2, 0.1], [3, 7]), lambda k: 0.3 if k < 3 else 0.2 if k < 7 else 0.1),
    "inverse_time": (S.inverse_time(0.3, 0.7), lambda k: 0.3 / (1 + 0.7 * k)),
    "polynomial": (S.polynomial(0.3, 0.7, 0.5), lambda k: 0.3 / sqrt(1 + 0.7 * k)),
    "inverse_sqrt": (S.inverse_sqrt(0.3), lambda k: 0.3 / sqrt(k + 1)),
    "linear": (S.linear(0.3, 20), lambda k: 0.3 * (1 - min(k, 20) / 20)),
    "cosine": (S.cosine(0.3, 20), lambda k: 0.15 * (1 + cos(pi * min(k, 20) / 20))),
    "restarts": (S.cosine(0.3, 5, restarts=9), lambda k: 0.15 * (1 + cos(pi * (k % 5) / 5))),
    "warmup": (S.warmup(10), lambda k: min((k + 1) / 10, 1)),
    "product": (
        S.warmup(4) * S.cosine(0.3, 20),
        lambda k: min((k + 1) / 4, 1) * 0.15 * (1 + cos(pi * min(k, 20) / 20)),
    ),
    "epochs": (S.exponential(0.3, 0.5).per_epoch(3), lambda k: 0.3 * 0.5 ** (k // 3)),
    "wsd": (S.wsd(0.3, 20, 4, 5), lambda k: 0.3 * min((k + 1) / 4, 1) if k < 15 else 0.3 * max(20 - k, 0) / 5),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_is_its_formula_at_every_step(name):
    schedule, by_hand = FAMILIES[name]
    expected = [by_hand(k) for k in range(30)]
    assert schedule.values(30) == pytest.approx(expected, rel=8 * ROUNDING, abs=ROUNDING)
    assert schedule.total(30) == pytest.approx(sum(expected), rel=30 * ROUNDING)
    assert [schedule(k) for k in (0, 7, 29)] == pytest.approx(
        [expected[k] for k in (0, 7, 29)], rel=8 * ROUNDING, abs=ROUNDING
    )


METHODS = [
    ("gradient_descent", {}),
    ("heavy_ball", {"momentum": S.linear(0.9, 40, 0.5)}),
    ("nesterov", {"momentum": S.warmup(10, 0, 0.9)}),
    ("frozen_adam", {"momentum": S.linear(0.9, 40, 0.5)}),
    ("frozen_adam", {"momentum": 0.9}),
]


@pytest.mark.parametrize(("name", "others"), METHODS)
def test_a_run_under_schedules_is_the_product_of_its_steps(name, others):
    p = cv.datasets.gaussian_2d(loss="mean")
    hyper = {"lr": S.warmup(5) * S.cosine(0.03, 40), **others}
    run, said = (f(p, name, 40, [1.0, -2.0], **hyper) for f in (cv.simulate, cv.predict))
    size = np.abs(run.x).max()
    assert np.abs(run.x - said.x).max() <= 40 * 64 * np.finfo(float).eps * size  # roundings of 40 steps
    moments = cv.moments(p, name, 40, noise=0.0, start=[1.0, -2.0], **hyper)
    assert moments.mean == pytest.approx(run.error, rel=1e-9, abs=1e-13)
    assert not moments.variance.any()
    result = cv.verify(p, name, **hyper)
    assert result
    assert result.controls


def test_a_sequence_a_function_and_a_schedule_are_one():
    schedule = S.exponential(0.5, 0.9)
    runs = [
        cv.simulate([1.0, 0.3], "heavy_ball", 9, lr=lr, momentum=0.5).x
        for lr in (schedule, schedule.values(9), list(schedule.values(9)), lambda k: schedule(k))
    ]
    assert all(np.array_equal(runs[0], other) for other in runs[1:])


def test_the_rate_inside_the_buffer_is_another_method_under_a_schedule():
    constant, falling = ({"lr": lr, "momentum": 0.9} for lr in (0.1, S.exponential(0.1, 0.9)))
    same, other = (
        [cv.simulate([1.0], name, 20, **hyper).x[-1, 0] for name in ("heavy_ball", "momentum_rate_inside")]
        for hyper in (constant, falling)
    )
    assert same[0] == pytest.approx(same[1], rel=1e-12)
    assert abs(other[0] - other[1]) > 0.01


def test_silver_steps_are_those_published():
    """Altschuler and Parrilo (2023): √2, 2, √2, 2+√2, … for convex functions; the first strongly convex one is 2/(μ+L)."""
    root = sqrt(2)
    assert S.silver(7).values(7) == pytest.approx([root, 2, root, 2 + root, root, 2, root], rel=4 * ROUNDING)
    assert S.silver(1, mu=0.1, L=3).values(1) == pytest.approx([2 / 3.1], rel=4 * ROUNDING)
    assert S.silver(8, mu=1e-12, L=1).values(8)[:7] == pytest.approx(S.silver(7).values(7), rel=1e-9)


def test_chebyshev_as_a_schedule_attains_the_lower_bound():
    worst = cv.worst_case("gradient_descent", 8, mu=1, L=10, lr=S.chebyshev(8, mu=1, L=10))
    assert worst.value == pytest.approx(cv.lower_bound(8, mu=1, L=10), rel=1e-12)


def test_steps_to_counts_to_the_end_of_a_schedule():
    lr = S.linear(1.0, 50)
    steps = cv.steps_to("gradient_descent", 1e-3, curvatures=[1.0, 0.4], lr=lr)
    errors = np.abs(cv.residuals("gradient_descent", 51, [1.0, 0.4], lr=lr)).max(axis=1)
    assert (errors[steps:] <= 1e-3).all()
    assert errors[steps - 1] > 1e-3
    with pytest.raises(cv.BadHyperparameter, match="never end"):
        cv.steps_to("gradient_descent", 1e-3, curvatures=[1.0], lr=S.inverse_time(0.5, 1.0))
    with pytest.raises(cv.NoStableLearningRate, match="after 51 steps"):
        cv.steps_to("gradient_descent", 1e-30, curvatures=[0.1], lr=lr)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (lambda: cv.spectral_radius("gradient_descent", 1.0, lr=S.constant(0.1)), "the schedule constant"),
        (lambda: cv.simulate([1.0], "gradient_descent", 3, lr=-1 * S.constant(0.1)), "at step 0"),
        (lambda: cv.simulate([1.0], "gradient_descent", 3, lr=[0.1]), "each of the 3 steps"),
        (lambda: cv.simulate([1.0], "gradient_descent", 3, lr=lambda k: "a"), "gives a number"),
        (lambda: cv.simulate([1.0], "gradient_descent", 3, lr=lambda k: 1 / k), "division"),
        (lambda: cv.steps_to("gradient_descent", 0.1, mu=1, L=2, lr=S.constant(0.1)), "one number here"),
        (lambda: S.exponential(0.1, -1), "factor"),
        (lambda: S.cosine(0.1, 2.5), "whole number"),
        (lambda: S.piecewise([1, 2], [3, 4]), "one value more"),
    ],
)
def test_what_is_no_schedule_here_is_refused_in_words(question, words):
    with pytest.raises(cv.BadHyperparameter, match=words):
        question()


def test_moments_and_ensembles_take_schedules():
    p, lr = cv.datasets.gaussian_2d(loss="mean"), S.cosine(0.03, 20)
    exact = cv.moments(p, "heavy_ball", 20, batch=16, lr=lr, momentum=0.5)
    runs = cv.ensemble(p, "heavy_ball", 20, 2000, batch=16, lr=lr, momentum=0.5)
    assert (np.abs(runs.mean[1:] - exact.loss[1:]) <= 4.5 * runs.standard_error[1:]).all()  # 20 comparisons
    assert runs.hyper["lr"] is lr


def test_the_worst_case_under_a_schedule_is_enclosed_in_rationals():
    lr = S.linear(0.25, 8)
    case = cv.worst_case("heavy_ball", 6, mu=1, L=4, lr=lr, momentum=0.5, exact=True)
    assert case.interval[0] <= case.value * (1 + 1e-12)
    assert case.value <= case.interval[1] * (1 + 1e-12)


@pytest.mark.parametrize("base", [0.1, 0.3, 0.7, 1.1])
@pytest.mark.parametrize("steps", [3, 6, 7, 49])
def test_a_schedule_that_ends_at_zero_ends_there_and_not_below(base, steps):
    ends = cv.schedules.linear(base, steps), cv.schedules.cosine(base, steps), cv.schedules.linear(base, steps) * 0.1
    for schedule in ends:
        assert schedule.values(steps + 2)[steps:] == pytest.approx(0, abs=np.finfo(float).eps * base)
        assert schedule.values(steps + 2).min() >= 0
        assert cv.product(schedule, steps + 2, 1.0).log <= 0
