"""A study goes in; its pictures as bytes come out, drawn by several processes side by side where that is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from convergence.figures.findings.catalogue import figures
from convergence.figures.picture import Picture, render
from convergence.results import Findings
from convergence.workers import spread

FEW = 8
"""Fewer pictures than this are drawn before another process has started."""

Job = tuple[str, str]

_pictures: dict[str, Picture] = {}


def drawn(study: Findings, formats: Sequence[str], workers: int = 1) -> dict[Job, bytes]:
    """The pictures of a study by (name, format). The bytes are the same, whatever the number of workers.

    With more than one, the calling program must guard its main module as ``multiprocessing`` asks.
    """
    pictures = figures(study)
    jobs = [(name, ending) for name in pictures for ending in formats]
    if workers < 2 or len(jobs) < FEW:
        return {(name, ending): render(pictures[name], ending) for name, ending in jobs}
    return dict(zip(jobs, spread(_draw, jobs, workers, _remember, study), strict=True))


def _remember(study: Findings) -> None:
    _pictures.update(figures(study))


def _draw(job: Job) -> bytes:
    name, ending = job
    return render(_pictures[name], ending)
