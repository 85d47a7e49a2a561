"""Known slips are refuted, what is right is not, every control holds, and the audit is complete and says where claims stand."""

from __future__ import annotations

import json

import numpy as np
import pytest

import convergence as cv
from convergence.coursework.audit import audit_files, every_claim, sound, tally
from convergence.coursework.claim import VERDICTS
from convergence.coursework.claims import SOURCES
from convergence.errors import BadName

SLIPS = [
    "004-covariance",
    "004-smooth",
    "004-best-lr",
    "004-0.95",
    "004-weight-decay",
    "004-velocity",
    "004-same-speed",
    "004-log-gap",
    "001-half-life",
    "001-text-code",
    "001-newton-order",
    "001-schedule-start",
    "001-rows",
    "001-leaky",
    "001-larger-beta",
    "001-adagrad-always",
    "003-nesterov-code",
    "003-better",
    "003-adagrad-rate",
    "003-adam-buffers",
    "003-velocity",
    "002-constant",
    "002-frobenius",
    "002-rmsprop-eps",
    "002-decay-factor",
    "000-cache",
    "000-eps",
    "000-iterations",
    "000-settles",
    "000-first-step",
    "goh-loss",
    "goh-powers",
    "goh-modulus",
    "goh-noise",
    "d2l-form",
    "d2l-descent",
    "d2l-beyond",
    "pepit-robust",
    "central-average",
    "adam-bound-sparse",
    "adam-bound-else",
    "adam-regret",
]
RIGHT = [
    "004-axes",
    "004-gradient",
    "004-unrolled",
    "004-memory",
    "004-bias",
    "004-larger-lr",
    "004-one-best-lr",
    "001-landscape",
    "001-saddle",
    "001-tanh",
    "001-newton",
    "001-too-fast",
    "001-minibatch",
    "001-adagrad",
    "003-momentum",
    "003-nesterov-text",
    "003-adam-restart",
    "002-momentum",
    "002-nesterov",
    "000-bias",
    "polyak-1964",
    "lessard-optimal",
    "lessard-standard",
    "ball-cycle",
    "sutskever",
    "yellowfin",
    "goh-critical",
]


@pytest.fixture(scope="module")
def findings():
    return cv.audit()


def test_the_known_slips_are_refuted_and_what_is_right_is_not(findings):
    verdicts = {finding.id: finding.verdict for finding in findings}
    assert {name for name in SLIPS if verdicts[name] != "refuted"} == set()
    assert {name for name in RIGHT if verdicts[name] not in ("proved", "confirmed")} == set()


def test_every_control_was_computed_and_holds(findings):
    assert sound(findings)
    for finding in findings:
        assert bool(finding.correction) == (finding.verdict == "refuted")
        assert finding.checked is (None if finding.verdict == "open" else True)
        assert all((finding.evidence, finding.claim, finding.place, finding.reference))
        assert "nan" not in finding.correction


def test_numbers_of_the_findings_are_those_computed_by_hand(findings):
    by_id = {finding.id: finding for finding in findings}
    assert by_id["003-adam-buffers"].numbers["up"] == pytest.approx(1 / (np.sqrt(100.9) + 1e-4))
    assert by_id["003-adam-restart"].numbers["least"] == pytest.approx(1 / 1.0001)
    assert by_id["003-better"].numbers == pytest.approx({"nesterov": 1 - 2 / np.sqrt(301), "heavy_ball": 9 / 11})
    assert by_id["000-first-step"].numbers["half"] == pytest.approx(0.5)
    assert by_id["001-schedule-start"].numbers["value"] == pytest.approx(np.exp(-0.2))
    assert by_id["001-rows"].numbers["moved"] == pytest.approx(0.9)
    assert by_id["000-settles"].numbers["inside"] > 1e-4


def test_questions_are_answered_and_not_counted_as_claims(findings):
    asked = {finding.id for finding in findings if finding.claim.endswith("?")}
    assert asked == {finding.id for finding in findings if finding.verdict == "answered"}
    assert {"standard-best", "ball-global"} <= asked
    assert not any("homework (" in finding.place for finding in findings)


def test_claims_of_all_five_notes_and_of_papers_each_told_once(findings):
    assert len(findings) >= 80
    assert len({finding.id for finding in findings}) == len(findings)
    assert {"004", "001", "003", "002", "000"} <= {finding.source for finding in findings}
    assert sum(tally(findings).values()) == len(findings)
    assert tally(findings)["open"] <= 2
    assert len({(finding.source, finding.place, finding.claim) for finding in findings}) == len(findings)


def test_what_is_open_says_what_is_missing(findings):
    assert all("Missing: " in finding.evidence for finding in findings if finding.verdict == "open")


def test_a_source_is_audited_alone_and_an_unknown_one_is_named():
    assert {finding.source for finding in cv.audit("002")} == {"002"}
    with pytest.raises(BadName, match="goh-2017"):
        cv.audit("goh-2071")


def test_the_page_has_every_claim_in_every_format(findings):
    files = audit_files(findings)
    assert set(files) == {"audit.md", "audit.html", "audit.json", "audit.tex"}
    kept = json.loads(files["audit.json"])
    assert [one["id"] for one in kept["findings"]] == [finding.id for finding in findings]
    assert list(kept["counts"]) == list(VERDICTS)
    assert kept["sound"] is True
    for name in ("audit.md", "audit.html", "audit.tex"):
        assert files[name].count("Instead:") == 2 * tally(findings)["refuted"]
    assert files["audit.md"].count("\n| ") >= len(findings)


def test_the_claims_are_data_with_their_decision():
    claims = every_claim()
    assert len(claims) == sum(len(claims) for _, claims in SOURCES.values())
    assert all(callable(claim.decide) and claim.says for claim in claims.values())
