"""Steps by batch: how many steps to a target in expected loss the best learning rate needs, for each size of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.errors import BadData, BadHyperparameter
from convergence.methods import as_method
from convergence.numerics.bracket import minimum
from convergence.numerics.runs import first_position
from convergence.plotting import Plotted
from convergence.problem import Quadratic, as_quadratic
from convergence.problem.arrays import Array, floats, is_whole, one_number, short
from convergence.rule import Method
from convergence.stochastic.batches import checked_batch
from convergence.stochastic.limits import limit_without_noise, require_independent, require_others, sampled_method
from convergence.stochastic.many_rates import Sweep, sweep
from convergence.stochastic.recursion import DENSE
from convergence.stochastic.sampling import batch_factor, samples_of
from convergence.tabular import Tabular
from convergence.theory.system import system

GRID, LARGE_GRID = 220, 24
"""Learning rates that are tried, where the moments are few and where they are many, or a clock runs."""

SPAN = 1e-4
"""The smallest of them, as a part of the limit without noise."""

FINER, ROUNDS = 25, 3
"""Learning rates between the neighbours of the best so far, and how often they are tried (once where moments are many)."""

FITTED = 1e-5
"""To which the critical batch is fitted, relatively: steps are whole numbers, and say less."""

LARGEST_BATCH = 512
"""The last of the default batches where rows are drawn without end."""


@dataclass(frozen=True, eq=False)
class StepsByBatch(Plotted, Tabular, figure="steps_by_batch"):
    """Steps to a target in expected excess loss, at the best learning rate found for each batch.

    Attributes
    ----------
    method, hyper, sampling, target
        What was asked.
    batches
        (m,), sizes of a batch.
    steps
        (m,), the first step at which the expected excess loss is at most ``target`` times the first: whole numbers, ∞
        where no learning rate that was tried reaches it.
    lr
        (m,), the learning rate that does; nan where none does.
    fewest, critical_batch
        S and B_c of the law steps = S·(1 + B_c/B), least squares in log steps: that is (steps/S − 1)(examples/E − 1) = 1
        with B_c = E/S (McCandlish et al. 2018, §2.3). nan with fewer than three batches.
    """

    method: str
    hyper: Mapping[str, Any]
    sampling: str
    target: float
    batches: NDArray[np.int64]
    steps: Array
    lr: Array
    fewest: float
    critical_batch: float

    @property
    def examples(self) -> Array:
        """(m,), rows seen: steps times batch."""
        return self.steps * self.batches

    @property
    def knee(self) -> float:
        """The batch from which doubling it saves less than a factor √2 of steps, interpolated; nan where none is.

        Where the law holds it is ``critical_batch``; no law is assumed here.
        """
        known = np.isfinite(self.steps)
        logs, counts = np.log(self.batches[known]), np.log(self.steps[known])
        middles, slopes = (logs[1:] + logs[:-1]) / 2, -np.diff(counts) / np.diff(logs)
        for k in range(len(slopes) - 1):
            if slopes[k] >= 0.5 > slopes[k + 1]:
                share = (slopes[k] - 0.5) / (slopes[k] - slopes[k + 1])
                return float(np.exp(middles[k] + share * (middles[k + 1] - middles[k])))
        return float("nan")

    def table(self) -> dict[str, Any]:
        """A row for each batch."""
        return {"batch": self.batches, "steps": self.steps, "lr": self.lr, "examples": self.examples}

    def __repr__(self) -> str:
        pairs = ", ".join(f"{b}: {s:g}" for b, s in zip(self.batches, self.steps, strict=True))
        return f"Steps of {self.method} to {self.target:g} of the first excess loss, by batch: {pairs}"


def steps_by_batch(
    p: Any,
    m: Any,
    /,
    batches: Any = None,
    *,
    target: float = 0.01,
    sampling: str = "replacement",
    lrs: Any = None,
    start: Any = None,
    limit: int = 100_000,
    **hyper: Any,
) -> StepsByBatch:
    """The fewest steps to a target in expected excess loss, for each batch at its best learning rate.

    The expected loss is exact (``moments``); the learning rate is the best found, at each batch by itself, the other
    settings as given.

    Parameters
    ----------
    p, m, sampling, start
        As for ``moments``.
    batches
        Rows of a batch, increasing; powers of two by default, up to all rows.
    target
        Between 0 and 1, a part of the first excess loss.
    lrs
        Learning rates to choose from. None: a geometric grid below the limit without noise, refined around its best.
    limit
        Steps after which one gives up.
    hyper
        The other hyperparameters, one number each.

    Returns
    -------
    StepsByBatch

    Raises
    ------
    NotLinear
        For a rule whose step is not affine in the sampled Hessian.
    NoStableLearningRate
        Where no learning rate is stable, even without noise.
    BadHyperparameter, BadData, BadName
        For wrong settings, batches, target or start.

    >>> curve = steps_by_batch([2.0, 1.0], "gradient_descent", [1, 2, 4, 8], sampling="stream")
    >>> curve.steps
    array([18., 10.,  7.,  5.])
    """
    problem, method = as_quadratic(p), as_method(m)
    require_independent(sampling)
    method = sampled_method(method)
    require_others(method, hyper)
    goal, most = _checked_target(target), _checked_limit(limit)
    sizes = _checked_batches(problem, batches, sampling)
    x = first_position(problem, start)
    grid = _grid(problem, method, hyper) if lrs is None else _checked_rates(lrs)
    samples = samples_of(problem, sampling)
    excess = float(problem.curvatures @ problem.to_directions(x - problem.minimizer) ** 2) / 2
    if not excess > 0:
        raise BadData("start must not be a minimiser: there is nothing to reach")

    def tried(rates: Array) -> Sweep:
        return sweep(problem, method, samples, rates, hyper, x)

    fewest = []
    with np.errstate(all="ignore"):
        coarse = tried(grid)
        rounds = 0 if lrs is not None else ROUNDS if len(grid) > LARGE_GRID else 1
        for size in sizes:
            factor = batch_factor(sampling, int(size), problem.rows)
            best, rates = _first_below(coarse, grid, factor, goal * excess, most), grid
            for _ in range(rounds if best.steps < inf else 0):
                rates = _finer(rates, best.lr)
                finer = _first_below(tried(rates), rates, factor, goal * excess, int(best.steps))
                best = min(best, finer, key=lambda reached: (reached.steps, reached.loss))
            fewest.append(best)
    steps, rates = (np.array([getattr(best, name) for best in fewest], dtype=float) for name in ("steps", "lr"))
    return StepsByBatch(method.name, hyper, sampling, goal, sizes, steps, rates, *_law(sizes, steps))


@dataclass(frozen=True)
class _Reached:
    """A first step at which the target is reached, at which rate, and the loss there."""

    steps: float = inf
    lr: float = float("nan")
    loss: float = inf


def _first_below(at: Sweep, rates: Array, factor: float, target: float, limit: int) -> _Reached:
    """The first step at which any of the rates has reached the target, and the lowest of them there."""
    for step, losses in enumerate(at.losses(factor)):
        below = losses <= target
        if below.any():
            lowest = int(np.argmin(np.where(below, losses, inf)))
            return _Reached(step, float(rates[lowest]), float(losses[lowest]))
        if step >= limit:
            return _Reached()
    raise AssertionError("there is no last step")


def _finer(rates: Array, best: float) -> Array:
    """Rates between the neighbours of the best."""
    place = int(np.abs(rates - best).argmin())
    low, high = rates[max(place - 1, 0)], rates[min(place + 1, len(rates) - 1)]
    return np.geomspace(low, high, FINER)


def _grid(problem: Quadratic, method: Method, others: Mapping[str, Any]) -> Array:
    """Learning rates below the limit without noise, evenly spaced in their logarithm."""
    top = limit_without_noise(problem, method, others)
    few = (len(problem.curvatures) * len(system(method).state)) ** 2 <= DENSE and system(method).clock is None
    return np.geomspace(SPAN * top, top, (GRID if few else LARGE_GRID) + 1)[:-1]


def _law(batches: NDArray[np.int64], steps: Array) -> tuple[float, float]:
    """S and B_c of S·(1 + B_c/B), by least squares in the logarithm of the steps."""
    known = np.isfinite(steps)
    if known.sum() < 3:
        return float("nan"), float("nan")
    sizes, logs = batches[known].astype(float), np.log(steps[known])

    def apart(critical: float) -> Array:
        return np.asarray(logs - np.log1p(np.exp(critical) / sizes))

    ends = (float(np.log(sizes[0])) - 10, float(np.log(sizes[-1])) + 10)
    critical = minimum(lambda c: float(np.var(apart(c))), *ends, FITTED)
    return float(np.exp(apart(critical).mean())), float(np.exp(critical))


def _checked_batches(problem: Quadratic, batches: Any, sampling: str) -> NDArray[np.int64]:
    if batches is None:
        last = LARGEST_BATCH if sampling == "stream" else problem.rows
        powers = [2**k for k in range(64) if 2**k < last]
        return np.array([*powers, last if sampling == "step" else 2 ** len(powers)])
    numbers = floats(batches)
    if numbers.ndim != 1 or not len(numbers) or not (np.isfinite(numbers) & (numbers == np.floor(numbers))).all():
        raise BadHyperparameter(f"batches must be a list of whole numbers, increasing; got {short(batches)}")
    if (np.diff(numbers) <= 0).any() or numbers[0] < 1 or numbers[-1] > 2**53:
        raise BadHyperparameter(f"batches must be a list of whole numbers from 1 on, increasing; got {short(batches)}")
    return np.array([checked_batch(problem, int(number), sampling, drawn=False) for number in numbers])


def _checked_target(target: Any) -> float:
    number = one_number(target)
    if not 0 < number < 1:
        raise BadHyperparameter(f"target must be between 0 and 1, a part of the first excess loss; got {short(target)}")
    return number


def _checked_rates(lrs: Any) -> Array:
    rates = floats(lrs)
    if rates.ndim != 1 or not len(rates) or not (np.isfinite(rates) & (rates > 0)).all():
        raise BadHyperparameter(f"lrs must be a list of learning rates above 0; got {short(lrs)}")
    return np.unique(rates)


def _checked_limit(limit: Any) -> int:
    if not is_whole(limit):
        raise BadHyperparameter(f"limit must be a whole number of steps, 1 or more; got {short(limit)}")
    return int(limit)
