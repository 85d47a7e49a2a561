"""Counts of steps are those of a run made by hand, and stay so; no brute force finds a better optimum of a horizon."""

from __future__ import annotations

from math import acosh, ceil, log

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from convergence import (
    METHODS,
    BadHyperparameter,
    NoStableLearningRate,
    horizon_optimum,
    lower_bound,
    method,
    optimum,
    residuals,
    steps_across,
    steps_to,
    worst_case,
)
from convergence.methods import LINEAR

MU, L = 0.1, 10.0
SETTINGS = {"lr": 0.12, "momentum": 0.6, "gamma": 0.1, "nu": 0.7, "contraction": 0.9, "kappa": 100.0}
SETTLING = [n for n in LINEAR if not n.endswith("decoupled") and n not in ("robust_momentum", "newton")]


def settings(name):
    return {n: SETTINGS[n] for n in METHODS[name].hyper if n in SETTINGS}


def counted(errors, tolerance):
    """The first step from which a recorded run (steps+1, m) stays within the tolerance."""
    outside = np.flatnonzero((np.abs(errors) > tolerance).any(axis=1))
    return int(outside[-1]) + 1 if outside.size else 0


@pytest.mark.parametrize("tolerance", [0.5, 1e-3, 1e-7])
@pytest.mark.parametrize("name", SETTLING)
def test_counts_are_those_of_a_long_run(name, tolerance):
    hyper, spectrum = settings(name), np.array([0.1, 0.4, 3.0, 10.0])
    run = residuals(name, 2500, spectrum, **hyper)
    assert steps_to(name, tolerance, curvatures=spectrum, **hyper) == counted(run, tolerance)


@pytest.mark.parametrize("name", ["heavy_ball", "nesterov", "ema_momentum", "torch_sgd", "chebyshev", "frozen_adam"])
def test_the_worst_case_counts_every_curvature(name):
    hyper, lam = settings(name), np.unique(np.r_[np.linspace(MU, L, 3001), np.geomspace(MU, L, 3001)])
    run = residuals(name, 1200, lam, **hyper)
    assert steps_to(name, 1e-3, mu=MU, L=L, **hyper) == counted(run, 1e-3)


@pytest.mark.parametrize("kappa", [3.0, 100.0, 2000.0])
def test_the_worst_count_is_where_the_worst_case_falls_for_good(kappa):
    tuned = optimum("heavy_ball").at(mu=1.0, L=kappa).hyper
    count = steps_to("heavy_ball", 1e-3, mu=1.0, L=kappa, **tuned)
    values = [worst_case("heavy_ball", count + j, mu=1.0, L=kappa, **tuned).value for j in range(-1, 30)]
    assert values[0] > 1e-3
    assert max(values[1:]) <= 1e-3


@pytest.mark.parametrize("k", [25, 60])
def test_a_worst_case_just_above_the_tolerance_is_one_step_too_early(k):
    """It lies at an end of the interval, where no node is: nodes alone would not see it."""
    tuned = optimum("heavy_ball").at(mu=1.0, L=100.0).hyper
    values = [worst_case("heavy_ball", k + j, mu=1.0, L=100.0, **tuned).value for j in range(30)]
    assert values == sorted(values, reverse=True)
    for short in (1e-3, 1e-6):
        assert steps_to("heavy_ball", values[0] * (1 - short), mu=1.0, L=100.0, **tuned) == k + 1
        assert steps_to("heavy_ball", values[0] * (1 + short), mu=1.0, L=100.0, **tuned) == k


def test_a_state_that_nothing_reads_changes_no_count():
    """The worst curvature lies inside the interval, and so near the tolerance that a sample would miss it."""

    @method
    def watched(f, x, v, log, *, lr, momentum):
        v = momentum * v + f.grad(x)
        return x - lr * v, v, 0.5 * log + f.grad(x)

    hyper = {"lr": 0.15, "momentum": 0.6}
    worst = worst_case("heavy_ball", 25, mu=1.0, L=10.0, **hyper)
    assert 1.0 < worst.curvature < 10.0
    counts = [steps_to(m, worst.value * (1 - 1e-4), mu=1.0, L=10.0, **hyper) for m in ("heavy_ball", watched)]
    assert counts == [26, 26]


def test_gradient_descent_by_logarithms():
    for kappa in (5.0, 1e3, 1e7):
        rate = (kappa - 1) / (kappa + 1)
        assert steps_to("gradient_descent", 1e-3, mu=1.0, L=kappa, lr=2 / (1 + kappa)) == pytest.approx(
            ceil(log(1e-3) / log(rate)), rel=1e-9
        )
    assert steps_to("gradient_descent", 1e-3, curvatures=[1.0, 1e12], lr=1e-12) == pytest.approx(
        log(1e3) / 1e-12, rel=1e-3
    )


@pytest.mark.finding("B1")
@pytest.mark.parametrize("name", ["heavy_ball", "momentum_rate_inside", "torch_sgd", "qhm"])
def test_counts_at_critical_damping(name):
    """At λ = L, |p_k| = (1 + kc)rᵏ with a double root: its last crossing of 1/1000 by mpmath, with 60 digits."""
    mp = pytest.importorskip("mpmath")
    with mp.workdps(60):
        root = mp.mpf(10) ** 5
        r = (root - 1) / (root + 1)
        c = (1 - 4 * root**2 / (1 + root) ** 2) / -r - 1
        size = lambda k: abs(1 + k * c) * r**k - mp.mpf("0.001")  # noqa: E731
        exact = int(mp.ceil(mp.findroot(size, (1_070_000, 1_080_000), solver="anderson")))
    assert steps_to(name, 1e-3, mu=1, L=1e10) == exact == 1_074_409


@pytest.mark.parametrize("kappa", [1e4, 1e6])
def test_chebyshevs_count_while_its_clock_runs_is_that_of_his_polynomial(kappa):
    """T_k((κ+1)/(κ−1)) reaches a thousand; the clock stands still only long after."""
    assert steps_to("chebyshev", 1e-3, mu=1, L=kappa) == ceil(acosh(1e3) / acosh(1 + 2 / (kappa - 1)))


def test_gradient_descent_settles_past_what_a_double_tells_from_1():
    """1 − ηλ rounds to 1; log1p knows better."""
    assert steps_to("gradient_descent", 1e-3, curvatures=[1e-17], lr=1.0) == pytest.approx(log(1e3) * 1e17, rel=1e-9)


@pytest.mark.parametrize("tolerance", [1e-20, 1e-40, 1e-170, 1e-300])
def test_tolerances_whose_squares_are_zero_are_counted_to(tolerance):
    """What is left of an error after many steps is small beside 1, but not beside such a tolerance."""
    steps = ceil(log(tolerance) / log(0.75))
    assert steps_to("gradient_descent", tolerance, curvatures=[1.0, 2.0], lr=0.25) == steps
    assert steps_to("gradient_descent", tolerance, mu=1.0, L=2.0, lr=0.25) == steps
    assert steps_to("heavy_ball", tolerance, curvatures=[0.01], lr=0.25, momentum=0.0) == ceil(
        log(tolerance) / log(0.9975)
    )


def test_a_tie_is_decided_exactly():
    """1 − 0.9 is 0.1 to whoever typed it, and its cube a thousandth."""
    assert steps_to("gradient_descent", 1e-3, curvatures=[0.9], lr=1.0) == 3
    assert steps_to("gradient_descent", 0.001 * (1 - 1e-12), curvatures=[0.9], lr=1.0) == 4


@pytest.mark.parametrize("name", ["gradient_descent", "heavy_ball", "nesterov", "frozen_adam"])
def test_a_tolerance_as_large_as_the_start_is_met_at_once(name):
    assert steps_to(name, 1.0, mu=1.0, L=10.0, **settings(name) | {"lr": 0.01}) == 0


def test_directions_at_rest_do_not_count():
    hyper = {"lr": 0.1, "momentum": 0.3}
    fast = steps_to("heavy_ball", 1e-3, curvatures=[10.0], **hyper)
    assert steps_to("heavy_ball", 1e-3, curvatures=[0.1, 10.0], start=[0, 5], **hyper) == fast
    assert steps_to("heavy_ball", 1e-3, curvatures=[0.0, 10.0], **hyper) == fast  # a flat one
    assert steps_to("heavy_ball", 1e-3, curvatures=[0.1], start=[0], **hyper) == 0
    assert steps_to("heavy_ball", 1.0, curvatures=[10.0], lr=0.01, momentum=0.0) == 0


@pytest.mark.parametrize(
    ("name", "hyper"),
    [
        ("gradient_descent", {"lr": 0.2}),
        ("gradient_descent", {"lr": 1.0}),
        ("heavy_ball", {"lr": 0.3, "momentum": 0.5}),
        ("heavy_ball", {"lr": 0.4, "momentum": 1.0}),
        ("heavy_ball", {"lr": 0.0, "momentum": 0.5}),
        ("frozen_adam", {"lr": 1.0, "momentum": 0.5}),
    ],
)
def test_what_never_settles_is_refused_with_the_way_out(name, hyper):
    with pytest.raises(NoStableLearningRate, match="lr_max"):
        steps_to(name, 1e-3, curvatures=[0.1, 10.0], **hyper)
    with pytest.raises(NoStableLearningRate):
        steps_to(name, 1e-3, mu=0.1, L=10.0, **hyper)


def test_an_early_dip_is_no_arrival():
    """The mutation: counting the first step within the tolerance. A slow oscillation passes through zero long before."""
    hyper = {"lr": 0.05, "momentum": 0.95}
    errors = np.abs(residuals("heavy_ball", 800, [1.0], **hyper)[:, 0])
    first_touch = int(np.flatnonzero(errors <= 0.05)[0])
    assert steps_to("heavy_ball", 0.05, curvatures=[1.0], **hyper) == counted(errors[:, None], 0.05) > 2 * first_touch


def test_bad_questions():
    for bad in ({}, {"curvatures": [1.0], "mu": 1.0, "L": 2.0}, {"mu": 1.0, "L": 2.0, "start": [1.0]}):
        with pytest.raises(BadHyperparameter):
            steps_to("gradient_descent", 1e-3, lr=0.1, **bad)
    with pytest.raises(BadHyperparameter, match="learning rates"):
        steps_across("gradient_descent", 1e-3, ["a"], curvatures=[1.0])
    with pytest.raises(BadHyperparameter, match="tolerance"):
        steps_to("gradient_descent", 0, curvatures=[1.0], lr=0.1)
    with pytest.raises(BadHyperparameter, match="one number"):
        steps_to("gradient_descent", 1e-3, mu=1.0, L=2.0, lr=[0.1, 0.2])


def test_a_plateau_of_rates_is_no_plateau_of_steps():
    """The homework's (g): σ² in [0.05, 5], β = 0.1. Every rate on the plateau has radius √(1−β); the counts differ."""
    fine = 5.05 - 4.95 * np.cos(np.linspace(0, np.pi, 8001))
    low, high = optimum("ema_momentum", momentum=0.1).at(mu=0.1, L=10.0).plateau
    found = steps_across("ema_momentum", 1e-3, np.linspace(low, high, 6)[1:-1], mu=0.1, L=10.0, momentum=0.1)
    by_run = [counted(residuals("ema_momentum", 600, fine, lr=lr, momentum=0.1), 1e-3) for lr in found.lr]
    assert list(found.steps) == by_run
    assert len(set(found.steps)) == 4
    assert steps_across("ema_momentum", 1e-3, [100.0], mu=0.1, L=10.0, momentum=0.1).steps == (None,)


@pytest.mark.parametrize("k", [1, 10, 100])
def test_the_horizon_optimum_of_gradient_descent_is_the_asymptotic_one(k):
    found = horizon_optimum("gradient_descent", k, mu=1.0, L=50.0)
    assert found.hyper["lr"] == pytest.approx(2 / 51, rel=1e-6)
    assert found.value == pytest.approx((49 / 51) ** k, rel=1e-9)


@pytest.mark.parametrize("k", [10, 100])
def test_the_horizon_optimum_of_heavy_ball_is_not(k):
    found = horizon_optimum("heavy_ball", k, mu=0.01, L=1.0)
    assert lower_bound(k, mu=0.01, L=1.0) < found.value < 0.3 * found.asymptotic
    assert found.value == worst_case("heavy_ball", k, mu=0.01, L=1.0, **found.hyper).value


def test_brute_force_finds_no_better_horizon():
    found = horizon_optimum("heavy_ball", 6, mu=0.05, L=1.0)
    grid = min(
        worst_case("heavy_ball", 6, mu=0.05, L=1.0, lr=lr, momentum=b).value
        for lr in np.linspace(1.0, 3.6, 27)
        for b in np.linspace(0.2, 1.0, 25)
    )
    assert found.value <= grid * (1 + 1e-9)


@pytest.mark.finding("A10")
@pytest.mark.parametrize(
    ("name", "k", "kappa", "held", "reachable"),
    [
        ("nesterov", 2, 10, {"lr": 0.01}, 0.802703),
        ("heavy_ball", 8, 100, {}, 0.501740),
        ("heavy_ball", 2, 100, {}, 0.924536),
        ("nesterov", 10, 1000, {}, 0.910274),
        ("qhm", 6, 50, {}, 0.360150),
    ],
)
def test_horizons_reach_what_is_known_to_be_reachable(name, k, kappa, held, reachable):
    """And no neighbouring setting is better: the search ends in a local optimum of the true maximum, not of a grid's."""
    found = horizon_optimum(name, k, mu=1, L=kappa, **held)
    assert found.value <= reachable
    assert found.complete
    rng, free = np.random.default_rng(0), [n for n in found.hyper if n not in held]
    for size in np.repeat([1e-5, 1e-4, 1e-3, 1e-2], 10):
        near = found.hyper | {n: found.hyper[n] * (1 + size * rng.normal()) for n in free}
        assert worst_case(name, k, mu=1, L=kappa, **near).value >= found.value * (1 - 1e-6)


@pytest.mark.finding("A10")
def test_a_search_that_is_cut_short_says_so():
    found = horizon_optimum("heavy_ball", 12, mu=1, L=30, seconds=0)
    assert not found.complete
    assert "in the time given" in repr(found)
    assert found.value <= found.asymptotic
    with pytest.raises(BadHyperparameter, match="seconds"):
        horizon_optimum("heavy_ball", 12, mu=1, L=30, seconds=-1)


def test_a_held_hyperparameter_is_held():
    found = horizon_optimum("heavy_ball", 8, mu=0.1, L=1.0, momentum=0.4)
    line = minimize_scalar(
        lambda lr: worst_case("heavy_ball", 8, mu=0.1, L=1.0, lr=lr, momentum=0.4).value,
        bounds=(0.5, 3),
        method="bounded",
    )
    assert found.hyper["momentum"] == 0.4
    assert found.value <= line.fun * (1 + 1e-7)


def test_a_run_that_overflows_while_its_clock_runs_is_refused():
    """Adam's first steps are 1/(1 − β) times as long: at κ = 7.7e10 they leave the doubles, and nan was counted as settled."""
    mu, L = 0.0005101258710146794, 39206009.999489866
    with pytest.raises(NoStableLearningRate, match=r"overflows along λ = .* before its clocks have run down"):
        steps_to("frozen_adam", 1e-3, mu=mu, L=L)
    with pytest.raises(NoStableLearningRate, match=r"overflows along λ = 2e[+]06"):
        steps_to("frozen_adam", 1e-3, curvatures=[2e6], lr=0.007, momentum=0.99998)
