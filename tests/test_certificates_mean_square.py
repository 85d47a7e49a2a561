"""Stability in mean square, certified for the rows of the data: on both sides of the limit, and what the checker refuses."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

import convergence as cv
from convergence.certificates.claims import MeanSquare
from convergence.certificates.second_moment import definite

NOTES = cv.datasets.gaussian_2d(loss="mean")
THREE = cv.LeastSquares(np.random.default_rng(1).normal(size=(7, 3)).round(3), np.zeros(7), "half_mean")
ROWS = ([[1.0, 0.5], [-0.5, 1.0], [1.0, 0.75]], [0.0, 0.0, 0.0])
RULES = {
    "gradient_descent": {},
    "heavy_ball": {"momentum": 0.9},
    "nesterov": {"momentum": 0.5},
    "qhm": {"momentum": 0.75, "nu": 0.5},
}


@pytest.mark.parametrize(
    ("problem", "sampling"), [(NOTES, "step"), (THREE, "replacement")], ids=["notes", "three columns"]
)
@pytest.mark.parametrize("name", RULES)
def test_both_sides_of_the_limit_are_proven(name, problem, sampling):
    limit = cv.mean_square_limit(problem, name, 3, sampling=sampling, **RULES[name])
    for share in (0.3, 1 - 1e-8, 1 + 1e-8, 1.5):
        proof = cv.certify_mean_square(problem, name, 3, sampling=sampling, lr=share * limit, **RULES[name])
        assert proof.holds == (share < 1)
        assert bool(proof) == (share < 1)
        assert proof.recheck()
        read = cv.read_certificate(proof.to_json())
        assert read == proof
        assert read.recheck()


def test_the_claim_is_made_of_the_numbers():
    proof = cv.certify_mean_square(ROWS, "heavy_ball", 2, sampling="step", lr=0.1, momentum=0.5)
    assert proof.claim == (
        "heavy_ball(lr=1/10, momentum=1/2) is stable in mean square on batches of 2, distinct within a step, of these 3 rows "
        "of 2 numbers, a row's Hessian 6·xxᵀ"
    )
    assert proof == cv.certify(MeanSquare("heavy_ball", ROWS, 2, "step", {"lr": 0.1, "momentum": 0.5}))


def test_rows_of_one_curvature_are_decided_at_the_edge_itself():
    """h = 1: stable below 2, and at 2 not."""
    one = cv.LeastSquares([[1.0], [-1.0]], [0.0, 0.0], "half_mean")
    assert cv.certify_mean_square(one, "gradient_descent", 1, lr=1.999999999)
    assert cv.certify_mean_square(one, "gradient_descent", 1, lr=2).holds is False


AXES = cv.LeastSquares([[3.0, 0.0], [0.0, 1.0], [3.0, 0.0], [0.0, 2.0]], np.zeros(4), "half_mean")
TURNED = cv.LeastSquares([[3.0, 4.0], [-4.0, 3.0], [6.0, 8.0], [-4.0, 3.0]], np.zeros(4), "half_mean")


@pytest.mark.parametrize(("data", "limit"), [(AXES, Fraction(1, 3)), (TURNED, Fraction(3, 85))], ids=["axes", "turned"])
def test_no_rounding_decides(data, limit):
    """Fractions of 60 digits below, at and above the limit, where the errors grow along one of two directions alone."""
    for nearer in (Fraction(-1, 4), Fraction(-1, 10**60), 0, Fraction(1, 10**60), Fraction(1, 4)):
        lr = limit * (1 + nearer)
        proof = cv.certify_mean_square(data, "heavy_ball", 2, sampling="step", lr=lr, momentum=Fraction(1, 2))
        assert proof.certificate.hyper["lr"] == str(lr)
        assert proof.holds == (nearer < 0)
        assert proof.recheck()


@pytest.mark.parametrize("name", RULES)
def test_growth_along_an_irrational_direction_is_refuted(name):
    """All rows a step: of two directions, which no fractions describe, the errors grow along one."""
    hyper = {"sampling": "step", **RULES[name]}
    limit = cv.mean_square_limit(NOTES, name, NOTES.rows, **hyper)
    for share in (0.5, 1 - 1e-8, 1 + 1e-8, 1.5):
        assert cv.certify_mean_square(NOTES, name, NOTES.rows, lr=share * limit, **hyper).holds == (share < 1)


def test_a_number_that_is_no_fraction_is_refused():
    with pytest.raises(cv.BadHyperparameter, match="rational"):
        cv.certify_mean_square(ROWS, "gradient_descent", 1, lr=sp.sqrt(2) / 10)


@pytest.mark.parametrize(
    "change",
    [
        {"holds": False},
        {"batch": 1},
        {"weight": "12"},
        {"weight": "0"},
        {"weight": "-6"},
        {"hyper": {"lr": "1/2", "momentum": "1/2"}},
        {"hyper": {"lr": "1/10"}},
        {"rows": [["1", "1/2"], ["-1/2", "1"], ["1"]]},
        {"rows": [["9", "1/2"], ["-1/2", "1"], ["1", "3/4"]]},
        {"moment": [["0"], ["0", "0"], ["0", "0", "0"], ["0", "0", "0", "0"]]},
        {"moment": [["1"]]},
        {"sampling": "stream"},
        {"sampling": "step", "batch": 4},
    ],
)
def test_a_certificate_that_says_more_is_refused(change):
    content = cv.certify_mean_square(ROWS, "heavy_ball", 3, lr=0.19, momentum=0.5).to_dict()
    try:
        assert not cv.read_certificate(json.dumps(content | change)).recheck()
    except cv.BadData:
        assert change.get("sampling") == "stream"


def test_a_certificate_of_another_rule_is_refused():
    @cv.method(name="heavy_ball")
    def other(f, x, v, *, lr, momentum):
        v = momentum * v + f.grad(x)
        return x - 4 * lr * v, v

    proof = cv.certify_mean_square(ROWS, "heavy_ball", 2, lr=0.1, momentum=0.5)
    assert proof.recheck()
    assert not proof.recheck(other)


def test_steps_that_are_not_affine_in_the_sampled_hessian_are_refused():
    @cv.method
    def twice(f, x, *, lr):
        return x - lr * f.grad(x - lr * f.grad(x))

    @cv.method
    def cancels(f, x, *, lr):
        return x - lr * f.solve(f.grad(x)) - lr * f.grad(x)

    for rule in (twice, cancels, "newton"):
        with pytest.raises(cv.NotLinear):
            cv.certify_mean_square(ROWS, rule, 1, lr=0.1)


def test_data_that_cannot_be_certified():
    with pytest.raises(cv.BadData, match="rows"):
        cv.certify_mean_square([2.0, 1.0], "gradient_descent", 1, lr=0.1)
    with pytest.raises(cv.BadData, match="directions"):
        cv.certify_mean_square(([[1.0, 2.0], [2.0, 4.0]], [0.0, 0.0]), "gradient_descent", 1, lr=0.1)
    with pytest.raises(cv.BadHyperparameter, match="sampling"):
        cv.certify_mean_square(ROWS, "gradient_descent", 1, sampling="stream", lr=0.1)


def test_definite_matrices_are_told_apart():
    def exact(rows):
        return [[Fraction(v) for v in row] for row in rows]

    assert definite(exact([[2, 1], [1, 1]]), strict=True)
    assert not definite(exact([[1, 1], [1, 1]]), strict=True)
    assert definite(exact([[1, 1], [1, 1]]), strict=False)
    assert not definite(exact([[0, 1], [1, 0]]), strict=False)
    assert not definite(exact([[1, 2], [2, 1]]), strict=False)
    random = np.random.default_rng(4)
    for _ in range(50):
        half = random.integers(-3, 4, size=(4, random.integers(1, 6)))
        square = half @ half.T
        lowest = np.linalg.eigvalsh(square)[0]
        assert definite(exact(square.tolist()), strict=False)
        assert definite(exact(square.tolist()), strict=True) == (lowest > 1e-9)
        indefinite = square - (int(lowest) + 1) * np.eye(4, dtype=int)
        assert definite(exact(indefinite.tolist()), strict=False) == (np.linalg.eigvalsh(indefinite)[0] > -1e-9)


def test_the_limit_is_decided_to_eight_digits_on_many_rows():
    """The fourth moments are exact: their rounding in floats would leave the lower side open."""
    data, rule = cv.datasets.gaussian_2d(), ("heavy_ball", 3)
    limit = cv.mean_square_limit(data, *rule, sampling="step", momentum=0.9)
    for share in (1 - 1e-8, 1 + 1e-8):
        proof = cv.certify_mean_square(data, *rule, sampling="step", lr=share * limit, momentum=0.9)
        assert proof.holds == (share < 1)
