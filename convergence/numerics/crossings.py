"""A method, a tolerance and either a spectrum or an interval go in; counts of steps come out, for one setting or many rates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.errors import BadHyperparameter, NoStableLearningRate
from convergence.numerics import settling
from convergence.numerics.settling_interval import worst_steps_to
from convergence.plotting import Plotted
from convergence.problem.arrays import floats
from convergence.rule import Method
from convergence.tabular import Tabular

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StepsAcross(Plotted, Tabular, figure="steps_across"):
    """``steps`` (n,) for each of the learning rates ``lr`` (n,); None where the method does not settle."""

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


def steps_to(method: Method, tolerance: Any, curvatures: Any, start: Any, mu: Any, L: Any, **hyper: Any) -> int:
    """The count on a spectrum, or in the worst case. BadHyperparameter unless just one of them is given."""
    interval = mu is not None or L is not None
    if interval == (curvatures is not None) or (interval and start is not None):
        raise BadHyperparameter(
            "steps_to takes either curvatures= (and start= if wanted), or mu= and L= for the worst case between them"
        )
    if interval:
        return worst_steps_to(method, tolerance, mu, L, **hyper)
    return settling.steps_to(method, tolerance, curvatures, start, **hyper)


def steps_across(
    method: Method, tolerance: Any, lrs: Any, curvatures: Any, mu: Any, L: Any, **hyper: Any
) -> StepsAcross:
    """The counts for several learning rates. BadHyperparameter for a method without one."""
    if method.rate is None or method.rate in hyper:
        raise BadHyperparameter(
            f"{method.name}: steps_across sets the learning rate itself; give the other hyperparameters"
        )
    rates = floats(lrs)
    if rates.ndim != 1 or not (np.isfinite(rates).all() and (rates >= 0).all()):
        raise BadHyperparameter(f"learning rates must be a list of finite numbers, 0 or more; got {lrs!r}")
    counts = (_count(method, tolerance, curvatures, mu, L, {**hyper, method.rate: float(lr)}) for lr in rates)
    return StepsAcross(rates, tuple(counts))


def _count(method: Method, tolerance: Any, curvatures: Any, mu: Any, L: Any, hyper: dict[str, Any]) -> int | None:
    try:
        return steps_to(method, tolerance, curvatures, None, mu, L, **hyper)
    except NoStableLearningRate:
        return None
