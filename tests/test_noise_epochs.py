"""Batches of an epoch, in order or reshuffled: all orders by enumeration, plain loops, values computed independently."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from enumeration import moments_by_enumeration
from tolerances import SLACK, library

import convergence as cv

DATA = cv.LeastSquares([[1.0, 0.5], [-0.3, 2.0], [0.7, -1.1], [1.5, 0.2]], [1.0, -0.5, 0.3, 2.0], "half_mean")
CROSS = cv.LeastSquares([[0, 1], [1, 1], [1, -1], [2, 0]], [1.0, 0.0, -1.0, 0.5], "mean")
LINE = cv.LeastSquares(np.sqrt([[0.5], [1.0], [2.0], [4.0]]), [1.0, 2.0, -1.0, 0.5], "half_mean")
NOTES = cv.datasets.gaussian_2d(loss="mean")
START = np.array([0.5, -1.0])
USUAL = {"lr": 0.2, "momentum": 0.6, "weight_decay": 0.1, "nu": 0.7, "gamma": 0.2, "contraction": 0.8, "kappa": 10.0}
SCHEDULES = {
    "lr": [0.2, 0.1, 0.15, 0.3, 0.05],
    "momentum": [0.6, 0.3, 0.7, 0.2, 0.5],
    "weight_decay": [0.3, 0.1, 0.2, 0.0, 0.1],
}
LINEAR = [name for name in cv.methods.LINEAR if name != "newton"]
DIGITS = 2e-10
"""The values below are known to ten digits."""


def close(exact, expected, steps):
    for got, known in zip((exact.mean, exact.second, exact.loss), expected, strict=True):
        assert np.abs(got - known).max() <= library(steps) * SLACK * max(1.0, np.abs(known).max())


@pytest.mark.parametrize("sampling", ["epoch", "cyclic"])
@pytest.mark.parametrize(("batch", "steps"), [(1, 5), (2, 3), (4, 2)])
@pytest.mark.parametrize("name", LINEAR)
def test_moments_are_those_over_all_orders(name, batch, steps, sampling):
    method = cv.METHODS[name]
    hyper = {k: USUAL[k] for k in method.hyper if k in USUAL}
    run = cv.simulate(DATA, method, 0, START, **hyper)
    rest = run.x[0] - DATA.directions @ run.error[0]
    exact = cv.moments(DATA, method, steps, batch=batch, sampling=sampling, start=START, **hyper)
    close(exact, moments_by_enumeration(DATA, method, steps, batch, sampling, START, rest=rest, **hyper), steps)
    assert exact.exact
    assert exact.loss == pytest.approx(exact.bias + exact.variance, rel=1e-12)


@pytest.mark.parametrize("sampling", ["epoch", "cyclic"])
@pytest.mark.parametrize("name", ["gradient_descent", "ema_momentum", "weight_decay_decoupled", "frozen_adam"])
def test_moments_under_schedules(name, sampling):
    method = cv.METHODS[name]
    hyper = {k: v for k, v in SCHEDULES.items() if k in method.hyper}
    run = cv.simulate(DATA, method, 0, START, **{k: v[0] for k, v in hyper.items()})
    rest = run.x[0] - DATA.directions @ run.error[0]
    exact = cv.moments(DATA, method, 3, batch=2, sampling=sampling, start=START, **hyper)
    close(exact, moments_by_enumeration(DATA, method, 3, 2, sampling, START, rest=rest, **hyper), 3)


@pytest.mark.parametrize("sampling", ["epoch", "cyclic"])
@pytest.mark.parametrize("name", ["heavy_ball", "ema_momentum"])
def test_noise_that_is_added_to_batches(name, sampling):
    factor = np.array([[0.5, 0.0], [0.2, 0.1]])
    hyper = {"lr": 0.2, "momentum": 0.5}
    exact = cv.moments(DATA, name, 2, batch=2, sampling=sampling, start=START, noise=factor @ factor.T, **hyper)
    close(exact, moments_by_enumeration(DATA, cv.METHODS[name], 2, 2, sampling, START, noise=factor, **hyper), 2)


def test_a_plain_loop_over_all_orders_of_six_rows():
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(6, 2)), rng.normal(size=6)
    p, seen = cv.LeastSquares(X, y, "mean"), []
    for order in itertools.permutations(range(6)):
        w, v, path = START, np.zeros(2), [p.loss(START) - p.minimum]
        for j in range(0, 6, 2):
            A, b = X[list(order[j : j + 2])], y[list(order[j : j + 2])]
            v = 0.5 * v + A.T @ (A @ w - b)
            w = w - 0.1 * v
            path.append(p.loss(w) - p.minimum)
        seen.append(path)
    exact = cv.moments(p, "heavy_ball", 3, batch=2, sampling="epoch", start=START, lr=0.1, momentum=0.5)
    assert exact.loss == pytest.approx(np.mean(seen, axis=0), rel=1e-12)


@pytest.mark.parametrize("noise", [None, 0.3])
def test_on_a_line_both_recursions_agree(noise):
    """Eight rows in one dimension by sets of rows (a state that is never used makes it two) and by the recursion in items."""
    rng = np.random.default_rng(4)
    p = cv.LeastSquares(rng.normal(size=(8, 1)), rng.normal(size=8), "half_mean")
    for lr in (0.3, 1.9):
        line = cv.moments(p, "gradient_descent", 19, batch=1, sampling="epoch", noise=noise, lr=lr)
        sets = cv.moments(p, "heavy_ball", 19, batch=1, sampling="epoch", noise=noise, lr=lr, momentum=0.0)
        assert line.mean == pytest.approx(sets.mean, rel=1e-9)
        assert line.second == pytest.approx(sets.second, rel=1e-9)
    line = cv.stationary(p, "gradient_descent", batch=1, sampling="epoch", noise=noise, lr=0.3)
    sets = cv.stationary(p, "heavy_ball", batch=1, sampling="epoch", noise=noise, lr=0.3, momentum=0.0)
    assert line.second == pytest.approx(sets.second, rel=1e-9)


def test_estimation_of_a_mean():
    """All curvatures alike: the floor at the end of reshuffled epochs in closed form, and with replacement."""
    p = cv.LeastSquares(np.ones((10, 1)), np.arange(10) / 10, "half_mean")
    c, eta, spread = 0.9 ** np.arange(10), 0.1, np.var(np.arange(10) / 10) * 10 / 9
    closed = eta**2 * spread * (c @ c - c.sum() ** 2 / 10) / (1 - 0.9**20)
    reshuffled = cv.stationary(p, "gradient_descent", batch=1, sampling="epoch", lr=eta)
    assert reshuffled.second[0, 0] == pytest.approx(closed, rel=1e-12)
    assert reshuffled.second[0, 0] == pytest.approx(3.97673974e-4, rel=1e-8)
    independent = cv.stationary(p, "gradient_descent", batch=1, lr=eta)
    assert independent.second[0, 0] == pytest.approx(4.34210526e-3, rel=1e-8)


def test_limits_of_four_rows():
    rates = [cv.mean_square_limit(CROSS, "gradient_descent", 1, sampling=s) for s in ("epoch", "replacement", "cyclic")]
    assert rates == pytest.approx([0.4011494116, 0.3220050252, 0.375], rel=DIGITS)


def test_on_a_line_reshuffling_has_no_multiplicative_noise():
    assert cv.mean_square_limit(LINE, "gradient_descent", 1) == pytest.approx(0.7058823529, rel=DIGITS)
    for sampling in ("epoch", "cyclic"):
        limit = cv.mean_square_limit(LINE, "gradient_descent", 1, sampling=sampling)
        assert limit == pytest.approx(1.4022919094, rel=DIGITS)
        assert np.prod(1 - limit * np.array([0.5, 1, 2, 4])) == pytest.approx(-1.0, rel=1e-10)


def test_beyond_the_limit_rates_may_be_stable_again():
    """|Π(1 − ηhᵢ)| < 1 is a polynomial inequality: h = 1 and 50 hold up to 1/25, and again near 1."""
    p = cv.LeastSquares(np.sqrt([[1.0], [50.0]]), [0.0, 0.0], "half_mean")
    limit = cv.mean_square_limit(p, "gradient_descent", 1, sampling="epoch")
    assert np.prod(1 - limit * np.array([1.0, 50.0])) == pytest.approx(-1.0, rel=1e-9)
    assert abs(np.prod(1 - np.array([1.0, 50.0]))) < 1
    late = cv.moments(p, "gradient_descent", 200, batch=1, sampling="epoch", start=[1.0], lr=1.0)
    assert late.loss[-1] == 0.0


def orders_operator(p, method, lr, momentum, batch):
    """Mean over all orders of the Kronecker square of an epoch's product, from Hessians of batches by hand."""
    eye, n = np.eye(2), len(p.X)

    def step(rows):
        h = p.scale * n / batch * p.X[list(rows)].T @ p.X[list(rows)]
        if method == "gradient_descent":
            return eye - lr * h
        return np.block([[eye - lr * h, -lr * momentum * eye], [h, momentum * eye]])

    total = 0
    orders = list(itertools.permutations(range(n)))
    for order in orders:
        product = np.eye(len(step([0])))
        for j in range(0, n, batch):
            product = step(order[j : j + batch]) @ product
        total = total + np.kron(product, product)
    return total / len(orders)


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("name", ["gradient_descent", "heavy_ball"])
def test_at_the_limit_the_mean_over_all_orders_has_radius_one(name, batch):
    hyper = {} if name == "gradient_descent" else {"momentum": 0.5}
    limit = cv.mean_square_limit(DATA, name, batch, sampling="epoch", **hyper)
    for share, sign in ((0.999, -1), (1.001, 1)):
        radius = np.abs(np.linalg.eigvals(orders_operator(DATA, name, share * limit, 0.5, batch))).max()
        assert np.sign(radius - 1) == sign
    radius = np.abs(np.linalg.eigvals(orders_operator(DATA, name, limit, 0.5, batch))).max()
    assert radius == pytest.approx(1, abs=1e-10)


@pytest.mark.parametrize("sampling", ["epoch", "cyclic"])
@pytest.mark.parametrize("name", ["gradient_descent", "heavy_ball", "nesterov", "weight_decay_coupled", "ema_momentum"])
@pytest.mark.parametrize("noise", [None, 0.3])
def test_moments_tend_to_what_is_stationary_at_ends_of_epochs(name, sampling, noise):
    method = cv.METHODS[name]
    hyper = {k: {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.1}[k] for k in method.hyper}
    settled = cv.stationary(CROSS, name, batch=2, sampling=sampling, noise=noise, **hyper)
    asks = method.starts is not None  # the start takes the first batch of all
    late = cv.moments(CROSS, name, 800 + asks, batch=2, sampling=sampling, noise=noise, **hyper)
    at = 800 - asks
    assert late.loss[at] == pytest.approx(settled.excess_loss, rel=1e-10)
    assert late.second[at] == pytest.approx(settled.second, rel=1e-9, abs=1e-15)
    assert late.mean[at] == pytest.approx(settled.mean, rel=1e-9, abs=1e-14)


def test_one_batch_of_all_rows_is_no_noise():
    for sampling in ("epoch", "cyclic"):
        limit = cv.mean_square_limit(NOTES, "heavy_ball", 500, sampling=sampling, momentum=0.9)
        assert limit == pytest.approx(3.8 / NOTES.L, rel=1e-12)
        path = cv.moments(NOTES, "heavy_ball", 10, batch=500, sampling=sampling, lr=0.01, momentum=0.9)
        run = cv.simulate(NOTES, "heavy_ball", 10, lr=0.01, momentum=0.9)
        assert path.loss == pytest.approx(run.loss - NOTES.minimum, rel=1e-10)


@pytest.mark.parametrize("sampling", ["epoch", "cyclic"])
def test_the_smallest_batch_divides_the_rows(sampling):
    limits = [cv.mean_square_limit(CROSS, "gradient_descent", batch, sampling=sampling) for batch in (1, 2, 4)]
    for lr in (0.3, 0.42, 0.55):
        expected = next(batch for batch, limit in zip((1, 2, 4), limits, strict=True) if lr < limit)
        assert cv.smallest_batch(CROSS, "gradient_descent", sampling=sampling, lr=lr) == expected
    assert cv.smallest_batch(CROSS, "gradient_descent", sampling=sampling, lr=5.0) == np.inf


def test_many_rows_are_estimated_and_say_so():
    path = cv.moments(NOTES, "gradient_descent", 25, batch=100, sampling="epoch", runs=300, rng=1, lr=0.02)
    runs = cv.ensemble(NOTES, "gradient_descent", 25, 300, batch=100, sampling="epoch", rng=1, lr=0.02)
    assert not path.exact
    assert "standard error of 300 runs" in repr(path)
    assert (path.loss == runs.mean).all()
    assert (path.standard_error == runs.standard_error).all()


def test_reshuffling_on_the_notes_data():
    """Per step with and without replacement exactly; reshuffled by runs, at epoch ends, beside an independent estimate."""
    hyper = {"batch": 100, "lr": 0.02}
    exact = [cv.stationary(NOTES, "gradient_descent", sampling=s, **hyper).excess_loss for s in ("replacement", "step")]
    assert exact == pytest.approx([8.08861343e-4, 6.47376111e-4], rel=1e-8)
    estimate = cv.stationary(NOTES, "gradient_descent", sampling="epoch", rng=1, **hyper)
    assert abs(estimate.excess_loss - 5.107e-4) < 4 * np.hypot(estimate.standard_error, 0.02e-4)
    assert "standard error" in repr(estimate)


def test_an_estimate_lies_by_what_is_exact(monkeypatch):
    monkeypatch.setattr("convergence.stochastic.periodic.feasible", lambda *_: False)
    estimate = cv.stationary(DATA, "nesterov", batch=2, sampling="epoch", noise=0.1, lr=0.05, momentum=0.5)
    monkeypatch.undo()
    exact = cv.stationary(DATA, "nesterov", batch=2, sampling="epoch", noise=0.1, lr=0.05, momentum=0.5)
    assert abs(estimate.excess_loss - exact.excess_loss) < 4 * estimate.standard_error
    scale = 10 * estimate.standard_error / exact.excess_loss
    assert np.diagonal(estimate.asked) == pytest.approx(np.diagonal(exact.asked), rel=scale)


def test_what_is_refused_in_words():
    with pytest.raises(cv.BadHyperparameter, match="too many orders"):
        cv.mean_square_limit(NOTES, "heavy_ball", 1, sampling="epoch", momentum=0.9)
    with pytest.raises(cv.BadHyperparameter, match="too many orders"):
        cv.smallest_batch(NOTES, "heavy_ball", sampling="epoch", lr=0.01, momentum=0.9)
    with pytest.raises(cv.BadHyperparameter, match="divides"):
        cv.mean_square_limit(NOTES, "heavy_ball", 3, sampling="cyclic", momentum=0.9)
    with pytest.raises(cv.NotLinear, match="sampled Hessian"):
        cv.mean_square_limit(NOTES, "newton", 1, sampling="cyclic")
    with pytest.raises(cv.NoStableLearningRate, match="does not settle"):
        cv.stationary(NOTES, "heavy_ball", batch=1, sampling="cyclic", lr=0.04, momentum=0.9)
    with pytest.raises(cv.NoStableLearningRate, match="grew"):
        cv.stationary(NOTES, "gradient_descent", batch=1, sampling="epoch", lr=0.05, runs=2)


def test_an_answer_that_would_take_minutes_is_not_begun():
    """Exact where it takes seconds; the widest batches of 22 rows are 705 432, and long runs count, too."""
    rng = np.random.default_rng(3)
    wide = cv.LeastSquares(rng.normal(size=(22, 1)), rng.normal(size=22), "mean")
    with pytest.raises(cv.BadHyperparameter, match="too many orders"):
        cv.mean_square_limit(wide, "heavy_ball", 11, sampling="epoch", momentum=0.5)
    fourteen = cv.LeastSquares(rng.normal(size=(14, 3)), rng.normal(size=14), "mean")
    hyper = {"batch": 1, "sampling": "epoch", "lr": 0.01, "momentum": 0.5, "runs": 2}
    assert cv.moments(fourteen, "heavy_ball", 100, **hyper).exact
    assert not cv.moments(fourteen, "heavy_ball", 12_000, **hyper).exact


@pytest.mark.parametrize("wrong", [{"runs": 0}, {"runs": "ab"}, {"runs": 1.5}, {"runs": True}, {"rng": "ab"}, {"rng": -1}])
def test_runs_that_are_none(wrong):
    hyper = {"batch": 100, "sampling": "epoch", "lr": 0.02, **wrong}
    with pytest.raises(cv.BadData):
        cv.moments(NOTES, "gradient_descent", 5, **hyper)
    with pytest.raises(cv.BadData):
        cv.stationary(NOTES, "gradient_descent", **hyper)
    with pytest.raises(cv.BadData):
        cv.tail_average(NOTES, "gradient_descent", 5, average=3, **hyper)


@pytest.mark.parametrize("sampling", ["epoch", "cyclic"])
def test_rows_of_a_list_of_curvatures(sampling):
    """A row for each: with d rows its Hessian is d times as large as in the mean."""
    p = cv.LeastSquares(np.diag(np.sqrt([3.0, 2.0, 1.0])), np.sqrt([3.0, 2.0, 1.0]), "half")
    exact = cv.moments([3.0, 2.0, 1.0], "heavy_ball", 4, batch=1, sampling=sampling, lr=0.1, momentum=0.5)
    close(exact, moments_by_enumeration(p, cv.METHODS["heavy_ball"], 4, 1, sampling, lr=0.1, momentum=0.5), 4)
    assert cv.mean_square_limit([2.0, 1.0], "gradient_descent", 1, sampling=sampling) == pytest.approx(0.5, rel=1e-10)


@pytest.mark.parametrize("sampling", ["epoch", "cyclic"])
def test_what_overflows_is_infinite(sampling):
    hyper = {"batch": 1, "sampling": sampling, "lr": 50.0, "momentum": 0.9}
    assert cv.moments(DATA, "heavy_ball", 3000, **hyper).loss[-1] == np.inf
    assert cv.tail_average(DATA, "heavy_ball", 3000, average=9, **hyper).excess_loss == np.inf


@pytest.mark.parametrize("sampling", ["epoch", "cyclic"])
def test_flat_directions_take_no_part(sampling):
    flat = cv.LeastSquares([[1.0, 1.0], [2.0, 2.0], [0.5, 0.5], [1.0, 1.0]], [1.0, 0.0, 2.0, 1.0], "mean")
    one = cv.LeastSquares(np.sqrt(2) * np.array([[1.0], [2.0], [0.5], [1.0]]), [1.0, 0.0, 2.0, 1.0], "mean")
    for name, hyper in (("gradient_descent", {}), ("heavy_ball", {"momentum": 0.5})):
        both = [cv.mean_square_limit(p, name, 1, sampling=sampling, **hyper) for p in (flat, one)]
        assert both[0] == pytest.approx(both[1], rel=1e-11)
        settled = [cv.stationary(p, name, batch=1, sampling=sampling, lr=0.05, **hyper) for p in (flat, one)]
        assert settled[0].excess_loss == pytest.approx(settled[1].excess_loss, rel=1e-11)
        assert settled[0].second[1, 1] == 0.0


def test_the_factor_of_an_epoch():
    """Four rows whose targets are fitted, lr = 0.2: what an epoch leaves of second moments in the long run, and four steps."""
    fitted = cv.LeastSquares(CROSS.X, np.zeros(4), "mean")  # residuals 0 exactly: rounded ones would be noise
    for sampling, factor in (("epoch", 0.0762250066), ("replacement", 0.1296)):
        loss = cv.moments(fitted, "gradient_descent", 96, batch=1, sampling=sampling, start=[1, -2], lr=0.2).loss
        assert loss[96] / loss[92] == pytest.approx(factor, rel=1e-9)
