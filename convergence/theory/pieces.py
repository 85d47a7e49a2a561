"""A tuning problem goes in; its optimum comes out piece by piece: which inequalities are active, solved exactly.

With a hyperparameter fixed at a symbol, the active inequalities change as it grows: between two pieces lies the value at
which the inequalities of both are active, and that is an equation too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import sympy as sp

from convergence.crossing import exact
from convergence.theory.elimination import short, solved
from convergence.theory.guide import values
from convergence.theory.minimax import Constraint, Minimax, Solution, Values
from convergence.theory.symbols import CURVATURE, LARGEST, MU, RATE, symbol

ROOT_MU = sp.Symbol("m", positive=True)
ROOT_L = sp.Symbol("l", positive=True)

PRECEDENCE = {"lr": 0, "momentum": 1}

SQUARES = {ROOT_MU: sp.sqrt(MU), ROOT_L: sp.sqrt(LARGEST)}

SAMPLE = (1.0, 12.25)
"""The spectrum at which active inequalities are looked up; any will do."""

OTHERS = ((1.0, 1.7), (0.3, 90.0), (2.0, 5000.0))
"""The spectra at which closed forms are held against the search."""

AGREEMENT = 1e-6
"""How far a closed form may be from the search, relatively: the radius is known to √ε at critical damping."""

FLAT = 1e-3
"""A relative width of the best learning rates above this is a plateau; at a point it is about 1e-7."""

NEARBY = 0.05
"""How far from the bisected edge its formula may lie, relatively: the search wavers where two pieces meet."""

LONGEST = 120
"""A formula with more operations than this is no answer to anybody: numbers are given instead."""

GENERIC = sp.Rational(1, 3)
"""A value for hyperparameters that are only carried along."""


@dataclass(frozen=True)
class Piece:
    """The optimum under one condition. ``closed`` is False where only numbers can be had; ``active`` names inequalities."""

    condition: Any
    hyper: dict[str, sp.Expr]
    rate: sp.Expr
    plateau: sp.Interval | None
    closed: bool
    active: tuple[str, ...]

    def holds(self, point: Mapping[sp.Symbol, float]) -> bool | None:
        """Whether the condition is met at these numbers; None where it has no real value there."""
        if self.condition == True:  # noqa: E712
            return True
        met = self.condition.subs({k: exact(v) for k, v in point.items()})
        sides = [complex(side.evalf(30)) for side in (met.lts, met.gts)] if met.is_Relational else []
        if any(abs(side.imag) > 1e-12 * abs(side) for side in sides):
            return None
        return sides[0].real < sides[1].real if sides else bool(met)

    def with_hyper(self, hyper: dict[str, sp.Expr]) -> Piece:
        return replace(self, hyper=hyper)

    def subs(self, names: Mapping[sp.Symbol, sp.Expr]) -> Piece:
        """The same piece with symbols replaced."""
        plateau = None if self.plateau is None else self.plateau.subs(names)
        hyper = {name: value.subs(names) for name, value in self.hyper.items()}
        condition = self.condition if self.condition == True else self.condition.subs(names)  # noqa: E712
        return replace(self, condition=condition, hyper=hyper, rate=self.rate.subs(names), plateau=plateau)


@dataclass(frozen=True)
class Signature:
    """Which inequalities are active at the optimum; on a plateau also which end it below and above."""

    active: frozenset[Constraint]
    zero: frozenset[sp.Symbol]
    below: frozenset[Constraint] = frozenset()
    above: frozenset[Constraint] = frozenset()

    @property
    def plateau(self) -> bool:
        return bool(self.below or self.above)

    @property
    def everything(self) -> frozenset[Constraint]:
        return self.active | self.below | self.above


@dataclass(frozen=True)
class Look:
    """One numerical solution and what is active there; ``edges`` are the ends of the plateau."""

    solution: Solution
    signature: Signature
    edges: tuple[float, float]


def derived_pieces(
    problem: Minimax, fixed: Mapping[str, sp.Expr], free: Sequence[str]
) -> tuple[tuple[Piece, ...], str]:
    """The pieces of the optimum, and a note where some of it is numerical.

    One fixed hyperparameter (the rate, if it is among them) is that along which the pieces follow one another.
    """
    first = sorted(fixed, key=lambda name: PRECEDENCE.get(name, len(PRECEDENCE)))
    carried = {symbol(name): GENERIC for name in free}
    carried |= {symbol(n): GENERIC if fixed[n].is_Symbol else fixed[n] for n in first[1:]}
    known = {symbol(n): fixed[n] for n in first[1:] if not fixed[n].is_Symbol}
    parameter = symbol(first[0]) if first else None
    pieces = _varied(problem, parameter, carried, known) if parameter else _single(problem, carried, known)
    note = _doubt(problem, pieces, parameter, carried) if pieces else "no closed form"
    if note:
        return (Piece(sp.true, {}, sp.nan, None, False, ()),), f"{note}; {_numerical(problem)}"
    if not all(piece.closed for piece in pieces):
        note = f"in part no closed form in square roots; {_numerical(problem)}"
    if parameter is not None and not fixed[first[0]].is_Symbol:
        pieces = tuple(piece.subs({parameter: fixed[first[0]]}) for piece in pieces)
    return tuple(p for p in pieces if p.condition != False), note or _at_bound(problem, pieces)  # noqa: E712


def _numerical(problem: Minimax) -> str:
    return "solved numerically to 1e-10" if len(problem.unknown) < 3 else "solved numerically, from many starts"


def _at_bound(problem: Minimax, pieces: Sequence[Piece]) -> str:
    names = {
        name
        for piece in pieces
        for name, value in piece.hyper.items()
        if value == 0 and problem.dynamics.symbols[name].is_nonnegative
    }
    return f"the bound {' and '.join(sorted(names))} ≥ 0 is active" if names else ""


def _single(problem: Minimax, carried: Mapping[sp.Symbol, Any], known: Mapping[sp.Symbol, Any]) -> tuple[Piece, ...]:
    look = _look(problem, *SAMPLE, carried)
    return (_piece(problem, look, sp.true, carried, known),) if look.solution.rate < 1 - 1e-9 else ()


def _varied(
    problem: Minimax, parameter: sp.Symbol, carried: Mapping[sp.Symbol, Any], known: Mapping[sp.Symbol, Any]
) -> tuple[Piece, ...]:
    """The pieces from small to large parameters; none where one begins at a value that has no formula."""
    seen = [(t, _look(problem, *SAMPLE, {**carried, parameter: t})) for t in _samples(parameter)]
    stable = [(t, look) for t, look in seen if look.solution.rate < 1 - 1e-6]
    pieces: list[Piece] = []
    for before, after in pairwise(stable):
        if after[1].signature != before[1].signature:
            edge = _edge(problem, parameter, before, after, carried, known)
            if edge is None:
                return ()
            pieces.append(_piece(problem, before[1], parameter < edge, {**carried, parameter: before[0]}, known))
    if not stable:
        return ()
    last = stable[-1]
    return (*pieces, _piece(problem, last[1], sp.true, {**carried, parameter: last[0]}, known))


def _samples(parameter: sp.Symbol) -> Iterable[float]:
    if parameter.is_positive:
        return [float(t) for t in np.geomspace(0.011, 40, 27)]
    if parameter.is_nonnegative:
        return [float(t) for t in np.linspace(0.023, 0.977, 19)]
    return [float(t) for t in np.linspace(-0.93, 1.31, 19)]


def _look(problem: Minimax, mu: float, L: float, fixed: Mapping[sp.Symbol, Any], near: Look | None = None) -> Look:
    held = {s: float(v) for s, v in fixed.items()}
    with np.errstate(all="ignore"):
        return _looked(problem, mu, L, held, None if near is None else near.solution.values)


def _looked(problem: Minimax, mu: float, L: float, held: dict[sp.Symbol, float], near: Values | None) -> Look:
    solution = problem.polished(mu, L, held, near)
    rate = problem.rate_symbol
    here = Signature(frozenset(solution.active), frozenset(solution.at_zero))
    if rate not in solution.values:
        return Look(solution, here, (0.0, 0.0))
    low, high = problem.flat(mu, L, solution, held)
    if high - low <= FLAT * high:
        return Look(solution, here, (low, high))
    middle, below, above = (problem.moved(mu, L, solution, at, held) for at in ((low + high) / 2, low, high))
    inside = frozenset(middle.active)
    ends = (frozenset(below.active) - inside, frozenset(above.active) - inside)
    return Look(middle, Signature(inside, frozenset(middle.at_zero), *ends), (low, high))


def _piece(
    problem: Minimax, look: Look, condition: Any, fixed: Mapping[sp.Symbol, Any], known: Mapping[sp.Symbol, Any]
) -> Piece:
    """The closed form of one piece, or a piece that says that it has none."""
    near = _near(look.solution, fixed)
    sign, letters = look.signature, list(problem.unknown)
    names = tuple(sorted({_name(c) for c in sign.everything}))
    rate = problem.rate_symbol
    if not sign.plateau:
        form = solved(_equations(problem, sign.active, sign.zero, known), [*letters, RATE], near)
        return _made(problem, condition, form, None, names)
    ends = []
    for group, at in ((sign.below, look.edges[0]), (sign.above, look.edges[1])):
        equations = _equations(problem, sign.active | group, sign.zero, known)
        ends.append(solved(equations, [*letters, RATE], {**near, rate: at}))
    if any(end is None or rate not in end or RATE not in end for end in ends):
        return _made(problem, condition, None, None, names)
    low, high = (end[rate] for end in ends if end)
    return _made(problem, condition, ends[0], (low, high), names)


def _made(problem: Minimax, condition: Any, form: Any, plateau: Any, names: tuple[str, ...]) -> Piece:
    complete = form is not None and all(letter in form for letter in (*problem.unknown, RATE))
    if not complete or max(sp.count_ops(value) for value in form.values()) > LONGEST:
        return Piece(condition, {}, sp.nan, None, False, names)
    hyper = {n: without_roots(form[s]) for n, s in problem.dynamics.symbols.items() if s in problem.unknown}
    interval = None if plateau is None else sp.Interval(*map(without_roots, plateau))
    if interval is not None:
        hyper |= {
            n: (interval.start + interval.end) / 2 for n in hyper if problem.dynamics.symbols[n] == problem.rate_symbol
        }
    return Piece(condition, hyper, without_roots(form[RATE]), interval, True, names)


def without_roots(formula: sp.Expr) -> sp.Expr:
    """A formula in m = √μ and l = √L written in μ and L, products of conjugates multiplied out: (l−m)(l+m) is L−μ."""
    if formula.is_rational_function(ROOT_MU, ROOT_L):
        above, below = sp.fraction(sp.cancel(formula))
        if all(_even(part) for part in (above, below)):
            return short((above / below).subs(SQUARES))
    return formula.replace(lambda part: part.is_Mul, _conjugates_joined).subs(SQUARES)


def _even(formula: sp.Expr) -> bool:
    return all(sp.expand(formula - formula.subs(root, -root)) == 0 for root in (ROOT_MU, ROOT_L))


def _conjugates_joined(product: sp.Expr) -> sp.Expr:
    """The product with its polynomial factors, above and below the line, in μ and L where they are even together."""
    for sign in (1, -1):
        parts = [f for f in product.args if _polynomial(f**sign)]
        joined = sp.Mul(*parts)
        if parts and joined.has(ROOT_MU, ROOT_L) and _even(joined**sign):
            plain = sp.factor(sp.expand(joined**sign).subs(SQUARES))
            product = sp.Mul(*(f for f in product.args if f not in parts)) * plain**sign
    return product


def _polynomial(factor: sp.Expr) -> bool:
    return bool(factor.is_polynomial(*factor.free_symbols)) and not factor.is_number


def _edge(
    problem: Minimax,
    parameter: sp.Symbol,
    before: tuple[float, Look],
    after: tuple[float, Look],
    carried: Mapping[sp.Symbol, Any],
    known: Mapping[sp.Symbol, Any],
) -> sp.Expr | None:
    """The value of the parameter at which the inequalities of both pieces are active; None where it has no formula."""
    low, high = before[0], after[0]
    for _ in range(14):
        middle = (low + high) / 2
        same = _look(problem, *SAMPLE, {**carried, parameter: middle}, before[1]).signature == before[1].signature
        low, high = (middle, high) if same else (low, middle)
    both = before[1].signature.everything | after[1].signature.everything
    zero = before[1].signature.zero | after[1].signature.zero
    there = {**carried, parameter: low}
    near = _near(_look(problem, *SAMPLE, there, before[1]).solution, there)
    form = solved(_equations(problem, both, zero, known), [*problem.unknown, RATE, parameter], near)
    edge = None if form is None else form.get(parameter)
    if edge is None or edge.has(RATE, *problem.unknown):
        return None
    at_sample = values((edge,), {s: v for s, v in near.items() if s != parameter}, complex)[0]
    return without_roots(edge) if abs(at_sample - low) < NEARBY * abs(low) else None


def _equations(
    problem: Minimax, active: Iterable[Constraint], zero: Iterable[sp.Symbol], known: Mapping[sp.Symbol, Any]
) -> list[sp.Expr]:
    """The active inequalities as equations in √μ and √L; one inside (μ, L) gives an equation with no exact place: nan."""
    found: dict[sp.Expr, None] = dict.fromkeys(zero)
    for place, where in sorted(active):
        end = {0.0: ROOT_MU**2, 1.0: ROOT_L**2}.get(where)
        if end is not None:
            found[sp.expand(problem.polynomials[place].subs(known).subs(CURVATURE, end))] = None
    return list(found)


def _near(solution: Solution, fixed: Mapping[sp.Symbol, Any]) -> dict[sp.Symbol, float]:
    mu, L = SAMPLE
    return {
        **solution.values,
        RATE: solution.rate,
        ROOT_MU: mu**0.5,
        ROOT_L: L**0.5,
        **{s: float(v) for s, v in fixed.items()},
    }


def _name(constraint: Constraint) -> str:
    place, where = constraint
    at = {0.0: "μ", 1.0: "L"}.get(where, "curvatures between μ and L")
    return f"inequality {place + 1} at {at}"


def _doubt(
    problem: Minimax, pieces: Sequence[Piece], parameter: sp.Symbol | None, carried: Mapping[sp.Symbol, Any]
) -> str:
    """Empty where the closed forms agree with the search at other spectra too, else what to say of them."""
    for mu, L in OTHERS:
        for piece, at in _places(pieces, parameter, {MU: mu, LARGEST: L}):
            if not piece.closed:
                continue
            held = {**{s: float(v) for s, v in carried.items()}, **({parameter: at} if parameter is not None else {})}
            claimed = float(values((piece.rate,), {MU: mu, LARGEST: L, **held}, complex)[0].real)
            if claimed >= 1:
                continue
            if not abs(problem.solve(mu, L, held).rate - claimed) <= AGREEMENT * max(claimed, 1e-3) + AGREEMENT:
                return "no single closed form for all spectra; solved numerically to 1e-10"
    return ""


def _places(
    pieces: Sequence[Piece], parameter: sp.Symbol | None, at: Mapping[sp.Symbol, float]
) -> Iterable[tuple[Piece, float]]:
    """A value of the parameter inside each piece, at this spectrum."""
    edges = [float(values((p.condition.rhs,), at, complex)[0].real) for p in pieces[:-1]]
    if parameter is None or not edges:
        return [(piece, float(GENERIC)) for piece in pieces]
    inside = [(a + b) / 2 for a, b in pairwise(edges)]
    beyond = edges[-1] * 1.01 if parameter.is_positive else (edges[-1] + 1) / 2
    return list(zip(pieces, [edges[0] / 2, *inside, beyond], strict=True))
