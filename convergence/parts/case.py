"""A case: one method on one problem, with what is fixed and what is best for the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from convergence.evidence.experiment import completed
from convergence.problem import Quadratic
from convergence.rule import Method


@dataclass(frozen=True, eq=False)
class Case:
    """What every part of a chapter is made from.

    ``given`` are the hyperparameters that are fixed; ``random`` the batch, its sampling and the noise, if there are any;
    ``schedules`` of the learning rate by name, and for how many ``steps``.
    """

    problem: Quadratic
    method: Method
    given: Mapping[str, Any]
    parts: Sequence[str] = ()
    random: Mapping[str, Any] | None = None
    schedules: Mapping[str, Any] | None = None
    steps: int | None = None

    @cached_property
    def hyper(self) -> dict[str, Any]:
        """All settings: those given, and the best of the others for them."""
        return completed(self.problem, self.method, dict(self.given))

    @property
    def ends(self) -> dict[str, float]:
        """μ and L, by name."""
        return {"mu": self.problem.mu, "L": self.problem.L}
