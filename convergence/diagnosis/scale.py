"""Learning rate and curvatures of a run apart: the iterates show lr·λ only; the gradients' own slope is λ, or one is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.diagnosis.fit import Fit
from convergence.diagnosis.identified import Identified
from convergence.diagnosis.log import EPS, TINY, Log
from convergence.diagnosis.projection import CUTOFF, FLOOR
from convergence.errors import BadData, BadHyperparameter
from convergence.problem.arrays import floats

Array = NDArray[np.float64]

VAGUE = 0.3
"""A ratio of numbers that are less well known than to this part is no measure of lr."""

SMOOTH = 1e-6
"""Gradients and iterates contradict one another only where they differ by more than this part, whatever the error bars."""


@dataclass(frozen=True, eq=False)
class Scale:
    """``product`` (m,) = lr·λ; ``lr`` and ``curvatures`` (m,) apart, or None: see ``reason``. Each has its error bar.

    ``note`` says where gradients (or known curvatures) and iterates contradict one another.
    """

    product: Array | None = None
    product_error: Array | None = None
    lr: float | None = None
    lr_error: float | None = None
    curvatures: Array | None = None
    curvatures_error: Array | None = None
    reason: str = ""
    note: str = ""

    def doubted(self, reach: Array, gradients: bool) -> Scale:
        """The same with error bars that hold other lr·λ, so far away, where no ``gradients`` contradict these."""
        if self.product is None or self.product_error is None or (gradients and self.lr_error == 0):
            return self
        wide = replace(self, product_error=self.product_error + reach)
        if self.lr is None or self.curvatures_error is None or self.lr_error is None:
            return wide
        if self.lr_error == 0:
            return replace(wide, curvatures_error=self.curvatures_error + reach / self.lr)
        return replace(wide, lr_error=self.lr_error + self.lr * float((reach / np.abs(self.product)).max()))


def scale(found: Identified, log: Log, grain: float, lr: Any = None, curvatures: Any = None) -> Scale:
    """lr·λ of a run, and lr and λ by a known lr, by logged gradients, by known curvatures.

    Raises BadHyperparameter for a learning rate that is not positive, BadData for curvatures that cannot be those.
    """
    fit = found.fit
    if fit.recurrence.method is None:
        return Scale(reason="the run follows no known method: if you know it, name it")
    product = fit.own[:, 0]
    error = fit.factor * np.sqrt(np.diag(fit.covariance)[fit.recurrence.shared :]) + grain * np.abs(product)
    shown = Scale(product, error)
    slope, doubt = None, np.zeros(len(product))
    if log.gradients is not None and not log.losses:
        slope, doubt = slopes(found, log, log.gradients, grain)
    if lr is not None:
        return _by_rate(shown, product, error, lr, slope, doubt)
    if slope is None and curvatures is not None:
        slope = _matched(product, curvatures)
    if slope is not None:
        return _by_slopes(shown, product, error, slope, doubt)
    why = "the iterates show lr·λ only: log the gradients, or give lr or curvatures, to tell the two apart"
    return replace(shown, reason=why)


def _by_rate(shown: Scale, product: Array, error: Array, lr: Any, slope: Array | None, doubt: Array) -> Scale:
    """λ at a known learning rate; with a note where the logged gradients have another ``slope``."""
    rate = float(floats(lr)[0]) if floats(lr).size == 1 else float("nan")
    if not (np.isfinite(rate) and rate > 0):
        raise BadHyperparameter(f"lr must be the positive learning rate of the run, one number; got {lr!r}")
    known = replace(shown, lr=rate, lr_error=0.0, curvatures=product / rate, curvatures_error=error / rate)
    if slope is None:
        return known
    missed = np.abs(product / rate - slope) - error / rate - doubt - SMOOTH * np.abs(slope)
    k = int(np.argmax(missed / np.maximum(np.abs(slope), TINY)))
    if missed[k] <= 0:
        return known
    return replace(
        known,
        note=f"the iterates with lr={rate:g} say λ = {product[k] / rate:.4g} in direction {k + 1}, the logged gradients "
        f"{slope[k]:.4g}: lr, the method, or the steps between the rows are not what was given",
    )


def _by_slopes(shown: Scale, product: Array, error: Array, slope: Array, doubt: Array) -> Scale:
    """lr as the mean of the ratios, each weighed by its own error."""
    ratios = product / slope
    bars = np.abs(ratios) * np.hypot(error / product, doubt / slope)
    good = np.isfinite(ratios) & (error < VAGUE * np.abs(product)) & (doubt < VAGUE * np.abs(slope))
    if not good.any():
        return replace(shown, reason="no direction shows its curvature well enough")
    ratios, bars = ratios[good], bars[good]
    weights = 1 / np.maximum(bars, EPS * np.abs(ratios)) ** 2
    lr = float(np.average(ratios, weights=weights))
    bar = float(np.average(bars, weights=weights))  # not less than one direction's: they share the momentum
    if not lr > 0:
        return replace(shown, reason="the gradients are not those of a convex quadratic at these iterates")
    note = ""
    if (np.abs(ratios - lr) > bars + bar + SMOOTH * lr).any():
        note = (
            f"the directions say lr from {ratios.min():.4g} to {ratios.max():.4g}: gradients (or curvatures) "
            f"and iterates contradict one another"
        )
    return replace(shown, lr=lr, lr_error=bar, curvatures=slope, curvatures_error=doubt, note=note)


def slopes(found: Identified, log: Log, g: Array, grain: float) -> tuple[Array, Array]:
    """The curvature (m,) of each direction with error bars: amplitudes of the gradients over those of the iterates."""
    fit, finite = found.fit, np.isfinite(g).all(axis=1)
    rows = min(len(log.x), len(g) if finite.all() else int(finite.argmin()))
    if rows <= fit.size + 1:
        raise BadData(f"{rows} gradients are too few to tell {fit.size} curvatures apart; log one a step")
    parts = fit.recurrence.solutions(fit.unknowns, log.places, log.stride, False)
    design = np.column_stack([np.ones(len(parts)), parts.reshape(len(parts), -1)])
    weighed = design[:rows] / _noise(log, g[:rows], fit.relative)[:, None]
    target = g[:rows] @ found.visible / _noise(log, g[:rows], fit.relative)[:, None]
    inverse = _inverse(weighed)
    solved = inverse @ target
    freedom = max(target.size - solved.size, 1)
    spread = max(float(np.square(target - weighed @ solved).sum() / freedom) ** 0.5, FLOOR)
    of_log = _inverse(design / log.noise(fit.relative)[:, None]) * fit.scale
    return _amplitude_ratios(fit, solved, inverse * spread, of_log, grain)


def _amplitude_ratios(fit: Fit, solved: Array, of_slope: Array, of_log: Array, grain: float) -> tuple[Array, Array]:
    """Of each direction's amplitudes in the gradients to those in the log, with the errors of both."""
    values, errors, order = np.empty(fit.size), np.empty(fit.size), fit.amplitudes.shape[1]
    for k, amplitude in enumerate(fit.amplitudes):
        block = slice(1 + k * order, 1 + (k + 1) * order)
        pull = np.linalg.pinv(of_slope[block] @ of_slope[block].T) @ amplitude
        size = float((amplitude * pull).sum())
        values[k] = float((pull * solved[block]).sum()) / size
        doubts = [np.linalg.norm(pull.T @ of_slope[block]), np.linalg.norm(pull.T @ of_log[block]) * values[k]]
        errors[k] = np.hypot(*doubts) / size
    return values, fit.factor * errors + grain * np.abs(values)


def _inverse(design: Array) -> Array:
    """The pseudo-inverse, columns brought to one length first."""
    lengths = np.maximum(np.linalg.norm(design, axis=0), TINY)
    return np.asarray(np.linalg.pinv(design / lengths, rcond=CUTOFF) / lengths[:, None])


def _noise(log: Log, g: Array, relative: bool) -> Array:
    """One rounding of a gradient: of itself, and of the position times the steepest slope that is seen."""
    size, position = np.linalg.norm(g, axis=1), np.linalg.norm(log.x[: len(g)], axis=1)
    moved = np.linalg.norm(log.x[: len(g)] - log.x[0], axis=1).max()
    size = size + position * float(np.ptp(g, axis=0).max()) / max(float(moved), TINY)
    return np.asarray(EPS * np.maximum(size if relative else np.full(len(g), size.max()), TINY))


def _matched(product: Array, curvatures: Any) -> Array:
    """For each lr·λ the known curvature nearest to it, at the lr at which all are nearest."""
    known = np.asarray(curvatures, dtype=float).ravel()
    if not np.isfinite(known).all() or (known <= 0).any() or len(known) < len(product):
        raise BadData(
            f"curvatures must be positive, and one for each direction that the run shows ({len(product)} or more); "
            f"got {curvatures!r}"
        )
    shown = np.log(np.maximum(product, TINY))
    rates = (shown[:, None] - np.log(known)).ravel()
    gaps = np.abs(shown[:, None] - rates[:, None, None] - np.log(known))  # (rates, directions, known)
    return np.asarray(known[gaps[int(gaps.min(axis=2).sum(axis=1).argmin())].argmin(axis=1)])
