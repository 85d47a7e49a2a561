"""The former names of ``convergence.theory.trace``, for the rooms that still use them."""

from __future__ import annotations

from typing import Any

import sympy as sp

from convergence.rule import Method
from convergence.theory.symbols import CURVATURE
from convergence.theory.system import START
from convergence.theory.trace import MINIMISER as POSITION
from convergence.theory.trace import Traced as _Traced
from convergence.theory.trace import formula, trace_start

__all__ = ["POSITION", "Parabola", "Traced", "formula", "traced_start"]


class Traced(_Traced):
    def __init__(self, formula: sp.Expr, divisors: list[sp.Expr] | None = None) -> None:
        super().__init__(formula, [] if divisors is None else divisors)


class Parabola:
    def __init__(self, at: sp.Expr = POSITION) -> None:
        self.at = at

    def grad(self, x: Any, /) -> _Traced:
        return Traced(CURVATURE * (formula(x) - self.at))

    def solve(self, g: Any, /) -> _Traced:
        return Traced(formula(g) / CURVATURE)


def traced_start(method: Method, x: sp.Expr) -> tuple[sp.Expr, ...]:
    return tuple(entry.subs(START, x) for entry in trace_start(method, START).closed)
