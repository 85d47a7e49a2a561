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


def times(f, x, e, lr):
    """lr·H·e, by a difference of gradients."""
    return lr * (f.grad(x + e) - f.grad(x))


@cv.method
def wiggling(f, x, *, lr):
    """x ← (1 − s(s − 1)²(s − 3)²/4)x with s = lr·λ: the radius is exactly 1 at s = 1 and s = 3."""
    e = lr * f.grad(x)
    for root in (1, 1, 3, 3):
        e = times(f, x, e, lr) - root * e
    return x - e / 4


def wiggling_rate():
    """Nothing above lr = 1/1000 converges on [1, 1000], where some curvature has s = 1; below, the ends are equally bad."""
    lr = sp.Symbol("lr")
    gain = sp.expand(lr * (lr - 1) ** 2 * (lr - 3) ** 2)
    ends = sp.Poly(gain - gain.subs(lr, 1000 * lr), lr).nroots(n=30)
    inside = [root for root in ends if root.is_real and 0 < root < sp.Rational(1, 1000)]
    return min(float(1 - gain.subs(lr, root) / 4) for root in inside)


A1, A7, A8, A9, A13 = (
    pytest.mark.finding("A1"),
    pytest.mark.finding("A7"),
    pytest.mark.finding("A8"),
    pytest.mark.finding("A9"),
    pytest.mark.finding("A13"),
)
DECAY = "weight_decay_decoupled"
CASES = [
    pytest.param(twin, 1, 10, {"momentum": 0.999}, 656 / 676, marks=A1, id="a bound that binds late"),
    pytest.param(DECAY, 1e-3, 0.02, {"momentum": 0.9}, 0.69621447, marks=A7, id="decay with a scale of its own"),
    pytest.param(DECAY, 1e-4, 1e-3, {"momentum": 0.5}, 0.44505196, marks=A7, id="small curvatures"),
    pytest.param(saturating, 0.1, 0.5, {}, 0.9, marks=A7, id="an infimum"),
    pytest.param(squared, 1, 4, {}, 0.5**0.5, marks=A8, id="the rate squared"),
    pytest.param(written_in, 1, 4, {}, 0.9**0.5, marks=A8, id="momentum written in"),
    pytest.param(scaled, 1, 100, {}, 0.93625381, marks=A9, id="a rate that is tiny"),
    pytest.param(wiggling, 1, 1000, {}, wiggling_rate(), marks=A9, id="a worst curvature inside"),
    pytest.param(negative, 1, 10, {}, 9 / 11, marks=A13, id="a rate that is negative"),
]


@pytest.mark.parametrize(("rule", "mu", "L", "fixed", "rate"), CASES)
def test_the_setting_has_the_rate_and_no_other_is_better(rule, mu, L, fixed, rate):
    tuned = cv.optimum(rule, **fixed).at(mu=mu, L=L)
    assert tuned.rate == pytest.approx(rate, abs=1e-7)
    assert reached(rule, tuned, mu, L) == pytest.approx(rate, abs=1e-7)


@pytest.mark.parametrize(
    ("rule", "ends"), [(squared, (0.2928932188, 0.8535533906)), (written_in, (0.0026334039, 0.9493416490))]
)
@pytest.mark.finding("A8")
def test_a_plateau_found_by_search_has_its_ends(rule, ends):
    tuned = cv.optimum(rule).at(mu=1, L=4)
    assert tuned.plateau == pytest.approx(ends, rel=1e-6)


@pytest.mark.finding("A1")
def test_pieces_beyond_the_usual_momenta_are_seen():
    b = sp.Symbol("b", nonnegative=True)
    first, second = cv.optimum(twin, momentum=b).pieces
    assert first.condition == (b < sp.Rational(150, 151))
    mu, L, c = 1, 7, sp.Rational(999, 150)  # c = b/(150(1 − b)) at b = 0.999
    point = {b: sp.Rational(999, 1000), sp.Symbol("mu", positive=True): mu, sp.Symbol("L", positive=True): L}
    assert sp.simplify(second.rate.subs(point) - (c * L - mu) / (c * L + mu)) == 0


@pytest.mark.finding("A2")
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


@pytest.mark.finding("A13")
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


@pytest.mark.finding("A14")
def test_an_infimum_that_nothing_attains_is_said_to_be_one():
    tuned = cv.optimum(saturating).at(mu=0.1, L=0.5)
    assert "infimum" in tuned.note
    assert tuned.rate > 0.9
    assert tuned.hyper["lr"] < 1e12  # one that almost has it, not 1e199


@pytest.mark.finding("A2")
def test_one_curvature_alone_is_solved_in_one_step():
    """Where μ = L, momentum has nothing to do: any method with a free rate is Newton's."""
    assert cv.optimum("robust_momentum").at(mu=1, L=1).rate < 1e-6


@pytest.mark.finding("A2")
def test_numbers_from_a_search_say_so_and_formulas_do_not():
    assert cv.optimum("heavy_ball").at(mu=1, L=100).note == ""
    assert cv.optimum("robust_momentum").at(mu=1, L=10).note == "best found by search"


@pytest.mark.finding("A13")
def test_a_time_limit_leaves_numbers_that_say_so():
    hurried = cv.optimum(half_way_back, momentum=sp.Rational(2, 5), seconds=0.01)
    assert (hurried.exact, hurried.note) == (False, "no closed form in 0.01 s; numbers are the best found by search")
    tuned = hurried.at(mu=1, L=1000, seconds=0.01)
    assert tuned.note == "best found by search in 0.01 s"
    assert reached(half_way_back, tuned, 1, 1000) == pytest.approx(tuned.rate, abs=1e-4)
    assert cv.optimum(half_way_back, momentum=sp.Rational(2, 5), seconds=60).note.startswith("no closed form; ")


@pytest.mark.parametrize("seconds", [0, -1, "soon", True, None])
def test_a_time_limit_is_a_positive_number(seconds):
    with pytest.raises(cv.BadHyperparameter, match="positive number of seconds"):
        cv.optimum("heavy_ball", seconds=seconds)


@cv.method
def with_solve(f, x, v, *, lr, momentum):
    g = f.grad(x)
    v = momentum * v + g
    return x - lr * v + f.solve(g) / 4, v


@pytest.mark.finding("A14")
def test_formulas_say_where_nothing_is_stable():
    """The determinant is 5β/4: beyond β = 4/5 nothing converges."""
    beta, lam = cv.stability(with_solve).symbols["momentum"], cv.stability(with_solve).symbols["curvature"]
    for bound in (cv.stability(with_solve).lr_max, cv.regimes(with_solve).largest_stable["real"]):
        assert bound.subs({beta: 0.9, lam: 1}) == 0
        assert bound.subs({beta: sp.Rational(1, 2), lam: 1}) == sp.Rational(27, 8)


@pytest.mark.finding("A13")
@pytest.mark.parametrize("power", [1, 2, -1])
def test_a_difference_of_gradients_is_a_number_that_may_be_raised(power):
    """f.grad(x + 1) − f.grad(x) is λ, whatever the state."""

    def scaled_step(f, x, *, lr):
        return x - lr * f.grad(x) * (f.grad(x + 1) - f.grad(x)) ** power

    lam, eta = sp.symbols("lambda eta", positive=True)
    assert sp.expand(cv.derive(scaled_step).matrix[0] - (1 - eta * lam ** (power + 1))) == 0


@pytest.mark.finding("A14")
def test_a_rule_that_rests_with_both_positions_at_the_minimiser_is_read():
    crossed = cv.method(start=lambda f, x: (x, x))(lambda f, x, y, *, lr: (x - lr * f.grad(y), y + lr * f.grad(x)))
    lam, eta = sp.symbols("lambda eta", positive=True)
    assert cv.derive(crossed).matrix == sp.ImmutableMatrix([[1, -eta * lam], [eta * lam, 1]])


def proximal(f, x, *, lr):
    return x - lr / (1 + lr**2) * f.grad(x)


def runge_kutta(f, x, v, *, lr, momentum):
    """The classical method of order four for x'' = −(1 − momentum)x' − f'(x)."""

    def slope(x, v):
        return v, -(1 - momentum) * v - f.grad(x)

    (a, p), half = slope(x, v), lr / 2
    b, q = slope(x + half * a, v + half * p)
    c, r = slope(x + half * b, v + half * q)
    d, s = slope(x + lr * c, v + lr * r)
    return x + lr / 6 * (a + 2 * b + 2 * c + d), v + lr / 6 * (p + 2 * q + 2 * r + s)


@pytest.mark.finding("A13")
@pytest.mark.parametrize("rule", [proximal, runge_kutta])
def test_a_search_in_which_numbers_overflow_ends_with_an_answer(rule):
    tuned = cv.optimum(rule).at(mu=1, L=100)
    assert reached(rule, tuned, 1, 100) == pytest.approx(tuned.rate, abs=1e-6)


@pytest.mark.finding("A1")
def test_formulas_say_where_they_were_tried():
    """Away from there too they are what a search finds; those of one unknown are proven for all."""
    best = cv.optimum("gradient_descent")
    assert len(best.tried) > 3
    assert cv.certify_formula("gradient_descent")
    assert cv.optimum("robust_momentum").tried == ()
