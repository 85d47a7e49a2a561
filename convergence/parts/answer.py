"""The answer for the data: settings, rate, largest stable learning rate, steps."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import numpy as np

import convergence as cv
from convergence.errors import NoStableLearningRate
from convergence.numerics.counts import COUNTABLE, Steps, counted_steps, predicted_steps
from convergence.numerics.radius import binding
from convergence.parts.case import Case


@dataclass(frozen=True)
class Answer:
    """How fast a method is on the data, from w₀ = 0.

    Attributes
    ----------
    hyper
        The settings.
    optimal
        Whether nothing was fixed.
    rate
        The largest spectral radius over the curvatures.
    plateau
        The interval of learning rates that are as good, where others are fixed and it is more than a point.
    lr_max
        The largest stable learning rate with the other settings as they are.
    binding
        Index of the direction that sets it (None: all do alike).
    steps, counted
        Predicted, and counted in a run: until ‖w − w*‖ is a thousandth of its first value, for good; None where never
        (or too many to count).
    """

    hyper: dict[str, float]
    optimal: bool
    rate: float
    plateau: tuple[float, float] | None
    lr_max: float
    binding: int | None
    steps: Steps | None
    counted: int | None

    @property
    def verdict(self) -> str:
        """ "converges", "diverges", or "does not converge" on the edge between them."""
        return "converges" if self.rate < 1 else "diverges" if self.rate > 1 + 1e-12 else "does not converge"


def answer(case: Case) -> Answer:
    """Predicted from the theory, and counted in a run where that is not too long."""
    problem, method, hyper = case.problem, case.method, case.hyper
    spectrum = problem.curvatures[: problem.rank]
    direction, lr_max = binding(problem, method, hyper) if method.rate else (None, float("inf"))
    start = np.zeros(len(problem.columns))
    steps = predicted_steps(problem, method, start, hyper)
    countable = steps is not None and steps.count <= COUNTABLE
    counted = counted_steps(problem, method, start, hyper, 2 * steps.last + 10) if steps and countable else None
    return Answer(
        hyper={name: float(value) for name, value in hyper.items()},
        optimal=not case.given,
        rate=float(cv.spectral_radius(method, spectrum, over="spectrum", **hyper)),
        plateau=_plateau(case),
        lr_max=lr_max,
        binding=None if direction is None or not isfinite(lr_max) else direction.index,
        steps=steps,
        counted=counted,
    )


def _plateau(case: Case) -> tuple[float, float] | None:
    if not case.given or case.method.rate in case.given:
        return None
    try:
        return cv.optimum(case.method, **case.given).at(**case.ends).plateau
    except NoStableLearningRate:
        return None
