"""The commands cycles and invariances: their numbers are those of the functions, in eighty columns, and their files whole."""

from __future__ import annotations

import pytest
from commands import content, fits, run

import convergence as cv
from convergence.cli import main
from convergence.notation import text as text_of


def test_without_a_learning_rate_formulas_and_with_one_numbers(capsys):
    found = content(capsys, "cycles", "rmsprop")
    (cycle,) = cv.cycles("rmsprop", curvature=cv.derive("rmsprop").symbols["curvature"])
    assert found["cycles"][0]["amplitude"]["text"] == text_of(cycle.amplitude)
    assert found["cycles"][0]["attracting"] is True
    at = content(capsys, "cycles", "rmsprop", "--lr", "0.1", "--eps", "0.01", "--curvature", "2")
    (cycle,) = cv.cycles("rmsprop", lr=0.1, eps=0.01, decay=0.9, curvature=2)
    assert at["cycles"][0]["amplitude"] == pytest.approx(cycle.amplitude)
    assert float(at["limit"]["text"]) == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (("adam", "--eps", "0"), "at no learning rate"),
        (("adam", "--lr", "0.001"), "it repels"),
        (("rmsprop", "--lr", "0.001"), "it attracts"),
        (("signum", "--period", "22", "--lr", "1"), "14 states are not shown"),
        (("heavy_ball",), "stands alone"),
        (("heavy_ball", "--period", "3", "--lr", "0.1", "--momentum", "0.5"), "none found from runs"),
        (("sign_descent", "--lr", "0.1"), "neutral"),
    ],
)
def test_what_a_terminal_shows_fits_and_says_what_holds(capsys, asked, words):
    text = run(capsys, "cycles", *asked)
    assert words in text
    assert fits(text)


def test_figures_are_written_beside_the_answer(capsys, tmp_path):
    folder = tmp_path / "out"
    settings = ("adam", "--lr", "0.5", "--eps", "0.1", "--beta1", "0.1", "--beta2", "0.9")
    found = content(capsys, "cycles", *settings, "--out", folder)
    assert found["files"] == ["attraction.png", "bifurcation.png", "cycle.png"]
    assert all((folder / name).stat().st_size > 1000 for name in found["files"])


def test_invariances_are_those_of_the_function_and_the_data_are_scaled(capsys, tmp_path):
    found = content(capsys, "invariances", "adam", "--dataset", "gaussian_2d")
    result = cv.invariances("adam")
    assert {row["change"]: row["holds"] for row in found["invariances"]} == {e.change: e.holds for e in result.entries}
    scaled = cv.diagonal_scaling(cv.datasets.gaussian_2d())
    assert (found["kappa"], found["kappa_scaled"]) == pytest.approx((scaled.before, scaled.after))
    text = run(capsys, "invariances", "gradient_descent", "--dataset", "longley")
    assert "lr·1/c²" in text
    assert "1.87273e+09" in text
    assert fits(text)
    assert "kappa" not in content(capsys, "invariances", "newton")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("rmsprop", "--period", "1"), "from 2 to 64"),
        (("rmsprop", "--lr", "-1"), "lr"),
        (("heavy_ball", "--period", "3"), "lr"),
        (("rmsprop", "--curvature", "0"), "positive"),
        (("rmsprop", "--lr", "0.1", "--curvature", "x"), "number"),
        (("rmsprob",), "rmsprop"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_a_message(capsys, asked, said):
    assert main(["cycles", *asked]) == 2
    assert said in capsys.readouterr().err
