"""One system: closing the open loop gives the iteration matrix; letters, roots, presets and the world outside are read."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import pytest
import sympy as sp
from user_rules import USERS, inner_step

import convergence as cv
from convergence.domain import Domain, Rate, Share
from convergence.theory.rest import rest_of

eta, lam, eps = sp.symbols("eta lambda epsilon", positive=True)


@pytest.mark.parametrize("rule", [*cv.methods.LINEAR.values(), *USERS, inner_step], ids=lambda rule: rule.name)
def test_closing_the_loop_gives_the_iteration_matrix(rule):
    derived = cv.derive(rule)
    assert (derived.loop.closed() - derived.matrix).applyfunc(sp.cancel).is_zero_matrix
    assert derived.loop.D.is_lower
    assert all(derived.loop.D[k, k] == 0 for k in range(derived.loop.D.rows))


@pytest.mark.parametrize("rule", [m for m in cv.methods.LINEAR.values() if cv.derive(m).linear and not cv.derive(m).clock])
def test_a_parabola_moves_as_the_loop_says(rule):
    """The rule run on ½λ(x−w)² in fractions against P s + U g, the gradients asked at R s + D g."""
    values = {name: sp.Rational(1, 3 + k) for k, name in enumerate(rule.hyper)}
    curvature, minimiser = sp.Rational(7, 5), sp.Rational(2, 3)
    derived = cv.derive(rule)
    point = {derived.symbols[name]: value for name, value in values.items()} | {lam: curvature}

    class Parabola:
        grad = staticmethod(lambda x: curvature * (x - minimiser))
        solve = staticmethod(lambda g: g / curvature)

    state = sp.Matrix([sp.Rational(3, 2 + k) for k in range(len(rule.state))])
    after = sp.Matrix(rule(Parabola, *state, **values))
    rest = sp.Matrix(derived.rest).subs(point) * minimiser
    assert (after - rest - derived.loop.closed().subs(point) * (state - rest)).applyfunc(sp.simplify).is_zero_matrix


def heavy(f, x, v, *, pace: Rate, memory: Share):
    v = memory * v + f.grad(x)
    return x - pace * v, v


def test_hyperparameters_may_have_any_name():
    region, usual = cv.stability(heavy), cv.stability("heavy_ball")
    swap = {region.symbols["pace"]: usual.symbols["lr"], region.symbols["memory"]: usual.symbols["momentum"]}
    assert region.lr_max.xreplace(swap) == usual.lr_max
    assert cv.regimes(heavy).largest_stable["complex"] is not None
    best, known = cv.optimum(heavy), cv.optimum("heavy_ball")
    assert best.rate == known.rate
    assert best.hyper["memory"] == known.hyper["momentum"]


def lettered(f, x, v, *, lr, beta, tau: Annotated[float, Domain("theta", 0, 1, closed=True)] = 0.5):
    v = beta * v + f.grad(x)
    return x - lr * tau * v, v


def test_a_domain_gives_the_letter_and_what_is_assumed():
    letters = cv.derive(lettered).symbols
    assert str(letters["tau"]) == "theta"
    assert letters["tau"].is_nonnegative
    assert letters["beta"].is_nonnegative  # a table of conventional names says that
    two = cv.method(lambda f, x, v, *, lr, momentum, beta: (x - lr * (momentum + beta) * f.grad(x), v), name="two")
    assert len(set(two.symbols.values())) == 3


def test_no_hyperparameter_has_a_letter_that_theory_uses():
    """κ is the condition number, ρ the rate, λ the curvature: beside them such a hyperparameter has a zero below."""

    def rule(f, x, *, lr, kappa, rho: Annotated[float, Domain("lambda")]):
        return x - lr * kappa * rho * f.grad(x)

    letters = {name: symbol.name for name, symbol in cv.method(rule).symbols.items()}
    assert letters == {"lr": "eta", "kappa": "kappa_0", "rho": "lambda_0"}
    assert cv.notation.text(cv.METHODS["robust_momentum"].symbols["kappa"]) == "κ₀"


def rmsprop_inside(f, x, s, *, lr, decay, eps):
    g = f.grad(x)
    s = decay * s + (1 - decay) * g**2
    return x - lr * g / np.sqrt(s + eps), s


def test_a_root_of_a_hyperparameter_is_a_letter_like_any_other():
    region = cv.stability(rmsprop_inside)
    assert sp.simplify(region.lr_max - 2 * sp.sqrt(eps) / lam) == 0
    assert region.contains(1, lr=[1.99e-4, 2e-4, 2.01e-4], decay=0.9, eps=1e-8).tolist() == [True, False, False]


def drawn(f, x, *, lr):
    return x - lr * np.random.rand() * f.grad(x)  # noqa: NPY002


calls = []


def counted(f, x, *, lr):
    calls.append(x)
    return x - lr / len(calls) * f.grad(x)


@pytest.mark.parametrize("rule", [drawn, counted])
def test_a_rule_that_answers_differently_is_refused(rule):
    with pytest.raises(cv.NotLinear, match="differently when it is asked twice"):
        cv.derive(rule)


FACTOR = 1


def scaled(f, x, *, lr):
    return x - lr * FACTOR * f.grad(x)


def test_a_changed_global_is_noticed(monkeypatch):
    made = cv.method(scaled)
    assert cv.stability(made).lr_max == 2 / lam
    monkeypatch.setitem(globals(), "FACTOR", 4)
    assert cv.stability(made).lr_max == cv.stability(scaled).lr_max == 1 / (2 * lam)


def misspelt(f, x, *, lr):
    return x - lr * mumentum * f.grad(x)  # noqa: F821


def test_an_error_in_a_rule_is_told_with_its_line():
    with pytest.raises(cv.BadRule, match=r"line .*mumentum"):
        cv.derive(misspelt)


@pytest.mark.parametrize(("preset", "name"), [("pytorch", "torch_sgd"), ("optax", "heavy_ball"), ("course", "ema_momentum")])
def test_presets_are_understood_where_a_method_is_asked_for(preset, name):
    assert cv.stability(preset) == cv.stability(name)


def test_an_ambiguous_word_is_answered_with_what_it_may_mean():
    with pytest.raises(cv.BadName, match=r"ema_momentum .*heavy_ball"):
        cv.derive("momentum")


def hidden_pole(f, x, *, lr):
    g = f.grad(x)
    return x - lr * g * (g - 3 * x) / (g - 3 * x)


def test_what_a_rule_divides_by_is_kept():
    assert rest_of(cv.method(hidden_pole)).trace.divisors


def crossed(f, x, y, *, lr):
    return x - lr * f.grad(y), y + lr * f.grad(x)


def test_a_rule_that_rests_with_two_positions_at_the_minimiser():
    derived = cv.derive(crossed)
    assert derived.rest == (1, 1)
    assert derived.matrix == sp.Matrix([[1, -eta * lam], [eta * lam, 1]])
