"""Equivariance of an update rule, proved on symbols: F(Ts) = T F(s) where the objective is transformed too.

A rule that can be read on symbols treats every coordinate alike. It commutes with a permutation for that reason, and with
every rotation exactly where it is linear in the state and in the gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import sympy as sp

from convergence.algebra import cancelled
from convergence.rule import Method
from convergence.theory.symmetric_cycles import same
from convergence.theory.trace import MINIMISER, Trace, trace_rule, trace_start

Change = Callable[[sp.Expr], sp.Expr]

FACTOR = sp.Symbol("c", positive=True)
SHIFT = sp.Symbol("h", real=True)


@dataclass(frozen=True)
class Action:
    """What a change of the objective does: to each ``state`` (the position first), to answers by oracle, to letters.

    ``gradient`` is the factor of gradients, and of what Newton steps are asked of; ``newton`` that of Newton steps.
    """

    state: tuple[Change, ...]
    gradient: sp.Expr
    newton: sp.Expr
    letters: Mapping[sp.Symbol, sp.Expr]


def scaling(powers: Sequence[int], position: int, gradient: int, letters: Mapping[sp.Symbol, int]) -> Action:
    """The action of a factor c > 0 by powers of it: of the buffers, the position, gradients and letters."""
    changes = tuple(_times(FACTOR**power) for power in (position, *powers))
    return Action(changes, FACTOR**gradient, FACTOR**position, {s: s * FACTOR**k for s, k in letters.items()})


def reflection(signs: Sequence[int]) -> Action:
    """The action of a change of sign on one coordinate, by the buffers' signs."""
    minus = sp.Integer(-1)
    return Action(tuple(_times(sp.Integer(s)) for s in (-1, *signs)), minus, minus, {})


def translation(moved: Sequence[int]) -> Action:
    """The action of a shift of the origin: which buffers are positions, 1 or 0."""
    changes = tuple((lambda v, k=k: v + k * SHIFT) for k in (1, *moved))
    return Action(changes, sp.Integer(1), sp.Integer(1), {})


def _times(factor: sp.Expr) -> Change:
    return lambda value: factor * value


def commutes(method: Method, action: Action) -> bool:
    """Whether the rule and its start commute with an action. False without a proof, and where a norm couples coordinates."""
    rule, start = trace_rule(method), trace_start(method, MINIMISER)
    if rule.couples or start.couples:
        return False
    state = {s: change(s) for s, change in zip(rule.inputs, action.state, strict=True)}
    return _commutes(rule, action, state) and _commutes(start, action, {MINIMISER: action.state[0](MINIMISER)})


def _commutes(trace: Trace, action: Action, inputs: Mapping[sp.Symbol, sp.Expr]) -> bool:
    factors = {"grad": action.gradient, "solve": action.newton}
    answers = {q.answer: factors[q.oracle] * q.answer for q in trace.questions}
    changed = {**inputs, **answers, **action.letters}
    asked = {"grad": action.state[0], "solve": _times(action.gradient)}
    pairs = [(q.asked, asked[q.oracle]) for q in trace.questions]
    pairs += list(zip(trace.values, action.state, strict=True))
    return all(same(value.subs(changed, simultaneous=True), change(value)) for value, change in pairs)


def linear(method: Method, clocks: Sequence[str] = ()) -> bool:
    """Whether rule and start are linear in states and answers, without a constant: then every rotation commutes with them.

    ``clocks`` are states that are numbers, not vectors; they may be factors.
    """
    rule, start = trace_rule(method), trace_start(method, MINIMISER)
    places = [k for k, name in enumerate(method.state) if name not in clocks]
    moving = [rule.inputs[k] for k in places]
    kept = [start.values[k] for k in places]
    return _linear(rule, moving, [rule.values[k] for k in places]) and _linear(start, [MINIMISER], kept)


def _linear(trace: Trace, inputs: Sequence[sp.Symbol], values: Sequence[sp.Expr]) -> bool:
    letters = [*inputs, *(q.answer for q in trace.questions)]
    return all(_homogeneous(f, letters) for f in (*values, *(q.asked for q in trace.questions)))


def _homogeneous(formula: sp.Expr, letters: Sequence[sp.Symbol]) -> bool:
    slopes = [cancelled(sp.diff(formula, s)) for s in letters]
    if any(slope.has(*letters) for slope in slopes):
        return False
    return bool(cancelled(formula - sp.Add(*(k * s for k, s in zip(slopes, letters, strict=True)))) == 0)
