"""Two explanations of one log are both told, and no error bar leaves one of them out."""

from __future__ import annotations

import numpy as np
import pytest

import convergence as cv

SLOW = {"lr": 0.15, "start": [2.0, 3.0]}
"""Plain gradient descent along two slow directions, whose roots 0.85 and 0.97 are also those of one with momentum 0.8245."""


def slow_run():
    return cv.simulate([1.0, 0.2], "gradient_descent", 60, **SLOW)


def holds(value, error, truth):
    return np.abs(np.asarray(value) - truth) <= error


@pytest.mark.parametrize("method", [None, "pytorch", "nesterov", "ema_momentum"])
def test_losses_of_two_slow_directions_show_no_momentum(method):
    """One direction with momentum would show the product of its roots, too: a loss without it has none."""
    memoryless = 1.0 if method == "ema_momentum" else 0.0
    found = cv.diagnose_run(losses=slow_run().loss, method=method, lr=0.15)
    assert found.momentum == pytest.approx(memoryless, abs=1e-9)
    assert found.curvatures == pytest.approx([1.0, 0.2])


@pytest.mark.parametrize("method", [None, "pytorch"])
def test_one_weight_of_a_run_does_not_tell_two_directions_from_a_momentum(method):
    found = cv.diagnose_run(slow_run().x @ [0.6, 0.8], method=method, lr=0.15)
    assert holds(found.momentum, found.momentum_error, 0.0)
    assert holds(found.momentum, found.momentum_error, 0.85 * 0.97)
    assert holds(found.curvatures[0], found.curvatures_error[0], 1.0)
    assert any("lr·λ = 0.15, 0.03 just as well" in note for note in found.notes)
    assert found.verdict == "converges"
    assert found.diagnosis is None
    assert found.advice[0].startswith("Name the method and give its momentum")


def test_a_weight_whose_momentum_is_given_is_no_riddle():
    weight = slow_run().x @ [0.6, 0.8]
    plain = cv.diagnose_run(weight, method="pytorch", lr=0.15, momentum=0.0)
    assert plain.curvatures == pytest.approx([1.0, 0.2])
    assert plain.momentum_error == 0.0
    heavy = cv.diagnose_run(weight, method="pytorch", lr=0.15, momentum=0.85 * 0.97)
    assert heavy.curvatures == pytest.approx([0.03])
    assert heavy.diagnosis is not None


def test_all_weights_tell_two_directions_from_a_momentum():
    """Two directions move along two lines, one with two roots along one."""
    found = cv.diagnose_run(slow_run().x, method="pytorch", lr=0.15)
    assert (found.momentum, found.momentum_error) == (0.0, pytest.approx(0.0, abs=1e-9))
    assert found.curvatures == pytest.approx([1.0, 0.2])


@pytest.mark.parametrize("curvatures", [[1.0, 0.2], [11.0, 0.2]])
def test_losses_do_not_tell_a_side_from_the_other(curvatures):
    """1 − lr·λ and its negative have the same square: here lr·λ = 1.65 and 0.35."""
    run = cv.simulate(curvatures, "gradient_descent", 60, **SLOW)
    found = cv.diagnose_run(losses=run.loss, method="gradient_descent", lr=0.15)
    for curvature in curvatures:
        assert holds(found.curvatures, found.curvatures_error, curvature).all()
    assert sum("squares hide a change of sign" in note for note in found.notes) == 2


def test_a_few_losses_that_grow_are_not_taken_for_momentum():
    """Three directions without momentum have fewer unknowns than two with it: they are tried on as many rows."""
    run = cv.simulate([20.0, 7.0, 2.0], "gradient_descent", 12, lr=0.3, start=[2.0, 3.0, 4.0])
    found = cv.diagnose_run(losses=run.loss, lr=0.3)
    assert (found.method, found.momentum) == ("gradient_descent", 0.0)
    assert found.curvatures == pytest.approx([20.0, 7.0, 2.0])


def test_losses_down_to_the_rounding_of_the_weights_stay_a_log():
    """A loss is the square of a distance that is rounded beside where the run began."""
    run = cv.simulate([5.0, 1.0], "heavy_ball", 120, lr=0.2, momentum=0.5, start=[3.0, 4.0])
    found = cv.diagnose_run(losses=run.loss, method="heavy_ball", lr=0.2, momentum=0.5)
    assert found.curvatures == pytest.approx([5.0, 1.0])
    assert not any("no noise" in note for note in found.notes)


def test_losses_that_grow_tell_the_side():
    """No positive curvature grows without swinging from side to side."""
    run = cv.simulate([20.0, 7.0], "gradient_descent", 12, lr=1.0, start=[2.0, 3.0])
    found = cv.diagnose_run(losses=run.loss, method="gradient_descent", lr=1.0)
    assert found.curvatures == pytest.approx([20.0, 7.0])
    assert found.curvatures_error.max() < 1e-6
    assert not found.notes


def test_rows_that_skip_steps_do_not_tell_branches_of_a_root():
    """Over five steps heavy ball at lr·λ = 0.6 turns as far as at 0.1839, the other way round."""
    run = cv.simulate([60.0, 7.0], "heavy_ball", 60, lr=0.01, momentum=0.9, start=[3.0, 4.0])
    found = cv.diagnose_run(run.x[::5], steps=np.arange(0, 61, 5), lr=0.01, method="heavy_ball")
    assert holds(found.curvatures[0], found.curvatures_error[0], 60.0)
    assert found.lr_curvature[1] == pytest.approx(0.07)
    assert any("may be 0.6," in note for note in found.notes)
    whole = cv.diagnose_run(run.x, lr=0.01, method="heavy_ball")
    assert whole.curvatures_error.max() < 1e-6


def test_what_is_seen_of_one_root_leaves_the_memory_open_in_words():
    found = cv.diagnose_run(cv.simulate([1.0], "gradient_descent", 30, lr=0.3, start=[2.0]).x)
    assert found.momentum == 0.0
    assert found.momentum_error is None
    assert "does not determine" in found.reasons["momentum_error"]


@pytest.mark.parametrize(
    ("curvatures", "lr", "momentum"),
    [
        ([20.0, 17.0, 2.5], 0.2445, 0.9),
        ([7.475, 4.129], 1.234, 0.0),
        ([7.41, 3.74, 3.1], 2.13, 0.0),
        ([29.73, 4.138, 2.468], 0.1113, 0.5),
        ([1e4, 300.0, 7.0], 0.01, 0.9),
    ],
)
def test_losses_over_many_decades_show_the_steepest_direction(curvatures, lr, momentum):
    """Each row is weighed by its own size, and the search starts at the roots of the prediction, however large they are."""
    run = cv.simulate(curvatures, "pytorch", 40, lr=lr, momentum=momentum, start=1.0 + np.arange(3.0, 3.0 + len(curvatures)))
    found = cv.diagnose_run(losses=run.loss, method="pytorch", lr=lr, momentum=momentum)
    assert found.verdict == "diverges"
    assert found.curvatures[0] == pytest.approx(curvatures[0], rel=1e-6)
