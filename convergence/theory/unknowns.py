"""Which hyperparameters a tuning determines, and which it leaves open because another plays their part.

Dampening only scales the learning rate of PyTorch's momentum: then the spectrum depends on fewer combinations than
there are letters, and an optimum in all of them would be a whole curve.
"""

from __future__ import annotations

from functools import cache

import sympy as sp

from convergence.rule import Method
from convergence.theory.symbols import CURVATURE
from convergence.theory.system import system


@cache
def unknowns(method: Method, fixed: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which hyperparameters a tuning determines, and which it leaves open.

    Open are those that the characteristic polynomial sees only together with another: of rate and dampening, η(1−d), the
    first keeps its role.
    """
    derived = system(method)
    coefficients = [c for a in derived.characteristic.all_coeffs() for c in _by_curvature(a)]
    rows, determined, free = sp.Matrix(0, len(coefficients), []), [], []
    for name in (n for n in derived.hyper if n not in fixed):
        grown = rows.col_join(sp.Matrix([[sp.diff(c, derived.symbols[name]) for c in coefficients]]))
        if _generic_rank(grown) > _generic_rank(rows):
            rows = grown
            determined.append(name)
        else:
            free.append(name)
    return tuple(determined), tuple(free)


def _by_curvature(coefficient: sp.Expr) -> list[sp.Expr]:
    if coefficient.is_polynomial(CURVATURE):
        return list(sp.Poly(coefficient, CURVATURE).all_coeffs())
    return [coefficient, coefficient.subs(CURVATURE, 3 * CURVATURE), coefficient.subs(CURVATURE, 7 * CURVATURE)]


def _generic_rank(matrix: sp.Matrix) -> int:
    if not matrix.rows:
        return 0
    letters = sorted(matrix.free_symbols, key=str)
    return int(matrix.subs({s: sp.Rational(3 * k + 2, 7 * k + 11) for k, s in enumerate(letters)}).rank())
