"""Least squares of a recurrence on a log by variable projection (Golub and Pereyra 1973): roots by search, amplitudes solved.

Row k of the log is c + Σ_i (a_i·U_i(k) + b_i·V_i(k)) and noise, with U_i and V_i the solutions of direction i's recurrence. For
given roots the vectors c, a_i, b_i are linear and projected out; no direction need be at right angles to another, and
there may be more of them than columns.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.special import stdtrit

from convergence.diagnosis.fit import LAGS, RIVAL, ROUNDINGS, TURN, Fit
from convergence.diagnosis.log import EPS, Log
from convergence.diagnosis.recurrence import Recurrence

Array = NDArray[np.float64]

CUTOFF = 1e-13
"""Singular values below this part of the largest are no information."""

SURE = 0.9973
"""The part of the runs whose truth lies within the error bars: three standard deviations of a Gaussian."""

FLOOR = 0.3
"""No log is better than this many units in the last place: the standard deviation of rounding."""

ROUGH = 8.0
"""Misfits below this many roundings are not told apart: a run's own rounding lives on in it, as its recurrence does."""

HUGE = 1e150
"""Stands for what overflows: its square does not."""

SILENT = 1e-3
"""An unknown is not determined when this much of it (its square) lies where there is no information."""

WIDENINGS = 6
"""An error bar at whose end the misfit has not risen as it should is doubled, at most so often."""

Solved = tuple[Array, Array, Array, Array]


class Projection:
    """Residual and Jacobian (Kaufman 1975) of a recurrence on a log with its linear unknowns projected out."""

    def __init__(self, log: Log, x: Array, recurrence: Recurrence, relative: bool) -> None:
        self.log, self.recurrence, self.relative = log, recurrence, relative
        self.weight = 1 / log.noise(relative)
        self.y = x * self.weight[:, None]
        self.rough = ROUGH * log.grain / EPS
        self._last: tuple[Array, Solved] | None = None

    def residual(self, unknowns: Array) -> Array:
        """The weighed residual (rows·d,)."""
        return self._solved(unknowns)[0].ravel()

    def jacobian(self, unknowns: Array) -> Array:
        """Its derivative (rows·d, unknowns)."""
        _, basis, solved, _ = self._solved(unknowns)
        moved = self._moved(unknowns, solved)
        flat = moved.transpose(1, 0, 2).reshape(len(basis), -1)
        left = (flat - basis @ (basis.T @ flat)).reshape(len(basis), len(moved), -1)
        return -left.transpose(0, 2, 1).reshape(-1, len(moved))

    def fitted(self, unknowns: Array) -> Fit:
        """The fit at these unknowns, which are those of least squares."""
        residual, basis, solved, _ = self._solved(unknowns)
        told = basis.shape[1] * residual.shape[1] + len(unknowns)
        freedom, square = max(residual.size - told, 1), float(np.square(residual).sum())
        scale = max((square / freedom) ** 0.5, FLOOR)
        lags = [float((residual[k:] * residual[:-k]).sum() / max(square, 1e-300)) for k in range(1, LAGS + 1)]
        memory = max(lags[0], 0.0) + len(residual) ** -0.5  # as much as chance may hide
        inflation = (1 + memory) / max(1 - memory, 0.02)
        factor = float(stdtrit(max(freedom / inflation, 2), (1 + SURE) / 2)) * (3.0 if scale < ROUNDINGS else 1.0)
        doubt = max(scale, ROUGH, self.rough / 8)  # the run itself is rounded in doubles, whatever its log is
        covariance = _inverse(self.jacobian(unknowns)) * doubt**2 * inflation
        covariance = self._widened(unknowns, covariance, square, factor, doubt)
        sums = np.square(residual).sum(axis=1)
        return Fit(
            recurrence=self.recurrence,
            relative=self.relative,
            unknowns=unknowns,
            amplitudes=solved[1:].reshape(len(self.recurrence.split(unknowns)[1]), -1, solved.shape[1]),
            center=solved[0],
            center_error=factor * self._center_deviation(unknowns, covariance, doubt**2 * inflation),
            scale=scale,
            score=self._score(square, freedom, told),
            idle=self._idle(),
            covariance=covariance,
            portmanteau=residual.size * float(np.square(lags).sum()),
            spread=float(sums.sum() ** 2 / (len(sums) * np.square(sums).sum())) if sums.any() else 1.0,
            factor=factor,
        )

    def _center_deviation(self, unknowns: Array, covariance: Array, variance: float) -> Array:
        """The standard error (d,) of the center: its own, and that which it has from the unknowns that are determined."""
        _, basis, solved, factor = self._solved(unknowns)
        first = factor[0] @ basis.T
        slopes = first @ self._moved(unknowns, solved)
        known = np.isfinite(covariance).all(axis=1)
        part = np.where(np.outer(known, known), covariance, 0.0)
        bars = variance * float(first @ first) + np.einsum("pd,pq,qd->d", slopes, part, slopes)
        return np.asarray(np.sqrt(np.maximum(bars, 0.0)))

    def _solved(self, unknowns: Array) -> Solved:
        """Residual (rows, d), orthonormal basis of the design, solution (1 + m·r, d), pseudo-inverse times the basis."""
        if self._last is None or not np.array_equal(self._last[0], unknowns):
            self._last = unknowns.copy(), self._solve(unknowns)
        return self._last[1]

    def _solve(self, unknowns: Array) -> Solved:
        design = self._design(unknowns)
        lengths = np.linalg.norm(design, axis=0)
        lengths[lengths == 0] = 1.0
        left, values, right = np.linalg.svd(design / lengths, full_matrices=False)
        rank = int((values > CUTOFF * values[0]).sum())
        basis = left[:, :rank]
        inverse = (right[:rank].T / values[:rank]) / lengths[:, None]
        seen = basis.T @ self.y
        return self.y - basis @ seen, basis, inverse @ seen, inverse

    def _design(self, unknowns: Array) -> Any:
        """The columns (rows, 1 + m·r) of a constant and of each direction's solutions, weighed; complex where unknowns are."""
        with np.errstate(all="ignore"):
            parts = self.recurrence.solutions(unknowns, self.log.places, self.log.stride, self.log.losses)
            design = np.empty((len(parts), 1 + parts[0].size), dtype=parts.dtype)
            design[:, 0] = self.weight
            design[:, 1:] = parts.reshape(len(parts), -1) * self.weight[:, None]
        if np.isfinite(design).all():
            return design
        return np.nan_to_num(design, nan=HUGE, posinf=HUGE, neginf=-HUGE)

    def _moved(self, unknowns: Array, solved: Array) -> Array:
        """The derivatives (unknowns, rows, d) of the design with this solution.

        An own unknown moves the columns of its direction only: of all directions one is moved at the same time.
        """
        p, q = self.recurrence.shared, self.recurrence.own
        m = (len(unknowns) - p) // q
        together = np.hstack([np.zeros((q, p)), np.tile(np.eye(q), m)])
        shared = [self._slope(unknowns, turn) @ solved for turn in np.eye(p, len(unknowns))]
        slopes = np.stack([self._slope(unknowns, turn)[:, 1:] for turn in together])
        each = slopes.reshape(q, len(self.y), m, -1).transpose(2, 0, 1, 3)  # (m, q, rows, r)
        apart = each @ solved[1:].reshape(m, 1, -1, solved.shape[1])
        return np.concatenate([np.reshape(shared, (p, *self.y.shape)), apart.reshape(-1, *self.y.shape)])

    def _slope(self, unknowns: Array, turn: Array) -> Array:
        """The derivative of the design as the unknowns move this way; 0 where the design is out of range."""
        moved = self._design(unknowns + 1j * TURN * turn)
        if np.abs(moved).max() < HUGE:
            return np.asarray(moved.imag / TURN)
        inside = np.maximum(np.abs(moved.real), np.abs(moved.imag)) < HUGE
        return np.asarray(np.where(inside, moved.imag / TURN, 0.0))

    def _widened(self, unknowns: Array, covariance: Array, square: float, factor: float, scale: float) -> Array:
        """The covariance, with wider bars where the misfit at their ends has not risen as a parabola's would."""
        widths = np.ones(len(unknowns))
        for k, variance in enumerate(np.diag(covariance)):
            if not 0 < variance < np.inf or not np.isfinite(covariance[k]).all():
                continue
            step = covariance[k] / variance**0.5 * factor
            for _ in range(WIDENINGS):
                ends = [np.square(self.residual(unknowns + side * widths[k] * step)).sum() for side in (-1, 1)]
                if min(ends) - square > 0.5 * (factor * scale) ** 2:
                    break
                widths[k] *= 2
        return covariance * np.outer(widths, widths)

    def _score(self, square: float, freedom: int, unknowns: int) -> float:
        rows = self.y.size
        scale = max((square / rows) ** 0.5, self.rough * (freedom / rows) ** 0.5)
        each = np.log(scale) - np.log(self.weight).mean()
        return float(rows * each + unknowns * np.log(rows) / 2)

    def _idle(self) -> float:
        """The score of a log that is a constant and noise."""
        mean = (self.y * self.weight[:, None]).sum(axis=0) / np.square(self.weight).sum()
        left = float(np.square(self.y - mean * self.weight[:, None]).sum())
        return self._score(left, self.y.size - self.y.shape[1], self.y.shape[1])


def fit(log: Log, x: Array, recurrence: Recurrence, relative: bool, starts: list[Array]) -> Fit | None:
    """The best fit from these starts, of equals one whose directions are straight; None where none has a finite misfit."""
    projection = Projection(log, x, recurrence, relative)
    ranked = sorted((float(np.square(projection.residual(s)).sum()), k) for k, s in enumerate(starts))
    found: list[Any] = [
        least_squares(
            projection.residual, starts[k], projection.jacobian, method="lm", ftol=1e-12, xtol=1e-15, gtol=1e-15,
            max_nfev=60 * (len(starts[k]) + 1),
        )
        for square, k in ranked[:2] if np.isfinite(square)
    ]  # fmt: skip
    fits = [projection.fitted(np.asarray(one.x)) for one in sorted(found, key=lambda one: float(one.cost))]
    equal = [one for one in fits if one.score - fits[0].score < RIVAL]
    return next((one for one in equal if one.straight), fits[0] if fits else None)


def _inverse(jacobian: Array) -> Array:
    """(JᵀJ)⁻¹, with inf for unknowns that the Jacobian does not determine."""
    lengths = np.linalg.norm(jacobian, axis=0)
    dead = lengths == 0
    lengths = np.where(dead, 1.0, lengths)
    _, values, right = np.linalg.svd(jacobian / lengths, full_matrices=False)
    known = values > EPS * len(jacobian) * values.max(initial=0.0)
    lost = 1 - np.square(right[known]).sum(axis=0) > SILENT
    inverse = (right[known].T / values[known] ** 2) @ right[known] / np.outer(lengths, lengths)
    inverse[lost | dead, :] = inverse[:, lost | dead] = 0.0
    inverse[lost | dead, lost | dead] = np.inf
    return np.asarray(inverse)
