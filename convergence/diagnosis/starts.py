"""Where the fit of a recurrence starts: at the roots of the log's linear prediction, or by matching pursuit on a grid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from convergence.diagnosis.fit import Fit
from convergence.diagnosis.log import Log
from convergence.diagnosis.recurrence import Recurrence

Array = NDArray[np.float64]
Roots = NDArray[np.complex128]

MOMENTA = np.linspace(0.0, 1.0, 21)
"""Momenta at which starts are tried."""

PRODUCTS = np.concatenate([np.geomspace(1e-6, 0.1, 60), np.linspace(0.11, 5.0, 164)])
"""lr·λ whose roots are compared with those of the linear prediction."""

NEARLY = 0.1
"""Sums of distances between roots that may be of the same fit."""

SWEEPS = 2
"""So often each direction of a pursuit is chosen again, beside the others."""

STARTS = 3
"""The most momenta whose starts are tried: those that no neighbour outdoes, best first."""


def starts(one: Recurrence, log: Log, x: Array, size: int, smaller: Sequence[Fit] = ()) -> list[Array]:
    """Unknowns to start a search at: with the roots of the log's linear prediction; under a schedule by pursuit.

    That begins at nothing, and at the fit of this recurrence in fewer directions, where it is among the ``smaller`` ones.
    """
    if one.rates is not None:
        known = [one.split(f.unknowns) for f in smaller if f.recurrence is one]
        further = [_pursued(one, shared, log, x, size, own.ravel().tolist()) for shared, own in known[-1:]]
        return [*_lowest([_pursued(one, shared, log, x, size) for shared in _momenta(one)]), *(s for _, s in further)]
    return near(one, prediction_roots(log, x, 3 * size if log.losses else one.order), size, log)


def near(one: Recurrence, shown: Roots, size: int, log: Log) -> list[Array]:
    """Unknowns whose roots, over a stride, are near to those that the log shows: to all of them, or to the largest.

    A prediction of noise has roots of its own, which no recurrence need have; a run that grows shows its largest ones only.
    """
    if one.method is None:
        return [np.tile([1.0, 0.5], size)]
    momenta = _momenta(one)
    both = [[choice(one, shared, shown, size, log.power) for shared in momenta] for choice in (_of_all, _of_largest)]
    return [start for found in both for start in _lowest(found)]


def _momenta(one: Recurrence) -> list[Array]:
    return [np.full(one.shared, momentum) for momentum in (MOMENTA if one.shared else [0.0])]


def _lowest(found: list[tuple[float, Array]]) -> list[Array]:
    """The starts at the momenta that no neighbour outdoes in cost, best first."""
    costs = np.array([np.inf, *(cost for cost, _ in found), np.inf])
    lowest = np.flatnonzero((costs[1:-1] <= costs[:-2]) & (costs[1:-1] <= costs[2:]))
    return [found[k][1] for k in sorted(lowest, key=lambda k: found[k][0])[:STARTS]]


def _pursued(
    one: Recurrence, shared: Array, log: Log, x: Array, size: int, known: Sequence[float] = ()
) -> tuple[float, Array]:
    """The lr·λ on a grid that explain most of the log, one after the other, behind this momentum; and what they leave.

    Orthogonal matching pursuit (Pati, Rezaiifar and Krishnaprasad 1993), then each again beside the others.
    """
    weight = 1 / log.noise(True)[:, None]
    products = np.append(known, PRODUCTS)
    parts = one.solutions(np.append(shared, products), log.places, log.stride, log.losses) * weight[:, :, None]
    parts = np.where(np.isfinite(parts), parts, 0.0).transpose(1, 0, 2)  # (products, rows, solutions)
    chosen, left = [*range(len(known))], np.inf
    for turn in range(len(chosen), size * (1 + SWEEPS)):
        place = turn % size
        others = [one for k, one in enumerate(chosen) if k != place]
        best, left = _next([weight, *parts[others]], parts, x * weight)
        chosen = [*others[:place], best, *others[place:]]
    return left, np.append(shared, np.sort(products[chosen])[::-1])


def _next(base: list[Array], parts: Array, y: Array) -> tuple[int, float]:
    """Which of these solutions explains most of what the base leaves of y, and what is left then."""
    ortho = np.linalg.qr(np.hstack(base))[0]
    left = y - ortho @ (ortho.T @ y)
    turned = np.linalg.qr(parts - ortho @ (ortho.T @ parts))[0]
    told = np.square(turned.transpose(0, 2, 1) @ left).sum(axis=(1, 2))
    return int(told.argmax()), float(np.square(left).sum() - told.max())


def _of_all(one: Recurrence, shared: Array, shown: Roots, size: int, power: int) -> tuple[float, Array]:
    """The lr·λ on a grid with roots nearest to any of these, behind this momentum; and the sum of their distances."""
    gaps = _gaps(one, shared, PRODUCTS, shown, power)
    cost, chosen = 0.0, list[float]()
    for _ in range(size):
        if not gaps.shape[2]:
            chosen.append(1.0 / (1 + len(chosen)))
            continue
        best = _smallest(gaps.min(axis=2).sum(axis=1))
        nearest = gaps[best].argmin(axis=1)
        cost += float(gaps[best].min(axis=1).sum())
        chosen.append(float(PRODUCTS[best]))
        gaps = np.delete(gaps, np.unique(nearest), axis=2)
    return cost, np.concatenate([shared, np.sort(chosen)[::-1]])


def _of_largest(one: Recurrence, shared: Array, shown: Roots, size: int, power: int) -> tuple[float, Array]:
    """The lr·λ with just the largest of these roots, behind this momentum; and how far their other roots are from the rest."""
    left, cost, chosen = shown[np.argsort(-np.abs(shown), kind="stable")], 0.0, list[float]()
    while len(left) and len(chosen) < size:
        root = left[:1] ** (1 / power)  # of an even power either sign will do
        named = one.products(shared, np.append(root, -root) if power % 2 == 0 else root).real
        own = min(named[named > 0], default=max(named, default=1.0))
        gaps = _gaps(one, shared, np.array([own]), left, power)[0]
        near, nearest = gaps.min(axis=1), gaps.argmin(axis=1)
        cost += float(near.sum())
        chosen.append(float(own))
        left = np.delete(left, [0, *nearest[near <= NEARLY]])
    chosen += [1.0 / (1 + k) for k in range(len(chosen), size)]
    return cost, np.concatenate([shared, np.sort(chosen)[::-1]])


def _gaps(one: Recurrence, shared: Array, products: Array, shown: Roots, power: int) -> Array:
    """The distances (products, order, shown) of roots, in parts of those that are larger than 1."""
    roots = one.roots(np.concatenate([shared, products])) ** power
    return np.asarray(np.abs(roots[:, :, None] - shown) / np.maximum(np.abs(shown), 1.0))


def _smallest(cost: Array) -> int:
    """The smallest lr·λ that fits about as well as the best: others have the same power over a stride."""
    place = int((cost <= cost.min() + NEARLY).argmax())
    while place + 1 < len(cost) and cost[place + 1] < cost[place]:
        place += 1
    return place


def prediction_roots(log: Log, x: Array, order: int) -> Roots:
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
