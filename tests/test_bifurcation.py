"""Runs end where the derived rest and 2-cycles attract, and where these repel, runs do not stay: over the learning rate."""

from __future__ import annotations

import math

import numpy as np
import pytest

import convergence as cv
from convergence.errors import BadData, BadHyperparameter
from convergence.figures import render
from convergence.figures.picture import Picture
from convergence.numerics.bifurcation import margin
from convergence.numerics.cycle_map import beside, cycle_map

ADAM = {"beta1": 0.1, "beta2": 0.9, "eps": 0.01}


@pytest.mark.parametrize(
    ("rule", "settings"),
    [
        ("rmsprop", {"decay": 0.9, "eps": 0.01}),
        ("rmsprop_inside", {"decay": 0.9, "eps": 1e-4}),
        ("adam", ADAM),
    ],
)
def test_runs_rest_below_the_limit_and_end_on_the_derived_cycle_above_it(rule, settings):
    limit = cv.bifurcation(rule, lr=[1.0], **settings).limit
    b = cv.bifurcation(rule, lr=limit * np.array([0.5, 0.9, 1.2, 3.0]), **settings)
    assert b.periods.tolist() == [[1, 1], [1, 1], [2, 2], [2, 2]]
    assert b.attracting[:, 0].tolist() == [False, False, True, True]
    assert np.abs(b.positions).max(axis=(1, 2))[2:] == pytest.approx(b.amplitude[2:, 0], rel=1e-6)
    assert np.isnan(b.amplitude[:2]).all()


def test_the_usual_adam_leaves_the_cycle_that_is_born_at_its_limit():
    """The cycle attracts up to 341829/897027500000, a quarter of a per cent above the limit 3.8e-7, by its own condition."""
    (cycle,) = cv.cycles("adam", beta1=0.9, beta2=0.999, eps=1e-8)
    (eta,) = cycle.attracting.free_symbols
    edge = 341829 / 897027500000
    around = margin(cycle.attracting, {eta: edge * np.array([0.9999, 1.0001])})
    assert around[0] > 0 > around[1]
    b = cv.bifurcation("adam", lr=[3.7e-7, 8e-7])
    assert b.limit == pytest.approx(3.8e-7)
    assert b.periods[0].tolist() == [1, 1]
    assert b.attracting[:, 0].tolist() == [False, False]
    assert not (b.periods[1] == 1).any()
    assert not (b.periods[1] == 2).any()


def test_a_linear_method_leaves_for_infinity_beyond_its_limit_and_has_no_cycle():
    b = cv.bifurcation("gradient_descent", lr=[1.9, 2.1], curvature=1.0)
    assert b.periods.tolist() == [[1, 1], [-1, -1]]
    assert b.limit == 2
    assert b.amplitude.shape == (2, 0)
    assert list(b.table()) == ["lr", "largest", "run 1", "run 2"]


def test_where_adam_s_cycle_attracts_is_the_region_of_its_condition():
    found = cycle_map(cv.METHODS["adam"], {"eps": 0})
    one, two = np.meshgrid(found.across, found.up)
    by_hand = 1 - 3 * one - 3 * one * two + one**2 * two
    assert ((found.attracts > 0) == (by_hand > 0)).mean() > 1 - 1 / len(found.up)
    assert (found.exists > 0).all()
    assert cycle_map(cv.METHODS["lion"], {}).neutral
    assert cycle_map(cv.METHODS["rmsprop"], {}) is None


def test_a_run_beside_a_cycle_comes_back_or_leaves_as_its_multipliers_say():
    for settings, back in (({"beta1": 0.1, "beta2": 0.9}, True), ({"beta1": 0.9, "beta2": 0.9}, False)):
        (cycle,) = cv.cycles("adam", lr=0.1, eps=0, **settings)
        run = beside(cv.METHODS["adam"], cycle)
        gap = np.abs(np.abs(run) - cycle.amplitude) / cycle.amplitude
        assert gap[0] == pytest.approx(0.1)
        assert bool(gap[-4:].max() < 0.02) is back
        assert bool(gap.max() > 0.5) is not back


@pytest.mark.parametrize("rule", ["rmsprop", "adam", "sign_descent", "gradient_descent"])
def test_pictures_hold_what_the_results_hold(rule):
    b = cv.bifurcation(rule, lr=[0.05, 0.5], **({"eps": 0.1} if rule in ("rmsprop", "adam") else {}))
    ax = b.plot()
    heights = np.concatenate([np.ravel(line.get_ydata()) for line in ax.lines])
    ends = b.positions[np.isfinite(b.positions)]
    assert set(np.round(ends, 5)) <= set(np.round(heights, 5))
    assert render(Picture("b", "", "", "", None, lambda: b.plot().get_figure(root=True)), "png")
    if rule in ("rmsprop", "sign_descent"):
        settings = {"lr": 0.5, **({"eps": 0.1, "decay": 0.9} if rule == "rmsprop" else {})}
        (cycle,) = cv.cycles(rule, **settings)
        drawn = cycle.plot(run=[0.1, -0.2]).lines[-1].get_xdata()
        assert sorted(drawn) == pytest.approx([-cycle.amplitude, cycle.amplitude])


def test_what_is_no_picture_or_no_setting_is_refused_with_the_way_out():
    with pytest.raises(BadData, match="at numbers"):
        cv.cycles("rmsprop")[0].plot()
    named = cv.method(lambda f, x, *, pace: x - pace * f.grad(x), name="named")
    with pytest.raises(BadHyperparameter, match="what varies"):
        cv.bifurcation(named, pace=0.1)
    with pytest.raises(BadData, match="positive learning rates"):
        cv.bifurcation("rmsprop", lr=[0.0, 1.0])
    with pytest.raises(BadData, match="positive number"):
        cv.bifurcation("rmsprop", curvature=-1)
    with pytest.raises(BadHyperparameter):
        cv.bifurcation("heavy_ball")
    assert math.isnan(cv.bifurcation("sign_descent", lr=[0.1]).limit)
