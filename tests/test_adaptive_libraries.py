"""What the presets say of the adaptive optimisers of PyTorch, optax and Keras is what these do, over 200 steps in float64.

ε on the other side of the root, β₁ and β₂ exchanged, and t counted from another number are each noticed.
"""

from __future__ import annotations

import os
from math import sqrt

import numpy as np
import pytest
from tolerances import EPS, SLACK, library

import convergence as cv
from convergence.methods import LIBRARY_RULES

STEPS, START, LR = 200, (1.5, -0.75), 2.0**-5
SINGLE = float(np.finfo(np.float32).eps)


def rotated():
    """Curvatures 4 and 1/2 along axes at 30°, none of them a coordinate's."""
    turn = np.array([[np.cos(np.pi / 6), -np.sin(np.pi / 6)], [np.sin(np.pi / 6), np.cos(np.pi / 6)]])
    X = np.diag([2.0, np.sqrt(0.5)]) @ turn.T
    return cv.LeastSquares(X, X @ np.array([0.25, 0.5]), loss="half")


PROBLEM = rotated()
BETAS, EPSILON = (0.5, 0.875), 2.0**-4
"""Powers of two, which are the same in single precision; an ε that is seen."""

TORCH = {
    "adagrad": ("torch.adagrad", "Adagrad", {"eps": EPSILON}),
    "adagrad from a tenth": ("torch.adagrad", "Adagrad", {"eps": 0, "initial_accumulator_value": 0.1}),
    "rmsprop": ("torch.rmsprop", "RMSprop", {"alpha": 0.75, "eps": EPSILON}),
    "rmsprop, momentum": ("torch.rmsprop", "RMSprop", {"alpha": 0.75, "eps": EPSILON, "momentum": 0.5}),
    "adam": ("torch.adam", "Adam", {"betas": BETAS, "eps": EPSILON}),
    "adam, decay": ("torch.adam", "Adam", {"betas": BETAS, "eps": EPSILON, "weight_decay": 0.25}),
    "adam, decay beside": (
        "torch.adam", "Adam", {"betas": BETAS, "eps": EPSILON, "weight_decay": 0.25, "decoupled_weight_decay": True}
    ),
    "adam, amsgrad": ("torch.adam", "Adam", {"betas": BETAS, "eps": EPSILON, "amsgrad": True}),
    "adamw": ("torch.adamw", "AdamW", {"betas": BETAS, "eps": EPSILON, "weight_decay": 0.25}),
    "adamw, amsgrad": ("torch.adamw", "AdamW", {"betas": BETAS, "eps": EPSILON, "weight_decay": 0, "amsgrad": True}),
    "nadam": ("torch.nadam", "NAdam", {"betas": BETAS, "eps": EPSILON, "momentum_decay": 0.5}),
    "nadam, usual": ("torch.nadam", "NAdam", {"betas": BETAS, "eps": EPSILON}),
}  # fmt: skip
B, E = {"b1": BETAS[0], "b2": BETAS[1]}, {"eps": EPSILON}
OPTAX = {
    "adagrad": ("optax.adagrad", {"eps": EPSILON}),
    "adagrad from 0": ("optax.adagrad", {"eps": EPSILON, "initial_accumulator_value": 0}),
    "rmsprop": ("optax.rmsprop", {"decay": 0.75, **E}),
    "rmsprop, outside": ("optax.rmsprop", {"decay": 0.75, **E, "eps_in_sqrt": False}),
    "rmsprop, momentum": ("optax.rmsprop", {"decay": 0.75, **E, "momentum": 0.5}),
    "rmsprop, momentum, outside": ("optax.rmsprop", {"decay": 0.75, **E, "momentum": 0.5, "eps_in_sqrt": False}),
    "rmsprop, corrected": ("optax.rmsprop", {"decay": 0.75, **E, "eps_in_sqrt": False, "bias_correction": True}),
    "adam": ("optax.adam", {**B, **E}),
    "adam, nesterov": ("optax.adam", {**B, **E, "nesterov": True}),
    "adamw": ("optax.adamw", {**B, **E, "weight_decay": 0.25}),
    "adamw, nesterov": ("optax.adamw", {**B, **E, "weight_decay": 0.25, "nesterov": True}),
    "amsgrad": ("optax.amsgrad", {**B, **E}),
    "amsgrad, plain": ("optax.amsgrad", {**B, **E, "bias_correction_mu": False, "bias_correction_nu": False}),
    "nadam": ("optax.nadam", {**B, **E}),
    "nadamw": ("optax.nadamw", {**B, **E, "weight_decay": 0.25}),
    "lion": ("optax.lion", {**B, "weight_decay": 0}),
    "lion, decay": ("optax.lion", {**B, "weight_decay": 0.25}),
    "signum": ("optax.signum", {"beta": 0.75}),
    "sign": ("optax.sign_sgd", {}),
    "normalized": ("optax.normalized", {"eps": 0, "learning_rate": 0.5}),
}
KB, KE = {"beta_1": BETAS[0], "beta_2": BETAS[1]}, {"epsilon": EPSILON}
KERAS = {
    "adagrad": ("keras.adagrad", "Adagrad", KE),
    "rmsprop": ("keras.rmsprop", "RMSprop", {"rho": 0.75, **KE}),
    "rmsprop, momentum": ("keras.rmsprop", "RMSprop", {"rho": 0.75, **KE, "momentum": 0.5}),
    "adam": ("keras.adam", "Adam", {**KB, **KE}),
    "adam, decay": ("keras.adam", "Adam", {**KB, **KE, "weight_decay": 0.25}),
    "adamw": ("keras.adamw", "AdamW", {**KB, **KE, "weight_decay": 0.25}),
    "nadam": ("keras.nadam", "Nadam", {**KB, **KE}),
    "lion": ("keras.lion", "Lion", KB),
    "lion, decay": ("keras.lion", "Lion", {**KB, "weight_decay": 0.25}),
}


def ours(preset, given, **other):
    """The run of what a preset says, with other hyperparameters where they are given."""
    same = cv.convert(preset, preset, **given)
    assert same.same_iterates
    return cv.simulate(PROBLEM, same.method, STEPS, START, **{**same.hyper, **other}).x


def gap(seen, run):
    return np.abs(run - seen).max() / np.abs(seen).max()


@pytest.fixture
def torch():
    module = pytest.importorskip("torch")
    before = module.get_num_threads()
    module.set_num_threads(1)
    yield module
    module.set_num_threads(before)


def by_torch(torch, kind, given):
    w = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimiser = getattr(torch.optim, kind)([w], lr=LR, **given)
    seen = [w.detach().numpy().copy()]
    for _ in range(STEPS):
        w.grad = torch.tensor(PROBLEM.grad(w.detach().numpy()))
        optimiser.step()
        seen.append(w.detach().numpy().copy())
    return np.array(seen)


@pytest.mark.parametrize("case", TORCH)
def test_pytorch(torch, case):
    """NAdam's product of the μ is in single precision, whatever the weights are in."""
    preset, kind, given = TORCH[case]
    seen = by_torch(torch, kind, given)
    allowed = 8 * SINGLE if kind == "NAdam" else 4 * library(STEPS)
    assert gap(seen, ours(preset, {"lr": LR, **given})) <= allowed < 1e-5
    for fault in faults(preset, {"lr": LR, **given}):
        assert gap(seen, fault) > 1e-3


def faults(preset, given):
    """Exchanged averages; ε on the other side; corrections that count from another step: of what there is, each."""
    same = cv.convert(preset, preset, **given)
    hyper = same.hyper
    yield ours(preset, given, lr=1.01 * hyper["lr"])
    if hyper.get("beta1", 0):
        yield ours(preset, given, beta1=hyper["beta2"], beta2=hyper["beta1"])
    other = {"rmsprop": "rmsprop_inside", "rmsprop_momentum": "rmsprop_inside_momentum", "adagrad": "adagrad_inside"}
    other |= {inside: outside for outside, inside in other.items()}
    if same.method in other:
        yield cv.simulate(PROBLEM, other[same.method], STEPS, START, **hyper).x
    method = cv.methods.as_method(same.method)
    if "q" in method.state and "beta2" in hyper:
        yield cv.simulate(PROBLEM, later(method, hyper), STEPS, START, **hyper).x


def later(method, hyper):
    """The rule with its powers of β₂ one step on: t from 2. From 0 it divides by nothing."""
    place = method.state.index("q")

    def start(f, x):
        state = list(method.start(f, x))
        state[place] = state[place] * float(hyper["beta2"])
        return tuple(state)

    return cv.method(start=start, name=f"late_{method.name}")(method.rule)


@pytest.fixture
def optax():
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True):
        yield pytest.importorskip("optax")


def by_optax(optax, preset, given):
    import jax

    call = cv.presets()[preset].call
    arguments = ", ".join(f"{name}={value!r}" for name, value in given.items())
    transform = eval(call.format(arguments=arguments, **given), {"optax": optax})  # the call that reports print
    H, w = jax.numpy.array(PROBLEM.X.T @ PROBLEM.X), jax.numpy.array(START)
    target, state = jax.numpy.array(PROBLEM.minimizer), transform.init(w)
    assert w.dtype == np.float64

    @jax.jit
    def step(w, state):
        updates, state = transform.update(H @ (w - target), state, w)
        return optax.apply_updates(w, updates), state

    seen = [np.array(w)]
    for _ in range(STEPS):
        w, state = step(w, state)
        seen.append(np.array(w))
    return np.array(seen)


@pytest.mark.parametrize("case", OPTAX)
def test_optax(optax, case):
    preset, given = OPTAX[case]
    given = {"learning_rate": LR, **given}
    seen = by_optax(optax, preset, given)
    assert gap(seen, ours(preset, given)) <= 4 * library(STEPS) < 1e-12
    for fault in faults(preset, given):
        assert gap(seen, fault) > 1e-3


@pytest.fixture
def keras():
    pytest.importorskip("torch")
    os.environ.setdefault("KERAS_BACKEND", "torch")
    return pytest.importorskip("keras")


def by_keras(keras, kind, given):
    w = keras.Variable(np.array(START), dtype="float64")
    optimiser = getattr(keras.optimizers, kind)(learning_rate=LR, **given)
    optimiser.build([w])
    seen = [np.array(START)]
    for _ in range(STEPS):
        gradient = PROBLEM.grad(w.value.detach().numpy())
        optimiser.apply([keras.ops.convert_to_tensor(gradient, dtype="float64")], [w])
        seen.append(np.array(w.value.detach().numpy()))
    return np.array(seen)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of Keras with PyTorch under NumPy 2
@pytest.mark.parametrize("case", KERAS)
def test_keras(keras, case):
    """Rates, β and ε are powers of two, or their sums: Keras holds some of them in single precision."""
    preset, kind, given = KERAS[case]
    seen = by_keras(keras, kind, given)
    allowed = 8 * SINGLE if kind in ("Nadam", "Adagrad") else 8 * library(STEPS)
    assert gap(seen, ours(preset, {"learning_rate": LR, **given})) <= allowed < 1e-5
    for fault in faults(preset, {"learning_rate": LR, **given}):
        assert gap(seen, fault) > 1e-3


@pytest.mark.parametrize("decay", [0.0, 0.25])
def test_keras_adam_by_hand(decay):
    """keras/src/optimizers/adam.py, update_step, and the decay that the base class makes before it, in plain Python."""
    (beta1, beta2), preset = BETAS, "keras.adamw" if decay else "keras.adam"
    given = {"learning_rate": LR, **KB, **KE, **({"weight_decay": decay} if decay else {})}
    x, m, v, seen = list(START), [0.0, 0.0], [0.0, 0.0], [START]
    for t in range(1, STEPS + 1):
        g = PROBLEM.grad(np.array(x))
        for k in (0, 1):
            x[k] -= x[k] * decay * LR
            alpha = LR * sqrt(1 - beta2**t) / (1 - beta1**t)
            m[k] += (g[k] - m[k]) * (1 - beta1)
            v[k] += (g[k] ** 2 - v[k]) * (1 - beta2)
            x[k] -= m[k] * alpha / (sqrt(v[k]) + EPSILON)
        seen.append(tuple(x))
    assert gap(np.array(seen), ours(preset, given)) <= SLACK * EPS * STEPS
    after = cv.simulate(
        PROBLEM, "adamw", STEPS, START, lr=LR, beta1=beta1, beta2=beta2, eps=EPSILON, weight_decay=decay
    )
    assert gap(np.array(seen), after.x) > 1e-3  # ε after the correction


def test_every_adaptive_preset_and_every_rule_of_a_library_is_met():
    met = [(preset, given) for preset, _, given in (*TORCH.values(), *KERAS.values())] + list(OPTAX.values())
    offered = {name for name, preset in cv.presets().items() if preset.main.method not in cv.methods.LINEAR}
    assert {preset for preset, _ in met} == offered
    needed = dict.fromkeys(("lr", "learning_rate"), LR)
    found = {
        cv.convert(preset, preset, **{n: v for n, v in needed.items() if n in cv.presets()[preset].arguments}, **given).method
        for preset, given in met if "learning_rate" not in given
    }  # fmt: skip
    assert set(LIBRARY_RULES) <= found
