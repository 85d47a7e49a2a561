"""The commands on finite time and the limit: their numbers, their JSON, and no answer to a wrong question."""

from __future__ import annotations

import json
import re

import pytest
from commands import fits, run

from convergence import datasets, lower_bound, steps_to, worst_case
from convergence.cli import main

INTERVAL = ("--mu", "0.01", "--L", "1")


def test_worst_case(capsys):
    text = run(capsys, "worst-case", "heavy_ball", "--steps", 10, *INTERVAL, "--lr", 2, "--momentum", "1/2")
    found = worst_case("heavy_ball", 10, mu=0.01, L=1, lr=2, momentum=0.5)
    assert f"{found.value:.12g}" in text
    data = json.loads(run(capsys, "worst-case", "heavy_ball", "--steps", 10, *INTERVAL, "--json", "--exact"))
    assert data["limit"] == lower_bound(10, mu=0.01, L=1)
    assert data["exact"] is not None


def test_limit(capsys):
    text = run(
        capsys, "limit", "--steps", 50, *INTERVAL, "--methods", "gradient_descent,chebyshev,weight_decay_decoupled"
    )
    assert "100.0 %" in text
    assert "rests elsewhere" in text
    assert fits(text)
    rows = json.loads(run(capsys, "limit", "--steps", 50, *INTERVAL, "--methods", "newton", "--json"))["methods"]
    assert rows[0]["at_k"] == "inf"


def test_what_underflows_is_no_zero(capsys):
    interval = ("--mu", "0.9", "--L", "1")
    for command in ("worst-case", "limit", "average"):
        of = ("--methods", "heavy_ball") if command == "limit" else ("heavy_ball",)
        of += ("--ratio", "0.001") if command == "average" else interval
        text = run(capsys, command, *of, "--steps", "5000", *(("--lr", "1", "--momentum", "0.5") * (command == "average")))
        assert re.search(r"e-\d{4}\b", text), text
        assert not re.search(r"(?<![\d.])0(?![\d.])", text), text


def test_steps_on_the_notes_data(capsys):
    p = datasets.gaussian_2d()
    data = json.loads(run(capsys, "steps", "gradient_descent", "--spectrum", "--lr", "0.0001", "--json"))
    assert data["steps"] == steps_to("gradient_descent", 1e-3, curvatures=p.curvatures, lr=1e-4)
    assert "for good" in run(capsys, "steps", "gradient_descent")


def test_steps_say_of_what_from_where_and_to_what(capsys):
    asked = ("steps", "heavy_ball", "--mu", 1, "--L", 100, "--momentum", ".5")
    for more in (("--lr", "0.02"), ("--across", "0.01:0.03:4")):
        told = " ".join(run(capsys, *asked, *more).split())
        assert "‖w − w*‖ is 0.001 of the first, for good, from any start, in the worst case on [1, 100]" in told
    assert re.search(r"0\.03 +1 +never", told)  # the edge is met but for rounding
    told = " ".join(run(capsys, "diagnose", "--method", "heavy_ball", "--lr", "5e-5", "--momentum", "0.9").split())
    assert "‖w − w*‖ stays below 1e-3 of the first, from any start" in told
    ill = json.loads(run(capsys, "steps", "heavy_ball", "--mu", 1, "--L", "1e10", "--json"))
    assert ill["steps"] == steps_to("heavy_ball", 1e-3, mu=1, L=1e10)  # the settings are not rounded to doubles first
    assert "never" in run(capsys, "steps", "gradient_descent", *INTERVAL, "--across", "1:3:3")


def test_horizon(capsys):
    text = run(capsys, "horizon", "gradient_descent", "--steps", 5, *INTERVAL)
    assert "lr=1.9802" in text
    data = json.loads(run(capsys, "horizon", "gradient_descent", "--steps", 5, *INTERVAL, "--json"))
    assert data["value"] == pytest.approx((0.99 / 1.01) ** 5, rel=1e-9)


def test_transient_warns_of_a_large_peak(capsys):
    assert "before it falls" in run(capsys, "transient", "heavy_ball", "--mu", "1e-4", "--L", 1)
    assert "before it falls" not in run(capsys, "transient", "gradient_descent", *INTERVAL)
    data = json.loads(
        run(capsys, "transient", "heavy_ball", "--curvature", 1, *INTERVAL, "--lr", 9, "--momentum", 0, "--json")
    )
    assert data["directions"][0]["peak"] == "inf"


def test_chebyshev(capsys):
    data = json.loads(run(capsys, "chebyshev", "--steps", 8, *INTERVAL, "--order", "descending", "--json"))
    assert data["lr"] == sorted(data["lr"], reverse=True)
    assert "Lebedev" not in run(capsys, "chebyshev", "--steps", 8, *INTERVAL)


@pytest.mark.parametrize(
    ("command", "arguments", "words"),
    [
        ("worst-case", ("heavy_ball", "--steps", 3, "--mu", 1), "both ends"),
        ("worst-case", ("heavy_bal", "--steps", 3), "did you mean 'heavy_ball'"),
        ("worst-case", ("heavy_ball", "--steps", 3, *INTERVAL, "--dataset", "longley"), "not both"),
        ("worst-case", ("heavy_ball", "--steps", 3, "--mu", 1, "--L", "1e999999999"), "must be a number"),
        (
            "worst-case",
            ("heavy_ball", "--steps", 3, "--mu", 1, "--L", "sqrt(" * 99 + "2" + ")" * 99),
            "must be a number",
        ),
        ("worst-case", ("heavy_ball", "--steps", 3, *INTERVAL, "--lr", 1, "--set", "lr=2"), "lr was given twice"),
        ("steps", ("heavy_ball", "--spectrum", *INTERVAL), "--data"),
        ("steps", ("heavy_ball", *INTERVAL, "--across", "1:2"), "A:B:N"),
        ("steps", ("heavy_ball", *INTERVAL, "--across", "0.01:0.1:1000000000"), "at most"),
        ("steps", ("gradient_descent", *INTERVAL, "--lr", 5), "never"),
        ("chebyshev", ("--steps", 3, *INTERVAL, "--order", "up"), "ascending"),
        ("horizon", ("gradient_descent", "--steps", 0, *INTERVAL), "steps"),
        ("limit", ("--steps", 3, *INTERVAL, "--methods", ""), "got none"),
    ],
)
@pytest.mark.finding("H2")
def test_wrong_questions(capsys, command, arguments, words):
    assert main([command, *map(str, arguments)]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("law", [["--ratio", "0.5"], ["--exponent", "1"], []])
def test_average_prints_three_expectations(law, capsys):
    text = run(capsys, "average", "gradient_descent", "--steps", "4", "--lr", "1e-5", *law)
    assert text.count("of the first") == 3


@pytest.mark.finding("A4")
def test_a_horizon_at_which_nothing_contracts_says_so(capsys):
    text = run(capsys, "horizon", "heavy_ball", "--steps", 5, "--lr", 10)
    assert "nothing contracts" in text
    assert "does not converge" in text
