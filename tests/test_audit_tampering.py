"""An error put into a right claim refutes it, and a slip put right is no longer refuted: each verdict is computed."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
import sympy as sp

import convergence as cv
from convergence.coursework.claims import CLAIMS
from convergence.coursework.claims.notes_000 import Counting
from convergence.errors import ConvergenceError
from tests.test_audit_verdicts import RIGHT

BY_ID = {claim.id: claim for claim in CLAIMS}


@pytest.mark.parametrize("name", [name for name, claim in BY_ID.items() if "Missing: " in claim.decide.__doc__])
def test_the_control_of_an_open_claim_turns_what_is_decided_of_it(name):
    """Of all others the audit itself says so: ``checked`` is True, as the tests of the verdicts hold."""
    claim = BY_ID[name]
    (said, _), (control, _) = claim.decide(), claim.decide(**claim.other)
    assert bool(said) is not bool(control)


def test_every_claim_has_a_control():
    assert not [name for name, claim in BY_ID.items() if not claim.other]


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
    """What stands without them, as the tests of the verdicts hold."""
    assert name in RIGHT
    assert not BY_ID[name].decide(**error)[0]


def test_the_class_of_000_ends_at_its_first_step():
    with pytest.raises(AttributeError, match="iteration"):
        Counting().first("iteration")


def test_a_wrong_theory_does_not_pass_as_a_correction():
    """Were the rule of 003's code another one, the finding on it would not be sound."""
    claim = BY_ID["003-nesterov-code"]
    assert claim.finding(code=cv.METHODS["nesterov"]).verdict == "proved"
    assert claim.finding(code=cv.METHODS["heavy_ball"]).checked is False


def test_without_docstrings_the_audit_says_so():
    def decide(value=1):
        return True, {}

    with pytest.raises(ConvergenceError, match="-OO"):
        replace(BY_ID["003-better"], decide=decide).finding()
