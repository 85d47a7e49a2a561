"""What ``simulate`` runs is the method of the source: the same iterates as a loop written by hand from its formula."""

from __future__ import annotations

import numpy as np
import pytest
import tolerances
from hand_loops import LOOPS, gradient, gradient_steps, iterates
from usual_settings import usual

from convergence import METHODS, LeastSquares, datasets, simulate
from convergence.methods import LINEAR

SCALES = {"sum": lambda n: 2.0, "half": lambda n: 1.0, "mean": lambda n: 2.0 / n, "half_mean": lambda n: 1.0 / n}


def notes():
    rng = np.random.RandomState(0)
    X = rng.normal([-3, 0], [3, 1], [500, 2])
    return X, (X[:, 1] > 0).astype(float)


def badly_scaled():
    rng = np.random.default_rng(3)
    X = rng.standard_normal((40, 5)) @ np.diag([1e-2, 0.1, 1.0, 3.0, 20.0]) + 0.3
    return X, rng.standard_normal(40)


def rank_deficient():
    rng = np.random.default_rng(4)
    X = rng.standard_normal((30, 2)) @ rng.standard_normal((2, 4))
    return X, rng.standard_normal(30)


def fewer_rows_than_columns():
    rng = np.random.default_rng(5)
    return rng.standard_normal((2, 4)), rng.standard_normal(2)


PROBLEMS = [notes, badly_scaled, rank_deficient, fewer_rows_than_columns]
SETTINGS = {
    "gradient_descent": [{}],
    "newton": [{}],
    "torch_sgd": [{"momentum": 0.9}, {"momentum": 0.5, "dampening": 0.3}],
    "qhm": [{"momentum": 0.9, "nu": 0.7}, {"momentum": 0.0, "nu": 0.5}, {"momentum": 0.6, "nu": 1.0}],
    "triple_momentum": [{"momentum": 0.6, "gamma": 0.3}, {"momentum": 0.9, "gamma": 0.0}],
    "robust_momentum": [{"contraction": 0.75}, {"contraction": 0.8, "kappa": 25.0}],
    "weight_decay_coupled": [{"momentum": 0.6, "weight_decay": 0.3}, {"momentum": 0.9}],
    "weight_decay_decoupled": [{"momentum": 0.6, "weight_decay": 0.3}, {"momentum": 0.9}],
    "torch_sgd_decay": [{"momentum": 0.6, "dampening": 0.3, "weight_decay": 0.3}, {"momentum": 0.9}],
    "nesterov_decay_coupled": [{"momentum": 0.6, "weight_decay": 0.3}, {"momentum": 0.9}],
    "nesterov_decay_decoupled": [{"momentum": 0.6, "weight_decay": 0.3}, {"momentum": 0.9}],
}
MOMENTUM = [{"momentum": 0.6}, {"momentum": 0.95}, {"momentum": 0.0}]


def cases():
    """Each setting on each problem; the scalings of the loss take turns, so that each problem meets all four."""
    settings = [(name, rest) for name in LOOPS for rest in SETTINGS.get(name, MOMENTUM)]
    for turn, (name, rest) in enumerate(settings):
        for place, data in enumerate(PROBLEMS):
            loss = list(SCALES)[(turn + place) % len(SCALES)]
            yield pytest.param(name, rest, data, loss, id=f"{name}-{turn}-{data.__name__}-{loss}")


@pytest.mark.parametrize(("name", "rest", "data", "loss"), list(cases()))
def test_simulate_is_the_loop_of_the_source(name, rest, data, loss):
    X, y = data()
    c = SCALES[loss](len(y))
    lr = 0.3 if name == "newton" else 0.9 / (c * np.linalg.norm(X, 2) ** 2)
    start = np.linspace(-1, 1, X.shape[1])
    expected = iterates(name, X, y, c, 150, start, lr=lr, **rest)
    run = simulate(LeastSquares(X, y, loss), METHODS[name], 150, start, lr=lr, **rest)
    allowed = room(name, X, y, expected, lr, rest, c)
    assert np.abs(run.x - expected).max() <= allowed < 1e-3 * np.abs(expected).max()
    slopes = np.array([gradient(X, y, w, c) for w in expected])
    assert (
        np.abs(run.grad - slopes).max()
        <= tolerances.gradient(X, y, expected.max(axis=0), c) + allowed * c * np.linalg.norm(X, 2) ** 2
    )
    assert run.diverged is None


def room(name, X, y, expected, lr, rest, c):
    if name == "newton":
        return tolerances.newton_run(X, y, expected)
    memory = 1 - rest["momentum"] if name == "ema_momentum" else rest.get("momentum", rest.get("contraction", 0.0))
    return tolerances.run(X, y, expected, lr, min(memory, 0.99), c)


def test_every_method_of_the_catalogue_has_a_loop():
    assert set(LOOPS) == set(LINEAR)


@pytest.mark.parametrize(("name", "rest"), [("gradient_descent", {}), ("ema_momentum", {"momentum": 0.6})])
def test_the_notes_own_numbers(name, rest):
    X, y = notes()
    run = simulate(datasets.gaussian_2d(), METHODS[name], 100, lr=1e-4, **rest)
    expected = iterates(name, X, y, 2.0, 100, lr=1e-4, **rest)
    assert f"{run.loss[-1]:.7f}" == "102.7517109"
    assert f"{np.square(X @ expected[-1] - y).sum():.7f}" == "102.7517109"
    assert np.abs(run.x - expected).max() <= tolerances.run(X, y, expected, 1e-4, rest.get("momentum", 0.0))
    assert np.abs(run.x - expected).max() <= 1e-14


@pytest.mark.parametrize("other", [name for name in LOOPS if name not in ("heavy_ball", "newton", "gradient_descent")])
def test_another_methods_loop_is_told_apart(other):
    X, y = notes()
    run = simulate(LeastSquares(X, y), METHODS["heavy_ball"], 50, lr=1e-4, momentum=0.4)
    expected = iterates(other, X, y, 2.0, 50, lr=1e-4, **usual(METHODS[other], momentum=0.4))
    same = np.abs(run.x - expected).max() <= tolerances.run(X, y, expected, 1e-4, 0.6)
    assert same == (other == "momentum_rate_inside")


MU, LARGEST = 0.5, 8.0
INTERVAL = {"lr": 2 / (MU + LARGEST), "momentum": ((LARGEST / MU) ** 0.5 - 1) ** 2 / ((LARGEST / MU) ** 0.5 + 1) ** 2}


def spread(count):
    """Curvatures all over [μ, L], its ends among them, with a target that every direction must reach."""
    curvatures = (MU + LARGEST) / 2 + (LARGEST - MU) / 2 * np.cos(np.linspace(0, np.pi, count))
    X = np.diag(np.sqrt(curvatures))
    return X, X @ np.linspace(1, 2, count)


@pytest.mark.parametrize("steps", [1, 2, 5, 9])
def test_chebyshevs_last_iterate_is_that_of_gradient_descent_with_the_steps_at_the_roots(steps):
    """Richardson 1910, Young 1953: learning rates 1/λᵢ, λᵢ the roots of T_k on [μ, L]; in whichever order."""
    X, y = spread(7)
    roots = (MU + LARGEST) / 2 + (LARGEST - MU) / 2 * np.cos((2 * np.arange(steps) + 1) * np.pi / (2 * steps))
    expected = gradient_steps(X, y, 1.0, np.zeros(7), 1 / roots)
    run = simulate(LeastSquares(X, y, "half"), METHODS["chebyshev"], steps, **INTERVAL)
    assert np.abs(run.x[-1] - expected[-1]).max() <= 1e-12
    assert steps == 1 or np.abs(run.x[1] - expected[1]).max() > 1e-3  # the ways there differ


@pytest.mark.parametrize("steps", [1, 2, 5, 9, 20])
def test_chebyshev_attains_the_bound_and_no_more(steps):
    """maxₗ |p_k(λ)| over [μ, L] is 1/T_k((L+μ)/(L−μ)), at the k+1 extrema of T_k (Golub and Varga 1961)."""
    X, y = spread(steps + 1)  # just those extrema
    run = simulate(LeastSquares(X, y, "half"), METHODS["chebyshev"], steps, **INTERVAL)
    bound = 1 / np.cosh(steps * np.arccosh((LARGEST + MU) / (LARGEST - MU)))
    assert np.allclose(
        np.abs(run.x[-1] - np.linspace(1, 2, steps + 1)) / np.linspace(1, 2, steps + 1), bound, rtol=1e-9
    )
    wrong = simulate(
        LeastSquares(X, y, "half"), METHODS["chebyshev"], steps, **{**INTERVAL, "lr": INTERVAL["lr"] * 1.01}
    )
    assert np.abs(wrong.error[-1] / wrong.error[0]).max() > bound * (1 + 1e-3)
