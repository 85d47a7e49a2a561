"""Which hyperparameters a tuning determines, and which it leaves open because another plays their part.

Dampening only scales the learning rate of PyTorch's momentum: then the spectrum depends on fewer combinations than
there are letters, and an optimum in all of them would be a whole curve.
"""

from __future__ import annotations

from functools import cache

import sympy as sp

from convergence.algebra import cancelled
from convergence.rule import Method
from convergence.theory.symbols import CURVATURE
from convergence.theory.system import system


@cache
def unknowns(method: Method, fixed: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which hyperparameters a tuning determines, and which it leaves open.

    Open are those that the characteristic polynomial sees only together with another: of rate and dampening, η(1−d), the
    first keeps its role. By the rank of its derivatives, over the field of the letters.
    """
    derived = system(method)
    names = [name for name in derived.hyper if name not in fixed]
    coefficients = sp.Matrix([c for a in derived.characteristic.all_coeffs() for c in _by_curvature(a)])
    slopes = [coefficients.diff(derived.symbols[name]) for name in names]
    pivots = sp.Matrix.hstack(*slopes).echelon_form(_is_zero, simplify=cancelled, with_pivots=True)[1] if names else ()
    determined = tuple(names[k] for k in pivots)
    return determined, tuple(name for name in names if name not in determined)


def _is_zero(formula: sp.Expr) -> bool | None:
    """Whether a formula vanishes; None where it does not cancel, but has roots in it."""
    lowest = cancelled(formula)
    return True if lowest == 0 else None if any(not p.exp.is_Integer for p in lowest.atoms(sp.Pow)) else False


def _by_curvature(coefficient: sp.Expr) -> list[sp.Expr]:
    """What determines a rational function of λ: the coefficients of both its parts, one of them made 1."""
    above, below = (sp.Poly(part, CURVATURE) for part in sp.fraction(cancelled(coefficient)))
    return [c / below.LC() for c in (*above.all_coeffs(), *below.all_coeffs())]
