"""Known slips are refuted, what is right is not, every correction holds, and the audit is complete and quick to read."""

from __future__ import annotations

import json

import pytest

from convergence.api.coursework import audit
from convergence.auditing.claim import VERDICTS
from convergence.auditing.claims import SOURCES
from convergence.auditing.judging import every_claim, sound, tally
from convergence.errors import BadName
from convergence.report.audit_page import audit_files

SLIPS = {
    "004-covariance",
    "004-near-one",
    "004-near-zero",
    "004-best-lr",
    "004-0.95",
    "004-larger-lr-nesterov",
    "004-g-one-rate",
    "001-half-life",
    "001-text-code",
    "003-nesterov-code",
    "003-adam-buffers",
    "003-adam-restart",
    "002-constant",
    "002-frobenius",
    "002-rmsprop-eps",
    "000-cache",
    "000-eps",
    "goh-loss",
    "standard-best",
    "ball-global",
    "adam-bound-sparse",
    "adam-bound-else",
    "adam-regret",
}
RIGHT = {
    "004-axes",
    "004-gradient",
    "004-loss-descent",
    "004-loss-momentum",
    "004-unrolled",
    "004-memory",
    "004-bias",
    "004-larger-lr",
    "004-larger-lr-ball",
    "001-landscape",
    "001-saddle",
    "001-tanh",
    "001-newton",
    "001-too-fast",
    "001-minibatch",
    "001-adagrad",
    "003-momentum",
    "003-nesterov-text",
    "002-momentum",
    "002-nesterov",
    "000-bias",
    "polyak-1964",
    "lessard-optimal",
    "lessard-standard",
    "ball-cycle",
    "sutskever",
    "yellowfin",
}


@pytest.fixture(scope="module")
def found():
    return audit()


def test_the_known_slips_are_refuted_and_what_is_right_is_not(found):
    verdicts = {finding.id: finding.verdict for finding in found}
    assert {name for name in SLIPS if verdicts[name] != "refuted"} == set()
    assert {name for name in RIGHT if verdicts[name] not in ("proved", "confirmed")} == set()


def test_every_correction_was_computed_and_holds(found):
    assert sound(found)
    for finding in found:
        refuted = finding.verdict == "refuted"
        assert bool(finding.correction) == refuted
        assert finding.checked is (True if refuted else None)
        assert finding.evidence
        assert finding.claim
        assert finding.location
        assert finding.reference


def test_sixty_claims_and_more_of_all_five_notes_and_of_papers(found):
    assert len(found) >= 60
    assert len({finding.id for finding in found}) == len(found)
    assert {"004", "001", "003", "002", "000"} <= {finding.source for finding in found}
    assert sum(tally(found).values()) == len(found)
    assert tally(found)["open"] <= 8


def test_what_is_open_says_what_is_missing(found):
    assert all("Missing: " in finding.evidence for finding in found if finding.verdict == "open")


def test_a_source_is_audited_alone_and_an_unknown_one_is_named():
    assert {finding.source for finding in audit("002")} == {"002"}
    with pytest.raises(BadName, match="goh-2017"):
        audit("goh-2071")


def test_the_page_has_every_claim_in_every_format(found):
    files = audit_files(found, ("md", "html", "json", "tex"), "test")
    assert set(files) == {"audit.md", "audit.html", "audit.json", "audit.tex"}
    kept = json.loads(files["audit.json"])
    assert [one["id"] for one in kept["findings"]] == [finding.id for finding in found]
    assert list(kept["counts"]) == list(VERDICTS)
    assert kept["sound"] is True
    for name in ("audit.md", "audit.html"):
        assert files[name].count("Instead:") >= 2 * tally(found)["refuted"]


def test_the_claims_are_data_with_their_procedure():
    claims = every_claim()
    assert len(claims) == sum(len(claims) for _, claims in SOURCES.values())
    assert all(callable(claim.decide) and claim.states for claim in claims.values())
