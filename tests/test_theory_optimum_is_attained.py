"""What an optimum returns has the rate that it says, on every spectrum; right values are computed by hand or in mpmath."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

import convergence as cv


def reached(rule, tuned, mu, L):
    return float(np.max(cv.spectral_radius(rule, np.geomspace(mu, L, 2001), **tuned.hyper)))


@cv.method(start=lambda f, x: (x, x))
def twin(f, x, v, *, lr, momentum):
    return x - lr * f.grad(x), v - lr * momentum / (150 * (1 - momentum)) * f.grad(v)


@cv.method
def saturating(f, x, *, lr):
    return x - lr / (1 + lr) * f.grad(x)


@cv.method
def squared(f, x, v, *, lr):
    v = 0.5 * v + lr**2 * f.grad(x)
    return x - v, v


@cv.method
def written_in(f, x, v, *, lr):
    v = 0.9 * v + f.grad(x)
    return x - lr * v, v


@cv.method
def scaled(f, x, v, *, lr):
    v = 0.5 * v + f.grad(x)
    return x - 1e5 * lr * v, v


@cv.method
def negative(f, x, *, gain):
    return x + gain * f.grad(x)


CASES = {
    "a bound that binds late": (twin, 1, 10, {"momentum": 0.999}, 656 / 676),
    "decay with a scale of its own": ("weight_decay_decoupled", 0.001, 0.02, {"momentum": 0.9}, 0.69621447),
    "small curvatures": ("weight_decay_decoupled", 1e-4, 1e-3, {"momentum": 0.5}, 0.44505196),
    "an infimum": (saturating, 0.1, 0.5, {}, 0.9),
    "the rate squared": (squared, 1, 4, {}, 0.5**0.5),
    "momentum written in": (written_in, 1, 4, {}, 0.9**0.5),
    "a rate that is tiny": (scaled, 1, 100, {}, 0.93625381),
    "a rate that is negative": (negative, 1, 10, {}, 9 / 11),
}


@pytest.mark.parametrize(("rule", "mu", "L", "fixed", "rate"), CASES.values(), ids=CASES)
def test_the_setting_has_the_rate_and_no_other_is_better(rule, mu, L, fixed, rate):
    tuned = cv.optimum(rule, **fixed).at(mu=mu, L=L)
    assert tuned.rate == pytest.approx(rate, abs=1e-7)
    assert reached(rule, tuned, mu, L) == pytest.approx(rate, abs=1e-7)


@pytest.mark.parametrize(
    ("rule", "ends"), [(squared, (0.2928932188, 0.8535533906)), (written_in, (0.0026334039, 0.9493416490))]
)
def test_a_plateau_found_by_search_has_its_ends(rule, ends):
    tuned = cv.optimum(rule).at(mu=1, L=4)
    assert tuned.plateau == pytest.approx(ends, rel=1e-6)


def test_pieces_beyond_the_usual_momenta_are_seen():
    b = sp.Symbol("b", nonnegative=True)
    first, second = cv.optimum(twin, momentum=b).pieces
    assert first.condition == (b < sp.Rational(150, 151))
    mu, L, c = 1, 7, sp.Rational(999, 150)  # c = b/(150(1 − b)) at b = 0.999
    point = {b: sp.Rational(999, 1000), sp.Symbol("mu", positive=True): mu, sp.Symbol("L", positive=True): L}
    assert sp.simplify(second.rate.subs(point) - (c * L - mu) / (c * L + mu)) == 0


def test_a_search_reaches_at_a_large_condition_number_what_it_reaches_at_others():
    """Between [1, κ] and [1, 4κ] the best rate can only grow: a search that is trapped breaks this."""
    narrow, wide = (cv.optimum("robust_momentum").at(mu=1, L=L).rate for L in (316228, 4 * 316228))
    assert 0.9995848 <= narrow <= 0.9996148  # the bracket of a certificate, and its upper end rounded up
    assert narrow <= wide


@cv.method
def two_averages(f, x, u, v, *, lr, fast, momentum):
    g = f.grad(x)
    u, v = fast * u + g, momentum * v + g
    return x - lr * (u + v) / 2, u, v


@cv.method
def half_way_back(f, x, v, *, lr, momentum):
    before = x
    for _ in range(2):
        v = momentum * v + f.grad(x)
        x = x - lr * v
    return (before + x) / 2, v


@pytest.mark.parametrize(
    ("rule", "fixed", "most"), [(two_averages, {}, 9 / 11), (half_way_back, {"momentum": sp.Rational(1, 2)}, 0.9412)]
)
def test_elimination_ends_with_a_formula_or_with_numbers(rule, fixed, most):
    """These took minutes. Aggregated momentum can at least do what heavy ball does."""
    best = cv.optimum(rule, **fixed)
    tuned = best.at(mu=1, L=100)
    assert best.exact or "best found" in best.note
    assert tuned.rate <= most + 1e-6
    assert reached(rule, tuned, 1, 100) == pytest.approx(tuned.rate, abs=1e-4)  # three eigenvalues meet
