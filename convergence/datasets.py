"""Problems that ship with the package, or are made with a wanted spectrum: the same data on every machine.

>>> import convergence as cv
>>> cv.datasets.gaussian_2d()
LeastSquares(500 rows × 2 columns, loss='sum', rank 2, κ = 18.7)
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import as_file, files

import numpy as np
from numpy.typing import NDArray

from convergence.errors import BadData
from convergence.problem import LeastSquares, loss_scale
from convergence.reading import read_problem

Array = NDArray[np.float64]


def gaussian_2d(n: int = 500, seed: int = 0, loss: str = "sum") -> LeastSquares:
    """The course notes' data, bit for bit: n points of a Gaussian in the plane, labelled by the sign of the second.

    Mean (−3, 0) and *standard deviations* 3 and 1 (the notes' text calls them variances; their code does not). X is
    (n, 2) and not centred, y is 1.0 where the second coordinate is positive and 0.0 elsewhere. NumPy's global random
    state is left alone.

    Parameters
    ----------
    n
        The number of points.
    seed
        Of NumPy's legacy generator, as the notes have it.
    loss
        The scaling of the loss, as for ``LeastSquares``.

    Raises
    ------
    BadData
        For n < 1 or a seed that is not in 0 … 2³²−1.

    >>> round(gaussian_2d().kappa, 2)
    18.74
    """
    if n < 1:
        raise BadData(f"n must be at least 1 point, got {n}")
    if not 0 <= seed < 2**32:
        raise BadData(f"seed must be a whole number in 0 … 2³²−1, got {seed}")
    X = np.random.RandomState(seed).normal([-3, 0], [3, 1], [n, 2])
    return LeastSquares(X, np.where(X[:, 1] > 0, 1.0, 0.0), loss)


def longley(loss: str = "sum", intercept: bool = True, standardize: bool = False) -> LeastSquares:
    """Longley's employment data (16 rows, 6 predictors), the classic of ill-conditioned regression.

    The raw columns with an intercept have κ(X) ≈ 5·10⁹, so the Hessian's condition number is beyond what a double
    holds. Source: NIST Statistical Reference Datasets, Longley; J. W. Longley, JASA 62 (1967), 819–841.

    Parameters
    ----------
    loss
        The scaling of the loss, as for ``LeastSquares``.
    intercept
        Whether there is a column of ones.
    standardize
        Whether each column is centred and scaled to unit deviation.

    >>> longley().X.shape
    (16, 7)
    >>> longley(standardize=True).kappa < 1e5 < 1e18 < longley().kappa
    True
    """
    with as_file(files("convergence") / "data" / "longley.csv") as path:
        return read_problem(path, "employed", loss, intercept, standardize)


def with_spectrum(
    curvatures: Iterable[float],
    rows: int,
    rng: np.random.Generator | int | None = None,
    loss: str = "sum",
    noise: float = 0.0,
) -> LeastSquares:
    """A problem with just these curvatures, along random orthonormal directions.

    The target is X·w plus ``noise`` times a standard Gaussian, with w Gaussian. The curvatures hold to rounding:
    relative to each, about ε·√(L/λ).

    Parameters
    ----------
    curvatures
        (d,), in any order, zeros allowed.
    rows
        At least the number of curvatures that are not zero.
    rng
        A generator or a seed; None is seed 0, so that the same call gives the same data.
    loss
        The scaling of the loss, as for ``LeastSquares``: the curvatures are in its units.
    noise
        Standard deviation of what is added to the target.

    Raises
    ------
    BadData
        For curvatures that are negative, not finite, all zero, more than the rows can carry, or so far apart that a
        double cannot tell the smallest from zero.

    >>> with_spectrum([10.0, 1.0], rows=5).curvatures.round(12).tolist()
    [10.0, 1.0]
    """
    spectrum = _checked(curvatures, rows)
    random = _generator(rng)
    sigma = np.sqrt(spectrum[spectrum > 0] / loss_scale(loss, rows))
    right = _orthonormal(random, len(spectrum), len(spectrum))[: len(sigma)]
    X = (_orthonormal(random, rows, len(sigma)) * sigma) @ right
    y = X @ random.standard_normal(len(spectrum)) + noise * random.standard_normal(rows)
    return _require_rank(LeastSquares(X, y, loss), len(sigma))


def _checked(curvatures: Iterable[float], rows: int) -> Array:
    try:
        spectrum = np.asarray(list(curvatures), dtype=np.float64)
    except (TypeError, ValueError):
        raise BadData(f"curvatures must be numbers, got {curvatures!r}") from None
    if spectrum.ndim != 1 or not (np.isfinite(spectrum) & (spectrum >= 0)).all() or not spectrum.any():
        raise BadData(f"curvatures must be finite, not negative and not all zero, got {spectrum.tolist()}")
    needed = int(np.count_nonzero(spectrum))
    if rows < needed:
        raise BadData(f"{needed} curvatures that are not zero need {needed} rows at least, got {rows}; give more rows")
    return spectrum


def _generator(rng: np.random.Generator | int | None) -> np.random.Generator:
    try:
        return np.random.default_rng(0 if rng is None else rng)
    except (TypeError, ValueError):
        raise BadData(f"rng must be a numpy Generator, a whole number ≥ 0 or None, got {rng!r}") from None


def _orthonormal(random: np.random.Generator, rows: int, columns: int) -> Array:
    """Uniform (Haar) orthonormal columns: the signs of R's diagonal make the QR factorisation unique."""
    q, r = np.linalg.qr(random.standard_normal((rows, columns)))
    return q * np.where(np.diag(r) < 0, -1.0, 1.0)


def _require_rank(problem: LeastSquares, rank: int) -> LeastSquares:
    if problem.rank < rank:
        raise BadData(
            f"the curvatures must lie within what a double can tell from zero: {rank} are positive, "
            f"but the data would have rank {problem.rank}; bring the smallest and the largest closer"
        )
    return problem
