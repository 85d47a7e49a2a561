"""The command that makes exercise sheets: exercises."""

from __future__ import annotations

from argparse import Namespace

import convergence as cv
from convergence.cli.command import Answer, command, option
from convergence.cli.modules import console
from convergence.cli.options import OPEN, names, out


@command(
    "exercises",
    "make a sheet of exercises with fresh numbers, hints, and checks that know the conventions",
    option("--seed", type=int, metavar="S", default=0, help="another one, other numbers (default: 0)"),
    option(
        "--topic", metavar="NAME", help="homework, conventions, noise, minibatches, schedules, adaptive, newton, local"
    ),
    option("--count", type=int, metavar="N", help="so many of them (default: one of each kind)"),
    option(
        "--format",
        metavar="F,F",
        type=names,
        default=["markdown"],
        help="markdown, latex, html, notebook (default: markdown); a notebook's checks hold hashes, not answers",
    ),
    option("--answers", action="store_true", help="the solutions: with --out in files of their own"),
    out(None, "write exercises.md and so on there; without, print the sheet"),
    OPEN,
    example="convergence exercises --seed 7 --format markdown,notebook --out sheet",
)
def exercises(options: Namespace) -> Answer:
    if not options.out and len(options.format) != 1:
        raise cv.BadName(f"without --out one format can be printed; got {','.join(options.format) or 'none'}")
    if options.open and not options.out:
        raise cv.BadName("--open opens the sheet that is written: say where to, with --out FOLDER")
    sheet = cv.exercises(options.seed, options.topic, options.count)
    content = {"variant": sheet.variant, "exercises": [_plain(one, options.answers) for one in sheet]}
    if not options.out:
        return Answer(content, (console.unwrapped(sheet.text(options.format[0], options.answers).rstrip("\n")),))
    paths = sheet.save(options.out, options.format, options.answers)
    files = [str(path) for path in paths]
    lines = f"{len(sheet)} exercises, variant {sheet.variant}:", *map(console.unwrapped, files)
    return Answer(content | {"files": files}, lines, page=paths[0] if options.open else None)


def _plain(one: cv.Exercise, answers: bool) -> dict[str, object]:
    asked: dict[str, object] = {
        "topic": one.topic,
        "title": one.title,
        "question": one.question,
        "hints": list(one.hints),
    }
    return asked | ({"answer": console.formula(one.answer), "unit": one.unit} if answers else {})
