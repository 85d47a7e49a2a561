"""The comparison that holds the committed reports: what rounding decides may differ, and nothing else."""

import importlib.util
from pathlib import Path

import pytest

FILE = Path(__file__).parents[1] / "scripts" / "agreement.py"
spec = importlib.util.spec_from_file_location("agreement", FILE)
agreement = importlib.util.module_from_spec(spec)
spec.loader.exec_module(agreement)

SAME = [
    ("lr=7.14211260391717e-05, κ=10", "lr=7.1421126039144e-05, κ=10"),
    ('["7142112603917169/100000000000000000000"]', '["7142112603914401/100000000000000000000"]'),
    ({"value": 0.1, "error": 1e-16}, {"value": 0.1 + 1e-9, "error": 3e-16}),
    ({"disagreement": 6.03e-16}, {"disagreement": 4.23e-16}),
    (
        {"kind": "iterates", "passed": True, "predicted": 1.0, "why": "step 3"},
        {"kind": "iterates", "passed": True, "predicted": 2.0, "why": "step 2"},
    ),
]
DIFFERENT = [
    ("lr=7.14e-05, κ=10", "lr=7.142e-05, κ=10"),
    ("12345 of them", "12346 of them"),
    ("x1 + 2", "x2 + 2"),
    ("5/7 of β", "5/8 of β"),
    ("stable below 1.5", "unstable below 1.5"),
    ({"kind": "iterates", "passed": True}, {"kind": "iterates", "passed": False}),
    ({"kind": "optimum", "predicted": 1.0}, {"kind": "optimum", "predicted": 2.0}),
    ([1.0, 1e-9], [1.0, 1e-3]),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_rounding_decides_is_no_difference(one, other):
    assert agreement.differences(one, other) == []


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_it_does_not_decide_is_one(one, other):
    assert len(agreement.differences(one, other)) == 1
