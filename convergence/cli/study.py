"""Commands that study data: report, verify, figures."""

from __future__ import annotations

import os
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import convergence as cv
from convergence.cli.command import Answer, Option, command, group, lazily, option
from convergence.cli.options import DATA, METHODS, OPEN, formats, hyper, out

if TYPE_CHECKING:
    from convergence.document import Chapter, Study

arguments = lazily("convergence.cli.arguments")
console = lazily("convergence.cli.console")
pages = lazily("convergence.pages")
parts = lazily("convergence.parts")
pictures = lazily("convergence.report.pictures")
tables = lazily("convergence.cli.tables")
writing = lazily("convergence.writing")

WORKERS = min(4, os.cpu_count() or 1)
"""Processes that study methods and draw figures."""

STUDY: tuple[Option, ...] = (
    group("data", *DATA),
    METHODS,
    hyper("fix it; the others are then the best for it"),
    option("--steps", type=int, metavar="N", help="length of the runs shown (default: as long as they need)"),
)


@command(
    "report",
    "write the report: Markdown, HTML, JSON, LaTeX and the figures",
    *STUDY,
    option(
        "--all", action="store_true", help="the whole catalogue, in classes of equal theory (default: the classic four)"
    ),
    out("convergence-report"),
    formats("--formats", ["md", "html", "json", "tex"], "md,html,json,tex"),
    formats("--figure-formats", ["svg"], "svg,png,pdf"),
    option("--title", metavar="TEXT", help="what the report calls the data"),
    OPEN,
    example="convergence report --data houses.csv --target price --intercept --standardize --open",
)
def report(options: Namespace) -> Answer:
    pages.require_formats(options.formats, cv.report.FORMATS)
    arguments.require_folder(options.out)
    if options.methods is None and not options.all:
        options.methods = list(parts.CLASSIC)
    study = _study(options, title=options.title)
    with console.working(options, "drawing figures and writing"):
        files = study.save(options.out, options.formats, options.figure_formats, WORKERS)
    content = {"passed": bool(study), "methods": [c.name for c in study.methods], "files": [str(f) for f in files]}
    page = page_of(options.out, "report", options.formats)
    return Answer(content, (tables.answer(study), tables.verdict(study)), bool(study), page)


@command(
    "verify",
    "hold the theory against runs, claim by claim, and print the checks",
    *STUDY,
    out(None, "write verification.json there as well"),
    example="convergence verify --methods heavy_ball,nesterov",
)
def verify(options: Namespace) -> Answer:
    study = _study(options, parts=("answer", "verification"))
    content = {"passed": bool(study), "methods": [_evidence(chapter) for chapter in study.methods]}
    if options.out:
        writing.write_files(options.out, {"verification.json": console.json_text(content)})
    return Answer(content, (*map(tables.checks, study.methods), tables.verdict(study)), bool(study))


def _evidence(chapter: Chapter) -> dict[str, Any]:
    named = {"method": chapter.name, "hyper": dict(chapter.hyper)}
    evidence = chapter.verification
    if evidence is None:
        return {**named, "gaps": [asdict(gap) for gap in chapter.gaps]}
    return {**named, "checks": [asdict(c) for c in evidence.checks], "controls": [asdict(c) for c in evidence.controls]}


@command(
    "figures",
    "write the figures alone",
    *STUDY,
    out("convergence-figures"),
    formats("--figure-formats", ["png"], "svg,png,pdf"),
    example="convergence figures --methods heavy_ball --figure-formats pdf",
)
def figures(options: Namespace) -> Answer:
    pages.require_formats(options.figure_formats, cv.report.FIGURE_FORMATS)
    arguments.require_folder(options.out)
    study = _study(options)
    with console.working(options, "drawing figures"):
        made = pictures.drawn(pictures.pictures(study), options.figure_formats, WORKERS)
    files = {f"{name}.{ending}": content for (name, ending), content in made.items()}
    writing.write_files(options.out, files)
    content = {"folder": options.out, "figures": sorted(files)}
    return Answer(content, (f"{len(files)} figures: {options.out}",), bool(study))


def _study(options: Namespace, title: str | None = None, **named: Any) -> Study:
    methods, held = arguments.methods(options), arguments.numbers(options)
    data, usual = arguments.problem(options)
    with console.progress(options, len(methods)) as progress:
        return cv.study(
            data,
            methods,
            hyper=held,
            steps=options.steps,
            title=title or usual,
            progress=progress,
            workers=WORKERS,
            **named,
        )


def page_of(folder: str, name: str, endings: list[str]) -> Path | None:
    """The page that a person opens, if one was written."""
    return Path(folder, f"{name}.{'html' if 'html' in endings else endings[0]}") if endings else None
