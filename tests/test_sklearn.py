"""What the preset says of scikit-learn is what its stochastic optimiser does, iterate by iterate over 200 steps."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import library

from convergence import convert, datasets, simulate

optimizers = pytest.importorskip("sklearn.neural_network._stochastic_optimizers")

STEPS = 200
START = (0.7, -0.4)


@pytest.mark.finding("D13")
@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_sgd(momentum, nesterov):
    problem, w = datasets.gaussian_2d(), np.array(START)
    sgd = optimizers.SGDOptimizer([w], 2e-5, momentum=momentum, nesterov=nesterov)
    seen = [w.copy()]
    for _ in range(STEPS):
        sgd.update_params([w], [problem.grad(w)])
        seen.append(w.copy())
    given = {"learning_rate_init": 2e-5, "momentum": momentum, "nesterovs_momentum": nesterov}
    found = convert("sklearn", "sklearn", **given)
    run = simulate(problem, found.method, STEPS, START, **found.hyper)
    assert np.abs(run.x - seen).max() <= library(STEPS)
    assert np.abs(simulate(problem, found.method, STEPS, START, **{**found.hyper, "lr": 2.02e-5}).x - seen).max() > 1e-4
