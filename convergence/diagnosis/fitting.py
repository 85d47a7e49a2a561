"""Iterates, a family and a guess go in; the fitted recurrences and directions come out, with the covariance of both.

Two pictures of the noise. "logged": the run was exact, and its log is rounded or noisy; then the fit is of the sequence
c + a·U_k + b·V_k itself (U, V the recurrence's own solutions, so that a double root is no trouble). "run": each step was
rounded or noisy, and the log is what the method really saw; then the fit is of one step from the logged ones. The
directions are fitted along, as rotations of the guess (Gauss–Newton; Golub and Pereyra 1973 for the separation).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from convergence.diagnosis.family import Family

Array = NDArray[np.float64]

ITERATIONS = 40
HALVINGS = 14

CUTOFF = 1e-11
"""Singular values below this part of the largest are no information."""

DONE = 1e-6
"""The fit ends when the sum of squares falls by less than this part."""

SURE = 0.9973
"""The part of the runs whose truth lies within the error bars: three standard deviations of a Gaussian."""

SILENT = 1e-3
"""An unknown is not determined when this much of it (its square) lies where there is no information."""

ROUNDINGS = 100.0
"""Residuals of fewer roundings than this are rounding itself, which is not independent from step to step: bars are doubled."""

FLOOR = 0.3
"""No log is better than this many units in the last place: the standard deviation of rounding."""


@dataclass(frozen=True, eq=False)
class Picture:
    """How the noise enters: in the log or in the run, of one size or relative to the iterate."""

    logged: bool
    relative: bool


@dataclass(frozen=True, eq=False)
class Fit:
    """``shared`` (p,), ``own`` (m, q), ``basis`` (m, m), ``linear`` (m, 3 or 1): c, a, b of the log, or κ of the run.

    ``scale`` is the size of the noise in the units of the weights, ``score`` the Bayesian information per number (small is
    good), ``covariance`` of the unknowns (shared, then own row by row, then linear), inf where nothing is known.
    ``correlation`` is that of successive residuals, ``spread`` the part of the rows that they are spread over (a third and
    more for noise); ``factor`` turns standard errors into error bars.
    """

    family: Family
    picture: Picture
    shared: Array
    own: Array
    basis: Array
    linear: Array
    scale: float = 1.0
    score: float = np.inf
    covariance: Array | None = None
    correlation: float = 0.0
    spread: float = 1.0
    factor: float = 3.0

    @property
    def pair(self) -> tuple[Array, Array]:
        return self.family.pair(self.shared, self.own)


def fit(x: Array, noise: Array, family: Family, picture: Picture, shared: Array, own: Array, basis: Array) -> Fit:
    """Fit iterates x (rows, m) by least squares, starting from this guess."""
    now = Fit(family, picture, shared, own, basis, np.zeros((len(own), 3 if picture.logged else 1)))
    weight = 1 / noise
    with np.errstate(all="ignore"):
        now = replace(now, linear=_linear(x, weight, now))
        size, residual, jacobian = _evaluated(x, weight, now)
        for _ in range(ITERATIONS):
            step = _step(jacobian, residual)
            moved, new = _halved(x, weight, now, step, size)
            if moved is None:
                break
            fallen, (size, residual, jacobian), now = size - new[0] <= DONE * size, new, moved
            if fallen:
                break
        return _judged(now, residual, jacobian, noise)


def _halved(
    x: Array, weight: Array, now: Fit, step: Array, size: float
) -> tuple[Fit | None, tuple[float, Array, Array]]:
    for halving in range(HALVINGS):
        moved = _moved(now, step * 0.5**halving)
        new = _evaluated(x, weight, moved)
        if new[0] < size:
            return moved, new
    return None, (size, np.empty(0), np.empty(0))


def _evaluated(x: Array, weight: Array, now: Fit) -> tuple[float, Array, Array]:
    """The sum of squares (∞ where it overflows), the residuals (rows, m), the Jacobian (rows·m, unknowns)."""
    p = x @ now.basis
    residual, own, linear, image = (_of_log if now.picture.logged else _of_run)(p, now)
    w = weight if now.picture.logged else weight[2:]
    residual = residual * w[:, None]
    size = float(np.square(residual).sum())
    if not np.isfinite(size):
        return np.inf, residual, np.empty(0)
    return size, residual, _jacobian(now, own, linear, image, w)


def _of_log(p: Array, now: Fit) -> tuple[Array, tuple[Array, Array], Array, Array]:
    """Residual p − f; its derivatives by τ, δ (rows, m), by c, a, b (3, rows, m), and what a rotation mixes (rows, m, m)."""
    tau, delta = now.pair
    U, V = _solutions(tau, delta, len(p))
    c, a, b = now.linear.T
    u = a * U + b * V
    by_tau, by_delta = _slopes(tau, delta, u)
    image = np.broadcast_to(p[:, :, None], (*p.shape, p.shape[1]))
    return p - c - u, (-by_tau, -by_delta), -np.stack([np.ones_like(U), U, V]), image


def _of_run(p: Array, now: Fit) -> tuple[Array, tuple[Array, Array], Array, Array]:
    """The same for one step: residual p_{k+1} − τp_k + δp_{k−1} − κ."""
    tau, delta = now.pair
    ahead, here, behind = p[2:], p[1:-1], p[:-2]
    image = ahead[:, :, None] - here[:, :, None] * tau + behind[:, :, None] * delta
    residual = ahead - tau * here + delta * behind - now.linear[:, 0]
    return residual, (-here, behind), -np.ones((1, *here.shape)), image


def _solutions(tau: Array, delta: Array, rows: int) -> tuple[Array, Array]:
    """The solutions that begin with 1, 0 and with 0, 1: (rows, m) each."""
    found = np.zeros((rows, 2, len(tau)))
    found[0, 0] = found[1, 1] = 1.0
    for k in range(2, rows):
        found[k] = tau * found[k - 1] - delta * found[k - 2]
    return found[:, 0], found[:, 1]


def _slopes(tau: Array, delta: Array, u: Array) -> tuple[Array, Array]:
    """The derivatives of a solution with fixed beginning, by τ and by δ."""
    found = np.zeros((len(u), 2, len(tau)))
    for k in range(2, len(u)):
        found[k] = tau * found[k - 1] - delta * found[k - 2]
        found[k, 0] += u[k - 1]
        found[k, 1] -= u[k - 2]
    return found[:, 0], found[:, 1]


def _jacobian(now: Fit, by: tuple[Array, Array], linear: Array, image: Array, weight: Array) -> Array:
    rows, m = by[0].shape
    _, _, tau_own, delta_own, tau_shared, delta_shared = now.family.formulas(now.shared, now.own)
    columns = [by[0] * tau_shared[:, k] + by[1] * delta_shared[:, k] for k in range(now.family.shared)]
    empty = np.zeros((rows, m))
    for i in range(m):
        for q in range(now.family.own):
            columns.append(_only(empty, i, by[0][:, i] * tau_own[i, q] + by[1][:, i] * delta_own[i, q]))
    for i in range(m):
        columns += [_only(empty, i, part[:, i]) for part in linear]
    for i, j in combinations(range(m), 2):
        turned = _only(empty, j, image[:, i, j])
        turned[:, i] = -image[:, j, i]
        columns.append(turned)
    return np.stack([(column * weight[:, None]).ravel() for column in columns], axis=1)


def _only(empty: Array, place: int, column: Array) -> Array:
    made = empty.copy()
    made[:, place] = column
    return made


def _step(jacobian: Array, residual: Array) -> Array:
    lengths = np.linalg.norm(jacobian, axis=0)
    lengths[lengths == 0] = 1.0
    return np.asarray(np.linalg.lstsq(jacobian / lengths, -residual.ravel(), rcond=CUTOFF)[0] / lengths)


def _moved(now: Fit, step: Array) -> Fit:
    p, (m, q), width = len(now.shared), now.own.shape, now.linear.shape[1]
    cuts = np.cumsum([p, m * q, m * width])
    shared, own, linear, turns = np.split(step, cuts)
    turn = np.zeros((m, m))
    for angle, (i, j) in zip(turns, combinations(range(m), 2), strict=True):
        turn[i, j], turn[j, i] = angle, -angle
    half = turn / 2  # Cayley: a rotation for any skew matrix, equal to the step in first order
    rotation = np.linalg.solve(np.eye(m) - half, np.eye(m) + half)
    return replace(
        now,
        shared=now.shared + shared,
        own=now.own + own.reshape(m, q),
        linear=now.linear + linear.reshape(m, width),
        basis=now.basis @ rotation,
    )


def _linear(x: Array, weight: Array, now: Fit) -> Array:
    """The best linear unknowns for these recurrences."""
    p = x @ now.basis
    tau, delta = now.pair
    if not now.picture.logged:
        w = weight[2:, None] ** 2
        return np.asarray((((p[2:] - tau * p[1:-1] + delta * p[:-2]) * w).sum(axis=0) / w.sum())[:, None])
    U, V = _solutions(tau, delta, len(p))
    found = np.zeros((len(tau), 3))
    for i in range(len(tau)):
        design = np.stack([np.ones(len(p)), U[:, i], V[:, i]], axis=1) * weight[:, None]
        good = np.isfinite(design).all(axis=1)
        found[i] = np.linalg.lstsq(design[good], p[good, i] * weight[good], rcond=1e-14)[0]
    return found


def _judged(now: Fit, residual: Array, jacobian: Array, noise: Array) -> Fit:
    rows, unknowns = residual.size, jacobian.shape[1]
    freedom = max(rows - unknowns, 1)
    scale = max(float(np.sqrt(np.square(residual).sum() / freedom)), FLOOR)
    likely = max(float(np.sqrt(np.square(residual).sum() / rows)), FLOOR * (freedom / rows) ** 0.5)
    used = noise if now.picture.logged else noise[2:]
    score = np.log(likely) + np.log(used).mean() + unknowns * np.log(rows) / (2 * rows)
    together = float((residual[1:] * residual[:-1]).sum() / max(np.square(residual).sum(), 1e-300))
    inflation = (1 + max(together, 0.0)) / max(1 - max(together, 0.0), 0.02)
    kept = len(now.shared) + now.own.size + now.linear.size
    covariance = _covariance(jacobian)[:kept, :kept] * scale**2 * inflation
    factor = float(student.ppf((1 + SURE) / 2, freedom)) * (2.0 if scale < ROUNDINGS else 1.0)
    squares = np.square(residual).sum(axis=1)
    spread = float(squares.sum() ** 2 / max(len(squares) * np.square(squares).sum(), 1e-300)) if squares.any() else 1.0
    judged = replace(now, scale=scale, score=float(score), covariance=covariance, factor=factor)
    return replace(judged, correlation=together, spread=spread)


def _covariance(jacobian: Array) -> Array:
    """(JᵀJ)⁻¹, with inf for unknowns that the Jacobian does not determine."""
    lengths = np.linalg.norm(jacobian, axis=0)
    dead = lengths == 0
    scaled = jacobian / np.where(dead, 1.0, lengths)
    _, values, right = np.linalg.svd(scaled, full_matrices=len(scaled) < scaled.shape[1])
    values = np.concatenate([values, np.zeros(len(right) - len(values))])
    known = values > CUTOFF * values.max(initial=0.0)
    lost = np.square(right[~known]).sum(axis=0) > SILENT
    found = (right[known].T / np.where(known, values, 1.0)[known] ** 2) @ right[known]
    found = found / np.outer(np.where(dead, 1.0, lengths), np.where(dead, 1.0, lengths))
    found[lost | dead, lost | dead] = np.inf
    return np.asarray(found)
