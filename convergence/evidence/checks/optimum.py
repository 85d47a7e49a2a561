"""No hyperparameters do better than the derived optimum, and the derived ones do as well as it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from convergence.errors import NoStableLearningRate
from convergence.evidence.check import Check, compared, not_made
from convergence.evidence.checks.kind import FAULT, Kind
from convergence.evidence.setting import Setting
from convergence.numerics.search import Found, global_search, sampled_rate
from convergence.rule import Method
from convergence.theory.optimum import Tuned, best

NAME = "optimum"
TOLERANCE = 8 * float(np.finfo(float).eps) ** 0.5
"""At critical damping, where optima lie, an eigenvalue of a matrix known to ε is known to √ε."""

RESOLUTION = 1e-3
"""The search ends nearer than this part of 1 − ρ to the best rate: a tenth of what the controls are off."""

HOPELESS = 1e-11
"""A rate nearer to 1 than this is 1 to the search, whose eigenvalues carry some ε each."""

MIDDLES = 9
"""Curvatures between μ and L that the search looks at too: theory says that the ends decide."""


def claims(setting: Setting) -> Tuned | None:
    """The derived optimum over [μ, L], all hyperparameters free; None where nothing converges or nothing can be chosen."""
    try:
        found = best(setting.method, {})
        return found.at(mu=setting.problem.mu, L=setting.problem.L) if found.determined else None
    except NoStableLearningRate:
        return None


def checks(setting: Setting, tuned: Tuned | None) -> Sequence[Check]:
    """Two checks: the best rate against a blind global search; the rate of the derived hyperparameters."""
    if tuned is None:
        return [
            not_made(
                NAME, "no hyperparameters converge faster", "no hyperparameters converge, or there are none to choose"
            )
        ]
    found = _searched(setting.method, setting.problem.mu, setting.problem.L, _free(setting, tuned))
    claim = "no hyperparameters converge faster"
    why = "a blind search (differential evolution) over the rule's own matrix resolves a thousandth of 1 − ρ"
    if 1 - tuned.rate < HOPELESS:
        return [not_made(NAME, claim, "the best rate is 1 up to rounding: no search can tell the settings apart")]
    resolution = RESOLUTION * (1 - tuned.rate)
    best_found = compared(NAME, claim, tuned.rate, found.rate, abs(found.rate - tuned.rate), resolution, why)
    curvatures = _spectrum(setting.problem.mu, setting.problem.L)
    settings = {name: np.array([value]) for name, value in tuned.hyper.items()}
    attained = float(sampled_rate(setting.method, curvatures, settings)[0])
    claim = "the derived hyperparameters attain the derived rate"
    why = "eigenvalues of the matrix read off the rule, over curvatures in [μ, L]; known to √ε at critical damping"
    return [best_found, compared(NAME, claim, tuned.rate, attained, abs(attained - tuned.rate), TOLERANCE, why)]


def _free(setting: Setting, tuned: Tuned) -> tuple[tuple[str, float], ...]:
    """Hyperparameters that the optimum leaves open are held, the others searched for."""
    determined = best(setting.method, {}).determined
    return tuple((name, value) for name, value in tuned.hyper.items() if name not in determined)


@cache
def _searched(method: Method, mu: float, L: float, held: tuple[tuple[str, float], ...]) -> Found:
    return global_search(method, _spectrum(mu, L), dict(held))


def _spectrum(mu: float, L: float) -> Any:
    return np.unique(np.concatenate([[mu, L], np.geomspace(mu, L, MIDDLES)]))


def faults(setting: Setting, tuned: Tuned | None) -> Sequence[tuple[str, Any]]:
    """A best rate that is one per cent too good, or too bad."""
    if tuned is None:
        return []
    room = FAULT * (1 - tuned.rate)
    return [
        ("best rate 1 % too good", replace(tuned, rate=tuned.rate - room)),
        ("best rate 1 % too bad", replace(tuned, rate=tuned.rate + room)),
    ]


KIND = Kind(NAME, claims, checks, faults)
