"""Each adaptive method is the loop of its source, also among many runs side by side; exchanged letters are noticed."""

from __future__ import annotations

import numpy as np
import pytest
from hand_loops_adaptive import LOOPS, iterates
from tolerances import EPS, SLACK

import convergence as cv
from convergence.methods import ADAPTIVE

STEPS, START = 200, (1.5, -0.75)
LETTERS = {"lr": 0.05, "eps": 0.1, "decay": 0.8, "beta1": 0.6, "beta2": 0.9, "momentum": 0.7, "b0": 0.4}
LETTERS |= {"weight_decay": 0.3}
COARSE = {"lr": 0.4}
"""For methods that divide by one norm: with a small rate they pass by the minimiser so near that rounding is magnified."""
EXCHANGED = {"beta1": 0.9, "beta2": 0.6}


def rotated():
    """Curvatures 4 and 1/2 along axes at 30°: no coordinate is a direction of its own."""
    turn = np.array([[np.cos(np.pi / 6), -np.sin(np.pi / 6)], [np.sin(np.pi / 6), np.cos(np.pi / 6)]])
    X = np.diag([2.0, np.sqrt(0.5)]) @ turn.T
    return cv.LeastSquares(X, X @ np.array([0.25, 0.5]), loss="half"), X.T @ X, (0.25, 0.5)


PROBLEM, HESSIAN, MINIMISER = rotated()


def setting(name, **other):
    one_norm = COARSE if name in ("normalized_gradient", "rmsprop_scalar") else {}
    return {letter: {**LETTERS, **one_norm, **other}[letter] for letter in ADAPTIVE[name].hyper}


def allowed(seen):
    """Both round at every step; a stable run forgets it, a cycle or a lattice of signs keeps it."""
    return SLACK * EPS * STEPS * np.abs(seen).max()


@pytest.fixture(scope="module")
def runs():
    return {name: iterates(name, HESSIAN, MINIMISER, STEPS, START, **setting(name)) for name in LOOPS}


def test_every_adaptive_method_of_the_catalogue_has_a_loop():
    assert set(LOOPS) == set(ADAPTIVE)


@pytest.mark.parametrize("name", ADAPTIVE)
def test_simulate_is_the_loop_of_the_source(runs, name):
    run = cv.simulate(PROBLEM, name, STEPS, START, **setting(name))
    assert np.abs(run.x - runs[name]).max() <= allowed(runs[name]) < 1e-11


@pytest.mark.parametrize("name", ADAPTIVE)
def test_runs_side_by_side_are_runs_alone(runs, name):
    """The exact gradient in three runs at once: norms are those of each run, not of all."""
    together = cv.ensemble(PROBLEM, name, STEPS, 3, start=START, keep=True, **setting(name))
    assert np.abs(together.x - runs[name]).max() <= allowed(runs[name])


def test_runs_with_noise_side_by_side_are_each_their_own():
    """More runs begin with those of fewer: a norm over all of them would not."""
    for name in ADAPTIVE:
        few, many = (
            cv.ensemble(PROBLEM, name, 5, count, start=START, noise=0.3, keep=True, **setting(name)).x
            for count in (2, 5)
        )
        assert np.array_equal(few, many[:2])
        assert np.abs(many[0] - many[1]).max() > 1e-3


@pytest.mark.parametrize("name", [name for name in ADAPTIVE if "beta2" in ADAPTIVE[name].hyper])
def test_exchanged_betas_are_noticed(runs, name):
    run = cv.simulate(PROBLEM, name, STEPS, START, **setting(name, **EXCHANGED))
    assert np.abs(run.x - runs[name]).max() > 1e-3


def test_the_other_side_of_the_root_is_noticed(runs):
    assert np.abs(runs["rmsprop"] - runs["rmsprop_inside"]).max() > 1e-2


@pytest.mark.parametrize("name", ["adam", "adamw", "nadam"])
@pytest.mark.parametrize("first", [0, 2])
def test_corrections_that_count_from_another_step_are_noticed(runs, name, first):
    """t from 0 divides by 1 − β⁰ = 0 at once; from 2, it is another run."""
    rule, hyper = ADAPTIVE[name], setting(name)
    p, q = (hyper[beta] ** (first - 1) for beta in ("beta1", "beta2"))
    wound = cv.method(start=lambda f, x: (x, x * 0, x * 0, x * 0 + p, x * 0 + q), name=f"{name}_from_{first}")(
        rule.rule
    )
    run = cv.simulate(PROBLEM, wound, STEPS, START, **hyper)
    assert run.diverged == 1 if first == 0 else np.abs(run.x - runs[name]).max() > 1e-3


@pytest.mark.parametrize("one", ADAPTIVE)
def test_no_loop_is_anothers(runs, one):
    others = [name for name in runs if name != one]
    assert min(np.abs(runs[one] - runs[name]).max() for name in others) > 1e-3
