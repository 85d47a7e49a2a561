"""The compressed problem is the problem: spectrum, minimiser, loss and gradient against X itself, by other routes."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError
from decimal import Decimal

import mpmath
import numpy as np
import pytest
import tolerances as within
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.linalg import hilbert
from scipy.sparse import csr_array

from convergence.errors import BadData, BadName
from convergence.problem import LOSSES, LeastSquares


def _random(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def _of_condition(kappa, rows=40, columns=5):
    left, right = np.linalg.qr(_random(rows, columns))[0], np.linalg.qr(_random(columns, columns, seed=1))[0]
    return left * np.geomspace(1, 1 / kappa, columns) @ right.T


HARD = {
    "ordinary": _random(50, 4),
    "equal singular values": np.eye(6, 3) * 2,
    "one and the same curvature": np.linalg.qr(_random(30, 4))[0],
    "κ(X) = 1e6": _of_condition(1e6),
    "κ(X) = 1e10": _of_condition(1e10),
    "κ(X) = 1e12": _of_condition(1e12),
    "rank deficient": np.column_stack((_random(20, 2), _random(20, 2) @ np.ones((2, 2)))),
    "fewer rows than columns": _random(3, 7),
    "single row": np.array([[3.0, 0.0, 4.0]]),
    "single column": _random(9, 1),
    "single number": np.array([[-2.0]]),
    "a column of zeros": np.column_stack((_random(8, 2), np.zeros(8))),
    "columns of far sizes": _random(30, 3) * [1e-8, 1.0, 1e8],
    "square": _random(5, 5),
    "whole numbers": np.arange(12).reshape(6, 2),
    "Fortran order": np.asfortranarray(_random(40, 3)),
    "every other row": _random(40, 3)[::2],
    "huge": _random(9, 3) * 1e59,
    "tiny": _random(9, 3) * 1e-59,
}


@pytest.fixture(params=HARD, name="problem")
def _problem(request):
    X = HARD[request.param]
    return LeastSquares(X, X @ np.arange(1.0, X.shape[1] + 1) + 0.1 * np.abs(X).max() * _random(len(X), seed=2))


def _probe(problem):
    return problem.minimizer + _random(problem.X.shape[1], seed=3)


def _unit_columns(X):
    lengths = np.linalg.norm(X, axis=0)
    return X / np.where(lengths > 0, lengths, 1.0), lengths


def test_columns_in_small_units_are_not_dependent_columns():
    """Unix time stamps beside an intercept: σ by mpmath with 50 digits; rank by max(n, d)·ε·σ_max would be 1 for days."""
    hours = 1.6e9 + 3600.0 * np.arange(8)
    problem = LeastSquares(np.column_stack([np.ones(8), hours]), np.arange(8.0))
    assert_allclose(problem.singular_values, [4525519037.835814, 1.458155174190455e-05], rtol=1e-9)
    assert_allclose(problem.minimizer, [-1.6e9 / 3600, 1 / 3600], rtol=1e-9)
    tiny = LeastSquares(problem.X * [1e-9, 1e9], problem.y)
    assert tiny.rank == problem.rank == 2
    assert LeastSquares(problem.X[:, [0, 1, 1]] * [1, 1, 1e-12], problem.y).rank == 2


def test_singular_values_are_those_of_X(problem):
    expected = np.zeros(problem.X.shape[1])
    expected[: min(problem.X.shape)] = np.linalg.svd(problem.X, compute_uv=False)
    assert_allclose(problem.singular_values, expected, rtol=0, atol=within.singular_values(problem.X))
    assert (problem.singular_values[problem.rows :] == 0.0).all()
    assert problem.rank == np.linalg.matrix_rank(_unit_columns(problem.X)[0])


def test_directions_are_an_orthonormal_basis_in_which_X_is_its_singular_values(problem):
    d = problem.X.shape[1]
    assert_allclose(problem.directions.T @ problem.directions, np.eye(d), atol=within.SLACK * within.EPS * d)
    lengths = np.linalg.norm(problem.X @ problem.directions, axis=0)
    assert_allclose(lengths, problem.singular_values, rtol=0, atol=within.singular_values(problem.X))
    tie = 1e-8  # two entries of one size, of which the first is made positive
    assert (problem.directions.max(axis=0) >= np.abs(problem.directions).max(axis=0) - tie).all()


def test_curvature_is_exactly_zero_where_the_data_say_nothing(problem):
    assert (problem.curvatures[problem.rank :] == 0.0).all()
    assert (problem.curvatures[: problem.rank] == problem.scale * problem.singular_values[: problem.rank] ** 2).all()
    assert problem.mu == problem.curvatures[problem.rank - 1] > 0
    assert problem.kappa == problem.L / problem.mu >= 1


def test_gradient_and_loss_are_those_of_the_definition(problem):
    X, y = problem
    w = _probe(problem)
    residual = X @ w - y
    assert_allclose(problem.grad(w), 2 * X.T @ residual, rtol=0, atol=within.gradient(X, y, w))
    assert_allclose(problem.loss(w), residual @ residual, rtol=0, atol=within.loss(X, y, w))
    assert_allclose(problem.hessian, 2 * X.T @ X, rtol=0, atol=within.gradient(X, 0 * y, np.ones(1)))


def test_minimizer_is_the_shortest_least_squares_solution(problem):
    X, y = problem
    scaled, lengths = _unit_columns(X)
    if problem.rank < X.shape[1]:  # then the shortest one depends on the units
        scaled, lengths = X, 1.0
    expected = np.linalg.lstsq(scaled, y, rcond=max(X.shape) * within.EPS)[0]
    assert_allclose(problem.minimizer * lengths, expected, rtol=0, atol=within.minimizer(scaled, y))
    assert problem.minimum == problem.loss(problem.minimizer)
    assert_allclose(problem.grad(problem.minimizer), 0, atol=within.gradient(X, y, problem.minimizer))


def test_newton_from_anywhere_lands_where_a_run_can_reach(problem):
    start = _probe(problem)
    landed = start - problem.solve(problem.grad(start))
    step = np.linalg.norm(start - problem.minimizer) + np.linalg.norm(problem.minimizer)
    off = within.inverse(problem.kappa, step * len(start))
    assert_allclose(landed, problem.reachable(start), rtol=0, atol=off)
    still = problem.to_directions(problem.reachable(start) - start)[problem.rank :]
    assert_allclose(still, 0, atol=within.EPS * within.SLACK * len(start) * step)


def test_a_batch_is_its_members(problem):
    batch = _random(2, 3, problem.X.shape[1], seed=4)
    for reading in (problem.loss, problem.grad, problem.solve, problem.reachable, problem.to_directions):
        one_by_one = np.array([[reading(w) for w in row] for row in batch])
        assert_allclose(reading(batch), one_by_one, rtol=0, atol=within.SLACK * within.EPS * np.abs(one_by_one).max())


def _same(first, second, turned=None):
    turned = np.eye(first.X.shape[1]) if turned is None else turned
    atol = first.scale * within.singular_values(first.X) * first.singular_values[0] * 2
    assert_allclose(first.curvatures, second.curvatures, rtol=0, atol=atol)
    if first.kappa < 1e15:  # rank and minimiser are stable only where the smallest σ stands clear of rounding
        assert first.rank == second.rank
        off = within.minimizer(*first)
        assert_allclose(turned @ second.minimizer, first.minimizer, rtol=0, atol=off)


def test_rotating_the_rows_changes_nothing(problem):
    turn = np.linalg.qr(_random(problem.rows, problem.rows, seed=5))[0]
    _same(problem, LeastSquares(turn @ problem.X, turn @ problem.y))


def test_rotating_the_weights_rotates_the_minimizer(problem):
    turn = np.linalg.qr(_random(problem.X.shape[1], problem.X.shape[1], seed=6))[0]
    if np.linalg.norm(problem.X, axis=0).min() > 1e-6 * problem.singular_values[0]:
        _same(problem, LeastSquares(problem.X @ turn, problem.y), turn)


def test_permuting_rows_and_columns_changes_nothing(problem):
    rows, columns = (np.random.default_rng(7).permutation(size) for size in problem.X.shape)
    _same(problem, LeastSquares(problem.X[rows][:, columns], problem.y[rows]), np.eye(len(columns))[:, columns])


def test_a_mean_does_not_notice_that_every_row_comes_twice(problem):
    once = LeastSquares(*problem, loss="mean")
    _same(once, LeastSquares(np.repeat(once.X, 2, axis=0), np.repeat(once.y, 2), loss="mean"))


@pytest.mark.parametrize(("loss", "factor"), [("sum", 1.0), ("half", 0.5), ("mean", 1 / 50), ("half_mean", 0.5 / 50)])
def test_a_scaling_scales_everything_but_the_minimizer(loss, factor):
    X, y, w = _random(50, 4), _random(50), _random(4)
    plain, scaled = LeastSquares(X, y), LeastSquares(X, y, loss)
    assert_allclose(scaled.curvatures, factor * plain.curvatures, rtol=4 * within.EPS)
    assert_allclose(scaled.loss(w), factor * np.sum((X @ w - y) ** 2), rtol=within.EPS * 50)
    assert_allclose(scaled.grad(w), factor * plain.grad(w), rtol=within.EPS * 50)
    assert (scaled.minimizer == plain.minimizer).all()
    assert scaled.loss_name == loss in LOSSES


def test_gradient_is_the_slope_of_the_loss():
    problem, w, step = LeastSquares(_random(20, 3), _random(20), "mean"), _random(3), 1e-3
    slope = [(problem.loss(w + step * e) - problem.loss(w - step * e)) / (2 * step) for e in np.eye(3)]
    rounding = problem.loss(w) * within.EPS / step  # a central difference is exact on a quadratic
    assert_allclose(problem.grad(w), slope, rtol=0, atol=within.SLACK * rounding)


@pytest.mark.parametrize("columns", [4, 6, 7])
def test_an_ill_conditioned_problem_agrees_with_sixty_digits(columns):
    X, y = np.ascontiguousarray(hilbert(9)[:, :columns]), _random(9)
    with mpmath.workdps(60):
        exact = mpmath.matrix(X.tolist())
        w = np.array(mpmath.lu_solve(exact.T * exact, exact.T * mpmath.matrix(y.tolist())), dtype=float).ravel()
        sigma = np.array(mpmath.svd_r(exact, compute_uv=False), dtype=float).ravel()
    problem = LeastSquares(X, y)
    assert_allclose(problem.minimizer, w, rtol=0, atol=within.minimizer(X, y))
    assert_allclose(problem.singular_values, sigma, rtol=0, atol=within.singular_values(X))


@pytest.mark.parametrize("rows", [1, 2, 7, 8, 9, 100])
def test_the_size_of_a_block_does_not_matter(rows, monkeypatch):
    X, y = _random(rows, 3), _random(rows)
    whole = LeastSquares(X, y)
    monkeypatch.setattr("convergence.problem.least_squares._BLOCK", 1)
    split = LeastSquares(X, y)
    _same(whole, split)
    assert (split._triangle == np.triu(split._triangle)).all()


def test_data_are_neither_copied_nor_writeable():
    X, y = _random(5, 2), _random(5)
    problem = LeastSquares(X, y)
    assert np.shares_memory(problem.X, X)
    assert np.shares_memory(problem.y, y)
    assert X.flags.writeable
    for array in (problem.X, problem.y, problem.minimizer, problem.curvatures, problem.directions):
        assert not array.flags.writeable
    with pytest.raises(FrozenInstanceError):
        problem.rank = 1


def test_a_pickle_is_the_same_problem():
    problem = LeastSquares(_random(5, 2), _random(5), "half", columns=("a", "b"), preparation=("as it was",))
    twin = pickle.loads(pickle.dumps(problem))
    assert repr(twin) == repr(problem)
    assert repr(twin) == f"LeastSquares(5 rows × 2 columns, loss='half', rank 2, κ = {problem.kappa:.3g})"
    assert (twin.columns, twin.preparation) == (("a", "b"), ("as it was",))
    assert (twin.grad(np.ones(2)) == problem.grad(np.ones(2))).all()
    assert not twin.X.flags.writeable


def test_directions_are_named_by_the_column_that_leads_them():
    problem = LeastSquares([[3.0, 0, 0], [0, 2.0, 0], [0, 0, 0]], [1, 1, 1], columns=("age", "size", "dust"))
    names = [direction.name for direction in problem.named_directions]
    assert names == [
        "direction 1 (σ = 3, mostly age)",
        "direction 2 (σ = 2, mostly size)",
        "direction 3 (no curvature, mostly dust)",
    ]
    assert LeastSquares([[1.0, 1.0]], [1.0]).named_directions[0].name == "direction 1 (σ = 1.41, mixed)"
    assert [d.curvature for d in problem.named_directions] == problem.curvatures.tolist() == [18, 8, 0]


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 12), st.integers(1, 6), st.integers(0, 2**16), st.sampled_from([1e-6, 1.0, 1e6]))
def test_no_weights_are_better_than_the_minimizer(rows, columns, seed, size):
    X, y = np.round(_random(rows, columns, seed=seed), 1) * size, _random(rows, seed=seed + 1)
    if X.any():
        problem, w = LeastSquares(X, y), _random(columns, seed=seed + 2)
        assert problem.minimum <= problem.loss(w) + within.loss(X, y, problem.minimizer)
        residual = problem.minimizer + 0.5 * (problem.reachable(w) - problem.minimizer)
        assert_allclose(problem.loss(residual), problem.minimum, rtol=0, atol=within.loss(X, y, w))


NAN, INF, ONES = float("nan"), float("inf"), np.ones((3, 2))


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        ([1.0, 2.0], [1.0, 2.0], "X.reshape\\(-1, 1\\)"),
        (np.ones((2, 2, 2)), [1.0, 2.0], "got shape \\(2, 2, 2\\)"),
        (3.0, [1.0], "got shape \\(\\)"),
        (np.ones((0, 2)), [], "got shape \\(0, 2\\)"),
        (np.ones((2, 0)), [1, 2], "got shape \\(2, 0\\)"),
        (ONES, np.ones((3, 1)), "y.ravel"),
        (ONES, [1, 2], "got 3 and 2"),
        (ONES * 1j, [1, 2, 3], "complex128; split"),
        ([["a", "b"]], [1], "real numbers"),
        ([[None, Decimal(1)]], [1], "object"),
        ([[1, 2], [3]], [1, 2], "different lengths"),
        (np.ma.masked_equal(ONES, 2), [1, 2, 3], "masked"),
        (csr_array(ONES), [1, 2, 3], "X.toarray\\(\\)"),
        ([[1, 2], [3, NAN]], [1, 2], "X\\[1, 1\\] \\(column x2\\) is nan"),
        ([[1, 2], [-INF, NAN]], [1, 2], "X\\[1, 0\\] \\(column x1\\) is -inf"),
        (ONES, [1, INF, 3], "y\\[1\\] is inf"),
        (ONES * 1e200, [1, 2, 3], "1e\\+60 in size .*1e\\+200"),
        (ONES, [1, 1e200, 3], "y\\[1\\] is 1e\\+200"),
        (ONES * np.longdouble("1e400"), [1, 2, 3], "inf"),
        (ONES * 1e-200, [1, 2, 3], "vanish"),
        (ONES * 0, [1, 2, 3], "no direction to learn"),
    ],
)
def test_what_is_no_problem_is_refused_with_a_reason(X, y, message):
    with pytest.raises(BadData, match=message):
        LeastSquares(X, y)


def test_names_are_checked():
    with pytest.raises(BadName, match="did you mean 'half_mean'"):
        LeastSquares(ONES, [1, 2, 3], "halfmean")
    with pytest.raises(BadName, match="known: half"):
        LeastSquares(ONES, [1, 2, 3], loss=None)
    for columns in (["a"], ["a", "a"], []):
        with pytest.raises(BadData, match="2 different names"):
            LeastSquares(ONES, [1, 2, 3], columns=columns)
