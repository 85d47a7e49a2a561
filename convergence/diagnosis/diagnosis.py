"""Diagnosis of a setting: why it diverges or crawls, along which direction, and what to set instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.diagnosis.advice import advice, scaling
from convergence.diagnosis.best import Best, best, best_rate, binding, evaluated
from convergence.diagnosis.directions import DirectionState, rests_elsewhere, slowest, states
from convergence.diagnosis.limit import limit
from convergence.diagnosis.nearest import nearest
from convergence.diagnosis.noisy import under_noise
from convergence.diagnosis.result import Diagnosis
from convergence.diagnosis.scheduled import ScheduledDiagnosis, under_schedules
from convergence.diagnosis.spectrum import Spectrum, spectrum_of
from convergence.diagnosis.verdict import culprit, verdict
from convergence.errors import BadHyperparameter
from convergence.methods import as_method
from convergence.numerics.matrices import require_derivative
from convergence.rule import Method
from convergence.setting import varies

Array = NDArray[np.float64]


def diagnose(
    X: Any = None,
    y: Any = None,
    /,
    *,
    method: Any,
    curvatures: Any = None,
    loss: str | None = None,
    columns: Sequence[str] | None = None,
    batch: int | None = None,
    sampling: str = "replacement",
    noise: Any = None,
    steps: int | None = None,
    **hyper: Any,
) -> Diagnosis | ScheduledDiagnosis:
    """Why a method with these settings diverges or crawls, which direction does, and what to set instead.

    Parameters
    ----------
    X, y
        Data, X (n, d) and y (n,); or X is a problem (LeastSquares, a pair (X, y), a list of curvatures), alone.
    method
        A Method, a name in METHODS, a preset, or an update rule; ``hyper`` are all of its settings.
    curvatures
        The spectrum (m,) of a Hessian, in the place of data.
    loss, columns
        The scaling of the loss of data ("sum" by default), and the names of X's columns.
    batch, sampling, noise
        Where gradients are noisy: as for ``moments``. The result, a ``NoisyDiagnosis``, then says whether it is noise that
        diverges, which batch or learning rate holds, and what the loss settles at.
    steps
        Where a hyperparameter is a schedule: how many (default: to its end). The result, a ``ScheduledDiagnosis``, says
        what is left of each direction's error, and which steps are unstable.

    The result is truthy when every direction contracts. A flat direction (λ = 0) is one like the others where weight decay
    moves the weights along it; else it is only counted. What is advised is stable as it is printed, with the steps of
    just that. Stability: Schur–Cohn (Jury 1964), exact at the boundary; best settings are over all of [μ, L].

    Raises BadData for data or a spectrum that cannot be used (negative curvature included), BadHyperparameter for settings
    that are missing, unknown or no numbers, BadName for an unknown method or loss, NotLinear for a rule without an
    iteration matrix, or, with a batch, one whose step is not affine in the sampled Hessian.

    >>> print(diagnose(curvatures=[10.0, 1.0], method="gradient_descent", lr=0.3).headline)
    diverges: 1 of 2 directions not contracting
    >>> print(diagnose(curvatures=[10.0, 1.0], method="gradient_descent", lr=0.15, batch=1, sampling="stream").headline)
    diverges in mean square: the noise of batches of 1, not curvature; batches of 7 or more hold
    """
    spectrum, chosen = spectrum_of(X, y, curvatures=curvatures, loss=loss, columns=columns), as_method(method)
    if any(map(varies, hyper.values())):
        if batch is not None or noise is not None:
            raise BadHyperparameter("diagnose takes a schedule or noise, not both: moments has the loss under both")
        return under_schedules(chosen, hyper, spectrum, steps)
    if steps is not None:
        raise BadHyperparameter("steps are for schedules: other settings are diagnosed for as many as they need")
    found = judged(spectrum, chosen, hyper)
    if batch is None and noise is None:
        return found
    return under_noise(found, chosen, spectrum, batch, sampling, noise)


def judged(spectrum: Spectrum, method: Method, given: Mapping[str, Any], whole: bool = True) -> Diagnosis:
    """Diagnose a method with these settings on a spectrum.

    Where the spectrum is not the ``whole`` one, for slower directions may be, no steps and best settings are told.

    Raises BadHyperparameter for settings that are missing, unknown or no numbers, and NotLinear for a rule without an
    iteration matrix.
    """
    settings = {name: float(value) for name, value in method.scalars(given).items()}
    for name, value in settings.items():
        if value < method.domains[name].low:  # such as a negative momentum
            raise BadHyperparameter(
                f"{method.name}: {name} must be {method.domains[name].low:g} or more; got {value:g}"
            )
    require_derivative(method, settings)
    if spectrum.flat and rests_elsewhere(method, settings):
        spectrum = spectrum.with_flat()
    curvatures = spectrum.curvatures
    rows = states(method, curvatures, settings, spectrum.columns)
    worst, (alone, joint) = culprit(rows), nearest(method, curvatures, settings)
    at_best, at_best_rate = None, None
    if whole:
        at_best = _no_worse(best(method, curvatures, settings), method, curvatures, settings, rows)
        at_best_rate = best_rate(method, curvatures, settings)
    else:
        alone, joint = alone and alone.untimed, joint and joint.untimed
    among = binding(method, curvatures) if worst.stable else np.array([worst.curvature])
    found = Diagnosis(
        method=method.name,
        hyper=settings,
        verdict=verdict(rows, at_best),
        direction=worst,
        limit=limit(method, among, settings),
        nearest_rate=alone,
        nearest_joint=joint,
        best=at_best,
        best_rate=at_best_rate,
        directions=rows,
        scaling=scaling(spectrum.problem),
        flat=spectrum.flat,
        loss=spectrum.loss,
    )
    return replace(found, advice=advice(found, method, spectrum))


def _no_worse(
    derived: Best | None, method: Method, curvatures: Array, settings: Mapping[str, Any], rows: Sequence[DirectionState]
) -> Best | None:
    """The best settings, or the given ones where these are better still: on a few curvatures, not on all of [μ, L]."""
    now = slowest(rows)
    better = derived is None or derived.steps is None or (now or 0) < derived.steps
    return evaluated(method, curvatures, settings) if better and all(row.stable for row in rows) else derived
