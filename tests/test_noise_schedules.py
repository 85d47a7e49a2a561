"""Moments under schedules are those over all sequences of batches: clocks tick with each step's setting, rests move."""

from __future__ import annotations

import numpy as np
import pytest
from enumeration import moments_by_enumeration
from tolerances import SLACK, library

import convergence as cv

DATA = cv.LeastSquares([[1.0, 0.5], [-0.3, 2.0], [0.7, -1.1]], [1.0, -0.5, 0.3], "half_mean")
START = np.array([0.5, -1.0])
SCHEDULES = {"lr": [0.2, 0.1, 0.15], "momentum": [0.6, 0.3, 0.7], "weight_decay": [0.3, 0.1, 0.2]}
SCHEDULED = [
    (name, letter)
    for name, method in cv.methods.LINEAR.items()
    for letter in (*SCHEDULES, "all")
    if name != "newton" and {"lr", "momentum"} & set(method.hyper) and (letter in method.hyper or letter == "all")
]
OTHERS = {"nu": 0.7, "gamma": 0.2, "contraction": 0.8, "kappa": 10.0, "lr": 0.1, "momentum": 0.5, "weight_decay": 0.2}


def settings_of(method, letter):
    """The scheduled hyperparameters, and all at the first step."""
    chosen = {k: SCHEDULES[k] for k in method.hyper if k in SCHEDULES and letter in (k, "all")}
    full = {k: OTHERS[k] for k in method.hyper if k in OTHERS} | chosen
    return full, {k: v[0] if np.ndim(v) else v for k, v in full.items()}


@pytest.mark.parametrize(("name", "letter"), SCHEDULED)
def test_moments_under_a_schedule(name, letter):
    method = cv.METHODS[name]
    full, first = settings_of(method, letter)
    rest = cv.simulate(DATA, method, 0, START, **first)
    point = rest.x[0] - DATA.directions @ rest.error[0]  # where the first step's settings rest
    mean, second, loss = moments_by_enumeration(DATA, method, 3, 1, "replacement", START, rest=point, **full)
    exact = cv.moments(DATA, method, 3, batch=1, start=START, **full)
    for got, expected in ((exact.mean, mean), (exact.second, second), (exact.loss, loss)):
        assert np.abs(got - expected).max() <= library(3) * SLACK * max(1.0, np.abs(expected).max())
