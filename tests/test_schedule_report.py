"""A study with schedules has a part on them for each method, in every format; without, its report is what it was."""

from __future__ import annotations

from functools import cache, partial

import numpy as np
import pytest

import convergence as cv
from convergence.cli import main
from convergence.errors import BadHyperparameter
from convergence.report import earlier_figures, page, pictures, report_files

PARTS = ["answer", "schedule"]
K = 12
S = cv.schedules
ASKED = {"cosine": partial(S.cosine, steps=K), "ours": S.exponential(0.02, 0.9)}


@cache
def p():
    return cv.datasets.gaussian_2d(loss="mean")


@cache
def study():
    return cv.study(p(), ["gradient_descent", "newton"], parts=PARTS, steps=K, schedules=ASKED, batch=8, title="data")


@cache
def quiet():
    return cv.study(p(), "heavy_ball", parts=PARTS, hyper={"momentum": 0.5}, steps=K, schedules=ASKED)


def test_the_part_is_what_the_functions_say():
    part = study()["gradient_descent"].schedule
    best = cv.compare_schedules(p(), K, {"cosine": S.cosine(1, K), "ours": S.exponential(1, 0.9)}, batch=8)
    cosine, ours = part.rows
    assert (cosine.name, ours.name) == ("cosine", "ours")
    assert cosine.base == pytest.approx(best["cosine"].base, rel=1e-6)
    assert cosine.loss[-1] == pytest.approx(best["cosine"].loss, rel=1e-9)
    assert ours.base is None
    assert ours.rates == pytest.approx(S.exponential(0.02, 0.9).values(K))
    run = cv.moments(p(), "gradient_descent", K, batch=8, lr=S.exponential(0.02, 0.9))
    assert ours.loss == pytest.approx(run.loss)
    assert ours.share == pytest.approx(part.loss[-1] / run.loss[-1])
    assert part.loss[-1] == pytest.approx(best.optimum.loss, rel=1e-6)
    assert 0 < ours.share < cosine.share <= 1


def test_each_method_keeps_its_other_hyperparameters():
    part = quiet()["heavy_ball"].schedule
    assert part.hyper == {"momentum": 0.5}
    product = cv.product(S.exponential(0.02, 0.9), K, p().L, method="heavy_ball", momentum=0.5)
    assert part.rows[1].left[0].log == pytest.approx(product.log)
    assert part.rows[1].left[0].peak == pytest.approx(product.peak, abs=1e-9)


def test_a_method_for_which_nothing_is_known_is_a_gap_with_its_reason():
    gap = study()["newton"].parts["schedule"]
    assert not gap
    assert gap.why in page(study(), {}) or "not affine" in page(study(), {})


def test_the_page_has_the_tables_and_the_figures():
    text = page(study(), pictures(study()))
    assert "Gradient descent: schedules" in text
    for name in ("rates", "risk", "left"):
        assert f"figures/{name}-gradient_descent" in text
    assert "figures/left-gradient_descent_2.svg" in text
    assert "Errors of gradient descent under ours" in text
    assert "**Stops prematurely:** however many steps, `ours`" in text
    assert "best known" in text
    assert "Under schedules of the learning rate, after 12 steps" in text
    assert "given one" in page(cv.study(p(), "heavy_ball", parts=PARTS, schedules=[S.cosine(0.01, K)], steps=K), {})


def test_json_reads_back_into_an_equal_study_with_the_same_pictures(tmp_path, monkeypatch):
    back = cv.Study.from_json(quiet().to_json())
    assert back == quiet()
    assert np.array_equal(back["heavy_ball"].schedule.rows[0].rates, quiet()["heavy_ball"].schedule.rows[0].rates)
    one, two = pictures(back)["risk-heavy_ball"], pictures(quiet())["risk-heavy_ball"]
    assert cv.figures.render(one, "svg") == cv.figures.render(two, "svg")
    names = ("rates-heavy_ball", "risk-heavy_ball", "left-heavy_ball_1")
    few = {name: pictures(quiet())[name] for name in names}
    monkeypatch.setattr("convergence.report.pictures", lambda study: few)
    files = report_files(quiet(), figure_formats=("svg",))
    own = {f"figures/{name}.svg" for name in names}
    assert {"report.md", "report.html", "report.tex", "report.json", *own} <= set(files)
    (tmp_path / "figures").mkdir()
    for name in own:
        (tmp_path / name).write_text("")
    assert set(earlier_figures(tmp_path)) == own


def test_without_schedules_there_is_no_part_on_them():
    plain = cv.study(p(), "nesterov", parts=["answer"])
    assert "schedule" not in plain["nesterov"].parts
    assert "schedule" not in page(plain, {})
    assert not [name for name in pictures(plain) if name.startswith(("rates", "risk", "left"))]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"parts": ["schedule"]}, "give schedules="),
        ({"schedules": "cosine"}, "a list of them"),
        ({"schedules": []}, "a list of them"),
        ({"schedules": ["cosine"]}, "a schedule is one of"),
        ({"schedules": [[0.1, 0.2]], "steps": 3}, "no entry for step 2"),
    ],
)
def test_wrong_questions(asked, words):
    with pytest.raises(BadHyperparameter, match=words):
        cv.study(p(), "nesterov", **asked)


def test_the_command_writes_the_part(tmp_path, capsys):
    given = ["report", "--methods", "gradient_descent", "--steps", "20", "--quiet"]
    given += ["--out", str(tmp_path / "r"), "--formats", "md", "--figure-formats", ""]
    assert main([*given, "--schedule", "cosine", "exponential:0.9"]) == 0
    text = (tmp_path / "r" / "report.md").read_text(encoding="utf-8")
    assert "`exponential:0.9`" in text
    assert "20 steps" in text
    assert main([*given, "--schedule", "cosin"]) == 2
    assert "did you mean 'cosine'" in capsys.readouterr().err
