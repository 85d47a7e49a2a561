"""The kinds of check: each file claims, observes, compares, and knows how to be wrong on purpose."""

from __future__ import annotations

from convergence.evidence.check import Kind
from convergence.evidence.checks import (
    edge,
    eigenvalues,
    enumeration,
    iterates,
    mean_square,
    moments,
    optimum,
    published,
    stationary,
    steps,
)
from convergence.evidence.experiment import Experiment
from convergence.evidence.noise import NoisyTrial

KINDS: tuple[Kind[Experiment], ...] = (
    eigenvalues.KIND,
    iterates.KIND,
    edge.KIND,
    optimum.KIND,
    steps.KIND,
    published.KIND,
)
"""Of a run without noise."""

NOISE_KINDS: tuple[Kind[NoisyTrial], ...] = (enumeration.KIND, moments.KIND, mean_square.KIND, stationary.KIND)
"""Of runs on minibatches or under noise."""

__all__ = ["KINDS", "NOISE_KINDS", "Kind"]
