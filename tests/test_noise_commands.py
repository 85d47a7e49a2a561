"""The commands on noise and minibatches: their numbers are those of the functions, and no answer to a wrong question."""

from __future__ import annotations

import numpy as np
import pytest
from commands import content, fits, run

import convergence as cv
from convergence.cli import main
from convergence.notation import text as text_of

SETTING = ("--loss", "mean", "--lr", "0.002", "--momentum", "0.9")
DATA = "a,b,y\n1,2,3\n2,1,4\n3,5,1\n4,4,2\n0,1,1\n"


@pytest.fixture
def p():
    return cv.datasets.gaussian_2d(loss="mean")


def test_noise_prints_the_formula_and_the_floor_at_numbers(capsys):
    text = run(capsys, "noise", "heavy_ball", "--lr", "0.1", "--momentum", "0.9", "--noise", "0.5")
    assert "E x²" in text
    assert "0.128378" in text
    assert fits(text)
    data = content(capsys, "noise", "heavy_ball", "--lr", "0.1", "--momentum", "0.9", "--noise", "0.5")
    found = cv.noise_floor("heavy_ball").at(curvature=1.0, noise=0.5, lr=0.1, momentum=0.9)
    assert data["directions"][0]["variance"] == pytest.approx(found.variance)
    assert data["variance"]["text"] == text_of(cv.noise_floor("heavy_ball").variance)
    assert "directions" not in content(capsys, "noise", "heavy_ball")  # formulas alone


def test_noise_prints_the_filter_and_the_effective_batch_in_every_meaning(capsys):
    asked = ("heavy_ball", "--lr", "0.1", "--momentum", "0.9", "--curvature", "2")
    data = content(capsys, "noise", *asked)
    for meaning in ("average", "equal_lr", "equal_effective_lr", "equal_speed", "stability"):
        found = cv.effective_batch("heavy_ball", meaning, curvature=2.0, lr=0.1, momentum=0.9)
        assert float(data["effective_batch"][meaning]) == pytest.approx(found)
    assert data["filter"]["at"]["window"] == pytest.approx(19)
    assert data["filter"]["at"]["half_life"] == pytest.approx(np.log(2) / -np.log(0.9))
    text = run(capsys, "noise", *asked)
    assert "window 19" in text
    assert "part of the stability limit" in text
    assert fits(text)
    letters = content(capsys, "noise", "heavy_ball")["effective_batch"]
    assert letters["average"]["text"] == text_of(cv.effective_batch("heavy_ball"))
    far = run(capsys, "noise", "heavy_ball", "--lr", "1", "--momentum", "0.9", "--curvature", "1")
    assert "∞" in far  # gradient descent diverges at the learning rate of the long run
    decay = run(
        capsys, "noise", "weight_decay_coupled", "--curvature", 1, "--lr", 0.1, "--momentum", 0.9, "--weight_decay", 0.1
    )
    assert "—" in decay  # it follows no constant gradient


def test_noise_names_the_look_ahead_point(capsys):
    text = run(capsys, "noise", "nesterov", "--curvature", "2", "--lr", "0.1", "--momentum", "0.9")
    found = cv.noise_floor("nesterov").at(curvature=2.0, lr=0.1, momentum=0.9)
    assert "where a gradient is asked, x - beta*m" in text
    assert f"{found.points['x - beta*m']:.6g}" in text
    assert f"{found.variance:.6g}" in text


def test_noise_on_data_is_what_the_moments_settle_at(capsys, p):
    data = content(capsys, "noise", "nesterov", *SETTING, "--batch", 32)
    assert data["excess_loss"] == pytest.approx(0.00104485537, rel=1e-8)
    long = cv.moments(p, "nesterov", 4000, batch=32, lr=0.002, momentum=0.9)
    assert data["excess_loss"] == pytest.approx(long.loss[-1], rel=1e-9)
    shares = [row["loss"] for row in data["directions"]]
    assert sum(shares) == pytest.approx(data["excess_loss"])
    assert fits(run(capsys, "noise", "nesterov", *SETTING, "--batch", 32))
    added = content(capsys, "noise", "nesterov", "--dataset", "gaussian_2d", *SETTING, "--noise", "0.3")
    floor = cv.noise_floor("nesterov").at(curvature=p.curvatures, noise=0.3, lr=0.002, momentum=0.9)
    assert [row["variance"] for row in added["directions"]] == pytest.approx(list(floor.variance))


def test_batch_prints_limits_floors_and_the_smallest_batch(capsys, p):
    data = content(capsys, "batch", "heavy_ball", *SETTING, "--batches", "1,8")
    limits = [cv.mean_square_limit(p, "heavy_ball", b, momentum=0.9) for b in (1, 8)]
    assert [row["limit"] for row in data["batches"]] == limits
    floors = [cv.stationary(p, "heavy_ball", batch=b, lr=0.002, momentum=0.9).excess_loss for b in (1, 8)]
    assert [row["floor"] for row in data["batches"]] == floors
    assert data["smallest_batch"] == cv.smallest_batch(p, "heavy_ball", lr=0.002, momentum=0.9)
    curve = cv.steps_by_batch(p, "heavy_ball", [1, 8], limit=10_000, momentum=0.9)
    assert [row["steps"] for row in data["batches"]] == list(curve.steps)
    assert data["noise_scale"]["simple"] == cv.noise_scale(p).simple
    text = run(capsys, "batch", "heavy_ball", *SETTING, "--batches", "1,8")
    assert fits(text)
    assert "every batch is stable" in text
    text = run(capsys, "batch", "heavy_ball", "--batches", "1", "--loss", "mean", "--lr", "0.02", "--momentum", "0.9")
    size = cv.smallest_batch(p, "heavy_ball", lr=0.02, momentum=0.9)
    assert f"from batch {int(np.floor(size)) + 1} on" in text
    assert "grows" in text
    text = run(capsys, "batch", "heavy_ball", "--batches", "1", "--loss", "mean", "--lr", "0.2", "--momentum", "0.9")
    assert "does not converge even without noise" in text


@pytest.mark.parametrize("sampling", ["replacement", "step", "stream"])
def test_moments_beside_runs(capsys, p, sampling):
    asked = ("gradient_descent", "--steps", 30, "--batch", 4, "--sampling", sampling, "--loss", "mean", "--lr", "0.005")
    data = content(capsys, "moments", *asked, "--runs", 400)
    exact = cv.moments(p, "gradient_descent", 30, batch=4, sampling=sampling, lr=0.005)
    assert data["loss"] == pytest.approx(list(exact.loss))
    off = (np.array(data["mean"]) - exact.loss)[1:] / np.array(data["standard_error"])[1:]
    assert np.abs(off).max() < 5
    text = run(capsys, "moments", *asked, "--runs", 400)
    assert fits(text)
    assert "in the long run" in text


def test_moments_of_rows_in_epochs(capsys):
    asked = ("gradient_descent", "--steps", 10, "--batch", 100, "--loss", "mean", "--lr", "0.02")
    text = run(capsys, "moments", *asked, "--sampling", "epoch")
    assert "estimated from runs: standard errors up to" in text  # 500 rows have too many orders
    assert "estimated loss" in text
    assert fits(text)
    data = content(capsys, "moments", *asked, "--sampling", "cyclic")
    assert data["exact"]
    assert max(data["variance"]) == 0


def test_batches_in_order_have_limits_and_no_steps(capsys, p):
    asked = ("gradient_descent", "--loss", "mean", "--lr", "0.045", "--sampling", "cyclic")
    data = content(capsys, "batch", *asked)
    assert [row["batch"] for row in data["batches"]] == [1, 10, 25, 500]  # those that divide the rows
    assert "steps" not in data["batches"][0]
    assert data["batches"][1]["limit"] == cv.mean_square_limit(p, "gradient_descent", 10, sampling="cyclic")
    text = run(capsys, "batch", *asked)
    assert "from batch 2 on" in text
    assert fits(text)


def test_moments_of_added_noise_and_where_nothing_settles(capsys, p):
    data = content(capsys, "moments", "nesterov", "--steps", 8, *SETTING, "--label-noise", "0.5")
    exact = cv.moments(p, "nesterov", 8, noise=cv.LabelNoise(0.5), lr=0.002, momentum=0.9)
    assert data["variance"] == pytest.approx(list(exact.variance))
    text = run(capsys, "moments", "gradient_descent", "--steps", 8, "--batch", 1, "--loss", "mean", "--lr", "0.05")
    assert "settles nowhere" in text
    assert run(capsys, "moments", "newton", "--steps", 3, "--noise", "0.1", "--lr", "0.5")


def test_a_users_file(capsys, tmp_path):
    path = tmp_path / "data.csv"
    path.write_text(DATA)
    asked = ("--data", path, "--target", "y", "--intercept", "--loss", "mean")
    assert fits(run(capsys, "batch", "gradient_descent", *asked))
    assert fits(run(capsys, "moments", "heavy_ball", *asked, "--batch", 2, "--steps", 50))
    assert "data.csv" in run(capsys, "noise", "heavy_ball", *asked, "--batch", 5, "--lr", "0.001", "--momentum", "0.5")


@pytest.mark.parametrize(
    ("command", "arguments", "words"),
    [
        ("noise", ("heavy_bal",), "did you mean 'heavy_ball'"),
        ("noise", ("heavy_ball", "--lr", "0.1"), "momentum"),
        ("noise", ("heavy_ball", "--lr", "0.1", "--momentum", "0.9", "--noise", "-1"), "standard deviation"),
        ("noise", ("heavy_ball", "--curvature", "1", "--dataset", "longley"), "without data"),
        ("noise", ("gradient_descent", "--batch", "1", "--loss", "mean", "--lr", "0.05"), "does not settle"),
        ("batch", ("newton",), "not affine"),
        ("batch", ("heavy_ball", "--batches", "0,1"), "whole numbers"),
        ("batch", ("heavy_ball", "--batches", "1,,2"), "whole numbers"),
        ("batch", ("heavy_ball", "--sampling", "sometimes"), "sampling must be"),
        ("batch", ("heavy_ball", "--sampling", "step", "--batches", "501"), "at most all 500"),
        ("moments", ("heavy_ball", "--steps", "3"), "what is random"),
        ("moments", ("heavy_ball", "--steps", "3", "--batch", "0"), "batch must be"),
        ("moments", ("heavy_ball", "--steps", "-3", "--batch", "1"), "steps"),
        ("moments", ("heavy_ball", "--steps", "3", "--noise", "1", "--label-noise", "1"), "give one"),
        ("moments", ("heavy_ball", "--steps", "3", "--noise", "much"), "--noise must be a number"),
        ("moments", ("heavy_ball", "--steps", "3", "--batch", "1", "--runs", "0"), "runs"),
        ("moments", ("heavy_ball", "--steps", "3", "--batch", "1", "--runs", "2", "--seed", "-1"), "--seed"),
        ("moments", ("newton", "--steps", "3", "--batch", "1"), "not affine"),
    ],
)
def test_wrong_questions(capsys, command, arguments, words):
    assert main([command, *map(str, arguments)]) == 2
    assert words in capsys.readouterr().err


def test_verify_with_a_batch_checks_the_noise_too(capsys):
    methods = content(capsys, "verify", "--methods", "heavy_ball,newton", "--batch", "32", "--loss", "mean")["methods"]
    heavy, newton = ({check["kind"]: check["passed"] for check in one["checks"]} for one in methods)
    assert heavy["moments"]
    assert heavy["mean-square edge"]
    assert newton["noise"] is None


@pytest.mark.parametrize(
    ("asked", "figures", "endings"),
    [
        (("noise", "heavy_ball", "--batch", "32", "--lr", "0.01", "--momentum", "0.9"), ["floor", "response"], "svg"),
        (("noise", "gradient_descent", "--batch", "32"), ["floor"], "png"),
        (("batch", "gradient_descent", "--batches", "8,32"), ["floor", "steps-by-batch"], "png"),
        (("moments", "gradient_descent", "--steps", "20", "--batch", "8", "--runs", "20"), ["moments"], "svg,png"),
    ],
)
def test_out_writes_the_figures_of_the_answer(capsys, tmp_path, asked, figures, endings):
    written = content(capsys, *asked, "--loss", "mean", "--out", tmp_path, "--figure-formats", endings)["files"]
    assert written == sorted(f"{name}.{ending}" for name in figures for ending in endings.split(","))
    assert sorted(path.name for path in tmp_path.iterdir()) == written


def test_figures_without_numbers_are_refused_before_they_are_drawn(capsys, tmp_path):
    assert main(["noise", "heavy_ball", "--out", str(tmp_path)]) == 2
    assert "figures need numbers" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
