"""Data as users have them, unscaled: counts of steps, ranks, checks and transients are right at κ = 10¹⁰ to 10²⁵, and soon."""

from __future__ import annotations

from time import process_time

import mpmath as mp
import numpy as np
import pytest

import convergence as cv
from convergence.numerics.curves import rate_curve

YEARS, POPULATION = np.array([1960.0, 1970, 1980, 1990, 2000]), [2.3, 2.9, 3.5, 4.4, 5.3]
SAME_ITERATES = ["heavy_ball", "momentum_rate_inside", "torch_sgd", "qhm"]


def with_intercept(column, y):
    return cv.LeastSquares(np.column_stack([column, np.ones(len(column))]), y, loss="half_mean")


@pytest.fixture(scope="module")
def years():
    return with_intercept(YEARS, POPULATION)


@pytest.fixture(scope="module")
def houses():
    """47 rows, as of a course on machine learning: living area, bedrooms, an intercept, none of them scaled."""
    rng = np.random.default_rng(47)
    area, rooms = rng.uniform(850, 4500, 47).round(), rng.integers(1, 6, 47)
    price = 90_000 + 130 * area - 8_000 * rooms + rng.normal(0, 4e4, 47)
    return cv.LeastSquares(np.column_stack([area, rooms, np.ones(47)]), price, loss="half_mean")


def steps_at_critical_damping(kappa):
    """At λ = L, |p_k| = (1 + kc)rᵏ with a double root r: the last crossing of 1/1000, with 60 digits."""
    with mp.workdps(60):
        root = mp.sqrt(kappa)
        r = (root - 1) / (root + 1)
        c = (1 - 4 * root**2 / (1 + root) ** 2) / -r - 1
        near = 11.2 * root  # (1 + x)e^−x = 1/1000 at x = 9.23
        crossing = mp.findroot(lambda k: mp.log(1 + k * c) + k * mp.log(r) - mp.log(mp.mpf("0.001")), near)
        return int(mp.ceil(crossing))


@pytest.mark.finding("B1")
@pytest.mark.parametrize("name", SAME_ITERATES)
def test_steps_with_a_column_of_years(name, years):
    """The condition number from the rational normal equations; the four methods make the same iterates."""
    a = [mp.mpf(int(year)) for year in YEARS]
    with mp.workdps(60):
        square, mean = sum(x * x for x in a) / 5, sum(a) / 5
        largest = (square + 1 + mp.sqrt((square - 1) ** 2 + 4 * mean**2)) / 2
        kappa = largest**2 / (square - mean**2)
    assert years.kappa == pytest.approx(float(kappa), rel=1e-12)
    steps = cv.steps_to(name, 1e-3, mu=years.mu, L=years.L)
    assert steps_at_critical_damping(kappa) == 3_126_633
    if not cv.optimum(name).at(mu=years.mu, L=years.L).note:
        assert steps == 3_126_633
    else:  # a search ends beside the double root, where fewer steps may be enough: no fewer than Chebyshev's polynomials take
        assert np.arccosh(1e3) * float(kappa) ** 0.5 / 2 < steps <= 3_126_633


@pytest.mark.finding("B1")
@pytest.mark.parametrize("kappa", [1e6, 1e10, 1e13])
def test_steps_at_a_double_root(kappa):
    assert cv.steps_to("heavy_ball", 1e-3, mu=1, L=kappa) == steps_at_critical_damping(mp.mpf(kappa))


@pytest.mark.finding("B1")
@pytest.mark.parametrize("kappa", [1e15, 1e17])
def test_gradient_descent_where_its_factor_rounds_to_1(kappa):
    count = cv.steps_to("gradient_descent", 1e-3, curvatures=[1.0, kappa], lr=1 / kappa)
    assert count == pytest.approx(float(-mp.log(1000) / mp.log1p(-1 / mp.mpf(kappa))), rel=1e-11)


@pytest.mark.finding("B1")
def test_more_steps_than_can_be_told_apart_are_refused_soon():
    with pytest.raises(cv.BadHyperparameter, match="rounding"):
        cv.steps_to("gradient_descent", 1e-3, curvatures=[1.0, 1e25], lr=1e-25)
    with pytest.raises(cv.BadHyperparameter, match="rounding"):
        cv.steps_to("heavy_ball", 1e-3, curvatures=[1.0, 1e20], lr=1e-20, momentum=0.5)


@pytest.mark.finding("B2")
@pytest.mark.parametrize("name", ["gradient_descent", *SAME_ITERATES])
def test_no_false_alarm_on_unscaled_years(name, years):
    """A double cannot hold the best setting: in floats, the radius of QHM's is 1 + 4e-12."""
    result = cv.verify(years, name)
    assert result
    assert not result.diverges


@pytest.mark.finding("B2")
@pytest.mark.parametrize("name", SAME_ITERATES)
def test_faults_are_rejected_at_condition_number_1(name):
    scaled = with_intercept((YEARS - YEARS.mean()) / YEARS.std(), POPULATION)
    result = cv.verify(scaled, name)
    assert result
    assert not result.diverges
    assert all(control.rejected for control in result.controls)


@pytest.mark.finding("B3")
def test_a_column_of_time_stamps_beside_an_intercept_is_not_dependent():
    stamps = 1.6e9 + 86_400 * np.arange(50.0)
    data = with_intercept(stamps, np.sin(np.arange(50)))
    assert data.rank == 2
    assert with_intercept(np.full(50, 1.6e9), np.sin(np.arange(50))).rank == 1


@pytest.mark.finding("B3")
def test_columns_of_different_length_are_advised_to_be_standardised():
    stamps = 1.6e9 + 86_400 * np.arange(50.0)
    found = cv.diagnose(with_intercept(stamps, np.sin(np.arange(50))), method="gradient_descent", lr=1e-19)
    assert "tandardi" in str(found)


@pytest.mark.finding("B4")
def test_a_transient_does_not_measure_units():
    """Same iterates, and the same problem in other units of the loss: the same peak, which runs attain up to √2."""
    peaks = [
        cv.transient(name, mu, **cv.optimum(name).at(mu=mu, L=mu * 1e4).hyper).peak
        for name, mu in (("heavy_ball", 1.0), ("momentum_rate_inside", 1.0), ("qhm", 1.0), ("heavy_ball", 0.01))
    ]
    assert peaks == pytest.approx([peaks[0]] * 4, rel=1e-7)


@pytest.mark.finding("B4")
def test_an_error_that_hardly_grows_is_not_said_to(houses):
    tuned = cv.optimum("heavy_ball").at(mu=houses.mu, L=houses.L).hyper
    assert cv.transient("heavy_ball", houses.mu, **tuned).growth == 1.0
    run = np.abs(cv.residuals("heavy_ball", 3000, [houses.L], **tuned)[:, 0]).max()
    assert cv.transient("heavy_ball", houses.L, **tuned).growth >= run * (1 - 1e-9)


def frozen_adam_is_refused(p):
    """Its best setting for curvatures this far apart overflows while its clocks run."""
    with pytest.raises(cv.NoStableLearningRate, match="before its clocks have run down"):
        cv.steps_to("frozen_adam", 1e-3, mu=p.mu, L=p.L)
    return True


@pytest.mark.finding("B5")
@pytest.mark.parametrize(
    "ask",
    [
        frozen_adam_is_refused,
        lambda p: cv.steps_to("chebyshev", 1e-3, mu=1, L=1e9),
        lambda p: cv.verify(p, "heavy_ball"),
        lambda p: cv.verify([1e13, 1.0], "heavy_ball"),
    ],
    ids=["steps of frozen Adam", "steps of Chebyshev", "verify on houses", "verify at 1e13"],
)
def test_bad_conditioning_does_not_take_long(ask, houses):
    """They took 45 to 72 s of a processor."""
    begun = process_time()
    assert ask(houses)
    assert process_time() - begun < 20


@pytest.mark.finding("B2")
@pytest.mark.finding("B5")
def test_a_study_of_unscaled_rows_has_no_gap_and_is_there_soon(houses):
    """47 rows took 214 s of a processor; one method's trouble was the end of the page."""
    begun = process_time()
    chapter = cv.study(houses, "heavy_ball")["heavy_ball"]
    assert chapter.verification
    assert chapter.finite.worst[0].value > 0
    assert chapter.answer.rate < 1
    assert process_time() - begun < 30


@cv.method
def pid(f, x, i, g, *, lr, ki, kd):
    """A controller: proportional, integral and derivative."""
    now = f.grad(x)
    return x - lr * now - ki * (i + now) - kd * (now - g), i + now, now


@pytest.mark.finding("D2")
def test_a_controller_that_converges_for_few_condition_numbers_ends_no_study():
    fixed = {"lr": 0.05, "ki": 0.001, "kd": 0.01}
    found = cv.study([10.0, 1.0], pid, hyper=fixed, parts=["answer", "verification"])
    assert found["pid"].answer.rate < 1
    assert found["pid"].verification
    rates = rate_curve(pid, [1.0, 30.0, 1e5]).rate
    assert not (rates > 1).any()
