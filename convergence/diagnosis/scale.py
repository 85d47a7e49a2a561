"""An identified run goes in, with what is known beside it; learning rate and curvatures come out apart, with error bars.

The iterates show lr·λ only. The gradients' own slope is λ; or the learning rate, or the curvatures, are known.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.diagnosis.fitting import FLOOR, Fit
from convergence.diagnosis.identifying import Identified
from convergence.diagnosis.recording import EPS, GRAINS, TINY, Log
from convergence.errors import BadData, BadHyperparameter

Array = NDArray[np.float64]

MATCHES = 5000
"""So many ways to match directions with known curvatures are tried; where there are more, neighbours only."""


@dataclass(frozen=True, eq=False)
class Scale:
    """``lr`` and ``curvatures`` (m,), each with its ``error``; None where these cannot be told apart: see ``reason``."""

    lr: float | None = None
    lr_error: float | None = None
    curvatures: Array | None = None
    curvatures_error: Array | None = None
    reason: str = ""


def scale(found: Identified, log: Log, product: Array, error: Array, lr: Any = None, curvatures: Any = None) -> Scale:
    """lr and λ from ``product`` (m,) = lr·λ and its error bars: by a known lr, by logged gradients, by known curvatures.

    Raises BadHyperparameter for a learning rate that is not positive, BadData for curvatures that cannot be those.
    """
    if lr is not None:
        return _by_rate(product, error, lr)
    if log.gradients is not None:
        return _ratio(product, error, *slopes(found, log))
    if curvatures is not None:
        known = _matched(product, curvatures)
        return _ratio(product, error, known, np.zeros(len(known)))
    return Scale(
        reason="the iterates show lr·λ only: log the gradients, or give lr=… or curvatures=…, to tell the two apart"
    )


def _by_rate(product: Array, error: Array, lr: Any) -> Scale:
    rate = float(lr) if np.ndim(lr) == 0 and np.isreal(lr) else float("nan")
    if not (np.isfinite(rate) and rate > 0):
        raise BadHyperparameter(f"lr must be the positive learning rate of the run, one number; got {lr!r}")
    return Scale(rate, 0.0, product / rate, error / rate)


def _ratio(product: Array, error: Array, curvatures: Array, doubt: Array) -> Scale:
    """lr as the mean of the ratios, each weighed by its own error."""
    with np.errstate(all="ignore"):
        ratios = product / curvatures
        bars = np.abs(ratios) * np.hypot(error / product, doubt / curvatures)
    good = np.isfinite(ratios) & np.isfinite(bars)
    if not good.any():
        return Scale(reason="no direction shows its curvature well enough")
    weights = 1 / np.maximum(bars[good], EPS * np.abs(ratios[good])) ** 2
    lr = float((ratios[good] * weights).sum() / weights.sum())
    bar = float((bars[good] * weights).sum() / weights.sum())  # not less than one direction's: they share the momentum
    if not lr > 0:
        return Scale(reason="the gradients are not those of a convex quadratic at these iterates")
    return Scale(lr, bar, curvatures, doubt)


def slopes(found: Identified, log: Log) -> tuple[Array, Array]:
    """The curvature of each direction and its error bars: the gradient's slope, other directions aside."""
    fit, g = found.fit, log.gradients
    assert g is not None
    rows = min(found.rows, len(g))
    rows = rows if np.isfinite(g[:rows]).all() else int(np.isfinite(g[:rows]).all(axis=1).argmin())
    position = (log.x[:rows] - found.offset) @ found.directions
    gradient = g[:rows] @ found.directions
    regressor = _smooth(fit, position) if fit.picture.logged else position
    noise = _noise(log, g[:rows], fit.picture.relative)
    design = np.column_stack([np.ones(rows), regressor]) / noise[:, None]
    lengths = np.linalg.norm(design, axis=0)
    if rows <= design.shape[1]:
        raise BadData(f"{rows} gradients are too few to tell {len(fit.own)} curvatures apart; log one a step")
    inverse = np.linalg.pinv(design / lengths)
    solved = inverse @ (gradient / noise[:, None])
    left = gradient / noise[:, None] - design / lengths @ solved
    spread = np.maximum(np.sqrt(np.square(left).sum(axis=0) / (rows - design.shape[1])), FLOOR)
    values = np.diag(solved[1:] / lengths[1:, None]).copy()
    weights = inverse[1:] / lengths[1:, None]
    errors = np.linalg.norm(weights, axis=1) * spread
    if fit.picture.logged:  # the positions are known as well as their log, and no better
        log_noise = fit.scale * log.noise(fit.picture.relative)[:rows] / noise
        errors = np.hypot(errors, np.abs(values) * np.linalg.norm(weights * log_noise, axis=1))
    return values, fit.factor * errors + GRAINS * log.grain * np.abs(values)


def _noise(log: Log, g: Array, relative: bool) -> Array:
    """One rounding of a gradient: of itself, and of the position times the steepest slope that is seen."""
    size, position = np.linalg.norm(g, axis=1), np.linalg.norm(log.x[: len(g)], axis=1)
    moved = np.linalg.norm(log.x[: len(g)] - log.x[0], axis=1).max()
    size = size + position * float(np.ptp(g, axis=0).max()) / max(float(moved), TINY)
    return np.asarray(EPS * np.maximum(size if relative else np.full(len(g), size.max()), TINY))


def _smooth(fit: Fit, position: Array) -> Array:
    """The fitted sequence in the place of the noisy log."""
    tau, delta = fit.pair
    u = fit.linear[:, 1:].T.copy()
    found = np.empty_like(position)
    for k in range(len(position)):
        found[k] = fit.linear[:, 0] + u[0]
        u = np.stack([u[1], tau * u[1] - delta * u[0]])
    return found


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
    found = np.empty(len(product))
    found[order] = known[list(best)]
    return found


def _choices(known: int, shown: int) -> list[tuple[int, ...]]:
    """Which of the known curvatures, in growing order, the shown ones may be."""
    if comb(known, shown) > MATCHES:
        return [tuple(range(start, start + shown)) for start in range(known - shown + 1)]
    return list(combinations(range(known), shown))
