"""A method goes in; all that is derived from its rule comes out, as formulas a report can show."""

from __future__ import annotations

import sympy as sp

from convergence.pipeline.formulas import discriminant, formula, polynomial, roots, text, union, values
from convergence.results import Formula, PieceResult, RegimeResult, TheoryResult
from convergence.rule import Method
from convergence.theory.dynamics import Dynamics, dynamics
from convergence.theory.optimum import Optimum, best
from convergence.theory.pieces import Piece
from convergence.theory.regimes import KINDS, Regimes, damping
from convergence.theory.region import Region, region
from convergence.theory.symbols import factored, symbol


def theory(method: Method, loss: str) -> TheoryResult:
    """Dynamics, region, regimes and optimum of a method."""
    derived, stable = dynamics(method), region(method)
    optimum, regimes = best(method, {}), damping(method)
    return TheoryResult(
        linear=derived.linear,
        state=derived.state,
        clock=derived.clock.names if derived.clock else (),
        rest=None if derived.rest[0] == 1 else formula(factored(derived.rest[0])),
        matrix=formula(derived.matrix),
        matrix_sigma=formula(derived.in_sigma(loss).matrix),
        characteristic=polynomial(derived.characteristic),
        eigenvalues=tuple(roots(factor) for factor, _ in derived.factors),
        discriminant=discriminant(derived.characteristic),
        conditions=tuple(formula(condition) for condition in stable.conditions),
        lr_max=None if stable.lr_max is None else formula(stable.lr_max),
        regimes=_regimes(regimes),
        optimum=pieces(optimum),
        notes=_notes(derived, stable, regimes, optimum),
    )


def pieces(optimum: Optimum) -> tuple[PieceResult, ...]:
    """The pieces of an optimum that have a closed form."""
    return tuple(_piece(optimum.method, piece) for piece in optimum.pieces if piece.closed)


def _regimes(found: Regimes) -> tuple[RegimeResult, ...]:
    return tuple(
        RegimeResult(kind, _where(kind, getattr(found, kind)), _largest(found.largest_stable[kind])) for kind in KINDS
    )


def _where(kind: str, sets: tuple[sp.Basic, ...] | None) -> Formula:
    if sets is None:
        return Formula("no closed form", r"\text{no closed form}")
    return values(sets) if kind == "repeated" else union(sets)


def _largest(value: sp.Expr | None) -> Formula | None:
    return None if value is None or value == 0 else formula(value)


def _piece(method: Method, piece: Piece) -> PieceResult:
    hyper = {name: formula(value) for name, value in piece.hyper.items() if value != symbol(name)}
    condition = None if piece.condition == True else formula(piece.condition)  # noqa: E712
    plateau = None if piece.plateau is None else formula(piece.plateau)
    return PieceResult(condition, hyper, formula(piece.rate), plateau)


def _notes(derived: Dynamics, stable: Region, regimes: Regimes, optimum: Optimum) -> tuple[str, ...]:
    said = [
        (
            not derived.linear,
            "The rule is not linear; it was linearised at the minimiser, and all below holds near it.",
        ),
        (
            stable.lr_max is None,
            "The largest stable learning rate has no short formula; numbers are computed where needed.",
        ),
        (regimes.repeated is None, "The regimes have no closed form in square roots."),
        (bool(optimum.note), f"Optimum: {optimum.note}."),
    ]
    added = [name for name in derived.hyper if derived.adds_to_curvature(name)]
    said += [
        (True, f"{name} only adds to the curvature: the method acts as if H were H + {text(symbol(name))}·I.")
        for name in added
    ]
    settled = (*optimum.determined, *optimum.fixed)
    open_names = [name for name in optimum.method.hyper if name not in settled]
    kept = [f"{name} = {value}" for name, value in optimum.fixed.items()]
    said.append((bool(kept), f"The optimum keeps {', '.join(kept)}, as by default."))
    said.append(
        (
            bool(open_names),
            f"The optimum leaves {', '.join(open_names)} open: another hyperparameter can play the part.",
        )
    )
    return tuple(words for holds, words in said if holds)
