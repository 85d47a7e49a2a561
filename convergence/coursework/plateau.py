"""Question (g) of the homework: the plateau of best learning rates, and the exact step counts across it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, log

import numpy as np
import sympy as sp

import convergence as cv
from convergence.coursework.counting import WITHIN, exact_steps, float_steps
from convergence.coursework.derivation import (
    LARGEST_SIGMA,
    SMALLEST_SIGMA,
    course_method,
    derivation,
    descent_method,
)

MOMENTUM, LARGEST_SQUARE, SMALLEST_SQUARE = Fraction(1, 10), Fraction(5), Fraction(1, 20)
"""β, σ²max and σ²min of the question."""

SHOWN = tuple(map(Fraction, ("0.35", "0.5", "0.7", "1", "1.4", "2", "2.8")))
"""Learning rates of the table between the ends of the plateau."""

DIGITS = 60
"""Digits of the ends, which are irrational: a count could depend on the thirtieth at most, where eigenvalues are double."""

CURVE = 601
"""Learning rates of the figure."""


@dataclass(frozen=True)
class Count:
    """Steps to within 99.9 % at a learning rate, −1 for never.

    Along the steepest and the flattest direction and for ``both``, with z at the first gradient before the first step;
    ``at_rest`` for both with z₀ = 0.
    """

    lr: float
    steepest: int
    flattest: int
    both: int
    at_rest: int
    where: str


@dataclass(frozen=True)
class PlateauAnswer:
    """The answer to (g). Curvatures are λ = 2σ²; ``counts`` are exact, from the lower to the upper end.

    ``edge`` is the largest stable rate, ``estimate`` what the rate alone would say of the steps, ``best`` and
    ``best_at_rest`` have the fewest steps for either start of z. ``free_*`` is the best pair of learning rate and momentum,
    should β be free. ``curve_*`` are for the figure, nan as −1.
    """

    momentum: float
    curvatures: tuple[float, float]
    low: float
    high: float
    rate: float
    edge: float
    estimate: int
    counts: tuple[Count, ...]
    best: Count
    best_at_rest: Count
    outside: tuple[Count, ...]
    descent_lr: float
    descent_rate: float
    descent_steps: int
    free_lr: float
    free_momentum: float
    free_rate: float
    free_steps: int
    curve_lr: tuple[float, ...]
    curve_rate: tuple[float, ...]
    curve_steps: tuple[tuple[float, ...], tuple[float, ...]]


def plateau() -> PlateauAnswer:
    """Compute it."""
    method, beta = course_method(), float(MOMENTUM)
    top, bottom = 2 * LARGEST_SQUARE, 2 * SMALLEST_SQUARE
    ends = {"mu": float(bottom), "L": float(top)}
    curvatures = (float(top), float(bottom))
    start, end = exact_ends()
    low, high = float(start), float(end)
    near = high * (1 - np.geomspace(1e-6, 1e-2, 40))
    lrs = np.sort(np.concatenate([np.geomspace(low / 2, high * 1.1, CURVE), near]))
    inside = lrs[(lrs > low) & (lrs < high)]
    steepest, flattest = float_steps(lrs, beta, curvatures)
    plain, free = (cv.optimum(m).at(**ends) for m in (descent_method(), method))
    return PlateauAnswer(
        beta,
        curvatures,
        low,
        high,
        cv.optimum(method, momentum=beta).at(**ends).rate,
        cv.stability(method).largest_lr(float(top), momentum=beta),
        ceil(log(1 / WITHIN) / log(float(np.sqrt(1 - beta)))),
        (_count(start, "lower end"), *(_count(lr, "") for lr in SHOWN), _count(end, "upper end")),
        _fewest(inside, curvatures, at_rest=False),
        _fewest(inside, curvatures, at_rest=True),
        (_count(_rounded(low * 0.8), "below the plateau"), _count(_rounded(high * 1.02), "above it, unstable")),
        plain.hyper["lr"],
        plain.rate,
        _descent_steps(top, bottom),
        free.hyper["lr"],
        free.hyper["momentum"],
        free.rate,
        int(np.nanmax(float_steps([free.hyper["lr"]], free.hyper["momentum"], curvatures))),
        tuple(map(float, lrs)),
        tuple(map(float, cv.spectral_radius(method, np.array(curvatures), over="spectrum", lr=lrs, momentum=beta))),
        (_plain(steepest), _plain(flattest)),
    )


def exact_ends() -> tuple[Fraction, Fraction]:
    """The ends of the plateau from their formulas, to DIGITS digits."""
    point = {
        course_method().symbols["momentum"]: sp.Rational(MOMENTUM),
        SMALLEST_SIGMA: sp.sqrt(sp.Rational(SMALLEST_SQUARE)),
        LARGEST_SIGMA: sp.sqrt(sp.Rational(LARGEST_SQUARE)),
    }
    low, high = (Fraction(str(sp.N(end.subs(point), DIGITS))) for end in derivation().plateau)
    return low, high


def _plain(row: np.ndarray) -> tuple[float, ...]:
    return tuple(float(value) for value in np.nan_to_num(row, nan=-1.0))


def _rounded(lr: float) -> Fraction:
    """The learning rate to seven digits, as an exact number."""
    return Fraction(f"{lr:.6e}")


def _count(lr: Fraction, where: str) -> Count:
    squares = (LARGEST_SQUARE, SMALLEST_SQUARE)
    moving, resting = (
        [exact_steps(lr, MOMENTUM, 2 * square, at_rest=rest) or -1 for square in squares] for rest in (False, True)
    )
    both, at_rest = (-1 if -1 in counts else max(counts) for counts in (moving, resting))
    return Count(float(lr), moving[0], moving[1], both, at_rest, where)


def _fewest(lrs: np.ndarray, curvatures: tuple[float, float], at_rest: bool) -> Count:
    """The rate on the plateau with the fewest steps, found in floats and counted exactly."""
    both = float_steps(lrs, float(MOMENTUM), curvatures, at_rest=at_rest).max(axis=0)
    return _count(_rounded(float(lrs[int(np.nanargmin(both))])), f"fewest{' from z₀ = 0' if at_rest else ''}")


def _descent_steps(top: Fraction, bottom: Fraction) -> int:
    """Gradient descent at 2/(μ+L), in whole numbers: the factors are ±(L−μ)/(L+μ)."""
    factor, error, steps = (top - bottom) / (top + bottom), Fraction(1), 0
    while error * WITHIN > 1:
        steps, error = steps + 1, error * factor
    return steps
