"""What a result holds is what its figure draws: on the axes given, within the figure, and the same every time."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from functools import cache, partial
from itertools import combinations
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

import convergence as cv
import convergence.figures as cf
from convergence.errors import BadData, BadHyperparameter
from convergence.figures.curves import SAME, coincide, finite, foremost, grouped, positive
from convergence.figures.style import MOST, styled
from convergence.numerics import curves, maps
from convergence.plotting import Plotted
from convergence.rule import method
from convergence.tabular import Tabular

NAN, INF = float("nan"), float("inf")
FOUR = ("gradient_descent", "heavy_ball", "nesterov", "newton")


@method
def polyak(f, x, v, *, gain, beta):
    """Heavy ball with names of its own."""
    v = beta * v + f.grad(x)
    return x - gain * v, v


@method
def pid(f, x, i, g, *, lr, ki, kd):
    """A controller: proportional, integral and derivative."""
    now = f.grad(x)
    return x - lr * (now + ki * i + kd * (now - g)), i + now, now


@cache
def problem(columns=2):
    if columns == 2:
        return cv.datasets.gaussian_2d()
    rng = np.random.default_rng(7)
    X = rng.normal(size=(3 * columns, columns)) * np.geomspace(1, 6, columns)
    return cv.LeastSquares(X, X @ np.ones(columns) + rng.normal(size=3 * columns))


@cache
def setting(name="heavy_ball", columns=2):
    p, m = problem(columns), cv.METHODS[name]
    return m, cv.optimum(m).at(mu=p.mu, L=p.L).hyper


@cache
def runs(name="heavy_ball", columns=2):
    """The run and its prediction."""
    m, hyper = setting(name, columns)
    return cv.simulate(problem(columns), m, 80, **hyper), cv.predict(problem(columns), m, 80, **hyper)


@cache
def pictures(columns=2, names=FOUR):
    """What a report of these methods shows, drawn anew at each call of a value."""
    p, made = problem(columns), {}
    curvatures = p.curvatures[: min(p.rank, MOST)]
    directions = [f"direction {k + 1}" for k in range(len(curvatures))]
    for name in names:
        m, hyper = setting(name, columns)
        if maps.second(m):
            made[f"map-{name}"] = partial(cf.radius_map, maps.radius_map(m, [p.mu, p.L], hyper))
            scaled = hyper[m.rate] * curvatures
            made[f"damping-{name}"] = partial(cf.damping, maps.damping_map(m, hyper), directions=scaled)
        curve, hidden = curves.radius_curve(m, curvatures, hyper), p.rank - len(curvatures)
        made[f"radius-{name}"] = partial(cf.radius_curve, curve, names=directions, hidden=hidden)
        seen = cv.identify(runs(name, columns)[0])
        loci = [(directions[k], curves.locus(m, curvatures[k], hyper), seen[k]) for k in (0, -1)]
        made[f"eigenvalues-{name}"] = partial(cf.spectrum, m.title, loci)
        made[f"error-{name}"] = partial(cf.errors, *runs(name, columns), title=m.title)
        made[f"descent-{name}"] = partial(cf.descent, {m.title: runs(name, columns)[0]}, p.columns)
    made["rates"] = partial(cf.rates, curves.rate_curves([cv.METHODS[name] for name in names], p.kappa), here=p.kappa)
    gaps = {name: 0.5 * (runs(name, columns)[0].error ** 2 * p.curvatures).sum(axis=1) for name in names}
    made["losses"] = partial(cf.losses, gaps)
    if columns > 1:
        made["data"] = partial(cf.scatter, p)
        made["landscape"] = partial(cf.landscape, p, {name: runs(name, columns)[0] for name in names})
    k = np.arange(41)
    limit = [cv.lower_bound(int(i), mu=p.mu, L=p.L) for i in k]
    made["worst"] = partial(cf.worst_cases, limit, dict.fromkeys(names[:1], (1 + k) * 0.8**k))
    return made


def picture(name, columns=2, names=FOUR):
    def draw():
        made = pictures(columns, names)[name]()
        return made if isinstance(made, Figure) else made.get_figure(root=True)

    return cf.Picture(name, "Title", f"What {name} shows: 1.", "Caption.", None, draw)


def words(ax):
    figure = ax.get_figure(root=True)
    legends = [*figure.legends, *([ax.get_legend()] if ax.get_legend() else [])]
    texts = [*ax.texts, *(text for legend in legends for text in legend.get_texts())]
    return [text.get_text().replace("\n", " ") for text in texts]


def is_drawn(ax, x, y):
    """Whether one of the lines has just these points, to the digits that are drawn, but for those that cannot be shown."""
    want = np.array([finite(x), finite(y)])
    lines = [np.array(line.get_xydata(), float).T for line in ax.lines]
    return any(line.shape == want.shape and np.allclose(line, want, rtol=1e-5, equal_nan=True) for line in lines)


@cache
def results():
    m, p = cv.METHODS["heavy_ball"], problem()
    hyper = setting()[1]
    return {
        "region": cv.stability(m),
        "optimum": cv.optimum(m),
        "regimes": cv.regimes(m),
        "radius_map": maps.radius_map(m, [p.mu, p.L], hyper, (60, 50)),
        "radius_curve": curves.radius_curve(m, [p.mu, p.L], hyper),
        "damping": maps.damping_map(m, hyper, (40, 40)),
        "eigenvalues": curves.locus(m, p.L, hyper),
        "rates": curves.rate_curve(m, [1, 10, 100]),
        "run": runs()[0],
        "landscape": p,
        "scatter": p,
        "identification": cv.identify(runs()[0]),
        "verification": cv.verify(p, m),
        "steps_across": cv.steps_across(m, 1e-3, np.linspace(0.1, 0.3, 20), mu=1, L=10, momentum=0.3),
        "average_case": cv.average_case(m, 12, [1.0, 2.0, 9.0], lr=0.1, momentum=0.3),
        "worst_case": cv.worst_case(m, 6, mu=1, L=10, lr=0.23, momentum=0.27),
        "krylov": cv.krylov_bound([1, 2, 5], [1, 1, 1], 2),
        "transient": cv.transient(m, 1.0, lr=0.2, momentum=0.9),
        "transient_growth": cv.transient_growth(m, [10, 100]),
    }


def draw(name, result, ax=None):
    options = {"runs": {"heavy ball": runs()[0]}} if name == "landscape" else {}
    return getattr(cf, name)(result, ax=ax, **options)


def test_a_result_is_drawn_on_the_axes_given_or_on_its_own():
    for name, result in results().items():
        assert isinstance(result, Plotted), name
        figure = Figure()
        ax = figure.subplots()
        assert draw(name, result, ax) is ax, name
        assert ax.get_title(loc="left"), name
        assert ax.get_xlabel(), name
        check_texts(draw(name, result).get_figure(root=True))


def test_plot_shows_in_a_notebook_and_on_the_axes_given():
    from matplotlib import pyplot

    result = curves.radius_curve(cv.METHODS["gradient_descent"], [1.0, 2.0], {})
    before = pyplot.get_fignums()
    ax = result.plot(names=["flat", "steep"])
    assert set(pyplot.get_fignums()) - set(before) == {ax.get_figure(root=True).number}
    assert {"flat", "steep"} <= set(words(ax))
    assert result.plot(ax) is ax
    pyplot.close(ax.get_figure(root=True))


def test_every_plotted_result_names_a_figure():
    def below(kind):
        return [*kind.__subclasses__(), *(k for sub in kind.__subclasses__() for k in below(sub))]

    assert {kind.drawn_by for kind in below(Plotted)} <= set(cf.__all__)


@pytest.mark.finding("D11")
def test_the_map_shows_the_derived_boundary_where_the_radius_is_one():
    found = maps.radius_map(cv.METHODS["heavy_ball"], [1, 10], {"lr": 0.231, "momentum": 0.27})
    edge = 2 * (1 + found.up) / 10
    inside = found.across < edge[:, None]
    assert found.radius.shape == (400, 500)
    assert ((found.margin > 0) == inside).all()
    assert ((found.radius < 1) == inside).all()
    ax = cf.radius_map(found)
    black = ax.collections[1].get_paths()[0].vertices
    assert np.abs(black[:, 0] - 2 * (1 + black[:, 1]) / 10).max() < 1e-5
    assert is_drawn(ax, [0.231], [0.27])
    assert any(word.startswith("optimum: ρ = 0.5") and "η = 0.231" in word for word in words(ax))


def test_iso_rho_lines_lie_where_the_radius_has_their_value():
    found = maps.radius_map(cv.METHODS["heavy_ball"], [1, 10], {"lr": 0.231, "momentum": 0.27})
    lines = cf.radius_map(found).collections[2]
    for level, path in zip(lines.levels, lines.get_paths(), strict=True):
        lr, momentum = path.vertices.T
        off = np.abs(cv.spectral_radius("heavy_ball", [1, 10], over="spectrum", lr=lr, momentum=momentum) - level)
        assert np.median(off) < 1e-3
        assert off.max() < 0.05  # at critical damping the radius has a root's edge


@pytest.mark.parametrize("of", [lambda m: {}, lambda m: {"gain": 0.2, "beta": 0.3}])
@pytest.mark.finding("D4")
def test_hyperparameters_of_any_name_have_their_map_and_their_damping(of):
    found = maps.radius_map(polyak, [1, 10], of(polyak), (50, 40))
    same = maps.radius_map(cv.METHODS["heavy_ball"], [1, 10], {}, (50, 40))
    assert np.allclose(found.up, same.up)
    assert cf.radius_map(found).get_ylabel() == "beta β"
    assert "β" in cf.damping(maps.damping_map(polyak, of(polyak), (40, 40))).get_xlabel()


@pytest.mark.finding("D2")
def test_a_controller_and_settings_all_fixed_do_not_break_the_kappa_figure():
    @method
    def fixed(f, x, v):
        v = 0.9 * v + f.grad(x)
        return x - 0.01 * v, v

    rates = [curves.rate_curve(m, [1, 30, 1e5]) for m in (fixed, cv.METHODS["heavy_ball"])]
    assert np.isnan(rates[0].rate[-1])
    assert rates[1].steps[0] == 0
    ax = cf.rates(rates)
    assert "fixed" in words(ax)
    ax = cf.rates(replace(rates[0], rate=np.full(3, NAN)))
    assert "fixed: nothing converges" in words(ax)


def test_monotone_rippling_and_alternating_are_kept_apart():
    found = maps.damping_map(cv.METHODS["heavy_ball"], {})
    momentum, scaled = np.meshgrid(found.across, found.scaled)
    root, kinds = np.sqrt(momentum), np.array(maps.KINDS)[found.kind]
    off = 1e-9
    assert set(kinds[(scaled > 0) & (scaled < (1 - root) ** 2 - off)]) == {"monotone"}
    assert set(kinds[(scaled > (1 - root) ** 2 + off) & (scaled < (1 + root) ** 2 - off)]) == {"rippling"}
    assert set(kinds[(scaled > (1 + root) ** 2 + off) & (scaled < 2 + 2 * momentum - off)]) == {"alternating"}
    assert set(kinds[scaled > 2 + 2 * momentum + off]) == {"diverges"}
    assert {"rippling", "monotone", "alternating", "diverges"} <= set(words(cf.damping(found)))


def test_a_method_without_a_second_hyperparameter_is_refused_by_name():
    for sweep in (lambda m: maps.radius_map(m, [1], {}), lambda m: maps.damping_map(m, {})):
        with pytest.raises(BadHyperparameter, match="newton has"):
            sweep(cv.METHODS["newton"])
    with pytest.raises(BadHyperparameter, match="pid: give numbers for kd"):
        maps.radius_map(pid, [1], {})
    with pytest.raises(BadData, match="two columns that vary"):
        cf.scatter(problem(1))


def test_slopes_one_and_one_half_stand_on_the_kappa_figure():
    rates = curves.rate_curves([cv.METHODS[n] for n in FOUR], 20.0)
    ax = cf.rates(rates, here=20.0)
    assert {"slope 1", "slope ½", "this data: κ = 20.0"} <= set(words(ax)) | {"this data: κ = 20.0"}
    x, y = (np.log(np.array(v)) for v in ax.lines[0].get_data())
    assert abs((y[-1] - y[-9]) / (x[-1] - x[-9]) - 1) < 0.01  # gradient descent
    assert "Newton: ρ = 0, a single step at every κ" in words(ax)


@pytest.mark.finding("D11")
def test_the_winner_is_never_left_out():
    gaps = {f"method {k}": 0.5 ** (np.arange(20) / (9 - k)) for k in range(9)}
    shown = " ".join(words(cf.losses(gaps)))
    assert "method 8" in shown
    assert "3 more curves are not shown" in shown
    kept = foremost(grouped("abc", [[1.0], [3.0], [2.0]]), lambda k: [1.0, 3.0, 2.0][k], most=2)
    assert [group.names for group in kept] == [("a",), ("c",)]


def test_the_whole_catalogue_fits_a_small_legend_that_has_the_baselines_and_the_winner():
    """The fastest runs would leave no line for what they are compared with, and equal ones would fill the legend."""
    titles = [m.title for m in cv.methods.LINEAR.values()]
    fall = {title: 0.9 - 0.02 * k for k, title in enumerate(titles)} | {"gradient descent": 0.97, "Nesterov": 0.93}
    alike = dict.fromkeys([title for title in titles[2:9] if title != "Nesterov"], 0.4)
    gaps = {title: rate ** np.arange(30.0) for title, rate in (fall | alike).items()}
    worst = cf.worst_cases(0.5 ** np.arange(30.0), gaps)
    for ax in (cf.losses(gaps), worst, cf.rates(curves.rate_curves(list(cv.methods.LINEAR.values()), 100.0))):
        figure = ax.get_figure(root=True)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        shown, (below,) = " ".join(words(ax)), figure.legends
        assert all(name in shown for name in ("gradient descent", "Nesterov", "not shown"))
        assert max(text.get_window_extent().x1 for text in below.get_texts()) <= figure.bbox.x1
        assert below.get_window_extent().height < figure.bbox.height / 3
    shown = " ".join(words(cf.losses(gaps))).replace("\n", " ")
    assert min(gaps, key=lambda name: gaps[name][-1]) in shown
    assert re.search(r"= \d more", shown)


def test_the_run_lies_as_markers_on_the_predicted_line():
    run, predicted = runs("gradient_descent")
    ax = cf.errors(run, predicted)
    for row in (0, 1):
        assert is_drawn(ax, np.arange(81), np.abs(run.error[:, row]))
        assert is_drawn(ax, np.arange(81), np.abs(predicted.error[:, row]))
    assert ax.get_yscale() == "log"
    assert [line.get_linestyle() for line in ax.lines] == ["-", "None", "--", "None"]


def test_what_is_zero_or_rounding_is_not_drawn_and_it_is_said():
    assert any("only rounding" in word for word in words(cf.errors(*runs("newton"))))
    assert np.isnan(positive([0.0, -1.0, NAN, INF])).all()


def test_a_run_that_diverged_is_drawn_as_far_as_it_is_finite():
    run = cv.simulate(problem(), "heavy_ball", 3000, lr=1.0, momentum=0.5)
    for ax in (cf.run(run), cf.gradients(run), cf.weights(run), cf.losses({"diverging": run.loss})):
        FigureCanvasAgg(ax.get_figure(root=True)).draw()
    assert any(f"overflowed at step {run.diverged}" in word for word in words(cf.run(run)))


def test_the_start_of_a_run_that_grows_is_no_rounding():
    run = cv.simulate(problem(), "heavy_ball", 60, lr=5e-4, momentum=0.9)
    assert run.loss[-1] > 1e20
    growing, decaying = (np.asarray(line.get_ydata(), dtype=float) for line in cf.run(run).lines)
    assert np.isfinite(growing).all()
    assert np.isfinite(decaying[:10]).all()
    assert np.isnan(decaying[20:]).all()  # 1e17 times as large by then, the other leaves its rounding here
    for ax in (cf.gradients(run), cf.losses({"diverging": run.loss})):
        assert all(np.isfinite(np.asarray(line.get_ydata(), dtype=float)).all() for line in ax.lines)


def test_titles_have_the_methods_name_as_it_is_written():
    assert (
        cf.run(cv.simulate(problem(), "nesterov", 3, lr=1e-5, momentum=0.5)).get_title(loc="left")
        == "Error of Nesterov"
    )


@cache
def tree():
    return cv.bifurcation("rmsprop", curvature=1.0, decay=0.9, eps=0.01)


@pytest.mark.parametrize("width", [3.2, 5.6, 12])
def test_titles_and_legends_fit_figures_of_the_users(width):
    figure = Figure(figsize=(width, 4), layout="constrained")
    tree().plot(ax=figure.subplots())
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    shown = [figure.axes[0]._left_title, *figure.legends[0].get_texts()]
    assert max(text.get_window_extent().x1 for text in shown) <= figure.bbox.x1
    assert (width < 5) == ("\n" in shown[0].get_text())


def test_directions_that_a_run_does_not_show_are_named():
    run = cv.simulate(problem(), "heavy_ball", 200, lr=5e-4, momentum=0.9)
    assert any("not within the figure: direction 1" in word for word in words(cv.identify(run).plot()))


def test_identified_eigenvalues_lie_on_top():
    found = curves.locus(cv.METHODS["heavy_ball"], 1.0, {"lr": 0.2, "momentum": 0.5})
    ax = cf.eigenvalues(found, identified=[0.5 + 0.25j])
    assert is_drawn(ax, [0.5], [0.25])
    assert max(ax.lines, key=lambda line: line.zorder).get_marker() == "x"
    roots = cv.derive("heavy_ball").characteristic
    assert np.allclose(sorted(np.abs(found.eigenvalues[100])), sorted(np.abs(_roots(roots, found.lr[100]))))


def _roots(characteristic, lr):
    letters = {str(s): s for s in characteristic.free_symbols_in_domain}
    values = {letters["eta"]: lr, letters["beta"]: 0.5, letters["lambda"]: 1.0}
    return np.roots([float(c.subs(values)) for c in characteristic.all_coeffs()])


def test_curves_merge_only_where_they_coincide():
    row = np.geomspace(1, 1e-3, 9)
    assert coincide(row, row * (1 + SAME / 2))
    assert not coincide(row, row * (1 + 4 * SAME))
    assert not coincide(row, row[:-1])
    assert not coincide([1.0, NAN], [1.0, 2.0])
    assert [group.names for group in grouped("abc", [row, 2 * row, row])] == [("a", "c"), ("b",)]


def test_methods_on_one_curve_share_a_line_and_say_so():
    rates = curves.rate_curves([cv.METHODS[n] for n in ("heavy_ball", "momentum_rate_inside")], 10)
    assert "heavy ball = momentum rate inside" in " ".join(words(cf.rates(rates)))


@pytest.mark.finding("H4")
def test_what_is_drawn_does_not_depend_on_the_last_digits():
    values = np.array([np.pi, 1e-300, 123456.789, 0.1 + 0.2, -5.0, 0.0, NAN])
    assert np.array_equal(finite(values), finite(values * (1 + 1e-15)), equal_nan=True)
    assert np.allclose(finite(values), values, rtol=1e-5, equal_nan=True)


def test_six_lines_at_most_of_twenty_columns_and_the_rest_is_counted():
    made = pictures(20, ("gradient_descent",))
    for kind in ("radius", "error"):
        assert "14 more directions are not shown" in words(made[f"{kind}-gradient_descent"]())
    columns = cf.weights(runs("gradient_descent", 20)[0], columns=problem(20).columns)
    assert "14 more columns are not shown" in words(columns)


@pytest.mark.parametrize("columns", [1, 20])
def test_texts_stay_apart_with_one_column_and_with_twenty(columns):
    for name in pictures(columns, ("gradient_descent",)):
        check_texts(picture(name, columns, ("gradient_descent",)).draw())


def test_every_text_lies_within_the_figure_and_on_no_other():
    for name in pictures():
        check_texts(picture(name).draw())


def test_words_on_a_panel_stay_on_it_and_off_the_marks_of_lines():
    """Those on the map of colours, whose scale takes room, too."""
    for kind in ("map-heavy_ball", "map-nesterov", "rates", "losses", "worst", "error-nesterov"):
        figure = picture(kind).draw()
        with styled():
            figure.draw_without_rendering()
        ax = figure.axes[0]
        frame, drawn = ax.get_window_extent(), [word for word in ax.texts if word.get_text()]
        marks = [ax.transData.transform(line.get_xydata()[:: line.get_markevery() or 1]) for line in marked(ax)]
        for box in (Text.get_window_extent(word) for word in drawn):
            assert frame.x0 <= box.x0 < box.x1 <= frame.x1, kind
            assert not any(box.padded(3).contains(*spot) for spots in marks for spot in spots), kind


def test_a_scale_of_colours_has_no_number_beyond_its_ends():
    """Matplotlib draws such a number at the end, where it is wrong: 0.7 at 0.737."""
    ax = picture("map-nesterov").draw().axes[1]
    assert all(ax.get_ylim()[0] <= tick <= ax.get_ylim()[1] for tick in ax.get_yticks())
    assert len(ax.get_yticks()) > 2


def marked(ax):
    return [line for line in ax.lines if line.get_marker() != "None" and line.get_linestyle() != "None"]


@method
def three_gains(f, x, i, g, *, lr, ki, kd):
    """A controller whose three gains are set apart."""
    now = f.grad(x)
    return x - lr * now - ki * (i + now) - kd * (now - g), i + now, now


@pytest.mark.parametrize(
    ("of", "curvatures", "hyper"),
    [
        ("heavy_ball", [0.969, 0.5465, 0.06698], {"lr": 0.0146, "momentum": 0.9}),
        ("nesterov", [28.06, 26.23, 0.3037], {"lr": 0.01285, "momentum": 0.9}),
        ("gradient_descent", [33.48, 33.42, 33.4, 28.67], {"lr": 0.01765}),
        (pid, [10.0, 3.0, 1.0], {"lr": 0.1, "ki": 0.1, "kd": 0.04}),
        (three_gains, [73.7, 73.4, 63.5], {"lr": 4.5e-5, "ki": 8e-8, "kd": 6e-6}),
        (three_gains, [24.65, 0.1078, 0.0975], {"lr": 0.0076, "ki": 0.242, "kd": 0.0026}),
        (three_gains, [99.2, 0.0954, 0.0137], {"lr": 1e-5, "ki": 0.00723, "kd": 0.00953}),
        (three_gains, [70.0, 60.0, 50.0], {"lr": 0.0005, "ki": 0.0001, "kd": 0.04}),
    ],
)
def test_names_of_directions_stay_apart_wherever_their_lines_go(of, curvatures, hyper):
    """Lines that leave the figure side by side; no stable rate at all; settings that are far out."""
    curve = curves.radius_curve(of if callable(of) else cv.METHODS[of], np.array(curvatures), hyper)
    names = [f"direction {k + 1}" for k in range(len(curvatures))]
    ax = cf.radius_curve(curve, names=names, best=False)
    check_texts(ax.get_figure(root=True))
    assert all(any(name in word for word in words(ax)) for name in names)
    assert any("is stable" in word for word in words(ax)) is (curve.bound == 0)


def test_curves_that_are_nowhere_below_one_are_shown():
    curve = curves.radius_curve(three_gains, np.array([70.0, 50.0]), {"lr": 0.0005, "ki": 0.0001, "kd": 0.04})
    ax = cf.radius_curve(curve)
    assert ax.get_ylim()[0] < 1
    assert ax.get_ylim()[1] > curve.radius.max() > 1


@pytest.mark.parametrize("classes", [False, True])
def test_dots_of_few_rows_are_larger(classes):
    def area(rows):
        X = np.random.default_rng(0).normal(size=(rows, 2))
        ax = cf.scatter(cv.LeastSquares(X, np.sign(X[:, 0]) if classes else X.sum(axis=1)))
        return ax.lines[0].get_markersize() ** 2 if classes else ax.collections[0].get_sizes()[0]

    sizes = [area(rows) for rows in (6, 12, 50, 500, 5000)]
    assert sizes[0] == sizes[1] > sizes[2] > sizes[3] == sizes[4]


@pytest.mark.parametrize(
    ("name", "kappa"), [("heavy_ball", 2e4), ("ema_momentum", 1e8), ("heavy_ball", 1e19), ("ema_momentum", 1e19)]
)
def test_large_condition_numbers_have_maps_that_can_be_read(name, kappa):
    m = cv.METHODS[name]
    hyper = cv.optimum(m).at(mu=1, L=kappa).hyper
    ax = cf.radius_map(maps.radius_map(m, [1, kappa], hyper))
    check_texts(ax.get_figure(root=True))
    assert any("below rounding" in word for word in words(ax)) == (kappa > 1e15)
    check_texts(cf.damping(maps.damping_map(m, hyper)).get_figure(root=True))


def check_texts(figure):
    with styled():
        renderer = FigureCanvasAgg(figure).get_renderer()
        figure.draw_without_rendering()  # laid out
        texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
        boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in shown(texts, figure)]
    page = figure.bbox
    for text, box in boxes:
        assert box.x0 >= page.x0 - 1, text
        assert box.x1 <= page.x1 + 1, text
        assert box.y0 >= page.y0 - 1, text
        assert box.y1 <= page.y1 + 1, text
    for (one, a), (other, b) in combinations(boxes, 2):
        wide, high = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        assert wide <= 0.5 or high <= 0.5, f"{one!r} touches {other!r}"


def shown(texts, figure):
    """Without the labels of ticks that lie outside their axis, which matplotlib keeps but does not draw."""
    hidden = set()
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            used = set(axis._update_ticks())
            ticks = {*axis.get_major_ticks(), *axis.get_minor_ticks()} - used
            ticks |= set() if ax.axison else used
            hidden |= {id(label) for tick in ticks for label in (tick.label1, tick.label2)}
    return [text for text in texts if id(text) not in hidden]


@pytest.mark.parametrize(
    ("name", "format"), [("map-heavy_ball", "svg"), ("map-heavy_ball", "pdf"), ("damping-heavy_ball", "png")]
)
def test_the_same_picture_gives_the_same_bytes(name, format):
    with mpl.rc_context({"lines.linewidth": 9, "font.size": 30, "svg.hashsalt": None}):
        first = cf.render(picture(name), format)
    assert first == cf.render(picture(name), format)
    assert first.startswith({"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}[format])
    assert b"ate>" not in first
    assert b"Matplotlib" not in first


def test_an_unknown_format_is_refused_with_the_known_ones():
    with pytest.raises(cv.BadName, match="svg, png, pdf; got 'bmp'"):
        cf.render(picture("data"), "bmp")


def test_svgs_are_small_sound_and_speak_and_share_no_identifiers():
    """Of two methods: of the one each kind of picture, of the other those that share its words and digits."""
    two, taken, size = ("heavy_ball", "newton"), set(), 0
    for name in pictures(names=two):
        svg = cf.render(picture(name, names=two), "svg")
        root = ElementTree.fromstring(svg)
        assert root.get("aria-label") == picture(name).alt
        assert len(svg) < 64_000, name
        size += len(svg)
        identifiers = {element.get("id") for element in root.iter()} - {None}
        used = {value[1:] for element in root.iter() for key, value in element.attrib.items() if key.endswith("href")}
        assert {one for one in used if not one.startswith("ata:")} <= identifiers
        glyphs = {one for one in identifiers if one.startswith("f")}
        assert not glyphs & taken
        taken |= glyphs
    assert size < 600_000


def test_nothing_of_matplotlibs_is_left_changed_or_open():
    def settings():
        return {key: value for key, value in mpl.rcParams.copy().items() if key != "backend"}

    def figures():
        return sys.modules["matplotlib.pyplot"].get_fignums() if "matplotlib.pyplot" in sys.modules else []

    before, others = settings(), figures()
    cf.render(picture("eigenvalues-heavy_ball"), "png")
    cf.run(runs()[0])
    assert settings() == before
    assert figures() == others


def test_names_from_the_data_are_text_and_not_mathematics():
    X = np.random.default_rng(0).normal(size=(9, 2))
    p = cv.LeastSquares(X, X[:, 0], columns=["$price", "cost in $ and $, " + "long " * 20])
    run = cv.simulate(p, "gradient_descent", 5, lr=0.01)
    for ax in (cf.gradients(run, columns=p.columns), cf.scatter(p), cf.landscape(p, {"$": run})):
        FigureCanvasAgg(ax.get_figure(root=True)).draw()
    q = cv.LeastSquares(X, X[:, 0], columns=["数", "値"])
    assert cf.render(cf.Picture("data", "", "", "", None, lambda: cf.scatter(q).figure)).startswith(b"<?xml")


def test_all_public_names_exist():
    assert sorted(cf.__all__) == sorted(name for name in cf.__all__ if hasattr(cf, name))


def test_tables_are_shown_in_a_notebook_and_become_data_frames(monkeypatch):
    tables = [result for result in results().values() if isinstance(result, Tabular)]
    assert {type(result).__name__ for result in tables} >= {
        "Run",
        "StepsAcross",
        "Verification",
        "KrylovBound",
        "RateCurve",
    }
    for result in tables:
        columns = result.table()
        assert len({len(column) for column in columns.values()}) == 1
        if not hasattr(result, "_repr_latex_"):
            assert ElementTree.fromstring(result._repr_html_()).findall("tr/th")[0].text == next(iter(columns))
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        tables[0].to_dataframe()
    fake = type("pandas", (), {"DataFrame": dict})
    monkeypatch.setitem(sys.modules, "pandas", fake)
    assert list(tables[0].to_dataframe()) == list(tables[0].table())


def test_the_worst_and_the_average_case_lie_on_their_curves():
    worst, average = results()["worst_case"], results()["average_case"]
    curve = worst.over(np.linspace(1, 10, 500))
    assert curve.max() <= worst.bound
    assert np.isclose(worst.over([worst.curvature])[0], worst.value)
    last = {name: column[-1] for name, column in average.table().items()}
    for name in ("error", "loss", "gradient"):
        assert np.isclose(last[name], getattr(average, name))


def test_kinds_of_a_method_of_one_state():
    """x ← (1 − lr·λ·(1 + boost))x is monotone up to 1 and alternating beyond."""

    def boosted(f, x, *, lr, boost: cv.Share):
        return x - lr * (1 + boost) * f.grad(x)

    shown = maps.damping_map(cv.method(boosted), {})
    boost, scaled = np.meshgrid(shown.across, shown.scaled)
    gain = scaled * (1 + boost)
    kinds = np.array(maps.KINDS)[shown.kind]
    assert set(kinds[(gain > 0) & (gain < 0.98)]) == {"monotone"}
    assert set(kinds[(gain > 1.02) & (gain < 1.98)]) == {"alternating"}


def test_a_share_chosen_near_one_is_shown_by_its_distance_from_there():
    """Momentum 0.9999 would be the last pixel of an even axis; most of this one lies beyond 0.99."""
    across = np.asarray(maps.damping_map(cv.METHODS["heavy_ball"], {"momentum": 0.9999}).across)
    assert across.max() > 0.9999
    assert (across > 0.99).mean() > 0.4
    even = np.asarray(maps.damping_map(cv.METHODS["heavy_ball"], {"momentum": 0.5}).across)
    assert np.allclose(np.diff(even), np.diff(even)[0])


def test_steps_for_a_digit():
    shown = curves.RateCurve(cv.METHODS["newton"], np.ones(4), np.array([0.1, 0.0, 1.0, 10**-0.5]))
    assert np.allclose(shown.steps, [1, 0, np.nan, 2], equal_nan=True)
