"""The command on noise in the gradients, as formulas and at numbers: noise."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import convergence as cv
from convergence.cli.command import Answer, command, option
from convergence.cli.modules import Lazy, arguments, console, np
from convergence.cli.options import DEVIATION, LATEX, METHOD, SAMPLING, SPECTRUM, hyper
from convergence.errors import BadHyperparameter

if TYPE_CHECKING:
    from convergence.problem import LeastSquares
    from convergence.rule import Method
    from convergence.theory.noise import NoiseFloor

batches = Lazy("convergence.stochastic.batches")

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
        "variance": console.formula(floor.variance),
        "loss": console.formula(floor.loss),
        "points": {point: console.formula(value) for point, value in floor.points.items()},
        "long_run": console.formula(floor.long_run),
        "linear": floor.linear,
    }
    numbers, more = _at_numbers(method, floor, options)
    return Answer(content | numbers, [*lines, *more])


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
    (ends, data), name = arguments.spectrum(options), arguments.problem(options)[1]
    assert data is not None
    hyper = arguments.settings(method, given, ends)
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
