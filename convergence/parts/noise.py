"""What noise does to a method at its settings: the floor as a formula and a number, the limits by batch, and a map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from sympy.core.traversal import bottom_up

import convergence as cv
from convergence.errors import ConvergenceError, NoStableLearningRate
from convergence.numerics.maps import second
from convergence.parts.case import Case
from convergence.stochastic.batches import whole_batch
from convergence.stochastic.floor_maps import FloorCurve, FloorMap, floor_curve, floor_map, limit, shown
from convergence.stochastic.sampling import in_words


@dataclass(frozen=True, eq=False)
class Noise:
    """A method under the noise that the study was given.

    Attributes
    ----------
    batch, sampling, noise
        What is random.
    variance, elsewhere
        E x² for unit gradient noise, and that at the points where gradients are asked other than the position, as formulas.
    linear
        False where they hold to first order in the noise.
    excess
        The expected excess loss at the settings in the long run; ∞ where second moments grow.
    smallest
        The batch from which the settings are stable in mean square, a real number; None where no rows are drawn.
    batches, limits
        Batches, and the largest learning rate that is stable in mean square with each (0: none); none for added noise.
    without
        The largest stable learning rate without noise; None for a method without one.
    map
        The floor over the learning rate, and momentum; None where that is not drawn.
    """

    batch: int | None
    sampling: str
    noise: Any
    variance: sp.Expr
    elsewhere: Mapping[str, sp.Expr]
    linear: bool
    excess: float
    smallest: float | None
    batches: tuple[int, ...]
    limits: NDArray[np.float64]
    without: float | None
    map: FloorMap | FloorCurve | None

    @property
    def words(self) -> str:
        """What is random, in words."""
        return in_words(self.batch, self.sampling, self.noise)

    @property
    def whole_batch(self) -> int | None:
        """The smallest whole batch that is stable in mean square; None where none is, or no rows are drawn."""
        return None if self.smallest is None else whole_batch(self.smallest, self.sampling)


def noise(case: Case) -> Noise:
    """Raises NotLinear for a method whose moments do not close under this noise."""
    problem, method, hyper, random = case.problem, case.method, case.hyper, dict(case.random or {})
    batch, sampling = random["batch"], random["sampling"]
    try:
        excess = cv.stationary(problem, method, **random, **hyper).excess_loss
    except NoStableLearningRate:
        excess = inf
    others, floor = {name: value for name, value in hyper.items() if name != method.rate}, cv.noise_floor(method)
    batches = shown(problem.rows, sampling, batch)
    limits = np.array([limit(problem, method, size, sampling, others) for size in batches])
    return Noise(
        batch=batch,
        sampling=sampling,
        noise=random["noise"],
        variance=_kept(floor.variance),
        elsewhere={name: _kept(value) for name, value in floor.points.items() if value != floor.variance},
        linear=floor.linear,
        excess=excess,
        smallest=None if batch is None else cv.smallest_batch(problem, method, sampling=sampling, **hyper),
        batches=batches,
        limits=limits,
        without=None if method.rate is None else limit(problem, method, None, sampling, others),
        map=_map(case, random),
    )


def _kept(formula: sp.Expr) -> sp.Expr:
    """The formula as it is when it was read from text: a number times a sum multiplied out."""
    return bottom_up(formula, lambda part: part.func(*part.args) if part.args else part)


def _map(case: Case, random: dict[str, Any]) -> FloorMap | FloorCurve | None:
    draw = floor_curve if second(case.method, case.hyper) is None else floor_map
    try:
        return draw(case.problem, case.method, **random, **case.hyper)
    except ConvergenceError:  # of many directions, or without a learning rate
        return None
