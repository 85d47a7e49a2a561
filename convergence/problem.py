"""In: a data matrix X and a target y. Out: the quadratic they define, with its spectrum, minimiser, loss and gradient.

Everything is computed from a compressed problem: the triangle of a QR factorisation of [X y], taken over blocks of
rows. A loss or a gradient then costs O(d²), whatever the number of rows, and XᵀX (whose condition number is the
square of X's) is never formed on the way to the spectrum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg.lapack import dgeqrf, dgeqrf_lwork, dtrtrs

from convergence.arrays import checked_array, column_names, require_usable
from convergence.errors import BadName, nearest

Array = NDArray[np.float64]

LOSSES: Mapping[str, Callable[[int], float]] = MappingProxyType(
    {
        "sum": lambda rows: 2.0,  # ‖Xw−y‖²
        "half": lambda rows: 1.0,  # ½‖Xw−y‖²
        "mean": lambda rows: 2.0 / rows,  # ‖Xw−y‖²/n
        "half_mean": lambda rows: 1.0 / rows,  # ½‖Xw−y‖²/n
    }
)
"""The scalings of the loss (c/2)‖Xw−y‖²: name -> c as a function of the number of rows."""


def loss_scale(loss: str, rows: int) -> float:
    """c of the named scaling for a number of rows; raises ``BadName`` for a name that is not in ``LOSSES``."""
    if loss not in LOSSES:
        raise BadName(f"loss must be the name of a scaling, got {loss!r}; {nearest(str(loss), LOSSES)}")
    return LOSSES[loss](rows)


_BLOCK = 2**19  # numbers in a block of rows: 4 MB, measured as fast as any larger one on 10⁶×50


@dataclass(frozen=True, eq=False)
class Direction:
    """A right singular vector of X, along which the loss is a parabola of its own.

    ``index`` counts from 0, largest curvature first; ``vector`` is (d,), of length one; ``curvature`` is c·σ², and 0.0
    exactly where the data say nothing.
    """

    index: int
    curvature: float
    singular_value: float
    vector: Array
    name: str


@dataclass(frozen=True, eq=False, init=False, repr=False)
class LeastSquares:
    """The loss (c/2)‖Xw−y‖² of data X (n, d) and a target y (n,).

    ``loss`` names the scaling: "sum" (c=2, the default), "half" (c=1), "mean" (c=2/n), "half_mean" (c=1/n). ``columns``
    are the names of the d columns (default x1, x2, …); ``preparation`` are notes on what was done to the data before.

    X and y are kept as read-only views and not copied if they are float64 already: do not change them afterwards.
    With σ the singular values of X, the curvatures are λ = c·σ², largest first. Where σ ≤ max(n, d)·ε·σ_max, X has no
    rank numerically and λ is 0.0 exactly; ``mu`` is the smallest *positive* curvature.

    Raises ``BadData`` for anything that is not a finite real matrix with a target of the same length, and ``BadName``
    for an unknown scaling. Compression: Golub and Van Loan, Matrix Computations (2013), 5.3.
    """

    X: Array
    y: Array
    loss_name: str
    scale: float
    columns: tuple[str, ...]
    preparation: tuple[str, ...]
    singular_values: Array
    curvatures: Array
    directions: Array
    rank: int
    minimizer: Array
    minimum: float
    _triangle: Array
    _scaled_triangle: Array
    _image: Array
    _rest: float

    def __init__(
        self,
        X: ArrayLike,
        y: ArrayLike,
        loss: str = "sum",
        *,
        columns: Iterable[str] | None = None,
        preparation: Iterable[str] = (),
    ) -> None:
        names = getattr(X, "columns", None) if columns is None else columns  # a data frame brings its own
        X, y = checked_array(X, "X", 2), checked_array(y, "y", 1)
        self._set(X=X, y=y, columns=column_names(names, X.shape[1]), preparation=tuple(preparation))
        require_usable(X, y, self.columns)
        self._set(loss_name=loss, scale=loss_scale(loss, len(y)))
        triangle, image, rest = _compress(X, y)
        self._set(_triangle=triangle, _scaled_triangle=self.scale * triangle, _image=image, _rest=rest)
        left, sigma, directions = _decompose(triangle, len(y))
        rank = int((sigma > max(X.shape) * np.finfo(float).eps * sigma[0]).sum())
        flat = np.arange(len(sigma)) >= rank
        curvatures = np.where(flat, 0.0, self.scale * sigma**2)
        self._set(singular_values=sigma, curvatures=curvatures, directions=directions, rank=rank)
        self._set(minimizer=_minimizer(triangle, image, left[:, :rank], sigma[:rank], directions[:, :rank]))
        self._set(minimum=float(self.loss(self.minimizer)))

    def _set(self, **values: Any) -> None:
        vars(self).update({name: _read_only(value) for name, value in values.items()})

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._set(**state)  # arrays come back from a pickle writeable

    def __iter__(self) -> Iterator[Array]:
        """``X, y = problem``."""
        return iter((self.X, self.y))

    def __repr__(self) -> str:
        size = f"{self.rows} rows × {len(self.columns)} columns"
        return f"LeastSquares({size}, loss={self.loss_name!r}, rank {self.rank}, κ = {self.kappa:.3g})"

    @property
    def rows(self) -> int:
        """The number n of rows of X."""
        return len(self.y)

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
    def hessian(self) -> Array:
        """c·XᵀX, (d, d)."""
        return self.scale * (self._triangle.T @ self._triangle)

    @property
    def named_directions(self) -> tuple[Direction, ...]:
        """One ``Direction`` a column of ``directions``, with a name for tables and figures."""
        return tuple(self._direction(index) for index in range(len(self.columns)))

    def loss(self, w: Array) -> Array:
        """(c/2)‖Xw−y‖² at w (…, d), as (…)."""
        residual = w @ self._triangle.T - self._image
        squares: Array = np.square(residual).sum(axis=-1)
        return self.scale / 2 * (squares + self._rest**2)

    def grad(self, w: Array) -> Array:
        """The gradient c·Xᵀ(Xw−y) at w (…, d), as (…, d)."""
        return (w @ self._triangle.T - self._image) @ self._scaled_triangle

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

    def noted(self, note: str) -> LeastSquares:
        """The same problem with one more note on its preparation."""
        twin = copy(self)
        twin._set(preparation=(*self.preparation, note))
        return twin

    def _direction(self, index: int) -> Direction:
        vector, sigma = self.directions[:, index], float(self.singular_values[index])
        size = f"σ = {sigma:.3g}" if index < self.rank else "no curvature"
        name = f"direction {index + 1} ({size}, {_in_words(vector, self.columns)})"
        return Direction(index, float(self.curvatures[index]), sigma, vector, name)


def _in_words(vector: Array, columns: tuple[str, ...]) -> str:
    weights = np.abs(vector)
    return f"mostly {columns[int(weights.argmax())]}" if weights.max() > 0.8 else "mixed"


def _read_only(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    view = value.view()
    view.flags.writeable = False
    return view


def _compress(X: Array, y: Array) -> tuple[Array, Array, float]:
    """(R, q, r) with ‖Xw−y‖² = ‖Rw−q‖² + r² for all w: R (d, d) upper triangular, q (d,)."""
    rows, size = X.shape[0], X.shape[1] + 1
    step = min(rows, max(2 * size, _BLOCK // size))
    block = np.zeros((size + step, size), order="F")
    work = int(dgeqrf_lwork(*block.shape)[0])
    for first in range(0, rows, step):
        part = X[first : first + step]
        end = size + len(part)
        block[size:end, :-1], block[size:end, -1], block[end:] = part, y[first : first + step], 0.0
        block = dgeqrf(block, lwork=work, overwrite_a=True)[0]  # the zeros below the triangle on top stay zeros
    return block[: size - 1, :-1].copy(), block[: size - 1, -1].copy(), float(block[size - 1, -1])


def _decompose(triangle: Array, rows: int) -> tuple[Array, Array, Array]:
    """Left vectors, singular values, right vectors; σ is 0.0 past the rows, each vector's largest entry positive."""
    left, sigma, right = np.linalg.svd(triangle)
    sigma[rows:] = 0.0
    largest = np.abs(right).round(9).argmax(axis=1)  # rounded, so that a tie goes to the first
    signs = np.where(right[np.arange(len(right)), largest] < 0, -1.0, 1.0)
    return left * signs, sigma, (right * signs[:, None]).T


def _minimizer(triangle: Array, image: Array, left: Array, sigma: Array, right: Array) -> Array:
    """The shortest minimiser. At full rank by substitution, which badly scaled columns do not disturb."""
    if len(sigma) == len(image):
        return np.asarray(dtrtrs(triangle, image)[0])
    return np.asarray(right @ ((image @ left) / sigma))
