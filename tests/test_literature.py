"""What is published is true (by matrices written by hand), and what the package derives is what is published."""

from __future__ import annotations

import ast
import pickle
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from hand_matrices import MATRICES, radius, worst
from tolerances import EPS, double_eigenvalue

import convergence.evidence.literature as literature
from convergence import METHODS, optimum, spectral_radius, stability
from convergence.evidence.literature import BOUND, KINDS, OPTIMAL, PUBLISHED, STANDARD, published

NUMBERS = {literature.MOMENTUM: 0.35, literature.DAMPENING: 0.25, literature.CURVATURE: 1.7}
SPECTRA = [(1.0, 4.0), (0.3, 7.1), (2.0, 2.002), (1e-3, 10.0)]
NAMES = {literature.MOMENTUM: "momentum", literature.DAMPENING: "dampening"}


def entries(kind):
    return [pytest.param(entry, id=f"{entry.method}-{i}") for i, entry in enumerate(PUBLISHED) if entry.kind == kind]


def number(formula, **values):
    return float(formula.subs(NUMBERS).subs({literature.MU: values.get("mu"), literature.L: values.get("L")}))


def settings(entry, **values):
    return {name: number(formula, **values) for name, formula in entry.hyper.items()}


def nudged(hyper, rng, size):
    return {n: v if n == "dampening" else max(v * (1 + size * rng.uniform(-1, 1)), 0.0) for n, v in hyper.items()}


def test_every_method_has_a_published_result_and_every_result_a_known_method():
    assert {entry.method for entry in PUBLISHED} == set(METHODS) == set(MATRICES)
    assert all(published(name) for name in METHODS)
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
    tried = [nudged(hyper, rng, size) for size in (1e-3, 1e-2, 0.1, 0.5, 1.0) for _ in range(150)]
    assert min(worst(entry.method, (mu, L), **other) for other in tried) >= rate - double_eigenvalue(L / mu)


@pytest.mark.parametrize("momentum", [0.05, 0.35, 0.8])
@pytest.mark.parametrize("entry", entries(BOUND))
def test_published_bound_parts_stable_from_unstable(entry, momentum):
    top = float(entry.value.subs({literature.MOMENTUM: momentum}).subs(NUMBERS))
    rest = {
        NAMES[s]: momentum if s == literature.MOMENTUM else NUMBERS[s] for s in entry.value.free_symbols & NAMES.keys()
    }
    assert radius(entry.method, NUMBERS[literature.CURVATURE], lr=top * (1 - 1e-6), **rest) < 1
    assert radius(entry.method, NUMBERS[literature.CURVATURE], lr=top * (1 + 1e-6), **rest) > 1


@pytest.mark.parametrize("entry", entries(BOUND))
def test_derived_bound_is_the_published_one(entry):
    assert sp.simplify(stability(METHODS[entry.method]).lr_max - entry.value) == 0


@pytest.mark.parametrize("entry", entries(OPTIMAL))
def test_derived_optimum_is_the_published_one(entry):
    derived = optimum(METHODS[entry.method])
    exact = {literature.MU: sp.Rational(3, 10), literature.L: sp.Rational(71, 10)}
    for formula, expected in [(derived.rate, entry.value), *((derived.hyper[n], v) for n, v in entry.hyper.items())]:
        assert abs((formula - expected).subs(exact).subs(literature.DAMPENING, sp.Rational(1, 4)).evalf(30)) < 1e-25
        assert sp.simplify(formula - expected) == 0


@pytest.mark.parametrize(("mu", "L"), SPECTRA)
@pytest.mark.parametrize("entry", entries(OPTIMAL) + entries(STANDARD))
def test_the_package_radius_at_the_published_tuning_is_the_published_rate(entry, mu, L):
    found = spectral_radius(METHODS[entry.method], [mu, L], over="spectrum", **settings(entry, mu=mu, L=L))
    assert abs(found - number(entry.value, mu=mu, L=L)) <= double_eigenvalue(L / mu)


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
