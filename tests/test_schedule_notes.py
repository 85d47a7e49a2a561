"""The schedules of the course notes: each by hand, with its clock; and what becomes of an error under them."""

from __future__ import annotations

from math import exp, sqrt

import pytest

import convergence as cv
from convergence.coursework.claims import CLAIMS

N = cv.schedules.notes
BY_HAND = {
    "004-inverse": ({"base": 0.3, "rate": 0.2}, lambda e: 0.3 / (1 + 0.2 * e)),
    "004-exponential": ({"base": 0.3, "rate": 0.2}, lambda e: 0.3 * exp(-0.2 * e)),
    "004-0.95": ({"base": 0.3}, lambda e: 0.95**e * 0.3),
    "004-staircase": ({"base": 0.3, "factor": 0.5, "every": 4}, lambda e: 0.3 * 0.5 ** (e // 4)),
    "004-root": ({"base": 0.3, "rate": 0.2}, lambda e: 0.2 * 0.3 / sqrt(e + 1)),
    "001-piecewise": ({"values": [0.3, 0.1], "boundaries": [5]}, lambda k: 0.3 if k + 2 < 5 else 0.1),
    "001-exponential": ({"base": 0.3}, lambda k: 0.3 * exp(-0.1 * (k + 2))),
    "001-polynomial": ({"base": 0.3}, lambda k: 0.3 * (0.1 * (k + 2) + 1) ** -0.5),
}
EPOCHS = [name for name in BY_HAND if name.startswith("004")]


@pytest.mark.parametrize("name", BY_HAND)
def test_a_schedule_of_the_notes_is_its_formula_at_every_step(name):
    arguments, by_hand = BY_HAND[name]
    schedule = N(name, **arguments)
    assert schedule.values(30) == pytest.approx([by_hand(k) for k in range(30)], rel=1e-14)
    assert name in repr(schedule)
    assert ("epoch" if name in EPOCHS else "t = k + 2") in schedule.clock


@pytest.mark.parametrize("name", EPOCHS)
def test_an_epoch_of_several_steps_has_one_rate(name):
    arguments, by_hand = BY_HAND[name]
    schedule = N(name, epoch=7, **arguments)
    assert schedule.values(60) == pytest.approx([by_hand(k // 7) for k in range(60)], rel=1e-14)
    assert "7 an epoch" in schedule.clock
    limit, one = (cv.product(s, 5, 2.0).limit for s in (schedule, N(name, **arguments)))
    assert limit.stops is one.stops is (name not in ("004-inverse", "004-root"))


def test_the_global_t_is_two_in_the_first_step():
    t, rates = 1, []
    for _ in range(5):
        t += 1
        rates.append(0.3 * exp(-0.1 * t))
    assert N("001-exponential", base=0.3).values(5) == pytest.approx(rates, rel=1e-15)


@pytest.mark.parametrize(
    ("name", "arguments", "error"),
    [
        ("004-cosine", {}, cv.BadName),
        (None, {}, cv.BadName),
        ("004-0.95", {}, cv.BadHyperparameter),
        ("004-0.95", {"base": 1, "rate": 1}, cv.BadHyperparameter),
        ("004-0.95", {"base": "a"}, cv.BadHyperparameter),
        ("004-0.95", {"base": 1, "epoch": 0}, cv.BadHyperparameter),
    ],
)
def test_what_the_notes_do_not_have_is_refused(name, arguments, error):
    with pytest.raises(error):
        N(name, **arguments)


def test_the_audit_says_which_decays_reach_the_minimum():
    answers = {
        "004-decays": "No",
        "004-epoch-step": "No",
        "001-from-two": "Yes",
        "001-piecewise": "Yes",
        "001-polynomial": "No",
    }
    others = {"001-too-fast": "proved", "004-0.95": "refuted"}
    found = {claim.id: claim.finding() for claim in CLAIMS if claim.id in {*answers, *others}}
    for name, answer in answers.items():
        assert found[name].verdict == "answered"
        assert found[name].evidence.startswith(f"{answer}: ")
        assert found[name].checked
    assert {name: found[name].verdict for name in others} == others
    stays = found["001-from-two"].numbers["stays"]
    run = cv.simulate([0.1], "gradient_descent", 400, lr=N("001-exponential", base=1.0)).error
    assert abs(run[-1, 0] / run[0, 0]) == pytest.approx(stays, rel=1e-12)
    assert found["004-epoch-step"].numbers["by_epoch"] == pytest.approx(found["004-epoch-step"].numbers["by_step"] ** 5)
