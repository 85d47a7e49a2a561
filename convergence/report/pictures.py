"""The pictures of a study: its gallery, made of the runs at each method's settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import convergence as cv
from convergence.figures.gallery import Case, Gallery
from convergence.figures.picture import Picture, render
from convergence.numerics.identification import identify
from convergence.report.summary import Summary, direction_name
from convergence.workers import spread

if TYPE_CHECKING:
    from convergence.document import Chapter, Study

SHORT, LONGEST = 60, 4000
"""Steps of the runs shown: at least, and at most."""

UNSETTLED = 200
"""Steps of a run that does not converge."""


def pictures(study: Study) -> dict[str, Picture]:
    """The pictures by name: those of the whole, then those of the first method of each group of equal theory."""
    cases = [case for one in study.methods if (case := _case(study, one)) is not None]
    worst = (
        {one.method.title: one.finite.curve for one in study.methods if one.finite is not None} if study.limit else {}
    )
    limit = study.limit.bound if study.limit else ()
    every = Gallery(study.problem, cases, study.rates or (), worst, limit).pictures()
    first = {group[0].name for group in Summary(study).groups}
    return {name: picture for name, picture in every.items() if picture.method is None or picture.method in first}


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


def _case(study: Study, chapter: Chapter) -> Case | None:
    """A method as figures show it; None where it cannot be run."""
    problem, answer, steps = study.problem, chapter.answer, _length(study, chapter)
    shown = [direction.index for direction, _ in Summary(study).directions]
    try:
        run = cv.simulate(problem, chapter.method, steps, **chapter.hyper)
        predicted = cv.predict(problem, chapter.method, steps, **chapter.hyper)
        seen = identify(run, directions=tuple(shown))
    except Exception:  # whatever a rule does, the others are to be shown
        return None
    return Case(
        problem=problem,
        method=chapter.method,
        hyper=dict(chapter.hyper),
        run=run,
        predicted=predicted,
        shown=tuple(shown),
        names=tuple(direction_name(problem, index) for index in shown),
        best=not chapter.given,
        steps=answer.steps.count if answer and answer.steps else None,
        identified=seen,
    )


def _length(study: Study, chapter: Chapter) -> int:
    """Steps of the run that figures show: those asked for, else enough to see the error fall past a thousandth."""
    if study.steps is not None:
        return study.steps
    steps = chapter.answer.steps if chapter.answer else None
    return UNSETTLED if steps is None else int(min(max(2.2 * steps.count, SHORT), LONGEST))
