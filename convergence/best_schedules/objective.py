"""The objective of a schedule: the expected final excess loss of a method on a problem, under its noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from convergence.best_schedules.dense import DenseFinalLoss
from convergence.best_schedules.laws import Coupled, Law, Separate
from convergence.best_schedules.recursion import FinalLoss
from convergence.errors import BadHyperparameter, NotLinear
from convergence.methods import as_method
from convergence.numerics.inputs import checked_steps
from convergence.numerics.matrices import readings
from convergence.numerics.runs import first_position
from convergence.problem import Diagonal, MarchenkoPastur, PowerLaw, Quadratic, as_quadratic
from convergence.problem.arrays import Array, one_number, short
from convergence.rule import Method
from convergence.schedule import Schedule
from convergence.stochastic.batches import checked_sampling
from convergence.stochastic.loops import linear_system, require_samples, start_noise
from convergence.stochastic.sampling import INDEPENDENT, GradientNoise, Rows, checked_draws, gradient_noise
from convergence.stochastic.steps import Mean
from convergence.theory.system import system_in_time

AT_REST = 1e-9
"""How far from the minimiser a method may rest, in parts of the minimiser's size: roundings of its formula."""


@dataclass(frozen=True, eq=False)
class Task:
    """A problem, a method with all hyperparameters but its learning rate, and the number of steps.

    Attributes
    ----------
    problem, method
        The Quadratic and the Method.
    steps
        K.
    loss
        The final loss as a function of the rates (K,).
    largest
        The cap on a rate; ∞ for none.
    """

    problem: Quadratic
    method: Method
    steps: int
    loss: FinalLoss
    largest: float

    @property
    def unit(self) -> float:
        """2/L: the scale of a rate."""
        return 2 / self.problem.L

    @property
    def highest(self) -> float:
        """The cap, or where there is none the larger of 1/μ and 4/L: as far as a first guess goes."""
        return self.largest if np.isfinite(self.largest) else max(1 / self.problem.mu, 2 * self.unit)


@dataclass(frozen=True, eq=False)
class Best:
    """The best rates (K,) that are known, in words where they come from, and their formula where there is one."""

    rates: Array
    note: str
    schedule: Schedule | None = None


def task(
    p: Any,
    m: Any,
    steps: Any,
    *,
    batch: Any,
    sampling: Any,
    noise: Any,
    start: Any,
    cap: Any,
    hyper: Mapping[str, Any],
) -> Task:
    """The task of these arguments, checked. Raises as ``optimal_schedule``."""
    problem, method, sampling = as_quadratic(p), as_method(m), checked_sampling(sampling)
    x = _first(p, problem, start)
    batch, sampling = checked_draws(problem, batch, sampling)
    if batch is not None and sampling not in INDEPENDENT:
        raise BadHyperparameter(
            f"a schedule is sought for batches that are independent of one another; with sampling={sampling!r} those of an "
            f"epoch are not. Take sampling='step' or 'replacement', and look at what its schedule does here with moments"
        )
    linear_system(method) if batch is None else require_samples(method)
    size = problem.rank**2 if batch is not None and sampling != "stream" else problem.rank
    count = checked_steps(steps, 2 * size * len(method.state) ** 2)
    if not count:
        raise BadHyperparameter("a schedule has 1 step or more; got 0")
    others = _others(method, hyper, count)
    full = {name: others.get(name, 1 / problem.L) for name in method.hyper}
    random = gradient_noise(problem, batch, sampling, noise)
    with np.errstate(all="ignore"):
        first = Mean.of(problem, method, full, x)
    if np.abs(first.offset).max() > AT_REST * np.abs(problem.minimizer).max():
        raise NotLinear(
            f"{method.name} rests elsewhere than at the minimiser at these settings, so what is left is no loss that a "
            f"schedule takes away; set its weight decay to 0"
        )
    return Task(problem, method, count, _loss(problem, method, others, random, first, count), _cap(cap, problem))


def _first(p: Any, problem: Quadratic, start: Any) -> Array:
    """The first position: given, or for a list of curvatures from the errors along them, ones by default."""
    listed = isinstance(problem, Diagonal) and not isinstance(p, Quadratic | MarchenkoPastur | PowerLaw)
    if not listed or start is None:
        return first_position(problem, start)
    return first_position(problem, problem.minimizer + first_position(problem, start))


def _others(method: Method, hyper: Mapping[str, Any], steps: int) -> dict[str, Any]:
    """The hyperparameters but the rate, as numbers or (K,)."""
    if method.rate is None or not method.domains[method.rate].is_rate:
        raise BadHyperparameter(f"{method.name} has no learning rate that a schedule could be sought for")
    if method.rate in hyper:
        raise BadHyperparameter(f"{method.rate} is what is sought; leave it out")
    full = method.at(**{**hyper, method.rate: 0.0}).over(steps)
    clock = system_in_time(method).clock
    if clock is not None and any(update.has(method.symbols[method.rate]) for update in clock.update):
        raise NotLinear(
            f"a clock of {method.name} hears the learning rate; a schedule is sought for clocks that do not"
        )
    return {name: value for name, value in full.items() if name != method.rate}


def _loss(
    problem: Quadratic, method: Method, others: Mapping[str, Any], random: GradientNoise, first: Mean, steps: int
) -> FinalLoss:
    kept = slice(problem.rank)
    curvatures, mean, enters = problem.curvatures[kept], first.errors[kept].T, start_noise(method)
    law: Law
    if isinstance(random.samples, Rows):
        added = random.added[kept, kept]
        rows = Rows(problem, problem.rank)
        law = Coupled.of(curvatures, GradientNoise(rows, random.factor, added), rows)
    else:
        minimum = 0.0 if random.samples is None else problem.minimum
        law = Separate(curvatures, np.diagonal(random.added)[kept].copy(), random.factor, minimum)
    second = law.outer(mean, mean)
    if enters.any():
        at = first.asked[kept]
        of_first = law.covariance(law.outer(at[None], at[None]), 2 * at[None, None])
        second = second + law.outer(enters[:, None], enters[:, None]) * of_first
    full = {name: np.ones(steps) if name == method.rate else others[name] for name in method.hyper}
    read = readings(method, full, steps)
    read = read if read.size else np.empty((steps, 0))
    return DenseFinalLoss.of(FinalLoss(method, curvatures, others, read, mean, second, law))


def _cap(cap: Any, problem: Quadratic) -> float:
    """The largest rate that is allowed; ∞ for None."""
    if cap is None:
        return np.inf
    number = 2 / problem.L if isinstance(cap, str) and cap == "2/L" else one_number(cap)
    if not 0 < number < np.inf:
        raise BadHyperparameter(f"cap must be a number above 0, '2/L', or None for none; got {short(cap)}")
    return number
