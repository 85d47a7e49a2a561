"""Parsed options go in; tables, formulas, progress and files come out. With ``cli``, the only module that prints."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import sympy as sp
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from convergence import api
from convergence.choices import chosen_method, chosen_methods, given_hyper, numeric_hyper, problem
from convergence.document import Study
from convergence.errors import BadHyperparameter
from convergence.figures import drawn
from convergence.methods import METHODS
from convergence.pipeline.formulas import latex, pretty
from convergence.pipeline.theory import pieces, theory
from convergence.results import MethodResult
from convergence.tables import answer, checks, verdict
from convergence.theory.optimum import Optimum
from convergence.writing import write_files

WORKERS = min(4, os.cpu_count() or 1)
"""Processes that draw figures."""

OUT = Console(highlight=False, soft_wrap=False)
ERR = Console(stderr=True, highlight=False)


def run(options: Namespace) -> int:
    """Run the command; 0 when all checks that it made passed, else 1."""
    return COMMANDS[options.command](options)


def report(options: Namespace) -> int:
    """Write the report and print its answer."""
    study = _study(options)
    with _working("drawing figures and writing"):
        study.save(options.out, options.formats, options.figure_formats, WORKERS)
    OUT.print(answer(study))
    OUT.print(verdict(study))
    OUT.print(f"report: {options.out}/report.{options.formats[0] if 'html' not in options.formats else 'html'}")
    return 0 if study else 1


def verify(options: Namespace) -> int:
    """Print the checks and controls of each method."""
    study = _study(options)
    found = [_evidence(method) for method in study.methods]
    text = json.dumps({"passed": bool(study), "methods": found}, indent=1, ensure_ascii=False)
    if options.out:
        write_files(options.out, {"verification.json": text + "\n"})
    if options.json:
        sys.stdout.write(text + "\n")
        return 0 if study else 1
    for method in study.methods:
        OUT.print(checks(method))
    OUT.print(verdict(study))
    return 0 if study else 1


def _evidence(method: MethodResult) -> dict[str, Any]:
    evidence = {"checks": [asdict(c) for c in method.checks], "controls": [asdict(c) for c in method.controls]}
    return {"method": method.name, "hyper": method.tuning.hyper, **evidence}


def write_figures(options: Namespace) -> int:
    """Write the figures alone."""
    study = _study(options)
    with _working("drawing figures"):
        made = drawn(study, options.figure_formats, WORKERS)
    files: dict[str, str | bytes] = {f"{name}.{ending}": content for (name, ending), content in made.items()}
    write_files(options.out, files)
    OUT.print(f"{len(files)} figures: {options.out}")
    return 0 if study else 1


def derive(options: Namespace) -> int:
    """Print what follows from a method's rule."""
    method = chosen_method(options.method)
    derived = api.derive(method, sigma=options.sigma, loss=options.loss)
    stable = api.stability(method, sigma=options.sigma, loss=options.loss)
    if options.json:
        names = {"method": method.name, "state": method.state, "hyper": method.hyper}
        _print_json({**names, **asdict(theory(method, options.loss))})
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
    _print_formulas(method.doc.splitlines()[0] if method.doc else method.name, shown, options.latex)
    return 0


def optimum(options: Namespace) -> int:
    """Print the best hyperparameters, as formulas and, for given curvatures, as numbers."""
    method = chosen_method(options.method)
    given = given_hyper(options)
    found = api.optimum(method, **given)
    numbers = _numbers(found, options)
    if options.json:
        closed = [asdict(piece) for piece in pieces(found)]
        _print_json(
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
        _print_formulas(f"optimum of {method.title} over [μ, L]", shown, options.latex)
    if found.note:
        OUT.print(found.note)
    for name, value in (numbers or {}).items():
        OUT.print(f"{name} = {value}")
    return 0


def methods(options: Namespace) -> int:
    """List the catalogue."""
    if options.json:
        _print_json([{"name": m.name, "state": m.state, "hyper": m.hyper, "doc": m.doc} for m in METHODS.values()])
        return 0
    table = Table("name", "state", "hyperparameters", "rule")
    for m in METHODS.values():
        table.add_row(m.name, ", ".join(m.state), ", ".join(m.hyper), m.doc.splitlines()[0])
    OUT.print(table)
    return 0


COMMANDS = {
    "report": report,
    "verify": verify,
    "figures": write_figures,
    "derive": derive,
    "optimum": optimum,
    "methods": methods,
}


def _study(options: Namespace) -> Study:
    data, title = problem(options)
    chosen = chosen_methods(options.methods)
    columns = TextColumn("{task.description:<32}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=ERR, transient=True, disable=not ERR.is_terminal) as bar:
        task = bar.add_task("deriving", total=len(chosen))

        def progress(words: str, place: int, count: int) -> None:
            bar.update(task, description=words, completed=place - 1, total=count)

        named = getattr(options, "title", None) or title
        return api.study(
            data, chosen, hyper=numeric_hyper(options), steps=options.steps, title=named, progress=progress
        )


@contextmanager
def _working(words: str) -> Iterator[None]:
    if not ERR.is_terminal:
        yield
        return
    with ERR.status(words):
        yield


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


def _print_formulas(title: str, shown: list[tuple[str, Any]], as_latex: bool) -> None:
    """Formulas as a terminal shows them, or as LaTeX: a line of words, then the formula."""
    OUT.print(Text(title, "bold"))
    for words, value in shown:
        formula = latex(value) if as_latex else pretty(value, OUT.width)
        OUT.print(f"\n{words}:")
        OUT.print(Text("\n".join("    " + line for line in formula.splitlines())), soft_wrap=True)


def _print_json(content: Any) -> None:
    sys.stdout.write(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
