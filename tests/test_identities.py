"""Methods are special cases, limits and changes of variables of one another: one table, held on runs and on formulas."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
import sympy as sp
from tolerances import identity
from user_rules import extragradient, linear_rule, polyak_at_rest, triple_positions, two_buffers

from convergence import LeastSquares, datasets, derive, method, simulate
from convergence.methods import LINEAR

M = LINEAR
b, d = sp.Symbol("beta", nonnegative=True), sp.Symbol("d", real=True)
lr, delta = sp.Symbol("eta", positive=True), sp.Symbol("delta", nonnegative=True)
g, rho, kappa = sp.symbols("gamma rho kappa", real=True)
triple_at_rest = method(start=lambda f, x: (x, x), name="triple_at_rest")(triple_positions.rule)


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
        M["qhm"], {"lr": lr, "momentum": b, "nu": 1}, M["ema_momentum_zero_start"], {"lr": lr, "momentum": b}
    ),
    "QHM at ν=0 is gradient descent": Same(
        M["qhm"], {"lr": lr, "momentum": b, "nu": 0}, M["gradient_descent"], {"lr": lr}, factor=b
    ),
    "QHM at ν=β is PyTorch's Nesterov at lr(1−β)": Same(
        M["qhm"], {"lr": lr, "momentum": b, "nu": b}, M["torch_sgd_nesterov"], {"lr": lr * (1 - b), "momentum": b}
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
    "triple momentum at γ=0 is heavy ball": Same(
        M["triple_momentum"], {"lr": lr, "momentum": b, "gamma": 0}, M["heavy_ball"], {"lr": lr, "momentum": b}
    ),
    "triple momentum at γ=β is Nesterov's": Same(
        M["triple_momentum"], {"lr": lr, "momentum": b, "gamma": b}, M["nesterov"], {"lr": lr, "momentum": b}
    ),
    "triple momentum in positions": Same(
        triple_at_rest,
        {"lr": lr, "momentum": b, "ahead": g},
        M["triple_momentum"],
        {"lr": lr, "momentum": b, "gamma": g},
    ),
    "triple momentum in positions, from zero and not from rest": Same(
        triple_positions,
        {"lr": lr, "momentum": b, "ahead": g},
        M["triple_momentum"],
        {"lr": lr, "momentum": b, "gamma": g},
        iterates=False,
    ),
    "robust momentum is triple momentum at three numbers of one": Same(
        M["robust_momentum"],
        {"lr": lr, "contraction": rho, "kappa": kappa},
        M["triple_momentum"],
        {
            "lr": lr * kappa * (1 - rho) ** 2 * (1 + rho),
            "momentum": kappa * rho**3 / (kappa - 1),
            "gamma": rho**3 / ((kappa - 1) * (1 - rho) ** 2 * (1 + rho)),
        },
    ),
    "robust momentum at ρ=1−1/√κ is triple momentum as tuned for all convex functions": Same(
        M["robust_momentum"],
        {"lr": lr, "contraction": rho, "kappa": 1 / (1 - rho) ** 2},
        M["triple_momentum"],
        {"lr": lr * (1 + rho), "momentum": rho**2 / (2 - rho), "gamma": rho**2 / ((1 + rho) * (2 - rho))},
    ),
    "Adam's average is that from zero, but for the correction": Same(
        M["frozen_adam"],
        {"lr": lr, "momentum": b},
        M["ema_momentum_zero_start"],
        {"lr": lr, "momentum": b},
        iterates=False,
    ),
    "NAdam's average is QHM at ν=β, but for the corrections": Same(
        M["frozen_nadam"],
        {"lr": lr, "momentum": b},
        M["qhm"],
        {"lr": lr, "momentum": b, "nu": b},
        iterates=False,
    ),
    "Chebyshev's is heavy ball at lr(1+β), but for the way there": Same(
        M["chebyshev"],
        {"lr": lr, "momentum": b},
        M["heavy_ball"],
        {"lr": lr * (1 + b), "momentum": b},
        iterates=False,
    ),
    "momentum 0: Chebyshev's": Same(
        M["chebyshev"], {"lr": lr, "momentum": 0}, M["gradient_descent"], {"lr": lr}, factor=ZERO
    ),
    "momentum 0: Adam's average": Same(
        M["frozen_adam"], {"lr": lr, "momentum": 0}, M["gradient_descent"], {"lr": lr}, factor=ZERO
    ),
    "momentum 0: NAdam's average": Same(
        M["frozen_nadam"], {"lr": lr, "momentum": 0}, M["gradient_descent"], {"lr": lr}, factor=ZERO
    ),
    "decay 0: coupled": Same(
        M["weight_decay_coupled"],
        {"lr": lr, "momentum": b, "weight_decay": 0},
        M["heavy_ball"],
        {"lr": lr, "momentum": b},
    ),
    "decay 0: decoupled": Same(
        M["weight_decay_decoupled"],
        {"lr": lr, "momentum": b, "weight_decay": 0},
        M["heavy_ball"],
        {"lr": lr, "momentum": b},
    ),
    "without momentum both decays are one": Same(
        M["weight_decay_decoupled"],
        {"lr": lr, "momentum": 0, "weight_decay": delta},
        M["weight_decay_coupled"],
        {"lr": lr, "momentum": 0, "weight_decay": delta},
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
NUMBERS = {lr: 2e-5, b: 0.625, d: 0.25, g: 0.375, rho: 0.75, kappa: 10.0, delta: 300.0}


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
    assert sp.cancel(characteristic(same.one, same.hyper) - more * characteristic(same.other, same.under)) == 0


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


@pytest.mark.parametrize("weight_decay", [30.0, 3e3])
def test_coupled_decay_is_heavy_ball_on_ridge(weight_decay):
    """(c/2)‖Xw−y‖² + (δ/2)‖w‖² is least squares with rows √(δ/c)·I more, their target 0: the curvatures are λ+δ."""
    plain = datasets.gaussian_2d()
    more = np.sqrt(weight_decay / plain.scale) * np.eye(2)
    ridge = LeastSquares(np.vstack([plain.X, more]), np.r_[plain.y, 0, 0])
    assert np.allclose(ridge.curvatures, plain.curvatures + weight_decay, rtol=1e-12)
    hyper = {"lr": 2e-5, "momentum": 0.625}
    one = simulate(plain, M["weight_decay_coupled"], 150, (0.4, -0.7), weight_decay=weight_decay, **hyper)
    other = simulate(ridge, M["heavy_ball"], 150, (0.4, -0.7), **hyper)
    assert np.abs(one.x - other.x).max() <= identity(150, 1.0)
    apart = simulate(plain, M["weight_decay_decoupled"], 150, (0.4, -0.7), weight_decay=weight_decay, **hyper)
    assert np.abs(apart.x - other.x).max() > 1e-4
    assert np.abs(one.error - other.error).max() <= identity(150, plain.kappa)
    moved = derive(M["heavy_ball"])
    shifted = moved.characteristic.as_expr().subs(moved.symbols["curvature"], moved.symbols["curvature"] + delta)
    assert sp.expand(derive(M["weight_decay_coupled"]).characteristic.as_expr() - shifted) == 0


PAIRS = [
    ("frozen_adam", "ema_momentum_zero_start", {}),
    ("frozen_nadam", "qhm", {"nu": 0.625}),
    ("chebyshev", "heavy_ball", {"lr": 2e-5 * 1.625}),
]


@pytest.mark.parametrize(("name", "limit", "other"), PAIRS)
def test_once_its_clock_has_run_down_a_method_is_its_limit(name, limit, other):
    """From the state it has then, the limit goes on with the same iterates; from that of an earlier step it does not."""
    problem, hyper = datasets.gaussian_2d(), {"lr": 2e-5, "momentum": 0.625}
    run = simulate(problem, M[name], 250, (0.4, -0.7), **hyper)

    def gap(since):
        """The limit started at the run's state after ``since`` steps, against the run."""
        x, buffer = run.state[since, :2]
        if name == "chebyshev":  # its d is of the coming step: heavy ball's v, v' = d/(1+β) where the gradient is fresh
            buffer = (run.x[since - 1] - x) / (hyper["lr"] * 1.625)
        begun = method(start=lambda f, at: (x, buffer), name="begun")(M[limit].rule)
        on = simulate(problem, begun, 60, x, **{**hyper, **other})
        return np.abs(on.x - run.x[since : since + 61]).max()

    assert gap(100) <= identity(60, 1.0)  # 0.625¹⁰⁰ ≈ 4e-21
    assert gap(2) > 1e-6


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
    "name",
    [
        "heavy_ball",
        "nesterov",
        "torch_sgd",
        "torch_sgd_nesterov",
        "ema_momentum_zero_start",
        "chebyshev",
        "frozen_adam",
        "frozen_nadam",
    ],
)
def test_small_momentum_tends_to_gradient_descent(name, momentum):
    one = run(M[name], {"lr": lr, "momentum": momentum})
    other = run(M["gradient_descent"], {"lr": lr})
    gap = np.abs(one.x - other.x).max()
    assert momentum * 1e-3 < gap < 10 * momentum
