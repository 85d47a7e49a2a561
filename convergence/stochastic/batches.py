"""Minibatches as they are drawn: which rows each run sees at each step.

Runs are drawn in blocks, each with a stream of random numbers of its own. A block's size depends on the data and the
batch alone, so neither the method, its settings, the steps nor the number of runs change which rows a run sees.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import floor, inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.errors import BadData, BadHyperparameter, BadName, nearest
from convergence.problem import Quadratic
from convergence.problem.arrays import is_whole, short

Indices = NDArray[np.int64]

SAMPLINGS = ("replacement", "step", "epoch", "cyclic", "stream")
"""Rows drawn independently; distinct within a step; reshuffled each epoch; in order; fresh Gaussian rows."""

IN_WORDS = {
    "replacement": "drawn with replacement",
    "step": "distinct within a step",
    "epoch": "reshuffled each epoch",
    "cyclic": "in the order of the data",
    "stream": "of fresh Gaussian rows",
}
"""How the rows of a batch come, in a sentence."""

LARGEST_BLOCK, NUMBERS = 512, 2**22
"""Runs in a block, and numbers that its rows of one step may have: 32 MB."""

LARGEST_BATCH = 2**53
"""Rows of a batch at most, where none are drawn: whole numbers are exact in doubles up to it."""

FEW = 8
"""Distinct rows are drawn one after another where a batch is at most 1/FEW of all rows; else all rows are shuffled."""


def checked_sampling(sampling: Any) -> str:
    """The name of a way to sample. BadName for another."""
    if not isinstance(sampling, str) or sampling not in SAMPLINGS:
        raise BadName(f"sampling must be the name of one, got {short(sampling)}; {nearest(str(sampling), SAMPLINGS)}")
    return sampling


def checked_batch(problem: Quadratic, batch: Any, sampling: str, drawn: bool = True) -> int:
    """The number of rows in a batch; where they are ``drawn`` they must fit into memory.

    Raises BadHyperparameter unless it is a whole number from 1 on, of distinct rows at most all; where rows come in
    epochs it must divide their number, since a smaller last batch would be another method.
    """
    most = 2**5 * NUMBERS // (len(problem.curvatures) + 1) if drawn else LARGEST_BATCH
    if not is_whole(batch, 1, most):
        raise BadHyperparameter(
            f"batch must be a whole number of rows, 1 or more{', that fit into memory' if drawn else ''}; got {short(batch)}"
        )
    if sampling in ("step", "epoch", "cyclic") and batch > problem.rows:
        words = f"a batch of distinct rows has at most all {problem.rows} of them; got {batch}."
        raise BadHyperparameter(
            f"{words} sampling='replacement' may draw more", f"{words} --sampling replacement may draw more"
        )
    if sampling in ("epoch", "cyclic") and problem.rows % batch:
        near = min((k for k in range(1, problem.rows + 1) if problem.rows % k == 0), key=lambda k: abs(k - int(batch)))
        words = (
            f"needs a batch that divides the {problem.rows} rows: a smaller last batch would weigh its rows more; got {batch}. "
            f"The nearest is {near}; or leave rows out, or take"
        )
        raise BadHyperparameter(
            f"sampling={sampling!r} {words} sampling='step'", f"--sampling {sampling} {words} --sampling step"
        )
    return int(batch)


def in_epochs(sampling: str) -> bool:
    """Whether each row is seen once an epoch, so that a batch must divide their number."""
    return sampling in ("epoch", "cyclic")


def whole_batch(smallest: float, sampling: str) -> int | None:
    """The smallest whole batch that is stable, from the real number of ``smallest_batch``; None where none is."""
    if smallest == inf:
        return None
    return int(smallest) if in_epochs(sampling) else max(1, floor(smallest) + 1)


def usual_batches(rows: int, sampling: str) -> tuple[int, ...]:
    """Batches that tables and figures show: 1, 8, 32 and all rows, or near those what divides them."""
    sizes = {size for size in (1, 8, 32, rows) if size <= rows}
    if in_epochs(sampling):
        divisors = [k for k in range(1, rows + 1) if rows % k == 0]
        sizes = {min(divisors, key=lambda k: abs(k - size)) for size in sizes}
    return tuple(sorted(sizes))


def checked_runs(runs: Any) -> int:
    """The number of runs. BadData unless whole, 1 or more."""
    if not is_whole(runs):
        raise BadData(f"runs must be a whole number, 1 or more; got {short(runs)}")
    return int(runs)


def entropy_of(rng: Any) -> tuple[int, ...]:
    """What all streams are seeded with. A Generator is asked for it, and so moves on; None is seed 0. BadData for others."""
    try:
        if isinstance(rng, np.random.Generator):
            return tuple(int(word) for word in rng.integers(2**63, size=4))
        return (int(np.random.SeedSequence(0 if rng is None else rng).entropy),)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        raise BadData(f"rng must be a numpy Generator, a whole number ≥ 0 or None, got {short(rng)}") from None


def block_size(problem: Quadratic, batch: int | None, sampling: str) -> int:
    """The number of runs that are drawn together."""
    size = len(problem.curvatures) + 1
    numbers = size * (batch or 1) + (problem.rows if batch is not None and sampling in ("step", "epoch") else 0)
    return max(1, min(LARGEST_BLOCK, NUMBERS // numbers))


def stream_of(entropy: tuple[int, ...], block: int, kind: int) -> np.random.Generator:
    """The stream of a block: kind 0 for its rows, 1 for the noise that is added, so that neither changes the other."""
    return np.random.default_rng(np.random.SeedSequence(entropy, spawn_key=(block, kind)))


def indices(random: np.random.Generator, rows: int, batch: int, sampling: str, runs: int) -> Iterator[Indices]:
    """The rows (runs, batch) of one step after another, without end."""
    all_rows = np.arange(rows)
    if sampling == "cyclic":
        while True:
            yield from (np.broadcast_to(part, (runs, batch)) for part in all_rows.reshape(-1, batch))
    if sampling == "epoch":
        while True:
            order = random.permuted(np.broadcast_to(all_rows, (runs, rows)), axis=1)
            yield from (order[:, first : first + batch] for first in range(0, rows, batch))
    while True:
        if sampling == "replacement":
            yield random.integers(rows, size=(runs, batch))
        elif FEW * batch > rows:
            yield random.permuted(np.broadcast_to(all_rows, (runs, rows)), axis=1)[:, :batch]
        else:
            yield _distinct(random, rows, batch, runs)


def _distinct(random: np.random.Generator, rows: int, batch: int, runs: int) -> Indices:
    """Distinct rows by Floyd's algorithm (Bentley and Floyd 1987): a row that is taken already is replaced by the newest."""
    newest = np.arange(rows - batch, rows)
    drawn = random.integers(0, newest + 1, size=(runs, batch))
    for k in range(1, batch):
        taken = (drawn[:, :k] == drawn[:, k : k + 1]).any(axis=1)
        drawn[taken, k] = newest[k]
    return drawn


def batches(
    problem: Quadratic, batch: int, sampling: str = "replacement", *, runs: int, steps: int, rng: Any = None
) -> Indices:
    """The rows that the runs of an ensemble see: (runs, steps, batch), by the same random numbers.

    Batch j is that of step j+1. A method whose start asks for a gradient takes batch 0 for it, and batch j in step j.

    Raises
    ------
    BadName, BadHyperparameter, BadData
        As ``ensemble``; for sampling="stream", whose rows are not those of the data.

    >>> import convergence as cv
    >>> p = cv.LeastSquares([[1.0], [2.0], [3.0], [4.0]], [0.0, 1.0, 0.0, 1.0])
    >>> sorted(batches(p, 2, "epoch", runs=1, steps=2)[0].ravel().tolist())
    [0, 1, 2, 3]
    """
    if checked_sampling(sampling) == "stream":
        raise BadHyperparameter("sampling='stream' draws fresh rows: they have no indices")
    size, count = checked_batch(problem, batch, sampling), checked_runs(runs)
    drawn, entropy = np.empty((count, steps, size), dtype=np.int64), entropy_of(rng)
    block = block_size(problem, size, sampling)
    for number, first in enumerate(range(0, count, block)):
        part = drawn[first : first + block]
        source = indices(stream_of(entropy, number, 0), problem.rows, size, sampling, block)
        for j, rows in zip(range(steps), source, strict=False):
            part[:, j] = rows[: len(part)]
    return drawn
