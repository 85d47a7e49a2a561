"""Least squares: the quadratic loss of a data matrix X and a target y, with its spectrum and minimiser.

Everything is computed from a compressed problem: the triangle of a QR factorisation of [X y], taken over blocks of
rows. A loss or a gradient then costs O(d²), whatever the number of rows, and XᵀX (whose condition number is the
square of X's) is never formed on the way to the spectrum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg.lapack import dgejsv, dgeqrf, dgeqrf_lwork, dtrtrs

from convergence.errors import BadName, nearest
from convergence.problem.arrays import checked_array, column_names, require_usable
from convergence.problem.quadratic import Quadratic

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
    if not isinstance(loss, str) or loss not in LOSSES:
        raise BadName(f"loss must be the name of a scaling, got {loss!r}; {nearest(str(loss), LOSSES)}")
    return LOSSES[loss](rows)


EPS = float(np.finfo(float).eps)
DROWNING = 1e-7
"""Singular values below this part of the largest are known to less than nine digits from a decomposition by Householder."""

_BLOCK = 2**19  # numbers in a block of rows: 4 MB, measured as fast as any larger one on 10⁶×50


@dataclass(frozen=True, eq=False, init=False, repr=False)
class LeastSquares(Quadratic):
    """The loss (c/2)‖Xw−y‖² of data X (n, d) and a target y (n,).

    Parameters
    ----------
    X
        (n, d) finite real numbers, any n and d from 1 on. Kept as a read-only view and not copied where it is float64
        already: do not change it afterwards.
    y
        (n,), the target.
    loss
        The scaling: "sum" ‖Xw−y‖² (c = 2, the default), "half" ½‖·‖² (c = 1), "mean" ‖·‖²/n (c = 2/n), "half_mean"
        ‖·‖²/(2n) (c = 1/n). Curvatures, and so stable learning rates, are in its units.
    columns
        Names of the d columns (default x1, x2, …).
    preparation
        Notes on what was done to the data before.

    With σ the singular values of X, the curvatures are λ = c·σ², largest first. The rank is judged with all columns
    scaled to one length, since units are no dependence: the singular values of that matrix above max(n, d)·ε times
    its largest. What is past the rank has λ = 0.0 exactly; ``mu`` is the smallest *positive* curvature. Small
    singular values are accurate relative to themselves, as far as the scaled matrix is well conditioned (Drmač and
    Veselić 2008). Compression to d rows: Golub and Van Loan, Matrix Computations (2013), 5.3.

    Raises
    ------
    BadData
        For anything that is not a finite real matrix with a target of the same length.
    BadName
        For an unknown scaling.

    >>> p = LeastSquares([[2.0, 0.0], [0.0, 1.0]], [2.0, 1.0], loss="half")
    >>> p.curvatures, p.kappa, p.minimizer
    (array([4., 1.]), 4.0, array([1., 1.]))
    >>> LeastSquares(p.X, p.y, loss="mean").curvatures
    array([4., 1.])
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
        rank = _rank(triangle, X.shape)
        left, sigma, directions = _decompose(triangle, rank, len(y))
        flat = np.arange(len(sigma)) >= rank
        curvatures = np.where(flat, 0.0, self.scale * sigma**2)
        self._set(singular_values=sigma, curvatures=curvatures, directions=directions, rank=rank)
        self._set(minimizer=_minimizer(triangle, image, left[:, :rank], sigma[:rank], directions[:, :rank]))
        self._set(minimum=float(self.loss(self.minimizer)))

    def __iter__(self) -> Iterator[Array]:
        """``X, y = problem``."""
        return iter((self.X, self.y))

    def __repr__(self) -> str:
        size = f"{self.rows} rows × {len(self.columns)} columns"
        return f"LeastSquares({size}, loss={self.loss_name!r}, rank {self.rank}, κ = {self.kappa:.3g})"

    @property
    def hessian(self) -> Array:
        """c·XᵀX, (d, d)."""
        return self.scale * (self._triangle.T @ self._triangle)

    def loss(self, w: Array) -> Array:
        """(c/2)‖Xw−y‖² at w (…, d), as (…)."""
        residual = w @ self._triangle.T - self._image
        squares: Array = np.square(residual).sum(axis=-1)
        return self.scale / 2 * (squares + self._rest**2)

    def grad(self, w: Array) -> Array:
        """The gradient c·Xᵀ(Xw−y) at w (…, d), as (…, d)."""
        return (w @ self._triangle.T - self._image) @ self._scaled_triangle

    def noted(self, note: str) -> LeastSquares:
        """The same problem with one more note on its preparation."""
        twin = copy(self)
        twin._set(preparation=(*self.preparation, note))
        return twin

    def _name(self, index: int) -> str:
        size = f"σ = {self.singular_values[index]:.3g}" if index < self.rank else "no curvature"
        return f"direction {index + 1} ({size}, {_in_words(self.directions[:, index], self.columns)})"


def _in_words(vector: Array, columns: tuple[str, ...]) -> str:
    weights = np.abs(vector)
    return f"mostly {columns[int(weights.argmax())]}" if weights.max() > 0.8 else "mixed"


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


def _rank(triangle: Array, shape: tuple[int, ...]) -> int:
    """The numerical rank of the columns, each scaled to length 1: a power of two near it, which rounds nothing."""
    lengths = np.linalg.norm(triangle, axis=0)
    scales = np.ldexp(1.0, -np.frexp(np.where(lengths > 0, lengths, 1.0))[1])
    sigma = np.linalg.svd(triangle * scales, compute_uv=False)
    return int((sigma > max(shape) * EPS * sigma[0]).sum())


def _decompose(triangle: Array, rank: int, rows: int) -> tuple[Array, Array, Array]:
    """Left vectors, singular values, right vectors; σ is 0.0 past the rows, each vector's largest entry positive.

    Small values that ε·σ_max would drown are computed again by Jacobi's method, which keeps what unequal columns made small.
    """
    left, sigma, right = np.linalg.svd(triangle)
    if sigma[rank - 1] < DROWNING * sigma[0]:
        sigma, left, right, scaling, *_ = dgejsv(triangle, joba=0, jobr=0, jobt=1)
        sigma, right = sigma * (scaling[0] / scaling[1]), right.T
    sigma[rows:] = 0.0
    largest = np.abs(right).round(9).argmax(axis=1)  # rounded, so that a tie goes to the first
    signs = np.where(right[np.arange(len(right)), largest] < 0, -1.0, 1.0)
    return left * signs, sigma, (right * signs[:, None]).T


def _minimizer(triangle: Array, image: Array, left: Array, sigma: Array, right: Array) -> Array:
    """The shortest minimiser. At full rank by substitution, which badly scaled columns do not disturb."""
    if len(sigma) == len(image):
        return np.asarray(dtrtrs(triangle, image)[0])
    return np.asarray(right @ ((image @ left) / sigma))
