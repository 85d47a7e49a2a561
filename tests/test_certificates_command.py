"""What the command line says is what the functions return; its exit status is 0 only where a claim was proven."""

import json

import pytest
import sympy as sp

from convergence.cli import arguments, main


def run(*words):
    return main(list(words))


SPECTRUM = ("--mu", "1", "--L", "10")


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("stable", "heavy_ball", *SPECTRUM), 0),
        (("stable", "heavy_ball", *SPECTRUM, "--lr", "0.3", "--momentum", "1/2"), 1),
        (("rate", "heavy_ball", *SPECTRUM), 0),
        (("rate", "heavy_ball", *SPECTRUM, "--rate", "(sqrt(10)-1)/(sqrt(10)+1) - 1e-9"), 1),
        (("radius", "heavy_ball", "--curvature", "3", "--lr", "sqrt(2)/4", "--momentum", "0.5"), 0),
        (("optimum", "gradient_descent", *SPECTRUM), 0),
        (("optimum", "heavy_ball", *SPECTRUM, "--momentum", "1/4"), 0),
        (("formula", "gradient_descent"), 0),
        (("stable", "heavy_ball"), 0),
        (("rate", "gradient_descent", "--dataset", "gaussian_2d"), 0),
    ],
)
def test_a_kept_certificate_rechecks(words, status, tmp_path, capsys):
    file = tmp_path / "certificate.json"
    assert run("certify", *words, "--out", str(file)) == status
    said = capsys.readouterr().out
    assert ("proven" if status == 0 else "refuted") in said
    assert max(len(line) for line in said.splitlines()) <= 80 or str(tmp_path) in said
    assert run("recheck", str(file)) == 0
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first.startswith("claims: ")
    assert last == "confirmed"


def test_json_is_the_certificate(tmp_path, capsys):
    assert run("certify", "stable", "nesterov", *SPECTRUM, "--lr", "1/10", "--momentum", "0.5", "--json") == 0
    content = json.loads(capsys.readouterr().out)
    assert content["holds"] is True
    file = tmp_path / "c.json"
    file.write_text(json.dumps(content["statement"]), encoding="utf-8")
    assert run("recheck", str(file)) == 0
    capsys.readouterr()
    content["statement"]["L"] = ["1000"]
    file.write_text(json.dumps(content["statement"]), encoding="utf-8")
    assert run("recheck", str(file), "--json") == 1
    assert json.loads(capsys.readouterr().out)["confirmed"] is False


def test_a_rule_in_a_file(tmp_path, capsys):
    rule = tmp_path / "own.py"
    rule.write_text("def plain(f, x, *, lr):\n    return x - lr * f.grad(x)\n", encoding="utf-8")
    name, file = f"{rule}:plain", str(tmp_path / "c.json")
    assert run("certify", "stable", name, *SPECTRUM, "--lr", "0.1", "--out", file) == 0
    assert run("recheck", file, "--method", name) == 0
    assert "no rule" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ("stable", "heavy_ball", "--mu", "1"),
        ("stable", "heavy_bal", *SPECTRUM),
        ("stable", "heavy_ball", "--mu", "1", "--L", "__import__('os')"),
        ("stable", "heavy_ball", *SPECTRUM, "--lr", "x"),
        ("stable", "heavy_ball", *SPECTRUM, "--set", "nu"),
        ("stable", "heavy_ball", *SPECTRUM, "--set", "nu=1"),
        ("formula", "heavy_ball", "--lr", "1"),
        ("optimum", "heavy_ball", "--mu", "1", "--L", "sqrt(2)"),
    ],
)
def test_input_that_cannot_be_used_is_refused(words):
    assert run("certify", *words) == 2


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.1", sp.Rational(1, 10)),
        ("1e-3", sp.Rational(1, 1000)),
        ("-2^2/3", sp.Rational(-4, 3)),
        ("sqrt(8)", 2 * sp.sqrt(2)),
    ],
)
def test_numbers_are_read_exactly(text, number):
    assert arguments.number("x", text) == number
