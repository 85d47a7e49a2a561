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
        g = np.broadcast_to(np.asarray(g, dtype=float), self.point.shape)
        (a, b), (c, d) = np.moveaxis(hessian, (-2, -1), (0, 1))
        determinant, size = a * d - b * c, np.abs(hessian).max(axis=(-2, -1))
        regular = np.abs(determinant) > np.finfo(float).eps * size**2
        adjugate = np.stack([d * g[..., 0] - b * g[..., 1], a * g[..., 1] - c * g[..., 0]], axis=-1)
        step = adjugate / np.where(regular, determinant, 1.0)[..., None]
        if not np.all(regular):
            some = ~regular & np.isfinite(size)
            step[some] = (np.linalg.pinv(hessian[some]) @ g[some][..., None])[..., 0]
        return np.asarray(step)
