"""Parsed options go in; a study is made, and its report, checks or figures come out."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from dataclasses import asdict
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from convergence.choices import chosen_methods, numeric_hyper, problem
from convergence.document import Chapter, Study
from convergence.parts import CLASSIC
from convergence.parts import study as make
from convergence.report.pictures import drawn, pictures
from convergence.tables import answer, checks, verdict
from convergence.terminal.console import ERR, OUT, working
from convergence.writing import write_files

WORKERS = min(4, os.cpu_count() or 1)
"""Processes that study methods and draw figures."""


def report(options: Namespace) -> int:
    """Write the report and print its answer."""
    study = _study(options, default=None if options.all else list(CLASSIC))
    with working("drawing figures and writing"):
        study.save(options.out, options.formats, options.figure_formats, WORKERS)
    OUT.print(answer(study))
    OUT.print(verdict(study))
    OUT.print(f"report: {options.out}/report.{options.formats[0] if 'html' not in options.formats else 'html'}")
    return 0 if study else 1


def verify(options: Namespace) -> int:
    """Print the checks and controls of each method."""
    study = _study(options, ("answer", "verification"))
    found = [_evidence(chapter) for chapter in study.methods]
    text = json.dumps({"passed": bool(study), "methods": found}, indent=1, ensure_ascii=False)
    if options.out:
        write_files(options.out, {"verification.json": text + "\n"})
    if options.json:
        sys.stdout.write(text + "\n")
        return 0 if study else 1
    for chapter in study.methods:
        OUT.print(checks(chapter))
    OUT.print(verdict(study))
    return 0 if study else 1


def _evidence(chapter: Chapter) -> dict[str, Any]:
    found = chapter.verification
    if found is None:
        return {"method": chapter.name, "hyper": dict(chapter.hyper), "gaps": [asdict(gap) for gap in chapter.gaps]}
    evidence = {"checks": [asdict(c) for c in found.checks], "controls": [asdict(c) for c in found.controls]}
    return {"method": chapter.name, "hyper": dict(chapter.hyper), **evidence}


def write_figures(options: Namespace) -> int:
    """Write the figures alone."""
    study = _study(options)
    with working("drawing figures"):
        made = drawn(pictures(study), options.figure_formats, WORKERS)
    files: dict[str, str | bytes] = {f"{name}.{ending}": content for (name, ending), content in made.items()}
    write_files(options.out, files)
    OUT.print(f"{len(files)} figures: {options.out}")
    return 0 if study else 1


def _study(options: Namespace, parts: tuple[str, ...] | None = None, default: list[str] | None = None) -> Study:
    data, title = problem(options)
    chosen = chosen_methods(options.methods or default)
    columns = TextColumn("{task.description:<32}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=ERR, transient=True, disable=not ERR.is_terminal) as bar:
        task = bar.add_task("deriving", total=len(chosen))

        def progress(words: str, place: int, count: int) -> None:
            bar.update(task, description=words, completed=place, total=count)

        named = getattr(options, "title", None) or title
        return make(
            data,
            chosen,
            parts=parts,
            hyper=numeric_hyper(options),
            steps=options.steps,
            title=named,
            progress=progress,
            workers=WORKERS,
        )


COMMANDS = {"report": report, "verify": verify, "figures": write_figures}
