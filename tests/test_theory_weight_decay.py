"""Weight decay rests at a ridge solution, coupled or not; runs go there, and the theory of the way there is exact.

By hand, for the loss (c/2)‖Xw−y‖². Coupled: cXᵀ(Xw−y) + δw = 0. Decoupled: the buffer rests at v = cXᵀ(Xw−y)/(1−β) and the
position where v + δw = 0: a ridge solution with δ(1−β).
"""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from tolerances import closed_optimum, identity, prediction

import convergence as cv
from convergence import METHODS, LeastSquares, NotLinear, datasets, derive, method, predict, simulate, stability

DECAYS = ["weight_decay_coupled", "weight_decay_decoupled"]
lam = sp.Symbol("lambda", positive=True)
beta, delta = sp.symbols("beta delta", nonnegative=True)


def ridge(problem, decay):
    """np.linalg.solve on the normal equations: knows of no optimiser."""
    size = len(problem.columns)
    c, X, y = problem.scale, np.array(problem.X), np.array(problem.y)
    return np.linalg.solve(c * X.T @ X + decay * np.eye(size), c * X.T @ y)


def strength(name, momentum, weight_decay):
    return weight_decay * (1 if name == "weight_decay_coupled" else 1 - momentum)


PROBLEMS = {
    "notes": lambda: datasets.gaussian_2d(),
    "half": lambda: datasets.with_spectrum([5.0, 1.0, 0.2], 9, 1, noise=0.5, loss="half"),
    "mean": lambda: datasets.with_spectrum([5.0, 1.0, 0.2], 9, 1, noise=0.5, loss="mean"),
    "rank deficient": lambda: LeastSquares(np.outer([1, 2, 3, 4.0], [1, -1, 2.0]), [1.0, 0.0, 2.0, 1.0]),
    "fewer rows than columns": lambda: LeastSquares(np.random.default_rng(3).normal(size=(3, 5)), [1.0, -2.0, 0.5]),
}


@pytest.mark.parametrize("made", PROBLEMS.values(), ids=PROBLEMS)
@pytest.mark.parametrize("momentum", [0.0, 0.6, 0.9])
@pytest.mark.parametrize("name", DECAYS)
def test_the_resting_point_is_the_ridge_solution_and_runs_go_there(name, momentum, made):
    problem = made()
    decay = 0.3 * problem.L
    hyper = {"lr": 1 / problem.L, "momentum": momentum, "weight_decay": decay}
    expected = ridge(problem, strength(name, momentum, decay))
    start = np.linspace(-1, 2, len(expected))
    run = simulate(problem, name, 1500, start, **hyper)
    at = start - problem.directions @ run.error[0]  # errors are measured from the point of rest
    assert np.allclose(at, expected, rtol=0, atol=1e-13 * problem.kappa * (1 + np.abs(expected).max()))
    assert np.abs(run.x[-1] - expected).max() <= 1e-12 * (1 + np.abs(expected).max()) * problem.kappa
    assert np.abs(run.error[-1]).max() <= 1e-12 * problem.kappa
    assert np.abs(run.error[0]).max() > 0.1


@pytest.mark.parametrize("name", DECAYS)
def test_the_rest_by_hand(name):
    share = lam / (lam + (delta if name == "weight_decay_coupled" else delta * (1 - beta)))
    buffer = 0 if name == "weight_decay_coupled" else -delta * share
    found = derive(name)
    assert sp.cancel(found.rest[0] - share) == 0
    assert sp.cancel(found.rest[1] - buffer) == 0
    problem, hyper = PROBLEMS["half"](), {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.7}
    values = [found.symbols[n] for n in hyper], list(hyper.values())
    parts = sp.lambdify((found.symbols["curvature"], *values[0]), found.rest)(problem.curvatures, *values[1])
    held = np.array([np.broadcast_to(p, 3) for p in parts]) * (problem.directions.T @ problem.minimizer)
    held = held @ problem.directions.T
    moved = METHODS[name](problem, *held, **hyper)
    assert np.allclose(moved, held, rtol=0, atol=1e-14)
    aside = METHODS[name](problem, held[0] * 1.01, held[1], **hyper)
    assert np.abs(np.array(aside) - held * [[1.01], [1]]).max() > 1e-4


@pytest.mark.parametrize("made", PROBLEMS.values(), ids=PROBLEMS)
@pytest.mark.parametrize("name", DECAYS)
def test_every_iterate_is_predicted(name, made):
    problem = made()
    hyper = {"lr": 0.7 / problem.L, "momentum": 0.8, "weight_decay": 0.2 * problem.L}
    start = np.linspace(1, 2, len(problem.columns))
    run, closed = (how(problem, name, 300, start, **hyper) for how in (simulate, predict))
    assert (np.abs(run.x - closed.x).max(axis=1) <= prediction(problem, run.state, buffers=False)).all()
    assert np.allclose(run.error, closed.error, rtol=0, atol=1e-11 * np.abs(run.x).max())
    assert np.allclose(run.loss, closed.loss, rtol=1e-9, atol=1e-10)
    wrong = predict(problem, name, 300, start, **{**hyper, "weight_decay": hyper["weight_decay"] * 1.01})
    assert (np.abs(run.x - wrong.x).max(axis=1) > 1e3 * prediction(problem, run.state, buffers=False)).any()


def test_an_exact_wrong_resting_point_is_noticed():
    """The two decays rest at different points: taking one for the other is far outside rounding."""
    problem = PROBLEMS["half"]()
    hyper = {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.7}
    run = simulate(problem, "weight_decay_decoupled", 2000, **hyper)
    assert np.abs(run.x[-1] - ridge(problem, 0.35)).max() <= 1e-12
    assert np.abs(run.x[-1] - ridge(problem, 0.7)).max() > 1e-2
    assert np.abs(run.x[-1] - ridge(problem, 0.35 * 1.01)).max() > 1e-5


def test_where_the_data_say_nothing_decay_goes_to_zero_and_others_stay():
    problem = PROBLEMS["rank deficient"]()
    flat, start = problem.directions[:, problem.rank :], np.array([1.0, 2.0, 3.0])
    for name in (*DECAYS, "heavy_ball"):
        rest = {"weight_decay": 0.1 * problem.L} if name in DECAYS else {}
        run = simulate(problem, name, 2000, start, lr=1 / problem.L, momentum=0.5, **rest)
        assert np.abs(run.x[-1] @ flat - (0 if name in DECAYS else start @ flat)).max() <= 1e-11


@pytest.mark.parametrize("name", DECAYS)
def test_a_decay_as_large_as_the_curvature_keeps_a_half(name):
    """λ = δ(1−β) or δ: a half of the minimiser, whatever it is; and δ = 0 is the minimiser itself."""
    problem = LeastSquares(np.eye(2), [3.0, -5.0], loss="half")
    decay = 1.0 if name == "weight_decay_coupled" else 2.0
    for weight_decay, part in ((decay, 0.5), (0.0, 1.0)):
        run = simulate(problem, name, 400, lr=0.3, momentum=0.5, weight_decay=weight_decay)
        assert np.allclose(run.x[-1], part * problem.minimizer, rtol=identity(400, 1.0))


def test_the_stable_region_widens_and_narrows():
    """By hand: 2(1+β)/(λ+δ) and 2(1+β)/(λ+δ(1+β)); a run on either side of it shrinks or grows."""
    problem = LeastSquares(np.eye(1), [1.0], loss="half")
    for name, top in (("weight_decay_coupled", 3 / 1.5), ("weight_decay_decoupled", 3 / 1.75)):
        rest = {"momentum": 0.5, "weight_decay": 0.5}
        assert stability(name).largest_lr(1.0, **rest) == pytest.approx(top, rel=closed_optimum(1.0))
        below, above = (simulate(problem, name, 4000, lr=top * (1 + e), **rest) for e in (-1e-2, 1e-2))
        assert abs(below.error[-1, 0]) < 1e-3 * abs(below.error[0, 0])
        assert above.diverged is not None or abs(above.error[-1, 0]) > 1e3


@pytest.mark.parametrize("name", DECAYS)
def test_verification_passes_and_rejects_its_faults(name):
    found = cv.verify(PROBLEMS["mean"](), name, weight_decay=0.3)
    assert found, found.failed
    assert all(control.rejected for control in found.controls)


def fixed_decay(f, x, *, lr):
    """Decays by a number that nobody can set to zero: what it aims at is not the minimiser."""
    return x - lr * (f.grad(x) + 0.01 * x)


def fixed_decay_with_momentum(f, x, v, *, lr, momentum):
    v = momentum * v + f.grad(x) + x / 100
    return x - lr * v, v


def decay_by_the_rate(f, x, *, lr):
    """Only a learning rate of zero restores the minimiser, and that is no method."""
    return x - lr * f.grad(x) - lr * lr * x


def decay_to_a_point(f, x, *, lr, weight_decay):
    """Pulls to 1, not to 0: no part of the minimiser."""
    return x - lr * f.grad(x) - lr * weight_decay * (x - 1)


@pytest.mark.parametrize(
    "rule", [fixed_decay, fixed_decay_with_momentum, decay_by_the_rate, decay_to_a_point], ids=lambda r: r.__name__
)
def test_a_decay_is_admitted_only_if_a_hyperparameter_at_zero_restores_the_minimiser(rule):
    with pytest.raises(NotLinear, match=r"does not rest at the minimiser.*make its strength a hyperparameter"):
        derive(method(rule))


@method
def users_decay(f, x, v, *, lr, momentum, ridge_strength):
    """A user's name and form: lr outside, the decay in Nesterov's look ahead."""
    ahead = x - lr * momentum * v
    v = momentum * v + f.grad(ahead) + ridge_strength * ahead
    return x - lr * v, v


def test_a_users_decay_by_any_name_is_admitted():
    problem = PROBLEMS["half"]()
    assert sp.cancel(derive(users_decay).rest[0] - lam / (lam + sp.Symbol("ridge_strength", real=True))) == 0
    run = simulate(problem, users_decay, 1500, lr=0.15, momentum=0.5, ridge_strength=0.4)
    assert np.abs(run.x[-1] - ridge(problem, 0.4)).max() <= 1e-12


def test_a_rule_that_cannot_be_read_on_symbols_runs_all_the_same():
    """Where it rests is then taken to be the minimiser, which the run's error is measured from."""
    problem = PROBLEMS["half"]()

    @method(start=lambda f, x: (x, np.array([0.1, 0.2, 0.3])))
    def from_a_given_buffer(f, x, v, *, lr, momentum):
        v = momentum * v + f.grad(x)
        return x - lr * v, v

    run = simulate(problem, from_a_given_buffer, 600, lr=0.1, momentum=0.5)
    assert np.abs(run.x[-1] - problem.minimizer).max() <= 1e-12
    assert np.allclose(run.x[1], run.x[0] - 0.1 * (0.5 * np.array([0.1, 0.2, 0.3]) + problem.grad(run.x[0])))
    with pytest.raises(cv.BadRule):
        derive(from_a_given_buffer)
