"""The objective of one step: the gradient over a batch of rows, with noise added, for many runs at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from convergence.errors import NotLinear
from convergence.problem import Quadratic
from convergence.problem.arrays import Array
from convergence.stochastic.batches import block_size, indices, stream_of
from convergence.stochastic.sampling import added_noise, require_rows


@dataclass
class Sample:
    """What the rule asks in one step, of runs side by side; all its questions of a step meet the same rows and noise.

    Attributes
    ----------
    problem
        The problem whose gradient is sampled.
    rows
        (runs, batch, d+1), the rows of X with their targets; None: all of them, exactly.
    weight
        What a row's gradient is multiplied by: c·n over the batch.
    added
        (runs, d), what is added to each gradient; None: nothing.
    asked
        Whether a gradient has been asked for.
    """

    problem: Quadratic
    rows: Array | None
    weight: float
    added: Array | None
    asked: bool = False

    def grad(self, x: Any, /) -> Any:
        self.asked = True
        exact = self.problem.grad(x) if self.rows is None else self._over_rows(x)
        return exact if self.added is None else exact + self.added

    def solve(self, g: Any, /) -> Any:
        if self.rows is None:
            return self.problem.solve(g)
        raise NotLinear(
            "a Newton step divides by the batch's Hessian, which may be singular and whose inverse is not right on "
            "average: it is no step of this kind. Give noise= instead of batch=, with the exact Hessian"
        )

    def of(self, run: int) -> Sample:
        """The same for one run alone: its questions are (d,)."""
        rows, added = (None if part is None else part[run] for part in (self.rows, self.added))
        return Sample(self.problem, rows, self.weight, added)

    def _over_rows(self, x: Any) -> Array:
        assert self.rows is not None
        point = np.empty((*self.rows.shape[:-2], self.rows.shape[-1]))
        point[..., :-1], point[..., -1] = x, -1.0
        residual = (self.rows @ point[..., None])[..., 0]
        total = (residual[..., None, :] @ self.rows)[..., 0, :-1]
        return np.asarray(self.weight * total)


@dataclass(frozen=True)
class Sampler:
    """How the gradient of a problem is sampled.

    Attributes
    ----------
    problem
        The problem.
    batch
        Rows in a step, None for all of them.
    sampling
        A name in ``SAMPLINGS``.
    factor
        (d, d) with covariance factor·factorᵀ of the noise that is added; None: nothing.
    entropy
        The seed of all streams.
    """

    problem: Quadratic
    batch: int | None
    sampling: str
    factor: Array | None
    entropy: tuple[int, ...]

    @cached_property
    def table(self) -> Array:
        """(n, d+1), the rows with their targets. BadData where the problem has kept a part of them only."""
        require_rows(self.problem)
        return np.column_stack([self.problem.X, self.problem.y])

    @property
    def block(self) -> int:
        """The number of runs that are drawn together."""
        return block_size(self.problem, self.batch, self.sampling)

    def samples(self, number: int, runs: int) -> Iterator[Sample]:
        """The objective of each step after another, for the first ``runs`` of a block."""
        random, noise = (stream_of(self.entropy, number, kind) for kind in (0, 1))
        weight, rows = self._rows(random, runs)
        while True:
            added = None
            if self.factor is not None:
                added = (noise.standard_normal((self.block, len(self.factor))) @ self.factor.T)[:runs]
            yield Sample(self.problem, next(rows), weight, added)

    def _rows(self, random: np.random.Generator, runs: int) -> tuple[float, Iterator[Array | None]]:
        p, batch = self.problem, self.batch
        if batch is None:
            return 1.0, iter(lambda: None, 0)
        if self.sampling == "stream":
            return 1 / batch, (rows[:runs] for rows in _fresh(random, p, self.block, batch))
        drawn = indices(random, p.rows, batch, self.sampling, self.block)
        return p.scale * p.rows / batch, (self.table.take(chosen[:runs], axis=0) for chosen in drawn)


def _fresh(random: np.random.Generator, problem: Quadratic, runs: int, batch: int) -> Iterator[Array]:
    """Rows u of N(0, H) and targets uᵀw* + ε, with the variance of ε at which the least expected loss is the problem's."""
    rank, deviation = problem.rank, np.sqrt(2 * problem.minimum)
    spread = (problem.directions * np.sqrt(problem.curvatures))[:, :rank].T
    while True:
        normal = random.standard_normal((runs, batch, rank + 1))
        rows = normal[..., :-1] @ spread
        target = rows @ problem.minimizer + deviation * normal[..., -1]
        yield np.concatenate([rows, target[..., None]], axis=-1)


def noise_factor(problem: Quadratic, noise: Any, batch: int | None) -> Array | None:
    """(d, d) with covariance factor·factorᵀ of the noise that is added to gradients; None for none. Raises as ``moments``."""
    if noise is None:
        return None
    spread, basis = np.linalg.eigh(added_noise(problem, noise, batch or 1))
    return np.asarray(problem.directions @ (basis * np.sqrt(np.maximum(spread, 0.0))))
