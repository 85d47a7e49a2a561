"""The spectral radius on arrays is that of NumPy's eigenvalues of the matrix written by hand, in any shape."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from hand_matrices import MATRICES
from tolerances import EPS, spectral
from user_rules import USERS, linear_rule, random_rule

import convergence as cv
from convergence import METHODS, BadHyperparameter, method, spectral_radius

BALL = METHODS["heavy_ball"]
CLEAR = 1e-10
DEFECTIVE = 40 * np.sqrt(EPS)


def by_numpy(matrix, lam, **hyper):
    return np.abs(np.linalg.eigvals(matrix(lam, **hyper))).max()


def near_double(matrix, lam, **hyper):
    roots = np.linalg.eigvals(matrix(lam, **hyper))
    gaps = np.abs(roots[:, None] - roots) + 9 * np.eye(len(roots))
    return gaps.min() < 1e-3


CASES = {
    **{METHODS[name]: matrix for name, matrix in MATRICES.items()},
    **{m: matrix for m, (matrix, _) in USERS.items()},
}


@pytest.mark.parametrize(("method", "matrix"), CASES.items(), ids=lambda part: getattr(part, "name", ""))
def test_random_points(method, matrix):
    rng = np.random.default_rng(21)
    count = 300
    lam = 10 ** rng.uniform(-3, 3, count)
    columns = {n: rng.uniform(-0.5, 1.4, count) for n in method.hyper} | {"lr": 10 ** rng.uniform(-2, 0.7, count) / lam}
    columns |= {"kappa": rng.uniform(2, 20, count)} if "kappa" in method.hyper else {}
    found = spectral_radius(method, lam, **columns)
    for place in range(count):
        hyper = {n: v[place] for n, v in columns.items()}
        true = by_numpy(matrix, lam[place], **hyper)
        scale = np.abs(matrix(lam[place], **hyper)).max() if near_double(matrix, lam[place], **hyper) else 1
        allowed = (
            DEFECTIVE * max(1, scale)
            if scale != 1 or near_double(matrix, lam[place], **hyper)
            else CLEAR * max(1, true)
        )
        assert abs(found[place] - true) <= allowed, (place, hyper)


@pytest.mark.parametrize("seed", range(4))
def test_random_rules_of_three_and_four_states(seed):
    rng = np.random.default_rng(seed)
    method, matrix = random_rule(rng, 2 + seed % 2)
    lam, lr = 10 ** rng.uniform(-2, 2, 200), 10 ** rng.uniform(-2, 1, 200)
    true = np.array([by_numpy(matrix, a, lr=b) for a, b in zip(lam, lr, strict=True)])
    double = np.array([near_double(matrix, a, lr=b) for a, b in zip(lam, lr, strict=True)])
    found = spectral_radius(method, lam, lr=lr)
    assert (np.abs(found - true) <= np.where(double, DEFECTIVE, CLEAR) * np.maximum(1, true) * 10).all()


def test_at_a_double_eigenvalue_it_is_exact_where_numpy_is_not():
    beta = np.array([0.25, 0.5625, 0.81])
    found = spectral_radius(BALL, 1.0, lr=(1 - np.sqrt(beta)) ** 2, momentum=beta)
    assert np.allclose(found, np.sqrt(beta), atol=DEFECTIVE)


@pytest.mark.parametrize(("method", "matrix"), CASES.items(), ids=lambda part: getattr(part, "name", ""))
def test_over_a_spectrum_is_the_largest_over_all_members(method, matrix):
    rng = np.random.default_rng(22)
    spectra, hyper = 10 ** rng.uniform(-1, 1, (30, 5)), dict.fromkeys(method.hyper, 0.6) | {"lr": 0.11}
    hyper |= {"kappa": 6.0} if "kappa" in method.hyper else {}
    found = spectral_radius(method, spectra, over="spectrum", **hyper)
    true = [max(by_numpy(matrix, lam, **hyper) for lam in row) for row in spectra]
    assert np.allclose(found, true, atol=DEFECTIVE)
    assert np.array_equal(found, spectral_radius(method, spectra, **hyper).max(axis=-1)) or np.allclose(
        found, spectral_radius(method, spectra, **hyper).max(axis=-1), rtol=1e-14
    )


def test_of_three_states_the_worst_curvature_may_lie_inside():
    """Stable at both ends of [1, 10], and not between: ends suffice for two states only."""
    rule, matrix = linear_rule([[0.5, -0.6], [0.8, 0.6]], [0.1, -0.2], [-0.9, -0.5], [-0.3, -0.5])
    lam = np.linspace(1, 10, 91)
    true = max(by_numpy(matrix, value, lr=0.2) for value in lam)
    assert spectral_radius(rule, lam, over="spectrum", lr=0.2) == pytest.approx(true, abs=DEFECTIVE)
    assert spectral_radius(rule, [1.0, 10.0], over="spectrum", lr=0.2) < 0.95 < 1 < true


@method
def bent(f, x, *, lr):
    """The matrix is 4a(1−a) at a = ηλ: largest in the middle of (0, 1) and zero at both ends."""
    g = f.grad(x)
    return x - f.solve(g) + 4 * lr * (g - lr * (f.grad(x + g) - g))


def test_a_radius_whose_worst_member_lies_inside():
    lam = np.array([0.1, 0.3, 0.55, 0.8, 0.95])
    assert spectral_radius(bent, lam, over="spectrum", lr=1.0) == pytest.approx(4 * 0.55 * 0.45, rel=spectral(1.0))
    assert np.allclose(spectral_radius(bent, lam, lr=1.0), 4 * lam * (1 - lam), rtol=spectral(1.0))


@pytest.mark.parametrize(
    ("curvature", "lr", "momentum", "shape"),
    [
        (1.0, 1.0, 0.5, ()),
        (np.ones(0), 1.0, 0.5, (0,)),
        (np.ones((0, 3)), 1.0, 0.5, (0, 3)),
        (np.ones(3), np.ones((4, 1)), 0.5, (4, 3)),
        (np.ones((5, 1, 1)), np.ones((4, 1)), np.ones(3) / 2, (5, 4, 3)),
        (1, np.ones(2, dtype=int), 0, (2,)),
    ],
)
def test_shapes(curvature, lr, momentum, shape):
    found = spectral_radius(BALL, curvature, lr=lr, momentum=momentum)
    assert np.shape(found) == shape
    assert np.asarray(found).dtype == float


@pytest.mark.parametrize(
    ("curvature", "lr", "momentum", "shape"),
    [
        ([1.0, 2.0], 1.0, 0.5, ()),
        (np.ones((4, 1, 7)), np.ones(3), np.ones((5, 1, 1)) / 2, (5, 4, 3)),
        (np.ones(3), np.ones((0, 4)), np.ones(4), (0, 4)),
        (np.ones((0, 3)), 1.0, 0.5, (0,)),
    ],
)
def test_shapes_over_a_spectrum(curvature, lr, momentum, shape):
    assert np.shape(spectral_radius(BALL, curvature, over="spectrum", lr=lr, momentum=momentum)) == shape


def test_large_grids_are_the_same_as_point_by_point():
    lr, momentum = np.linspace(0.01, 4, 301), np.linspace(0, 0.99, 299)
    grid = spectral_radius(BALL, [0.3, 1.0], over="spectrum", lr=lr, momentum=momentum[:, None])
    for i, j in ((0, 0), (17, 250), (298, 300), (150, 3)):
        assert grid[i, j] == spectral_radius(BALL, [0.3, 1.0], over="spectrum", lr=lr[j], momentum=momentum[i])


def test_overflow_is_infinite_and_silent():
    assert np.isinf(spectral_radius(BALL, 1e300, lr=1e300, momentum=0.5))
    assert np.isinf(spectral_radius(BALL, np.array([1e300, 1.0]), lr=1e300, momentum=0.5)[0])


def test_refusals():
    with pytest.raises(BadHyperparameter):
        spectral_radius(BALL, np.nan, lr=1.0, momentum=0.5)
    with pytest.raises(BadHyperparameter):
        spectral_radius(BALL, 1.0, over="spectrum", lr=1.0, momentum=0.5)
    with pytest.raises(BadHyperparameter):
        spectral_radius(BALL, 1.0, lr=1.0)


@pytest.mark.parametrize("name", list(cv.methods.LINEAR))
def test_the_formula_of_the_rate_is_the_radius_on_arrays(name):
    """The piecewise formula and the arrays' closed form are two ways to the same number."""
    method, rng = cv.METHODS[name], np.random.default_rng(5)
    symbols = cv.derive(name).symbols
    for _ in range(2):
        hyper = {key: round(float(rng.uniform(0.05, 0.95)), 3) for key in method.hyper}
        curvature = round(float(rng.uniform(0.1, 5)), 3)
        formula = float(cv.rate(name, **hyper).subs(symbols["curvature"], sp.Rational(str(curvature))))
        assert abs(formula - cv.spectral_radius(name, curvature, **hyper)) < 1e-7


def test_a_radius_that_rounding_could_put_on_either_side_of_one_is_decided():
    """Heavy ball at its edge, 2(1 + β)/λ, has the eigenvalues −1 and −β; QHM at κ = 8e10 is stable, and 1 + 4e-12 in floats."""
    lr = np.array([np.nextafter(2, 0), 2, np.nextafter(2, 3)])
    below, edge, above = (cv.spectral_radius("heavy_ball", 1.7, lr=rate, momentum=0.7) for rate in lr)
    assert below < edge == 1 < above
    best = cv.optimum("qhm").at(mu=1, L=8e10).hyper
    assert 0.99999 < cv.spectral_radius("qhm", [1.0, 8e10], over="spectrum", **best) < 1


def test_roots_that_all_meet_at_one_are_found():
    """Five states that stand still at a learning rate of 0: the radius is 1, and no search for roots ends without them."""

    @method
    def chain(f, x, a, b, c, d, *, lr):
        g = f.grad(x)
        return x - lr * (g + d), a + lr * g, b + lr * a, c + lr * b, d + lr * c

    assert spectral_radius(chain, 2.0, lr=0.0) == 1
    assert 1 < spectral_radius(chain, 2.0, lr=1e-4) < 1.01
