"""Steps are counted in the closed form: past large transients, and never where numbers overflow on the way."""

from __future__ import annotations

import numpy as np
import pytest

from convergence import METHODS, LeastSquares, datasets
from convergence.numerics.counts import passed as settled
from convergence.numerics.counts import predicted_steps


def test_what_overflowed_is_not_near():
    assert settled(np.array([1.0, 1e-9, np.nan, 1e-9])) == 3
    assert settled(np.array([1.0, 1e-9, np.inf])) is None


def test_a_transient_that_overflows_never_comes_back():
    """Adam's first steps are whole ones: at ηλ = 1800 and much memory the error passes 1e154 before it falls."""
    data = datasets.with_spectrum([360.0], rows=3, rng=0)
    hyper = {"lr": 5.0, "momentum": 0.9977802448574902}
    assert predicted_steps(data, METHODS["frozen_adam"], np.ones(1), hyper) is None


def test_a_large_transient_is_counted_past_and_said_to_blur():
    data = datasets.with_spectrum([147.3, 0.01205], rows=5, rng=0)
    hyper = {"lr": 0.7504283753437926, "momentum": 0.9644612501984383}
    found = predicted_steps(data, METHODS["frozen_adam"], np.ones(2), hyper)
    assert found is not None
    assert found.count > 1000  # the rate alone says 380
    assert found.blurred


@pytest.mark.parametrize("name", ["gradient_descent", "heavy_ball"])
def test_an_ordinary_run_is_not_blurred(name):
    data = datasets.gaussian_2d()
    hyper = {"lr": 1e-4, **({"momentum": 0.5} if name == "heavy_ball" else {})}
    found = predicted_steps(data, METHODS[name], np.zeros(2), hyper)
    assert found is not None
    assert not found.blurred


@pytest.mark.parametrize("hyper", [{"lr": 0.3}, {"lr": 0.3, "momentum": 0.5}])
def test_a_direction_without_curvature_is_not_waited_for(hyper):
    """It never moves, so it is as if its column were not there."""
    X, y, method = np.diag([1.0, 0.5]), [1.0, 2.0], METHODS["heavy_ball" if "momentum" in hyper else "gradient_descent"]
    full, flat = LeastSquares(X, y, "half"), LeastSquares(np.column_stack([X, np.zeros(2)]), y, "half")
    counts = [predicted_steps(problem, method, None, hyper) for problem in (full, flat)]
    assert counts[0] == counts[1] is not None
    assert counts[0].count > 5
