"""The states in which a rule stays along one direction: its minimiser, a line of states, or, under weight decay, a box.

Three kinds are read off the rule. At the minimiser, buffers solved for (``rest_of``). A line: a buffer stays whatever it holds,
as Adagrad's sum does, and the learning rate that is too large depends on it. Off the minimiser: the decay's pull and a step of
bounded length balance; the equations of rest are solved for the gradient there, −u with u > 0 for a minimiser w > 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache

import sympy as sp

from convergence.algebra import cancelled
from convergence.errors import NotLinear
from convergence.rule import Method
from convergence.theory.clock import stopped_clocks
from convergence.theory.letters import Letters, letters_of, sign_of
from convergence.theory.linearisation import Map, linearised, near
from convergence.theory.region import lr_max_of, region
from convergence.theory.rest import held_state, rest_of
from convergence.theory.symbols import CURVATURE, factored, tidy
from convergence.theory.symmetric_cycles import buffers, lowest_terms
from convergence.theory.system import System, characteristic, system
from convergence.theory.trace import MINIMISER, trace_rule

POSITION = sp.Symbol("x", nonnegative=True)
"""Where it rests, as a letter: off the minimiser the multipliers are rational in it."""

W, PULL = sp.Dummy("w", positive=True), sp.Dummy("u", positive=True)


@dataclass(frozen=True)
class Equilibrium:
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
def equilibrium_of(method: Method) -> Equilibrium:
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
    return Equilibrium("point", state[0], state, derived, stable.lr_max, stable.decided)


def _line(method: Method) -> Equilibrium:
    """The derivative with the held buffer at a letter of its own, that buffer's row and column taken out: nothing enters it."""
    rest = rest_of(method)
    state, place = rest.trace.inputs, held_state(rest)
    assert place is not None
    letter = sp.Symbol(method.state[place], positive=True)
    clocks = stopped_clocks(state, rest.update)
    moving = [k for k, s in enumerate(state) if k != place and s not in clocks]
    at = {**dict(zip(state, rest.state, strict=True)), state[place]: letter}
    entries = [near(rest.update[k].subs(clocks), at) for k in moving]
    matrix = sp.Matrix(entries).jacobian([state[k] for k in moving]).subs(at)
    names = tuple(method.state[k] for k in moving)
    values = tuple(sp.sympify(at[s]).subs(MINIMISER, W) for s in state)
    judged = _judged(method, names, matrix, {method.state[place]: letter})
    return Equilibrium("line", W, values, *judged, held=method.state[place])


def _off_minimiser(method: Method) -> Equilibrium:
    """With g = −u at rest: the buffers in u, then u from the position's equation, then the position in w."""
    letters = _with_positive_decays(method)
    trace = trace_rule(method, letters.inner)
    clocks = stopped_clocks(trace.inputs, trace.closed)
    rule = {s: u.subs(clocks) for s, u in zip(trace.inputs, trace.closed, strict=True) if s not in clocks}
    here = {trace.inputs[0]: POSITION, MINIMISER: POSITION + PULL / CURVATURE}
    still = tuple(_plain(entry.subs(here)) for entry in rule.values())
    known = {**buffers(tuple(rule), still, (1,) * len(rule)), trace.inputs[0]: POSITION}
    if len(known) < len(rule):
        raise _no_formula(method)
    found = _balanced(method, sp.numer(sp.together(_plain((still[0] - POSITION).subs(known)))))
    names = tuple(name for name, s in zip(method.state, trace.inputs, strict=True) if s in rule)
    slope = _slope(Map(method.name, names, tuple(rule), tuple(rule.values()), (), ()), {**known, **here}, found.pull)
    values = {**clocks, **{s: lowest_terms(v.subs(PULL, found.pull)) for s, v in known.items()}}
    return Equilibrium(
        "point" if found.wall is None else "box",
        letters.outer(found.position),
        tuple(letters.outer(values[s]) for s in trace.inputs),
        *_judged(method, names, slope.subs(letters.back), {"x": POSITION}),
        minimiser=None if found.pull.has(W) else letters.outer(POSITION + found.pull / CURVATURE),
        wall=None if found.wall is None else letters.outer(found.wall),
        exists=letters.outer(found.exists),
    )


@dataclass(frozen=True)
class Balance:
    """Where decay and step balance: the ``pull`` u by the position, the position by w, what it never passes, when it is."""

    pull: sp.Expr
    position: sp.Expr
    wall: sp.Expr | None
    exists: sp.Expr = sp.S.One


def _balanced(method: Method, equation: sp.Expr) -> Balance:
    """From the position's equation of rest, a polynomial in u and the position, or in the position alone."""
    if not equation.has(PULL):
        roots = _positive_roots([equation])
        if len(roots) != 1:
            raise _no_formula(method)
        return Balance(CURVATURE * (W - roots[0]), roots[0], roots[0], W - roots[0])
    parts = [f for f, _ in sp.factor_list(equation)[1] if f.has(PULL) and sign_of(f) is None]
    if len(parts) != 1 or not parts[0].is_polynomial(PULL) or sp.degree(parts[0], PULL) != 1:
        raise _no_formula(method)
    slope, constant = sp.Poly(parts[0], PULL).all_coeffs()
    pull = factored(-constant / slope)
    walls = _positive_roots(f for f, _ in sp.factor_list(sp.denom(sp.together(pull)))[1] if f.has(POSITION))
    return Balance(pull, _position(method, pull), walls[0] if len(walls) == 1 else None)


def _positive_roots(equations: Iterable[sp.Expr]) -> list[sp.Expr]:
    """The positions above 0 that solve one of the equations: at such a root of a denominator the pull grows without bound."""
    return [root for e in equations for root in sp.roots(sp.Poly(e, POSITION)) if sign_of(root) == 1]


def _slope(rule: Map, at: Mapping[sp.Symbol, sp.Expr], pull: sp.Expr) -> sp.Matrix:
    """The rule's derivative at rest, without its kinks: a sign is a constant there, |a| is ±a."""

    def piece(kink: sp.Expr) -> sp.Expr:
        sign = _plain(sp.sign(kink.args[0]).subs(at))
        return sign if isinstance(kink, sp.sign) else sign * kink.args[0]

    smooth = [entry.replace(lambda p: isinstance(p, sp.sign | sp.Abs), piece) for entry in rule.formulas]
    slope = sp.Matrix(smooth).jacobian(rule.letters).subs(at).applyfunc(lowest_terms)
    slope = slope.subs(PULL, pull).applyfunc(cancelled)
    if not slope.has(sp.nan, sp.zoo):
        return slope
    there = tuple(sp.factor(at[s].subs(PULL, pull)) for s in rule.letters)  # where the decay is coupled, a root of zero
    formulas = tuple(entry.subs(MINIMISER, at[MINIMISER].subs(PULL, pull)) for entry in rule.formulas)
    return linearised(replace(rule, formulas=formulas, at=there, image=there))


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
    top = sp.factor(cancelled(W + b / (2 * a) / CURVATURE))
    root = sp.expand(b**2 - 4 * a * c)
    return cancelled(sp.numer(top) - sp.denom(top) * sp.sqrt(root) / (2 * a * CURVATURE)) / sp.denom(top)


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
    unsolved = f"{method.name} has no rest that could be solved for: its equations there are not of degree two"
    return NotLinear(f"{unsolved}. A run shows where it ends: simulate([1.0], {method.name!r}, 10000, ...)", unsolved)
