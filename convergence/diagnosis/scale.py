"""Learning rate and curvatures of a run apart: the iterates show lr·λ only; the gradients' own slope is λ, or one is known."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.diagnosis.fit import CUTOFF, FLOOR
from convergence.diagnosis.identified import Identified
from convergence.diagnosis.log import EPS, TINY, Log
from convergence.errors import BadData, BadHyperparameter

Array = NDArray[np.float64]

MATCHES = 5000
"""So many ways to match directions with known curvatures are tried; where there are more, neighbours only."""

VAGUE = 0.3
"""A ratio of numbers that are less well known than to this part is no measure of lr."""

SMOOTH = 1e-6
"""Gradients and iterates contradict one another only where they differ by more than this part, whatever the error bars."""


@dataclass(frozen=True, eq=False)
class Scale:
    """``lr`` and ``curvatures`` (m,), each with its ``error``; None where these cannot be told apart: see ``reason``."""

    lr: float | None = None
    lr_error: float | None = None
    curvatures: Array | None = None
    curvatures_error: Array | None = None
    reason: str = ""
    note: str = ""


def scale(
    found: Identified, log: Log, product: Array, error: Array, grain: float, lr: Any = None, curvatures: Any = None
) -> Scale:
    """lr and λ from ``product`` (m,) = lr·λ and its error bars: by a known lr, by logged gradients, by known curvatures.

    Raises BadHyperparameter for a learning rate that is not positive, BadData for curvatures that cannot be those.
    """
    if lr is not None:
        rate = float(lr) if np.ndim(lr) == 0 and np.isreal(lr) else float("nan")
        if not (np.isfinite(rate) and rate > 0):
            raise BadHyperparameter(f"lr must be the positive learning rate of the run, one number; got {lr!r}")
        return Scale(
            rate, 0.0, product / rate, error / rate, note=_contradiction(found, log, product, error, grain, rate)
        )
    if log.gradients is not None and not log.losses:
        return _ratio(product, error, *slopes(found, log, grain))
    if curvatures is not None:
        known = _matched(product, curvatures)
        return _ratio(product, error, known, np.zeros(len(known)))
    return Scale(
        reason="the iterates show lr·λ only: log the gradients, or give lr=… or curvatures=…, to tell the two apart"
    )


def _contradiction(found: Identified, log: Log, product: Array, error: Array, grain: float, rate: float) -> str:
    """What to say where the logged gradients have other slopes than the iterates at this learning rate."""
    if log.gradients is None or log.losses:
        return ""
    slope, doubt = slopes(found, log, grain)
    missed = np.abs(product / rate - slope) - error / rate - doubt - SMOOTH * np.abs(slope)
    k = int(np.argmax(missed / np.maximum(np.abs(slope), TINY)))
    if missed[k] <= 0:
        return ""
    return (
        f"the iterates with lr={rate:g} say λ = {product[k] / rate:.4g} in direction {k + 1}, the logged gradients "
        f"{slope[k]:.4g}: lr, the method, or the steps between the rows are not what was given"
    )


def _ratio(product: Array, error: Array, curvatures: Array, doubt: Array) -> Scale:
    """lr as the mean of the ratios, each weighed by its own error."""
    with np.errstate(all="ignore"):
        ratios = product / curvatures
        bars = np.abs(ratios) * np.hypot(error / product, doubt / curvatures)
    good = np.isfinite(ratios) & (error < VAGUE * np.abs(product)) & (doubt < VAGUE * np.abs(curvatures))
    if not good.any():
        return Scale(reason="no direction shows its curvature well enough")
    weights = 1 / np.maximum(bars[good], EPS * np.abs(ratios[good])) ** 2
    lr = float((ratios[good] * weights).sum() / weights.sum())
    bar = float((bars[good] * weights).sum() / weights.sum())  # not less than one direction's: they share the momentum
    if not lr > 0:
        return Scale(reason="the gradients are not those of a convex quadratic at these iterates")
    apart = np.abs(ratios[good] - lr) - bars[good] - bar - SMOOTH * lr
    note = "" if not (apart > 0).any() else (
        f"the directions say lr from {ratios[good].min():.4g} to {ratios[good].max():.4g}: gradients (or curvatures) "
        f"and iterates contradict one another"
    )  # fmt: skip
    return Scale(lr, bar, curvatures, doubt, note=note)


def slopes(found: Identified, log: Log, grain: float) -> tuple[Array, Array]:
    """The curvature (m,) of each direction with error bars: amplitudes of the gradient over those of the iterates."""
    fit, g = found.fit, log.gradients
    assert g is not None
    finite = np.isfinite(g).all(axis=1)
    rows = min(len(log.x), len(g) if finite.all() else int(finite.argmin()))
    parts = fit.recurrence.solutions(fit.unknowns, log.places, log.stride, False)
    design = np.column_stack([np.ones(len(parts)), parts.reshape(len(parts), -1)])
    if rows <= fit.size + 1:
        raise BadData(f"{rows} gradients are too few to tell {fit.size} curvatures apart; log one a step")
    weight = 1 / _noise(log, g[:rows], fit.relative)
    target = g[:rows] @ found.visible * weight[:, None]
    inverse = _inverse(design[:rows] * weight[:, None])
    solved = inverse @ target
    left = target - design[:rows] * weight[:, None] @ solved
    spread = max(float(np.square(left).sum() / max(left.size - solved.size, 1)) ** 0.5, FLOOR)
    of_log = _inverse(design / log.noise(fit.relative)[:, None]) * fit.scale
    values, errors = np.empty(fit.size), np.empty(fit.size)
    order = parts.shape[2]
    for k, amplitude in enumerate(fit.amplitudes):
        block = slice(1 + k * order, 1 + (k + 1) * order)
        metric = np.linalg.pinv(inverse[block] @ inverse[block].T)
        pull = metric @ amplitude
        size = float((amplitude * pull).sum())
        values[k] = float((pull * solved[block]).sum()) / size
        doubts = [np.linalg.norm(pull.T @ inverse[block]) * spread, np.linalg.norm(pull.T @ of_log[block]) * values[k]]
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
    """For each lr·λ the known curvature that it belongs to: the match with the most nearly equal ratios."""
    known = np.sort(np.asarray(curvatures, dtype=float).ravel())
    if not np.isfinite(known).all() or (known <= 0).any() or len(known) < len(product):
        raise BadData(
            f"curvatures must be positive, and one for each direction that the run shows ({len(product)} or more); "
            f"got {curvatures!r}"
        )
    order = np.argsort(product)
    sorted_product = np.maximum(product[order], np.finfo(float).tiny)
    best = min(_choices(len(known), len(product)), key=lambda c: float(np.ptp(np.log(sorted_product / known[list(c)]))))
    matched = np.empty(len(product))
    matched[order] = known[list(best)]
    return matched


def _choices(known: int, shown: int) -> list[tuple[int, ...]]:
    """Which of the known curvatures, in growing order, the shown ones may be."""
    if comb(known, shown) > MATCHES:
        return [tuple(range(start, start + shown)) for start in range(known - shown + 1)]
    return list(combinations(range(known), shown))
