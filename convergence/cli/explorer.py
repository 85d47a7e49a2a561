"""The command that writes the explorer, a page on which a person moves a method over its map of rates: explore."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import convergence as cv
from convergence.cli.command import Answer, command, option
from convergence.cli.modules import arguments, console
from convergence.cli.options import CURVATURES, OPEN, SPECTRUM, names, out_file


@command(
    "explore",
    "write a page on which you drag a method over the map of its rates",
    SPECTRUM,
    CURVATURES,
    option("--methods", metavar="A,B", type=names, help="methods, as METHOD elsewhere (default: four classic ones)"),
    out_file("where to write (default: explorer.html)", default="explorer.html"),
    OPEN,
    example="convergence explore --mu 1 --L 100 --methods heavy_ball,nesterov --open",
)
def explore(options: Namespace) -> Answer:
    methods = None if options.methods is None else arguments.methods(options)
    problem, _, name = arguments.quadratic(options)
    with console.working(options, "deriving and writing"):
        made = cv.explore(problem, methods, title=None if isinstance(problem, list) else name)
        page = made.write(options.out)
    content = {"file": str(page), "methods": [method.name for method in made.methods], "data": made.title}
    return Answer(content, page=Path(page))
