"""A study with a batch or noise has a part on it in every format; without, its report is what it was."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import convergence as cv
from convergence.cli import main
from convergence.errors import BadHyperparameter, BadName
from convergence.notation import latex
from convergence.report import earlier_figures, page, pictures, report_files

PARTS = ["system", "region", "answer", "noise"]


@cache
def p():
    return cv.datasets.gaussian_2d(loss="mean")


@cache
def noisy():
    methods = ["gradient_descent", "nesterov", "newton"]
    return cv.study(p(), methods, parts=PARTS, hyper={"lr": 0.01}, batch=8, title="data")


def test_the_part_is_what_the_functions_say():
    part, hyper = noisy()["nesterov"].noise, noisy()["nesterov"].hyper
    assert part.excess == cv.stationary(p(), "nesterov", batch=8, **hyper).excess_loss
    assert part.smallest == cv.smallest_batch(p(), "nesterov", **hyper)
    assert part.batches == (1, 8, 32, 500)
    others = {name: value for name, value in hyper.items() if name != "lr"}
    assert list(part.limits) == [cv.mean_square_limit(p(), "nesterov", b, **others) for b in part.batches]
    assert part.without == pytest.approx(noisy()["nesterov"].answer.lr_max)
    assert part.variance == cv.noise_floor("nesterov").variance
    assert list(part.elsewhere) == ["x - beta*m"]


def test_a_method_whose_moments_do_not_close_is_a_gap_with_its_reason():
    gap = noisy()["newton"].parts["noise"]
    assert not gap
    assert "not affine" in gap.why
    assert "not affine" in page(noisy(), {})


def test_the_page_has_the_formula_the_floor_and_the_limits():
    text = page(noisy(), pictures(noisy()))
    for name in ("gradient_descent", "nesterov"):
        part = noisy()[name].noise
        assert latex(part.variance) in text
        assert f"figures/floor-{name}.svg" in text
    assert "x - beta*m" in text
    assert "batches of 8 drawn with replacement" in text
    assert "from batch 1 on" in text
    grows = cv.study(p(), "gradient_descent", parts=PARTS, hyper={"lr": 0.05}, batch=1)
    assert page(grows, {}).count("settles nowhere") == 2  # at the top, and in its section
    assert f"takes batches of {grows['gradient_descent'].noise.whole_batch} or more" in page(grows, {})
    added = page(cv.study(p(), "newton", parts=PARTS, hyper={"lr": 0.5}, noise=cv.LabelNoise(0.3)), {})
    assert "in the targets" in added
    assert "from batch" not in added


def test_which_method_is_the_fastest_is_said_of_the_run_without_noise():
    settings = {"parts": ["system", "answer", "noise", "verification"], "hyper": {"lr": 0.01}}
    assert "Without noise, the fastest is" in page(cv.study(p(), "gradient_descent", batch=8, **settings), {})
    plain = page(cv.study(p(), "gradient_descent", parts=["system", "answer"], hyper={"lr": 0.01}), {})
    assert "Without noise" not in plain


def test_json_reads_back_into_an_equal_study_with_the_same_pictures(tmp_path, monkeypatch):
    back = cv.Study.from_json(noisy().to_json())
    assert back == noisy()
    assert back["nesterov"].noise.batches == (1, 8, 32, 500)
    assert np.array_equal(back["nesterov"].noise.map.floor, noisy()["nesterov"].noise.map.floor)
    one, two = pictures(back)["floor-nesterov"], pictures(noisy())["floor-nesterov"]
    assert cv.figures.render(one, "svg") == cv.figures.render(two, "svg")
    monkeypatch.setattr("convergence.report.pictures", lambda study: {two.name: two})
    files = report_files(noisy(), figure_formats=("svg",))
    assert {"report.md", "report.html", "report.tex", "report.json", "figures/floor-nesterov.svg"} <= set(files)
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "floor-nesterov.svg").write_text("")
    assert earlier_figures(tmp_path) == ["figures/floor-nesterov.svg"]


def test_without_noise_there_is_no_part_on_it():
    plain = cv.study(p(), "nesterov", parts=["answer", "region"])
    assert "noise" not in plain["nesterov"].parts
    assert "noise" not in page(plain, {})
    assert plain["nesterov"].noise is None


@pytest.mark.parametrize(
    ("asked", "kind", "words"),
    [
        ({"parts": ["noise"]}, BadHyperparameter, "give batch= or noise="),
        ({"batch": 0}, BadHyperparameter, "batch must be"),
        ({"noise": "much"}, BadHyperparameter, "noise must be"),
        ({"batch": 1, "sampling": "rarely"}, BadName, "sampling must be"),
        ({"batch": 1, "parts": ["nois"]}, BadName, "did you mean 'noise'"),
    ],
)
def test_wrong_questions(asked, kind, words):
    with pytest.raises(kind, match=words):
        cv.study(p(), "nesterov", **asked)


def test_many_directions_have_numbers_and_no_map():
    wide = cv.datasets.with_spectrum(np.linspace(1, 3, 20), 60, 1)
    part = cv.study(wide, "heavy_ball", parts=PARTS, hyper={"lr": 0.05, "momentum": 0.5}, batch=20)["heavy_ball"].noise
    assert part.map is None
    assert np.isfinite(part.excess)


def test_the_command_writes_the_part(tmp_path, capsys):
    given = ["report", "--methods", "gradient_descent", "--loss", "mean", "--lr", "0.01", "--out", str(tmp_path / "r")]
    assert main([*given, "--batch", "8", "--formats", "md", "--figure-formats", "", "--quiet"]) == 0
    assert "noise" in (tmp_path / "r" / "report.md").read_text(encoding="utf-8")
    assert main([*given, "--batch", "0"]) == 2
    assert "batch must be" in capsys.readouterr().err
