"""The command that writes results as code in another language: code."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import convergence as cv
from convergence.cli.command import Answer, command, option
from convergence.cli.modules import Lazy, arguments, console, writing
from convergence.cli.options import METHOD, hyper
from convergence.errors import BadHyperparameter

programs, to_code = Lazy("convergence.code.programs"), Lazy("convergence.code.to_code")

THINGS = ("rate", "region", "optimum", "floor", "step")


@command(
    "code",
    "print a result as a function in C, Python, Julia, JavaScript or LaTeX, with a self-test",
    METHOD,
    option("--language", metavar="L", default="python", help="python (default), c, julia, javascript, latex"),
    option("--thing", choices=THINGS, default="rate", help=f"what of the method (default: rate): {', '.join(THINGS)}"),
    option("--name", metavar="NAME", help="of the function"),
    option("--out", "-o", metavar="FILE", help="write to this file"),
    hyper("held there, in the optimum (a letter becomes an argument)"),
    example="convergence code heavy_ball --language c --thing region --out region.c",
)
def code(options: Namespace) -> Answer:
    method, held = arguments.method(options.method), arguments.hyper(options, arguments.number_or_letter)
    if held and options.thing != "optimum":
        raise BadHyperparameter(
            f"{next(iter(held))} is an argument of the function; numbers are for --thing optimum, where they are held"
        )
    make = {
        "rate": lambda: programs.of_rate(method, options.name),
        "region": lambda: to_code.program(cv.stability(method), options.name),
        "optimum": lambda: to_code.program(cv.optimum(method, **held), options.name),
        "floor": lambda: to_code.program(cv.noise_floor(method), options.name),
        "step": lambda: to_code.program(method, options.name),
    }
    source = to_code.source(make[options.thing](), options.language)
    content = {"method": method.name, "thing": options.thing, "language": options.language, "source": source}
    if not options.out:
        return Answer(content, [console.unwrapped(source.rstrip("\n"))])
    path = Path(options.out)
    writing.write_files(path.parent, {path.name: source})
    return Answer(content | {"file": str(path)}, [console.unwrapped(str(path))])
