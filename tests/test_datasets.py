"""The problems that ship are the published ones: the notes' stream of random numbers, NIST's certified values."""

from __future__ import annotations

import numpy as np
import pytest
import tolerances as within
from numpy.testing import assert_allclose

from convergence.datasets import gaussian_2d, longley, with_spectrum
from convergence.errors import BadData, BadName

# NIST Statistical Reference Datasets, Longley: certified to 15 digits.
CERTIFIED = [
    -3482258.63459582,
    15.0618722713733,
    -0.0358191792925910,
    -2.02022980381683,
    -1.03322686717359,
    -0.0511041056535807,
    1829.15146461355,
]
CERTIFIED_RESIDUAL = 836424.055505915


def test_gaussian_is_the_notes_data_bit_for_bit():
    np.random.seed(0)  # noqa: NPY002 - the stream that the notes use
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    problem = gaussian_2d()
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002
    X = np.random.normal([-3, 0], [3, 1], [500, 2])  # noqa: NPY002
    assert (problem.X == X).all()
    assert (problem.y == (X[:, 1] > 0)).all()


def test_gradient_descent_ends_where_the_notes_do():
    problem, w = gaussian_2d(), np.zeros(2)
    for _ in range(100):
        w = w - 1e-4 * problem.grad(w)
    assert round(float(problem.loss(w)), 7) == 102.7517109


def test_longley_has_its_certified_coefficients():
    problem = longley()
    assert problem.columns == ("intercept", "deflator", "gnp", "unemployed", "armed_forces", "population", "year")
    digits = within.inverse(np.sqrt(problem.kappa), 1)  # κ(X) = 5e9 leaves eight digits that no method can lose
    assert_allclose(problem.minimizer, CERTIFIED, rtol=digits)
    assert_allclose(problem.minimum, CERTIFIED_RESIDUAL, rtol=digits)


def test_substitution_does_not_notice_badly_scaled_columns():
    """Householder QR is indifferent to the units of the columns, so κ of the equilibrated matrix is what counts."""
    X, _ = longley()
    equilibrated = np.linalg.cond(X / np.linalg.norm(X, axis=0))
    assert_allclose(longley().minimizer, CERTIFIED, rtol=within.inverse(equilibrated, 1))
    assert equilibrated < 1e-4 * np.linalg.cond(X)


def test_standardising_longley_changes_the_conditioning_and_not_the_fit():
    raw, standard = longley(), longley(standardize=True)
    assert_allclose(standard.minimum, raw.minimum, rtol=within.inverse(np.sqrt(standard.kappa), 16))
    assert raw.kappa > 1e19
    assert 1e4 < standard.kappa < 2e4
    assert "2.08×10¹¹ → 12 200" in standard.preparation[0]


@pytest.mark.parametrize(
    ("curvatures", "rows"),
    [
        ([1.0], 1),
        ([5.0, 0.05], 2),
        ([1.0, 1.0, 1.0], 30),
        ([1e12, 3.0, 1.0], 7),
        ([0.0, 4.0, 0.0], 1),
        ([0.0, 4.0, 9.0, 0.0], 100),
        (np.geomspace(1e-6, 1.0, 12), 12),
    ],
)
@pytest.mark.parametrize("loss", ["sum", "half_mean"])
def test_a_spectrum_asked_for_is_the_spectrum_made(curvatures, rows, loss):
    problem = with_spectrum(curvatures, rows, 3, loss)
    wanted = np.sort(curvatures)[::-1]
    assert_allclose(problem.curvatures, wanted, rtol=within.spectrum_made(wanted.max() / wanted[wanted > 0].min()))
    assert problem.X.shape == (rows, len(wanted))


def test_one_seed_gives_one_problem():
    first, same, other = (with_spectrum([2, 1], 4, rng) for rng in (None, np.random.default_rng(0), 1))
    assert (first.X == same.X).all()
    assert (first.y == same.y).all()
    assert not np.allclose(first.X, other.X)


def test_noise_is_what_cannot_be_fitted():
    assert with_spectrum([2, 1], 50).minimum < within.EPS
    assert_allclose(with_spectrum([2, 1], 5000, noise=0.1).minimum, 0.01 * 4998, rtol=5 * np.sqrt(2 / 4998))


@pytest.mark.parametrize(
    ("curvatures", "rows", "rng", "message"),
    [
        ([1, -1], 5, None, "not negative"),
        ([1, float("nan")], 5, None, "finite"),
        ([0, 0], 5, None, "not all zero"),
        ([], 5, None, "not all zero"),
        ([[1]], 5, None, "finite"),
        (["a"], 5, None, "numbers"),
        ([1, 2, 0], 1, None, "need 2 rows at least, got 1"),
        ([1, 1e-40], 5, None, "would have rank 1"),
        ([1], 5, -1, "rng must be"),
        ([1], 5, "a", "rng must be"),
    ],
)
def test_an_impossible_spectrum_is_refused(curvatures, rows, rng, message):
    with pytest.raises(BadData, match=message):
        with_spectrum(curvatures, rows, rng)


def test_an_impossible_cloud_is_refused():
    with pytest.raises(BadData, match="at least 1"):
        gaussian_2d(0)
    with pytest.raises(BadData, match="seed"):
        gaussian_2d(seed=-1)
    with pytest.raises(BadName, match="known"):
        gaussian_2d(loss="total")
