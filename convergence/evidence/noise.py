"""A method under noise on a problem, as the checks of noise look at it: its runs, its second moments by hand, its faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from convergence.errors import NoStableLearningRate
from convergence.evidence.by_hand import LARGEST, MOST_ROWS, ByHand, InEpochs
from convergence.evidence.experiment import completed, excited
from convergence.problem import Quadratic
from convergence.rule import Method
from convergence.stochastic.batches import checked_batch, checked_sampling, in_epochs
from convergence.stochastic.ensemble import Ensemble, ensemble
from convergence.stochastic.limits import mean_square_limit
from convergence.stochastic.loops import require_samples
from convergence.stochastic.sampling import added_noise
from convergence.theory.system import system

RUNS, STEPS = 10_000, 8
"""Runs of the ensemble, and their steps: few, so that no rare run carries a moment."""

SIGMAS = 4.0
"""Standard errors that one estimate may lie from the truth."""


def sigmas(count: int) -> float:
    """Standard errors that the furthest of ``count`` estimates may lie off, as rarely as one alone beyond ``SIGMAS``."""
    return float(-ndtri(ndtr(-SIGMAS) / max(count, 1)))


@dataclass(frozen=True, eq=False)
class NoisyTrial:
    """One method at one setting on one problem, under minibatches, added noise, or both; its runs, and its moments by hand.

    Attributes
    ----------
    problem, method, hyper
        What is run.
    batch, sampling, noise
        As for ``ensemble``.
    start
        The first position, with an error in every direction.
    """

    problem: Quadratic
    method: Method
    hyper: Mapping[str, Any]
    batch: int | None
    sampling: str
    noise: Any
    start: NDArray[np.float64]

    @property
    def in_epochs(self) -> bool:
        """Whether the batches of an epoch depend on each other."""
        return self.batch is not None and in_epochs(self.sampling)

    @property
    def factor(self) -> float:
        """The variance of the mean of a batch, in parts of a row's: less for distinct rows, 0 for all of them."""
        if self.batch is None:
            return 0.0
        left = (self.problem.rows - self.batch) / max(self.problem.rows - 1, 1) if self.sampling == "step" else 1.0
        return left / self.batch

    @property
    def random(self) -> dict[str, Any]:
        """The arguments of public functions that say what is random."""
        return {"batch": self.batch, "sampling": self.sampling, "noise": self.noise}

    @cached_property
    def runs(self) -> Ensemble:
        """An ensemble of runs, always the same."""
        return ensemble(self.problem, self.method, STEPS, RUNS, start=self.start, **self.random, **self.hyper)

    @property
    def wrong_sampling(self) -> tuple[str, str] | None:
        """The fault of taking batches for others: its name, and the sampling it takes; None where there is none."""
        if self.batch is None or self.sampling == "stream" or self.batch > self.problem.rows:
            return None
        if self.in_epochs:
            return "batches taken for independent ones", "step"
        return "c of the other sampling", "replacement" if self.sampling == "step" else "step"

    @property
    def rates(self) -> dict[str, Any]:
        """All hyperparameters but the learning rate."""
        return {name: value for name, value in self.hyper.items() if name != self.method.rate}

    @property
    def share(self) -> str | None:
        """The first hyperparameter that is a share, as momentum is."""
        return next((name for name, domain in self.method.domains.items() if domain.is_share), None)

    @property
    def too_large(self) -> str:
        """Why second moments cannot be made by hand; nothing where they can."""
        if self.problem.rank * len(system(self.method).state) > LARGEST:
            return f"more than {LARGEST} states of all directions: the operator is too large"
        if self.batch is not None and self.sampling == "epoch" and self.problem.rows > MOST_ROWS:
            return f"more than {MOST_ROWS} rows have too many orders to be tried one by one"
        return ""

    @cached_property
    def hand(self) -> ByHand:
        """The second moments by hand."""
        return InEpochs(self) if self.in_epochs else ByHand(self)

    def growth(self, lr: float) -> float:
        """The factor by which second moments, by hand, grow a step (an epoch) in the end at this learning rate."""
        return replace(self, hyper={**self.hyper, str(self.method.rate): lr}).hand.growth()


def noisy_trial(
    problem: Quadratic, method: Method, batch: int | None, sampling: str, noise: Any, given: dict[str, Any]
) -> NoisyTrial:
    """The trial. A learning rate that is not given is the optimum's, or half the limit in mean square where that is less."""
    checked_sampling(sampling)
    added_noise(problem, noise, 1.0)
    if batch is not None:
        checked_batch(problem, batch, sampling)
        require_samples(method)
    hyper = completed(problem, method, given)
    if batch is not None and method.rate is not None and method.rate not in given:
        others = {name: value for name, value in hyper.items() if name != method.rate}
        kind = "step" if sampling == "epoch" else sampling  # whose limit is known whatever the number of rows
        try:
            limit = mean_square_limit(problem, method, batch, sampling=kind, **others)
        except NoStableLearningRate:
            limit = np.inf
        hyper = {**hyper, str(method.rate): min(hyper[str(method.rate)], limit / 2)}
    return NoisyTrial(problem, method, hyper, batch, sampling, noise, excited(problem))
