"""A certificate confirms what it says and nothing near it: each leaf of its file moved a little, each part left out.

The claims are tight: they are false as soon as a number of them moves the wrong way. What may move is listed, with the reason.
"""

import copy
import json
from fractions import Fraction

import pytest
import sympy as sp

import convergence as cv
from convergence import method

K = sp.sqrt(10)
BEST_RATE = (K - 1) / (K + 1)
BEST = {"lr": 4 / (1 + K) ** 2, "momentum": BEST_RATE**2}
ROWS = [[1.0, 0.5], [-0.5, 1.0], [1.0, 0.75]]
MU, L = sp.symbols("mu L", positive=True)
NINE_ELEVENTHS = sp.Rational(9, 11) - sp.Rational(1, 10**12)
LITTLE = Fraction(1, 10**9)


@method
def touches(f, x, *, lr):
    """The radius is 1 − ηλ(λ²−2)²: 1 at √2, so that a square must be divided out."""

    def applied(g):
        return f.grad(x + g) - f.grad(x)

    g = f.grad(x)
    cube = applied(applied(g))
    return x - lr * (applied(applied(cube)) - 4 * cube + 4 * g)


@method
def nearly(f, x, *, lr):
    """The radius is 1 − ηλ((λ−2)² + 1/100): the interval must be cut."""

    def applied(g):
        return f.grad(x + g) - f.grad(x)

    g = f.grad(x)
    return x - lr * (applied(applied(g)) - 4 * applied(g) + (4 + Fraction(1, 100)) * g)


PROOFS = {
    "rate": lambda: cv.certify_rate("heavy_ball", BEST_RATE, mu=1, L=10, **BEST),
    "no rate": lambda: cv.certify_rate("gradient_descent", NINE_ELEVENTHS, mu=1, L=10, lr=sp.Rational(2, 11)),
    "stable": lambda: cv.certify_stable("gradient_descent", mu=1, L=10, lr=sp.Rational(1, 5) - sp.Rational(1, 10**12)),
    "unstable": lambda: cv.certify_stable("gradient_descent", mu=1, L=10, lr=sp.Rational(1, 5)),
    "cut": lambda: cv.certify_stable(nearly, mu=1, L=3, lr=sp.Rational(1, 100)),
    "square": lambda: cv.certify_rate(touches, 1, mu=1, L=2, lr=sp.Rational(1, 100)),
    "radius": lambda: cv.certify_radius("heavy_ball", 1, lr=sp.Rational(1, 4), momentum=sp.Rational(1, 4)),
    "pole": lambda: cv.certify_radius("newton", 0, lr=0.1),
    "optimum": lambda: cv.certify_optimum("gradient_descent", mu=1, L=10, epsilon=1e-9),
    "held": lambda: cv.certify_optimum("heavy_ball", mu=1, L=9, epsilon=1e-9, momentum=0.25),
    "formula": lambda: cv.certify_formula("heavy_ball"),
    "false formula": lambda: cv.certify_formula("gradient_descent", rate=(L - MU) / (2 * L)),
    "faster": lambda: cv.certify_formula("heavy_ball", rate=(L - MU) / (L + MU), hyper={"lr": 2 / (L + MU), "momentum": 0}),
    "mean square": lambda: cv.certify_mean_square((ROWS, [0, 0, 0]), "gradient_descent", 2, lr=0.1),
    "not in mean square": lambda: cv.certify_mean_square((ROWS, [0, 0, 0]), "gradient_descent", 2, lr=0.5),
}  # fmt: skip


def paths(content, path=()):
    inner = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for key, entry in inner:
        yield (*path, key), entry
        yield from paths(entry, (*path, key))


def changed(content, path, change):
    mutant = copy.deepcopy(content)
    inner = mutant
    for key in path[:-1]:
        inner = inner[key]
    change(inner, path[-1])
    return mutant


def moved(entry):
    """The values next to that of a leaf."""
    if isinstance(entry, bool):
        return [not entry]
    if isinstance(entry, int):
        return [entry - 1, entry + 1]
    try:
        return [str(Fraction(entry) + LITTLE), str(Fraction(entry) - LITTLE)] if isinstance(entry, str) else []
    except ValueError:
        return [f"{entry}2"]


def mutants(content):
    """What was changed, and the file that came of it."""
    for path, entry in paths(content):
        place = ".".join(str(key) if path[0] in ("rate", "hyper") else "*" if isinstance(key, int) else key for key in path)
        for sign, value in zip("+-", moved(entry), strict=False):
            yield f"{place} {sign}", changed(content, path, lambda inner, key, value=value: inner.__setitem__(key, value))
        if entry not in (None, [], {}):
            yield f"{place} gone", changed(content, path, lambda inner, key: inner.__delitem__(key))


def confirmed(proof):
    """The changes after which the checker still says yes."""
    found = set()
    for what, mutant in mutants(proof.to_dict()):
        try:
            checked = cv.read_certificate(json.dumps(mutant)).recheck(proof.method)
        except cv.BadData:
            continue
        if checked:
            found.add(what)
    return found


WIDER = {"rate.0.0 +", "rate.1.0 -", "lower -", "L.* -", "mu.* +"}
"""A rate rounded up, a lower bound rounded down, a shorter interval: less is claimed."""

DATA = {f"{leaf} {sign}" for leaf in ("hyper.lr", "rows.*.*", "weight", "batch", "moment.*.*") for sign in "+-"}
"""Of a certificate in mean square: inequalities between matrices are strict, and so are as true of the numbers next to them."""

SETTING = {f"hyper.lr.{k}.0 {sign}" for k in (0, 1) for sign in "+-"}
SPECTRUM = {f"{end}.* {sign}" for end in ("mu", "L") for sign in "+-"}

CHANGES = ("+", "-", "gone")

MAY_MOVE = {
    # θ is enclosed in a little more; −1 in rate = (…θ − 1)/… stands alone without θ, and is no proof of less
    "rate": WIDER | {"ground.high +", "ground.low -", "rate.0.1 +", "rate.0.1 gone"},
    # the λ at which it is false stays in the interval, and the radius there above the rate
    "no rate": {"L.* +", "mu.* +", "mu.* -", "hyper.lr.0.0 +", "hyper.lr.1.0 -", "rate.0.0 -", "rate.1.0 +"},
    "stable": {"L.* -", "mu.* +", "mu.* -", "hyper.lr.0.0 -", "hyper.lr.1.0 +"},
    "unstable": {"L.* +", "mu.* +", "mu.* -", "hyper.lr.0.0 +", "hyper.lr.1.0 -"},
    # stable with room to spare; other cuts are another subdivision that shows it
    "cut": SPECTRUM | SETTING | {"signs.*.cuts.* +", "signs.*.cuts.* -"},
    # whatever the learning rate, 1 − ηλ(λ² − 2)² is 1 at √2
    "square": SPECTRUM | SETTING,
    # with a larger learning rate the roots are complex, of the size √β
    "radius": WIDER | {"hyper.lr.0.0 +", "hyper.lr.1.0 -"},
    # where there is no radius, no number is its bound
    "pole": SETTING | {f"rate.{k}.0 {sign}" for k in (0, 1) for sign in "+-"},
    "optimum": WIDER - {"L.* -", "mu.* +"},
    # at λ = 1 and 9 alone the bound is less than 1e-9 away, too: the identity has that room
    "held": (WIDER - {"L.* -", "mu.* +"})
    | {"below.curvatures.* gone"}
    | {f"below.{leaf} {sign}" for leaf in ("curvatures.*.*", "products.*.multiplier.*") for sign in "+-"},
    "formula": set(),
    # another λ with a radius above the rate
    "false formula": {"by.place.* -", "by.schema gone"},
    # it is false of whatever formula those are faster than
    "faster": {"by.rate.*.* +", "by.rate.*.* -", "by.schema gone"}
    | {f"{leaf}.{k}.{j} {change}" for leaf in ("hyper.lr", "rate") for k in (0, 1) for j in (0, 1) for change in CHANGES}
    | {f"hyper.momentum.{k}.0 {sign}" for k in (0, 1) for sign in "+-"},
    "mean square": DATA | {"rows.* gone"},
    "not in mean square": DATA | {"rows.* gone"},
}  # fmt: skip
"""After which changes a certificate still confirms what it says, and why: what it then says is true."""


@pytest.mark.parametrize("name", PROOFS)
def test_nothing_else_may_be_changed_in_a_certificate(name):
    proof = PROOFS[name]()
    assert proof.recheck()
    assert len(list(mutants(proof.to_dict()))) >= 30
    assert confirmed(proof) <= MAY_MOVE[name]


def test_every_kind_of_claim_and_of_witness_is_among_them():
    contents = [make().to_dict() for make in PROOFS.values()]
    assert {(c["kind"], c["holds"]) for c in contents} == {
        *((kind, holds) for kind in ("stable", "rate", "radius", "formula", "mean square") for holds in (True, False)),
        ("optimum", True),
    }
    leaves = {str(key) for c in contents for path, entry in paths(c) if entry not in (None, [], {}) for key in path}
    assert leaves >= {"cuts", "square", "modulus", "products", "units", "by", "place", "moment", "curvatures"}


def checked(content, proof):
    return cv.read_certificate(json.dumps(content)).recheck(proof.method)


@pytest.mark.parametrize("name", ["unstable", "no rate"])
def test_a_refutation_called_a_proof_is_none(name):
    """At lr = 2/L the radius at L is 1, and a condition zero there: not below 1."""
    proof = PROOFS[name]()
    assert not checked(proof.to_dict() | {"holds": True, "place": None}, proof)


@pytest.mark.parametrize("name", ["stable", "rate", "cut", "square"])
def test_a_proof_called_a_refutation_is_none(name):
    proof = PROOFS[name]()
    content = proof.to_dict()
    for place in (content["mu"], content["L"], ["3/2"]):
        assert not checked(content | {"holds": False, "place": place, "signs": []}, proof)


def test_what_is_not_shown_is_no_counterexample():
    """θ = √10 is enclosed in [3, 4]: no condition has a sign there, which violates none."""
    proof = PROOFS["rate"]()
    content = proof.to_dict()
    wide = {"ground": content["ground"] | {"low": "3", "high": "4"}, "signs": []}
    assert not checked(content | wide, proof)
    for place in (content["mu"], content["L"]):
        assert not checked(content | wide | {"holds": False, "place": place}, proof)


@pytest.mark.parametrize("units", [{}, {"lr": 1}, {"lr": 0}, {"λ": 0}, {"lr": -1, "λ": 0}, {"lr": -1, "more": 1}])
def test_units_are_those_of_the_hyperparameters(units):
    """Another unit of curvature is another one of 1/lr; of the curvature itself, none is to be chosen."""
    proof = cv.certify_formula("gradient_descent")
    content = proof.to_dict()
    assert content["units"] == {"lr": -1}
    assert not checked(content | {"units": units}, proof)


@method
def in_its_own_unit(f, x, *, lr):
    """Gradient descent and a decay that knows no curvature."""
    return x - lr * (f.grad(x) + x)


@pytest.mark.parametrize("units", [None, {"lr": -1}, {"lr": 0}, {"λ": 0}])
def test_a_rule_with_a_scale_of_its_own_has_no_formula_for_mu_of_one_alone(units):
    """lr = 2/(μ + L + 2), the rate (L − μ)/(L + μ + 2): with μ = 1 and L = t, 2/(t + 3) and (t − 1)/(t + 3)."""
    proof = cv.certify_formula("gradient_descent")
    below = [["3", "1"]]
    forged = {"method": "in_its_own_unit", "units": units, "hyper": {"lr": [["2"], *below]}, "rate": [["-1", "1"], *below]}
    found = cv.read_certificate(json.dumps(proof.to_dict() | forged)).recheck(in_its_own_unit)
    assert not found
    assert "scale" in found.failed[0] or "units" in found.failed[0]


@pytest.mark.parametrize("kappa", [["4"], ["0", "2"], ["2"], ["1/2", "1/2", "0", "1"]])
def test_a_formula_is_for_all_condition_numbers(kappa):
    proof = cv.certify_formula("gradient_descent")
    assert "grow from 1" in checked(proof.to_dict() | {"L": kappa}, proof).failed[0]


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("mean square", {"holds": False}, "the matrix is positive semidefinite"),
        ("not in mean square", {"holds": True}, "the matrix is not positive definite"),
        ("not in mean square", {"moment": [["0"], ["0", "0"]]}, "the matrix is positive semidefinite"),
        ("not in mean square", {"moment": [["1"], ["0", "1"]]}, "a step does not shrink the matrix"),
        ("not in mean square", {"moment": [["0"], ["1", "0"]]}, "a step does not shrink the matrix"),
        ("not in mean square", {"moment": [["0"], ["1", "1"]]}, "a step does not shrink the matrix"),
    ],
)
def test_a_matrix_is_a_witness_by_its_sign_and_by_that_of_what_a_step_takes(name, change, words):
    """Where a step takes a semidefinite part: positive definite it proves, not semidefinite it refutes."""
    proof = PROOFS[name]()
    assert checked(proof.to_dict() | change, proof).failed == (words,)


@pytest.mark.parametrize(
    ("rows", "batch", "limit"), [([1.0, 2.0], 2, 1 / 5), ([1.0, 2.0], 1, 20 / 136), ([1.0, -1.0], 1, 1 / 2)]
)
def test_a_batch_drawn_without_replacement_has_the_noise_of_what_it_leaves_out(rows, batch, limit):
    """With Hessians 4 and 16 the second moment is multiplied by (1 − 10η)² + c(6η)², c = 0 for both rows, 1 for one of them."""
    for lr, stable in ((0.999 * limit, True), (1.001 * limit, False)):
        proof = cv.certify_mean_square(
            ([[x] for x in rows], [0.0, 0.0]), "gradient_descent", batch, sampling="step", lr=lr
        )
        assert proof.holds is stable
        assert proof.recheck()


def test_others_that_are_as_fast_are_not_faster():
    """That the radius of the others is at most the formula's at this t, or more, is true, and refutes nothing."""
    proof = PROOFS["faster"]()
    content = proof.to_dict()
    t = Fraction(content["at"])
    rate = (t - 1) / (t + 1)
    for claimed in (rate, (1 + rate) / 2):
        by = content["by"] | {"rate": [[str(claimed)], ["1"]]}
        found = checked(content | {"by": by}, proof)
        assert found.failed == ("the others are not faster",)
