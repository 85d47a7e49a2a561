"""Far from the minima: where runs settle, how long they need across a plateau or away from a saddle, and 2-cycles over lr."""

from __future__ import annotations

import numpy as np
import pytest

import convergence as cv
from tests.tolerances import EPS, SLACK

WAVE = cv.local("x*cos(pi*x)", over=(-1, 2))
LOW, HILL, LOWEST = WAVE


def settled(grad, x, lr, steps=3000):
    """By hand."""
    for _ in range(steps):
        x = x - lr * grad(x)
    return x


def slope(x):
    return np.cos(np.pi * x) - np.pi * x * np.sin(np.pi * x)


@pytest.mark.parametrize("lr", [0.02, 0.1, 0.16])
def test_the_barrier_of_gradient_descent_is_the_maximum(lr):
    """While 1 − ηf″ > 0 between the minima the step keeps the order of starts, and the maximum parts them."""
    found = WAVE.basins("gradient_descent", lr=lr)
    assert found.complete
    assert found.ends == pytest.approx([HILL.x], rel=SLACK * EPS)
    assert found.share(LOW.x) + found.share(LOWEST.x) == pytest.approx(1.0)
    for offset in (-1e-6, 1e-6):
        end = settled(slope, HILL.x + offset, lr)
        assert end == pytest.approx(LOW.x if offset < 0 else LOWEST.x, abs=1e-9)


def test_preimages_of_the_barrier_are_ends():
    """(x² − 1)²/4 at η = 1.1: on the far side of a minimum a step leads across the hill; its preimages solve a cubic."""
    lr = 0.9
    found = cv.local("(x**2 - 1)**2/4", over=(-1.6, 1.6)).basins("gradient_descent", lr=lr)
    crossing = np.sqrt(1 + 1 / lr)  # x − ηx(x² − 1) = 0
    assert found.complete  # all were solved for, none found by runs
    assert any(abs(end - crossing) < SLACK * EPS for end in found.ends)
    assert any(abs(end + crossing) < SLACK * EPS for end in found.ends)
    for piece in found.pieces:
        middle = (piece.low + piece.high) / 2
        assert settled(lambda x: x * (x**2 - 1), middle, lr) == pytest.approx(piece.to, abs=1e-6)


def test_a_repelling_2_cycle_bounds_the_basin_of_a_subcritical_minimum():
    """½x² + x⁴/24: |x| < √(6(2/η − 1)) comes to rest, and what starts beyond leaves."""
    found = cv.local("x**2/2 + x**4/24", over=(-3, 3)).basins("gradient_descent", lr=1.9)
    edge = np.sqrt(6 * (2 / 1.9 - 1))
    assert found.ends == pytest.approx([-edge, edge], rel=1e-12)
    assert [piece.how for piece in found.pieces] == ["leaves the interval", "to 0", "leaves the interval"]


def test_where_a_step_leads_over_an_end_of_the_interval_is_an_end():
    """(x² − 1)²/4 at η = 0.7: from x = (1.7/2.1)^½ a step leads to 1.02 and farther, over the end; it solves a cubic."""
    found = cv.local("(x**2 - 1)**2/4", over=(-1.6, 1.02)).basins("gradient_descent", lr=0.7)
    ends = [z.real for z in np.roots([-0.7, 0, 1.7, -1.02]) if abs(z.imag) < 1e-12 and -1.6 < z.real < 1.02]
    assert found.complete
    assert all(min(abs(end - other) for other in found.ends) < 1e-9 for end in ends)


def test_a_huge_learning_rate_leads_out_of_the_interval():
    """Whether a pole's place is a root of a formula of so many digits is asked of its digits before it is simplified."""
    assert [piece.how for piece in WAVE.basins("gradient_descent", lr=1e12).pieces] == ["leaves the interval"]


@pytest.mark.parametrize("unit", [1e-12, 1e12])
def test_basins_in_other_units_are_the_same(unit):
    """(x/ℓ)⁴ − (x/ℓ)²: the hill at 0, and its preimages under a step of 0.1ℓ²: x(1 − 0.4x² + 0.2) = 0, ±√3 ℓ."""
    points = cv.local(f"(x/{unit!r})**4 - (x/{unit!r})**2", over=(-2 * unit, 2 * unit))
    found = points.basins("gradient_descent", lr=0.1 * unit**2)
    assert found.complete
    assert np.array(found.ends) / unit == pytest.approx([-np.sqrt(3), 0, np.sqrt(3)], abs=1e-7)
    assert [piece.to / unit for piece in found.pieces] == pytest.approx(np.sqrt(0.5) * np.array([1, -1, 1, -1]))
    orbit = points[2].period_doubling("gradient_descent").orbit / unit
    assert np.abs(orbit[50] - np.sqrt(0.5)).max() < 1e-6  # below the limit


@pytest.mark.parametrize("lr", [1e-8, 1e-4, 0.5])
def test_a_slow_run_is_not_said_to_rest_where_it_is(lr):
    """On ½x² |g′| = |1 − η| < 1: all come to 0, however slowly; on x⁴ there is no such bound at 0, and it takes its time."""
    found = cv.local("x**2/2", over=(-1, 1)).basins("gradient_descent", lr=lr)
    assert [(piece.low, piece.high, piece.to) for piece in found.pieces] == [(-1, 1, 0)]
    quartic = cv.local("x**4", over=(-1, 1.1)).basins("gradient_descent", lr=lr / 10)
    assert [piece.how for piece in quartic.pieces] == ["not settled in 4000 steps"]


def test_of_near_minima_a_run_is_said_to_come_to_its_own():
    """½x² + aℓ cos(x/ℓ), a = 2ℓ = 2e-4: x = a sin(x/ℓ) at 0 and two minima, a ten-thousandth of the picture apart."""
    points = cv.local("x**2/2 + 2e-8*cos(10000*x)", over=(-1, 1))
    found = points.basin_map("gradient_descent", points=6, lr=0.1)
    assert len(points) == 3
    for x, label in zip(found.starts[0], found.labels, strict=True):
        end = settled(lambda x: x - 2e-4 * np.sin(10000 * x), x, 0.1, steps=1000)
        assert points[label].x == pytest.approx(end, abs=1e-12)


def test_newtons_basins_say_that_they_are_found_by_runs():
    found = WAVE.basins("newton", lr=1)
    assert not found.complete
    assert "found by runs" in repr(found)
    assert found.share(HILL.x) > 0.1  # it is attracted by the maximum, too
    whole = cv.local(cv.landscapes.cosh).basins("newton", lr=1)
    assert whole.complete
    assert whole.share(0.0) == 1.0


def test_a_method_with_buffers_has_a_map_and_no_ends():
    with pytest.raises(cv.BadData, match="buffers"):
        WAVE.basins("heavy_ball", lr=0.1, momentum=0.5)
    found = WAVE.basin_map("heavy_ball", points=31, lr=0.05, momentum=0.5)
    for x, label in zip(found.starts[0], found.labels, strict=True):
        v, at = 0.0, x
        for _ in range(1000):
            v = 0.5 * v + slope(at)
            at = at - 0.05 * v
        assert at == pytest.approx(WAVE[label].x, abs=1e-6)


def test_a_map_in_two_variables():
    """½(uv − 1)² + (u − v)²/8 has minima at ±(1, 1); from the quadrant of either, gradient descent comes to it."""
    points = cv.local("(u*v - 1)**2/2 + (u - v)**2/8", over=((-2, 2), (-2, 2)))
    assert [point.kind for point in points] == ["minimum", "saddle", "minimum"]
    found = points.basin_map("gradient_descent", points=21, steps=3000, lr=0.05)
    assert set(found.labels[found.starts[1] > 0.3][:, found.starts[0] > 0.3].ravel()) == {2}
    assert set(found.labels[found.starts[1] < -0.3][:, found.starts[0] < -0.3].ravel()) == {0}
    assert cv.local(cv.landscapes.rosenbrock).basin_map("newton", points=9, steps=50, lr=1).share(0) == 1.0


def test_a_map_has_the_second_variable_first():
    """(x² − 1)² + y²: the sign of x decides, whatever y is."""
    points = cv.local("(x**2 - 1)**2 + y**2", over=((-1.5, 1.5), (-1, 1)))
    found = points.basin_map("gradient_descent", points=8, lr=0.05)
    assert [points[k].x[0] for k in found.labels[3]] == pytest.approx([-1] * 4 + [1] * 4)
    assert (found.labels == found.labels[0]).all()


def test_a_plateau_takes_its_flow_time():
    """tanh from 4 to 0: ∫cosh² = 2 + sinh(8)/4 of flow; 378 steps of gradient descent, 64 of heavy ball, 339 of RMSProp."""
    tanh = cv.landscapes.tanh
    plain = tanh.crossing(4, 0, "gradient_descent", lr=1)
    assert plain.flow_time == pytest.approx(2 + np.sinh(8) / 4, rel=1e-10)
    assert plain.steps == 378
    assert tanh.crossing(4, 0, "heavy_ball", lr=1, momentum=0.9).steps == 64
    assert tanh.crossing(4, 0, "rmsprop", lr=0.01, decay=0.9, eps=1e-8).steps == 339
    assert float(tanh.grad([4.0])[0]) == pytest.approx(0.00134095068303, abs=1e-14)
    assert tanh.crossing(0, 4).flow_time == np.inf
    assert WAVE.function.crossing(0.5, 1.5).flow_time == np.inf  # a minimum is on the way
    fine = tanh.crossing(4, 0, "gradient_descent", lr=0.01)
    assert fine.steps * 0.01 == pytest.approx(plain.flow_time, rel=2e-3)


def test_adaptive_methods_leave_the_saddle_by_their_steps():
    """x² − y² from 1e-6 to 1 at lr 0.01: RMSProp 72 steps, Adam 77, and Adagrad 1263, the slowest of all."""
    (saddle,) = cv.local(cv.landscapes.saddle)
    count = {
        name: saddle.escape(name, lr=0.01, **hyper).steps
        for name, hyper in {
            "gradient_descent": {},
            "rmsprop": {"decay": 0.9, "eps": 1e-8},
            "adam": {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
            "adagrad": {"eps": 1e-8},
        }.items()
    }
    assert count == {"gradient_descent": 698, "rmsprop": 72, "adam": 77, "adagrad": 1263}


@pytest.mark.parametrize(("method", "others"), [("gradient_descent", {}), ("heavy_ball", {"momentum": 0.9})])
def test_the_branch_of_2_cycles_is_what_runs_show(method, others):
    found = LOW.period_doubling(method, **others)
    for k in (10, 30):
        lr, (one, other) = found.cycle_lr[k], found.cycle[k]
        (cycle,) = (c for c in LOW.cycles(method, lr=float(lr), **others) if c.amplitude < 0.3)
        assert abs(one - other) / 2 == pytest.approx(cycle.amplitude, rel=1e-8)
        assert bool(found.attracts[k]) == cycle.attracting
    near = [
        max(LOW.cycles(method, lr=share * found.cycle_limit, **others), key=lambda c: -c.amplitude).attracting
        for share in (0.98, 1.02)
    ]
    assert near == [True, False]
    near = np.abs(found.lr / found.lr_max - 0.9).argmin()
    assert np.abs(found.orbit[near] - LOW.x).max() < 1e-6


def test_the_first_amplitudes_obey_the_square_root_law():
    found = LOWEST.period_doubling("gradient_descent")
    """The next term is of relative size lr/limit − 1: below 0.4 % here."""
    half = np.abs(found.cycle[:5, 0] - found.cycle[:5, 1]) / 2
    law = [found.flip.amplitude(float(lr)) for lr in found.cycle_lr[:5]]
    assert half == pytest.approx(law, rel=3e-3)


def test_a_subcritical_branch_goes_back_below_the_limit():
    (bowl,) = cv.local("x**2/2 + x**4/24", over=(-3, 3))
    found = bowl.period_doubling("gradient_descent")
    assert found.cycle_lr.max() < 2
    assert not found.attracts.any()
    assert np.abs(found.cycle[:, 0]) == pytest.approx(np.sqrt(6 * (2 / found.cycle_lr - 1)), rel=1e-6)


def test_results_draw_themselves_on_given_axes():
    from matplotlib.figure import Figure

    for result in (
        WAVE,
        WAVE.basins("gradient_descent", lr=0.1),
        WAVE.basin_map("heavy_ball", points=9, lr=0.05, momentum=0.5),
        cv.local(cv.landscapes.saddle),
        cv.local(cv.landscapes.rosenbrock).basin_map("gradient_descent", points=9, steps=9, lr=1e-3),
        LOW.period_doubling("gradient_descent"),
    ):
        ax = Figure().add_subplot()
        assert result.plot(ax=ax) is ax
        assert ax.get_title(loc="left")
        assert ax.has_data()


def test_paths_are_drawn_on_the_function():
    from convergence import figures

    path = WAVE.function.path("heavy_ball", 20, 0.3, lr=0.05, momentum=0.5)
    assert path.shape == (21, 1)
    axes = figures.critical(WAVE, {"heavy ball": path})
    assert "heavy ball" in {line.get_label() for line in axes.get_lines()}
    overflow = cv.landscapes.rosenbrock.path("gradient_descent", 50, lr=1.0)
    assert len(overflow) < 51
    assert np.isfinite(overflow).all()
