"""No hyperparameters do better than the derived optimum, and the derived ones do as well as it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from convergence.errors import NoStableLearningRate
from convergence.evidence.check import Check, compared, not_made
from convergence.evidence.checks.kind import FAULT, Kind
from convergence.evidence.setting import Setting
from convergence.numerics.search import Found, global_search, sampled_rate
from convergence.rule import Method
from convergence.theory.optimum import Tuned, best
from convergence.theory.system import system

NAME = "optimum"
EPS = float(np.finfo(float).eps)

KNOWN = 1e-10
"""What the search makes of a rate near 1 where eigenvalues meet: with a single state, where none do, rounding alone."""

CRITICAL = 8 * EPS**0.5
"""At critical damping, where optima lie, an eigenvalue of a matrix known to ε is known to √ε."""

RESOLUTION = 1e-3
"""The search ends nearer than this part of 1 − ρ to the best rate: a tenth of what the controls are off."""

SEEDS = 3
"""Searches made where the optimum has no closed form: such landscapes have valleys in which one search may end."""

MIDDLES = 9
INSIDE = 401
"""Curvatures between μ and L that the search looks at too: more of them where theory says that the ends do not decide."""


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
    found = _searched(setting.method, _spectrum(setting), _free(setting, tuned))
    single = len(setting.method.state) == 1
    return [_best_found(tuned, found, single), _attained(setting, tuned, single)]


def _best_found(tuned: Tuned, found: Found, single: bool) -> Check:
    claim, allowed = "no hyperparameters converge faster", RESOLUTION * (1 - tuned.rate)
    if allowed < (8 * EPS if single else KNOWN):
        return not_made(NAME, claim, "the best rate is 1 up to rounding: no search can tell the settings apart")
    why = "a blind search (differential evolution) over the rule's own matrix resolves a thousandth of 1 − ρ"
    return compared(NAME, claim, tuned.rate, found.rate, abs(found.rate - tuned.rate), allowed, why)


def _attained(setting: Setting, tuned: Tuned, single: bool) -> Check:
    claim = "the derived hyperparameters attain the derived rate"
    attained = _rate(setting, tuned.hyper, 0.0)
    moved = max(abs(_rate(setting, tuned.hyper, side * 8 * EPS) - attained) for side in (-1, 1))
    known = 64 * EPS + 4 * moved + (0.0 if single else CRITICAL * min(1.0, 1 - tuned.rate))
    error = abs(attained - tuned.rate)
    if error <= known and known > FAULT / 2 * (1 - tuned.rate):
        return not_made(
            NAME, claim, f"eigenvalues are known to {known:.1g}, and the rate is nearer to 1 than that can tell"
        )
    why = "eigenvalues of the matrix read off the rule, over [μ, L]; rounding of the settings moves them by as much"
    return compared(NAME, claim, tuned.rate, attained, error, known, why)


def _rate(setting: Setting, hyper: dict[str, float], off: float) -> float:
    """The sampled rate where neighbouring hyperparameters are off by opposite relative amounts."""
    settings = {name: np.array([value * (1 + (-1) ** k * off)]) for k, (name, value) in enumerate(hyper.items())}
    return float(sampled_rate(setting.method, np.array(_spectrum(setting)), settings)[0])


def _free(setting: Setting, tuned: Tuned) -> tuple[tuple[str, float], ...]:
    """Hyperparameters that the optimum leaves open are held, the others searched for."""
    determined = best(setting.method, {}).determined
    return tuple((name, value) for name, value in tuned.hyper.items() if name not in determined)


@lru_cache(256)
def _searched(method: Method, spectrum: tuple[float, ...], held: tuple[tuple[str, float], ...]) -> Found:
    seeds = 1 if best(method, {}).exact else SEEDS
    return min((global_search(method, np.array(spectrum), dict(held), seed) for seed in range(seeds)), key=_by_rate)


def _by_rate(found: Found) -> float:
    return found.rate


def _spectrum(setting: Setting) -> tuple[float, ...]:
    count = MIDDLES if system(setting.method).ends_suffice else INSIDE
    mu, L = setting.problem.mu, setting.problem.L
    return tuple(float(c) for c in np.unique([mu, *np.geomspace(mu, L, count)[1:-1], L]))


def faults(setting: Setting, tuned: Tuned | None) -> Sequence[tuple[str, Any]]:
    """A best rate that is one per cent too good, or too bad, and a best learning rate that is one per cent off."""
    if tuned is None:
        return []
    room = FAULT * (1 - tuned.rate)
    rate = str(setting.method.rate)
    edge = tuned.hyper[rate] if tuned.plateau is None else tuned.plateau[1]
    aside = {**tuned.hyper, rate: edge * (1 + FAULT)}
    return [
        ("best learning rate 1 % off", replace(tuned, hyper=aside)),
        ("best rate 1 % too good", replace(tuned, rate=tuned.rate - room)),
        ("best rate 1 % too bad", replace(tuned, rate=tuned.rate + room)),
    ]


KIND = Kind(NAME, claims, checks, faults, of_run=False)
