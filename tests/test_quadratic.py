"""Every function that takes a problem takes data, (X, y), a list of curvatures or a density, and means the same quadratic."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import convergence as cv
from convergence.problem import Diagonal, as_quadratic
from tests import tolerances as within

CURVATURES = [3.0, 10.0, 0.0, 1.0]
SETTING = {"lr": 0.1, "momentum": 0.5}


@pytest.fixture(scope="module")
def data():
    """The same quadratic as least squares, in the coordinates of the list."""
    sigma = np.sqrt(CURVATURES)
    return cv.LeastSquares(np.diag(sigma), sigma, "half")


def test_a_list_is_the_diagonal_problem_with_its_minimiser_at_ones(data):
    problem = as_quadratic(CURVATURES)
    w = np.random.default_rng(0).standard_normal((5, 4))
    assert problem.curvatures.tolist() == [10, 3, 1, 0]
    assert (problem.mu, problem.L, problem.kappa, problem.rank) == (1, 10, 10, 3)
    assert problem.minimizer.tolist() == [1, 1, 0, 1]
    close = {"rtol": 64 * within.EPS, "atol": 64 * within.EPS}
    for name in ("loss", "grad", "solve", "reachable"):
        assert_allclose(getattr(problem, name)(w), getattr(data, name)(w), **close)
    assert_allclose(problem.hessian, data.hessian, **close)
    assert problem.named_directions[0].name == "direction 1 (λ = 10)"
    for flat in (problem, data):
        assert_allclose(flat.weights, [1 / 3, 1 / 3, 1 / 3, 0])


def test_runs_and_predictions_take_any_of_them(data):
    for run in (cv.simulate, cv.predict):
        by_list, by_data = (run(p, "heavy_ball", 20, **SETTING) for p in (CURVATURES, data))
        by_pair = run((data.X, data.y / 2), "heavy_ball", 20, lr=0.05, momentum=0.5)
        assert_allclose(by_list.x, by_data.x, atol=within.identity(20, 1.0))
        assert_allclose(by_list.x, 2 * by_pair.x, atol=within.identity(20, 1.0))  # the scaling "sum" has twice the curvatures


@pytest.mark.parametrize("problem", [[10.0, 1.0, 3.0], cv.MarchenkoPastur(0.3), (np.diag([3.0, 1.0]), [1.0, 2.0])])
def test_checks_and_averages_take_any_of_them(problem):
    assert cv.verify(problem, "gradient_descent")
    assert 0 < cv.average_case("gradient_descent", 5, problem, lr=0.05).loss < 1


def test_diagnosis_takes_any_of_them():
    pair = (np.diag([10.0**0.5, 1.0]), [1.0, 2.0])
    settings = {"method": "heavy_ball", "lr": 0.05, "momentum": 0.5}
    by_list, by_pair = cv.diagnose([20.0, 2.0], **settings), cv.diagnose(pair, **settings)
    assert bool(by_list) is bool(by_pair) is True
    assert cv.diagnose(cv.MarchenkoPastur(0.3), **settings)
    with pytest.raises(cv.BadData, match="data need a target"):
        cv.diagnose(pair[0], **settings)


def test_a_density_is_a_sample_of_its_quantiles_with_both_ends():
    """Mean and variance of the sample are those of the density, to the second order of the trapezoidal rule."""
    density = cv.MarchenkoPastur(ratio=0.25, scale=2.0)
    problem = as_quadratic(density)
    assert (problem.mu, problem.L) == pytest.approx(density.interval)
    assert problem.weights @ problem.curvatures == pytest.approx(2.0, rel=1e-3)
    assert problem.weights @ problem.curvatures**2 == pytest.approx(4 * 1.25, rel=1e-2)
    assert as_quadratic(cv.PowerLaw(-0.5, 4.0)).L == 4.0


def test_a_square_random_matrix_has_the_quantiles_of_the_quarter_circle():
    """For r = 1 the singular values s = √λ/2 have the share (2/π)(arcsin s + s√(1 − s²)) below them."""
    shares = np.array([1e-4, 1e-3, 0.02, 0.3, 0.9, 1.0])
    s = np.sqrt(cv.MarchenkoPastur(1.0, scale=3.0).quantile(shares) / 3) / 2
    assert_allclose(2 / np.pi * (np.arcsin(s) + s * np.sqrt(1 - s**2)), shares, atol=1e-6)


def test_weights_count_in_averages():
    twice = cv.average_case("gradient_descent", 3, [1.0, 1.0, 4.0], lr=0.2)
    assert cv.average_case("gradient_descent", 3, Diagonal([1.0, 4.0], weights=[2, 1]), lr=0.2).loss == pytest.approx(
        twice.loss
    )


@pytest.mark.parametrize("problem", [None, "ab", [], [np.nan], [-1, 2], [0, 0], [10**400], np.eye(2), {1: 2}, ([1], 2)])
def test_what_is_no_problem_is_bad_data(problem):
    for function in (
        lambda: cv.simulate(problem, "gradient_descent", 3, lr=0.1),
        lambda: cv.verify(problem, "gradient_descent"),
    ):
        with pytest.raises(cv.BadData, match=r"a problem is a|finite numbers"):
            function()
