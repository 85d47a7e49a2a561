"""A study goes in; its pictures as bytes come out, drawn by several processes side by side where that is asked for."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

from convergence.figures.catalogue import figures
from convergence.figures.picture import Picture, render
from convergence.results import Findings

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
    with _uninterrupted():
        pool = ProcessPoolExecutor(workers, get_context("spawn"), _remember, (study,))
        found = pool.map(_draw, jobs)
    try:
        return dict(zip(jobs, found, strict=True))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _remember(study: Findings) -> None:
    _pictures.update(figures(study))


def _draw(job: Job) -> bytes:
    name, ending = job
    return render(_pictures[name], ending)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Processes started here do not hear Ctrl-C, which is for the one that waits for them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
