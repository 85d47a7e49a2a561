"""Counts of steps where hyperparameters are schedules: from which step on the errors stay small until the schedule ends."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.errors import BadHyperparameter, NoStableLearningRate
from convergence.numerics.replay import residuals
from convergence.rule import Method

Array = NDArray[np.float64]


def settled_under_schedules(method: Method, curvatures: Array, hyper: dict[str, Any], tolerance: float) -> int:
    """The count where hyperparameters are schedules, of which one ends: a sequence, or one that says its last step."""
    ends = [_length(value) for value in method.at(**hyper).hyper.values()]
    steps = min((end for end in ends if end is not None), default=None)
    if steps is None:
        raise BadHyperparameter(
            f"{method.name}: errors under this schedule never end, so none can be the last; give a sequence of as many "
            f"values as there are steps (schedule.values(steps))"
        )
    sizes = np.abs(residuals(method, steps, curvatures, **hyper)).max(axis=1)
    above = np.flatnonzero(~(sizes <= tolerance))
    if above.size and above[-1] == steps:
        raise NoStableLearningRate(
            f"{method.name} is not within {tolerance:g} when its schedule ends, after {steps} steps: the largest error is "
            f"{sizes[-1]:.6g} of the first"
        )
    return int(above[-1]) + 1 if above.size else 0


def _length(value: Any) -> int | None:
    """The steps of a schedule that ends; None for a number, and for a schedule that does not."""
    if np.ndim(value):
        return len(value)
    last = getattr(value, "last", None)
    return None if last is None else int(last) + 1
