"""What is published is true (by matrices written by hand), and what the package derives is what is published."""

from __future__ import annotations

import ast
import pickle
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from hand_matrices import MATRICES, radius, worst
from scipy.linalg import solve_discrete_lyapunov
from tolerances import EPS, double_eigenvalue

import convergence.evidence.literature as literature
from convergence import METHODS, derive, noise_floor, optimum, spectral_radius, stability
from convergence.evidence.literature import BOUND, FLOOR, KINDS, OPTIMAL, PUBLISHED, REST, STANDARD, published
from convergence.methods import LINEAR

NUMBERS = {
    literature.MOMENTUM: 0.35,
    literature.DAMPENING: 0.25,
    literature.CURVATURE: 1.7,
    literature.RATE: 0.3,
    literature.NU: 0.45,
    literature.DECAY: 0.2,
}
SPECTRA = [(1.0, 4.0), (0.3, 7.1), (2.0, 2.002), (1e-3, 10.0)]
NAMES = {
    literature.MOMENTUM: "momentum",
    literature.DAMPENING: "dampening",
    literature.NU: "nu",
    literature.DECAY: "weight_decay",
}


def entries(kind):
    return [pytest.param(entry, id=f"{entry.method}-{i}") for i, entry in enumerate(PUBLISHED) if entry.kind == kind]


def number(formula, **values):
    return float(formula.subs(NUMBERS).subs({literature.MU: values.get("mu"), literature.L: values.get("L")}))


def settings(entry, **values):
    return {name: number(formula, **values) for name, formula in entry.hyper.items()}


def nudged(entry, hyper, rng, size):
    """Of a hyperparameter that is zero at the optimum, small values of either sign."""
    moved = {n: v * (1 + size * rng.uniform(-1, 1)) if v else size * rng.uniform(-1, 1) for n, v in hyper.items()}
    return {n: hyper[n] if n in entry.given else v if n in ("gamma", "nu") else max(v, 0.0) for n, v in moved.items()}


def test_every_result_is_of_a_known_method_that_has_a_matrix_by_hand():
    assert {entry.method for entry in PUBLISHED} == set(MATRICES) <= set(LINEAR)
    assert all(published(name) for name in MATRICES)
    assert {entry.kind for entry in PUBLISHED} == set(KINDS)
    assert published("no such method") == ()


def test_entries_are_frozen_and_pickle():
    assert pickle.loads(pickle.dumps(PUBLISHED)) == PUBLISHED
    with pytest.raises(AttributeError):
        PUBLISHED[0].value = 1


@pytest.mark.parametrize(("mu", "L"), SPECTRA)
@pytest.mark.parametrize("entry", entries(OPTIMAL) + entries(STANDARD))
def test_published_tuning_attains_the_published_rate(entry, mu, L):
    hyper = settings(entry, mu=mu, L=L)
    found = worst(entry.method, np.linspace(mu, L, 33), **hyper)
    assert abs(found - number(entry.value, mu=mu, L=L)) <= double_eigenvalue(L / mu)


@pytest.mark.parametrize("entry", entries(OPTIMAL))
def test_no_tuning_nearby_or_far_is_better_than_the_published_optimum(entry):
    rng = np.random.default_rng(11)
    mu, L = 0.3, 7.1
    hyper, rate = settings(entry, mu=mu, L=L), number(entry.value, mu=mu, L=L)
    tried = [nudged(entry, hyper, rng, size) for size in (1e-3, 1e-2, 0.1, 0.5, 1.0) for _ in range(150)]
    assert min(worst(entry.method, (mu, L), **other) for other in tried) >= rate - double_eigenvalue(L / mu)


@pytest.mark.parametrize("momentum", [0.05, 0.35, 0.8])
@pytest.mark.parametrize("entry", entries(BOUND))
def test_published_bound_parts_stable_from_unstable(entry, momentum):
    top = float(entry.value.subs({literature.MOMENTUM: momentum}).subs(NUMBERS))
    numbers = {name: NUMBERS[letter] for letter, name in NAMES.items()} | {"momentum": momentum}
    rest = {name: numbers[name] for name in METHODS[entry.method].hyper if name != "lr"}
    assert radius(entry.method, NUMBERS[literature.CURVATURE], lr=top * (1 - 1e-6), **rest) < 1
    assert radius(entry.method, NUMBERS[literature.CURVATURE], lr=top * (1 + 1e-6), **rest) > 1


@pytest.mark.parametrize("entry", entries(BOUND))
def test_derived_bound_is_the_published_one(entry):
    assert sp.simplify(stability(METHODS[entry.method]).lr_max - entry.value) == 0


@pytest.mark.parametrize("entry", entries(OPTIMAL))
def test_derived_optimum_is_the_published_one(entry):
    derived = optimum(METHODS[entry.method], **entry.given)
    exact = {literature.MU: sp.Rational(3, 10), literature.L: sp.Rational(71, 10), literature.DECAY: sp.Rational(1, 7)}
    for formula, expected in [(derived.rate, entry.value), *((derived.hyper[n], v) for n, v in entry.hyper.items())]:
        assert abs((formula - expected).subs(exact).subs(literature.DAMPENING, sp.Rational(1, 4)).evalf(30)) < 1e-25
        assert sp.simplify(formula - expected) == 0


@pytest.mark.parametrize(("mu", "L"), SPECTRA)
@pytest.mark.parametrize("entry", entries(OPTIMAL) + entries(STANDARD))
def test_the_package_radius_at_the_published_tuning_is_the_published_rate(entry, mu, L):
    found = spectral_radius(METHODS[entry.method], [mu, L], over="spectrum", **settings(entry, mu=mu, L=L))
    assert abs(found - number(entry.value, mu=mu, L=L)) <= double_eigenvalue(L / mu)


@pytest.mark.parametrize("entry", entries(REST))
def test_the_derived_resting_point_is_the_published_one_and_a_fixed_point_of_the_matrix_by_hand(entry):
    derived = derive(METHODS[entry.method])
    share = derived.rest[0].subs({derived.symbols[name]: formula for name, formula in entry.hyper.items()})
    assert sp.simplify(share - entry.value) == 0
    lam, decay, lr = NUMBERS[literature.CURVATURE], NUMBERS[literature.DECAY], 0.3
    x = float(entry.value.subs(NUMBERS))
    assert lr * (lam * (x - 1) + decay * x) == pytest.approx(0, abs=EPS * 8)  # the gradient with its decay, at x
    assert entry.value.subs(literature.DECAY, 0) == 1


ENTERING = {
    "gradient_descent": lambda lam, lr: [-lr],
    "newton": lambda lam, lr: [-lr / lam],
    "heavy_ball": lambda lam, lr, momentum: [-lr, 1],
    "nesterov": lambda lam, lr, momentum: [-lr, lr],
}
"""What a unit of noise in a gradient adds to the state, by hand."""


@pytest.mark.parametrize("entry", entries(FLOOR))
def test_published_floor_is_what_the_lyapunov_equation_gives(entry):
    lam, lr = NUMBERS[literature.CURVATURE], NUMBERS[literature.RATE]
    rest = {"momentum": NUMBERS[literature.MOMENTUM]} if "momentum" in METHODS[entry.method].hyper else {}
    A, b = MATRICES[entry.method](lam, lr=lr, **rest), ENTERING[entry.method](lam, lr, *rest.values())
    floor = lam / 2 * solve_discrete_lyapunov(A, np.outer(b, b))[0, 0]
    assert float(entry.value.subs(NUMBERS)) == pytest.approx(floor, rel=64 * EPS)
    assert sp.cancel(entry.value - noise_floor(entry.method).loss) == 0


@pytest.mark.parametrize("kappa", [2.0, 10.0, 400.0])
def test_robust_momentum_contracts_by_its_parameter_all_over_its_range(kappa):
    """Cyrus et al. 2018: the bound is ρ; by hand, the eigenvalues along μ are ρ and ρ², along L 0 and 1 − κ(1−ρ)²(1+ρ)."""
    near = double_eigenvalue(1.0)
    for rho in np.linspace(1 - kappa**-0.5, 1 - 1 / kappa, 7):
        hyper = {"lr": 1 / kappa, "contraction": rho, "kappa": kappa}
        assert worst("robust_momentum", np.linspace(1, kappa, 33), **hyper) == pytest.approx(rho, abs=near)
        assert spectral_radius("robust_momentum", [1, kappa], over="spectrum", **hyper) == pytest.approx(rho, abs=near)
        found = np.sort(np.abs(np.linalg.eigvals(MATRICES["robust_momentum"](1.0, **hyper))))
        assert np.allclose(found, [rho**2, rho], atol=near)
    faster = {"lr": 1 / kappa, "contraction": 1 - kappa**-0.5 - 0.05, "kappa": kappa}
    assert (
        worst("robust_momentum", [1, kappa], **faster) > faster["contraction"] + 0.01
    )  # outside the range it does not


def test_the_two_witnesses_do_not_import_each_other():
    root = Path(literature.__file__).parents[1]
    assert imported(root / "evidence" / "literature.py") <= {"__future__", "collections", "dataclasses", "sympy"}
    for path in sorted((root / "theory").glob("*.py")) + sorted((root / "numerics").glob("*.py")):
        assert "literature" not in path.read_text(encoding="utf-8"), path


def imported(path):
    tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {
        (alias.name if isinstance(node, ast.Import) else node.module).split(".")[0]
        for node in tree
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }


def test_a_wrong_entry_would_be_caught():
    wrong = 1.01 * number(published("nesterov")[0].value, mu=0.3, L=7.1)
    right = worst("nesterov", (0.3, 7.1), **settings(published("nesterov")[0], mu=0.3, L=7.1))
    assert abs(right - wrong) > double_eigenvalue(7.1 / 0.3)
    assert EPS < double_eigenvalue(1.0) < 1e-6
