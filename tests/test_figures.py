"""What a study found is what its figures draw: on the axes given, within the figure, and the same every time."""

from __future__ import annotations

import sys
from dataclasses import fields, replace
from functools import cache
from itertools import combinations
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from fake_study import fake_study
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

import convergence.figures as cf
from convergence.figures.curves import SAME, coincide, grouped, positive
from convergence.figures.style import MOST, number, styled
from convergence.methods import METHODS

NAN, INF = float("nan"), float("inf")
PICTURES = cf.figures(fake_study(2))
KINDS = ["data", "landscape", "losses", "comparison", "descent", "descent-ema_momentum", "error-newton"]
KINDS += [f"{kind}-heavy_ball" for kind in ("stability", "radius", "damping", "spectrum", "error")]


def method(name="heavy_ball", columns=2):
    return next(m for m in fake_study(columns).methods if m.name == name)


def labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


@cache
def rendered(name, format="svg"):
    return cf.render(PICTURES[name], format)


def lines(ax):
    return [np.array(line.get_xydata()).T for line in ax.lines]


def drawn(ax, x, y):
    """Whether one of the lines has just these points, apart from those that cannot be shown."""
    want = np.array([x, y], float)
    return any(line.shape == want.shape and np.array_equal(line, want, equal_nan=True) for line in lines(ax))


SINGLE = {
    "scatter": lambda ax: cf.scatter(fake_study().data, ax),
    "landscape": lambda ax: cf.landscape(fake_study(), ax),
    "losses": lambda ax: cf.losses(fake_study(), ax),
    "optimal_rates": lambda ax: cf.optimal_rates(fake_study(), ax),
    "radius_map": lambda ax: cf.radius_map(method(), ax),
    "radius_curve": lambda ax: cf.radius_curve(method(), fake_study().data, ax),
    "damping": lambda ax: cf.damping(method(), fake_study().data, ax),
    "eigenvalues": lambda ax: cf.eigenvalues(method().roots[0], ax),
    "errors": lambda ax: cf.errors(method(), fake_study().data, ax),
    "gradients": lambda ax: cf.gradients(method(), fake_study().data, ax),
    "weights": lambda ax: cf.weights(method(), fake_study().data, ax),
}


@pytest.mark.parametrize("name", SINGLE)
def test_a_panel_is_drawn_on_the_axes_given(name):
    figure = Figure()
    ax = figure.subplots()
    assert SINGLE[name](ax) is ax
    assert ax.get_title(loc="left")
    assert ax.get_xlabel()
    assert ax.get_ylabel()


@pytest.mark.parametrize("name", ["losses", "eigenvalues"])
def test_a_panel_without_axes_has_a_figure_of_its_own(name):
    assert isinstance(SINGLE[name](None).figure, Figure)


def test_the_run_lies_as_markers_on_the_predicted_line():
    run, ax = method().run, cf.errors(method(), fake_study().data)
    for row, predicted in zip(run.error, run.predicted, strict=True):
        assert drawn(ax, run.step, row)
        assert drawn(ax, run.step, predicted)
    assert ax.get_yscale() == "log"
    assert [line.get_linestyle() for line in ax.lines] == ["-", "None", "--", "None"]


def test_the_map_shows_boundary_optimum_and_probes():
    found, ax = method().map, cf.radius_map(method())
    assert drawn(ax, found.boundary, found.momentum)
    assert drawn(ax, [found.optimum[0]], [found.optimum[1]])
    for verdict in (0.0, 1.0):
        points = [p[:2] for p in found.probes if p[2] == verdict]
        assert drawn(ax, *zip(*points, strict=True))
    assert ax.collections[0].get_array().tolist() == [list(row) for row in found.radius]
    assert labels(ax) == ["derived boundary ρ = 1", "run converged", "run diverged", "derived optimum"]
    assert len({line.get_marker() for line in ax.lines}) == 4


def test_the_radius_curve_shows_each_direction_bound_and_optimum():
    m, ax = method(), cf.radius_curve(method(), fake_study().data)
    assert all(drawn(ax, m.curve.lr, row) for row in m.curve.radius)
    assert drawn(ax, [m.curve.bound] * 2, [0, 1])
    assert drawn(ax, [m.curve.chosen], [m.tuning.rate])
    assert labels(ax) == [
        "direction 1",
        "direction 2",
        f"largest stable η = {number(m.curve.bound)}",
        f"optimum: η = {number(m.curve.chosen)}, ρ = {number(m.tuning.rate)}",
    ]


def test_the_damping_bands_are_named_hatched_and_bounded():
    m, ax = method(), cf.damping(method(), fake_study().data)
    assert drawn(ax, m.damping.momentum, m.damping.bound)
    assert labels(ax) == [*m.damping.bands, "diverges", "largest stable ηλ", "directions of this data"]
    hatches = [band.get_hatch() or "" for band in ax.collections[: len(m.damping.bands)]]
    assert len(set(hatches)) == len(hatches)


def test_identified_eigenvalues_lie_on_top():
    root = method().roots[0]
    ax = cf.eigenvalues(root)
    assert drawn(ax, root.identified_real, root.identified_imag)
    assert max(ax.lines, key=lambda line: line.zorder).get_marker() == "x"
    assert len(cf.spectrum(method()).axes) == len(method().roots)


def test_the_landscape_shows_minimum_and_paths():
    found, ax = fake_study().landscape, cf.landscape(fake_study())
    assert drawn(ax, [found.minimum[0]], [found.minimum[1]])
    assert drawn(ax, found.paths[0].x[:31], found.paths[0].y[:31])
    assert "the first 30 steps of each" in labels(ax)


def test_gradients_and_weights_are_the_studys():
    m = method("ema_momentum")
    above, below = cf.descent(m, fake_study().data).axes
    assert all(drawn(above, m.run.step, row) for row in m.run.gradient)
    assert all(drawn(below, m.run.step, row) for row in m.run.weight)
    pair = cf.descent_pair(method("gradient_descent"), m, fake_study().data)
    assert [len(ax.lines) for ax in pair.axes] == [4, 4]


def test_methods_on_one_curve_share_a_line_and_say_so():
    text = " ".join(label.replace("\n", " ") for label in labels(cf.optimal_rates(fake_study())))
    assert "heavy ball = momentum rate inside = PyTorch SGD" in text
    assert "Nesterov = PyTorch SGD Nesterov" in text
    for name in fake_study().kappa.methods:
        assert METHODS[name].title in text


def test_curves_merge_only_where_they_coincide():
    row = np.geomspace(1, 1e-3, 9)
    assert coincide(row, row * (1 + SAME / 2))
    assert not coincide(row, row * (1 + 2 * SAME))
    assert not coincide(row, row[:-1])
    assert not coincide([1.0, NAN], [1.0, 2.0])
    assert [group.names for group in grouped("abc", [row, 2 * row, row])] == [("a", "c"), ("b",)]


def test_six_lines_at_most_of_twenty_columns_and_the_rest_is_counted():
    study = fake_study(20)
    radius = cf.radius_curve(method(columns=20), study.data)
    error = cf.errors(method(columns=20), study.data)
    weight = cf.weights(method(columns=20), study.data)
    assert sum("direction" in label and "more" not in label for label in labels(radius)) == MOST
    assert len(error.lines) == 2 * MOST
    assert len(weight.lines) <= MOST
    assert labels(radius)[-1] == labels(error)[-1] == f"{study.data.hidden} more directions are not shown"
    assert labels(weight)[-1] == "16 more columns are not shown"
    assert len(cf.losses(study).lines) <= MOST


@pytest.mark.parametrize("columns", [1, 2, 20])
def test_only_what_a_study_has_is_pictured(columns):
    study = fake_study(columns)
    pictures = cf.figures(study)
    assert ("data" in pictures) == ("landscape" in pictures) == (columns > 1)
    assert "radius-newton" in pictures
    assert "stability-newton" not in pictures
    assert "damping-newton" not in pictures
    assert all(name == picture.name for name, picture in pictures.items())
    for name, picture in pictures.items():
        assert name.endswith(f"-{picture.method}") or picture.method is None


@pytest.mark.parametrize("draw", [cf.radius_map, lambda m: cf.damping(m, fake_study().data)])
def test_a_missing_map_is_refused_by_name(draw):
    with pytest.raises(ValueError, match="newton has no momentum"):
        draw(method("newton"))


def test_every_alt_text_is_a_sentence_with_numbers():
    for picture in PICTURES.values():
        assert picture.alt.endswith(".")
        assert any(letter.isdigit() for letter in picture.alt)
        assert len(picture.alt) > 40
        assert "nan" not in picture.alt.split()
        assert picture.title[0].isupper()
        assert picture.caption.endswith(".")


@pytest.mark.parametrize("name", KINDS)
def test_every_text_lies_within_the_figure_and_on_no_other(name):
    check_texts(PICTURES[name].draw())


@pytest.mark.parametrize("name", ["landscape", "losses", "radius-heavy_ball", "error-newton", "descent"])
@pytest.mark.parametrize("columns", [1, 20])
def test_texts_stay_apart_with_one_column_and_with_twenty(name, columns):
    pictures = cf.figures(fake_study(columns))
    if name in pictures:
        check_texts(pictures[name].draw())


def check_texts(figure):
    with styled():
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        renderer = canvas.get_renderer()
        texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
        boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in shown(texts, figure)]
    page = figure.bbox
    for text, box in boxes:
        assert box.x0 >= page.x0, text
        assert box.x1 <= page.x1, text
        assert box.y0 >= page.y0, text
        assert box.y1 <= page.y1, text
    for (one, a), (other, b) in combinations(boxes, 2):
        assert not apart_fails(a, b), f"{one!r} touches {other!r}"


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


def apart_fails(a, b):
    return min(a.x1, b.x1) - max(a.x0, b.x0) > 0.5 and min(a.y1, b.y1) - max(a.y0, b.y0) > 0.5


@pytest.mark.parametrize("format", ["svg", "png", "pdf"])
@pytest.mark.parametrize("name", ["stability-heavy_ball", "damping-heavy_ball"])
def test_the_same_picture_gives_the_same_bytes(name, format):
    with mpl.rc_context({"lines.linewidth": 9, "font.size": 30, "svg.hashsalt": None}):
        first = cf.render(PICTURES[name], format)
    assert first == rendered(name, format)
    assert first.startswith({"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}[format])
    assert b"ate>" not in first
    assert b"Matplotlib" not in first


def test_an_unknown_format_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="svg, png, pdf; got 'bmp'"):
        cf.render(PICTURES["data"], "bmp")


@pytest.mark.parametrize("name", KINDS)
def test_svg_is_small_sound_and_speaks(name):
    svg = rendered(name)
    root = ElementTree.fromstring(svg)
    assert root.get("aria-label") == PICTURES[name].alt
    assert len(svg) < 30_000 + 4_000 * len(fake_study(2).methods)
    identifiers = {element.get("id") for element in root.iter()} - {None}
    used = {value[1:] for element in root.iter() for key, value in element.attrib.items() if key.endswith("href")}
    assert {name for name in used if not name.startswith("ata:")} <= identifiers


def test_two_svgs_on_one_page_share_no_identifiers():
    trees = [ElementTree.fromstring(rendered(name)) for name in ("radius-heavy_ball", "error-newton")]
    first, second = ({element.get("id") for element in tree.iter()} - {None} for tree in trees)
    assert not first & second


def settings():
    return {key: value for key, value in mpl.rcParams.copy().items() if key != "backend"}


def test_nothing_of_matplotlibs_is_left_changed_or_open():
    before = settings()
    cf.render(PICTURES["spectrum-heavy_ball"], "png")
    cf.radius_map(method())
    assert settings() == before
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or not pyplot.get_fignums()


def test_zero_errors_are_not_drawn_and_it_is_said():
    ax = cf.errors(method("newton"), fake_study().data)
    assert any("exactly 0 at some steps" in label.replace("\n", " ") for label in labels(ax))
    assert np.isnan(positive([0.0, -1.0, NAN, INF])).all()
    draws(cf.errors(with_run(method(), error=((0.0,) * 101,) * 2, predicted=((0.0,) * 101,) * 2), fake_study().data))


def with_run(m, **changes):
    return replace(m, run=replace(m.run, **changes))


def draws(ax):
    FigureCanvasAgg(ax.figure).draw()


def diverged():
    """A run whose numbers overflow at step 40, some of them infinite or NaN."""
    m = method()
    grown = tuple(float(10.0 ** min(8 * k, 308)) for k in range(40))
    broken = (*grown[:-2], INF, NAN)
    run = replace(
        m.run,
        step=tuple(range(40)),
        error=(grown, broken),
        predicted=(grown, grown),
        gradient=(grown, broken),
        weight=(grown, broken),
        gap=broken,
        final_loss=INF,
        diverged=40,
    )
    tuning = replace(m.tuning, rate=INF, optimal=False, steps_predicted=None, steps_counted=None)
    return replace(m, run=run, tuning=tuning)


def test_a_run_that_diverged_is_drawn_as_far_as_it_is_finite():
    study = replace(fake_study(), methods=(diverged(), *fake_study().methods))
    for ax in (cf.errors(diverged(), study.data), cf.losses(study), cf.gradients(diverged(), study.data)):
        draws(ax)
    assert "diverged: numbers overflowed at step 40" in labels(cf.errors(diverged(), study.data))
    draws(cf.weights(diverged(), study.data))
    assert "never, it diverged at step 40" in cf.figures(study)["losses"].alt


def test_numbers_that_are_missing_leave_gaps_and_no_warning():
    m = method()
    hollow = replace(m.map, radius=((NAN,) * 61,) * 49, boundary=(INF,) * 49, probes=(), optimum=(NAN, NAN))
    draws(cf.radius_map(replace(m, map=hollow)))
    empty = replace(m.damping, bound=(INF,) * 97, edges=((NAN,) * 97,) * 2)
    draws(cf.damping(replace(m, damping=empty), fake_study().data))
    draws(cf.radius_curve(replace(m, curve=replace(m.curve, bound=INF, chosen=NAN)), fake_study().data))
    draws(cf.eigenvalues(replace(m.roots[0], identified_real=(), identified_imag=())))
    kappa = replace(fake_study().kappa, rate=((NAN,) * 61, (1.0,) * 61, (0.0,) * 61), methods=("a", "b", "c"))
    draws(cf.optimal_rates(replace(fake_study(), kappa=kappa)))


def test_names_from_the_data_are_text_and_not_mathematics():
    data = replace(
        fake_study().data, columns=("$price", "cost in $ and $, " + "long " * 20), sample_columns=("$a$", "_b")
    )
    for ax in (cf.gradients(method(), data), cf.scatter(data)):
        draws(ax)
    assert labels(cf.gradients(method(), data))[1].endswith("…")
    picture = replace(PICTURES["data"], draw=lambda: cf.scatter(replace(data, sample_columns=("数", "値"))).figure)
    assert cf.render(picture).startswith(b"<?xml")


def test_a_target_of_many_values_is_shown_as_colour():
    data = fake_study(20).data
    assert len(cf.scatter(data).figure.axes) == 2
    assert len(cf.scatter(fake_study(2).data).figure.axes) == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.625, "0.625"),
        (1.1e-4, "1.1·10⁻⁴"),
        (0.0, "0"),
        (1e6, "10⁶"),
        (-2.5e-7, "−2.5·10⁻⁷"),
        (INF, "∞"),
        (18.7385, "18.7"),
    ],
)
def test_numbers_are_for_reading(value, text):
    assert number(value) == text


def test_all_public_names_exist():
    assert sorted(cf.__all__) == sorted(name for name in cf.__all__ if hasattr(cf, name))
    assert [field.name for field in fields(cf.Picture)] == ["name", "title", "alt", "caption", "method", "draw"]


def test_several_workers_draw_the_same_bytes():
    from convergence.figures.workers import drawn as side_by_side

    study = fake_study(1)
    assert side_by_side(study, ["svg"], workers=2) == side_by_side(study, ["svg"])
