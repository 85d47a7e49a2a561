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
from convergence.landscapes.rounding import rounding
from convergence.numerics.interval_newton import NO_VALUE, ball_arithmetic, ball_function

Array = NDArray[np.float64]
Box = tuple[tuple[float, float], ...]
Functions = Callable[..., list[Any]]

MOST, DEPTH = 4000, 2.0**-30
"""The number of boxes, and the width, in parts of the whole, of those that are no longer cut."""

ROOM = 0.1
"""By how much a box is made larger on each side, in parts of its width: a zero may lie on its edge."""

REFINED = 6
"""Newton steps to a zero that is alone in its box."""


def plane_zeros(
    gradient: Sequence[sp.Expr], hessian: Sequence[sp.Expr], variables: Sequence[sp.Symbol], whole: Box
) -> tuple[list[Array], list[Array]]:
    """Points (d,), certified, in order; and middles of parts that could not be decided, as along a curve of zeros."""
    with ball_arithmetic():
        slope, bend = ball_function(variables, list(gradient)), ball_function(variables, list(hessian))
        found: list[Array] = []
        alone: list[Box] = []
        unclear: list[Array] = []
        parts, edge = deque([whole]), rounding(whole)
        for _ in range(MOST):
            if not parts:
                break
            box = parts.popleft()
            room = tuple((low - ROOM * (high - low), high + ROOM * (high - low)) for low, high in box)
            zero = _decided(slope, bend, box, room)
            if isinstance(zero, np.ndarray):
                if _within(zero, whole, edge) and not any(_within(zero, other) for other in alone):
                    found.append(zero)
                alone.append(room)
            elif zero is None:
                small = all(high - low <= DEPTH * (b - a) for (low, high), (a, b) in zip(box, whole, strict=True))
                if small:
                    unclear.append(_middle(box))
                else:
                    parts.extend(_halves(box))
        unclear += [_middle(box) for box in parts]
        return sorted(found, key=lambda x: x.tolist()), unclear


def _within(x: Array, box: Box, edge: float = 0.0) -> bool:
    return all(low - edge <= v <= high + edge for v, (low, high) in zip(x, box, strict=True))


def _decided(slope: Functions, bend: Functions, box: Box, room: Box) -> Array | bool | None:
    """False: no zero is in the box. An array: the one that is in the room around it. None: not decided."""
    try:
        if any(ball > 0 or ball < 0 for ball in slope(*_balls(box))):
            return False
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
    here = _middles(bend(*points)).reshape(size, size)
    try:
        inverse = flint.arb_mat(size, size, np.linalg.inv(here).ravel().tolist())
    except np.linalg.LinAlgError:
        return None
    curve = flint.arb_mat(size, size, [flint.arb(v) for v in bend(*balls)])
    identity = flint.arb_mat(size, size, np.eye(size).ravel().tolist())
    away = flint.arb_mat(size, 1, [b - m for b, m in zip(balls, points, strict=True)])
    moved = (identity - inverse * curve) * away - inverse * flint.arb_mat(size, 1, list(slope(*points)))
    return [m + moved[k, 0] for k, m in enumerate(points)]


def _refined(slope: Functions, bend: Functions, image: list[Any]) -> Array:
    """The zero in an image that holds just one, by Newton's method; the middle where that leaves it."""
    x = _middles(image)
    for _ in range(REFINED):
        points = [flint.arb(float(v)) for v in x]
        x = x - np.linalg.solve(_middles(bend(*points)).reshape(len(x), len(x)), _middles(slope(*points)))
    whole = np.where([ball.contains(0) for ball in image], 0.0, x)
    if all(ball.contains(0) for ball in slope(*map(flint.arb, whole.tolist()))):
        return whole
    return x if all(ball.contains(v) for ball, v in zip(image, x.tolist(), strict=True)) else _middles(image)


def _middles(balls: list[Any]) -> Array:
    return np.array([float(ball.mid()) for ball in balls])


def _middle(box: Box) -> Array:
    return np.array([(low + high) / 2 for low, high in box])


def _halves(box: Box) -> list[Box]:
    """Cut across its longest side, a little off the middle."""
    k = int(np.argmax([high - low for low, high in box]))
    low, high = box[k]
    cut = low + SPLIT * (high - low)
    return [(*box[:k], part, *box[k + 1 :]) for part in ((cut, high), (low, cut))]
