"""Figures of schedules show the values, what is left of an error, and the loss on the way."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from matplotlib.figure import Figure
from test_figures import check_texts, is_drawn, words

import convergence as cv
import convergence.figures as cf
from convergence.errors import BadHyperparameter

K = 60
S = cv.schedules


@cache
def p():
    return cv.datasets.gaussian_2d(loss="mean")


def logs(schedule, curvature):
    with np.errstate(divide="ignore"):
        return np.concatenate([[0.0], np.cumsum(np.log(np.abs(1 - curvature * schedule.values(K))))])


def left():
    return {f"λ = {x}": logs(S.cosine(0.06, K), x) for x in (50.0, 40.0, 10.0, 1.0)}


def losses():
    chosen = {"cosine": S.cosine(0.02, K), "linear": S.linear(0.02, K), "constant": S.constant(0.01)}
    return {name: cv.moments(p(), "gradient_descent", K, batch=8, lr=one).loss for name, one in chosen.items()}


@pytest.mark.parametrize(
    ("one", "scale"),
    [
        (S.cosine(0.1, 30), "linear"),
        (S.linear(0.1, 100), "linear"),
        (S.constant(0.1), "linear"),
        (S.exponential(0.1, 0.9), "log"),
        (S.polynomial(0.1, 1, 2), "log"),
        (S.torch("StepLR", lr=0.1, step_size=30), "linear"),
    ],
    ids=str,
)
def test_plot_shows_each_value_on_a_log_axis_where_they_span_decades(one, scale):
    ax = one.plot()
    assert ax.get_yscale() == scale
    assert is_drawn(ax, np.arange(one.shown), one.values(one.shown))
    assert str(one) in ax.get_title(loc="left").replace("\n", " ")
    check_texts(ax.get_figure(root=True))


def test_a_table_of_numbers_is_as_long_as_it_is():
    table = cv.schedule.as_schedule([0.1, 0.2, 0.05])
    assert table.shown == len(table.table()["step"]) == 3
    assert is_drawn(cf.schedule(table), np.arange(3), [0.1, 0.2, 0.05])
    assert is_drawn(cf.schedule(S.constant(0.1), steps=7), np.arange(7), np.full(7, 0.1))
    assert cf.schedule(cv.schedule.as_schedule([-0.5, 0.5])).get_ylim()[0] < -0.5
    with pytest.raises(BadHyperparameter, match="no entry for step 3"):
        cf.schedule(table, steps=4)


def test_schedules_that_coincide_are_one_line():
    torch = S.torch("CosineAnnealingLR", lr=0.1, T_max=K)
    ax = cf.schedules({"ours": S.cosine(0.1, K), "torch": torch, "linear": S.linear(0.1, K)}, steps=K)
    assert words(ax) == ["ours = torch", "linear"]
    assert len(ax.lines) == 2


def test_prefixes_are_in_powers_of_ten_with_their_peaks():
    ax = cf.prefixes(left(), title="Error under cosine")
    for row in left().values():
        assert is_drawn(ax, np.arange(K + 1), row / np.log(10))
    top = left()["λ = 50.0"]
    assert is_drawn(ax, [top.argmax()], [top.max() / np.log(10)])
    assert "open circles: the largest error on the way" in words(ax)
    assert sum(line.get_label() == "_peak" for line in ax.lines) == 2
    gone = cf.prefixes({"λ = 10": logs(S.constant(0.1), 10.0), "λ = 1": logs(S.constant(0.1), 1.0)}, title="Error")
    assert "0 from step 1 on: λ = 10" in words(gone)


def test_risks_are_drawn_beside_the_best_known():
    best = 0.9 * losses()["linear"]
    ax = cf.risks(losses(), best=best)
    for row in [*losses().values(), best]:
        assert is_drawn(ax, np.arange(K + 1), row)
    assert ax.get_yscale() == "log"
    assert {"cosine", "linear", "constant", "best known at the end"} <= set(words(ax))


def test_a_comparison_is_drawn_with_the_loss_of_each_and_of_the_optimum():
    shapes = {"cosine": S.cosine(1, 30), "constant": S.constant(1)}
    found = cv.compare_schedules(p(), 30, shapes, batch=8)
    ax = found.plot()
    for row in found.rows:
        run = cv.moments(p(), "gradient_descent", 30, batch=8, lr=row.schedule)
        assert row.risk == pytest.approx(run.loss, rel=1e-9)
        assert row.risk[-1] == pytest.approx(row.loss, rel=1e-9)
        assert is_drawn(ax, np.arange(31), row.risk)
    check_texts(ax.get_figure(root=True))
    assert is_drawn(found.optimum.plot(), np.arange(30), found.optimum.lr)
    noisy = cv.compare_schedules([4.0, 1.0], 8, shapes, noise=0.3)
    for row in noisy.rows:
        run = cv.moments([4.0, 1.0], "gradient_descent", 8, noise=0.3, lr=row.schedule)
        assert row.risk == pytest.approx(run.loss, rel=1e-9)


def test_the_best_known_rates_are_black():
    best = np.linspace(0.2, 0.1, K)
    ax = cf.schedules({"cosine": S.cosine(0.1, K)}, steps=K, best=best)
    assert is_drawn(ax, np.arange(K), best)
    assert {"cosine", "best known"} == set(words(ax))


def test_a_schedule_that_diverges_does_not_hide_the_others():
    far = {**losses(), "too large": 2.0 ** np.arange(K + 1)}
    ax = cf.risks(far)
    assert ax.get_ylim()[1] < 1e6
    assert "grows out of the figure: too large" in words(ax)
    assert not any("grows" in word for word in words(cf.risks(losses())))


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: cf.schedule(S.wsd(0.1, 200, 20, 50), ax),
        lambda ax: cf.schedules({f"a rather long name number {n}": S.constant(n) for n in range(1, 9)}, ax, steps=9),
        lambda ax: cf.prefixes(left(), ax, title="Error"),
        lambda ax: cf.prefixes({f"λ = {n}": logs(S.linear(1.0, K), n) for n in range(1, 9)}, ax, title="Error"),
        lambda ax: cf.risks(losses(), ax, best=losses()["cosine"]),
        lambda ax: cf.risks({"one": np.array([1.0, np.inf, np.nan])}, ax),
    ],
)
def test_each_is_drawn_on_the_axes_given_or_on_its_own(draw):
    ax = Figure().subplots()
    assert draw(ax) is ax
    check_texts(draw(None).get_figure(root=True))
