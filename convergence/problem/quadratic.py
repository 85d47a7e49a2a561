"""A quadratic loss in the basis of its directions (eigenvectors of the Hessian): what every problem offers."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.plotting import Plotted

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Direction:
    """An eigenvector of the Hessian (a right singular vector of X), along which the loss is a parabola of its own.

    ``index`` counts from 0, largest curvature first; ``vector`` is (d,), of length one; ``curvature`` is c·σ², and 0.0
    exactly where the data say nothing.
    """

    index: int
    curvature: float
    singular_value: float
    vector: Array
    name: str


class Quadratic(Plotted, figure="landscape"):
    """What a problem must offer: the loss m + ½(w − w*)ᵀH(w − w*), and its spectrum.

    ``curvatures`` (d,) are the eigenvalues of H, largest first, the first ``rank`` of them positive and the rest 0.0
    exactly; ``directions`` (d, d) its eigenvectors, a column each; ``minimizer`` (d,) is w*, the shortest one, and
    ``minimum`` is m. ``columns`` name the d coordinates of w. The spectrum is that of c·XᵀX: ``scale`` is c,
    ``loss_name`` its name, and ``singular_values`` (d,) are those of X. A subclass sets these, and has ``loss`` and ``grad``.
    """

    curvatures: Array
    directions: Array
    rank: int
    minimizer: Array
    minimum: float
    columns: tuple[str, ...]
    preparation: tuple[str, ...]
    scale: float
    loss_name: str
    singular_values: Array
    X: Array
    y: Array

    exponent = inf
    """s where the spectral density goes as λˢ at 0: none of it is there."""

    def loss(self, w: Array) -> Array:
        """The loss at w (…, d), as (…)."""
        raise NotImplementedError

    def grad(self, w: Array) -> Array:
        """The gradient H(w − w*) at w (…, d), as (…, d)."""
        raise NotImplementedError

    @property
    def mu(self) -> float:
        """The smallest positive curvature."""
        return float(self.curvatures[self.rank - 1])

    @property
    def L(self) -> float:
        """The largest curvature."""
        return float(self.curvatures[0])

    @property
    def kappa(self) -> float:
        """The condition number L/μ of the Hessian on the directions that have curvature."""
        return self.L / self.mu

    @property
    def interval(self) -> tuple[float, float]:
        """(μ, L)."""
        return self.mu, self.L

    @property
    def weights(self) -> Array:
        """The share (d,) of each direction in averages over the spectrum: those with curvature alike, flat ones 0."""
        return np.where(self.curvatures > 0, 1.0 / self.rank, 0.0)

    @property
    def rows(self) -> int:
        """The number n of rows of X."""
        return len(self.y)

    @property
    def hessian(self) -> Array:
        """H, (d, d)."""
        return np.asarray(self.directions * self.curvatures @ self.directions.T)

    @property
    def named_directions(self) -> tuple[Direction, ...]:
        """One ``Direction`` a column of ``directions``, with a name for tables and figures."""
        return tuple(
            Direction(
                i, float(self.curvatures[i]), float(self.singular_values[i]), self.directions[:, i], self._name(i)
            )
            for i in range(len(self.columns))
        )

    def quadrature(self, count: int) -> tuple[Array, Array]:
        """The positive curvatures and their weights (rank,), whatever the count: as for a density."""
        return self.curvatures[: self.rank], self.weights[: self.rank]

    def solve(self, g: Array) -> Array:
        """H⁺g for g (…, d), with the pseudo-inverse of the Hessian: Newton's step where g is the gradient."""
        basis = self.directions[:, : self.rank]
        return (g @ basis / self.curvatures[: self.rank]) @ basis.T

    def reachable(self, start: Array) -> Array:
        """The minimiser that a run from start (…, d) can reach: it stays where it started along flat directions."""
        flat = self.directions[:, self.rank :]
        return self.minimizer + (start @ flat) @ flat.T

    def to_directions(self, v: Array) -> Array:
        """Vectors v (…, d) in the basis of the directions: Vᵀv, (…, d)."""
        return v @ self.directions

    def _name(self, index: int) -> str:
        return f"direction {index + 1} (λ = {self.curvatures[index]:.6g})"

    def _set(self, **values: Any) -> None:
        vars(self).update({name: _read_only(value) for name, value in values.items()})

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._set(**state)  # arrays come back from a pickle writeable


def _read_only(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    view = value.view()
    view.flags.writeable = False
    return view
