"""Published results on minibatches, kept as data, against exact moments and limits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from test_literature import imported

import convergence as cv
import convergence.evidence.literature_sampling as known

RANDOM = np.random.default_rng(7)
FITTED = {
    "tall": RANDOM.normal(size=(30, 3)) * [3.0, 1.0, 0.4],
    "wide": RANDOM.normal(size=(4, 6)),
    "one-hot": np.eye(3)[[0, 0, 0, 1, 1, 2]] * 2.0,
    "one column": RANDOM.normal(size=(9, 1)),
}


def fitted(name):
    X = FITTED[name]
    return cv.LeastSquares(X, X @ np.linspace(1, 2, X.shape[1]), "half_mean")


def number(entry, **letters):
    return float(entry.value.subs({getattr(known, name): value for name, value in letters.items()}))


def test_the_witness_sees_no_theory():
    root = Path(known.__file__)
    assert imported(root) <= {"__future__", "sympy", "convergence"}  # of the package the literature alone: test_layers
    assert len({entry.kind for entry in known.ON_BATCHES}) == len(known.ON_BATCHES)
    assert all(entry.source and entry.claim for entry in known.ON_BATCHES)


@pytest.mark.parametrize("batch", [1, 2, 5, 40])
@pytest.mark.parametrize("name", FITTED)
def test_the_exact_limit_is_beyond_the_sufficient_rate(name, batch):
    p = fitted(name)
    enough = number(known.SUFFICIENT, BATCH=batch, L=p.L, LARGEST=(p.X**2).sum(axis=1).max())
    assert cv.mean_square_limit(p, "gradient_descent", batch) >= enough * (1 - 1e-12)


def test_where_all_rows_bend_alike_the_sufficient_rate_is_the_limit():
    p = cv.LeastSquares([[1.0], [-1.0], [1.0]], [1.0, -1.0, 1.0], "half_mean")
    assert cv.mean_square_limit(p, "gradient_descent", 1) == pytest.approx(
        number(known.SUFFICIENT, BATCH=1, L=1.0, LARGEST=1.0), rel=1e-12
    )


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
@pytest.mark.parametrize("batch", [1, 3, 20])
def test_squared_distance_falls_by_the_published_factor(batch, share):
    p = fitted("tall")
    largest = (p.X**2).sum(axis=1).max()
    lr = share * number(known.SUFFICIENT, BATCH=batch, L=p.L, LARGEST=largest)
    second = cv.moments(p, "gradient_descent", 30, batch=batch, lr=lr).second
    distance = np.trace(second, axis1=1, axis2=2)
    factor = number(known.CONTRACTION, BATCH=batch, L=p.L, MU=p.mu, LARGEST=largest, RATE=lr)
    assert factor < 1
    assert (distance[1:] <= factor * distance[:-1] * (1 + 1e-12)).all()


@pytest.mark.parametrize("batch", [1, 4, 8])
def test_the_limit_in_one_dimension(batch):
    p = fitted("one column")
    values = {"BATCH": batch, "ROWS": p.rows, "CURVATURE": p.L, "SQUARE": (p.X**4).mean()}
    assert cv.mean_square_limit(p, "gradient_descent", batch, sampling="step") == pytest.approx(
        number(known.ONE_DIMENSION, **values), rel=1e-10
    )
    whole = {**values, "BATCH": p.rows}
    assert number(known.ONE_DIMENSION, **whole) == pytest.approx(2 / p.L, rel=1e-12)


@pytest.mark.parametrize("batch", [1, 5, 29])
def test_the_limit_in_any_dimension_by_the_published_pencil(batch):
    """2/λmax(C†D) with the matrices written out, no cross gain."""
    p = fitted("tall")
    H, eye, share = p.hessian, np.eye(3), (30 - batch) / (batch * 29)
    rows = np.mean([np.kron(h, h) for h in (np.outer(x, x) for x in p.X)], axis=0)
    C, D = (np.kron(H, eye) + np.kron(eye, H)) / 2, (1 - share) * np.kron(H, H) + share * rows
    limit = 2 / np.linalg.eigvals(np.linalg.pinv(C) @ D).real.max()
    assert cv.mean_square_limit(p, "gradient_descent", batch, sampling="step") == pytest.approx(limit, rel=1e-10)


@pytest.mark.parametrize("batch", [1, 16])
def test_the_best_single_step(batch):
    p = cv.datasets.gaussian_2d(loss="mean")
    scale = cv.noise_scale(p, [1.0, 0.5])

    def after(lr):
        return cv.moments(p, "gradient_descent", 1, batch=batch, start=[1.0, 0.5], lr=lr).loss[1]

    best = minimize_scalar(after, bounds=(0, 2 * scale.longest), method="bounded", options={"xatol": 1e-12})
    share = number(known.BEST_STEP, BATCH=batch, SCALE=scale.full)
    assert best.x / scale.longest == pytest.approx(share, rel=1e-6)
    gain = p.loss(np.array([1.0, 0.5])) - p.minimum - best.fun
    assert gain == pytest.approx(share * 0.5 * scale.longest * scale.gradient @ scale.gradient, rel=1e-9)


def test_a_wrong_entry_would_be_caught():
    """The optimal step of the same paper, B/(K+(B−1)L), taken twice over again, is no sufficient rate."""
    p = cv.LeastSquares([[1.0], [-1.0], [1.0]], [1.0, -1.0, 1.0], "half_mean")
    wrong = 2 * number(known.SUFFICIENT, BATCH=1, L=1.0, LARGEST=1.0)
    assert cv.mean_square_limit(p, "gradient_descent", 1) < wrong * (1 - 1e-6)
