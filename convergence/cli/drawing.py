"""Figures that a command writes beside its answer, where --out names a folder."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from convergence.cli.command import Answer, Option
from convergence.cli.modules import Lazy, console, writing
from convergence.cli.options import formats, out

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Drawings = Mapping[str, "Callable[[], Axes]"]
"""What draws each figure, by name."""

picture = Lazy("convergence.figures.picture")

FIGURE_FORMATS = formats("--figure-formats", ["png"], "svg,png,pdf")
DRAWN: tuple[Option, ...] = (out(None, "write figures there as well"), FIGURE_FORMATS)


def with_figures(options: Namespace, answer: Answer, drawings: Callable[[], Drawings], prefix: str = "") -> Answer:
    """The answer, and its figures in the folder of --out: each in every format; none without a folder."""
    if options.out is None:
        return answer
    with console.working(options, "drawing figures"):
        files = {
            f"{prefix}{name}.{ending}": _file(prefix + name, draw, ending)
            for name, draw in drawings().items()
            for ending in options.figure_formats
        }
    if not files:
        return answer
    writing.write_files(options.out, files)
    lines = [*answer.shown, f"{len(files)} figure{'s' * (len(files) != 1)}: {options.out}"]
    return replace(answer, content={**answer.content, "files": sorted(files)}, shown=lines)


def _file(name: str, draw: Callable[[], Axes], ending: str) -> bytes:
    return bytes(picture.render(picture.Picture(name, "", "", "", None, draw), ending))
