"""The derived optimum, bound, rates and noise floors are the published ones.

Formulas are compared in fifty digits at three arbitrary points, not by simplification: two forms of one formula agree
there, and two formulas do not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp

from convergence.evidence.check import DOUBLE_ROOT, FAULT, Check, Kind, compared
from convergence.evidence.experiment import Experiment
from convergence.evidence.literature import BOUND, FLOOR, OPTIMAL, REST, Published, published
from convergence.methods import METHODS
from convergence.numerics.radius import spectral_radius
from convergence.rule import Method
from convergence.theory.noise import floor_of
from convergence.theory.optimum import best
from convergence.theory.region import region
from convergence.theory.system import system

NAME = "published"
DIGITS = 50
IDENTICAL = 1e-40
"""Two formulas that agree to forty of fifty digits at arbitrary points are the same formula."""

POINTS: tuple[dict[str, Any], ...] = tuple(
    {
        "mu": sp.Rational(a, 7),
        "L": sp.Rational(b, 3),
        "lambda": sp.Rational(c, 11),
        "eta": sp.Rational(a, 31),
        "beta": sp.Rational(d, 17),
        "d": sp.Rational(d, 19),
        "nu": sp.Rational(d, 23),
        "delta": sp.Rational(c, 13),
    }
    for a, b, c, d in ((2, 5, 3, 5), (1, 200, 40, 13), (30, 14, 9, 2))
)


@dataclass(frozen=True)
class Claim:
    """A published result, with what was derived ``beside`` it at the points, and the factor that a control puts in."""

    entry: Published
    beside: tuple[tuple[sp.Expr, sp.Expr], ...]
    factor: float = 1.0


def claims(trial: Experiment) -> tuple[Claim, ...]:
    """What the literature says of this method: of one of the catalogue, not of a namesake."""
    known = METHODS.get(trial.method.name) is trial.method
    return tuple(Claim(e, beside(trial.method, e)) for e in published(trial.method.name)) if known else ()


def checks(trial: Experiment, claimed: Sequence[Claim]) -> Sequence[Check]:
    """One check for each published result."""
    return [_check(claim) for claim in claimed]


def _check(claim: Claim) -> Check:
    entry = claim.entry
    exact = entry.kind in (OPTIMAL, BOUND, REST, FLOOR)
    said, seen = max(((claim.factor * a, b) for a, b in claim.beside), key=lambda pair: _apart(*pair))
    why = (
        "the same formulas, to 40 digits at three points" if exact else "eigenvalues in floats, √ε at critical damping"
    )
    words = f"{entry.kind}: {entry.claim} ({entry.source})"
    tolerance = IDENTICAL if exact else DOUBLE_ROOT  # a standard tuning may damp critically
    return compared(NAME, words, float(said), float(seen), _apart(said, seen), tolerance, why)


def _apart(said: sp.Expr, seen: sp.Expr) -> float:
    return float(abs(said - seen) / max(abs(said), 1)) if seen.is_finite else float("inf")


def beside(method: Method, entry: Published) -> tuple[tuple[sp.Expr, sp.Expr], ...]:
    """What is published beside what was derived, at all points."""
    return tuple(pair for point in POINTS for pair in _pairs(method, entry, point))


def _pairs(method: Method, entry: Published, point: Mapping[str, Any]) -> list[tuple[sp.Expr, sp.Expr]]:
    """What is published beside what was derived, at a point: the value, and for an optimum the hyperparameters too."""
    said = _value(entry.value, point)
    if entry.kind == OPTIMAL:
        optimum = best(method, entry.given)
        hyper = [(_value(formula, point), _value(optimum.hyper[name], point)) for name, formula in entry.hyper.items()]
        return [(said, _value(optimum.rate, point)), *hyper]
    if entry.kind == BOUND:
        return [(said, _value(region(method).lr_max, point))]
    if entry.kind == FLOOR:
        return [(said, _value(floor_of(method).loss, point))]
    if entry.kind == REST:
        settings = {method.symbols[name]: formula for name, formula in entry.hyper.items()}
        return [(said, _value(system(method).rest[0].subs(settings), point))]
    return [(said, sp.Float(_rate_at(method, entry, point)))]


def _rate_at(method: Method, entry: Published, point: Mapping[str, Any]) -> float:
    hyper = {name: float(_value(formula, point)) for name, formula in entry.hyper.items()}
    hyper = {**dict(method.defaults), **hyper}
    ends = np.array([float(point["mu"]), float(point["L"])])
    return float(spectral_radius(method, ends, over="spectrum", **hyper))


def _value(formula: sp.Expr | None, point: Mapping[str, Any]) -> sp.Expr:
    """The formula at a point; nan, which agrees with nothing, where none was derived."""
    return sp.nan if formula is None else formula.subs({s: point[s.name] for s in formula.free_symbols}).evalf(DIGITS)


def faults(trial: Experiment, claimed: Sequence[Claim]) -> Sequence[tuple[str, Any]]:
    """Each published value one per cent larger: a result of 0 is left out, which no factor moves."""
    wrong = tuple(replace(claim, factor=1 + FAULT) for claim in claimed if claim.entry.value != 0)
    return [("published values off by 1 %", wrong)] if wrong else []


KIND = Kind(NAME, claims, checks, faults, of_run=False)
