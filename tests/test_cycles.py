"""RMSProp and Adam do not converge: they end in a 2-cycle, or leave one that repels; which, follows from symmetry."""

from __future__ import annotations

from collections import Counter
from dataclasses import FrozenInstanceError, replace
from functools import cache, wraps

import adaptive_rules as rules
import numpy as np
import pytest
import sympy as sp

import convergence as cv

eta, lam, eps = sp.symbols("eta lambda epsilon", positive=True)
b1, b2, beta = sp.symbols("beta1 beta2 beta", nonnegative=True)
ADAM = 1 - 3 * b1 - 3 * b1 * b2 + b1**2 * b2
"""Positive where the 2-cycle of Adam with ε = 0 attracts (Bock and Weiß 2022 have that it exists for all hyperparameters)."""


@cache
def only(m, **settings):
    """The one cycle, derived once for each question."""
    (cycle,) = cv.cycles(m, **settings)
    return cycle


def same(one, other):
    return sp.simplify(one - other) == 0


@pytest.mark.parametrize(
    ("rule", "amplitude", "second"),
    [
        (rules.rmsprop_plain, eta / 2, (eta * lam / 2) ** 2),
        (rules.rmsprop_outside, eta / 2 - eps / lam, (eta * lam / 2 - eps) ** 2),
        (rules.rmsprop_inside, sp.sqrt(eta**2 / 4 - eps / lam**2), (eta * lam / 2) ** 2 - eps),
    ],
)
def test_rmsprop_ends_half_a_step_to_either_side_less_what_epsilon_takes(rule, amplitude, second):
    cycle = only(rule, curvature=lam)
    assert same(cycle.amplitude, amplitude)
    assert same(cycle.state[1], second)
    assert cycle.period == 2
    assert cycle.state[0] == cycle.amplitude


@pytest.mark.parametrize("rule", [rules.rmsprop_outside, rules.rmsprop_inside, rules.adam])
def test_the_cycle_is_there_exactly_where_the_minimiser_does_not_attract(rule):
    """F64: 2ε/λ, 2√ε/λ and Adam's 2ε(1+β₁)/((1−β₁)λ) are where the one ends and the other begins."""
    bound = {
        "rmsprop_outside": 2 * eps / lam,
        "rmsprop_inside": 2 * sp.sqrt(eps) / lam,
        "adam": 2 * eps * (1 + b1) / ((1 - b1) * lam),
    }[rule.name]
    at = {lam: 2, eps: sp.Rational(1, 100), b1: sp.Rational(9, 10), b2: sp.Rational(99, 100)}
    cycle = only(rule, curvature=lam)
    for factor, there in ((sp.Rational(99, 100), False), (sp.Rational(101, 100), True)):
        assert bool(cycle.exists.subs(eta, factor * bound).subs(at)) is there
    assert sp.simplify(cycle.amplitude.subs(eta, bound)) == 0


def test_adam_s_cycle_and_where_it_attracts():
    cycle = only(rules.adam_plain, curvature=lam)
    assert same(cycle.amplitude, eta * (1 - b1) / (2 * (1 + b1)))
    assert cycle.exists is True
    assert sp.And(b1 + b2 > 0, ADAM > 0) == cycle.attracting
    # at β₂ → 1 only a momentum under 3 − 2√2 lets it attract: with the usual 0.9 it repels whatever β₂ is
    assert sp.solve(ADAM.subs(b2, 1), b1)[0] == 3 - 2 * sp.sqrt(2)
    assert all(not cycle.attracting.subs({b1: sp.Rational(9, 10), b2: s}) for s in (0, sp.Rational(1, 2), 1))


def test_a_constant_correction_changes_the_size_and_not_the_condition():
    plain, constant = only(rules.adam_plain), only(rules.adam_constant)
    assert constant.attracting == plain.attracting
    assert same(constant.amplitude / plain.amplitude, sp.sqrt(1 - b2) / (1 - b1))


def test_a_bias_correction_has_run_down():
    cycle = only(rules.adam, curvature=lam)
    assert cycle.names == ("x", "m", "v", "p", "q")
    assert cycle.state[3:] == (0, 0)
    assert same(cycle.amplitude, eta * (1 - b1) / (2 * (1 + b1)) - eps / lam)


def returns(beta1, beta2, push=1e-4, steps=4000):
    """Whether a run that is pushed off Adam's cycle by a ten thousandth comes back: by hand."""
    a = (1 - beta1) / (2 * (1 + beta1))
    m, v = -(1 - beta1) * a / (1 + beta1), a * a
    run = rules.adam_by_hand(a * (1 + push), m, v, steps, 1.0, beta1, beta2)
    return bool(np.abs(np.abs(run[-20:]) - a).max() < push * a / 10)


@pytest.mark.parametrize("beta2", [0.0, 0.3, 0.6, 0.9, 0.99])
def test_runs_by_hand_leave_adam_s_cycle_or_return_as_the_condition_says(beta2):
    edge = float(min(r for r in sp.Poly(ADAM.subs(b2, sp.Rational(str(beta2))), b1).nroots() if r > 0))
    for share in (0.5, 0.9, 1.1, 2.0):
        beta1 = round(share * edge, 6)
        cycle = only(rules.adam_plain, lr=1, beta1=beta1, beta2=beta2)
        assert cycle.attracting is (share < 1)
        assert returns(beta1, beta2) is (share < 1)


def test_with_the_betas_exchanged_the_condition_is_wrong_and_a_run_shows_it():
    one, other = {b1: 0.1, b2: 0.9}, {b1: 0.9, b2: 0.1}
    assert ADAM.subs(one) > 0 > ADAM.subs(other)
    assert returns(0.1, 0.9)
    assert not returns(0.9, 0.1)


def test_with_epsilon_on_the_other_side_the_amplitude_is_wrong_and_a_run_shows_it():
    settings = {"lr": 0.1, "decay": 0.9, "eps": 1e-3}
    for rule, other in ((rules.rmsprop_inside, rules.rmsprop_outside), (rules.rmsprop_outside, rules.rmsprop_inside)):
        end = abs(cv.simulate([1.0], rule, 3000, [1.05], **settings).error[-1, 0])
        assert end == pytest.approx(only(rule, **settings).amplitude, rel=1e-10)
        assert abs(end - only(other, **settings).amplitude) > 1e-4


@pytest.mark.parametrize(
    ("rule", "settings"),
    [
        (rules.rmsprop_outside, {"lr": 0.1, "decay": 0.9, "eps": 1e-3}),
        (rules.rmsprop_inside, {"lr": 0.1, "decay": 0.99, "eps": 1e-4}),
        (rules.adam_plain, {"lr": 0.1, "beta1": 0.1, "beta2": 0.9}),
        (rules.adam_plain, {"lr": 0.1, "beta1": 0.9, "beta2": 0.999}),
        (rules.rmsprop_momentum, {"lr": 0.1, "decay": 0.5, "momentum": 0.3}),
    ],
)
def test_multipliers_are_the_eigenvalues_of_two_steps_differentiated_by_hand(rule, settings):
    cycle = only(rule, curvature=2, **settings)
    state = np.array(cycle.state)

    class Half:
        grad = staticmethod(lambda x: 2 * x)

    def twice(s):
        return np.array(rule(Half, *rule(Half, *s, **settings), **settings))

    assert twice(state) == pytest.approx(state, rel=1e-12)
    h = 1e-5 * np.abs(state)
    columns = [(twice(state + d) - twice(state - d)) / (2 * d.sum()) for d in np.diag(h)]
    numeric = np.linalg.eigvals(np.array(columns).T)
    assert sorted(np.abs(numeric)) == pytest.approx(sorted(np.abs(cycle.multipliers)), rel=1e-5)
    assert cycle.attracting is bool(np.abs(numeric).max() < 1)
    assert abs(np.prod(numeric)) == pytest.approx(abs(np.prod(cycle.multipliers)), rel=1e-5)


@pytest.mark.parametrize(
    ("decay", "smallest", "step", "steps"),
    [(0.9, -21.743, 1090, 3000), (0.99, -213.61, 2166, 8000), (0.999, -2139.06, 12658, 90000)],
)
def test_rmsprop_comes_back_to_its_cycle_from_where_doubles_are_zero(decay, smallest, step, steps):
    """F70: a run that looks converged is no evidence."""
    run = rules.log_rmsprop(1e-3, decay, steps)
    assert run.min() == pytest.approx(smallest, abs=5e-3)
    assert abs(int(run.argmin()) - step) <= 1
    cycle = only(rules.rmsprop_plain, lr=1e-3, decay=decay)
    assert cycle.attracting is True
    assert run[-1] == pytest.approx(np.log10(cycle.amplitude), abs=1e-9)


@pytest.mark.parametrize(("beta2", "largest", "rms"), [(0.999, 0.2389, 0.02807), (0.9, 0.04261, 0.03005)])
def test_adam_s_long_run_is_no_cycle_of_period_two(beta2, largest, rms):
    """F69: the formula is that of a cycle that repels."""
    settings = {"lr": 1e-3, "beta1": 0.9, "beta2": beta2, "eps": 1e-8}
    cycle = only(rules.adam, **settings)
    assert cycle.attracting is False
    assert not cycle.neutral
    run = rules.adam_by_hand(1.0, 0.0, 0.0, 200_000, 1e-3, 0.9, beta2, 1e-8)[100_000:] / 1e-3
    assert np.abs(run).max() == pytest.approx(largest, rel=0.15)  # of a chaotic run: it depends on the window
    assert np.sqrt((run**2).mean()) == pytest.approx(rms, rel=0.05)
    assert np.abs(run).max() > 1.5 * cycle.amplitude / 1e-3


@pytest.mark.parametrize(
    ("rule", "settings"),
    [
        (rules.sign_descent, {"lr": 0.1}),
        (rules.signum, {"lr": 0.1, "momentum": 0.9}),
        (rules.lion, {"lr": 0.1, "beta1": 0.9, "beta2": 0.99}),
    ],
)
def test_of_rules_that_hear_signs_only_the_mirrored_cycle_is_one_of_many(rule, settings):
    cycle = only(rule, **settings)
    assert cycle.amplitude == pytest.approx(0.05)
    assert cycle.neutral
    assert cycle.attracting is False
    assert max(map(abs, cycle.multipliers)) == pytest.approx(1)
    assert "neutral" in repr(cycle)


@pytest.mark.parametrize(
    ("rule", "settings"),
    [
        ("gradient_descent", {"lr": 2}),
        ("gradient_descent", {}),
        ("heavy_ball", {}),
        (rules.adagrad, {}),
        (rules.amsgrad, {}),
    ],
)
def test_where_no_cycle_is_isolated_there_is_none(rule, settings):
    assert cv.cycles(rule, **settings) == []


def test_momentum_on_rmsprop_halves_less_and_attracts_less():
    cycle = only(rules.rmsprop_momentum)
    assert same(cycle.amplitude, eta / (2 * (1 + beta)))
    assert only(rules.rmsprop_momentum, lr=1, decay=0.5, momentum=0.3).attracting is True
    assert only(rules.rmsprop_momentum, lr=1, decay=0.9, momentum=0.9).attracting is False


def test_the_formula_follows_the_rule():
    """No amplitude stands in the code: a rule that doubles its step has twice the cycle."""

    @wraps(rules.adam_plain.rule)
    def doubled(f, x, m, v, *, lr, beta1, beta2):
        return rules.adam_plain.rule(f, x, m, v, lr=2 * lr, beta1=beta1, beta2=beta2)

    changed = replace(rules.adam_plain, rule=doubled)
    assert same(only(changed).amplitude, 2 * only(rules.adam_plain).amplitude)


def logistic_cycle(r, period):
    y = 0.4
    for _ in range(20_000):
        y = r * y * (1 - y)
    values = [y]
    for _ in range(period - 1):
        values.append(r * values[-1] * (1 - values[-1]))
    return np.array(values)


@pytest.mark.parametrize(("period", "r"), [(2, 3.2), (4, 3.5), (3, 3.83)])
def test_longer_cycles_and_those_of_rules_without_symmetry_are_found_and_proved(period, r):
    """x(1 − η(1 + x)) is the logistic map r·y(1 − y), r = 1 + η, in y = ηx/r + 1 − 1/r: its cycles are known by hand."""
    lr = r - 1
    found = [c for c in cv.cycles(rules.bent, period, lr=lr) if c.attracting]
    (cycle,) = found
    x = (logistic_cycle(r, period) - (1 - 1 / r)) * r / lr
    assert cycle.amplitude == pytest.approx(np.ptp(x) / 2, rel=1e-9)
    assert cycle.proof == "interval Newton"
    assert len(cycle.points) == period == cycle.period
    slope = np.prod([1 - lr * (1 + 2 * v) for v in x])
    assert cycle.multipliers[0] == pytest.approx(slope, rel=1e-6)
    assert list(cycle.table()) == ["x"]


def test_a_repelling_cycle_is_not_called_attracting():
    """At r = 4 the logistic map has a 3-cycle with multiplier ±8."""
    for cycle in cv.cycles(rules.bent, 3, lr=2.99):
        assert cycle.attracting is False
        assert abs(cycle.multipliers[0]) > 1


@pytest.mark.parametrize(
    ("rule", "settings"),
    [
        (rules.rmsprop_plain, {"lr": 0.1, "decay": 0.9}),
        (rules.rmsprop_inside, {"lr": 0.1, "decay": 0.05, "eps": 1e-4}),
        (rules.rmsprop_outside, {"lr": 0.1, "decay": 0.95, "eps": 1e-2}),
        (rules.signum, {"lr": 0.1, "momentum": 0.7}),
    ],
)
def test_formulas_of_multipliers_are_the_numbers_where_numbers_are_put_in(rule, settings):
    letters = {rule.symbols[name]: sp.Rational(str(value)) for name, value in settings.items()}
    formulas, numbers = only(rule), only(rule, **settings)
    values = [complex(sp.N(m.subs(letters))) for m in formulas.multipliers]
    assert np.sort_complex(values) == pytest.approx(np.sort_complex(numbers.multipliers), abs=1e-9)
    assert [float(sp.N(v.subs(letters))) for v in formulas.state] == pytest.approx(numbers.state)


def test_a_cycle_of_half_the_period_is_not_one_of_the_whole():
    assert len(cv.cycles(rules.bent, 2, lr=2.2)) == 1
    assert cv.cycles(rules.bent, 4, lr=2.2) == []
    assert cv.cycles(rules.bent, 2, lr=1.5) == []  # the minimiser attracts


def test_what_is_no_cycle_or_not_isolated_is_not_proved():
    from convergence.numerics.interval_newton import contains_one

    x = sp.Symbol("x", real=True)
    step = sp.Rational(16, 5) * x * (1 - x)
    cycle = np.array([[(21 + np.sqrt(21)) / 32], [(21 - np.sqrt(21)) / 32]])
    assert contains_one([x], [step], cycle)
    assert not contains_one([x], [step], cycle + 1e-3)
    assert not contains_one([x], [1 - x], np.array([[0.2], [0.8]]))
    assert not contains_one([x], [x - sp.sign(x)], np.array([[0.5], [-0.5]]))
    assert not contains_one([x], [sp.Max(step, -x)], cycle)


@pytest.mark.parametrize(
    ("rule", "period", "settings"),
    [(rules.signum, 22, {"momentum": 0.9}), (rules.lion, 8, {"beta1": 0.9, "beta2": 0.99})],
)
def test_longer_cycles_of_rules_that_hear_signs_are_neutral_and_said_to_be_found(rule, period, settings):
    """F75: their period depends on the start; one in a family has no proof by Newton."""
    (cycle, *_) = cv.cycles(rule, period, lr=1, **settings)
    assert cycle.neutral
    assert cycle.proof.startswith("found by iteration")


@pytest.mark.parametrize(("offset", "largest"), [(0.5, 0.5), (0.3, 1.3), (0.1, 1.1), (0.02, 1.02)])
def test_where_lion_ends_depends_on_where_it_starts(offset, largest):
    """F75, by hand: the offset of the start in units of a step says how far the run strays for ever."""
    x, m, seen = 20 + offset, 0.0, []
    for _ in range(20_000):
        c, m = 0.9 * m + 0.1 * x, 0.99 * m + 0.01 * x
        x -= np.sign(c)
        seen.append(abs(x))
    assert max(seen[-400:]) == pytest.approx(largest)


@pytest.mark.parametrize(
    ("arguments", "settings", "said"),
    [
        ((rules.bent,), {}, "not shown to be odd"),
        ((rules.adam_plain, 3), {"lr": 0.1}, "missing: beta1, beta2"),
        ((rules.adam_plain, 3), {"lr": eta, "beta1": 0.9, "beta2": 0.9}, "no letters"),
        ((rules.adam_plain, 1), {}, "from 2 to 64"),
        ((rules.adam_plain,), {"curvature": -1}, "positive"),
        ((rules.adam_plain,), {"lr": [0.1, 0.2]}, "one number or letter"),
        ((rules.adam_plain,), {"rate": 1}, "no hyperparameter"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_the_way_out(arguments, settings, said):
    with pytest.raises(cv.ConvergenceError, match=said):
        cv.cycles(*arguments, **settings)


def test_where_there_is_no_formula_numbers_are_asked_for_and_searched():
    @cv.method
    def saturating(f, x, *, lr):
        return x - lr * np.tanh(f.grad(x))

    with pytest.raises(cv.NotLinear, match="give numbers"):
        cv.cycles(saturating)
    (cycle,) = cv.cycles(saturating, lr=3)
    assert 2 * cycle.amplitude == pytest.approx(3 * np.tanh(cycle.amplitude), rel=1e-12)
    assert cycle.proof == "interval Newton"
    assert cycle.attracting


def test_a_rule_that_counts_its_steps_has_no_cycle():
    @cv.method
    def counting(f, x, t, *, lr):
        return x - lr * np.sign(f.grad(x)) / np.sqrt(t + 1), t + 1

    with pytest.raises(cv.NotLinear, match="counts on"):
        cv.cycles(counting)


@pytest.mark.parametrize("rule", [rules.adam, rules.rmsprop_inside, rules.rmsprop_outside, rules.rmsprop_momentum])
def test_the_conditions_are_those_of_the_numbers_wherever_these_lie(rule):
    """Formulas against eigenvalues in floats, at two random settings of each kind: no cycle, attracting, repelling."""
    rng = np.random.default_rng(7)
    formulas, seen = only(rule, curvature=lam), Counter()
    for _ in range(25):
        drawn = {
            name: round(
                float(
                    rng.uniform(0.01, 0.2) if d.is_rate else rng.uniform(0, 1) if d.is_share else rng.uniform(0, 0.03)
                ),
                4,
            )
            for name, d in rule.domains.items()
        }
        at = {rule.symbols[name]: sp.Rational(str(value)) for name, value in drawn.items()} | {lam: 2}
        there = bool(sp.sympify(formulas.exists).subs(at))
        attracts = there and bool(sp.sympify(formulas.attracting).subs(at))
        seen[there, attracts] += 1
        if seen[there, attracts] > 2:
            continue
        found = cv.cycles(rule, curvature=2, **drawn)
        assert len(found) == there
        if there:
            assert found[0].attracting is attracts
            assert (max(map(abs, found[0].multipliers)) < 1) is attracts
            assert found[0].amplitude == pytest.approx(float(formulas.amplitude.subs(at)))
    assert len(seen) > 1


def test_letters_may_be_any():
    """Letters of the person's own, of which SymPy knows nothing."""
    step, curve, share = sp.symbols("p q r")
    cycle = only(rules.adam_plain, curvature=curve, lr=step, beta1=share, beta2=0)
    assert same(cycle.amplitude, step * (1 - share) / (2 * (1 + share)))
    assert same(cycle.state[1], -curve * step * (1 - share) ** 2 / (2 * (1 + share) ** 2))
    assert cycle.attracting.free_symbols == {share}


def test_a_cycle_is_frozen_and_says_itself():
    cycle = only(rules.rmsprop_outside, lr=0.1, decay=0.9, eps=0.01)
    assert repr(cycle) == "Cycle of rmsprop_outside, period 2: amplitude 0.04; attracting (derived)"
    with pytest.raises(FrozenInstanceError):
        cycle.amplitude = 1.0


def test_a_clock_that_fades_to_one_is_read_at_one():
    """c ← 1/(2 − c) from 0 is k/(k + 1)."""

    @cv.method(start=lambda f, x: (x, 0.0))
    def warmed(f, x, c, *, lr):
        return x - lr * c * np.sign(f.grad(x)), 1 / (2 - c)

    (cycle,) = cv.cycles(warmed)
    assert cycle.amplitude == sp.Symbol("eta", positive=True) / 2
    assert cycle.exists
