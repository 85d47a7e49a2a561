"""No optimum, bound or rate stands in the code: change a rule under its own name, and every formula changes with it."""

from __future__ import annotations

from dataclasses import replace
from functools import wraps

import pytest
import sympy as sp

import convergence as cv

mu, L, lam = sp.symbols("mu L lambda", positive=True)
STEEPER = {lam: 3 * lam, mu: 3 * mu, L: 3 * L}
AT = {lam: sp.Rational(7, 5), mu: sp.Rational(2, 7), L: sp.Rational(31, 3)}
OTHERS = {"beta": sp.Rational(3, 11), "d": sp.Rational(1, 5), "nu": sp.Rational(2, 9), "delta": sp.Rational(1, 9)}


class Steeper:
    """The same objective three times as steep."""

    def __init__(self, f):
        self.f = f

    def grad(self, x):
        return 3 * self.f.grad(x)

    def solve(self, g):
        return self.f.solve(g) / 3


def steeper(m):
    """A method of the same name, state and hyperparameters, on the steeper objective."""

    @wraps(m.rule)
    def rule(f, *state, **hyper):
        return m.rule(Steeper(f), *state, **hyper)

    return replace(m, rule=rule, starts=lambda f, x: m.start(Steeper(f), x))


def same(changed, plain):
    """The changed formula is the plain one at three times the curvatures: at a point, to forty digits."""
    letters = {s: OTHERS.get(s.name, sp.Rational(3, 7)) for s in (changed.free_symbols | plain.free_symbols) - set(AT)}
    gap = changed - plain.subs(STEEPER, simultaneous=True)
    return abs(gap.subs(letters).subs(AT).evalf(40)) < 1e-35


@pytest.mark.parametrize("name", ["gradient_descent", "newton", "heavy_ball", "ema_momentum", "nesterov"])
def test_on_a_steeper_objective_every_formula_is_that_of_three_times_the_curvature(name):
    plain, changed = cv.METHODS[name], steeper(cv.METHODS[name])
    assert same(cv.stability(changed).lr_max, cv.stability(plain).lr_max)
    best, other = cv.optimum(plain), cv.optimum(changed)
    assert same(other.rate, best.rate)
    assert all(same(sp.sympify(other.hyper[n]), sp.sympify(best.hyper[n])) for n in best.hyper)
    one, two = cv.regimes(plain), cv.regimes(changed)
    assert one.repeated is None or all(map(same, two.repeated, one.repeated))


def test_so_are_the_conditions_of_a_rule_without_formulas():
    plain, changed = (
        cv.stability(m).contains for m in (cv.METHODS["robust_momentum"], steeper(cv.METHODS["robust_momentum"]))
    )
    for lr in (0.05, 0.1, 0.2, 0.4, 0.8, 1.6):
        assert changed(1.0, lr=lr, contraction=0.7) == plain(3.0, lr=lr, contraction=0.7)


def test_a_smaller_step_changes_the_optimum_and_not_its_rate():
    """A factor on the learning rate is taken out of it again; one on the momentum of what is left is a worse method."""

    @wraps(cv.METHODS["heavy_ball"].rule)
    def shorter(f, x, v, *, lr, momentum):
        return cv.METHODS["heavy_ball"].rule(f, x, v, lr=lr / 5, momentum=momentum)

    plain, changed = cv.optimum("heavy_ball"), cv.optimum(replace(cv.METHODS["heavy_ball"], rule=shorter))
    assert sp.simplify(changed.rate - plain.rate) == 0
    assert sp.simplify(changed.hyper["lr"] - 5 * plain.hyper["lr"]) == 0
