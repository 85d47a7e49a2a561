"""What is published on adaptive methods holds: by the derived theory where it speaks of it, and by runs of the rules."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
import sympy as sp

import convergence as cv
import convergence.evidence.literature_adaptive as literature
from convergence.evidence.literature import CURVATURE, DECAY, RATE
from convergence.evidence.literature_adaptive import BOX, CYCLE, DECREASE, EDGE, KINDS, OFFSET, SHARE


def entry(method, kind):
    (found,) = (one for one in literature.on_adaptive(method) if one.kind == kind)
    return found


def test_every_entry_has_a_source_a_known_method_and_a_kind():
    assert {one.kind for one in literature.ON_ADAPTIVE} == set(KINDS)
    assert all(one.source and one.claim and one.method in cv.METHODS for one in literature.ON_ADAPTIVE)
    assert literature.on_adaptive("newton") == ()


def test_it_sees_nothing_of_theory():
    tree = ast.parse(Path(literature.__file__).read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name for name in imported if name.startswith("convergence")} == {"convergence.evidence.literature"}


def test_cohens_edge_is_adam_s_limit_in_units_of_its_preconditioner():
    published = entry("adam", EDGE).value
    assert published.subs({SHARE: sp.Rational(9, 10), RATE: 1}) == 38
    limit = cv.stability("adam").lr_max  # of η at curvature λ; there P is ε
    assert sp.simplify(published.subs(RATE, limit) - CURVATURE / OFFSET) == 0
    frozen = cv.stability("frozen_adam").lr_max.subs(cv.METHODS["frozen_adam"].symbols["momentum"], SHARE)
    assert sp.simplify(published.subs(RATE, frozen) - CURVATURE) == 0
    exchanged = published.subs(SHARE, sp.Symbol("beta2", nonnegative=True))
    assert sp.simplify(exchanged.subs(RATE, limit) - CURVATURE / OFFSET) != 0


def test_adam_s_two_cycles_exist_for_all_hyperparameters():
    (cycle,) = cv.cycles("adam", int(entry("adam", CYCLE).value), eps=0)
    assert cycle.exists is True
    x, m, v = cycle.state[:3]
    rule = cv.METHODS["adam"]
    settings = {"lr": 0.3, "beta1": 0.7, "beta2": 0.6, "eps": 0.0}
    at = {rule.symbols[name]: value for name, value in settings.items()}
    state = [float(sp.N(value.subs(at))) for value in (x, m, v)]
    f = type("Half", (), {"grad": staticmethod(lambda x: x)})
    there = rule(f, *rule(f, *state, 0.0, 0.0, **settings), **settings)
    assert there[:3] == pytest.approx(state, rel=1e-12)


@pytest.mark.parametrize(("lr", "b0"), [(0.3, 0.1), (1.0, 0.1), (10.0, 1.0)])
def test_adagrad_norm_s_least_squared_gradient_times_steps_stays_bounded(lr, b0):
    """On x² + 3 sin²x, which is smooth and not convex; a rate that falls faster than 1/√s would not do."""
    assert entry("adagrad_norm", DECREASE).value == -1

    def largest(power, steps=20_000):
        x, s, least, products = 3.0, 0.0, np.inf, []
        for n in range(1, steps + 1):
            g = 2 * x + 3 * np.sin(2 * x)
            s += g * g
            x -= lr * g / (b0 * b0 + s) ** power
            least = min(least, g * g)
            products.append(n * least)
        return max(products[: steps // 20]), products[-1]

    early, late = largest(0.5)
    assert late <= 1.01 * early
    if lr == 0.3:
        early, late = largest(2.0)
        assert late > 1.01 * early


@pytest.mark.parametrize(("minimiser", "decay"), [(3.0, 0.5), (1.0, 0.5), (-7.0, 0.25)])
def test_adamw_comes_to_rest_at_the_minimum_over_the_box(minimiser, decay):
    """F76: at clip(w*, ±1/δ), and not at a ridge's w*/(1+δ); the rate falls as 1/√t, with an infinite sum."""
    rule, f = cv.METHODS["adamw"], type("At", (), {"grad": staticmethod(lambda x: x - minimiser)})
    state = rule.start(f, np.float64(0.0))
    for t in range(20_000):
        state = rule(f, *state, lr=0.3 / np.sqrt(1 + t), weight_decay=decay, beta1=0.9, beta2=0.999, eps=1e-12)
    side = float(entry("adamw", BOX).value.subs(DECAY, decay))
    assert state[0] == pytest.approx(np.clip(minimiser, -side, side), abs=5e-3)
    assert abs(state[0] - minimiser / (1 + decay)) > 0.01 or abs(minimiser) > side


def test_the_heavy_ball_runs_round_the_three_cycle_and_gradient_descent_does_not():
    found = entry("heavy_ball", CYCLE)
    lr, momentum = found.hyper["lr"], found.hyper["momentum"]
    a, b, c = found.points
    around = [(c, a, b), (a, b, c), (b, c, a)]
    assert all(x - lr * literature.three_cycle_slope(x) + momentum * (x - last) == new for last, x, new in around)
    ball = cv.optimum("heavy_ball").at(mu=1, L=25).hyper
    assert (ball["lr"], ball["momentum"]) == pytest.approx((float(lr), float(momentum)))
    x = last = 3.3
    for _ in range(300):
        x, last = x - float(lr) * literature.three_cycle_slope(x) + float(momentum) * (x - last), x
    assert min(abs(x - float(p)) for p in found.points) < 1e-9
    x = 3.3
    for _ in range(600):
        x -= literature.three_cycle_slope(x) / 25
    assert abs(x) < 1e-9
