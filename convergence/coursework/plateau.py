"""Question (g) goes in as numbers; the plateau of learning rates and the exact step counts across it come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, log

import numpy as np

from convergence.coursework.counting import WITHIN, exact_steps, float_steps
from convergence.coursework.derivation import course_method, descent_method
from convergence.numerics.radius import spectral_radius
from convergence.theory.optimum import best
from convergence.theory.region import region

MOMENTUM, LARGEST_SQUARE, SMALLEST_SQUARE = Fraction(1, 10), Fraction(5), Fraction(1, 20)
"""β, σ²max and σ²min of the question."""

SHOWN = 9
"""Learning rates of the table, evenly spaced in their logarithm over the plateau."""

CURVE = 601
"""Learning rates of the figure."""


@dataclass(frozen=True)
class Count:
    """Steps to within 99.9 % at a learning rate: along the steepest and the flattest direction, and for both."""

    lr: float
    steepest: int
    flattest: int
    both: int
    where: str


@dataclass(frozen=True)
class PlateauAnswer:
    """The answer to (g). Curvatures are λ = 2σ²; ``counts`` are exact; ``curve_*`` are for the figure, nan as −1.

    ``edge`` is the largest stable rate, ``estimate`` what the rate alone would say of the steps. ``free_*`` is the best pair
    of learning rate and momentum, should β be free.
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
    top, bottom = 2 * LARGEST_SQUARE, 2 * SMALLEST_SQUARE
    tuned = best(course_method(), {"momentum": float(MOMENTUM)}).at(mu=float(bottom), L=float(top))
    assert tuned.plateau is not None
    low, high = tuned.plateau
    near = high * (1 - np.geomspace(1e-6, 1e-2, 40))
    lrs = np.sort(np.concatenate([np.geomspace(low / 2, high * 1.1, CURVE), near]))
    curvatures = (float(top), float(bottom))
    radii = spectral_radius(course_method(), np.array(curvatures), over="spectrum", lr=lrs, momentum=float(MOMENTUM))
    steps = float_steps(lrs, float(MOMENTUM), curvatures)
    plain = best(descent_method(), {}).at(mu=float(bottom), L=float(top))
    free = best(course_method(), {}).at(mu=float(bottom), L=float(top))
    return PlateauAnswer(
        float(MOMENTUM),
        curvatures,
        low,
        high,
        tuned.rate,
        region(course_method()).largest_lr(float(top), momentum=float(MOMENTUM)),
        _estimate(tuned.rate),
        tuple(_count(_rounded(lr), "plateau") for lr in _across(low, high)),
        _fastest(lrs[(lrs > low) & (lrs < high)], curvatures),
        (_count(_rounded(low * 0.8), "below"), _count(_rounded(high * 1.02), "above")),
        plain.hyper["lr"],
        plain.rate,
        _descent_steps(top, bottom),
        free.hyper["lr"],
        free.hyper["momentum"],
        free.rate,
        int(np.nanmax(float_steps([free.hyper["lr"]], free.hyper["momentum"], curvatures))),
        tuple(map(float, lrs)),
        tuple(map(float, radii)),
        (_plain(steps[0]), _plain(steps[1])),
    )


def _plain(row: Sequence[float] | np.ndarray) -> tuple[float, ...]:
    return tuple(float(value) for value in np.nan_to_num(row, nan=-1.0))


def _estimate(rate: float) -> int:
    return ceil(log(1 / WITHIN) / log(rate))


def _across(low: float, high: float) -> list[float]:
    """Rates over the plateau, both ends among them, moved inside by a part in a million so that they round into it."""
    return [float(lr) for lr in np.geomspace(low * (1 + 1e-6), high * (1 - 1e-6), SHOWN)]


def _rounded(lr: float) -> Fraction:
    """The learning rate to seven digits, as an exact number."""
    return Fraction(f"{lr:.6e}")


def _count(lr: Fraction, where: str) -> Count:
    steepest, flattest = (exact_steps(lr, MOMENTUM, 2 * square) for square in (LARGEST_SQUARE, SMALLEST_SQUARE))
    counts = [-1 if count is None else count for count in (steepest, flattest)]
    return Count(float(lr), counts[0], counts[1], -1 if -1 in counts else max(counts), where)


def _fastest(lrs: np.ndarray, curvatures: tuple[float, float]) -> Count:
    """The rate on the plateau with the fewest steps, found in floats and counted exactly."""
    both = float_steps(lrs, float(MOMENTUM), curvatures).max(axis=0)
    return _count(_rounded(float(lrs[int(np.nanargmin(both))])), "fewest steps")


def _descent_steps(top: Fraction, bottom: Fraction) -> int:
    """Gradient descent at 2/(μ+L), in whole numbers: the factors are ±(L−μ)/(L+μ)."""
    factor = (top - bottom) / (top + bottom)
    steps, above, below = 0, factor.numerator, factor.denominator
    size, scale = 1, 1
    while size * WITHIN > scale:
        steps, size, scale = steps + 1, size * above, scale * below
    return steps
