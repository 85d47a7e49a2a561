"""The average case: quadrature against integrals and random matrices, and decay with the powers of k that theory gives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from tolerances import identity, rounded_once

from convergence import (
    METHODS,
    BadHyperparameter,
    LeastSquares,
    MarchenkoPastur,
    PowerLaw,
    average_case,
    chebyshev_steps,
    residuals,
)

HYPER = {"lr": 0.3, "momentum": 0.5}


def pastur_mean(function, ratio):
    """The integral over the density as Marchenko and Pastur wrote it, its continuous part normalised."""
    low, high = (1 - ratio**0.5) ** 2, (1 + ratio**0.5) ** 2

    def at(angle):  # λ = middle + half·cos(angle): the roots at the ends become sines
        half = (high - low) / 2
        lam = (high + low) / 2 + half * np.cos(angle)
        return (
            half**2
            * np.sin(angle) ** 2
            / (2 * np.pi * lam * min(1.0, ratio))
            * np.array([1.0, lam])
            @ [function(lam), 0]
        )

    mass = quad(lambda a: at_one(a, low, high, ratio), 0, np.pi)[0]
    return quad(at, 0, np.pi, limit=200)[0] / mass


def at_one(angle, low, high, ratio):
    half = (high - low) / 2
    lam = (high + low) / 2 + half * np.cos(angle)
    return half**2 * np.sin(angle) ** 2 / (2 * np.pi * lam * min(1.0, ratio))


@pytest.mark.parametrize("ratio", [0.3, 1.0, 2.5])
def test_marchenko_pastur_quadrature_is_the_integral(ratio):
    nodes, weights = MarchenkoPastur(ratio).quadrature(9)
    for power in (0, 1, 3, 8):
        assert weights @ nodes**power == pytest.approx(pastur_mean(lambda lam, p=power: lam**p, ratio), rel=1e-7)


@pytest.mark.parametrize("exponent", [-0.5, 0.0, 1.7])
def test_power_law_quadrature_is_the_integral(exponent):
    nodes, weights = PowerLaw(exponent, 3.0).quadrature(8)
    for power in range(16):
        moment = 3.0**power * (exponent + 1) / (exponent + power + 1)
        assert weights @ nodes**power == pytest.approx(moment, rel=1e-11)


@pytest.mark.parametrize("ratio", [0.5, 2.0])
def test_random_matrices_have_the_average_case(ratio):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, int(400 * ratio)))
    sampled = LeastSquares(X, X @ np.ones(X.shape[1]), loss="half_mean")
    claimed, seen = (average_case("heavy_ball", 6, density, **HYPER) for density in (MarchenkoPastur(ratio), sampled))
    for word in ("error", "loss", "gradient"):
        assert getattr(seen, word) == pytest.approx(
            getattr(claimed, word), rel=0.05
        )  # fluctuations of order 1/n, and edges
    wrong = average_case("heavy_ball", 6, MarchenkoPastur(1.3 * ratio), **HYPER)
    assert seen.error != pytest.approx(wrong.error, rel=0.05)


@pytest.mark.parametrize("name", ["gradient_descent", "heavy_ball", "ema_momentum", "frozen_adam"])
def test_the_datas_own_density_is_a_mean_over_its_curvatures(name):
    spectrum = np.array([0.1, 0.5, 2.0, 2.0])
    hyper = {n: HYPER[n] for n in METHODS[name].hyper}
    p = residuals(name, 9, spectrum, **hyper)[9]
    found = average_case(name, 9, spectrum, **hyper)
    assert found.error == pytest.approx((p**2).mean(), rel=identity(9, 1.0))
    assert found.loss == pytest.approx((spectrum * p**2).sum() / spectrum.sum(), rel=identity(9, 1.0))
    assert found.gradient == pytest.approx((spectrum**2 * p**2).sum() / (spectrum**2).sum(), rel=identity(9, 1.0))


@pytest.mark.parametrize("density", [MarchenkoPastur(1.0, 0.5), PowerLaw(0.0), PowerLaw(1.5, 2.0)])
@pytest.mark.parametrize("hyper", [{"lr": 0.4, "momentum": 0.0}, {"lr": 0.4, "momentum": 0.7}])
def test_where_the_density_reaches_zero_the_decay_is_a_power(density, hyper):
    rate = average_case("heavy_ball", 1, density, **hyper).rate
    assert rate.kind == "polynomial"
    early, late = (average_case("heavy_ball", k, density, **hyper) for k in (600, 1200))
    for word in ("error", "loss", "gradient"):
        slope = np.log2(getattr(early, word) / getattr(late, word))
        assert slope == pytest.approx(getattr(rate, word), rel=0.02)


def test_away_from_zero_the_decay_is_geometric():
    density = MarchenkoPastur(0.25)
    rate = average_case("gradient_descent", 1, density, lr=0.4).rate
    assert (rate.kind, rate.factor) == ("geometric", pytest.approx(0.9**2, rel=1e-12))
    early, late = (average_case("gradient_descent", k, density, lr=0.4).error for k in (800, 900))
    assert (late / early) ** 0.01 == pytest.approx(rate.factor, rel=5e-3)
    assert average_case("gradient_descent", 1, density, lr=2.0).rate.kind == "none"
    assert average_case("gradient_descent", 3, density, lr=chebyshev_steps(3, mu=0.25, L=2.25)).rate.kind == "unknown"


@pytest.mark.parametrize(("lr", "steps"), [(0.5, 1000), (0.5, 10_000), (4.0, 1000)])
def test_logarithms_go_on_where_squares_leave_the_range_of_floats(lr, steps):
    """Of one curvature all three are (1 − ηλ)^2k exactly."""
    found = average_case("gradient_descent", steps, [1.0], lr=lr)
    assert found.error == (0.0 if lr < 1 else np.inf) or steps < 1000
    assert found.log10 == pytest.approx([2 * steps * np.log10(abs(1 - lr))] * 3, rel=identity(steps, 1.0))
    assert f"e{int(np.floor(found.log10[0])):+}" in repr(found)


def test_logarithms_are_those_of_the_values():
    found = average_case("heavy_ball", 9, MarchenkoPastur(0.5), **HYPER)
    assert found.log10 == pytest.approx(np.log10([found.error, found.loss, found.gradient]), rel=identity(9, 1.0))
    assert average_case("gradient_descent", 3, [2.0], lr=0.5).log10 == (-np.inf,) * 3


def test_on_the_edge_nothing_decays():
    """At η = 2/L the error along L keeps its size, and so does its share of the mean."""
    density = MarchenkoPastur(0.25)
    edge = 2 / density.interval[1]
    assert average_case("gradient_descent", 1, density, lr=edge).rate.kind == "none"
    assert average_case("gradient_descent", 1, density, lr=edge * (1 - 1e-3)).rate.kind == "geometric"
    assert average_case("gradient_descent", 1, [1.0, 4.0], lr=0.5).rate.kind == "none"


def test_the_average_is_below_the_worst():
    found = average_case("gradient_descent", 0, PowerLaw(0.5), lr=0.5)
    assert (found.error, found.loss, found.gradient) == pytest.approx((1.0, 1.0, 1.0), rel=rounded_once())


@pytest.mark.parametrize("made", [lambda: MarchenkoPastur(0), lambda: PowerLaw(-1), lambda: PowerLaw(1, L=-2.0)])
def test_no_density(made):
    with pytest.raises(BadHyperparameter):
        made()
