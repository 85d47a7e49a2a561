"""All points of a box in the plane where a gradient vanishes, certified in ball arithmetic.

A box on which a component of the gradient has one sign holds none. Where Krawczyk's operator (1969) maps a slightly larger box
into itself, that holds just one; where it maps it beside itself, that holds none. Others are halved.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import flint
import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convergence.landscapes.roots import SPLIT
from convergence.numerics.interval_newton import NO_VALUE, ball_arithmetic, ball_function

Array = NDArray[np.float64]
Box = tuple[tuple[float, float], ...]
Functions = Callable[..., list[Any]]

MOST, DEPTH = 4000, 2.0**-30
"""The number of boxes, and the width, in parts of the whole, of those that are no longer cut."""

ROOM = 0.1
"""By how much a box is made larger on each side, in parts of its width: a zero may lie on its edge."""

SAME, EDGE = 1e-9, 1e-15
"""In parts of the whole: how near two zeros are one, and a zero on the edge is in it."""

REFINED, TINY = 6, 1e-15
"""Newton steps to a zero that is alone in its box, and coordinates that are 0 but for rounding."""


def plane_zeros(
    gradient: Sequence[sp.Expr], hessian: Sequence[sp.Expr], variables: Sequence[sp.Symbol], whole: Box
) -> tuple[list[Array], list[Array]]:
    """Points (d,), certified, in order; and middles of parts that could not be decided, as along a curve of zeros."""
    with ball_arithmetic():
        slope, bend = ball_function(variables, list(gradient)), ball_function(variables, list(hessian))
        found: list[Array] = []
        unclear: list[Array] = []
        parts = deque([whole])
        for _ in range(MOST):
            if not parts:
                break
            box = parts.popleft()
            verdict = _decided(slope, bend, box)
            if isinstance(verdict, np.ndarray):
                edge = EDGE * _size(whole)
                inside = all(low - edge <= x <= high + edge for x, (low, high) in zip(verdict, whole, strict=True))
                if inside and not any(np.abs(verdict - other).max() <= SAME * _size(whole) for other in found):
                    found.append(verdict)
            elif verdict is None:
                small = all(high - low <= DEPTH * (b - a) for (low, high), (a, b) in zip(box, whole, strict=True))
                if small:
                    unclear.append(_middle(box))
                else:
                    parts.extend(_halves(box))
        unclear += [_middle(box) for box in parts]
        return sorted(found, key=lambda x: x.tolist()), unclear


def _decided(slope: Functions, bend: Functions, box: Box) -> Array | bool | None:
    """False: no zero is in the box. An array: the one that is in it, or next to it. None: not decided."""
    try:
        if any(ball > 0 or ball < 0 for ball in slope(*_balls(box))):
            return False
        room = tuple((low - ROOM * (high - low), high + ROOM * (high - low)) for low, high in box)
        image = _krawczyk(slope, bend, room)
        if image is None:
            return None
        if any(not ball.overlaps(own) for ball, own in zip(image, _balls(box), strict=True)):
            return False  # a zero in the box would be in the image
        if not all(low < ball.lower() and ball.upper() < high for ball, (low, high) in zip(image, room, strict=True)):
            return None
        return _refined(slope, bend, image)
    except NO_VALUE:
        return None


def _balls(box: Box) -> list[Any]:
    return [flint.arb(low).union(flint.arb(high)) for low, high in box]


def _krawczyk(slope: Functions, bend: Functions, box: Box) -> list[Any] | None:
    """m − C∇f(m) + (I − CH(X))(X − m), with C the inverse of the Hessian at the middle m; None where that is singular."""
    size, middle, balls = len(box), _middle(box), _balls(box)
    points = [flint.arb(float(x)) for x in middle]
    here = np.array([float(flint.arb(v).mid()) for v in bend(*points)]).reshape(size, size)
    if not np.isfinite(here).all() or abs(np.linalg.det(here)) <= 1e-12 * np.abs(here).max() ** size:
        return None
    inverse = flint.arb_mat(size, size, np.linalg.inv(here).ravel().tolist())
    curve = flint.arb_mat(size, size, [flint.arb(v) for v in bend(*balls)])
    identity = flint.arb_mat(size, size, np.eye(size).ravel().tolist())
    away = flint.arb_mat(size, 1, [b - m for b, m in zip(balls, points, strict=True)])
    moved = (identity - inverse * curve) * away - inverse * flint.arb_mat(size, 1, list(slope(*points)))
    return [m + moved[k, 0] for k, m in enumerate(points)]


def _refined(slope: Functions, bend: Functions, image: list[Any]) -> Array:
    """The zero in an image that holds just one, by Newton's method; the middle where that leaves it."""
    x = np.array([float(ball.mid()) for ball in image])
    for _ in range(REFINED):
        points = [flint.arb(float(v)) for v in x]
        here, turn = (np.array([float(flint.arb(v).mid()) for v in part(*points)]) for part in (slope, bend))
        x = x - np.linalg.solve(turn.reshape(len(x), len(x)), here)
    x = np.where(np.abs(x) < TINY, 0.0, x)
    inside = all(ball.lower() <= v <= ball.upper() for ball, v in zip(image, x.tolist(), strict=True))
    return x if inside else np.array([float(ball.mid()) for ball in image])


def _middle(box: Box) -> Array:
    return np.array([(low + high) / 2 for low, high in box])


def _halves(box: Box) -> list[Box]:
    """Cut across its longest side, a little off the middle."""
    k = int(np.argmax([high - low for low, high in box]))
    low, high = box[k]
    cut = low + SPLIT * (high - low)
    return [(*box[:k], part, *box[k + 1 :]) for part in ((cut, high), (low, cut))]


def _size(box: Box) -> float:
    return max(high - low for low, high in box)
