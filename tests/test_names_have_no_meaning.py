"""A hyperparameter is what its domain says, and a method what its rule says: under other names every answer is the same."""

from __future__ import annotations

import json

import numpy as np
import pytest
from commands import run

import convergence as cv
from convergence.cli import main
from convergence.landscapes.overview import overview

TWINS = """
import convergence as cv

def plain(f, x, *, fjord: cv.Rate):
    return x - fjord * f.grad(x)

def heavy(f, x, v, *, fjord: cv.Rate, hold: cv.Share):
    v = hold * v + f.grad(x)
    return x - fjord * v, v

def ridge(f, x, *, fjord: cv.Rate, shrink: cv.Decay):
    return x - fjord * (f.grad(x) + shrink * x)

def solving(f, x, *, fjord: cv.Rate):
    return x - fjord * f.solve(f.grad(x))

def gradient_descent(f, x, v, *, lr, momentum):
    v = momentum * v + f.grad(x)
    return x - lr * v, v

def untuned(f, x):
    return x - f.solve(f.grad(x)) / 2
"""
MEANT = {"plain": "gradient_descent", "heavy": "heavy_ball", "solving": "newton"}
WORDS = {"fjord": "lr", "hold": "momentum"}
ON = ("--mu", 1, "--L", 10)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "twins.py"
    path.write_text(TWINS)
    return path


def translated(text):
    """In the words of the catalogue."""
    for word, meant in {**WORDS, **MEANT}.items():
        text = text.replace(f"--{word}", f"--{meant}").replace(f'"{word}"', f'"{meant}"')
    return text


COMMANDS = [
    ("schedule", "cosine", "linear", "--steps", 6, "--method", "heavy", "--fjord", 2e-5, "--hold", 0.5),
    ("schedule", "cosine", "chebyshev", "--steps", 6, "--method", "heavy", "--fjord", 2e-5, "--hold", 0),
    ("schedule", "cosine", "--steps", 6, "--method", "heavy", "--hold", 0.5),
    ("worst-case", "plain", "--steps", 4, *ON, "--schedule", "chebyshev"),
    ("worst-case", "heavy", "--steps", 4, *ON, "--schedule", "cosine", "--fjord", 0.1, "--hold", 0.5),
    ("moments", "heavy", "--steps", 4, "--noise", 1, "--schedule", "cosine", "--fjord", 1e-5, "--hold", 0.5),
    ("diagnose", "--method", "heavy", "--steps", 9, "--schedule", "cosine", "--fjord", 1e-5, "--hold", 0.5),
    ("steps", "heavy", *ON, "--across", "0.05:0.2:3", "--hold", 0.5),
    ("horizon", "plain", "--steps", 3, *ON),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: " ".join(map(str, words[:3])))
def test_a_command_answers_as_for_the_method_of_the_catalogue(command, file, capsys):
    twin = [f"{file}:{word}" if word in MEANT else word for word in command]
    meant = [MEANT.get(word, f"--{WORDS[word[2:]]}" if str(word)[2:] in WORDS else word) for word in command]
    if main([*map(str, meant), "--json", "--quiet"]) not in (0, 1):
        pytest.fail(capsys.readouterr().err)
    expected = json.loads(capsys.readouterr().out)
    main([*map(str, twin), "--json", "--quiet"])
    text = capsys.readouterr().out
    assert " at 0x" not in text  # the place of an object in memory is no answer
    found = json.loads(translated(text))
    assert set(found) == set(expected)
    for key in set(found) - {"method", "headline", "advice", "findings"}:
        assert found[key] == expected[key]


OWN_RATES = [
    ("worst-case", "plain", "--steps", 4, *ON),
    ("moments", "plain", "--steps", 4, "--noise", 1),
]


@pytest.mark.parametrize("command", OWN_RATES)
def test_a_base_that_no_schedule_takes_is_refused_by_its_name(command, file, capsys):
    words = [f"{file}:{word}" if word in MEANT else str(word) for word in command]
    assert main([*words, "--schedule", "chebyshev", "--fjord", "0.1"]) == 2
    assert "leave out --fjord" in capsys.readouterr().err
    assert main(["schedule", "chebyshev", "--steps", "4", "--method", f"{file}:plain", "--fjord", "0.1"]) == 2
    assert "no schedule here takes --fjord" in capsys.readouterr().err


@pytest.mark.parametrize("command", [("worst-case", *ON), ("moments", "--noise", 1), ("schedule", "cosine")])
def test_a_rule_without_a_learning_rate_has_no_schedule(command, file, capsys):
    name, *others = map(str, command)
    words = ["--method", f"{file}:untuned"] if name == "schedule" else [f"{file}:untuned", "--schedule", "cosine"]
    assert main([name, *words, *others, "--steps", "4"]) == 2
    assert "has no learning rate" in capsys.readouterr().err


def test_so_has_a_product():
    def untuned(f, x):
        return x - f.solve(f.grad(x)) / 2

    with pytest.raises(cv.BadHyperparameter, match="has no learning rate"):
        cv.product(0.1, 5, 1, method=untuned)


def test_a_report_takes_the_base_of_each_methods_own_rate(file, tmp_path, capsys):
    """The one whose rate is not given is at its best base."""
    words = ("report", "--methods", f"{file}:plain,gradient_descent", "--schedule", "cosine", "--steps", 20)
    run(capsys, *words, "--fjord", 5e-5, "--out", tmp_path, "--formats", "json", "--figure-formats", "")
    study = cv.Study.load(tmp_path)
    plain, named = (study[name].schedule.rows[0] for name in ("plain", "gradient_descent"))
    assert plain.base is None
    assert plain.rates == pytest.approx(cv.schedules.cosine(5e-5, 20).values(20))
    assert named.base > 5e-5


def test_so_does_a_study():
    shapes = {"cosine": lambda base: cv.schedules.cosine(base, 9)}
    study = cv.study([1.0, 4.0], "heavy_ball", parts=["schedule"], hyper={"lr": 0.2}, steps=9, schedules=shapes)
    assert study["heavy_ball"].schedule.rows[0].rates == pytest.approx(cv.schedules.cosine(0.2, 9).values(9))


@pytest.mark.parametrize(("named", "rests_elsewhere"), [("ridge", True), ("plain", False)])
def test_the_ridge_point_is_told_of_every_rule_that_rests_there(named, rests_elsewhere, file, capsys):
    said = run(capsys, "limit", "--steps", 5, *ON, "--methods", f"{file}:{named}")
    assert ("ridge point" in said) is rests_elsewhere


def test_a_logged_run_is_judged_by_the_methods_own_name_of_its_rate(tmp_path, file, capsys):
    def plain(f, x, *, fjord: cv.Rate):
        return x - fjord * f.grad(x)

    log = 3 + 0.5 ** np.arange(20)
    assert cv.diagnose_run(log, method=plain, fjord=0.1).curvatures == pytest.approx([5.0])
    with pytest.raises(cv.BadHyperparameter, match="given twice, as lr and as fjord"):
        cv.diagnose_run(log, method=plain, fjord=0.1, lr=0.1)
    path = tmp_path / "run.csv"
    path.write_text("w\n" + "\n".join(map(repr, log.tolist())))
    own = run(capsys, "diagnose", "--run", path, "--method", f"{file}:plain", "--fjord", 0.1, "--json")
    assert json.loads(own)["curvatures"] == pytest.approx([5.0])
    rates = run(
        capsys,
        "diagnose",
        "--run",
        path,
        "--method",
        f"{file}:plain",
        "--fjord",
        0.1,
        "--schedule",
        "constant",
        "--json",
    )
    assert json.loads(rates)["lr"] == pytest.approx(0.1)


def test_newtons_step_is_known_by_its_matrix(file, capsys):
    words = ("local", "x*cos(pi*x)", "--over", "-1", 2, "--methods", f"{file}:solving", "--json")
    told = json.loads(run(capsys, *words))
    assert told["points"][2]["methods"][0]["beyond"].startswith("order 2 at fjord = 1")


def test_a_function_is_descended_by_the_rule_that_was_given():
    """And not by the one of the catalogue that has its name."""

    def gradient_descent(f, x, v, *, lr, momentum):
        v = momentum * v + f.grad(x)
        return x - lr * v, v

    found = overview(cv.local(cv.landscapes.cosh), [gradient_descent], {"lr": 0.1, "momentum": 0.5})
    true = overview(cv.local(cv.landscapes.cosh), ["heavy_ball"], {"lr": 0.1, "momentum": 0.5})
    np.testing.assert_array_equal(found.paths["gradient_descent"], true.paths["heavy_ball"])


def test_a_rule_that_is_called_as_another_is_not_that_one(file, capsys):
    """A heavy ball by the name of gradient descent has an average of its own, and no closed form of a product of factors."""
    named = run(capsys, "noise", f"{file}:gradient_descent")
    assert "the average of gradients in its state v" in named
    assert "stability" in named

    def gradient_descent(f, x, v, *, lr, momentum):
        v = momentum * v + f.grad(x)
        return x - lr * v, v

    shape = cv.schedules.inverse_time(0.5, 1.0)
    false, true = (cv.product(shape, 9, 1, method=m, momentum=0.5) for m in (gradient_descent, "heavy_ball"))
    assert false.value == true.value
    assert false.formula is true.formula is None
    assert false.limit is true.limit is None
    assert false.step_edge is true.step_edge is None
