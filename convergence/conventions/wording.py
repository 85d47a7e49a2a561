"""Formulas and settings in one line, with hyperparameters by their names: lr·(1 − momentum)."""

from __future__ import annotations

import re
from collections.abc import Mapping

import sympy as sp

from convergence.domain import CONVENTIONAL

NAMES = {domain.letter: name for name, domain in reversed(CONVENTIONAL.items()) if domain.letter}


def named(formula: sp.Expr) -> str:
    """One line, Python's signs but for the dot and the curvature: ``lr*(1 - momentum)`` is lr·(1 − momentum)."""
    swap = {s: sp.Symbol("λ" if s.name == "lambda" else NAMES.get(s.name, s.name)) for s in formula.free_symbols}
    text = sp.sstr(formula.xreplace(swap), order="rev-lex").replace("**", "^").replace("*", "·")
    return re.sub(r"(?<=\s)-(?=\s)|^-", "−", text)


def setting(values: Mapping[str, sp.Expr]) -> str:
    """``lr = 1/2, momentum = 1 − β``; "nothing to set" where there is nothing."""
    return ", ".join(f"{name} = {named(sp.sympify(value))}" for name, value in values.items()) or "nothing to set"


def conditions(branch: Mapping[sp.Symbol, sp.Expr]) -> str:
    """``nu = momentum and gamma = 0``."""
    return " and ".join(f"{named(letter)} = {named(value)}" for letter, value in branch.items())
