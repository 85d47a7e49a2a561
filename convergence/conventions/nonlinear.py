"""Matches of settings of rules that are not linear, and why there are none.

A match is exact, the same step at every state, or late: what both steps tend to when bias corrections have run down.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

import numpy as np
import sympy as sp

from convergence.conventions.flags import Flag
from convergence.conventions.matching import Match, is_sound
from convergence.conventions.response import rate_first
from convergence.conventions.same_step import MAXIMUM, Step, affine_in, at_sample, renamings, small_fractions, step_of
from convergence.conventions.wording import named
from convergence.crossing import exact
from convergence.domain import Domain
from convergence.problem import LeastSquares
from convergence.rule import Method
from convergence.theory.symbols import factored

Hyper = Mapping[str, sp.Expr]

TWO_COORDINATES, STEPS = LeastSquares([[1.0, 0.5], [0.0, 2.0]], [1.0, 0.25], loss="half"), 5
"""Where a match is looked at again: no direction is a coordinate."""


@cache
def is_linear(method: Method) -> bool:
    """Whether states and gradients enter a rule linearly, its clocks taken as numbers. NotLinear where it cannot be read."""
    step = step_of(method, method.symbols)
    clocks = {step.state[k] for k in step.timed}
    moving = [s for s in step.state if s not in clocks] + [q.answer for q in step.questions]
    formulas = [u for u, s in zip(step.update, step.state, strict=True) if s not in clocks]
    return all(affine_in(formula, moving) for formula in (*formulas, *(q.asked for q in step.questions)))


@cache
def kinds(method: Method) -> frozenset[str]:
    """What a rule takes of its state: roots, signs, maxima, norms."""
    return frozenset(step_of(method, method.symbols).functions)


def renamed(a: Method, hyper: Hyper, b: Method, *, special: bool = False) -> list[Match]:
    """The settings of b whose step is that of a at these values, exact ones first, then late ones.

    With ``special``, a's letters may be bound too: the subfamilies of a that b contains.
    """
    theirs = {name: sp.Dummy(name, **letter.assumptions0) for name, letter in b.symbols.items()}
    one, other = step_of(a, hyper), step_of(b, theirs, "'")
    unknown = [theirs[name] for name in rate_first(b)]
    own = [hyper[name] for name in reversed(rate_first(a)) if special and hyper[name].is_Symbol]
    steps = [(one, other, True)]
    late = one.run_down(), other.run_down()
    if any(late) and not special:
        ready = [tended or step for tended, step in zip(late, (one, other), strict=True)]
        steps += [(ready[0], ready[1], False)] if all(step.fading for step in ready) else []
    found: list[Match] = []
    for first, second, whole in steps:
        for branch in renamings(first, second, [*unknown, *own]):
            values = _opened(b, theirs, branch)
            where = {letter: branch[letter] for letter in own if letter in branch}
            if not (_is_sound(b, values) and _is_possible(a, where)) or any(values == m.hyper for m in found):
                continue
            if not whole or _runs_alike(a, {n: sp.sympify(v).subs(where) for n, v in hyper.items()}, b, values):
                found.append(Match(values, where, sp.S.One, whole))
    return found


def _opened(b: Method, theirs: Hyper, branch: Mapping[sp.Symbol, sp.Expr]) -> dict[str, sp.Expr]:
    """b's values of a branch; what it leaves open is at its default, or else at 0."""
    usual = {name: exact(value) for name, value in b.defaults}
    opened = {letter: usual.get(name, sp.S.Zero) for name, letter in theirs.items() if letter not in branch}
    return {name: factored(letter.subs(branch).subs(opened)) for name, letter in theirs.items()}


def _is_sound(b: Method, values: Hyper) -> bool:
    numbers = {name: at_sample(value) for name, value in values.items()}
    return all(is_sound(b.domains[name], value) and value >= b.domains[name].low for name, value in numbers.items())


def _is_possible(a: Method, where: Mapping[sp.Symbol, sp.Expr]) -> bool:
    high = {letter: a.domains[name].high for name, letter in a.symbols.items()}
    return all(not value.is_number or value < high[letter] for letter, value in where.items())


def _runs_alike(a: Method, ours: Hyper, b: Method, theirs: Hyper) -> bool:
    """Whether first steps on two coupled coordinates are the same in floats: a second look at a match, at sample letters."""
    letters = small_fractions(set().union(*(value.free_symbols for value in (*ours.values(), *theirs.values()))))
    paths = []
    for method, hyper in ((a, ours), (b, theirs)):
        numbers = {name: float(value.subs(letters)) for name, value in hyper.items()}
        state, path = method.start(TWO_COORDINATES, np.array([1.0, -0.5])), []
        with np.errstate(all="ignore"):
            for _ in range(STEPS):
                state = method(TWO_COORDINATES, *state, **numbers)
                path.append(state[0])
        paths.append(path)
    return np.allclose(paths[0], paths[1], rtol=1e-8, atol=1e-12, equal_nan=True)


def verdict(a: Method, b: Method, match: Match) -> tuple[tuple[Flag, ...], str]:
    """What a late match leaves out, and what a match says."""
    if match.same_iterates:
        return (
            (),
            "one step is the same formula of state and gradient, so all iterates are the same from the same start",
        )
    flags = tuple(
        Flag("clock", f"{m.name} keeps time ({', '.join(m.state[k] for k in step.clocks)}): its early steps differ")
        for m in (a, b)
        if (step := step_of(m, m.symbols)).clocks
    )
    late = "both steps tend to the same formula of state and gradient as bias corrections run down; the iterates differ"
    return flags, "; ".join([late, *(flag.text for flag in flags)])


@cache
def reason(a: Method, b: Method) -> str:
    """Why no setting of b makes the step of a, in words."""
    return next(_reasons(a, b))


def _reasons(a: Method, b: Method) -> Iterator[str]:
    one, other = step_of(a, a.symbols), step_of(b, b.symbols, "'")
    if is_linear(a) != is_linear(b):
        straight, bent = (a, b) if is_linear(a) else (b, a)
        yield (
            f"{straight.name} is linear in the gradients and {bent.name} is not; that {bent.name} may act like it near the "
            f"minimiser, where it is linearised, is no map"
        )
    if one.couples != other.couples:
        norm, each = (a, b) if one.couples else (b, a)
        yield f"{norm.name} has one norm of all coordinates, {each.name} looks at each by itself"
    sides = _side(a, one), _side(b, other)
    if set(sides) == {"inside", "outside"}:
        yield f"the ε of {a.name} stands {sides[0]} the root, that of {b.name} {sides[1]} it: √(v + ε) is no √v + ε"
    if all(any(u.has(MAXIMUM) for u in step.update) for step in (one, other)) and (one.clocks or other.clocks):
        told = " and ".join(f"{m.name} {_maximum(step)}" for m, step in ((a, one), (b, other)))
        yield f"{told}, and a maximum does not forget its first steps"
    again = {name: sp.Dummy(name, **letter.assumptions0) for name, letter in b.symbols.items()}
    if one.start != other.start and any(
        renamings(one, step_of(b, again, "'"), [again[name] for name in rate_first(b)], begun=False)
    ):
        yield f"{b.name} makes the same steps, but begins with {_start(b, other)}, and {a.name} with {_start(a, one)}"
    yield f"no values of {b.name}'s hyperparameters make its step the formula of {a.name}'s"


def _side(method: Method, step: Step) -> str:
    """Whether a small number in a denominator stands under a root."""
    small = [letter for name, letter in method.symbols.items() if _is_offset(method.domains[name])]
    roots = {p.base for u in step.update for p in u.atoms(sp.Pow) if not p.exp.is_Integer}
    return "" if not small else "inside" if any(base.has(*small) for base in roots) else "outside"


def _is_offset(domain: Domain) -> bool:
    return domain.low == 0 and domain.scale == "log" and domain.unit == 0


def _start(method: Method, step: Step) -> str:
    return ", ".join(f"{name} = {named(value)}" for name, value in zip(method.state[1:], step.start[1:], strict=True))


def _maximum(step: Step) -> str:
    clocks = {step.state[k] for k in step.clocks}
    inside = any(m.free_symbols & clocks for u in step.update for m in u.atoms(MAXIMUM))
    return (
        "takes the largest corrected square"
        if inside
        else "corrects the largest square"
        if clocks
        else "corrects nothing"
    )
