"""Where a rule rests: the state that it leaves as it is, at the minimiser or, with weight decay, at a part of it.

Three states are tried: the first one, the minimiser with buffers solved for, and (with weight decay) the fixed point
of an affine update. A rule that counts its steps, t ← t + 1, rests nowhere; with βᵗ in the place of t it does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import sympy as sp

from convergence.algebra import cancelled
from convergence.errors import NotLinear
from convergence.rule import Method
from convergence.theory.clock import stopped_clocks
from convergence.theory.symbols import CURVATURE
from convergence.theory.trace import MINIMISER, Formulas, Trace, trace_rule, trace_start


@dataclass(frozen=True)
class Rest:
    """A rule's ``trace`` and its ``start``'s, its closed ``update``, whether that is affine, and the ``state`` at rest."""

    trace: Trace
    start: Trace
    update: Formulas
    linear: bool
    state: Formulas

    @property
    def poles(self) -> Formulas:
        """What the rule divides by at rest: where one of these vanishes it has no value, even if it cancels."""
        at = dict(zip(self.trace.inputs, self.state, strict=True))
        divisors = [cancelled(trace.answered(d)) for trace in (self.trace, self.start) for d in trace.divisors]
        divisors = divisors if self.linear else [sp.simplify(d.subs(at)) for d in divisors]
        inner = {*self.trace.inputs, MINIMISER}
        return tuple(dict.fromkeys(d for d in divisors if d.free_symbols and not d.free_symbols & inner))


@cache
def rest_of(method: Method) -> Rest:
    """Where a method rests. NotLinear, with the reason, where there is no such state."""
    trace, start = trace_rule(method), trace_start(method)
    update = tuple(_reduced(entry, trace.inputs) for entry in trace.closed)
    linear = all(is_affine(entry, trace.inputs) for entry in update)
    return Rest(trace, start, update, linear, _state(method, update, trace.inputs, start.closed, linear))


@cache
def held_state(rest: Rest) -> int | None:
    """The place of a buffer that stays whatever it holds while the others rest, as a sum of squares does; None where none is.

    Then a rule rests on a line of states, and not only at its own ``state``.
    """
    letter = sp.Symbol("c", positive=True)
    for k in range(1, len(rest.state)):
        if _still(rest.update, rest.trace.inputs, (*rest.state[:k], letter, *rest.state[k + 1 :])):
            return k
    return None


def _reduced(entry: sp.Expr, state: Sequence[sp.Symbol]) -> sp.Expr:
    """An entry that is not affine as it was written may be so in lowest terms: f(x+1) − f(x) is free of x."""
    if entry.is_polynomial(*state) or not entry.is_rational_function(*state):
        return entry
    short = cancelled(entry)
    return short if short.is_polynomial(*state) else entry


def is_affine(entry: sp.Expr, state: Sequence[sp.Symbol]) -> bool:
    poly = sp.expand(entry)
    return bool(poly.is_polynomial(*state)) and sp.Poly(poly, *state).total_degree() <= 1


def _state(
    method: Method, update: Formulas, state: Sequence[sp.Symbol], guess: Formulas, linear: bool
) -> tuple[sp.Expr, ...]:
    """The state in which the method stays: at the minimiser if it can, or at a part of it if a hyperparameter decays x."""
    clocks = stopped_clocks(state, update)
    moving = [s for s in state if s not in clocks]
    left = [sp.sympify(u).subs(clocks) for u, s in zip(update, state, strict=True) if s not in clocks]
    if _still(update, state, guess):
        return guess
    for found in (_buffers_at_minimiser(left, moving), _shrunk(method, left, moving)):
        values = {**clocks, **dict(zip(moving, found or (), strict=False))}
        if found is not None and _still(update, state, rest := tuple(values[s] for s in state)):
            return rest
    heard = {*state, MINIMISER, CURVATURE}
    counters = [
        n for n, s, u in zip(method.state, state, update, strict=True) if u != s and not (u - s).free_symbols & heard
    ]
    if counters:
        raise NotLinear(
            f"{method.name} has no iteration matrix: its state {counters[0]} counts on for ever. Let it hold what runs down, "
            f"βᵗ in the place of t: p = momentum * p, from 1"
        )
    if any(u.subs(dict(zip(state, guess, strict=True))).has(sp.nan, sp.zoo) for u in update):
        raise NotLinear(
            f"{method.name} has no iteration matrix: it divides nothing by nothing at the minimiser, and does not rest there. "
            f"What it does there instead: cycles({method.name!r})"
        )
    if any(domain.unit == 1 for domain in method.domains.values()) and not linear:
        raise NotLinear(
            f"{method.name} has no one iteration matrix: its weight decay moves the rest off the minimiser, its step is not "
            f"linear. How far, and the largest learning rate there: rests({method.name!r})"
        )
    raise NotLinear(
        f"{method.name} has no iteration matrix: it does not rest at the minimiser "
        f"(from there, one step leads to {', '.join(str(u.subs(dict(zip(state, guess, strict=True)))) for u in update)}); "
        f"if that is weight decay, make its strength a hyperparameter"
    )


def _buffers_at_minimiser(update: Sequence[sp.Expr], state: Sequence[sp.Symbol]) -> Formulas | None:
    """The buffers that stay when the position is at the minimiser, where their own equations are linear there.

    The clocks have been stopped: what a state that hears only itself runs down to may make the other equations linear.
    """
    buffers = state[1:]
    if not buffers:
        return (MINIMISER,)
    still, *own = (sp.expand((u - s).subs(state[0], MINIMISER)) for u, s in zip(update, state, strict=True))
    if not all(is_affine(equation, buffers) for equation in own):
        return None
    equations = [still, *own] if is_affine(still, buffers) else own  # the position stays, too
    open_ones = dict.fromkeys(buffers, 0)
    return next(((MINIMISER, *(v.subs(open_ones) for v in found)) for found in sp.linsolve(equations, *buffers)), None)


def _shrunk(method: Method, update: Sequence[sp.Expr], state: Sequence[sp.Symbol]) -> Formulas | None:
    """The one fixed point of an affine update, if it is a multiple of the minimiser that some hyperparameter at 0 makes it."""
    if not all(is_affine(u, state) for u in update):
        return None
    decays = [letter for name, letter in method.symbols.items() if name != method.rate]
    for solution in sp.linsolve([sp.expand(u - s) for u, s in zip(update, state, strict=True)], *state):
        part = cancelled(solution[0] / MINIMISER)
        proportional = not any(entry.has(*state) or entry.subs(MINIMISER, 0) != 0 for entry in solution)
        if proportional and any(cancelled(part.subs(decay, 0)) == 1 for decay in decays):
            return tuple(sp.factor(entry) for entry in solution)
    return None


def _still(update: Sequence[sp.Expr], state: Sequence[sp.Symbol], rest: Sequence[sp.Expr]) -> bool:
    at = dict(zip(state, rest, strict=True))
    return all(_vanishes(u.subs(at) - r) for u, r in zip(update, rest, strict=True))


def _vanishes(formula: sp.Expr) -> bool:
    """Rational over ℚ, a formula is decided in lowest terms: a tenth of the work of ``simplify``, and no guess."""
    parts = list(sp.preorder_traversal(formula))
    whole = all(p.is_Add or p.is_Mul or p.is_Symbol or p.is_Rational or (p.is_Pow and p.exp.is_Integer) for p in parts)
    return bool((cancelled if whole else sp.simplify)(formula) == 0)
