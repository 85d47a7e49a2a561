"""What ``torch_sgd`` says of PyTorch is what torch.optim.SGD does, in float64, iterate by iterate."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import library

from convergence import METHODS, datasets, simulate

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


def by_torch(problem, start, **options):
    X, y = torch.tensor(np.array(problem.X)), torch.tensor(np.array(problem.y))
    w = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.SGD([w], lr=LR, **options)
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
