"""What the preset says of Keras is what keras.optimizers.SGD does, in float64, iterate by iterate over 200 steps."""

from __future__ import annotations

import os

import numpy as np
import pytest
from tolerances import library

from convergence import convert, datasets, simulate

pytest.importorskip("torch")
os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")

STEPS = 200
START = (0.7, -0.4)


def by_keras(**arguments):
    problem = datasets.gaussian_2d()
    w = keras.Variable(np.array(START), dtype="float64")
    optimiser = keras.optimizers.SGD(**arguments)
    optimiser.build([w])
    for slot in getattr(optimiser, "momentums", []):
        assert slot.dtype == "float64"
    seen = [np.array(START)]
    for _ in range(STEPS):
        gradient = problem.grad(w.value.detach().numpy())
        optimiser.apply([keras.ops.convert_to_tensor(gradient, dtype="float64")], [w])
        seen.append(np.array(w.value.detach().numpy()))
    return np.array(seen)


def ours(**arguments):
    found = convert("keras", "keras", **arguments)
    return simulate(datasets.gaussian_2d(), found.method, STEPS, START, **found.hyper).x


RATE = 2.0**-15
"""Keras holds its learning rate in single precision: one that is a power of two is the same there."""


@pytest.mark.parametrize(
    "arguments",
    [
        {"learning_rate": RATE, "momentum": 0.0},
        {"learning_rate": RATE, "momentum": 0.875},
        {"learning_rate": RATE, "momentum": 0.875, "nesterov": True},
        {"learning_rate": RATE, "momentum": 0.875, "weight_decay": 0.5},
        {"learning_rate": RATE, "momentum": 0.875, "weight_decay": 0.5, "nesterov": True},
    ],
    ids=["plain", "momentum", "nesterov", "weight decay", "both"],
)
def test_sgd(arguments):
    seen = by_keras(**arguments)
    assert np.abs(ours(**arguments) - seen).max() <= 4 * library(STEPS)
    off = {**arguments, "learning_rate": 1.01 * RATE}
    assert np.abs(ours(**off) - seen).max() > 1e-4
