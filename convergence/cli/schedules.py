"""The command on schedules of the learning rate: schedule."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from functools import partial
from math import floor, isfinite, log
from typing import TYPE_CHECKING, Any

from convergence.cli.command import Answer, command, option
from convergence.cli.drawing import DRAWN, with_figures
from convergence.cli.modules import Lazy, arguments, console, laws, np
from convergence.cli.options import CURVATURES, RANDOM, SPECTRUM, hyper
from convergence.errors import BadHyperparameter

if TYPE_CHECKING:
    from convergence.cli.schedule_names import Family, Typed
    from convergence.parts.schedule import Left, Scheduled, Schedules
    from convergence.rule import Method

naming, parts = Lazy("convergence.cli.schedule_names"), Lazy("convergence.parts.schedule")
curves, pictures = Lazy("convergence.numerics.curves"), Lazy("convergence.report.scheduled")

SYNTAX = "a family with its arguments: cosine, exponential:0.9, warmup:10*linear, torch.CosineAnnealingLR:T_max=100"


@command(
    "schedule",
    "print what learning-rate schedules cost, and what they leave of the error",
    option("names", nargs="*", metavar="NAME", help=SYNTAX),
    option("--list", action="store_true", help="list the families, PyTorch's and optax's, with their arguments"),
    option("--steps", type=int, metavar="K", help="number of steps"),
    option("--epoch", type=int, metavar="N", help="k counts epochs of N steps, and not steps"),
    option("--method", metavar="METHOD", default="gradient_descent", help="whose steps (default: gradient_descent)"),
    CURVATURES,
    SPECTRUM,
    *RANDOM,
    option(
        "--cap", metavar="X", default="2/L", help="largest rate of the best schedule: a number, 2/L (default), none"
    ),
    hyper("the base rate of each schedule (default: the best for these steps)"),
    *DRAWN,
    example="convergence schedule cosine linear exponential:0.97 --steps 100 --loss mean --batch 8",
)
def schedule(options: Namespace) -> Answer:
    if options.list:
        return _listed(options)
    if not options.names:
        raise BadHyperparameter(f"a schedule is {SYNTAX}; --list has all")
    if options.steps is None or options.steps < 1:
        raise BadHyperparameter("--steps K: for how many steps? give a whole number, 1 or more")
    problem, ends, name = arguments.quadratic(options)
    method, given = arguments.method(options.method), arguments.hyper(options)
    rate = curves.rate_of(method)
    base, law = given.pop(rate, None), arguments.law(options)
    settings = {n: v for n, v in arguments.settings(method, given, ends).items() if n != rate}
    chosen = typed(options.names, options.steps, ends, options.epoch)
    if base is not None:
        chosen = _at_base(chosen, base, rate)
    with console.working(options, "the best schedule, and these"):
        how = {"method": method, "random": law, "cap": _cap(options.cap), "hyper": settings}
        found = parts.scheduled(problem, options.steps, chosen, **how)
    title = f"{console.titled(method, settings)} on {name}, {options.steps} steps"
    title += "" if law["batch"] is law["noise"] is None else f",\n{laws.in_words(**law)}"
    lines = [*tables(found, f"{title}: loss above its minimum", base), *_remarks(found)]
    content = {"method": method.name, "hyper": settings, "on": name, **ends, **law, **_content(found, base)}
    return with_figures(options, Answer(content, lines), lambda: pictures.draws(found), "schedule-")


def typed(texts: list[str], steps: int, ends: Mapping[str, float], epoch: int | None = None) -> dict[str, Any]:
    """The schedules that were typed, by their texts; functions of the base rate where they have none of their own."""
    if epoch is not None and epoch < 1:
        raise BadHyperparameter(f"--epoch N: an epoch has 1 step or more; got {epoch}")
    read: dict[str, Typed] = {text: naming.typed(text) for text in texts}
    made = {text: one.at(1.0 if one.is_free else None, steps, ends, epoch) for text, one in read.items()}
    free = {text: partial(one.at, steps=steps, ends=ends, epoch=epoch) for text, one in read.items() if one.is_free}
    return {**made, **free}


def _at_base(chosen: Mapping[str, Any], base: float, rate: str) -> dict[str, Any]:
    """Schedules as ``typed`` has them, those without a base rate at this one."""
    free = [text for text, one in chosen.items() if isinstance(one, partial)]
    if not free:
        raise BadHyperparameter(f"no schedule here takes --{rate}: {', '.join(chosen)} has rates of its own")
    return {text: one(base) if text in free else one for text, one in chosen.items()}


def scheduled(
    options: Namespace, method: Method, chosen: Mapping[str, Any], ends: Mapping[str, float]
) -> dict[str, Any]:
    """The hyperparameters with the schedule of --schedule, if there is one, for the learning rate."""
    if options.schedule is None:
        return dict(chosen)
    rate = curves.rate_of(method)
    read: Typed = naming.typed(options.schedule)
    if rate in arguments.given(options) and not read.is_free:
        raise BadHyperparameter(f"{options.schedule} has rates of its own: leave out --{rate}")
    base = float(chosen[rate]) if read.is_free else None
    return {**chosen, rate: read.at(base, options.steps, ends)}


def _cap(text: str) -> Any:
    """The largest rate. BadHyperparameter for what is none."""
    cap = None if text == "none" else text if text == "2/L" else arguments.real("--cap", text)
    if isinstance(cap, float) and cap <= 0:
        raise BadHyperparameter(f"--cap takes a number above 0, 2/L or none; got {text[:60]!r}")
    return cap


def tables(found: Schedules, title: str, base: float | None) -> list[Any]:
    """A table of the schedules and their losses, one of what they leave of the error along some directions."""
    headings = ("schedule", "base lr", "first lr", "last lr", "Ση", "loss", "share of\nthe best")
    rows = [(row.name, _base(row, base), *(_short(x) for x in _ends(row)), *_cost(row)) for row in found.rows]
    if found.best is not None and found.loss is not None:
        rates = found.best[0], found.best[-1], float(found.best.sum())
        rows.append(("best known", "", *(_short(x) for x in rates), _short(found.loss[-1]), "100 %"))
    left = [
        (row.name if k == 0 else "", _short(one.curvature), *_left(one))
        for row in found.rows
        for k, one in enumerate(row.left)
    ]
    under = ("schedule", "λ", "ln |e/e₀|", "|e/e₀|", "at most,\non the way", "after\nsteps")
    return [
        console.table(headings, rows, title=title, whole=range(1, 7)),
        console.table(under, left, title="what is left of an error along λ, in parts of the first", whole=range(1, 6)),
    ]


def _base(row: Scheduled, base: float | None) -> str:
    return _short(row.base) if row.base is not None else "as it is" if base is None else _short(base)


def _ends(row: Scheduled) -> tuple[float, float, float]:
    return float(row.rates[0]), float(row.rates[-1]), row.total


def _cost(row: Scheduled) -> tuple[Any, str]:
    loss = float(row.loss[-1])
    grows = not loss <= float(row.loss[0])
    shown = console.Text(f"{loss:.4g}" if isfinite(loss) else "grows", "red" if grows else "")
    return shown, "" if row.share is None else f"{100 * row.share:.3g} %"


def _left(one: Left) -> tuple[Any, ...]:
    peak, step = one.peak
    size = _power(one.log) if one.log <= 0 else console.Text(_power(one.log), "red")
    return f"{one.log:.5g}" if isfinite(one.log) else "−∞", size, _power(peak), step


def _short(value: float) -> str:
    return f"{value:.4g}"


def _power(logarithm: float) -> str:
    """exp(…), also where that under- or overflows."""
    if not isfinite(logarithm):
        return "0" if logarithm < 0 else "∞"
    tens = logarithm / log(10)
    if abs(tens) < 300:
        return f"{10**tens:.3g}"
    return f"{10 ** (tens - floor(tens)):.2f}e{floor(tens):+d}"


def _remarks(found: Schedules) -> list[Any]:
    """Where the best comes from, which schedules stop prematurely, and clocks that are not the usual one."""
    largest = "" if found.best is None else f", {'no cap' if np.isinf(found.cap) else f'rates up to {found.cap:.4g}'}"
    lines: list[Any] = [f"best known: {found.note}{largest}"]
    for row in found.rows:
        stops = [one for one in row.left if one.stops is not None]
        if stops:
            worst = max(stops, key=lambda one: abs(one.stops or 0.0))
            words = f"{row.name} stops prematurely: without end {abs(worst.stops or 0):.3g} of the error along λ = "
            lines.append(console.Text(f"{words}{worst.curvature:.4g} is left", "yellow"))
        if row.clock != naming.CLOCKS[""]:
            lines.append(f"{row.name}: {row.clock}")
    return lines


def _content(found: Schedules, base: float | None) -> dict[str, Any]:
    rows = [
        {
            "name": row.name,
            "rates": row.rates,
            "clock": row.clock,
            "base": row.base if row.base is not None else base,
            "first": row.rates[0],
            "last": row.rates[-1],
            "total": row.total,
            "loss": row.loss[-1],
            "share": row.share,
            "directions": [
                {
                    "curvature": one.curvature,
                    "log": one.log,
                    "sign": one.sign,
                    "peak": {"log": one.peak[0], "step": one.peak[1]},
                    "stops_at": one.stops,
                }
                for one in row.left
            ],
        }
        for row in found.rows
    ]
    best = None if found.best is None or found.loss is None else {"loss": found.loss[-1], "rates": found.best}
    return {"steps": found.steps, "schedules": rows, "best": best, "note": found.note, "cap": found.cap}


def _listed(options: Namespace) -> Answer:
    """Every family with its arguments; those in brackets may be left out, and those that are filled in are not shown."""
    known: dict[str, Family] = naming.families()
    rows: dict[str, list[tuple[str, str, str]]] = {}
    for family in known.values():
        rows.setdefault(family.library, []).append((family.name, _arguments(family), family.in_words))
    own, *libraries = rows
    lines: list[Any] = [
        f"{SYNTAX}\nLearning rate (--lr), steps (--steps) and ends of the spectrum are filled in; defaults in brackets.",
        console.table(("NAME", "arguments", "value"), rows[own], left=(0, 1, 2), title=naming.CLOCKS[own], whole=(0,)),
    ]
    for library in libraries:
        cells = [(name, given) for name, given, _ in rows[library]]
        title = f"{library}: {naming.CLOCKS[library]}"
        lines.append(console.table(("NAME", "arguments"), cells, left=(0, 1), title=title, whole=(0,)))
    content = [
        {
            "name": family.name,
            "library": family.library or None,
            "clock": naming.CLOCKS[family.library],
            "arguments": {n: family.defaults.get(n) for n in family.arguments},
            "filled_in": family.filled,
        }
        for family in known.values()
    ]
    return Answer(content, lines)


def _arguments(family: Family) -> str:
    """The arguments that are not filled in, with their defaults in brackets."""
    shown = []
    for name in family.arguments:
        if name not in family.filled:
            shown.append(f"[{name}={_default(family.defaults[name])}]" if name in family.defaults else name)
    return ", ".join(shown)


def _default(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
