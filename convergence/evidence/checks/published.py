"""The derived optimum, bound and rates are the published ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from convergence.evidence.check import Check, compared
from convergence.evidence.checks.kind import FAULT, Kind
from convergence.evidence.literature import BOUND, OPTIMAL, Published, published
from convergence.evidence.setting import Setting
from convergence.numerics.radius import spectral_radius
from convergence.rule import Method
from convergence.theory.optimum import best
from convergence.theory.stability import region

NAME = "published"
DIGITS = 50
IDENTICAL = 1e-40
"""Two formulas that agree to forty of fifty digits at arbitrary points are the same formula."""

CRITICAL = 8 * float(np.finfo(float).eps) ** 0.5
"""A standard tuning may damp critically; its eigenvalues are then known to √ε."""

POINTS: tuple[dict[str, Any], ...] = tuple(
    {
        "mu": sp.Rational(a, 7),
        "L": sp.Rational(b, 3),
        "lambda": sp.Rational(c, 11),
        "beta": sp.Rational(d, 17),
        "d": sp.Rational(d, 19),
    }
    for a, b, c, d in ((2, 5, 3, 5), (1, 200, 40, 13), (30, 14, 9, 2))
)


@dataclass(frozen=True)
class Claim:
    """A published result, with the factor that a control puts in."""

    entry: Published
    factor: float = 1.0


def claims(setting: Setting) -> tuple[Claim, ...]:
    """What the literature says of this method."""
    return tuple(Claim(entry) for entry in published(setting.method.name))


def checks(setting: Setting, claimed: Sequence[Claim]) -> Sequence[Check]:
    """One check for each published result."""
    return [_check(setting.method, claim) for claim in claimed]


def _check(method: Method, claim: Claim) -> Check:
    entry = claim.entry
    derived = _derived(method, entry)
    said = [claim.factor * _value(entry.value, point) for point in POINTS]
    seen = [
        _value(d, point) if isinstance(d, sp.Basic) else sp.Float(d) for d, point in zip(derived, POINTS, strict=True)
    ]
    worst = max(range(len(POINTS)), key=lambda k: abs(said[k] - seen[k]))
    exact = entry.kind in (OPTIMAL, BOUND)
    why = (
        "the same formula, to 40 digits at three points"
        if exact
        else "eigenvalues in floating point, √ε at critical damping"
    )
    error = float(abs(said[worst] - seen[worst]))
    words = f"{entry.kind}: {entry.claim} ({entry.source})"
    return compared(NAME, words, float(said[worst]), float(seen[worst]), error, IDENTICAL if exact else CRITICAL, why)


def _derived(method: Method, entry: Published) -> list[Any]:
    """The package's own answer at each point: a formula, or a number where only arrays can tell."""
    if entry.kind == OPTIMAL:
        return [best(method, {}).rate] * len(POINTS)
    if entry.kind == BOUND:
        return [region(method).lr_max] * len(POINTS)
    return [_rate_at(method, entry, point) for point in POINTS]


def _rate_at(method: Method, entry: Published, point: Mapping[str, Any]) -> float:
    hyper = {name: float(_value(formula, point)) for name, formula in entry.hyper.items()}
    hyper = {**dict(method.defaults), **hyper}
    ends = np.array([float(point["mu"]), float(point["L"])])
    return float(spectral_radius(method, ends, over="spectrum", **hyper))


def _value(formula: sp.Expr, point: Mapping[str, Any]) -> sp.Float:
    return formula.subs({s: point[s.name] for s in formula.free_symbols}).evalf(DIGITS)


def faults(setting: Setting, claimed: Sequence[Claim]) -> Sequence[tuple[str, Any]]:
    """Each published value one per cent larger: a result of 0 is left out, which no factor moves."""
    wrong = tuple(Claim(claim.entry, 1 + FAULT) for claim in claimed if claim.entry.value != 0)
    return [("published values off by 1 %", wrong)] if wrong else []


KIND = Kind(NAME, claims, checks, faults)
