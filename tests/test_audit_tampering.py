"""An error put into a right claim refutes it, and a slip put right is no longer refuted: each verdict is computed."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy as sp

import convergence as cv
from convergence.coursework.audit import every_claim
from convergence.coursework.claim import Source
from convergence.coursework.claims.notes_000 import Counting

HERE = Source("test", "a test", "a test")
UPHELD = ("proved", "confirmed")


@pytest.mark.parametrize("name", [name for name, claim in every_claim().items() if claim.other])
def test_the_control_of_a_claim_turns_its_verdict(name):
    claim = every_claim()[name]
    said, control = (claim.decide(**numbers).holds for numbers in (claim.says, {**claim.says, **claim.other}))
    assert said is not control


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("001-landscape", {"low": 0}),
        ("004-memory", {"steps": "1/(1-b)**2"}),
        ("004-larger-lr", {"methods": ("heavy_ball", "nesterov")}),
        ("polyak-1964", {"power": sp.Rational(1, 2)}),
        ("goh-critical", {"sign": 1}),
        ("lessard-standard", {"power": sp.Rational(-1, 3)}),
        ("ball-cycle", {"points": (Fraction(792, 1225), Fraction(2208, 1225), Fraction(2592, 1225))}),
        ("003-momentum", {"rule": "nesterov"}),
        ("002-nesterov", {"method": "momentum_rate_inside"}),
    ],
)
def test_other_errors_are_refuted_too(name, error):
    claim = every_claim()[name]
    assert claim.finding(HERE).verdict in UPHELD
    assert claim.saying(**error).finding(HERE).verdict == "refuted"


def test_the_class_of_000_ends_at_its_first_step():
    with pytest.raises(AttributeError, match="iteration"):
        Counting().first("iteration")


def test_a_wrong_theory_does_not_pass_as_a_correction(monkeypatch):
    """Were the rule of 003's code another one, the finding on it would not be sound."""
    from convergence.coursework.claims import notes_003

    monkeypatch.setattr(notes_003, "nesterov_003", cv.METHODS["nesterov"])
    finding = every_claim()["003-nesterov-code"].finding(HERE)
    assert finding.verdict == "proved"
    monkeypatch.setattr(notes_003, "nesterov_003", cv.METHODS["heavy_ball"])
    assert every_claim()["003-nesterov-code"].finding(HERE).checked is False
