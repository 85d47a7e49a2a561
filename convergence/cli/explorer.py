"""The command that writes the explorer, a page on which a person moves a method over its map of rates: explore."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import convergence as cv
from convergence.cli.command import Answer, command, option
from convergence.cli.modules import arguments, console
from convergence.cli.options import OPEN, SPECTRUM, names
from convergence.errors import BadData


@command(
    "explore",
    "write a page on which you drag a method over the map of its rates",
    SPECTRUM,
    option("--curvatures", metavar="A,B", type=names, help="eigenvalues of the Hessian, instead of data"),
    option("--methods", metavar="A,B", type=names, help="methods, as METHOD elsewhere (default: four classic ones)"),
    option("--out", "-o", metavar="FILE", default="explorer.html", help="where to write (default: explorer.html)"),
    OPEN,
    example="convergence explore --mu 1 --L 100 --methods heavy_ball,nesterov --open",
)
def explore(options: Namespace) -> Answer:
    methods = None if options.methods is None else arguments.methods(options)
    problem, title = _problem(options)
    with console.working(options, "deriving and writing"):
        made = cv.explore(problem, methods, title=title)
        page = made.write(options.out)
    content = {"file": str(page), "methods": [method.name for method in made.methods], "data": made.title}
    return Answer(content, page=Path(page))


def _problem(options: Namespace) -> tuple[Any, Any]:
    """A list of curvatures, or the data and what to call them."""
    if options.curvatures is not None:
        if options.data or options.dataset or options.mu is not None or options.L is not None:
            raise BadData("--curvatures stand for the data: give one of the two")
        return [arguments.real("--curvatures", text) for text in options.curvatures], None
    if options.mu is None and options.L is None:
        data, title = arguments.problem(options)
        return data, title
    ends, _ = arguments.spectrum(options)
    if not 0 < ends["mu"] <= ends["L"]:
        raise BadData(f"expected 0 < mu ≤ L; got mu = {ends['mu']:g}, L = {ends['L']:g}")
    return [ends["L"], ends["mu"]], None
