"""The command on noise in the gradients, as formulas and at numbers: noise."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import convergence as cv
from convergence.cli.command import Answer, command, option
from convergence.cli.drawing import DRAWN, require_folder, with_figures
from convergence.cli.modules import Lazy, arguments, console, np
from convergence.cli.options import DEVIATION, LATEX, METHOD, SAMPLING, SPECTRUM, hyper
from convergence.errors import BadHyperparameter, ConvergenceError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from convergence.problem import LeastSquares
    from convergence.rule import Method
    from convergence.theory.filters import Filter
    from convergence.theory.noise import NoiseFloor

batches, floors = Lazy("convergence.stochastic.batches"), Lazy("convergence.stochastic.floors")
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
    option("--batch", type=int, metavar="B", help="rows of the data in each step: their noise instead, or on top"),
    SAMPLING,
    SPECTRUM,
    hyper("for numbers (with data: the best for its spectrum)"),
    LATEX,
    *DRAWN,
    example="convergence noise heavy_ball --lr 0.1 --momentum 0.9 --noise 0.5",
)
def noise(options: Namespace) -> Answer:
    require_folder(options)
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
        "variance": console.formula(floor.variance),
        "loss": console.formula(floor.loss),
        "points": {point: console.formula(value) for point, value in floor.points.items()},
        "long_run": console.formula(floor.long_run),
        "linear": floor.linear,
    }
    numbers, more = _at_numbers(method, floor, options)
    at = numbers.get("hyper"), (numbers["directions"][0]["curvature"] if "directions" in numbers else None)
    filters, averaged = _filter(method, options, *at)
    batches, effective = _effective(method, options.latex, *at)
    content |= numbers | {"filter": filters, "effective_batch": batches}
    answer = Answer(content, [*lines, *averaged, *more, *effective])
    return with_figures(options, answer, _figures(method, options, *at)) if options.out else answer


def _figures(
    method: Method, options: Namespace, hyper: Mapping[str, float] | None, curvature: float | None
) -> dict[str, Callable[[], Axes]]:
    """The response of the average, and on data the map of the floor."""
    if hyper is None:
        raise BadHyperparameter("figures need numbers: give the hyperparameters, or data")
    draws: dict[str, Callable[[], Axes]] = {}
    if method.name != "gradient_descent":
        average = cv.filter_of(method)
        draws["response"] = partial(average.plot, **_asked(average, hyper, curvature))
    if options.data or options.dataset or options.batch is not None:
        deviation = None if options.noise is None else arguments.real("--noise", options.noise)
        deviation = 1.0 if options.batch is deviation is None else deviation
        law = {"batch": options.batch, "sampling": options.sampling, "noise": deviation}
        draws |= floor_figure(arguments.problem(options)[0], method, law, hyper)
    return draws


def floor_figure(
    data: Any, method: Method, law: Mapping[str, Any], hyper: Mapping[str, float]
) -> dict[str, Callable[[], Axes]]:
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
        "window": None if window is None else console.formula(window),
    }
    if method.name == "gradient_descent":  # which averages nothing
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
    if method.name == "gradient_descent":
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
    on_data = options.data or options.dataset or options.batch is not None
    directions = [arguments.real("curvature", text) for text in options.curvature or ()]
    if on_data and (directions or options.mu is not None or options.L is not None):
        raise BadHyperparameter("the directions are those of the data: give --curvature, --mu and --L without data")
    if on_data:
        return _on_data(method, floor, given, options)
    ends: dict[str, float] = {}
    if options.mu is not None or options.L is not None:
        ends, _ = arguments.spectrum(options)
        directions += list(ends.values())
    if not (given or directions or options.noise):
        return {}, []
    hyper = arguments.settings(method, given, ends) if ends else method.scalars(given)
    deviation = 1.0 if options.noise is None else arguments.real("--noise", options.noise)
    curvatures = np.array(sorted(set(directions or [1.0]), reverse=True))
    found = floor.at(curvature=curvatures, noise=deviation, **hyper)
    points = {point: found.points[point] for point in _elsewhere(floor)}
    content, table = _directions(curvatures, found.variance, found.loss, points)
    words = f"{console.titled(method, hyper)}, noise of standard deviation {deviation:g}:"
    return {"hyper": dict(hyper), "noise": deviation, **content}, ["", words, table]


def _on_data(
    method: Method, floor: NoiseFloor, given: dict[str, float], options: Namespace
) -> tuple[dict[str, Any], list[Any]]:
    data, name = arguments.problem(options)
    hyper = arguments.settings(method, given, {"mu": float(data.mu), "L": float(data.L)})
    deviation = None if options.noise is None else arguments.real("--noise", options.noise)
    if options.batch is None and deviation is None:
        deviation = 1.0
    settled = cv.stationary(data, method, batch=options.batch, sampling=options.sampling, noise=deviation, **hyper)
    curvatures = data.curvatures[: data.rank]
    variance = np.diagonal(settled.second)[: data.rank]
    points = dict.fromkeys(list(_elsewhere(floor))[:1], np.diagonal(settled.asked)[: data.rank])
    content, table = _directions(curvatures, variance, curvatures * variance / 2, points)
    words = f"{console.titled(method, hyper)}, {noise_words(options.batch, options.sampling, deviation)}:"
    loss = f"the loss settles at {settled.excess_loss:.6g} above the minimum {_minimum(data)} of {name}"
    numbers = {"hyper": hyper, "noise": deviation, "batch": options.batch, "sampling": options.sampling}
    return {**numbers, **content, "excess_loss": settled.excess_loss}, ["", words, table, loss]


def _minimum(data: LeastSquares) -> str:
    return f"{data.minimum:.6g}"


def noise_words(batch: int | None, sampling: str, noise: Any) -> str:
    """Where the noise of a step comes from, in words."""
    rows = "" if batch is None else f"batches of {batch} {batches.IN_WORDS[sampling]}"
    if noise is None:
        return rows or "no noise"
    label = isinstance(noise, cv.LabelNoise)
    added = f"noise of standard deviation {noise.deviation if label else noise:g} in the {'targets' if label else 'gradient'}"
    return f"{rows}, and {added}" if rows else added


def _directions(curvatures: Any, variance: Any, loss: Any, points: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
    """A row for each direction, the steepest first; of many, both ends."""
    columns = {"variance": variance, "loss": loss, **{f"variance at {point}": v for point, v in points.items()}}
    rows = [
        {"curvature": float(c), **{name: float(column[k]) for name, column in columns.items()}}
        for k, c in enumerate(curvatures)
    ]
    listed = rows if len(rows) <= MOST else [*rows[: MOST - 1], rows[-1]]
    headings = ("λ", "E x²", "of the loss", *(f"at {point}" for point in points))
    hidden = len(rows) - len(listed)
    title = f"{hidden} directions between are not shown (--json has all)" if hidden else ""
    cells = [[_cell(value) for value in row.values()] for row in listed]
    return {"directions": rows}, console.table(headings, cells, left=(), title=title)


def _cell(value: float) -> Any:
    return console.significant(value) if np.isfinite(value) else console.Text("grows", "red")
