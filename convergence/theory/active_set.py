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

from convergence.theory.minimax import Constraint, Minimax, Solution
from convergence.theory.radicals import ROOT_L, ROOT_MU
from convergence.theory.symbols import RATE

SAMPLE = (1.0, 12.25)
"""The spectrum at which active inequalities are looked up; any will do."""


@dataclass(frozen=True)
class NumericalOptimum:
    """A numerical ``solution``, ``fixed`` what was held; on a plateau its middle, with the ``edges`` and what ends it there."""

    solution: Solution
    fixed: Mapping[sp.Symbol, float]
    edges: tuple[float, float] | None = None
    below: frozenset[Constraint] = frozenset()
    above: frozenset[Constraint] = frozenset()

    @property
    def active(self) -> frozenset[Constraint]:
        """All inequalities that hold with equality: on a plateau those that end it, too."""
        return self.solution.active | self.below | self.above

    @property
    def pattern(self) -> tuple[frozenset[Any], ...]:
        """What two optima of one closed form have in common."""
        return self.solution.active, self.solution.at_zero, self.below, self.above

    @property
    def near(self) -> dict[sp.Symbol, float]:
        """Every letter of the equations with its value here."""
        mu, L = SAMPLE
        return {**self.solution.values, RATE: self.solution.rate, ROOT_MU: mu**0.5, ROOT_L: L**0.5, **self.fixed}


@np.errstate(all="ignore")
def numerical_optimum(
    problem: Minimax, fixed: Mapping[sp.Symbol, Any], near: NumericalOptimum | None = None
) -> NumericalOptimum:
    """The optimum over the sample spectrum with some letters fixed; with ``near``, the one next to an earlier look."""
    held = {s: float(v) for s, v in fixed.items()}
    solution = problem.polished(*SAMPLE, held, None if near is None else near.solution.values)
    edges = problem.plateau(*SAMPLE, solution, held)
    if edges is None:
        return NumericalOptimum(solution, held)
    middle, below, above = (problem.moved(*SAMPLE, solution, at, held) for at in (sum(edges) / 2, *edges))
    return NumericalOptimum(middle, held, edges, below.active - middle.active, above.active - middle.active)
