"""The pictures of a study, with their words; maps, curves and runs are made when a picture is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

import convergence as cv
from convergence import figures
from convergence.figures import Picture, render
from convergence.notation import text
from convergence.numerics import sweeps
from convergence.report.summary import Summary, direction_name
from convergence.workers import spread

if TYPE_CHECKING:
    from convergence.document import Chapter, Study
    from convergence.numerics.trajectory import Run

SHORT, LONGEST = 60, 4000
"""Steps of the runs shown: at least, and at most."""

WALK = 30
"""Steps of the paths in the landscape."""


def pictures(study: Study) -> dict[str, Picture]:
    """The pictures by name: those of the whole, then each method's ("map-heavy_ball")."""
    every = [*_of_study(study), *(picture for group in Summary(study).groups for picture in _of_group(study, group))]
    return {picture.name: picture for picture in every}


def drawn(made: dict[str, Picture], formats: tuple[str, ...], workers: int = 1) -> dict[tuple[str, str], bytes]:
    """Each picture as the bytes of each format, the same whatever the number of workers; those that fail left out."""
    jobs = [(picture, ending) for picture in made.values() for ending in formats]
    found = zip(jobs, spread(_rendered, jobs, workers), strict=True)
    return {(picture.name, ending): content for (picture, ending), content in found if content}


def _rendered(job: tuple[Picture, str]) -> bytes:
    try:
        return render(*job)
    except Exception:  # a rule that fails at some setting has no map; the page stands without it
        return b""


def shown_run(study: Study, chapter: Chapter, steps: int | None = None) -> Run:
    """The run from zero at the chapter's settings: somewhat longer than it needs."""
    return cv.simulate(study.problem, chapter.method, steps or length(study, chapter), **chapter.hyper)


def length(study: Study, chapter: Chapter) -> int:
    """Steps of the run that figures show: those asked for, else enough to see the error fall past a thousandth."""
    if study.steps is not None:
        return study.steps
    steps = chapter.answer.steps if chapter.answer else None
    return 200 if steps is None else int(min(max(2.2 * steps.count, SHORT), LONGEST))


def _single(draw: Callable[..., Any], *makers: Callable[[], Any], **options: Any) -> Callable[[], Figure]:
    """The figure of one panel, of results that are made when it is drawn."""

    def figure() -> Figure:
        found = draw(*(make() for make in makers), **options).get_figure(root=True)
        assert isinstance(found, Figure)
        return found

    return figure


def _of_study(study: Study) -> Iterator[Picture]:
    problem, runnable = study.problem, [one for one in study.methods if one.hyper]
    if len(problem.columns) > 1 and problem.preparation[-1:] != ("a list of curvatures; the minimiser is all ones",):
        yield Picture(
            "data",
            "The data",
            f"Scatter of the first two columns that vary, of {problem.rows} rows, marked by their target.",
            "Marker and hue show the target.",
            None,
            _single(figures.scatter, lambda: problem),
        )
    if problem.rank > 1 and runnable:
        yield Picture(
            "landscape",
            "The loss, and the way each method takes",
            f"Contours of the loss over two coordinates, and the first {WALK} steps of {_titles(runnable)}.",
            "Darker where the loss is larger. A line is the way of a method, a marker a step.",
            None,
            _single(figures.landscape, lambda: problem, lambda: _runs(study, runnable, WALK)),
        )
    if runnable:
        yield Picture(
            "losses",
            "Loss above its minimum",
            f"Loss above its minimum over the steps, on a log axis, from w₀ = 0. {_counts(runnable)}",
            "On a log axis the slope is the rate: straight lines fall by the same factor in each step.",
            None,
            _single(figures.losses, lambda: _gaps(study, runnable)),
        )
    if study.rates:
        yield Picture(
            "rates",
            "What the condition number costs",
            f"Steps for one more decimal digit at the best settings, over κ, at κ = {text(problem.kappa)} of these data "
            f"and beside. {_rates(study)}",
            "Slope 1: steps grow like κ. Slope ½: like √κ. The dotted line is the condition number of these data.",
            None,
            _single(figures.rates, lambda: study.rates, here=problem.kappa),
        )
    finite = [one for one in study.methods if one.finite is not None]
    if study.limit and finite:
        curves = {one.method.title: one.finite.curve for one in finite}
        yield Picture(
            "worst",
            "Worst case over the steps, and the limit",
            f"The largest error over all curvatures in [μ, L] over the steps, on a log axis, of {_titles(finite)}, "
            "with Chebyshev's bound.",
            "Over all quadratics with the condition number of these data. No first-order method gets below the dotted line.",
            None,
            _single(figures.worst_cases, lambda: study.limit.bound, lambda: curves, steps=study.limit.steps),
        )


def _of_group(study: Study, group: list[Chapter]) -> Iterator[Picture]:
    """The pictures of the first method of a group of equal theory; the others have the same in other letters."""
    chapter, problem = group[0], study.problem
    method, hyper, answer = chapter.method, dict(chapter.hyper), chapter.answer
    if not hyper or answer is None or method.rate is None:
        return
    spectrum = problem.curvatures[: problem.rank]
    settings = ", ".join(f"{text(method.symbols[name])} = {text(value)}" for name, value in hyper.items())
    rate = f"{settings}, with ρ = {text(answer.rate)}"
    shown = [direction for direction, _ in Summary(study).directions]
    names = [direction_name(problem, direction.index) for direction in shown]
    curvatures = np.array([direction.curvature for direction in shown])
    if sweeps.second(method, hyper):
        yield Picture(
            f"map-{method.name}",
            f"Where {method.title} converges, and how fast",
            f"Map of the largest spectral radius over learning rate and momentum; marked: {rate}.",
            "Colour: the rate. Black line: the boundary, derived from the rule.",
            method.name,
            _single(figures.radius_map, partial(sweeps.radius_map, method, spectrum, hyper), best=answer.optimal),
        )
    yield Picture(
        f"radius-{method.name}",
        f"Spectral radius of {method.title}",
        f"Spectral radius over the learning rate, a line for each direction. It crosses 1 at {text(answer.lr_max)}, "
        f"set by {'all directions' if answer.binding is None else direction_name(problem, answer.binding)}; marked: {rate}.",
        "The slowest direction sets the rate: the upper envelope of the lines. Above 1 the method diverges.",
        method.name,
        _single(
            figures.radius_curve,
            partial(sweeps.radius_curve, method, curvatures, hyper),
            names=names,
            hidden=Summary(study).hidden,
            best=answer.optimal,
        ),
    )
    if sweeps.second(method, hyper):
        yield Picture(
            f"damping-{method.name}",
            f"How {method.title} is damped",
            "Whether the error falls monotonely, ripples or alternates, over the second hyperparameter and the scaled rate.",
            "Where the largest eigenvalue is complex the error ripples, where it is negative it alternates. Marks: the data.",
            method.name,
            _single(figures.damping, partial(sweeps.damping_map, method, hyper), directions=hyper[method.rate] * curvatures),
        )
    ends = list(dict.fromkeys((0, len(shown) - 1)))
    yield Picture(
        f"eigenvalues-{method.name}",
        f"Eigenvalues of {method.title}",
        f"Eigenvalues of the iteration matrix in the complex plane along {' and '.join(names[k] for k in ends)}, as the "
        "learning rate grows from 0.",
        "Inside the circle the error shrinks. Crosses: identified from the iterates alone, without the method.",
        method.name,
        partial(_spectrum, study, chapter, [(names[k], float(curvatures[k]), shown[k].index) for k in ends]),
    )
    yield Picture(
        f"error-{method.name}",
        f"Error of {method.title}: run and prediction",
        f"Error along each direction over the steps, on a log axis, from w₀ = 0, run and closed form; {rate}.",
        "Markers: the run on the data. Lines: the closed form, which does not step through the data.",
        method.name,
        partial(_errors, study, chapter, [direction.index for direction in shown], names),
    )


def _spectrum(study: Study, chapter: Chapter, ends: list[tuple[str, float, int]]) -> Figure:
    run = shown_run(study, chapter, 200)
    seen = cv.identify(run)
    last = 1.15 * chapter.answer.lr_max if np.isfinite(chapter.answer.lr_max) and chapter.answer.lr_max > 0 else None
    loci = [
        (name, sweeps.locus(chapter.method, curvature, dict(chapter.hyper), last), seen[index])
        for name, curvature, index in ends
    ]
    return figures.spectrum(chapter.method.title, loci, text(chapter.method.symbols[str(chapter.method.rate)]))


def _errors(study: Study, chapter: Chapter, indices: list[int], names: list[str]) -> Figure:
    run = shown_run(study, chapter)
    closed = cv.predict(study.problem, chapter.method, run.steps, **chapter.hyper)
    found = figures.errors(run, closed, rows=indices, title=chapter.method.title, names=names).get_figure(root=True)
    assert isinstance(found, Figure)
    return found


def _runs(study: Study, chapters: list[Chapter], steps: int) -> dict[str, Run]:
    return {one.method.title: shown_run(study, one, steps) for one in chapters}


def _gaps(study: Study, chapters: list[Chapter]) -> dict[str, Any]:
    """Loss above the minimum, from the errors: the difference of two losses would drown in rounding."""
    found = {one.method.title: shown_run(study, one) for one in chapters}
    return {name: 0.5 * (run.error**2 * study.problem.curvatures).sum(axis=1) for name, run in found.items()}


def _titles(chapters: list[Chapter]) -> str:
    return ", ".join(one.method.title for one in chapters)


def _counts(chapters: list[Chapter]) -> str:
    said = [(one.method.title, one.answer.steps) for one in chapters if one.answer]
    words = "; ".join(f"{title} {'never' if steps is None else steps.count}" for title, steps in said)
    return f"Steps to a thousandth of the first error: {words}."


def _rates(study: Study) -> str:
    said = [f"{one.method.title} {text(one.answer.rate)}" for one in study.methods if one.answer]
    return f"The rates ρ of these data are: {'; '.join(said)}." if said else ""
