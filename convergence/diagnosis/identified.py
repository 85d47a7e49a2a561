"""The recurrence that explains a log best: starts by one-step least squares and Prony's method, then fits, then a choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convergence.diagnosis.fit import Fit, fit
from convergence.diagnosis.log import LEAST, Log, require_rows
from convergence.diagnosis.recurrence import Recurrence, two_roots

Array = NDArray[np.float64]

MOST = 8
"""Directions that are told apart; a log that shows more is looked at in its strongest."""

SEEN = 1.5
"""A direction is seen where the run moves this many times more than the largest singular value of noise would."""

ALMOST = 0.999
"""A log too short for all its directions is read where the first ones make this part of its movement."""

MOMENTA = np.linspace(0.0, 1.2, 49)
"""Momenta at which starts are tried."""

PRODUCTS = np.concatenate([np.geomspace(1e-6, 0.1, 60), np.linspace(0.11, 5.0, 164)])
"""lr·λ at which roots are compared with those of a linear prediction."""

SAME = 0.1
"""Sums of distances between roots, on the grid of lr·λ, that may be of the same fit."""

ALIKE, LARGER, FREE = 5.0, 6.0, 12.0
"""A recurrence must make the log more likely by e to this power than one before it with as many unknowns, or with fewer (which
Bayes' information has charged already), or, where it is no method at all, than any method."""

SYSTEMATIC = 6.0
"""Rounding may look like a small momentum by so many times the margin; a momentum that is there outdoes it by far."""

RIVAL = 9.0
"""Recurrences that are less likely than the best by e to this power at most are not ruled out."""


@dataclass(frozen=True, eq=False)
class Identified:
    """The ``fit`` in coordinates x = ``offset`` + ``visible``·p, p (rows, s), and the ``rivals`` that are not ruled out.

    ``hidden`` counts the directions in which the log shows no movement above its noise.
    """

    fit: Fit
    visible: Array
    offset: Array
    rivals: tuple[Fit, ...]
    hidden: int

    @property
    def directions(self) -> Array:
        """A column (d, m) of length one for each direction, in the coordinates of the log."""
        columns = [np.linalg.svd(part, full_matrices=False)[2][0] for part in self.fit.amplitudes]
        return np.asarray(self.visible @ np.stack(columns, axis=1))


def identified(log: Log, tried: Sequence[Recurrence]) -> Identified:
    """Fit each recurrence in the directions that the log shows; the best by Bayes' information, of equals the first.

    BadData where the log is too short to tell its directions apart.
    """
    visible, offset = (np.eye(1), log.x.min(axis=0)) if log.losses else _seen(log)  # no small loss loses its digits
    x = (log.x - offset) @ visible
    sizes = [k for k in (1, 2, 3) if len(x) > 1 + 4 * k] or [1] if log.losses else [x.shape[1]]
    fits = [one for size in sizes for one in _fits(log, x, size, tried)]
    fits = [_convex(one, log, x) for one in fits] if log.losses else fits
    best = fits[0]
    for one in fits[1:]:
        best = one if best.score - one.score > _margin(one, best, log) else best
    rivals = tuple(f for f in fits if f is not best and f.score - best.score < RIVAL and f.size == best.size)
    return Identified(best, visible, offset, rivals, log.x.shape[1] - x.shape[1])


def _fits(log: Log, x: Array, size: int, tried: Sequence[Recurrence]) -> list[Fit]:
    """The fits of each recurrence, with the picture of the noise that suits the best one; any two roots last, with several."""
    shown = [_prediction_roots(log, x, 3 * size if log.losses else one.order) for one in tried]
    starts = [_starts(one, roots, size, log) for one, roots in zip(tried, shown, strict=True)]
    fits: list[Fit] = []
    for relative in (True, False):
        some = [fit(log, x, one, relative, those) for one, those in zip(tried, starts, strict=True)]
        fits = min(fits, [f for f in some if f], key=lambda fits: min((f.score for f in fits), default=np.inf))
    if size == 1 and not log.losses:
        return fits
    best = min(fits, key=lambda f: f.score)
    free = fit(log, x, two_roots(), best.relative, [np.stack(best.recurrence.pair(best.unknowns), axis=1).ravel()])
    if free is None:
        return fits
    roots = (free.recurrence.roots(free.unknowns) ** log.stride).ravel()
    starts = [_starts(f.recurrence, roots[np.isfinite(roots)], size, log) for f in fits]
    again = [fit(log, x, f.recurrence, f.relative, some) for f, some in zip(fits, starts, strict=True)]
    fits = [min((a, b), key=lambda f: f.score) if b else a for a, b in zip(fits, again, strict=True)]
    return [*fits, free] if len(tried) > 1 else fits


def _convex(one: Fit, log: Log, x: Array) -> Fit:
    """Where losses were read with a negative curvature, the same with the roots' signs turned, which no square shows."""
    own = one.own[:, 0]
    if one.recurrence.method is None or (own > 0).all():
        return one
    shared = one.unknowns[: one.recurrence.shared]
    trace, further = (one.recurrence.pair(np.append(shared, products))[0] for products in (own, own + 1))
    turned = np.where(own > 0, own, own - 2 * trace / (further - trace))  # the trace is linear in lr·λ
    other = fit(log, x, one.recurrence, one.relative, [np.append(shared, turned)])
    return one if other is None or (other.own <= 0).any() or other.score > one.score + RIVAL else other


def _margin(one: Fit, best: Fit, log: Log) -> float:
    """What a fit must be better by; much more where the residuals are rounding, which is no Gaussian noise."""
    margin = FREE if one.recurrence.method is None else ALIKE if alike(one, best) else LARGER
    return margin * (SYSTEMATIC if best.rounding(log) else 1.0)


def alike(one: Fit, other: Fit) -> bool:
    """Whether two fits have as many unknowns: neither is a special case of the other."""
    return len(one.unknowns) == len(other.unknowns) and one.recurrence.order == other.recurrence.order


def _seen(log: Log) -> tuple[Array, Array]:
    """The directions (d, s) in which the run moves more than by noise, and the mean of the iterates."""
    views, reach = [], SEEN * (len(log.x) ** 0.5 + log.x.shape[1] ** 0.5)
    for relative in (True, False):
        noise = log.noise(relative)
        weight = noise**-2.0
        mean = np.asarray((log.x * (weight / weight.sum())[:, None]).sum(axis=0))
        _, strengths, right = np.linalg.svd((log.x - mean) / noise[:, None], full_matrices=False)
        scale, size = 1.0, min(len(strengths), MOST, max(len(log.x) - LEAST - 1, 1))
        for _ in range(3):
            scale = _one_step(log, (log.x - mean) @ right[:size].T, noise)
            strong = int((strengths > reach * max(scale, 1.0)).sum())
            if strong >= size:
                break
            size = max(1, strong)
        likely = np.log(max(scale, 0.1)) + np.log(noise).mean()
        views.append((likely, size, right, mean, strengths, max(scale, 1.0)))
    _, size, right, mean, strengths, scale = min(views, key=lambda view: view[0])
    shown = int((strengths > reach * scale).sum())
    if len(log.x) < shown + LEAST + 1 and not np.square(strengths[:size]).sum() > ALMOST * np.square(strengths).sum():
        require_rows(len(log.x), log.x.shape[1])
    return right[:size].T, mean


def _one_step(log: Log, x: Array, noise: Array) -> float:
    """The noise (in units of ``noise``) that a prediction of each row from the two before it leaves."""
    first = log.windows
    if len(first) < 2:
        return 1.0
    d = np.diff(x, axis=0)
    weight = 1 / np.stack([noise[first + k] for k in range(4)]).max(axis=0)
    ahead, past = d[first + 2] * weight[:, None], np.hstack([d[first + 1], d[first]]) * weight[:, None]
    solved = np.linalg.lstsq(past, ahead, rcond=1e-12)[0]
    freedom = max(len(first) - past.shape[1], 1)
    gain = 2 * (1 + np.square(solved).sum() / x.shape[1])
    return float((np.square(ahead - past @ solved).sum() / (freedom * x.shape[1] * gain)) ** 0.5)


def _prediction_roots(log: Log, x: Array, order: int) -> NDArray[np.complex128]:
    """Roots of the linear prediction (Prony 1795) of differences from so many before."""
    d, close = np.diff(x, axis=0), np.diff(log.places) == 1
    first = [k for k in range(len(d) - order) if close[k : k + order + 1].all()]
    if not first:
        return np.empty(0, dtype=complex)
    past = np.hstack([d[np.array(first) + order - 1 - k] for k in range(order)])
    weight = 1 / np.maximum(np.linalg.norm(past, axis=1), 1e-300)
    solved = np.linalg.lstsq(past * weight[:, None], d[np.array(first) + order] * weight[:, None], rcond=1e-12)[0].T
    width = x.shape[1]
    companion = np.eye(order * width, k=-width)
    companion[:width] = solved
    return np.asarray(np.linalg.eigvals(companion), dtype=complex)


def _starts(one: Recurrence, shown: NDArray[np.complex128], size: int, log: Log) -> list[Array]:
    """Unknowns whose roots, over a stride, are nearest to those that the log shows."""
    if one.method is None:
        return [np.tile([1.0, 0.5], size)]
    choices = []
    for momentum in MOMENTA[:-8:2] if one.shared else [0.0]:
        unknowns = np.concatenate([np.full(one.shared, momentum), PRODUCTS])
        roots = one.roots(unknowns) ** (log.stride * (2 if log.losses else 1))
        gaps = np.abs(roots[:, :, None] - shown[None, None, :])  # (products, order, shown)
        cost, own = 0.0, list[float]()
        for _ in range(size):
            if not gaps.shape[2]:
                own.append(1.0 / (1 + len(own)))
                continue
            best = _smallest(gaps.min(axis=2).sum(axis=1))
            nearest = gaps[best].argmin(axis=1)
            cost += float(gaps[best].min(axis=1).sum())
            own.append(float(PRODUCTS[best]))
            gaps = np.delete(gaps, np.unique(nearest), axis=2)
        choices.append((cost, np.concatenate([np.full(one.shared, momentum), np.sort(own)[::-1]])))
    choices.sort(key=lambda choice: choice[0])
    return [start for _, start in choices[:3]]


def _smallest(cost: Array) -> int:
    """The smallest lr·λ that fits about as well as the best: others have the same power over a stride."""
    place = int((cost <= cost.min() + SAME).argmax())
    while place + 1 < len(cost) and cost[place + 1] < cost[place]:
        place += 1
    return place
