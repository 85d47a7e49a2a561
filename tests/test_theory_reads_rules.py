"""A rule is read as it is written: exactly where it is linear, linearised where it is smooth, refused with the reason else."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import sympy as sp
from tolerances import double_eigenvalue
from user_rules import linear_rule, polyak, polyak_at_rest, triple_positions

from convergence import (
    METHODS,
    BadHyperparameter,
    BadName,
    BadRule,
    ConvergenceError,
    NotLinear,
    datasets,
    derive,
    method,
    optimum,
    predict,
    regimes,
    simulate,
    spectral_radius,
    stability,
)
from convergence.methods import LINEAR, as_method

eta, lam = sp.symbols("eta lambda", positive=True)
decay = sp.Symbol("decay", real=True)


def signed(f, x, *, lr):
    return x - lr * np.sign(f.grad(x))


def magnitude(f, x, *, lr):
    return x - lr * np.abs(f.grad(x))


def scaled_by_norm(f, x, *, lr):
    g = f.grad(x)
    return x - lr * g / np.linalg.norm(g)


def summed(f, x, *, lr):
    g = f.grad(x)
    return x - lr * g / np.sqrt((g**2).sum())


def branching(f, x, *, lr):
    g = f.grad(x)
    return x - lr * g if g > 0 else x - 2 * lr * g


def root(f, x, *, lr):
    return x - lr * np.sqrt(np.abs(f.grad(x)))


def decaying(f, x, *, lr):
    return x - lr * (f.grad(x) + x)


def rmsprop_without_epsilon(f, x, s, *, lr, decay):
    g = f.grad(x)
    s = decay * s + (1 - decay) * g**2
    return x - lr * g / np.sqrt(s), s


def asks_for_the_loss(f, x, *, lr):
    return x - lr * f.grad(x) * f.loss(x)


def scaled_by_its_position(f, x, *, lr):
    return x - lr * f.grad(x) * np.abs(x)


REASONS = {
    signed: "differentiable",
    magnitude: "differentiable",
    scaled_by_norm: "nothing by nothing",
    summed: "sum",
    branching: "greater|branch",
    root: "differentiable",
    decaying: "rest at the minimiser",
    rmsprop_without_epsilon: "nothing by nothing",
    asks_for_the_loss: r"\.loss",
    scaled_by_its_position: "where the minimiser w lies",
}


@pytest.mark.parametrize(("rule", "reason"), REASONS.items(), ids=lambda part: getattr(part, "__name__", ""))
def test_a_rule_without_a_matrix_is_refused_with_the_reason(rule, reason):
    for ask in (derive, stability, regimes):
        with pytest.raises(NotLinear, match=reason) as caught:
            ask(method(rule))
        assert rule.__name__ in str(caught.value)
    assert issubclass(NotLinear, ValueError)


def squashed(f, x, *, lr):
    return x - lr * np.tanh(f.grad(x))


def cubed(f, x, v, *, lr):
    g = f.grad(x)
    v = 0.5 * v + g + g**3
    return x - lr * v, v


def rmsprop(f, x, s, *, lr, decay):
    g = f.grad(x)
    s = decay * s + (1 - decay) * g**2
    return x - lr * g / np.sqrt(s + 1e-8), s


def rmsprop_outside(f, x, s, *, lr, decay):
    g = f.grad(x)
    s = decay * s + (1 - decay) * g**2
    return x - lr * g / (np.sqrt(s) + 1e-4), s


LINEARISED = {
    squashed: [[1 - eta * lam]],
    cubed: [[1 - eta * lam, -eta / 2], [lam, sp.Rational(1, 2)]],
    rmsprop: [[1 - 10**4 * eta * lam, 0], [0, decay]],
    rmsprop_outside: [[1 - 10**4 * eta * lam, 0], [0, decay]],
}


@pytest.mark.parametrize(("rule", "matrix"), LINEARISED.items(), ids=lambda part: getattr(part, "__name__", ""))
def test_a_smooth_rule_is_linearised_at_the_minimiser_and_says_so(rule, matrix):
    derived = derive(method(rule))
    assert derived.linear is False
    assert "linearised" in repr(derived)
    assert sp.simplify(derived.matrix - sp.Matrix(matrix)).is_zero_matrix


@pytest.mark.parametrize("rule", [squashed, cubed])
def test_a_linearised_rule_predicts_small_errors(rule):
    problem = datasets.gaussian_2d()
    start = problem.minimizer + 1e-9
    run, closed = (how(problem, method(rule), 80, start, lr=2e-5) for how in (simulate, predict))
    assert np.abs(run.error - closed.error).max() <= 1e-5 * np.abs(run.error[0]).max()


def halved(f, x, v, *, lr):
    v = 0.5 * v + f.grad(x)
    return x - 0.1 * lr * v, v


def test_numbers_in_a_rule_become_exact():
    derived = derive(method(halved))
    assert derived.matrix == sp.Matrix([[1 - eta * lam / 10, -eta / 20], [lam, sp.Rational(1, 2)]])
    assert not derived.matrix.atoms(sp.Float)
    assert stability(method(halved)).lr_max == 30 / lam
    assert not stability(method(halved)).contains(1, lr=30)


def in_place(f, x, v, *, lr):
    v *= 0.5
    v += f.grad(x)
    x -= 0.1 * lr * v
    return x, v


def test_writing_in_place_reads_the_same():
    assert derive(method(in_place)).matrix == derive(method(halved)).matrix


def thirds(f, x, v, *, lr):
    v = v / 3 + (1 / 3) * f.grad(x)
    return x - lr * (f.grad(x) + (1 / 3) * v), v


@pytest.mark.parametrize("rule", [thirds])
def test_constants_of_many_digits_are_no_trouble(rule):
    given = method(rule)
    lr = np.linspace(0.01, 4, 60)
    b = 1 / 3
    matrices = [np.array([[1 - r * (1 + b * b), -r * b * b], [b, b]]) for r in lr]
    radius = np.array([np.abs(np.linalg.eigvals(m)).max() for m in matrices])
    assert np.allclose(spectral_radius(given, 1.0, lr=lr), radius, atol=double_eigenvalue(1.0))
    assert (stability(given).contains(1.0, lr=lr) == (radius < 1)).all()
    assert regimes(given).at(1.0)["repeated"]
    assert optimum(given).at(mu=1, L=4).rate < 1


def test_constants_of_many_digits_in_three_states():
    given, matrix = linear_rule(
        [[0.9048374180359595, 0.0], [0.123456789, 0.3333333333333333]],
        [0.0951625819640404, 0.7],
        [0.1414213562373095, 0.0],
        [0.0, -0.2718281828459045],
    )
    lr = np.linspace(0.01, 3, 60)
    radius = np.array([np.abs(np.linalg.eigvals(matrix(1.0, r))).max() for r in lr])
    assert np.allclose(spectral_radius(given, 1.0, lr=lr), radius, atol=double_eigenvalue(1.0))
    assert (stability(given).contains(1.0, lr=lr) == (radius < 1))[np.abs(radius - 1) > 1e-7].all()
    assert {"real", "repeated", "complex"} == set(regimes(given).at(1.0))


def test_a_function_a_method_and_a_name_give_equal_results():
    made = METHODS["heavy_ball"]
    plain = made.rule
    for ask in (derive, stability, regimes, lambda m: optimum(m)):
        results = [ask(as_method(given)) for given in (made, "heavy_ball", plain)]
        assert results[0] == results[1] == results[2]
    with pytest.raises(BadName, match="heavy_ball"):
        as_method("heavyball")
    with pytest.raises(BadRule):
        as_method(3)


RESULTS = {
    "dynamics": derive,
    "region": stability,
    "regimes": regimes,
    "optimum": lambda m: optimum(m),
    "optimum at a fixed momentum": lambda m: optimum(m, momentum=sp.Rational(1, 2)),
}


@pytest.mark.parametrize("ask", RESULTS.values(), ids=RESULTS)
@pytest.mark.parametrize("given", [METHODS["heavy_ball"], polyak, polyak_at_rest], ids=lambda m: m.name)
def test_results_pickle(given, ask):
    result = ask(given)
    again = pickle.loads(pickle.dumps(result))
    assert again == result
    if hasattr(again, "method"):
        assert again.method == given


def test_methods_pickle_whole():
    for given in (*LINEAR.values(), triple_positions, polyak, polyak_at_rest, method(halved)):
        assert pickle.loads(pickle.dumps(given)) == given


def test_results_for_a_plain_function_still_work_when_unpickled():
    again = pickle.loads(pickle.dumps(stability(method(halved))))
    assert again.contains(1.0, lr=1.0)


def test_refusals_are_errors_of_this_package():
    for ask in (
        lambda: METHODS["heavy_ball"].settings({"lr": 1}),
        lambda: METHODS["heavy_ball"].settings({"lr": -1, "momentum": 0}),
        lambda: spectral_radius(METHODS["heavy_ball"], 1.0, lr=np.nan, momentum=0.1),
    ):
        with pytest.raises(BadHyperparameter):
            ask()
    assert issubclass(BadHyperparameter, ConvergenceError)
