"""The command on schedules: what is typed is the schedule that was meant, and its numbers are those of the functions."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from commands import content, fits, run

import convergence as cv
from convergence.cli import main
from convergence.cli.schedule_names import families, typed

S = cv.schedules
ENDS = {"mu": 1.0, "L": 10.0}
ON = ("--loss", "mean")


@pytest.fixture
def p():
    return cv.datasets.gaussian_2d(loss="mean")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("constant", S.constant(0.1)),
        ("cosine", S.cosine(0.1, 64)),
        ("cosine:end=1/100", S.cosine(0.1, 64, end=0.01)),
        ("cosine:base=0.3,steps=20", S.cosine(0.3, 20)),
        ("exponential:0.9", S.exponential(0.1, 0.9)),
        ("exponential:factor=0.9", S.exponential(0.1, 0.9)),
        ("staircase:0.5,10", S.staircase(0.1, 0.5, 10)),
        ("wsd:5,10", S.wsd(0.1, 64, 5, 10)),
        ("piecewise:0.1,0.01,boundaries=50", S.piecewise([0.1, 0.01], [50])),
        ("piecewise:values=0.3,0.1,0.01,boundaries=5,50", S.piecewise([0.3, 0.1, 0.01], [5, 50])),
        ("warmup:10*linear", S.warmup(10) * S.linear(0.1, 64)),
        ("warmup:10", S.warmup(10) * S.constant(0.1)),
        ("exponential:0.9*exponential:0.8", S.exponential(0.1, 0.9) * S.exponential(1, 0.8)),
        ("chebyshev", S.chebyshev(64, **ENDS)),
        ("chebyshev:order=ascending", S.chebyshev(64, order="ascending", **ENDS)),
        ("silver", S.silver(64, L=10)),
        ("one_cycle", S.one_cycle(0.1, 64)),
        ("torch.CosineAnnealingLR", S.torch("CosineAnnealingLR", lr=0.1, T_max=64)),
        ("torch.CosineAnnealingLR:T_max=20", S.torch("CosineAnnealingLR", lr=0.1, T_max=20)),
        ("torch.MultiStepLR:milestones=30,60,gamma=0.5", S.torch("MultiStepLR", lr=0.1, milestones=[30, 60], gamma=0.5)),
        ("torch.OneCycleLR:three_phase=true", S.torch("OneCycleLR", max_lr=0.1, total_steps=64, three_phase=True)),
        ("notes.004-0.95:epoch=4", S.notes("004-0.95", base=0.1, epoch=4)),
        ("notes.001-polynomial", S.notes("001-polynomial", base=0.1)),
        ("optax.cosine_decay_schedule:alpha=0.1", S.optax("cosine_decay_schedule", init_value=0.1, decay_steps=64, alpha=0.1)),
        (
            "optax.piecewise_constant_schedule:boundaries_and_scales=20:0.5,40:0.1",
            S.optax("piecewise_constant_schedule", init_value=0.1, boundaries_and_scales={20: 0.5, 40: 0.1}),
        ),
        (
            "optax.warmup_constant_schedule:5",
            S.optax("warmup_constant_schedule", init_value=0.0, peak_value=0.1, warmup_steps=5),
        ),
    ],
)  # fmt: skip
def test_what_is_typed_is_the_schedule_that_was_meant(text, meant):
    assert typed(text).at(0.1, 64, ENDS).values(64) == pytest.approx(meant.values(64), abs=1e-18)


def test_in_epochs_the_value_changes_once_an_epoch():
    found = typed("linear").at(1.0, 12, ENDS, epoch=3)
    assert found.values(12) == pytest.approx(np.repeat(S.linear(1.0, 4).values(4), 3))


def test_every_family_can_be_typed_but_those_that_take_a_function():
    names = {name for name in S.__all__ if name not in ("torch", "optax", "notes")}
    assert names <= set(families())
    assert {f"torch.{n}" for n in ("CosineAnnealingLR", "OneCycleLR")} <= set(families())
    assert "torch.LambdaLR" not in families()


def test_the_table_is_what_the_functions_say(capsys, p):
    asked = ("schedule", "cosine", "linear", "exponential:base=0.02,factor=0.9", "--steps", 12, "--batch", 8, *ON)
    data = content(capsys, *asked)
    shapes = {"cosine": S.cosine(1, 12), "linear": S.linear(1, 12), "own": S.exponential(0.02, 0.9)}
    best = cv.compare_schedules(p, 12, shapes, batch=8)
    cosine, linear, own = data["schedules"]
    for row, name in ((cosine, "cosine"), (linear, "linear")):
        assert row["base"] == pytest.approx(best[name].base, rel=1e-6)
        assert row["loss"] == pytest.approx(best[name].loss, rel=1e-9)
        assert row["share"] == pytest.approx(best[name].share, rel=1e-9)
        assert row["total"] == pytest.approx(best[name].total, rel=1e-6)
    assert own["base"] is None
    assert own["loss"] == pytest.approx(cv.moments(p, "gradient_descent", 12, batch=8, lr=shapes["own"]).loss[-1])
    assert data["best"]["loss"] == pytest.approx(best.optimum.loss, rel=1e-9)
    for direction, curvature in zip(own["directions"], p.curvatures, strict=True):
        product = cv.product(shapes["own"], 12, float(curvature))
        assert direction["log"] == pytest.approx(product.log, rel=1e-12)
        assert direction["peak"] == {"log": product.peak.log, "step": product.peak.step}
        assert direction["stops_at"] == pytest.approx(product.limit.value)
    text = run(capsys, *asked)
    assert fits(text)
    assert "stops prematurely" in text
    assert "best known" in text


def test_a_given_base_is_taken_and_the_loss_is_that_of_the_run(capsys):
    data = content(capsys, "schedule", "cosine", "--steps", 20, "--curvatures", "10,5,1,0.1,0.01", "--lr", "0.15")
    (row,) = data["schedules"]
    rates = S.cosine(0.15, 20).values(20)
    left = np.prod(1 - np.outer([10, 5, 1, 0.1, 0.01], rates), axis=1)
    assert row["base"] == 0.15
    assert row["loss"] == pytest.approx(0.5 * np.sum(left**2 * [10, 5, 1, 0.1, 0.01]))
    assert len(row["directions"]) == 4
    assert [row["directions"][0]["log"], row["directions"][-1]["log"]] == pytest.approx(np.log(np.abs(left[[0, -1]])))


def test_prefix_peaks_beyond_a_double(capsys):
    asked = ("schedule", "linear", "--steps", 400, "--curvatures", "100", "--lr", "0.5")
    data = content(capsys, *asked)
    steepest = data["schedules"][0]["directions"][0]
    peak = cv.product(S.linear(0.5, 400), 400, 100).peak
    assert steepest["peak"] == {"log": peak.log, "step": peak.step}
    assert peak.log > 300 * log(10)
    assert f"e+{int(peak.log / log(10))}" in run(capsys, *asked)


def test_other_methods_and_noise(capsys):
    asked = ("schedule", "cosine", "warmup:5*constant", "--steps", 8, "--method", "heavy_ball", "--momentum", "0.5")
    data = content(capsys, *asked, "--mu", 1, "--L", 4, "--noise", "0.1")
    assert data["hyper"] == {"momentum": 0.5}
    row = data["schedules"][0]
    rates = S.cosine(row["base"], 8)
    assert row["loss"] == pytest.approx(
        cv.moments([4.0, 1.0], "heavy_ball", 8, noise=0.1, lr=rates, momentum=0.5).loss[-1]
    )
    assert row["directions"][1]["log"] == cv.product(rates, 8, 1.0, method="heavy_ball", momentum=0.5).log
    assert fits(run(capsys, *asked, "--mu", 1, "--L", 4, "--noise", "0.1"))


def test_a_rate_of_another_name(capsys, tmp_path):
    path = tmp_path / "rules.py"
    path.write_text("from convergence import Rate\n\n\ndef plain(f, x, *, gain: Rate):\n    return x - gain * f.grad(x)\n")
    asked = ("schedule", "cosine", "--steps", 8, "--curvatures", "4,1")
    own = content(capsys, *asked, "--method", f"{path}:plain", "--set", "gain=0.1")["schedules"][0]
    ours = content(capsys, *asked, "--lr", "0.1")["schedules"][0]
    assert own["loss"] == pytest.approx(ours["loss"])
    assert own["directions"][1]["log"] == pytest.approx(ours["directions"][1]["log"])


def test_without_an_optimum_the_reason_is_said(capsys):
    text = run(capsys, "schedule", "cosine", "--steps", 10, *ON, "--lr", "0.02", "--batch", 50, "--sampling", "cyclic")
    assert "not sought" in text
    assert "share" in text


def test_clocks_of_libraries_are_said(capsys):
    asked = ("--steps", 12, "--curvatures", "1", "--lr", "0.5")
    assert "scheduler.step()" in run(capsys, "schedule", "torch.StepLR:4", *asked)
    assert "an epoch" in run(capsys, "schedule", "exponential:0.5", "--epoch", 4, *asked)
    assert "k counts" not in run(capsys, "schedule", "cosine", *asked)


def test_the_list_has_every_family_with_its_arguments(capsys):
    text = run(capsys, "schedule", "--list")
    assert fits(text)
    assert all(name in text for name in families())
    rows = {row["name"]: row for row in content(capsys, "schedule", "--list")}
    assert rows["torch.CosineAnnealingLR"]["filled_in"] == {"lr": "--lr", "T_max": "--steps"}
    assert rows["optax.cosine_decay_schedule"]["arguments"]["alpha"] == 0.0
    assert "scheduler.step()" in rows["torch.StepLR"]["clock"]


def test_figures_are_written_where_that_is_asked_for(capsys, tmp_path):
    asked = ("schedule", "cosine", "exponential:0.9", "--steps", 12, "--curvatures", "4,1", "--noise", "0.1")
    run(capsys, *asked, "--out", tmp_path, "--figure-formats", "svg")
    names = {"schedule-rates.svg", "schedule-risk.svg", "schedule-left-1.svg", "schedule-left-2.svg"}
    assert {file.name for file in tmp_path.iterdir()} == names


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "--list has all"),
        (("cosine",), "--steps K"),
        (("cosine", "--steps", "0"), "--steps K"),
        (("cosin", "--steps", "3"), "did you mean 'cosine'"),
        (("CosineAnnealingLR", "--steps", "3"), "did you mean 'torch.CosineAnnealingLR'"),
        (("torch.LambdaLR:x", "--steps", "3"), "there is no schedule"),
        (("exponential", "--steps", "3"), "needs factor"),
        (("exponential:rate=2", "--steps", "3"), "takes no 'rate'"),
        (("exponential:factor=", "--steps", "3"), "has no value"),
        (("exponential:factor=0.5,factor=0.6", "--steps", "3"), "given twice"),
        (("exponential:factor=much", "--steps", "3"), "factor must be"),
        (("exponential:factor=1..2", "--steps", "3"), "must be a number"),
        (("cosine:1,2,3", "--steps", "3"), "all arguments have values"),
        (("torch.CosineAnnealingLR:T_max=1.5", "--steps", "3"), "whole number"),
        (("optax.piecewise_constant_schedule:3", "--steps", "3"), "STEP:FACTOR"),
        (("chebyshev", "--steps", "8", "--lr", "0.1"), "no schedule here takes --lr"),
        (("cosine", "--steps", "5", "--lr", "-1"), "cannot be negative"),
        (("cosine", "--steps", "5", "--cap", "much"), "--cap must be a number"),
        (("cosine", "--steps", "5", "--epoch", "0"), "--epoch N"),
        (("cosine", "--steps", "5", "--method", "newtn"), "did you mean 'newton'"),
        (("cosine", "--steps", "5", "--set", "foo=3"), "no hyperparameter 'foo'"),
        (("cosine", "--steps", "5", "--curvatures", "1,-2"), "curvatures must be"),
        (("cosine", "--steps", "5", "--curvatures", "2", "--mu", "1", "--L", "3"), "give one of the two"),
        (("cosine", "--steps", "5", "--mu", "1"), "both ends"),
        (("cosine", "--steps", "5", "--batch", "0"), "batch must be"),
        (("cosine", "--steps", "5", "--noise", "1", "--label-noise", "1"), "give one"),
        (("cosine", "--steps", "5", "--out", "x", "--figure-formats", "gif"), "no format 'gif'"),
        (("cosine", "--steps", "100000000"), "do not fit"),
    ],
)
def test_wrong_questions_have_one_message(capsys, arguments, words):
    assert main(["schedule", *arguments, "--quiet"]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


def test_moments_and_worst_cases_under_a_schedule(capsys, p):
    asked = ("moments", "heavy_ball", "--steps", 20, "--batch", 8, *ON, "--lr", "0.02", "--momentum", "0.5")
    data = content(capsys, *asked, "--schedule", "warmup:5*cosine")
    rates = S.warmup(5) * S.cosine(0.02, 20)
    assert data["loss"] == pytest.approx(cv.moments(p, "heavy_ball", 20, batch=8, lr=rates, momentum=0.5).loss)
    assert data["hyper"]["lr"] == rates.name
    assert "in the long run" not in run(capsys, *asked, "--schedule", "cosine")
    worst = content(
        capsys, "worst-case", "gradient_descent", "--steps", 8, "--mu", 1, "--L", 10, "--schedule", "chebyshev"
    )
    assert worst["value"] == pytest.approx(cv.lower_bound(8, mu=1, L=10))
    assert (
        main(["moments", "heavy_ball", "--steps", "8", "--batch", "8", "--lr", "1e-5", "--schedule", "chebyshev"]) == 2
    )
    assert "leave out --lr" in capsys.readouterr().err
