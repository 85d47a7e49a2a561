"""Cycles of a linear method on a function that is smooth and strongly convex but not quadratic, all its curvatures in [μ, L].

Points qₜ = e^(iθt) on a circle need gradients qₜ/H(e^(iθ)), H the method's transfer function from answers to questions. With
e^(iθ) a K-th root of unity, f(x) = L/2·‖x‖² − (L−μ)/2·dist(x, C)², C a polygon, has these gradients there exactly where the
points' projections on C are its corners (Goujaud, Taylor and Dieuleveut 2023, for the heavy ball). Lessard, Recht and Packard
(2016, sec. 4.6) have a cycle of three points in one dimension.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import gcd, pi
from typing import Any

import numpy as np

from convergence.crossing import compiled
from convergence.methods import as_method
from convergence.numerics.inputs import checked_interval
from convergence.problem.arrays import Array
from convergence.rule import Method
from convergence.tabular import Tabular
from convergence.theory.symbols import CURVATURE
from convergence.theory.system import system

LONGEST = 25
"""Points of a cycle that is looked for, at most."""

INSIDE = 1e-9
"""By how much each condition of the projection has to hold, in parts of the circle's square: then rounding does not decide."""


@dataclass(frozen=True, eq=False)
class SmoothCycle(Tabular):
    """A function in two dimensions with curvatures in [μ, L], minimum at 0, on which a method goes round for ever.

    Attributes
    ----------
    method, hyper, mu, L
        The Method's name, its hyperparameters, and the ends.
    points
        (K, 2), where it asks for the gradient, in order, on the unit circle.
    corners
        (K, 2), of the polygon C.

    >>> import convergence as cv
    >>> cycle = cv.smooth_cycle("heavy_ball", mu=1, L=25, lr=1 / 9, momentum=4 / 9)
    >>> cycle
    SmoothCycle of heavy_ball: 3 points on a function with curvatures in [1, 25]
    """

    method: str
    hyper: Mapping[str, float]
    mu: float
    L: float
    points: Array
    corners: Array

    def grad(self, x: Any, /) -> Any:
        """∇f(x) at x (2,): Lx − (L−μ)(x − the nearest point of C)."""
        x = np.asarray(x, dtype=float)
        return self.mu * x + (self.L - self.mu) * _nearest(x, self.corners)

    def table(self) -> Mapping[str, Any]:
        """A row for each point."""
        return {"x1": self.points[:, 0], "x2": self.points[:, 1]}

    def __repr__(self) -> str:
        ends = f"curvatures in [{self.mu:g}, {self.L:g}]"
        return f"SmoothCycle of {self.method}: {len(self.points)} points on a function with {ends}"


def smooth_cycle(m: Any, /, *, mu: float, L: float, **hyper: Any) -> SmoothCycle | None:
    """A smooth strongly convex function on which a linear method cycles at these settings, though it converges on quadratics.

    What is derived for a method holds for quadratics. The heavy ball at its best settings, for one, does not converge on all
    functions with the same ends of curvatures; here is one where it does not, with its gradient.

    Parameters
    ----------
    m
        A Method, its name, a preset, or an update rule, that asks for one gradient a step and has no clock.
    mu, L
        The ends, 0 < μ < L.
    hyper
        One number each.

    Returns
    -------
    SmoothCycle, or None: no cycle of this kind with up to 25 points; that does not say that it converges on all functions.

    Raises
    ------
    NotLinear, BadHyperparameter
        As ``derive`` and ``simulate``.

    >>> smooth_cycle("gradient_descent", mu=1, L=25, lr=2 / 26) is None
    True
    """
    method = as_method(m)
    low, high = checked_interval(mu, L)
    settings = method.at(**hyper).numbers
    transfer = _transfer(method, settings)
    if transfer is None or low == high:
        return None
    for period in range(2, LONGEST + 1):
        for turn in range(1, period // 2 + 1):
            if gcd(turn, period) == 1:
                z = np.exp(2j * pi * turn / period)
                corner = (1 / transfer(z) - low) / (high - low)
                powers = z ** np.arange(period)
                if (((1 - corner) * np.conj(corner * (powers[1:] - 1))).real < -INSIDE).all():
                    pairs = [np.column_stack([w.real, w.imag]) for w in (powers, corner * powers)]
                    return SmoothCycle(method.name, settings, low, high, *pairs)
    return None


def _transfer(method: Method, settings: Mapping[str, Any]) -> Any:
    """H(z) = R(zI − P)⁻¹U + D at numbers; None for one with several questions a step, Newton steps, or a clock."""
    derived = system(method)
    if derived.clock is not None or not derived.linear or derived.loop.gains != (CURVATURE,):
        return None
    letters, size = tuple(method.symbols[name] for name in settings), len(derived.state)
    parts = (derived.loop.P, derived.loop.U, derived.loop.R, derived.loop.D)
    P, U, R, D = (
        np.array(compiled(letters, tuple(part))(*settings.values()), dtype=float).reshape(part.shape) for part in parts
    )
    return lambda z: complex((R @ np.linalg.solve(z * np.eye(size) - P, U) + D)[0, 0])


def _nearest(x: Array, corners: Array) -> Array:
    """The point of a regular polygon about 0 that is nearest to x (2,)."""
    order = np.argsort(np.arctan2(corners[:, 1], corners[:, 0]))
    first = corners[order]
    edge = np.roll(first, -1, axis=0) - first
    normal = np.column_stack([edge[:, 1], -edge[:, 0]])
    if len(corners) > 2 and ((x - first) * normal).sum(axis=1).max() <= 0:
        return x
    share = np.clip(((x - first) * edge).sum(axis=1) / (edge**2).sum(axis=1), 0, 1)
    places = first + share[:, None] * edge
    return np.asarray(places[np.argmin(((x - places) ** 2).sum(axis=1))])
