"""Known slips are refuted, what is right is not, every control holds, and the audit is complete and says where claims stand."""

from __future__ import annotations

import json
from inspect import signature

import numpy as np
import pytest
from tolerances import identity

import convergence as cv
from convergence.coursework.audit import audit_files, sound, tally
from convergence.coursework.claim import VERDICTS
from convergence.coursework.claims import CLAIMS
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
    "004-batch",
    "001-half-life",
    "001-text-code",
    "001-newton-order",
    "001-schedule-start",
    "001-rows",
    "001-leaky",
    "001-larger-beta",
    "001-adagrad-always",
    "001-saddle-adagrad",
    "001-saddle-batch",
    "001-local-escape",
    "001-adagrad-premature",
    "001-adagrad-tuning",
    "001-adam-memory",
    "003-adam-run",
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
    "001-rmsprop-decay",
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


@pytest.fixture(scope="module")
def by_id(findings):
    return {finding.id: finding for finding in findings}


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


def test_numbers_of_the_findings_are_those_computed_by_hand(by_id):
    assert by_id["003-better"].numbers == pytest.approx({"nesterov": 1 - 2 / np.sqrt(301), "heavy_ball": 9 / 11})
    assert by_id["001-schedule-start"].numbers["value"] == pytest.approx(np.exp(-0.2))
    assert by_id["001-rows"].numbers["moved"] == pytest.approx(0.9)


BY_HAND = {
    "004-smooth": {"low": sum((0.9 * 0.1**k) ** 2 for k in range(99)), "high": sum((0.1 * 0.9**k) ** 2 for k in range(999))},
    "004-velocity": {"total": sum(0.9**k for k in range(999))},
    "004-memory": {"at": 0.9**10, "inverse": np.exp(-1)},
    "004-0.95": {"k": -np.log(0.95)},
    "004-batch": {"six": 5 / 7},
    "004-epoch-step": {"by_step": np.prod([1 - 0.5 * 0.95**k for k in range(999)])},
    "001-leaky": {"tens": sum(0.9 ** (2 * k) for k in range(999))},
    "001-half-life": {
        "at": 0.9 ** (10 / 9),
        "half": np.log(2) / np.log(10 / 9),
        "age": sum(0.1 * k * 0.9 ** (k - 1) for k in range(999)),
    },
    "001-too-fast": {"stays": np.prod([1 - 0.1 * np.exp(-k / 10) for k in range(999)])},
    "001-from-two": {"stays": np.prod([1 - 0.1 * np.exp(-k / 10) for k in range(2, 999)])},
    "001-saddle-batch": {"saved": np.log(10) / np.log(1.02)},
    "001-larger-beta": {"critical": (1 - 0.25**0.5) ** 2},
    "001-piecewise": {"part": 0.5**10},
    "003-nesterov-code": {"at": 2 * 1.9 / 0.1, "known": 2 * 1.9 / 2.8},
    "002-constant": {"limit": 0.001**0.5 / 0.1, "eighth": (1 - 0.9**8) / 0.1 / ((1 - 0.999**8) / 0.001) ** 0.5},
    "000-settles": {"bound": 2 * 1e-7**0.5 / 1e-3, "low": 2 * 1e-7 / 1e-3},
    "goh-twice": {"at": 1.9, "top": 2.0},
    "ball-cycle": {"multiplier": (4 / 9) ** 1.5},
    "standard-best": {"standard": 1 - 100**-0.5, "best": 1 - 2 / 301**0.5},
    "adam-bound-sparse": {"bound": 0.1 / 0.001**0.5},
}


@pytest.mark.parametrize("name", BY_HAND)
def test_numbers_in_the_evidence_are_sums_products_and_formulas_by_hand(by_id, name):
    numbers = by_id[name].numbers
    assert {key: numbers[key] for key in BY_HAND[name]} == pytest.approx(BY_HAND[name], rel=1e-9)


@pytest.mark.finding("G1")
def test_adams_restart_keeps_the_correction_and_every_step_is_eta(by_id):
    assert by_id["003-adam-restart"].verdict == "confirmed"
    numbers = by_id["003-adam-restart"].numbers
    assert (numbers["least"], numbers["most"]) == pytest.approx((1 / 1.0001, 1 / 1.0001), rel=1e-12)


@pytest.mark.finding("G1")
def test_what_each_epoch_loses_is_the_velocity_in_all_three_functions(by_id):
    lost = by_id["003-velocity"]
    assert lost.verdict == "refuted"
    assert lost.numbers["last"] == pytest.approx(10 * (1 - 0.9**100), rel=identity(100, 1.0))
    assert lost.numbers["next"] == 1.0
    assert all(name in lost.place for name in ("momentum", "Nesterov", "Adam"))


@pytest.mark.finding("G1")
def test_of_one_buffer_for_two_the_first_moment_is_read_before_the_overwrite(by_id):
    first, shared = 0.1, 0.999 * 0.1 + 0.001
    by_hand = first / 0.1 / (np.sqrt(shared / 0.001) + 1e-4)
    assert by_id["003-adam-buffers"].numbers["up"] == pytest.approx(by_hand, rel=identity(1, 1.0))
    assert f"{by_hand:.4f}" == "0.0996"


@pytest.mark.finding("G1")
def test_the_weights_cache_of_000_stays_zero_and_the_biases_is_written_back(by_id):
    assert by_id["000-cache"].numbers["scale"] == pytest.approx(1e4)
    assert "biases' average is written back" in by_id["000-cache"].evidence


@pytest.mark.finding("G2")
def test_the_modulus_of_complex_roots_is_the_root_of_beta(by_id):
    """Distill prints 2√β. By a matrix of one's own, at ηλ = 1 and β = 0.36: 0.6."""
    assert by_id["goh-modulus"].verdict == "refuted"
    moduli = np.abs(np.linalg.eigvals(np.array([[1 + 0.36 - 1.0, -0.36], [1.0, 0.0]])))
    assert moduli == pytest.approx([0.6, 0.6])


@pytest.mark.finding("G2")
def test_adams_first_step_is_half_of_eta_where_the_gradient_is_epsilon(by_id):
    assert by_id["000-first-step"].verdict == "refuted"
    assert by_id["000-first-step"].checked is True  # η·g/(g + ε), by the same decision
    assert by_id["000-first-step"].numbers["half"] == pytest.approx(0.5)


@pytest.mark.finding("G3")
def test_what_a_source_does_not_claim_is_a_question_or_not_there(by_id, findings):
    assert by_id["ball-global"].verdict == by_id["standard-best"].verdict == "answered"
    noted = " ".join(finding.claim for finding in findings if finding.source == "004")
    assert "Nesterov" not in noted
    assert not any("epoch 0" in finding.claim or "102.75" in finding.claim for finding in findings)
    assert all(finding.place for finding in findings)


MISSING = {
    "refuted": "004-weight-decay 004-velocity 004-same-speed 001-larger-beta 001-leaky 001-rows 001-schedule-start "
    "001-newton-order 003-better 003-adagrad-rate 002-decay-factor 000-iterations goh-powers goh-noise d2l-form "
    "d2l-descent pepit-robust central-average",
    "answered": "004-rmsprop-rest",
}


@pytest.mark.finding("G4")
@pytest.mark.parametrize(("verdict", "name"), [(v, name) for v, names in MISSING.items() for name in names.split()])
def test_what_was_missing_is_decided(by_id, verdict, name):
    assert by_id[name].verdict == verdict


@pytest.mark.finding("G4")
def test_at_kappa_100_momentum_is_faster_than_nesterov(by_id):
    assert by_id["003-better"].numbers["nesterov"] == pytest.approx(0.8847, abs=5e-5)
    assert by_id["003-better"].numbers["heavy_ball"] == pytest.approx(0.8182, abs=5e-5)


@pytest.mark.finding("G5")
def test_rmsprop_of_000_does_not_come_to_rest_at_curvature_one(by_id):
    """By a loop of one's own: s ← 0.9s + 0.1g², x ← x − 1e-3·g/√(s + 1e-7) on ½x²."""
    x, s = 0.1, 0.0
    for _ in range(4000):
        s = 0.9 * s + 0.1 * x * x
        x -= 1e-3 * x / np.sqrt(s + 1e-7)
    assert abs(x) > 1e-4
    assert by_id["000-settles"].verdict == "refuted"
    assert by_id["000-settles"].numbers["inside"] == pytest.approx(abs(x), rel=1e-6)


def test_the_batch_that_matches_momentum_by_runs(by_id):
    """Ensembles from the minimiser: momentum at batch 100 and plain SGD at 11, at equal learning rates; at 600 a fiftieth."""
    p, options = cv.datasets.gaussian_2d(loss="mean"), {"lr": 0.01, "rng": 3}
    options["start"] = p.minimizer
    heavy = cv.ensemble(p, "heavy_ball", 300, 1000, batch=100, momentum=0.9, **options)
    plain, large = (cv.ensemble(p, "gradient_descent", 300, 1000, batch=b, **options) for b in (11, 600))
    numbers = by_id["004-batch"].numbers
    for made, exact in ((heavy, numbers["momentum"]), (large, numbers["plain"])):
        assert abs(made.mean[-1] - exact) < 4 * made.standard_error[-1]
    assert numbers["equal"] == 11
    assert abs(plain.mean[-1] / heavy.mean[-1] - 1) < 0.1 < 1 - 2 * large.mean[-1] / heavy.mean[-1]


def test_half_of_two_hundred_rows_are_less_apart_than_a_root(by_id):
    """By drawing: the mean of 100 distinct rows of 200 deviates 0.0709, not 0.1, of a row's deviation."""
    rows = np.random.default_rng(0).normal(size=200)
    random = np.random.default_rng(1)
    means = np.array([random.permutation(rows)[:100].mean() for _ in range(4000)])
    numbers = by_id["001-parts"].numbers
    assert numbers["half"] == pytest.approx(0.0708881205, abs=1e-10)
    assert abs(means.std() / rows.std() / numbers["half"] - 1) < 4 / np.sqrt(2 * 4000)


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
    assert len({claim.id for claim in CLAIMS}) == len(CLAIMS)
    for claim in CLAIMS:
        stated = signature(claim.decide).parameters
        assert stated, claim.id
        assert all(parameter.default is not parameter.empty for parameter in stated.values())
        assert set(claim.other) <= set(stated)
