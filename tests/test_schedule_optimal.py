"""The best schedule: its closed forms, conjugate gradients, Chebyshev's steps, and searches that know no gradient."""

from __future__ import annotations

from math import cos, pi

import numpy as np
import pytest
import sympy as sp
from scipy.optimize import differential_evolution, minimize_scalar

import convergence as cv
from convergence.best_schedules.dense import DenseFinalLoss
from convergence.best_schedules.objective import task
from convergence.best_schedules.recursion import FinalLoss

S = cv.schedules
P = cv.datasets.gaussian_2d(loss="mean")
FOUND = 1e-6
"""Relative, of losses that two searches bring near to one minimum."""

NOISES = [
    {"noise": 0.3},
    {"batch": 3},
    {"batch": 3, "sampling": "stream", "noise": 0.1},
    {"batch": 3, "sampling": "step", "noise": np.array([[0.2, 0.1], [0.1, 0.3]])},
]
METHODS = [
    ("gradient_descent", {}),
    ("heavy_ball", {"momentum": 0.5}),
    ("nesterov", {"momentum": S.linear(0.9, 10, 0.5)}),
    ("triple_momentum", {"momentum": 0.5, "gamma": 0.3}),  # asks for gradients where the rate stands
    ("ema_momentum", {"momentum": 0.5}),  # starts with a noisy gradient
    ("chebyshev", {"momentum": 0.3}),  # keeps time
    ("robust_momentum", {"contraction": 0.8}),
    ("pytorch", {"momentum": 0.5}),
]


def goal(p, name, steps, cap="2/L", **given):
    full = {"batch": None, "sampling": "replacement", "noise": None, "start": None} | given
    names = ("batch", "sampling", "noise", "start")
    hyper = {key: value for key, value in full.items() if key not in names}
    return task(p, name, steps, cap=cap, hyper=hyper, **{key: full[key] for key in names})


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize(("name", "hyper"), METHODS)
def test_loss_is_that_of_moments_and_its_gradient_that_of_differences(name, hyper, noise):
    steps, start = 6, [1.0, -2.0]
    given = goal(P, name, steps, start=start, **noise, **hyper)
    rates = np.random.default_rng(0).uniform(0.1, 0.5, steps) * given.unit
    loss, gradient = given.loss.with_gradient(rates)
    lr = {given.method.rate: rates}
    assert loss == pytest.approx(cv.moments(P, name, steps, start=start, **noise, **hyper, **lr).loss[-1], rel=1e-13)
    h = 1e-5 * given.unit
    differences = [(given.loss(rates + h * one) - given.loss(rates - h * one)) / (2 * h) for one in np.eye(steps)]
    assert gradient == pytest.approx(differences, rel=0, abs=1e-7 * np.abs(gradient).max())


@pytest.mark.parametrize(("name", "hyper"), METHODS[:5])
def test_a_step_as_a_matrix_and_the_sweep_over_pairs_agree(name, hyper):
    given = goal(P, name, 7, batch=2, noise=0.1, start=[1.0, -2.0], **hyper)
    dense = given.loss
    assert isinstance(dense, DenseFinalLoss)
    swept = FinalLoss(*(getattr(dense, n) for n in dense.__dataclass_fields__))
    rates = np.linspace(0.4, 0.1, 7) * given.unit
    for one, other in zip(dense.with_gradient(rates), swept.with_gradient(rates), strict=True):
        assert one == pytest.approx(other, rel=1e-12, abs=1e-12 * float(np.abs(other).max()))
    assert dense(rates) == pytest.approx(swept(rates), rel=1e-13)


@pytest.mark.parametrize(
    ("name", "hyper", "noise"), [(*METHODS[0], NOISES[0]), (*METHODS[0], NOISES[1]), (*METHODS[1], NOISES[0])]
)
def test_a_search_that_knows_no_gradient_finds_nothing_better(name, hyper, noise):
    found = cv.optimal_schedule(P, 3, method=name, **noise, **hyper)
    given = goal(P, name, 3, **noise, **hyper)
    blind = differential_evolution(given.loss, [(0.0, given.largest)] * 3, tol=1e-10, rng=1, polish=True)
    assert found.loss <= blind.fun * (1 + FOUND)
    assert blind.fun == pytest.approx(found.loss, rel=1e-4)


def test_along_one_direction_the_best_rate_is_derived():
    """P ← (1−ηλ)²P + η²σ² minimised at each step: η = 1/(λ(k+1+σ²/(λ²P))), E x² = σ²/(λ²k + σ²/P)."""
    curvature, deviation, first = 2.0, 0.5, 3.0
    best = cv.optimal_schedule([curvature], 20, noise=deviation, start=[first])
    ratio = deviation**2 / (curvature**2 * first**2)
    k = np.arange(20)
    assert best.lr == pytest.approx(1 / (curvature * (k + 1 + ratio)), rel=1e-14)
    assert best.schedule.values(20) == pytest.approx(best.lr, rel=1e-14)
    second = deviation**2 / (curvature**2 * 20 + deviation**2 / first**2)
    assert best.loss == pytest.approx(0.5 * curvature * second, rel=1e-13)
    assert "closed form" in best.note
    moment = first**2  # and by hand, each step on its own
    for rate in best.lr:
        step = minimize_scalar(lambda e, m=moment: (1 - e * curvature) ** 2 * m + e**2 * deviation**2, bracket=(0, 0.5))
        assert step.x == pytest.approx(rate, rel=1e-6)
        moment = step.fun


def test_a_hundred_steps_along_one_direction():
    """λ = σ = 1, x₀ = 10: best constant 0.0516062208 with E x² = 0.0289847289, best schedule 0.0099990001."""
    result = cv.compare_schedules([1.0], 100, [S.constant(1)], noise=1.0, start=[10.0])
    constant, best = result.rows
    assert constant.base == pytest.approx(0.0516062208, abs=5e-9)
    assert 2 * constant.loss == pytest.approx(0.0289847289, abs=5e-11)
    assert 2 * best.loss == pytest.approx(0.0099990001, abs=5e-11)
    assert constant.share == pytest.approx(0.0099990001 / 0.0289847289, rel=1e-8)


def test_fresh_rows_along_one_direction_are_minimised_step_by_step():
    best = cv.optimal_schedule([2.0], 5, batch=1, sampling="stream", start=[3.0])
    assert best.lr == pytest.approx(np.full(5, 1 / 6), rel=1e-13)  # E u⁴ = 3λ²: η = λ/(3λ²)
    assert best.loss == pytest.approx(9 * (2 / 3) ** 5, rel=1e-12)


@pytest.mark.parametrize("curvatures", [[4.0, 1.0], [9.0, 4.0, 4.0, 1.0, 0.1], list(np.linspace(1, 50, 12))])
def test_without_noise_a_step_for_each_curvature_leaves_nothing(curvatures):
    best = cv.optimal_schedule(curvatures, 14, cap=None, start=np.arange(1.0, len(curvatures) + 1))
    assert best.loss < 1e-20 * np.square(np.arange(1.0, len(curvatures) + 1)) @ curvatures
    assert set(1 / np.array(curvatures)) == set(best.lr)
    assert "closed form" in best.note


def conjugate_gradients(curvatures, errors, steps):
    """½Σλe² after K steps on a diagonal Hessian."""
    e = np.array(errors, dtype=float)
    r = -curvatures * e
    d = r.copy()
    for _ in range(steps):
        a = (r @ r) / (d @ (curvatures * d))
        e, new = e + a * d, r - a * curvatures * d
        d, r = new + (new @ new) / (r @ r) * d, new
    return 0.5 * curvatures @ e**2


@pytest.mark.parametrize("steps", [2, 3, 5])
def test_without_noise_and_cap_the_optimum_is_that_of_conjugate_gradients(steps):
    """Their residual polynomial has real positive roots: gradient descent attains it with their reciprocals as rates."""
    curvatures, errors = np.array([10.0, 7.0, 5.0, 2.0, 1.5, 1.0, 0.7]), [1.0, -2.0, 1.0, 0.5, 3.0, 1.0, 2.0]
    best = cv.optimal_schedule(curvatures, steps, cap=None, start=errors)
    assert best.loss == pytest.approx(conjugate_gradients(curvatures, errors, steps), rel=FOUND)


def test_without_noise_the_optimum_is_chebyshevs_where_the_spectrum_is():
    """At the nodes of a Gauss-Chebyshev rule, with errors as 1/λ, the best polynomial is T_K on [μ, L] itself."""
    mu, L, steps = 1.0, 9.0, 4
    nodes = np.array([(L + mu) / 2 + (L - mu) / 2 * cos(pi * (2 * i + 1) / 40) for i in range(20)])
    best = cv.optimal_schedule(nodes, steps, cap=None, start=1 / nodes)
    assert np.sort(best.lr) == pytest.approx(np.sort(cv.chebyshev_steps(steps, mu=mu, L=L)), rel=1e-4)
    by_chebyshev = goal(nodes, "gradient_descent", steps, start=1 / nodes).loss(cv.chebyshev_steps(steps, mu=mu, L=L))
    assert best.loss == pytest.approx(by_chebyshev, rel=1e-8)


def test_without_noise_order_is_nothing_and_with_added_noise_falling_rates_are_never_worse():
    """So a warm-up does nothing for gradient descent on a quadratic, or harm: two steps a, b that change places."""
    lam, a, b, s = sp.symbols("lambda a b s", positive=True)

    def after(first, second, P):
        inner = (1 - lam * first) ** 2 * P + first**2 * s**2
        return (1 - lam * second) ** 2 * inner + second**2 * s**2

    gained = after(a, b, sp.Symbol("P")) - after(b, a, sp.Symbol("P"))
    assert sp.expand(gained - 2 * lam * a * b * (b - a) * s**2) == 0
    rates = np.random.default_rng(3).uniform(0, 0.5, 12)
    for noise, same in ((None, True), (0.3, False)):
        loss = goal([4.0, 1.0], "gradient_descent", 12, noise=noise).loss
        falling, rising = np.sort(rates)[::-1], np.sort(rates)
        assert (loss(falling) == pytest.approx(loss(rates), rel=1e-12)) == same
        assert loss(falling) <= loss(rates) * (1 + 1e-12)
        assert loss(rates) <= loss(rising) * (1 + 1e-12)
    best = cv.optimal_schedule([4.0, 1.0], 30, noise=0.3)
    assert (np.diff(best.lr) <= 1e-4 * best.lr[:-1]).all()
    for shape in (S.linear, S.cosine):
        warm = [cv.compare_schedules([4.0, 1.0], 30, [S.warmup(w) * shape(1, 30)], noise=0.3).rows[0] for w in (1, 4)]
        assert warm[0].loss < warm[1].loss


def test_families_are_fitted():
    best = cv.optimal_schedule([4.0, 1.0], 12, noise=0.3)
    losses = {"best": best.loss}
    for family in (S.constant, S.linear, S.cosine, S.exponential, S.inverse_time, S.polynomial, S.wsd):
        fit = cv.optimal_schedule([4.0, 1.0], 12, noise=0.3, family=family)
        given = goal([4.0, 1.0], "gradient_descent", 12, noise=0.3)
        assert fit.loss == pytest.approx(given.loss(fit.schedule.values(12)), rel=1e-12)
        assert fit.schedule.name.startswith(family.__name__)
        assert fit.lr.max() <= fit.cap * (1 + 1e-9)
        losses[family.__name__] = fit.loss
    assert min(losses, key=losses.get) == "best"
    assert losses["polynomial"] <= losses["inverse_time"] * (1 + FOUND)  # power 1
    assert losses["wsd"] <= losses["linear"] * (1 + FOUND)  # no warm-up, all decay
    assert losses["exponential"] <= losses["constant"] * (1 + FOUND)
    own = cv.optimal_schedule([4.0, 1.0], 12, noise=0.3, family=lambda base, end: S.cosine(base, 12, end))
    assert own.loss <= losses["cosine"] * (1 + FOUND)
    table = cv.optimal_schedule(
        [4.0, 1.0], 12, noise=0.3, family=lambda base, bend: base * np.exp(-bend * np.arange(12))
    )
    assert table.loss == pytest.approx(losses["exponential"], rel=1e-4)


def test_the_inverse_time_family_finds_the_optimum_along_one_direction():
    best = cv.optimal_schedule([1.0], 40, noise=1.0, start=[10.0])
    family = cv.optimal_schedule([1.0], 40, noise=1.0, start=[10.0], family=S.inverse_time)
    assert family.loss == pytest.approx(best.loss, rel=FOUND)
    assert family.schedule.parameters["rate"] == pytest.approx(1 / 1.01, rel=0.02)


def test_data_a_density_and_errors_along_curvatures_are_taken():
    X, y = [[1.0, 2.0], [2.0, 1.0], [0.0, 3.0], [1.0, 1.0]], [1.0, 2.0, 0.0, 1.0]
    pair, problem = (cv.optimal_schedule(p, 6, batch=2, start=[1.0, 0.0]) for p in ((X, y), cv.LeastSquares(X, y)))
    assert np.array_equal(pair.lr, problem.lr)
    assert cv.compare_schedules((X, y), 6, batch=2).rows[0].share < 1
    assert cv.optimal_schedule(cv.MarchenkoPastur(0.5), 4, noise=0.1).loss > 0
    errors = cv.optimal_schedule([1.0, 4.0], 3, noise=0.1, start=[2.0, 0.0])
    assert errors.loss == pytest.approx(
        cv.moments([1.0, 4.0], "gradient_descent", 3, noise=0.1, start=[3.0, 1.0], lr=errors.lr).loss[-1]
    )


def test_caps():
    free, capped = (cv.optimal_schedule([4.0, 1.0], 5, noise=0.05, cap=cap) for cap in (None, 0.3))
    assert capped.lr.max() <= 0.3 < free.lr.max()
    assert free.loss < capped.loss
    assert cv.optimal_schedule([4.0, 1.0], 5, noise=0.05).cap == 0.5
    assert capped.gradient_norm < 1e-5


def test_the_optimum_bounds_what_it_is_compared_with():
    result = cv.compare_schedules(P, 30, {"mine": [0.9**k for k in range(30)], "wsd": S.wsd}, batch=4)
    table = result.table()
    assert list(table["schedule"]) == ["mine", "wsd", "optimum"]
    assert all(0 < row.share <= 1 for row in result.rows)
    for row in result.rows:
        rates = row.schedule.values(30)
        assert row.base == pytest.approx(rates.max(), rel=1e-12)
        assert row.total == pytest.approx(rates.sum(), rel=1e-12)
        factors = np.cumprod(1 - rates[:, None] * P.curvatures, axis=0)
        assert row.peak == pytest.approx(max(1.0, np.abs(factors).max()), rel=1e-12)
    assert result["optimum"].share == 1


def test_decreasing_rates_win_over_constant_ones_where_there_is_noise():
    result = cv.compare_schedules(list(np.arange(1, 200.0) ** -1.5), 60, noise=cv.LabelNoise(1.0))
    shares = {row.name: row.share for row in result.rows}
    assert shares["constant"] < shares["linear"] < 1
    assert shares["cosine"] > 0.8


REFUSED = {
    "weight decay": (
        {"method": "weight_decay_coupled", "momentum": 0.5, "weight_decay": 0.1},
        cv.NotLinear,
        "rests elsewhere",
    ),
    "a whole epoch": ({"batch": 5, "sampling": "epoch"}, cv.BadHyperparameter, "independent"),
    "what is sought": ({"lr": 0.1}, cv.BadHyperparameter, "sought"),
    "no step": ({"steps": 0}, cv.BadHyperparameter, "1 step"),
    "a cap of nothing": ({"cap": 0.0}, cv.BadHyperparameter, "cap"),
    "a family of nothing": ({"family": lambda: 0.1}, cv.BadHyperparameter, "family"),
    "letters": ({"family": "cosine"}, cv.BadHyperparameter, "family"),
    "Newton's batches": ({"method": "newton", "batch": 5}, cv.NotLinear, "Hessian"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_refused_in_words(case):
    given, error, words = REFUSED[case]
    with pytest.raises(error, match=words):
        cv.optimal_schedule(P, **{"steps": 4, **given})


def test_letters_in_a_schedule_have_no_values():
    eta = sp.Symbol("eta", positive=True)
    schedule = S.cosine(eta, 10)
    assert schedule.formula.subs({"k": 0}).has(eta)
    with pytest.raises(cv.BadHyperparameter, match="eta"):
        schedule.values(3)
    with pytest.raises(cv.BadHyperparameter):
        S.cosine(sp.Symbol("q"), 10)


def test_for_a_power_law_the_optimum_falls_more_slowly_than_its_asymptotic_law():
    """Spectrum i^(−β), noise as H: lr goes as (1 − k/K)^(2β−1) for very many steps; at K = 200 linear decay comes near."""
    curvatures = np.arange(1, 301.0) ** -1.5
    result = cv.compare_schedules(curvatures, 200, {"linear": S.linear(1, 200)}, noise=cv.LabelNoise(1.0))
    left = 1 - np.arange(200) / 200
    exponent = np.polyfit(np.log(left), np.log(result.optimum.lr), 1)[0]
    assert 1 < exponent < (2 * 1.5 - 1) - 0.5
    assert 0.9 < result["linear"].share < 1
    assert result.optimum.gradient_norm < 1e-5


def test_along_one_direction_fresh_rows_with_noisy_targets_are_minimised_step_by_step():
    """The noise of the targets belongs to each step's minimum: no single rate can be moved for the better."""
    rng = np.random.default_rng(4)
    X = rng.normal(size=(30, 1))
    p = cv.LeastSquares(X, 2 * X[:, 0] + rng.normal(size=30), "mean")
    best = cv.optimal_schedule(p, 6, batch=2, sampling="stream")

    def loss(rates):
        return cv.moments(p, "gradient_descent", 6, batch=2, sampling="stream", lr=rates).loss[-1]

    assert "closed form" in repr(best)
    assert best.loss == pytest.approx(loss(best.lr), rel=1e-12)
    for k in range(6):
        for factor in (0.97, 1.03):
            assert loss(np.where(np.arange(6) == k, factor * best.lr, best.lr)) > best.loss
