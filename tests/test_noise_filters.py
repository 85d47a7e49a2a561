"""A rule's average of its gradients: its weights are what the rule does to unit gradients, its sums what they add up to."""

from __future__ import annotations

import pickle
from itertools import cycle

import numpy as np
import pandas
import pytest
import sympy as sp
from scipy import signal
from tolerances import EPS, SLACK, rounded_once
from user_rules import USERS, extragradient, polyak, two_buffers
from usual_settings import usual

import convergence as cv
from convergence.theory.transfer import LAG

ETA = sp.Symbol("eta", positive=True)
MOMENTUM = sp.Symbol("beta", nonnegative=True)
CURVATURE = sp.Symbol("lambda", positive=True)
R = sp.Symbol("r")
ALL = [*cv.methods.LINEAR.values(), *USERS]
TIMELESS = [m for m in ALL if "p" not in m.state]
EMA = cv.filter_of("ema_momentum_zero_start")


def settings(m):
    return {"lr": 0.1, **usual(m, ahead=0.3, momentum=0.3 if m is two_buffers else 0.7)}


def outputs(m):
    return [*cv.derive(m).state, "step"]


class Impulses:
    """Answers the gradients of step k with the k-th unit vector, so that a state holds the weights of all gradients."""

    def __init__(self, steps, curvature=2.0, closed=False):
        self.unit, self.now, self.curvature, self.closed = np.eye(steps + 1), 0, curvature, closed

    def grad(self, x):
        return self.unit[self.now] + (self.curvature * x if self.closed else 0)

    def solve(self, g):
        return g / self.curvature


def by_running(m, steps, output, closed=False):
    """The rule itself on unit gradients. The start's gradient is the first of all."""
    f, before = Impulses(steps, closed=closed), None
    state = m.start(f, np.zeros(steps + 1))
    for f.now in range(1, steps + 1):
        before = state
        state = m(f, *state, **settings(m))
    return before[0] - state[0] if output == "step" else state[m.state.index(output)]


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("m", ALL, ids=lambda m: m.name)
def test_the_weights_are_what_the_rule_makes_of_unit_gradients(m, closed):
    for output in outputs(m):
        at = cv.filter_of(m, output, closed=closed).at(curvature=2.0, **settings(m))
        for steps in (1, 2, 7):
            expected = by_running(m, steps, output, closed)
            weights = at.weights(steps)
            if len(weights) == steps:  # the start's gradient, if there is one, is that of the first step
                expected = np.concatenate([[expected[0] + expected[1]], expected[2:]])
            np.testing.assert_allclose(weights, expected, atol=SLACK * EPS * steps * max(1, np.abs(expected).max()))


def test_a_method_without_a_clock_has_no_state_of_that_letter():
    assert [m for m in ALL if not cv.derive(m).clock] == TIMELESS


def test_only_a_start_that_asks_elsewhere_counts_as_one_more_gradient():
    more = [m.name for m in cv.methods.LINEAR.values() if len(cv.filter_of(m).at(curvature=2.0, **settings(m)).weights(3)) == 4]
    assert more == ["torch_sgd", "torch_sgd_decay", "chebyshev"]


@pytest.mark.parametrize("m", TIMELESS, ids=lambda m: m.name)
def test_the_unrolled_weights_are_the_power_series(m):
    letters = {s: settings(m)[name] for name, s in m.symbols.items()} | {CURVATURE: 2.0}
    for output in outputs(m):
        whole = cv.filter_of(m, output)
        newest = whole.at(curvature=2.0, **settings(m)).weights(9)[::-1][:8]
        if whole.unrolled is None:
            assert sp.Poly(whole.denominator, sp.Symbol("z")).degree() > 1
            continue
        formula = [float(whole.unrolled.subs(LAG, k).subs(letters)) for k in range(8)]
        np.testing.assert_allclose(formula, newest, atol=SLACK**2 * EPS)


def test_the_weights_of_an_average_shrink_by_beta():
    assert sp.simplify(EMA.unrolled - (1 - MOMENTUM) * MOMENTUM**LAG) == 0
    assert sp.simplify(cv.filter_of("heavy_ball").unrolled - MOMENTUM**LAG) == 0
    assert sp.simplify(cv.filter_of("ema_momentum").unrolled - MOMENTUM * (1 - MOMENTUM) ** LAG) == 0
    twice = cv.filter_of(two_buffers, "w").unrolled
    assert sp.simplify(twice - (LAG + 1) * MOMENTUM**LAG) == 0


@pytest.mark.parametrize("momentum", [0.1, 0.5, 0.9, 0.99])
def test_pandas_has_the_same_averages(momentum):
    """adjust=False begins with the first value, as the course's average does; adjust=True is Adam's bias correction."""
    u = np.random.default_rng(0).standard_normal(30)
    course = cv.filter_of("ema_momentum").at(momentum=1 - momentum)
    adam = cv.filter_of("frozen_adam", "step").at(lr=1, momentum=momentum)
    for adjust, average in ((False, course), (True, adam)):
        expected = pandas.Series(u).ewm(alpha=1 - momentum, adjust=adjust).mean()
        found = [average.weights(t) @ u[:t] for t in range(1, 31)]
        np.testing.assert_allclose(found, expected, atol=SLACK * EPS * 30)
    plain = EMA.at(momentum=momentum)
    for word, value in (("halflife", plain.half_life), ("com", plain.mean_lag), ("span", plain.window)):
        named = pandas.Series(u).ewm(**{word: value}, adjust=True).mean()
        np.testing.assert_allclose(named, pandas.Series(u).ewm(alpha=1 - momentum).mean(), rtol=1e-12)


@pytest.mark.parametrize("m", TIMELESS, ids=lambda m: m.name)
def test_scipy_has_the_same_response_and_output(m):
    omega, u = np.linspace(0.1, 3.1, 7), np.random.default_rng(1).standard_normal(40)
    for output in outputs(m):
        at = cv.filter_of(m, output).at(curvature=2.0, **settings(m))
        order = at.denominator.degree()
        above = [float(at.numerator.coeff_monomial(sp.Symbol("z") ** (order - k))) for k in range(order + 1)]
        below = [float(c) for c in at.denominator.all_coeffs()]
        np.testing.assert_allclose(at.response(omega), signal.freqz(above, below, worN=omega)[1], rtol=1e-12)
        assert m.starts or at.weights(40) @ u == pytest.approx(signal.lfilter(above, below, u)[-1], rel=1e-11)


@pytest.mark.parametrize("m", ALL, ids=lambda m: m.name)
def test_closed_to_the_position_the_squares_add_up_to_the_noise_floor(m):
    whole = cv.filter_of(m, "x", closed=True)
    assert sp.cancel(whole.variance_gain - cv.noise_floor(m).variance) == 0
    assert sp.cancel(whole.dc_gain**2 - cv.noise_floor(m).long_run) == 0


@pytest.mark.parametrize("m", ALL, ids=lambda m: m.name)
def test_sums_at_numbers_are_sums_of_weights(m):
    for output, closed in zip(outputs(m), cycle([True, False]), strict=False):
        at = cv.filter_of(m, output, closed=closed).at(curvature=2.0, **settings(m))
        if not at.forgets:
            assert at.variance_gain == at.half_life == at.time_constant == np.inf
            assert np.isnan([at.window, at.mean_lag, at.cutoff]).all()
            continue
        # A clock runs down in some 15,000 steps; without one old weights are below rounding when the slowest pole says so.
        steps = 15_000 if cv.derive(m).clock else int(np.ceil(2 * np.log(EPS) / np.log(max(at.slowest, 0.5))))
        weights = at.weights(steps + 1_000)[-steps:]
        assert at.dc_gain == pytest.approx(weights.sum(), abs=1e-11 * np.abs(weights).sum())
        assert at.variance_gain == pytest.approx(np.sum(weights**2), rel=1e-11)
        assert at.variance_gain_for(0.0) == pytest.approx(at.variance_gain, rel=rounded_once())
        colour = sum(
            0.6 ** abs(k) * np.sum(weights[abs(k) :] * weights[: len(weights) - abs(k)]) for k in range(-99, 100)
        )
        assert at.variance_gain_for(0.6) == pytest.approx(colour, rel=1e-10)
        if abs(at.dc_gain) > 1e-9:
            lags = np.arange(len(weights))[::-1]
            rounded = EPS * lags.sum()  # a weight rounds by ε, and old ones are many
            assert at.mean_lag == pytest.approx(lags @ weights / weights.sum(), rel=1e-9, abs=rounded)
            assert at.window == pytest.approx(weights.sum() ** 2 / np.sum(weights**2), rel=1e-10)


def test_an_average_with_beta_nine_tenths_is_a_window_of_nineteen():
    """Moving average of N ↔ β = (N−1)/(N+1); its weights fall to half in 6.6 steps, to about 1/e in 1/(1−β) = 10."""
    for m in ("ema_momentum_zero_start", "heavy_ball", "frozen_adam"):
        assert sp.cancel(cv.filter_of(m).window - (1 + MOMENTUM) / (1 - MOMENTUM)) == 0
    assert sp.cancel(EMA.variance_gain - (1 - MOMENTUM) / (1 + MOMENTUM)) == 0
    at = EMA.at(momentum=0.9)
    assert (at.window, at.variance_gain) == pytest.approx((19, 1 / 19), rel=rounded_once())
    assert at.half_life == pytest.approx(np.log(0.5) / np.log(0.9))
    assert at.time_constant == pytest.approx(10)
    assert 0.9**at.time_constant == pytest.approx(1 / np.e, abs=0.02)
    assert EMA.at(momentum=sp.Rational(5, 7)).window == pytest.approx(6)


def test_half_power():
    """cos ω = 1 − (1−β)²/(2β), which there is from β = 3 − 2√2 = 0.17157 on."""
    assert EMA.at(momentum=0.9).cutoff == pytest.approx(0.105458117022, abs=5e-13)
    for momentum in (0.1716, 0.5, 0.999):
        at = EMA.at(momentum=momentum)
        assert np.cos(at.cutoff) == pytest.approx(1 - (1 - momentum) ** 2 / (2 * momentum))
        assert abs(at.response(at.cutoff)) ** 2 == pytest.approx(0.5)
    assert np.isnan(EMA.at(momentum=0.1715).cutoff)


def test_bias_correction_step_by_step():
    """Corrected, the variance is (1−β)(1+βᵗ)/((1+β)(1−βᵗ)); uncorrected, the weights sum to 1−βᵗ."""
    corrected, plain = cv.filter_of("frozen_adam", "step").at(lr=1, momentum=0.9), EMA.at(momentum=0.9)
    assert corrected.variance(10) == pytest.approx(0.10898315082, abs=5e-12)
    assert 1 / corrected.variance(10) == pytest.approx(9.17573030765, abs=5e-12)
    assert plain.weights(10).sum() == pytest.approx(0.6513215599, abs=5e-11)
    assert plain.variance(10) == pytest.approx(0.0462328076531, abs=5e-14)
    for t in (1, 2, 5, 60):
        expected = 0.1 * (1 + 0.9**t) / (1.9 * (1 - 0.9**t))
        assert corrected.variance(t) == pytest.approx(expected, rel=SLACK * EPS * t)
        assert corrected.weights(t).sum() == pytest.approx(1, rel=SLACK * EPS * t)


def test_adams_step_under_white_noise_at_first_is_one_and_shrinks():
    """√variance, its preconditioner 1: 1, then 0.708085, in the end √((1−β)/(1+β)) = 0.229416."""
    adam = cv.filter_of("frozen_adam", "step").at(lr=1, momentum=0.9)
    sizes = [np.sqrt(adam.variance(t)) for t in (1, 2)] + [np.sqrt(adam.variance_gain)]
    np.testing.assert_allclose(sizes, [1, 0.708085476162, 0.229415733871], atol=5e-13)


def test_correlated_gradients_are_averaged_less():
    """AR(1): (1−β)(1+βr)/((1+β)(1−βr))."""
    expected = (1 - MOMENTUM) * (1 + MOMENTUM * R) / ((1 + MOMENTUM) * (1 - MOMENTUM * R))
    assert sp.cancel(EMA.variance_gain_for(R) - expected) == 0
    assert EMA.at(momentum=0.9).variance_gain_for(0.5) == pytest.approx(0.138755980861, abs=5e-13)


def test_the_average_of_stationary_iterates():
    """Iterates of gradient descent have the correlation ρ = 1−ηλ: their EMA has (1−g)(1+gρ)/((1+g)(1−gρ)) of the floor."""
    assert EMA.at(momentum=0.99).variance_gain_for(0.9) == pytest.approx(0.0871790143377, abs=5e-14)

    def averaged(f, x, mean, *, lr, momentum):
        x = x - lr * f.grad(x)
        return x, momentum * mean + (1 - momentum) * x

    floor = cv.noise_floor(averaged)
    ratio = sp.cancel(floor.covariance[1, 1] / floor.variance)
    assert sp.cancel(ratio - EMA.variance_gain_for(1 - ETA * CURVATURE)) == 0


def test_the_spectrum_of_heavy_balls_iterates():
    """η = 0.5, β = 0.9, λ = 1: the peak is 7.408 at ω = 0.7394, and the mean square over frequencies is the floor."""
    at = cv.filter_of("heavy_ball", "x", closed=True).at(curvature=1, lr=0.5, momentum=0.9)
    omega = np.linspace(-np.pi, np.pi, 2**16, endpoint=False)
    gain = np.abs(at.response(omega))
    assert gain.max() == pytest.approx(7.40797197, abs=1e-6)
    assert abs(omega[gain.argmax()]) == pytest.approx(0.73937697, abs=1e-4)
    assert abs(at.response(0.73937697)) == pytest.approx(7.40797197, abs=5e-9)
    assert np.mean(gain**2) == pytest.approx(at.variance_gain) == pytest.approx(2.8787878788, abs=5e-11)


def test_the_default_output_is_a_buffer_or_the_step():
    assert [cv.filter_of(m).output for m in ("heavy_ball", "gradient_descent", "nesterov", "frozen_adam", polyak)] == [
        *("v", "step", "m", "m", "step")
    ]


def test_gradients_of_one_step_are_one_input():
    """x − ηg(x − ηg(x)) uses its inner gradient to look only: open, a step is η times a gradient."""
    assert cv.filter_of(extragradient, "step").formula == ETA


def test_newtons_step_divides_by_the_curvature():
    whole = cv.filter_of("newton", "step")
    assert whole.formula == ETA / CURVATURE
    with pytest.raises(cv.BadHyperparameter, match="curvature"):
        whole.at(lr=0.5)


def test_positions_add_up_their_steps_and_forget_none():
    whole = cv.filter_of("heavy_ball", "x")
    assert whole.dc_gain == whole.variance_gain == sp.oo
    assert whole.window is None
    assert np.isinf(whole.at(lr=0.1, momentum=0.9).variance_gain)


def test_an_edge_is_decided_exactly():
    whole = cv.filter_of("heavy_ball", "x", closed=True)
    assert np.isfinite(whole.at(curvature=10, lr=0.3799999, momentum=0.9).variance_gain)
    assert np.isinf(whole.at(curvature=10, lr=0.38, momentum=0.9).variance_gain)


def test_a_learning_rate_that_the_output_does_not_have_need_not_be_given():
    assert cv.filter_of("heavy_ball").at(momentum=0.5).weights(3).tolist() == [0.25, 0.5, 1.0]
    with pytest.raises(cv.BadHyperparameter, match="missing: lr"):
        cv.filter_of("heavy_ball", "step").at(momentum=0.5)


@pytest.mark.parametrize("output", ["p", "w", 3, ["v"], "steps"])
def test_an_output_is_a_state_or_the_step(output):
    with pytest.raises(cv.BadName, match=r"keeps time|known"):
        cv.filter_of("frozen_adam", output)


@pytest.mark.parametrize("correlation", [1, -1, 2.0, "a", None, True, float("nan"), 1j, [0.5]])
def test_a_correlation_lies_inside_one(correlation):
    for filtered in (EMA, EMA.at(momentum=0.9)):
        with pytest.raises(cv.BadHyperparameter):
            filtered.variance_gain_for(correlation)


@pytest.mark.parametrize("steps", [0, -1, True, 1.5, "a", 10**16])
def test_weights_are_of_a_whole_number_of_steps(steps):
    with pytest.raises(cv.BadData, match="whole number"):
        EMA.at(momentum=0.9).weights(steps)


def test_a_filter_pickles_and_prints():
    whole = cv.filter_of("nesterov", "step")
    assert repr(pickle.loads(pickle.dumps(whole))) == repr(whole)
    assert whole._repr_latex_().startswith("$$T(z)")
