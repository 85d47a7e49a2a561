"""Eigenvalues are recovered from iterates alone: negative, complex, repeated and growing ones."""

import numpy as np
import pytest
from usual_settings import usual

import convergence as cv
from convergence.numerics.matrices import run_down

LENGTH = 120


def signal(roots, weights):
    """e_k = Σ w z^k, or k·z^k for a repeated root."""
    k = np.arange(LENGTH)
    parts = [w * k**p * np.asarray(z, complex) ** k for (z, p), w in zip(roots, weights, strict=True)]
    return np.sum(parts, axis=0).real


CASES = {
    "real": ([(0.9, 0), (0.4, 0)], [1, -2], [0.9, 0.4]),
    "negative": ([(-0.95, 0), (0.3, 0)], [1, 1], [-0.95, 0.3]),
    "complex": ([(0.6 + 0.5j, 0), (0.6 - 0.5j, 0)], [1 + 1j, 1 - 1j], [0.6 + 0.5j, 0.6 - 0.5j]),
    "growing": ([(-1.1, 0), (0.5, 0)], [1, 1], [-1.1, 0.5]),
    "three": ([(0.9, 0), (-0.7, 0), (0.2, 0)], [1, 1, 1], [0.9, -0.7, 0.2]),
}


@pytest.mark.parametrize("case", CASES)
def test_roots_of_a_recurrence_are_recovered(case):
    roots, weights, expected = CASES[case]
    found = cv.identify(signal(roots, weights)[:, None])
    assert len(found[0]) == len(expected)
    distance = np.abs(np.array(expected)[:, None] - found[0]).min(axis=1)
    assert distance.max() <= found.error.max() * 4 + 1e-12
    assert distance.max() < 1e-8


def test_a_repeated_root_is_recovered_to_the_root_of_rounding():
    found = cv.identify(signal([(0.7, 0), (0.7, 1)], [1, 1])[:, None])
    assert np.abs(found[0] - 0.7).max() < 1e-5
    assert np.abs(found[0] - 0.7).max() <= 16 * found.error.max()


def test_what_shows_nothing_is_nan():
    errors = np.stack([0.9 ** np.arange(LENGTH), np.zeros(LENGTH)], axis=1)
    found = cv.identify(errors)
    assert np.isnan(found[1]).all()
    assert abs(found[0, 0] - 0.9) < 1e-12


def test_noise_has_no_recurrence():
    assert np.isnan(cv.identify(np.random.default_rng(0).normal(size=(LENGTH, 1))).eigenvalues).all()


@pytest.mark.parametrize("name", list(cv.methods.LINEAR))
@pytest.mark.parametrize("share", [0.3, 0.97, 1.05])
def test_runs_show_the_eigenvalues_of_their_matrix(name, share):
    problem = cv.datasets.with_spectrum([5.0, 2.0, 0.5], 12, rng=1)
    method = cv.METHODS[name]
    hyper = usual(method, momentum=0.6)
    lr = share * cv.stability(name).largest_lr(5.0, **hyper)
    found = cv.identify(cv.simulate(problem, run_down(method), 150, start=np.ones(3), lr=lr, **hyper))
    symbols = cv.derive(name).symbols
    for curvature, seen, doubt in zip(problem.curvatures, found, found.error, strict=True):
        point = {symbols["curvature"]: curvature, symbols["lr"]: lr} | {symbols[k]: v for k, v in hyper.items()}
        derived = np.roots([float(c.subs(point)) for c in cv.derive(name).characteristic.all_coeffs()])
        seen, doubt = seen[~np.isnan(seen)], doubt[~np.isnan(doubt)]
        assert len(seen)
        assert np.abs(seen[:, None] - derived).min(axis=1).max() <= 16 * doubt.max() + 1e-10


@pytest.mark.parametrize("name", ["chebyshev", "frozen_adam", "frozen_nadam"])
def test_while_a_clock_runs_a_run_shows_no_eigenvalues_of_its_limit_and_afterwards_it_does(name):
    """A recurrence whose coefficients change has no fixed roots; from step 60 on 0.5ᵏ is below rounding."""
    problem, hyper = cv.datasets.with_spectrum([1.0], 4, rng=1), {"lr": 0.2, "momentum": 0.5}
    error = cv.simulate(problem, name, 100, start=[3.0], **hyper).error
    trace, limit = cv.derive(name).symbols, cv.derive(name).characteristic
    point = {trace["curvature"]: 1, trace["lr"]: 0.2, trace["momentum"]: 0.5}
    derived = np.roots([float(c.subs(point)) for c in limit.all_coeffs()])

    def apart(seen):
        return np.abs(seen[~np.isnan(seen)][:, None] - derived).min(axis=1, initial=np.inf).max(initial=0.0)

    early, late = cv.identify(error[:12], order=2), cv.identify(error[60:] / np.abs(error[60]), order=2)
    assert np.isnan(early[0]).all() or apart(early[0]) > 1e-3
    assert len(late[0][~np.isnan(late[0])])
    assert apart(late[0]) <= 16 * late.error[0].max() + 1e-10


def test_as_many_eigenvalues_as_rows_are_refused():
    """One less is the most that a recurrence through these rows can have."""
    errors = 0.5 ** np.arange(5.0)[:, None]
    assert np.nanmax(cv.identify(errors, order=4).eigenvalues.real) == pytest.approx(0.5)
    with pytest.raises(cv.BadData, match="below the rows"):
        cv.identify(errors, order=5)


def test_bad_input_is_refused():
    with pytest.raises(cv.BadData, match="steps\\+1, d"):
        cv.identify(np.ones(5))
