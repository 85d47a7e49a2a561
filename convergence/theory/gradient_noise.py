"""How noise in the gradients enters a step: γ = Gq + nξ in the letters of the ``Loop``, n being 1 for a gradient, else 0.

All gradients of a step share one ξ, as they share a minibatch, unless they are ``fresh``; a Newton step's Hessian is exact.
"""

from __future__ import annotations

import sympy as sp

from convergence.theory.loop import Loop
from convergence.theory.rest import rest_of
from convergence.theory.symbols import CURVATURE
from convergence.theory.system import System


def heard(loop: Loop) -> list[int]:
    """Which questions of a step ask for a gradient: those that noise enters by."""
    return [k for k, gain in enumerate(loop.gains) if gain == CURVATURE]


def entering(loop: Loop, fresh: bool = False) -> sp.Matrix:
    """B (s, 1), or (s, gradients) where each has noise of its own: what unit noise in the gradients adds to the state."""
    return loop.driven(loop.gains, noisy(loop, fresh))[1]


def answered_points(loop: Loop, fresh: bool = False) -> tuple[sp.Matrix, sp.Matrix]:
    """What a step's questions are asked, each a row: as the state has it (g, s), and as the step's own noise has it.

    q = Rs + Dγ and γ = Gq + nξ give q = (I − DG)⁻¹(Rs + Dnξ).
    """
    count = len(loop.gains)
    inverse = (sp.eye(count) - loop.D * sp.diag(*loop.gains)).inv()
    return inverse * loop.R, inverse * loop.D * noisy(loop, fresh)


def noisy(loop: Loop, fresh: bool = False) -> sp.Matrix:
    """n: which of a step's answers are noisy, a column, or a column for each where each has noise of its own."""
    count, gradients = len(loop.gains), heard(loop)
    if fresh:
        return sp.Matrix(count, len(gradients), lambda i, j: int(i == gradients[j]))
    return sp.Matrix(count, 1, lambda i, _: int(i in gradients))


def named_points(derived: System) -> dict[int, str]:
    """The points of the step's gradients, by the place of their question: as they stand in the rule, x - beta*m."""
    trace, names = rest_of(derived.method).trace, derived.method.state
    letters = {s: sp.Symbol(name) for s, name in zip(trace.inputs, names, strict=True)}
    spelled: dict[int, str] = {}
    for k, question in enumerate(trace.questions):
        spelled[k] = _sum(question.asked.xreplace(letters), list(letters.values()))
        letters[question.answer] = sp.Symbol(f"{question.oracle}({spelled[k]})")
    return {k: spelled[k] for k in heard(derived.loop)}


def _sum(formula: sp.Expr, states: list[sp.Symbol]) -> str:
    """A formula as text, its terms in the order of the states: the position first."""

    def place(term: sp.Expr) -> tuple[int, int, str]:
        first = min((k for k, state in enumerate(states) if term.has(state)), default=len(states))
        return first, sp.count_ops(term), str(term)

    terms = sorted(sp.Add.make_args(formula), key=place)
    signed = [f" - {-term}" if term.could_extract_minus_sign() else f" + {term}" for term in terms]
    text = "".join(signed)
    return text[3:] if text.startswith(" + ") else f"-{text[3:]}"
