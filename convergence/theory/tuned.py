"""An optimum in numbers, for one spectrum: a closed form evaluated, or the best that a search finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import sympy as sp

from convergence.crossing import precise
from convergence.roots import meeting_roots
from convergence.rule import Method
from convergence.theory.cells import is_scale_free
from convergence.theory.deadline import Deadline, within
from convergence.theory.minimax import Minimax, Solution
from convergence.theory.pieces import Piece
from convergence.theory.region import region
from convergence.theory.symbols import CURVATURE, LARGEST, MU, RATE
from convergence.theory.system import system
from convergence.theory.unknowns import unknowns

DIGITS = 50
"""Digits in which formulas are evaluated at numbers, before they become floats."""

GUARD = 70
"""Digits more that are computed with: terms that cancel lose some."""

ROUNDING = 1e-12
"""A rate found numerically that is nearer to 1 than this is 1."""

SLIGHTLY = sp.Rational(1, 10**9)
"""So near a formula's rate is looked at, in parts of its distance from 1: roots that meet have half of the forty digits."""

NEAR_INFIMUM = 1e-9
"""Settings whose rate is this near to an infimum that nothing attains stand for it."""

FAR = 1e9
"""A learning rate beyond this many times the inverse ends of the spectrum was driven there: nothing attains the best."""


@dataclass(frozen=True)
class Tuned:
    """An optimum in floats, for one spectrum.

    Attributes
    ----------
    hyper
        Name -> value.
    rate
        The largest spectral radius over [μ, L]: the factor per step, in the end.
    plateau
        (low, high) of the learning rates that are as good; None for one point.
    note
        Empty where a closed form was evaluated; else what the numbers are: the best that a search found, or that they
        come near to an infimum which nothing attains.
    """

    hyper: dict[str, float]
    rate: float
    plateau: tuple[float, float] | None
    note: str = ""


def closed(method: Method, piece: Piece, point: Mapping[sp.Symbol, float]) -> Tuned | None:
    """The piece in numbers; None where they are no answer: nothing finite, or not attained there with a rate below 1."""
    rate = _chopped(_number(piece.rate, point))
    hyper = {name: _number(value, point) for name, value in piece.hyper.items()}
    if not (rate.is_finite and 0 <= rate < 1 and all(value.is_finite for value in hyper.values())):
        return None
    floats = {name: float(value if name == method.rate else _chopped(value)) for name, value in hyper.items()}
    if any(floats[name] <= 0 for name, domain in method.domains.items() if domain.is_rate):
        return None
    if not (_attained(method, floats, float(rate), point) or _attained_to_digits(method, hyper, rate, point)):
        return None
    if piece.plateau is None:
        return Tuned(floats, float(rate), None)
    low, high = (float(_number(end, point)) for end in piece.plateau.args[:2])
    return Tuned(floats, float(rate), (low, high))


def _attained(method: Method, hyper: Mapping[str, float], rate: float, point: Mapping[sp.Symbol, float]) -> bool:
    """Whether the hyperparameters have the rate on [μ, L], computed in floats."""
    derived = system(method)
    settings = {method.symbols[name]: value for name, value in hyper.items()}
    reached = float(Minimax(derived, ()).worst(point[MU], point[LARGEST], settings))
    return abs(reached - rate) <= meeting_roots(len(derived.state))


def _attained_to_digits(
    method: Method, hyper: Mapping[str, sp.Expr], rate: sp.Expr, point: Mapping[sp.Symbol, float]
) -> bool:
    """The same where a float cannot hold the setting: just above the rate all inequalities are met, just below not all."""
    problem = Minimax(system(method), ())
    letters = (CURVATURE, RATE, *(method.symbols[name] for name in hyper))
    below, above = (
        min(
            min(precise(letters, problem.polynomials, (curvature, rate + room, *hyper.values())))
            for curvature in problem.spectrum(point[MU], point[LARGEST])
        )
        for room in (-SLIGHTLY * (1 - rate), SLIGHTLY * (1 - rate))
    )
    return bool(below < 0 <= above)


def searched(method: Method, mu: float, L: float, given: dict[str, float], seconds: float) -> Tuned | None:
    """The best that a search finds, and a note that says so; None where nothing converges."""
    deadline = within(seconds)
    tuned = _numeric(method, mu, L, tuple(given.items()), deadline)
    return replace(tuned, note=f"{tuned.note} in {seconds:g} s") if tuned and deadline.over else tuned


@lru_cache(256)
def _numeric(
    method: Method, mu: float, L: float, given: tuple[tuple[str, float], ...], deadline: Deadline
) -> Tuned | None:
    fixed = dict(given)
    derived, names = system(method), unknowns(method, tuple(fixed))[0]
    letters, domains = method.symbols, method.domains
    scale = float(L) if is_scale_free(derived) else 1.0  # then [μ/L, 1] stands for all spectra of its condition number
    units = {letters[n]: scale ** domains[n].unit for n in method.hyper}
    held = {letters[n]: float(v) / units[letters[n]] for n, v in fixed.items()}
    problem = Minimax(derived, tuple(letters[n] for n in names), deadline, _unit(method, held))
    bottom, top = float(mu) / scale, float(L) / scale
    with np.errstate(all="ignore"):
        solution = problem.best(bottom, top, held)
        if solution.rate >= 1 - ROUNDING:
            return None
        solution, attained = _near_infimum(problem, bottom, top, solution, held)
        plateau = problem.plateau(bottom, top, solution, held) if attained else None
    values = {s: float(v * units[s]) for s, v in {**held, **solution.values}.items()}
    if plateau is not None and problem.rate_symbol is not None:
        low, high = (float(end * units[problem.rate_symbol]) for end in plateau)
        plateau = low, high
    note = "best found by search" if attained else "near an infimum that nothing attains, found by search"
    return Tuned({n: values[letters[n]] for n in method.hyper}, float(solution.rate), plateau, note)


def _unit(method: Method, held: Mapping[sp.Symbol, float]) -> float:
    """Of a rule that was linearised, what its largest learning rate at a curvature of 1 is in parts of the usual."""
    if system(method).linear:
        return 1.0
    bound = region(method).lr_max
    value = None if bound is None else bound.subs({CURVATURE: 1, **held})
    return float(value) if value is not None and value.is_number and 0 < value < sp.oo else 1.0


def _near_infimum(
    problem: Minimax, mu: float, L: float, solution: Solution, fixed: Mapping[sp.Symbol, float]
) -> tuple[Solution, bool]:
    """The solution, and True; or where a learning rate was driven away without end, a nearer one almost as good, and False."""
    rate = problem.rate_symbol
    if rate not in solution.values or 1 / (L * FAR) < solution.values[rate] / problem.unit < FAR / mu:
        return solution, True
    trials = np.geomspace(problem.unit / L, solution.values[rate], 400)
    reached = problem.worst(mu, L, {**fixed, **solution.values, rate: trials})
    values = {**solution.values, rate: float(trials[np.argmax(reached <= solution.rate + NEAR_INFIMUM)])}
    return replace(solution, values=values, rate=problem.largest(mu, L, {**fixed, **values})[1]), False


def _number(formula: sp.Expr, point: Mapping[sp.Symbol, float]) -> sp.Expr:
    """The formula at exact numbers, to fifty digits: κ = 1e30 is no trouble. nan where it is not real there."""
    try:
        (value,) = precise(tuple(point), (formula,), tuple(point.values()), DIGITS + GUARD)
    except ZeroDivisionError:
        return sp.nan
    if abs(value.imag) > abs(value.real) * 10.0 ** (-DIGITS // 2):
        return sp.nan
    return sp.Float(value.real, DIGITS)


def _chopped(value: sp.Expr) -> sp.Expr:
    """Zero for what is zero up to the digits computed: a number of the size of 1 that vanished."""
    return sp.Integer(0) if value.is_finite and abs(value) < sp.Float(10) ** (-DIGITS // 2) else value
