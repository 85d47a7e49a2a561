"""The states in which a rule stays along one direction: its minimiser, a line of states, or, under weight decay, a box.

Three kinds are read off the rule. At the minimiser, buffers solved for (``rest_of``). A line: a buffer stays whatever it holds,
as Adagrad's sum does, and the learning rate that is too large depends on it. Off the minimiser: the decay's pull and a step of
bounded length balance; the equations of rest are solved for the gradient there, −u with u > 0 for a minimiser w > 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import sympy as sp

from convergence.errors import NotLinear
from convergence.rule import Method
from convergence.theory.clock import keeps_time, stopped
from convergence.theory.letters import Letters, letters_of, sign_of
from convergence.theory.linearisation import Map, linearised
from convergence.theory.region import lr_max_of, region
from convergence.theory.rest import held_state, rest_of
from convergence.theory.signed import buffers, lowest_terms
from convergence.theory.symbols import CURVATURE, factored, tidy
from convergence.theory.system import System, characteristic, system
from convergence.theory.trace import MINIMISER, trace_rule

POSITION = sp.Symbol("x", nonnegative=True)
"""Where it rests, as a letter: off the minimiser the multipliers are rational in it."""

W, PULL = sp.Dummy("w", positive=True), sp.Dummy("u", positive=True)


@dataclass(frozen=True)
class Balance:
    """A rest as formulas in the method's letters and in w > 0, or in that of ``held``; ``system`` is the rule near it.

    ``kind`` is "point", "line" or "box"; ``position`` a formula in w. Off the minimiser ``system`` and ``lr_max`` are in the
    letter POSITION, of which ``minimiser`` is a function, and ``wall`` is what the position never passes. ``exists`` is to be
    positive.
    """

    kind: str
    position: sp.Expr
    state: tuple[sp.Expr, ...]
    system: System
    lr_max: sp.Expr | None
    decided: bool
    held: str | None = None
    minimiser: sp.Expr | None = None
    wall: sp.Expr | None = None
    exists: sp.Expr = sp.S.One


@cache
def balance_of(method: Method) -> Balance:
    """Where a method rests on ½λ(x − w)². NotLinear, with the reason, where there is no such state, or no formula of it."""
    try:
        rest = rest_of(method)
    except NotLinear:
        if not any(domain.unit == 1 for domain in method.domains.values()):
            raise
        return _off_minimiser(method)
    if not rest.linear and held_state(rest) is not None:
        return _line(method)
    derived, stable = system(method), region(method)
    state = tuple(entry.subs(MINIMISER, W) for entry in rest.state)
    return Balance("point", state[0], state, derived, stable.lr_max, stable.decided)


def _line(method: Method) -> Balance:
    """The derivative with the held buffer at a letter of its own, that buffer's row and column taken out: nothing enters it."""
    rest = rest_of(method)
    state, place = rest.trace.inputs, held_state(rest)
    assert place is not None
    letter = sp.Symbol(method.state[place], positive=True)
    clocks = [k for k, s in enumerate(state) if k and keeps_time(rest.update[k], s, state)]
    moving = [k for k in range(len(state)) if k not in (place, *clocks)]
    at = {**dict(zip(state, rest.state, strict=True)), state[place]: letter}
    readings = {state[k]: rest.state[k] for k in clocks}
    entries = [_larger_ones(rest.update[k].subs(readings), at) for k in moving]
    matrix = sp.Matrix(entries).jacobian([state[k] for k in moving]).subs(at)
    names = tuple(method.state[k] for k in moving)
    values = tuple(sp.sympify(at[s]).subs(MINIMISER, W) for s in state)
    near = _judged(method, names, matrix, {method.state[place]: letter})
    return Balance("line", W, values, *near, held=method.state[place])


def _larger_ones(entry: sp.Expr, at: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
    """The rule near the point, where each maximum has one largest value."""
    for bound in entry.atoms(sp.Max, sp.Min):
        winner = bound.func(*(a.subs(at) for a in bound.args))
        (one,) = (a for a in bound.args if a.subs(at) == winner)
        entry = entry.xreplace({bound: one})
    return entry


def _off_minimiser(method: Method) -> Balance:
    """With g = −u at rest: the buffers in u, then u from the position's equation, then the position in w."""
    letters = _with_positive_decays(method)
    trace = trace_rule(method, letters.inner)
    state, update = trace.inputs, trace.closed
    clocks = {s: stopped(e, s) for e, s in zip(update, state, strict=True) if s != state[0] and keeps_time(e, s, state)}
    moving = [k for k, s in enumerate(state) if s not in clocks]
    live = tuple(state[k] for k in moving)
    rule = tuple(update[k].subs(clocks) for k in moving)
    here = {state[0]: POSITION, MINIMISER: POSITION + PULL / CURVATURE}
    still = tuple(_plain(entry.subs(here)) for entry in rule)
    known = {**buffers(live, still, (1,) * len(live)), state[0]: POSITION}
    if any(s not in known for s in live):
        raise _no_formula(method)
    equation = sp.numer(sp.together(_plain((still[0] - POSITION).subs(known))))
    if equation.has(PULL):
        pull = _pull(method, equation)
        wall = _wall(pull)
        position, exists = _position(method, pull), sp.S.One
    else:
        wall = position = _only(method, sp.Poly(equation, POSITION))
        pull, exists = CURVATURE * (W - position), W - position
    smooth = tuple(_without_kinks(entry, {**here, **known}) for entry in rule)
    at = {**{s: v for s, v in known.items() if s != state[0]}, **here}
    slope = sp.Matrix(smooth).jacobian(live).subs(at).applyfunc(lowest_terms)
    slope = slope.subs(PULL, pull).applyfunc(sp.cancel)
    if slope.has(sp.nan, sp.zoo):  # a root of zero, where the decay is coupled: the same as at a minimiser
        there = tuple(sp.factor(value.subs(PULL, pull)) for value in (at[s] for s in live))
        rule = tuple(entry.subs(MINIMISER, here[MINIMISER].subs(PULL, pull)) for entry in rule)
        slope = linearised(Map(method.name, tuple(method.state[k] for k in moving), live, rule, there, there))
    slope = slope.subs(letters.back)
    names = tuple(method.state[k] for k in moving)
    near = _judged(method, names, slope, {"x": POSITION})
    values = {**clocks, **{s: lowest_terms(v.subs(PULL, pull)) for s, v in known.items()}}
    full = tuple(letters.outer(values[s]) for s in state)
    minimiser = None if pull.has(W) else letters.outer(POSITION + pull / CURVATURE)
    return Balance(
        "point" if wall is None else "box",
        letters.outer(position),
        full,
        *near,
        minimiser=minimiser,
        wall=None if wall is None else letters.outer(wall),
        exists=letters.outer(exists),
    )


def _with_positive_decays(method: Method) -> Letters:
    """Letters for the hyperparameters, a decay's positive: at 0 it rests at the minimiser."""
    given = letters_of(method, {})
    decays = {n: sp.Dummy(n, positive=True) for n, domain in method.domains.items() if domain.unit == 1}
    back = {decays[n]: method.symbols[n] for n in decays}
    return Letters({**given.inner, **decays}, {**given.back, **back})


def _plain(formula: sp.Expr) -> sp.Expr:
    """In lowest terms, signs and absolute values taken where that of what is in them is known."""
    kinks = (sp.sign, sp.Abs)
    return lowest_terms(formula.replace(lambda p: isinstance(p, kinks), lambda p: p.func(lowest_terms(p.args[0]))))


def _without_kinks(entry: sp.Expr, at: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
    """The rule near the rest: a sign is a constant there, |a| is ±a."""

    def piece(kink: sp.Expr) -> sp.Expr:
        sign = _plain(sp.sign(kink.args[0]).subs(at))
        return sign if isinstance(kink, sp.sign) else sign * kink.args[0]

    return entry.replace(lambda p: isinstance(p, sp.sign | sp.Abs), piece)


def _pull(method: Method, equation: sp.Expr) -> sp.Expr:
    """u as a function of the position: the one factor of the equation that holds both, linear in u."""
    parts = [f for f, _ in sp.factor_list(equation)[1] if f.has(PULL) and sign_of(f) is None]
    if len(parts) != 1 or not parts[0].is_polynomial(PULL) or sp.degree(parts[0], PULL) != 1:
        raise _no_formula(method)
    slope, constant = sp.Poly(parts[0], PULL).all_coeffs()
    return factored(-constant / slope)


def _wall(pull: sp.Expr) -> sp.Expr | None:
    """The position at which the pull that is needed grows without bound."""
    below = [f for f, _ in sp.factor_list(sp.denom(sp.together(pull)))[1] if f.has(POSITION)]
    roots = [r for f in below for r in sp.roots(sp.Poly(f, POSITION)) if sign_of(r) == 1]
    return roots[0] if len(roots) == 1 else None


def _position(method: Method, pull: sp.Expr) -> sp.Expr:
    """The position in w: u is the one positive root of au² + bu + c, as a > 0 > c say, or of bu + c."""
    balance = sp.numer(sp.together((CURVATURE * (W - POSITION) - pull).subs(POSITION, W - PULL / CURVATURE)))
    parts = [f for f, _ in sp.factor_list(sp.expand(balance))[1] if f.has(PULL)]
    if len(parts) != 1 or sp.degree(parts[0], PULL) > 2:
        raise _no_formula(method)
    coefficients = sp.Poly(parts[0], PULL).all_coeffs()
    signs = sign_of(coefficients[0]), sign_of(coefficients[-1])
    if None in signs or signs[0] == signs[1]:
        raise _no_formula(method)
    if len(coefficients) == 2:
        return sp.factor(W + coefficients[1] / coefficients[0] / CURVATURE)
    a, b, c = (signs[0] * coefficient for coefficient in coefficients)
    top = sp.factor(sp.cancel(W + b / (2 * a) / CURVATURE))
    root = sp.expand(b**2 - 4 * a * c)
    return sp.cancel(sp.numer(top) - sp.denom(top) * sp.sqrt(root) / (2 * a * CURVATURE)) / sp.denom(top)


def _only(method: Method, equation: sp.Poly) -> sp.Expr:
    roots = [r for r in sp.roots(equation) if sign_of(r) == 1]
    if len(roots) != 1:
        raise _no_formula(method)
    return roots[0]


def _judged(
    method: Method, names: tuple[str, ...], matrix: sp.Matrix, more: Mapping[str, sp.Symbol]
) -> tuple[System, sp.Expr | None, bool]:
    """The system of this derivative and its largest stable rate, in the method's letters and one more."""
    tidied = sp.ImmutableMatrix(matrix.applyfunc(tidy))
    rest = (sp.Integer(1),) * len(names)
    symbols = {"curvature": CURVATURE, **method.symbols, **more}
    derived = System(method, names, tidied, characteristic(tidied), rest, False, symbols)
    bound, decided = lr_max_of(derived)
    return derived, None if bound is None else _collected(bound), decided


def _collected(formula: sp.Expr) -> sp.Expr:
    """A quotient, the sum under the line collected by one of its letters, where that is shorter."""
    above, below = sp.fraction(formula)
    ways = [sp.collect(sp.expand(below), s, evaluate=False) for s in sorted(below.free_symbols, key=str)]
    sums = [sp.Add(*(factored(power * c) for power, c in way.items())) for way in ways if below.is_polynomial()]
    return min((formula, *(above / total for total in sums)), key=sp.count_ops)


def _no_formula(method: Method) -> NotLinear:
    return NotLinear(
        f"{method.name} has no rest that could be solved for: its equations there are not of degree two. A run shows where it "
        f"ends: simulate([1.0], {method.name!r}, 10000, ...)"
    )
