"""The figures of a study by name, with their words: those of the whole first, then each method's ("stability-heavy_ball")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from convergence.figures import comparison, landscape, runs, spectrum, stability
from convergence.figures.picture import Picture, render
from convergence.notation import text
from convergence.numerics import sweeps
from convergence.numerics.identification import Identification
from convergence.numerics.trajectory import Run
from convergence.problem import LeastSquares, Quadratic
from convergence.rule import Method
from convergence.workers import spread

NOTED = ("gradient_descent", "ema_momentum")
"""The methods that the course notes run, whose gradients and weights are drawn as there."""

FEW = 8
"""Fewer pictures than this are drawn before another process has started."""


@dataclass(frozen=True)
class Case:
    """A method at its settings on a problem, as a study shows it.

    ``shown`` are the directions that are drawn one by one, and ``names`` theirs; ``best`` says that the settings are the
    optimum; ``steps`` come within 99.9 % of the solution (None: never). ``identified`` has a row for each shown direction.
    """

    problem: Quadratic
    method: Method
    hyper: Mapping[str, float]
    run: Run
    predicted: Run
    shown: tuple[int, ...]
    names: tuple[str, ...]
    best: bool = True
    steps: int | None = None
    identified: Identification | None = None

    @property
    def title(self) -> str:
        return self.method.title

    @property
    def curvatures(self) -> NDArray[np.float64]:
        """Of the shown directions."""
        return self.problem.curvatures[list(self.shown)]

    @property
    def spectrum(self) -> NDArray[np.float64]:
        """The positive curvatures."""
        return self.problem.curvatures[: self.problem.rank]

    @property
    def hidden(self) -> int:
        """The number of directions that are not drawn."""
        return self.problem.rank - len(self.shown)

    @property
    def gap(self) -> NDArray[np.float64]:
        """The loss above its minimum (k+1,), from the errors: a difference of losses would be rounding sooner."""
        return np.asarray(0.5 * (self.run.error**2 * self.problem.curvatures).sum(axis=1))

    @property
    def settings(self) -> str:
        """Its hyperparameters in letters."""
        return stability.settings(self.method, self.hyper, *self.method.hyper)


@dataclass(frozen=True)
class Gallery:
    """What the figures of a study show: its cases, and where they were computed, rates over κ and worst cases.

    ``worst`` are the worst cases (k+1,) by title, ``limit`` (k+1,) is what no first-order method can beat.
    """

    problem: Quadratic
    cases: Sequence[Case]
    rates: Sequence[sweeps.RateCurve] = ()
    worst: Mapping[str, Any] = field(default_factory=dict)
    limit: Any = ()

    def pictures(self) -> dict[str, Picture]:
        """All that there is to see, by name: no map without a second hyperparameter, no landscape with one column."""
        own = [picture for case in self.cases for picture in _of_case(case)]
        return {picture.name: picture for picture in (*_of_problem(self), *own)}


def drawn(pictures: Mapping[str, Picture], formats: Sequence[str], workers: int = 1) -> dict[tuple[str, str], bytes]:
    """The pictures by (name, format). The bytes are the same, whatever the number of workers (see ``workers.spread``)."""
    jobs = [(picture, ending) for picture in pictures.values() for ending in formats]
    made = spread(_render, jobs, workers if len(jobs) >= FEW else 1)
    return {(picture.name, ending): content for (picture, ending), content in zip(jobs, made, strict=True)}


def _render(job: tuple[Picture, str]) -> bytes:
    return render(*job)


def _of_problem(study: Gallery) -> Iterator[Picture]:
    problem, cases = study.problem, study.cases
    if isinstance(problem, LeastSquares) and len(landscape.varying(problem)) == 2:
        x, y = (problem.columns[j] for j in landscape.varying(problem))
        alt = f"Scatter of {problem.rows} rows: column {y} over column {x}, marked by their target."
        caption = f"The columns {x} and {y} of the data; marker and hue show the target."
        yield Picture("data", "The data", alt, caption, None, partial(_panel, landscape.scatter, problem))
    if problem.rank > 1 and cases:
        alt = f"Filled contours of the loss over two coordinates, its minimum, and the paths of {len(cases)} methods to it."
        caption = (
            "The loss over the plane, darker where it is larger. A line is the way of a method, a marker is a step."
        )
        paths = {case.title: case.run for case in cases}
        title = "The loss, and the way each method takes"
        yield Picture("landscape", title, alt, caption, None, partial(_panel, landscape.landscape, problem, paths))
    if cases:
        ends = "; ".join(f"{case.title} {_steps(case)}" for case in cases)
        alt = f"Loss above its minimum over the steps on a log axis; to come within 99.9 % of the solution: {ends}."
        caption = "On a log axis the slope is the rate: straight lines fall by the same factor in each step."
        draw = partial(_panel, runs.losses, {case.title: case.gap for case in cases})
        yield Picture("losses", "Loss above its minimum, all methods", alt, caption, None, draw)
    if study.rates:
        yield _rates(study)
    if study.worst:
        ends = "; ".join(f"{name} {text(float(row[-1]), 3)}" for name, row in study.worst.items())
        alt = f"Worst error over the steps on a log axis, with Chebyshev's bound; after {len(study.limit) - 1} steps: {ends}."
        caption = "Over all quadratics of this condition number. No first-order method gets below the dotted line."
        draw = partial(_panel, comparison.worst_cases, study.limit, study.worst)
        yield Picture("worst", "Worst case over the steps, and the limit", alt, caption, None, draw)
    noted = [case for name in NOTED for case in cases if case.method.name == name]
    if len(noted) == 2:
        title = f"{noted[0].title} against {noted[1].title}"
        alt = f"Gradient and weight of each column over the steps: {' and '.join(map(_run_words, noted))}."
        caption = f"The course notes' figure: {noted[0].title} (filled) against {noted[1].title} (open)."
        draw = partial(runs.descent, {case.title: case.run for case in noted}, problem.columns)
        yield Picture("descent", title.capitalize(), alt, caption, None, draw)


def _rates(study: Gallery) -> Picture:
    here = study.problem.kappa
    ends = "; ".join(f"{c.method.title} {text(float(np.interp(here, c.kappa, c.rate)), 3)}" for c in study.rates)
    alt = f"Steps per decimal digit at the optimal rate over κ; at κ = {text(here, 3)} of this data the rates ρ are: {ends}."
    caption = "Slope 1: the steps grow like κ. Slope ½: like √κ. The dotted line is the condition number of this data."
    draw = partial(_panel, comparison.rates, study.rates, here=here)
    return Picture("comparison", "What the condition number costs", alt, caption, None, draw)


def _of_case(case: Case) -> Iterator[Picture]:
    name, title = case.method.name, case.title
    kind = "the optimum" if case.best else "the chosen settings"
    rate = text(float(sweeps.rate(case.method, case.spectrum, case.hyper)), 3)
    if case.method.rate is not None:
        if sweeps.second(case.method) is not None:
            alt = f"Map of the spectral radius of {title}; {kind} at {case.settings} with ρ = {rate}."
            caption = "Colour and thin lines: the rate. Black line: the boundary, from the derived conditions."
            heading = f"Where {title} converges, and how fast"
            yield Picture(f"stability-{name}", heading, alt, caption, name, partial(_map, case))
        alt = f"Spectral radius of {title} over the learning rate by direction; {kind} at {case.settings}, ρ = {rate}."
        caption = "The slowest direction sets the rate: the upper envelope of the lines. Above 1 the method diverges."
        yield Picture(f"radius-{name}", f"Spectral radius of {title}", alt, caption, name, partial(_radius, case))
        if sweeps.second(case.method) is not None:
            alt = (
                f"Regimes of {title}: monotone, rippling, alternating; {len(case.shown)} directions at {case.settings}."
            )
            caption = "The largest eigenvalue is positive (monotone), complex (rippling) or negative (alternating)."
            yield Picture(f"damping-{name}", f"How {title} is damped", alt, caption, name, partial(_damping, case))
        alt = f"Eigenvalues of {title} for {_ends(case)} as the learning rate grows; crosses: from the run at {case.settings}."
        caption = "Inside the circle the error shrinks. The crosses come from the iterates alone, without the method."
        yield Picture(f"spectrum-{name}", f"Eigenvalues of {title}", alt, caption, name, partial(_spectrum, case))
    alt = f"Error of {title} in each direction over the steps, run and prediction; ρ = {rate}; within 99.9 %: {_steps(case)}."
    caption = "Markers: the run on the data. Lines: the closed form, which does not step through the data."
    yield Picture(f"error-{name}", f"Error of {title}: run and prediction", alt, caption, name, partial(_errors, case))
    if name in NOTED:
        alt = f"Gradient (log axis) and weight of each column over the steps: {_run_words(case)}."
        caption = "The course notes' figure of one method: a line for each column."
        draw = partial(runs.descent, {title: case.run}, case.problem.columns)
        yield Picture(f"descent-{name}", f"Gradient and weights of {title}", alt, caption, name, draw)


def _panel(draw: Any, *results: Any, **options: Any) -> Figure:
    """The figure of a single panel that makes its own."""
    axes: Axes = draw(*results, **options)
    figure = axes.get_figure(root=True)
    assert isinstance(figure, Figure)
    return figure


def _map(case: Case) -> Figure:
    return _panel(stability.radius_map, sweeps.radius_map(case.method, case.spectrum, case.hyper), best=case.best)


def _radius(case: Case) -> Figure:
    found = sweeps.radius_curve(case.method, case.curvatures, case.hyper)
    return _panel(stability.radius_curve, found, names=case.names, hidden=case.hidden, best=case.best)


def _damping(case: Case) -> Figure:
    scaled = case.hyper[str(case.method.rate)] * case.curvatures
    return _panel(stability.damping, sweeps.damping_map(case.method, case.hyper), directions=scaled)


def _spectrum(case: Case) -> Figure:
    ends = list(dict.fromkeys((0, len(case.shown) - 1)))
    last = float(sweeps.radius_curve(case.method, case.curvatures, case.hyper).lr[-1])
    seen = [() if case.identified is None else case.identified[k] for k in ends]
    loci = [sweeps.locus(case.method, float(case.curvatures[k]), case.hyper, last) for k in ends]
    letter = text(case.method.symbols[str(case.method.rate)])
    return spectrum.spectrum(case.title, list(zip([case.names[k] for k in ends], loci, seen, strict=True)), letter)


def _errors(case: Case) -> Figure:
    return _panel(
        runs.errors, case.run, case.predicted, rows=case.shown, names=case.names, hidden=case.hidden, title=case.title
    )


def _ends(case: Case) -> str:
    return " and ".join(dict.fromkeys((case.names[0], case.names[-1])))


def _run_words(case: Case) -> str:
    return f"{case.title} at {case.settings}, final loss {case.run.loss[-1]:.7g}"


def _steps(case: Case) -> str:
    if case.run.diverged is not None:
        return f"never, it diverged at step {case.run.diverged}"
    return "never" if case.steps is None else f"{case.steps} step{'s' if case.steps != 1 else ''}"
