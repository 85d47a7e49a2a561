"""Parsed options go in; formulas of a method come out."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import sympy as sp
from rich.table import Table

import convergence as api
from convergence.choices import chosen_method, given_hyper
from convergence.errors import BadHyperparameter
from convergence.methods import METHODS
from convergence.terminal.console import OUT, print_formulas, print_json
from convergence.terminal.derived import derived as theory
from convergence.terminal.derived import pieces
from convergence.theory.optimum import Optimum


def derive(options: Namespace) -> int:
    """Print what follows from a method's rule."""
    method = chosen_method(options.method)
    derived = api.derive(method, sigma=options.sigma, loss=options.loss)
    stable = api.stability(method, sigma=options.sigma, loss=options.loss)
    if options.json:
        names = {"method": method.name, "state": method.state, "hyper": method.hyper}
        print_json({**names, **theory(method, options.loss)})
        return 0
    shown: list[tuple[str, Any]] = [
        (f"iteration matrix, state ({', '.join(derived.state)})", derived.matrix),
        ("characteristic polynomial", derived.characteristic.as_expr()),
        *((f"eigenvalue {k}", value) for k, value in enumerate(derived.eigenvalues, 1)),
        ("stable where", list(stable.conditions)),
        ("largest stable learning rate", stable.lr_max),
    ]
    if method.rate is not None:
        found = api.regimes(method, sigma=options.sigma, loss=options.loss)
        shown += [
            (f"{kind} eigenvalues for {method.rate} in", _sets(getattr(found, kind))) for kind in ("real", "complex")
        ]
        shown.append(("repeated eigenvalues at", _sets(found.repeated)))
    if not derived.linear:
        shown.append(("note", sp.Symbol("linearised at the minimiser")))
    print_formulas(method.doc.splitlines()[0] if method.doc else method.name, shown, options.latex)
    return 0


def optimum(options: Namespace) -> int:
    """Print the best hyperparameters, as formulas and, for given curvatures, as numbers."""
    method = chosen_method(options.method)
    given = given_hyper(options)
    found = api.optimum(method, **given)
    numbers = _numbers(found, options)
    if options.json:
        closed = pieces(found)
        print_json(
            {"method": method.name, "exact": found.exact, "note": found.note, "pieces": closed, "numbers": numbers}
        )
        return 0
    for piece in found.pieces:
        shown: list[tuple[str, Any]] = [] if piece.condition == True else [("where", piece.condition)]  # noqa: E712
        if piece.closed:
            shown += [(name, value) for name, value in piece.hyper.items() if name not in given]
            shown += [("rate", piece.rate)] + ([] if piece.plateau is None else [("every lr in", piece.plateau)])
        else:
            shown.append(("no closed form", sp.Symbol("give --mu and --L for numbers")))
        print_formulas(f"optimum of {method.title} over [μ, L]", shown, options.latex)
    if found.note:
        OUT.print(found.note)
    for name, value in (numbers or {}).items():
        OUT.print(f"{name} = {value}")
    return 0


def methods(options: Namespace) -> int:
    """List the catalogue."""
    if options.json:
        print_json([{"name": m.name, "state": m.state, "hyper": m.hyper, "doc": m.doc} for m in METHODS.values()])
        return 0
    table = Table("name", "state", "hyperparameters", "rule")
    for m in METHODS.values():
        table.add_row(m.name, ", ".join(m.state), ", ".join(m.hyper), m.doc.splitlines()[0])
    OUT.print(table)
    return 0


def _numbers(found: Optimum, options: Namespace) -> dict[str, Any] | None:
    if options.mu is None and options.L is None:
        return None
    if options.mu is None or options.L is None:
        raise BadHyperparameter("numbers need both ends of the spectrum: give --mu and --L")
    tuned = found.at(mu=options.mu, L=options.L)
    return {**tuned.hyper, "rate": tuned.rate} | ({"plateau": list(tuned.plateau)} if tuned.plateau else {})


def _sets(parts: tuple[Any, ...] | None) -> Any:
    if parts is None:
        return sp.Symbol("no closed form")
    return list(parts) or sp.S.EmptySet


COMMANDS = {"derive": derive, "optimum": optimum, "methods": methods}
