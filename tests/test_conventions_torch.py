"""What the preset says of PyTorch, each variant of it, is what torch.optim.SGD does over 200 steps, and what converts to it."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import library

from convergence import convert, datasets, simulate

torch = pytest.importorskip("torch")

STEPS = 200
START = (0.7, -0.4)
MOVING = {"lr": 2e-5, "momentum": 0.9}
D13 = pytest.mark.finding("D13")


def by_torch(**arguments):
    problem = datasets.gaussian_2d()
    X, y = torch.tensor(np.array(problem.X)), torch.tensor(np.array(problem.y))
    w = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.SGD([w], **arguments)
    seen = [np.array(START)]
    for _ in range(STEPS):
        optimiser.zero_grad()
        torch.square(X @ w - y).sum().backward()
        optimiser.step()
        seen.append(w.detach().numpy().copy())
    return np.array(seen)


def gap(seen, name, **hyper):
    return np.abs(simulate(datasets.gaussian_2d(), name, STEPS, START, **hyper).x - seen).max() / np.abs(seen).max()


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("gradient_descent", {"lr": 2e-5}),
        ("gradient_descent", {"lr": 2e-5, "dampening": 0.5}),
        ("torch_sgd", {"lr": 2e-5, "momentum": 0.9}),
        ("torch_sgd", {"lr": 2e-5, "momentum": 0.9, "dampening": 0.5}),
        ("torch_sgd_nesterov", {"lr": 2e-5, "momentum": 0.9, "nesterov": True}),
        ("weight_decay_coupled", {"lr": 2e-5, "momentum": 0.9, "weight_decay": 3.0}),
        ("weight_decay_coupled", {"lr": 2e-5, "weight_decay": 3.0}),
        ("weight_decay_coupled", {"lr": 2e-5, "weight_decay": 3.0, "dampening": 0.5}),
        pytest.param("torch_sgd_decay", {**MOVING, "weight_decay": 3.0, "dampening": 0.5}, marks=D13),
        pytest.param("nesterov_decay_coupled", {**MOVING, "weight_decay": 3.0, "nesterov": True}, marks=D13),
    ],
)
def test_each_variant(method, arguments):
    found = convert("pytorch", "pytorch", **arguments)
    assert found.method == method
    seen = by_torch(**arguments)
    assert gap(seen, method, **found.hyper) <= library(STEPS)
    assert gap(seen, method, **{**found.hyper, "lr": 1.01 * found.hyper["lr"]}) > 1e-4


@pytest.mark.parametrize(
    ("name", "hyper"),
    [
        ("ema_momentum", {"lr": 2e-5, "momentum": 0.25}),
        ("heavy_ball", {"lr": 2e-5, "momentum": 0.75}),
        ("ema_momentum_zero_start", {"lr": 2e-5, "momentum": 0.75}),
        ("qhm", {"lr": 2e-5, "momentum": 0.75, "nu": 0.75}),
        ("gradient_descent", {"lr": 2e-5}),
        ("torch_sgd_decay", {"lr": 2e-5, "momentum": 0.75, "dampening": 0.25, "weight_decay": 3.0}),
        ("nesterov_decay_coupled", {"lr": 2e-5, "momentum": 0.75, "weight_decay": 3.0}),
    ],
)
def test_what_converts_runs_the_same_in_pytorch(name, hyper):
    found = convert(name, "pytorch", **hyper)
    assert found.same_iterates
    assert gap(by_torch(**found), name, **hyper) <= library(STEPS)
