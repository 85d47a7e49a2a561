"""A hyperparameter that only adds to the curvature is added to μ and L, and the optimum is that of the plain method."""

from __future__ import annotations

import pytest
import sympy as sp

import convergence as cv

TRIPLE = 1e-4
"""Where the rate vanishes all eigenvalues meet at 0: coefficients known to 1e-12 leave roots of them, as of z³ = 1e-12."""

mu, L = sp.symbols("mu L", positive=True)
delta = sp.Symbol("delta", positive=True)


def test_coupled_decay_adds_to_the_curvature_and_decoupled_does_not():
    assert cv.derive("weight_decay_coupled").adds_to_curvature("weight_decay")
    assert not cv.derive("weight_decay_decoupled").adds_to_curvature("weight_decay")
    assert not cv.derive("heavy_ball").adds_to_curvature("momentum")


@pytest.mark.parametrize("fixed", [{}, {"momentum": 0}, {"momentum": sp.Rational(1, 2)}])
def test_the_optimum_is_heavy_balls_at_the_shifted_ends(fixed):
    decayed, plain = cv.optimum("weight_decay_coupled", weight_decay=delta, **fixed), cv.optimum("heavy_ball", **fixed)
    for ends in ((1, 30), (2, 5)):
        at = {mu: ends[0], L: ends[1], delta: 3}
        moved = {mu: ends[0] + 3, L: ends[1] + 3}
        assert abs(sp.N(decayed.rate.subs(at) - plain.rate.subs(moved), 30)) < 1e-25
        assert abs(sp.N(decayed.hyper["lr"].subs(at) - plain.hyper["lr"].subs(moved), 30)) < 1e-25


def test_a_closed_form_that_is_nothing_over_nothing_is_solved_numerically():
    for name in cv.methods.LINEAR:
        tuned = cv.optimum(name).at(mu=2, L=2, **({"dampening": 0.0} if name == "torch_sgd" else {}))
        assert tuned.rate == pytest.approx(0, abs=TRIPLE)
