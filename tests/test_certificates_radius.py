"""An enclosure holds the radius that mpmath and numpy find, is exact where it is rational, and no double root spoils it."""

import json
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from user_rules import two_buffers, two_buffers_matrix

import convergence as cv
from convergence import certify_radius, read_certificate
from convergence.numerics.sampled_matrix import sampled_matrix

HALF = sp.Rational(1, 2)
RATES = st.fractions(Fraction(1, 1000), Fraction(3), max_denominator=1000)
PARTS = st.fractions(Fraction(0), Fraction(99, 100), max_denominator=100)


def multiple(size, radius):
    """How far eigenvalues in floats may be off where all are equal: the size-th root of rounding."""
    return 50 * (np.finfo(float).eps ** (1 / size)) * (1 + radius)


@pytest.mark.parametrize(
    ("name", "curvature", "hyper", "radius"),
    [
        ("gradient_descent", 3, {"lr": 0.1}, sp.Rational(7, 10)),
        ("newton", 5, {"lr": 1}, sp.Integer(0)),
        ("heavy_ball", 1, {"lr": sp.Rational(1, 4), "momentum": sp.Rational(1, 4)}, HALF),
        ("heavy_ball", 1, {"lr": HALF, "momentum": sp.Rational(1, 4)}, HALF),
        ("heavy_ball", 100, {"lr": sp.Rational(4, 121), "momentum": sp.Rational(81, 121)}, sp.Rational(9, 11)),
        ("heavy_ball", 9, {"lr": sp.Rational(5, 9), "momentum": 0}, sp.Integer(4)),
    ],
)
def test_a_rational_radius_is_exact(name, curvature, hyper, radius):
    proof = certify_radius(name, curvature, **hyper)
    assert proof
    assert proof.recheck()
    assert proof.lower == proof.upper == radius


def test_critical_damping_at_an_irrational_setting_is_enclosed_to_thirty_digits():
    k = sp.sqrt(3)
    rate = (k - 1) / (k + 1)
    proof = certify_radius("heavy_ball", 3, lr=4 / (1 + k) ** 2, momentum=rate**2)
    assert proof.recheck()
    assert proof.lower <= rate <= proof.upper
    assert proof.upper - proof.lower <= sp.Rational(2, 10**30)


def test_three_states_agree_with_mpmath_at_sixty_digits():
    proof = certify_radius(two_buffers, 7, lr=sp.Rational(1, 10), momentum=sp.Rational(3, 10))
    with mpmath.workdps(60):
        lr, b, lam = mpmath.mpf(1) / 10, mpmath.mpf(3) / 10, mpmath.mpf(7)
        matrix = mpmath.matrix([[1 - lr * lam, -lr * b, -lr * b], [lam, b, 0], [lam, b, b]])
        radius = max(abs(v) for v in mpmath.eig(matrix, left=False, right=False))
        ends = [mpmath.mpf(int(e.p)) / int(e.q) for e in (proof.lower, proof.upper)]
        assert ends[0] - mpmath.mpf(10) ** -50 <= radius <= ends[1] + mpmath.mpf(10) ** -50
        assert ends[1] - ends[0] < mpmath.mpf(10) ** -30
    assert proof.recheck()


@settings(max_examples=25, deadline=None)
@given(RATES, PARTS, st.sampled_from(["heavy_ball", "nesterov", "ema_momentum", "torch_sgd"]))
def test_numpy_finds_the_radius_inside(lr, momentum, name):
    proof = certify_radius(name, Fraction(7, 3), lr=lr, momentum=momentum)
    hyper = {"lr": float(lr), "momentum": float(momentum)} | ({"dampening": 0.0} if name == "torch_sgd" else {})
    found = np.abs(np.linalg.eigvals(sampled_matrix(cv.METHODS[name], np.array(7 / 3), hyper))).max()
    tolerance = multiple(2, found)
    assert float(proof.lower) - tolerance <= found <= float(proof.upper) + tolerance


def test_floats_are_the_decimals_they_print_as():
    assert certify_radius("gradient_descent", 0.1, lr=0.3).upper == sp.Rational(97, 100)


def test_a_wrong_radius_is_rejected():
    proof = certify_radius("heavy_ball", 1, lr=HALF, momentum=sp.Rational(1, 4))
    for ends in (("1/3", "1/3"), ("2/3", "2/3"), ("0", "1/3"), ("2/3", "1")):
        content = proof.to_dict() | {"lower": ends[0], "rate": [[ends[1]], ["1"]]}
        assert not read_certificate(json.dumps(content)).recheck()


def test_the_matrix_of_three_states_is_the_rule_s_own():
    found = sampled_matrix(two_buffers, np.array(7.0), {"lr": 0.1, "momentum": 0.3})
    np.testing.assert_allclose(found, two_buffers_matrix(7.0, 0.1, 0.3), atol=1e-15)


@pytest.mark.parametrize("curvature", [float("nan"), float("inf"), "x", sp.Symbol("a")])
def test_a_curvature_that_is_no_number_is_refused(curvature):
    with pytest.raises(cv.BadHyperparameter, match="curvature"):
        certify_radius("gradient_descent", curvature, lr=1)


def test_newton_has_no_radius_where_there_is_no_curvature():
    proof = certify_radius("newton", 0, lr=0.1)
    assert proof.holds is False
    assert proof.counterexample == 0
    assert proof.lower is None
    assert proof.recheck()
    moved = proof.to_dict() | {key: ["1"] for key in ("mu", "L", "place")}
    assert not read_certificate(json.dumps(moved)).recheck(cv.METHODS["newton"])


def test_a_clock_that_stands_still_leaves_no_radius():
    """Adam's bias correction divides by 1 − βᵗ."""
    proof = certify_radius("frozen_adam", 1, **dict.fromkeys(cv.METHODS["frozen_adam"].hyper, 1))
    assert proof.holds is False
    assert proof.recheck()
