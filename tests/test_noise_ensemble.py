"""An ensemble is the rule itself, run by run: PyTorch's and hand-written loops on the same batches pass the same points."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from tolerances import EPS, SLACK, library

import convergence as cv
from convergence.stochastic.batches import SAMPLINGS, batches

RUNS, STEPS, BATCH, LR = 3, 40, 20, 0.01
START = (0.7, -0.4)
P = cv.datasets.gaussian_2d(loss="mean")
INDEXED = [name for name in SAMPLINGS if name != "stream"]


def gradient(problem, w, rows):
    """The gradient of the mean over a batch, in the problem's scaling."""
    X, y = problem.X[rows], problem.y[rows]
    return problem.scale * problem.rows / len(rows) * X.T @ (X @ w - y)


def ensemble(name, problem=P, runs=RUNS, **options):
    options = {"batch": BATCH, "start": START, "keep": True, "lr": LR, **options}
    return cv.ensemble(problem, name, STEPS, runs, **options)


@pytest.mark.parametrize("sampling", INDEXED)
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("torch_sgd", {"momentum": 0.0}),
        ("torch_sgd", {"momentum": 0.9}),
        ("torch_sgd", {"momentum": 0.9, "dampening": 0.5}),
        ("torch_sgd_nesterov", {"momentum": 0.9}),
    ],
)
def test_pytorch_on_the_same_batches(name, options, sampling):
    torch = pytest.importorskip("torch")
    made = ensemble(name, sampling=sampling, **options)
    X, y = torch.tensor(np.array(P.X)), torch.tensor(np.array(P.y))
    for run, drawn in enumerate(batches(P, BATCH, sampling, runs=RUNS, steps=STEPS)):
        w = torch.tensor(START, dtype=torch.float64, requires_grad=True)
        theirs = torch.optim.SGD([w], lr=LR, nesterov="nesterov" in name, **options)
        for step, rows in enumerate(drawn):
            assert np.abs(made.x[run, step] - w.detach().numpy()).max() <= library(STEPS) * SLACK
            theirs.zero_grad()
            torch.square(X[rows] @ w - y[rows]).mean().backward()
            theirs.step()


def looped(problem, drawn, lr, momentum, look_ahead):
    """Heavy ball, and Nesterov's in Sutskever's form, in plain Python."""
    w, v = np.array(START), np.zeros(2)
    path = [w]
    for rows in drawn:
        v = momentum * v + lr * gradient(problem, w - momentum * v if look_ahead else w, rows)
        w = w - v
        path.append(w)
    return np.array(path)


@pytest.mark.parametrize("loss", ["sum", "half_mean"])
@pytest.mark.parametrize("sampling", INDEXED)
@pytest.mark.parametrize("name", ["heavy_ball", "nesterov"])
def test_loops_by_hand_on_the_same_batches(name, sampling, loss):
    problem = cv.datasets.gaussian_2d(loss=loss)
    lr = LR * 2 / problem.rows / problem.scale
    made = ensemble(name, problem, sampling=sampling, lr=lr, momentum=0.8, rng=7)
    drawn = batches(problem, BATCH, sampling, runs=RUNS, steps=STEPS, rng=7)
    for run in range(RUNS):
        path = looped(problem, drawn[run], lr, 0.8, name == "nesterov")
        assert np.abs(made.x[run] - path).max() <= library(STEPS) * SLACK


def asks_twice(f, x, *, lr):
    return x - lr * f.grad(x - lr * f.grad(x))


def test_all_questions_of_a_step_meet_one_batch():
    made = ensemble(asks_twice)
    w = np.array(START)
    for step, rows in enumerate(batches(P, BATCH, runs=RUNS, steps=STEPS)[1]):
        w = w - LR * gradient(P, w - LR * gradient(P, w, rows), rows)
        assert np.abs(made.x[1, step + 1] - w).max() <= library(STEPS) * SLACK


def test_a_schedule_has_an_entry_a_step():
    made, rates = ensemble("gradient_descent", lr=np.linspace(0.02, 0.001, STEPS)), np.linspace(0.02, 0.001, STEPS)
    w = np.array(START)
    for rate, rows in zip(rates, batches(P, BATCH, runs=RUNS, steps=STEPS)[2], strict=True):
        w = w - rate * gradient(P, w, rows)
    assert np.abs(made.x[2, -1] - w).max() <= library(STEPS) * SLACK


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_random_numbers_depend_on_the_seed_and_on_no_method(sampling):
    """Common random numbers: more runs and more steps begin with those of fewer, and noise does not change batches."""
    first = ensemble("gradient_descent", sampling=sampling, rng=3)
    for name in ("heavy_ball", "torch_sgd", "nesterov"):
        assert (
            np.abs(ensemble(name, sampling=sampling, rng=3, momentum=0.0).x - first.x).max() <= library(STEPS) * SLACK
        )
    more = cv.ensemble(P, "gradient_descent", STEPS + 5, 700, batch=BATCH, sampling=sampling, rng=3, start=START, lr=LR)
    assert np.array_equal(more.loss[:RUNS, : STEPS + 1], first.loss)
    assert np.array_equal(ensemble("gradient_descent", sampling=sampling, rng=3).loss, first.loss)
    quiet = ensemble("gradient_descent", sampling=sampling, rng=3, noise=0.0)
    assert np.array_equal(quiet.x, first.x)
    if sampling != "cyclic":
        assert not np.array_equal(ensemble("gradient_descent", sampling=sampling, rng=4).x[:, 1:], first.x[:, 1:])


def test_a_generator_moves_on_and_a_seed_does_not():
    random = np.random.default_rng(5)
    one, two = (ensemble("gradient_descent", rng=random).loss for _ in range(2))
    assert not np.array_equal(one, two)
    assert np.array_equal(ensemble("gradient_descent", rng=np.random.default_rng(5)).loss, one)


def test_rows_are_distinct_within_a_step():
    for batch in (5, 100):
        drawn = batches(P, batch, "step", runs=20, steps=10)
        assert all(len(set(rows)) == batch for rows in drawn.reshape(-1, batch).tolist())


def test_every_set_of_distinct_rows_is_as_likely():
    """Floyd's algorithm and the shuffle, on 2 of 20 and 2 of 6 rows: chi-square within four standard deviations."""
    for rows in (20, 6):
        p = cv.LeastSquares(np.arange(1.0, rows + 1)[:, None], np.zeros(rows))
        drawn = np.sort(batches(p, 2, "step", runs=2000, steps=20), axis=-1).reshape(-1, 2)
        _, counts = np.unique(drawn, axis=0, return_counts=True)
        expected = len(drawn) / (rows * (rows - 1) / 2)
        freedom = rows * (rows - 1) / 2 - 1
        assert len(counts) == freedom + 1
        assert abs(((counts - expected) ** 2 / expected).sum() - freedom) < 4 * np.sqrt(2 * freedom)


def test_an_epoch_has_every_row_once_and_cycles_are_in_order():
    drawn = batches(P, BATCH, "epoch", runs=5, steps=50).reshape(5, 2, -1)
    assert (np.sort(drawn, axis=-1) == np.arange(P.rows)).all()
    assert not (drawn[:, 0] == drawn[:, 1]).all(axis=-1).any()
    assert (batches(P, BATCH, "cyclic", runs=2, steps=25).reshape(2, -1) == np.arange(P.rows)).all()


def within(estimate, truth):
    return np.abs(estimate.value - truth) <= 4 * estimate.standard_error + SLACK**2 * EPS


def test_fresh_rows_have_the_moments_of_gaussian_features():
    """E[(h−H)Q(h−H)] = HQH + H·tr(HQ), and the targets' noise adds 2·minimum·H; along the directions."""
    runs, batch, H = 20000, 3, np.diag(P.curvatures)
    made = cv.ensemble(P, "gradient_descent", 1, runs, batch=batch, sampling="stream", start=START, lr=LR)
    e = made.first.value[0]
    Q = np.outer(e, e)
    spread = (H @ Q @ H + H * np.trace(H @ Q) + 2 * P.minimum * H) / batch
    A = np.eye(2) - LR * H
    assert within(made.first, np.array([e, A @ e])).all()
    assert within(made.second, np.array([Q, A @ Q @ A + LR**2 * spread])).all()


@pytest.mark.parametrize(
    ("noise", "covariance"),
    [
        (0.5, 0.25 * np.eye(2)),
        ([0.5, 2.0], None),
        ([[1.0, 0.3], [0.3, 0.5]], np.array([[1.0, 0.3], [0.3, 0.5]])),
    ],
)
def test_noise_has_the_covariance_that_was_given(noise, covariance):
    made = cv.ensemble(P, "gradient_descent", 1, 20000, noise=noise, start=P.minimizer, keep=True, lr=1.0)
    V = P.directions
    wanted = V @ np.diag([0.25, 4.0]) @ V.T if covariance is None else covariance
    drawn = made.x[:, 1] - P.minimizer
    products = drawn[:, :, None] * drawn[:, None, :]
    assert (np.abs(products.mean(axis=0) - wanted) <= 4 * products.std(axis=0) / np.sqrt(20000)).all()
    assert within(made.second, np.array([np.zeros((2, 2)), V.T @ wanted @ V])).all()


def test_estimates_are_those_of_the_iterates():
    made = ensemble("heavy_ball", runs=1100, momentum=0.5)
    errors = P.to_directions(made.x - P.minimizer)
    products = errors[..., :, None] * errors[..., None, :]
    for estimate, values in ((made.first, errors), (made.second, products)):
        assert np.allclose(estimate.value, values.mean(axis=0), rtol=1e-12, atol=0)
        assert np.allclose(estimate.standard_error[1:], values.std(axis=0, ddof=1)[1:] / np.sqrt(1100), rtol=1e-9)
    assert np.allclose(made.loss, P.loss(made.x) - P.minimum, rtol=1e-9, atol=SLACK * EPS * P.minimum)
    assert np.allclose(made.standard_error, made.loss.std(axis=0, ddof=1) / np.sqrt(1100), rtol=1e-9)
    assert np.array_equal(made.quantiles([0.1, 0.9]), np.quantile(made.loss, [0.1, 0.9], axis=0))
    assert made.quantiles(0.5).shape == (STEPS + 1,)
    assert set(made.table()) == {"step", "mean", "standard error", "25 %", "median", "75 %"}


def test_without_noise_it_is_a_run():
    made, run = (
        cv.ensemble(P, "ema_momentum", 30, 2, keep=True, lr=LR, momentum=0.6),
        cv.simulate(P, "ema_momentum", 30, lr=LR, momentum=0.6),
    )
    assert np.abs(made.x - run.x).max() <= library(30) * SLACK
    full = cv.ensemble(P, "heavy_ball", 30, 2, batch=500, sampling="step", keep=True, lr=LR, momentum=0.6)
    assert np.abs(full.x - cv.simulate(P, "heavy_ball", 30, lr=LR, momentum=0.6).x).max() <= library(30) * SLACK**2


def test_errors_are_from_where_the_method_rests():
    made = cv.ensemble(P, "weight_decay_coupled", 4000, 2, lr=LR, momentum=0.9, weight_decay=0.5)
    assert np.abs(made.first.value[-1]).max() <= 1e-12
    assert made.mean[-1] > 1e-4


def test_divergence_is_counted():
    made = cv.ensemble(P, "gradient_descent", 400, 50, batch=1, lr=1.0)
    assert made.diverged == 50
    assert made.mean[-1] == np.inf
    assert "diverged" in repr(made)


def by_norm(f, x, *, lr):
    g = f.grad(x)
    return x - lr * g / np.sqrt((g * g).sum())


def by_rows_norm(f, x, *, lr):
    g = f.grad(x)
    return x - lr * g / np.sqrt((g * g).sum(axis=-1, keepdims=True))


def test_a_rule_that_mixes_runs_is_refused():
    with pytest.raises(cv.BadRule, match="axis=-1"):
        ensemble(by_norm)
    steps = np.diff(ensemble(by_rows_norm).x, axis=1)
    assert np.allclose(np.linalg.norm(steps, axis=-1), LR, rtol=1e-9)


def test_newton_steps_need_the_exact_hessian():
    with pytest.raises(cv.NotLinear, match="noise="):
        ensemble("newton", lr=0.5)
    assert ensemble("newton", batch=None, noise=0.1, lr=0.5).diverged == 0


@pytest.mark.parametrize(
    ("error", "options"),
    [
        (cv.BadHyperparameter, {"batch": 32, "sampling": "epoch"}),
        (cv.BadHyperparameter, {"batch": 32, "sampling": "cyclic"}),
        (cv.BadHyperparameter, {"batch": 501, "sampling": "step"}),
        (cv.BadHyperparameter, {"batch": 0}),
        (cv.BadHyperparameter, {"batch": 2.5}),
        (cv.BadName, {"sampling": "steps"}),
        (cv.BadHyperparameter, {"noise": -1.0}),
        (cv.BadHyperparameter, {"noise": [[1.0, 0.0], [1.0, 1.0]]}),
        (cv.BadHyperparameter, {"noise": [[1.0, 2.0], [2.0, 1.0]]}),
        (cv.BadHyperparameter, {"progress": "bar"}),
        (cv.BadData, {"rng": "seed"}),
        (cv.BadData, {"runs": 0}),
        (cv.BadData, {"runs": 10**9}),
    ],
)
def test_what_cannot_be_is_refused(error, options):
    with pytest.raises(error):
        ensemble("gradient_descent", **options)


def test_reshuffled_floors_known_before():
    """Notes' data, B = 100, η = 0.02, at the ends of epochs 5.107e-4 ± 0.02e-4; means of i/10 one by one, 3.97673974e-4."""
    made = cv.ensemble(P, "gradient_descent", 200, 4000, batch=100, sampling="epoch", lr=0.02)
    assert abs(made.mean[-1] - 5.107e-4) < 4 * np.hypot(made.standard_error[-1], 0.02e-4)
    tenths = cv.LeastSquares(np.ones((10, 1)), np.arange(10) / 10, "half_mean")
    made = cv.ensemble(tenths, "gradient_descent", 150, 4000, batch=1, sampling="epoch", lr=0.1)
    assert abs(2 * made.mean[-1] - 3.97673974e-4) < 8 * made.standard_error[-1]


def test_a_problem_that_kept_a_part_of_its_rows_has_no_batches():
    random = np.random.default_rng(0)
    p = cv.LeastSquares(random.normal(size=(2000, 2)), random.normal(size=2000))
    kept = cv.Study.from_json(cv.study(p, ["gradient_descent"], parts=["system"]).to_json()).problem
    assert len(kept.X) < kept.rows
    with pytest.raises(cv.BadData, match="kept a sample"):
        cv.ensemble(kept, "gradient_descent", 3, 2, batch=2, lr=0.01)


def test_progress_is_told_and_ends_with_all_runs():
    seen = []
    ensemble("gradient_descent", runs=1300, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(512, 1300), (1024, 1300), (1300, 1300)]


def test_memory_is_bounded_whatever_the_number_of_runs():
    """Rows, states and products of a block are let go; what grows with the runs is their losses."""
    random = np.random.default_rng(0)
    p = cv.LeastSquares(random.standard_normal((400, 60)), random.standard_normal(400), "mean")
    tracemalloc.start()
    cv.ensemble(p, "heavy_ball", 2, 3000, batch=100, sampling="epoch", lr=0.01, momentum=0.5)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200e6
