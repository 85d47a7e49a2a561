"""The commands on what a method does where it does not converge, and what it does not notice: cycles, invariances."""

from __future__ import annotations

from argparse import Namespace
from functools import partial
from typing import TYPE_CHECKING, Any

import convergence as cv
from convergence.cli.command import Answer, command, group, option
from convergence.cli.drawing import DRAWN, Drawings, with_figures
from convergence.cli.modules import Lazy, arguments, console, np, sp
from convergence.cli.options import DATA, LATEX, METHOD, hyper
from convergence.errors import ConvergenceError

if TYPE_CHECKING:
    from convergence.rule import Method
    from convergence.theory.cycles import Cycle

maps, symbols = Lazy("convergence.numerics.cycle_map"), Lazy("convergence.theory.symbols")

SHOWN = 8
"""States of a cycle that a terminal shows."""


@command(
    "cycles",
    "print the cycles of a method on ½λx²: their size, and whether they attract",
    METHOD,
    option("--period", type=int, metavar="N", default=2, help="2 (default), derived; 3 to 64 are found from runs"),
    option("--curvature", metavar="X", help="λ (default: 1; of formulas a letter)"),
    hyper("with it numbers, defaults for the rest; without it formulas"),
    LATEX,
    *DRAWN,
    example="convergence cycles rmsprop --lr 0.1 --eps 0.01",
)
def cycles(options: Namespace) -> Answer:
    method = arguments.method(options.method)
    given = arguments.hyper(options, arguments.number)
    at_numbers = method.rate in given
    if at_numbers:
        given = method.scalars({**dict(method.defaults), **{n: float(v) for n, v in given.items()}})
        curvature = arguments.real("--curvature", options.curvature or "1")
    else:
        letter = options.curvature is None and options.period == 2
        curvature = symbols.CURVATURE if letter else arguments.number("--curvature", options.curvature or "1")
    with console.working(options, "deriving"):
        found = cv.cycles(method, options.period, curvature=curvature, **given)
        limit = _limit(method, curvature, given)
    words = f"{method.title} on ½λx²{f', λ = {curvature:g}' if at_numbers else ''}: cycles of period {options.period}"
    lines: list[Any] = [console.Text(words, "bold")]
    if at_numbers and given:
        lines.append(console.in_line(given))
    for cycle in found:
        lines += _numbers(cycle) if at_numbers else _formulas(cycle, options.latex)
    if not found:
        lines.append(f"\n{_none(options.period)}")
    if limit is not None:
        lines += _below(limit, options.latex)
    content = {
        "method": method.name,
        "period": options.period,
        "hyper": given if at_numbers else {name: str(value) for name, value in given.items()},
        "curvature": curvature if at_numbers else str(curvature),
        "limit": console.spelled(limit),
        "cycles": [_content(cycle) for cycle in found],
    }
    return with_figures(options, Answer(content, lines), lambda: _figures(method, found, given, curvature))


def _none(period: int) -> str:
    if period == 2:
        return "none: no 2-cycle whose two states mirror each other stands alone"
    return "none found from runs: there may be one that they did not come near"


def _limit(method: Method, curvature: Any, given: dict[str, Any]) -> Any:
    """The largest stable learning rate at what was given; None where the rule has no linearisation, or no bound."""
    try:
        stable = cv.stability(method)
    except ConvergenceError:
        return None
    bound = stable.lr_max if stable.decided else None
    if bound in (None, 0, sp.oo):
        return None
    at = {method.symbols[name]: value for name, value in given.items() if name != method.rate}
    return sp.sympify(bound).subs({**at, symbols.CURVATURE: curvature})


def _below(limit: Any, as_latex: bool) -> list[Any]:
    """Up to which learning rate the minimiser attracts."""
    if limit == 0:
        return ["\nthe minimiser attracts at no learning rate"]
    if not limit.free_symbols:
        return [f"\nthe minimiser attracts for learning rates below {float(limit):.6g}"]
    shown = [("the minimiser attracts for learning rates below", limit)]
    return list(console.formulas("", shown, as_latex)[1:])


def _kind(cycle: Cycle) -> str:
    if cycle.attracting is None:
        return "at a kink of the rule: it has no derivative there"
    if cycle.neutral:
        return "neutral: one of many beside each other"
    return "it attracts" if cycle.attracting is True else "it repels"


def _formulas(cycle: Cycle, as_latex: bool) -> list[Any]:
    shown = [("amplitude a (it jumps from a to −a and back)", cycle.amplitude)]
    shown += [] if cycle.exists is True else [("it is there where", cycle.exists)]
    judged = cycle.attracting not in (True, False, None)
    shown += [("it attracts where", cycle.attracting)] if judged else []
    lines = console.formulas("", shown, as_latex)[1:]
    return lines if judged else [*lines, f"\n{_kind(cycle)}"]


def _numbers(cycle: Cycle) -> list[Any]:
    largest = max((abs(m) for m in cycle.multipliers), default=None)
    rows = [
        ("amplitude", console.significant(cycle.amplitude, 9)),
        ("verdict", _kind(cycle)),
        ("largest multiplier", "–" if largest is None else f"{largest:.9g} in {cycle.period} steps, in modulus"),
        ("known by", cycle.proof),
    ]
    states = [[console.significant(v, 6) for v in row] for row in cycle.points[:SHOWN]]
    hidden = len(cycle.points) - len(states)
    table = console.table(cycle.names, states, left=(), title=f"{hidden} states are not shown" if hidden else "")
    return ["", console.pairs(rows), table]


def _content(cycle: Cycle) -> dict[str, Any]:
    return {
        **{name: console.spelled(getattr(cycle, name)) for name in ("amplitude", "exists", "attracting")},
        "neutral": cycle.neutral,
        "state": {name: console.spelled(value) for name, value in zip(cycle.names, cycle.state, strict=True)},
        "multipliers": [str(m) for m in cycle.multipliers],
        "proof": cycle.proof,
        "points": cycle.points,
    }


def _figures(method: Method, found: list[Cycle], given: dict[str, Any], curvature: Any) -> Drawings:
    """The largest cycle with a run beside it, at numbers; where runs end over the learning rate; the map over two shares."""
    numbers = {name: float(value) for name, value in given.items()}
    lam = 1.0 if getattr(curvature, "free_symbols", None) else float(curvature)
    draws: dict[str, Any] = {}
    if found and found[0].points:
        draws["cycle"] = partial(found[0].plot, run=maps.beside(method, found[0]))
    lr = numbers.get(str(method.rate))
    others = {name: value for name, value in numbers.items() if name != method.rate}
    ends = cv.bifurcation(method, curvature=lam, **others)
    if lr is not None and lr > ends.lr[-1]:
        ends = cv.bifurcation(method, curvature=lam, lr=1.5 * lr * np.arange(1, 121) / 120, **others)
    draws["bifurcation"] = ends.plot
    plane = maps.cycle_map(method, numbers, lam)
    return draws if plane is None else {**draws, "attraction": plane.plot}


@command(
    "invariances",
    "print which changes of the problem a method does not notice",
    METHOD,
    group("data: what a diagonal preconditioner does to their condition number", *DATA),
    example="convergence invariances adam --data houses.csv --target price",
)
def invariances(options: Namespace) -> Answer:
    method = arguments.method(options.method)
    with console.working(options, "trying"):
        result = cv.invariances(method)
    rows = [
        (
            entry.change,
            MEANT[entry.change],
            console.Text("yes", "green") if entry.holds else console.Text("no", "red"),
            entry.proof,
            ", ".join(f"{name}·{console.text(factor)}" for name, factor in entry.hyper.items()),
        )
        for entry in result.entries
    ]
    headings = ("change", "the problem becomes", "unnoticed", "known by", "but with")
    title = f"what {method.title} does not notice: the run is the same, changed likewise"
    content: dict[str, Any] = {"method": method.name, "invariances": [_entry(entry) for entry in result.entries]}
    lines = [console.table(headings, rows, left=(0, 1, 2, 3, 4), title=title)]
    if arguments.about_data(options):
        data, name = arguments.problem(options)
        scaled = cv.diagonal_scaling(data)
        content |= {"kappa": scaled.before, "kappa_scaled": scaled.after, "scales": scaled.scales}
        lines.append(f"condition number of {name}: {scaled.before:.6g}")
        lines.append(f"with each column scaled to curvature 1, as a diagonal preconditioner does: {scaled.after:.6g}")
    return Answer(content, lines)


MEANT = {
    "loss": "c·f(x)",
    "scale": "f(cx)",
    "coordinates": "f(c₁x₁, c₂x₂, …)",
    "rotation": "f(Rx)",
    "permutation": "f(x₂, x₁, …)",
    "shift": "f(x − h)",
    "sign": "f(−x₁, x₂, …)",
}
"""What each change makes of f(x)."""


def _entry(entry: Any) -> dict[str, Any]:
    refuted = entry.counterexample
    return {
        "change": entry.change,
        "holds": entry.holds,
        "proof": entry.proof,
        "with": {name: console.text(factor) for name, factor in entry.hyper.items()},
        "then": entry.restored,
        "counterexample": None if refuted is None else vars(refuted),
    }
