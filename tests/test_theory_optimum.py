"""The derived optimum is the published one and the best that brute force finds, free or with a hyperparameter fixed."""

from __future__ import annotations

from dataclasses import replace

import brute_force
import numpy as np
import pytest
import sympy as sp
from brute_force import DECAY, PAIRS, modulus, robust, smallest_momentum, smallest_of_all, smallest_rate, worst
from hand_matrices import MATRICES
from scipy.optimize import differential_evolution, minimize
from tolerances import closed_optimum, double_eigenvalue
from user_rules import USERS, extragradient, inner_step, polyak, polyak_at_rest, triple_positions, two_buffers

from convergence import METHODS, BadHyperparameter, NoStableLearningRate, optimum
from convergence.methods import LINEAR
from convergence.theory.symbols import LARGEST, MU
from convergence.theory.tuned import closed

mu, L = sp.symbols("mu L", positive=True)
beta = sp.Symbol("beta", nonnegative=True)
eta = sp.Symbol("eta", positive=True)
delta = sp.Symbol("delta", nonnegative=True)
qhm = METHODS["qhm"]
FIXED_MOMENTUM = ["heavy_ball", "ema_momentum", "nesterov", "weight_decay_decoupled", "chebyshev", "frozen_nadam"]
FIXED_RATE = ["heavy_ball", "momentum_rate_inside", "torch_sgd_nesterov", "frozen_adam", "weight_decay_coupled"]
"""Each method once; PyTorch's with its dampening fixed, the average from zero by hand, below."""
NUMERIC = 1e-8


def ball_rate(kappa):
    return (np.sqrt(kappa) - 1) / (np.sqrt(kappa) + 1)


def look_ahead_rate(kappa):
    return 1 - 2 / np.sqrt(3 * kappa + 1)


def coupled_rate(mu, L, decay):
    """Heavy ball on [μ+δ, L+δ]."""
    return ball_rate((L + decay) / (mu + decay))


def decoupled_rate(mu, L, decay):
    """By hand: z² − (1+β−η(λ+δ))z + β(1−ηδ), both ends critical at r: β(1−ηδ) = r² and 1+β−η(λ+δ) = ±2r.

    The difference gives η = 4r/(L−μ), the sum 1+β = η((μ+L)/2+δ); they leave r = (L−μ)/((√L+√μ)²+4δ).
    """
    return (L - mu) / ((np.sqrt(L) + np.sqrt(mu)) ** 2 + 4 * decay)


def known_rate(name, mu, L):
    if name == "weight_decay_decoupled":
        return decoupled_rate(mu, L, DECAY)
    if "decay" in name:
        mu, L = mu + DECAY, L + DECAY
    known = {"gradient_descent": (L - mu) / (L + mu), "newton": 0.0}
    look_ahead = "nesterov" in name or name == "frozen_nadam"
    return known.get(name, look_ahead_rate(L / mu) if look_ahead else ball_rate(L / mu))


@pytest.mark.parametrize("kappa", [1.0, 1.0001, 2.0, 12.25, 1e3, 1e6])
@pytest.mark.parametrize("name", [n for n in LINEAR if n not in ("robust_momentum", "nesterov_decay_decoupled")])
def test_the_best_rate_at_a_condition_number(name, kappa):
    undampened = {"dampening": 0.0} if "dampening" in METHODS[name].hyper else {}
    tuned = optimum(METHODS[name]).at(mu=0.7, L=0.7 * kappa, **undampened)
    wanted = known_rate(name, 0.7, 0.7 * kappa)
    assert tuned.rate == pytest.approx(wanted, rel=1e-12, abs=1e-14)
    if name in ("gradient_descent", "newton", *PAIRS):
        rest = (np.array(tuned.hyper["momentum"]),) if name in PAIRS else ()
        reached = worst(name, (0.7, 0.7 * kappa), np.array(tuned.hyper["lr"]), *rest)
    else:
        reached = max(np.abs(np.linalg.eigvals(MATRICES[name](lam, **tuned.hyper))).max() for lam in (0.7, 0.7 * kappa))
    assert reached == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("kappa", [1.5, 10.0, 300.0])
def test_robust_momentum_is_solved_numerically_and_a_blind_search_finds_nothing_better(kappa):
    """Its κ is a number of the method, and stays at its default of 10 whatever the data have."""
    found = optimum("robust_momentum")
    assert not found.exact
    tuned, curvatures = found.at(mu=1.0, L=kappa), np.geomspace(1, kappa, 5)

    def rate(u):
        return np.max([modulus(*robust(lam, np.exp(u[0]), u[1])) for lam in curvatures], axis=0)

    box = [(np.log(0.01 / kappa), np.log(4.0)), (0.0, 1.0)]
    options = {"tol": 1e-12, "maxiter": 400, "popsize": 20, "init": "sobol", "updating": "deferred", "polish": False}
    searched = differential_evolution(rate, box, seed=1, vectorized=True, **options).fun
    matrix = MATRICES["robust_momentum"]
    assert tuned.hyper["kappa"] == 10
    assert tuned.rate <= searched + NUMERIC
    assert tuned.rate >= searched - 1e-4 * (1 - searched)
    own = max(np.abs(np.linalg.eigvals(matrix(lam, **tuned.hyper))).max() for lam in np.geomspace(1, kappa, 101))
    assert own == pytest.approx(tuned.rate, abs=double_eigenvalue(kappa))
    assert tuned.rate > ball_rate(kappa)


@pytest.mark.parametrize("name", ["weight_decay_coupled", "weight_decay_decoupled"])
def test_weight_decay_as_a_letter(name):
    """By hand, above; and decay makes the problem better conditioned: its best rate falls as δ grows."""
    found = optimum(name, weight_decay=delta)
    assert found.exact
    S, D = (sp.sqrt(L) + sp.sqrt(mu)) ** 2, (sp.sqrt(L) - sp.sqrt(mu)) ** 2
    R = sp.sqrt(L + delta) + sp.sqrt(mu + delta)
    by_hand = {
        "weight_decay_coupled": ((L - mu) / R**2, 4 / R**2, (L - mu) ** 2 / R**4),
        "weight_decay_decoupled": ((L - mu) / (S + 4 * delta), 4 / (S + 4 * delta), D / (S + 4 * delta)),
    }[name]
    at = {mu: sp.Rational(3, 7), L: sp.Rational(50, 3), delta: sp.Rational(5, 11)}
    for formula, wanted in zip((found.rate, found.hyper["lr"], found.hyper["momentum"]), by_hand, strict=True):
        assert abs((formula - wanted).subs(at).evalf(40)) < 1e-35
    rates = [found.at(mu=0.5, L=20.0, weight_decay=decay).rate for decay in (0.0, 0.1, 1.0, 10.0)]
    assert rates[0] == pytest.approx(ball_rate(40.0), rel=closed_optimum(40.0))
    assert rates == sorted(rates, reverse=True)
    wanted = (coupled_rate if name == "weight_decay_coupled" else decoupled_rate)(0.5, 20.0, 1.0)
    assert rates[2] == pytest.approx(wanted, rel=closed_optimum(40.0))
    assert abs(rates[2] - decoupled_rate(0.5, 20.0, 1.01)) > 1e-4  # one per cent is seen


@pytest.mark.parametrize("kappa", [1.0001, 300.0, 1e6])
@pytest.mark.parametrize("name", ["heavy_ball", "ema_momentum", "nesterov", "nesterov_decay_decoupled"])
def test_brute_force_finds_nothing_better(name, kappa):
    momenta = np.concatenate([np.linspace(0, 0.98, 20), 1 - np.geomspace(0.02, 1e-4, 12)])
    momenta = np.sort(1 - momenta) if name == "ema_momentum" else momenta
    found = smallest_of_all(name, (1.0, kappa), momenta)
    claimed = optimum(METHODS[name]).at(mu=1.0, L=kappa).rate
    assert found >= claimed - double_eigenvalue(kappa)
    assert found <= claimed + 2e-3


@pytest.mark.parametrize("name", FIXED_MOMENTUM)
def test_fixed_momentum_against_brute_force(name):
    found, rng = optimum(METHODS[name], momentum=beta), np.random.default_rng(12)
    for _ in range(4):
        b, kappa, low = rng.uniform(0.01, 0.99), 10 ** rng.choice([0.02, 0.5, 1, 2, 4, 6]), 10 ** rng.uniform(-1, 1)
        tuned, spectrum = found.at(mu=low, L=low * kappa, momentum=b), (low, low * kappa)
        assert tuned.rate == pytest.approx(smallest_rate(name, spectrum, b)[1], abs=NUMERIC)
        assert worst(name, spectrum, np.array(tuned.hyper["lr"]), b) == pytest.approx(tuned.rate, abs=NUMERIC)


@pytest.mark.parametrize("name", FIXED_RATE)
def test_fixed_learning_rate_against_brute_force(name):
    found, rng = optimum(METHODS[name], lr=eta), np.random.default_rng(13)
    drawn = [
        (10 ** rng.choice([0.02, 0.5, 1, 2, 4]), 10 ** rng.uniform(-1, 1), 10 ** rng.uniform(-1.5, 0.1))
        for _ in range(7)
    ]
    for kappa, low, share in [*drawn, (4.433, 1.5046, 0.9566), (1e4, 0.1427, 1.034)]:
        spectrum, lr = (
            (low, low * kappa),
            share / rng.choice([low, low * kappa, low * kappa**0.5]) if share < 0.9 else share / low,
        )
        wanted = smallest_momentum(name, spectrum, lr)[1]
        if wanted < 1 - 1e-6:
            tuned = found.at(mu=low, L=low * kappa, lr=lr)
            assert tuned.rate == pytest.approx(wanted, abs=NUMERIC), (kappa, lr * low)
            critical = (
                2 * (np.finfo(float).eps * (1 + lr * low * kappa)) ** 0.5
            )  # a double root, its coefficients ηL large
            reached = worst(name, spectrum, lr, np.array(tuned.hyper["momentum"]))
            assert reached == pytest.approx(wanted, abs=max(critical, 1e-7))


@pytest.mark.parametrize("name", ["ema_momentum", "ema_momentum_zero_start"])
def test_fixed_learning_rate_of_an_average_has_two_pieces(name):
    """By hand: η ≤ 1/√(μL) makes μ critical, rate (1−ημ)/(1+ημ); above it L, rate (ηL−1)/(ηL+1)."""
    found = optimum(METHODS[name], lr=eta)
    assert found.exact
    for rate in (sp.Rational(1, 10), sp.Rational(1, 3), sp.Rational(2, 3), 5):
        at = {mu: 1, L: 4, eta: rate}
        wanted = max((1 - rate) / (1 + rate), (4 * rate - 1) / (4 * rate + 1))
        assert abs(sp.N(found.rate.subs(at) - wanted, 30)) < 1e-25


def test_the_ends_of_the_plateau():
    """Heavy ball: both ends complex or critical for (1−√β)²/μ ≤ η ≤ (1+√β)²/L, if √β ≥ (√κ−1)/(√κ+1)."""
    found = optimum(METHODS["heavy_ball"], momentum=beta)
    assert sp.simplify(found.plateau.start - (1 - sp.sqrt(beta)) ** 2 / mu) == 0
    assert sp.simplify(found.plateau.end - (1 + sp.sqrt(beta)) ** 2 / L) == 0
    low, high = found.at(mu=1, L=4, momentum=0.5).plateau
    inside, outside = np.linspace(low, high, 101), np.array([low * (1 - 1e-3), high * (1 + 1e-3)])
    assert np.allclose(worst("heavy_ball", (1, 4), inside, 0.5), np.sqrt(0.5), atol=double_eigenvalue(1.0))
    assert (worst("heavy_ball", (1, 4), outside, 0.5) > np.sqrt(0.5) + 1e-6).all()
    assert found.at(mu=1, L=4, momentum=0.05).plateau is None


def brute(method, spectrum, box, rng):
    """Random search, then Nelder–Mead from the best: with NumPy's eigenvalues of the hand-written matrix."""
    matrix = USERS[method][0]
    names = list(box)

    def rate(u):
        hyper = dict(zip(["lr", *names], [np.exp(u[0]), *u[1:]], strict=True))
        return max(np.abs(np.linalg.eigvals(matrix(lam, **hyper))).max() for lam in spectrum)

    low = np.array([np.log(0.05 / spectrum[-1]), *(a for a, _ in box.values())])
    high = np.array([np.log(4 / spectrum[0]), *(b for _, b in box.values())])
    tried = low + (high - low) * rng.random((1200, len(low)))
    starts = tried[np.argsort([rate(u) for u in tried])[:3]]
    ends = []
    for u in starts:
        for _ in range(4):
            u = minimize(rate, u, method="Nelder-Mead", options={"xatol": 1e-12, "fatol": 1e-13, "maxiter": 600}).x
        ends.append(rate(u))
    return min(ends)


CONTAIN = [polyak, polyak_at_rest, triple_positions, qhm, METHODS["triple_momentum"]]


@pytest.mark.parametrize("method", CONTAIN, ids=lambda m: m.name)
def test_a_rule_that_contains_heavy_ball_is_no_worse_and_no_better(method):
    """No two-step method with coefficients affine in λ beats (√κ−1)/(√κ+1) (Polyak 1987, §3.2; Nemirovski)."""
    found = optimum(method)
    for kappa in (1.5, 9.0, 400.0):
        assert found.at(mu=0.4, L=0.4 * kappa).rate == pytest.approx(ball_rate(kappa), rel=closed_optimum(kappa))


def test_extragradient_by_hand():
    """1 − a + a² at a = ηλ is symmetric about ½: the ends balance at η = 1/(μ+L)."""
    found = optimum(extragradient)
    assert sp.simplify(found.hyper["lr"] - 1 / (mu + L)) == 0
    assert sp.simplify(found.rate - (1 - mu * L / (mu + L) ** 2)) == 0


def test_a_third_order_rule_solved_numerically():
    kappa = 30.0
    spectrum = np.geomspace(1, kappa, 9)
    tuned = optimum(two_buffers).at(mu=1.0, L=kappa)
    found = brute(two_buffers, spectrum, {"momentum": (0, 0.95)}, np.random.default_rng(3))
    assert tuned.rate <= found + NUMERIC
    fine = [
        np.abs(np.linalg.eigvals(USERS[two_buffers][0](lam, **tuned.hyper))).max()
        for lam in np.geomspace(1, kappa, 400)
    ]
    assert max(fine) == pytest.approx(tuned.rate, abs=double_eigenvalue(kappa))


@pytest.mark.parametrize("nu", [0.3, 0.7])
def test_qhm_with_nu_fixed(nu):
    spectrum = (1.0, 20.0)
    tuned = optimum(qhm, nu=nu).at(mu=1.0, L=20.0)
    matrix = MATRICES["qhm"]
    b, lr = np.meshgrid(np.linspace(0, 0.99, 120), np.geomspace(0.01, 3, 240))
    b, lr = b.ravel(), lr.ravel()
    step = lr * (1 - nu * b)
    rate = np.max(
        [modulus(1 - step * lam + b, b * (1 - step * lam) + lr * nu * b * (1 - b) * lam) for lam in spectrum], axis=0
    )
    assert tuned.rate <= rate.min() + NUMERIC
    assert tuned.rate >= rate.min() - 0.02
    own = max(np.abs(np.linalg.eigvals(matrix(lam, **tuned.hyper))).max() for lam in spectrum)
    assert own == pytest.approx(tuned.rate, abs=double_eigenvalue(20))


@pytest.mark.parametrize(
    "fixed",
    [{"nu": 0.5, "lr": 3}, {"lr": 3, "nu": 0.5}, {"momentum": 0.3, "nu": 0.5}],
    ids=lambda fixed: " ".join(fixed),
)
def test_two_fixed_hyperparameters_in_either_order(fixed):
    tuned, matrix = optimum(qhm, **fixed).at(mu=0.05, L=0.3), MATRICES["qhm"]
    rates = [3] if "lr" in fixed else np.linspace(5, 15, 400)
    momenta = [0.3] if "momentum" in fixed else np.linspace(0, 0.99, 400)
    scan = min(
        max(np.abs(np.linalg.eigvals(matrix(lam, x, b, 0.5))).max() for lam in (0.05, 0.3))
        for x in rates
        for b in momenta
    )
    assert scan - 2e-3 <= tuned.rate <= scan + NUMERIC


@pytest.mark.parametrize(
    "fixed",
    [
        {"dampening": 0.5},
        {"momentum": 0.9, "dampening": 0.5},
        {"dampening": 0.5, "lr": 0.1},
    ],
    ids=lambda fixed: " ".join(fixed),
)
def test_dampening_fixed_is_heavy_ball_at_another_rate(fixed):
    damping = fixed["dampening"]
    rest = {n: v * (1 - damping if n == "lr" else 1) for n, v in fixed.items() if n != "dampening"}
    tuned, other = optimum(METHODS["torch_sgd"], **fixed), optimum(METHODS["heavy_ball"], **rest)
    tuned, other = tuned.at(mu=1, L=16), other.at(mu=1, L=16)
    assert tuned.rate == pytest.approx(other.rate, rel=1e-9)
    assert tuned.hyper["lr"] * (1 - damping) == pytest.approx(other.hyper["lr"], rel=1e-6)
    assert (tuned.plateau is None) == (other.plateau is None)


def test_dampening_one_never_learns():
    with pytest.raises(NoStableLearningRate):
        optimum(METHODS["torch_sgd"], dampening=1).at(mu=1, L=16)


def test_a_rule_that_depends_on_the_scale_of_the_curvatures():
    """λ(1−λ/10) at λ = 1, 4 is 0.9, 2.4, and 2.5 at most in between, at λ=5 outside: η = 2/3.3, rate 1.5/3.3."""
    assert optimum(inner_step).at(mu=1, L=4).rate == pytest.approx(1.5 / 3.3, abs=1e-9)
    with pytest.raises(NoStableLearningRate):
        optimum(inner_step).at(mu=1, L=12)


def test_numbers_and_letters_for_a_fixed_hyperparameter_agree():
    for name in ("heavy_ball", "nesterov"):
        letters = optimum(METHODS[name], momentum=beta).at(mu=1, L=50, momentum=0.9)
        numbers = optimum(METHODS[name], momentum=0.9).at(mu=1, L=50)
        assert letters.rate == pytest.approx(numbers.rate, abs=1e-10)
        assert letters.hyper["lr"] == pytest.approx(numbers.hyper["lr"], rel=1e-7)
    other = sp.Symbol("b", positive=True)
    assert optimum(METHODS["heavy_ball"], momentum=other).rate.free_symbols == {other, mu, L}


def test_everything_fixed_is_the_rate_itself():
    found = optimum(METHODS["heavy_ball"], lr=0.1, momentum=0.5)
    assert found.at(mu=1, L=4).rate == pytest.approx(worst("heavy_ball", (1, 4), np.array(0.1), 0.5), abs=1e-12)


def test_refusals():
    with pytest.raises(BadHyperparameter):
        optimum(METHODS["heavy_ball"], beta=0.5)
    with pytest.raises(BadHyperparameter):
        optimum(METHODS["heavy_ball"]).at(mu=2, L=1)
    with pytest.raises(NoStableLearningRate):
        optimum(METHODS["heavy_ball"], momentum=1).at(mu=1, L=4)
    with pytest.raises(NoStableLearningRate):
        optimum(METHODS["gradient_descent"], lr=3).at(mu=1, L=4)


def test_the_brute_force_can_tell_one_per_cent():
    wrong = 1.01 * optimum(METHODS["nesterov"], momentum=beta).at(mu=1, L=30, momentum=0.4).rate
    assert abs(wrong - smallest_rate("nesterov", (1, 30), 0.4)[1]) > NUMERIC
    assert dict(METHODS["weight_decay_coupled"].defaults)["weight_decay"] == DECAY
    assert set(brute_force.PAIRS) <= set(LINEAR)


@pytest.mark.parametrize(("name", "L"), [("gradient_descent", 2.5), ("heavy_ball", 4.0)])
def test_a_learning_rate_that_is_held_too_large_has_no_optimum(name, L):
    """The closed form has a number there, 1.5 and 1, and it is no rate of convergence."""
    with pytest.raises(NoStableLearningRate):
        optimum(METHODS[name], lr=1).at(mu=0.1, L=L)
    assert optimum(METHODS[name], lr=1).at(mu=0.1, L=1.9).rate < 1


def test_a_rate_that_is_set_between_the_ends_is_not_overlooked():
    """Two steps, the second four times as long: (1 − h)(1 − 4h) dips to −9/16 between its roots."""

    def dipping(f, x, *, lr):
        x = x - lr * f.grad(x)
        return x - 4 * lr * f.grad(x)

    tuned, curvatures = optimum(dipping).at(mu=1, L=4), np.linspace(1, 4, 4001)
    sizes = {lr: np.abs((1 - lr * curvatures) * (1 - 4 * lr * curvatures)) for lr in np.linspace(0.01, 0.5, 2001)}
    assert tuned.rate == pytest.approx(min(size.max() for size in sizes.values()), abs=1e-3)
    h = tuned.hyper["lr"] * curvatures
    assert tuned.rate == pytest.approx(np.abs((1 - h) * (1 - 4 * h)).max(), abs=1e-7)
    assert tuned.rate > max(np.abs((1 - h) * (1 - 4 * h))[[0, -1]]) - 1e-12


@pytest.mark.parametrize("name", ["qhm", "torch_sgd", "nesterov", "weight_decay_decoupled"])
def test_a_closed_form_is_evaluated_also_where_floats_cannot_hold_its_setting(name):
    """At κ = 1e7 and more, the rounding of QHM's momentum moves its rate by more than what is left to 1."""
    for kappa in (1e7, 1e12, 1e16):
        found = optimum(name).at(mu=1, L=kappa, **dict.fromkeys(optimum(name).undetermined, 0))
        assert found.note == ""


@pytest.mark.parametrize("wrong", ["momentum", "rate up", "rate down"])
def test_a_closed_form_that_is_wrong_by_little_is_none_where_floats_cannot_tell(wrong):
    """QHM at κ = 8e10, where 1 − ρ is 7e-6: its distance from 1 half as much again, or a third less."""
    m, point = METHODS["qhm"], {MU: 1.0, LARGEST: 8e10}
    (right,) = optimum("qhm").pieces
    part = sp.Rational(2, 3) if wrong == "rate up" else sp.Rational(3, 2)
    beta = right.hyper["momentum"] if wrong == "momentum" else right.rate
    moved = 1 - part * (1 - beta)
    piece = replace(right, hyper={**right.hyper, "momentum": moved}) if wrong == "momentum" else replace(right, rate=moved)
    assert closed(m, right, point) is not None
    assert closed(m, piece, point) is None
