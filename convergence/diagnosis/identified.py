"""The recurrence that explains a log best: fits in as many directions as may be, then a choice by Bayes' information."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convergence.diagnosis.aliases import aliases
from convergence.diagnosis.fit import RIVAL, Fit
from convergence.diagnosis.log import LEAST, Log, require_rows
from convergence.diagnosis.projection import fit
from convergence.diagnosis.recurrence import Recurrence, two_roots
from convergence.diagnosis.starts import near, starts

Array = NDArray[np.float64]

MOST = 8
"""Directions that are told apart; a log that shows more is looked at in its strongest."""

SEEN = 1.5
"""A direction is seen where the run moves this many times more than the largest singular value of noise would."""

ALMOST = 0.999
"""A log too short for all its directions is read where the first ones make this part of its movement."""

ALIKE, LARGER, FREE = 5.0, 6.0, 12.0
"""A recurrence must make the log more likely by e to this power than one before it with as many unknowns, or with fewer (which
Bayes' information has charged already), or, where it is no method at all, than any method."""

SYSTEMATIC = 6.0
"""Rounding may look like a small momentum by so many times the margin; a momentum that is there outdoes it by far."""


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

    @property
    def others(self) -> tuple[Fit, ...]:
        """The rivals that are no special case of the fit, nor it of them: by another rule, or in more directions."""
        return tuple(f for f in self.rivals if f.recurrence.method and (f.size != self.fit.size or alike(f, self.fit)))

    def reach(self, others: Sequence[Array]) -> Array:
        """How far (m,) the lr·λ of each direction is from its aliases ``others``, and from that of other explanations."""
        own = self.fit.own
        farthest = np.array([np.abs(some - p).max(initial=0.0) for some, p in zip(others, own[:, 0], strict=True)])
        for other in self.others:
            gaps = np.abs(other.own[:, 0] - own)
            farthest = np.maximum(farthest, np.diag(gaps) if other.size == self.fit.size else gaps.max(axis=1))
        return farthest


def identified(log: Log, tried: Sequence[Recurrence]) -> Identified:
    """Fit each recurrence in the directions that the log shows; the best by Bayes' information, of equals the first.

    BadData where the log is too short to tell its directions apart.
    """
    visible, offset = (np.eye(1), log.x.min(axis=0)) if log.losses else _seen(log)  # no small loss loses its digits
    x = (log.x - offset) @ visible
    fits: list[Fit] = []
    for size in _sizes(log, x):
        fits += _fits(log, x, size, [one for one in tried if size == 1 or _told(one, size, log, x) < x.size], fits)
    best_of: dict[tuple[int, int], Fit] = {}
    for one in [*fits, *filter(None, [_fewer(one, log, x) for one in fits])]:
        key = id(one.recurrence), one.size
        best_of[key] = min(best_of.get(key, one), one, key=lambda f: f.score)
    fits = [_least(one, log, x) if log.power > 1 else one for one in best_of.values()]
    convex = [one for one in fits if one.recurrence.method is None or (one.own > 0).all()]
    fits = convex or fits if log.losses else fits  # of squares no sign tells a negative curvature from rounding
    best, *others = sorted(fits, key=lambda one: one.told)
    for one in others:
        best = one if best.score - one.score > _margin(one, best, log) else best
    likely = [f for f in fits if f is not best and f.score - best.score < RIVAL and f.straight >= best.straight]
    rivals = tuple(f for f in likely if f.size == best.size or (f.told <= best.told and (f.own > 0).all()))
    return Identified(best, visible, offset, rivals, log.x.shape[1] - x.shape[1])


def _sizes(log: Log, x: Array) -> list[int]:
    """The numbers of directions that may be: those that are seen; in losses, or one weight of many, more than columns."""
    if log.losses:
        return [1, 2, 3]
    return [1, 2] if log.x.shape[1] == 1 and log.gradients is None else [x.shape[1]]


def _told(one: Recurrence, size: int, log: Log, x: Array) -> int:
    """The number of unknowns of a fit in so many directions."""
    solutions = one.order * (one.order + 1) // 2 if log.losses else one.order
    return one.shared + size * one.own + (1 + size * solutions) * int(x.shape[1])


def _fits(log: Log, x: Array, size: int, tried: Sequence[Recurrence], smaller: Sequence[Fit]) -> list[Fit]:
    """The fits of each recurrence, with the picture of the noise that suits the best one; any two roots last, with several."""
    tries = [starts(one, log, x, size, smaller) for one in tried]
    fits: list[Fit] = []
    for relative in (True, False):
        some = [fit(log, x, one, relative, those) for one, those in zip(tried, tries, strict=True)]
        fits = min(fits, [f for f in some if f], key=lambda fits: min((f.score for f in fits), default=np.inf))
    told = _told(two_roots(), size, log, x)
    if not fits or told >= x.size or tried[0].rates is not None or (size == 1 and not log.losses):
        return fits
    best = min(fits, key=lambda f: f.score)
    free = fit(log, x, two_roots(), best.relative, [np.stack(best.recurrence.pair(best.unknowns), axis=1).ravel()])
    if free is None:
        return fits
    roots = (free.recurrence.roots(free.unknowns) ** log.power).ravel()
    tries = [near(f.recurrence, roots[np.isfinite(roots)], size, log) for f in fits]
    again = [fit(log, x, f.recurrence, f.relative, some) for f, some in zip(fits, tries, strict=True)]
    fits = [min((a, b), key=lambda f: f.score) if b else a for a, b in zip(fits, again, strict=True)]
    return [*fits, free] if tried[0].method is not tried[-1].method else fits


def _fewer(one: Fit, log: Log, x: Array) -> Fit | None:
    """The fit without the direction that is missed least, where fewer directions than these may do."""
    if one.size - 1 not in _sizes(log, x) or one.recurrence.method is None:
        return None
    others = [one.part(np.delete(np.arange(one.size), k)).unknowns for k in range(one.size)]
    return fit(log, x, one.recurrence, one.relative, others)


def _least(one: Fit, log: Log, x: Array) -> Fit:
    """The same with the smallest lr·λ of those that the log does not tell apart, positive ones where there are such."""
    least = np.array([
        min(some, default=own) if own <= 0 else min([own, *some])
        for own, some in zip(one.own[:, 0], aliases(one, log), strict=True)
    ])  # fmt: skip
    if (least == one.own[:, 0]).all():
        return one
    other = fit(log, x, one.recurrence, one.relative, [np.append(one.unknowns[: one.recurrence.shared], least)])
    return one if other is None or other.score > one.score + RIVAL else other


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
