"""The command line: its answers, its exit status, its files, and no traceback for input that cannot be used."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from convergence.cli import main
from convergence.cli.command import declared
from convergence.methods import METHODS

COMMANDS = declared()

DATA = "a,b,y\n1,2,3\n2,1,4\n3,5,1\n4,4,2\n0,1,1\n"
RULES = """
def triple(f, x, v, *, lr, momentum, gamma):
    v = momentum * v + f.grad(x - gamma * lr * v)
    return x - lr * v, v

def signs(f, x, *, lr):
    import numpy as np
    return x - lr * np.sign(f.grad(x))
"""


@pytest.fixture
def file(tmp_path):
    def write(text, name="data.csv"):
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return write


def run(capsys, *arguments):
    status = main([str(a) for a in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_report_on_a_users_file(capsys, file, tmp_path):
    out = tmp_path / "out"
    status, text, _ = run(
        capsys, "report", "--data", file(DATA), "--target", "y", "--intercept", "--standardize", "--out", out,
        "--methods", "heavy_ball", "--formats", "md,json", "--figure-formats", "",
    )  # fmt: skip
    assert status == 0
    assert "All" in text
    assert "heavy ball" in text
    page = (out / "report.md").read_text()
    assert "κ" in page or "kappa" in page
    assert "standard" in page
    assert json.loads((out / "report.json").read_text())["problem"]["columns"][0] == "intercept"


def test_verify_prints_json_for_a_program(capsys):
    status, text, _ = run(capsys, "verify", "--methods", "newton", "--json")
    found = json.loads(text)
    assert status == 0
    assert found["passed"] is True
    assert {c["kind"] for c in found["methods"][0]["checks"]} >= {"eigenvalues", "iterates", "optimum", "published"}


def test_status_1_when_a_check_fails(capsys, monkeypatch):
    from convergence.evidence.checks import iterates

    monkeypatch.setattr(iterates, "ROUNDINGS", 1e-9)
    status, text, _ = run(capsys, "verify", "--methods", "gradient_descent")
    assert status == 1
    assert "FAILED" in text


def test_figures(capsys, tmp_path):
    asked = ("--methods", "gradient_descent", "--figure-formats", "png,svg", "--out", tmp_path / "f", "--json")
    status, text, _ = run(capsys, "figures", *asked)
    assert status == 0
    assert json.loads(text)["figures"] == sorted(path.name for path in (tmp_path / "f").iterdir())
    for form in ("png", "svg"):
        files = list((tmp_path / "f").glob(f"*.{form}"))
        assert len(files) >= 6
        assert all(path.stat().st_size > 1000 for path in files)


def test_derive_shows_mathematics_and_its_other_forms(capsys):
    status, text, _ = run(capsys, "derive", "heavy_ball")
    assert status == 0
    assert "λ" in text
    assert "largest stable learning rate" in text
    _, latex, _ = run(capsys, "derive", "heavy_ball", "--latex", "--sigma")
    assert r"\sigma^{2}" in latex
    _, machine, _ = run(capsys, "derive", "heavy_ball", "--json")
    assert json.loads(machine)["lr_max"]["text"] == "2(1 + β)/λ"


def test_optimum_with_a_letter_and_with_numbers(capsys):
    status, text, _ = run(capsys, "optimum", "ema_momentum", "--momentum", "b")
    assert status == 0
    assert "every lr in" in text
    _, machine, _ = run(capsys, "optimum", "heavy_ball", "--mu", "1", "--L", "100", "--json")
    assert json.loads(machine)["numbers"]["rate"] == pytest.approx(9 / 11, rel=1e-12)


def test_a_rule_of_ones_own(capsys, file):
    path = file(RULES, "rules.py")
    status, text, _ = run(capsys, "derive", f"{path}:triple")
    assert status == 0
    assert "γ" in text
    status, _, error = run(capsys, "derive", f"{path}:signs")
    assert status == 2
    assert "not differentiable" in error


def test_methods_lists_the_catalogue(capsys):
    _, text, _ = run(capsys, "methods", "--json")
    assert [found["name"] for found in json.loads(text)] == list(METHODS)
    assert len(METHODS) == 17
    assert "heavy_ball" in run(capsys, "methods")[1]


SPECTRUM = ["--mu", "1", "--L", "2"]
FIRST = ["worst-case", "gradient_descent", "--steps", "5", *SPECTRUM]
PROOF = ["certify", "stable", "gradient_descent", "--lr", "0.1", "--L", "3", "--mu"]

UNUSABLE = {
    "unknown method": (["derive", "heavyball"], "did you mean 'heavy_ball'"),
    "unknown methods": (["verify", "--methods", "heavy_ball,newtn"], "did you mean 'newton'"),
    "a word of many methods": (["derive", "momentum"], "heavy_ball (v ← βv"),
    "no methods": (["verify", "--methods", ""], "--methods names methods"),
    "no such file": (["report", "--data", "nowhere.csv", "--target", "y"], "nowhere.csv"),
    "a target without data": (["verify", "--target", "y"], "need --data"),
    "unknown loss": (["verify", "--loss", "total"], "known: half"),
    "unknown data set": (["verify", "--dataset", "longly"], "did you mean 'longley'"),
    "misspelt option": (["verify", "--methods", "newton", "--trget", "y"], "did you mean --target"),
    "misspelt flag": (["verify", "--methods", "newton", "--standardise"], "did you mean --standardize"),
    "negative rate": (["verify", "--methods", "newton", "--lr", "-1"], "cannot be negative"),
    "negative momentum": (["diagnose", "--method", "heavy_ball", "--lr", "1", "--momentum", "-0.5"], "0 or more"),
    "not a number": (["optimum", "newton", "--lr", "0.1.2"], "must be a number"),
    "a letter to run": (["verify", "--methods", "heavy_ball", "--momentum", "b"], "must be a number"),
    "half a pair": (["optimum", "torch_sgd", "--set", "dampening"], "NAME=VALUE"),
    "given twice": (["optimum", "heavy_ball", "--lr", "0.1", "--set", "lr=0.2"], "given twice, as 0.1 and as 0.2"),
    "unknown hyperparameter": (["verify", "--methods", "newton", "--momentum", "0.9"], "known: lr"),
    "half a setting": (["certify", "stable", "heavy_ball", "--lr", "0.1"], "needs momentum"),
    "one end": (["optimum", "newton", "--mu", "1"], "--mu and --L"),
    "wrong ends": (["optimum", "newton", "--mu", "3", "--L", "1"], "0 < mu"),
    "unknown format": (["report", "--methods", "newton", "--formats", "docx"], "docx"),
    "unknown picture": (["figures", "--methods", "newton", "--figure-formats", "gif"], "gif"),
    "no rule file": (["derive", "nothing.py:rule"], "nothing.py"),
    "negative steps": (["verify", "--methods", "newton", "--steps", "-3"], "steps must be"),
    "a huge number": ([*FIRST, "--lr", "1e999999999"], "must be a number"),
    "a tiny number": ([*FIRST, "--lr", "1e-999999999"], "must be a number"),
    "a tower": ([*PROOF, "9**99**99"], "must be a number"),
    "powers of powers": ([*PROOF, "((9**99)**99)**99"], "must be a number"),
    "roots of roots": ([*PROOF, "sqrt(" * 1000 + "2" + ")" * 1000], "must be a number"),
    "a rule of a rule": ([*PROOF, "__import__('os')"], "must be a number"),
    "too many rates": (["steps", "gradient_descent", *SPECTRUM, "--across", "0.1:1:1000000000"], "at most 10000"),
    "too many steps": (["worst-case", "heavy_ball", "--steps", "10000000", *SPECTRUM], "at most 20000 steps"),
    "no tolerance": (["steps", "gradient_descent", *SPECTRUM, "--tolerance", "0"], "above 0"),
    "a zero byte": (["report", "--out", "a\0b"], "NUL"),
    "a long name of a file": (["verify", "--data", "x" * 5000, "--target", "y"], "x" * 60 + "…"),
    "a long name of a method": (["derive", "x" * 5000], "there is no method"),
    "no curvatures": (["diagnose", "--method", "newton", "--lr", "1", "--curvatures", ""], "curvatures must be"),
    "no certificate": (["recheck", "nowhere.json"], "nowhere.json"),
    "half a comparison": (["equivalent", "heavy_ball"], "two methods"),
    "unknown source": (["audit", "--source", "999"], "no source '999'"),
}
"""What cannot be used, and words of the one message that says so."""


@pytest.mark.parametrize("case", UNUSABLE)
def test_what_cannot_be_used_is_one_clear_line_and_status_2(capsys, case):
    arguments, words = UNUSABLE[case]
    begun = time.perf_counter()
    status, text, error = run(capsys, *arguments)
    assert status == 2
    assert words in error
    assert error.startswith("convergence: error: ")
    assert error.count("\n") == 1
    assert len(error) < 1000
    assert not text
    assert time.perf_counter() - begun < 30


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (DATA.replace("4,4,2", "4,four,2"), "line 5"),
        (DATA + "1,2", "line 7"),
        (DATA.replace("3,5,1", "3,nan,1"), "line 4"),
        ("", "empty"),
    ],
)
def test_a_broken_file_is_named_with_its_line(capsys, file, text, words):
    status, _, error = run(capsys, "report", "--data", file(text), "--target", "y")
    assert status == 2
    assert words in error


def test_an_unknown_target_offers_the_nearest(capsys, file):
    status, _, error = run(capsys, "verify", "--data", file(DATA.replace("y\n", "price\n", 1)), "--target", "prise")
    assert status == 2
    assert "did you mean 'price'" in error


def test_an_output_path_that_is_a_file_is_left_alone(capsys, file):
    path = file("precious", "out")
    for command in ("report", "figures", "course"):
        status, _, error = run(capsys, command, "--out", path)
        assert status == 2
        assert f"{path} must be a folder" in error
    with open(path) as kept:  # noqa: PTH123
        assert kept.read() == "precious"


def test_npz_files_are_read(capsys, tmp_path):
    np.savez(tmp_path / "d.npz", X=np.arange(12.0).reshape(6, 2) ** 1.5, y=np.ones(6))
    assert run(capsys, "verify", "--data", tmp_path / "d.npz", "--methods", "newton")[0] == 0


def test_usage_errors_have_status_2(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["nonsense"])
    assert stopped.value.code == 2
    assert "nonsense" in capsys.readouterr().err


def test_interrupted_it_leaves_nothing_half_written(tmp_path):
    command = [sys.executable, "-m", "convergence", "report", "--out", str(tmp_path / "out")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(2.5)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert re.search("interrupted", error)
    assert "Traceback" not in error
    assert not os.listdir(tmp_path)  # noqa: PTH208


def test_any_hyperparameter_may_be_a_flag(capsys):
    asked = ("--lr", "0.1", "--momentum", "0.9")
    status, by_flag, _ = run(capsys, "convert", "pytorch", "course", *asked, "--dampening", "0.5", "--json")
    assert status == 0
    assert run(capsys, "convert", "pytorch", "course", *asked, "--set", "dampening=0.5", "--json")[1] == by_flag
    assert "nesterov" in run(capsys, "convert", "pytorch", "optax", *asked, "--nesterov", "--json")[1]


def test_an_unknown_option_shows_the_commands_own_usage(capsys):
    with pytest.raises(SystemExit) as end:
        main(["report", "-z", "x"])
    assert end.value.code == 2
    assert "usage: convergence report" in capsys.readouterr().err


def test_a_forgotten_star_is_named(capsys, file):
    rules = file("def own(f, x, v, lr, momentum):\n    v = momentum * v + f.grad(x)\n    return x - lr * v, v\n", "own.py")
    status, _, error = run(capsys, "derive", f"{rules}:own")
    assert status == 2
    assert "put *, before it" in error


def test_a_terminal_of_another_encoding_is_no_trouble(capfd, monkeypatch):
    """A pipe on Windows speaks cp1252, which has no η."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", stream)
    assert main(["methods", "--json"]) == 0
    stream.flush()
    assert "η" in stream.buffer.getvalue().decode("utf-8")


def test_an_interruption_is_said_in_a_line(monkeypatch, capsys):
    def interrupted(options):
        raise KeyboardInterrupt

    monkeypatch.setitem(COMMANDS, "methods", replace(COMMANDS["methods"], handler=interrupted))
    assert main(["methods"]) == 130
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import sys; sys.exit(0)", "could not be run: SystemExit"),
        ("import sys\ndef rule(f, x, *, lr):\n    sys.exit(0)", "the rule ends the program"),
        ("def rule(f, x, *, lr):\n    return x - lr * grad", "line 2"),
        ("def rule(f, x", "could not be run: SyntaxError"),
        ("other = 1", "has no function 'rule'"),
    ],
)
def test_a_file_without_a_usable_rule_is_refused(file, capsys, code, words):
    status, _, error = run(capsys, "derive", f"{file(code, 'own.py')}:rule")
    assert status == 2
    assert words in error


def test_a_file_is_read_as_it_is_said_to_be(file, capsys):
    path = file("year;city;pop [m]\n1960;A;2,3\n1970;B;2,9\n1980;C;?\n1990;D;4,4\n2000;E;5,3\n")
    asked = ("--data", path, "--decimal", ",", "--missing", "?,NA", "--drop", "city", "--target", "pop [m]")
    _, text, _ = run(capsys, "verify", *asked, "--intercept", "--methods", "newton", "--json")
    assert json.loads(text)["passed"] is True
    _, text, _ = run(capsys, "verify", "--data", file("1,2,3\n2,1,5\n3,5,1\n"), "--no-header", "--target", "x3", "--methods",
        "newton", "--json")  # fmt: skip
    assert json.loads(text)["passed"] is True


def test_data_that_nobody_named_are_named(capsys):
    assert "the notes' 2-D Gaussian data" in run(capsys, "worst-case", "newton", "--steps", 2)[2]
    assert run(capsys, "worst-case", "newton", "--steps", 2, "--quiet")[2] == ""
    assert run(capsys, *FIRST)[2] == ""


def test_formulas_for_another_program_are_not_broken(capsys):
    _, latex, _ = run(capsys, "derive", "heavy_ball", "--latex")
    assert max(map(len, latex.splitlines())) > 80
    assert "2(1 + β)" in run(capsys, "derive", "heavy_ball", "--json")[1]


def test_large_formulas_fit_a_terminal(capsys):
    _, text, _ = run(capsys, "derive", "robust_momentum")
    assert max(map(len, text.splitlines())) <= 80
    assert len(text.splitlines()) < 60


def test_which_methods_have_the_very_same_iterates_is_said(capsys):
    _, text, _ = run(capsys, "equivalent", "--json")
    assert json.loads(text)["same_iterates"] == [["ema_momentum_zero_start", "heavy_ball", "momentum_rate_inside"]]


def test_a_preset_is_a_method_wherever_one_is_asked_for(capsys):
    for arguments in (["derive", "pytorch"], ["optimum", "pytorch"], ["worst-case", "optax", "--steps", "3", *SPECTRUM]):
        assert run(capsys, *arguments)[0] == 0
    _, text, _ = run(capsys, "limit", "--steps", 3, *SPECTRUM, "--methods", "pytorch", "--json")
    assert json.loads(text)["methods"][0]["method"] == "torch_sgd"


def test_names_are_whole_at_eighty_columns(capsys):
    _, text, _ = run(capsys, "methods")
    assert set(METHODS) <= set(text.split())
    assert max(map(len, text.splitlines())) <= 80


def test_help_waits_for_nothing(capsys):
    code = "import sys, convergence.cli as c\ntry: c.main(['{0}', '--help'])\nexcept SystemExit: print(*sys.modules)"
    for name in ("report", "certify"):
        command = [sys.executable, "-c", code.format(name)]
        loaded = set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
        assert not {"numpy", "sympy", "rich", "matplotlib", "shtab"} & loaded


def test_a_page_is_opened_where_that_is_asked_for(capsys, tmp_path, monkeypatch):
    import webbrowser

    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    asked = ("audit", "--source", "goh-2017", "--out", tmp_path)
    assert run(capsys, *asked)[0] == 0
    assert not opened
    assert run(capsys, *asked, "--open", "--json")[0] == 0
    assert opened == [(tmp_path / "audit.html").as_uri()]


def test_brackets_in_names_of_columns_are_brackets(file, capsys):
    path = file("Speed [m/s],a [/m],y\n1,2,3\n2,1,5\n3,5,1\n4,4,4\n", "brackets.csv")
    main(["diagnose", "--data", str(path), "--target", "y", "--method", "gradient_descent", "--lr", "1e-3"])
    shown = capsys.readouterr().out
    assert "[/m]" in shown


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_an_example_in_its_help(name, capsys):
    with pytest.raises(SystemExit):
        main([name, "--help"])
    assert f"convergence {name}" in capsys.readouterr().out.split("example: ")[1]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_the_commands_and_the_methods(capsys, shell):
    status, script, _ = run(capsys, "completion", shell)
    assert status == 0
    assert {"worst-case", "heavy_ball"} <= set(re.findall(r"[\w-]+", script))
