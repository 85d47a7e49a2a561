"""All zeros of a formula in one variable on an interval, certified in ball arithmetic.

An interval on which f has one sign, or f′ has one sign, is decided: it holds no zero, or as many as the signs at its ends
say. Others are halved. What stays undecided is near a zero of f and f′ both: it holds one zero of order k where f, …,
f⁽ᵏ⁻¹⁾ vanish at a point exactly and f⁽ᵏ⁾ has one sign around it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, nextafter
from typing import Any

import flint
import sympy as sp

from convergence.errors import BadData
from convergence.landscapes.rounding import rounding
from convergence.numerics.interval_newton import NO_VALUE, ball_arithmetic, ball_function

SPLIT = 0.4871
"""Where an interval is cut, a little off its middle: zeros like to be there."""

DEPTH, MOST = 2.0**-30, 20_000
"""The width of the interval's parts that are no longer cut, in parts of the whole, and the number of parts."""

GAP = 2.0**-20
"""How far apart, in parts of the whole, undecided parts may be that are taken for one."""

DENOMINATORS = (10**3, 10**6, 10**9)
"""Of the fractions that are tried as zeros of higher order."""

DIGITS = 1000
"""More binary digits in which a value is looked at before it is simplified."""

HIGHEST = 12
"""The highest order of a zero that is looked for."""


@dataclass(frozen=True)
class Zero:
    """An enclosure [low, high] of a zero of this ``order``, and the number in floats; ``certified``: just one is in it."""

    x: float
    low: float
    high: float
    order: int
    certified: bool


Ball = Any
Function = Callable[[Ball], Ball]


def zeros(f: sp.Expr, x: sp.Symbol, low: float, high: float) -> list[Zero]:
    """All zeros of f in [low, high], in order; those that are not certified stand for parts that could not be decided.

    BadData where f has no value on so much of the interval that it cannot be searched.
    """
    if f.is_zero:
        raise BadData("the function is constant: every point is critical")
    with ball_arithmetic():
        value, slope = on_balls(f, x), on_balls(sp.diff(f, x), x)
        simple, unclear = _searched(f, x, value, slope, low, high)
        return sorted(
            (*simple, *(_multiple(f, x, part) for part in _joined(unclear, GAP * (high - low)))),
            key=lambda zero: zero.x,
        )


def on_balls(f: sp.Expr, x: sp.Symbol) -> Function:
    """The formula on a ball; nan where it has no value, or compares."""
    compared = f.replace(lambda part: isinstance(part, sp.Max | sp.Min), lambda part: part.rewrite(sp.Abs))
    smooth = compared.replace(sp.Heaviside, lambda at, *_: (1 + sp.sign(at)) / 2)
    inner = None if smooth.has(sp.Max, sp.Min, sp.Piecewise) else ball_function([x], [smooth])

    def value(ball: Ball) -> Ball:
        try:
            return inner(ball)[0] if inner else flint.arb("nan")
        except NO_VALUE:
            return flint.arb("nan")

    return value


def _searched(
    f: sp.Expr, x: sp.Symbol, value: Function, slope: Function, low: float, high: float
) -> tuple[list[Zero], list[tuple[float, float]]]:
    simple: list[Zero] = []
    unclear: list[tuple[float, float]] = []
    parts, seen = [(low, high)], 0
    while parts:
        a, b = parts.pop()
        seen += 1
        if seen > MOST:
            if not value(flint.arb(a)).is_finite():
                raise BadData(
                    f"{f} has no real value, no derivative, or cases, on a part of [{low:g}, {high:g}]; give an interval on "
                    f"which it is smooth"
                )
            return simple, [*unclear, (a, b), *parts]
        ball = flint.arb(a).union(flint.arb(b))
        here, rise, middle = value(ball), slope(ball), ball.mid()
        if _sign(here) or (here.is_finite() and _sign(value(middle) + rise * (ball - middle))):
            continue
        if here.is_finite() and _sign(rise):  # where f has no value, it may jump
            left, right = (_sign_at(f, x, value, end) for end in (a, b))
            if left is not None and right is not None:
                if left * right <= 0:
                    simple.append(_refined(value, slope, a, b))
                continue
        if b - a <= max(DEPTH * (high - low), rounding(a, b)):
            unclear.append((a, b))
            continue
        cut = a + SPLIT * (b - a)
        while not _sign(value(flint.arb(cut))) and cut < a + 0.6 * (b - a):
            cut += 0.0173 * (b - a)
        parts += [(cut, b), (a, cut)]
    return simple, unclear


def _sign(ball: Ball) -> int:
    return 1 if ball > 0 else -1 if ball < 0 else 0


def _sign_at(f: sp.Expr, x: sp.Symbol, value: Function, point: float) -> int | None:
    """The sign at a point; 0 where it vanishes exactly, None where that is not known."""
    sign = _sign(value(flint.arb(point)))
    return sign or (0 if _vanishes(f, x, sp.Rational(point)) else None)


def _vanishes(f: sp.Expr, x: sp.Symbol, point: sp.Expr) -> bool:
    """Whether f is 0 at a point exactly. Simplified, at length, is only what so many digits do not keep from 0."""
    formula = f.subs(x, point)
    with flint.ctx.extraprec(DIGITS):
        return not _sign(on_balls(formula, x)(flint.arb(0))) and bool(sp.simplify(formula) == 0)


def _refined(value: Function, slope: Function, a: float, b: float) -> Zero:
    box = narrowed(value, slope, flint.arb(a).union(flint.arb(b)))
    x = 0.0 if box.contains(0) else min(max(float(box.mid()), a), b)
    low, high = nextafter(min(float(box.lower()), x), -inf), nextafter(max(float(box.upper()), x), inf)
    return Zero(x, low, high, 1, True)


def narrowed(value: Function, slope: Function, box: Ball) -> Ball:
    """What is left of a ball around a zero by Newton's interval method: X ← (m − f(m)/f′(X)) ∩ X."""
    for _ in range(200):
        middle = box.mid()
        step = middle - value(middle) / slope(box)
        if not step.overlaps(box) or not step.is_finite():
            break
        smaller = step.intersection(box)
        if not smaller.rad() < 0.9 * box.rad():
            break
        box = smaller
    return box


def _joined(parts: list[tuple[float, float]], gap: float) -> list[tuple[float, float]]:
    """Neighbours as one."""
    joined: list[tuple[float, float]] = []
    for low, high in sorted(parts):
        if joined and low <= joined[-1][1] + gap:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return joined


def _multiple(f: sp.Expr, x: sp.Symbol, part: tuple[float, float]) -> Zero:
    """The zero of higher order in a part that the signs of f and f′ do not decide, if that is what it holds."""
    low, high = part
    around = flint.arb(low).union(flint.arb(high))
    middle = (low + high) / 2
    if not on_balls(f, x)(around).is_finite():  # a kink, or a pole
        return Zero(middle, low, high, 0, False)
    fractions = (sp.Rational(middle).limit_denominator(most) for most in DENOMINATORS)
    for point in dict.fromkeys((*fractions, sp.nsimplify(middle, [sp.pi], tolerance=1e-9))):
        if not low <= float(point) <= high:
            continue
        derivative = f
        for order in range(HIGHEST):
            if not _vanishes(derivative, x, point):
                if order and _sign(on_balls(derivative, x)(around)):
                    return Zero(float(point), low, high, order, True)
                break
            derivative = sp.diff(derivative, x)
    return Zero(middle, low, high, 0, False)
