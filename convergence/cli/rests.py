"""The command on where a method comes to rest, and how large a learning rate may be there."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import convergence as cv
from convergence.cli.command import Answer, command, option
from convergence.cli.modules import arguments, console
from convergence.cli.options import LATEX, METHOD, hyper

KINDS = {"point": "a point", "box": "a point in a box", "line": "a line: any value of {} stays", "none": "none"}


@command(
    "rests",
    "print where a method rests on ½λ(x − w)², and the largest learning rate there",
    METHOD,
    option("--curvature", metavar="X", help="λ (default: a letter)"),
    option("--minimiser", metavar="X", help="w (default: a letter)"),
    option("--start", metavar="X", help="where a run starts, of a rule that rests on a line: what it comes to"),
    hyper("a number; a letter where it is left out"),
    LATEX,
    example="convergence rests adamw --curvature 1 --minimiser 3 --set weight_decay=0.5 --set eps=1e-8",
)
def rests(options: Namespace) -> Answer:
    method, given = arguments.method(options.method), arguments.hyper(options, arguments.number)
    ends = {name: getattr(options, name) for name in ("curvature", "minimiser", "start")}
    numbers = {name: arguments.number(f"--{name}", text) for name, text in ends.items() if text is not None}
    rest = cv.rests(method, **numbers, **given)
    known = isinstance(rest.position, float)
    more = (
        ("x", rest.position),
        ("|x| at most", rest.wall),
        ("where w is", None if known else rest.minimiser),
        ("a step multiplies the error by", rest.slope),
        (
            console.where_tried("largest stable learning rate", rest.decided or isinstance(rest.lr_max, float)),
            rest.lr_max,
        ),
    )
    shown = [(words, value) for words, value in more if value is not None]
    kind = KINDS[rest.kind].format(rest.held)
    lines: list[Any] = list(console.formulas(f"where {method.title} rests on ½λ(x − w)²: {kind}", shown, options.latex))
    lines += [f"\n{rest.reason}"] if rest.reason else []
    lines += [f"\n{rest.gathered}"] if rest.gathered is not None else []
    names = ("kind", "position", "wall", "minimiser", "held", "slope", "lr_max", "decided", "reason")
    said = {name: console.spelled(getattr(rest, name)) for name in names}
    return Answer({"method": method.name, **said, "gathered": rest.gathered and vars(rest.gathered)}, lines)
