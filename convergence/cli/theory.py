"""Commands that print formulas: derive, optimum, methods."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

import convergence as cv
from convergence.cli.command import Answer, command, lazily, option
from convergence.cli.options import ENDS, LATEX, LOSS, METHOD, hyper
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
    example="convergence derive heavy_ball",
)
def derive(options: Namespace) -> Answer:
    method, scaled = arguments.method(options.method), {"sigma": options.sigma, "loss": options.loss}
    if options.json:
        named = {"method": method.name, "state": method.state, "hyper": method.hyper}
        return Answer({**named, **derived.derived(method, options.loss)})
    system, region = cv.derive(method, **scaled), cv.stability(method, **scaled)
    shown: list[tuple[str, Any]] = [
        (f"iteration matrix, state ({', '.join(system.state)})", system.matrix),
        ("characteristic polynomial", system.characteristic),
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
    lines = console.formulas(method.doc.splitlines()[0] if method.doc else method.name, shown, options.latex)
    return Answer(None, lines if system.linear else [*lines, "\nlinearised at the minimiser"])


def _sets(intervals: tuple[Any, ...] | None) -> Any:
    return NO_FORM if intervals is None else list(intervals) or "none"


@command(
    "optimum",
    "print the best hyperparameters of a method over [mu, L]",
    METHOD,
    hyper("hold it at a number, or a letter: the optimum then comes in pieces"),
    *ENDS,
    LATEX,
    example="convergence optimum nesterov --mu 1 --L 100",
)
def optimum(options: Namespace) -> Answer:
    method, held = arguments.method(options.method), arguments.numbers_or_letters(options)
    best = cv.optimum(method, **held)
    numbers = _numbers(best, options)
    if options.json:
        named = {"method": method.name, "exact": best.exact, "note": best.note}
        return Answer({**named, "pieces": derived.pieces(best), "numbers": numbers})
    lines: list[Any] = []
    for piece in best.pieces:
        everywhere = piece.condition == True  # noqa: E712
        shown: list[tuple[str, Any]] = [("where", "otherwise" if everywhere else piece.condition)]
        shown = [] if len(best.pieces) == 1 and everywhere else shown
        if piece.closed:
            shown += [(name, value) for name, value in piece.hyper.items() if name not in held]
            shown += [("rate", piece.rate)] + ([] if piece.plateau is None else [("every lr in", piece.plateau)])
        elif numbers is None:
            shown.append((NO_FORM, "give --mu and --L for numbers"))
        lines += console.formulas(f"optimum of {method.title} over [μ, L]", shown, options.latex)
    lines += [best.note] if best.note else []
    return Answer(None, [*lines, *(f"{name} = {value}" for name, value in (numbers or {}).items())])


def _numbers(best: Optimum, options: Namespace) -> dict[str, Any] | None:
    if options.mu is None and options.L is None:
        return None
    if options.mu is None or options.L is None:
        raise BadHyperparameter("numbers need both ends of the spectrum: give --mu and --L")
    tuned = best.at(mu=arguments.real("mu", options.mu), L=arguments.real("L", options.L))
    return {**tuned.hyper, "rate": tuned.rate} | ({"plateau": list(tuned.plateau)} if tuned.plateau else {})


@command("methods", "list the catalogue", example="convergence methods")
def methods(options: Namespace) -> Answer:
    known = cv.METHODS.values()
    content = [{"name": m.name, "state": m.state, "hyper": m.hyper, "doc": m.doc} for m in known]
    rows = [(m.name, ", ".join(m.hyper), m.doc.splitlines()[0]) for m in known]
    table = console.table(("name", "hyperparameters", "rule"), rows, left=(0, 1, 2), whole=(0,))
    return Answer(content, (table, f"presets: {', '.join(cv.presets())}"))
