"""The noise floor of a rule is the solution of its Lyapunov equation, the sum over its past, and what a long run shows."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import sympy as sp
from scipy.linalg import solve_discrete_lyapunov
from tolerances import EPS, SLACK, rounded_once
from user_rules import USERS, extragradient, two_buffers
from usual_settings import usual

import convergence as cv
from convergence.theory.noise import BOTH, cross_gain

LR, BETA = 0.1, 0.9
CURVATURE = sp.Symbol("lambda", positive=True)
ETA = sp.Symbol("eta", positive=True)
MOMENTUM = sp.Symbol("beta", nonnegative=True)


def settings(m):
    """Stable numbers for any rule of the catalogue and the tests, at curvature 2."""
    return {"lr": LR, **usual(m, ahead=0.3, momentum=0.3 if m is two_buffers else 0.7)}


def by_definition(m, curvature, hyper, **options):
    """A and b read off the rule itself: columns of what it does to unit states, and to a unit of noise."""
    m = cv.method(m) if not isinstance(m, cv.Method) else m
    derived = cv.derive(m)
    clock = dict.fromkeys(derived.clock.names, 0.0) if derived.clock else {}

    def image(state, noise):
        class Noisy:
            def grad(self, x):
                return curvature * x + next(noise)

            def solve(self, g):
                return g / curvature

        full = [clock[name] if name in clock else state[derived.state.index(name)] for name in m.state]
        after = m(Noisy(), *full, **hyper)
        return np.array([a for a, name in zip(after, m.state, strict=True) if name not in clock], dtype=float)

    size = len(derived.state)
    A = np.array([image(row, iter([0.0] * 9)) for row in np.eye(size)]).T
    if options.get("fresh"):
        calls = len([g for g in derived.loop.gains if g == CURVATURE])
        return A, np.array([image(np.zeros(size), iter([*row, *[0.0] * 9])) for row in np.eye(calls)]).T
    return A, image(np.zeros(size), iter([1.0] * 9))[:, None]


def precision(A):
    """Of a stationary covariance: the condition of its equation, whose smallest eigenvalue is 1 − ρ²."""
    return SLACK**2 * EPS / (1 - np.abs(np.linalg.eigvals(A)).max() ** 2)


ALL = [*cv.methods.LINEAR.values(), *USERS]


@pytest.mark.parametrize("m", ALL, ids=lambda m: m.name)
def test_the_covariance_solves_the_lyapunov_equation(m):
    A, b = by_definition(m, 2.0, settings(m))
    floor = cv.noise_floor(m).at(curvature=2.0, **settings(m))
    expected = solve_discrete_lyapunov(A, b @ b.T)
    np.testing.assert_allclose(floor.covariance, expected, rtol=precision(A), atol=precision(A) * np.abs(expected).max())
    assert floor.variance == pytest.approx(expected[0, 0], rel=precision(A))
    assert floor.loss == pytest.approx(expected[0, 0], rel=precision(A))  # λ/2 = 1


@pytest.mark.parametrize("m", ALL, ids=lambda m: m.name)
def test_the_covariance_is_the_sum_over_the_past(m):
    A, b = by_definition(m, 2.0, settings(m))
    total, term = np.zeros_like(A), b
    while np.abs(term).max() > EPS**2:
        total, term = total + term @ term.T, A @ term
    np.testing.assert_allclose(
        cv.noise_floor(m).at(curvature=2.0, **settings(m)).variance, total[0, 0], rtol=precision(A)
    )


def test_the_state_of_a_long_run_varies_as_said():
    """4·10⁵ independent runs to the stationary state: the standard error of a variance is √(2/N) of it."""
    rng, N = np.random.default_rng(0), 400_000
    for m in ("heavy_ball", "nesterov", "weight_decay_decoupled"):
        method = cv.METHODS[m]

        class Noisy:
            def grad(self, x):
                self.asked = x
                return 2.0 * x + rng.standard_normal(N)

            def solve(self, g):
                return g / 2.0

        objective, state, hyper = Noisy(), (np.zeros(N), np.zeros(N)), {**settings(method), "momentum": 0.5}
        for _ in range(30):
            state = method(objective, *state, **hyper)
        floor = cv.noise_floor(m).at(curvature=2.0, **hyper)
        assert np.var(state[0]) == pytest.approx(floor.variance, rel=5 * np.sqrt(2 / N))
        (at,) = floor.points.values()
        assert np.var(objective.asked) == pytest.approx(at, rel=5 * np.sqrt(2 / N))


def test_heavy_ball_moves_with_its_velocity():
    """E v² = 2/((1−β)(2(1+β)−ηλ)), and E xv = −(η/2)E v² at every setting: the position does not drift."""
    floor = cv.noise_floor("heavy_ball")
    v, xv = floor.covariance[1, 1], floor.covariance[0, 1]
    assert sp.cancel(xv + ETA * v / 2) == 0
    assert sp.cancel(v - 2 / ((1 - MOMENTUM) * (2 * (1 + MOMENTUM) - ETA * CURVATURE))) == 0
    numbers = floor.at(curvature=2.0, lr=0.1, momentum=0.9).covariance
    assert numbers[1, 1] == pytest.approx(5.5555555556, abs=5e-11)
    assert numbers[0, 1] == pytest.approx(-0.2777777778, abs=5e-11)


@pytest.mark.parametrize(("product", "ratio"), [(0.01, 9.97625330), (0.1, 9.75675676), (1.0, 6.78571429)])
def test_heavy_ball_against_gradient_descent_at_equal_lr(product, ratio):
    ball = cv.noise_floor("heavy_ball").at(curvature=1.0, lr=product, momentum=0.9).variance
    plain = cv.noise_floor("gradient_descent").at(curvature=1.0, lr=product).variance
    assert ball / plain == pytest.approx(ratio, abs=5e-9)


def test_the_tuned_heavy_ball_pays_for_its_speed():
    """Unit noise on the iterate is ξ/η in the gradient: (κ+1)(√κ+1)⁴/(32κ^{3/2}) at μ and at L alike; GD (κ+1)²/(4κ)."""
    ball, plain = cv.optimum("heavy_ball").at(mu=1.0, L=100.0).hyper, 2 / 101
    at_ends = cv.noise_floor("heavy_ball").at(curvature=[1.0, 100.0], noise=1 / ball["lr"], **ball).variance
    np.testing.assert_allclose(at_ends, 46.21065625, atol=5e-9)
    at_ends = cv.noise_floor("gradient_descent").at(curvature=[1.0, 100.0], noise=1 / plain, lr=plain).variance
    np.testing.assert_allclose(at_ends, 25.5025, atol=5e-9)


@pytest.mark.parametrize("m", ALL, ids=lambda m: m.name)
def test_autocovariances_add_up_to_one_over_the_square_of_the_curvature(m):
    """For every method whose constant gradient error ξ moves its rest by ξ/λ; decay makes that less."""
    long_run, decay = cv.noise_floor(m).long_run, sp.Symbol("delta", nonnegative=True)
    assert sp.cancel(long_run.subs(decay, 0) - 1 / CURVATURE**2) == 0
    A, b = by_definition(m, 2.0, settings(m))
    covariance = solve_discrete_lyapunov(A, b @ b.T)
    lags, column = [], covariance[:, 0]
    while np.abs(column).max() > EPS**2:
        lags.append(column[0])
        column = A @ column
    letters = {s: settings(m)[name] for name, s in m.symbols.items()} | {CURVATURE: 2}
    assert 2 * sum(lags) - lags[0] == pytest.approx(float(long_run.subs(letters)), rel=precision(A))


def test_the_mean_of_iterates_varies_by_all_their_covariances():
    A, b = by_definition(cv.METHODS["heavy_ball"], 2.0, {"lr": LR, "momentum": BETA})
    covariance = solve_discrete_lyapunov(A, b @ b.T)
    lags = np.array([(np.linalg.matrix_power(A, k) @ covariance)[0, 0] for k in range(40)])
    for T in (1, 2, 3, 7, 16, 40):
        expected = sum(lags[abs(i - j)] for i in range(T) for j in range(T)) / T**2
        found = cv.noise_floor("heavy_ball").average(T, curvature=2.0, lr=LR, momentum=BETA)
        assert found == pytest.approx(expected, rel=precision(A))


def test_the_mean_of_gradient_descents_iterates_in_closed_form():
    """P/T²·[T(1+ρ)/(1−ρ) − 2ρ(1−ρ^T)/(1−ρ)²]; with λ = 1, ηλ = 0.2 and T = 50 it is 0.0182222476."""
    T, rho, P = 50, 0.8, 0.2 / 1.8
    closed = P / T**2 * (T * (1 + rho) / (1 - rho) - 2 * rho * (1 - rho**T) / (1 - rho) ** 2)
    found = cv.noise_floor("gradient_descent").average(T, curvature=1.0, lr=0.2)
    assert found == pytest.approx(closed, rel=SLACK * EPS)
    assert found == pytest.approx(0.0182222476, abs=5e-11)
    long = cv.noise_floor("gradient_descent").average(10**9, curvature=[1.0, 3.0], noise=2.0, lr=0.2)
    np.testing.assert_allclose(long * 10**9, [4.0, 4 / 9], rtol=1e-7)


def test_the_look_ahead_point_is_not_the_position():
    """Nesterov's method varies more where it asks than where it stands; PyTorch's form keeps the point where it asks."""
    floor = cv.noise_floor("nesterov")
    assert list(floor.points) == ["x - beta*m"]
    assert sp.cancel(floor.points["x - beta*m"] - floor.variance) != 0
    assert sp.cancel(floor.points["x - beta*m"] - cv.noise_floor("torch_sgd_nesterov").variance) == 0
    numbers = floor.at(curvature=2.0, lr=0.1, momentum=0.5)
    assert numbers.points["x - beta*m"] > numbers.variance


def test_gradients_of_a_step_share_their_noise_unless_fresh():
    """x − ηg(x − ηg(x)): the shared sample enters by −η(1−ηλ), samples of its own by −η and η²λ."""
    product = ETA * CURVATURE
    stay = 1 - (1 - product * (1 - product)) ** 2
    shared, fresh = cv.noise_floor(extragradient), cv.noise_floor(extragradient, fresh=True)
    assert sp.cancel(shared.variance - ETA**2 * (1 - product) ** 2 / stay) == 0
    assert sp.cancel(fresh.variance - ETA**2 * (1 + product**2) / stay) == 0
    assert list(shared.points) == ["x", "x - eta*grad(x)"]
    inner = (1 - product) ** 2 * fresh.variance + ETA**2
    assert sp.cancel(fresh.points["x - eta*grad(x)"] - inner) == 0
    inner = (1 - product) ** 2 * shared.variance + ETA**2
    assert sp.cancel(shared.points["x - eta*grad(x)"] - inner) == 0


def test_newtons_step_carries_the_gradients_noise_alone():
    """The Hessian is exact: ξ/λ enters, and E x² = η/((2−η)λ²), the less the more the function is curved."""
    assert sp.cancel(cv.noise_floor("newton").variance - ETA / ((2 - ETA) * CURVATURE**2)) == 0


def test_a_method_with_a_clock_has_the_floor_that_it_tends_to():
    plain, corrected = cv.noise_floor("ema_momentum_zero_start"), cv.noise_floor("frozen_adam")
    assert sp.cancel(plain.variance - corrected.variance) == 0


def test_weight_decay_varies_about_its_own_rest_as_on_the_shifted_curvature():
    decay = sp.Symbol("delta", nonnegative=True)
    shifted = cv.noise_floor("heavy_ball").variance.subs(CURVATURE, CURVATURE + decay)
    floor = cv.noise_floor("weight_decay_coupled")
    assert sp.cancel(floor.variance - shifted) == 0
    assert sp.cancel(floor.loss - CURVATURE * shifted / 2) == 0


def rms(f, x, v, *, lr, beta, eps):
    g = f.grad(x)
    v = beta * v + (1 - beta) * g * g
    return x - lr * g / (v + eps) ** 0.5, v


def test_a_rule_that_is_not_linear_has_a_floor_to_first_order_in_the_noise():
    floor = cv.noise_floor(rms)
    assert not floor.linear
    assert "first order" in repr(floor)
    plain = cv.noise_floor("gradient_descent").variance.subs(ETA, ETA / sp.sqrt(floor.symbols["eps"]))
    letters = {ETA: sp.Rational(1, 10), floor.symbols["eps"]: 2, floor.symbols["beta"]: sp.Rational(1, 2), CURVATURE: 3}
    assert sp.simplify((floor.variance - plain).subs(letters)) == 0  # the answer ηξ/√ε is that of the rate η/√ε


def remembering(f, x, v, total, *, lr, momentum):
    v = momentum * v + f.grad(x)
    return x - lr * v, v, total + v


def alternating(f, x, s, *, lr):
    g = f.grad(x)
    return x - lr * g, g - s


@pytest.mark.parametrize(("rule", "word"), [(remembering, "total keeps"), (alternating, "s keeps, with alternating")])
def test_a_state_that_never_forgets_is_refused_by_its_name(rule, word):
    with pytest.raises(cv.NotLinear, match=word):
        cv.noise_floor(rule)


def test_what_is_not_stable_has_no_floor():
    floor = cv.noise_floor("heavy_ball").at(curvature=1.0, lr=[2.9, 3.0, 3.1], momentum=0.5)
    assert np.isfinite(floor.variance).tolist() == [True, False, False]
    assert floor.variance[1:].tolist() == floor.points["x"][1:].tolist() == [np.inf, np.inf]
    assert np.isnan(floor.covariance[1:]).all()
    average = cv.noise_floor("heavy_ball").average(5, curvature=1.0, lr=[2.9, 3.1], momentum=0.5)
    assert np.isfinite(average).tolist() == [True, False]


def test_noise_is_a_standard_deviation_and_broadcasts():
    floor = cv.noise_floor("gradient_descent")
    one, many = floor.at(curvature=2.0, lr=0.3), floor.at(curvature=2.0, noise=[[1.0], [3.0]], lr=[0.3, 0.4])
    assert many.variance.shape == (2, 2)
    assert many.covariance.shape == (2, 2, 1, 1)
    assert many.variance[1, 0] == pytest.approx(9 * one.variance, rel=rounded_once())
    with pytest.raises(cv.BadHyperparameter, match="standard deviation"):
        floor.at(curvature=2.0, noise=-1.0, lr=0.3)


@pytest.mark.parametrize("m", ["gradient_descent", "heavy_ball", "nesterov", "torch_sgd", extragradient, two_buffers])
def test_the_cross_gain_is_the_covariance_of_two_directions_that_feel_one_noise(m):
    method = cv.METHODS[m] if isinstance(m, str) else m
    hyper, gain = settings(method), cross_gain(method)
    (A, b), (other, c) = (by_definition(method, curvature, hyper) for curvature in (2.0, 5.0))
    loop = cv.derive(method).loop
    letters = {s: hyper[name] for name, s in method.symbols.items()}
    rows = []
    for curvature in (2.0, 5.0):
        R, D = (np.array(part.subs(letters | {CURVATURE: curvature}), dtype=float) for part in (loop.R, loop.D))
        inner = np.linalg.inv(np.eye(len(D)) - curvature * D)
        rows.append((inner @ R, inner @ D @ np.ones((len(D), 1))))
    total = np.zeros((len(A), len(A)))
    one, two = b, c
    while max(np.abs(one).max(), np.abs(two).max()) > EPS**2:
        total, one, two = total + one @ two.T, A @ one, other @ two
    expected = rows[0][0] @ total @ rows[1][0].T + rows[0][1] @ rows[1][1].T
    found = np.array(gain.subs(letters | {BOTH[0]: 2, BOTH[1]: 5}), dtype=float)
    np.testing.assert_allclose(found, expected, rtol=precision(A) + precision(other))


@pytest.mark.parametrize("m", ["gradient_descent", "heavy_ball", "nesterov", extragradient])
def test_the_cross_gain_of_a_direction_with_itself_is_the_variance_at_its_points(m):
    method = cv.METHODS[m] if isinstance(m, str) else m
    gain = cross_gain(method).subs(dict.fromkeys(BOTH, CURVATURE))
    points = cv.noise_floor(m).points.values()
    assert [sp.cancel(gain[k, k] - point) for k, point in enumerate(points)] == [0] * len(points)


@pytest.mark.parametrize("wrong", [{"fresh": 1}, {"fresh": "ab"}])
def test_fresh_is_yes_or_no(wrong):
    with pytest.raises(cv.BadHyperparameter, match="True or False"):
        cv.noise_floor("heavy_ball", **wrong)


@pytest.mark.parametrize("steps", [0, -1, True, 1.5, "a", 10**16])
def test_a_mean_is_of_a_whole_number_of_iterates(steps):
    with pytest.raises(cv.BadData, match="whole number"):
        cv.noise_floor("heavy_ball").average(steps, curvature=1.0, lr=0.1, momentum=0.9)


def test_a_floor_pickles_and_prints():
    floor = cv.noise_floor("nesterov")
    assert repr(pickle.loads(pickle.dumps(floor))) == repr(floor)
    assert r"\mathrm{E}" in floor._repr_latex_()
