"""Gaussian rows and many directions: one scalar equation against the operator on matrices, its limits, published values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq, minimize_scalar

import convergence as cv
from convergence.stochastic.gaussian import least_batch
from convergence.stochastic.limits import amplification

RAMP = np.arange(1, 65) / 64
RULES = {
    "gradient_descent": {},
    "heavy_ball": {"momentum": 0.9},
    "nesterov": {"momentum": 0.6},
    "ema_momentum": {"momentum": 0.2},
    "qhm": {"momentum": 0.8, "nu": 0.4},
    "triple_momentum": {"momentum": 0.5, "gamma": 0.2},
    "weight_decay_coupled": {"momentum": 0.5, "weight_decay": 0.1},
}


@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
@pytest.mark.parametrize("name", RULES)
def test_one_equation_has_the_radius_of_the_operator_on_matrices(name, share):
    curvatures = [5.0, 2.0, 2.0, 0.3]
    amplified = amplification(curvatures, name, "stream", RULES[name])
    lr = share * cv.stability(name).largest_lr(5.0, **RULES[name])
    assert amplified.by_one_equation
    assert amplified(lr) == pytest.approx(amplified.gain(lr).leading[0], rel=1e-10)


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=12))
@settings(deadline=None, max_examples=60)
def test_the_least_batch_is_the_root_beyond_all_poles(shares):
    a = np.array(shares)
    size = least_batch(a)
    assert size > a.max()
    assert (a / (size * (1 + 1e-9) - a)).sum() < 1 + 1e-6
    assert size == pytest.approx(np.abs(np.linalg.eigvals(np.diag(a) + np.outer(a, np.ones(len(a))))).max(), rel=1e-9)


def test_many_directions_take_no_operator():
    """2/tr H for single rows in very many directions, to some 1/d."""
    curvatures = np.linspace(0.5, 1.5, 3000)
    limit = cv.mean_square_limit(curvatures, "gradient_descent", 1, sampling="stream")
    assert limit == pytest.approx(2 / curvatures.sum(), rel=5 / 3000)


@pytest.mark.parametrize(
    ("name", "factor"), [("gradient_descent", 1), ("heavy_ball", 19), ("nesterov", None), ("ema_momentum", 9)]
)
def test_critical_batch_is_where_the_limit_of_noise_meets_the_edge(name, factor):
    """Single rows: for B far below it the limit is B/B_c of the edge, if d is large; far above it is the edge."""
    curvatures = np.linspace(0.9, 1.1, 2000)
    critical, edge = cv.critical_batch(curvatures, name, **RULES[name]), cv.stability(name)
    edge = edge.largest_lr(1.1, **RULES[name])
    if factor is not None:
        assert critical == pytest.approx(factor * curvatures.sum() / 1.1, rel=1e-12)
    few, many = (
        cv.mean_square_limit(curvatures, name, size, sampling="stream", **RULES[name])
        for size in (1 + int(critical / 500), int(critical * 500))
    )
    assert few == pytest.approx(edge * (1 + int(critical / 500)) / critical, rel=0.02)
    assert many == pytest.approx(edge, rel=0.02)


def test_at_the_same_part_of_the_edge_heavy_ball_needs_nineteen_times_the_batch():
    plain = cv.smallest_batch(RAMP, "gradient_descent", sampling="stream", lr=1.0)
    heavy = cv.smallest_batch(RAMP, "heavy_ball", sampling="stream", lr=1.9, momentum=0.9)
    assert plain == pytest.approx(25.82444803, rel=1e-9)
    assert heavy == pytest.approx(490.66451249, rel=1e-9)
    assert heavy / plain == pytest.approx(19, rel=1e-12)
    limits = [
        cv.mean_square_limit(RAMP, name, 1, sampling="stream", **RULES[name]) * RAMP.sum() / (2 * (1 - momentum))
        for name, momentum in (("gradient_descent", 0.0), ("heavy_ball", 0.9))
    ]
    assert limits == pytest.approx([0.9601002, 0.9786459], abs=1e-7)


def test_what_cannot_be_asked_of_the_criterion():
    with pytest.raises(cv.NotLinear):
        cv.critical_batch(RAMP, "newton")
    with pytest.raises(cv.BadHyperparameter, match="leave it out"):
        cv.critical_batch(RAMP, "gradient_descent", lr=0.1)


MP = {
    0.25: {4 / 3: 0.6666666667, 1.6: 0.5788854382, 1.9: 0.1865848178, 1.3898981754: 0.6790155453},
    0.5: {1.7836116249: 0.3060193748, 1.9: 0.1786420807, 1.7851004596: 0.3061403131},
}
"""Rates of Marchenko–Pastur spectra, computed independently."""


@pytest.mark.parametrize(("ratio", "gamma", "rate"), [(r, g, v) for r, known in MP.items() for g, v in known.items()])
def test_rates_of_marchenko_pastur_spectra(ratio, gamma, rate):
    assert cv.streaming_rate(cv.MarchenkoPastur(ratio), gamma) == pytest.approx(rate, rel=1e-9)


@pytest.mark.parametrize(("ratio", "best"), [(0.25, 1.3898981754), (0.5, 1.7851004596)])
def test_the_best_step_of_single_rows(ratio, best):
    density = cv.MarchenkoPastur(ratio)
    found = minimize_scalar(lambda g: -cv.streaming_rate(density, g), bounds=(1, 2), method="bounded")
    assert found.x == pytest.approx(best, abs=1e-5)


def mean(ratio, function):
    """Over the Marchenko–Pastur density of d directions with curvature, mean curvature max(1, ratio)."""
    r, scale = (ratio, 1.0) if ratio <= 1 else (1 / ratio, ratio)

    def integrand(angle):
        curvature = scale * (1 + r - 2 * r**0.5 * np.cos(angle))
        return 2 * scale / np.pi * np.sin(angle) ** 2 / curvature * function(curvature)

    return quad(integrand, 0, np.pi, limit=200)[0]


@pytest.mark.parametrize("gamma", [1.5, 1.9, 2.0, 2.6])
@pytest.mark.parametrize("ratio", [0.1, 0.5, 1.0, 3.0])
def test_the_closed_form_solves_the_equation_of_the_density(ratio, gamma):
    gamma = gamma / max(ratio, 1.0)
    rate = cv.streaming_rate(cv.MarchenkoPastur(ratio), gamma)
    least = (1 - ratio**0.5) ** 2
    at = gamma**2 * mean(ratio, lambda c: c**2 / (2 * gamma * c - min(rate, 2 * gamma * least)))
    if rate == pytest.approx(2 * gamma * least, rel=1e-12):
        assert at <= 1 + 1e-8
    else:
        assert at == pytest.approx(1, rel=1e-7)
    scaled = cv.streaming_rate(cv.MarchenkoPastur(ratio, scale=7.0), gamma / 7)
    assert scaled == pytest.approx(rate, rel=1e-12, abs=1e-14)
    assert (rate < -1e-12) == (gamma * max(ratio, 1.0) > 2)


@pytest.mark.parametrize(("ratio", "gamma"), [(0.25, 1.0), (0.25, 1.6), (0.5, 1.9), (0.25, 2.2)])
def test_finite_dimensions_tend_to_the_rate(ratio, gamma):
    """The exact recursion of variances on d quantiles of the density: its rate for d rows, and the rate of their spectrum."""
    limit, apart = cv.streaming_rate(cv.MarchenkoPastur(ratio), gamma), []
    for d in (250, 1000):
        curvatures = cv.MarchenkoPastur(ratio).quantile((np.arange(d) + 0.5) / d)
        own, step = 1 - 2 * gamma / d * curvatures + 2 * (gamma / d * curvatures) ** 2, (gamma / d * curvatures) ** 2
        factor = brentq(lambda z, o=own, s=step: (s / (z - o)).sum() - 1, own.max() * (1 + 1e-13), 3, xtol=1e-16)
        apart.append(abs(-d * np.log(factor) - limit))
        assert cv.streaming_rate(curvatures, gamma) == pytest.approx(-d * np.log(factor), abs=15 / d)
    assert apart[1] < 0.5 * apart[0]
    assert apart[0] < 15 / 250


def test_an_isotropic_spectrum_by_its_moments():
    d, step = 20, 1 / 20
    loss = cv.moments(np.ones(d), "gradient_descent", 5, batch=1, sampling="stream", lr=step).loss
    assert loss[1:] / loss[:-1] == pytest.approx(1 - 2 * step + step**2 * (d + 2), rel=1e-12)
    assert cv.streaming_rate([1.0], 1.0) == pytest.approx(1.0, rel=1e-12)  # 2γ − γ²


def test_a_power_law_has_no_rate_below_the_largest_step():
    density = cv.PowerLaw(exponent=1.0)  # mean ⅔
    assert cv.streaming_rate(density, 2.9) == 0
    assert cv.streaming_rate(density, 3.1) < 0


@pytest.mark.parametrize("wrong", [0, -1, float("nan"), float("inf"), "a", [1, 2]])
def test_a_step_that_is_none(wrong):
    with pytest.raises(cv.BadHyperparameter, match="gamma"):
        cv.streaming_rate([1.0], wrong)


@pytest.mark.parametrize(("name", "momentum"), [("gradient_descent", 0.0), ("heavy_ball", 0.9)])
def test_directions_that_do_not_mix_have_each_its_own_limit(name, momentum):
    """One-hot rows, as many directions as take the iteration without a matrix; another leads at another learning rate."""
    rows = 3 * np.eye(40)[np.random.default_rng(0).integers(40, size=300)]
    p = cv.LeastSquares(rows, rows.sum(axis=1), "mean")
    mean, variance = p.curvatures, p.curvatures * 2 * 9 - p.curvatures**2
    noisy = variance * (1 + momentum) / 8
    limit = (2 * mean * (1 - momentum**2) / (mean**2 * (1 - momentum) + noisy)).min()
    assert cv.mean_square_limit(p, name, 8, **RULES[name]) == pytest.approx(limit, rel=1e-9)


def test_many_directions_are_bounded_from_both_sides():
    rows = np.random.default_rng(1).normal(size=(200, 40))
    p = cv.LeastSquares(rows, rows.sum(axis=1), "mean")
    amplified = amplification(p, "heavy_ball", "replacement", RULES["heavy_ball"])
    low, high = amplified.gain(0.1).bounds()
    other = amplified.gain(0.1, near=amplified.gain(0.11)).leading[0]
    assert low * (1 - 1e-12) <= other <= high * (1 + 1e-12)
    assert high / low < 1 + 1e-8
