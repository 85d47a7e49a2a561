"""A log and families of recurrences go in; the fit that explains the log best comes out, in the directions that it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from convergence.diagnosis.family import Family, two_roots
from convergence.diagnosis.fitting import ROUNDINGS, Fit, Picture, fit
from convergence.diagnosis.guess import Guess, guess, start
from convergence.diagnosis.recording import EPS, LEAST, Log, require_steps

Array = NDArray[np.float64]

MOST = 12
"""Directions that are told apart; a log that shows more is looked at in its strongest."""

WORK = 4e7
"""Rows times directions times unknowns squared: about what a second does. Longer logs are cut to it."""

SEEN = 6.0
"""A direction is seen where the run moves this many times more than the noise would."""

PICTURES = tuple(Picture(*kind) for kind in product((True, False), (False, True)))

ALIKE, LARGER, FREE = 5.0, 6.0, 12.0
"""A family must make the log more likely by e to this power than one before it with as many unknowns, or with fewer (which
Bayes' information has charged already), or, where it is no method at all, than any method."""


SYSTEMATIC = 6.0
"""Rounding may look like a small momentum by so many times the margin; a momentum that is there outdoes it by far."""

RIVAL = 9.0
"""Families that are less likely than the best by e to this power at most are not ruled out."""


@dataclass(frozen=True, eq=False)
class Identified:
    """The ``fit`` in the coordinates x = offset + ``visible``·p, p (rows, m), and the ``rivals`` that are not ruled out.

    ``hidden`` counts the directions in which the log shows no movement above its noise; ``offset`` is its mean there.
    """

    fit: Fit
    visible: Array
    offset: Array
    rows: int
    rivals: tuple[Fit, ...]
    hidden: int
    grain: float

    @property
    def directions(self) -> Array:
        """A column (d, m) for each direction, in the coordinates of the log."""
        return self.visible @ self.fit.basis


def identified(log: Log, families: Sequence[Family]) -> Identified:
    """Fit each family in the directions that the log shows; the best by Bayes' information, of equals the first.

    BadData where the log is too short to tell its directions apart.
    """
    visible, rows, picked = _seen(log, families)
    offset = _mean(log)
    p = (log.x[:rows] - offset) @ visible
    every = {f: [_fitted(log, p, rows, f, first, kind) for kind in PICTURES] for f, first in picked.items()}
    kind = min((fit for fits in every.values() for fit in fits), key=lambda fit: fit.score).picture
    fits = [found[PICTURES.index(kind)] for found in every.values()]
    if p.shape[1] > 1:
        free = _free(log, p, rows, fits, kind)
        again = [_fitted(log, p, rows, f, start(f, free), kind) for f in families]  # a guess may have missed
        fits = [min(pair, key=lambda f: f.score) for pair in zip(fits, again, strict=True)]
    if p.shape[1] > 1 and len(families) > 1:
        fits.append(free)
    best = fits[0]
    for one in fits[1:]:
        best = one if (best.score - one.score) * p.size > _margin(one, best, log) else best
    rivals = tuple(f for f in fits if f is not best and (f.score - best.score) * p.size < RIVAL)
    return Identified(best, visible, offset, rows, rivals, log.x.shape[1] - visible.shape[1], log.grain)


def _margin(one: Fit, best: Fit, log: Log) -> float:
    """What a family must be better by; much more where the residuals are rounding, which is no Gaussian noise."""
    rounding = best.scale < ROUNDINGS * log.grain / EPS
    margin = FREE if one.family.method is None else ALIKE if alike(one, best) else LARGER
    return margin * (SYSTEMATIC if rounding else 1.0)


def alike(one: Fit, other: Fit) -> bool:
    """Whether two fits have as many unknowns: neither is a special case of the other."""
    return len(one.shared) == len(other.shared) and one.own.shape == other.own.shape


def _seen(log: Log, families: Sequence[Family]) -> tuple[Array, int, dict[Family, Guess]]:
    """The directions (d, m) in which the run moves more than by noise, the rows to use, and a guess for each family."""
    noise, mean = log.noise(relative=True), _mean(log)
    _, strengths, right = np.linalg.svd((log.x - mean) / noise[:, None], full_matrices=False)
    scale, size = 1.0, 0
    for _ in range(3):
        strong = int((strengths > SEEN * scale * len(log.x) ** 0.5).sum())
        if strong == size:
            break
        size = max(1, min(strong, MOST) if size == 0 else min(strong, size))
        require_steps(log.steps, size if size < log.steps - LEAST + 1 else log.x.shape[1])
        rows = _affordable(len(log.x), size)
        p = (log.x[:rows] - mean) @ right[:size].T
        picked = {family: guess(p, noise[:rows], family) for family in families}
        scale = max(1.0, min(g.residual for g in picked.values()) / 2)
    return right[:size].T, rows, picked


def _mean(log: Log) -> Array:
    """The mean of the iterates, each weighed by its own rounding: of a run that diverges, its beginning."""
    weight = log.noise(relative=True) ** -2.0
    return np.asarray((log.x * (weight / weight.sum())[:, None]).sum(axis=0))


def _affordable(rows: int, size: int) -> int:
    unknowns = 1 + 4 * size + size * (size - 1) // 2
    return min(rows, max(60, int(WORK / (size * unknowns**2))))


def _fitted(log: Log, p: Array, rows: int, family: Family, first: Guess, picture: Picture) -> Fit:
    noise = log.noise(picture.relative)[:rows]
    return fit(p, noise, family, picture, first.shared, first.own, first.basis)


def _free(log: Log, p: Array, rows: int, fits: Sequence[Fit], picture: Picture) -> Fit:
    """Two roots in each direction, whatever they are: started from the best of the families."""
    best = min(fits, key=lambda f: f.score)
    noise = log.noise(picture.relative)[:rows]
    return fit(p, noise, two_roots(), picture, np.empty(0), np.stack(best.pair, axis=1), best.basis)
