"""A study of adaptive methods holds limit, 2-cycle and invariances, checked by runs, and leaves out what does not apply."""

from __future__ import annotations

from functools import cache

import pytest
import sympy as sp

import convergence as cv
from convergence.cli import main
from convergence.evidence.adaptive import CYCLE, LIMIT, Along, verify_along
from convergence.notation import latex
from convergence.report import page, pictures

FEW = ["rmsprop", "lion", "adagrad"]


@cache
def study():
    return cv.study(cv.datasets.gaussian_2d(), FEW, title="the notes' data")


def test_the_parts_are_the_results_of_the_functions():
    chapter, data = study()["rmsprop"], cv.datasets.gaussian_2d()
    assert chapter.region == cv.stability("rmsprop")
    lam = cv.derive("rmsprop").symbols["curvature"]
    (cycle,) = cv.cycles("rmsprop", curvature=lam, decay=0.9)
    assert chapter.adaptive.cycle.amplitude == cycle.amplitude
    assert chapter.adaptive.limit == pytest.approx(2e-8 / data.L)
    assert chapter.adaptive.invariances == cv.invariances("rmsprop")
    assert chapter.verification.method == "rmsprop"
    assert len(chapter.verification.controls) == 4


def test_what_does_not_apply_is_left_out_with_a_reason_and_no_gaps():
    assert study()
    assert not study().gaps
    assert set(study()["lion"].parts) == {"adaptive"}
    assert "not differentiable" in study()["lion"].adaptive.reason
    assert "rests('adagrad')" in study()["adagrad"].adaptive.reason
    assert study().classes is None
    text = page(study(), pictures(study()))
    assert "What could not be made" not in text
    assert "The methods compared" not in text
    assert "figures/ends-rmsprop.svg" in text
    assert "attracts wherever it is there" in text
    assert "No 2-cycle whose states mirror each other stands alone" in text


def test_beside_linear_methods_each_has_its_own_table_and_chapter():
    both = cv.study(
        cv.datasets.gaussian_2d(), ["gradient_descent", "sign_descent"], parts=["system", "answer", "adaptive"]
    )
    text = page(both, {})
    assert set(both["gradient_descent"].parts) == {"system", "answer"}
    assert set(both["sign_descent"].parts) == {"adaptive"}
    assert "| adaptive method |" in text
    assert "set by | checks passed |" in text


def test_json_reads_back_into_an_equal_study():
    back = cv.Study.from_json(study().to_json())
    assert back == study()
    decayed = cv.study([1.0, 10.0], "adamw", parts="adaptive")
    again = cv.Study.from_json(decayed.to_json())
    assert again == decayed
    assert latex(again["adamw"].adaptive.cycle.amplitude) == latex(decayed["adamw"].adaptive.cycle.amplitude)
    assert back["rmsprop"].adaptive.cycle.exists == study()["rmsprop"].adaptive.cycle.exists


def test_at_a_learning_rate_the_cycle_is_given_along_the_ends_of_the_spectrum():
    given = cv.study([1.0, 10.0], "rmsprop", parts="adaptive", hyper={"lr": 0.1})
    found = given["rmsprop"].adaptive
    assert [float(one.curvature) for one in found.here] == [10.0, 1.0]
    assert [one.amplitude for one in found.here] == pytest.approx([0.05 - 1e-9, 0.05 - 1e-8], rel=1e-12)
    plain = cv.study(cv.datasets.gaussian_2d(), "rmsprop", parts="adaptive", hyper={"lr": 0.01})
    assert "| 18\u202f745 | 0.0050000 | attracts |" in page(plain, {})


@pytest.mark.parametrize("name", ["rmsprop_inside", "rmsprop_scalar", "adam", "adam_constant_correction"])
def test_runs_confirm_the_limit_and_the_cycle_and_every_fault_is_rejected(name):
    found = verify_along(cv.METHODS[name], {})
    assert found
    assert all(control.rejected for control in found.controls)
    assert sum(check.passed is not None for check in found.checks) >= 2


def test_a_limit_and_a_cycle_with_epsilon_on_the_other_side_are_rejected():
    """RMSProp with ε inside has the limit 2√ε, outside 2ε."""
    trial = Along(cv.METHODS["rmsprop"], {"decay": 0.9, "eps": 0.01})
    (right,), (wrong,) = LIMIT.checks(trial, 0.02), LIMIT.checks(trial, 0.2)
    assert right.passed
    assert wrong.passed is False
    inside = float(sp.sqrt(trial.lr**2 / 4 - 0.01)) if trial.lr**2 > 0.04 else trial.lr / 2
    assert not all(check.passed for check in CYCLE.checks(trial, (inside, True)))


def test_the_command_says_what_adaptive_methods_do(tmp_path, capsys):
    asked = ["report", "--methods", "rmsprop", "--out", str(tmp_path / "r"), "--formats", "md", "--figure-formats", ""]
    assert main([*asked, "--quiet"]) == 0
    text = capsys.readouterr().out
    assert "η/2 − ε/λ" in text
    assert "3/3" in text
    assert all(len(line) <= 80 for line in text.splitlines()[:-1])
