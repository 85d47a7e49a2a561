"""Newton's interval operator: a proof, in ball arithmetic, that a map has one cycle near given points.

With G = F∘…∘F, a box X about m and any matrix C, K = m − C(G(m) − m) + (I − C(G′(X) − I))(X − m) inside X proves exactly one
fixed point of G in X (Krawczyk 1969).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import flint
import numpy as np
import sympy as sp

from convergence.problem.arrays import Array

RADII = (1e-12, 1e-10, 1e-8, 1e-6)
"""Half-widths of the boxes that are tried, relative to each state."""

BITS = 160


def contains_one(state: Sequence[sp.Symbol], update: Sequence[sp.Expr], points: Array) -> bool:
    """Whether it is proved that ``update`` has one cycle through the points (n, s), up to 1e-6 of them.

    False where that is not proved: where a kink is met, a derivative has eigenvalue 1, or the rule is no algebraic one.
    """
    if any(entry.has(sp.Max, sp.Min, sp.Piecewise) for entry in update):
        return False  # comparisons of balls that overlap say False, and would choose a branch
    with ball_arithmetic():
        try:
            step = ball_function(state, list(update))
            slope = ball_function(state, list(sp.Matrix(update).jacobian(state)))
            return any(_proved(step, slope, points, radius) for radius in RADII)
        except NO_VALUE:
            return False


@contextmanager
def ball_arithmetic() -> Iterator[None]:
    """Balls of ``BITS`` binary digits; the digits that there were come back afterwards."""
    before = flint.ctx.prec
    flint.ctx.prec = BITS
    try:
        yield
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


def ball_function(state: Sequence[sp.Symbol], formulas: list[sp.Expr]) -> Callable[..., Any]:
    """The formulas on balls; fractions and π are enclosed, not rounded."""
    numbers = {f for e in formulas for f in e.atoms(sp.Rational, sp.NumberSymbol) if not f.is_Integer}
    fractions = sorted(numbers, key=str)
    named = {f: sp.Dummy(f"q{k}") for k, f in enumerate(fractions)}
    plain = [
        e.replace(sp.DiracDelta, lambda *a: sp.Integer(0)).replace(sp.sign, SIGN).xreplace(named) for e in formulas
    ]
    values = [CONSTANTS[f]() if f in CONSTANTS else flint.arb(int(f.p)) / int(f.q) for f in fractions]
    function = sp.lambdify([*state, *named.values()], plain, modules=[KNOWN])
    return lambda *balls: [flint.arb(v) for v in function(*balls, *values)]


def _sign(ball: Any, *_: Any) -> Any:
    if ball > 0:
        return flint.arb(1)
    if ball < 0:
        return flint.arb(-1)
    raise Undecided


SIGN = sp.Function("sign_of")
"""In the place of SymPy's sign, which is printed as a comparison: of a ball that would be a guess."""


def _smooth(name: str) -> Callable[[Any], Any]:
    return lambda ball: getattr(flint.arb(ball), name)()


SMOOTH = ("sqrt", "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan")
HYPERBOLIC = ("sinh", "cosh", "tanh", "asinh", "acosh", "atanh")
KNOWN: dict[str, Callable[..., Any]] = {
    "sign_of": _sign,
    "Abs": lambda ball: _sign(ball) * ball,
    "abs": lambda ball: _sign(ball) * ball,
    **{name: _smooth(name) for name in (*SMOOTH, *HYPERBOLIC)},
}
CONSTANTS: dict[sp.Expr, Callable[[], Any]] = {sp.pi: flint.arb.pi, sp.E: flint.arb.const_e}

NO_VALUE = (Undecided, ValueError, ArithmeticError, TypeError, NameError, NotImplementedError, AttributeError)
"""What a formula raises that has no value on a ball."""
