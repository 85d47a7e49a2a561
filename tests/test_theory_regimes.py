"""The regimes are the sign of the discriminant: real, repeated and complex learning rates, and the largest stable of each."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from hand_matrices import MATRICES
from usual_settings import usual

import convergence as cv
from convergence import METHODS, method, regimes, stability
from convergence.methods import LINEAR

eta, lam = sp.symbols("eta lambda", positive=True)
beta = sp.Symbol("beta", nonnegative=True)
delta = sp.Symbol("delta", nonnegative=True)
root, memory = sp.sqrt(beta), sp.sqrt(1 - beta)

# By hand, from the discriminants: (1+β−ηλ)² − 4β; (2−β−ηβλ)² − 4(1−β); (1−ηλ)·((1+β)²(1−ηλ) − 4β); with decoupled decay
# (1+β−ηs)² − 4β(1−ηδ), s = λ+δ, a quadratic in η: η²s² − 2η((1+β)s − 2βδ) + (1−β)².
CENTRE = (1 + beta) * (lam + delta) - 2 * beta * delta
WIDTH = 2 * sp.sqrt(beta * lam * (lam + delta * (1 - beta)))
# (1+β−η((1+β)λ+δ))² − 4β(1−η(λ+δ)), the same way.
SUM = (1 + beta) * lam + delta
MIDDLE = (1 + beta) * SUM - 2 * beta * (lam + delta)
REACH = sp.sqrt(MIDDLE**2 - (1 - beta) ** 2 * SUM**2)
MEETING = {
    "heavy_ball": ((1 - root) ** 2 / lam, (1 + root) ** 2 / lam),
    "momentum_rate_inside": ((1 - root) ** 2 / lam, (1 + root) ** 2 / lam),
    "ema_momentum": ((1 - memory) ** 2 / (beta * lam), (1 + memory) ** 2 / (beta * lam)),
    "ema_momentum_zero_start": ((1 - root) ** 2 / ((1 - beta) * lam), (1 + root) ** 2 / ((1 - beta) * lam)),
    "nesterov": ((1 - beta) ** 2 / ((1 + beta) ** 2 * lam), 1 / lam),
    "torch_sgd_nesterov": ((1 - beta) ** 2 / ((1 + beta) ** 2 * lam), 1 / lam),
    "chebyshev": ((1 - root) ** 2 / ((1 + beta) * lam), (1 + root) ** 2 / ((1 + beta) * lam)),
    "frozen_adam": ((1 - root) ** 2 / ((1 - beta) * lam), (1 + root) ** 2 / ((1 - beta) * lam)),
    "frozen_nadam": ((1 - beta) / ((1 + beta) ** 2 * lam), 1 / ((1 - beta) * lam)),
    "weight_decay_coupled": ((1 - root) ** 2 / (lam + delta), (1 + root) ** 2 / (lam + delta)),
    "weight_decay_decoupled": ((CENTRE - WIDTH) / (lam + delta) ** 2, (CENTRE + WIDTH) / (lam + delta) ** 2),
    "nesterov_decay_coupled": ((1 - beta) ** 2 / ((1 + beta) ** 2 * (lam + delta)), 1 / (lam + delta)),
    "nesterov_decay_decoupled": ((MIDDLE - REACH) / SUM**2, (MIDDLE + REACH) / SUM**2),
}
TOP = {
    "heavy_ball": 2 * (1 + beta) / lam,
    "momentum_rate_inside": 2 * (1 + beta) / lam,
    "ema_momentum": 2 * (2 - beta) / (beta * lam),
    "ema_momentum_zero_start": 2 * (1 + beta) / ((1 - beta) * lam),
    "nesterov": 2 * (1 + beta) / ((1 + 2 * beta) * lam),
    "torch_sgd_nesterov": 2 * (1 + beta) / ((1 + 2 * beta) * lam),
    "chebyshev": 2 / lam,
    "frozen_adam": 2 * (1 + beta) / ((1 - beta) * lam),
    "frozen_nadam": 2 * (1 + beta) / ((1 + 2 * beta) * (1 - beta) * lam),
    "weight_decay_coupled": 2 * (1 + beta) / (lam + delta),
    "weight_decay_decoupled": 2 * (1 + beta) / (lam + delta * (1 + beta)),
    "nesterov_decay_coupled": 2 * (1 + beta) / ((1 + 2 * beta) * (lam + delta)),
    "nesterov_decay_decoupled": 2 * (1 + beta) / ((1 + 2 * beta) * lam + (1 + beta) * delta),
}
TWO_STATES = [name for name in LINEAR if len(cv.derive(name).state) == 2]
NO_FORMULA = ("triple_momentum", "robust_momentum")  # which roots there are depends on γ; on κ and ρ


def same(one, other):
    """Equal formulas: symbolically, or at rational points to 40 digits where simplify gives up."""
    difference = one - other
    points = [{lam: sp.Rational(7, 5), beta: sp.Rational(k, 11), delta: sp.Rational(k, 3)} for k in range(1, 10)]
    return all(abs(difference.subs(point).evalf(40)) < 1e-35 for point in points)


@pytest.mark.parametrize("name", MEETING)
def test_repeated_real_and_complex_rates(name):
    found = regimes(METHODS[name])
    low, high = MEETING[name]
    assert len(found.repeated) == 2
    assert same(found.repeated[0], low)
    assert same(found.repeated[1], high)
    assert [(i.start, i.end) for i in found.complex] == [found.repeated]
    assert [(i.start, i.end) for i in found.real] == [(0, found.repeated[0]), (found.repeated[1], sp.oo)]
    assert all(i.left_open and i.right_open for i in (*found.real, *found.complex))


@pytest.mark.parametrize("name", MEETING)
def test_largest_stable_rate_of_each_kind(name):
    found = regimes(METHODS[name]).largest_stable
    assert same(found["real"], TOP[name])
    assert same(found["repeated"], MEETING[name][1])
    assert same(found["complex"], MEETING[name][1])


@pytest.mark.parametrize("name", ["gradient_descent", "newton"])
def test_one_state_is_always_real(name):
    found = regimes(METHODS[name])
    assert found.real == (sp.Interval.open(0, sp.oo),)
    assert found.repeated == found.complex == ()
    assert found.largest_stable["real"] == (2 / lam if name == "gradient_descent" else 2)
    assert found.largest_stable["complex"] == found.largest_stable["repeated"] == 0


def discriminant(matrix):
    return np.trace(matrix) ** 2 - 4 * np.linalg.det(matrix)


def kind(intervals, lr):
    return any(low < lr < high for low, high in intervals)


@pytest.mark.parametrize("name", TWO_STATES)
def test_intervals_agree_with_the_sign_of_the_discriminant_at_random_points(name):
    rng, found = np.random.default_rng(5), regimes(METHODS[name])
    for _ in range(20):
        rest = {n: round(rng.uniform(0.01, 0.99), 4) for n in METHODS[name].hyper if n not in ("lr", "kappa")}
        rest = usual(METHODS[name], **rest)
        curvature = float(10 ** rng.uniform(-2, 2))
        numbers, lr = found.at(curvature, **rest), 10 ** rng.uniform(-2, 1) / curvature
        gap = discriminant(MATRICES[name](curvature, lr=lr, **rest))
        if abs(gap) > 1e-9:
            assert kind(numbers["complex"], lr) == (gap < 0)
            assert kind(numbers["real"], lr) == (gap > 0)
        if name in NO_FORMULA:
            assert found.repeated is None
            continue
        formulas = {found.symbols[n]: v for n, v in {**rest, "curvature": curvature}.items()}
        assert np.allclose([float(e.subs(formulas)) for e in found.repeated], numbers["repeated"], rtol=1e-9)


def test_sigma_puts_two_sigma_squared_for_the_curvature():
    sigma = sp.Symbol("sigma", positive=True)
    turned = regimes(METHODS["heavy_ball"], sigma=True)
    assert same(turned.repeated[0].subs(sigma, sp.sqrt(lam / 2)), MEETING["heavy_ball"][0])
    assert turned.complex[0].end.has(sigma)
    assert not turned.complex[0].end.has(lam)


@method
def optimistic(f, x, before, *, lr, momentum):
    """Optimistic gradient descent (Daskalakis et al. 2018, in the past-gradient form): x ← x − η((1+β)g − βg₋)."""
    g = f.grad(x)
    return x - lr * ((1 + momentum) * g - momentum * before), g


def test_a_rule_that_never_oscillates():
    """z² − (1 − a(1+β))z − aβ has discriminant (1 − a(1+β))² + 4aβ > 0 for β > 0."""
    found = regimes(optimistic)
    assert sp.simplify(found.discriminant - ((1 - eta * lam * (1 + beta)) ** 2 + 4 * eta * lam * beta)) == 0
    assert found.real == (sp.Interval.open(0, sp.oo),)
    assert found.repeated == found.complex == ()
    assert found.largest_stable["real"] == stability(optimistic).lr_max
    assert sp.simplify(stability(optimistic).lr_max - 2 / (lam * (1 + 2 * beta))) == 0


@pytest.mark.parametrize("loss", ["sum", "half"])
def test_regimes_in_sigma_are_the_same_at_numbers(loss):
    """What is shown in σ is asked at a curvature all the same."""
    plain, shown = cv.regimes("ema_momentum"), cv.regimes("ema_momentum", sigma=True, loss=loss)
    assert shown.at(2.0, momentum=0.1) == plain.at(2.0, momentum=0.1)
    assert shown.symbols["sigma"] in shown.repeated[0].free_symbols
    region = cv.stability("ema_momentum", sigma=True, loss=loss)
    assert region.symbols["sigma"] in region.lr_max.free_symbols
    assert region.contains(2.0, lr=1.0, momentum=0.1)


@pytest.mark.finding("A14")
def test_a_kind_that_is_not_stable_for_all_momentum_says_for_which():
    """x ← x − ηv + ¼H⁻¹g has determinant 5β/4: beyond β = 4/5 nothing is stable."""

    @method
    def repelled(f, x, v, *, lr, momentum):
        g = f.grad(x)
        v = momentum * v + g
        return x - lr * v + f.solve(g) / 4, v

    largest = regimes(repelled).largest_stable["real"]
    assert largest.subs(beta, sp.Rational(9, 10)) == 0
    assert sp.simplify(largest.subs(beta, sp.Rational(1, 2)) - sp.Rational(27, 8) / lam) == 0


def test_regimes_show_the_learning_rates_of_each_kind():
    shown = repr(regimes("heavy_ball"))
    assert shown.startswith("Regimes of heavy_ball: real ")
    assert "; repeated (" in shown
    assert "; complex (" in shown


def test_a_repeated_eigenvalue_outside_the_disc_is_no_stable_rate():
    """z² − (1 − 3u/4)z + u/4, u = ηλ, has a double root at u = 4/9 and at u = 4, and is stable below 8/5."""

    @method
    def remembering(f, x, last, *, lr):
        g = f.grad(x)
        return x - lr * (3 * g + last) / 4, g

    found = regimes(remembering)
    assert [float(edge.subs(lam, 1)) for edge in found.repeated] == pytest.approx([4 / 9, 4])
    assert float(found.largest_stable["repeated"].subs(lam, 1)) == pytest.approx(4 / 9)
    assert float(found.largest_stable["real"].subs(lam, 1)) < 2
