"""The same problem written needlessly complicated — rotated, permuted, rescaled, doubled — has the same answers.

Weight decay has a scale and an origin of its own: its strength is rescaled with the curvatures, and moving the minimiser
moves the run by more than that.
"""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from tolerances import EPS, SLACK
from usual_settings import usual

from convergence import METHODS, LeastSquares, datasets, optimum, predict, simulate
from convergence.methods import LINEAR

STEPS = 120
SAME_AXES = np.eye(3)
SAME = SLACK**2 * EPS * STEPS


def settings(name, problem, share=0.8):
    return {"lr": 0.4 if name == "newton" else share / problem.L, **usual(METHODS[name])}


def rescaled(name, hyper, scale):
    """The hyperparameters for curvatures that are ``scale`` times as large."""
    units = {"lr": 1.0 if name == "newton" else 1 / scale, "weight_decay": scale}
    return {key: value * units.get(key, 1.0) for key, value in hyper.items()}


def data():
    rng = np.random.default_rng(17)
    X = rng.standard_normal((30, 3)) * [3.0, 1.0, 0.4] + 0.5
    return X, X @ [1.0, -2.0, 0.5] + rng.standard_normal(30)


def rotation():
    return np.linalg.qr(np.random.default_rng(18).standard_normal((3, 3)))[0]


def orders():
    return np.random.default_rng(19).permutation(30)


def both(first, second, name, start=(0.5, -1.0, 2.0), back=SAME_AXES, hyper=None):
    """The two runs and predictions, the second's iterates carried back by ``w = back·u``."""
    hyper = hyper or settings(name, first)
    for how in (simulate, predict):
        one = how(first, METHODS[name], STEPS, start, **hyper)
        other = how(second, METHODS[name], STEPS, np.linalg.solve(back, np.array(start)), **hyper)
        yield one, other.x @ back.T, other


@pytest.mark.parametrize("name", LINEAR)
def test_rotated_columns(name):
    X, y = data()
    turn = rotation()
    for one, x, other in both(LeastSquares(X, y), LeastSquares(X @ turn, y), name, back=turn):
        assert np.abs(one.x - x).max() <= SAME * np.abs(one.x).max()
        assert np.allclose(one.loss, other.loss, rtol=1e-11)
        assert np.allclose(np.abs(one.error), np.abs(other.error), atol=SAME * np.abs(one.x).max())


@pytest.mark.parametrize("name", LINEAR)
def test_exchanged_and_negated_columns(name):
    X, y = data()
    back = np.array([[0, 0, 1.0], [-1, 0, 0], [0, 1, 0]])
    for one, x, _ in both(LeastSquares(X, y), LeastSquares(X @ back, y), name, back=back):
        assert np.abs(one.x - x).max() <= SAME * np.abs(one.x).max()


@pytest.mark.parametrize("name", LINEAR)
def test_permuted_and_rotated_rows(name):
    X, y = data()
    order = orders()
    turn = np.linalg.qr(np.random.default_rng(20).standard_normal((30, 30)))[0]
    for second in (LeastSquares(X[order], y[order]), LeastSquares(turn @ X, turn @ y)):
        for one, x, other in both(LeastSquares(X, y), second, name):
            assert np.abs(one.x - x).max() <= SAME * np.abs(one.x).max()
            assert np.allclose(one.loss, other.loss, rtol=1e-11)


@pytest.mark.parametrize("loss", ["half", "mean", "half_mean"])
@pytest.mark.parametrize("name", LINEAR)
def test_loss_scaled_one_way_and_rate_the_other(name, loss):
    X, y = data()
    first, second = LeastSquares(X, y), LeastSquares(X, y, loss)
    factor = {"half": 2, "mean": 30, "half_mean": 60}[loss]
    hyper = settings(name, first)
    other = rescaled(name, hyper, 1 / factor)
    for how in (simulate, predict):
        one, two = how(first, METHODS[name], STEPS, **hyper), how(second, METHODS[name], STEPS, **other)
        assert np.abs(one.x - two.x).max() <= SAME * np.abs(one.x).max()
        assert np.allclose(one.loss, factor * two.loss, rtol=1e-11)


@pytest.mark.parametrize("name", LINEAR)
def test_doubled_rows_under_a_mean_loss(name):
    X, y = data()
    first, second = LeastSquares(X, y, "mean"), LeastSquares(np.vstack([X, X]), np.r_[y, y], "mean")
    for one, x, other in both(first, second, name):
        assert np.abs(one.x - x).max() <= SAME * np.abs(one.x).max()
        assert np.allclose(one.loss, other.loss, rtol=1e-11)


@pytest.mark.parametrize("name", LINEAR)
def test_data_and_rate_rescaled(name):
    """X → sX, y → sy scales curvatures by s²; lr by s⁻², weight decay by s²."""
    X, y = data()
    first, second, s = LeastSquares(X, y), LeastSquares(7 * X, 7 * y), 49.0
    hyper = settings(name, first)
    other = rescaled(name, hyper, s)
    one, two = simulate(first, METHODS[name], STEPS, **hyper), simulate(second, METHODS[name], STEPS, **other)
    assert np.abs(one.x - two.x).max() <= SAME * np.abs(one.x).max()
    if "weight_decay" in hyper:  # its scale is part of the problem
        left = simulate(second, METHODS[name], STEPS, **{**other, "weight_decay": hyper["weight_decay"]})
        assert np.abs(one.x - left.x).max() > 1e-4


@pytest.mark.parametrize("name", LINEAR)
def test_the_minimiser_moved_moves_the_run(name):
    """By the run for the target X·shift from the shift itself: that stays where it is, unless weights decay."""
    X, y = data()
    shift = np.array([2.0, -1.0, 0.5])
    first, second, alone = (LeastSquares(X, target) for target in (y, y + X @ shift, X @ shift))
    hyper = settings(name, first)
    for how in (simulate, predict):
        one = how(first, METHODS[name], STEPS, (0.0, 0.0, 0.0), **hyper)
        two = how(second, METHODS[name], STEPS, shift, **hyper)
        moved = how(alone, METHODS[name], STEPS, shift, **hyper)
        assert np.abs(one.x + moved.x - two.x).max() <= SAME * (np.abs(one.x).max() + 2)
        stays = np.abs(moved.x - shift).max() <= SAME * 2
        assert stays == ("weight_decay" not in METHODS[name].hyper)


@pytest.mark.parametrize("name", LINEAR)
def test_an_added_row_of_zeros(name):
    X, y = data()
    first, second = LeastSquares(X, y), LeastSquares(np.vstack([X, np.zeros(3)]), np.r_[y, 4.0])
    for one, x, other in both(first, second, name):
        assert np.abs(one.x - x).max() <= SAME * np.abs(one.x).max()
        assert np.allclose(one.loss + 16, other.loss, rtol=1e-11)


@pytest.mark.parametrize("name", [n for n in LINEAR if n != "newton"])
def test_the_optimum_scales_with_the_curvatures(name):
    fixed = {"weight_decay": sp.Symbol("s", nonnegative=True)} if "weight_decay" in METHODS[name].hyper else {}
    found = optimum(METHODS[name], **fixed)
    rest = {"dampening": 0.0} if name == "torch_sgd" else {"s": 0.0625} if fixed else {}
    more = {"s": 0.5} if fixed else rest
    one, other = found.at(mu=0.3, L=6.0, **rest), found.at(mu=0.3 * 8, L=6.0 * 8, **more)
    known = 1e-14 if found.exact else 1e-9
    assert one.rate == pytest.approx(other.rate, rel=known)
    assert one.hyper["lr"] == pytest.approx(8 * other.hyper["lr"], rel=known if found.exact else 1e-4)


def test_another_problem_is_told_apart():
    X, y = data()
    first, second = LeastSquares(X, y), LeastSquares(X * (1 + 1e-10), y)
    worst = max(np.abs(one.x - x).max() / np.abs(one.x).max() for one, x, _ in both(first, second, "heavy_ball"))
    assert worst > SAME
    assert datasets.gaussian_2d().loss_name == "sum"
