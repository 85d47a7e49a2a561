"""A diagnosis under noise tells noise from curvature: what it advises holds, what it calls too small does not."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import convergence as cv
from convergence.cli import main
from convergence.diagnosis.noisy import NoisyDiagnosis
from convergence.errors import BadData, BadHyperparameter, BadName, NotLinear

HEAVY = {"method": "heavy_ball", "momentum": 0.9}


@pytest.fixture
def p():
    return cv.datasets.gaussian_2d(loss="mean")


@pytest.mark.parametrize("sampling", ["replacement", "step", "stream"])
def test_noise_is_told_from_curvature(p, sampling):
    found = cv.diagnose(p, **HEAVY, lr=0.02, batch=4, sampling=sampling)
    assert isinstance(found, NoisyDiagnosis)
    assert not found
    assert found.verdict == "noise"
    assert not found.unstable  # each direction contracts
    assert "not curvature" in found.headline
    whole = found.noise.whole_batch
    cv.stationary(p, "heavy_ball", batch=whole, sampling=sampling, lr=0.02, momentum=0.9)
    with pytest.raises(cv.NoStableLearningRate):
        cv.stationary(p, "heavy_ball", batch=whole - 1, sampling=sampling, lr=0.02, momentum=0.9)
    assert found.noise.largest_lr == cv.mean_square_limit(p, "heavy_ball", 4, sampling=sampling, momentum=0.9)
    assert cv.diagnose(p, **HEAVY, lr=0.02, batch=whole, sampling=sampling)


def test_rows_in_order_need_a_batch_that_divides_them(p):
    found = cv.diagnose(p, method="gradient_descent", lr=0.05, batch=1, sampling="cyclic")
    assert found.by_noise
    assert found.noise.whole_batch == 2
    assert cv.diagnose(p, method="gradient_descent", lr=0.05, batch=2, sampling="cyclic")
    assert cv.diagnose(p, method="gradient_descent", lr=0.05, batch=100, sampling="cyclic").noise.larger is None


def test_what_is_advised_settles_where_it_says(p):
    found = cv.diagnose(p, **HEAVY, lr=0.02, batch=4)
    lr, floor = (float(x) for x in re.search(r"to (\S+) with .* settles at (\S+) above", found.advice[0]).groups())
    assert cv.stationary(p, "heavy_ball", batch=4, lr=lr, momentum=0.9).excess_loss == pytest.approx(floor, rel=1e-3)
    batch, floor = (
        float(x) for x in re.search(r"with (\d+) the loss settles at (\S+) above", found.advice[1]).groups()
    )
    assert cv.stationary(p, "heavy_ball", batch=int(batch), lr=0.02, momentum=0.9).excess_loss == pytest.approx(
        floor, rel=1e-3
    )


def test_a_stable_setting_keeps_its_verdict_and_says_the_floor(p):
    plain, noisy = cv.diagnose(p, **HEAVY, lr=0.002), cv.diagnose(p, **HEAVY, lr=0.002, batch=32)
    assert noisy
    assert noisy.verdict == plain.verdict
    assert noisy.noise.floor == cv.stationary(p, "heavy_ball", batch=32, lr=0.002, momentum=0.9).excess_loss
    assert noisy.noise.slower == cv.stationary(p, "heavy_ball", batch=32, lr=0.001, momentum=0.9).excess_loss
    assert noisy.noise.larger == cv.stationary(p, "heavy_ball", batch=64, lr=0.002, momentum=0.9).excess_loss
    assert plain.advice == noisy.advice[2:]
    assert not isinstance(plain, NoisyDiagnosis)


def test_curvature_that_diverges_is_no_matter_of_noise(p):
    found = cv.diagnose(p, **HEAVY, lr=0.2, batch=4)
    assert not found.by_noise
    assert found.verdict == "diverges"
    assert found.noise.smallest_batch == np.inf
    assert "limit broken" in dict(found.findings)
    whole = int(re.search(r"needs batches of (\d+)", found.advice[-1])[1])
    near = found.nearest_rate.printed.hyper
    cv.stationary(p, "heavy_ball", batch=whole, **near)
    with pytest.raises(cv.NoStableLearningRate):
        cv.stationary(p, "heavy_ball", batch=whole - 1, **near)


def test_added_noise_moves_no_limit(p):
    found = cv.diagnose(p, **HEAVY, lr=0.002, noise=cv.LabelNoise(0.5))
    assert found
    assert (
        found.noise.floor
        == cv.stationary(p, "heavy_ball", noise=cv.LabelNoise(0.5), lr=0.002, momentum=0.9).excess_loss
    )
    assert "targets" in found.noise.words
    assert cv.diagnose(p, **HEAVY, lr=0.002, noise=[0.1, 0.2]).noise.noise == (0.1, 0.2)
    assert cv.diagnose(p, method="newton", lr=1.0, noise=0.1).noise.floor > 0


def test_of_curvatures_and_of_rules_with_names_of_their_own():
    def mine(f, x, v, *, gain, beta):
        v = beta * v + f.grad(x)
        return x - gain * v, v

    found = cv.diagnose(curvatures=[10.0, 1.0], method=mine, gain=0.2, beta=0.5, batch=1, sampling="stream")
    assert found.by_noise
    assert found.advice[0].startswith("Lower gain from 0.2")
    assert "gain <" in dict(found.findings)["in mean square"]


@pytest.mark.parametrize(
    ("asked", "kind", "words"),
    [
        ({"batch": 0}, BadHyperparameter, "batch must be"),
        ({"batch": 2, "sampling": "often"}, BadName, "sampling must be"),
        ({"noise": -1.0}, BadHyperparameter, "noise must be"),
        ({"batch": 2, "method": "newton", "momentum": None}, NotLinear, "not affine"),
    ],
)
def test_wrong_questions(p, asked, kind, words):
    given = {name: value for name, value in ({**HEAVY, "lr": 0.002} | asked).items() if value is not None}
    with pytest.raises(kind, match=words):
        cv.diagnose(p, **given)


def test_the_command(capsys, tmp_path):
    given = ["--method", "heavy_ball", "--momentum", "0.9", "--loss", "mean", "--quiet"]
    assert main(["diagnose", *given, "--lr", "0.02", "--batch", "4"]) == 1
    shown = capsys.readouterr().out
    assert shown.startswith("diverges in mean square")
    assert max(map(len, shown.splitlines())) <= 80
    assert main(["diagnose", *given, "--lr", "0.002", "--batch", "4", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["noise"]["smallest_batch"] == pytest.approx(0.506189, rel=1e-5)
    assert main(["diagnose", *given, "--lr", "0.002", "--noise", "0.1", "--label-noise", "0.1"]) == 2
    assert main(["diagnose", "--method", "newton", "--lr", "1", "--batch", "4"]) == 2
    assert main(["diagnose", "--run", str(tmp_path / "log.csv"), "--batch", "4"]) == 2


def test_a_log_takes_no_batch(tmp_path, capsys):
    (tmp_path / "log.csv").write_text("w\n" + "\n".join(str(0.5**k) for k in range(30)), encoding="utf-8")
    assert main(["diagnose", "--run", str(tmp_path / "log.csv"), "--noise", "1"]) == 2
    assert "has its noise in it" in capsys.readouterr().err
    with pytest.raises(BadData):
        cv.diagnose([[1.0], [2.0]], method="gradient_descent", lr=0.1, batch=1)
