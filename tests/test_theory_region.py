"""A point lies in the derived stable region exactly when the matrix written by hand has spectral radius below one."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hand_matrices import MATRICES
from hypothesis import given, settings
from hypothesis import strategies as st
from user_rules import (
    USERS,
    extragradient,
    inner_step,
    linear_rule,
    polyak,
    random_rule,
    triple_positions,
    two_buffers,
)
from usual_settings import usual

import convergence as cv
from convergence import METHODS, method, stability
from convergence.methods import LINEAR

SHELL = 1e-7
"""A double root on the circle moves by √ε ≈ 1e-8 when its matrix is rounded: nearer, NumPy cannot tell the side."""

COUNT = 1500


def radii(matrix, columns):
    rows = zip(*columns.values(), strict=True)
    return np.abs(np.linalg.eigvals([matrix(**dict(zip(columns, row, strict=True))) for row in rows])).max(axis=-1)


def drawn(rng, hyper, low=-0.3, high=1.6):
    """Half of the points in the usual box, half outside it: negative and large momentum, negative dampening."""
    columns = {"lam": 10 ** rng.uniform(-2, 2, COUNT)}
    columns["lr"] = 10 ** rng.uniform(-1.5, 1.0, COUNT) / columns["lam"]
    for name in hyper:
        columns[name] = rng.uniform(low, high, COUNT)
    return columns


def agreement(method, matrix, columns):
    found = stability(method).contains(columns["lam"], **{n: v for n, v in columns.items() if n != "lam"})
    true = radii(matrix, columns)
    clear = np.abs(true - 1) > SHELL
    assert clear.mean() > 0.7
    assert ((true < 1) == found)[clear].all()
    assert {True, False} == set(found[clear].tolist())


@pytest.mark.parametrize("name", LINEAR)
def test_contains_agrees_with_eigenvalues(name):
    method = METHODS[name]
    columns = drawn(np.random.default_rng(1), [n for n in method.hyper if n != "lr"], low=0.0)
    if name == "newton":
        columns["lr"] = np.random.default_rng(2).uniform(0, 4, COUNT)
    if name == "robust_momentum":
        columns["kappa"] = np.random.default_rng(2).uniform(1.1, 30, COUNT)
    agreement(method, MATRICES[name], columns)


@pytest.mark.parametrize("name", ["qhm", "triple_momentum", "weight_decay_decoupled"])
def test_contains_agrees_with_eigenvalues_for_negative_hyperparameters_too(name):
    columns = drawn(np.random.default_rng(3), [n for n in METHODS[name].hyper if n != "lr"])
    agreement(METHODS[name], MATRICES[name], columns)


@pytest.mark.parametrize("method", USERS, ids=lambda m: m.name)
def test_contains_agrees_with_eigenvalues_for_a_users_rule(method):
    matrix, rest = USERS[method]
    agreement(method, matrix, drawn(np.random.default_rng(3), rest))


@pytest.mark.parametrize("seed", range(4))
def test_contains_agrees_with_eigenvalues_for_random_rules_of_three_and_four_states(seed):
    rng = np.random.default_rng(seed)
    method, matrix = random_rule(rng, 2 + seed % 2)
    lam, lr = 10 ** rng.uniform(-1.5, 1, 400), 10 ** rng.uniform(-1.5, 1, 400)
    true = radii(matrix, {"lam": lam, "lr": lr})
    clear = np.abs(true - 1) > SHELL
    assert (stability(method).contains(lam, lr=lr) == (true < 1))[clear].all()


def test_some_random_rule_is_stable_somewhere():
    method, matrix = linear_rule([[0.5, 0.1], [0.0, 0.25]], [0.1, 0.2], [0.0, 0.3], [-0.2, -0.1])
    lam, lr = np.full(200, 1.0), np.linspace(0.01, 3, 200)
    true = radii(matrix, {"lam": lam, "lr": lr})
    assert 0 < (true < 1).sum() < 200
    assert (stability(method).contains(lam, lr=lr) == (true < 1)).all()


ratios = st.fractions(min_value=Fraction(1, 100), max_value=Fraction(99, 100), max_denominator=997)
positive = st.fractions(min_value=Fraction(1, 500), max_value=500, max_denominator=997)
ball = lambda lam, momentum: 2 * (1 + momentum) / lam  # noqa: E731
look_ahead = lambda lam, momentum: 2 * (1 + momentum) / ((1 + 2 * momentum) * lam)  # noqa: E731
average = lambda lam, momentum: ball(lam, momentum) / (1 - momentum)  # noqa: E731


def robust(lam, contraction, kappa):
    """Of triple momentum 2(1+β)/((1+2γ)λ), at its numbers; the rate there is κ(1−ρ)²(1+ρ)·lr."""
    slow, cubed = (1 - contraction) ** 2 * (1 + contraction), contraction**3
    momentum, gamma = kappa * cubed / (kappa - 1), cubed / ((kappa - 1) * slow)
    return 2 * (1 + momentum) / ((1 + 2 * gamma) * lam) / (kappa * slow)


BOUNDS = {
    "gradient_descent": lambda lam: 2 / lam,
    "newton": lambda lam: Fraction(2),
    "heavy_ball": ball,
    "momentum_rate_inside": ball,
    "ema_momentum": lambda lam, momentum: average(lam, 1 - momentum),
    "ema_momentum_zero_start": average,
    "nesterov": look_ahead,
    "torch_sgd": lambda lam, momentum, dampening: ball(lam, momentum) / (1 - dampening),
    "torch_sgd_nesterov": look_ahead,
    "qhm": lambda lam, momentum, nu: 2 * (1 + momentum) / ((1 + momentum - 2 * momentum * nu) * lam),
    "triple_momentum": lambda lam, momentum, gamma: 2 * (1 + momentum) / ((1 + 2 * gamma) * lam),
    "robust_momentum": robust,
    "chebyshev": lambda lam, momentum: 2 / lam,
    "frozen_adam": average,
    "frozen_nadam": lambda lam, momentum: look_ahead(lam, momentum) / (1 - momentum),
    "weight_decay_coupled": lambda lam, momentum, weight_decay: ball(lam + weight_decay, momentum),
    "weight_decay_decoupled": lambda lam, momentum, weight_decay: (
        2 * (1 + momentum) / (lam + weight_decay * (1 + momentum))
    ),
    "torch_sgd_decay": lambda lam, momentum, dampening, weight_decay: (
        ball(lam + weight_decay, momentum) / (1 - dampening)
    ),
    "nesterov_decay_coupled": lambda lam, momentum, weight_decay: look_ahead(lam + weight_decay, momentum),
    "nesterov_decay_decoupled": lambda lam, momentum, weight_decay: (
        2 * (1 + momentum) / ((1 + 2 * momentum) * lam + (1 + momentum) * weight_decay)
    ),
}


@settings(max_examples=3, deadline=None)  # of each method: a bound that is off is off nearly everywhere
@given(lam=positive, b=ratios, d=ratios, tiny=st.integers(12, 60))
@pytest.mark.parametrize("name", LINEAR)
def test_the_boundary_is_exact_and_not_stable(name, lam, b, d, tiny):
    drawn = {"momentum": b, "dampening": d, "nu": d, "gamma": d, "weight_decay": 3 * d}
    drawn |= {"contraction": b, "kappa": 2 / (1 - b**3)}  # κρ³ < κ−1: its momentum is below 1
    rest = {n: drawn[n] for n in METHODS[name].hyper if n != "lr"}
    edge, near = BOUNDS[name](lam, **rest), Fraction(1, 10**tiny)
    inside = stability(METHODS[name]).contains
    assert not inside(lam, lr=edge, **rest)
    assert inside(lam, lr=edge * (1 - near), **rest)
    assert not inside(lam, lr=edge * (1 + near), **rest)
    exact = {n: sp.Rational(v.numerator, v.denominator) for n, v in {**rest, "curvature": lam, "lr": edge}.items()}
    letters = stability(METHODS[name]).symbols
    bound = stability(METHODS[name]).lr_max
    if name == "robust_momentum":  # its bound has no formula that holds for every κ; it is asked in numbers
        assert stability(METHODS[name]).largest_lr(lam, **rest) == pytest.approx(float(edge), rel=1e-9)
    else:
        assert bound.subs({letters[n]: v for n, v in exact.items() if n != "lr"}) == exact["lr"]
    point = {letters[n]: v for n, v in exact.items()}
    assert sp.false in [c.subs(point) for c in stability(METHODS[name]).conditions]


@pytest.mark.parametrize("name", LINEAR)
def test_floats_are_read_as_the_decimals_they_print_as(name):
    rest = usual(METHODS[name], momentum=0.9, dampening=0.1)
    edge = BOUNDS[name](Fraction(2), **{n: Fraction(str(v)) for n, v in rest.items()})
    for numeral in (float(edge), np.float64(edge)):
        if Fraction(repr(float(edge))) == edge:
            assert not stability(METHODS[name]).contains(2.0, lr=numeral, **rest)
    assert not stability(METHODS["heavy_ball"]).contains(1.0, lr=3.8, momentum=0.9)
    assert stability(METHODS["heavy_ball"]).contains(1.0, lr=np.nextafter(3.8, 0), momentum=0.9)


def test_momentum_one_is_never_stable():
    for name in ("heavy_ball", "momentum_rate_inside", "torch_sgd", "ema_momentum_zero_start"):
        assert not stability(METHODS[name]).contains(1.0, lr=np.geomspace(1e-9, 1e3, 50), momentum=1).any()
    assert not stability(METHODS["ema_momentum"]).contains(1.0, lr=np.geomspace(1e-9, 1e3, 50), momentum=0).any()


BOXED = {
    **{m: USERS[m] for m in (polyak, extragradient, triple_positions, two_buffers)},
    METHODS["qhm"]: (MATRICES["qhm"], {"momentum": (0, 1), "nu": (0, 1)}),
    METHODS["triple_momentum"]: (MATRICES["triple_momentum"], {"momentum": (0, 1), "gamma": (0, 1)}),
    METHODS["weight_decay_decoupled"]: (
        MATRICES["weight_decay_decoupled"],
        {"momentum": (0, 1), "weight_decay": (0, 2)},
    ),
}


@pytest.mark.parametrize("method", BOXED, ids=lambda m: m.name)
def test_lr_max_of_a_users_rule_is_the_top_of_the_stable_rates(method):
    """On the whole box in which the rule is used; also what ``largest_lr`` says in numbers."""
    matrix, box = BOXED[method]
    rng, found = np.random.default_rng(8), stability(method)
    for _ in range(12):
        rest = {n: float(np.round(rng.uniform(0.02, 0.98) * (b - a) + a, 3)) for n, (a, b) in box.items()}
        top = found.largest_lr(1.5, **rest)
        scan = np.geomspace(1e-2, 1e2, 900) * top
        radius = radii(matrix, {"lam": np.full(900, 1.5), "lr": scan, **{n: np.full(900, v) for n, v in rest.items()}})
        stable = scan[radius < 1 - 1e-9]
        assert abs(stable.max() / top - 1) < 2e-2, rest
        bound = found.lr_max.subs({found.symbols[n]: v for n, v in {**rest, "curvature": 1.5}.items()})
        assert abs(float(bound) / top - 1) < 1e-9, rest


@pytest.mark.parametrize(
    "method",
    [*LINEAR.values(), *USERS, *(random_rule(np.random.default_rng(s), 1 + s % 3)[0] for s in range(6))],
    ids=lambda m: m.name,
)
def test_the_simplified_conditions_say_what_contains_says(method):
    """Inside the symbols' assumptions: λ > 0, lr > 0, momentum ≥ 0."""
    rng, found = np.random.default_rng(9), stability(method)
    values = {"curvature": 10 ** rng.uniform(-1, 1, 500)} | {n: rng.uniform(0.001, 2, 500) for n in method.hyper}
    letters = [found.symbols[n] for n in values]
    shown = [np.broadcast_to(sp.lambdify(letters, c, "numpy")(*values.values()), 500) for c in found.conditions]
    inside = found.contains(values.pop("curvature"), **values)
    assert np.array_equal(np.logical_and.reduce(shown), inside)


def test_lr_max_knows_the_scale_of_the_curvature():
    """x − ηg(x − g(x)/10): η < 20/(λ(10−λ)) where λ < 10, and nothing is stable above."""
    found = stability(inner_step)
    for curvature, top in ((1.0, 20 / 9), (4.0, 20 / 24), (12.0, 0.0)):
        assert found.largest_lr(curvature) == pytest.approx(top)
        bound = (
            found.lr_max if found.lr_max is None else float(found.lr_max.subs(found.symbols["curvature"], curvature))
        )
        assert bound is None or bound == pytest.approx(top) or bound <= top == 0


def leaking(f, x, total, before, *, lr):
    slope = f.grad(x)
    total = 0.9 * total + slope
    return x - lr * slope - 0.2 * total - 0.6 * (slope - before), total, slope


@pytest.mark.parametrize("curvature", [0.5, 1.2, 1.6])
def test_curvatures_at_which_nothing_more_is_stable_may_lie_anywhere(curvature):
    """Here at 95/62, not below 1 and not a whole number."""
    found, near = stability(method(leaking)), np.array([1e-6, 1 - 1e-6, 1 + 1e-6])
    top = max(2 * (95 - 62 * curvature) / (95 * curvature), 0.0)
    assert found.largest_lr(curvature) == pytest.approx(top)
    assert float(found.lr_max.subs(found.symbols["curvature"], curvature)) == pytest.approx(top)
    matrices = [
        [[1 - (0.8 + lr) * curvature, -0.18, 0.6], [curvature, 0.9, 0], [curvature, 0, 0]] for lr in near * (top or 1)
    ]
    stable = [np.abs(np.linalg.eigvals(matrix)).max() < 1 for matrix in matrices]
    assert stable == [bool(top), bool(top), False]


@pytest.mark.parametrize("loss", ["sum", "half", "mean", "half_mean"])
def test_sigma_changes_the_letters_only(loss):
    n, sigma = sp.Symbol("n", positive=True, integer=True), sp.Symbol("sigma", positive=True)
    scale = {"sum": 2, "half": 1, "mean": 2 / n, "half_mean": 1 / n}[loss]
    turned = stability(METHODS["gradient_descent"], sigma=True, loss=loss)
    assert sp.simplify(turned.lr_max - 2 / (scale * sigma**2)) == 0
    assert turned.contains(1.0, lr=1.9)
    assert not turned.contains(1.0, lr=2)


def test_shapes_broadcast_and_may_be_empty():
    inside = stability(METHODS["heavy_ball"]).contains
    assert inside(np.ones((3, 1)), lr=np.ones(4), momentum=0.5).shape == (3, 4)
    assert inside(np.ones(0), lr=1.0, momentum=0.5).shape == (0,)
    assert np.shape(inside(1.0, lr=1.0, momentum=0.5)) == ()


def twin(f, x, v, *, lr, momentum):
    return x - lr * f.grad(x), v - lr * momentum / (150 * (1 - momentum)) * f.grad(v)


@pytest.mark.finding("A1")
def test_the_bound_that_binds_last_is_found_too():
    """The second state binds only beyond β = 150/151; formulas that are picked at a few samples miss it."""
    region = stability(method(start=lambda f, x: (x, x))(twin))
    at = {region.symbols["curvature"]: 1, region.symbols["momentum"]: sp.Rational(999, 1000)}
    assert region.decided
    assert region.lr_max.subs(at) == sp.Rational(300, 999)
    assert region.lr_max.subs({**at, region.symbols["momentum"]: sp.Rational(99, 100)}) == 2


def two_rates(f, x, *, lr):
    x = x - lr * f.grad(x)
    return x - 10 * lr * f.grad(x)


@pytest.mark.finding("A14")
def test_a_stable_set_may_be_a_union():
    """|(1 − s)(1 − 10s)| < 1: apart from 0 < s < 11/10, not where 10s² − 11s + 2 < 0."""
    ends = [(11 - 41**0.5) / 20, (11 + 41**0.5) / 20]
    assert np.allclose(stability(two_rates).intervals(1.0), [(0, ends[0]), (ends[1], 1.1)])


def hidden(f, x, *, lr):
    slope = f.grad(x + 1) - f.grad(x)
    return x - lr * f.grad(x) * (slope - 3) / (slope - 3)


@pytest.mark.finding("A14")
def test_a_rule_is_not_stable_where_it_divides_by_zero():
    assert stability(hidden).contains([1.0, 3.0, 4.0], lr=0.1).tolist() == [True, False, True]


@pytest.mark.parametrize("curvature", ["a", np.nan, np.inf, None, 1j, [1, [2]], True])
def test_a_curvature_that_is_no_number_is_refused(curvature):
    with pytest.raises((cv.BadHyperparameter, ValueError), match=r"curvature|inhomogeneous"):
        stability("heavy_ball").contains(curvature, lr=0.1, momentum=0.5)


def test_shapes_that_do_not_broadcast_are_named():
    with pytest.raises(cv.BadHyperparameter, match=r"\(2,\)"):
        stability("heavy_ball").contains([1.0, 2.0], lr=[0.1, 0.2, 0.3], momentum=0.5)


@pytest.mark.parametrize("loss", [["sum"], "total", None])
def test_a_loss_that_is_no_scaling_is_refused(loss):
    with pytest.raises(cv.BadName, match="half_mean"):
        stability("heavy_ball", sigma=True, loss=loss)
