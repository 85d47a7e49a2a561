"""Products of steps: every number against forty digits, every closed form, limit, peak and edge against its definition."""

from __future__ import annotations

import pickle
from functools import cache
from math import exp, inf, log, pi, sqrt
from time import process_time

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from tolerances import EPS, SLACK

import convergence as cv
from convergence.schedule import STEP, Schedule
from convergence.theory.products import COUNT
from convergence.theory.special_functions import ChebyshevT, ChebyshevU, PowerProduct, QPochhammer, RisingFactorial
from convergence.theory.symbols import CURVATURE

S = cv.schedules
HALF = sp.Rational(1, 2)
FAMILIES = {
    "constant": S.constant(0.3),
    "exponential": S.exponential(0.3, 0.9),
    "staircase": S.staircase(0.3, 0.5, 4),
    "piecewise": S.piecewise([0.3, 0.2, 0.1], [3, 7]),
    "inverse_time": S.inverse_time(0.3, 0.7),
    "polynomial 2": S.polynomial(0.3, 0.7, 2),
    "polynomial 3": S.polynomial(0.3, 0.7, 3),
    "linear": S.linear(0.3, 20),
    "linear to an end": S.linear(0.3, 20, 0.1),
    "cosine": S.cosine(0.3, 20),
    "cosine to an end": S.cosine(0.3, 20, 0.1),
    "restarts": S.cosine(0.3, 5, restarts=9),
    "restarts to an end": S.cosine(0.3, 4, 0.1, restarts=2),
    "warmup": S.warmup(10) * S.constant(0.3),
    "warmup and exponential": S.warmup(4) * S.exponential(0.3, 0.9),
    "epochs": S.exponential(0.3, 0.5).per_epoch(3),
    "linear epochs": S.linear(0.3, 5).per_epoch(3),
    "wsd": S.wsd(0.3, 20, 4, 5),
    "one_cycle": S.one_cycle(0.3, 20, rise=0.5, start=2, end=2),
}
WITHOUT_FORMULA = {
    "polynomial 1/2": S.polynomial(0.3, 0.7, 0.5),
    "polynomial 3/2": S.polynomial(0.3, 0.7, 1.5),
    "inverse_sqrt": S.inverse_sqrt(0.3),
    "warmup and cosine": S.warmup(4) * S.cosine(0.3, 20),
}
ALL = {**FAMILIES, **WITHOUT_FORMULA}


AT_REST = [1.0]
"""Where the parabolas of a list of curvatures have their minimum."""


@cache
def rate_in_full(schedule, k):
    """The learning rate of a step, with 45 digits from the formula."""
    step = k if schedule.last is None else min(k, schedule.last)
    return mpmath.mpf(sp.N(sp.sympify(schedule.formula).subs(STEP, step), 45))


def in_full(schedule, steps, curvature):
    """The product with forty digits, factor by factor."""
    with mpmath.workdps(45):
        return mpmath.fprod(1 - mpmath.mpf(str(curvature)) * rate_in_full(schedule, k) for k in range(steps))


@pytest.mark.parametrize("curvature", [0.5, 2.5, 9.1])
@pytest.mark.parametrize("name", ALL)
def test_a_product_is_that_of_its_factors_in_forty_digits(name, curvature):
    schedule, steps = ALL[name], 40
    found, expected = cv.product(schedule, steps, curvature), in_full(schedule, steps, curvature)
    condition = np.sum(1 + np.abs(1 / (1 - curvature * schedule.values(steps))))
    assert found.sign == mpmath.sign(expected)
    assert found.value == pytest.approx(float(expected), rel=SLACK * EPS * condition, abs=0)
    assert found.log == pytest.approx(float(mpmath.log(abs(expected))), abs=SLACK * EPS * condition)


@pytest.mark.parametrize("steps", [3, 20, 33, 60])
@pytest.mark.parametrize("name", FAMILIES)
def test_the_closed_form_in_letters_and_in_numbers_is_the_product(name, steps):
    schedule, curvature = FAMILIES[name], sp.Rational(5, 2)
    with_letter, with_number = (cv.product(schedule, steps, c).formula for c in (None, curvature))
    if with_letter is None:
        whole = schedule.formula.has(sp.cos) or (name == "warmup and exponential" and steps < 3)
        assert whole
        assert steps % 20
        assert with_number is None
        return
    assert with_letter.free_symbols <= {COUNT, CURVATURE}
    assert with_number.free_symbols <= {COUNT}
    expected = in_full(schedule, steps, 2.5)
    for formula in (with_letter.subs(CURVATURE, curvature), with_number):
        value = formula.subs(COUNT, steps).evalf(30)
        assert abs(sp.re(value) / sp.Float(mpmath.nstr(expected, 35), 30) - 1) < 1e-27
        assert abs(sp.im(value)) < 1e-25 * abs(sp.re(value))


def test_the_closed_form_holds_for_all_numbers_of_steps_that_it_says_it_does():
    for schedule in (FAMILIES["wsd"], FAMILIES["linear epochs"], FAMILIES["inverse_time"]):
        formula = cv.product(schedule, 40, 2.5).formula
        for steps in range(30):
            value = float(formula.subs(COUNT, steps).evalf())
            assert value == pytest.approx(cv.product(schedule, steps, 2.5).value, rel=1e-13)


def test_a_shifted_start_another_factor_and_a_wrong_epoch_are_not_the_product():
    """Controls: the comparisons above reject them."""
    at, expected = 2.5, float(in_full(S.exponential(0.3, 0.9), 40, 2.5))
    shifted = Schedule("from 1", S.exponential(0.3, 0.9).formula.subs(STEP, STEP + 1))
    for wrong in (shifted, S.exponential(0.3, 0.91), S.exponential(0.3, 0.9).per_epoch(2)):
        assert abs(cv.product(wrong, 40, at).value / expected - 1) > 0.01
        assert abs(float(cv.product(wrong, 40, at).formula.subs(COUNT, 40).evalf()) / expected - 1) > 0.01


@pytest.mark.parametrize("name", ALL)
def test_a_product_is_what_a_run_leaves_of_an_error(name):
    schedule = ALL[name]
    for curvature in (0.5, 6.0, 9.1):
        found = cv.product(schedule, 60, curvature)
        run = cv.simulate([curvature], "gradient_descent", 60, lr=schedule)
        size = np.exp(found.logs)
        assert np.abs(run.error[:, 0]) == pytest.approx(size, rel=60 * 64 * EPS, abs=60 * EPS * size.max())
        peak = found.peak
        assert peak.log == pytest.approx(log(max(np.abs(run.error[:, 0]))), abs=60 * 64 * EPS)
        assert abs(run.error[peak.step, 0]) == pytest.approx(exp(peak.log), rel=60 * 64 * EPS)


def test_a_small_product_is_no_zero():
    tiny = cv.product(0.5, 400, 1)
    assert (tiny.value, tiny.sign) == (2.0**-400, 1)
    below = cv.product(0.5, 4001, 1)
    assert below.value == 0.0
    assert below.log == pytest.approx(-4001 * log(2), rel=4 * EPS)
    above = cv.product(5.0, 4001, 1)
    assert above.value == -inf
    assert above.log == pytest.approx(4001 * log(4), rel=4 * EPS)
    assert above.peak == (pytest.approx(above.log), 4001)
    assert cv.product(S.linear(1.9, 1000), 1000, 1).log == pytest.approx(
        float(mpmath.log(abs(in_full(S.linear(1.9, 1000), 1000, 1)))), rel=1e-12
    )


@pytest.mark.parametrize(
    ("schedule", "curvature", "steps"),
    [
        (S.constant(0.1), 10, 3),
        (S.linear(0.3, 30), 10, 30),
        (S.inverse_time(1, 1), 3, 5),
        (S.inverse_time(0.3, 0.1), sp.Rational(20, 3), 30),
        (S.exponential(1, 0.5), 4, 3),
        (S.cosine(0.6, 30), sp.Rational(10, 3), 30),
        (S.staircase(0.7, 0.1, 3), sp.Rational(100, 7), 5),
    ],
)
def test_only_an_exact_zero_is_one(schedule, curvature, steps):
    found = cv.product(schedule, steps, curvature)
    assert (found.value, found.log, found.sign) == (0.0, -inf, 0)
    assert found.formula is None or found.formula.subs(COUNT, steps).evalf() == 0
    assert found.limit.value == 0
    near = cv.product(schedule, steps, curvature * (1 + sp.Rational(1, 10**12)))
    assert near.sign in (1, -1)
    assert near.log > -1000


# -- facts of the literature, and of this project's notes


def test_a_geometric_product_and_its_estimate():
    symbol = QPochhammer(HALF, sp.Rational(99, 100), sp.oo)
    assert float(symbol.evalf()) == pytest.approx(4.89080331e-26, rel=1e-8)
    assert float(symbol.estimate.evalf()) == pytest.approx(4.89490117e-26, rel=1e-8)
    limit = cv.product(S.exponential(0.5, 0.99), 10, 1).limit
    assert limit.stops
    assert limit.value == pytest.approx(4.89080331e-26, rel=1e-8)
    assert limit.formula == symbol
    long = cv.product(S.exponential(0.5, 0.99), 6000, 1)
    assert long.log == pytest.approx(limit.log, abs=1e-11)


@pytest.mark.parametrize(("a", "n"), [("1/10", 300), ("9/10", 5)])
def test_the_estimate_is_off_by_the_next_term_of_euler_and_maclaurin(a, n):
    """The logarithm by h·a/(12(1 − a)) with q = e⁻ʰ, up to the third order."""
    first, step = sp.Rational(a), mpmath.mpf(10) ** -4
    symbol = QPochhammer(first, 1 - sp.Rational(1, 10**4), sp.oo)
    off = sp.log(symbol.estimate.evalf(40) / symbol.evalf(40))
    assert float(off / step) == pytest.approx(float(first / (12 * (1 - first))), rel=1e-3)
    part = QPochhammer(first, 1 - sp.Rational(1, 10**4), n)
    assert float(part.estimate.evalf(40) / part.evalf(40)) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("n", [5, 300, None])
@pytest.mark.parametrize(
    ("a", "q"), [("0.5", "0.9"), ("-3.7", "0.9"), ("5", "0.95"), ("0.9", "0.995"), ("0.3", "-0.7")]
)
def test_the_symbol_is_mpmaths_where_that_converges(a, q, n):
    first, quotient = sp.Rational(a), sp.Rational(q)
    found = QPochhammer(first, quotient, sp.oo if n is None else n).evalf(30)
    with mpmath.workdps(40):
        expected = mpmath.qp(mpmath.mpf(a), mpmath.mpf(q), mpmath.inf if n is None else n, maxterms=10**6)
        assert abs(mpmath.mpf(found) / expected - 1) < 1e-28


def test_the_symbol_converges_slowly_at_no_cost():
    symbol = QPochhammer(HALF, 1 - sp.Rational(1, 10**7), sp.oo)
    assert float(sp.log(symbol.evalf(20)) / sp.log(symbol.estimate.evalf(20))) == pytest.approx(1, abs=1e-12)
    assert "q" not in cv.product(S.exponential(0.5, 0.9), 5)._repr_latex_()
    assert r"\left(" in cv.product(S.exponential(0.5, 0.9), 5)._repr_latex_()
    assert QPochhammer(4, HALF, 3) == 0
    assert QPochhammer(4, HALF, 2) != 0
    with pytest.raises(ValueError, match="too many"):
        QPochhammer(HALF, sp.Rational(3, 2), sp.oo).evalf()


def test_one_over_root_k_and_its_first_correction():
    constants = {0.5: 1.66489069332, 0.9: 0.611840107478}
    for a, constant in constants.items():
        assert float(PowerProduct(sp.Rational(str(a)), 1, HALF).evalf()) == pytest.approx(constant, rel=1e-11)
        off = []
        for steps in (4 * 10**4, 16 * 10**4):
            found = cv.product(S.inverse_sqrt(a), steps, 1)
            near = sp.log(found.asymptotic).subs(COUNT, steps).evalf(20)
            off.append(abs(found.log - float(near)) * steps)
            plain = found.log + 2 * a * sqrt(steps) + a**2 / 2 * log(steps)
            assert abs(plain - log(constant)) > 50 * abs(found.log - float(near))  # the correction is worth having
        assert off[1] == pytest.approx(off[0], rel=0.05)  # what is left falls as 1/K
    leading = cv.product(S.inverse_sqrt(0.5), 4 * 10**4, 1).log + sqrt(4 * 10**4) + log(4 * 10**4) / 8
    assert exp(leading) == pytest.approx(1.66350191, abs=1e-8)
    letter = cv.product(S.inverse_sqrt(0.5), 9).asymptotic
    assert letter.free_symbols == {COUNT, CURVATURE}
    assert cv.product(S.inverse_sqrt(0.5), 9, 1).formula is None
    shifted = cv.product(S.inverse_sqrt(3.0, offset=5), 10**5, 1.1)  # the first factors are negative
    assert shifted.sign == sp.sign(shifted.asymptotic.subs(COUNT, 10**5).evalf())
    near = sp.log(abs(shifted.asymptotic.subs(COUNT, 10**5).evalf(30))).evalf()
    assert shifted.log == pytest.approx(float(near), abs=1e-3)


def test_one_over_k_is_a_quotient_of_gammas():
    schedule = Schedule(
        "0.7/(k + 4)", sp.Rational(7, 10) / (STEP + 4)
    )  # a factor for each k = 1, …, 200 of 1 − a/(k + 3)
    found = cv.product(schedule, 200, 1)
    assert found.value == pytest.approx(0.0541985727017, rel=1e-12)
    constant = float((sp.gamma(4) / sp.gamma(sp.Rational(33, 10))).evalf())
    assert constant == pytest.approx(2.23593814424, rel=1e-11)
    long = cv.product(schedule, 10**6, 1)
    assert exp(long.log + 0.7 * log(10**6)) == pytest.approx(constant, rel=1e-5)
    assert long.limit.value == 0.0
    assert "K^(−7/10)" in long.limit.reason
    assert found.formula == RisingFactorial(sp.Rational(33, 10), COUNT) / RisingFactorial(4, COUNT)


def test_one_over_k_squared_is_a_sine_and_a_warmup_is_a_rising_factorial():
    a = 0.5
    limit = cv.product(S.polynomial(a, 1, 2), 5, 1).limit
    assert limit.stops
    assert limit.value == pytest.approx(0.358187786013, rel=1e-12)
    letter = cv.product(S.polynomial(a, 1, 2), 5).limit.formula
    root = sp.sqrt(CURVATURE / 2)
    assert float((letter / (sp.sin(sp.pi * root) / (sp.pi * root))).subs(CURVATURE, 1.7).evalf()) == pytest.approx(1)
    warm = cv.product(S.warmup(20) * S.constant(1.5), 20, 1)
    assert warm.value == pytest.approx(-2.53179082304e-11, rel=1e-11)
    by_hand = sp.Rational(-3, 40) ** 20 * sp.rf(1 - sp.Rational(40, 3), 20)
    assert float(by_hand) == pytest.approx(warm.value, rel=1e-13)


def test_a_cosine_is_chebyshevs_u_and_at_half_steps_t():
    assert str(cv.product(S.cosine(1, 20), 20).formula).count("ChebyshevU(19") == 1
    half = Schedule("at half steps", (1 + sp.cos(sp.pi * (STEP + HALF) / 2000)) / 2)
    assert cv.product(half, 2000, 1.3).formula.has(ChebyshevT)
    for schedule, kind in ((S.cosine(1, 2000), ChebyshevU), (half, ChebyshevT)):
        for a in (0.8, 1.7, 3.9, 4.1):
            found = cv.product(schedule, 2000, a)
            formula = found.formula.subs(COUNT, 2000)
            assert formula.has(kind)
            assert float(sp.log(abs(formula.evalf(30)))) == pytest.approx(found.log, rel=1e-11)
    for a, factor in ((3.9, 0.97533), (4.1, 1.02500)):  # fact F58 is of half steps
        assert cv.product(half, 2000, a).per_step == pytest.approx(factor, abs=5e-6)


@pytest.mark.parametrize("a", [0.3, 0.8, 0.99, 1.5, 3.0, 3.9])
def test_the_factor_of_a_step_in_a_long_cosine(a):
    """((1 + √(1 − a))/2)² up to a = 1, and a/4 from there: the mean of ln|1 − a(1 + cos t)/2|."""
    factor = ((1 + sqrt(1 - a)) / 2) ** 2 if a <= 1 else a / 4
    if a == 0.8:
        assert factor == pytest.approx(0.52360679775, rel=1e-11)
    with mpmath.workdps(20):
        zero = [mpmath.acos(2 / mpmath.mpf(a) - 1)] if a > 1 else []
        mean = mpmath.quad(lambda t: mpmath.log(abs(1 - a * (1 + mpmath.cos(t)) / 2)), [0, *zero, mpmath.pi]) / pi
    assert float(mpmath.exp(mean)) == pytest.approx(factor, rel=1e-6)
    half = Schedule("at half steps", (1 + sp.cos(sp.pi * (STEP + HALF) / 20000)) / 2)
    assert cv.product(half, 20000, a).per_step == pytest.approx(factor, rel=2e-4)


@pytest.mark.parametrize(
    "schedule", [S.cosine(1.0, 7), S.cosine(1.0, 40), S.linear(0.5, 12), S.constant(0.2), S.wsd(1.0, 20, 5, 9)]
)
def test_the_edge_of_a_cycle_is_where_it_first_does_not_contract(schedule):
    steps = 20 if schedule.last in (None, 0) else schedule.last
    found = cv.product(schedule, steps, 1)
    grid = np.linspace(0.01, 7, 100_000)
    shares = found.rates / found.rates.max()
    sizes = np.sum([np.log(np.abs(1 - grid * share) + 1e-300) for share in shares], axis=0)
    first = grid[np.argmax(sizes >= 0)]
    assert found.step_edge == 2
    assert first - 1e-4 < found.cycle_edge <= first
    at = found.cycle_edge / found.rates.max()
    assert cv.product(schedule, steps, at).log == pytest.approx(0, abs=1e-9)


def test_a_whole_cosine_contracts_up_to_four_at_the_price_of_its_prefix():
    edges = [cv.product(S.cosine(1.0, steps), steps, 1).cycle_edge for steps in (20, 200, 2000)]
    assert edges == sorted(edges)
    assert edges[-1] == pytest.approx(4, abs=2e-3)
    assert cv.product(S.cosine(1.0, 50, restarts=3), 200, 1).cycle_edge == pytest.approx(
        cv.product(S.cosine(1.0, 50), 50, 1).cycle_edge, rel=1e-12
    )
    beyond = cv.product(S.cosine(1.0, 2000), 2000, 3.9)
    assert beyond.log < -40
    assert beyond.peak.log > 700
    assert cv.product(np.linspace(0.1, 1, 3000), 3000, 1).cycle_edge is None
    assert cv.product(0.0, 3, 1).cycle_edge is None


# -- limits


LIMITS = {
    "constant": (S.constant(0.3), 2.5, 0.0),
    "constant beyond": (S.constant(0.3), 7, inf),
    "exponential": (S.exponential(0.3, 0.9), 2.5, 4000),
    "exponential and more": (S.warmup(4) * S.exponential(0.7, 0.9), 2.5, 4000),
    "staircase": (S.staircase(0.3, 0.5, 4), 2.5, 4000),
    "epochs": (S.exponential(0.3, 0.5).per_epoch(3), 2.5, 4000),
    "inverse_time": (S.inverse_time(0.3, 0.7), 2.5, 0.0),
    "polynomial 1/2": (S.polynomial(0.3, 0.7, 0.5), 2.5, 0.0),
    "polynomial 3/2": (S.polynomial(0.3, 0.7, 1.5), 2.5, 10**6),
    "polynomial 2": (S.polynomial(3.3, 0.7, 2), 2.5, 10**6),
    "polynomial 3": (S.polynomial(0.3, 0.7, 3), 2.5, 10**6),
    "inverse_sqrt": (S.inverse_sqrt(0.3), 2.5, 0.0),
    "linear": (S.linear(0.3, 20), 2.5, 100),
    "linear to an end": (S.linear(0.3, 20, 0.1), 2.5, 0.0),
    "cosine": (S.cosine(0.3, 20), 2.5, 100),
    "restarts": (S.cosine(0.3, 5, restarts=9), 2.5, 100),
    "wsd": (S.wsd(0.3, 20, 4, 5), 2.5, 100),
    "piecewise": (S.piecewise([0.3, 0.2, 0.1], [3, 7]), 2.5, 0.0),
    "piecewise to 0": (S.piecewise([0.3, 0.2, 0], [3, 7]), 2.5, 100),
}


@pytest.mark.parametrize("name", LIMITS)
def test_the_limit_is_what_long_products_come_to(name):
    schedule, curvature, long = LIMITS[name]
    limit = cv.product(schedule, 10, curvature).limit
    assert limit.reason
    if long in (0.0, inf):
        assert (limit.value, limit.stops) == (long, False)
        logs = [cv.product(schedule, steps, curvature).log for steps in (10**3, 10**5)]
        assert (logs[1] - logs[0]) * (1 if long else -1) > 1
        return
    rest = schedule.total(2 * long) - schedule.total(long)
    assert limit.stops
    assert limit.value == pytest.approx(cv.product(schedule, long, curvature).value, rel=12 * rest + 1e-10)
    assert limit.log == pytest.approx(log(abs(limit.value)))
    in_letters = cv.product(schedule, 10).limit
    assert in_letters.stops
    value = in_letters.formula.subs(CURVATURE, sp.Rational(5, 2)).evalf(25)
    assert float(sp.re(value)) == pytest.approx(limit.value, rel=1e-12)


def test_whether_the_sum_is_finite_is_decided_by_the_power_at_its_edge():
    for power in (0.99, 1, 1.01):
        limit = cv.product(S.polynomial(0.5, 2, power), 3, 0.7).limit
        assert limit.stops is (power > 1)
    assert cv.product(S.constant(0.5), 3, 4).limit.value is None  # each step turns the sign
    assert "λ < 4" in cv.product(S.constant(0.5), 3).limit.reason
    assert cv.product([0.5, 0.4], 2, 1).limit is None
    assert cv.product(lambda k: 0.1, 2, 1).limit is None
    slow = Schedule("", 1 / ((STEP + 2) * sp.log(STEP + 2)))
    assert cv.product(slow, 3, 0.1).limit.stops is False


# -- two states, and worst cases


@pytest.mark.parametrize("steps", [0, 1, 40, 900])
def test_momentum_under_schedules_is_the_ordered_product_of_its_matrices(steps):
    lr, momentum, curvature = S.cosine(1.9, 900), S.linear(0.9, 900, 0.5), 1.7
    found = cv.product(lr, steps, curvature, method="heavy_ball", momentum=momentum)
    with mpmath.workdps(30):
        x, v, size, peak = mpmath.mpf(1), mpmath.mpf(0), [], (mpmath.mpf(0), 0)
        for k, (rate, beta) in enumerate(zip(lr.values(900), momentum.values(900), strict=True)):
            size.append(mpmath.log(abs(x)))
            peak = max(peak, (size[-1], k)) if k <= steps else peak
            v = mpmath.mpf(float(beta)) * v + mpmath.mpf(curvature) * x
            x = x - mpmath.mpf(float(rate)) * v
    if steps < 900:
        assert found.log == pytest.approx(float(size[steps]), abs=1e-9, rel=1e-9)
        assert found.peak.step == peak[1]
    assert found.peak.log == pytest.approx(float(peak[0]), abs=1e-9)
    assert (found.formula, found.limit, found.cycle_edge) == (None, None, None)


def test_gradient_descent_by_its_rule_is_the_product():
    lr = S.inverse_time(0.7, 0.1)
    direct = cv.product(lr, 300, 2.0)
    as_momentum = cv.product(lr, 300, 2.0, method="heavy_ball", momentum=0.0)
    assert as_momentum.log == pytest.approx(direct.log, rel=1e-12)
    assert as_momentum.sign == direct.sign


def test_the_worst_case_under_a_schedule_is_the_largest_product():
    schedule = S.cosine(0.4, 12)
    worst = cv.worst_case("gradient_descent", 12, mu=0.5, L=9, lr=schedule)
    sizes = [abs(cv.product(schedule, 12, float(c)).value) for c in np.linspace(0.5, 9, 2001)]
    assert max(sizes) <= worst.value * (1 + 1e-9)
    assert max(sizes) == pytest.approx(worst.value, rel=1e-3)


# -- noise


def test_one_over_k_under_noise_has_a_rate_whose_exponent_switches():
    """k·E x² → c²σ²/(2cλ − 1) for 2cλ > 1; for 2cλ < 1 it is k^(2cλ) times a constant that remembers the start."""
    steps = 4000
    for c, expected in ((2.0, 4 / 3), (0.75, 1.125)):
        second = cv.moments([1.0], "gradient_descent", steps, noise=1.0, start=AT_REST, lr=S.inverse_time(c, 1)).second
        by_hand = 0.0
        for k in range(1, steps + 1):
            by_hand = (1 - c / k) ** 2 * by_hand + (c / k) ** 2
        assert second[-1].item() == pytest.approx(by_hand, rel=1e-9)
        assert steps * by_hand == pytest.approx(expected, rel=0.03)
    exact = cv.moments([1.0], "gradient_descent", 100, noise=0.3, start=[6.0], lr=S.inverse_time(1, 1)).second
    assert exact[-1].item() == pytest.approx(0.09 / 100, rel=1e-12)
    slow = cv.moments([1.0], "gradient_descent", steps, noise=1.0, start=AT_REST, lr=S.inverse_time(0.2, 1)).second
    exponent = log(slow[steps].item() / slow[steps // 10].item()) / log(10)
    assert exponent == pytest.approx(-0.4, abs=0.02)


def test_the_best_rates_under_noise_are_one_over_k_and_no_others_are_better():
    """η_k = 1/(λ(k + 1 + σ²/(λ²x₀²))), which leaves σ²/(λ²k + σ²/x₀²); derived by ``optimal_schedule``."""
    lr = cv.optimal_schedule([1.0], 100, noise=1.0, start=[10.0], cap=None).schedule
    assert sp.cancel(lr.formula - 1 / (STEP + 1 + sp.Rational(1, 100))) == 0
    second = cv.moments([1.0], "gradient_descent", 100, noise=1.0, start=[11.0], lr=lr).second
    assert second[-1].item() == pytest.approx(0.0099990001, rel=1e-8)
    assert second.ravel() == pytest.approx([1 / (k + 1 / 100) for k in range(101)], rel=1e-10)

    def left(rates, size=1.7, deviation=0.6, start=2.0):
        total = start**2
        for rate in rates:
            total = (1 - rate * size) ** 2 * total + rate**2 * deviation**2
        return total

    best = cv.optimal_schedule([1.7], 12, noise=0.6, start=[2.0], cap=None).lr
    least, rng = left(best), np.random.default_rng(0)
    assert least == pytest.approx(0.36 / (1.7**2 * 12 + 0.36 / 4), rel=1e-12)
    assert all(left(best * np.exp(rng.normal(0, s, 12))) > least for s in (1e-3, 0.1, 1.0) for _ in range(50))
    limit = cv.product(lr, 10, 1).limit
    assert (limit.value, limit.stops) == (0.0, False)  # it forgets its start: Ση is infinite


# -- many factors, and what is refused


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=60), st.integers(1, 40))
def test_any_table_of_rates(rates, copies):
    found = cv.product(rates * copies, len(rates) * copies, 1.0)
    factors = [1 - mpmath.mpf(rate) for rate in rates]
    with mpmath.workdps(40):
        expected = mpmath.fprod(factors) ** copies
        if expected == 0:
            assert found.value == 0
            return
        assert found.log == pytest.approx(float(mpmath.log(abs(expected))), rel=1e-9, abs=1e-9)
        assert found.sign == mpmath.sign(expected)


def test_a_million_factors_take_less_than_a_plain_loop():
    rates = S.cosine(1.0, 10**6).values(10**6)
    begun = process_time()
    found = cv.product(rates, 10**6, 1.3)
    fast, begun = process_time() - begun, process_time()
    total = 0.0
    for rate in rates.tolist():
        total += log(abs(1 - 1.3 * rate))
    assert found.log == pytest.approx(total, rel=1e-9)
    assert fast < (process_time() - begun) / 2


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (([0.1], 2, 1), cv.BadHyperparameter),
        ((-0.1, 2, 1), cv.BadHyperparameter),
        ((S.constant(-0.1), 2, 1), cv.BadHyperparameter),
        ((0.1, -1, 1), cv.BadData),
        ((0.1, 1.5, 1), cv.BadData),
        ((0.1, 2, 0), cv.BadHyperparameter),
        ((0.1, 2, "a"), cv.BadHyperparameter),
        (("a", 2, 1), cv.BadHyperparameter),
    ],
)
def test_what_is_no_product_is_refused(arguments, error):
    with pytest.raises(error):
        cv.product(*arguments)


def test_another_method_needs_a_curvature_and_its_hyperparameters():
    with pytest.raises(cv.BadHyperparameter, match="curvature"):
        cv.product(0.1, 2, method="heavy_ball", momentum=0.5)
    with pytest.raises(cv.BadHyperparameter, match="momentum"):
        cv.product(0.1, 2, 1, method="heavy_ball")
    with pytest.raises(cv.BadHyperparameter, match="momentum"):
        cv.product(0.1, 2, 1, momentum=0.5)


def test_what_a_product_shows():
    found = cv.product(S.exponential(0.5, 0.9), 3, 1)
    assert set(found.table()) == {"steps", "lr", "log"}
    assert found.table()["log"][-1] == pytest.approx(found.log)
    assert "exponential" in repr(found)
    letters = cv.product(S.exponential(0.5, 0.9), 3)
    assert (letters.value, letters.log, letters.peak, letters.per_step) == (None, None, None, None)
    assert len(letters.table()["log"]) == 3
    assert "K" in repr(letters)
    assert cv.product(S.exponential(0.5, 0.9), 0, 1).value == 1.0


def test_a_product_is_drawn_and_one_in_letters_is_not():
    found = cv.product(S.linear(2.6, 30), 29, 1)
    axes = found.plot()
    drawn = axes.get_lines()[0].get_ydata()
    assert drawn == pytest.approx(found.logs / log(10), rel=1e-4)  # lines are simplified
    with pytest.raises(cv.BadHyperparameter, match="letters"):
        cv.product(S.linear(2.5, 30), 29).plot()


def test_schedules_in_letters_have_formulas():
    a, q = sp.symbols("a q", positive=True)
    numbers = {a: sp.Rational(7, 10), q: sp.Rational(4, 5), CURVATURE: sp.Rational(3, 2), COUNT: 20}
    families = {
        "exponential": lambda a, q: S.exponential(a, q),
        "inverse_time": lambda a, q: S.inverse_time(a, q),
        "polynomial": lambda a, q: S.polynomial(a, q, 2),
        "linear": lambda a, q: S.linear(a, 30),
        "cosine": lambda a, q: S.cosine(a, 20),
        "staircase": lambda a, q: S.staircase(a, q, 3),
        "wsd": lambda a, q: S.wsd(a, 30, 3, 4),
        "constant": lambda a, q: S.constant(a),
    }
    for made in families.values():
        found = cv.product(made(a, q), 20)
        assert found.value is None
        assert found.formula.free_symbols <= {a, q, CURVATURE, COUNT}
        assert repr(found)
        value = float(sp.re(found.formula.subs(numbers).evalf(25)))
        assert value == pytest.approx(cv.product(made(numbers[a], numbers[q]), 20, 1.5).value, rel=1e-12)
    assert cv.product(S.inverse_time(a, q), 5).limit.value == 0
    assert "K^(−aλ/q)" in cv.product(S.inverse_time(a, q), 5).limit.reason
    assert cv.product(S.exponential(a, 0.9), 5).limit.formula == QPochhammer(a * CURVATURE, sp.Rational(9, 10), sp.oo)


def test_products_are_kept_in_files():
    for found in (cv.product(0.1, 3, 1), cv.product(0.1, 3), cv.product(0.1, 3, 1, method="heavy_ball", momentum=0.5)):
        again = pickle.loads(pickle.dumps(found))
        assert repr(again) == repr(found)
        assert again.peak == found.peak


def test_formulas_are_written_by_hand():
    assert "(3λ/10; 9/10)_K" in repr(cv.product(S.exponential(0.3, 0.9), 5))
    assert "U₁₉(2/λ − 1)" in repr(cv.product(S.cosine(1, 20), 20))
    assert r"U_{19}" in cv.product(S.cosine(1, 20), 20)._repr_latex_()
    assert r"\left(K\right)" in cv.product(S.inverse_time(1, 1), 20)._repr_latex_()


LIBRARIES = [
    (S.torch("StepLR", lr=0.3, step_size=7, gamma=0.3), True),
    (S.torch("LinearLR", lr=0.3, start_factor=0.1, end_factor=0.7, total_iters=20), True),
    (S.torch("PolynomialLR", lr=0.3, total_iters=20, power=2.0), True),
    (S.torch("CosineAnnealingLR", lr=0.3, T_max=20, eta_min=0.01), True),
    (S.torch("CosineAnnealingWarmRestarts", lr=0.3, T_0=10, eta_min=0.01), True),
    (S.torch("OneCycleLR", max_lr=0.35, total_steps=60), False),
    (S.torch("OneCycleLR", max_lr=0.35, total_steps=60, anneal_strategy="linear", three_phase=True), True),
    (S.torch("CyclicLR", base_lr=0.01, max_lr=0.3, step_size_up=7, step_size_down=4), False),
    (S.optax("exponential_decay", init_value=0.3, transition_steps=5, decay_rate=0.7, transition_begin=4), True),
    (
        S.optax("exponential_decay", init_value=0.3, transition_steps=5, decay_rate=0.7, staircase=True, end_value=0.1),
        True,
    ),
    (S.optax("linear_schedule", init_value=0.0, end_value=0.3, transition_steps=20, transition_begin=3), True),
    (S.optax("cosine_decay_schedule", init_value=0.3, decay_steps=40, alpha=0.1), True),
    (
        S.optax(
            "warmup_cosine_decay_schedule",
            init_value=0.0,
            peak_value=0.3,
            warmup_steps=9,
            decay_steps=30,
            end_value=0.02,
        ),
        True,
    ),
]


@pytest.mark.parametrize("place", range(len(LIBRARIES)))
def test_closed_forms_and_limits_of_schedules_of_libraries(place):
    schedule, known = LIBRARIES[place]
    for steps in (60, 40) if schedule(60) >= 0 else (40,):
        found, letters = cv.product(schedule, steps, 2.5), cv.product(schedule, steps)
        assert (found.formula is None) is (letters.formula is None)
        assert found.formula is not None or not known
        for formula in (found.formula, letters.formula):
            if formula is not None:
                value = formula.subs({COUNT: steps, CURVATURE: sp.Rational(5, 2)}).evalf(25)
                assert float(sp.log(abs(value))) == pytest.approx(found.log, rel=1e-11)
    limit = found.limit
    if "negative" in limit.reason:
        assert (limit.value, schedule(70) < 0) == (None, True)
        return
    if limit.stops:
        assert limit.value == pytest.approx(cv.product(schedule, 2000, 2.5).value, rel=1e-11)
    elif limit.value is not None:
        assert limit.value == 0
        assert cv.product(schedule, 4000, 2.5).log < cv.product(schedule, 400, 2.5).log < -4


def test_a_period_without_end_is_decided_by_its_product():
    schedule = S.torch("CosineAnnealingLR", lr=1.0, T_max=10)
    below, above = (cv.product(schedule, 20, a) for a in (3.5, 4.5))
    assert below.log < 0 < above.log
    assert (below.limit.value, above.limit.value) == (0, inf)
    assert below.formula.has(ChebyshevU)
    assert "every 20 steps" in below.limit.reason
    assert cv.product(schedule, 5).limit.value is None


def test_a_condition_that_comes_and_goes_has_no_closed_form():
    """k − 10⌊k/11⌋ rises and falls: a stretch is not found by bisection."""
    to_and_fro = Schedule("", sp.Piecewise((sp.Rational(1, 10), STEP - 10 * sp.floor(STEP / 11) < 8), (0.2, True)))
    wave = Schedule("", sp.Min(sp.Rational(1, 5), (2 + sp.cos(STEP)) / 10))
    for schedule in (to_and_fro, wave):
        found = cv.product(schedule, 50, 1.0)
        assert found.formula is None
        assert found.limit.value is None
        assert found.log == pytest.approx(float(np.sum(np.log(1 - schedule.values(50)))), rel=1e-13)


def test_a_product_that_overflows_is_infinite_and_no_nan():
    p = cv.product(1e20, 40, 1, method="heavy_ball", momentum=0.5)
    assert p.value in (np.inf, -np.inf)
    assert p.log == np.inf


def test_stairs_on_stairs_are_one_stair_only_where_each_holds_whole_ones():
    """⌊⅔⌊k/2⌋⌋ is not ⌊k/3⌋: at k = 3 it is 0."""
    stairs = Schedule("", sp.Rational(1, 10) / (1 + sp.floor(sp.Rational(2, 3) * sp.floor(STEP / 2))))
    found = cv.product(stairs, 12, 1.0)
    assert found.value == pytest.approx(np.prod(1 - stairs.values(12)), rel=1e-13)
    assert found.formula is None
    whole = Schedule("", sp.Rational(1, 10) / (1 + sp.floor(sp.floor(STEP / 2) / 3)))
    assert cv.product(whole, 12, 1.0).formula is not None
