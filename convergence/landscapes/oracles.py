"""What a rule asks of a function that is not quadratic: gradients, and Newton steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from convergence.landscapes.function import Landscape

Array = NDArray[np.float64]


class Oracles:
    """The function as a rule asks it: a Newton step is solved with the Hessian where the gradient was last asked."""

    def __init__(self, function: Landscape) -> None:
        self.function, self.point = function, np.zeros(function.dimension)

    def grad(self, x: Any, /) -> Array:
        self.point = np.asarray(x, dtype=float)
        return self.function.grad(self.point)

    def solve(self, g: Any, /) -> Array:
        hessian = self.function.hessian(self.point)
        if self.function.dimension == 1:
            with np.errstate(all="ignore"):
                return np.asarray(np.asarray(g, dtype=float) / hessian[..., 0])
        determinant = np.linalg.det(hessian)
        if np.all(np.abs(determinant) > np.finfo(float).eps * np.abs(hessian).max(axis=(-2, -1)) ** 2):
            return np.asarray(np.linalg.solve(hessian, np.asarray(g, dtype=float)[..., None])[..., 0])
        return np.asarray((np.linalg.pinv(hessian) @ np.asarray(g, dtype=float)[..., None])[..., 0])
