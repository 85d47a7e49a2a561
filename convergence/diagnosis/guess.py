"""Iterates (or another family's fit) and a family go in; a first guess of its unknowns and of the directions comes out.

With the momentum held, τ = τ₀ + τ₁s and δ = δ₀ + δ₁s turn the recurrence of the differences d_k = x_{k+1} − x_k, in which
the minimiser cancels, into d_{k+1} − τ₀d_k + δ₀d_{k−1} = S(τ₁d_k − δ₁d_{k−1}): linear in the symmetric matrix S = lr·H.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from convergence.diagnosis.family import Family
from convergence.diagnosis.fitting import Fit

Array = NDArray[np.float64]

MOMENTA = np.linspace(0.0, 1.2, 49)
"""Momenta at which the linear fit is tried, before the best is refined."""


@dataclass(frozen=True, eq=False)
class Guess:
    """``shared`` (p,), ``own`` (m, 1), the directions ``basis`` (m, m) a column each, and the ``residual`` of one step."""

    shared: Array
    own: Array
    basis: Array
    residual: float


def guess(x: Array, noise: Array, family: Family) -> Guess:
    """The guess for iterates x (rows, m), a row k weighed by 1/noise[k]."""
    d = np.diff(x, axis=0)
    weight = 1 / np.lib.stride_tricks.sliding_window_view(noise, 4).max(axis=1)
    stacked = np.hstack([d[2:], d[1:-1], d[:-2]]) * weight[:, None]
    rows, triangle = len(stacked), np.linalg.qr(stacked, mode="r")
    parts = tuple(np.hsplit(triangle, 3))
    shared = _momentum(parts, family) if family.shared else np.empty(0)
    S, misfit = _symmetric(parts, family, shared)
    values, basis = np.linalg.eigh(S)
    return Guess(shared, values[:, None], basis, (misfit / (rows * x.shape[1])) ** 0.5)


def _momentum(parts: tuple[Array, ...], family: Family) -> Array:
    def misfit(momentum: float) -> float:
        return _symmetric(parts, family, np.array([momentum]))[1]

    sizes = [misfit(float(m)) for m in MOMENTA]
    place = int(np.argmin(sizes))
    ends = float(MOMENTA[max(place - 1, 0)]), float(MOMENTA[min(place + 1, len(MOMENTA) - 1)])
    fine = minimize_scalar(misfit, bounds=ends, method="bounded", options={"xatol": 1e-12})
    return np.array([fine.x if fine.fun < sizes[place] else MOMENTA[place]])


def _symmetric(parts: tuple[Array, ...], family: Family, shared: Array) -> tuple[Array, float]:
    """The symmetric S of least squares, from G·S + S·G = FᵀY + YᵀF with G = FᵀF, and the sum of squares that is left."""
    tau, delta = family.pair(shared, np.array([[0.0], [1.0]]))
    ahead, here, behind = parts
    Y = ahead - tau[0] * here + delta[0] * behind
    F = (tau[1] - tau[0]) * here - (delta[1] - delta[0]) * behind
    values, basis = np.linalg.eigh(F.T @ F)
    right = basis.T @ (F.T @ Y + Y.T @ F) @ basis
    sums = np.add.outer(np.maximum(values, 0), np.maximum(values, 0))
    S = basis @ (right / np.maximum(sums, np.finfo(float).tiny + 1e-30 * sums.max())) @ basis.T
    return S, float(np.square(Y - F @ S).sum())


def start(family: Family, other: Fit) -> Guess:
    """The guess for a family that is nearest to the traces and determinants of another's fit."""
    tau, delta = other.pair

    def nearest(momentum: float) -> tuple[float, Array]:
        at = family.pair(np.full(family.shared, momentum), np.array([[0.0], [1.0]]))
        (tau0, tau1), (delta0, delta1) = at
        slope = np.array([tau1 - tau0, delta1 - delta0])
        own = ((tau - tau0) * slope[0] + (delta - delta0) * slope[1]) / max(float(slope @ slope), 1e-300)
        missed = (tau - tau0 - slope[0] * own) ** 2 + (delta - delta0 - slope[1] * own) ** 2
        return float(missed.sum()), own[:, None]

    if not family.shared:
        return Guess(np.empty(0), nearest(0.0)[1], other.basis, np.inf)
    grid = min(MOMENTA, key=lambda m: nearest(float(m))[0])
    width = float(MOMENTA[1] - MOMENTA[0])
    fine = minimize_scalar(lambda m: nearest(m)[0], bounds=(grid - width, grid + width), method="bounded")
    return Guess(np.array([fine.x]), nearest(float(fine.x))[1], other.basis, np.inf)
