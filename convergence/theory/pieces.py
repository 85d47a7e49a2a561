"""The optimum of a tuning problem, piece by piece: which inequalities are active, solved exactly.

With a hyperparameter fixed at a symbol, the active inequalities change as it grows: between two pieces lies the value at
which the inequalities of both are active, and that is an equation too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import sympy as sp

from convergence.crossing import exact
from convergence.theory.active_set import NumericalOptimum, numerical_optimum
from convergence.theory.candidates import values
from convergence.theory.deadline import Deadline
from convergence.theory.elimination import solved
from convergence.theory.minimax import Constraint, Minimax
from convergence.theory.radicals import ROOT_L, ROOT_MU, in_mu_and_L
from convergence.theory.symbols import CURVATURE, LARGEST, MU, RATE, rewritten
from convergence.theory.system import System

OTHERS = ((1.0, 1.7), (0.3, 90.0), (2.0, 5000.0))
"""The spectra at which closed forms are held against the search."""

AGREEMENT = 1e-6
"""How far a closed form may be from the search."""

ATTAINED = 1e-4
"""How far the rate of the derived hyperparameters may be from the derived rate, in floats near critical damping."""

NEARBY = 0.05
"""How far from the bisected edge its formula may lie, relatively: the search wavers where two pieces meet."""

SEARCHED = "numbers are the best found by search"

LONGEST = 120
"""A formula with more operations than this is no answer to anybody: numbers are given instead."""

GENERIC = sp.Rational(1, 3)
"""A value for hyperparameters that are only carried along."""


@dataclass(frozen=True)
class Piece:
    """The optimum under one condition.

    Attributes
    ----------
    condition
        Where it holds, a relation in μ, L and the letters that were held; True where it is everywhere.
    hyper
        Name -> formula.
    rate
        The largest spectral radius over [μ, L].
    plateau
        The interval of learning rates that are as good; None for one point.
    closed
        False where only numbers can be had.
    active
        Which inequalities hold with equality there, in words.
    """

    condition: Any = sp.true
    hyper: dict[str, sp.Expr] = field(default_factory=dict)
    rate: sp.Expr = sp.nan
    plateau: sp.Interval | None = None
    closed: bool = False
    active: tuple[str, ...] = ()

    def holds(self, point: Mapping[sp.Symbol, float]) -> bool | None:
        """Whether the condition is met at these numbers; None where it has no real value there."""
        met = self.condition.subs({k: exact(v) for k, v in point.items()})
        if not met.is_Relational:
            return bool(met)
        low, high = (complex(side.evalf(30)) for side in (met.lts, met.gts))
        return low.real < high.real if abs(low.imag) + abs(high.imag) <= 1e-12 * abs(high) else None

    def subs(self, names: Mapping[sp.Symbol, sp.Expr]) -> Piece:
        """The same piece with symbols replaced."""
        return rewritten(self, names, "condition", "hyper", "rate", "plateau")


@dataclass(frozen=True)
class Task:
    """What is to be derived: the ``problem``, the ``parameter`` along which pieces follow one another (None: there is one).

    ``carried`` are values for all other letters that are not unknown; those of them that are ``known`` numbers enter the
    equations as such.
    """

    problem: Minimax
    parameter: sp.Symbol | None
    carried: Mapping[sp.Symbol, Any]
    known: Mapping[sp.Symbol, sp.Expr]

    def numerical(self, at: float, near: NumericalOptimum | None = None) -> NumericalOptimum:
        """The numerical optimum where the parameter has this value. TimeoutError where the time is up."""
        self.problem.deadline.check()
        return numerical_optimum(self.problem, self.fixed(at), near)

    def fixed(self, at: float) -> dict[sp.Symbol, Any]:
        return {**self.carried, **({} if self.parameter is None else {self.parameter: at})}

    def equations(self, active: Iterable[Constraint], zero: Iterable[sp.Symbol]) -> list[sp.Expr]:
        """The active inequalities at μ and L as equations in √μ and √L. One inside (μ, L) has no exact place."""
        found: dict[sp.Expr, None] = dict.fromkeys(zero)
        for place, where in sorted(active):
            end = {0.0: ROOT_MU**2, 1.0: ROOT_L**2}.get(where)
            if end is not None:
                found[sp.expand(self.problem.polynomials[place].subs(self.known).subs(CURVATURE, end))] = None
        return list(found)


def optimal_pieces(
    derived: System,
    determined: tuple[str, ...],
    fixed: tuple[tuple[str, sp.Expr], ...],
    free: tuple[str, ...],
    deadline: Deadline,
) -> tuple[tuple[Piece, ...], str]:
    """The pieces of the optimum, and a note. A fixed hyperparameter that only adds to the curvature is added to μ and L."""
    shift = next((name for name, _ in fixed if derived.adds_to_curvature(name)), None)
    if shift is None:
        problem = Minimax(derived, tuple(derived.symbols[name] for name in determined), deadline)
        return _pieces_of(problem, fixed, free)
    by = dict(fixed)[shift]
    plain = replace(derived, characteristic=derived.shifted(shift))
    rest = tuple((name, value) for name, value in fixed if name != shift)
    pieces, note = optimal_pieces(plain, determined, rest, free, deadline)
    return tuple(piece.subs({MU: MU + by, LARGEST: LARGEST + by}) for piece in pieces), note


@cache
def _pieces_of(
    problem: Minimax, held: tuple[tuple[str, sp.Expr], ...], free: tuple[str, ...]
) -> tuple[tuple[Piece, ...], str]:
    """The pieces of the optimum, and a note where some of it is numerical, or a bound is active.

    ``held`` are the fixed hyperparameters with their values. One of them (the rate, if it is among them) is that along which
    the pieces follow one another.
    """
    fixed = dict(held)
    domains = problem.system.method.domains
    ordered = sorted(fixed, key=lambda name: (not domains[name].is_rate, not domains[name].is_share))
    first, others = next(iter(ordered), None), ordered[1:]
    known = {problem.system.symbols[name]: fixed[name] for name in others if not fixed[name].is_Symbol}
    generic = [*free, *(name for name in others if fixed[name].is_Symbol)]
    carried = {**{problem.system.symbols[name]: GENERIC for name in generic}, **known}
    task = Task(problem, None if first is None else problem.system.symbols[first], carried, known)
    pieces = _pieces(task)
    doubt = _doubt(task, pieces) if pieces else "no closed form"
    if doubt:
        return (Piece(),), f"{doubt}; {SEARCHED}"
    if first is not None and not fixed[first].is_Symbol:
        pieces = [piece.subs({problem.system.symbols[first]: fixed[first]}) for piece in pieces]
    return tuple(piece for piece in pieces if piece.condition != sp.false), _note(problem, pieces)


def _note(problem: Minimax, pieces: Sequence[Piece]) -> str:
    if not all(piece.closed for piece in pieces):
        return f"in part no closed form in square roots; {SEARCHED}"
    bounded = [name for name, letter in problem.system.symbols.items() if letter.is_nonnegative]
    active = [name for name in bounded if any(piece.hyper.get(name) == 0 for piece in pieces)]
    return f"the bound {' and '.join(active)} ≥ 0 is active" if active else ""


def _pieces(task: Task) -> list[Piece]:
    """The pieces from small to large parameters; none where one begins at a value that has no formula."""
    optima = [(at, task.numerical(at)) for at in _samples(task.parameter)]
    stable = [(at, optimum) for at, optimum in optima if optimum.solution.rate < 1 - AGREEMENT]
    pieces: list[Piece] = []
    for before, after in pairwise(stable):
        if after[1].pattern != before[1].pattern:
            edge = _edge(task, before, after)
            if edge is None:
                return []
            pieces.append(_piece(task, before[1], task.parameter < edge))
    return [*pieces, _piece(task, stable[-1][1], sp.true)] if stable else []


def _samples(parameter: sp.Symbol | None) -> list[float]:
    if parameter is None:
        return [0.0]
    if parameter.is_positive:
        return [float(t) for t in np.geomspace(0.011, 40, 27)]
    if parameter.is_nonnegative:
        return [1e-3, *map(float, np.linspace(0.023, 0.977, 19)), *(1 - 10.0**-k for k in (2, 3, 4))]
    return [float(t) for t in np.linspace(-0.93, 1.31, 19)]


def _edge(task: Task, before: tuple[float, NumericalOptimum], after: tuple[float, NumericalOptimum]) -> sp.Expr | None:
    """The value of the parameter at which the inequalities of both pieces are active; None where it has no formula."""
    low, high = before[0], after[0]
    for _ in range(14):
        middle = (low + high) / 2
        same = task.numerical(middle, before[1]).pattern == before[1].pattern
        low, high = (middle, high) if same else (low, middle)
    one, other = before[1], after[1]
    equations = task.equations(one.active | other.active, one.solution.at_zero | other.solution.at_zero)
    unknown = [*task.problem.unknown, RATE]
    near = task.numerical(low, before[1]).near
    form = solved(equations, [*unknown, task.parameter], near, task.problem.deadline, task.parameter)
    edge = (form or {}).get(task.parameter)
    if edge is None or edge.has(*unknown):
        return None
    (there,) = values((edge,), {letter: value for letter, value in near.items() if letter != task.parameter}, complex)
    return in_mu_and_L(edge) if abs(there - low) < NEARBY * abs(low) else None


def _piece(task: Task, optimum: NumericalOptimum, condition: Any) -> Piece:
    """The closed form of one piece, or a piece that says that it has none."""
    solution, letters, rate = optimum.solution, [*task.problem.unknown, RATE], task.problem.rate_symbol
    names = tuple(sorted({_name(constraint) for constraint in optimum.active}))
    ends: Sequence[tuple[Any, dict[Any, float]]] = [(frozenset(), {})]
    if optimum.edges is not None:
        ends = [(ending, {rate: at}) for ending, at in zip((optimum.below, optimum.above), optimum.edges, strict=True)]
    forms = []
    for ending, at in ends:
        equations = task.equations(solution.active | ending, solution.at_zero)
        form = solved(equations, letters, {**optimum.near, **at}, task.problem.deadline) or {}
        if not all(s in form and sp.count_ops(form[s]) <= LONGEST for s in letters):
            return Piece(condition, active=names)
        forms.append({letter: in_mu_and_L(value) for letter, value in form.items()})
    form, plateau = forms[0], None
    if optimum.edges is not None:
        plateau = sp.Interval(*(end[rate] for end in forms))
        form[rate] = (plateau.start + plateau.end) / 2
    hyper = {name: form[letter] for name, letter in task.problem.system.symbols.items() if letter in letters}
    return Piece(condition, hyper, form[RATE], plateau, closed=True, active=names)


def _name(constraint: Constraint) -> str:
    place, where = constraint
    return f"inequality {place + 1} at { {0.0: 'μ', 1.0: 'L'}.get(where, 'curvatures between μ and L') }"


def _doubt(task: Task, pieces: Sequence[Piece]) -> str:
    """Empty where the closed forms agree with the search at other spectra too, else what to say of them."""
    for mu, L in OTHERS:
        for piece, at in _places(task.parameter, pieces, {MU: mu, LARGEST: L}):
            if piece.closed and not _agrees(task, piece, at, mu, L):
                return "no single closed form for all spectra"
    return ""


def _agrees(task: Task, piece: Piece, at: float, mu: float, L: float) -> bool:
    """Whether the search finds the same rate, and the derived hyperparameters have it."""
    held = {letter: float(value) for letter, value in task.fixed(at).items()}
    unknown = {name: letter for name, letter in task.problem.system.symbols.items() if letter in task.problem.unknown}
    formulas = [piece.rate, *(piece.hyper[name] for name in unknown)]
    rate, *hyper = (value.real for value in values(formulas, {MU: mu, LARGEST: L, **held}, complex))
    if rate >= 1:
        return True  # beyond what converges, nothing is claimed
    attained = task.problem.worst(mu, L, {**dict(zip(unknown.values(), hyper, strict=True)), **held})
    found = task.problem.solve(mu, L, held).rate
    return bool(abs(found - rate) <= AGREEMENT and abs(attained - rate) <= ATTAINED)


def _places(
    parameter: sp.Symbol | None, pieces: Sequence[Piece], ends: Mapping[sp.Symbol, float]
) -> list[tuple[Piece, float]]:
    """A value of the parameter inside each piece, at this spectrum."""
    edges = [float(values((piece.condition.rhs,), ends, complex)[0].real) for piece in pieces[:-1]]
    if parameter is None or not edges:
        return [(piece, float(GENERIC)) for piece in pieces]
    inside = [(a + b) / 2 for a, b in pairwise(edges)]
    beyond = edges[-1] * 1.01 if parameter.is_positive else (edges[-1] + 1) / 2
    return list(zip(pieces, [edges[0] / 2, *inside, beyond], strict=True))
