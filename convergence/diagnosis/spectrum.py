"""The spectrum on which a setting is diagnosed: of data, of a problem, or of a Hessian."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from convergence.errors import BadData
from convergence.problem import LeastSquares, Quadratic, as_quadratic

Array = NDArray[np.float64]

SHARE = 0.3
"""A column is named with a direction when it holds at least this part of the direction's largest entry."""

FORMULAS = {"sum": "‖Xw − y‖²", "half": "½‖Xw − y‖²", "mean": "‖Xw − y‖²/n", "half_mean": "½‖Xw − y‖²/n"}
"""Each scaling of the loss, as one writes it."""

NAMED = 3
"""At most so many columns are named with a direction."""


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The positive curvatures (m,), largest first, with the problem they come from (None: from a Hessian's spectrum).

    ``flat`` counts the directions without curvature, along which nothing moves; ``with_flat`` makes them directions like
    the others, of curvature 0, for a method that moves there by itself.
    """

    curvatures: Array
    flat: int
    problem: Quadratic | None = None

    @property
    def mu(self) -> float:
        """The smallest curvature."""
        return float(self.curvatures[-1])

    @property
    def L(self) -> float:
        """The largest curvature."""
        return float(self.curvatures[0])

    @property
    def loss(self) -> str:
        """The scaling of the loss, where there are data: limits and rates are in its units."""
        name = self.problem.loss_name if isinstance(self.problem, LeastSquares) else None
        return f"{name}: {FORMULAS[name]}" if name else ""

    def with_flat(self) -> Spectrum:
        """The flat directions among the others, last."""
        return replace(self, curvatures=np.append(self.curvatures, np.zeros(self.flat)), flat=0)

    @property
    def columns(self) -> list[tuple[str, ...]]:
        """For each direction the columns of X that make it up, heaviest first; none without data."""
        if self.problem is None:
            return []
        named = []
        for row in np.abs(self.problem.directions).T[: len(self.curvatures)]:
            heaviest = np.argsort(-row, kind="stable")[:NAMED]
            named.append(tuple(self.problem.columns[k] for k in heaviest if row[k] >= SHARE * row.max()))
        return named


def spectrum_of(
    X: Any = None,
    y: ArrayLike | None = None,
    *,
    curvatures: Any = None,
    loss: str | None = None,
    columns: Sequence[str] | None = None,
) -> Spectrum:
    """The spectrum of data (X, y), of a LeastSquares problem, or of ``curvatures`` (m,), and of just one of these.

    Raises BadData where none or several are given, and for what is no matrix, target or spectrum of a convex quadratic.
    """
    if (X is None) == (curvatures is None):
        raise BadData("diagnose takes data (X, y), or a LeastSquares problem, or curvatures=…: exactly one of them")
    if curvatures is not None:
        if y is not None or loss is not None or columns is not None:
            raise BadData("y, loss and columns belong to data; curvatures are eigenvalues of the Hessian as it is")
        return _of_hessian(curvatures)
    if y is not None and not isinstance(X, Quadratic):
        X = LeastSquares(X, y, "sum" if loss is None else loss, columns=columns)
    elif y is not None or loss is not None or columns is not None:
        raise BadData("a problem has its own y, loss and columns; leave them out")
    elif not isinstance(X, Quadratic) and len(getattr(X, "shape", ())) == 2:
        raise BadData("data need a target: diagnose(X, y, …), or a problem in the place of X")
    else:
        X = as_quadratic(X)
    return Spectrum(X.curvatures[: X.rank], len(X.columns) - X.rank, X)


def _of_hessian(curvatures: Any) -> Spectrum:
    try:
        values = np.sort(np.atleast_1d(np.asarray(curvatures, dtype=float)))[::-1]
    except (TypeError, ValueError):
        raise BadData(f"curvatures must be numbers, one a direction; got {curvatures!r}") from None
    if values.ndim != 1 or not values.size or not np.isfinite(values).all() or values[0] <= 0:
        raise BadData(f"curvatures must be a row of finite numbers (m,), one of them positive; got {curvatures!r}")
    rounding = len(values) * np.finfo(float).eps * values[0]
    if values[-1] < -rounding:
        raise BadData(
            f"curvatures must not be negative, got {values[-1]:.4g}: a saddle, which no learning rate converges to; "
            f"leave the negative ones out to diagnose the others"
        )
    kept = values[values > rounding]
    return Spectrum(kept, len(values) - len(kept))
