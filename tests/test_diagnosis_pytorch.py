"""PyTorch's own SGD, logged step by step, is taken apart from the log: lr, momentum, curvatures, and who diverges."""

from __future__ import annotations

import numpy as np
import pytest

import convergence as cv
from convergence import diagnose_run

torch = pytest.importorskip("torch")


def trained(problem, steps, dtype, **settings):
    """Weights and gradients that torch.optim.SGD saw: (steps+1, d) and (steps, d)."""
    X, y = (torch.tensor(np.array(part), dtype=dtype) for part in (problem.X, problem.y))
    w = torch.zeros(X.shape[1], dtype=dtype, requires_grad=True)
    optimiser = torch.optim.SGD([w], **settings)
    weights, gradients = [w.detach().numpy().copy()], []
    for _ in range(steps):
        optimiser.zero_grad()
        ((X @ w - y) ** 2).sum().backward()
        gradients.append(w.grad.numpy().copy())
        optimiser.step()
        weights.append(w.detach().numpy().copy())
    return np.array(weights), np.array(gradients)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize(
    ("settings", "method"),
    [
        ({"lr": 0.02}, "gradient_descent"),
        ({"lr": 0.02, "momentum": 0.8}, "heavy_ball"),
        ({"lr": 0.3, "momentum": 0.7}, "heavy_ball"),
        ({"lr": 0.02, "momentum": 0.8, "nesterov": True}, "nesterov"),
    ],
)
def test_sgd_is_identified_from_its_log(settings, method, dtype):
    problem = cv.datasets.with_spectrum([16.0, 6.0, 2.0], rows=40, rng=2, noise=0.1)
    weights, gradients = trained(problem, 60, dtype, **settings)
    found = diagnose_run(weights, gradients)
    assert found.method == method
    assert abs(found.lr - settings["lr"]) <= found.lr_error
    assert abs(found.momentum - settings.get("momentum", 0.0)) <= (found.momentum_error or 0.0)
    own = problem.rows * np.finfo(float).eps * problem.L  # to which the spectrum of the data is known itself
    assert (np.abs(found.curvatures - problem.curvatures) <= found.curvatures_error + own).all()
    assert found.lr_error < (1e-9 if dtype is torch.float64 else 1e-2) * settings["lr"]
    limit = 2 * (1 + settings.get("momentum", 0.0)) / problem.L
    assert (found.verdict == "diverges") == (settings["lr"] > limit)
    if found.verdict == "diverges":
        assert found.direction == 0
        assert abs(found.vectors[:, 0] @ problem.directions[:, 0]) == pytest.approx(1, abs=1e-3)
        assert found.diagnosis.limit.bound == pytest.approx(limit, rel=1e-2)
