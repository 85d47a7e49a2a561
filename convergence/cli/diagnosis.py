"""The command that says why a run diverges or crawls: diagnose."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Mapping
from math import nan
from typing import TYPE_CHECKING, Any

import convergence as cv
from convergence.cli.command import Answer, command, group, option
from convergence.cli.modules import Lazy, arguments, console
from convergence.cli.options import CURVATURES, DATA, RANDOM, SCHEDULE, hyper, names
from convergence.cli.schedules import scheduled
from convergence.errors import BadData, BadHyperparameter, BadName

if TYPE_CHECKING:
    from convergence.diagnosis.directions import DirectionState
    from convergence.diagnosis.result import Diagnosis
    from convergence.diagnosis.run_result import RunDiagnosis
    from convergence.diagnosis.scheduled import ScheduledDiagnosis

curves, logfile = Lazy("convergence.numerics.curves"), Lazy("convergence.diagnosis.logfile")
plain = Lazy("convergence.diagnosis.plain")
naming = Lazy("convergence.cli.schedule_names")
run_result = Lazy("convergence.diagnosis.run_result")
scheduling = Lazy("convergence.diagnosis.scheduled")
wording = Lazy("convergence.diagnosis.wording")


@command(
    "diagnose",
    "say why a method diverges or crawls on data, a spectrum or a logged run",
    group(
        "what to look at (default: the course notes' data)",
        *DATA,
        CURVATURES,
        option("--run", metavar="LOG", help="a CSV file with a logged run: a column a weight, a row a step"),
        option("--gradients", metavar="A,B", type=names, help="columns of the log that are gradients, in order"),
    ),
    option("--method", metavar="METHOD", help="as METHOD of other commands (--run: optional)"),
    hyper("as in the run (with --run: where it is known)"),
    SCHEDULE,
    option("--steps", type=int, metavar="K", help="of the schedule (with --run: those of the log)"),
    group(
        "noise: whether it, not curvature, is what diverges",
        *RANDOM,
    ),
    example="convergence diagnose --method heavy_ball --lr 5e-4 --momentum 0.9",
)
def diagnose(options: Namespace) -> Answer:
    if options.run:
        return _run(options)
    if options.gradients:
        raise BadName("--gradients names columns of a logged run: give it with --run")
    if options.method is None:
        raise BadName("--method must name the method to diagnose: conventions differ, so none is assumed")
    asked = {"method": arguments.method(options.method), **arguments.hyper(options), **arguments.law(options)}
    if options.curvatures is None:
        problem = arguments.problem(options)[0]
        asked |= _schedule(options, options.steps, arguments.ends_of(problem))
        result: Any = cv.diagnose(problem, **asked)
    elif arguments.about_data(options):
        raise BadData("--curvatures stand for the data: give one of the two")
    else:
        curvatures = arguments.curvatures(options)
        asked |= _schedule(options, options.steps, {"mu": min(curvatures), "L": max(curvatures)})
        result = cv.diagnose(curvatures=curvatures, **asked)
    return _answer(result, _left(result) if options.schedule else _directions(result), result.advice)


def _schedule(options: Namespace, steps: int | None, ends: Mapping[str, float]) -> dict[str, Any]:
    """The learning rate of --schedule over so many steps, and their number; nothing where there is none."""
    if options.schedule is None:
        return {} if options.steps is None else {"steps": options.steps}
    if steps is None:
        raise BadName("--schedule is judged by what it leaves: say after how many steps, with --steps K")
    method = arguments.method(options.method or "gradient_descent")
    rate = curves.rate_of(method)
    base = arguments.hyper(options).get(rate)
    if base is None and naming.typed(options.schedule).is_free:
        raise BadHyperparameter(f"--schedule {options.schedule} needs its base: give it with --{rate}")
    options = Namespace(**{**vars(options), "steps": steps})
    return {**scheduled(options, method, {rate: base}, ends), "steps": steps}


def _run(options: Namespace) -> Answer:
    if arguments.about_data(options):
        raise BadData("--run is a log of its own: give it without --data")
    if options.batch is not None or arguments.added_noise(options) is not None:
        raise BadData("--batch and --noise are of settings on data: a logged run has its noise in it")
    log = logfile.read_log(options.run, options.gradients)
    method = arguments.method(options.method) if options.method else None
    given, rate = arguments.hyper(options), curves.rate_of(method or cv.METHODS["gradient_descent"])
    known = {"method": method, "lr": given.pop(rate, log.rates), **given}
    known |= {"curvatures": None if options.curvatures is None else arguments.curvatures(options)}
    if options.schedule:
        known |= {"lr": _schedule(options, options.steps or log.last, {"mu": nan, "L": nan})[rate]}
    rows = {"columns": log.columns if log.losses is None else None, "steps": log.steps, "losses": log.losses}
    result = cv.diagnose_run(log.weights, log.gradients, **rows, **known)
    notes = [f"{note[:1].upper()}{note[1:]}." for note in result.notes]
    notes += [f"Left aside: {', '.join(log.aside)}."] if log.aside else []
    return _answer(result, _modes(result), (*result.advice, *notes))


def _answer(result: Diagnosis | ScheduledDiagnosis | RunDiagnosis, table: Any, advice: Iterable[str]) -> Answer:
    style = "bold red" if not result.converges else "bold green" if result.verdict == "fine" else "bold yellow"
    sentences = [f"{k}. {words}" for k, words in enumerate(advice, 1)]
    shown = (console.Text(result.headline, style), console.pairs(result.findings), table, *sentences)
    return Answer(plain.plain(result), shown, result.converges)


def _directions(result: Diagnosis) -> Any:
    rows = [_direction(state, state.index == result.direction.index) for state in result.listed]
    headings = ("", "λ", "eigenvalues", "radius", "regime", "steps to 1e-3")
    between = console.hidden(len(result.directions) - len(result.listed), "directions between")
    title = f"steps until the error ‖w − w*‖ stays below 1e-3 of the first, from any start; {between}".removesuffix(
        "; "
    )
    return console.table(headings, rows, left=(0, 2, 4), title=title)


def _left(result: ScheduledDiagnosis) -> Any:
    rows = []
    for row in result.directions:
        mark = f"{'→ ' if row.index == result.direction.index else '  '}{row.index + 1}"
        most = f"{scheduling.part(row.peak)} it, at step {row.peak_step}" if row.peak > 0 else ""
        rows.append((mark, wording.number(row.curvature), f"{scheduling.part(row.log)} it", most, len(row.unstable)))
    return console.table(("", "λ", "of the first error is left", "at most", "unstable steps"), rows, left=(0, 2, 3))


def _direction(state: DirectionState, guilty: bool) -> tuple[Any, ...]:
    steps = console.Text("diverges" if state.radius > 1 else "never", "red")
    if state.stable:
        steps = wording.steps(state.steps).removesuffix(" steps").removesuffix(" step")
    name, radius = f"{'→ ' if guilty else '  '}{state.index + 1} {' '.join(state.columns)}", f"{state.radius:.5g}"
    return name, wording.number(state.curvature), wording.roots(state.eigenvalues), radius, state.regime, steps


def _modes(result: RunDiagnosis) -> Any:
    rows = []
    for k, roots in enumerate(result.eigenvalues):
        pairs = (result.lr_curvature, result.lr_curvature_error), (result.curvatures, result.curvatures_error)
        bars = ["" if v is None or e is None else run_result.bar(v[k], e[k]) for v, e in pairs]
        mark = f"{'→ ' if k == result.direction else '  '}{k + 1}"
        rows.append((mark, wording.roots(tuple(map(complex, roots))), f"{result.error[k].max():.1e}", *bars))
    return console.table(("", "eigenvalues", "± ", "lr·λ", "λ"), rows, left=(0, 1))
