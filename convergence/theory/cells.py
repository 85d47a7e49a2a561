"""Open cells of hyperparameters in which competing formulas keep their order: one sample point decides each cell.

Which root is the largest, which bound binds first: the answer can change only where two of the competitors meet, that is
on the zeros of their resultants and discriminants. The cells between them are found by projection, one letter after
another (cylindrical algebraic decomposition, Collins 1975, its open cells alone: Strzeboński 2000).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from types import MappingProxyType

import sympy as sp

from convergence.algebra import cancelled, factors, projection
from convergence.crossing import fraction
from convergence.domain import Domain
from convergence.theory import candidates
from convergence.theory.candidates import Point
from convergence.theory.symbols import CURVATURE
from convergence.theory.system import System

LARGEST = 24
"""Polynomials of a higher degree than this, in all letters together, are not projected: it would take too long."""

MOST = 600
"""More cells than this are not visited."""

POOL = tuple(sp.Rational(k, 100) for k in (50, 3, 17, 31, 71, 83, 95, 99, 7, 43, 62, 88, 13, 25, 57, 97))
"""Values between 0 and 1 that are tried where cells are too many."""


@dataclass(frozen=True)
class Cells:
    """A ``point`` in each cell; ``decided``: they are all the cells there are, else a few points that were tried.

    With one parameter, ``edges`` are the values of it between the cells, in the points' order.
    """

    points: tuple[Point, ...]
    decided: bool
    edges: tuple[sp.Expr, ...] = ()


def cells(
    derived: System, polynomials: Sequence[sp.Expr], unknown: sp.Symbol, roots: Mapping[sp.Symbol, sp.Expr]
) -> Cells:
    """The cells of the hyperparameters other than ``unknown``, for any curvature: from 0 to 1, to ∞ where nothing bounds them.

    In each cell the positive roots in ``unknown`` of the polynomials keep their number and their order. ``roots`` are letters
    for roots of hyperparameters.
    """
    scale_free = is_scale_free(derived)
    bounded = {s for s, domain in _domains(derived).items() if not (domain.low >= 0 and domain.high == inf)}
    bounded |= {letter for letter, root in roots.items() if root.free_symbols <= bounded}
    letters = [s for s in (*_domains(derived), *roots) if s != unknown]
    used = [s for s in letters if any(p.has(s) for p in polynomials)]
    axes = used if scale_free or not any(p.has(CURVATURE) for p in polynomials) else [*used, CURVATURE]
    fixed = {CURVATURE: sp.Integer(1)} | {s: sp.Rational(1, 2) for s in letters if s not in used}
    parts = [part for p in dict.fromkeys(polynomials) for part in factors(p.subs(CURVATURE, 1) if scale_free else p)]
    line = {unknown: sp.oo} | {s: sp.Integer(1) if s in bounded else sp.oo for s in axes}
    levels = _levels(list(dict.fromkeys(parts)), line)
    if levels is not None:
        points = tuple({**fixed, **point} for point in _lifted(levels, axes, line))
        if len(points) <= MOST:
            edges = _edges(levels[0], axes[0], line[axes[0]]) if len(axes) == 1 else ()
            return Cells(points, True, edges)
    return tried(axes, fixed)


def _domains(derived: System) -> dict[sp.Symbol, Domain]:
    """What each letter but the curvature may be; one that is no hyperparameter, as a state at rest, is positive."""
    named, known = derived.method.domains, Domain(low=0)
    return {s: named.get(name, known) for name, s in derived.symbols.items() if name != "curvature"}


def tried(axes: Sequence[sp.Symbol], fixed: Mapping[sp.Symbol, sp.Rational] = MappingProxyType({})) -> Cells:
    """A few points between 0 and 1 on these axes, which decide nothing."""
    points = ({s: POOL[(k + 3 * place) % len(POOL)] for place, s in enumerate(axes)} for k in range(len(POOL)))
    return Cells(tuple({**fixed, **point} for point in points), False)


def joined(formulas: Sequence[sp.Expr], suprema: Sequence[float], partition: Cells) -> sp.Expr | None:
    """One formula for the values at the cells' points: one candidate for all, the least of a few, or one a cell in a row.

    0 where all are 0. Where only some are, and cells are in no row, it holds for those that are not.
    """
    if not any(suprema):
        return sp.Integer(0)
    named = [
        candidates.matching(formulas, supremum, point)
        for supremum, point in zip(suprema, partition.points, strict=True)
    ]
    stable = [k for k, supremum in enumerate(suprema) if supremum]
    one = candidates.winner(named, partition.points) or _in_pieces(named, partition)
    return one or candidates.winner([named[k] for k in stable], [partition.points[k] for k in stable])


def _in_pieces(named: Sequence[Sequence[sp.Expr]], partition: Cells) -> sp.Expr | None:
    """One formula a cell, for a single other hyperparameter whose cells lie in a row; None where a cell has none."""
    if len(partition.edges) + 1 != len(partition.points) or not all(named):
        return None
    (letter,) = (s for s in partition.points[0] if len({point[s] for point in partition.points}) > 1)
    pieces = [(formulas[0], letter < edge) for formulas, edge in zip(named, partition.edges, strict=False)]
    return sp.Piecewise(*pieces, (named[-1][0], True))


def is_scale_free(derived: System) -> bool:
    """Whether curvature and hyperparameters come together in pure numbers only, as lr·λ: then λ = 1 stands for all."""
    units = {s: s * CURVATURE**domain.unit for s, domain in _domains(derived).items()}
    return not any(
        cancelled(c.subs(units, simultaneous=True)).has(CURVATURE) for c in derived.characteristic.all_coeffs()
    )


def _levels(polynomials: list[sp.Expr], ends: Mapping[sp.Symbol, sp.Expr]) -> list[list[sp.Expr]] | None:
    """The polynomials in the first axis alone, in the first two, …: each the projection of the next; None if too large.

    ``ends`` are the unknown and the axes, each with the upper end of its interval.
    """
    levels, current = [], polynomials
    unknown, *axes = ends
    for letter in (unknown, *reversed(axes)):
        if letter != unknown:
            levels.append(current)
        if any(sp.Poly(p).total_degree() > LARGEST for p in current):
            return None
        finite = [end for end in (sp.Integer(0), ends[letter]) if end.is_finite]
        current = projection(current, letter, finite) if current else []
    return levels[::-1]


def _lifted(
    levels: Sequence[Sequence[sp.Expr]], axes: Sequence[sp.Symbol], ends: Mapping[sp.Symbol, sp.Expr]
) -> Iterator[Point]:
    """A rational point in each cell, axis by axis."""
    if not axes:
        yield {}
        return
    for value in _between(levels[0], axes[0], ends[axes[0]]):
        deeper = [[p.subs(axes[0], value) for p in level] for level in levels[1:]]
        yield from ({axes[0]: value, **rest} for rest in _lifted(deeper, axes[1:], ends))


def _between(polynomials: Sequence[sp.Expr], letter: sp.Symbol, end: sp.Expr) -> list[sp.Rational]:
    """A short fraction between each two neighbouring roots of polynomials in one letter, and to the ends of its axis."""
    edges = [(sp.Integer(0), sp.Integer(0)), *_isolated(polynomials, letter, end)]
    top = [(end, end)] if end.is_finite else []
    samples = [_simplest(before[1], after[0]) for before, after in pairwise([*edges, *top])]
    return samples if top else [*samples, edges[-1][1] + 1]


def _product(polynomials: Sequence[sp.Expr], letter: sp.Symbol) -> sp.Poly:
    """The product of the different factors that hold the letter."""
    parts = dict.fromkeys(part for p in polynomials for part in factors(p) if part.has(letter))
    return sp.Poly(sp.Mul(*parts), letter, domain="QQ")


def _isolated(polynomials: Sequence[sp.Expr], letter: sp.Symbol, end: sp.Expr) -> list[tuple[sp.Rational, sp.Rational]]:
    """Disjoint rational intervals around the roots inside the axis; those of one point are the roots themselves."""
    poly, width = _product(polynomials, letter), sp.Rational(1, 2**10)
    while True:
        roots = [ends for ends, _ in poly.intervals(eps=width, inf=sp.Integer(0), sup=end if end.is_finite else None)]
        inside = [
            (low, high) for low, high in roots if high > 0 and low < end and not (low == high and low in (0, end))
        ]
        clear = all(before[1] < after[0] for before, after in pairwise(inside))
        if clear and all(low > 0 and high < end for low, high in inside):
            return inside
        width /= 2**10


def _edges(polynomials: Sequence[sp.Expr], letter: sp.Symbol, end: sp.Expr) -> tuple[sp.Expr, ...]:
    """The roots themselves, in order."""
    return tuple(root for root in _product(polynomials, letter).real_roots() if 0 < root < end)


def _simplest(low: sp.Rational, high: sp.Rational) -> sp.Rational:
    """The fraction with the smallest denominator strictly between two numbers (Stern–Brocot)."""
    a, b = fraction(low), fraction(high)
    whole = a.numerator // a.denominator
    if whole + 1 < b:
        return sp.Integer(whole + 1)
    if a == whole:
        return sp.Rational(whole) + 1 / (sp.floor(1 / (sp.Rational(b) - whole)) + 1)
    return whole + 1 / _simplest(1 / (sp.Rational(b) - whole), 1 / (sp.Rational(a) - whole))
