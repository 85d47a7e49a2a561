"""Settings that are best on quadratics may cycle on a function with the same ends of curvatures (Lessard et al. 2016)."""

import numpy as np
import pytest
from tolerances import EPS, SLACK

import convergence as cv


def run(cycle, steps, start=None):
    """The heavy ball on the function, from the cycle or a start beside it."""
    lr, momentum = cycle.hyper["lr"], cycle.hyper["momentum"]
    x, v = cycle.points[0], (cycle.points[-1] - cycle.points[0]) / lr
    x = x if start is None else x + start
    for _ in range(steps):
        v = momentum * v + cycle.grad(x)
        x = x - lr * v
    return x


@pytest.mark.parametrize("kappa", [18, 25, 1000])
def test_the_heavy_balls_best_settings_go_round_on_a_function_that_is_not_quadratic(kappa):
    cycle = cv.smooth_cycle("heavy_ball", mu=1, L=kappa, **cv.optimum("heavy_ball").at(mu=1, L=kappa).hyper)
    assert np.abs(run(cycle, len(cycle.points)) - cycle.points[0]).max() < SLACK * EPS * kappa
    assert abs(np.linalg.norm(run(cycle, 3000, start=1e-3)) - 1) < 1e-9  # and draw near runs in


@pytest.mark.parametrize("kappa", [4, 17])
def test_below_the_published_condition_number_there_is_none(kappa):
    """(2 + √5)² = 17.944 (Lessard, Recht and Packard 2016; Goujaud, Taylor and Dieuleveut 2023)."""
    assert cv.smooth_cycle("heavy_ball", mu=1, L=kappa, **cv.optimum("heavy_ball").at(mu=1, L=kappa).hyper) is None


def test_the_function_has_its_curvatures_between_the_ends():
    cycle = cv.smooth_cycle("heavy_ball", mu=1, L=25, lr=1 / 9, momentum=4 / 9)
    rng = np.random.default_rng(1)
    for _ in range(300):
        x, y = rng.normal(size=(2, 2))
        d, g = x - y, cycle.grad(x) - cycle.grad(y)
        assert (1 - 1e-12) * d @ d <= g @ d <= (25 + 1e-9) * d @ d
        assert (g - d) @ (25 * d - g) >= -1e-9  # cocoercive: smooth and strongly convex at once
    assert np.abs(cycle.grad(np.zeros(2))).max() < SLACK * EPS * 25


@pytest.mark.parametrize(
    ("name", "hyper"), [("gradient_descent", {"lr": 2 / 101}), ("nesterov", {"lr": 0.01, "momentum": 9 / 11})]
)
def test_what_converges_on_all_such_functions_has_none(name, hyper):
    assert cv.smooth_cycle(name, mu=1, L=100, **hyper) is None


def test_a_diagnosis_says_so_once():
    def told(kappa):
        best = cv.optimum("heavy_ball").at(mu=1, L=kappa).hyper
        return str(cv.diagnose(curvatures=[kappa, 1.0], method="heavy_ball", **best)).count("theorem about quadratics")

    assert (told(25.0), told(10.0)) == (1, 0)
