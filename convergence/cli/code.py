"""The command that writes results as code in another language: code."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING

import convergence as cv
from convergence.cli.command import Answer, command, option
from convergence.cli.modules import Lazy, arguments, console, writing
from convergence.cli.options import METHOD, hyper, names, out_file
from convergence.errors import BadHyperparameter, BadName, nearest

if TYPE_CHECKING:
    from convergence.code.program import Program

program, programs = Lazy("convergence.code.program"), Lazy("convergence.code.programs")
to_code = Lazy("convergence.code.to_code")

THINGS = ("rate", "region", "optimum", "floor", "step")


@command(
    "code",
    "print a result as a function in C, Python, Julia, JavaScript or LaTeX, with a self-test",
    METHOD,
    option("--language", metavar="L", default="python", help="python (default), c, julia, javascript, latex"),
    option("--thing", metavar="A,B", type=names, default=["rate"], help=f"what: {', '.join(THINGS)} (default: rate)"),
    option("--name", metavar="NAME", help="what the functions are called, or begin with"),
    out_file("write to this file"),
    hyper("held there, in the optimum (a letter becomes an argument)"),
    example="convergence code heavy_ball --language c --thing region,floor --out heavy_ball.c",
)
def code(options: Namespace) -> Answer:
    method, held = arguments.method(options.method), arguments.hyper(options, arguments.number_or_letter)
    unknown = [thing for thing in options.thing if thing not in THINGS]
    if unknown or not options.thing:
        wrong = unknown[0] if unknown else ""
        raise BadName(f"--thing names what of {method.name} is written; got {wrong[:60]!r}: {nearest(wrong, THINGS)}")
    if held and options.thing != ["optimum"]:
        raise BadHyperparameter(
            f"{next(iter(held))} is an argument of the function; numbers are for --thing optimum, where they are held"
        )
    make: dict[str, Callable[[str | None], Program]] = {
        "rate": lambda name: programs.of_rate(method, name),
        "region": lambda name: to_code.program(cv.stability(method), name),
        "optimum": lambda name: to_code.program(cv.optimum(method, **held), name),
        "floor": lambda name: to_code.program(cv.noise_floor(method), name),
        "step": lambda name: to_code.program(method, name),
    }
    to_code.require_name(options.name)
    alone, name = len(options.thing) == 1, options.name
    called = {
        thing: name if alone or not name or thing in ("region", "step") else f"{name}_{thing}" for thing in THINGS
    }
    source = to_code.source(program.merged([make[thing](called[thing]) for thing in options.thing]), options.language)
    content = {"method": method.name, "things": options.thing, "language": options.language, "source": source}
    if not options.out:
        return Answer(content, [console.unwrapped(source.rstrip("\n"))])
    path = str(writing.write_file(options.out, source))
    return Answer(content | {"file": path}, [console.unwrapped(path)])
