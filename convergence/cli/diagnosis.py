"""The command that says why a run diverges or crawls: diagnose."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import convergence as cv
from convergence.cli.command import Answer, command, group, lazily, names, option
from convergence.cli.options import DATA, hyper
from convergence.errors import BadData, BadName

if TYPE_CHECKING:
    from convergence.diagnosis.diagnosis import Diagnosis
    from convergence.diagnosis.directions import DirectionState
    from convergence.diagnosis.run_result import RunDiagnosis

arguments = lazily("convergence.cli.arguments")
console = lazily("convergence.cli.console")
logfile = lazily("convergence.diagnosis.logfile")
plain = lazily("convergence.diagnosis.plain")
run_result = lazily("convergence.diagnosis.run_result")
wording = lazily("convergence.diagnosis.wording")


@command(
    "diagnose",
    "say why a method diverges or crawls on data, a spectrum or a logged run",
    group(
        "what to look at (default: the course notes' data)",
        *DATA,
        option("--curvatures", metavar="A,B", type=names, help="eigenvalues of the Hessian, instead of data"),
        option("--run", metavar="LOG", help="a CSV file with a logged run: a column a weight, a row a step"),
        option("--gradients", metavar="A,B", type=names, help="columns of the log that are gradients, in order"),
    ),
    option("--method", metavar="METHOD", help="as METHOD of other commands (--run: optional)"),
    hyper("as in the run (with --run: where it is known)"),
    example="convergence diagnose --method heavy_ball --lr 5e-4 --momentum 0.9",
)
def diagnose(options: Namespace) -> Answer:
    if options.run:
        return _run(options)
    if options.gradients:
        raise BadName("--gradients names columns of a logged run: give it with --run")
    if options.method is None:
        raise BadName("--method must name the method to diagnose: conventions differ, so none is assumed")
    method, held = arguments.method(options.method), arguments.numbers(options)
    if options.curvatures is not None:
        if options.data or options.dataset:
            raise BadData("--curvatures stand for the data: give one of the two")
        found = cv.diagnose(method=method, curvatures=_numbers(options.curvatures), **held)
    else:
        found = cv.diagnose(arguments.problem(options)[0], method=method, **held)
    return Answer(plain.plain(found), _lines(found, _directions(found), found.advice), found.converges)


def _run(options: Namespace) -> Answer:
    if options.data or options.dataset:
        raise BadData("--run is a log of its own: give it without --data")
    log = logfile.read_log(options.run, options.gradients)
    held = arguments.numbers(options)
    known = {
        "method": options.method and arguments.method(options.method),
        "lr": held.pop("lr", None),
        "curvatures": _numbers(options.curvatures) if options.curvatures else None,
    }
    rows = {"columns": log.columns if log.losses is None else None, "steps": log.steps, "losses": log.losses}
    found = cv.diagnose_run(log.weights, log.gradients, **rows, **known, **held)
    said = [f"{note[:1].upper()}{note[1:]}." for note in found.notes]
    said += [f"Left aside: {', '.join(log.aside)}."] if log.aside else []
    return Answer(plain.plain(found), _lines(found, _modes(found), (*found.advice, *said)), found.converges)


def _numbers(texts: Sequence[str]) -> list[float]:
    return [float(arguments.number("--curvatures", text)) for text in texts]


def _lines(found: Diagnosis | RunDiagnosis, table: Any, advice: Iterable[str]) -> list[Any]:
    fine = found.verdict == "fine"
    style = "bold red" if not found.converges else "bold green" if fine else "bold yellow"
    sentences = [f"{k}. {words}" for k, words in enumerate(advice, 1)]
    return [console.Text(found.headline, style), console.pairs(found.findings), table, *sentences]


def _directions(found: Diagnosis) -> Any:
    rows = [_direction(state, state.index == found.direction.index) for state in found.listed]
    headings = ("", "λ", "eigenvalues", "radius", "regime", "steps to 1e-3")
    hidden = len(found.directions) - len(found.listed)
    between = f"{hidden} directions between are not shown (--json has all)" if hidden else ""
    return console.table(headings, rows, left=(0, 2, 4), title=between)


def _direction(state: DirectionState, guilty: bool) -> tuple[Any, ...]:
    steps = console.Text("diverges" if state.radius > 1 else "never", "red")
    if state.stable:
        steps = console.Text(wording.steps(state.steps).removesuffix(" steps").removesuffix(" step"))
    return (
        f"{'→ ' if guilty else '  '}{state.index + 1} {' '.join(state.columns)}",
        wording.number(state.curvature),
        wording.roots(state.eigenvalues),
        f"{state.radius:.5g}",
        state.regime,
        steps,
    )


def _modes(found: RunDiagnosis) -> Any:
    rows = []
    for k, roots in enumerate(found.eigenvalues):
        pairs = (found.lr_curvature, found.lr_curvature_error), (found.curvatures, found.curvatures_error)
        bars = ["" if v is None or e is None else run_result.bar(v[k], e[k]) for v, e in pairs]
        mark = f"{'→ ' if k == found.direction else '  '}{k + 1}"
        shown = wording.roots(tuple(complex(z) for z in roots))
        rows.append((mark, shown, f"{found.error[k].max():.1e}", *bars))
    return console.table(("", "eigenvalues", "± ", "lr·λ", "λ"), rows, left=(0, 1))
