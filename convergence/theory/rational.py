"""A system whose entries are rational functions: roots of hyperparameters, as √ε, become letters of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import lcm

import sympy as sp

from convergence.errors import NotLinear
from convergence.theory.symbols import tidy
from convergence.theory.system import System, characteristic


def rational(derived: System) -> tuple[System, dict[sp.Symbol, sp.Expr]]:
    """The same system with each root in its matrix as a letter, and what these letters stand for: {√ε's letter: √ε}.

    Raises NotLinear where an entry is not rational in λ, the hyperparameters and roots of them.
    """
    matrix, back = lettered(derived, derived.matrix)
    return (replace(derived, matrix=matrix, characteristic=characteristic(matrix)) if back else derived), back


def lettered(derived: System, matrix: sp.Matrix) -> tuple[sp.Matrix, dict[sp.Symbol, sp.Expr]]:
    """A matrix of the system's letters with each root in it as a letter, and what these stand for; NotLinear as above."""
    roots = sorted((p for p in matrix.atoms(sp.Pow) if not p.exp.is_Integer), key=sp.default_sort_key)
    letters = {base: sp.Dummy("root", positive=True) for base in dict.fromkeys(p.base for p in roots)}
    order = {base: lcm(*(p.exp.q for p in roots if p.base == base)) for base in letters if _is_root(base, roots)}
    swap = {p: letters[p.base] ** (p.exp * order[p.base]) for p in roots if p.base in order}
    plain = {base: letters[base] ** order[base] for base in order if base.is_Symbol}
    plainly = matrix.xreplace(swap).xreplace(plain).applyfunc(tidy)
    known = (*derived.symbols.values(), *letters.values())
    for entry, original in zip(plainly, matrix, strict=True):
        if not entry.is_rational_function(*known):
            raise NotLinear(
                f"{derived.name} has an iteration matrix, but not one that is rational in its hyperparameters and their roots "
                f"({original}): write that constant as a number in the rule, or as a hyperparameter of its own"
            )
    return plainly, {letters[base]: base ** sp.Rational(1, order[base]) for base in order}


def require_rational(derived: System) -> None:
    """Raise NotLinear where the matrix is no rational function of λ and the hyperparameters themselves."""
    if rational(derived)[1]:
        raise NotLinear(
            f"{derived.name} has an iteration matrix, but not one that is rational in its hyperparameters: write that constant "
            f"as a number in the rule, or its root as the hyperparameter"
        )


def _is_root(base: sp.Expr, powers: Sequence[sp.Pow]) -> bool:
    return all(p.exp.is_Rational for p in powers if p.base == base)
