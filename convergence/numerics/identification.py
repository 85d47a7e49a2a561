"""Eigenvalues identified from the iterates of a run, with how well they can be known.

Each direction's errors obey a linear recurrence whose characteristic roots are eigenvalues of the iteration matrix. The
recurrence is fitted by least squares (Prony 1795), every row weighed by its rounding; nothing of the method is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.errors import BadData
from convergence.numerics.runs import Run
from convergence.plotting import Plotted
from convergence.problem.arrays import Array, floats, is_whole
from convergence.tabular import Tabular

EPS = float(np.finfo(float).eps)

ROUNDING = 4.0
"""An iterate is known to this many units in the last place of what was added up to make it."""

MISFIT = 30.0
"""A recurrence fits when its residuals stay below this many rounding errors: the largest of some hundred of them."""

FALLEN = 1e-4
"""An error that stays below this part of its largest value has come down to its rounding."""

LONGEST = 400
"""Rows of a fit: more add time, and hardly information."""

TINY = 1e-60
"""A run that ends at zero exactly is still weighed by numbers that can be divided by."""

HIGHEST = 6
"""The highest order of recurrence tried."""


@dataclass(frozen=True, eq=False)
class Identification(Plotted, Tabular, figure="identification"):
    """Eigenvalues recovered from a run, direction by direction. Indexing and iteration go to the eigenvalues.

    Attributes
    ----------
    eigenvalues
        (d, n) complex, a row a direction, largest modulus first; nan where a direction shows fewer, or none at all (no
        curvature, or an error below rounding).
    error
        (d, n): how far rounding may have moved each. Double eigenvalues are known to √ε and no better.
    """

    eigenvalues: NDArray[np.complex128]
    error: Array

    def table(self) -> dict[str, Any]:
        """A row for each eigenvalue of each direction."""
        rows = np.repeat(np.arange(len(self)) + 1, self.eigenvalues.shape[1])
        return {"direction": rows, "eigenvalue": self.eigenvalues.ravel(), "error": self.error.ravel()}

    def __getitem__(self, index: Any) -> Any:
        return self.eigenvalues[index]

    def __iter__(self) -> Iterator[NDArray[np.complex128]]:
        return iter(self.eigenvalues)

    def __len__(self) -> int:
        return len(self.eigenvalues)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self.eigenvalues, dtype=dtype, copy=copy)


def identify(run: Run | Any, *, order: int | None = None, directions: Sequence[int] | None = None) -> Identification:
    """Recover the eigenvalues of each direction of a run from its iterates, knowing nothing of the method.

    The errors of a linear method obey a recurrence; its characteristic roots are the eigenvalues (Prony 1795).

    Parameters
    ----------
    run
        A Run, or an array of errors (steps+1, d) that tend to zero (or grow).
    order
        The number of eigenvalues to look for; without it, the smallest that explains the run up to rounding.
    directions
        The columns to look at (default: all); the result has a row for each of them.

    Returns
    -------
    Identification

    Raises
    ------
    BadData
        For an array of another kind.

    >>> import convergence as cv
    >>> run = cv.simulate([1.0, 4.0], "gradient_descent", 20, lr=0.1)
    >>> identify(run).eigenvalues.real.round(9).tolist()
    [[0.6], [0.9]]
    >>> bool(identify(run).error.max() < 1e-9)
    True
    """
    errors, noise = _signals(run)
    if order is not None and not is_whole(order, 1, len(errors) - 1):
        raise BadData(
            f"order must be a whole number of eigenvalues, 1 or more and below the rows; got {str(order)[:60]}"
        )
    if not np.any(errors):
        errors, noise = np.zeros_like(errors), np.ones_like(noise)
    chosen = errors if directions is None else errors[:, list(directions)]
    rows = [_direction(signal, noise, order) for signal in chosen.T]
    width = max([len(roots) for roots, _ in rows] + [order or 0])
    eigenvalues = np.full((len(rows), width), np.nan, dtype=complex)
    error = np.full((len(rows), width), np.nan)
    for row, (roots, doubt) in enumerate(rows):
        eigenvalues[row, : len(roots)], error[row, : len(roots)] = roots, doubt
    return Identification(eigenvalues, error)


def _signals(run: Any) -> tuple[Array, Array]:
    """The errors (steps+1, d), and the rounding error of each step (steps+1,)."""
    if isinstance(run, Run):
        position = np.linalg.norm(run.x, axis=1) + np.linalg.norm(run.error, axis=1)
        return run.error, ROUNDING * EPS * np.maximum(position, TINY * position.max())
    errors = floats(run)
    if errors.ndim != 2 or not len(errors) or not np.isfinite(errors).all():
        raise BadData(f"identify takes a Run, or finite errors of shape (steps+1, d); got shape {errors.shape}")
    return errors, ROUNDING * EPS * np.linalg.norm(errors, axis=1).max() * np.ones(len(errors))


Roots = tuple[NDArray[np.complex128], Array]
NOTHING: Roots = (np.empty(0, dtype=complex), np.empty(0))


def _direction(signal: Array, noise: Array, order: int | None) -> Roots:
    signal, noise = signal[:LONGEST], np.maximum(noise, _floor(signal))[:LONGEST]
    if not np.any(np.abs(signal) > 100 * noise):
        return NOTHING
    orders = range(1, min(HIGHEST, (len(signal) - 1) // 2) + 1) if order is None else [order]
    for size in orders:
        if len(signal) <= size:
            break
        coefficients, doubt, misfit = _recurrence(signal, noise, size)
        if order is not None or misfit <= MISFIT:
            return _with_doubt(coefficients, doubt * max(1.0, misfit))
    return NOTHING


def _floor(signal: Array) -> float:
    """Where the error ended and stays, if it fell far and then fell no more: rounding that the method magnified."""
    quarter = len(signal) // 4
    if quarter < 2:
        return 0.0
    size = np.abs(signal)
    before, last = float(size[-2 * quarter : -quarter].max()), float(size[-quarter:].max())
    return last if 0.1 * before <= last <= FALLEN * float(size.max()) else 0.0


def _recurrence(signal: Array, noise: Array, size: int) -> tuple[Array, float, float]:
    """e_{k+n} + c_1 e_{k+n−1} + … + c_n e_k = 0, fitted: coefficients, their uncertainty, the misfit in roundings."""
    windows = np.lib.stride_tricks.sliding_window_view(signal, size + 1)[:, ::-1]
    weight = 1 / np.lib.stride_tricks.sliding_window_view(noise, size + 1).max(axis=1)
    rows = windows * weight[:, None]
    coefficients, _, _, singular = np.linalg.lstsq(rows[:, 1:], -rows[:, 0], rcond=None)
    residual = rows[:, 0] + rows[:, 1:] @ coefficients
    spread = 1 + np.abs(coefficients).sum()
    doubt = spread * np.sqrt(size) / singular[-1] if singular[-1] > 0 else np.inf
    return coefficients, float(doubt), float(np.abs(residual).max() / spread)


def _with_doubt(coefficients: Array, doubt: float) -> Roots:
    """The roots, largest first, and how far an error ``doubt`` in the coefficients may move each."""
    polynomial = np.concatenate([[1.0], coefficients])
    roots = np.asarray(np.roots(polynomial), dtype=complex)
    roots = np.concatenate([roots, np.zeros(len(coefficients) - len(roots), dtype=complex)])
    roots = roots[np.argsort(-np.abs(roots), kind="stable")]
    return roots, np.array([_shift(polynomial, root, doubt) for root in roots])


def _shift(polynomial: Array, root: complex, doubt: float) -> float:
    """The smallest of the bounds (m!·|δp| / |p⁽ᵐ⁾|)^(1/m), m = 1, 2, …: a root of multiplicity m moves by an m-th root."""
    size = len(polynomial) - 1
    change = doubt * sum(abs(root) ** k for k in range(size))
    slopes = [abs(np.polyval(np.polyder(polynomial, m), root)) for m in range(1, size + 1)]
    bounds = [(factorial(m) * change / s) ** (1 / m) for m, s in enumerate(slopes, 1) if s > 0]
    return float(size * min(bounds))
