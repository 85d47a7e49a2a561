"""What the catalogue says of PyTorch is what torch.optim does, in float64, iterate by iterate."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import library

from convergence import METHODS, LeastSquares, datasets, simulate

torch = pytest.importorskip("torch")

STEPS = 200
LR = 1e-4
START = (0.7, -0.4)


@pytest.fixture(scope="module")
def problem():
    return datasets.gaussian_2d()


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def by_torch(problem, start, kind="SGD", lr=LR, **options):
    X, y = torch.tensor(np.array(problem.X)), torch.tensor(np.array(problem.y))
    w = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimiser = getattr(torch.optim, kind)([w], lr=lr, **options)
    seen = [w.detach().numpy().copy()]
    for _ in range(STEPS):
        optimiser.zero_grad()
        torch.square(X @ w - y).sum().backward()
        optimiser.step()
        seen.append(w.detach().numpy().copy())
    return np.array(seen)


def gap(problem, name, seen, **hyper):
    run = simulate(problem, METHODS[name], STEPS, seen[0], lr=LR, **hyper)
    return np.abs(run.x - seen).max() / np.abs(seen).max()


@pytest.mark.parametrize("momentum", [0.3, 0.9])
@pytest.mark.parametrize("name", ["torch_sgd", "heavy_ball"])
def test_momentum(problem, name, momentum):
    seen = by_torch(problem, START, momentum=momentum)
    assert gap(problem, name, seen, momentum=momentum) <= library(STEPS) <= 1e-13


@pytest.mark.parametrize("momentum", [0.3, 0.9])
@pytest.mark.parametrize("dampening", [0.1, 0.5, 1.0])
def test_dampening_with_the_undampened_first_step(problem, momentum, dampening):
    seen = by_torch(problem, START, momentum=momentum, dampening=dampening)
    assert gap(problem, "torch_sgd", seen, momentum=momentum, dampening=dampening) <= library(STEPS)
    assert gap(problem, "heavy_ball", seen, momentum=momentum) > 1e-3


@pytest.mark.parametrize("momentum", [0.3, 0.9])
def test_nesterov(problem, momentum):
    seen = by_torch(problem, START, momentum=momentum, nesterov=True)
    assert gap(problem, "torch_sgd_nesterov", seen, momentum=momentum) <= library(STEPS)
    assert gap(problem, "nesterov", seen, momentum=momentum) > 1e-3


@pytest.mark.parametrize("name", ["torch_sgd", "torch_sgd_nesterov", "heavy_ball"])
def test_without_momentum_it_is_gradient_descent(problem, name):
    seen = by_torch(problem, START)
    assert gap(problem, name, seen, momentum=0.0) <= library(STEPS)
    assert gap(problem, "gradient_descent", seen) <= library(STEPS)


def test_torchs_nesterov_is_the_look_ahead_point_of_ours(problem):
    seen = by_torch(problem, START, momentum=0.9, nesterov=True)
    run = simulate(problem, METHODS["nesterov"], STEPS, START, lr=LR, momentum=0.9)
    ahead = run.state[:, 0] - 0.9 * run.state[:, 1]
    assert np.abs(ahead - seen).max() <= library(STEPS) * np.abs(seen).max()


@pytest.mark.parametrize("momentum", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("weight_decay", [0.01, 40.0])
def test_weight_decay_is_the_coupled_one(problem, momentum, weight_decay):
    seen = by_torch(problem, START, momentum=momentum, weight_decay=weight_decay)
    rest = {"momentum": momentum, "weight_decay": weight_decay}
    assert gap(problem, "weight_decay_coupled", seen, **rest) <= library(STEPS)
    if weight_decay > 1:  # else all are within the rate's own rounding of one another
        assert gap(problem, "heavy_ball", seen, momentum=momentum) > 1e-3
        assert (gap(problem, "weight_decay_decoupled", seen, **rest) > 1e-3) == (momentum > 0)


def test_adamws_decay_is_the_decoupled_one():
    """AdamW multiplies by 1 − lr·δ before its step, from the undecayed gradient: with the gradient at zero that is all."""
    still = LeastSquares([[1.0, 0.0]], [0.0])
    seen = by_torch(still, (0.0, 2.0), kind="AdamW", lr=0.1, weight_decay=0.5)
    run = simulate(still, METHODS["weight_decay_decoupled"], STEPS, (0.0, 2.0), lr=0.1, momentum=0.9, weight_decay=0.5)
    assert np.abs(run.x - seen).max() <= library(STEPS) * 2


@pytest.mark.parametrize(("kind", "name"), [("Adam", "frozen_adam"), ("NAdam", "frozen_nadam")])
def test_an_epsilon_that_outweighs_the_gradient_freezes_the_preconditioner(problem, kind, name):
    """√v̂ + ε is ε up to the part |g|/ε: then PyTorch's at the rate ε·lr is the frozen method at lr, bias correction and all.

    PyTorch's NAdam warms μₜ = β(1 − ½·0.96^(tψ)) up; at a huge ψ it is β from the first step on, as in Dozat's algorithm.
    It keeps the product of the μₜ in single precision, whatever the weights are in.
    """
    large = 1e15
    options = {"betas": (0.7, 0.999), "eps": large} | ({"momentum_decay": 1e6} if kind == "NAdam" else {})
    seen = by_torch(problem, START, kind=kind, lr=LR * large, **options)
    known = np.linalg.norm(problem.grad(np.array(START))) / large * STEPS
    known += 4 * float(np.finfo(np.float32).eps) if kind == "NAdam" else library(STEPS)
    assert gap(problem, name, seen, momentum=0.7) <= known <= 1e-6
    other = {"Adam": "ema_momentum_zero_start", "NAdam": "frozen_adam"}[kind]
    assert gap(problem, other, seen, momentum=0.7) > 1e-3
