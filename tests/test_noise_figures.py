"""Maps and figures of noise show what the functions give: floors, limits by batch, moments beside runs."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from matplotlib.figure import Figure
from test_figures import check_texts, is_drawn, words

import convergence as cv
import convergence.figures as cf
from convergence.errors import BadHyperparameter, NotLinear
from convergence.stochastic.floor_maps import floor_curve, floor_map


@cache
def p():
    return cv.datasets.gaussian_2d(loss="mean")


@cache
def heavy():
    return floor_map(p(), "heavy_ball", batch=8, lr=0.01, momentum=0.8, cells=(14, 8))


@cache
def curve():
    return floor_curve(p(), "gradient_descent", batch=4, lr=0.01, points=20)


@cache
def exact():
    return cv.moments(p(), "heavy_ball", 40, batch=8, lr=0.004, momentum=0.8)


@cache
def runs():
    return cv.ensemble(p(), "heavy_ball", 40, 200, batch=8, lr=0.004, momentum=0.8)


def test_a_map_holds_what_settles_and_is_infinite_past_the_limit():
    found = heavy()
    assert found.batches == (1, 8, 32, 500, None)
    for j, momentum in enumerate(found.up):
        assert found.edges[1, j] == cv.mean_square_limit(p(), "heavy_ball", 8, momentum=momentum)
        assert (np.isfinite(found.floor[j]) == (found.across < found.edges[1, j])).all()
    one = cv.stationary(p(), "heavy_ball", batch=8, lr=found.across[3], momentum=found.up[2])
    assert found.floor[2, 3] == one.excess_loss
    assert found.here == cv.stationary(p(), "heavy_ball", batch=8, lr=0.01, momentum=0.8).excess_loss
    assert (np.diff(found.edges, axis=0) >= 0).all()  # larger batches, larger rates; none above that without noise


def test_a_map_of_added_noise_has_the_limit_without_noise():
    found = floor_map(p(), "nesterov", noise=0.3, cells=(6, 4))
    assert found.batches == (None,)
    bound = [cv.stability("nesterov").intervals(p().L, momentum=float(b))[0][1] for b in found.up]
    assert found.edges[0] == pytest.approx(bound)
    assert np.isnan(found.here)
    cf.floor_map(found)


def test_a_curve_is_a_row_for_each_batch():
    found = curve()
    assert found.batches == (1, 4, 8, 32, 500)
    for limit, floor in zip(found.limits, found.floors, strict=True):
        assert (np.isfinite(floor) == (found.lr < limit)).all()
    assert found.floors[1, 0] == cv.stationary(p(), "gradient_descent", batch=4, lr=found.lr[0]).excess_loss
    assert floor_curve(p(), "gradient_descent", noise=0.1, points=5).batches == (None,)


def test_limits_are_drawn_and_named_and_scales_are_said():
    ax = cf.floor_map(heavy())
    for edge in heavy().edges[:4]:
        assert is_drawn_any(ax, edge, heavy().up)
    assert {"B = 1", "B = 8", "B = 32"} <= set(words(ax))
    assert "log scale" in ax.get_xlabel()
    assert any("log scale" in one.get_ylabel() for one in ax.get_figure(root=True).axes)
    assert is_drawn(ax, [0.01], [0.8])
    ax = cf.floor_curve(curve())
    assert is_drawn(ax, curve().lr, np.where(np.isfinite(curve().floors[1]), curve().floors[1], np.nan))


def is_drawn_any(ax, x, y):
    lines = [np.array(line.get_xydata()).T for line in ax.lines]
    return any(line.shape == (2, len(x)) and np.allclose(line, [x, y], rtol=1e-5) for line in lines)


@cache
def trade():
    return cv.steps_by_batch(p(), "gradient_descent", [1, 4, 16, 64, 256])


def test_steps_by_batch_are_drawn_with_perfect_scaling_and_the_knee():
    ax = cf.steps_by_batch(trade())
    assert is_drawn(ax, trade().batches, trade().steps)
    ideal = next(line for line in ax.lines if line.get_label() == "_perfect scaling")
    assert np.allclose(np.prod(ideal.get_xydata(), axis=1), trade().steps[0])
    assert any(word.startswith("knee: B = ") for word in words(ax))
    assert {ax.get_xscale(), ax.get_yscale()} == {"log"}


def test_a_frequency_response_is_the_filter_s_gain_and_its_resonance_is_seen():
    average = cv.filter_of("ema_momentum_zero_start")
    ax = cf.filter_response(average, momentum=0.9)
    omega, gain = np.array(ax.lines[0].get_xydata()).T
    assert gain == pytest.approx(np.abs(0.1 / (1 - 0.9 * np.exp(-1j * omega))), rel=1e-4)
    assert is_drawn(ax, [average.at(momentum=0.9).cutoff], [0.5**0.5])
    assert any("window 19" in word for word in words(ax))
    ringing = cf.filter_response(cv.filter_of("heavy_ball", "x", closed=True), curvature=1, lr=0.5, momentum=0.9)
    omega, gain = np.array(ringing.lines[0].get_xydata()).T
    assert (gain.max(), omega[gain.argmax()]) == pytest.approx((7.40797197, 0.73937697), rel=1e-2)
    several = cf.response({f"β = {b}": average.at(momentum=b) for b in (0.5, 0.9)})
    assert {"β = 0.5", "β = 0.9"} <= set(words(several))
    check_texts(several.get_figure(root=True))
    cf.filter_response(cv.filter_of("gradient_descent"), lr=0.5)  # all pass


def test_moments_are_drawn_with_their_parts_beside_the_band_of_runs():
    ax = cf.moments(exact(), seen=runs())
    for row in (exact().loss, exact().bias, exact().variance):
        assert is_drawn(ax, np.arange(41), np.where(row > 0, row, np.nan))
    assert any("middle 80 % of 200 runs" in word for word in words(ax))
    assert len(ax.collections) == 1
    assert is_drawn(cf.ensemble(runs()), np.arange(41), runs().mean)


@pytest.mark.parametrize(
    ("draw", "result"),
    [
        (cf.floor_map, heavy),
        (cf.floor_curve, curve),
        (cf.moments, exact),
        (cf.ensemble, runs),
        (cf.steps_by_batch, trade),
    ],
)
def test_each_is_drawn_on_the_axes_given_or_on_its_own(draw, result):
    ax = Figure().subplots()
    assert draw(result(), ax=ax) is ax
    check_texts(draw(result()).get_figure(root=True))


def test_what_diverges_is_drawn_as_far_as_it_is_finite():
    far = cv.moments(p(), "gradient_descent", 400, batch=1, lr=0.5)
    cf.moments(far).get_figure(root=True).draw_without_rendering()
    gone = cv.ensemble(p(), "gradient_descent", 400, 3, batch=1, lr=0.5)
    ax = cf.ensemble(gone)
    ax.get_figure(root=True).draw_without_rendering()
    assert any("3 overflowed" in word for word in words(ax))
    nowhere = floor_map(p(), "heavy_ball", batch=1, lr=1.0, momentum=0.5, cells=(5, 4))
    assert any("settles nowhere" in word for word in words(cf.floor_map(nowhere)))


def test_wrong_questions():
    with pytest.raises(BadHyperparameter, match="one hyperparameter"):
        floor_map(p(), "gradient_descent", batch=1)
    with pytest.raises(NotLinear, match="not affine"):
        floor_curve(p(), "newton", batch=1)
    with pytest.raises(BadHyperparameter, match="at most 16 directions"):
        floor_map(np.linspace(1, 2, 17), "heavy_ball", batch=1)
