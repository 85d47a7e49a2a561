"""Transients: peaks by brute force, Kreiss's inequalities, pseudospectra by their definition, and growth with κ."""

from __future__ import annotations

from itertools import cycle
from math import e, inf

import numpy as np
import pytest
from user_rules import two_buffers

from convergence import METHODS, BadData, BadHyperparameter, optimum, residuals, transient, transient_growth
from convergence.methods import LINEAR

SETTINGS = {"lr": 0.9, "momentum": 0.8, "gamma": 0.1, "nu": 0.7, "contraction": 0.85, "kappa": 30.0}


def settings(name):
    return {n: SETTINGS[n] for n in METHODS[name].hyper if n in SETTINGS}


def powers(matrix, count):
    found = [np.eye(len(matrix))]
    for _ in range(count):
        found.append(found[-1] @ matrix)
    return np.array([np.linalg.norm(p, 2) for p in found])


def brute_kreiss(matrix):
    """The definition, on a plain grid: never above the constant, and near it."""
    radius, angle = np.meshgrid(1 + np.geomspace(1e-4, 30, 160), np.linspace(0, np.pi, 181), indexing="ij")
    shifted = (radius * np.exp(1j * angle))[..., None, None] * np.eye(len(matrix)) - matrix
    return float(((radius - 1) / np.linalg.svd(shifted, compute_uv=False)[..., -1]).max())


@pytest.mark.parametrize(("name", "curvature"), [*zip(LINEAR, cycle([0.05, 0.7, 1.0]), strict=False)])
def test_peaks_and_kreiss_constants_are_what_they_are_defined_to_be(name, curvature):
    found = transient(name, curvature, **settings(name))
    sizes = powers(found.matrix, 800)
    assert found.radius < 1
    assert found.peak == pytest.approx(sizes.max(), rel=1e-11)
    assert sizes[found.step] == pytest.approx(found.peak, rel=1e-11)
    assert 1 <= found.kreiss <= found.peak * (1 + 1e-9) <= e * len(found.matrix) * found.kreiss
    assert found.kreiss * (1 + 1e-9) >= brute_kreiss(found.matrix) >= 0.97 * found.kreiss


def test_three_states():
    found = transient(two_buffers, 0.5, lr=0.05, momentum=0.6)
    assert found.peak == pytest.approx(powers(found.matrix, 800).max(), rel=1e-11)
    assert found.kreiss * (1 + 1e-9) >= brute_kreiss(found.matrix) >= 0.97 * found.kreiss


@pytest.mark.parametrize(
    ("name", "curvature", "epsilon"),
    [("heavy_ball", 0.05, 1e-6), ("heavy_ball", 0.05, 0.3), ("nesterov", 1.0, 1e-2), ("gradient_descent", 0.3, 0.3)],
)
def test_the_pseudoradius_is_the_farthest_point_of_the_pseudospectrum(name, curvature, epsilon):
    found = transient(name, curvature, **settings(name))
    reached = found.pseudoradius(epsilon)
    about = np.abs(np.angle(np.linalg.eigvals(found.matrix)))[:, None] + epsilon * np.linspace(-3, 3, 601)
    angles = np.exp(1j * np.r_[np.linspace(0, np.pi, 1001), about.ravel()])[:, None, None]

    def nearest(r):
        return np.linalg.svd(r * angles * np.eye(len(found.matrix)) - found.matrix, compute_uv=False)[:, -1].min()

    assert nearest(reached * (1 + 1e-7)) > epsilon * (1 - 1e-9)
    assert nearest(reached) == pytest.approx(epsilon, rel=1e-2)
    assert reached >= found.radius + 0.99 * epsilon


def test_a_normal_matrix_has_no_transient():
    found = transient("gradient_descent", 0.5, lr=1.0)
    assert (found.peak, found.step, found.kreiss, found.departure) == (1.0, 0, 1.0, 0.0)
    assert found.pseudoradius(0.1) == pytest.approx(0.6, rel=1e-12)


@pytest.mark.finding("B4")
def test_methods_with_the_same_iterates_have_the_same_transient():
    """Units of a buffer play no part: heavy ball keeps gradients, its twin steps; and all curvatures may be rescaled."""
    ball = transient("heavy_ball", 0.05, lr=0.9, momentum=0.8)
    inside = transient("momentum_rate_inside", 0.05, lr=0.9, momentum=0.8)
    scaled = transient("heavy_ball", 50.0, lr=0.0009, momentum=0.8)
    for other in (inside, scaled):
        assert (other.peak, other.kreiss, other.growth) == pytest.approx(
            (ball.peak, ball.kreiss, ball.growth), rel=1e-9
        )
    plain = transient("heavy_ball", 0.5, lr=0.9, momentum=0.0)
    assert (plain.peak, plain.matrix.shape) == (transient("gradient_descent", 0.5, lr=0.9).peak, (1, 1))


@pytest.mark.parametrize("name", ["heavy_ball", "nesterov", "frozen_adam"])
def test_growth_is_the_largest_error_of_a_run(name):
    for lam in (0.05, 1.0):
        found = transient(name, lam, **settings(name))
        run = np.abs(residuals(name, 600, [lam], **settings(name))[:, 0])
        assert (found.growth, found.growth_step) == (pytest.approx(run.max(), rel=1e-11), int(run.argmax()))


def test_departure_from_normality_is_henricis():
    found = transient("heavy_ball", 0.4, lr=1.0, momentum=0.5)
    schur = np.linalg.norm(found.matrix) ** 2 - (np.abs(np.linalg.eigvals(found.matrix)) ** 2).sum()
    assert found.departure == pytest.approx(schur**0.5, rel=1e-12)


def test_growth_without_bound_is_infinite():
    assert transient("gradient_descent", 1.0, lr=3.0).peak == inf
    assert transient("heavy_ball", 1.0, lr=4.0, momentum=1.0).peak == inf  # a double eigenvalue on the circle
    assert transient("heavy_ball", 1.0, lr=1.0, momentum=1.0).peak < inf  # two different ones
    assert transient("heavy_ball", 0.0, lr=1.0, momentum=0.5).peak == pytest.approx(
        powers(np.array([[1.5, -0.5], [1.0, 0.0]]), 200).max(), rel=1e-9
    )


def test_heavy_balls_peak_grows_like_the_root_of_kappa():
    found = transient_growth("heavy_ball", [1e3, 1e4, 1e5, 1e6])
    assert found.slope == pytest.approx(0.5, abs=0.03)
    straight = np.polyval(np.polyfit(np.log(found.kappas), np.log(found.peaks), 1), np.log(found.kappas))
    assert np.abs(straight - np.log(found.peaks)).max() < 0.05
    assert transient_growth("gradient_descent", [10.0, 1e3, 1e5]).slope == pytest.approx(0.0, abs=1e-12)


def test_a_scaled_matrix_is_told_apart():
    """The mutation: one entry of the matrix scaled by 1.05 has another peak and another constant."""
    found = transient("heavy_ball", 0.05, **optimum("heavy_ball").at(mu=0.05, L=1.0).hyper)
    wrong = found.matrix.copy()
    wrong[0, 1] *= 1.05
    assert powers(wrong, 400).max() != pytest.approx(found.peak, rel=1e-4)
    assert brute_kreiss(wrong) != pytest.approx(found.kreiss, rel=1e-4)


def test_bad_input():
    with pytest.raises(BadData, match="curvature"):
        transient("gradient_descent", -1.0, lr=0.1)
    for problem in (([[1.0], [2.0]], [1.0, 2.0]), [1.0, 2.0]):
        with pytest.raises(BadData, match="one finite number, 0 or more, as one of a problem's"):
            transient("gradient_descent", problem, lr=0.1)
    with pytest.raises(BadHyperparameter, match="epsilon"):
        transient("gradient_descent", 1.0, lr=0.1).pseudoradius(0)
    with pytest.raises(BadHyperparameter, match="kappas"):
        transient_growth("gradient_descent", [0.5])


@pytest.mark.parametrize("kappa", [1e8, 1e10, 1e12])
def test_the_peak_at_critical_damping_is_the_root_of_kappa_over_e(kappa):
    """With a double root r the powers are of size 2krᵏ: √κ/e at step √κ/2. It splits by √ε, which the powers see √κ times."""
    best = optimum("heavy_ball").at(mu=1, L=kappa).hyper
    for curvature in (1.0, kappa):
        peak = transient("heavy_ball", curvature, **best).peak
        assert peak == pytest.approx(kappa**0.5 / e, rel=4 * (np.finfo(float).eps * kappa) ** 0.5 + 4 / kappa**0.5)


@pytest.mark.parametrize("name", ["gradient_descent", "heavy_ball", "nesterov", "triple_momentum"])
def test_the_peak_of_a_stable_method_is_certain(name):
    """A power falls below 1, and none after it exceeds those before it."""
    assert transient(name, 10.0, **optimum(name).at(mu=1, L=10).hyper).certain


def test_a_run_that_overflows_while_its_clock_runs_has_grown_without_bound():
    """Adam's limit hardly strays, but its first steps are up to 1/(1 − β) times as long."""
    seen = transient("frozen_adam", 2e6, lr=0.007, momentum=0.9999)
    assert (seen.growth, 0 < seen.growth_step < 200, seen.peak < 2) == (float("inf"), True, True)
