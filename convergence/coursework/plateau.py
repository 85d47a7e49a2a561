"""Question (g) of the homework: the plateau of best learning rates, and the step counts across it."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

import convergence as cv
from convergence.coursework.decisions import run
from convergence.coursework.derivation import COURSE, DESCENT, LARGEST_SIGMA, SMALLEST_SIGMA, derivation
from convergence.errors import NoStableLearningRate

Array = NDArray[np.float64]

MOMENTUM, SQUARES = sp.Rational(1, 10), (sp.Integer(5), sp.Rational(1, 20))
"""β, and σ²max and σ²min, of the question."""

SHOWN = tuple(map(sp.Rational, ("0.35", "0.5", "0.7", "1", "1.4", "2", "2.8")))
"""Learning rates of the table between the ends of the plateau."""

WITHIN = 1e-3
"""Within 99.9 %: the error is at most a thousandth of the first, from then on."""

STEPS_RUN = 1500
"""Steps of the runs in floats. Errors that have settled are then so small that no transient brings them back."""


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


@dataclass(frozen=True, eq=False)
class PlateauAnswer:
    """The answer to (g). Curvatures are λ = 2σ²; ``counts`` are proven, from the lower to the upper end.

    ``edge`` is the largest stable rate, ``estimate`` what the rate alone would say of the steps, ``best`` and
    ``best_at_rest`` have the fewest steps for either start of z. ``free_*`` is the best pair of learning rate and momentum,
    should β be free. ``curve_*`` are for the figure: the rate (n,), and the steps (2, n) by direction, −1 for never.
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
    curve_lr: Array
    curve_rate: Array
    curve_steps: Array


def plateau() -> PlateauAnswer:
    """Compute it."""
    beta, (top, bottom) = float(MOMENTUM), (float(2 * square) for square in SQUARES)
    ends: dict[str, Any] = {"mu": bottom, "L": top}
    start, end = exact_ends()
    low, high = float(start), float(end)
    near = high * (1 - np.geomspace(1e-6, 1e-2, 40))
    lrs = np.sort(np.concatenate([np.geomspace(low / 2, high * 1.1, 601), near]))
    plain, free = (cv.optimum(method).at(**ends) for method in (DESCENT, COURSE))
    return PlateauAnswer(
        momentum=beta,
        curvatures=(top, bottom),
        low=low,
        high=high,
        rate=cv.optimum(COURSE, momentum=beta).at(**ends).rate,
        edge=cv.stability(COURSE).largest_lr(top, momentum=beta),
        estimate=ceil(log(WITHIN) / log(float(np.sqrt(1 - beta)))),
        counts=(_count(start, "lower end"), *(_count(lr, "") for lr in SHOWN), _count(end, "upper end")),
        best=_fewest(lrs[(lrs > low) & (lrs < high)], "fewest"),
        best_at_rest=_fewest(lrs[(lrs > low) & (lrs < high)], "fewest from z₀ = 0", at_rest=True),
        outside=(_count(_rounded(low * 0.8), "below the plateau"), _count(_rounded(high * 1.02), "above it, unstable")),
        descent_lr=plain.hyper["lr"],
        descent_rate=plain.rate,
        descent_steps=cv.steps_to(DESCENT, WITHIN, curvatures=[top, bottom]),
        free_lr=free.hyper["lr"],
        free_momentum=free.hyper["momentum"],
        free_rate=free.rate,
        free_steps=cv.steps_to(COURSE, WITHIN, curvatures=[top, bottom]),
        curve_lr=lrs,
        curve_rate=np.asarray(cv.spectral_radius(COURSE, [top, bottom], over="spectrum", lr=lrs, momentum=beta)),
        curve_steps=np.nan_to_num(run_steps(lrs), nan=-1.0),
    )


def exact_ends() -> tuple[sp.Expr, sp.Expr]:
    """The ends of the plateau, irrational numbers: at the upper one the count depends on all digits of a double."""
    point = {COURSE.symbols["momentum"]: MOMENTUM}
    point |= {sigma: sp.sqrt(square) for sigma, square in zip((LARGEST_SIGMA, SMALLEST_SIGMA), SQUARES, strict=True)}
    low, high = (end.subs(point) for end in derivation().plateau)
    return low, high


def run_steps(lrs: Any, *, at_rest: bool = False) -> Array:
    """Steps counted in runs of the rule in floats, a row for each curvature: (2, n); nan where it does not settle."""
    method, momentum = _start(at_rest)
    curvatures = np.array([[2 * float(square)] for square in SQUARES])
    hyper = {"lr": np.asarray(lrs, dtype=float), "momentum": float(momentum)}
    with np.errstate(over="ignore", invalid="ignore"):
        path = run(cv.METHODS[method], hyper, lambda x: curvatures * x, np.ones((2, len(lrs))), STEPS_RUN)
        outside = ~(np.abs(path) <= WITHIN)
    return np.where(outside[-1], np.nan, STEPS_RUN + 1 - np.argmax(outside[::-1], axis=0))


def _start(at_rest: bool) -> tuple[str, sp.Expr]:
    """The homework's momentum with z at the first gradient or at 0, where the catalogue's β weighs the memory."""
    return ("ema_momentum_zero_start", 1 - MOMENTUM) if at_rest else (COURSE.name, MOMENTUM)


def steps(lr: sp.Expr, square: sp.Expr, *, at_rest: bool = False) -> int:
    """The proven number of steps along one direction, −1 for never."""
    method, momentum = _start(at_rest)
    try:
        return cv.steps_to(method, WITHIN, curvatures=[2 * square], lr=lr, momentum=momentum)
    except NoStableLearningRate:
        return -1


def _count(lr: sp.Expr, where: str) -> Count:
    moving, resting = ([steps(lr, square, at_rest=rest) for square in SQUARES] for rest in (False, True))
    both, at_rest = (-1 if -1 in counts else max(counts) for counts in (moving, resting))
    return Count(float(lr), moving[0], moving[1], both, at_rest, where)


def _fewest(lrs: Array, where: str, *, at_rest: bool = False) -> Count:
    """The rate with the fewest steps, looked for in floats."""
    both = run_steps(lrs, at_rest=at_rest).max(axis=0)
    return _count(_rounded(lrs[np.nanargmin(both)]), where)


def _rounded(lr: float) -> sp.Expr:
    """The learning rate to seven digits, as an exact number."""
    return sp.Rational(f"{lr:.6e}")
