"""A rule on a function of one variable: its next state as a formula, with the function's derivatives as the answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import sympy as sp

from convergence.rule import Method
from convergence.theory.cycles import Direction, without_clocks
from convergence.theory.trace import Trace, trace_rule

if TYPE_CHECKING:
    from convergence.landscapes.function import Landscape

Formula = Callable[[sp.Expr], sp.Expr]


def step_map(method: Method, hyper: Mapping[str, sp.Expr], slope: Formula, bend: Formula) -> Direction:
    """The rule with f′ and f″ in the place of the oracles, its clocks run down. NotLinear as for ``direction``."""
    trace = trace_rule(method, hyper)
    return without_clocks(method, trace.inputs, answered(trace, slope, bend))


def function_map(function: Landscape, method: Method, numbers: Mapping[str, sp.Expr]) -> Direction:
    """The rule on a function of one variable."""
    x, slope, bend = function.variables[0], function.derivative(1), function.derivative(2)
    return step_map(method, numbers, lambda e: slope.subs(x, e), lambda e: bend.subs(x, e))


def answered(trace: Trace, slope: Formula, bend: Formula) -> Sequence[sp.Expr]:
    """The next state; a Newton step takes f″ where the gradient was asked last."""
    answers: dict[sp.Symbol, sp.Expr] = {}
    point = trace.inputs[0]
    for question in trace.questions:
        asked = question.asked.xreplace(answers)
        if question.oracle == "grad":
            point, answers[question.answer] = asked, slope(asked)
        else:
            answers[question.answer] = asked / bend(point)
    return [value.xreplace(answers) for value in trace.values]
