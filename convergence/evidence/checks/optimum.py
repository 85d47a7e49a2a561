"""No hyperparameters do better than the derived optimum, and the derived ones do as well as it says.

The search is global and blind (differential evolution over the rule's own matrix). Where the best rate is 1 up to
rounding it cannot tell settings apart, and the check is not made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from convergence.errors import NoStableLearningRate
from convergence.evidence.check import DOUBLE_ROOT, EPS, FAULT, Check, Kind, compared, not_made
from convergence.evidence.experiment import Experiment
from convergence.numerics.search import global_search, sampled_rate
from convergence.rule import Method
from convergence.theory.optimum import best
from convergence.theory.system import system
from convergence.theory.tuned import Tuned

NAME, FASTEST = "optimum", "no hyperparameters converge faster"

KNOWN = 1e-10
"""What the search makes of a rate near 1 where eigenvalues meet: with a single state, where none do, rounding alone."""

RESOLUTION = 1e-3
"""The search ends nearer than this part of 1 − ρ to the best rate: a tenth of what the controls are off."""

SEEDS = 3
"""Searches made where the optimum has no closed form: such landscapes have valleys in which one search may end."""

MIDDLES = 9
INSIDE, FEWER = 401, 8
"""Curvatures between μ and L that the search looks at too: more of them where theory says that the ends do not decide."""


def claims(trial: Experiment) -> Tuned | None:
    """The derived optimum over [μ, L], all hyperparameters free; None where nothing converges or nothing can be chosen."""
    try:
        optimum = best(trial.method, {})
        given = {name: trial.hyper[name] for name in optimum.undetermined if name not in dict(trial.method.defaults)}
        return optimum.at(mu=trial.problem.mu, L=trial.problem.L, **given) if optimum.determined else None
    except NoStableLearningRate:
        return None


def checks(trial: Experiment, tuned: Tuned | None) -> Sequence[Check]:
    """Two checks: the best rate against a blind global search; the rate of the derived hyperparameters."""
    if tuned is None:
        return [not_made(NAME, FASTEST, "no hyperparameters converge, or there are none to choose")]
    single = len(trial.method.state) == 1
    return [_unbeaten(trial, tuned, single), _attained(trial, tuned, single)]


def _unbeaten(trial: Experiment, tuned: Tuned, single: bool) -> Check:
    allowed = RESOLUTION * (1 - tuned.rate)
    if allowed < (8 * EPS if single else KNOWN):
        return not_made(NAME, FASTEST, "the best rate is 1 up to rounding: no search can tell the settings apart")
    lowest = _searched_rate(trial.method, _spectrum(trial), _free(trial, tuned))
    why = "a blind search (differential evolution) over the rule's own matrix resolves a thousandth of 1 − ρ"
    return compared(NAME, FASTEST, tuned.rate, lowest, abs(lowest - tuned.rate), allowed, why)


def _attained(trial: Experiment, tuned: Tuned, single: bool) -> Check:
    claim = "the derived hyperparameters attain the derived rate"
    attained = _rate(trial, tuned.hyper, 0.0)
    moved = max(abs(_rate(trial, tuned.hyper, side * 8 * EPS) - attained) for side in (-1, 1))
    known = 64 * EPS + 4 * moved + (0.0 if single else DOUBLE_ROOT * min(1.0, 1 - tuned.rate))
    error = abs(attained - tuned.rate)
    if error <= known and known > FAULT / 2 * (1 - tuned.rate):
        return not_made(
            NAME, claim, f"eigenvalues are known to {known:.1g}, and the rate is nearer to 1 than that can tell"
        )
    why = "eigenvalues of the matrix read off the rule, over [μ, L]; rounding of the settings moves them by as much"
    return compared(NAME, claim, tuned.rate, attained, error, known, why)


def _rate(trial: Experiment, hyper: dict[str, float], off: float) -> float:
    """The sampled rate where neighbouring hyperparameters are off by opposite relative amounts."""
    settings = {name: np.array([value * (1 + (-1) ** k * off)]) for k, (name, value) in enumerate(hyper.items())}
    return float(sampled_rate(trial.method, np.array(_spectrum(trial)), settings)[0])


def _free(trial: Experiment, tuned: Tuned) -> tuple[tuple[str, float], ...]:
    """Hyperparameters that the optimum leaves open, at their values; the others are searched for."""
    determined = best(trial.method, {}).determined
    return tuple((name, value) for name, value in tuned.hyper.items() if name not in determined)


@lru_cache(256)
def _searched_rate(method: Method, spectrum: tuple[float, ...], fixed: tuple[tuple[str, float], ...]) -> float:
    """The best rate that a blind search finds: on few curvatures where its settings are as good on all of them, or on all."""
    seeds = range(1 if best(method, {}).exact else SEEDS)
    for some in (np.array([*spectrum[:-1:FEWER], spectrum[-1]]), np.array(spectrum)):
        lowest = min((global_search(method, some, dict(fixed), seed) for seed in seeds), key=lambda end: end.rate)
        settings = {name: np.array([value]) for name, value in lowest.hyper.items()}
        if sampled_rate(method, np.array(spectrum), settings)[0] - lowest.rate <= RESOLUTION / 8 * (1 - lowest.rate):
            break
    return lowest.rate


def _spectrum(trial: Experiment) -> tuple[float, ...]:
    count = MIDDLES if system(trial.method).ends_suffice else INSIDE
    mu, L = trial.problem.mu, trial.problem.L
    return tuple(float(c) for c in np.unique([mu, *np.geomspace(mu, L, count)[1:-1], L]))


def faults(trial: Experiment, tuned: Tuned | None) -> Sequence[tuple[str, Any]]:
    """A best rate that is one per cent too good, or too bad, and a best learning rate that is one per cent off."""
    if tuned is None:
        return []
    room = FAULT * (1 - tuned.rate)
    rate = str(trial.method.rate)
    edge = tuned.hyper[rate] if tuned.plateau is None else tuned.plateau[1]
    aside = {**tuned.hyper, rate: edge * (1 + FAULT)}
    return [
        ("best learning rate 1 % off", replace(tuned, hyper=aside)),
        ("best rate 1 % too good", replace(tuned, rate=tuned.rate - room)),
        ("best rate 1 % too bad", replace(tuned, rate=tuned.rate + room)),
    ]


KIND = Kind(NAME, claims, checks, faults, of_run=False)
