"""Newton's interval operator: a proof, in ball arithmetic, that a map has one cycle near given points.

With G = F∘…∘F, a box X about m and any matrix C, K = m − C(G(m) − m) + (I − C(G′(X) − I))(X − m) inside X proves exactly one
fixed point of G in X (Krawczyk 1969).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import flint
import numpy as np
import sympy as sp
from numpy.typing import NDArray

Array = NDArray[np.float64]

RADII = (1e-12, 1e-10, 1e-8, 1e-6)
"""Half-widths of the boxes that are tried, relative to each state."""

BITS = 160


def contains_one(state: Sequence[sp.Symbol], update: Sequence[sp.Expr], points: Array) -> bool:
    """Whether it is proved that ``update`` has one cycle through the points (n, s), up to 1e-6 of them.

    False where that is not proved: where a kink is met, a derivative has eigenvalue 1, or the rule is no algebraic one.
    """
    if any(entry.has(sp.Max, sp.Min, sp.Piecewise) for entry in update):
        return False  # comparisons of balls that overlap say False, and would choose a branch
    before = flint.ctx.prec
    flint.ctx.prec = BITS
    try:
        step = _ball_function(state, list(update))
        slope = _ball_function(state, list(sp.Matrix(update).jacobian(state)))
        return any(_proved(step, slope, points, radius) for radius in RADII)
    except (Undecided, ValueError, ArithmeticError, TypeError, NameError, NotImplementedError, AttributeError):
        return False
    finally:
        flint.ctx.prec = before


class Undecided(ArithmeticError):
    """A kink inside a ball."""


def _proved(step: Callable[..., Any], slope: Callable[..., Any], points: Array, radius: float) -> bool:
    size = points.shape[1]
    middle = [flint.arb(float(value)) for value in points[0]]
    widths = [radius * max(abs(float(value)), 1e-300) for value in points[0]]
    box = [flint.arb(float(value), width) for value, width in zip(points[0], widths, strict=True)]
    product = flint.arb_mat(size, size, [int(i == j) for i in range(size) for j in range(size)])
    image, around = middle, box
    for _ in points:
        product = flint.arb_mat(size, size, [flint.arb(v) for v in slope(*around)]) * product
        image, around = list(step(*image)), list(step(*around))
    identity = flint.arb_mat(size, size, [int(i == j) for i in range(size) for j in range(size)])
    derivative = product - identity
    guess = np.array([[float(derivative[i, j].mid()) for j in range(size)] for i in range(size)])
    inverse = flint.arb_mat(size, size, [float(v) for v in np.linalg.inv(guess).ravel()])
    gap = flint.arb_mat(size, 1, [i - m for i, m in zip(image, middle, strict=True)])
    spread = flint.arb_mat(size, 1, [b - m for b, m in zip(box, middle, strict=True)])
    moved = (identity - inverse * derivative) * spread - inverse * gap
    inside = [abs(moved[i, 0]) < flint.arb(width) for i, width in enumerate(widths)]
    return all(inside)


def _ball_function(state: Sequence[sp.Symbol], formulas: list[sp.Expr]) -> Callable[..., Any]:
    """The formulas on balls; fractions are enclosed, not rounded."""
    fractions = sorted({f for e in formulas for f in e.atoms(sp.Rational) if not f.is_Integer}, key=str)
    named = {f: sp.Dummy(f"q{k}") for k, f in enumerate(fractions)}
    plain = [e.replace(sp.DiracDelta, lambda *a: sp.Integer(0)).xreplace(named) for e in formulas]
    values = [flint.arb(int(f.p)) / int(f.q) for f in fractions]
    function = sp.lambdify([*state, *named.values()], plain, modules=[KNOWN])
    return lambda *balls: [flint.arb(v) for v in function(*balls, *values)]


def _sign(ball: Any, *_: Any) -> Any:
    if ball > 0:
        return flint.arb(1)
    if ball < 0:
        return flint.arb(-1)
    raise Undecided


KNOWN = {
    "sign": _sign,
    "Abs": lambda ball: _sign(ball) * ball,
    "abs": lambda ball: _sign(ball) * ball,
    "sqrt": lambda ball: flint.arb(ball).sqrt(),
    "exp": lambda ball: flint.arb(ball).exp(),
    "log": lambda ball: flint.arb(ball).log(),
    "tanh": lambda ball: flint.arb(ball).tanh(),
}
