"""The effective batch of momentum, in five meanings, beside numbers that come from matrices written by hand."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from scipy.linalg import solve_discrete_lyapunov
from scipy.optimize import brentq
from tolerances import EPS, SLACK
from user_rules import extragradient, two_buffers, two_buffers_matrix
from usual_settings import usual

import convergence as cv
from convergence.theory.effective_batch import MEANINGS

ETA = sp.Symbol("eta", positive=True)
MOMENTUM = sp.Symbol("beta", nonnegative=True)
CURVATURE = sp.Symbol("lambda", positive=True)
MEMORY = (1 + MOMENTUM) / (1 - MOMENTUM)
HEAVY = ["heavy_ball", "momentum_rate_inside", "ema_momentum_zero_start", "frozen_adam", "chebyshev", "torch_sgd"]


def floor(A, b):
    return solve_discrete_lyapunov(A, np.outer(b, b))[0, 0]


def ball(lam, lr, beta):
    return np.array([[1 - lr * lam, -lr * beta], [lam, beta]]), np.array([-lr, 1.0])


def look_ahead(lam, lr, beta):
    return np.array([[1 - lr * lam, -beta * (1 - lr * lam)], [lr * lam, beta * (1 - lr * lam)]]), np.array([-lr, lr])


def gradient(lam, lr):
    return lr**2 / (1 - (1 - lr * lam) ** 2)


BY_HAND = {"heavy_ball": ball, "nesterov": look_ahead}
POINTS = [(1.0, 0.1, 0.9), (3.0, 0.2, 0.5), (0.5, 0.7, 0.3), (1.0, 0.3, 0.9)]
"""Curvature, lr, momentum; at the last gradient descent diverges at the rate η/(1−β)."""


@pytest.mark.parametrize("m", HEAVY)
def test_the_average_of_momentum_is_nineteen_at_nine_tenths(m):
    assert sp.cancel(cv.effective_batch(m) - MEMORY) == 0
    assert cv.effective_batch(m, momentum=0.9) == pytest.approx(19)
    assert cv.effective_batch(m, momentum=sp.Rational(5, 7)) == pytest.approx(6)


def test_nesterovs_step_in_pytorch_averages_less_than_its_buffer():
    """Its step is g + βv: the newest gradient counts 1+β, and the window at β = 0.9 is 14.2, not 19."""
    weights = np.array([1.9, *(0.9 ** np.arange(2, 2000))])
    by_hand = weights.sum() ** 2 / np.sum(weights**2)
    assert cv.effective_batch("torch_sgd_nesterov", momentum=0.9) == pytest.approx(by_hand)
    assert by_hand == pytest.approx(14.158, abs=5e-4)


@pytest.mark.parametrize("m", BY_HAND)
@pytest.mark.parametrize(("lam", "lr", "beta"), POINTS)
def test_floors_at_equal_rates_and_equal_speed(m, lam, lr, beta):
    A, b = BY_HAND[m](lam, lr, beta)
    hyper = {"curvature": lam, "lr": lr, "momentum": beta}
    radius, longer = np.abs(np.linalg.eigvals(A)).max(), lr / (1 - beta)
    expected = {
        "equal_lr": gradient(lam, lr) / floor(A, b),
        "equal_effective_lr": gradient(lam, longer) / floor(A, b) if longer * lam < 2 else np.inf,
        "equal_speed": gradient(lam, (1 - radius) / lam) / floor(A, b),
    }
    for meaning, value in expected.items():
        tolerance = SLACK**2 * EPS / (1 - radius) ** 2
        assert cv.effective_batch(m, meaning, **hyper) == pytest.approx(value, rel=tolerance)
        formula = cv.effective_batch(m, meaning)
        at = float(formula.subs({CURVATURE: lam, ETA: lr, MOMENTUM: beta}))
        assert np.isinf(value) or at == pytest.approx(value, rel=tolerance)


@pytest.mark.parametrize(("product", "ratio"), [(0.01, 9.97625330), (0.1, 9.75675676), (1.0, 6.78571429)])
def test_at_equal_lr_momentum_is_the_smaller_batch(product, ratio):
    assert 1 / cv.effective_batch("heavy_ball", "equal_lr", curvature=1, lr=product, momentum=0.9) == pytest.approx(
        ratio, abs=5e-9
    )


@pytest.mark.parametrize("m", [m for m in cv.methods.LINEAR.values() if "decay" not in m.name], ids=lambda m: m.name)
def test_at_equal_effective_lr_no_small_step_is_a_larger_batch(m):
    """Every floor is effective lr/(2λ) in the limit of small learning rates."""
    batch = cv.effective_batch(m, "equal_effective_lr")
    if m.name == "newton":
        assert batch == 1  # gradient descent at the rate η/λ is the same method
        return
    assert batch == 1 or sp.cancel(sp.cancel(batch).subs(ETA, 0)) == 1


def test_at_equal_speed_critical_momentum_is_nearly_two():
    """(1+√β)²/(1+β), below 2 for every β."""
    root = sp.Symbol("r", positive=True)
    batch = cv.effective_batch("heavy_ball", "equal_speed", lr=(1 - root) ** 2 / CURVATURE, momentum=root**2)
    assert all(
        abs(float(batch.subs(root, r)) - (1 + r) ** 2 / (1 + r**2)) < SLACK**2 * EPS / (1 - r) ** 2
        for r in (0.1, 0.5, 0.9)
    )
    number = cv.effective_batch(
        "heavy_ball", "equal_speed", curvature=1, lr=(1 - sp.sqrt(sp.Rational(9, 10))) ** 2, momentum=0.9
    )
    assert number == pytest.approx(1.9986139979, abs=5e-11)


@pytest.mark.parametrize("m", HEAVY)
def test_at_the_same_fraction_of_the_limit_momentum_needs_the_batch_exactly_so_many_times(m):
    assert sp.cancel(cv.effective_batch(m, "stability") - MEMORY) == 0
    assert cv.effective_batch(
        m, "stability", curvature=2, **{"lr": 0.3, **usual(cv.METHODS[m], momentum=0.9, dampening=0.0)}
    ) == (pytest.approx(19))


def smallest_batch(A, U, R, spread):
    """The B at which the second moments under a random curvature of this variance neither grow nor shrink."""
    still, moving = np.kron(A, A), spread * np.kron(np.outer(U, R), np.outer(U, R))
    grows = lambda batch: np.abs(np.linalg.eigvals(still + moving / batch)).max() - 1  # noqa: E731
    return brentq(grows, 1e-3, 1e6, xtol=1e-13, rtol=1e-14)


@pytest.mark.parametrize("fraction", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("m", BY_HAND)
def test_the_smallest_batch_that_is_stable_in_mean_square(m, fraction):
    lam, beta, spread = 2.0, 0.7, 1.3
    limit = {"heavy_ball": 2 * (1 + beta) / lam, "nesterov": 2 * (1 + beta) / ((1 + 2 * beta) * lam)}[m]
    asks = {"heavy_ball": np.array([1.0, 0.0]), "nesterov": np.array([1.0, -beta])}[m]
    A, b = BY_HAND[m](lam, fraction * limit, beta)
    plain = fraction * 2 / lam
    expected = smallest_batch(A, b, asks, spread) / smallest_batch(
        np.array([[1 - plain * lam]]), np.array([-plain]), np.array([1.0]), spread
    )
    found = cv.effective_batch(m, "stability", curvature=lam, lr=fraction * limit, momentum=beta)
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("meaning", MEANINGS)
def test_gradient_descent_is_one_of_itself(meaning):
    assert cv.effective_batch("gradient_descent", meaning, curvature=2.0, lr=0.3) == pytest.approx(1)


def test_a_users_rule_of_three_states_needs_numbers_where_its_radius_has_no_formula():
    numbers = {"curvature": 2.0, "lr": 0.1, "momentum": 0.3}
    with pytest.raises(cv.BadHyperparameter, match="give numbers for all of curvature, lr, momentum"):
        cv.effective_batch(two_buffers, "equal_speed", lr=0.1)
    A = two_buffers_matrix(2.0, 0.1, 0.3)
    radius = np.abs(np.linalg.eigvals(A)).max()
    expected = gradient(2.0, (1 - radius) / 2) / floor(A, np.array([-0.1, 1.0, 1.0]))
    assert cv.effective_batch(two_buffers, "equal_speed", **numbers) == pytest.approx(expected, rel=1e-11)
    weights = np.convolve(0.3 ** np.arange(99), 0.3 ** np.arange(99))[:99]
    average = weights.sum() ** 2 / np.sum(weights**2)
    assert cv.effective_batch(two_buffers, momentum=0.3) == pytest.approx(average)


def test_letters_are_kept_and_numbers_are_put_in():
    half = cv.effective_batch("heavy_ball", "equal_lr", momentum=0.5)
    assert half.free_symbols == {ETA, CURVATURE}
    whole = cv.effective_batch("heavy_ball", "equal_lr")
    assert sp.cancel(half - whole.subs(MOMENTUM, sp.Rational(1, 2))) == 0
    b = sp.Symbol("b", positive=True)
    assert cv.effective_batch("heavy_ball", momentum=b).free_symbols == {b}


@pytest.mark.parametrize("meaning", ["equal_lr", "equal_effective_lr", "equal_speed", "stability"])
def test_what_is_not_stable_has_no_effective_batch(meaning):
    with pytest.raises(cv.BadHyperparameter, match="not stable"):
        cv.effective_batch("heavy_ball", meaning, curvature=1, lr=4, momentum=0.5)


def test_what_has_no_equal_is_refused_with_the_reason():
    with pytest.raises(cv.NoEquivalent, match="decay holds it back"):
        cv.effective_batch("weight_decay_coupled")
    assert cv.effective_batch("weight_decay_coupled", momentum=0.9, weight_decay=0) == pytest.approx(19)
    with pytest.raises(cv.NotLinear, match="one gradient a step"):
        cv.effective_batch(extragradient, "stability")
    with pytest.raises(cv.NotLinear, match="one gradient a step"):
        cv.effective_batch("newton", "stability")
    with pytest.raises(cv.BadName, match="equal_lr"):
        cv.effective_batch("heavy_ball", "equal lr")
    with pytest.raises(cv.BadHyperparameter):
        cv.effective_batch("heavy_ball", "equal_lr", lr=0)
