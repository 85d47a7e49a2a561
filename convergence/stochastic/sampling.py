"""The covariance of gradient noise: minibatches of the data's rows, fresh Gaussian rows, and noise that is added.

The gradient of one row is h(w − w*) + ζ with h = c·n·zzᵀ its Hessian; that of a batch is their average. Its covariance
is a linear function of the second moment of the point at which it is asked (Gower et al. 2019 have the setting).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from convergence.errors import BadData, BadHyperparameter
from convergence.problem import Quadratic
from convergence.problem.arrays import Array, floats, one_number, short
from convergence.stochastic.batches import IN_WORDS, Indices, checked_batch, checked_sampling

INDEPENDENT = ("replacement", "step", "stream")
"""Those in which the batches of different steps are independent."""

TENSOR = 12
"""Up to this many directions the fourth moments of the rows are kept as a tensor; beyond, products run over the rows."""

ALONG = 1e-12
"""A row lies along one direction where its other entries are smaller than this part of it: rounding of the eigenvectors."""

SYMMETRIC = 1e-9
"""Relative: a covariance that was printed to ten digits is one."""

BLOCK = 2**20
"""Numbers of a block of rows at work."""


@dataclass(frozen=True)
class LabelNoise:
    """Noise in the targets, drawn anew for each sample of each step: gradient noise whose covariance goes as H.

    Parameters
    ----------
    deviation
        Its standard deviation s ≥ 0, in units of y. For the loss (c/2)‖Xw − y‖² of n rows the gradient noise of one
        sample has covariance c·n·s²·H; for a list of curvatures, read as ½E(xᵀw − y)², it is s²·H. A batch of B
        divides it by B.

    Raises
    ------
    BadHyperparameter
        For what is no such number.

    >>> LabelNoise(0.1)
    LabelNoise(deviation=0.1)
    """

    deviation: float

    def __post_init__(self) -> None:
        if not 0 <= one_number(self.deviation) < np.inf:
            raise BadHyperparameter(
                f"deviation must be a finite number, 0 or more: the standard deviation of a target; "
                f"got {short(self.deviation)}"
            )


class Samples(Protocol):
    """The law of one sample's gradient at a point q, measured from the minimiser, in the directions of the data."""

    def covariance(self, second: Array, sums: Array, one: float) -> Array:
        """The covariance (…, d, d) of the gradients at q and q′, from their joint moments; linear in these.

        ``second`` (…, d, d) is E q q′ᵀ and ``sums`` (…, d) is E q + E q′, ``one`` is 1 (or 0, for the linear part alone).
        """


def require_rows(problem: Quadratic) -> None:
    """BadData where the problem has kept a part of its rows only."""
    if len(problem.X) != problem.rows:
        raise BadData("minibatches need the rows of the data, and this problem kept a sample; read the data again")


class Rows:
    """Rows of the data, all equally likely, along the first ``count`` directions."""

    def __init__(self, problem: Quadratic, count: int | None = None) -> None:
        require_rows(problem)
        self.curvatures, self.weight = problem.curvatures[:count], problem.scale * problem.rows
        self.square = problem.scale**2 * problem.rows
        flat = np.arange(len(self.curvatures)) >= problem.rank
        self.rows = np.where(flat, 0.0, problem.X @ problem.directions[:, :count])
        self.residuals = problem.y - problem.X @ problem.minimizer

    def covariance(self, second: Array, sums: Array, one: float) -> Array:
        exact = self._by_tensor if len(self.curvatures) <= TENSOR else self._by_rows
        if self._along_one is not None:
            exact = self._by_directions
        asked = self.curvatures[:, None] * second * self.curvatures
        return np.asarray(self.square * exact(second, sums, one) - asked)

    def excess(self, points: Array, batch: Indices) -> Array:
        """(h_b − H)·q for points (…, d) and a batch of rows (B,)."""
        z = self.rows[batch]
        return np.asarray(self.weight / len(batch) * (points @ z.T) @ z - points * self.curvatures)

    def kick(self, point: Array, batch: Indices) -> Array:
        """By what a batch's gradient at a point (d,) differs from that of all the data."""
        noise = self.weight / len(batch) * self.residuals[batch] @ self.rows[batch]
        return np.asarray(self.excess(point, batch) - noise)

    def _by_tensor(self, second: Array, sums: Array, one: float) -> Array:
        d = len(self.curvatures)
        fourth, third, squares = self._tensors
        flat = second.reshape(*second.shape[:-2], d * d) @ fourth - sums @ third + one * squares
        return np.asarray(flat.reshape(second.shape))

    @cached_property
    def _tensors(self) -> tuple[Array, Array, Array]:
        """Sums over rows of z⊗z⊗z⊗z, r·z⊗z⊗z and r²·z⊗z, two or one of their axes flattened to d²."""
        d = len(self.curvatures)
        fourth, third, squares = np.zeros((d * d, d * d)), np.zeros((d, d * d)), np.zeros(d * d)
        for z, r in self._blocks(d * d):
            pairs = (z[:, :, None] * z[:, None, :]).reshape(len(z), d * d)
            fourth += pairs.T @ pairs
            third += (r[:, None] * z).T @ pairs
            squares += (r * r) @ pairs
        return fourth, third, squares

    def _by_directions(self, second: Array, sums: Array, one: float) -> Array:
        assert self._along_one is not None
        fourth, third, squares = self._along_one
        entries = fourth * np.diagonal(second, axis1=-2, axis2=-1) - third * sums + one * squares
        return np.asarray(entries[..., None] * np.eye(len(fourth)))

    @cached_property
    def _along_one(self) -> tuple[Array, Array, Array] | None:
        """Σz⁴, Σrz³ and Σr²z² per direction (d,) where each row lies along one: then all their Hessians commute."""
        size = np.abs(self.rows)
        if (size > ALONG * size.max(axis=1, keepdims=True)).sum(axis=1).max() > 1:
            return None
        z, r = self.rows, self.residuals[:, None]
        return (z**4).sum(axis=0), (r * z**3).sum(axis=0), (r * r * z * z).sum(axis=0)

    def _by_rows(self, second: Array, sums: Array, one: float) -> Array:
        total = np.zeros(second.shape)
        for z, r in self._blocks(4 * len(self.curvatures)):
            # the expected product of the two residuals of each row
            product = ((z @ second) * z).sum(axis=-1) - r * (sums @ z.T) + one * r * r
            total += z.T @ (product[..., None] * z)
        return total

    def _blocks(self, width: int) -> Any:
        size = max(1, BLOCK // width)
        for first in range(0, len(self.rows), size):
            yield self.rows[first : first + size], self.residuals[first : first + size]


class GaussianRows:
    """Fresh rows u ~ N(0, H), targets with independent noise such that the least expected loss is the problem's."""

    def __init__(self, problem: Quadratic, count: int | None = None) -> None:
        self.curvatures, self.minimum = problem.curvatures[:count], problem.minimum

    def covariance(self, second: Array, sums: Array, one: float) -> Array:
        trace = np.einsum("...ii,i->...", second, self.curvatures)[..., None, None]
        shape = np.diag(self.curvatures)
        asked = self.curvatures[:, None] * second.swapaxes(-1, -2) * self.curvatures
        return np.asarray(asked + (trace + 2 * one * self.minimum) * shape)


def samples_of(problem: Quadratic, sampling: str, count: int | None = None) -> Samples:
    """The law of one sample's gradient, along the first ``count`` directions (None: all)."""
    return GaussianRows(problem, count) if sampling == "stream" else Rows(problem, count)


@dataclass(frozen=True, eq=False)
class GradientNoise:
    """All the noise of a step's gradient: ``factor`` times the covariance of one sample, and ``added`` (d, d) on top."""

    samples: Samples | None
    factor: float
    added: Array

    def covariance(self, second: Array, sums: Array, one: float) -> Array:
        """As that of ``Samples``, of the whole noise."""
        total = one * np.broadcast_to(self.added, second.shape)
        return total if self.samples is None else total + self.factor * self.samples.covariance(second, sums, one)


def checked_draws(problem: Quadratic, batch: Any, sampling: str) -> tuple[int | None, str]:
    """The rows of a batch (None: no batches), and how they are drawn: all of them at each step are "step" in any order.

    Raises as ``checked_batch``.
    """
    size = None if batch is None else checked_batch(problem, batch, sampling, drawn=False)
    return size, "step" if size == problem.rows and sampling not in INDEPENDENT else sampling


def gradient_noise(problem: Quadratic, batch: Any, sampling: str, noise: Any) -> GradientNoise:
    """The noise of independent batches. BadName, BadData or BadHyperparameter for what is none."""
    checked_sampling(sampling)
    if batch is None:
        return GradientNoise(None, 0.0, added_noise(problem, noise, 1.0))
    size = checked_batch(problem, batch, sampling, drawn=False)
    factor, added = batch_factor(sampling, size, problem.rows), added_noise(problem, noise, size)
    return GradientNoise(samples_of(problem, sampling), factor, added)


def batch_factor(sampling: str, batch: float, rows: int) -> float:
    """The variance of the mean of a batch, over that of a single draw: 1/B, or (n−B)/(B(n−1)) for distinct rows."""
    if sampling != "step":
        return 1 / batch
    return (rows - batch) / (batch * (rows - 1)) if rows > 1 else 0.0


def added_noise(problem: Quadratic, noise: Any, batch: float) -> Array:
    """The covariance (d, d), in directions, of noise that is added to the gradient: see ``moments`` for its forms."""
    d = len(problem.columns)
    if noise is None:
        return np.zeros((d, d))
    if isinstance(noise, LabelNoise):
        return np.asarray(np.diag(problem.sample_scale * noise.deviation**2 / batch * problem.curvatures))
    numbers = floats(noise)
    if numbers.shape in ((1,), (d,)) and np.isfinite(numbers).all() and (numbers >= 0).all():
        return np.asarray(np.diag(np.broadcast_to(numbers, d) ** 2))
    if numbers.shape == (d, d) and _is_covariance(numbers):
        return np.asarray(problem.directions.T @ numbers @ problem.directions)
    raise BadHyperparameter(
        f"noise must be a standard deviation of the gradient (0 or more), one for each of {d} directions, a covariance "
        f"({d}, {d}) in the coordinates of w, or a LabelNoise; got {short(noise)}"
    )


def _is_covariance(matrix: Array) -> bool:
    """Symmetric, and not negative beyond rounding."""
    if not np.isfinite(matrix).all() or not np.allclose(matrix, matrix.T, rtol=SYMMETRIC, atol=0.0):
        return False
    values = np.linalg.eigvalsh(matrix)
    return bool(values[0] >= -len(matrix) * np.finfo(float).eps * max(values[-1], 0.0))


def in_words(batch: int | None, sampling: str, noise: Any) -> str:
    """What is random in each step: "batches of 8 drawn with replacement, and noise of standard deviation 2 in the gradient"."""
    rows = "" if batch is None else f"batches of {batch} {IN_WORDS[sampling]}"
    if noise is None:
        return rows or "no noise"
    place, size = ("targets", noise.deviation) if isinstance(noise, LabelNoise) else ("gradient", noise)
    deviation = f" of standard deviation {size:g}" if np.ndim(size) == 0 else ""
    return f"{rows}{', and ' if rows else ''}noise{deviation} in the {place}"
