"""A formula that was chosen among several is decided everywhere that it claims to hold, or it says "holds where tried"."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

import convergence as cv

LAM, DELTA = sp.Symbol("lambda", positive=True), sp.Symbol("delta", nonnegative=True)


@cv.method
def cooled(f, x, b, *, lr, weight_decay):
    """Two decays: of the position, and a quarter more of a buffer. The second binds for δ > 4λ."""
    return x - lr * (f.grad(x) + weight_decay * x), b - lr * weight_decay * b * 5 / 4


@cv.method
def steep(f, x, *, lr, a, b):
    """Of a degree that is not cut into cells."""
    return x - lr * (1 + a**13 * b**13) * f.grad(x)


@cv.method
def dipped(f, x, v, *, lr, b):
    """What is kept of v has no slope at b = 2/11."""
    v = (11 * b - 2) ** 2 * v / 121 + f.grad(x)
    return x - lr * v, v


@pytest.mark.parametrize("decay", [0.01, 1.0, 3.9, 4.1, 50.0, 1e4])
def test_a_decay_may_be_larger_than_the_curvature(decay):
    stable = cv.stability(cooled)
    assert stable.decided
    bound = float(stable.lr_max.subs({LAM: 1, DELTA: sp.Float(decay)}))
    assert bound == pytest.approx(stable.largest_lr(1.0, weight_decay=decay), rel=1e-12)
    assert bound == pytest.approx(min(2 / (1 + decay), 8 / (5 * decay)), rel=1e-12)


def test_what_was_tried_at_a_few_points_says_so(capsys):
    from convergence.cli import main

    for found in (cv.stability(steep), cv.regimes(steep)):
        assert not found.decided
        assert "holds where tried" in repr(found)
    for found in (cv.stability("heavy_ball"), cv.regimes("heavy_ball")):
        assert found.decided
        assert "tried" not in repr(found)
    assert main(["derive", f"{__file__}:steep"]) == 0
    assert "holds where tried" in capsys.readouterr().out


def test_the_rest_of_adamw_has_a_formula_that_holds_where_tried(capsys):
    from convergence.cli import main

    rest = cv.rests("adamw")
    assert not rest.decided
    assert "holds where tried" in repr(rest)
    assert main(["rests", "adamw"]) == 0
    assert "holds where tried" in capsys.readouterr().out


def by_hand(lr, k, c, b1, b2):
    """AdamW's radius at rest, with h = ηλ/(u + ε), k = δ(u + ε)/λ, c = δx = u/(u + ε): x ← (1 − hk)x − h(m − cv)."""
    slope = k * np.poly([b1, b2]) + np.polymul([1, 0], (1 - b1) * np.array([1, -b2]) - c * (1 - b2) * np.array([1, -b1]))
    return np.abs(np.roots(np.polyadd(np.poly([1, b1, b2]), lr * slope))).max()


def test_at_numbers_a_formula_that_was_only_tried_is_not_used():
    k, c, b1, b2, eps = 1e-3, 0.081, 0.808, 0.127, 0.1
    u, decay = eps * c / (1 - c), k * (1 - c) / eps
    rest = cv.rests("adamw", curvature=1, minimiser=c / decay + u, beta1=b1, beta2=b2, eps=eps, weight_decay=decay)
    assert rest.position == pytest.approx(c / decay, rel=1e-12)
    edge = rest.lr_max / (u + eps)
    assert by_hand(0.999 * edge, k, c, b1, b2) < 1 < by_hand(1.001 * edge, k, c, b1, b2)
    at = {"lambda": 1, "x": rest.position, "beta1": b1, "beta2": b2, "epsilon": eps, "delta": decay}
    formula = cv.rests("adamw").lr_max
    assert formula.subs({s: at[s.name] for s in formula.free_symbols}) > 1.1 * rest.lr_max


def test_which_hyperparameters_are_determined_is_decided_and_not_tried_at_a_point():
    assert cv.optimum(dipped, seconds=1e-9).undetermined == ()
    assert cv.optimum("torch_sgd", seconds=1e-9).undetermined == ("dampening",)
