"""The derived iteration matrix and characteristic polynomial are those of the derivation on paper."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from hand_matrices import MATRICES
from tolerances import described
from usual_settings import usual

from convergence import METHODS, LeastSquares, derive
from convergence.methods import LINEAR

eta, lam = sp.symbols("eta lambda", positive=True)
beta = sp.Symbol("beta", nonnegative=True)
d, nu, gamma, rho, kappa = sp.symbols("d nu gamma contraction kappa_0", real=True)
delta = sp.Symbol("delta", nonnegative=True)
z = sp.Symbol("z")


def triple(step, memory, ahead):
    kept = memory - ahead * step * lam
    return [[1 - step * lam, -step * kept], [lam, kept]]


SLOW = (1 - rho) ** 2 * (1 + rho)
PAPER = {
    "gradient_descent": [[1 - eta * lam]],
    "newton": [[1 - eta]],
    "heavy_ball": [[1 - eta * lam, -eta * beta], [lam, beta]],
    "momentum_rate_inside": [[1 - eta * lam, -beta], [eta * lam, beta]],
    "ema_momentum": [[1 - eta * beta * lam, -eta * (1 - beta)], [beta * lam, 1 - beta]],
    "ema_momentum_zero_start": [[1 - eta * (1 - beta) * lam, -eta * beta], [(1 - beta) * lam, beta]],
    "nesterov": [[1 - eta * lam, -beta + eta * lam * beta], [eta * lam, beta - eta * lam * beta]],
    "torch_sgd": [[1, -eta], [(1 - d) * lam, beta - (1 - d) * eta * lam]],
    "torch_sgd_nesterov": [[1 - eta * lam - eta * lam * beta, -eta * beta**2], [lam, beta]],
    "qhm": [[1 - eta * lam * (1 - nu * beta), -eta * nu * beta], [(1 - beta) * lam, beta]],
    "triple_momentum": triple(eta, beta, gamma),
    "robust_momentum": triple(kappa * SLOW * eta, kappa * rho**3 / (kappa - 1), rho**3 / ((kappa - 1) * SLOW)),
    "chebyshev": [[1, -eta], [(1 + beta) * lam, beta - eta * (1 + beta) * lam]],
    "frozen_adam": [[1 - eta * (1 - beta) * lam, -eta * beta], [(1 - beta) * lam, beta]],
    "frozen_nadam": [[1 - eta * (1 - beta**2) * lam, -eta * beta**2], [(1 - beta) * lam, beta]],
    "weight_decay_coupled": [[1 - eta * (lam + delta), -eta * beta], [lam + delta, beta]],
    "weight_decay_decoupled": [[1 - eta * (lam + delta), -eta * beta], [lam, beta]],
    "torch_sgd_decay": [
        [1 - eta * delta, -eta],
        [beta * delta + ((1 - d) * lam - d * delta) * (1 - eta * delta), beta - eta * ((1 - d) * lam - d * delta)],
    ],
    "nesterov_decay_coupled": [[1 - eta * (lam + delta) * (1 + beta), -eta * beta**2], [lam + delta, beta]],
    "nesterov_decay_decoupled": [[1 - eta * lam * (1 + beta) - eta * delta, -eta * beta**2], [lam, beta]],
}

BALL = z**2 - (1 + beta - eta * lam) * z + beta
LOOK_AHEAD = z**2 - (1 + beta) * (1 - eta * lam) * z + beta * (1 - eta * lam)
AVERAGE = z**2 - (1 + beta - eta * (1 - beta) * lam) * z + beta
TUNED = kappa * rho**3 / (kappa - 1)  # the momentum of robust momentum; its look ahead is β/(ηL), so γη = β·lr
CHARACTERISTIC = {
    "gradient_descent": z - (1 - eta * lam),
    "newton": z - (1 - eta),
    "heavy_ball": BALL,
    "momentum_rate_inside": BALL,
    "ema_momentum": z**2 - (2 - beta - eta * beta * lam) * z + (1 - beta),
    "ema_momentum_zero_start": AVERAGE,
    "nesterov": LOOK_AHEAD,
    "torch_sgd": z**2 - (1 + beta - eta * (1 - d) * lam) * z + beta,
    "torch_sgd_nesterov": LOOK_AHEAD,
    "qhm": z**2 - (1 + beta - eta * (1 - nu * beta) * lam) * z + beta - eta * beta * (1 - nu) * lam,
    "triple_momentum": z**2 - (1 + beta - eta * (1 + gamma) * lam) * z + beta - eta * gamma * lam,
    "robust_momentum": z**2 - (1 - kappa * SLOW * eta * lam + TUNED * (1 - eta * lam)) * z + TUNED * (1 - eta * lam),
    "chebyshev": BALL.subs(eta, eta * (1 + beta)),
    "frozen_adam": AVERAGE,
    "frozen_nadam": LOOK_AHEAD.subs(eta, eta * (1 - beta)),
    "weight_decay_coupled": BALL.subs(lam, lam + delta),
    "weight_decay_decoupled": z**2 - (1 + beta - eta * (lam + delta)) * z + beta * (1 - eta * delta),
    "torch_sgd_decay": z**2 - (1 + beta - eta * (1 - d) * (lam + delta)) * z + beta,
    "nesterov_decay_coupled": LOOK_AHEAD.subs(lam, lam + delta),
    "nesterov_decay_decoupled": LOOK_AHEAD + eta * delta * (z - beta),
}

# The rest: at the minimiser with an empty buffer, but for weight decay. Coupled: λ(x−1) + δx = 0; v = b − δx where b = 0.
# Decoupled: v = λ(x−1)/(1−β), and −δx = v, or with the look-ahead −δx = λ(x−1) + βv, which is v as well.
SHARE, RIDGE = lam / (lam + delta * (1 - beta)), lam / (lam + delta)
RESTS = {
    "weight_decay_coupled": (RIDGE, 0),
    "weight_decay_decoupled": (SHARE, -delta * SHARE),
    "torch_sgd_decay": (RIDGE, -delta * RIDGE),
    "nesterov_decay_coupled": (RIDGE, 0),
    "nesterov_decay_decoupled": (SHARE, -delta * SHARE),
}
CLOCKS = dict.fromkeys(("chebyshev", "frozen_adam", "frozen_nadam"), "p")

NAMES = list(PAPER)


def test_the_whole_catalogue_is_on_paper():
    assert set(PAPER) == set(CHARACTERISTIC) == set(LINEAR)


@pytest.mark.parametrize("name", NAMES)
def test_matrix(name):
    derived = derive(METHODS[name])
    assert (derived.matrix - sp.Matrix(PAPER[name])).applyfunc(sp.cancel).is_zero_matrix
    assert derived.linear
    assert all(sp.cancel(a - b) == 0 for a, b in zip(derived.rest, RESTS.get(name, (1, 0)), strict=False))
    assert (derived.clock.names if derived.clock else ()) == tuple(CLOCKS.get(name, ""))
    assert derived.state == tuple(s for s in METHODS[name].state if s not in CLOCKS.get(name, ""))


@pytest.mark.parametrize("name", NAMES)
def test_characteristic_polynomial(name):
    derived = derive(METHODS[name])
    assert sp.cancel(derived.characteristic.as_expr() - CHARACTERISTIC[name]) == 0
    own = (z * sp.eye(len(PAPER[name])) - sp.Matrix(PAPER[name])).det()
    assert sp.cancel(own - CHARACTERISTIC[name]) == 0


@pytest.mark.parametrize("name", NAMES)
def test_eigenvalues_are_roots_with_the_right_sum_and_product(name):
    derived = derive(METHODS[name])
    assert len(derived.eigenvalues) == len(derived.state)
    assert sp.simplify(sum(derived.eigenvalues) - sp.Matrix(PAPER[name]).trace()) == 0
    assert sp.simplify(sp.prod(derived.eigenvalues) - sp.Matrix(PAPER[name]).det()) == 0


@pytest.mark.parametrize("name", NAMES)
def test_letters_as_numbers_give_the_numpy_matrix_of_the_other_witness(name):
    derived = derive(METHODS[name])
    numbers = {"curvature": 1.7, "lr": 0.31, **usual(METHODS[name])}
    values = {letter: numbers[key] for key, letter in derived.symbols.items()}
    hyper = {key: numbers[key] for key in derived.hyper}
    assert np.allclose(np.array(derived.matrix.subs(values), dtype=float), MATRICES[name](1.7, **hyper), atol=1e-14)


@pytest.mark.parametrize("name", [name for name in NAMES if len(PAPER[name]) == 2])
def test_another_order_of_the_state_exchanges_rows_and_columns(name):
    derived = derive(METHODS[name])
    turned = derived.order(tuple(reversed(derived.state)))
    rows = sp.Matrix([[0, 1], [1, 0]])
    assert (turned.matrix - rows * sp.Matrix(PAPER[name]) * rows).applyfunc(sp.cancel).is_zero_matrix
    assert turned.rest == tuple(reversed(derived.rest))
    assert turned.order(derived.state) == derived


@pytest.mark.parametrize(
    ("loss", "scale"),
    [
        ("sum", 2),
        ("half", 1),
        ("mean", 2 / sp.Symbol("n", positive=True, integer=True)),
        ("half_mean", 1 / sp.Symbol("n", positive=True, integer=True)),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_sigma_puts_the_scaled_square_for_the_curvature(name, loss, scale):
    sigma = sp.Symbol("sigma", positive=True)
    turned = derive(METHODS[name], sigma=True, loss=loss)
    in_sigma = sp.Matrix(PAPER[name]).subs(lam, scale * sigma**2)
    assert (turned.matrix - in_sigma).applyfunc(sp.cancel).is_zero_matrix
    assert sp.cancel(turned.characteristic.as_expr() - CHARACTERISTIC[name].subs(lam, scale * sigma**2)) == 0
    assert turned.symbols["sigma"] == sigma
    assert "curvature" not in turned.symbols


@pytest.mark.parametrize("loss", ["sum", "half", "mean", "half_mean"])
def test_curvatures_in_sigma_are_those_of_the_problem(loss):
    """λ = cσ² as theory writes it, with n rows, is the curvature that the data have: here σ = 3, n = 7."""
    turned = derive("gradient_descent", sigma=True, loss=loss)
    at = {turned.symbols["sigma"]: 3, turned.symbols["lr"]: 1, sp.Symbol("n", positive=True, integer=True): 7}
    data = LeastSquares(3 * np.eye(7)[:, :1], np.ones(7), loss)
    assert float(1 - turned.matrix[0].subs(at)) == pytest.approx(data.L, rel=described(1.0))
