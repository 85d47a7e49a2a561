"""Parsed options go in; a diagnosis of data, of a spectrum or of a logged run comes out."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from convergence.api import diagnosis as api
from convergence.choices import chosen_method, numeric_hyper, problem
from convergence.diagnosis import wording
from convergence.diagnosis.directions import DirectionState
from convergence.diagnosis.logfile import read_log
from convergence.diagnosis.plain import plain, plain_run
from convergence.diagnosis.run_result import bar
from convergence.errors import BadData, BadHyperparameter, BadName
from convergence.terminal.console import OUT, print_json

DIVERGED = 1


def diagnose(options: Namespace) -> int:
    """Print what is wrong, with numbers, and what to do; 1 when the run does not converge."""
    if options.run:
        return _run(options)
    if options.gradients:
        raise BadName("--gradients names columns of a logged run: give it with --run")
    if options.method is None:
        raise BadName("--method must name the method to diagnose: conventions differ, so none is assumed")
    method = chosen_method(options.method)
    hyper: dict[str, Any] = {**numeric_hyper(options)}
    if options.curvatures:
        if options.data or options.dataset:
            raise BadData("--curvatures stand for the data: give one of the two")
        found = api.diagnose(method=method, curvatures=_numbers(options.curvatures, "--curvatures"), **hyper)
    else:
        found = api.diagnose(problem(options)[0], method=method, **hyper)
    if options.json:
        print_json(plain(found))
    else:
        _print(found.headline, found.converges, found.findings, _table(found), found.advice)
    return 0 if found.converges else DIVERGED


def _run(options: Namespace) -> int:
    if options.data or options.dataset:
        raise BadData("--run is a log of its own: give it without --data")
    log = read_log(options.run, options.gradients)
    method = options.method and chosen_method(options.method)
    hyper: dict[str, Any] = {**numeric_hyper(options)}
    lr = hyper.pop("lr", None)
    curvatures = _numbers(options.curvatures, "--curvatures") if options.curvatures else None
    found = api.diagnose_run(
        log.weights,
        log.gradients,
        method=method,
        lr=lr,
        curvatures=curvatures,
        columns=log.columns,
        **hyper,
    )
    if options.json:
        print_json(plain_run(found))
    else:
        aside = [f"Left aside: {', '.join(log.aside)}."] if log.aside else []
        _print(found.headline, found.converges, found.findings, _modes(found), (*found.advice, *_said(found), *aside))
    return 0 if found.converges else DIVERGED


def _said(found: api.RunDiagnosis) -> list[str]:
    return [f"{note[:1].upper()}{note[1:]}." for note in found.notes]


def _numbers(texts: Sequence[str], option: str) -> list[float]:
    try:
        return [float(text) for text in texts]
    except ValueError:
        raise BadHyperparameter(f"{option} takes numbers, as in {option} 100,10,1; got {','.join(texts)!r}") from None


def _print(
    headline: str, converges: bool, findings: Iterable[tuple[str, str]], table: Table, advice: Iterable[str]
) -> None:
    style = "bold red" if not converges else "bold green" if headline.startswith("fine") else "bold yellow"
    OUT.print(Text(headline, style))
    grid = Table.grid(padding=(0, 2, 0, 0))
    for what, value in findings:
        grid.add_row(Text(what, "dim"), Text(value))
    OUT.print(grid)
    OUT.print(table)
    for place, sentence in enumerate(advice, 1):
        OUT.print(Text(f"{place}. {sentence}"))


def _table(found: api.Diagnosis) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in ("", "λ", "eigenvalues", "radius", "regime", "steps to 1e-3"):
        table.add_column(heading, justify="left" if heading in ("", "eigenvalues", "regime") else "right")
    for state in found.listed:
        table.add_row(*_row(state, state.index == found.direction.index))
    hidden = len(found.directions) - len(found.listed)
    if hidden:
        table.caption = f"{hidden} directions between are not shown (--json has all)"
    return table


def _row(state: DirectionState, guilty: bool) -> tuple[Any, ...]:
    steps = Text("diverges", "red") if state.radius > 1 else Text("never", "red")
    if state.stable:
        steps = Text(wording.steps(state.steps).removesuffix(" steps").removesuffix(" step"))
    name = f"{'→ ' if guilty else '  '}{state.index + 1} {' '.join(state.columns)}"
    return (
        name,
        wording.number(state.curvature),
        wording.roots(state.eigenvalues),
        f"{state.radius:.5g}",
        state.regime,
        steps,
    )


def _modes(found: api.RunDiagnosis) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in ("", "eigenvalues", "± ", "lr·λ", "λ"):
        table.add_column(heading, justify="left" if heading in ("", "eigenvalues") else "right")
    for k, roots in enumerate(found.eigenvalues):
        product, curvature = (
            "" if values is None or errors is None else bar(values[k], errors[k])
            for values, errors in (
                (found.lr_curvature, found.lr_curvature_error),
                (found.curvatures, found.curvatures_error),
            )
        )
        mark = "→ " if k == found.direction else "  "
        shown = wording.roots(tuple(complex(z) for z in roots))
        table.add_row(f"{mark}{k + 1}", shown, f"{found.error[k].max():.1e}", product, curvature)
    return table


COMMANDS = {"diagnose": diagnose}
