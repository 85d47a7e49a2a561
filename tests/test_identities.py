"""Methods are special cases, limits and changes of variables of one another: one table, held on runs and on formulas."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
import sympy as sp
from tolerances import identity
from user_rules import extragradient, linear_rule, polyak_at_rest, qhm, triple_momentum, two_buffers

from convergence import METHODS, datasets, derive, simulate

M = METHODS
b, d = sp.Symbol("beta", nonnegative=True), sp.Symbol("d", real=True)
lr = sp.Symbol("eta", positive=True)


@dataclass(frozen=True)
class Same:
    """Two settings under which two methods are one: equal iterates if ``iterates``, equal characteristic polynomials always."""

    one: object
    hyper: dict
    other: object
    under: dict
    iterates: bool = True
    spare: int = 0  # how many eigenvalues at zero, or buffers without effect, the first has more than the second
    factor: object = field(default=None)


ZERO = sp.Integer(0)
TABLE = {
    "QHM at ν=1 is the average from zero": Same(
        qhm, {"lr": lr, "momentum": b, "nu": 1}, M["ema_momentum_zero_start"], {"lr": lr, "momentum": b}
    ),
    "QHM at ν=0 is gradient descent": Same(
        qhm, {"lr": lr, "momentum": b, "nu": 0}, M["gradient_descent"], {"lr": lr}, factor=b
    ),
    "QHM at ν=β is PyTorch's Nesterov at lr(1−β)": Same(
        qhm, {"lr": lr, "momentum": b, "nu": b}, M["torch_sgd_nesterov"], {"lr": lr * (1 - b), "momentum": b}
    ),
    "the average from zero is heavy ball at lr(1−β)": Same(
        M["ema_momentum_zero_start"], {"lr": lr, "momentum": b}, M["heavy_ball"], {"lr": lr * (1 - b), "momentum": b}
    ),
    "the course's average is heavy ball at lr·β and 1−β, but for the first buffer": Same(
        M["ema_momentum"],
        {"lr": lr, "momentum": 1 - b},
        M["heavy_ball"],
        {"lr": lr * (1 - b), "momentum": b},
        iterates=False,
    ),
    "the two averages are β against 1−β, but for the first buffer": Same(
        M["ema_momentum"],
        {"lr": lr, "momentum": 1 - b},
        M["ema_momentum_zero_start"],
        {"lr": lr, "momentum": b},
        iterates=False,
    ),
    "the rate inside or outside the buffer": Same(
        M["momentum_rate_inside"], {"lr": lr, "momentum": b}, M["heavy_ball"], {"lr": lr, "momentum": b}
    ),
    "PyTorch's momentum is heavy ball": Same(
        M["torch_sgd"], {"lr": lr, "momentum": b, "dampening": 0}, M["heavy_ball"], {"lr": lr, "momentum": b}
    ),
    "dampening is lr(1−d) but for the first step": Same(
        M["torch_sgd"],
        {"lr": lr, "momentum": b, "dampening": d},
        M["heavy_ball"],
        {"lr": lr * (1 - d), "momentum": b},
        iterates=False,
    ),
    "dampening β is the average": Same(
        M["torch_sgd"],
        {"lr": lr, "momentum": b, "dampening": b},
        M["ema_momentum_zero_start"],
        {"lr": lr, "momentum": b},
        iterates=False,
    ),
    "PyTorch's Nesterov is Nesterov's at another point": Same(
        M["torch_sgd_nesterov"], {"lr": lr, "momentum": b}, M["nesterov"], {"lr": lr, "momentum": b}, iterates=False
    ),
    "heavy ball in positions": Same(
        polyak_at_rest, {"lr": lr, "momentum": b}, M["heavy_ball"], {"lr": lr, "momentum": b}
    ),
    "triple momentum without looking ahead is heavy ball": Same(
        triple_momentum,
        {"lr": lr, "momentum": b, "ahead": 0},
        M["heavy_ball"],
        {"lr": lr, "momentum": b},
        iterates=False,
    ),
    "triple momentum looking β ahead is Nesterov's": Same(
        triple_momentum, {"lr": lr, "momentum": b, "ahead": b}, M["nesterov"], {"lr": lr, "momentum": b}, iterates=False
    ),
    "momentum 0: heavy ball": Same(
        M["heavy_ball"], {"lr": lr, "momentum": 0}, M["gradient_descent"], {"lr": lr}, factor=ZERO
    ),
    "momentum 0: rate inside": Same(
        M["momentum_rate_inside"], {"lr": lr, "momentum": 0}, M["gradient_descent"], {"lr": lr}, factor=ZERO
    ),
    "momentum 0: average from zero": Same(
        M["ema_momentum_zero_start"], {"lr": lr, "momentum": 0}, M["gradient_descent"], {"lr": lr}, factor=ZERO
    ),
    "momentum 1, all weight on the new gradient: the course's average": Same(
        M["ema_momentum"], {"lr": lr, "momentum": 1}, M["gradient_descent"], {"lr": lr}, factor=ZERO
    ),
    "momentum 0: Nesterov": Same(
        M["nesterov"], {"lr": lr, "momentum": 0}, M["gradient_descent"], {"lr": lr}, factor=ZERO
    ),
    "momentum 0: PyTorch": Same(
        M["torch_sgd"], {"lr": lr, "momentum": 0, "dampening": 0}, M["gradient_descent"], {"lr": lr}, factor=ZERO
    ),
    "momentum 0: PyTorch's Nesterov": Same(
        M["torch_sgd_nesterov"], {"lr": lr, "momentum": 0}, M["gradient_descent"], {"lr": lr}, factor=ZERO
    ),
    "momentum 0: two buffers": Same(
        two_buffers, {"lr": lr, "momentum": 0}, M["gradient_descent"], {"lr": lr}, factor=(ZERO, ZERO)
    ),
}
NUMBERS = {lr: 2e-5, b: 0.625, d: 0.25}


def characteristic(method, hyper):
    derived = derive(method)
    letters = {name: sp.Dummy(name) for name in derived.hyper}
    formula = derived.characteristic.as_expr().subs({derived.symbols[n]: letter for n, letter in letters.items()})
    return formula.subs({letters[n]: value for n, value in hyper.items()})


@pytest.mark.parametrize("same", TABLE.values(), ids=TABLE)
def test_characteristic_polynomials(same):
    z = sp.Symbol("z")
    factors = () if same.factor is None else same.factor if isinstance(same.factor, tuple) else (same.factor,)
    more = sp.prod([z - root for root in factors])
    assert sp.expand(characteristic(same.one, same.hyper) - more * characteristic(same.other, same.under)) == 0


def run(method, hyper, steps=150):
    return simulate(
        datasets.gaussian_2d(),
        method,
        steps,
        (0.4, -0.7),
        **{n: float(sp.sympify(v).subs(NUMBERS)) for n, v in hyper.items()},
    )


@pytest.mark.parametrize("same", TABLE.values(), ids=TABLE)
def test_iterates(same):
    one, other = run(same.one, same.hyper), run(same.other, same.under)
    gap = np.abs(one.x - other.x).max()
    assert (gap <= identity(150, np.abs(one.x).max())) == same.iterates, gap


def test_pytorchs_iterate_is_the_look_ahead_point():
    torch, ours = (run(M[name], {"lr": lr, "momentum": b}) for name in ("torch_sgd_nesterov", "nesterov"))
    x, m = ours.state[:, 0], ours.state[:, 1]
    assert np.abs(torch.x - (x - 0.625 * m)).max() <= identity(150, 1.0)


def test_triple_momentum_at_rest_is_nesterovs():
    """Its second state is the previous position; from a start at rest the iterates are equal."""
    from convergence.rule import method

    at_rest = method(start=lambda f, x: (x, x), name="at_rest")(triple_momentum.rule)
    one = simulate(datasets.gaussian_2d(), at_rest, 100, (0.4, -0.7), lr=2e-5, momentum=0.6, ahead=0.6)
    other = simulate(datasets.gaussian_2d(), M["nesterov"], 100, (0.4, -0.7), lr=2e-5, momentum=0.6)
    assert np.abs(one.x - other.x).max() <= identity(100, 1.0)


def test_dampening_beyond_the_first_step_is_a_smaller_rate():
    """From the second buffer on v' = (1−d)·u with heavy ball's u, if u starts at g₀/(1−d)."""
    damped = run(M["torch_sgd"], {"lr": lr, "momentum": b, "dampening": d})
    problem, w, u = datasets.gaussian_2d(), np.array([0.4, -0.7]), None
    for k in range(150):
        g = problem.grad(w)
        u = g / 0.75 if u is None else 0.625 * u + g
        w = w - 2e-5 * 0.75 * u
        assert np.abs(damped.x[k + 1] - w).max() <= identity(150, 1.0)


@pytest.mark.parametrize("spectrum", [[1.0, 4.0], [1e-3, 1.0, 10.0]])
def test_newtons_pure_step_solves_in_one(spectrum):
    problem = datasets.with_spectrum(spectrum, 6, 1, noise=0.3)
    one = simulate(problem, M["newton"], 1, np.ones(len(spectrum)), lr=1)
    assert np.abs(one.x[1] - problem.minimizer).max() <= identity(
        1, problem.kappa * (1 + np.abs(problem.minimizer).max())
    )
    halves = simulate(problem, M["newton"], 20, np.ones(len(spectrum)), lr=0.5)
    assert np.allclose(halves.error, halves.error[0] * 0.5 ** np.arange(21)[:, None], atol=1e-9)


def test_newton_is_gradient_descent_where_all_curvatures_are_one():
    problem = datasets.with_spectrum([1.0, 1.0], 5, 2, noise=0.1)
    one, other = (simulate(problem, M[name], 60, lr=0.3) for name in ("newton", "gradient_descent"))
    assert np.abs(one.x - other.x).max() <= identity(60, 10.0)


def test_extragradient_is_gradient_descent_at_the_rate_a_minus_a_squared():
    problem = datasets.with_spectrum([2.0], 3, 2)
    one = simulate(problem, extragradient, 40, lr=0.2)
    other = simulate(problem, M["gradient_descent"], 40, lr=0.2 * (1 - 0.4))
    assert np.abs(one.x - other.x).max() <= identity(40, 10.0)


def test_a_buffer_without_effect_changes_nothing():
    idle = linear_rule([[0.5]], [1.0], [0.0], [0.0])[0]
    one = simulate(datasets.gaussian_2d(), idle, 60, lr=2e-5)
    other = simulate(datasets.gaussian_2d(), M["gradient_descent"], 60, lr=2e-5)
    assert np.array_equal(one.x, other.x)


@pytest.mark.parametrize("momentum", [1e-3, 1e-6, 1e-9])
@pytest.mark.parametrize(
    "name", ["heavy_ball", "nesterov", "torch_sgd", "torch_sgd_nesterov", "ema_momentum_zero_start"]
)
def test_small_momentum_tends_to_gradient_descent(name, momentum):
    one = run(M[name], {"lr": lr, "momentum": momentum})
    other = run(M["gradient_descent"], {"lr": lr})
    gap = np.abs(one.x - other.x).max()
    assert momentum * 1e-3 < gap < 10 * momentum
