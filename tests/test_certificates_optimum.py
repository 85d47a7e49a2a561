"""The certified optimum encloses the derived one and what a blind search finds; branch and bound agrees with identities."""

import json
import time
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from user_rules import extragradient, inner_step, two_buffers

import convergence as cv
from convergence import certify_formula, certify_optimum, certify_rate, method, read_certificate
from convergence.certificates import boxes
from convergence.certificates.attained import Attained, Task
from convergence.certificates.claims import Optimum
from convergence.certificates.optimum import Floor, enclosed
from convergence.certificates.products import refuting
from convergence.numerics.search import global_search

MU, L = sp.symbols("mu L", positive=True)
ROOTS = sp.sqrt(MU), sp.sqrt(L)
BUDGET = 10.0
"""Seconds within which an optimum at κ = 100 must be certified to 1e-6, formulas and all."""

CLASSICS = ("gradient_descent", "heavy_ball", "nesterov", "ema_momentum")


@pytest.mark.parametrize("name", [*CLASSICS, "torch_sgd", "momentum_rate_inside", "torch_sgd_nesterov"])
def test_the_optimum_is_certified_around_the_derived_rate(name):
    begin = time.process_time()
    proof = certify_optimum(name, mu=1, L=100)
    assert time.process_time() - begin < BUDGET
    rate = cv.optimum(name).rate.subs({MU: 1, L: 100})
    assert proof
    assert proof.lower <= rate <= proof.upper
    assert proof.upper - proof.lower <= sp.Rational(1, 10**6)
    assert certify_rate(name, proof.upper, mu=1, L=100, **proof.hyper)
    assert proof.recheck()


def test_brute_force_finds_nothing_below_the_bound():
    proof = certify_optimum("nesterov", mu=1, L=7, epsilon=1e-6)
    found = global_search(cv.METHODS["nesterov"], np.linspace(1.0, 7.0, 5), {})
    assert found.rate >= proof.lower - 1e-9
    assert found.rate < proof.upper + 1e-3


@pytest.mark.parametrize("unit", [1e-7, 1e7])
def test_the_blind_search_is_at_home_in_every_unit_of_the_rate(unit):
    @method
    def other_unit(f, x, v, *, lr, momentum):
        v = momentum * v + unit * f.grad(x)
        return x - lr * v, v

    found = global_search(other_unit, np.array([1.0, 4.0]), {})
    assert found.rate == pytest.approx(1 / 3, abs=1e-6)
    assert found.hyper["lr"] * unit == pytest.approx(4 / 9, abs=1e-4)


def test_three_states_are_certified():
    proof = certify_optimum(two_buffers, mu=1, L=100)
    assert proof
    assert proof.recheck()


def test_a_rate_set_between_the_ends_is_certified():
    proof = certify_optimum(inner_step, mu=1, L=9)
    assert proof
    assert proof.lower <= sp.Rational(8, 17) <= proof.upper
    assert proof.recheck()


def test_a_fixed_momentum_is_held():
    proof = certify_optimum("heavy_ball", mu=1, L=9, momentum=sp.Rational(1, 2))
    assert proof
    assert proof.hyper["momentum"] == sp.Rational(1, 2)
    assert proof.lower <= sp.sqrt(2) / 2 <= proof.upper


def test_a_spectrum_of_one_point_is_reached_at_once():
    proof = certify_optimum("gradient_descent", mu=3, L=3)
    assert proof
    assert proof.lower <= 0 <= proof.upper


def task(name, **held):
    return Task(cv.METHODS[name], Fraction(1), Fraction(9), Fraction(1, 10**6), held, (Fraction(1), Fraction(9)))


@pytest.mark.parametrize("L", [10**300, float("inf")], ids=["ten to the 300th", "infinite"])
def test_an_interval_without_end_is_refused(L):
    with pytest.raises(cv.BadHyperparameter):
        certify_optimum("gradient_descent", mu=1, L=L)


@pytest.mark.parametrize(("name", "best"), [("heavy_ball", Fraction(1, 2)), ("gradient_descent", Fraction(4, 5))])
def test_branch_and_bound_proves_what_is_so_and_finds_what_is_not(name, best):
    method = cv.METHODS[name]
    box = dict.fromkeys(method.hyper, (Fraction(0), Fraction(1)))
    polys = [task(name).inequalities(rate)[0] for rate in (best - Fraction(1, 10**6), best + Fraction(1, 10))]
    assert boxes.searched(polys[0], box).tree is not None
    above = boxes.searched(polys[1], box)
    assert above.tree is None
    assert above.point is not None


def test_what_branch_and_bound_finds_is_in_the_box():
    """Wherever the box begins: all inequalities hold where it says that they do."""
    polys = task("heavy_ball").inequalities(Fraction(3, 5))[0]
    box = {"lr": (Fraction(1, 5), Fraction(1, 2)), "momentum": (Fraction(1, 10), Fraction(1))}
    point = boxes.searched(polys, box).point
    assert all(low < value < high for value, (low, high) in zip(point, box.values(), strict=True))
    lr, momentum = map(Fraction, point)
    for curvature in (1, 9):  # of z² − (1+β−ηλ)z + β within the disc of 3/5
        trace = 1 + momentum - lr * curvature
        assert abs(np.roots([1.0, -float(trace), float(momentum)])).max() < 0.6


@pytest.mark.parametrize(
    ("rate", "provable"), [(Fraction(1, 2) - Fraction(1, 10**9), True), (Fraction(1, 2) + Fraction(1, 10**9), False)]
)
def test_no_identity_proves_what_is_false(rate, provable):
    strict, weak = task("heavy_ball").inequalities(rate)
    found = refuting(strict, weak, ("lr", "momentum"), [(Fraction(0), [1.0, 1.0])])
    assert (found is not None) is provable


def test_the_search_starts_again_from_better_hyperparameters():
    """Deliberately poor hyperparameters, as a search that missed the optimum would leave them."""
    poor = Attained({"lr": Fraction(1, 10), "momentum": Fraction(0)}, Fraction(9, 10), ())
    better, floor = enclosed(task("heavy_ball"), poor)
    assert better.rate < Fraction(1, 2) + Fraction(1, 10**6)
    assert better.rate - floor.value <= Fraction(1, 10**6)


@pytest.mark.finding("I")
@pytest.mark.parametrize("short", [0.1, 1e-3])
def test_an_interval_longer_than_epsilon_is_undecided(short, monkeypatch):
    """Whatever is assumed or not: a gap is a gap."""
    monkeypatch.setattr(
        "convergence.certificates.optimum.enclosed", lambda task, start: (start, Floor(start.rate - Fraction(1, 2)))
    )
    proof = certify_optimum("heavy_ball", mu=1, L=9, epsilon=short)
    assert proof.holds is None
    assert "the gap reached" in proof.why


def test_a_bound_that_rests_on_an_assumption_is_undecided(monkeypatch):
    monkeypatch.setattr(
        "convergence.certificates.optimum.enclosed",
        lambda task, start: (start, Floor(start.rate, None, ("lr lies in [0, 1]",))),
    )
    proof = certify_optimum("heavy_ball", mu=1, L=9)
    assert proof.holds is None
    assert proof.assumptions == ("lr lies in [0, 1]",)
    assert not proof.recheck()


@pytest.mark.parametrize("name", [*CLASSICS, "newton", "torch_sgd"])
def test_the_closed_form_holds_for_all_condition_numbers(name):
    proof = certify_formula(name)
    assert proof
    assert proof.recheck()


def test_a_closed_form_with_a_rate_too_small_has_a_counterexample():
    proof = certify_formula("heavy_ball", rate=(ROOTS[1] - ROOTS[0]) / (ROOTS[1] + 2 * ROOTS[0]))
    assert proof.holds is False
    assert proof.counterexample > 1
    assert proof.recheck()


def test_a_closed_form_that_is_attained_but_not_best_is_refuted():
    """Gradient descent's rate, reached by heavy ball without momentum."""
    plain = {"lr": 2 / (L + MU), "momentum": sp.Integer(0)}
    proof = certify_formula("heavy_ball", rate=(L - MU) / (L + MU), hyper=plain)
    assert proof.holds is False
    assert proof.recheck()
    kappa = proof.counterexample
    assert kappa > 1
    assert cv.optimum("heavy_ball").at(mu=1, L=float(kappa)).rate < (kappa - 1) / (kappa + 1)


def test_half_a_proof_says_which_half():
    proof = certify_formula(extragradient)
    assert proof.holds is None
    assert "attained for all κ > 1" in proof.why
    assert not proof


def test_no_closed_form_is_undecided():
    proof = certify_formula(two_buffers)
    assert proof.holds is None
    assert "no closed form" in proof.why


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"epsilon": 0}, "epsilon"),
        ({"mu": 2, "L": 1}, "0 < mu"),
        ({"L": sp.sqrt(2)}, "rational"),
        ({"beta": 1}, "beta"),
    ],
)
def test_tasks_that_cannot_be_used_are_refused(given, words):
    with pytest.raises(cv.BadHyperparameter, match=words):
        certify_optimum("heavy_ball", **{"mu": 1, "L": 9, **given})


def test_a_certificate_survives_its_file():
    proof = certify_optimum("heavy_ball", mu=1, L=9)
    again = read_certificate(proof.to_json())
    assert again == proof
    assert again.recheck(cv.METHODS["heavy_ball"])
    assert Optimum(cv.METHODS["heavy_ball"], 1, 9).epsilon == 1e-6


@pytest.mark.parametrize(
    ("rate", "hyper"),
    [
        ((L - MU) / (L + MU) - sp.Rational(1, 100), 2 / (L + MU)),  # negative for κ near 1
        ((L - MU) / (L + MU) + sp.Rational(1, 100), 2 / (L + MU)),  # more than 1 for large κ
        ((L - MU) / (L + MU), (2 * L - 3 * MU) / (L + MU) / L),  # a learning rate below 0 for κ near 1
    ],
)
def test_a_false_formula_is_refuted_at_a_condition_number_where_it_is_false(rate, hyper):
    proof = certify_formula("gradient_descent", rate=rate, hyper={"lr": hyper})
    assert proof.holds is False
    assert proof.recheck()
    kappa = proof.counterexample
    assert kappa.is_Rational
    assert kappa > 1
    at = {MU: 1, L: kappa}
    reached = max(abs(1 - hyper.subs(at)), abs(1 - hyper.subs(at) * kappa))
    assert rate.subs(at) != (kappa - 1) / (kappa + 1) or reached > rate.subs(at)


@pytest.mark.parametrize("at", ["1", "1/2", "-3", None])
def test_a_refutation_is_at_a_condition_number_beyond_one(at):
    proof = certify_formula(
        "gradient_descent", rate=(L - MU) / (L + MU) - sp.Rational(1, 100), hyper={"lr": 2 / (L + MU)}
    )
    assert not read_certificate(json.dumps(proof.to_dict() | {"at": at})).recheck(proof.method)


def test_a_pole_of_the_closed_form_that_cancels_is_found():
    @method
    def halved(f, x, *, lr):
        return x - lr * f.grad(x) * (1 - 2 * lr) / (1 - 2 * lr)  # 0/0 at lr = 1/2, at κ = 3 with μ = 1

    plain = {"rate": (L - MU) / (L + MU), "hyper": {"lr": 2 / (L + MU)}}
    assert certify_formula(halved, **plain).holds is None
    content = certify_formula("gradient_descent").to_dict()
    assert not read_certificate(json.dumps(content)).recheck(method(name="gradient_descent")(halved.rule))


def test_a_rule_without_a_closed_form_is_bracketed_in_seconds():
    """Its contraction occurs in the third power; no derivation is waited for."""
    begin = time.process_time()
    proof = certify_optimum("robust_momentum", mu=1, L=10)
    assert time.process_time() - begin < BUDGET
    assert proof.lower <= sp.Rational("0.6200738") <= proof.upper
    assert "contraction lies in" in proof.assumptions[0]
    assert certify_rate("robust_momentum", proof.upper, mu=1, L=10, **proof.hyper).recheck()
