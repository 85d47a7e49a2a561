"""What a method does not notice: scales, rotations, shifts. Each is proved or refuted; here runs by hand decide again."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import adaptive_rules as rules
import numpy as np
import pytest
import sympy as sp

import convergence as cv
from convergence.problem import LOSSES

c = sp.Symbol("c", positive=True)


@cv.method
def normalized(f, x, *, lr):
    g = f.grad(x)
    return x - lr * g / np.linalg.norm(g)


@cv.method
def rmsprop_scalar(f, x, v, *, lr, decay: cv.Share):
    """One norm for all coordinates."""
    g = f.grad(x)
    v = decay * v + (1 - decay) * np.sum(g**2)
    return x - lr * g / np.sqrt(v), v


@cv.method
def clipped(f, x, *, lr):
    return x - lr * np.clip(f.grad(x), -1, 1)


def holds(m):
    return {entry.change: entry.holds for entry in cv.invariances(m).entries}


LINEAR = {"loss": False, "scale": False, "coordinates": False}
ALWAYS = {"permutation": True, "shift": True, "sign": True}
EPSILON_FREE = {"loss": True, "scale": False, "coordinates": False, "rotation": False, **ALWAYS}


@pytest.mark.parametrize(
    ("m", "expected"),
    [
        ("gradient_descent", {**LINEAR, "rotation": True, **ALWAYS}),
        ("heavy_ball", {**LINEAR, "rotation": True, **ALWAYS}),
        ("nesterov", {**LINEAR, "rotation": True, **ALWAYS}),
        ("newton", {**dict.fromkeys(LINEAR, True), "rotation": True, **ALWAYS}),
        (rules.rmsprop_plain, EPSILON_FREE),
        (rules.adam_plain, EPSILON_FREE),
        (rules.sign_descent, EPSILON_FREE),
        (rules.lion, EPSILON_FREE),
        (rules.rmsprop_outside, {**EPSILON_FREE, "loss": False}),
        (rules.adam, {**EPSILON_FREE, "loss": False}),
        (rules.bent, {**LINEAR, "rotation": False, "permutation": True, "shift": False, "sign": False}),
    ],
)
def test_what_is_proved_on_symbols(m, expected):
    result = cv.invariances(m)
    assert {entry.change: entry.holds for entry in result.entries} == expected
    assert all(entry.proof == ("proved on symbols" if entry.holds else "counterexample") for entry in result.entries)
    assert all((entry.counterexample is None) == entry.holds for entry in result.entries)


@pytest.mark.parametrize(
    ("m", "loss", "scale"),
    [
        ("gradient_descent", {"lr": 1 / c}, {"lr": c**-2}),
        ("heavy_ball", {"lr": 1 / c}, {"lr": c**-2}),
        (rules.rmsprop_plain, {}, {"lr": 1 / c}),
        (rules.rmsprop_inside, {"eps": c**2}, {"lr": 1 / c, "eps": c**2}),
        (rules.rmsprop_outside, {"eps": c}, {"lr": 1 / c, "eps": c}),
        (rules.adam, {"eps": c}, {"lr": 1 / c, "eps": c}),
        (rules.bent, {"lr": 1 / c}, {}),
    ],
)
def test_which_factors_of_the_hyperparameters_restore_it(m, loss, scale):
    result = cv.invariances(m)
    assert result["loss"].hyper == loss
    assert result["scale"].hyper == scale
    assert all(e.restored == "proved on symbols" for e in result.entries if e.hyper)


def test_what_becomes_of_the_buffers():
    assert cv.invariances(rules.adam_plain)["loss"].state == {"m": c, "v": c**2}
    assert cv.invariances(rules.adam)["sign"].state == {"m": -1, "v": 1, "p": 1, "q": 1}


class Quadratic:
    def __init__(self, hessian, minimiser):
        self.hessian, self.minimiser = np.array(hessian), np.array(minimiser)

    def grad(self, x):
        return self.hessian @ (x - self.minimiser)

    def solve(self, g):
        return np.linalg.solve(self.hessian, g)


def end(m, hessian, minimiser, start, steps, hyper):
    f = Quadratic(hessian, minimiser)
    state = m.start(f, np.array(start, dtype=float))
    for _ in range(steps):
        state = m(f, *state, **hyper)
    return state[0]


BASES = {
    "scale": 2.5 * np.eye(2),
    "coordinates": np.diag([0.3, 4.0]),
    "rotation": np.array([[0.6, -0.8], [0.8, 0.6]]),
    "permutation": np.eye(2)[::-1],
    "sign": np.diag([1.0, -1.0]),
}
H, W, X0 = np.array([[3.0, 1.0], [1.0, 1.5]]), np.array([0.2, -0.7]), np.array([1.0, 0.4])


@pytest.mark.parametrize("m", ["gradient_descent", "newton", "nesterov", rules.adam_plain, rules.adam, normalized])
def test_another_problem_says_the_same(m):
    method = cv.METHODS[m] if isinstance(m, str) else m
    usual = {"lr": 0.04, "momentum": 0.7, "beta1": 0.8, "beta2": 0.6, "eps": 0.02}
    hyper = {name: usual[name] for name in method.hyper}
    plain, judged = end(method, H, W, X0, 5, hyper), holds(m)
    for change, basis in BASES.items():
        inverse = np.linalg.inv(basis)
        other = basis @ end(method, basis.T @ H @ basis, inverse @ W, inverse @ X0, 5, hyper)
        assert np.allclose(plain, other, rtol=1e-9, atol=1e-12) is judged[change], change
    assert np.allclose(plain, end(method, 7 * H, W, X0, 5, hyper), rtol=1e-9) is judged["loss"]
    assert np.allclose(plain, end(method, H, W + 3, X0 + 3, 5, hyper) - 3, rtol=1e-8, atol=1e-12) is judged["shift"]


def test_a_counterexample_is_a_run_that_anyone_can_repeat():
    entry = cv.invariances(rules.rmsprop_plain)["rotation"]
    case = entry.counterexample
    again = end(rules.rmsprop_plain, case.hessian, case.minimiser, case.start, case.steps, case.hyper)
    assert again == pytest.approx(case.plain, rel=1e-12)
    assert np.abs(np.subtract(case.plain, case.changed)).max() > 1e-6


@pytest.mark.parametrize("m", [normalized, rmsprop_scalar])
def test_of_a_rule_with_norms_nothing_is_proved(m):
    result = cv.invariances(m)
    assert result["rotation"].holds
    assert result["loss"].holds
    proofs = {entry.change: entry.proof for entry in result.entries}
    del proofs["permutation"]  # read on symbols at all, a rule treats all coordinates alike
    assert set(proofs.values()) == {"holds where tried", "counterexample"}


def test_clipping_is_seen_from_both_sides():
    """A trap: where all gradients are clipped, the loss's scale goes unnoticed."""
    assert not cv.invariances(clipped)["loss"].holds


def test_a_slip_in_a_rule_loses_its_invariances():
    @cv.method
    def slipped(f, x, v, *, lr, decay: cv.Share):
        """The square forgotten."""
        g = f.grad(x)
        v = decay * v + (1 - decay) * np.abs(g)
        return x - lr * g / np.sqrt(v), v

    @cv.method
    def decayed_to_zero(f, x, *, lr, weight_decay):
        return (1 - lr * weight_decay) * x - lr * f.grad(x)

    @cv.method(start=lambda f, x: (x, x * 0 + 0.1))
    def started(f, x, s, *, lr):
        g = f.grad(x)
        s = s + g**2
        return x - lr * g / np.sqrt(s), s

    assert holds(slipped)["loss"] is False
    assert holds(decayed_to_zero)["shift"] is False
    assert holds(started)["loss"] is False


def test_the_proof_hears_the_start_and_where_gradients_are_asked():
    """What runs would refute, the proof does not let pass either."""
    from convergence.theory.equivariance import commutes, scaling, translation

    @cv.method(start=lambda f, x: (x, x * 0 + 1))
    def from_one(f, x, s, *, lr):
        s = s + f.grad(x) ** 2
        return x - lr * f.grad(x) / np.sqrt(s), s

    @cv.method
    def asking_elsewhere(f, x, *, lr):
        return x - lr * f.grad(2 * x)

    from_zero = cv.method(name="from_zero")(from_one.rule)
    assert commutes(from_zero, scaling((2,), 0, 1, {}))
    assert not commutes(from_one, scaling((2,), 0, 1, {}))
    assert commutes(cv.METHODS["gradient_descent"], translation(()))
    assert not commutes(asking_elsewhere, translation(()))


def test_a_table_and_a_name_that_is_none():
    result = cv.invariances("gradient_descent")
    assert list(result.table()) == ["change", "holds", "proof", "with", "then"]
    assert repr(result).splitlines()[1] == "  loss: no (counterexample); with lr times 1/c (proved on symbols)"
    with pytest.raises(cv.BadName, match="rotation"):
        result["rotations"]
    with pytest.raises(FrozenInstanceError):
        result.method = "other"


def rotated(degrees, kappa=100.0):
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.diag([np.sqrt(kappa), 1.0]) @ turn


@pytest.mark.parametrize(("degrees", "after"), [(0, 1.0), (5, 4.74459706462), (30, 75.4942539588), (45, 100.0)])
def test_a_rotation_undoes_a_diagonal_preconditioner(degrees, after):
    """F78, and by hand (1 + r)/(1 − r)."""
    X = rotated(degrees)
    result = cv.diagonal_scaling((X, [1.0, 2.0]))
    assert result.before == pytest.approx(100, rel=1e-12)
    assert result.after == pytest.approx(after, rel=1e-11)
    h = X.T @ X
    r = abs(h[0, 1]) / np.sqrt(h[0, 0] * h[1, 1])
    assert result.after == pytest.approx((1 + r) / (1 - r), rel=1e-11)


def test_a_diagonal_preconditioner_does_not_see_the_columns_units():
    X = np.random.default_rng(0).normal(size=(40, 4))
    one, other = cv.diagonal_scaling((X, X[:, 0])), cv.diagonal_scaling((X * [1, 10, 100, 1000], X[:, 0]))
    assert one.after == pytest.approx(other.after, rel=1e-9)
    assert other.before > 1e5
    assert cv.diagonal_scaling([9.0, 4.0, 1.0]).after == pytest.approx(1)


@pytest.mark.parametrize("loss", list(LOSSES))
def test_scales_are_the_roots_of_the_second_differences_along_the_coordinates(loss):
    X = np.random.default_rng(1).normal(size=(30, 3)) * [1.0, 5.0, 0.2]
    p = cv.LeastSquares(X, X[:, 0], loss)
    curved = [p.loss(unit) - 2 * p.loss(0 * unit) + p.loss(-unit) for unit in np.eye(3)]
    assert cv.diagonal_scaling(p).scales ** 2 == pytest.approx(curved, rel=1e-12)
