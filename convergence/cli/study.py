"""Commands that study data: report, verify, figures."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convergence.cli.command import Option, command, group, lazily, option
from convergence.cli.options import DATA, JSON, METHODS, OPEN, formats, hyper, out

if TYPE_CHECKING:
    from convergence.document import Chapter, Study

arguments = lazily("convergence.cli.arguments")
console = lazily("convergence.cli.console")
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
PICTURES = formats("--figure-formats", ["svg"], "svg,png,pdf")


@command(
    "report",
    "write the report: Markdown, HTML, JSON, LaTeX and the figures",
    *STUDY,
    option(
        "--all", action="store_true", help="the whole catalogue, in classes of equal theory (default: the classic four)"
    ),
    out("convergence-report"),
    formats("--formats", ["md", "html", "json", "tex"], "md,html,json,tex"),
    PICTURES,
    option("--title", metavar="TEXT", help="what the report calls the data"),
    JSON,
    OPEN,
    example="convergence report --data houses.csv --target price --intercept --standardize --open",
)
def report(options: Namespace) -> int:
    study = _study(options, None, parts.CLASSIC)
    target = arguments.folder(options.out)
    with console.working(options, "drawing figures and writing"):
        study.save(target, options.formats, options.figure_formats, WORKERS)
    page = page_of(target, "report", options.formats)
    if options.json:
        console.as_json({"passed": bool(study), "report": str(page), "methods": [c.name for c in study.methods]})
        return 0 if study else 1
    console.show(tables.answer(study), tables.verdict(study))
    console.written(options, "report", page)
    return 0 if study else 1


@command(
    "verify",
    "hold the theory against runs, claim by claim, and print the checks",
    *STUDY,
    out(None, "write verification.json there as well"),
    JSON,
    example="convergence verify --methods heavy_ball,nesterov",
)
def verify(options: Namespace) -> int:
    study = _study(options, ("answer", "verification"))
    content = {"passed": bool(study), "methods": [_evidence(chapter) for chapter in study.methods]}
    if options.out:
        writing.write_files(
            arguments.folder(options.out),
            {"verification.json": json.dumps(content, indent=1, ensure_ascii=False) + "\n"},
        )
    if options.json:
        console.as_json(content)
    else:
        console.show(*map(tables.checks, study.methods), tables.verdict(study))
    return 0 if study else 1


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
    JSON,
    example="convergence figures --methods heavy_ball --figure-formats pdf",
)
def figures(options: Namespace) -> int:
    study = _study(options, None)
    with console.working(options, "drawing figures"):
        made = pictures.drawn(pictures.pictures(study), options.figure_formats, WORKERS)
    files = {f"{name}.{ending}": content for (name, ending), content in made.items()}
    writing.write_files(arguments.folder(options.out), files)
    if options.json:
        console.as_json({"folder": options.out, "figures": sorted(files)})
    else:
        console.show(f"{len(files)} figures: {options.out}", wrap=False)
    return 0 if study else 1


def _study(options: Namespace, chosen: tuple[str, ...] | None, usual: tuple[str, ...] | None = None) -> Study:
    data, title = arguments.problem(options)
    if options.methods is None and usual is not None and not options.all:
        options.methods = list(usual)
    methods = arguments.methods(options)
    named: dict[str, Any] = {
        "parts": chosen,
        "hyper": arguments.numbers(options),
        "steps": options.steps,
        "title": getattr(options, "title", None) or title,
        "workers": WORKERS,
    }
    with tables.progress(len(methods), quiet=options.quiet) as bar:
        made: Study = parts.study(data, methods, progress=bar, **named)
    return made


def page_of(folder: Path, name: str, endings: list[str]) -> Path:
    """The page that a person opens."""
    return folder / f"{name}.{'html' if 'html' in endings else endings[0]}"
