"""The largest modulus of a polynomial over an interval, from its values at Chebyshev nodes, with a proven bound.

In θ, with λ = μcos²(θ/2) + L·sin²(θ/2), a polynomial of degree n is a trigonometric one. Near a maximum θ* it cannot
fall faster than M·cos(n(θ−θ*)) (van der Corput and Schaake 1935; on a grid: Ehlich and Zeller 1964), so a node from
which no maximum is near enough is ruled out, for good. What is left is looked at again, ever closer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import cos, factorial, pi

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct, dst

from convergence.problem.arrays import Array

OVERSAMPLING = 2
ORDER = 17
"""Taylor order in a node's cell: its remainder is (π/4)¹⁸/18! = 2e-18 of the maximum at twofold oversampling."""

ZOOM = np.linspace(-1.0, 1.0, 33)
FIRST = ZOOM[:, None] ** np.arange(ORDER + 1)
"""The powers of the first points, which are the same in every cell."""

CLOSE = 1e-6
"""Where the points are this near to each other, in units of 1/n, the bound is 5e-13 above the value, relatively."""

SAMPLES = 257
"""Nodes of an interval that is only sampled."""

NOISE = 8 * float(np.finfo(float).eps)
"""Chebyshev coefficients below this, relative to the largest value, are rounding."""


@dataclass(frozen=True)
class Maximum:
    """The largest modulus: ``value`` is attained at ``theta``, and ``bound`` ≥ the largest modulus on all of [0, π].

    Where it is attained more than once, as by what is best, ``theta`` is the first: rounding does not choose.
    """

    value: float
    theta: float
    bound: float


@lru_cache(maxsize=64)
def _weights(count: int) -> tuple[Array, Array]:
    half = (np.arange(count) + 0.5) * (pi / (2 * count))
    return np.cos(half) ** 2, np.sin(half) ** 2


def nodes(mu: float, L: float, count: int) -> Array:
    """Chebyshev nodes (count,) of [μ, L], ascending; without cancellation, so that those near μ are right at κ = 1e12."""
    low, high = _weights(count)
    return mu * low + L * high if mu < L else np.full(count, mu)


def sampled(mu: float, L: float) -> Array:
    """Curvatures that stand for an interval where nothing is proven between them: ``SAMPLES`` nodes and both ends."""
    return np.unique([mu, *nodes(mu, L, SAMPLES), L])


def at_angle(mu: float, L: float, theta: float) -> float:
    """The λ that belongs to an angle: μ at 0 and L at π."""
    return float(mu * np.cos(theta / 2) ** 2 + L * np.sin(theta / 2) ** 2) if mu < L else mu


def enough(degree: int) -> int:
    """How many nodes ``largest_modulus`` needs for a polynomial of this degree."""
    return OVERSAMPLING * (degree + 1)


def coefficients(values: Array) -> Array:
    """Chebyshev coefficients in cos(jθ) of values at nodes (count,)."""
    series = np.asarray(dct(values, type=2)) / len(values)
    series[0] /= 2
    return series


def largest_modulus(values: Array, degree: int, series: Array | None = None) -> Maximum:
    """The largest |p| over the interval for values (count,) of a polynomial of at most this degree at its ``nodes``.

    ``count`` must exceed the degree; ``enough(degree)`` is meant. ``bound`` is proven for the polynomial through these
    values; it allows for the rounding of the transform. ``series`` are the ``coefficients`` of the values, where they
    are known.
    """
    top = float(np.abs(values).max())
    if top == 0 or not np.isfinite(top):
        place = float((np.argmax(np.abs(values)) + 0.5) * pi / len(values)) if top else 0.0
        return Maximum(top, place, top)
    scaled = np.asarray(values) / top
    series = (coefficients(scaled) if series is None else series / top)[: degree + 1]
    significant = np.flatnonzero(np.abs(series) > NOISE)
    kept = int(significant[-1]) if significant.size else 0
    lost = float(np.abs(series[kept + 1 :]).sum()) + NOISE * (1 + kept) ** 0.5
    sides = [_highest(side * scaled, side * series[: kept + 1]) for side in _sides(scaled, kept)]
    value = max(best for best, *_ in sides)
    theta = min(theta for best, theta, _ in sides if best >= value - _tie(len(scaled)))
    return Maximum(top * value, theta, top * (max(bound for *_, bound in sides) + lost))


def _tie(count: int) -> float:
    """How far equal heights may lie apart: a rounding a step, of which there are fewer than nodes, and what points miss."""
    return NOISE * count + CLOSE**2


def _sides(scaled: Array, degree: int) -> tuple[float, ...]:
    """The signs that the largest modulus can have: of p, of −p, or either."""
    margin = cos(degree * pi / (2 * len(scaled)))
    return tuple(side for side in (1.0, -1.0) if float((side * scaled).max()) >= margin - NOISE)


def _highest(values: Array, series: Array) -> tuple[float, float, float]:
    """The highest value of a trigonometric polynomial, where it is, and a bound of it: only near high nodes can it be."""
    count, degree = len(values), len(series) - 1
    reach = degree * pi / (2 * count)
    best, low = float(values.max()), float(values.min())
    spread = (best - low) / 2 / cos(reach)  # about the middle it is at most that, by Ehlich and Zeller
    if degree == 0 or spread <= NOISE:
        return best, 0.0, best + spread
    middle = best - spread
    cells = np.flatnonzero(values - middle >= cos(reach) * (best - middle) * (1 - NOISE))
    return _zoomed(_taylor(series, count)[:, cells], cells, reach, middle, count)


def _zoomed(
    taylor: Array, cells: NDArray[np.intp], reach: float, middle: float, count: int
) -> tuple[float, float, float]:
    places, width, room = np.zeros(len(cells)), 1.0, 64 * len(cells) + 4096
    own = np.arange(len(cells))
    while True:
        points = places[:, None] + width * ZOOM
        heights = (FIRST @ taylor).T if width == 1 else _summed(taylor[:, own], points)
        if width < 1:
            heights[np.abs(points) > 1] = -np.inf  # the next cell's
        best = float(heights.max())
        width *= (ZOOM[1] - ZOOM[0]) / 2
        high = heights - middle >= cos(reach * width) * (best - middle) * (1 - NOISE)
        found = high.ravel().nonzero()[0]
        if reach * width < CLOSE or len(found) > room:
            thetas = (cells[own, None] + 0.5 + points / 2) * pi / count
            equal = heights >= best - _tie(count)
            first = equal & (thetas <= thetas[equal].min() + pi / count)
            theta = float(thetas[first][heights[first].argmax()])
            return best, theta, middle + (best - middle) / cos(reach * width) + NOISE
        own, places = own[found // len(ZOOM)], points.flat[found]


def _summed(rows: Array, points: Array) -> Array:
    """Σ rows[r]·points^r, rows (ORDER+1, cells), points (cells, z): with all powers at once, in few calls of NumPy."""
    powers = np.empty((len(rows), *points.shape))
    powers[0], powers[1:] = 1.0, points
    np.multiply.accumulate(powers, axis=0, out=powers)
    return np.asarray(np.einsum("rc,rcz->cz", rows, powers))


@lru_cache(maxsize=64)
def _scales(degree: int, count: int) -> Array:
    """(jδ)^r/r! with the signs of the r-th derivatives of cos, (ORDER+1, degree+1); δ is half a cell."""
    steps = np.arange(degree + 1) * (pi / (2 * count))
    rows = np.array([steps**r / factorial(r) for r in range(ORDER + 1)])
    signs = np.array([1.0, -1.0, -1.0, 1.0])[np.arange(ORDER + 1) % 4]
    return np.asarray(rows * signs[:, None])


def _taylor(series: Array, count: int) -> Array:
    """Taylor coefficients (ORDER+1, count) at the nodes, in units of half a cell, by fast transforms."""
    degree, terms = len(series) - 1, _scales(len(series) - 1, count) * series / 2
    cosines, sines = (np.zeros((len(part), count)) for part in (terms[0::2], terms[1::2]))
    cosines[:, : degree + 1] = terms[0::2]
    cosines[:, 0] *= 2
    sines[:, :degree] = terms[1::2, 1:]
    whole = np.empty((ORDER + 1, count))
    whole[0::2], whole[1::2] = dct(cosines, type=3), dst(sines, type=3)
    return whole
