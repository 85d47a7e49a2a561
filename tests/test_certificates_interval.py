"""Stable and rate for all λ in [μ, L]: exact at the boundary, and what is false by one part in 10¹² has a counterexample."""

import json
import time

import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from user_rules import inner_step, two_buffers

import convergence as cv
from convergence import certify, certify_radius, certify_rate, certify_stable, method, read_certificate
from convergence.certificates.claims import Rate, Stable

TINY = sp.Rational(1, 10**12)
BUDGET = 0.05
"""Seconds within which a two-step method's stability must be certified."""


def applied(f, x, g):
    """H·g, from gradients alone."""
    return f.grad(x + g) - f.grad(x)


@method
def touches_at_two(f, x, *, lr):
    """The radius is 1 − ηλ(λ−2)²: below 1 but for λ = 2, where it touches."""
    g = f.grad(x)
    h = applied(f, x, g)
    return x - lr * (applied(f, x, h) - 4 * h + 4 * g)


@method
def touches_at_root_two(f, x, *, lr):
    """The radius is 1 − ηλ(λ²−2)²."""
    g = f.grad(x)
    cube = applied(f, x, applied(f, x, g))
    return x - lr * (applied(f, x, applied(f, x, cube)) - 4 * cube + 4 * g)


@pytest.mark.parametrize("momentum", [sp.Rational(1, 2), sp.Integer(0), sp.Rational(9, 10)])
def test_heavy_ball_is_stable_up_to_its_bound_and_not_at_it(momentum):
    bound = 2 * (1 + momentum) / 100
    assert certify_stable("heavy_ball", mu=1, L=100, lr=bound - TINY, momentum=momentum)
    for lr in (bound, bound + TINY):
        proof = certify_stable("heavy_ball", mu=1, L=100, lr=lr, momentum=momentum)
        assert proof.holds is False
        assert proof.counterexample == 100
        assert proof.recheck()


def test_the_counterexample_s_radius_is_at_least_one():
    proof = certify_stable("nesterov", mu=1, L=60, lr=0.05, momentum=0.8)
    assert not proof
    assert certify_radius("nesterov", proof.counterexample, lr=0.05, momentum=0.8).lower >= 1


@pytest.mark.parametrize(
    ("rule", "L", "place"), [(touches_at_two, 5, sp.Integer(2)), (touches_at_root_two, 2, sp.sqrt(2))]
)
def test_a_boundary_that_is_touched_inside_is_found(rule, L, place):
    proof = certify_stable(rule, mu=1, L=L, lr=sp.Rational(1, 1000))
    assert proof.holds is False
    assert proof.counterexample == place
    assert proof.recheck()
    assert certify_rate(rule, 1, mu=1, L=L, lr=sp.Rational(1, 1000)).recheck()
    assert certify_stable(rule, mu=sp.Rational(3, 2) * place, L=2 * place, lr=sp.Rational(1, 10000))


def test_a_touched_boundary_is_found_over_a_number_field():
    proof = certify_stable(touches_at_root_two, mu=1, L=2, lr=sp.sqrt(3) / 1000)
    assert proof.counterexample == sp.sqrt(2)
    assert proof.recheck()


@pytest.mark.parametrize("kappa", [sp.Integer(10), sp.Integer(100), sp.Rational(7, 3), 2 * sp.sqrt(2)])
@pytest.mark.parametrize("name", ["heavy_ball", "nesterov", "ema_momentum"])
def test_the_derived_rate_is_attained_exactly_and_no_better(name, kappa):
    mu, L = sp.symbols("mu L", positive=True)
    best, at = cv.optimum(name), {mu: 1, L: kappa}
    hyper, rate = {n: v.subs(at) for n, v in best.hyper.items()}, best.rate.subs(at)
    assert certify_rate(name, rate, mu=1, L=kappa, **hyper)
    below = certify_rate(name, rate - sp.Rational(1, 10**9), mu=1, L=kappa, **hyper)
    assert below.holds is False
    assert 1 <= below.counterexample <= kappa


def test_a_rate_at_irrational_settings_rechecks():
    k = sp.sqrt(10)
    rate = (k - 1) / (k + 1)
    hyper = {"lr": 4 / (1 + k) ** 2, "momentum": rate**2}
    assert certify_rate("heavy_ball", rate, mu=1, L=10, **hyper).recheck()
    false = certify_rate("heavy_ball", rate - TINY, mu=1, L=10, **hyper)
    assert false.holds is False
    assert false.recheck()
    wider = certify_rate("heavy_ball", rate, mu=1, L=10 + TINY, **hyper)
    assert wider.counterexample == 10 + TINY


@settings(max_examples=20, deadline=None)
@given(
    st.floats(0.001, 0.6).map(lambda v: round(v, 4)),
    st.floats(0, 0.9).map(lambda v: round(v, 3)),
    st.sampled_from(["heavy_ball", "nesterov", "two_buffers"]),
)
def test_a_fine_grid_agrees(lr, momentum, name):
    rule = two_buffers if name == "two_buffers" else cv.METHODS[name]
    radii = cv.spectral_radius(rule, np.linspace(1, 10, 400), lr=lr, momentum=momentum)
    assume(abs(radii.max() - 1) > 1e-3)
    proof = certify_stable(rule, mu=1, L=10, lr=lr, momentum=momentum)
    assert bool(proof) == bool(radii.max() < 1)


def test_one_curvature_is_an_interval_too():
    assert certify_stable(inner_step, mu=7, L=7, lr=0.01)
    assert certify_rate(inner_step, sp.Rational(979, 1000), mu=7, L=7, lr=0.01)
    assert not certify_rate(inner_step, sp.Rational(978, 1000), mu=7, L=7, lr=0.01)


def test_a_rate_of_zero_is_attained_by_newton_alone():
    assert certify_rate("newton", 0, mu=1, L=9, lr=1)
    assert certify_rate("gradient_descent", 0, mu=1, L=9, lr=1).holds is False


def test_where_there_is_no_matrix_there_is_no_stability():
    @method
    def implicit(f, x, *, lr):
        return x - f.grad(x) / (3 - lr)

    assert certify_stable(implicit, mu=1, L=2, lr=1)
    proof = certify_stable(implicit, mu=1, L=2, lr=3)
    assert proof.holds is False
    assert "no iteration matrix" in proof.why
    assert proof.recheck()


def test_claims_are_objects_too():
    heavy = cv.METHODS["heavy_ball"]
    assert certify(Stable(heavy, 1, 100, {"lr": 0.01, "momentum": 0.5}))
    assert not certify(Rate(heavy, 0.1, 1, 100, {"lr": 0.01, "momentum": 0.5}))
    with pytest.raises(TypeError, match="Stable"):
        certify("it converges")


def test_stability_of_a_two_step_method_takes_less_than_fifty_milliseconds():
    certify_stable("nesterov", mu=1, L=100, lr=0.01, momentum=0.9)
    spent = []
    for lr in (0.011, 0.012, 0.013):
        begin = time.process_time()
        assert certify_stable("nesterov", mu=1, L=100, lr=lr, momentum=0.9)
        spent.append(time.process_time() - begin)
    assert min(spent) < BUDGET


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"mu": 0, "L": 1}, "0 < mu"),
        ({"mu": 2, "L": 1}, "0 < mu"),
        ({"mu": 1, "L": float("inf")}, "L"),
        ({"mu": 1, "L": 2, "momentun": 0.5}, "momentum"),
        ({"mu": 1, "L": 2}, "missing: momentum"),
        ({"mu": 1, "L": 2, "momentum": sp.pi}, "algebraic"),
        ({"mu": 1, "L": 2, "momentum": np.array([0.1, 0.2])}, "momentum"),
    ],
)
def test_numbers_that_cannot_be_used_are_refused(given, words):
    with pytest.raises(cv.BadHyperparameter, match=words):
        certify_stable("heavy_ball", **{"lr": 0.1, **given})


@method
def off_diagonal_pole(f, x, v, *, lr, momentum, pole):
    """v ← βv + λx/(λ² − pole) is never heard: the pole cancels in the characteristic polynomial."""
    inverse = f.solve(1 + 0 * x)
    return x - lr * f.grad(x), momentum * v + f.solve(f.solve(f.grad(x))) / (1 - pole * inverse**2)


@method
def cancels(f, x, *, lr, scale):
    """Gradient descent but at scale = 2, where it is 0/0."""
    return x - lr * f.grad(x) * (scale - 2) / (scale - 2)


@pytest.mark.parametrize(("pole", "place"), [(9, sp.Integer(3)), (2, sp.sqrt(2)), (25, sp.Integer(5))])
@pytest.mark.parametrize("claim", [certify_stable, lambda *m, **given: certify_rate(*m, sp.Rational(99, 100), **given)])
def test_a_pole_that_the_characteristic_polynomial_does_not_show_is_found(claim, pole, place):
    given = {"lr": 0.1, "momentum": sp.Rational(1, 2), "pole": pole}
    proof = claim(off_diagonal_pole, mu=1, L=5, **given)
    assert proof.holds is False
    assert sp.simplify(proof.counterexample - place) == 0
    assert "no iteration matrix" in proof.why
    assert proof.recheck()
    before = claim(off_diagonal_pole, mu=1, L=sp.Rational(7, 5), **given)
    assert before
    assert before.recheck()


def test_a_pole_for_every_curvature_is_found():
    proof = certify_stable(cancels, mu=1, L=9, lr=0.1, scale=2)
    assert proof.holds is False
    assert proof.recheck()
    assert certify_stable(cancels, mu=1, L=9, lr=0.1, scale=3).recheck()


def test_a_sceptic_who_runs_the_rule_finds_a_pole_that_a_proof_passes_over():
    given = {"lr": 0.1, "momentum": sp.Rational(1, 2)}
    proof = certify_stable(off_diagonal_pole, mu=1, L=5, pole=36, **given)
    content = proof.to_dict()
    content["hyper"]["pole"] = [["9"], ["1"]]
    assert not read_certificate(json.dumps(content)).recheck(off_diagonal_pole)


def test_a_pole_that_the_rule_does_not_have_is_not_believed():
    content = certify_stable(off_diagonal_pole, mu=1, L=5, lr=0.1, momentum=0.5, pole=9).to_dict()
    content["hyper"]["pole"] = [["16"], ["1"]]
    assert not read_certificate(json.dumps(content)).recheck(off_diagonal_pole)
