"""The fit of a recurrence to a log: its unknowns with their error bars, and how likely it makes the log."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from convergence.diagnosis.log import EPS, Log
from convergence.diagnosis.recurrence import Recurrence, root_errors

Array = NDArray[np.float64]

ROUNDINGS = 100.0
"""Residuals of fewer roundings than this are rounding itself, which is not independent from step to step: bars are doubled."""

TURN = 1e-100
"""Step of derivatives in the imaginary direction, which cancels nothing (Squire and Trapp 1998)."""

LAGS = 6
"""Rows over which residuals are looked at for memory: an oscillation shows within as many, a drift in each of them."""

STRAIGHT = 0.1
"""A direction whose movement aside is at most this part of that ahead moves along a line, but for noise."""

RIVAL = 9.0
"""Fits that are less likely than the best by e to this power at most are not ruled out."""


@dataclass(frozen=True, eq=False)
class Fit:
    """``unknowns`` (p + m·q,) of a ``recurrence`` with their ``covariance``, and ``amplitudes`` (m, r, d) with ``center`` (d,).

    ``relative``: the noise is a part of each row's size, not of one size. ``noise`` is its size in the units of the log,
    ``score`` the Bayesian information in units of log-likelihood (small is good), ``idle`` that of noise alone, at rest.
    ``portmanteau`` is that of Box and Pierce (1970): the number of residuals times the sum of their squared autocorrelations
    over ``LAGS`` rows. ``spread`` is the part of the rows that they are spread over; ``factor`` turns standard errors into
    error bars.
    """

    recurrence: Recurrence
    relative: bool
    unknowns: Array
    amplitudes: Array
    center: Array
    center_error: Array
    scale: float
    score: float
    idle: float
    covariance: Array
    portmanteau: float
    spread: float
    factor: float

    @property
    def size(self) -> int:
        """m, the number of directions."""
        return len(self.amplitudes)

    @property
    def told(self) -> int:
        """The number of all unknowns, linear ones included."""
        return len(self.unknowns) + self.amplitudes.size + self.center.size

    @property
    def straight(self) -> bool:
        """Whether each direction moves along a line: else the roots of two were taken for those of one."""
        sizes = np.linalg.svd(self.amplitudes, compute_uv=False)
        return sizes.shape[1] == 1 or bool((sizes[:, 1] <= STRAIGHT * sizes[:, 0]).all())

    @property
    def own(self) -> Array:
        """The own unknowns (m, q)."""
        return np.asarray(self.recurrence.split(self.unknowns)[1])

    def places(self, direction: int) -> list[int]:
        """Where the unknowns of a direction stand: the shared ones, and its own."""
        p, q = self.recurrence.shared, self.recurrence.own
        return [*range(p), *range(p + direction * q, p + (direction + 1) * q)]

    def pair_covariance(self, direction: int) -> Array:
        """The covariance (2, 2) of τ and δ of a direction."""
        columns = []
        for place in self.places(direction):
            turned = self.unknowns + 1j * TURN * np.eye(len(self.unknowns))[place]
            columns.append([part[direction].imag / TURN for part in self.recurrence.pair(turned)])
        slope, places = np.array(columns).T, self.places(direction)
        part = self.covariance[np.ix_(places, places)]
        return np.asarray(slope @ part @ slope.T) if np.isfinite(part).all() else np.full((2, 2), np.inf)

    def eigenvalues(self, grain: float) -> tuple[NDArray[np.complex128], Array]:
        """The eigenvalues (m, order) of one step, with error bars."""
        values = self.recurrence.roots(self.unknowns)
        pairs = zip(*self.recurrence.pair(self.unknowns), strict=True)
        bars = [root_errors(t, d, self.pair_covariance(k), self.factor) for k, (t, d) in enumerate(pairs)]
        return values, np.array(bars)[:, : values.shape[1]] + grain * np.abs(values)

    def momentum(self, grain: float) -> tuple[float | None, float | None]:
        """The momentum with an error bar; 0, without one, of a method that has none; None without a method."""
        made_by = self.recurrence
        if made_by.method is None:
            return None, None
        if made_by.shared:
            value = float(self.unknowns[0])
            return value, float(self.factor * self.covariance[0, 0] ** 0.5 + grain * abs(value))
        known = [made_by.hyper[name] for name, domain in made_by.method.domains.items() if domain.is_share]
        return (known[0], 0.0) if known else (0.0, None)

    def part(self, directions: NDArray[np.intp]) -> Fit:
        """The same with these directions, in this order."""
        p, q = self.recurrence.shared, self.recurrence.own
        places = np.concatenate([np.arange(p), (p + q * directions[:, None] + np.arange(q)).ravel()])
        return replace(
            self,
            unknowns=self.unknowns[places],
            covariance=self.covariance[np.ix_(places, places)],
            amplitudes=self.amplitudes[directions],
        )

    def rounding(self, log: Log) -> bool:
        """Whether the residuals are roundings of the numbers of the log."""
        return self.scale < ROUNDINGS * log.grain / EPS
