"""What ``simulate`` runs is the method of the source: the same iterates as a loop written by hand from its formula."""

from __future__ import annotations

import numpy as np
import pytest
import tolerances
from hand_loops import LOOPS, gradient, iterates

from convergence import METHODS, LeastSquares, datasets, simulate

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
}
MOMENTUM = [{"momentum": 0.6}, {"momentum": 0.95}, {"momentum": 0.0}]


def cases():
    for name in LOOPS:
        for number, rest in enumerate(SETTINGS.get(name, MOMENTUM)):
            yield pytest.param(name, rest, id=f"{name}-{number}")


@pytest.mark.parametrize("loss", SCALES)
@pytest.mark.parametrize("data", PROBLEMS, ids=lambda data: data.__name__)
@pytest.mark.parametrize(("name", "rest"), list(cases()))
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
    memory = 1 - rest["momentum"] if name == "ema_momentum" else rest.get("momentum", 0.0)
    return tolerances.run(X, y, expected, lr, min(memory, 0.99), c)


def test_every_method_of_the_catalogue_has_a_loop():
    assert set(LOOPS) == set(METHODS)


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
    rest = {"dampening": 0.2} if other == "torch_sgd" else {}
    expected = iterates(other, X, y, 2.0, 50, lr=1e-4, momentum=0.4, **rest)
    same = np.abs(run.x - expected).max() <= tolerances.run(X, y, expected, 1e-4, 0.6)
    assert same == (other == "momentum_rate_inside")
