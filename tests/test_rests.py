"""Where an adaptive rule rests, and how large its learning rate may be there: formulas of the rule against runs of it."""

import numpy as np
import pytest
import sympy as sp
from tolerances import EPS, SLACK

import convergence as cv

LAM, ETA, EPSILON, B1, S = (
    *sp.symbols("lambda eta epsilon", positive=True),
    sp.Symbol("beta1", nonnegative=True),
    sp.Symbol("s", positive=True),
)
HEAVY = (1 + B1) / (1 - B1)
LIMITS = {
    "rmsprop": 2 * EPSILON / LAM,
    "rmsprop_inside": 2 * sp.sqrt(EPSILON) / LAM,
    "adam": 2 * EPSILON * HEAVY / LAM,
    "adam_constant_correction": 2 * EPSILON * (1 + B1) / LAM,
    "nadam": 2 * EPSILON * HEAVY / (1 + 2 * B1) / LAM,
}


class Parabola:
    def __init__(self, curvature, minimiser=0.0):
        self.curvature, self.minimiser = curvature, minimiser

    def grad(self, x):
        return self.curvature * (x - self.minimiser)


def ends_at(method, curvature, start, steps, minimiser=0.0, **hyper):
    f, m = Parabola(curvature, minimiser), cv.methods.as_method(method)
    state = m.start(f, np.array([start]))
    full = m.at(**hyper).numbers
    for _ in range(steps):
        state = m(f, *state, **full)
    return [float(np.ravel(part)[0]) for part in state]


@pytest.mark.parametrize("name", LIMITS)
def test_the_threshold_is_that_of_the_rule(name):
    assert sp.simplify(cv.stability(name).lr_max - LIMITS[name]) == 0
    assert sp.simplify(cv.rests(name).lr_max - LIMITS[name]) == 0


@pytest.mark.parametrize("name", LIMITS)
def test_just_below_the_threshold_a_small_error_shrinks_and_just_above_it_grows(name):
    eps, start = 1e-2, 1e-60
    limit = cv.stability(name).largest_lr(
        2.0, **{k: v for k, v in dict(cv.METHODS[name].defaults).items() if k != "eps"}, eps=eps
    )
    shrunk, grown = (abs(ends_at(name, 2.0, start, 4000, lr=share * limit, eps=eps)[0]) for share in (0.98, 1.02))
    assert shrunk < start < grown


def test_epsilon_inside_the_root_allows_much_more_than_outside():
    at = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
    assert abs(cv.stability("adam").largest_lr(1.0, **at) - 3.8e-7) < SLACK * EPS
    inside, outside = (
        cv.stability(name).lr_max.subs(EPSILON, sp.Rational(1, 10**8)) for name in ("rmsprop_inside", "rmsprop")
    )
    assert inside / outside == 10**4


@pytest.mark.parametrize(
    ("name", "divisor"),
    [("adagrad", sp.sqrt(S) + EPSILON), ("adagrad_norm", sp.sqrt(sp.Symbol("b_0", positive=True) ** 2 + S))],
)
def test_a_sum_of_squares_stays_whatever_it_holds(name, divisor):
    rest = cv.rests(name)
    assert (rest.kind, rest.held) == ("line", "s")
    assert sp.simplify(rest.slope - (1 - ETA * LAM / divisor)) == 0
    assert sp.simplify(rest.lr_max - 2 * divisor / LAM) == 0
    with pytest.raises(cv.NotLinear, match="rests"):
        cv.stability(name)


def test_amsgrads_largest_average_stays_and_its_run_ends_below_the_threshold_that_it_has_made():
    rest = cv.rests("amsgrad")
    assert rest.held == "u"
    u = sp.Symbol("u", positive=True)
    assert sp.simplify(rest.lr_max - 2 * (sp.sqrt(u) + EPSILON) * HEAVY / LAM) == 0
    x, _, _, largest = ends_at("amsgrad", 1.0, 1.0, 6000, lr=0.01)
    assert abs(np.sqrt(largest) - 0.0849016427025) < 1e-12
    assert abs(x) < 1e-12
    assert float(rest.lr_max.subs({EPSILON: 1e-8, u: largest, LAM: 1, B1: 0.9})) > 0.01


@pytest.mark.parametrize(("lr", "root"), [(0.3, 1.48771568085), (0.1, 3.16862507152), (0.02, 12.5 + 0.703943011623)])
def test_adagrads_sum_in_the_end_is_that_of_the_run_and_tends_to_the_estimate(lr, root):
    end = cv.rests("adagrad", curvature=1, minimiser=0, start=1, lr=lr, eps=0).gathered
    assert abs(np.sqrt(end.run) - root) < 1e-10 * root
    assert abs(end.slope_run - (1 - lr / root)) < 1e-11
    assert abs(np.sqrt(end.estimate) - (1 / (4 * lr) + 0.730177254405)) < 1e-8  # −ζ(½)/2
    assert abs(np.sqrt(end.estimate) - root) < 2 * lr  # the step's second order
    assert abs(1 / (4 * lr) - root) > 0.6  # the control: the flow without the first steps


def test_adagrad_norm_gathers_what_the_flow_says_where_the_first_steps_are_small():
    """√(b₀² + s) → b₀ + f₀/(2η) = 0.6625, for any f."""
    end = cv.rests("adagrad_norm", curvature=1e-8, minimiser=0, start=15000, lr=1, b0=0.1).gathered
    assert abs(np.sqrt(0.01 + end.estimate) - 0.6625) < 1e-6
    H, x, b = np.array([1.0, 5.0]), np.array([1.0, 0.5]), 0.1
    for _ in range(20000):  # the flow itself, in two dimensions
        g = H * x
        x, b = x - 1e-3 * g / b, b + 1e-3 * (g @ g) / (2 * b)
    assert abs(b - 0.6625) < 5e-3


def test_adamw_rests_in_a_box_and_not_at_the_ridge_solution():
    w, delta = sp.Symbol("w", real=True), sp.Symbol("delta", nonnegative=True)
    box = cv.rests("adamw")
    assert (box.kind, box.wall) == ("box", 1 / delta)
    numbers = {LAM: 3, EPSILON: sp.Rational(1, 5), delta: sp.Rational(1, 2), w: 7}
    x = box.position.subs(numbers)
    assert sp.simplify(3 * (7 - x) - x / 10 / (1 - x / 2)) == 0
    assert abs(cv.rests("adamw", curvature=1, minimiser=3, weight_decay=0.5, eps=1e-8).position - 1.99999998) < 1e-10
    assert abs(cv.rests("adamw", curvature=1, minimiser=-3, weight_decay=0.5, eps=1e-8).position + 1.99999998) < 1e-10
    assert cv.rests("adamw", curvature=1, minimiser=1.5, weight_decay=0.5, eps=0).position == 1.5
    assert cv.rests("adamw", curvature=1, minimiser=5, weight_decay=0).position == 5


@pytest.mark.parametrize("w", [3.0, 1.0, 0.0])
def test_adamws_run_ends_where_its_rest_is_derived(w):
    at = {"weight_decay": 0.5, "eps": 0.3}
    rest = cv.rests("adamw", curvature=1, minimiser=w, beta1=0.9, beta2=0.99, **at)
    x, m, v, *_ = ends_at("adamw", 1.0, 0.2, 20000, minimiser=w, lr=0.02, beta1=0.9, beta2=0.99, **at)
    assert np.allclose([x, m, v], rest.state[:3], atol=1e-11)
    assert w == 0 or abs(x - w / 1.5) > 1e-3  # the control: the ridge solution


@pytest.mark.parametrize("w", [3.0, 1.0, 0.0])
def test_the_largest_rate_at_adamws_rest_is_that_of_its_derivative_by_differences(w):
    at = {"weight_decay": 0.5, "eps": 0.3, "beta1": 0.9, "beta2": 0.99}
    rest = cv.rests("adamw", curvature=1, minimiser=w, **at)
    formula = cv.rests("adamw").lr_max.subs({"delta": 0.5})
    letters = {s.name: s for s in formula.free_symbols}
    given = {"lambda": 1, "epsilon": 0.3, "beta1": 0.9, "beta2": 0.99, "x": rest.position, "delta": 0.5}
    assert abs(formula.subs({letters[k]: v for k, v in given.items() if k in letters}) / rest.lr_max - 1) < 1e-9

    assert by_differences(rest, w, 0.98, at) < 1 < by_differences(rest, w, 1.02, at)


def by_differences(rest, w, part, at):
    """The spectral radius of AdamW's step at its rest, at a part of the largest rate, from differences of the rule."""
    m, f, h = cv.METHODS["adamw"], Parabola(1.0, w), 1e-6
    step = lambda s: np.array(m(f, *s, 0.0, 0.0, lr=part * rest.lr_max, **at))[:3]  # noqa: E731
    state = np.array(rest.state[:3]) + np.array([0, 0, 1e-4 * (w == 0)])
    columns = [(step(state + h * e) - step(state - h * e)) / (2 * h) for e in np.eye(3)]
    return np.abs(np.linalg.eigvals(np.array(columns).T)).max()


def test_the_rate_at_numbers_is_the_bound_that_binds_where_adamws_formula_is_too_large():
    """At β₁ = 0.9 and β₂ = 0.36 a pair of complex eigenvalues leaves the disc first."""
    at = {"weight_decay": 1.0, "eps": 0.0887, "beta1": 0.9, "beta2": 0.36}
    rest = cv.rests("adamw", curvature=1, minimiser=0.5356, **at)
    given = {"lambda": 1, "epsilon": 0.0887, "beta1": 0.9, "beta2": 0.36, "x": rest.position, "delta": 1}
    formula, decided = cv.rests("adamw").lr_max, cv.rests("adamw").decided
    assert not decided
    assert not 0 < float(formula.subs({s: given[s.name] for s in formula.free_symbols})) <= 1.5 * rest.lr_max
    assert by_differences(rest, 0.5356, 0.98, at) < 1 < by_differences(rest, 0.5356, 1.02, at)


def test_with_decay_beside_it_a_sign_rests_on_the_wall_or_nowhere():
    @cv.method
    def lion(f, x, m, *, lr, beta1=0.9, beta2=0.99, weight_decay=0.01):
        g = f.grad(x)
        return x - lr * (np.sign(beta1 * m + (1 - beta1) * g) + weight_decay * x), beta2 * m + (1 - beta2) * g

    delta = sp.Symbol("delta", nonnegative=True)
    assert (cv.rests(lion).position, cv.rests(lion).lr_max) == (1 / delta, 2 / delta)
    assert cv.rests(lion, minimiser=-3, weight_decay=0.5).position == -2
    assert cv.rests(lion, minimiser=1, weight_decay=0.5).kind == "none"
    assert abs(ends_at(lion, 1.0, 0.0, 4000, minimiser=3.0, lr=0.01, weight_decay=0.5)[0] - 2) < 1e-8


def test_a_decay_that_goes_through_the_gradient_rests_at_the_ridge_solution():
    @cv.method
    def coupled(f, x, m, v, *, lr, beta1, beta2, eps, weight_decay=0.01):
        g = f.grad(x) + weight_decay * x
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        return x - lr * m / (np.sqrt(v) + eps), m, v

    rest = cv.rests(coupled, curvature=2, minimiser=3, weight_decay=1)
    assert (rest.kind, rest.position) == ("point", 2.0)


@pytest.mark.parametrize("name", ["lion", "signum", "sign_descent", "normalized_gradient", "rmsprop_scalar"])
def test_what_rests_nowhere_says_what_it_does_instead(name):
    rest = cv.rests(name)
    assert rest.kind == "none"
    assert "cycles" in repr(rest)


@pytest.mark.parametrize("name", ["adamw", "adagrad", "amsgrad"])
def test_what_has_no_one_threshold_points_to_its_rests(name):
    with pytest.raises(cv.NotLinear, match=f"rests\\('{name}'\\)"):
        cv.stability(name)


def test_at_the_command_line(capsys):
    from convergence.cli import main

    assert (
        main(["rests", "adamw", "--curvature", "1", "--minimiser", "3", "--set", "weight_decay=0.5", "--set", "eps=0"])
        == 0
    )
    assert "a point in a box" in capsys.readouterr().out
    assert main(["rests", "adagrad", "--start", "1"]) == 2
