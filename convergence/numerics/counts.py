"""Steps to a tolerance: on a spectrum, in the worst case over an interval, for many learning rates, and on data in norm.

A count at critical damping feels the last digit of a double, so settings are exact where they have a formula, and
powers are taken in doubled precision. "For good": a run that dips under the tolerance and comes back has not settled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from convergence.crossing import exact
from convergence.errors import BadHyperparameter, NoStableLearningRate
from convergence.methods import as_method
from convergence.numerics import prediction, runs
from convergence.numerics.inputs import checked_errors, checked_interval, checked_tolerance
from convergence.numerics.matrices import precise_blocks
from convergence.numerics.radius import spectral_radius
from convergence.numerics.replay import constants
from convergence.numerics.settling import Powers, Question, after_last, settled, settled_under_schedules
from convergence.numerics.settling_interval import worst_steps_to
from convergence.plotting import Plotted
from convergence.problem import Quadratic, checked_curvatures
from convergence.problem.arrays import Array, floats, short
from convergence.rule import Method
from convergence.setting import varies
from convergence.tabular import Tabular
from convergence.theory.optimum import best
from convergence.theory.symbols import LARGEST, MU

WITHIN = 1e-3
"""Within 99.9 % of the solution: the error is a thousandth of the first one, and stays below it."""

COUNTABLE = 20_000
"""More steps than this are not counted in a run."""

TIE = 1e-9
"""A ratio of errors this near to a thousandth, relatively, may count as either side: rounding of the run decides."""

NEAR = 1e-6
"""A formula's value is taken in the place of a float that it is this near to."""

RESTING = 1e-8
"""A radius this near to 1 without curvature is 1: nothing moves there."""

ROUNDING = 64 * float(np.finfo(float).eps)
"""What rounding leaves of the largest error of a run, in parts of it: some steps' worth."""


def steps_to(
    m: Any,
    /,
    tolerance: float,
    *,
    curvatures: Any = None,
    start: Any = None,
    mu: Any = None,
    L: Any = None,
    **hyper: Any,
) -> int:
    """The first step from which every direction's |error| stays at or under tolerance·|start|: a proven count.

    Of the error in each direction, not of its norm and not of the loss, which reaches the tolerance in about half as
    many.

    Parameters
    ----------
    m
        A Method, its name, a preset, or an update rule. It begins in its own first state.
    tolerance
        A part of the first error, above 0.
    curvatures, start
        A spectrum (m,), or a problem; ``start`` (m,) are the first errors by direction: those that are 0 do not
        count, nor do flat directions.
    mu, L
        Instead of a spectrum, all curvatures between them: the worst case. Beyond some 6 000 steps it is that of 257
        curvatures and both ends.
    hyper
        One number each. Those not given are the best ones for [μ, L], exact where they have a formula: a count at
        critical damping feels the last digit of a double. Or schedules with an end, and a spectrum: the first step from
        which the errors stay there until the schedule ends.

    Returns
    -------
    A whole number; 0 where the tolerance is met at once.

    Raises
    ------
    NoStableLearningRate
        Where it never settles.
    BadHyperparameter
        Unless one of spectrum and interval is given; for wrong settings.
    BadData
        For a spectrum or a start of another shape.

    >>> steps_to("gradient_descent", 1e-3, curvatures=[0.9], lr=1.0)
    3
    >>> steps_to("heavy_ball", 1e-3, mu=1, L=1e10)
    1074409
    """
    method, within, interval = as_method(m), checked_tolerance(tolerance), mu is not None or L is not None
    if interval == (curvatures is not None) or (interval and start is not None):
        raise BadHyperparameter(
            "steps_to takes either curvatures= (and start= if wanted), or mu= and L= for the worst case between them"
        )
    if interval:
        low, high = checked_interval(mu, L)
        constants(method, {**dict.fromkeys(method.hyper, 0.5), **hyper})  # no schedules between the ends
        return worst_steps_to(Question(method, completed(method, hyper, low, high), within), low, high)
    points = checked_curvatures(curvatures)
    curved = points[points > 0]
    first = np.ones_like(points) if start is None else checked_errors(start, points)
    moved = np.unique(points[(first != 0) & (points > 0)])  # nothing moves along a flat direction
    if not moved.size:
        return 0
    if any(map(varies, hyper.values())):
        return settled_under_schedules(method, moved, hyper, within)
    question = Question(method, completed(method, hyper, float(curved.min()), float(curved.max())), within)
    return settled(question, moved)


@dataclass(frozen=True, eq=False)
class StepsAcross(Plotted, Tabular, figure="steps_across"):
    """Steps to a tolerance for each of many learning rates.

    Attributes
    ----------
    lr
        (n,), in units of 1/λ.
    steps
        (n,) whole numbers; None where the method does not settle.
    """

    lr: Array
    steps: tuple[int | None, ...]

    @property
    def best(self) -> tuple[float, int] | None:
        """The learning rate with the fewest steps, the smallest among equals, and its steps; None where none settles."""
        settled = [(steps, float(lr)) for lr, steps in zip(self.lr, self.steps, strict=True) if steps is not None]
        return min(settled)[::-1] if settled else None

    def table(self) -> dict[str, Any]:
        """The learning rates and their steps."""
        return {"lr": self.lr, "steps": self.steps}

    def __repr__(self) -> str:
        pairs = ", ".join(f"{lr:.6g}: {steps}" for lr, steps in zip(self.lr, self.steps, strict=True))
        return f"StepsAcross({pairs})"


def steps_across(
    m: Any, /, tolerance: float, lrs: Any, *, curvatures: Any = None, mu: Any = None, L: Any = None, **hyper: Any
) -> StepsAcross:
    """``steps_to`` for each of the learning rates ``lrs``: a plateau of rates is not a plateau of steps.

    Parameters
    ----------
    m
        A Method, its name, a preset, or an update rule, with a learning rate.
    tolerance
        A part of the first error.
    lrs
        (n,) learning rates.
    curvatures, mu, L
        A spectrum (m,), or all curvatures in [μ, L].
    hyper
        The other hyperparameters, one number each.

    Returns
    -------
    StepsAcross
        ``.steps`` has None where the method does not settle; ``.best`` is (learning rate, steps).

    Raises
    ------
    BadHyperparameter
        For a method without a learning rate, and as ``steps_to``.
    BadData
        As ``steps_to``.

    >>> steps_across("gradient_descent", 1e-3, [0.5, 1.0, 2.0], curvatures=[0.9])
    StepsAcross(0.5: 12, 1: 3, 2: 31)
    >>> steps_across("gradient_descent", 1e-3, [0.5, 1.0, 2.0], curvatures=[0.9]).best
    (1.0, 3)
    """
    method = as_method(m)
    if method.rate is None or method.rate in hyper:
        raise BadHyperparameter(
            f"{method.name}: steps_across sets the learning rate itself; give the other hyperparameters"
        )
    rates = floats(lrs)
    if rates.ndim != 1 or not (np.isfinite(rates).all() and (rates >= 0).all()):
        raise BadHyperparameter(f"learning rates must be a list of finite numbers, 0 or more; got {short(lrs)}")

    def count(lr: float) -> int | None:
        try:
            return steps_to(
                method, tolerance, curvatures=curvatures, mu=mu, L=L, **{**hyper, str(method.rate): float(lr)}
            )
        except NoStableLearningRate:
            return None

    return StepsAcross(rates, tuple(count(lr) for lr in rates))


@dataclass(frozen=True)
class Steps:
    """A predicted number of steps on data, in the norm of the error.

    Attributes
    ----------
    count
        The first step from which ‖w − w*‖ is at most a thousandth of its first value, for good.
    first, last
        The counts between which rounding decides: the error comes to a thousandth but for rounding.
    peak
        The error grows to this many times the first on the way; 1.0 where it never grows.
    """

    count: int
    first: int
    last: int
    peak: float = 1.0

    @property
    def blurred(self) -> bool:
        """Whether the rounding of the largest error is no longer small beside the thousandth that is waited for."""
        return self.peak * ROUNDING > WITHIN


def predicted_steps(problem: Quadratic, method: Method, start: Any, settings: dict[str, Any]) -> Steps | None:
    """The number of steps after which ‖error‖ stays within a thousandth of the first, by the closed form.

    None: it does not converge, or a transient overflows on the way, and no run in floating point comes back from that.
    """
    radius = np.asarray(spectral_radius(method, problem.curvatures, **settings))
    moving = (problem.curvatures > 0) | (radius < 1 - RESTING)  # flat directions rest, but for weight decay
    x = runs.first_position(problem, start)
    with np.errstate(all="ignore"):
        powers = Powers.of(precise_blocks(method, problem.curvatures[moving], settings))
        if powers.alive.any():
            return None
        early = prediction.until_clocks_stop(problem, method, x, settings, 2 * COUNTABLE)
        distance = np.linalg.norm(early[0], axis=1)
        if not np.isfinite(distance).all():
            return None
        state = early[:, -1].T[moving]
        count, first, last = (_count(powers, state, distance, WITHIN * (1 + side * TIE)) for side in (0, 1, -1))
        seen = prediction.predicted_distances(problem, method, min(count, 4 * COUNTABLE), x, settings)
    peak = float(seen.max() / (seen[0] or 1.0))
    return Steps(count, first, last, peak=peak) if np.isfinite(seen).all() else None


def _count(powers: Powers, state: Array, distance: Array, within: float) -> int:
    """The count, with the distances up to the step at which the states are these."""
    tolerance, begun = within * float(distance[0]), len(distance) - 1
    last = powers.last((state, np.zeros_like(state)), tolerance, lambda size, step: size > tolerance, begun)
    return max(last + 1, after_last(distance[:begun] > tolerance))


def passed(distance: Array, within: float = WITHIN) -> int | None:
    """The first step from which ‖e_k‖ ≤ within·‖e_0‖ for good, as far as the distances (steps+1,) go; None: never."""
    first = after_last(~(distance <= within * distance[0]))  # what overflowed is outside too
    return first if first < len(distance) else None


def counted_steps(problem: Quadratic, method: Method, start: Any, settings: dict[str, Any], steps: int) -> int | None:
    """The number of steps counted in a run of this length; None where it does not settle."""
    distance = runs.distances(problem, method, steps, start, settings)
    return passed(distance) if len(distance) == steps + 1 else None


def completed(method: Method, given: dict[str, Any], mu: float, L: float) -> dict[str, Any]:
    """The hyperparameters, those that are not given at their best on [μ, L]: to forty digits where that has a formula."""
    method.require_known(given)
    if all(name in given or name in dict(method.defaults) for name in method.hyper):
        return {**method.settings(given), **given}
    optimum = best(method, given)
    tuned: dict[str, Any] = dict(optimum.at(mu=mu, L=L).hyper)
    point = {MU: exact(mu), LARGEST: exact(L)}
    point |= {method.symbols[n]: exact(v) for n, v in tuned.items() if n not in optimum.determined}
    for name in optimum.determined:
        value = optimum.hyper[name].subs(point).evalf(40) if optimum.hyper else None
        if value is not None and value.is_Float and abs(value - tuned[name]) <= NEAR * abs(value):
            tuned[name] = value
    return {**tuned, **given}
