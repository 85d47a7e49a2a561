"""What was derived from a rule, as JSON of texts and LaTeX."""

from __future__ import annotations

from typing import Any

import sympy as sp

import convergence as cv
from convergence.notation import discriminant, latex, roots, text
from convergence.rule import Method

KINDS = ("real", "repeated", "complex")


def formula(value: Any) -> dict[str, str]:
    """A formula in both."""
    return {"text": text(value), "latex": latex(value)}


def derived(method: Method, loss: str) -> dict[str, Any]:
    """System, region, regimes and optimum of a method."""
    system, region, regimes, optimum = cv.derive(method), cv.stability(method), cv.regimes(method), cv.optimum(method)
    return {
        "linear": system.linear,
        "state": list(system.state),
        "clock": list(system.clock.names) if system.clock else [],
        "rest": None if system.rest[0] == 1 else formula(system.rest[0]),
        "matrix": formula(system.matrix),
        "matrix_sigma": formula(system.in_sigma(loss).matrix),
        "characteristic": formula(system.characteristic),
        "eigenvalues": [formula(found) for factor, _ in system.factors if (found := roots(factor)) is not None],
        "discriminant": formula(discriminant(system.characteristic)),
        "conditions": [formula(condition) for condition in region.conditions],
        "lr_max": None if region.lr_max is None else formula(region.lr_max),
        "regimes": [_regime(regimes, kind) for kind in KINDS],
        "optimum": pieces(optimum),
        "notes": [f"Optimum: {optimum.note}."] if optimum.note else [],
    }


def _regime(regimes: Any, kind: str) -> dict[str, Any]:
    where, largest = getattr(regimes, kind), regimes.largest_stable[kind]
    said = formula("no closed form" if where is None else where)
    return {"kind": kind, "where": said, "largest": formula(largest) if largest else None}


def pieces(optimum: Any) -> list[dict[str, Any]]:
    """The pieces of an optimum that have a closed form."""
    return [_piece(optimum.method, piece) for piece in optimum.pieces if piece.closed]


def _piece(method: Method, piece: Any) -> dict[str, Any]:
    hyper = {name: formula(value) for name, value in piece.hyper.items() if value != method.symbols[name]}
    plateau = None if piece.plateau is None else formula(piece.plateau)
    condition = None if piece.condition is True or piece.condition == sp.true else formula(piece.condition)
    return {"condition": condition, "hyper": hyper, "rate": formula(piece.rate), "plateau": plateau}
