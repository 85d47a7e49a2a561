"""A rule with a clock (βᵗ, βᵏ) is linear once the clock is read: every iterate is predicted exactly, also while it runs."""

from __future__ import annotations

import pickle
from contextlib import suppress

import numpy as np
import pytest
import sympy as sp
from hand_loops import iterates
from tolerances import EPS, SLACK, prediction, spectral
from usual_settings import usual

from convergence import (
    METHODS,
    NotLinear,
    datasets,
    derive,
    method,
    optimum,
    predict,
    simulate,
    spectral_radius,
    stability,
    verify,
)
from convergence.numerics.matrices import STOPPED, readings

CLOCKED = ["chebyshev", "frozen_adam", "frozen_nadam"]
eta, lam = sp.symbols("eta lambda", positive=True)
beta = sp.Symbol("beta", nonnegative=True)


def wound(f, x):
    return x, x * 0, x * 0 + 1, x * 0 + 1


@method(start=wound)
def two_clocks(f, x, m, p, q, *, lr, momentum, decay):
    """Adam's average with a learning rate that decays to a part of itself: lr·(½ + ½qᵏ), a second clock."""
    p, q = momentum * p, decay * q
    m = momentum * m + (1 - momentum) * f.grad(x)
    return x - lr * (0.5 + 0.5 * q) * m / (1 - p), m, p, q


@method(start=lambda f, x: (x, x * 0 + 1))
def slowing(f, x, r, *, lr):
    """A clock that runs down to 1/3, not to 0: r ← r/4 + 1/4."""
    return x - lr * (1 + r) * f.grad(x), r / 4 + 0.25


@method(start=lambda f, x: (x, x * 0, x * 0))
def counting(f, x, m, t, *, lr, momentum):
    """Adam's average as one writes it first, with t: it counts on for ever."""
    t = t + 1
    m = momentum * m + (1 - momentum) * f.grad(x)
    return x - lr * m / (1 - momentum**t), m, t


@method(start=lambda f, x: (x, x * 0 + 1))
def growing(f, x, p, *, lr):
    """Its clock runs up, and its step tends to nothing."""
    return x - lr * f.grad(x) / p, 2 * p


@method(start=lambda f, x: (x, x * 0 + 1))
def no_clock(f, x, s, *, lr, momentum):
    """s hears the gradient: it is no clock, and the rule is not linear."""
    g = f.grad(x)
    return x - lr * g / (1 + s), momentum * s + g * g


def by_loop(name, problem, steps, **hyper):
    return iterates(name, problem.X, problem.y, problem.scale, steps, **hyper)


@pytest.mark.parametrize("momentum", [0.0, 0.3, 0.9, 0.999])
@pytest.mark.parametrize("name", CLOCKED)
def test_every_iterate_is_predicted(name, momentum):
    """Against the loop of the source, with its step number, and not against the package's own rule."""
    problem, hyper = datasets.gaussian_2d(), {"lr": 2e-5, "momentum": momentum}
    expected = by_loop(name, problem, 120, **hyper)
    closed = predict(problem, name, 120, **hyper)
    assert np.abs(closed.x - expected).max() <= SLACK**2 * EPS * 121 * np.abs(expected).max() / (1 - min(momentum, 0.9))


@pytest.mark.parametrize("rule", [two_clocks, slowing], ids=lambda m: m.name)
@pytest.mark.parametrize("steps", [1, 2, 60, 400])
def test_a_users_clocks_are_predicted(rule, steps):
    problem, hyper = (
        datasets.gaussian_2d(),
        {"lr": 2e-5} | ({"momentum": 0.7, "decay": 0.95} if rule is two_clocks else {}),
    )
    run, closed = (how(problem, rule, steps, (0.4, -0.7), **hyper) for how in (simulate, predict))
    assert derive(rule).linear
    assert (np.abs(run.state - closed.state).max(axis=(1, 2)) <= prediction(problem, run.state)).all()


def by_matrices(name, problem, readings, **hyper):
    """The positions that products of the derived matrix at these readings make, from the run's own first state."""
    derived = derive(name)
    letters = [derived.symbols[key] for key in ("curvature", *hyper)]
    matrix = sp.lambdify([*letters, *derived.clock.letters], derived.clock.matrix)
    first = simulate(problem, name, 0, **hyper).state[0, : len(derived.state)] @ problem.directions
    states = [first - np.outer([1, 0], problem.minimizer @ problem.directions)]
    for p in readings:
        rows = [matrix(lam, *hyper.values(), p) @ e for lam, e in zip(problem.curvatures, states[-1].T, strict=True)]
        states.append(np.array(rows).T)
    return np.array([problem.minimizer + e[0] @ problem.directions.T for e in states])


@pytest.mark.parametrize("name", CLOCKED)
def test_the_first_matrices_are_not_the_limit(name):
    problem, hyper = datasets.gaussian_2d(), {"lr": 2e-5, "momentum": 0.9}
    assert np.abs(by_matrices(name, problem, np.zeros(60), **hyper) - simulate(problem, name, 60, **hyper).x).max() > 1e-4


@pytest.mark.parametrize("name", CLOCKED)
def test_a_clock_one_per_cent_wrong_is_noticed(name):
    """The readings 1 % off, all else right; and the right readings pass by the same measure."""
    problem, hyper = datasets.gaussian_2d(), {"lr": 2e-5, "momentum": 0.8}
    expected, right = by_loop(name, problem, 60, **hyper), 0.8 ** np.arange(60)
    room = prediction(problem, simulate(problem, name, 60, **hyper).state, buffers=False)
    gaps = [
        np.abs(by_matrices(name, problem, readings, **hyper) - expected).max(axis=1)
        for readings in (right, np.where(right < 1, 1.01 * right, 1))
    ]
    assert (gaps[0] <= room).all()
    assert (gaps[1] > 1e6 * room).any()


@pytest.mark.parametrize("name", CLOCKED)
def test_predicted_clocks_are_powers_and_end_where_they_change_nothing(name):
    closed = predict(datasets.gaussian_2d(), name, 500, lr=2e-5, momentum=0.5)
    assert np.abs(closed.state[:, 2] - 0.5 ** np.arange(501)[:, None]).max() <= 1e-18


def test_the_matrix_at_a_reading_by_hand():
    """Adam: x' = x − η(βm + (1−β)λx)/(1−βp); NAdam: p' = βp, β²m/(1−βp') and (1−β)λx(β/(1−βp') + 1/(1−p'))."""
    p = sp.Symbol("s_p", real=True)
    fresh = (1 - beta) * lam
    adam = sp.Matrix([[1 - eta * fresh / (1 - beta * p), -eta * beta / (1 - beta * p)], [fresh, beta]])
    ahead, now = 1 - beta**2 * p, 1 - beta * p
    nadam = sp.Matrix([[1 - eta * fresh * (beta / ahead + 1 / now), -eta * beta**2 / ahead], [fresh, beta]])
    for name, by_hand in (("frozen_adam", adam), ("frozen_nadam", nadam)):
        clock = derive(name).clock
        assert clock.letters == (p,)
        assert (clock.matrix - by_hand).applyfunc(sp.cancel).is_zero_matrix
        assert (derive(name).matrix - by_hand.subs(p, 0)).applyfunc(sp.cancel).is_zero_matrix
        assert clock.start == (1,)
        assert clock.rest == (0,)


@pytest.mark.parametrize("name", CLOCKED)
def test_a_clock_is_said_and_left_out_of_the_state(name):
    derived = derive(name)
    assert "clock: p" in repr(derived)
    assert "p" not in derived.state
    assert len(derived.rest) == len(derived.state) == derived.matrix.rows
    assert derived.order(tuple(reversed(derived.state))).clock == derived.clock
    assert pickle.loads(pickle.dumps(derived)) == derived
    run = simulate(datasets.gaussian_2d(), name, 5, lr=1e-5, momentum=0.5)
    assert run.state.shape == (6, 3, 2)  # the run has it, as the rule does
    assert np.allclose(run.state[:, 2], 0.5 ** np.arange(6)[:, None])


def test_clocks_that_rest_elsewhere_and_several_of_them():
    assert derive(slowing).clock.rest == (sp.Rational(1, 3),)
    assert derive(slowing).matrix == sp.Matrix([[1 - sp.Rational(4, 3) * eta * lam]])
    assert optimum(slowing).hyper["lr"].equals(sp.Rational(3, 2) / sum(sp.symbols("mu L", positive=True)))
    assert derive(two_clocks).clock.names == ("p", "q")
    assert spectral_radius(two_clocks, 1.0, lr=0.4, momentum=0.5, decay=0.9) == pytest.approx(
        spectral_radius("frozen_adam", 1.0, lr=0.2, momentum=0.5), rel=spectral(1.0)
    )


def test_a_counter_without_a_limit_is_refused_with_the_way_out():
    with pytest.raises(NotLinear, match=r"its state t counts on for ever.*βᵗ in the place of t") as caught:
        derive(counting)
    assert "counting" in str(caught.value)
    run = simulate(datasets.gaussian_2d(), counting, 40, lr=2e-5, momentum=0.6)  # it runs all the same
    expected = by_loop("frozen_adam", datasets.gaussian_2d(), 40, lr=2e-5, momentum=0.6)
    assert np.abs(run.x - expected).max() <= 1e-14


def test_a_state_that_hears_the_gradient_is_no_clock():
    derived = derive(no_clock)
    assert derived.clock is None
    assert not derived.linear


def test_a_clock_that_runs_up_has_no_limit():
    """2ᵏ has no fixed point but 0, from which it runs away, and there the rule divides by zero."""
    with pytest.raises(NotLinear):
        derive(growing)


@pytest.mark.parametrize("name", CLOCKED)
def test_with_its_clock_run_down_a_method_is_its_limit_from_the_start(name):
    problem, hyper = datasets.gaussian_2d(), {"lr": 2e-5, **usual(METHODS[name])}
    limit = method(start=lambda f, x: (*METHODS[name].start(f, x)[:2], x * 0), name="limit")(METHODS[name].rule)
    run, closed = simulate(problem, limit, 50, **hyper), predict(problem, limit, 50, **hyper)
    assert (np.abs(run.x - closed.x).max(axis=1) <= prediction(problem, run.state, buffers=False)).all()
    assert np.abs(run.x - by_matrices(name, problem, np.zeros(50), **hyper)).max() <= 1e-12
    assert np.abs(run.x - simulate(problem, name, 50, **hyper).x).max() > 1e-4


@pytest.mark.parametrize("drift", [lambda c: 1 - c, lambda c: 2 * c - 1, lambda c: c + 1])
def test_a_state_that_never_comes_to_rest_is_no_clock(drift):
    """The step is lr or lr·c for ever: nothing is stable, or there is no rest."""

    @method(start=lambda f, x: (x, 0 * x))
    def restless(f, x, c, *, lr):
        c = drift(c)
        return x - lr * c * f.grad(x), c

    with suppress(NotLinear):  # it may say that it does not rest
        assert not stability(restless).contains(1.0, lr=0.1)


def test_a_start_may_give_numbers_for_its_clocks():
    @method(start=lambda f, x: (x, 1.0))
    def corrected(f, x, p, *, lr, momentum):
        p = p * momentum
        return x - lr * f.grad(x) * (1 - p), p

    run, said = (ask([1.0, 2.0], corrected, 10, lr=0.1, momentum=0.5) for ask in (simulate, predict))
    assert run.state.shape == (11, 2, 2)
    assert said.x == pytest.approx(run.x, rel=1e-12)
    assert bool(verify([1.0, 2.0], corrected, lr=0.1, momentum=0.5))


@pytest.mark.parametrize(("first", "read"), [(1.0, True), (-0.5, False)])
def test_a_clock_that_would_come_to_rest_by_way_of_infinity_is_not_read(first, read):
    """c ← c/(1 + c) from −½ is −1, and then 1/0: 1/c counts up through 0."""

    @method(start=lambda f, x: (x, x, first))
    def averaged(f, x, z, c, *, lr):
        z = z - lr * f.grad(z)
        return (1 - c) * x + c * z, z, c / (1 + c)

    assert (derive(averaged).clock is not None) is read


def test_a_clock_is_read_until_it_has_run_down_and_no_longer():
    """βᵗ, multiplied up by hand, to the first reading that changes nothing any more that is added to 1."""
    seen = [1.0]
    while 0.9 * seen[-1] > STOPPED:
        seen.append(0.9 * seen[-1])
    read = readings(METHODS["frozen_adam"], {"lr": 0.1, "momentum": 0.9}, 10_000)
    assert read.shape == (len(seen), 1)
    assert np.abs(read[:, 0] - seen).max() <= len(seen) * EPS
    assert len(readings(METHODS["frozen_adam"], {"lr": 0.1, "momentum": 0.9}, 300)) == 300
