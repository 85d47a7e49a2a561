"""The worst case is the largest residual polynomial: against brute force, closed forms and exact arithmetic."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import flint
import numpy as np
import pytest
import sympy as sp
from tolerances import identity, rounded_once
from user_rules import extragradient, polyak_at_rest, two_buffers

from convergence import (
    METHODS,
    BadData,
    BadHyperparameter,
    BadName,
    NotLinear,
    method,
    optimum,
    residual_polynomial,
    residuals,
    worst_case,
)
from convergence.methods import LINEAR as CATALOGUE
from convergence.numerics.maxima import coefficients, enough, largest_modulus, nodes

EPS = float(np.finfo(float).eps)
SETTINGS = {"lr": 1.3, "momentum": 0.6, "gamma": 0.2, "nu": 0.7, "contraction": 0.8, "kappa": 10.0, "dampening": 0.1}
LINEAR = [name for name in CATALOGUE if not name.endswith("decay_decoupled")]
CLOCKS = ["chebyshev", "frozen_adam", "frozen_nadam"]


def settings(m):
    return {name: SETTINGS[name] for name in METHODS[m].hyper if name in SETTINGS}


def rounding(k, size):
    """Each step rounds relative to the largest error so far."""
    return 64 * EPS * (k + 1) * size


@method
def signs(f, x, *, lr):
    return x - lr * np.sign(f.grad(x))


@method
def steepest(f, x, *, lr):
    """Homogeneous in x, but its step couples the directions."""
    g = f.grad(x)
    return x - lr * (g @ g) / (g @ f.grad(g)) * g


@method
def implicit(f, x, *, lr):
    """The proximal step by its Newton form: a rational function of λ."""
    return x / (1 + lr * f.grad(x) / x)


def heavy_ball_by_hand(lam, k, lr, momentum):
    x, v, found = np.ones_like(lam), np.zeros_like(lam), [np.ones_like(lam)]
    for _ in range(k):
        v = momentum * v + lam * x
        x = x - lr * v
        found.append(x)
    return np.array(found)


@pytest.mark.parametrize("k", [0, 1, 2, 7, 40])
@pytest.mark.parametrize("name", LINEAR)
def test_the_worst_case_is_what_a_fine_grid_cannot_exceed(name, k):
    hyper = settings(name)
    case = worst_case(name, k, mu=0.1, L=1.0, **hyper)
    grid = np.abs(residuals(name, k, np.linspace(0.1, 1.0, 20_001), **hyper)[k])
    assert grid.max() <= case.bound * (1 + 8 * EPS)
    assert case.value <= case.bound <= case.value * (1 + 1e-11) + 1e-300
    assert abs(residuals(name, k, [case.curvature], **hyper)[k, 0]) == pytest.approx(case.value, rel=1e-9)


@pytest.mark.parametrize("k", [1, 2, 7, 40, 1000])
def test_of_equal_worst_curvatures_the_smallest_is_named(k):
    """With the best learning rate gradient descent is as slow at μ as at L, and a damped Newton step everywhere."""
    for L in np.random.default_rng(k).uniform(2, 500, 20):
        assert worst_case("gradient_descent", k, mu=1.0, L=L, lr=2 / (1 + L)).curvature == pytest.approx(1)
    assert worst_case("newton", k, mu=1.0, L=10.0, lr=0.25).curvature == pytest.approx(1)


@pytest.mark.parametrize("name", LINEAR)
def test_the_exact_polynomial_is_the_recurrence(name):
    lam = np.array([0.1, 0.35, 0.8])
    poly = residual_polynomial(name, 6, **settings(name))
    exact = [float(poly.eval(sp.Rational(str(value)))) for value in lam]
    assert residuals(name, 6, lam, **settings(name))[6] == pytest.approx(exact, rel=1e-11)
    assert poly.eval(0) == 1 or name == "newton" or "decay" in name
    assert poly.degree() <= 6


@pytest.mark.parametrize("name", [n for n in LINEAR if n not in ("newton", "robust_momentum", *CLOCKS)])
def test_letters_become_the_numbers_put_in(name):
    numbers = {n: sp.Rational(k + 1, 7) for k, n in enumerate(METHODS[name].hyper)}
    letters = {n: sp.Symbol(f"h_{n}") for n in numbers}
    with_letters = residual_polynomial(name, 3, **letters).as_expr().subs({letters[n]: v for n, v in numbers.items()})
    assert sp.expand(with_letters - residual_polynomial(name, 3, **numbers).as_expr()) == 0


@pytest.mark.parametrize("name", ["gradient_descent", "heavy_ball", "chebyshev"])
def test_before_the_first_step_the_polynomial_is_one(name):
    assert residual_polynomial(name, 0).as_expr() == 1


def test_gradient_descent_has_the_power_of_one_factor():
    lam, eta = sp.Symbol("lambda", positive=True), sp.Symbol("eta", positive=True)
    poly = residual_polynomial("gradient_descent", 5)
    assert sp.expand(poly.as_expr() - (1 - eta * lam) ** 5) == 0
    case = worst_case("gradient_descent", 5, mu=1, L=10, lr=Fraction(1, 5), exact=True)
    assert case.exact == 1  # |1 − 10/5|^5
    assert (
        worst_case("gradient_descent", 5, mu=1, L=10, lr=Fraction(1, 10), exact=True).exact == sp.Rational(9, 10) ** 5
    )


@pytest.mark.parametrize(
    ("k", "mu", "momentum"),
    [(6, Fraction(1, 100), Fraction(1, 2)), (5, Fraction(1, 2), Fraction(1, 2)), (8, Fraction(1, 5), Fraction(4, 5))],
)
def test_a_maximum_is_enclosed_exactly(k, mu, momentum):
    """At an end of the interval for the first, inside it for the others."""
    case = worst_case("heavy_ball", k, mu=mu, L=1, lr=2, momentum=momentum, exact=True)
    poly = residual_polynomial("heavy_ball", k, lr=2, momentum=momentum)
    at_ends = max(abs(poly.eval(mu)), abs(poly.eval(1)))
    inside = [r for r in sp.Poly(poly.diff(poly.gen)).nroots(n=40) if r.is_real and mu <= r <= 1]
    known = max(at_ends, *(abs(poly.eval(r)) for r in inside))
    assert (case.exact is None) == (known > at_ends) == (k != 6)
    assert float(case.interval[0]) <= float(known) * (1 + EPS)
    assert float(known) <= float(case.interval[1]) * (1 + EPS)
    assert case.value == pytest.approx(float(known), rel=1e-13)


@pytest.mark.parametrize("k", [3, 11])
def test_measures_are_ratios_of_runs(k):
    """The error and the gradient have one ratio, the loss its square: from runs on the worst curvature, by hand."""
    case = worst_case("heavy_ball", k, mu=0.05, L=1.0, lr=1.7, momentum=0.5)
    x = heavy_ball_by_hand(np.array([case.curvature]), k, 1.7, 0.5)[:, 0]
    assert abs(x[k]) == pytest.approx(case.value, rel=1e-9)
    gradient = worst_case("heavy_ball", k, mu=0.05, L=1.0, measure="gradient", lr=1.7, momentum=0.5)
    loss = worst_case("heavy_ball", k, mu=0.05, L=1.0, measure="loss", lr=1.7, momentum=0.5)
    assert (gradient.value, loss.value) == pytest.approx((case.value, case.value**2), rel=rounded_once())


def test_one_condition_number_is_one_curvature():
    case = worst_case("heavy_ball", 9, mu=2.0, L=2.0, lr=0.3, momentum=0.4)
    by_hand = heavy_ball_by_hand(np.array([2.0]), 9, 0.3, 0.4)[9, 0]
    assert (case.value, case.curvature) == pytest.approx((abs(by_hand), 2.0), rel=identity(9, 1.0))


def test_small_values_keep_their_digits():
    """GD has |1−ημ|^k exactly, far below what a double holds as well."""
    case = worst_case("gradient_descent", 3000, mu=0.5, L=1.0, lr=4 / 3)
    assert case.value == 0 or case.value < 1e-300
    assert case.log10 == pytest.approx(3000 * np.log10(1 / 3), rel=rounding(3000, 1.0))
    small = worst_case("gradient_descent", 600, mu=0.5, L=1.0, lr=4 / 3)
    assert small.value == pytest.approx((1 / 3) ** 600, rel=rounding(600, 1.0))


def test_a_divergent_setting_is_a_result():
    assert worst_case("gradient_descent", 2000, mu=1.0, L=10.0, lr=1.0).value == np.inf
    assert worst_case("gradient_descent", 2000, mu=1.0, L=10.0, lr=1.0).log10 == pytest.approx(2000 * np.log10(9))
    assert worst_case("heavy_ball", 50, mu=1e-12, L=1.0, lr=3.9, momentum=0.99).bound > 0


def test_the_largest_condition_number():
    tuned = optimum("heavy_ball").at(mu=1.0, L=1e12).hyper
    case = worst_case("heavy_ball", 300, mu=1.0, L=1e12, **tuned)
    grid = np.abs(
        heavy_ball_by_hand(np.r_[np.geomspace(1, 1e12, 4000), 1e12 - np.geomspace(1, 1e11, 4000)], 300, **tuned)
    )
    assert case.value >= grid[300].max() * (1 - 1e-6)
    assert case.guaranteed


def test_a_schedule_takes_its_entries_in_turn():
    rates = [0.5, 0.7, 1.1]
    poly = residual_polynomial("gradient_descent", 3, lr=rates)
    lam = poly.gen
    assert sp.expand(poly.as_expr() - (1 - lam / 2) * (1 - 7 * lam / 10) * (1 - 11 * lam / 10)) == 0
    assert residuals("gradient_descent", 3, [0.3], lr=np.array(rates))[:, 0] == pytest.approx(
        np.cumprod([1, 0.85, 0.79, 0.67]), rel=identity(3, 1.0)
    )
    with pytest.raises(BadHyperparameter, match="3 steps"):
        worst_case("gradient_descent", 3, mu=0.1, L=1, lr=rates[:2])


@pytest.mark.parametrize(
    ("rule", "hyper", "degree"), [(extragradient, {"lr": 0.7}, 8), (two_buffers, {"lr": 0.1, "momentum": 0.4}, 4)]
)
def test_users_rules_of_other_degrees(rule, hyper, degree):
    case, lam = worst_case(rule, 4, mu=0.1, L=2.0, **hyper), np.linspace(0.1, 2.0, 20_001)
    assert residual_polynomial(rule, 4, **hyper).degree() == degree
    assert case.value == pytest.approx(np.abs(residuals(rule, 4, lam, **hyper)[4]).max(), rel=1e-7)
    assert case.guaranteed


def test_two_positions_are_heavy_ball():
    a = worst_case(polyak_at_rest, 9, mu=0.1, L=1, lr=1.2, momentum=0.5).value
    assert a == pytest.approx(worst_case("heavy_ball", 9, mu=0.1, L=1, lr=1.2, momentum=0.5).value, rel=identity(9, 1.0))


def test_a_rational_residual_is_resolved_and_said_not_to_be_proven():
    case = worst_case(implicit, 3, mu=0.1, L=10.0, lr=2.0)
    assert case.value == pytest.approx(1.2**-3, rel=1e-9)
    assert not case.guaranteed
    with pytest.raises(NotLinear):
        residual_polynomial(implicit, 2, lr=1)


@pytest.mark.parametrize("rule", [signs, steepest])
def test_what_is_not_linear_is_refused(rule):
    with pytest.raises(NotLinear):
        worst_case(rule, 3, mu=0.1, L=1.0, lr=0.1)


def test_weight_decay_beside_the_gradient_depends_on_the_minimiser():
    with pytest.raises(NotLinear, match="rests elsewhere"):
        worst_case("weight_decay_decoupled", 3, mu=0.1, L=1.0, lr=0.1, momentum=0.5)


@pytest.mark.parametrize("interval", [(0, 1), (2, 1), (1, np.inf), (np.nan, 1), ("a", 1)])
def test_no_interval(interval):
    with pytest.raises(BadHyperparameter, match="mu ≤ L"):
        worst_case("gradient_descent", 2, mu=interval[0], L=interval[1], lr=1)


def test_other_bad_input():
    with pytest.raises(BadName, match="did you mean 'loss'"):
        worst_case("gradient_descent", 2, mu=1, L=2, measure="los", lr=1)
    with pytest.raises(BadData):
        worst_case("gradient_descent", -1, mu=1, L=2, lr=1)
    with pytest.raises(BadHyperparameter, match="did you mean 'lr'"):
        worst_case("gradient_descent", 1, mu=1, L=2, lrr=1)


@pytest.mark.parametrize("seed", range(8))
def test_random_polynomials_are_bounded(seed):
    """Values of a polynomial of random Chebyshev coefficients; a very fine grid is the witness."""
    rng = np.random.default_rng(seed)
    degree = int(rng.integers(1, 60))
    series = rng.normal(size=degree + 1) * rng.choice([1.0, 1e-6], size=degree + 1)
    angles = (np.arange(enough(degree)) + 0.5) * np.pi / enough(degree)
    found = largest_modulus(np.cos(np.outer(angles, np.arange(degree + 1))) @ series, degree)
    fine = np.cos(np.outer(np.linspace(0, np.pi, 40_001), np.arange(degree + 1))) @ series
    assert np.abs(fine).max() <= found.bound
    assert found.bound <= found.value * (1 + 1e-11)
    assert found.value == pytest.approx(np.abs(fine).max(), rel=1e-5)
    assert abs(np.cos(found.theta * np.arange(degree + 1)) @ series) == pytest.approx(found.value, rel=1e-9)


def test_a_polynomial_that_equals_its_maximum_everywhere_it_can():
    """T_n: n+1 maxima, all 1."""
    angles = (np.arange(enough(31)) + 0.5) * np.pi / enough(31)
    found = largest_modulus(np.cos(31 * angles), 31)
    assert (found.value, found.bound) == pytest.approx((1.0, 1.0), rel=1e-11)


def test_too_few_nodes_would_be_noticed():
    """The mutation: a degree that is claimed too small leaves coefficients past it, and the largest value is missed."""
    values = residuals("gradient_descent", 12, nodes(0.1, 1.0, enough(12)), lr=1.9)[12]
    assert np.abs(coefficients(values)[13:]).max() < 1e-12
    assert np.abs(coefficients(values)[4:]).max() > 1e-3
    fair = largest_modulus(values, 12).value
    assert (
        largest_modulus(values, 3).value != pytest.approx(fair, rel=1e-6)
        or largest_modulus(values, 3).bound > 1.1 * fair
    )


def test_a_bound_does_not_underflow_to_zero():
    found = worst_case("gradient_descent", 10_000, mu=0.1, L=1, lr=1)
    assert found.value == 0.0
    assert found.bound > 0.0
    assert found.log10 == pytest.approx(10_000 * np.log10(0.9), rel=1e-9)


@pytest.mark.finding("H3")
def test_threads_do_not_change_one_anothers_precision():
    """FLINT has one precision a process: many threads at once answer what one after the other does."""
    asked = [(k, lr) for k in range(5, 45, 5) for lr in (0.1, 0.15, 0.19)]

    def answer(k, lr):
        return worst_case("heavy_ball", k, mu=1, L=10, exact=True, lr=Fraction(str(lr)), momentum=Fraction(1, 2)).exact

    alone = [answer(*one) for one in asked]
    before = flint.ctx.prec
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(answer, *zip(*asked, strict=True))) == alone
    assert flint.ctx.prec == before
