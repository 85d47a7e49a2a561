"""The command local and the page on a function say what the library derives, at the command line."""

from __future__ import annotations

import json

import pytest

import convergence as cv
from convergence.cli import main


def answer(capsys, *arguments):
    status = main([*arguments, "--quiet"])
    return status, capsys.readouterr()


def test_local_prints_points_and_limits(capsys):
    status, said = answer(capsys, "local", "x*cos(pi*x)", "--over", "-1", "2", "--methods", "gradient_descent,newton", "--json")
    found = json.loads(said.out)
    points = cv.local("x*cos(pi*x)", over=(-1, 2))
    assert status == 0
    assert found["complete"] is True
    assert [entry["kind"] for entry in found["points"]] == ["minimum", "maximum", "minimum"]
    for entry, point in zip(found["points"], points, strict=True):
        assert entry["point"] == [point.x]
        assert entry["newton"] == {"order": 2, "constant": point.newton.constant}
    plain, newton = found["points"][2]["methods"]
    assert plain["lr_max"] == points[2].lr_max("gradient_descent")
    assert plain["beyond"] == "supercritical flip"
    assert newton["beyond"].startswith("order 2")
    assert found["points"][1]["methods"][1]["steps"] is None  # Newton's method does not leave the maximum


def test_local_fits_a_terminal_and_says_what_is_certain(capsys):
    _, said = answer(capsys, "local", "x**4", "--over", "-1", "1", "--methods", "newton")
    assert "all of them, certified" in said.out
    assert "no curvature, and so no linear theory" in said.out
    assert max(map(len, said.out.splitlines())) <= 120


def test_local_counts_the_steps_across_a_plateau(capsys):
    """tanh from 4 to its steepest place, 0: the flow takes 2 + sinh(8)/4."""
    _, said = answer(capsys, "local", "tanh", "--lr", "1", "--methods", "gradient_descent,heavy_ball", "--json")
    found = json.loads(said.out)["crossings"]
    assert {name: one["steps"] for name, one in found.items()} == {"gradient_descent": 378, "heavy_ball": 64}
    assert found["heavy_ball"]["flow_time"] == pytest.approx(374.619706447, abs=1e-9)
    assert found["heavy_ball"]["end"] == 0.0
    _, said = answer(capsys, "local", "tanh", "--lr", "1", "--methods", "gradient_descent")
    assert "from 4 to 0, where it is steepest: flow time 374.61971" in said.out


def test_local_counts_the_steps_away_from_a_saddle(capsys):
    """x² − y² at η = 0.01: a distance grows by 1.02 a step, a millionfold in ln 10⁶/ln 1.02."""
    _, said = answer(capsys, "local", "saddle", "--lr", "0.01", "--methods", "gradient_descent", "--json")
    (away,) = json.loads(said.out)["points"][0]["methods"]
    assert away["growth"] == pytest.approx(1.02)
    assert away["steps"] == pytest.approx(697.66, abs=0.01)


def test_local_takes_a_box_in_the_plane(capsys):
    box = ("--over", "-5", "5", "-5", "5")
    _, said = answer(capsys, "local", "(x**2+y-11)**2+(x+y**2-7)**2", *box, "--methods", "gradient_descent", "--json")
    found = json.loads(said.out)
    assert found["complete"] is True
    assert len(found["points"]) == 9


def test_local_draws(capsys, tmp_path):
    folder = tmp_path / "wave"
    status, _ = answer(
        capsys, "local", "x*cos(pi*x)", "--over", "-1", "2", "--methods", "gradient_descent", "--out", str(folder)
    )
    assert status == 0
    names = {file.name for file in folder.iterdir()}
    assert names == {
        "function.png",
        "basins-gradient_descent.png",
        "beyond-gradient_descent-1.png",
        "beyond-gradient_descent-3.png",
    }


@pytest.mark.parametrize(
    ("name", "formula"), [("saddle", "x² − y²"), ("tanh", "tanh(x)"), ("product", "(1 − uv)²/2")]
)
def test_each_kind_of_landscape_has_a_page(capsys, tmp_path, name, formula):
    folder = tmp_path / name
    status, _ = answer(
        capsys, "report", "--landscape", name, "--methods", "gradient_descent", "--out", str(folder), "--formats", "md,json"
    )
    assert status == 0
    page = (folder / "landscape.md").read_text(encoding="utf-8")
    assert page.startswith(f"# f = {formula}: critical points")
    assert (folder / "figures" / "function.svg").exists()
    assert all((folder / line.partition("](")[2].partition(")")[0]).exists() for line in page.splitlines() if line[:2] == "![")
    assert json.loads((folder / "landscape.json").read_text(encoding="utf-8"))["name"] == name


def test_the_page_on_the_wave_holds_points_checks_and_pictures(capsys, tmp_path):
    folder = tmp_path / "wave"
    status, _ = answer(
        capsys, "report", "--landscape", "x_cos_pi_x", "--methods", "gradient_descent", "--out", str(folder)
    )
    assert status == 0
    page = (folder / "landscape.md").read_text(encoding="utf-8")
    for words in ("1.0904082", "supercritical flip", "Ends are solved for.", "deliberate faults rejected", "basins-gradient"):
        assert words in page
    assert "data:image/svg+xml" in (folder / "landscape.html").read_text(encoding="utf-8")
    assert (folder / "landscape.tex").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("local", "x*y*z", "--at", "1", "2"), "one or two variables"),
        (("local", "x**2", "--over", "1", "0"), "A < B"),
        (("local", "x**2", "--over", "1", "2", "3"), "A < B"),
        (("local", "x**2"), "give --over A B"),
        (("local", "x**2", "--over", "0", "1", "--at", "1"), "--over A B"),
        (("local", "x**2", "--over", "-1", "1", "--decay", "1"), "none of the methods"),
        (("local", "import os", "--over", "0", "1"), "formula"),
        (("report", "--landscape", "hill"), "no landscape"),
        (("report", "--landscape", "tanh", "--batch", "3"), "takes no data"),
    ],
)
def test_what_cannot_be_is_one_line(capsys, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    status, said = answer(capsys, *arguments)
    assert status == 2
    assert words in said.err
    assert said.err.count("\n") == 1
