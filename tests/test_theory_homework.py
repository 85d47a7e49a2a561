"""The course's homework (a)–(g), for z ← (1−β)z + βg, w ← w − ηz: the calls answer as the derivation by hand does.

By hand, with loss ‖Xw−y‖² (λ = 2σ²) and per direction a ← (1−β)a + βλx, x ← x − ηa₊: the eigenvalues solve
z² − (2 − β − ηβλ)z + (1−β) = 0. Repeated: ηλ = (1 ∓ √(1−β))²/β = (1 ∓ √(1−β))/(1 ± √(1−β)), with |z| = √(1−β) < 1
always. Real: stable for ηλ < 2(2−β)/β. Complex: |z| = √(1−β), always stable, up to the larger repeated rate.
"""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from tolerances import closed_optimum, rounded_once, spectral

from convergence import METHODS, LeastSquares, derive, optimum, predict, regimes, simulate, spectral_radius, stability

COURSE = METHODS["ema_momentum"]
eta, sigma = sp.symbols("eta sigma", positive=True)
beta = sp.Symbol("beta", nonnegative=True)
z = sp.Symbol("z")
memory = sp.sqrt(1 - beta)
BETA, TOP, BOTTOM = 0.1, 5.0, 0.05  # σ² are 5 and 0.05: λ = 10 and 0.1


def same(one, other):
    points = [{sigma: sp.Rational(7, 5), beta: sp.Rational(k, 11)} for k in range(1, 11)]
    return all(abs((one - other).subs(point).evalf(40)) < 1e-35 for point in points)


def test_a_b_the_matrix_for_a_and_x():
    derived = derive(COURSE, sigma=True).order(("z", "x"))
    by_hand = sp.Matrix([[1 - beta, 2 * beta * sigma**2], [-eta * (1 - beta), 1 - 2 * eta * beta * sigma**2]])
    assert (derived.matrix - by_hand).expand().is_zero_matrix


def test_c_the_eigenvalues():
    found = derive(COURSE, sigma=True).eigenvalues
    trace = 2 - beta - 2 * eta * beta * sigma**2
    by_hand = [(trace + sign * sp.sqrt(trace**2 - 4 * (1 - beta))) / 2 for sign in (-1, 1)]
    for mine, theirs in zip(by_hand, found, strict=True):
        assert sp.simplify(mine - theirs) == 0


def test_d_repeated():
    found = regimes(COURSE, sigma=True)
    assert same(found.repeated[0], (1 - memory) ** 2 / (2 * beta * sigma**2))
    assert same(found.largest_stable["repeated"], (1 + memory) ** 2 / (2 * beta * sigma**2))


def test_e_real():
    assert same(regimes(COURSE, sigma=True).largest_stable["real"], (2 - beta) / (beta * sigma**2))
    assert same(stability(COURSE, sigma=True).lr_max, (2 - beta) / (beta * sigma**2))


def test_f_complex():
    found = regimes(COURSE, sigma=True)
    assert same(found.largest_stable["complex"], (1 + memory) ** 2 / (2 * beta * sigma**2))
    assert [(part.start, part.end) for part in found.complex] == [found.repeated]
    assert [(part.start, part.end) for part in found.real] == [(0, found.repeated[0]), (found.repeated[1], sp.oo)]
    assert stability(COURSE).contains(2.0, lr=[0.3, 1, 3], momentum=0.4).all()


@pytest.fixture(scope="module")
def problem():
    return LeastSquares(np.diag(np.sqrt([TOP, BOTTOM])), np.sqrt([TOP, BOTTOM]))


def test_g_the_plateau_and_its_rate(problem):
    """√(1−β) = √0.9 wherever both directions are complex or critical: (1−m)²/(βμ) ≤ η ≤ (1+m)²/(βL), m = √0.9."""
    m = np.sqrt(1 - BETA)
    low, high = (1 - m) ** 2 / (BETA * 2 * BOTTOM), (1 + m) ** 2 / (BETA * 2 * TOP)
    tuned = optimum(COURSE, momentum=BETA).at(mu=2 * BOTTOM, L=2 * TOP)
    assert tuned.rate == pytest.approx(m, rel=rounded_once())
    assert tuned.plateau == pytest.approx((low, high), rel=closed_optimum(TOP / BOTTOM))
    assert low < tuned.hyper["lr"] < high
    scan = np.geomspace(low / 10, high * 10, 4001)
    rate = spectral_radius(COURSE, problem.curvatures, over="spectrum", lr=scan, momentum=BETA)
    inside = (scan >= low) & (scan <= high)
    assert np.allclose(rate[inside], m, rtol=spectral(TOP / BOTTOM))
    assert (rate[~inside] > m).all()


def first_below(errors, share=1e-3):
    """The first k from which ‖e_k‖ ≤ share·‖e_0‖ for good."""
    size = np.linalg.norm(errors, axis=1)
    return int(np.flatnonzero(size > share * size[0]).max()) + 1


def loop(lr, steps, momentum=None):
    """By hand, per direction, with λ = 2σ²; gradient descent without momentum."""
    x, curvatures = np.array([-1.0, -1.0]), 2 * np.array([TOP, BOTTOM])
    a, errors = curvatures * x, [x]
    for _ in range(steps):
        a = curvatures * x if momentum is None else (1 - momentum) * a + momentum * curvatures * x
        x = x - lr * a
        errors.append(x)
    return np.array(errors)


def test_g_the_steps_to_three_digits_against_gradient_descent(problem):
    tuned = optimum(COURSE, momentum=BETA).at(mu=2 * BOTTOM, L=2 * TOP)
    for lr in (*tuned.plateau, tuned.hyper["lr"]):
        steps = first_below(loop(lr, 600, BETA))
        for how in (simulate, predict):
            assert first_below(how(problem, COURSE, 600, lr=lr, momentum=BETA).error) == steps
        assert 130 <= steps <= 302  # √0.9^k = 1e-3 at k = 131.1; the rest is the transient of z₀ = g₀
    plain = optimum(METHODS["gradient_descent"]).at(mu=2 * BOTTOM, L=2 * TOP)
    assert plain.hyper["lr"] == pytest.approx(2 / (2 * TOP + 2 * BOTTOM), rel=rounded_once())
    steps = first_below(loop(plain.hyper["lr"], 2000))
    for how in (simulate, predict):
        assert first_below(how(problem, METHODS["gradient_descent"], 2000, lr=plain.hyper["lr"]).error) == steps
    assert steps == int(np.ceil(np.log(1e-3) / np.log(plain.rate)))
