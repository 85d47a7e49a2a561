"""Commands that print formulas: derive, optimum, methods."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

import convergence as cv
from convergence.cli.command import command, lazily, option
from convergence.cli.options import ENDS, JSON, LATEX, LOSS, METHOD, hyper
from convergence.errors import BadHyperparameter

if TYPE_CHECKING:
    from convergence.theory.optimum import Optimum

arguments = lazily("convergence.cli.arguments")
console = lazily("convergence.cli.console")
derived = lazily("convergence.cli.derived")

NO_FORM = "no closed form"


@command(
    "derive",
    "print iteration matrix, regimes and stable region of a method",
    METHOD,
    option("--sigma", action="store_true", help="formulas in the singular value σ instead of the curvature λ"),
    LOSS,
    LATEX,
    JSON,
    example="convergence derive heavy_ball",
)
def derive(options: Namespace) -> int:
    method, scaled = arguments.method(options.method), {"sigma": options.sigma, "loss": options.loss}
    if options.json:
        named = {"method": method.name, "state": method.state, "hyper": method.hyper}
        console.as_json({**named, **derived.derived(method, options.loss)})
        return 0
    system, region = cv.derive(method, **scaled), cv.stability(method, **scaled)
    shown: list[tuple[str, Any]] = [
        (f"iteration matrix, state ({', '.join(system.state)})", system.matrix),
        ("characteristic polynomial", system.characteristic.as_expr()),
        *((f"eigenvalue {k}", value) for k, value in enumerate(system.eigenvalues, 1)),
        ("stable where", list(region.conditions)),
        ("largest stable learning rate", NO_FORM if region.lr_max is None else region.lr_max),
    ]
    if method.rate is not None:
        regimes = cv.regimes(method, **scaled)
        shown += [
            (f"{kind} eigenvalues for {method.rate} in", _sets(getattr(regimes, kind))) for kind in ("real", "complex")
        ]
        shown.append(("repeated eigenvalues at", _sets(regimes.repeated)))
    console.formulas(method.doc.splitlines()[0] if method.doc else method.name, shown, options.latex)
    if not system.linear:
        console.show("\nlinearised at the minimiser")
    return 0


def _sets(intervals: tuple[Any, ...] | None) -> Any:
    return NO_FORM if intervals is None else list(intervals) or "none"


@command(
    "optimum",
    "print the best hyperparameters of a method over [mu, L]",
    METHOD,
    hyper("hold it at a number, or a letter: the optimum then comes in pieces"),
    *ENDS,
    LATEX,
    JSON,
    example="convergence optimum nesterov --mu 1 --L 100",
)
def optimum(options: Namespace) -> int:
    method, held = arguments.method(options.method), arguments.numbers_or_letters(options)
    best = cv.optimum(method, **held)
    numbers = _numbers(best, options)
    if options.json:
        named = {"method": method.name, "exact": best.exact, "note": best.note}
        console.as_json({**named, "pieces": derived.pieces(best), "numbers": numbers})
        return 0
    for piece in best.pieces:
        shown: list[tuple[str, Any]] = [] if piece.condition == True else [("where", piece.condition)]  # noqa: E712
        if piece.closed:
            shown += [(name, value) for name, value in piece.hyper.items() if name not in held]
            shown += [("rate", piece.rate)] + ([] if piece.plateau is None else [("every lr in", piece.plateau)])
        else:
            shown.append((NO_FORM, "give --mu and --L for numbers"))
        console.formulas(f"optimum of {method.title} over [μ, L]", shown, options.latex)
    console.show(*([best.note] if best.note else []), *(f"{name} = {value}" for name, value in (numbers or {}).items()))
    return 0


def _numbers(best: Optimum, options: Namespace) -> dict[str, Any] | None:
    if options.mu is None and options.L is None:
        return None
    if options.mu is None or options.L is None:
        raise BadHyperparameter("numbers need both ends of the spectrum: give --mu and --L")
    mu, L = (float(arguments.number(end, getattr(options, end))) for end in ("mu", "L"))
    tuned = best.at(mu=mu, L=L)
    return {**tuned.hyper, "rate": tuned.rate} | ({"plateau": list(tuned.plateau)} if tuned.plateau else {})


@command("methods", "list the catalogue", JSON, example="convergence methods")
def methods(options: Namespace) -> int:
    known = cv.METHODS.values()
    if options.json:
        console.as_json([{"name": m.name, "state": m.state, "hyper": m.hyper, "doc": m.doc} for m in known])
        return 0
    rows = [(m.name, ", ".join(m.hyper), m.doc.splitlines()[0]) for m in known]
    console.show(console.table(("name", "hyperparameters", "rule"), rows, left=(0, 1, 2)))
    return 0
