"""A method and a problem go in; the answer comes out: settings, rate, limit and steps. And the run that shows it."""

from __future__ import annotations

from typing import Any

import numpy as np

from convergence.errors import NoStableLearningRate
from convergence.numerics.counting import COUNTABLE, counted_steps, predicted_steps
from convergence.numerics.limits import binding
from convergence.numerics.prediction import predict
from convergence.numerics.radius import spectral_radius
from convergence.numerics.trajectory import simulate
from convergence.pipeline.data import vector
from convergence.problem import LeastSquares
from convergence.results import RunResult, TuningResult
from convergence.rule import Method
from convergence.theory.optimum import best

RECORDED = 200
"""Steps of a run that are kept for figures."""

LONGEST = 4000
"""Steps that a run makes for figures at the most."""

COLUMNS = 4
"""Columns whose gradients and weights are kept."""


def tuning(problem: LeastSquares, method: Method, hyper: dict[str, Any], given: dict[str, Any]) -> TuningResult:
    """The settings (given or optimal), their rate and steps on this data from zero, and the limit of the learning rate."""
    spectrum = problem.curvatures[: problem.rank]
    direction, lr_max = binding(problem, method, hyper)
    start = np.zeros(len(problem.columns))
    predicted = predicted_steps(problem, method, start, hyper)
    countable = predicted is not None and predicted.exact and predicted.count <= COUNTABLE
    counted = counted_steps(problem, method, start, hyper, 2 * predicted.last + 10) if predicted and countable else None
    return TuningResult(
        hyper={name: float(value) for name, value in hyper.items()},
        optimal=not given,
        rate=float(spectral_radius(method, spectrum, over="spectrum", **hyper)),
        plateau=_plateau(problem, method, given),
        lr_max=lr_max,
        binding="all directions" if direction is None else f"direction {direction.index + 1}",
        steps_predicted=None if predicted is None else predicted.count,
        steps_counted=counted,
    )


def _plateau(problem: LeastSquares, method: Method, given: dict[str, Any]) -> tuple[float, float] | None:
    """The interval of best learning rates, where the others are given and it is more than a point."""
    if "lr" in given or not given:
        return None
    try:
        return best(method, given).at(mu=problem.mu, L=problem.L).plateau
    except NoStableLearningRate:
        return None


def shown_run(
    problem: LeastSquares, method: Method, found: TuningResult, indices: tuple[int, ...], steps: int | None
) -> RunResult:
    """The run from zero at the settings found, thinned for figures, beside its prediction."""
    length = steps if steps is not None else _length(found)
    run = simulate(problem, method, length, **found.hyper)
    predicted = predict(problem, method, length, **found.hyper)
    end = min(run.steps, predicted.steps)
    step = np.unique(np.linspace(0, end, min(end + 1, RECORDED)).round().astype(int))
    columns = slice(0, COLUMNS)
    gap = 0.5 * (run.error[step] ** 2 * problem.curvatures).sum(axis=1)
    rows = list(indices)
    return RunResult(
        step=tuple(int(k) for k in step),
        error=tuple(vector(row) for row in np.abs(run.error[step][:, rows]).T),
        predicted=tuple(vector(row) for row in np.abs(predicted.error[step][:, rows]).T),
        gradient=tuple(vector(row) for row in np.abs(run.grad[step][:, columns]).T),
        weight=tuple(vector(row) for row in np.abs(run.x[step][:, columns]).T),
        gap=vector(gap),
        final_loss=float(run.loss[-1]),
        diverged=run.diverged,
    )


def _length(found: TuningResult) -> int:
    """Long enough to see the error fall a few more digits than asked, short enough to wait for."""
    if found.steps_predicted is None:
        return RECORDED
    return int(min(max(2.2 * found.steps_predicted, 30), LONGEST))
