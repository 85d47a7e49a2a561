"""A diagnosis names the direction that fails, the inequality it breaks, the nearest setting that does not, and the best."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
import sympy as sp

import convergence as cv
from convergence import diagnose
from convergence.diagnosis import directions as directions_module
from convergence.diagnosis.limit import limit
from convergence.diagnosis.nearest import HALVED, INSIDE, nearest
from convergence.diagnosis.verdict import FEW, SLOW, VERDICTS

ROUNDING = 1e-9
"""Closed forms in doubles, and edges that are roots of polynomials of degree three at most."""


def problem(curvatures, rows=60, seed=3):
    return cv.datasets.with_spectrum(curvatures, rows=rows, rng=seed, noise=0.1)


def counted(method, curvature, hyper):
    """Steps to a thousandth along one direction, by a loop over the rule itself."""
    rule, x = cv.METHODS[method], [1.0]

    class Parabola:
        grad = staticmethod(lambda at: curvature * at)
        solve = staticmethod(lambda g: g / curvature)

    state = rule.start(Parabola, 1.0)
    for _ in range(6000):
        state = rule(Parabola, *state, **hyper)
        x.append(abs(state[0]))
    return int(np.nonzero(np.array(x) > 1e-3)[0].max()) + 1


def test_one_diverging_direction_among_fifty_is_the_culprit():
    found = diagnose(problem([*np.linspace(1, 40, 49), 100.0]), method="gradient_descent", lr=0.03)
    assert found.verdict == "diverges"
    assert not found
    assert len(found.unstable) == 1
    assert found.direction.index == 0
    assert found.curvature == pytest.approx(100)
    assert found.eigenvalues[0] == pytest.approx(1 - 0.03 * 100)
    assert found.limit.bound == pytest.approx(2 / 100)
    assert found.limit.value == 0.03
    assert found.limit.broken
    assert "2/λ" in found.limit.text


@pytest.mark.parametrize(
    ("method", "hyper", "bound"),
    [
        ("heavy_ball", {"lr": 0.5, "momentum": 0.9}, lambda c, b: 2 * (1 + b) / c),
        ("nesterov", {"lr": 0.5, "momentum": 0.9}, lambda c, b: 2 * (1 + b) / (c * (1 + 2 * b))),
        ("ema_momentum", {"lr": 9.0, "momentum": 0.3}, lambda c, b: 2 * (2 - b) / (b * c)),
    ],
)
def test_the_broken_limit_is_the_published_bound(method, hyper, bound):
    found = diagnose(method=method, curvatures=[10.0, 1.0], **hyper)
    assert found.limit.name == "lr"
    assert found.limit.bound == pytest.approx(bound(10.0, hyper["momentum"]), rel=ROUNDING)
    assert found.nearest_rate.edge == pytest.approx(found.limit.bound, rel=ROUNDING)


def test_momentum_above_one_breaks_the_limit_of_the_momentum():
    found = diagnose(method="heavy_ball", curvatures=[10.0, 1.0], lr=0.01, momentum=1.2)
    assert (found.limit.name, found.limit.bound, found.limit.value) == ("momentum", 1.0, 1.2)
    assert found.nearest_rate is None
    assert found.nearest.joint
    assert found.nearest.hyper["momentum"] == pytest.approx(1, abs=1e-4)
    assert found.nearest.change == pytest.approx(0.2, abs=1e-3)


def test_a_wrong_bound_is_not_what_breaks(monkeypatch):
    """Deliberately: a region whose bound is 1 % off says another number than the published one."""
    method = cv.METHODS["gradient_descent"]
    region = cv.stability(method)
    eta = next(iter(region.conditions)).lhs
    wrong = dataclasses.replace(region, conditions=(sp.StrictLessThan(eta, region.lr_max * sp.Rational(101, 100)),))
    monkeypatch.setattr("convergence.diagnosis.limit.region", lambda _: wrong)
    assert limit(method, [10.0], {"lr": 0.5}).bound != pytest.approx(0.2, rel=1e-3)


@pytest.mark.parametrize(
    ("method", "hyper"),
    [
        ("heavy_ball", {"lr": 0.9, "momentum": 0.5}),
        ("heavy_ball", {"lr": 0.3, "momentum": 1.1}),
        ("nesterov", {"lr": 0.3, "momentum": 0.2}),
        ("nesterov", {"lr": 0.02, "momentum": 1.3}),
    ],
)
def test_nothing_stable_lies_nearer_than_the_nearest(method, hyper):
    """Against a blind grid over (lr, momentum): no stable point of it changes less, and some come almost as near."""
    curvatures = np.array([10.0, 4.0, 1.0])
    found = diagnose(method=method, curvatures=curvatures, **hyper)
    assert cv.stability(method).contains(curvatures, **found.nearest.hyper).all()
    lr, momentum = np.meshgrid(np.linspace(1e-4, 2 * hyper["lr"], 900), np.linspace(0, 1.6, 801))
    stable = cv.spectral_radius(method, curvatures, over="spectrum", lr=lr[..., None][..., 0], momentum=momentum) < 1
    change = np.hypot(lr / hyper["lr"] - 1, momentum - hyper["momentum"])[stable].min()
    spacing = np.hypot(2 / 900, 1.6 / 800)
    assert found.nearest.change <= change + 10 * INSIDE
    assert found.nearest.change >= change - 3 * spacing
    if found.nearest_rate is not None:
        assert found.nearest.change <= found.nearest_rate.change


def test_the_safe_setting_keeps_its_margin_and_its_steps():
    found = diagnose(method="heavy_ball", curvatures=[10.0, 1.0], lr=0.9, momentum=0.5)
    safe = found.nearest_rate.safe
    assert safe["lr"] == pytest.approx(0.9 * found.nearest_rate.edge)
    assert found.nearest_rate.safe_steps == max(counted("heavy_ball", c, safe) for c in (10.0, 1.0))


def test_a_stable_setting_is_its_own_nearest():
    found = diagnose(method="heavy_ball", curvatures=[10.0, 1.0], lr=0.1, momentum=0.5)
    assert found.nearest.change == 0
    assert found.nearest.hyper == {"lr": 0.1, "momentum": 0.5}


@pytest.mark.parametrize(
    ("method", "hyper", "verdict"),
    [
        ("gradient_descent", {"lr": 0.21}, "diverges"),
        ("gradient_descent", {"lr": 0.0}, "stalls"),
        ("heavy_ball", {"lr": 0.1, "momentum": 1.0}, "stalls"),
        ("gradient_descent", {"lr": 0.2}, "stalls"),
        ("gradient_descent", {"lr": 0.001}, "crawls"),
        ("gradient_descent", {"lr": 0.1999}, "oscillates"),
        ("heavy_ball", {"lr": 0.1, "momentum": 0.99}, "oscillates"),
        ("heavy_ball", {"lr": 1e-4, "momentum": 0.8}, "overdamped"),
        ("heavy_ball", {"lr": 1e-4, "momentum": 0.0}, "crawls"),
        ("gradient_descent", {"lr": 2 / 11}, "fine"),
        ("newton", {"lr": 1.0}, "fine"),
        ("newton", {"lr": 0.01}, "crawls"),
    ],
)
def test_verdicts(method, hyper, verdict):
    found = diagnose(method=method, curvatures=[10.0, 1.0], **hyper)
    assert found.verdict == verdict
    assert verdict in VERDICTS
    assert bool(found) == (verdict not in ("diverges", "stalls"))


def test_slow_is_measured_by_the_best_of_the_same_method():
    found = diagnose(method="gradient_descent", curvatures=[10.0, 1.0], lr=0.02)
    assert found.steps == counted("gradient_descent", 1.0, {"lr": 0.02})
    assert found.best.steps == counted("gradient_descent", 1.0, {"lr": 2 / 11})
    assert found.ratio == pytest.approx(found.steps / found.best.steps)
    assert found.steps > SLOW * found.best.steps + FEW
    assert found.best.rate == pytest.approx(9 / 11)


@pytest.mark.parametrize("method", ["heavy_ball", "nesterov", "ema_momentum", "torch_sgd"])
def test_steps_of_every_direction_agree_with_a_loop(method):
    found = diagnose(method=method, curvatures=[3.0, 1.0, 0.2], lr=0.3, momentum=0.6)
    hyper = cv.METHODS[method].settings({"lr": 0.3, "momentum": 0.6})
    assert [state.steps for state in found.directions] == [counted(method, c, hyper) for c in (3.0, 1.0, 0.2)]


def test_a_wrong_count_of_steps_would_be_seen(monkeypatch):
    monkeypatch.setattr(directions_module, "WITHIN", 2e-3)
    found = diagnose(method="gradient_descent", curvatures=[1.0], lr=0.05)
    assert found.steps != counted("gradient_descent", 1.0, {"lr": 0.05})


@pytest.mark.parametrize("name", sorted(set(cv.methods.LINEAR) - {"robust_momentum"}))  # deriving its optimum takes seconds
def test_every_method_of_the_catalogue_is_diagnosed(name):
    method = cv.METHODS[name]
    defaults = {"lr": 0.05, "momentum": 0.5, "nu": 0.7, "gamma": 0.3, "dampening": 0.0, "weight_decay": 0.01}
    hyper = {h: defaults.get(h, 0.1) for h in method.hyper if h not in dict(method.defaults)}
    found = diagnose(method=method, curvatures=[10.0, 1.0], **hyper)
    radius = cv.spectral_radius(method, [10.0, 1.0], over="spectrum", **hyper)
    assert found.radius == pytest.approx(float(radius), abs=1e-9)
    assert found.converges == (radius < 1)
    assert "Diagnosis" in repr(found)
    assert found._repr_markdown_().startswith("**")


def test_a_users_own_rule_with_three_states():
    def averaged(f, x, v, m, *, lr, momentum):
        v = momentum * v + f.grad(x)
        x = x - lr * v
        return x, v, 0.5 * m + 0.5 * x

    found = diagnose(method=averaged, curvatures=[10.0, 1.0], lr=0.9, momentum=0.5)
    assert found.verdict == "diverges"
    assert len(found.eigenvalues) == 3
    assert found.nearest_rate.edge == pytest.approx(2 * 1.5 / 10)


def test_columns_of_different_size_are_told():
    random = np.random.default_rng(0)
    X = random.standard_normal((80, 3)) * [1, 100, 1]
    found = diagnose(X, random.standard_normal(80), method="gradient_descent", lr=1e-3, columns=["a", "big", "c"])
    assert found.direction.columns[0] == "big"
    assert found.scaling.helps
    assert found.scaling.largest == "big"
    assert found.scaling.scaled == pytest.approx(cv.LeastSquares(X / np.linalg.norm(X, axis=0), X[:, 0]).kappa)
    assert any("Scale the columns" in sentence and "big" in sentence for sentence in found.advice)
    assert found.advice[0].startswith("Lower lr")


def test_where_no_setting_is_quick_scaling_comes_first():
    found = diagnose(cv.datasets.longley(), method="heavy_ball", lr=1e-3, momentum=0.9)
    assert found.advice[0].startswith("Scale the columns")
    assert found.advice[2].startswith("Lower lr")


def test_orthonormal_columns_are_not_told_to_be_scaled():
    found = diagnose(problem([4.0, 3.9]), method="gradient_descent", lr=0.6)
    assert not any("Scale" in sentence for sentence in found.advice)


def test_rank_deficiency_a_single_column_and_kappa_one():
    flat = diagnose(problem([5.0, 2.0, 0.0]), method="gradient_descent", lr=0.1)
    assert (flat.flat, len(flat.directions)) == (1, 2)
    assert any("data say nothing" in sentence for sentence in flat.advice)
    single = diagnose(np.ones((4, 1)), np.arange(4.0), method="heavy_ball", lr=1.0, momentum=0.5)
    assert single.verdict == "diverges"
    assert single.kappa == 1
    assert single.best.rate == pytest.approx(0, abs=1e-6)
    assert diagnose(method="newton", curvatures=[3.0, 3.0], lr=1.0).steps == 1


def test_a_learning_rate_of_zero_stalls_and_any_small_one_helps():
    found = diagnose(method="gradient_descent", curvatures=[2.0], lr=0.0)
    assert found.limit.broken
    assert found.nearest.hyper["lr"] > 0
    assert cv.stability("gradient_descent").contains(2.0, **found.nearest.hyper)


def test_all_forms_of_the_data_agree():
    p = problem([7.0, 2.0, 1.0])
    hyper = {"lr": 0.4, "momentum": 0.2}
    forms = [
        diagnose(p, method="heavy_ball", **hyper),
        diagnose(p.X, p.y, method="heavy_ball", **hyper),
        diagnose((p.X, p.y), method="heavy_ball", **hyper),
        diagnose(p.curvatures.tolist(), method="heavy_ball", **hyper),
        diagnose((p.X, p.y), method="heavy_ball", **hyper),
        diagnose(p.curvatures.tolist(), method="heavy_ball", **hyper),
        diagnose(2**-0.5 * 2 * p.X, p.y, method="heavy_ball", loss="half", **hyper),
        diagnose(method=cv.METHODS["heavy_ball"], curvatures=p.curvatures, **hyper),
    ]
    for form in forms:
        assert form.verdict == forms[0].verdict
        assert form.radius == pytest.approx(forms[0].radius)
        assert form.nearest.change == pytest.approx(forms[0].nearest.change, abs=1e-6)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: diagnose(method="gradient_descent", curvatures=[1.0]), cv.BadHyperparameter, "missing: lr"),
        (lambda: diagnose(method="gradient_descent", curvatures=[1.0], lr=1, beta=2), cv.BadHyperparameter, "beta"),
        (
            lambda: diagnose(method="heavy_ball", curvatures=[1.0], lr=1, momentum=-0.5),
            cv.BadHyperparameter,
            "0 or more",
        ),
        (lambda: diagnose(method="gradient_descent", curvatures=[1.0], lr=np.nan), cv.BadHyperparameter, "finite"),
        (lambda: diagnose(method="gradient_descent", curvatures=[1.0, -2.0], lr=1), cv.BadData, "saddle"),
        (lambda: diagnose(method="gradient_descent", curvatures=[np.nan], lr=1), cv.BadData, "finite"),
        (lambda: diagnose([[1.0], [np.nan]], [1, 2], method="gradient_descent", lr=1), cv.BadData, "finite"),
        (lambda: diagnose(method="gradient_descent", lr=1), cv.BadData, "exactly one"),
        (lambda: diagnose([[1.0]], method="gradient_descent", lr=1), cv.BadData, "target"),
        (lambda: diagnose(method="gradientdescent", curvatures=[1.0], lr=1), cv.BadName, "gradient_descent"),
    ],
)
def test_what_cannot_be_diagnosed_says_why(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_rotating_the_data_does_not_move_the_answer():
    p = problem([7.0, 2.0, 1.0])
    turn = np.linalg.qr(np.random.default_rng(4).standard_normal((3, 3)))[0]
    one, two = (diagnose(X, p.y, method="nesterov", lr=0.4, momentum=0.9) for X in (p.X, p.X @ turn))
    assert one.radius == pytest.approx(two.radius)
    assert one.limit.bound == pytest.approx(two.limit.bound)


def test_nearest_of_a_method_without_a_rate_is_none():
    def fixed(f, x):
        return x - 0.5 * f.grad(x)

    assert nearest(cv.method(fixed), np.array([10.0]), {}) == (None, None)
    assert diagnose(method=fixed, curvatures=[10.0]).verdict == "diverges"


@pytest.mark.parametrize("method", ["weight_decay_coupled", "weight_decay_decoupled"])
def test_weight_decay_moves_flat_directions_too(method):
    hyper = {"lr": 1.0, "momentum": 0.5, "weight_decay": 0.01}
    found = diagnose(method=method, curvatures=[1, 2, 0], **hyper)
    assert (found.flat, len(found.directions), found.kappa) == (0, 3, np.inf)
    assert found.direction.curvature == 0
    assert found.steps == counted(method, 0.0, hyper)
    assert found.radius == pytest.approx(float(cv.spectral_radius(method, 0.0, **hyper)))
    assert not any("stay as they began" in sentence for sentence in found.advice)
    still = diagnose(method=method, curvatures=[1, 2, 0], **{**hyper, "weight_decay": 0.0})
    assert (still.flat, len(still.directions)) == (1, 2)
    assert any("stay as they began" in sentence for sentence in still.advice)


def test_weight_decay_alone_can_diverge_in_every_direction():
    hyper = {"lr": 4.0, "momentum": 0.0, "weight_decay": 0.6}
    found = diagnose(method="weight_decay_coupled", curvatures=[0.01, 0.02, 0], **hyper)
    assert found.headline.startswith("diverges: 3 of 3")
    random = np.random.default_rng(0)
    X = random.standard_normal((30, 2))
    data = diagnose(np.column_stack([X, X[:, 0]]), random.standard_normal(30), method="weight_decay_coupled", **hyper)
    assert len(data.directions) == 3
    assert data.directions[-1].curvature == 0
    assert data.directions[-1].radius == pytest.approx(1.4)


ADVISED = [
    ("heavy_ball", [5.28, 2.7e-6], {"lr": 0.05, "momentum": 0.9}),
    ("heavy_ball", [0.2641414, 1.35e-7], {"lr": 1.0, "momentum": 0.9}),
    ("gradient_descent", [1e7, 1.0], {"lr": 1e-9}),
    ("gradient_descent", [3.0, 1e-5], {"lr": 0.66668}),
    ("nesterov", [7.0, 1e-4], {"lr": 1e-5, "momentum": 0.5}),
    ("heavy_ball", [7.0, 1e-14], {"lr": 0.1, "momentum": 0.5}),
    ("heavy_ball", [7.0, 0.3], {"lr": 0.9, "momentum": 1.3}),
]


@pytest.mark.parametrize(("method", "curvatures", "hyper"), ADVISED)
def test_what_is_advised_is_stable_as_it_is_printed(method, curvatures, hyper):
    found = diagnose(method=method, curvatures=curvatures, **hyper)
    parsed = [*map(settings_in, [*found.advice, *(value for what, value in found.findings if what != "settings")])]
    printed = [one for one in parsed if one]
    assert printed
    for read in printed:
        assert cv.stability(method).contains(curvatures, **{**hyper, **read}).all(), read
    for best in (found.best.printed, found.best_rate and found.best_rate.printed):
        if best is not None:
            radius = float(cv.spectral_radius(method, curvatures, over="spectrum", **best.hyper))
            assert radius < 1
            assert best.rate == pytest.approx(radius, abs=1e-9)


def settings_in(sentence):
    """The settings that a reader would type after a sentence: {name: value} of its first setting."""
    alone = re.match(r"(?:Raise|Lower) lr (?:from \S+ )?to ([\d.e+-]*\d)", sentence)
    if alone:
        return {"lr": float(alone[1])}
    if sentence.startswith("With κ"):
        return {}
    pairs = re.findall(r"(lr|momentum)=([\d.e+-]*\d)", sentence)
    return {name: float(value) for name, value in reversed(pairs)}


def test_the_best_rate_near_the_edge_is_written_with_the_digits_that_it_needs():
    """The limit is 14.3863, which four digits round to beyond it."""
    units = 3.8 / 14.3863 * np.array([1.0, 5e-7])
    found = diagnose(method="heavy_ball", curvatures=units, lr=1.0, momentum=0.9)
    told = found.best_rate.printed
    assert told.steps == pytest.approx(found.best_rate.steps, rel=1e-2)
    assert f"to {told.hyper['lr']:.15g} with" in found.advice[0]
    assert cv.spectral_radius("heavy_ball", units, over="spectrum", lr=14.39, momentum=0.9) > 1


@pytest.mark.finding("A5")
def test_the_best_rate_is_the_derived_optimum_where_six_digits_do_not_suffice():
    X = np.column_stack([np.arange(400.0), np.ones(400)])
    found = diagnose(X, X[:, 0], method="gradient_descent", loss="mean", lr=1e-5)
    for best in (found.best, found.best_rate):
        assert best.hyper["lr"] == pytest.approx(1.8820164e-5, rel=1e-8)
        assert best.steps == pytest.approx(731_342, rel=1e-5)
        assert best.printed.steps == pytest.approx(731_342, rel=1e-4)


@pytest.mark.parametrize("ratio", [1e10, 1e12])
def test_the_best_momentum_is_told_beyond_what_doubles_tell_of_its_roots(ratio):
    """β = ((√κ − 1)/(√κ + 1))² is 1 − 4/√κ; the double root at it is known to the root of a rounding only."""
    data = cv.LeastSquares([[ratio, 0.0], [0.0, 1.0], [0.0, 0.0]], [1.0, 2.0, 3.0])
    found = diagnose(data, method="heavy_ball", lr=1 / data.L, momentum=0.9)
    for best in (found.best, found.best.printed):
        assert 1 - best.hyper["momentum"] == pytest.approx(4 / ratio, rel=1e-4)
    assert 3.4 < found.best.steps / ratio < 3.5 < found.best.printed.steps / ratio < 6
    assert found.steps == pytest.approx(0.2 * np.log(1e3) / 2 * ratio**2, rel=0.02)  # λ/L·10 a step


def test_rounding_does_not_choose_among_rates_that_are_as_good():
    """Where all eigenvalues are complex the radius is √β at any rate: the one of the fewest steps is told."""
    told = [
        diagnose(method="heavy_ball", curvatures=[0.03], lr=0.15, momentum=momentum).best_rate
        for momentum in (0.8245, 0.8245000000000025, 0.82449999999999)
    ]
    assert {best.hyper["lr"] for best in told} == {told[0].hyper["lr"]}
    assert told[0].steps < 70


@pytest.mark.finding("A5")
def test_the_nearest_limit_is_the_nearest_of_all_directions():
    found = diagnose(method="gradient_descent", curvatures=[10.0, 1.0], lr=0.05)
    assert found.direction.curvature == 1.0
    assert found.limit.bound == pytest.approx(0.2)


@pytest.mark.finding("A4")
def test_many_steps_are_not_fine_even_where_they_are_the_best():
    found = diagnose(method="gradient_descent", curvatures=[1e6, 1.0], lr=1.99e-6)
    assert found.ratio < SLOW
    assert found.verdict == "crawls"
    assert f"{found.steps:,}".replace(",", "\u202f") in found.headline


@pytest.mark.finding("D14")
def test_the_scaling_of_the_loss_is_said():
    found = diagnose(np.eye(2), [1.0, 2.0], loss="mean", method="gradient_descent", lr=0.5)
    assert dict(found.findings)["loss"].startswith("mean: ‖Xw − y‖²/n")
    assert "loss" not in dict(diagnose(method="gradient_descent", curvatures=[1.0], lr=0.5).findings)


def test_a_method_with_a_clock_says_that_this_is_its_limit():
    hyper = dict.fromkeys(cv.METHODS["frozen_adam"].hyper, 0.1)
    found = diagnose(method="frozen_adam", curvatures=[10.0, 1.0], **hyper)
    assert sum("early steps differ" in sentence for sentence in found.advice) == 1
    plain = diagnose(method="heavy_ball", curvatures=[10.0, 1.0], lr=0.1, momentum=0.1)
    assert not any("early steps differ" in sentence for sentence in plain.advice)


@pytest.mark.parametrize(
    "hyper", [{"lr": 0.9, "momentum": 0.5}, {"lr": 0.31, "momentum": 0.5}, {"lr": 1e-3, "momentum": 1.2}]
)
def test_both_are_shown_only_where_they_halve_the_change(hyper):
    found = diagnose(method="heavy_ball", curvatures=[10.0, 1.0], **hyper)
    alone, joint = found.nearest_rate, found.nearest_joint
    worth = joint is not None and (alone is None or joint.change < HALVED * alone.change)
    assert worth == ("nearer still" in dict(found.findings))
    if joint is not None:
        momentum = joint.printed.hyper["momentum"]
        for moved in (momentum - 0.02, momentum + 0.02):
            assert cv.stability("heavy_ball").contains([10.0, 1.0], **{**joint.printed.hyper, "momentum": moved}).all()


def test_a_repeated_eigenvalue_is_told_from_two_real_ones():
    """Heavy ball at lr·λ = (1 − √β)² is critically damped; a little below, its eigenvalues are two real ones."""

    def regimes(lr):
        found = cv.diagnose(curvatures=[1.0, 2.0], method="heavy_ball", lr=lr, momentum=0.25)
        return {direction.curvature: direction.regime for direction in found.directions}

    assert regimes(0.25) == {1.0: "repeated", 2.0: "complex"}
    assert regimes(0.1) == {1.0: "real", 2.0: "real"}


@pytest.mark.finding("A5")
def test_on_the_edge_itself_the_nearest_limit_is_that_edge():
    """At lr = 2/λ exactly, gradient descent is on the upper edge: not 0, the other end, is nearest."""
    found = cv.diagnose(curvatures=[10.0, 1.0], method="gradient_descent", lr=0.2)
    assert found.limit.broken
    assert found.limit.bound == found.limit.value == 0.2
    assert found.nearest_rate.edge == pytest.approx(0.2, rel=1e-12)
    assert 0.1999 < found.nearest.hyper["lr"] < 0.2
