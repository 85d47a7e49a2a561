"""Every format of a report shows the whole study, loudly where something failed; the same study gives the same bytes."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import convergence as cv
from convergence.document import Gap
from convergence.errors import BadName
from convergence.notation import latex
from convergence.pages.html import html
from convergence.pages.latex import latex as tex
from convergence.pages.markdown import maths, prose
from convergence.report import earlier_figures, page, pictures, report_files
from convergence.report.summary import Summary

CLASSIC = ["gradient_descent", "newton", "heavy_ball", "nesterov"]


@cache
def classic():
    return cv.study(cv.datasets.gaussian_2d(), CLASSIC, title="the notes' data")


@cache
def whole():
    return page(classic(), pictures(classic()))


def changed(study, name, **parts):
    """The study with parts of one method replaced."""
    swap = lambda one: replace(one, parts={**one.parts, **parts}) if one.name == name else one  # noqa: E731
    return replace(study, methods=tuple(map(swap, study.methods)))


def failing():
    first, *others = classic()["nesterov"].verification.checks
    checks = (replace(first, passed=False, error=0.5), *others)
    return changed(classic(), "nesterov", verification=replace(classic()["nesterov"].verification, checks=checks))


def test_every_formula_of_the_theory_is_on_the_page():
    for one in classic().methods:
        formulas = [one.system.matrix, one.system.characteristic, *one.region.conditions]
        formulas += [value for piece in one.optimum.pieces for value in (*piece.hyper.values(), piece.rate)]
        for formula in formulas:
            assert maths(formula)[1:-1] in whole(), latex(formula)


def test_every_check_and_fault_rule_and_picture_is_on_the_page():
    for one in classic().methods:
        assert one.method.code in whole()
        for check in one.verification.checks:
            assert prose(check.claim) in whole()
        for control in one.verification.controls:
            assert prose(control.fault) in whole()
    for name in pictures(classic()):
        assert whole().count(f"](figures/{name}.svg)") == 1


def test_methods_of_a_class_are_told_with_names_and_letters_and_with_their_twins():
    twins = ["ema_momentum_zero_start", "heavy_ball", "momentum_rate_inside"]
    study = cv.study(cv.datasets.gaussian_2d(), ["ema_momentum", *twins, "nesterov"], parts=["classes", "answer"])
    text = page(study, {})
    assert r"`lr` = $\frac{\eta}{1 - \beta}$, `momentum` = $1 - \beta$" in text
    assert "The very same iterates, from the same start: EMA momentum zero start, heavy ball and momentum rate inside." in text
    assert cv.Study.from_json(study.to_json()).classes.same_iterates == study.classes.same_iterates == (tuple(twins),)


def test_what_underflows_is_no_zero_in_the_table_of_horizons():
    text = page(cv.study([1.0, 1.2], ["heavy_ball"], parts=["system", "finite"]), {})
    rows = re.findall(r"(?m)^\| 1000 \|.*$", text)
    assert len(rows) == 1
    assert len(re.findall("×10⁻", rows[0])) == 3


def test_tables_have_as_many_cells_in_each_row():
    bare = re.sub(r"(?ms)^(`{3,})\w*\n.*?^\1$", "", whole())
    tables = re.findall(r"(?m)(?:^\|.*\|$\n?)+", bare)
    assert len(tables) > 20
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1, table
    assert not re.search(r"(?m)^\|[^\n]*[^|\n]$", bare)


@pytest.mark.finding("D3")
def test_no_format_has_what_was_once_wrong():
    made = html(whole(), {}, "x"), tex(whole(), {}, "x"), whole()
    for text in made:
        assert not re.search(r"[-−]\s+[-−](?!-)", re.sub(r"\|[ :|-]*\|", "", text).replace("---", ""))
        assert "&#x000A0;" not in text
        assert "mixed" not in text
    assert not re.search(r"\d\.0*[1-9]\d{10}", whole())
    assert "x^{2}" not in whole()


@pytest.mark.finding("D11")
def test_the_answer_comes_first_and_says_what_steps_are_of():
    head = whole().split("## The data")[0]
    assert "All checks passed" in head
    assert "the fastest is **[heavy ball]" in head
    assert f"{classic()['heavy_ball'].answer.steps.count} steps" in head
    assert r"$w_0 = 0$" in head
    assert r"\lVert w - w^\ast \rVert_2" in head
    assert "figures/stability-heavy_ball.svg" in head
    assert "figures/losses.svg" in head
    assert "direction 1 (x1)" in head


def test_a_failing_check_and_an_unnoticed_fault_are_loud():
    text = page(failing(), {})
    assert text.count("FAILED") >= 4
    assert text.index("FAILED") < len(text) / 5
    assert "All checks passed" not in text
    found = classic()["nesterov"].verification
    controls = (replace(found.controls[0], rejected=False),)
    spoilt = changed(classic(), "nesterov", verification=replace(found, controls=controls))
    assert "NOT REJECTED" in page(spoilt, {})
    assert "All checks passed" not in page(spoilt, {})


def test_nothing_checked_is_not_success():
    assert "Nothing was checked" in page(cv.study([1.0, 10.0], "heavy_ball", parts=["answer"]), {})


def test_a_gap_is_named_with_its_reason_and_the_rest_stands():
    study = changed(classic(), "newton", **dict.fromkeys(classic()["newton"].parts, Gap("region", "no *such* thing")))
    text = page(study, {})
    assert "What could not be made" in text
    assert "Newton, region: no *such* thing" in text
    assert "Heavy ball: optimum" in text


def test_only_methods_that_passed_and_lead_to_the_minimiser_are_ranked():
    assert Summary(classic()).winners[0].name == "heavy_ball"
    found = classic()["heavy_ball"].verification
    failed = replace(found, checks=(replace(found.checks[0], passed=False),))
    assert Summary(changed(classic(), "heavy_ball", verification=failed)).winners[0].name == "nesterov"
    moved = replace(classic()["heavy_ball"].system, rest=(classic()["heavy_ball"].system.symbols["lr"],))
    assert Summary(changed(classic(), "heavy_ball", system=moved)).winners[0].name == "nesterov"


@pytest.mark.finding("A4")
def test_a_run_that_diverges_is_said_to():
    study = cv.study(
        cv.datasets.gaussian_2d(), "heavy_ball", hyper={"lr": 1.0, "momentum": 0.5}, parts=["answer", "region"]
    )
    text = page(study, {})
    assert "diverges** at these settings" in text
    assert text.index("diverges**") < text.index("checked")
    assert "times the largest stable one" in text
    assert "settings given" in text


@pytest.mark.finding("D11")
def test_methods_of_equal_theory_share_a_section():
    same = ["heavy_ball", "momentum_rate_inside", "torch_sgd", "gradient_descent"]
    study = cv.study(cv.datasets.gaussian_2d(), same, parts=["system", "region", "answer", "classes"])
    text = page(study, {})
    assert len(Summary(study).groups) == 2
    assert text.count(": dynamics along one direction") == 2
    assert "one method in other letters" in text
    assert "| momentum rate inside |" in text


def test_a_thousand_columns_stay_readable():
    rng = np.random.default_rng(0)
    wide = cv.LeastSquares(rng.normal(size=(60, 40)), rng.normal(size=60), columns=[f"c{k}" for k in range(40)])
    text = page(cv.study(wide, "gradient_descent", parts=["answer"]), {})
    assert "34 directions lie between, not named" in text
    assert "c39" not in text.split("## The data")[1].split("| quantity")[0]


def test_names_of_columns_are_shown_and_not_obeyed():
    rng = np.random.default_rng(1)
    names = ["a|b $x$", "<script>_[m/s]*"]
    nasty = cv.LeastSquares(rng.normal(size=(9, 2)), rng.normal(size=9), columns=names, preparation=["<b>noted</b>"])
    text = page(cv.study(nasty, "gradient_descent", parts=["answer"], title="# A <title>"), {})
    made = html(text, {}, "x")
    assert "<script" not in made
    assert "&lt;script&gt;" in made
    assert "&lt;b&gt;noted" in made


@pytest.fixture
def two_pictures(monkeypatch):
    """Only two pictures, since drawing takes long."""
    few = {name: picture for name, picture in pictures(classic()).items() if name in ("losses", "radius-newton")}
    monkeypatch.setattr("convergence.report.pictures", lambda study: few)
    return few


def test_the_same_study_gives_the_same_files_whatever_the_workers(two_pictures):
    one = report_files(classic(), figure_formats=("svg", "pdf"))
    assert one == report_files(cv.Study.from_json(classic().to_json()), figure_formats=("svg", "pdf"), workers=2)
    names = {f"figures/{name}.{ending}" for name in two_pictures for ending in ("svg", "pdf")}
    assert set(one) == {"report.md", "report.html", "report.json", "report.tex"} | names
    assert {f"figures/{name}.svg" for name in two_pictures} == set(
        re.findall(r"\]\((figures/[^)]+)\)", one["report.md"])
    )
    assert all(f"figures/{name}.pdf" in one["report.tex"] for name in two_pictures)


def test_only_what_was_asked_for_is_made(two_pictures):
    assert set(report_files(classic(), ("json",), ())) == {"report.json"}
    assert set(report_files(classic(), ("html",), ())) == {"report.html"}
    assert "figures/losses.png" in report_files(classic(), ("md",), ("png",))["report.md"]
    for unknown in ({"formats": ("htm",)}, {"figure_formats": ("gif",)}):
        with pytest.raises(BadName, match="there is no"):
            report_files(classic(), **unknown)


@pytest.mark.finding("D12")
def test_saving_again_takes_the_figures_of_other_methods_away(two_pictures, tmp_path):
    (tmp_path / "figures").mkdir()
    for name in ("radius-qhm.svg", "my-photo.svg", "losses.svg"):
        (tmp_path / "figures" / name).write_text("old")
    classic().save(tmp_path, formats=("md",))
    assert {file.name for file in (tmp_path / "figures").iterdir()} == {
        "losses.svg",
        "radius-newton.svg",
        "my-photo.svg",
    }
    assert "figures/losses.svg" in earlier_figures(tmp_path)


def test_a_picture_that_cannot_be_drawn_is_left_out(monkeypatch):
    def refuse():
        raise ValueError("no picture")

    broken = {name: replace(picture, draw=refuse) for name, picture in pictures(classic()).items() if name == "losses"}
    monkeypatch.setattr("convergence.report.pictures", lambda study: broken)
    assert "losses.svg" not in report_files(classic(), ("md",))["report.md"]
