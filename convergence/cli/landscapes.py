"""The command on functions that are not quadratic: local."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from functools import partial
from math import isfinite
from typing import TYPE_CHECKING, Any

import convergence as cv
from convergence.cli.command import Answer, command, option
from convergence.cli.drawing import DRAWN, Drawings, with_figures
from convergence.cli.modules import Lazy, arguments, console
from convergence.cli.options import METHODS, hyper
from convergence.errors import BadName

if TYPE_CHECKING:
    from convergence.landscapes.critical import Critical
    from convergence.landscapes.overview import Away, Near, Overview
    from convergence.landscapes.points import CriticalPoint

functions = Lazy("convergence.landscapes")
overviews = Lazy("convergence.landscapes.overview")
contents = Lazy("convergence.landscapes.content")
figures = Lazy("convergence.figures")

USUAL = ("gradient_descent", "heavy_ball", "nesterov", "newton")


@command(
    "local",
    "print the critical points of a function, and what methods do near each",
    option("function", metavar="F", help="a formula in one or two variables, or a name of cv.landscapes"),
    option(
        "--over", nargs="+", metavar="A", help="A B: all critical points on [A, B], certified; A B C D in the plane"
    ),
    option("--at", nargs="+", metavar="X", help="the critical point near X [Y]; ways start there"),
    METHODS,
    hyper("hold it (default: the best; drawn: half the limit, in one variable momentum 0.9)"),
    *DRAWN,
    example='convergence local "x*cos(pi*x)" --over -1 2',
)
def local(options: Namespace) -> Answer:
    critical, start = _critical(options)
    options.methods = list(USUAL) if options.methods is None else options.methods
    with console.working(options, "deriving"):
        found = overviews.overview(
            critical, arguments.methods(options), arguments.hyper(options), start, far=bool(options.out)
        )
    lines: list[Any] = [console.Text(repr(critical).partition("\n")[0], "bold")]
    lines += [_points(critical)] if len(critical) else []
    for place, point in enumerate(critical):
        where = ", ".join(console.significant(v, 8) for v in point.point)
        title = f"near the {point.kind}{' point' if point.kind == 'degenerate' else ''} at {where}"
        if place in found.near:
            lines.append(_near(title, found.near[place]))
        elif place in found.away:
            lines.append(_away(title, found.away[place]))
        else:
            lines.append(f"{title}: no curvature, and so no linear theory{_newton(point)}")
    if found.crossings:
        lines.append(_crossing(found))
    return with_figures(options, Answer(contents.content(found), lines), lambda: _figures(found))


def _critical(options: Namespace) -> tuple[Critical, list[float] | None]:
    """The critical points that were asked for, and where ways start if that was said."""
    if options.over and options.at:
        raise BadName("give --over A B, for all critical points there, or --at X, for the one near it")
    known = options.function in functions.names()
    function = functions.named(options.function) if known else options.function
    over = [arguments.real("--over", text) for text in options.over or ()]
    at = [arguments.real("--at", text) for text in options.at] if options.at else None
    box = [over[:2], over[2:]] if len(over) == 4 else over or None
    return cv.local(function, over=box, at=at), at


def _points(critical: Critical) -> Any:
    rows = [
        (
            p.kind,
            ", ".join(console.significant(v, 8) for v in p.point),
            console.significant(p.value, 8),
            ", ".join(console.significant(c) for c in p.curvatures),
            p.proof,
        )
        for p in critical
    ]
    return console.table(("kind", "point", "f", "curvatures", ""), rows, left=(0, 4))


def _near(title: str, rows: Sequence[Near]) -> Any:
    headings = ("method", "largest lr", "best setting", "rate", "at the limit")
    cells = [
        (r.method, _number(r.lr_max), console.in_line(r.best), _number(r.rate), r.beyond or _short(r.why)) for r in rows
    ]
    return console.table(headings, cells, left=(0, 2, 4), title=title, whole=(0,))


def _away(title: str, rows: Sequence[Away]) -> Any:
    headings = ("method", "setting", "growth a step", "steps to a million-fold")
    cells = [(r.method, console.in_line(r.setting), _number(r.growth), _short(r.why) or _number(r.steps)) for r in rows]
    return console.table(headings, cells, left=(0, 1), title=title, whole=(0,))


def _short(why: str) -> str:
    """The first words of a reason; --json has all."""
    return why.partition(":")[0].partition(";")[0]


def _crossing(found: Overview) -> Any:
    first = next(iter(found.crossings.values()))
    title = (
        f"from {console.significant(first.start)} to {console.significant(first.end)}, where it is steepest: "
        f"flow time {console.significant(first.flow_time, 8)}"
    )
    rows = [
        (name, console.in_line(found.settings[name]), str(one.steps) if one.steps >= 0 else "—")
        for name, one in found.crossings.items()
    ]
    return console.table(("method", "setting", "steps"), rows, left=(0, 1), title=title, whole=(0,))


def _newton(point: CriticalPoint) -> str:
    order = contents.newton_of(point)
    return "" if order is None else f"; Newton's method: order {order.order}, constant {order.constant:.4g}"


def _number(value: float) -> str:
    return console.significant(value, 5) if isfinite(value) else "∞" if value > 0 else ""


def _figures(found: Overview) -> Drawings:
    """The figures by name."""
    paths = {f"{name} ({console.in_line(found.settings[name])})": path for name, path in found.paths.items()}
    basins = {f"basins-{name}": one.plot for name, one in found.basins.items()}
    beyond = {f"beyond-{name}-{place + 1}": one.plot for (place, name), one in found.doublings.items()}
    return {"function": partial(figures.critical, found.critical, paths), **basins, **beyond}
