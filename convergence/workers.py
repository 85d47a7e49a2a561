"""Several processes side by side: joblib's, which send rules by value, typed at a prompt or read from a file too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any


def spread(function: Callable[[Any], Any], jobs: Sequence[Any], workers: int) -> Iterator[Any]:
    """``function`` of each job, in the order of the jobs, as they are made; other processes begin at once."""
    if workers < 2 or len(jobs) < 2:
        return map(function, jobs)
    import joblib  # 0.3 s, which a single process need not wait for

    with joblib.parallel_config("loky", inner_max_num_threads=1):
        parallel = joblib.Parallel(n_jobs=min(workers, len(jobs)), return_as="generator")
        return iter(parallel(joblib.delayed(function)(job) for job in jobs))
