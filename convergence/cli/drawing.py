"""Figures that a command writes beside its answer, where --out names a folder."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import convergence as cv
from convergence.cli.command import Answer, Option
from convergence.cli.modules import Lazy, arguments, console, pages, writing
from convergence.cli.options import formats, out

if TYPE_CHECKING:
    from matplotlib.axes import Axes

picture = Lazy("convergence.figures.picture")

DRAWN: tuple[Option, ...] = (
    out(None, "write figures there as well"),
    formats("--figure-formats", ["png"], "svg,png,pdf"),
)


def require_folder(options: Namespace) -> None:
    """Refuse a folder or formats that cannot be written, before anything is computed."""
    if options.out is not None:
        pages.require_formats(options.figure_formats, cv.report.FIGURE_FORMATS)
        arguments.require_folder(options.out)


def with_figures(options: Namespace, answer: Answer, draws: Mapping[str, Callable[[], Axes]]) -> Answer:
    """The answer, and its figures in the folder of --out: each in every format; none without a folder."""
    if options.out is None or not draws:
        return answer
    with console.working(options, "drawing figures"):
        files = {
            f"{name}.{end}": _file(name, draw, end) for name, draw in draws.items() for end in options.figure_formats
        }
    writing.write_files(options.out, files)
    lines = [*answer.shown, f"{len(files)} figure{'s' * (len(files) != 1)}: {options.out}"]
    return replace(answer, content={**answer.content, "files": sorted(files)}, shown=lines)


def _file(name: str, draw: Callable[[], Axes], ending: str) -> bytes:
    made = picture.Picture(name, "", "", "", None, lambda: draw().get_figure(root=True))
    return bytes(picture.render(made, ending))
