"""The derived iteration matrix and characteristic polynomial are those of the derivation on paper."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from hand_matrices import MATRICES

from convergence import METHODS, derive

eta, lam = sp.symbols("eta lambda", positive=True)
beta = sp.Symbol("beta", nonnegative=True)
d = sp.Symbol("d", real=True)
z = sp.Symbol("z")

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
}

BALL = z**2 - (1 + beta - eta * lam) * z + beta
LOOK_AHEAD = z**2 - (1 + beta) * (1 - eta * lam) * z + beta * (1 - eta * lam)
CHARACTERISTIC = {
    "gradient_descent": z - (1 - eta * lam),
    "newton": z - (1 - eta),
    "heavy_ball": BALL,
    "momentum_rate_inside": BALL,
    "ema_momentum": z**2 - (2 - beta - eta * beta * lam) * z + (1 - beta),
    "ema_momentum_zero_start": z**2 - (1 + beta - eta * (1 - beta) * lam) * z + beta,
    "nesterov": LOOK_AHEAD,
    "torch_sgd": z**2 - (1 + beta - eta * (1 - d) * lam) * z + beta,
    "torch_sgd_nesterov": LOOK_AHEAD,
}

NAMES = list(PAPER)


def test_the_whole_catalogue_is_on_paper():
    assert set(PAPER) == set(CHARACTERISTIC) == set(METHODS)


@pytest.mark.parametrize("name", NAMES)
def test_matrix(name):
    derived = derive(METHODS[name])
    assert (derived.matrix - sp.Matrix(PAPER[name])).expand().is_zero_matrix
    assert derived.linear
    assert derived.rest == (1, 0)[: len(derived.state)]


@pytest.mark.parametrize("name", NAMES)
def test_characteristic_polynomial(name):
    derived = derive(METHODS[name])
    assert sp.expand(derived.characteristic.as_expr() - CHARACTERISTIC[name]) == 0
    own = (z * sp.eye(len(PAPER[name])) - sp.Matrix(PAPER[name])).det()
    assert sp.expand(own - CHARACTERISTIC[name]) == 0


@pytest.mark.parametrize("name", NAMES)
def test_eigenvalues_are_roots_with_the_right_sum_and_product(name):
    derived = derive(METHODS[name])
    assert len(derived.eigenvalues) == len(derived.state)
    assert sp.simplify(sum(derived.eigenvalues) - sp.Matrix(PAPER[name]).trace()) == 0
    assert sp.simplify(sp.prod(derived.eigenvalues) - sp.Matrix(PAPER[name]).det()) == 0


@pytest.mark.parametrize("name", NAMES)
def test_letters_as_numbers_give_the_numpy_matrix_of_the_other_witness(name):
    derived = derive(METHODS[name])
    numbers = {"curvature": 1.7, "lr": 0.31, "momentum": 0.6, "dampening": 0.2}
    values = {letter: numbers[key] for key, letter in derived.symbols.items()}
    hyper = {key: numbers[key] for key in derived.hyper}
    assert np.allclose(np.array(derived.matrix.subs(values), dtype=float), MATRICES[name](1.7, **hyper), atol=1e-15)


@pytest.mark.parametrize("name", [name for name in NAMES if len(PAPER[name]) == 2])
def test_another_order_of_the_state_exchanges_rows_and_columns(name):
    derived = derive(METHODS[name])
    turned = derived.order(tuple(reversed(derived.state)))
    rows = sp.Matrix([[0, 1], [1, 0]])
    assert (turned.matrix - rows * sp.Matrix(PAPER[name]) * rows).expand().is_zero_matrix
    assert turned.rest == (0, 1)
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
    assert (turned.matrix - sp.Matrix(PAPER[name]).subs(lam, scale * sigma**2)).expand().is_zero_matrix
    assert sp.expand(turned.characteristic.as_expr() - CHARACTERISTIC[name].subs(lam, scale * sigma**2)) == 0
    assert turned.symbols["sigma"] == sigma
    assert "curvature" not in turned.symbols


def test_curvatures_in_sigma_are_those_of_the_problem():
    """λ = cσ² as theory writes it, with n rows, is the curvature that the data have, for every scaling of the loss."""
    from convergence.problem import LOSSES
    from convergence.theory.dynamics import sigma_curvature
    from convergence.theory.symbols import ROWS, SCALINGS, SIGMA

    assert set(SCALINGS) == set(LOSSES)
    for loss, scale in LOSSES.items():
        assert sigma_curvature(loss).subs({ROWS: 7, SIGMA: 3}) == sp.nsimplify(scale(7) * 9, rational=True, tolerance=1e-12)
