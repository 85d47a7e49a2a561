"""The audit's plain recurrences are the rules of the sources: against a torch optimiser, closed forms, a brute search."""

from __future__ import annotations

from functools import partial
from math import isnan, sqrt

import numpy as np
import pytest

import convergence as cv
from convergence.coursework.adaptive import adagrad, adam, adam_one_list, rmsprop, steps
from convergence.coursework.claims import CLAIMS
from convergence.coursework.decisions import run
from convergence.coursework.rules import adam_003, rmsprop_000

GRADIENTS = [0.3, -1.2, 2.0, 0.05, -0.4, 0.9]


def steps_of(optimiser, gradients):
    torch = pytest.importorskip("torch")
    x = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    made, path = optimiser(torch, [x]), [0.0]
    for g in gradients:
        x.grad = torch.tensor([g], dtype=torch.float64)
        made.step()
        path.append(float(x.detach()[0]))
    return -np.diff(path)


def test_adam_is_torchs():
    theirs = steps_of(lambda torch, p: torch.optim.Adam(p, lr=0.1, betas=(0.9, 0.999), eps=1e-8), GRADIENTS)
    assert np.allclose(steps(partial(adam, eps=1e-8), GRADIENTS), 10 * theirs, rtol=1e-12)


def test_rmsprop_with_epsilon_outside_is_torchs():
    theirs = steps_of(lambda torch, p: torch.optim.RMSprop(p, lr=0.1, alpha=0.9, eps=1e-3), GRADIENTS)
    ours = partial(rmsprop, lr=0.1, eps=1e-3)
    assert np.allclose(steps(partial(ours, inside=False), GRADIENTS), theirs, rtol=1e-12)
    assert not np.allclose(steps(partial(ours, inside=True), GRADIENTS), theirs, rtol=1e-4)


def test_adagrad_under_a_constant_gradient_is_one_over_root_t():
    assert np.allclose(steps(adagrad, [2.0] * 50), 1 / np.sqrt(np.arange(1, 51)))


def test_one_list_for_both_moments_has_no_root_after_a_negative_gradient():
    assert isnan(steps(adam_one_list, [-1.0])[0])


def test_the_first_moment_of_one_list_is_read_before_the_second_overwrites_it():
    shared = 0.999 * 0.1 + 0.001
    assert steps(partial(adam_one_list, eps=1e-4), [1.0])[0] == pytest.approx(
        1 / (sqrt(shared / 0.001) + 1e-4), rel=1e-12
    )


def test_the_largest_adam_step_is_cauchys_bound_by_a_search_for_the_worst_gradients():
    """An ascent over 40 gradients knows nothing of the bound, exceeds the published one, and stays below the right one."""
    b1, b2, t = 0.9, 0.99, 40
    a = (1 - b1) * b1 ** np.arange(t)[::-1] / (1 - b1**t)
    b = (1 - b2) * b2 ** np.arange(t)[::-1] / (1 - b2**t)
    g = np.random.default_rng(1).standard_normal(t)
    for _ in range(200):
        slope = a / (a @ g) - b * g / (b @ g**2)
        g = g + 0.1 * slope / b * (b @ g**2)
        g = g / np.abs(g).max()
    largest = abs(steps(partial(adam, beta1=b1, beta2=b2), g)[-1])
    bound = (1 - b1) / sqrt((1 - b2) * (1 - b1**2 / b2))
    assert 1.0 < largest <= bound * (1 + 1e-12)
    assert largest > 0.9 * sqrt((a**2 / b).sum())


@pytest.mark.parametrize(
    ("name", "by_hand", "settings"),
    [
        ("adam", adam, {"beta1": 0.8, "beta2": 0.95, "eps": 1e-3}),
        ("rmsprop", partial(rmsprop, inside=False), {"decay": 0.8, "eps": 1e-3}),
        ("rmsprop_inside", partial(rmsprop, inside=True), {"decay": 0.8, "eps": 1e-3}),
        ("adagrad", adagrad, {"eps": 0.0}),
    ],
)
def test_the_catalogue_has_the_rules_that_are_written_by_hand(name, by_hand, settings):
    queue = iter(GRADIENTS)
    path = run(cv.METHODS[name], {"lr": 1.0, **settings}, lambda _: next(queue), 0.0, len(GRADIENTS))
    assert np.allclose(-np.diff(path), steps(partial(by_hand, **settings), GRADIENTS), rtol=1e-12)


def test_one_list_as_a_rule_is_one_list_by_hand():
    queue = iter(GRADIENTS[:1])
    path = run(adam_003, {"lr": 1.0, "eps": 1e-4}, lambda _: next(queue), 0.0, 1)
    assert -path[1] == pytest.approx(steps(partial(adam_one_list, eps=1e-4), GRADIENTS[:1])[0], rel=1e-12)


def test_the_class_of_000_is_gradient_descent_at_eta_over_epsilon():
    path = run(rmsprop_000, {"lr": 1e-9, "eps": 1e-7}, steps=20)
    assert path == pytest.approx(run(cv.METHODS["gradient_descent"], {"lr": 1e-2}, steps=20), rel=1e-12)
    assert str(cv.stability(rmsprop_000).lr_max) == "2*epsilon/lambda"


def test_steps_past_the_saddle_are_those_of_its_growth():
    """F85, by hand: gradient descent takes ln 10⁶/ln 1.02, momentum 0.9 grows by the larger root of z² − 1.92z + 0.9."""
    (found,) = (claim.finding() for claim in CLAIMS if claim.id == "001-saddle-adagrad")
    numbers = found.numbers
    assert numbers["gradient_descent"] == np.ceil(np.log(1e6) / np.log(1.02))
    growth = np.roots([1, -1.92, 0.9]).real.max()
    assert growth == pytest.approx(1.10696938457)
    assert numbers["heavy_ball"] == pytest.approx(np.log(1e6) / np.log(growth), abs=6)
    assert (numbers["rmsprop"], numbers["adam"], numbers["adagrad"]) == (72, 77, 1263)
    assert found.verdict == "refuted"
