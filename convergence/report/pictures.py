"""The pictures of a study. What one draws (a run, a map, a curve) is made when it is drawn; their words: pictures.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

import convergence as cv
from convergence import figures
from convergence.figures.landscape import varying
from convergence.figures.picture import Picture
from convergence.notation import text
from convergence.numerics import curves, maps
from convergence.numerics.cycle_map import cycle_map
from convergence.numerics.identification import identify
from convergence.report import scheduled
from convergence.report.summary import Summary, direction_name
from convergence.stochastic.floor_maps import FloorMap

if TYPE_CHECKING:
    from convergence.document import Chapter, Study
    from convergence.numerics.runs import Run

SHORT, LONGEST = 60, 4000
"""Steps of the runs shown: at least, and at most."""

UNSETTLED = 200
"""Steps of a run that does not converge, and of one from which eigenvalues are identified."""

WALK = (30, 150)
"""The fewest and the most steps of the paths in the landscape: as many as the second fastest method needs."""

NOTED = ("gradient_descent", "ema_momentum")
"""The methods that the course notes run, whose gradients and weights are drawn as there."""

Draw = Callable[[], Axes | Figure]


def pictures(study: Study) -> dict[str, Picture]:
    """The pictures by name: those of the whole, then those of the first method of each group of equal theory."""
    shown = [Shown(study, one) for one in study.methods if one.hyper and one.adaptive is None]
    adaptive = (picture for one in study.methods if one.adaptive is not None for picture in _of_adaptive(one))
    summary = Summary(study)
    first = {group[0].name for group in summary.groups}
    maps = {f"stability-{one.name}" for one in summary.winners[:1]}
    every = (picture for one in shown for picture in one.pictures())
    own = (picture for picture in every if picture.method in first or picture.name in maps)
    return {picture.name: picture for picture in (*_of_study(study, shown), *own, *adaptive)}


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads((files("convergence.report") / "pictures.toml").read_text(encoding="utf-8"))


def _picture(kind: str, draw: Draw, method: str | None = None, **values: Any) -> Picture:
    """A picture of this kind, of the whole study or of one method."""
    words = _words()[kind if method is None else f"{kind}-of"]
    title, alt, caption = (words[name].format(**values) for name in ("title", "alt", "caption"))
    name = kind if method is None else f"{kind}-{method}"
    return Picture(name, title[:1].upper() + title[1:], alt, caption, method, draw)


def _of_study(study: Study, shown: Sequence[Shown]) -> Iterator[Picture]:
    problem: Any = study.problem
    finite = {one.method.title: one.finite.curve for one in study.methods if one.finite is not None}
    if problem.loss_name and len(varying(problem)) == 2 and len(problem.X) > len(problem.columns):
        yield _picture("data", lambda: figures.scatter(problem), rows=problem.rows)
    if problem.rank > 1 and shown:
        counts = sorted(one.steps for one in shown if one.steps is not None)
        walk = min(max([WALK[0], *counts[:2]]), WALK[1])
        draw: Draw = lambda: figures.landscape(problem, {one.title: one.run(walk) for one in shown})  # noqa: E731
        yield _picture("landscape", draw, walk=walk, number=len(shown))
    if shown:
        steps = "; ".join(f"{one.title} {one.count}" for one in shown)
        yield _picture("losses", lambda: figures.losses({one.title: one.gap() for one in shown}), counts=steps)
    if study.rates:
        rates = "; ".join(f"{one.title} {one.rate}" for one in shown)
        draw = partial(figures.rates, study.rates, here=problem.kappa)
        yield _picture("comparison", draw, rates=rates, kappa=text(problem.kappa))
    if study.limit is not None and finite:
        yield _picture("worst", partial(figures.worst_cases, study.limit.bound, finite), names=", ".join(finite))
    noted = [one for name in NOTED for one in shown if one.chapter.name == name]
    if len(noted) == 2:
        names = " against ".join(one.title for one in noted)
        draw = lambda: figures.descent({one.title: one.run() for one in noted}, problem.columns)  # noqa: E731
        yield _picture("descent", draw, noted=names)


def _of_adaptive(chapter: Chapter) -> Iterator[Picture]:
    """Where runs end over the learning rate, and where the 2-cycle attracts over the first two shares."""
    method = chapter.method
    others = {name: float(value) for name, value in chapter.hyper.items() if name != method.rate}
    yield _picture("ends", lambda: cv.bifurcation(method, **others).plot(), method.name, title=method.title)
    cycle = chapter.adaptive.cycle
    if cycle is not None and not cycle.neutral and len(chapter.adaptive.shares) > 1:
        plane = lambda: figures.cycle_map(cycle_map(method, others))  # type: ignore[arg-type]  # noqa: E731
        yield _picture("attraction", plane, method.name, title=method.title)


@dataclass(frozen=True)
class Shown:
    """A method at its settings, as figures show it."""

    study: Study
    chapter: Chapter

    @property
    def title(self) -> str:
        return self.chapter.method.title

    @property
    def steps(self) -> int | None:
        """To a thousandth of the error, where that is known."""
        answer = self.chapter.answer
        return None if answer is None or answer.steps is None else int(answer.steps.count)

    @property
    def count(self) -> str:
        """Steps in words."""
        return "unknown" if self.chapter.answer is None else "never" if self.steps is None else str(self.steps)

    @property
    def rate(self) -> str:
        """The rate in words."""
        return "unknown" if self.chapter.answer is None else text(self.chapter.answer.rate)

    def run(self, steps: int | None = None) -> Run:
        """The run from zero; as long as asked for, else long enough to see the error fall past a thousandth."""
        need = UNSETTLED if self.steps is None else int(2.2 * self.steps)
        length = steps or self.study.steps or min(max(need, SHORT), LONGEST)
        return cv.simulate(self.study.problem, self.chapter.method, length, **self.chapter.hyper)

    def gap(self) -> NDArray[np.float64]:
        """The loss above its minimum (k+1,), from the errors: a difference of losses would be rounding sooner."""
        return np.asarray(0.5 * (self.run().error ** 2 * self.study.problem.curvatures).sum(axis=1))

    def pictures(self) -> Iterator[Picture]:
        """Its map, curve, damping, eigenvalues and errors."""
        method, hyper, problem = self.chapter.method, dict(self.chapter.hyper), self.study.problem
        summary, best, spectrum = Summary(self.study), not self.chapter.given, problem.curvatures[: problem.rank]
        indices = [direction.index for direction, _ in summary.directions]
        names: dict[str, Any] = {"names": [direction_name(problem, k) for k in indices], "hidden": summary.hidden}
        settings = ", ".join(f"{text(method.symbols[n])} = {text(value)}" for n, value in hyper.items())
        point = f"{'the optimum' if best else 'the settings given'}: {settings}, ρ = {self.rate}"
        curve = partial(curves.radius_curve, method, problem.curvatures[indices], hyper)
        ways: dict[str, Draw] = {}
        if method.rate is not None and maps.second(method, hyper):
            scaled = hyper[method.rate] * problem.curvatures[indices]
            ways["stability"] = lambda: figures.radius_map(maps.radius_map(method, spectrum, hyper), best=best)
            ways["damping"] = lambda: figures.damping(maps.damping_map(method, hyper), directions=scaled)
        if method.rate is not None:
            ways["radius"] = lambda: figures.radius_curve(curve(), best=best, **names)
            ways["spectrum"] = lambda: self._spectrum(sorted({indices[0], indices[-1]}), float(curve().lr[-1]))
        ways["error"] = lambda: figures.errors(self.run(), self._closed(), title=self.title, rows=indices, **names)
        floor = None if self.chapter.noise is None else self.chapter.noise.map
        if floor is not None:
            ways["floor"] = partial(figures.floor_map if isinstance(floor, FloorMap) else figures.floor_curve, floor)
        if self.chapter.schedule is not None:
            ways |= scheduled.draws(self.chapter.schedule)
        if method.name in NOTED:
            ways["descent"] = lambda: figures.descent({self.title: self.run()}, problem.columns)
        for kind, draw in ways.items():
            general, _, number = kind.partition("-")
            picture = _picture(general, draw, method.name, title=self.title, settings=settings, point=point)
            yield self._numbered(picture, int(number)) if number else picture

    def _numbered(self, picture: Picture, number: int) -> Picture:
        """The picture of one of the schedules, by its number from 1."""
        name = self.chapter.schedule.rows[number - 1].name
        title, alt = f"{picture.title} under {name}", f"{picture.alt[:-1]}: {name}."
        return replace(picture, name=f"{picture.name}_{number}", title=title, alt=alt)

    def _closed(self) -> Run:
        return cv.predict(self.study.problem, self.chapter.method, self.run().steps, **self.chapter.hyper)

    def _spectrum(self, ends: Sequence[int], last: float) -> Figure:
        """The eigenvalues along these directions up to the last learning rate, and those that a run shows."""
        method, hyper, problem = self.chapter.method, dict(self.chapter.hyper), self.study.problem
        seen = identify(self.run(UNSETTLED), directions=ends)
        loci = [curves.locus(method, float(problem.curvatures[index]), hyper, last) for index in ends]
        names = [direction_name(problem, index) for index in ends]
        letter = text(method.symbols[curves.rate_of(method)])
        return figures.spectrum(self.title, list(zip(names, loci, seen, strict=True)), letter)
