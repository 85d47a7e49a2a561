"""Commands that print formulas: derive, optimum, methods."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

import convergence as cv
from convergence.cli.command import Answer, command, option
from convergence.cli.modules import arguments, console, notation
from convergence.cli.options import LATEX, LOSS, METHOD, NUMBERS, hyper

if TYPE_CHECKING:
    from convergence.rule import Method
    from convergence.theory.optimum import Optimum
    from convergence.theory.pieces import Piece
    from convergence.theory.regimes import Regimes
    from convergence.theory.tuned import Tuned

NO_FORM = "no closed form"


@command(
    "derive",
    "print iteration matrix, regimes and stable region of a method",
    METHOD,
    option("--sigma", action="store_true", help="formulas in the singular value σ instead of the curvature λ"),
    LOSS,
    LATEX,
    example="convergence derive heavy_ball",
)
def derive(options: Namespace) -> Answer:
    method, scaled = arguments.method(options.method), {"sigma": options.sigma, "loss": options.loss}
    if options.json:
        return Answer(_derived(method, options.loss))
    system, region = cv.derive(method, **scaled), cv.stability(method, **scaled)
    roots = [notation.roots(factor) for factor, _ in system.factors]
    shown: list[tuple[str, Any]] = [
        (f"iteration matrix, state ({', '.join(system.state)})", system.matrix),
        ("characteristic polynomial", system.characteristic),
        *(("eigenvalues", NO_FORM if root is None else root) for root in roots),
        ("stable where", list(region.conditions)),
        (
            console.where_tried("largest stable learning rate", region.decided),
            NO_FORM if region.lr_max is None else region.lr_max,
        ),
    ]
    if method.rate is not None:
        regimes = cv.regimes(method, **scaled)
        for kind in ("real", "complex", "repeated"):
            where = getattr(regimes, kind)
            known = NO_FORM if where is None else list(where) or "none"
            words = f"{kind} eigenvalues for {method.rate} {'at' if kind == 'repeated' else 'in'}"
            shown.append((console.where_tried(words, regimes.decided), known))
    lines = console.formulas(method.doc.splitlines()[0] if method.doc else method.name, shown, options.latex)
    return Answer(None, lines if system.linear else [*lines, "\nlinearised at the minimiser"])


def _derived(method: Method, loss: str) -> dict[str, Any]:
    """System, region, regimes and optimum of a method, formulas as texts and LaTeX."""
    system, region, regimes, optimum = cv.derive(method), cv.stability(method), cv.regimes(method), cv.optimum(method)
    formula, roots = console.formula, [notation.roots(factor) for factor, _ in system.factors]
    return {
        "method": method.name,
        "state": list(system.state),
        "hyper": method.hyper,
        "linear": system.linear,
        "clock": list(system.clock.names) if system.clock else [],
        "rest": None if system.rest[0] == 1 else formula(system.rest[0]),
        "matrix": formula(system.matrix),
        "matrix_sigma": formula(system.in_sigma(loss).matrix),
        "characteristic": formula(system.characteristic),
        "eigenvalues": [formula(root) for root in roots if root is not None],
        "discriminant": formula(notation.discriminant(system.characteristic)),
        "conditions": [formula(condition) for condition in region.conditions],
        "lr_max": None if region.lr_max is None else formula(region.lr_max),
        "regimes": [_regime(regimes, kind) for kind in ("real", "repeated", "complex")],
        "optimum": [_piece(method, piece) for piece in optimum.pieces if piece.closed],
        "notes": [f"Optimum: {optimum.note}."] if optimum.note else [],
    }


def _regime(regimes: Regimes, kind: str) -> dict[str, Any]:
    where, largest = getattr(regimes, kind), regimes.largest_stable[kind]
    known = console.formula(NO_FORM if where is None else where)
    return {"kind": kind, "where": known, "largest": console.formula(largest) if largest else None}


def _piece(method: Method, piece: Piece) -> dict[str, Any]:
    hyper = {name: console.formula(value) for name, value in piece.hyper.items() if value != method.symbols[name]}
    plateau = None if piece.plateau is None else console.formula(piece.plateau)
    condition = None if piece.condition == True else console.formula(piece.condition)  # noqa: E712
    return {"condition": condition, "hyper": hyper, "rate": console.formula(piece.rate), "plateau": plateau}


@command(
    "optimum",
    "print the best hyperparameters of a method over [mu, L]",
    METHOD,
    hyper("hold it at a number, or a letter: the optimum then comes in pieces"),
    NUMBERS,
    LATEX,
    example="convergence optimum nesterov --mu 1 --L 100",
)
def optimum(options: Namespace) -> Answer:
    method, given = arguments.method(options.method), arguments.hyper(options, arguments.number_or_letter)
    best = cv.optimum(method, **given)
    tuned = _tuned(best, options)
    numbers = None if tuned is None else _numbers(tuned)
    closed = [_piece(method, piece) for piece in best.pieces if piece.closed]
    content = {"method": method.name, "exact": best.exact, "note": best.note, "pieces": closed, "numbers": numbers}
    lines: list[Any] = []
    for piece in best.pieces:
        everywhere = piece.condition == True  # noqa: E712
        shown: list[tuple[str, Any]] = [("where", "otherwise" if everywhere else piece.condition)]
        shown = [] if len(best.pieces) == 1 and everywhere else shown
        if piece.closed:
            shown += [(name, value) for name, value in piece.hyper.items() if name not in given]
            shown += [("rate", piece.rate)] + ([] if piece.plateau is None else [("every lr in", piece.plateau)])
        elif numbers is None:
            shown.append((NO_FORM, "give --mu and --L, or --data, for numbers"))
        lines += console.formulas(f"optimum of {method.title} over [μ, L]", shown, options.latex)
    lines += [best.note] if best.note else []
    if tuned and best.exact:
        place = f"over [{options.mu}, {options.L}]" if options.mu else f"on {options.data or options.dataset}"
        lines += ["", place + (f", {tuned.note}" if tuned.note else "")]
    return Answer(content, [*lines, *(f"{name} = {value}" for name, value in (numbers or {}).items())])


def _numbers(tuned: Tuned) -> dict[str, Any]:
    return {**tuned.hyper, "rate": tuned.rate} | ({"plateau": list(tuned.plateau)} if tuned.plateau else {})


def _tuned(best: Optimum, options: Namespace) -> Tuned | None:
    if not any((options.mu, options.L, options.data, options.dataset, options.target)):
        return None
    ends, _ = arguments.spectrum(options)
    return best.at(**ends)


@command("methods", "list the catalogue", example="convergence methods")
def methods(options: Namespace) -> Answer:
    known = cv.METHODS.values()
    content = [{"name": m.name, "state": m.state, "hyper": m.hyper, "doc": m.doc} for m in known]
    rows = [(m.name, ", ".join(m.hyper), m.doc.splitlines()[0]) for m in known]
    table = console.table(("name", "hyperparameters", "rule"), rows, left=(0, 1, 2), whole=(0,))
    others = f"called by name, too, what libraries run: {', '.join(cv.methods.LIBRARY_RULES)}"
    return Answer(content, (table, f"presets: {', '.join(cv.presets())}", others))
