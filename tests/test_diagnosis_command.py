"""`convergence diagnose` says the verdict first, exits with 1 where a run does not converge, and writes JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

import convergence as cv
from convergence.cli import main
from convergence.diagnosis.logfile import read_log


def ran(capsys, *words):
    status = main(["diagnose", *map(str, words), "--quiet"])
    return status, capsys.readouterr().out


@pytest.fixture
def log(tmp_path):
    run = cv.simulate(cv.datasets.with_spectrum([1.0, 0.2], 20, 1), "heavy_ball", 50, lr=4.0, momentum=0.8)
    path = tmp_path / "run.csv"
    table = np.column_stack([np.arange(51), run.x, run.grad])
    np.savetxt(path, table, delimiter=",", header="step,a,b,grad_a,grad_b")
    return path


def test_the_notes_data_with_too_large_a_rate(capsys):
    status, shown = ran(capsys, "--method", "heavy_ball", "--lr", "5e-4", "--momentum", "0.9")
    assert status == 1
    assert shown.splitlines()[0].startswith("diverges: 1 of 2 directions")
    for words in ("limit broken", "nearest stable", "best settings", "→ 1 x1", "1. Lower lr"):
        assert words in shown
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.finding("D14")
def test_the_scaling_of_the_loss_is_printed(capsys):
    given = ("--method", "gradient_descent", "--lr", "1e-4", "--loss", "half_mean")
    assert "½‖Xw − y‖²/n" in ran(capsys, *given)[1]
    assert json.loads(ran(capsys, *given, "--json")[1])["loss"].startswith("half_mean")


@pytest.mark.finding("A5")
def test_the_nearest_limit_is_the_nearest_of_all_directions(capsys):
    given = ("--curvatures", "10,1", "--method", "gradient_descent", "--lr", "0.05")
    assert "lr < 2/λ = 0.2, you have 0.05" in ran(capsys, *given)[1]
    assert json.loads(ran(capsys, *given, "--json")[1])["limit"]["bound"] == pytest.approx(0.2)


@pytest.mark.finding("E")
def test_a_file_with_another_separator_and_its_notes(capsys, tmp_path):
    (tmp_path / "data.csv").write_text("id|a|y\n1|2|3\n2|1|5\n3|4|1\n", encoding="utf-8")
    words = ["diagnose", "--data", str(tmp_path / "data.csv"), "--target", "y", "--separator", "|"]
    assert main([*words, "--method", "gradient_descent", "--lr", "0.01"]) in (0, 1)
    assert "id counts the rows" in "".join(capsys.readouterr())


def test_json_is_the_whole_diagnosis(capsys):
    status, shown = ran(capsys, "--method", "gradient_descent", "--lr", "0.1", "--curvatures", "10,1", "--json")
    found = json.loads(shown)
    assert status == 0
    assert found["verdict"] == "fine"
    assert len(found["directions"]) == 2
    assert found["direction"]["eigenvalues"] == [[pytest.approx(0.9), 0.0]]


def test_a_users_csv(capsys, tmp_path):
    path = tmp_path / "data.csv"
    X = np.random.default_rng(0).standard_normal((30, 2)) * [1, 50]
    np.savetxt(path, np.column_stack([X, X.sum(axis=1)]), delimiter=",", header="small,big,y")
    given = ("--data", path, "--target", "y", "--method", "gradient_descent", "--lr", "0.01")
    status, shown = ran(capsys, *given)
    assert status == 1
    assert "big" in shown
    status, shown = ran(capsys, *given, "--standardize", "--loss", "half_mean")
    assert status == 0
    assert shown.startswith("crawls")


def test_a_logged_run(capsys, log):
    status, shown = ran(capsys, "--run", log, "--json")
    found = json.loads(shown)
    assert status == 1
    assert found["method"] == "heavy_ball"
    assert found["lr"] == pytest.approx(4.0)
    assert found["momentum"] == pytest.approx(0.8)
    assert found["columns"] == ["a", "b"]
    status, shown = ran(capsys, "--run", log, "--gradients", "grad_a,grad_b")
    assert shown.startswith("diverges")
    assert "Left aside" not in shown  # the step column is read


def test_a_log_may_overflow_and_have_one_column(tmp_path):
    path = tmp_path / "run.csv"
    path.write_text("w\n1\n-2\n4\n-8\n16\n-32\ninf\nnan\n", encoding="utf-8")
    assert np.isnan(read_log(path).weights[-1, 0])


def scheduled(path, *columns, header):
    np.savetxt(path, np.column_stack(columns), delimiter=",", header=header, comments="")
    return path


def test_a_schedule_is_typed_as_for_other_commands_or_read_from_the_log(capsys, tmp_path):
    lr = cv.schedules.warmup(10) * cv.schedules.cosine(0.4, 60)
    run = cv.simulate([5.0, 1.0], "heavy_ball", 60, lr=lr, momentum=0.5, start=[3.0, 4.0])
    alone = scheduled(tmp_path / "losses.csv", np.arange(61), run.loss, header="step,loss")
    typed = ("--method", "heavy_ball", "--lr", "0.4", "--schedule", "warmup:10*cosine")
    status, shown = ran(capsys, "--run", alone, *typed, "--json")
    found = json.loads(shown)
    assert status == 0
    assert found["curvatures"] == pytest.approx([5, 1])
    assert found["momentum"] == pytest.approx(0.5)
    beside = scheduled(tmp_path / "log.csv", np.arange(61), run.x, np.append(lr.values(60), 0), header="step,a,b,lr")
    status, shown = ran(capsys, "--run", beside)
    assert shown.startswith("fine: e^-")
    assert "Left aside" not in shown
    assert "a schedule from 0.04" in shown


def test_a_schedule_on_data_says_what_it_leaves(capsys):
    words = ("--curvatures", "10,1", "--method", "gradient_descent", "--lr", "0.3", "--schedule", "linear", "--steps", "40")
    status, shown = ran(capsys, *words)
    told = cv.diagnose(curvatures=[10.0, 1.0], method="gradient_descent", lr=cv.schedules.linear(0.3, 40))
    assert status == (0 if told else 1)
    assert " ".join(shown.split()).startswith(told.headline)
    assert "unstable steps" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--method", "gradient_descent", "--lr", "1", "--schedule", "cosine"), "--steps K"),
        (("--method", "gradient_descent", "--schedule", "cosine", "--steps", "9"), "with --lr"),
        (("--lr", "1"), "--method"),
        (("--method", "heavy_ball", "--lr", "1"), "momentum"),
        (("--method", "gradient_descent", "--lr", "1", "--curvatures", "a,b"), "must be a number"),
        (("--method", "gradient_descent", "--lr", "1", "--gradients", "a"), "--run"),
        (("--run", "nowhere.csv"), "nowhere.csv"),
        (("--run", "nowhere.csv", "--data", "x.csv"), "without --data"),
    ],
)
def test_bad_input_says_the_way_out(capsys, words, said):
    assert main(["diagnose", *words]) == 2
    assert said in capsys.readouterr().err


def test_a_bad_log_says_where(tmp_path, log):
    path = tmp_path / "bad.csv"
    for text, said in (
        ("a,b\n1,2\n3\n", "line 3"),
        ("a,b\n1,x\n", "column 'b'"),
        ("1,2\n3,4\n", "header"),
        ("a\n", "row"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(cv.BadData, match=said):
            read_log(path)
    with pytest.raises(cv.BadName, match="grad_a"):
        read_log(log, ["grada", "grad_b"])
