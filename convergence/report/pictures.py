"""The pictures of a study with their words; what a picture draws (a run, a map, a curve) is made when it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

import convergence as cv
from convergence import figures
from convergence.figures.landscape import varying
from convergence.figures.picture import Picture, render
from convergence.notation import text
from convergence.numerics import curves, maps
from convergence.numerics.identification import identify
from convergence.report.summary import Summary, direction_name
from convergence.workers import spread

if TYPE_CHECKING:
    from convergence.document import Chapter, Study
    from convergence.numerics.runs import Run
    from convergence.problem import Quadratic

SHORT, LONGEST = 60, 4000
"""Steps of the runs shown: at least, and at most."""

UNSETTLED = 200
"""Steps of a run that does not converge, and of one from which eigenvalues are identified."""

WALK = (30, 150)
"""The fewest and the most steps of the paths in the landscape: as many as the second fastest method needs."""

NOTED = ("gradient_descent", "ema_momentum")
"""The methods that the course notes run, whose gradients and weights are drawn as there."""

Words = tuple[str, str, str]
"""Title, the picture in words, caption."""


def pictures(study: Study) -> dict[str, Picture]:
    """The pictures by name: those of the whole, then those of the first method of each group of equal theory."""
    shown = [Shown(study, one) for one in study.methods if one.hyper]
    summary = Summary(study)
    first = {group[0].name for group in summary.groups}
    maps = {f"stability-{one.name}" for one in summary.winners[:1]}
    every = ((one.chapter.name, picture) for one in shown for picture in one.pictures())
    own = (picture for name, picture in every if name in first or picture.name in maps)
    return {picture.name: picture for picture in (*_of_study(study, shown), *own)}


def drawn(made: Mapping[str, Picture], formats: Sequence[str], workers: int = 1) -> dict[tuple[str, str], bytes]:
    """Each picture as the bytes of each format, the same whatever the number of workers; those that fail are left out."""
    jobs = [(picture, ending) for picture in made.values() for ending in formats]
    found = zip(jobs, spread(_rendered, jobs, workers), strict=True)
    return {(picture.name, ending): content for (picture, ending), content in found if content}


def _rendered(job: tuple[Picture, str]) -> bytes:
    try:
        return render(*job)
    except Exception:  # a rule that fails at some setting has no map; the page stands without it
        return b""


def _panel(draw: Callable[..., Any], *makers: Callable[[], Any], **options: Any) -> Figure:
    """The figure of a single panel, of results that are made now."""
    found = draw(*(make() for make in makers), **options).get_figure(root=True)
    assert isinstance(found, Figure)
    return found


def _walk(shown: Sequence[Shown]) -> int:
    answers = [one.chapter.answer for one in shown]
    known = [answer.steps.count for answer in answers if answer is not None and answer.steps is not None]
    return min(max(WALK[0], sorted(known)[min(1, len(known) - 1)] if known else 0), WALK[1])


def _of_study(study: Study, shown: Sequence[Shown]) -> Iterator[Picture]:
    problem, finite = study.problem, {m.method.title: m.finite.curve for m in study.methods if m.finite is not None}
    counts = "; ".join(f"{one.title} {one.count}" for one in shown)
    if problem.loss_name and len(varying(problem)) == 2 and len(problem.X) > len(problem.columns):  # type: ignore[arg-type]
        alt = f"Scatter of two columns of {problem.rows} rows, marked by their target."
        yield _whole("data", ("The data", alt, "Marker and hue show the target."), figures.scatter, lambda: problem)
    if problem.rank > 1 and shown:
        walk = _walk(shown)
        alt = f"Contours of the loss over two coordinates, its minimum, and the first {walk} steps of {len(shown)} methods."
        caption = "Darker where the loss is larger. A line is the way of a method; markers stand on some of its steps."
        words = ("The loss, and the way each method takes", alt, caption)
        yield _whole(
            "landscape", words, figures.landscape, lambda: problem, lambda: {one.title: one.run(walk) for one in shown}
        )
    if shown:
        alt = (
            f"Loss above its minimum over the steps on a log axis. Steps to a thousandth of the first error: {counts}."
        )
        caption = "On a log axis the slope is the rate: straight lines fall by the same factor in each step."
        words = ("Loss above its minimum", alt, caption)
        yield _whole("losses", words, figures.losses, lambda: {one.title: one.gap() for one in shown})
    if study.rates:
        rates = "; ".join(f"{one.title} {one.rate}" for one in shown)
        alt = f"Steps for one more digit at the best settings over κ. At κ = {text(problem.kappa)} the rates ρ are: {rates}."
        caption = "Slope 1: steps grow like κ. Slope ½: like √κ. The dotted line is the condition number of these data."
        words = ("What the condition number costs", alt, caption)
        yield _whole("comparison", words, partial(figures.rates, here=problem.kappa), lambda: study.rates)
    if study.limit is not None and finite:
        alt = f"Worst error over the steps on a log axis of {', '.join(finite)}, with Chebyshev's bound."
        caption = "Over all quadratics of this condition number. No first-order method gets below the dotted line."
        words = ("Worst case over the steps, and the limit", alt, caption)
        yield _whole("worst", words, figures.worst_cases, lambda: study.limit.bound, lambda: finite)
    noted = [one for name in NOTED for one in shown if one.chapter.name == name]
    if len(noted) == 2:
        words = (" against ".join(one.title for one in noted), "Gradient and weight of each column over the steps.", "")
        make = lambda: figures.descent({one.title: one.run() for one in noted}, problem.columns)  # noqa: E731
        yield Picture("descent", words[0].capitalize(), words[1], "The course notes' figure.", None, make)


def _whole(name: str, words: Words, draw: Callable[..., Any], *makers: Callable[[], Any]) -> Picture:
    return Picture(name, *words, None, partial(_panel, draw, *makers))


@dataclass(frozen=True)
class Shown:
    """A method at its settings, as figures show it."""

    study: Study
    chapter: Chapter

    @property
    def problem(self) -> Quadratic:
        return self.study.problem

    @property
    def title(self) -> str:
        return self.chapter.method.title

    @property
    def count(self) -> str:
        """Steps in words."""
        answer = self.chapter.answer
        return "unknown" if answer is None else "never" if answer.steps is None else str(answer.steps.count)

    @property
    def rate(self) -> str:
        """The rate in words."""
        return "unknown" if self.chapter.answer is None else text(self.chapter.answer.rate)

    @property
    def directions(self) -> list[int]:
        """The directions that are drawn one by one."""
        return [direction.index for direction, _ in Summary(self.study).directions]

    @property
    def names(self) -> list[str]:
        return [direction_name(self.problem, index) for index in self.directions]

    @property
    def curvatures(self) -> NDArray[np.float64]:
        """Of those directions."""
        return self.problem.curvatures[self.directions]

    def run(self, steps: int | None = None) -> Run:
        """The run from zero; as long as asked for, else long enough to see the error fall past a thousandth."""
        answer = self.chapter.answer
        need = UNSETTLED if answer is None or answer.steps is None else 2.2 * answer.steps.count
        length = steps or self.study.steps or int(min(max(need, SHORT), LONGEST))
        return cv.simulate(self.problem, self.chapter.method, length, **self.chapter.hyper)

    def gap(self) -> NDArray[np.float64]:
        """The loss above its minimum (k+1,), from the errors: a difference of losses would be rounding sooner."""
        return np.asarray(0.5 * (self.run().error ** 2 * self.problem.curvatures).sum(axis=1))

    def pictures(self) -> Iterator[Picture]:
        """Its map, curve, damping, eigenvalues and errors."""
        method, hyper, title = self.chapter.method, dict(self.chapter.hyper), self.title
        best, spectrum = not self.chapter.given, self.problem.curvatures[: self.problem.rank]
        settings = ", ".join(f"{text(method.symbols[name])} = {text(value)}" for name, value in hyper.items())
        point = f"{'the optimum' if best else 'the settings given'}: {settings}, ρ = {self.rate}"
        if method.rate is not None and maps.second(method, hyper):
            alt = f"Map of the spectral radius of {title} over two hyperparameters; marked is {point}."
            words = (f"Where {title} converges, and how fast", alt, "Lines: equal rates. Black: the derived boundary.")
            draw = partial(figures.radius_map, best=best)
            yield self._own("stability", words, draw, partial(maps.radius_map, method, spectrum, hyper))
        if method.rate is not None:
            alt = f"Spectral radius of {title} over the learning rate, a line for each direction; marked is {point}."
            caption = "The slowest direction sets the rate: the upper envelope. Above 1 the method diverges."
            draw = partial(figures.radius_curve, names=self.names, hidden=Summary(self.study).hidden, best=best)
            words = (f"Spectral radius of {title}", alt, caption)
            yield self._own("radius", words, draw, partial(curves.radius_curve, method, self.curvatures, hyper))
        if method.rate is not None and maps.second(method, hyper):
            alt = f"Where the error of {title} falls monotonely, ripples or alternates; marked: the directions at {settings}."
            caption = "The largest eigenvalue is positive (monotone), complex (rippling) or negative (alternating)."
            draw = partial(figures.damping, directions=hyper[method.rate] * self.curvatures)
            words = (f"How {title} is damped", alt, caption)
            yield self._own("damping", words, draw, partial(maps.damping_map, method, hyper))
        if method.rate is not None:
            alt = f"Eigenvalues of {title} as the learning rate grows; crosses: from the run at {settings}."
            caption = "Inside the circle the error shrinks. Crosses come from the iterates alone, without the method."
            yield Picture(
                f"spectrum-{method.name}", f"Eigenvalues of {title}", alt, caption, method.name, self._spectrum
            )
        alt = f"Error of {title} along each direction over the steps on a log axis, run and closed form; {point}."
        caption = "Markers: the run on the data. Lines: the closed form, which does not step through the data."
        yield Picture(f"error-{method.name}", f"Error of {title}", alt, caption, method.name, self._errors)
        if method.name in NOTED:
            alt = f"Gradient (log axis) and weight of each column over the steps of {title}, {settings}."
            words = (f"Gradient and weights of {title}", alt, "A line for each column, as in the course notes.")
            yield Picture(f"descent-{method.name}", *words, method.name, self._descent)

    def _own(self, kind: str, words: Words, draw: Callable[..., Any], make: Callable[[], Any]) -> Picture:
        name = self.chapter.name
        return Picture(f"{kind}-{name}", *words, name, partial(_panel, draw, make))

    def _spectrum(self) -> Figure:
        method, hyper = self.chapter.method, dict(self.chapter.hyper)
        ends = list(dict.fromkeys((self.directions[0], self.directions[-1])))
        last = float(curves.radius_curve(method, self.curvatures, hyper).lr[-1])
        seen = identify(self.run(UNSETTLED), directions=ends)
        loci = [curves.locus(method, float(self.problem.curvatures[index]), hyper, last) for index in ends]
        names = [direction_name(self.problem, index) for index in ends]
        letter = text(method.symbols[curves.rate_of(method)])
        return figures.spectrum(self.title, list(zip(names, loci, seen, strict=True)), letter)

    def _descent(self) -> Figure:
        return figures.descent({self.title: self.run()}, self.problem.columns)

    def _errors(self) -> Figure:
        run = self.run()
        closed = cv.predict(self.problem, self.chapter.method, run.steps, **self.chapter.hyper)
        options: dict[str, Any] = {"rows": self.directions, "names": self.names, "hidden": Summary(self.study).hidden}
        return _panel(figures.errors, lambda: run, lambda: closed, title=self.title, **options)
