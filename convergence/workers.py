"""A function and jobs go in; results come out as they are made, by several processes side by side where that is asked for."""

from __future__ import annotations

import pickle
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any


def spread(
    function: Callable[[Any], Any],
    jobs: Sequence[Any],
    workers: int,
    prepare: Callable[[Any], object] = id,
    shared: Any = None,
) -> Iterator[Any]:
    """``function`` of each job, in the order of the jobs. ``prepare(shared)`` is called once in each process before.

    With more than one worker, the calling program must guard its main module as ``multiprocessing`` asks. Jobs that cannot
    be sent to another process (a rule made at a prompt) are done in this one.
    """
    if workers < 2 or len(jobs) < 2 or not _sendable(jobs):
        prepare(shared)
        yield from map(function, jobs)
        return
    with _uninterrupted():
        pool = ProcessPoolExecutor(workers, get_context("spawn"), prepare, (shared,))
        found: Iterable[Any] = pool.map(function, jobs)
    try:
        yield from found
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _sendable(jobs: Sequence[Any]) -> bool:
    try:
        pickle.dumps(jobs)
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    return True


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
