"""Values to test a program by: points, and what comes out there to 50 digits, with a bound of the rounding errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from math import isfinite
from random import Random

import mpmath
import numpy as np
import sympy as sp
from sympy.core.relational import Relational

from convergence.code.program import Function
from convergence.codegen import Bounded, Undecided, bounded
from convergence.crossing import compiled
from convergence.errors import NoCode

POINTS = 5
TRIED = 200
"""Points that are drawn: those are taken at which no rounding can choose another case."""

MARGIN = 4
"""Of the bound to first order: for its second order, and for functions of a library that are off by more than a unit."""

SHARP = 1e-8
"""A value whose bound is larger than this, relatively, tests little."""

REASON = (
    "Tolerances: 4 times the running error bound of the formula at the point (Higham 2002, section 3.3), in which an",
    "operation rounds by 2^-53 and a function of the library by twice that. Values: to 50 digits, then rounded.",
)


@dataclass(frozen=True)
class Check:
    """A value that a function must have at a point: of its formula ``key``, within ``tolerance``."""

    key: str
    point: tuple[float, ...]
    expected: float
    tolerance: float


@cache
def checks(function: Function) -> list[Check]:
    """``POINTS`` points, of which each case of the formulas has some, and the value of each formula there.

    Raises NoCode where it is a finite number, sharply, at none.
    """
    letters = [argument.letter for argument in function.arguments]
    chosen: list[list[Check]] = []
    for point in _points(function):
        at = {one: (mpmath.mpf(number), mpmath.mpf(0)) for one, number in zip(letters, point, strict=True)}
        with suppress(Undecided, ArithmeticError, ValueError):
            chosen.append([_check(key, formula, point, at) for key, formula in function.keyed.items()])
        if len(chosen) == POINTS:
            break
    if not chosen:
        raise NoCode(f"{function.name} has no test: it has no real value at any of {TRIED} points")
    return [check for row in chosen for check in row]


def _points(function: Function) -> Iterator[tuple[float, ...]]:
    """Points, in each case of the formulas one, then another, …"""
    random = Random(0)
    points = [tuple(argument.draw(random) for argument in function.arguments) for _ in range(TRIED)]
    conditions = sorted({c for formula in function.keyed.values() for c in formula.atoms(Relational)}, key=str)
    if not points[0] or not conditions:
        return iter(dict.fromkeys(points))
    letters = tuple(argument.letter for argument in function.arguments)
    cases: dict[tuple[bool, ...], list[tuple[float, ...]]] = {}
    with np.errstate(all="ignore"):
        for point in points:
            held = compiled(letters, tuple(conditions))(*map(np.float64, point))
            cases.setdefault(tuple(map(bool, held)), []).append(point)
    return (point for row in zip_longest(*cases.values()) for point in row if point is not None)


def _check(key: str, formula: sp.Basic, point: tuple[float, ...], at: Mapping[sp.Symbol, Bounded]) -> Check:
    value, error = bounded(formula, at)
    if isfinite(value) and error > SHARP * max(1, abs(value)):
        raise Undecided(key)
    return Check(key, point, float(value), tolerance(value, error))


def tolerance(value: object, error: object) -> float:
    """What a value in floats may be off, two digits of it, rounded up; 0 for what is exact."""
    exact = mpmath.mpf(value)
    if not mpmath.isfinite(exact):
        return 0.0
    bound = MARGIN * mpmath.mpf(error) + abs(exact - float(exact))
    return 0.0 if not bound else float(f"{float(bound) * 1.05:.1e}")
