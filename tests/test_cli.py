"""The command line: its answers, its exit status, its files, and no traceback for input that cannot be used."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from rich.cells import cell_len
from tolerances import closed_optimum, rounded_once

import convergence as cv
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


def test_figures(capsys, file, tmp_path):
    """On data of one column, which have no landscape."""
    data = ("--data", file(DATA), "--target", "y", "--drop", "b")
    asked = ("--methods", "gradient_descent", "--figure-formats", "png,svg", "--out", tmp_path / "f", "--json")
    status, text, _ = run(capsys, "figures", *data, *asked)
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
    assert json.loads(machine)["numbers"]["rate"] == pytest.approx(9 / 11, rel=closed_optimum(10.0))
    _, text, _ = run(capsys, "optimum", "gradient_descent", "--dataset", "longley", "--standardize")
    lr = 2 / sum(cv.datasets.longley(standardize=True).interval)
    assert float(re.search(r"^lr = (.*)$", text, re.MULTILINE)[1]) == pytest.approx(lr, rel=rounded_once())


def test_a_rule_of_ones_own(capsys, file):
    path = file(RULES, "rules.py")
    status, text, _ = run(capsys, "derive", f"{path}:triple")
    assert status == 0
    assert "γ" in text
    status, _, error = run(capsys, "derive", f"{path}:signs")
    assert status == 2
    assert "not differentiable" in error
    short = file("def short(f, x, v, *, lr):\n    return x - lr * f.grad(x)\n", "short.py")
    status, text, _ = run(capsys, "verify", "--methods", f"{short}:short")
    assert status == 1
    assert "not verified: BadRule: short must return" in text
    assert "passed" not in text


def test_methods_lists_the_catalogue(capsys):
    _, text, _ = run(capsys, "methods", "--json")
    assert [found["name"] for found in json.loads(text)] == list(METHODS)
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
    "no certificate": (["recheck", "nowhere.json"], "nowhere.json must be a file to read, and does not exist"),
    "half a comparison": (["equivalent", "heavy_ball"], "two methods"),
    "unknown source": (["audit", "--source", "999"], "no source '999'"),
    "no eigenvalues": (["schedule", "cosine", "--steps", "9", "--curvatures", ""], "as in --curvatures 1,10,100"),
    "a missing number": (["noise", "heavy_ball", "--lr", "0.1"], "missing: momentum. Give --momentum X"),
    "a missing argument": (["convert", "optax", "course"], "too; give --learning_rate X"),
    "an adaptive method's moments": (["moments", "adam", "--steps", "3", "--batch", "2", "--lr", "1"], "'convergence noise"),
    "a setting of no method": (["diagnose", "--run", "{log}", "--set", "beta=0.5"], "name it with --method"),
    "a negative end": (["noise", "heavy_ball", "--mu", "-1", "--L", "10", "--lr", "0.1", "--momentum", "0"], "0 < mu"),
    "an end of nothing": (["explore", "--mu", "0", "--L", "10"], "0 < mu"),
    "too many rows": (["batch", "gradient_descent", "--batches", "999", "--sampling", "step"], "--sampling replacement"),
    "a loss that is not used": (["derive", "newton", "--loss", "total"], "known: half"),
    "a sampling that is not used": (["verify", "--methods", "newton", "--sampling", "weekly"], "known: cyclic"),
    "negative rates": (["steps", "newton", *SPECTRUM, "--across=-1:2:4"], "from 0 on"),
    "how to read no file": (["invariances", "adam", "--target", "y"], "need --data"),
    "how to read no file, and ends": (["limit", "--steps", "2", *SPECTRUM, "--target", "y"], "not both"),
    "negative noise": (["moments", "newton", "--steps", "3", "--noise", "-2"], "0 or more; got -2"),
    "what is no certificate": (["recheck", "{log}"], "has it: Invalid JSON"),
    "no such thing": (["code", "newton", "--thing", "regio"], "got 'regio': did you mean 'region'"),
    "where to look": (["local", "x**4"], "give --over A B"),
    "ends in the wrong order": (["local", "x**4", "--over", "2", "-1"], "--over must be A B with A < B; got 2 -1"),
    "three variables": (["local", "x*y*z", "--over", "-1", "2"], "F must be a formula in one or two variables"),
    "a point of a plane": (["local", "x**4", "--at", "1", "2"], "has 1 number; got [1.0, 2.0]"),
    "a batch of Hessians": (["moments", "newton", "--steps", "3", "--batch", "2"], "Give --noise without a batch"),
    "no cap": (["schedule", "cosine", "--steps", "9", "--cap", "-1"], "a number above 0, 2/L or none"),
    "a folder for a file": (["explore", "--mu", "1", "--L", "2", "--out", "docs/"], "is a folder; name a file in it"),
}
"""What cannot be used, and words of the one message that says so."""


@pytest.mark.parametrize("case", UNUSABLE)
@pytest.mark.finding("D8")
@pytest.mark.finding("H2")
def test_what_cannot_be_used_is_one_clear_line_and_status_2(capsys, file, case):
    arguments, words = UNUSABLE[case]
    arguments = [argument.format(log=file("w\n1\n0.5\n0.25\n0.125\n0.0625\n", "log.csv")) for argument in arguments]
    begun = time.perf_counter()
    status, text, error = run(capsys, *arguments)
    assert status == 2
    assert words in error
    assert error.startswith("convergence: error: ")
    assert error.count("\n") == 1
    assert len(error) < 1000
    assert not re.search(r"keyword argument|\w=…|\w='|\bNone\b|LeastSquares|\bcv\.|array\(|spectral_radius|noise_floor", error)
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


FORMATS = ["--formats", "docx"], ["--figure-formats", "gif"]


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        *((["report"], wrong) for wrong in FORMATS),
        *((["course"], wrong) for wrong in FORMATS),
        (["audit"], FORMATS[0]),
        (["figures"], FORMATS[1]),
        *((command, ["--out", "{file}"]) for command in (["report"], ["audit"], ["verify"], ["noise", "heavy_ball"])),
        *((command, ["--out", "{file}/inside"]) for command in (["report"], ["course"])),
        (["certify", "stable", "nesterov"], ["--out", "{folder}"]),
        (["code", "heavy_ball"], ["--out", "{folder}"]),
        (["explore"], ["--out", "{file}/inside.html"]),
    ],
)
def test_what_cannot_be_written_is_refused_before_any_work(capsys, monkeypatch, file, tmp_path, command, wrong):
    def worked(options):
        raise AssertionError("the handler ran")

    monkeypatch.setitem(COMMANDS, command[0], replace(COMMANDS[command[0]], handler=worked))
    monkeypatch.setattr("convergence.cli.command.declared", lambda: COMMANDS)
    names = {"file": file("precious", "out"), "folder": str(tmp_path)}
    status, text, error = run(capsys, *command, *(part.format(**names) for part in wrong))
    assert (status, text) == (2, "")
    assert error.startswith("convergence: error: ")
    assert not list(tmp_path.glob("*/*"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="everything can be written to")
def test_a_folder_without_permission_is_refused_before_any_work(capsys, tmp_path):
    tmp_path.chmod(0o500)
    status, _, error = run(capsys, "report", "--out", tmp_path / "new")
    assert status == 2
    assert "permission denied" in error


def test_commands_are_listed_in_the_order_of_their_files(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    listed = re.findall(r"^    ([a-z-]+) ", shown, re.MULTILINE)
    assert max(map(cell_len, shown.splitlines())) <= 80
    assert listed[:3] == ["report", "verify", "figures"]
    assert listed[-1] == "completion"


def test_npz_files_are_read(capsys, tmp_path):
    np.savez(tmp_path / "d.npz", X=np.arange(12.0).reshape(6, 2) ** 1.5, y=np.ones(6))
    assert run(capsys, "verify", "--data", tmp_path / "d.npz", "--methods", "newton")[0] == 0


def test_usage_errors_have_status_2(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["nonsense"])
    assert stopped.value.code == 2
    assert "nonsense" in capsys.readouterr().err


@pytest.mark.parametrize(("event", "of"), [("import", "convergence.theory.optimum"), ("open", "report.json")])
def test_interrupted_it_leaves_nothing_half_written(tmp_path, event, of):
    """While it derives, and when the first of two files is written."""
    asked = ("--methods", "newton", "--formats", "md,json", "--figure-formats", "", "--out", tmp_path / "out")
    command = [sys.executable, "-m", "interrupted", event, of, "report", *map(str, asked)]
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.run(command, env=paths, capture_output=True, text=True, timeout=300)
    assert process.returncode == 130
    assert re.search("interrupted", process.stderr)
    assert "Traceback" not in process.stderr
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


@pytest.mark.finding("D5")
def test_a_terminal_of_another_encoding_is_no_trouble(capfd, monkeypatch):
    """A pipe on Windows speaks cp1252, which has no η."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", stream)
    assert main(["methods", "--json"]) == 0
    stream.flush()
    assert "η" in stream.buffer.getvalue().decode("utf-8")


@pytest.mark.finding("D5")
def test_an_interruption_is_said_in_a_line(monkeypatch, capsys):
    def interrupted(options):
        raise KeyboardInterrupt

    monkeypatch.setitem(COMMANDS, "methods", replace(COMMANDS["methods"], handler=interrupted))
    monkeypatch.setattr("convergence.cli.command.declared", lambda: COMMANDS)
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
@pytest.mark.finding("H2")
def test_a_file_without_a_usable_rule_is_refused(file, capsys, code, words):
    status, _, error = run(capsys, "derive", f"{file(code, 'own.py')}:rule")
    assert status == 2
    assert words in error


def test_a_file_is_read_as_it_is_said_to_be(file, capsys):
    path = file("year;city;pop [m]\n1960;A;2,3\n1970;B;2,9\n1980;C;?\n1990;D;4,4\n2000;E;5,3\n")
    asked = ("--data", path, "--decimal", ",", "--missing", "drop", "--drop", "city", "--target", "pop [m]")
    _, text, _ = run(capsys, "verify", *asked, "--intercept", "--methods", "newton", "--json")
    assert json.loads(text)["passed"] is True
    _, text, _ = run(capsys, "verify", "--data", file("1,2,3\n2,1,5\n3,5,1\n"), "--no-header", "--target", "x3", "--methods",
        "newton", "--json")  # fmt: skip
    assert json.loads(text)["passed"] is True


@pytest.mark.finding("D8")
def test_data_that_nobody_named_are_named(capsys):
    assert "the notes' 2-D Gaussian data" in run(capsys, "worst-case", "newton", "--steps", 2)[2]
    assert run(capsys, "worst-case", "newton", "--steps", 2, "--quiet")[2] == ""
    assert run(capsys, *FIRST)[2] == ""


@pytest.mark.finding("D7")
def test_formulas_for_another_program_are_not_broken(capsys):
    _, latex, _ = run(capsys, "derive", "heavy_ball", "--latex")
    assert max(map(len, latex.splitlines())) > 80
    assert "2(1 + β)" in run(capsys, "derive", "heavy_ball", "--json")[1]


@pytest.mark.finding("D7")
def test_large_formulas_fit_a_terminal(capsys):
    _, text, _ = run(capsys, "derive", "robust_momentum")
    assert max(map(len, text.splitlines())) <= 80
    assert len(text.splitlines()) < 60


@pytest.mark.finding("D11")
def test_which_methods_have_the_very_same_iterates_is_said(capsys):
    _, text, _ = run(capsys, "equivalent", "--json")
    assert json.loads(text)["same_iterates"] == [["ema_momentum_zero_start", "heavy_ball", "momentum_rate_inside"]]


@pytest.mark.finding("D8")
def test_a_preset_is_a_method_wherever_one_is_asked_for(capsys):
    for arguments in (["derive", "pytorch"], ["optimum", "pytorch"], ["worst-case", "optax", "--steps", "3", *SPECTRUM]):
        assert run(capsys, *arguments)[0] == 0
    _, text, _ = run(capsys, "limit", "--steps", 3, *SPECTRUM, "--methods", "pytorch", "--json")
    assert json.loads(text)["methods"][0]["method"] == "torch_sgd"


@pytest.mark.finding("D7")
def test_names_are_whole_at_eighty_columns(capsys):
    _, text, _ = run(capsys, "methods")
    assert set(METHODS) <= set(text.split())
    assert max(map(cell_len, text.splitlines())) <= 80


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


@pytest.mark.finding("D6")
def test_brackets_in_names_of_columns_are_brackets(file, capsys):
    path = file("Speed [m/s],a [/m],y\n1,2,3\n2,1,5\n3,5,1\n4,4,4\n", "brackets.csv")
    main(["diagnose", "--data", str(path), "--target", "y", "--method", "gradient_descent", "--lr", "1e-3"])
    shown = capsys.readouterr().out
    assert "[/m]" in shown


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_an_example_in_its_help(name, capsys):
    with pytest.raises(SystemExit):
        main([name, "--help"])
    shown = capsys.readouterr().out
    assert max(map(cell_len, shown.splitlines())) <= 80
    lines = re.sub(r" \\\n +", " ", shown.split("example: ")[1])  # as a shell reads lines that end with a backslash
    assert COMMANDS[name].example in lines


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_the_commands_and_the_methods(capsys, shell):
    status, script, _ = run(capsys, "completion", shell)
    assert status == 0
    assert {"worst-case", "heavy_ball"} <= set(re.findall(r"[\w-]+", script))


WORDS = {
    "derive pyt": {"pytorch"},
    "convert scikit": {"scikit-learn"},
    "report --methods heavy": {"heavy_ball"},
    "verify --loss half": {"half", "half_mean"},
    "report --dataset lon": {"longley"},
    "schedule exp": {"exponential"},
    "worst-case heavy_ball --measure gr": {"gradient"},
    "report --formats h": {"html"},
    "code heavy_ball --language ju": {"julia"},
    "exercises --topic mini": {"minibatches"},
}


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_completion_in_a_shell_fills_in_names_of_all_kinds(capsys, tmp_path):
    (tmp_path / "script").write_text(run(capsys, "completion", "bash")[1], encoding="utf-8")
    ask = 'source "$0"; COMP_WORDS=(convergence "$@"); COMP_CWORD=$#; _shtab_convergence; echo "${COMPREPLY[@]}"'
    for typed, wanted in WORDS.items():
        told = subprocess.run(["bash", "-c", ask, tmp_path / "script", *typed.split()], capture_output=True, text=True)
        assert wanted <= set(told.stdout.split()), typed


def test_an_exercise_sheet_is_opened_where_it_is_written(capsys, tmp_path, monkeypatch):
    import webbrowser

    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    asked = ("exercises", "--topic", "newton", "--format", "html")
    assert run(capsys, *asked, "--out", tmp_path, "--open")[0] == 0
    assert opened == [(tmp_path / "exercises.html").as_uri()]
    assert "--out FOLDER" in run(capsys, *asked, "--open")[2]


def test_no_word_of_the_answer_is_cut_and_shares_near_1_are_told_by_their_distance(file, capsys, tmp_path):
    """Years and an intercept: momentum and rates near 1, in columns that narrow ones would cut."""
    path = file("year,pop\n1960,2.3\n1970,2.9\n1980,3.5\n1990,4.4\n2000,5.3\n", "years.csv")
    asked = ("report", "--data", path, "--target", "pop", "--intercept", "--out", tmp_path, "--formats", "json")
    _, text, _ = run(capsys, *asked, "--figure-formats", "")
    assert max(map(cell_len, text.split("report: ")[0].splitlines())) <= 80
    assert {"momentum=0.999986", "momentum=0.999992", "0.999993", "0.999996", "lr=1.02e-07,"} <= set(text.split())
    assert "stays below 1e-3 of the first" in " ".join(text.split())


@pytest.mark.finding("A4")
def test_that_nothing_converges_is_said_first(capsys):
    status, text, _ = run(capsys, "verify", "--lr", "1", "--momentum", "0.5", "--methods", "heavy_ball")
    assert "At these settings heavy ball diverges" in " ".join(text.split())
    assert text.index("heavy ball diverges") < text.index("checks of the theory passed")
    assert status == 0
    _, text, _ = run(capsys, "horizon", "heavy_ball", "--steps", 5, "--lr", 10)
    assert text.startswith("at these settings it does not converge")
    _, text, _ = run(capsys, "worst-case", "heavy_ball", "--steps", 5, *SPECTRUM, "--lr", 10, "--momentum", "0.5")
    assert text.startswith("at these settings it does not converge")


def test_of_what_diverges_no_good_rate_is_said(capsys):
    diverging = run(capsys, "transient", "heavy_ball", *SPECTRUM, "--lr", "9", "--momentum", "0.5")[1]
    assert "does not converge" in diverging
    assert "a good rate" not in diverging
    assert "a good rate" in run(capsys, "transient", "heavy_ball", "--mu", "1", "--L", "1000")[1]


@pytest.mark.finding("A4")
def test_an_average_that_grows_is_said_to(capsys):
    asked = ("average", "gradient_descent", "--steps", 5, "--ratio", ".5", "--mu", 1, "--L", 10, "--lr")
    assert run(capsys, *asked, 10)[1].startswith("at these settings it does not converge")
    assert "does not converge" not in run(capsys, *asked, "0.1")[1]


@pytest.mark.finding("A4")
def test_millions_of_steps_are_not_fine(capsys):
    wide = ("diagnose", "--curvatures", "1,1e6", "--method", "gradient_descent", "--lr", "1.9999e-6")
    _, text, _ = run(capsys, *wide)
    assert text.startswith("crawls: 3\u202f454\u202f047 steps")


@pytest.mark.finding("D1")
def test_rules_of_a_file_are_studied_and_drawn_by_several_processes(capsys, file, tmp_path, monkeypatch):
    monkeypatch.setattr("convergence.cli.study.WORKERS", 2)
    monkeypatch.setattr("convergence.cli.study.MANY", 1)
    plain = file("def plain(f, x, *, lr):\n    return x - lr * f.grad(x)\n", "plain.py")
    status, text, _ = run(capsys, "verify", "--methods", f"{plain}:plain,newton", "--json")
    assert status == 0
    assert [one["method"] for one in json.loads(text)["methods"]] == ["plain", "newton"]
    asked = ("--methods", f"{plain}:plain", "--figure-formats", "png", "--json")
    status, text, _ = run(capsys, "figures", *asked, "--out", tmp_path / "drawn")
    assert status == 0
    assert "error-plain.png" in json.loads(text)["figures"]
    asked = ("--methods", f"{plain}:plain", "--formats", "md", "--figure-formats", "", "--json")
    assert run(capsys, "report", *asked, "--out", tmp_path / "page")[0] == 0
    assert "Plain: stability" in (tmp_path / "page" / "report.md").read_text()


@pytest.mark.finding("D4")
def test_letters_of_weight_decay_and_momentum_stand_in_a_diagnosis(capsys):
    settings = ("--lr", "0.01", "--momentum", "0.9", "--set", "weight_decay=0.1")
    _, text, _ = run(capsys, "diagnose", "--method", "weight_decay_coupled", *settings)
    assert "2(1 + β)/(λ + δ)" in text
    assert "delta" not in text


@pytest.mark.finding("D8")
def test_a_density_has_its_own_scale_where_no_spectrum_was_given(capsys):
    _, text, error = run(capsys, "average", "gradient_descent", "--steps", 10, "--ratio", ".5")
    assert "[0.0857864, 2.91421]" in " ".join(text.split())
    assert "lr=0.666667" in text
    assert not error


@pytest.mark.finding("D8")
def test_a_rate_at_which_nothing_is_stable_is_refuted(capsys):
    status, text, _ = run(capsys, "certify", "stable", "heavy_ball", "--lr", ".1")
    assert status == 1
    assert text.startswith("refuted: heavy_ball(lr=1/10")
    status, text, _ = run(capsys, "certify", "stable", "heavy_ball", "--mu", "1", "--L", "10", "--lr", ".1")
    assert status == 0
    assert text.startswith("proven: heavy_ball(lr=1/10")


@pytest.mark.finding("D8")
def test_what_is_not_one_does_not_read_as_one(capsys):
    ends = ("--mu", "1", "--L", "1e14")
    for command in (["worst-case", "--steps", "9"], ["horizon", "--steps", "3"], ["transient"]):
        _, text, _ = run(capsys, command[0], "heavy_ball", *command[1:], *ends)
        assert not re.search(r"momentum=1\b|radius is 1\b", text)
    assert "0.9999998" in text
    assert not re.search(r"\.\d+e\+1\d", text)  # the peak is √κ/e = 3.7e6, and what rounding leaves of it
    _, text, _ = run(capsys, "limit", "--steps", 3, *ends, "--methods", "gradient_descent")
    assert "the limit is 0.99999" in text


@pytest.mark.finding("D9")
def test_a_bound_is_had_at_numbers_and_a_wrong_order_is_named():
    bound = cv.stability("heavy_ball")
    assert bound.lr_max.subs({bound.symbols["momentum"]: 0.9, bound.symbols["curvature"]: 10}) == pytest.approx(0.38)
    assert bound.largest_lr(10.0, momentum=0.9) == 0.38
    assert "symbols" in type(bound).__doc__
    data = cv.datasets.gaussian_2d()
    assert cv.study(data, "heavy_ball", parts="answer").methods[0].name == "heavy_ball"
    assert cv.simulate((data.X, data.y), "heavy_ball", 5, lr=1e-4, momentum=0.9).steps == 5
    for ask in (cv.verify, cv.study, lambda m, p: cv.simulate(m, p, 5)):
        with pytest.raises(cv.BadData, match="a problem is a LeastSquares"):
            ask("heavy_ball", data)
    with pytest.raises(cv.BadHyperparameter, match=r"\.at\(mu"):
        cv.optimum("heavy_ball", mu=1, L=100)


def test_eigenvalues_are_a_middle_and_a_distance(capsys):
    _, text, _ = run(capsys, "derive", "heavy_ball")
    assert text.count("eigenvalues:") == 1
    assert "±" in text
    assert "z  - (1 + β - η⋅λ)⋅z + β" in text
    assert "repeated eigenvalues for lr at" in text
    assert r"\pm" in run(capsys, "derive", "heavy_ball", "--latex")[1]


def test_a_report_names_the_whole_setting_of_a_rule_with_names_of_its_own(capsys, file, tmp_path):
    """Three digits, and more where a number's distance from 1 is what matters."""
    rule = "def ball(f, x, v, *, pace, memory):\n    v = memory * v + f.grad(x)\n    return x - pace * v, v\n"
    asked = ("--methods", f"{file(rule, 'ball.py')}:ball", "--set", "memory=0.99999", "--formats", "md", "--figure-formats", "")
    _, text, _ = run(capsys, "report", *asked, "--out", tmp_path / "page")
    assert "pace=" in text
    assert "memory=0.99999" in text
