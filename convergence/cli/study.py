"""Commands that study data: report, verify, figures."""

from __future__ import annotations

import os
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import convergence as cv
from convergence.cli.command import Answer, Option, command, group, option
from convergence.cli.drawing import FIGURE_FORMATS
from convergence.cli.modules import Lazy, arguments, console, notation, writing
from convergence.cli.options import DATA, METHODS, OPEN, RANDOM, formats, hyper, out
from convergence.cli.schedules import typed
from convergence.errors import BadName

if TYPE_CHECKING:
    from convergence.document import Chapter, Study

parts = Lazy("convergence.parts")
scheduled = Lazy("convergence.parts.schedule")
pictures, files = Lazy("convergence.report.pictures"), Lazy("convergence.report.files")
landscapes, overviews = Lazy("convergence.landscapes"), Lazy("convergence.landscapes.overview")
contents = Lazy("convergence.landscapes.content")
overview_page = Lazy("convergence.report.landscape")

WORKERS = min(4, os.cpu_count() or 1)
"""Processes that study many methods and draw their figures."""

MANY = 8
"""Fewer methods are studied in one process: another takes seconds to begin, and derives anew what methods share."""

STEPS = "\nsteps from w = 0 until the error ‖w − w*‖ stays below 1e-3 of the first"
HUGE = 10**9
PASSED = {True: ("passed", "green"), False: ("FAILED", "bold red"), None: ("not made", "yellow")}
REJECTED = {True: ("rejected", "green"), False: ("ACCEPTED", "bold red"), None: ("not made", "yellow")}

STUDY: tuple[Option, ...] = (
    group("data", *DATA),
    METHODS,
    hyper("fix it; the others are then the best for it"),
    option("--steps", type=int, metavar="N", help="length of the runs shown (default: as long as they need)"),
)

NOISE = group(
    "noise: each method has a part on it then",
    *RANDOM,
)

SCHEDULE = option(
    "--schedule",
    nargs="+",
    action="extend",
    metavar="NAME",
    help="schedules of the learning rate, as the command schedule takes them: each method has a part on them",
)


@command(
    "report",
    "write the report: Markdown, HTML, JSON, LaTeX and the figures",
    *STUDY,
    option("--all", action="store_true", help="the whole catalogue, in classes of equal theory"),
    NOISE,
    SCHEDULE,
    out("convergence-report"),
    formats("--formats", ["md", "html", "json", "tex"], "md,html,json,tex"),
    formats("--figure-formats", ["svg"], "svg,png,pdf"),
    option("--title", metavar="TEXT", help="what the report calls the data"),
    option("--landscape", metavar="NAME", help="the page on a function of cv.landscapes instead, not quadratic"),
    OPEN,
    example="convergence report --data houses.csv --target price --intercept --standardize --open",
)
def report(options: Namespace) -> Answer:
    if options.methods is None and not options.all:
        options.methods = list(parts.CLASSIC)
    if options.landscape is not None:
        return _landscape(options)
    if options.methods is None:
        options.methods = list(cv.METHODS)
    study = _study(options, title=options.title)
    with console.working(options, "drawing figures and writing"):
        files = study.save(options.out, options.formats, options.figure_formats, _processes(options))
    content = {"passed": bool(study), "methods": [c.name for c in study.methods], "files": [str(f) for f in files]}
    return Answer(content, (*_answers(study), _verdict(study)), bool(study), page_of(options, "report"))


def _landscape(options: Namespace) -> Answer:
    """The page on a function that is not quadratic: landscape.md, …, with its figures."""
    if arguments.about_data(options) or options.batch is not None or options.schedule:
        raise BadName("--landscape is a page on a function: it takes no data, batch or schedule")
    critical = cv.local(landscapes.named(options.landscape))
    with console.working(options, "deriving"):
        found = overviews.overview(critical, arguments.methods(options), arguments.hyper(options))
        checks = overview_page.verified(found)
    with console.working(options, "drawing figures and writing"):
        files = overview_page.landscape_files(found, checks, options.formats, options.figure_formats)
        written = writing.write_files(options.out, files)
    words = [f"{found.critical!r}"] + [f"{name}: {one!r}" for (_, name), one in checks.items()]
    content = {"passed": all(checks.values()), **contents.content(found), "files": [str(file) for file in written]}
    return Answer(content, words, all(checks.values()), page_of(options, "landscape"))


@command(
    "verify",
    "hold the theory against runs, claim by claim, and print the checks",
    *STUDY,
    NOISE,
    out(None, "write verification.json there as well"),
    example="convergence verify --methods heavy_ball,nesterov --batch 32",
)
def verify(options: Namespace) -> Answer:
    study = _study(options, parts=("answer", "verification"))
    content = {"passed": bool(study), "methods": [_evidence(chapter) for chapter in study.methods]}
    if options.out:
        writing.write_files(options.out, {"verification.json": console.json_text(content)})
    return Answer(content, (*map(_checks, study.methods), _verdict(study)), bool(study))


@command(
    "figures",
    "write the figures alone",
    *STUDY,
    NOISE,
    SCHEDULE,
    out("convergence-figures"),
    FIGURE_FORMATS,
    example="convergence figures --methods heavy_ball --figure-formats pdf",
)
def figures(options: Namespace) -> Answer:
    study = _study(options)
    with console.working(options, "drawing figures"):
        drawn = files.drawn(pictures.pictures(study), options.figure_formats, _processes(options))
    written = {f"{name}.{ending}": content for (name, ending), content in drawn.items()}
    writing.write_files(options.out, written)
    content = {"folder": options.out, "figures": sorted(written)}
    return Answer(content, (f"{len(written)} figures: {options.out}",), bool(study))


def _processes(options: Namespace) -> int:
    return WORKERS if len(arguments.methods(options)) >= MANY else 1


def _study(options: Namespace, title: str | None = None, **named: Any) -> Study:
    methods, given = arguments.methods(options), arguments.hyper(options)
    data, usual = arguments.problem(options)
    if getattr(options, "schedule", None):
        steps = options.steps or scheduled.USUAL
        named["schedules"] = typed(options.schedule, steps, arguments.ends_of(data))
    named |= {
        "hyper": given,
        "steps": options.steps,
        "title": title or usual,
        "workers": _processes(options),
        **arguments.law(options),
    }
    with console.progress(options, "deriving") as show:
        return cv.study(data, methods, progress=lambda name, done, total: show(done, total, name), **named)


def page_of(options: Namespace, name: str) -> Path | None:
    """The page that a person opens, if one was written."""
    endings = options.formats
    return Path(options.out, f"{name}.{'html' if 'html' in endings else endings[0]}") if endings else None


def _answers(study: Study) -> list[Any]:
    """The answer for the data: a row a method. It fits a terminal of eighty columns."""
    linear = [one for one in study.methods if one.adaptive is None]
    adaptive = [one for one in study.methods if one.adaptive is not None]
    return [*([_linear(study, linear)] if linear else []), *([_adaptive(adaptive)] if adaptive else [])]


def _linear(study: Study, chapters: list[Chapter]) -> Any:
    setting = "setting" if any(chapter.given for chapter in chapters) else "best setting"
    headings = ("method", setting, "rate", "steps to\n1e-3", "largest\nstable\nlr", "by\ndir.", "checks")
    title, rows = f"{study.title}: κ = {study.problem.kappa:.5g}{STEPS}", [_answer(chapter) for chapter in chapters]
    return console.table(headings, rows, left=(0, 1, 5), title=title, whole=range(2, 7))


def _adaptive(chapters: list[Chapter]) -> Any:
    """What adaptive methods do: up to where the minimiser attracts, and the 2-cycle beyond."""
    rows = []
    for one in chapters:
        limit, cycle = one.adaptive.limit, one.adaptive.cycle
        size = "none alone" if cycle is None else notation.text(cycle.amplitude, 4)
        rows.append((one.method.title, f"{limit:.3g}" if limit else "none", size, _attracts(cycle), _count(one)))
    headings = ("adaptive method", "minimiser\nattracts\nbelow lr", "amplitude of\nits 2-cycle", "which", "checks")
    return console.table(headings, rows, left=(0, 2, 3), whole=(1, 4))


def _attracts(cycle: Any) -> str:
    if cycle is None or cycle.attracting is None:
        return ""
    if cycle.neutral:
        return "is neutral"
    return {True: "attracts", False: "repels"}.get(cycle.attracting, "attracts for some lr")


def _count(chapter: Chapter) -> Any:
    """The checks that passed, of those that were made."""
    evidence = chapter.verification
    decided = [check for check in evidence.checks if check.passed is not None] if evidence is not None else []
    return console.Text(f"{sum(check.passed for check in decided)}/{len(decided)}", "green" if chapter else "bold red")


def _answer(chapter: Chapter) -> tuple[Any, ...]:
    method, best = chapter.method, chapter.answer
    if best is None:
        return (method.title, *[""] * 4, console.Text("not known: see the gaps", "yellow"), "")
    setting = ", ".join(f"{name}={_three(value)}" for name, value in best.hyper.items())
    steps = _grouped(best.steps.count) if best.steps else console.Text(best.verdict, "bold red")
    limit = f"{best.lr_max:.3g}" if best.lr_max > 0 else "none"
    binding = "all" if best.binding is None else str(best.binding + 1)
    return method.title, setting, notation.text(best.rate, 4), steps, limit, binding, _count(chapter)


def _grouped(count: int) -> str:
    """A count in groups of three digits; a huge one, whose digits no rate determines, to four."""
    return f"{count:,}".replace(",", "\u00a0") if count < HUGE else notation.text(float(count), 4)


def _three(value: float) -> str:
    """Three digits; near 1, where a momentum is told by its distance from it, more."""
    return console.significant(value) if 0 < abs(1 - value) < 0.01 else f"{value:.3g}"


def _checks(chapter: Chapter) -> Any:
    """The checks of a method, and its controls."""
    rows, evidence = [], chapter.verification
    for check in () if evidence is None else evidence.checks:
        claim = f"{check.claim} ({check.why})" if check.passed is None else check.claim
        rows.append((claim, _short(check.error), _short(check.tolerance), console.Text(*PASSED[check.passed])))
    for one in () if evidence is None else evidence.controls:
        words = console.Text(f"fault: {one.kind}, {one.fault}", "dim")
        rows.append((words, _short(one.error), _short(one.tolerance), console.Text(*REJECTED[one.rejected])))
    rows += [(console.Text(f"{gap.part}: {gap.why}", "yellow"), "", "", "not made") for gap in chapter.gaps]
    headings = ("claim", "error", "tolerance", "verdict")
    return console.table(headings, rows, title=console.titled(chapter.method, chapter.hyper))


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.1e}" if value else "0"


def _verdict(study: Study) -> Any:
    """First what diverges at these settings, then what failed, or how many checks and faults came out right."""
    lost = [f"{c.method.title} {c.answer.verdict}" for c in study.methods if c.answer and c.answer.steps is None]
    words = f"At these settings {', '.join(lost)}. " if lost else ""
    verified = [chapter for chapter in study.methods if chapter.verification is not None]
    checks = [(one.method.title, check) for one in verified for check in one.verification.checks]
    faults = [(one.method.title, fault) for one in verified for fault in one.verification.controls]
    failed = [f"{title}: {check.claim}" for title, check in checks if check.passed is False]
    failed += [f"{title}: fault accepted: {fault.fault}" for title, fault in faults if not fault]
    failed += [f"{c.method.title}: not verified: {c.unverified.why}" for c in study.methods if c.unverified is not None]
    if failed:
        return console.Text("\n".join([f"{words}FAILED", *failed]), "bold red")
    passed, rejected = sum(c.passed is True for _, c in checks), sum(f.rejected is True for _, f in faults)
    count = len(study.gaps)
    gaps = f"; {count} part{'s' if count > 1 else ''} could not be made" if count else ""
    words += f"All {passed} checks of the theory passed, and {rejected} deliberate faults were rejected{gaps}."
    return console.Text(words, "bold red" if lost else "green")


def _evidence(chapter: Chapter) -> dict[str, Any]:
    named = {"method": chapter.name, "hyper": dict(chapter.hyper)}
    evidence = chapter.verification
    if evidence is None:
        return {**named, "gaps": [asdict(gap) for gap in chapter.gaps]}
    return {**named, "checks": [asdict(c) for c in evidence.checks], "controls": [asdict(c) for c in evidence.controls]}
