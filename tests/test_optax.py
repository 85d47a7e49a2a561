"""What the presets say of optax is what optax does, in float64, iterate by iterate over 200 steps."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import library

from convergence import convert, datasets, simulate

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")

STEPS = 200
START = (0.7, -0.4)


@pytest.fixture(autouse=True)
def doubles():
    with jax.enable_x64(True):
        yield


def by_optax(transform):
    problem = datasets.gaussian_2d()
    X, y = jax.numpy.array(problem.X), jax.numpy.array(problem.y)
    w = jax.numpy.array(START)
    assert w.dtype == np.float64
    state = transform.init(w)

    @jax.jit
    def step(w, state):
        updates, state = transform.update(2 * X.T @ (X @ w - y), state, w)
        return optax.apply_updates(w, updates), state

    seen = [np.array(w)]
    for _ in range(STEPS):
        w, state = step(w, state)
        seen.append(np.array(w))
    return np.array(seen)


def gap(preset, arguments, seen, factor=1.0):
    found = convert(preset, preset, **arguments)
    hyper = {**found.hyper, "lr": factor * found.hyper["lr"]}
    run = simulate(datasets.gaussian_2d(), found.method, STEPS, START, **hyper)
    return np.abs(run.x - seen).max() / np.abs(seen).max()


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("momentum", [0.0, 0.3, 0.9])
def test_sgd(momentum, nesterov):
    arguments = {"learning_rate": 1e-4, "momentum": momentum, "nesterov": nesterov}
    seen = by_optax(optax.sgd(**{**arguments, "momentum": momentum or None}))
    assert gap("optax.sgd", arguments, seen) <= library(STEPS)
    assert gap("optax.sgd", arguments, seen, 1.01) > 1e-4


@pytest.mark.parametrize("debias", [False, True])
def test_ema(debias):
    seen = by_optax(optax.chain(optax.ema(0.9, debias=debias), optax.scale(-1e-4)))
    arguments = {"learning_rate": 1e-4, "decay": 0.9, "debias": debias}
    assert gap("optax.ema", arguments, seen) <= library(STEPS)
    assert gap("optax.ema", {**arguments, "debias": not debias}, seen) > 1e-3


@pytest.mark.finding("D13")
@pytest.mark.parametrize("nesterov", [False, True])
def test_decoupled_decay_with_the_rate_in_it(nesterov):
    rate, decay = optax.scale(-1e-4), optax.add_decayed_weights(30.0)
    seen = by_optax(optax.chain(optax.trace(0.6, nesterov=nesterov), decay, rate))
    arguments = {"learning_rate": 1e-4, "momentum": 0.6, "weight_decay": 30.0, "nesterov": nesterov}
    assert gap("optax.sgdw", arguments, seen) <= library(STEPS)
    assert gap("optax.sgdw", {**arguments, "nesterov": not nesterov}, seen) > 1e-3


@pytest.mark.finding("D13")
def test_decoupled_decay_without_the_rate_in_it():
    """Loshchilov and Hutter's: scaled by the rate first, decayed then."""
    seen = by_optax(optax.chain(optax.trace(0.6), optax.scale(-1e-4), optax.add_decayed_weights(-3e-3)))
    arguments = {"lr": 1e-4, "momentum": 0.6, "weight_decay": 3e-3}
    assert gap("sgdw", arguments, seen) <= library(STEPS)
    assert gap("sgdw", {**arguments, "weight_decay": 3e-4}, seen) > 1e-3


def test_the_courses_average_cannot_start_as_optax_does():
    """Converted, the spectrum is the same and the iterates are not: it says so, and optax agrees."""
    found = convert("course", "optax", lr=1e-4, momentum=0.1)
    assert not found.same_iterates
    seen = by_optax(optax.sgd(**found))
    ours = simulate(datasets.gaussian_2d(), "ema_momentum", STEPS, START, lr=1e-4, momentum=0.1)
    assert np.abs(ours.x - seen).max() > 1e-3
    assert np.abs(ours.x[-1] - seen[-1]).max() < 1e-3


def test_pytorchs_words_in_optaxs_words():
    torch = pytest.importorskip("torch")
    found = convert("pytorch", "optax", lr=2e-5, momentum=0.9, nesterov=True)
    seen, problem = by_optax(optax.sgd(**found)), datasets.gaussian_2d()
    X, y = torch.tensor(np.array(problem.X)), torch.tensor(np.array(problem.y))
    w = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.SGD([w], lr=2e-5, momentum=0.9, nesterov=True)
    for k in range(STEPS):
        optimiser.zero_grad()
        torch.square(X @ w - y).sum().backward()
        optimiser.step()
        assert np.abs(w.detach().numpy() - seen[k + 1]).max() <= library(STEPS)
