"""A fit goes in; eigenvalues, lr·λ, momentum and minimiser come out, each with its error bar."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from convergence.diagnosis.family import MOMENTUM
from convergence.diagnosis.fitting import Fit
from convergence.diagnosis.identifying import Identified
from convergence.diagnosis.recording import GRAINS
from convergence.diagnosis.roots import errors, roots

Array = NDArray[np.float64]

VAGUE = 0.25
"""A direction whose leading eigenvalue has a larger error bar is not resolved, and left out."""


def order_of(fit: Fit) -> NDArray[np.intp]:
    """Steepest first; without a method, largest modulus first."""
    tau, delta = fit.pair
    if fit.family.method is not None:
        return np.argsort(-fit.own[:, 0], kind="stable")
    return np.argsort([-abs(roots(t, d)[0]) for t, d in zip(tau, delta, strict=True)], kind="stable")


def resolved(found: Identified) -> Identified:
    """The same without the directions that are not resolved; at least one is kept."""
    fit = found.fit
    doubt = eigenvalues_of(found, np.arange(len(fit.own)))[1].max(axis=1)
    keep = doubt <= max(VAGUE, float(doubt.min()))
    if keep.all() or fit.covariance is None:
        return found
    p, q, width = len(fit.shared), fit.own.shape[1], fit.linear.shape[1]
    kept = [np.ones(p, dtype=bool), np.repeat(keep, q), np.repeat(keep, width)]
    places = np.nonzero(np.concatenate(kept))[0]
    smaller = replace(
        fit,
        own=fit.own[keep],
        linear=fit.linear[keep],
        basis=fit.basis[:, keep],
        covariance=fit.covariance[np.ix_(places, places)],
    )
    return replace(found, fit=smaller, hidden=found.hidden + int((~keep).sum()))


def ordered(found: Identified, order: NDArray[np.intp]) -> Identified:
    """The same with the directions in this order; the covariance, no longer needed, is left behind."""
    fit = found.fit
    turned = replace(fit, own=fit.own[order], linear=fit.linear[order], basis=fit.basis[:, order], covariance=None)
    return replace(found, fit=turned)


def eigenvalues_of(found: Identified, order: NDArray[np.intp]) -> tuple[NDArray[np.complex128], Array]:
    """The eigenvalues (m, 1 or 2) with error bars, in this order of directions."""
    fit = found.fit
    tau, delta = fit.pair
    values = np.array([roots(tau[i], delta[i]) for i in order])
    bars = np.array([errors(tau[i], delta[i], _pair_covariance(fit, int(i)), fit.factor) for i in order])
    count = 2 if fit.family.method is None else len(fit.family.method.state)
    return values[:, :count], (bars + GRAINS * found.grain * np.abs(values))[:, :count]


def _pair_covariance(fit: Fit, place: int) -> Array:
    """The covariance (2, 2) of τ and δ of a direction."""
    assert fit.covariance is not None
    p, q = len(fit.shared), fit.own.shape[1]
    _, _, tau_own, delta_own, tau_shared, delta_shared = fit.family.formulas(fit.shared, fit.own)
    slope = np.array([[*tau_shared[place], *tau_own[place]], [*delta_shared[place], *delta_own[place]]])
    places = [*range(p), *range(p + place * q, p + (place + 1) * q)]
    part = fit.covariance[np.ix_(places, places)]
    return np.asarray(slope @ part @ slope.T) if np.isfinite(part).all() else np.full((2, 2), np.inf)


def product_of(found: Identified, order: NDArray[np.intp]) -> tuple[Array | None, Array | None]:
    """lr·λ of each direction, with error bars."""
    fit = found.fit
    if fit.family.method is None or fit.covariance is None:
        return None, None
    p = len(fit.shared)
    bars = fit.factor * np.sqrt(np.diag(fit.covariance)[p : p + len(fit.own)])
    return fit.own[order, 0], bars[order] + GRAINS * found.grain * np.abs(fit.own[order, 0])


def momentum_of(found: Identified) -> tuple[float | None, float | None]:
    fit = found.fit
    if fit.family.method is None or fit.covariance is None:
        return None, None
    if fit.family.shared:
        value = float(fit.shared[0])
        return value, float(fit.factor * fit.covariance[0, 0] ** 0.5 + GRAINS * found.grain * abs(value))
    known = fit.family.hyper.get(MOMENTUM)
    bars = [momentum_of(replace(found, fit=f, rivals=())) for f in found.rivals if f.family.shared]
    reach = max((abs(value or 0.0) + (error or 0.0) for value, error in bars), default=None)
    return (0.0, reach if reach is not None and isfinite(reach) else None) if known is None else (known, 0.0)


def minimiser_of(found: Identified, noise: float) -> tuple[Array, Array]:
    """Where the run rests, with error bars: c of the log, or κ/(1 − τ + δ) of a step; its mean where it is not seen to move."""
    fit = found.fit
    tau, delta = fit.pair
    center, bars = np.empty(len(tau)), np.full(len(tau), np.inf)
    for i in range(len(tau)):
        slope, center[i] = _center(fit, i, tau[i], delta[i])
        places = _places(fit, i)
        part = np.full((len(places),) * 2, np.inf) if fit.covariance is None else fit.covariance[np.ix_(places, places)]
        if np.isfinite(part).all():
            bars[i] = fit.factor * max(float(slope @ part @ slope), 0.0) ** 0.5
    basis = found.directions
    at = found.offset + basis @ center
    unseen = np.sqrt(np.maximum(1 - np.square(basis).sum(axis=1), 0)) * fit.factor * noise
    return at, np.hypot(np.sqrt(np.square(basis) @ np.square(bars)), unseen) + GRAINS * found.grain * np.abs(at)


def _center(fit: Fit, place: int, tau: float, delta: float) -> tuple[Array, float]:
    """The center of a direction, and its slope by (shared, own, first linear unknown)."""
    p, q = len(fit.shared), fit.own.shape[1]
    slope = np.zeros(p + q + 1)
    if fit.picture.logged:
        slope[-1] = 1.0
        return slope, float(fit.linear[place, 0])
    _, _, tau_own, delta_own, tau_shared, delta_shared = fit.family.formulas(fit.shared, fit.own)
    gap = 1 - tau + delta
    center = float(fit.linear[place, 0] / gap)
    by_tau = center / gap
    slope[:p] = by_tau * (tau_shared[place] - delta_shared[place])
    slope[p:-1] = by_tau * (tau_own[place] - delta_own[place])
    slope[-1] = 1 / gap
    return slope, center


def _places(fit: Fit, place: int) -> list[int]:
    p, (m, q), width = len(fit.shared), fit.own.shape, fit.linear.shape[1]
    return [*range(p), *range(p + place * q, p + (place + 1) * q), p + m * q + place * width]
