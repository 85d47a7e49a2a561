"""The active set of a tuning problem: where its numerical optimum lies, and which inequalities hold with equality there.

A minimax problem is stationary where as many of its inequalities are active as it has unknowns; these are the equations
that the exact optimum solves. On a plateau fewer are active, and what ends it is kept for each of its ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from convergence.theory.inequalities import Values
from convergence.theory.minimax import Constraint, Minimax, Solution
from convergence.theory.radicals import ROOT_L, ROOT_MU
from convergence.theory.symbols import RATE

SAMPLE = (1.0, 12.25)
"""The spectrum at which active inequalities are looked up; any will do."""


@dataclass(frozen=True)
class ActiveSet:
    """Which inequalities are active at the optimum, and which unknowns are zero; on a plateau also what ends it."""

    active: frozenset[Constraint]
    zero: frozenset[sp.Symbol]
    below: frozenset[Constraint] = frozenset()
    above: frozenset[Constraint] = frozenset()

    @property
    def plateau(self) -> bool:
        return bool(self.below or self.above)

    @property
    def everything(self) -> frozenset[Constraint]:
        return self.active | self.below | self.above


@dataclass(frozen=True)
class NumericalOptimum:
    """One numerical solution and its active_set; ``edges`` are the ends of the plateau, ``fixed`` what was held."""

    solution: Solution
    active_set: ActiveSet
    edges: tuple[float, float]
    fixed: Mapping[sp.Symbol, float]

    @property
    def near(self) -> dict[sp.Symbol, float]:
        """Every letter of the equations with its value here."""
        mu, L = SAMPLE
        return {**self.solution.values, RATE: self.solution.rate, ROOT_MU: mu**0.5, ROOT_L: L**0.5, **self.fixed}


def numerical_optimum(
    problem: Minimax, fixed: Mapping[sp.Symbol, Any], near: NumericalOptimum | None = None
) -> NumericalOptimum:
    """The optimum over the sample spectrum with some letters fixed; with ``near``, the one next to an earlier look."""
    held = {s: float(v) for s, v in fixed.items()}
    with np.errstate(all="ignore"):
        return _optimum(problem, held, None if near is None else near.solution.values)


def _optimum(problem: Minimax, held: dict[sp.Symbol, float], near: Values | None) -> NumericalOptimum:
    solution = problem.polished(*SAMPLE, held, near)
    rate = problem.rate_symbol
    here = ActiveSet(frozenset(solution.active), frozenset(solution.at_zero))
    if rate not in solution.values:
        return NumericalOptimum(solution, here, (0.0, 0.0), held)
    plateau = problem.plateau(*SAMPLE, solution, held)
    if plateau is None:
        return NumericalOptimum(solution, here, (0.0, 0.0), held)
    low, high = plateau
    middle, below, above = (problem.moved(*SAMPLE, solution, at, held) for at in ((low + high) / 2, low, high))
    inside = frozenset(middle.active)
    ends = (frozenset(below.active) - inside, frozenset(above.active) - inside)
    return NumericalOptimum(middle, ActiveSet(inside, frozenset(middle.at_zero), *ends), (low, high), held)
