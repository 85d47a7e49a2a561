"""A quadratic loss in the basis of its directions (eigenvectors of the Hessian): what every problem offers.

Along each direction the loss is a parabola ½λx², and a linear method does not mix them: all theory is about one λ at
a time.
"""

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

    Attributes
    ----------
    index
        From 0, largest curvature first.
    curvature
        λ = c·σ², in units of the loss over units of w squared; 0.0 exactly where the data say nothing.
    singular_value
        σ of X.
    vector
        (d,), of length one, its largest entry positive.
    name
        In words, for tables: the columns that it consists of.

    >>> import convergence as cv
    >>> steep, flat = cv.datasets.gaussian_2d().named_directions
    >>> round(steep.curvature, 1), flat.index
    (18745.3, 1)
    """

    index: int
    curvature: float
    singular_value: float
    vector: Array
    name: str


class Quadratic(Plotted, figure="landscape"):
    """What a problem must offer: the loss m + ½(w − w*)ᵀH(w − w*), and its spectrum.

    Data, (X, y), a list of curvatures and a spectral density all become one (``as_quadratic``). The spectrum is that of
    H = c·XᵀX. A subclass sets the attributes, and may know a better way to ``loss`` and ``grad``.

    Attributes
    ----------
    curvatures
        (d,), the eigenvalues of H, largest first: ``rank`` positive ones, then 0.0 exactly.
    directions
        (d, d), the eigenvectors of H, a column each: V in e = Vᵀ(w − w*).
    rank
        The number of directions that have curvature.
    minimizer, minimum
        w* (d,), of all minimisers the shortest, and the loss m there.
    columns
        Names of the d coordinates of w.
    preparation
        Notes on what was done to the data before: rows left out, columns scaled.
    scale, loss_name
        c, and the name of the scaling of the loss: "sum" (c = 2), "half" (1), "mean" (2/n), "half_mean" (1/n).
    singular_values
        (d,), those of X: λ = cσ².
    X, y
        Data (n, d) and (n,) that have this loss.
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
        return np.asarray(self.minimum + 0.5 * ((w - self.minimizer) * self.grad(w)).sum(axis=-1))

    def grad(self, w: Array) -> Array:
        """The gradient H(w − w*) at w (…, d), as (…, d)."""
        return np.asarray(((w - self.minimizer) @ self.directions * self.curvatures) @ self.directions.T)

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
    def sample_scale(self) -> float:
        """c·n: the loss is the mean over the rows of (c·n/2)(xᵀw − y)²."""
        return self.scale * self.rows

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

    @property
    def start(self) -> Array:
        """Where a run begins that is given no start: zeros (d,)."""
        return np.zeros(len(self.columns))

    def oracles(self) -> Any:
        """What a rule asks in a run, ``grad`` and ``solve``: the problem itself."""
        return self

    def solve(self, g: Array) -> Array:
        """H⁺g for g (…, d), with the pseudo-inverse of the Hessian: Newton's step where g is the gradient."""
        basis = self.directions[:, : self.rank]
        return (g @ basis / self.curvatures[: self.rank]) @ basis.T

    def reachable(self, start: Array) -> Array:
        """The minimiser that a run from start (…, d) can reach: it stays where it started along flat directions."""
        flat = self.directions[:, self.rank :]
        return self.minimizer + (start @ flat) @ flat.T

    def to_directions(self, v: Array) -> Array:
        """Vectors v (…, d) in the basis of the directions: Vᵀv, (…, d), largest curvature first.

        >>> import convergence as cv
        >>> cv.LeastSquares([[1.0, 0.0], [0.0, 2.0]], [0.0, 0.0]).to_directions([3.0, 5.0])
        array([5., 3.])
        """
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
