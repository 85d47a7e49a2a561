"""The command on expected errors, for a spectrum or a density of curvatures: average."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import convergence as cv
from convergence.cli.command import Answer, command, option
from convergence.cli.finite import LOST
from convergence.cli.modules import arguments, console, notation
from convergence.cli.options import BEST, METHOD, SPECTRUM, STEPS
from convergence.errors import BadHyperparameter

if TYPE_CHECKING:
    from convergence.numerics.averages import Decay
    from convergence.problem import LeastSquares

MEANS = ("error²", "loss", "gradient²")


@command(
    "average",
    "print the expected error of a method after K steps, for a spectrum or a density",
    METHOD,
    STEPS,
    option("--ratio", metavar="X", help="Marchenko–Pastur spectrum of d/n = X, not the data's own"),
    option("--exponent", metavar="X", help="power-law spectrum λ^X on [0, L], not the data's own"),
    SPECTRUM,
    BEST,
    example="convergence average gradient_descent --steps 50 --ratio 0.5 --mu 1 --L 10",
)
def average(options: Namespace) -> Answer:
    method, law = arguments.method(options.method), options.ratio or options.exponent
    alone = law is not None and (options.mu, options.L, options.data, options.dataset) == (None,) * 4
    ends, data = ({}, None) if alone else arguments.spectrum(options)
    density, name = _density(options, ends.get("L"), data)
    if law is not None:
        low, high = density.interval
        ends = {"mu": low or ends.get("mu", 0.0), "L": high}
    chosen = arguments.settings(method, arguments.hyper(options), ends)
    expected = cv.average_case(method, options.steps, density, **chosen)
    means = map(notation.number, (expected.error, expected.loss, expected.gradient), expected.log10)
    lines = (
        *([console.Text(LOST, "bold red")] if expected.rate.kind == "none" else []),
        f"{console.titled(method, chosen)} after {expected.steps} steps, expected over {name}",
        *(f"{w} = {console.significant(v)} of the first" for w, v in zip(MEANS, means, strict=True)),
        _decay(expected.rate),
    )
    return Answer({"method": method.name, "hyper": chosen, "density": name, **asdict(expected)}, lines)


def _density(options: Namespace, L: float | None, data: LeastSquares | None) -> tuple[Any, str]:
    """The density asked for, and what to call it; a law ends at L, or has its own scale where no L is given."""
    if options.ratio is not None and options.exponent is not None:
        raise BadHyperparameter("--ratio and --exponent are two densities: give one of them")
    if options.ratio is not None:
        unit = cv.MarchenkoPastur(arguments.real("ratio", options.ratio))
        law = cv.MarchenkoPastur(unit.ratio, 1.0 if L is None else L / unit.interval[1])
        low, high = law.interval
        return law, f"Marchenko–Pastur's law of ratio {law.ratio:g} on [{low:.6g}, {high:.6g}]"
    if options.exponent is not None:
        exponent, end = arguments.real("exponent", options.exponent), 1.0 if L is None else L
        return cv.PowerLaw(exponent, end), f"the density λ^{exponent:g} on [0, {end:.6g}]"
    if data is None:
        raise BadHyperparameter("an average needs a density: give data, --ratio or --exponent")
    return data, "the curvatures of the data"


def _decay(rate: Decay) -> str:
    if rate.kind == "geometric":
        return f"each falls by the factor {console.significant(rate.factor)} a step in the long run"
    if rate.kind == "polynomial":
        return f"in the long run they fall as k^-{rate.error:g}, k^-{rate.loss:g} and k^-{rate.gradient:g}"
    return "they do not fall" if rate.kind == "none" else "how they fall in the long run is not known"
