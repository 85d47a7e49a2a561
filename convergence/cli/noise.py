"""The command on noise in the gradients, as formulas and at numbers: noise."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import convergence as cv
from convergence.cli.command import Answer, command, option
from convergence.cli.drawing import DRAWN, Drawings, with_figures
from convergence.cli.modules import Lazy, arguments, console, laws, np
from convergence.cli.options import BATCH, DEVIATION, LATEX, METHOD, SAMPLING, SPECTRUM, hyper
from convergence.errors import BadHyperparameter, ConvergenceError

if TYPE_CHECKING:
    from convergence.rule import Method
    from convergence.theory.filters import Filter
    from convergence.theory.noise import NoiseFloor

floors = Lazy("convergence.stochastic.floor_maps")
maps = Lazy("convergence.numerics.maps")
symbols = Lazy("convergence.theory.symbols")

MEANINGS = {
    "average": "variance of the averaged gradient",
    "equal_lr": "floor, at the same learning rate",
    "equal_effective_lr": "floor, at the learning rate of its long run",
    "equal_speed": "floor, at the learning rate of the same speed",
    "stability": "part of the stability limit (it needs more)",
}
"""What is the same, for each meaning of an effective batch."""

MOST = 6
"""Directions of the data that are shown, the steepest and the flattest ones."""


@command(
    "noise",
    "print what gradient noise leaves of the error, as formulas and at numbers",
    METHOD,
    DEVIATION,
    option("--curvature", action="append", metavar="X", help="a direction (default: 1, or those of the data)"),
    BATCH,
    SAMPLING,
    SPECTRUM,
    hyper("for numbers (with data: the best for its spectrum)"),
    LATEX,
    *DRAWN,
    example="convergence noise heavy_ball --lr 0.1 --momentum 0.9 --noise 0.5",
)
def noise(options: Namespace) -> Answer:
    method = arguments.method(options.method)
    floor = cv.noise_floor(method)
    shown = [
        ("E x², the variance of the position", floor.variance),
        ("what that adds to the loss", floor.loss),
        *((f"variance where a gradient is asked, {point}", value) for point, value in _elsewhere(floor).items()),
        ("T·E x̄² of the mean of T iterates, T → ∞", floor.long_run),
    ]
    title = f"{method.title} under gradient noise of variance 1 along a direction of curvature λ"
    lines = console.formulas(title, shown, options.latex)
    if not floor.linear:
        lines.append("\nto first order in the noise: the rule is linear only near its minimiser")
    content: dict[str, Any] = {
        "method": method.name,
        **{name: console.formula(getattr(floor, name)) for name in ("variance", "loss", "long_run")},
        "points": {point: console.formula(value) for point, value in floor.points.items()},
        "linear": floor.linear,
    }
    numbers, more = _at_numbers(method, floor, options)
    at = numbers.get("hyper"), (numbers["directions"][0]["curvature"] if "directions" in numbers else None)
    filters, averaged = _filter(method, options, *at)
    batches, effective = _effective(method, options.latex, *at)
    content |= numbers | {"filter": filters, "effective_batch": batches}
    answer = Answer(content, [*lines, *averaged, *more, *effective])
    return with_figures(options, answer, lambda: _figures(method, options, *at))


def _figures(
    method: Method, options: Namespace, hyper: Mapping[str, float] | None, curvature: float | None
) -> Drawings:
    """The response of the average, and on data the map of the floor."""
    if hyper is None:
        raise BadHyperparameter("figures need numbers: give the hyperparameters, or data")
    draws: dict[str, Any] = {}
    if method != cv.METHODS["gradient_descent"]:
        average = cv.filter_of(method)
        draws["response"] = partial(average.plot, **_asked(average, hyper, curvature))
    if _on_data(options):
        draws |= floor_figure(arguments.problem(options)[0], method, _law(options), hyper)
    return draws


def _on_data(options: Namespace) -> bool:
    """Whether the directions are those of data."""
    return arguments.about_data(options) or options.batch is not None


def _law(options: Namespace) -> dict[str, Any]:
    """What is random: the batch, or noise of unit deviation where nothing is said."""
    law = {"batch": options.batch, "sampling": options.sampling, "noise": arguments.deviation(options)}
    return law | ({"noise": 1.0} if law["batch"] is law["noise"] is None else {})


def floor_figure(data: Any, method: Method, law: Mapping[str, Any], hyper: Mapping[str, float]) -> Drawings:
    """The map of the floor over learning rate and momentum, or its curve where there is none; nothing of many directions."""
    draw = floors.floor_curve if maps.second(method, hyper) is None else floors.floor_map
    try:
        return {"floor": draw(data, method, **law, **hyper).plot}
    except ConvergenceError:
        return {}


def _filter(
    method: Method, options: Namespace, hyper: Mapping[str, float] | None, curvature: float | None
) -> tuple[Any, list[Any]]:
    """What the method averages: gain and window as formulas, and at numbers the time that it remembers."""
    try:
        average = cv.filter_of(method)
        weights = None if hyper is None else average.at(**_asked(average, hyper, curvature))
    except ConvergenceError as error:
        return {"error": str(error)}, [f"\nno filter: {error}"]
    gain, window = average.variance_gain, average.window
    content: dict[str, Any] = {
        "output": average.output,
        "transfer": console.formula(average.formula),
        "variance_gain": console.formula(gain),
        "window": console.spelled(window),
    }
    if method == cv.METHODS["gradient_descent"]:  # which averages nothing
        return content, []
    what = "its step" if average.output == "step" else f"its state {average.output}"
    shown = [("transfer function", average.formula), ("variance for white gradients of variance 1", gain)]
    shown += (
        [] if window is None or window == 0 else [("window: the gradients of a plain mean of this variance", window)]
    )
    lines = console.formulas(f"\nthe average of gradients in {what}", shown, options.latex)
    if weights is not None:
        numbers = {
            n: float(getattr(weights, n)) for n in ("variance_gain", "window", "half_life", "time_constant", "cutoff")
        }
        content["at"] = numbers
        kept = (f"{n.replace('_', ' ')} {console.significant(v, 5)}" for n, v in numbers.items() if np.isfinite(v))
        lines.append(f"at these settings: {', '.join(kept)} (in steps)")
    return content, lines


def _asked(average: Filter, hyper: Mapping[str, float], curvature: float | None) -> dict[str, Any]:
    return {**hyper, **({"curvature": curvature} if average.formula.has(symbols.CURVATURE) else {})}


def _effective(
    method: Method, latex: bool, hyper: Mapping[str, float] | None, curvature: float | None
) -> tuple[Any, list[Any]]:
    """How many times its batch gradient descent needs, in each meaning: formulas, or numbers at the settings."""
    if method == cv.METHODS["gradient_descent"]:
        return {}, []
    content: dict[str, Any] = {}
    rows: list[tuple[str, str, str]] = []
    formulas: list[tuple[str, Any]] = []
    for meaning, words in MEANINGS.items():
        try:
            value = cv.effective_batch(method, meaning, **({} if hyper is None else {**hyper, "curvature": curvature}))
        except ConvergenceError as error:
            content[meaning] = {"error": str(error)}
            rows.append((meaning, words, "—"))
            continue
        if isinstance(value, float):
            content[meaning] = value
            rows.append((meaning, words, "∞" if np.isinf(value) else console.significant(value, 5)))
        else:
            content[meaning] = console.formula(value)
            formulas.append((f"{meaning} ({words})", value))
    title = "\neffective batch: as many times its batch would gradient descent need"
    if formulas:
        return content, console.formulas(title, formulas, latex)
    title = title if curvature is None else f"{title}, at λ = {curvature:.6g}"
    return content, [console.table(("meaning", "the same", "times"), rows, left=(0, 1), title=title)]


def _elsewhere(floor: NoiseFloor) -> Mapping[str, Any]:
    """The points of the gradients that are not the position."""
    return {point: value for point, value in floor.points.items() if value != floor.variance}


def _at_numbers(method: Method, floor: NoiseFloor, options: Namespace) -> tuple[dict[str, Any], list[Any]]:
    """The floor at the settings and curvatures that were asked for, if there are any."""
    given = arguments.hyper(options)
    directions = [arguments.real("curvature", text) for text in options.curvature or ()]
    if _on_data(options) and (directions or options.mu is not None or options.L is not None):
        raise BadHyperparameter("the directions are those of the data: give --curvature, --mu and --L without data")
    if _on_data(options):
        return _settled(method, floor, given, options)
    ends: dict[str, float] = {}
    if options.mu is not None or options.L is not None:
        ends, _ = arguments.spectrum(options)
        directions += list(ends.values())
    if not (given or directions or options.noise):
        return {}, []
    hyper = arguments.settings(method, given, ends) if ends else method.scalars(given)
    deviation = _law(options)["noise"]
    curvatures = np.array(sorted(set(directions or [1.0]), reverse=True))
    found = floor.at(curvature=curvatures, noise=deviation, **hyper)
    points = {point: found.points[point] for point in _elsewhere(floor)}
    content, table = _directions(curvatures, found.variance, found.loss, points)
    words = f"{console.titled(method, hyper)}, noise of standard deviation {deviation:g}:"
    return {"hyper": dict(hyper), "noise": deviation, **content}, ["", words, table]


def _settled(
    method: Method, floor: NoiseFloor, given: dict[str, float], options: Namespace
) -> tuple[dict[str, Any], list[Any]]:
    """What the data settle at along each direction, and the loss above its minimum."""
    (data, name), law = arguments.problem(options), _law(options)
    hyper = arguments.settings(method, given, arguments.ends_of(data))
    settled = cv.stationary(data, method, **law, **hyper)
    curvatures = data.curvatures[: data.rank]
    variance = np.diagonal(settled.second)[: data.rank]
    points = dict.fromkeys(list(_elsewhere(floor))[:1], np.diagonal(settled.asked)[: data.rank])
    content, table = _directions(curvatures, variance, curvatures * variance / 2, points)
    words = f"{console.titled(method, hyper)}, {laws.in_words(**law)}:"
    loss = f"the loss settles at {settled.excess_loss:.6g} above the minimum {data.minimum:.6g} of {name}"
    return {"hyper": hyper, **law, **content, "excess_loss": settled.excess_loss}, ["", words, table, loss]


def _directions(curvatures: Any, variance: Any, loss: Any, points: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
    """A row for each direction, the steepest first; of many, both ends."""
    columns = {"variance": variance, "loss": loss, **{f"variance at {point}": v for point, v in points.items()}}
    rows = [
        {"curvature": float(c), **{name: float(column[k]) for name, column in columns.items()}}
        for k, c in enumerate(curvatures)
    ]
    listed = rows if len(rows) <= MOST else [*rows[: MOST - 1], rows[-1]]
    headings = ("λ", "E x²", "of the loss", *(f"at {point}" for point in points))
    title = console.hidden(len(rows) - len(listed), "directions between")
    cells = [[_cell(value) for value in row.values()] for row in listed]
    return {"directions": rows}, console.table(headings, cells, left=(), title=title)


def _cell(value: float) -> Any:
    return console.significant(value) if np.isfinite(value) else console.Text("grows", "red")
