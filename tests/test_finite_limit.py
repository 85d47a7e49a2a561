"""Chebyshev's limit, what attains it, and the Krylov bound, with conjugate gradients as the witness."""

from __future__ import annotations

from fractions import Fraction
from math import acosh, cosh

import mpmath
import numpy as np
import pytest
import sympy as sp
from tolerances import identity

from convergence import (
    METHODS,
    BadData,
    BadName,
    chebyshev_recurrence,
    chebyshev_steps,
    fraction_of_limit,
    krylov_bound,
    lower_bound,
    optimum,
    product_peaks,
    residuals,
    worst_case,
)
from convergence.methods import LINEAR
from convergence.numerics.semi_iteration import stable_permutation

EPS = float(np.finfo(float).eps)
ORDERS = ["ascending", "descending", "stable"]


def grown(k, kappa):
    """Each of k factors rounds relatively, and near a root of the polynomial the root's own rounding counts k²√κ times."""
    return 64 * EPS * k**2 * np.sqrt(kappa)


@pytest.mark.parametrize("k", [0, 1, 2, 5, 12])
def test_the_bound_is_one_over_chebyshevs_polynomial(k):
    exact = 1 / sp.chebyshevt(k, sp.Rational(11, 9))
    assert lower_bound(k, mu=1, L=10) == pytest.approx(float(exact), rel=identity(k + 1, 1.0))


def test_the_bound_far_out():
    assert lower_bound(10**6, mu=1.0, L=1e12) == pytest.approx(1 / cosh(2.0), rel=1e-9)
    assert lower_bound(10**9, mu=1.0, L=2.0) == 0
    assert (lower_bound(0, mu=1, L=1), lower_bound(3, mu=1, L=1)) == (1.0, 0.0)
    assert lower_bound(1, mu=1.0, L=1 + 2**-40) == pytest.approx(2**-41, rel=1e-11)
    assert lower_bound(7, mu=Fraction(1, 3), L=3) == pytest.approx(1 / cosh(7 * acosh(10 / 8)), rel=identity(7, 1.0))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("k", [1, 2, 7, 16, 24, 100])
def test_its_roots_attain_the_limit_in_any_order(k, order):
    rates = chebyshev_steps(k, mu=0.01, L=1.0, order=order)
    found = worst_case("gradient_descent", k, mu=0.01, L=1.0, lr=rates)
    assert found.value == pytest.approx(lower_bound(k, mu=0.01, L=1.0), rel=grown(k, 100.0))
    assert sorted(rates) == pytest.approx(sorted(chebyshev_steps(k, mu=0.01, L=1.0, order="ascending")), rel=4 * EPS)


def test_a_run_is_chebyshevs_polynomial_everywhere():
    lam, k = np.linspace(0.01, 1.0, 400), 12
    run = residuals("gradient_descent", k, lam, lr=chebyshev_steps(k, mu=0.01, L=1.0))[k]
    series = np.polynomial.chebyshev.Chebyshev.basis(k)
    assert run == pytest.approx(series((1.01 - 2 * lam) / 0.99) / series(1.01 / 0.99), abs=grown(k, 100.0))


def test_no_schedule_of_gradient_descent_is_better():
    """Any change of the learning rates makes the worst case worse: the mutation, and the theorem."""
    rng, best = np.random.default_rng(3), lower_bound(6, mu=0.1, L=1.0)
    for _ in range(40):
        rates = chebyshev_steps(6, mu=0.1, L=1.0) * (1 + 0.02 * rng.normal(size=6))
        assert worst_case("gradient_descent", 6, mu=0.1, L=1.0, lr=rates).value > best * (1 + 1e-6)


@pytest.mark.parametrize("k", [1, 2, 9, 60])
def test_two_terms_are_optimal_after_every_step(k):
    both = chebyshev_recurrence(60, mu=0.02, L=1.0)
    found = worst_case("momentum_rate_inside", k, mu=0.02, L=1.0, lr=both.lr, momentum=both.momentum)
    assert found.value == pytest.approx(lower_bound(k, mu=0.02, L=1.0), rel=grown(k, 50.0))


def test_the_catalogues_semi_iteration_reaches_all_of_the_limit():
    tuned = optimum("chebyshev").at(mu=0.01, L=1.0).hyper
    found = fraction_of_limit("chebyshev", 50, mu=0.01, L=1.0, **tuned)
    assert found.at_k == pytest.approx(1.0, abs=1e-10)
    assert found.asymptotic == pytest.approx(1.0, abs=1e-6)


def test_the_first_permutations_of_lebedev_and_finogenov():
    assert list(2 * stable_permutation(8) + 1) == [1, 15, 7, 9, 3, 13, 5, 11]
    assert list(2 * stable_permutation(16) + 1) == [1, 31, 15, 17, 7, 25, 9, 23, 3, 29, 13, 19, 5, 27, 11, 21]


@pytest.mark.parametrize("count", [5, 9, 17, 23, 31])
def test_of_mirror_images_the_first_is_taken_whatever_rounds(count):
    """With fifty digits, as with sixteen: an odd number of roots in Leja's order, where x and −x are as far from the others."""
    with mpmath.workdps(50):
        points, order = [mpmath.cos((k + mpmath.mpf(1) / 2) * mpmath.pi / count) for k in range(count)], []
        for _ in points:
            sizes = [abs((abs(x) + 2) * mpmath.fprod(x - points[k] for k in order)) for x in points]
            order.append(next(k for k, size in enumerate(sizes) if mpmath.almosteq(size, max(sizes), 1e-40)))
    assert list(stable_permutation(count)) == order


@pytest.mark.parametrize("count", [0, 1, 2, 3, 12, 31, 37, 96, 1000])
def test_every_count_has_a_permutation(count):
    assert sorted(stable_permutation(count)) == list(range(count))


@pytest.mark.parametrize("k", [32, 48, 37])
def test_only_the_stable_order_has_small_peaks_both_ways(k):
    up, down, stable = (product_peaks(k, mu=0.01, L=1.0, order=order) for order in ORDERS)
    assert up.partial == 1.0
    assert up.remaining > 1e10
    assert down.partial == pytest.approx(up.remaining, rel=1e-9)
    assert max(stable.partial, stable.remaining) <= 100  # of the size of κ


@pytest.mark.parametrize("order", ORDERS)
def test_peaks_are_those_of_partial_products(order):
    lam, rates = np.linspace(0.02, 1.0, 4001), chebyshev_steps(10, mu=0.02, L=1.0, order=order)
    partial = np.abs(np.cumprod(1 - rates[:, None] * lam, axis=0)).max()
    remaining = np.abs(np.cumprod(1 - rates[::-1, None] * lam, axis=0)).max()
    found = product_peaks(10, mu=0.02, L=1.0, order=order)
    assert (found.partial, found.remaining) == pytest.approx((max(1.0, partial), max(1.0, remaining)), rel=1e-5)


def test_rounding_is_what_the_ascending_order_magnifies():
    """A real run in floats: the ascending order loses the error it should reach, the stable one does not."""
    rng = np.random.default_rng(1)
    basis, _ = np.linalg.qr(rng.normal(size=(40, 40)))
    hessian = basis @ np.diag(np.geomspace(1e-3, 1, 40)) @ basis.T
    wanted, reached = lower_bound(256, mu=1e-3, L=1.0), {}
    for order in ("ascending", "stable"):
        x = rng.normal(size=40)
        first = np.linalg.norm(x)
        for rate in chebyshev_steps(256, mu=1e-3, L=1.0, order=order):
            x = x - rate * (hessian @ x)
        reached[order] = np.linalg.norm(x) / first
    assert reached["stable"] < 2 * wanted
    assert reached["ascending"] > 1e3 * wanted


@pytest.mark.parametrize("name", [n for n in LINEAR if "decay" not in n and n != "newton"])
def test_no_first_order_method_passes_the_limit(name):
    settings = {"lr": 1.2, "momentum": 0.5, "gamma": 0.1, "nu": 0.8, "contraction": 0.85, "kappa": 30.0}
    hyper = {n: settings[n] for n in METHODS[name].hyper if n in settings}
    for k in (1, 4, 15):
        assert worst_case(name, k, mu=0.05, L=1.0, **hyper).value >= lower_bound(k, mu=0.05, L=1.0) * (1 - 1e-12)


def test_fractions_of_gradient_descent_and_heavy_ball():
    found = fraction_of_limit("gradient_descent", 100, mu=1.0, L=1e4, lr=2 / 10001)
    assert found.asymptotic == pytest.approx(np.log(9999 / 10001) / np.log(99 / 101), rel=1e-9)
    ball = fraction_of_limit("heavy_ball", 1000, mu=1.0, L=100.0, **optimum("heavy_ball").at(mu=1.0, L=100.0).hyper)
    assert ball.asymptotic == pytest.approx(1.0, abs=1e-6)
    assert 0.9 < ball.at_k < 1
    assert fraction_of_limit("gradient_descent", 3, mu=2.0, L=2.0, lr=0.5).at_k == 1.0


def conjugate_gradients(spectrum, x, steps):
    """Hestenes and Stiefel's loop; the loss gap ½Σλx² over its first, after each step."""
    r = -spectrum * x
    p, gaps = r, [spectrum @ x**2]
    for _ in range(steps):
        alpha = (r @ r) / (p @ (spectrum * p))
        x, after = x + alpha * p, r - alpha * spectrum * p
        p, r = after + (after @ after) / (r @ r) * p, after
        gaps.append(spectrum @ x**2)
    return np.array(gaps) / gaps[0]


@pytest.mark.parametrize("seed", range(3))
def test_conjugate_gradients_attain_the_krylov_bound_of_the_loss(seed):
    rng = np.random.default_rng(seed)
    spectrum, start = rng.uniform(0.02, 1.0, 40), rng.normal(size=40)
    found = krylov_bound(spectrum, start, 20)
    assert found.history[:, 1] == pytest.approx(conjugate_gradients(spectrum, start, 20), rel=1e-6)


def test_krylov_bounds_by_least_squares():
    """Few steps, where the normal equations in monomials are still good enough."""
    spectrum, start = np.array([0.1, 0.3, 0.7, 1.0, 1.5]), np.array([1.0, -2.0, 0.5, 1.0, 3.0])
    found = krylov_bound(spectrum, start, 3)
    for power, value in ((0, found.error), (0.5, found.loss**0.5), (1, found.gradient)):
        first = start * spectrum**power
        basis = first[:, None] * spectrum[:, None] ** np.arange(1, 4)
        left = first - basis @ np.linalg.lstsq(basis, first, rcond=None)[0]
        assert value == pytest.approx(np.linalg.norm(left) / np.linalg.norm(first), rel=1e-8)


def test_as_many_steps_as_curvatures_suffice():
    found = krylov_bound([1.0, 1.0, 2.0, 0.0], [1.0, 5.0, -1.0, 7.0], 4)
    assert list(found.history[2:].ravel()) == [0.0] * 9
    assert found.history[1, 0] > 0.1


def test_the_krylov_bound_is_below_every_method_and_the_worst_case_is_above():
    spectrum, start = np.geomspace(0.01, 1.0, 30), np.ones(30)
    bound = krylov_bound(spectrum, start, 10)
    tuned = optimum("heavy_ball").at(mu=0.01, L=1.0).hyper
    run = residuals("heavy_ball", 10, spectrum, **tuned)[10]
    assert bound.error <= np.linalg.norm(run) / np.linalg.norm(start)
    assert bound.error <= lower_bound(10, mu=0.01, L=1.0)


def test_bad_input():
    with pytest.raises(BadName, match="stable"):
        chebyshev_steps(4, mu=1, L=2, order="stabel")
    with pytest.raises(BadData):
        krylov_bound([1.0, 2.0], [1.0], 2)
    with pytest.raises(BadData):
        lower_bound(1.5, mu=1, L=2)
