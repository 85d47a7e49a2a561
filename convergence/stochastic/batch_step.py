"""What one batch does to the errors of a state: an affine map that mixes the directions.

With the Hessian h_b of a batch and its gradient −ζ_b at the minimiser, the gradients at q = R·e are h_b·q − ζ_b, so
e ← A·e + B·((h_b − H)·q − ζ_b): the loop of the mean, and what the batch's gradient differs by.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convergence.problem.arrays import Array
from convergence.rule import Method
from convergence.stochastic.batches import Indices
from convergence.stochastic.loops import OpenLoop, start_noise
from convergence.stochastic.sampling import Rows
from convergence.theory.loop import START
from convergence.theory.trace import trace_start


@dataclass(frozen=True, eq=False)
class BatchStep:
    """A step on batches. ``offset`` (d,) is that of the rest from the minimiser, and ``shift`` (d, s) of this step's rest."""

    rows: Rows
    loop: OpenLoop
    offset: Array
    shift: Array

    @property
    def size(self) -> int:
        """d·s."""
        return int(self.shift.size)

    def linear(self, errors: Array, batch: Indices) -> Array:
        """The part of the next errors (…, d, s) that is linear in these, for a batch of rows (B,)."""
        loop = self.loop
        asked = (loop.asked @ errors[..., None])[..., 0].swapaxes(-1, -2)
        gradients = self.rows.excess(asked, batch).swapaxes(-1, -2)
        return np.asarray((loop.closed @ errors[..., None] + loop.enters @ gradients[..., None])[..., 0])

    def __call__(self, errors: Array, batch: Indices) -> Array:
        """The next errors (…, d, s)."""
        kick = self.rows.kick(self.offset + self.shift[:, 0], batch)
        moved = self.linear(errors - self.shift, batch)
        return np.asarray(moved + self.shift + self.loop.enters.sum(axis=-1) * kick[:, None])

    def spread(self, covariance: Array, batch: Indices, added: Array) -> Array:
        """The next covariance (d, s, d, s) of errors, ``added`` (d·s, d·s) on top."""
        half = self.linear(covariance, batch).transpose(2, 3, 0, 1)
        return self.linear(half, batch) + added.reshape(half.shape)

    def matrices(self, batches: Indices) -> Array:
        """The same for batches (m, B) as matrices (m, d·s + 1, d·s + 1) on (errors, 1)."""
        loop, d, size = self.loop, len(self.shift), self.size
        z, r = self.rows.rows[batches], self.rows.residuals[batches]
        weight = self.rows.weight / batches.shape[1]
        apart = weight * z.swapaxes(-1, -2) @ z - np.diag(self.rows.curvatures)
        kick = apart @ (self.offset + self.shift[:, 0]) - weight * (r[:, None] @ z)[:, 0]
        mixed = apart[:, :, None, :, None] * np.einsum("iag,jgc->iajc", loop.enters, loop.asked)
        mixed[:, np.arange(d), :, np.arange(d)] += loop.closed[:, None]
        maps, shift = np.zeros((len(batches), size + 1, size + 1)), self.shift.reshape(size)
        maps[:, :-1, :-1] = mixed.reshape(len(batches), size, size)
        maps[:, :-1, -1] = (loop.enters.sum(axis=-1) * kick[..., None]).reshape(len(batches), size)
        maps[:, :-1, -1] += shift - maps[:, :-1, :-1] @ shift
        maps[:, -1, -1] = 1.0
        return maps

    def added(self, noise: Array) -> Array:
        """The covariance (d·s, d·s) that noise of covariance (d, d) in the gradients adds to the errors."""
        enters = self.loop.enters.sum(axis=-1)
        return np.asarray(np.einsum("ia,ij,jb->iajb", enters, noise, enters).reshape(self.size, self.size))


def start_asks(method: Method) -> bool:
    """Whether a start asks for a gradient, and so takes the first batch."""
    return bool(trace_start(method, START).questions)


def first_states(rows: Rows, method: Method, mean: Array, point: Array, drawn: Indices) -> Array:
    """The errors (m, d, s) of a first state that took one of the batches (m, B) at ``point`` (d,) from the minimiser."""
    kicks = np.array([rows.kick(point, batch) for batch in drawn])
    return np.asarray(mean + kicks[..., None] * start_noise(method))
