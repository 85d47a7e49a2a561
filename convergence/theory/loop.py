"""The open loop of a linear method: the rule before the objective's answers are put in, and its first state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import sympy as sp

from convergence.algebra import cancelled
from convergence.rule import Method
from convergence.theory.linearisation import Map, linearised
from convergence.theory.rest import Rest, rest_of
from convergence.theory.symbols import rewritten, tidy
from convergence.theory.trace import MINIMISER, Formulas, trace_start

START = sp.Symbol("x0", real=True)
"""The coordinate of the first position."""


@dataclass(frozen=True)
class Loop:
    """A linear method, its objective left open: state ← P·state + U·answers, gradients asked at R·state + D·answers.

    With s states and g questions a step. Closed by answers γ = λ·question it is the iteration matrix; its transfer
    function R(zI − P)⁻¹U is the method without its letters, and two linear methods are one exactly where these agree.
    Noise in a gradient enters by U (a Lur'e system, as in Lessard, Recht and Packard 2016, eq. 2.1).

    Attributes
    ----------
    P
        (s, s): what becomes of the state where all answers are 0.
    U
        (s, g): what an answer adds to it.
    R
        (g, s): where the questions are asked.
    D
        (g, g), strictly lower triangular: a later question of a step may use an earlier answer.
    gains
        (g,), what a parabola ½λx² answers with: λ times what it is asked, for a gradient; 1/λ, for a Newton step.
    """

    P: sp.ImmutableMatrix
    U: sp.ImmutableMatrix
    R: sp.ImmutableMatrix
    D: sp.ImmutableMatrix
    gains: tuple[sp.Expr, ...]

    def closed(self) -> sp.Matrix:
        """The iteration matrix along a direction of curvature λ: P + U(I − GD)⁻¹GR with G the gains' diagonal.

        >>> import convergence as cv
        >>> cv.derive("heavy_ball").loop.closed() == cv.derive("heavy_ball").matrix
        True
        """
        return self.driven(self.gains, sp.zeros(len(self.gains), 1))[0]

    def driven(self, gains: Formulas, inputs: sp.Matrix) -> tuple[sp.Matrix, sp.Matrix]:
        """A and B of state ← A·state + B·u, where a step's questions q are answered with γ = Gq + inputs·u."""
        if not gains:
            return sp.Matrix(self.P), sp.zeros(self.P.rows, inputs.cols)
        gain = sp.diag(*gains)
        answers = self.U * (sp.eye(len(gains)) - gain * self.D).inv()
        return self.P + answers * gain * self.R, answers * inputs

    def at(self, values: Mapping[sp.Symbol, sp.Expr]) -> Loop:
        """The same with letters replaced."""
        return rewritten(self, values, "P", "U", "R", "D")


@cache
def loop_of(method: Method, names: tuple[str, ...]) -> Loop:
    """The open loop in these states, by differentiating the trace where the method rests. NotLinear where it has none."""
    rest = rest_of(method)
    trace, size = rest.trace, len(names)
    answers = tuple(q.answer for q in trace.questions)
    moving = [method.state.index(name) for name in names]
    letters = (*(trace.inputs[k] for k in moving), *answers)
    formulas = (*(trace.values[k] for k in moving), *(q.asked for q in trace.questions))
    jacobian = sp.Matrix(formulas).jacobian(letters).applyfunc(cancelled)
    if jacobian.has(*letters):
        jacobian = _slope_at_rest(method, rest, letters, formulas, moving)
    jacobian, states, asked = sp.ImmutableMatrix(jacobian.applyfunc(tidy)), slice(size), slice(size, None)
    P, U, R, D = (jacobian[rows, columns] for rows in (states, asked) for columns in (states, asked))
    return Loop(P, U, R, D, tuple(q.gain for q in trace.questions))


def _slope_at_rest(
    method: Method, rest: Rest, letters: Formulas, formulas: Formulas, moving: Sequence[int]
) -> sp.Matrix:
    """The derivative of a rule that is not linear in its state and the answers, at rest; there its clocks have run down."""
    still = dict(zip(rest.trace.inputs, rest.state, strict=True))
    stopped = {s: still[s] for s in rest.trace.inputs if s not in letters}
    formulas = tuple(entry.subs(stopped) for entry in formulas)
    states = tuple(still[rest.trace.inputs[k]] for k in moving)
    at = (*states, *(rest.trace.answered(q.answer).subs(still) for q in rest.trace.questions))
    image = (*states, *(q.asked.subs(dict(zip(letters, at, strict=True))) for q in rest.trace.questions))
    return linearised(Map(method.name, tuple(map(str, letters)), letters, formulas, at, image))


def first_state(method: Method, names: Sequence[str], letter: sp.Symbol) -> sp.ImmutableMatrix:
    """How the first state (s, 1) depends on one of the two: the first position, START, or the MINIMISER."""
    trace = trace_start(method, START)
    entries = [trace.closed[method.state.index(name)] for name in names]
    return sp.ImmutableMatrix([cancelled(sp.diff(entry, letter).subs(START, MINIMISER)) for entry in entries])
