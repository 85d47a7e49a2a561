"""The homework's answers agree with the derivation by hand, with exact counts by another way, and fail when they should."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from tolerances import closed_optimum, rounded_once

import convergence as cv
from convergence.cli import main
from convergence.coursework.checking import checks
from convergence.coursework.derivation import derivation
from convergence.coursework.on_data import on_data
from convergence.coursework.plateau import exact_ends, plateau, run_steps, steps
from convergence.errors import BadName

BETA, SIGMA, ETA = (
    sp.Symbol("beta", nonnegative=True),
    sp.Symbol("sigma", positive=True),
    sp.Symbol("eta", positive=True),
)
M = sp.Symbol("m", positive=True)  # √(1−β)


@pytest.fixture(scope="module")
def answers():
    return cv.course()


def same(one, other):
    return sp.simplify((one - other).subs(BETA, 1 - M**2)) == 0


def test_the_formulas_are_those_derived_by_hand():
    found = derivation()
    by_hand = sp.Matrix([[1 - BETA, 2 * BETA * SIGMA**2], [-ETA * (1 - BETA), 1 - 2 * ETA * BETA * SIGMA**2]])
    assert (found.system.matrix - by_hand).expand().is_zero_matrix
    for lr, sign in zip(found.repeated, (-1, 1), strict=True):
        assert same(lr, (1 + sign * sp.sqrt(1 - BETA)) ** 2 / (2 * BETA * SIGMA**2))
    assert same(found.real, (2 - BETA) / (BETA * SIGMA**2))
    assert same(found.complex_top, found.repeated[1])
    assert same(found.radius, sp.sqrt(1 - BETA))


@pytest.mark.finding("G6")
def test_the_plateau_and_its_counts():
    g = plateau()
    m = np.sqrt(0.9)
    assert g.rate == pytest.approx(m, rel=rounded_once())
    assert (g.low, g.high) == pytest.approx(((1 - m) ** 2 / 0.01, (1 + m) ** 2 / 1), rel=closed_optimum(100.0))
    counts = [count.both for count in g.counts]
    assert g.descent_steps == int(np.ceil(np.log(1e-3) / np.log(99 / 101)))
    assert g.best.both <= min(counts) < max(counts) < g.descent_steps
    assert max(counts) > 1.8 * g.best.both  # a plateau of rates is no plateau of steps
    ends_and_between = [g.counts[0], *(c for c in g.counts if c.lr in (1, 2)), g.counts[-1]]
    assert [c.both for c in ends_and_between] == [163, 175, 186, 309]
    assert [c.at_rest for c in ends_and_between] == [175, 132, 138, 249]
    assert g.free_rate == pytest.approx(9 / 11)


def test_what_the_plateau_is_set_beside():
    """The estimate from the rate alone, the edge, gradient descent, and the best pair, each by a formula or a loop here."""
    g, kappa = plateau(), 100.0
    assert g.estimate == next(k for k in range(1000) if 0.9 ** (k / 2) <= 1e-3)
    assert g.edge == pytest.approx((2 - 0.1) / (0.1 * 5), rel=rounded_once())
    assert (g.descent_lr, g.descent_rate) == pytest.approx((2 / (10 + 0.1), (kappa - 1) / (kappa + 1)), rel=rounded_once())
    assert (g.free_lr, g.free_momentum) == pytest.approx((1.0, 1 - (9 / 11) ** 2), rel=closed_optimum(kappa))
    best, beta = Fraction(1), 1 - Fraction(9, 11) ** 2
    assert g.free_steps == max(by_hand(best, square, False, beta) for square in (Fraction(5), Fraction(1, 20)))


def test_the_plateau_is_there_for_the_betas_that_the_homework_asks_for():
    found = derivation()
    low, high = sp.Symbol("sigma_min", positive=True), sp.Symbol("sigma_max", positive=True)
    assert same(found.plateau_rate, sp.sqrt(1 - BETA))
    assert same(found.descent_lr, 1 / (low**2 + high**2))
    assert same(found.descent_rate, (high**2 - low**2) / (high**2 + low**2))
    edge = 1 - sp.Rational(2, 4) ** 2  # σ = 3 and 1: complex along both below 1 − ((3 − 1)/(3 + 1))²
    assert [bool(found.condition.subs({low: 1, high: 3, BETA: edge + side})) for side in (-1e-6, 1e-6)] == [True, False]


def test_the_directions_of_the_data_are_those_of_a_two_by_two_matrix():
    h, X = on_data(), cv.datasets.gaussian_2d().X
    (a, b), (_, c) = X.T @ X
    assert np.tan(np.radians(2 * h.angle)) == pytest.approx(2 * b / (a - c), rel=1e-9)
    assert abs(h.angle) < 45
    root = h.singular_values[0] / h.singular_values[1]
    assert h.best_rates == pytest.approx(((root**2 - 1) / (root**2 + 1), (root - 1) / (root + 1)), rel=1e-12)


def by_hand(lr, square, rests, beta=Fraction(1, 10)):
    """Steps in fractions, nothing rounded."""
    lam = 2 * square
    x, a, last = Fraction(1), Fraction(0) if rests else lam, 0
    for step in range(1, 401):
        a = (1 - beta) * a + beta * lam * x
        x = x - lr * a
        last = step if abs(x) > Fraction(1, 1000) else last
    return last + 1


@pytest.mark.parametrize("rests", [False, True])
@pytest.mark.parametrize("lr", ["0.3", "1", "3.79"])
def test_the_counts_are_those_of_fractions_run_by_hand(lr, rests):
    counted = [by_hand(Fraction(lr), square, rests) for square in (Fraction(5), Fraction(1, 20))]
    assert [steps(sp.Rational(lr), sp.Rational(square), at_rest=rests) for square in ("5", "1/20")] == counted
    assert run_steps([float(lr)], at_rest=rests)[:, 0].tolist() == counted


def test_an_unstable_rate_never_settles():
    assert steps(sp.Rational(39, 10), sp.Integer(5)) == -1
    assert np.isnan(run_steps([3.9])[0, 0])


def test_the_first_dimension_is_the_faster_for_both_methods():
    h = on_data()
    assert h.faster == (1, 1)
    assert [m.run.loss[-1] for m in h.methods] == pytest.approx([102.7517109] * 2, abs=5e-8)
    assert all(first < second for first, second in (m.steps for m in h.methods))


@pytest.mark.finding("G6")
def test_the_upper_end_is_counted_where_it_is_and_not_at_its_digits():
    """At 3.797 it would be 271 steps, at seven digits below the end 308."""
    low, high = exact_ends()
    assert sp.simplify(high - sp.Rational(19, 10) - 2 * sp.sqrt(sp.Rational(9, 10))) == 0
    assert low < sp.Rational("0.2634") < high
    lrs = (high, sp.Rational("3.797363"), sp.Rational("3.797"))
    assert [steps(lr, sp.Integer(5)) for lr in lrs] == [309, 308, 271]
    twenty = Fraction(str(sp.N(high, 20)))
    assert by_hand(twenty, Fraction(5), rests=False) == 309


@pytest.mark.finding("G6")
def test_the_faster_method_is_the_one_whose_slower_direction_is_faster(answers):
    """Question (i), by a loop of one's own: steps until the error is within 99.9 % in each direction."""
    h = answers.data
    curvatures, beta, lr = np.array(h.curvatures), 0.6, 1e-4
    x, z, y = np.ones(2), curvatures.copy(), np.ones(2)
    counts = {"momentum": 0, "descent": 0}
    for step in range(1, 301):
        z = (1 - beta) * z + beta * curvatures * x
        x, y = x - lr * z, y - lr * curvatures * y
        counts["momentum"] = step if np.abs(x).max() > 1e-3 else counts["momentum"]
        counts["descent"] = step if np.abs(y).max() > 1e-3 else counts["descent"]
    assert h.winner.run.method == "ema_momentum"
    assert counts["momentum"] + 1 == max(h.methods[1].steps) < max(h.methods[0].steps) == counts["descent"] + 1


def test_every_check_rejects_a_wrong_answer():
    found, g, h = derivation(), plateau(), on_data()
    off = sp.Rational(101, 100)
    turned = found.system.matrix.copy().as_mutable()
    turned[0, 1], turned[1, 0] = turned[1, 0], turned[0, 1]
    wrong = replace(
        found,
        system=replace(found.system, matrix=sp.ImmutableMatrix(turned)),
        repeated=tuple(lr * off for lr in found.repeated),
        real=found.real * off,
        complex_top=found.complex_top * off,
    )
    bent = sp.Poly(found.system.characteristic.as_expr() + sp.Rational(1, 100), sp.Symbol("z"))
    shifted = replace(found.system, characteristic=bent)
    counts = (g.counts[0], replace(g.counts[1], both=1), g.counts[-1])
    bad = replace(g, rate=g.rate * 1.01, high=g.high * 1.01, counts=counts, descent_steps=345)
    slow = replace(
        h.methods[0],
        eigenvalues=0.99 * h.methods[0].eigenvalues,
        closed=replace(h.methods[0].closed, error=h.methods[0].closed.error * (1 + 1e-6)),
    )
    rejected = checks(wrong, bad, replace(h, methods=(slow, h.methods[1])))
    assert not any(check for letter in "abdefg" for check in rejected[letter])
    assert not any(rejected["h"][:3])
    assert not any(checks(replace(found, system=shifted), g, h)["c"])
    fast = replace(h.methods[0], eigenvalues=0.5 * h.methods[0].eigenvalues)
    assert not any(checks(found, g, replace(h, methods=(fast, h.methods[1])))["i"])


@pytest.mark.finding("G6")
def test_the_page_says_what_it_must_in_every_format(answers, tmp_path):
    assert answers
    written = {path.name: path for path in answers.save(tmp_path, figures=("svg",))}
    assert {"course.md", "course.html", "course.tex", "course.json"} <= set(written)
    words = written["course.md"].read_text(encoding="utf-8")
    for part in (
        "plateau of rates is no plateau of steps",
        "346 steps",
        "How σᵢ enters",
        "figures/plateau.svg",
        "| 309 | 249 |",
        "## (i) Which method is faster for this task, and why",
        "Why so little",
        "both, from z = 0",
        "0 learns nothing, the first gradient moves w for ever",
    ):
        assert part in words
    kept = json.loads(written["course.json"].read_text(encoding="utf-8"))
    assert kept["passed"] is True
    assert kept["plateau"]["best"]["both"] == answers.plateau.best.both
    with pytest.raises(BadName, match="html"):
        answers.save(tmp_path, formats=("htm",))


@pytest.mark.finding("G7")
def test_the_stable_order_keeps_what_remains_small_and_not_what_is_past():
    peaks = cv.product_peaks(16, mu=1, L=100, order="stable")
    assert peaks.partial == pytest.approx(79.8, abs=0.05)
    assert peaks.remaining == pytest.approx(1.0, abs=0.05)
    rates = cv.chebyshev_steps(16, mu=1, L=100, order="stable")
    assert rates[0] == rates.max() == pytest.approx(1 / (50.5 - 49.5 * np.cos(np.pi / 32)), rel=closed_optimum(100.0))
    written = "".join(path.read_text(encoding="utf-8") for path in Path(cv.__file__).parent.rglob("*.py"))
    assert "1881" in written
    assert "Markov 1890" not in written


@pytest.mark.parametrize(
    ("name", "words"), [("audit", ["--source", "002,000", "--json"]), ("audit", ["--source", "000", "--out", "{out}"])]
)
def test_the_commands_run(name, words, tmp_path, capsys):
    assert main([name, *(word.format(out=tmp_path) for word in words)]) == 0
    printed = capsys.readouterr().out
    if "--json" in words:
        assert {one["source"] for one in json.loads(printed)["findings"]} == {"002", "000"}
    else:
        assert (tmp_path / "audit.html").is_file()
