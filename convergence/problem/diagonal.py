"""A diagonal quadratic ½Σλᵢ(wᵢ − 1)²: the problem of a plain list of curvatures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from convergence.errors import BadData
from convergence.problem.arrays import checked_numbers
from convergence.problem.quadratic import Quadratic

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, init=False, repr=False)
class Diagonal(Quadratic):
    """The loss ½Σλᵢ(wᵢ − 1)² of curvatures λ (d,), in any order; its minimiser is all ones, and a run starts at zeros.

    It is the least-squares problem with X = diag(√λ), y = √λ and the loss "half", but its curvatures are those given,
    exactly.

    Parameters
    ----------
    curvatures
        (d,), finite, 0 or more, not all 0.
    weights
        (d,), the shares of the curvatures in averages; alike if not given (then a flat direction has none).

    Raises
    ------
    BadData
        For other curvatures or weights.
    """

    _own: Array
    _shares: Array

    def __init__(
        self, curvatures: ArrayLike, weights: ArrayLike | None = None, note: str = "a list of curvatures"
    ) -> None:
        own = checked_numbers(curvatures, "curvatures")
        shares = (own > 0).astype(float) if weights is None else checked_numbers(weights, "weights")
        if shares.shape != own.shape or not (shares * own).any():
            raise BadData(f"weights must be one number for each of {len(own)} curvatures, not all 0; got {weights!r}")
        order = np.argsort(-own, kind="stable")
        sigma = np.sqrt(own)
        self._set(_own=own, _shares=shares[order] / shares.sum())
        self._set(curvatures=own[order], directions=np.eye(len(own))[:, order])
        self._set(rank=int(np.count_nonzero(own)), minimizer=np.where(own > 0, 1.0, 0.0), minimum=0.0)
        self._set(X=np.diag(sigma), y=sigma, scale=1.0, loss_name="half", singular_values=sigma[order])
        self._set(
            columns=tuple(f"x{i + 1}" for i in range(len(own))), preparation=(f"{note}; the minimiser is all ones",)
        )

    def __repr__(self) -> str:
        return f"Diagonal({len(self.curvatures)} curvatures in [{self.mu:.6g}, {self.L:.6g}], κ = {self.kappa:.3g})"

    @property
    def weights(self) -> Array:
        """The share (d,) of each direction in averages over the spectrum; their sum is 1."""
        return self._shares

    @property
    def sample_scale(self) -> float:
        """1: without rows, the loss of curvatures is read as ½E(xᵀw − y)²."""
        return 1.0

    def grad(self, w: Array) -> Array:
        """λᵢ(wᵢ − 1) at w (…, d), as (…, d)."""
        return np.asarray((w - self.minimizer) * self._own)
