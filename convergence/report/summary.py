"""What the summary page says of a study: verdict, fastest method, groups of equal theory, directions in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from convergence.problem import Direction, Quadratic

if TYPE_CHECKING:
    from convergence.document import Chapter, Study

NAMED = 6
"""Directions in a table: half from the steepest on, half to the flattest."""

HEAVY, HEAVIEST = 0.5, 3
"""A column makes a direction up where its weight is this part of the largest one; so many are named."""


class Summary:
    """Questions that the page asks about a study."""

    def __init__(self, study: Study) -> None:
        self.study = study

    @property
    def chapters(self) -> tuple[Chapter, ...]:
        """What is said of each method."""
        return self.study.methods

    @property
    def linear(self) -> list[Chapter]:
        """Those of methods that are linear, or read by their linearisation alone."""
        return [one for one in self.chapters if one.adaptive is None]

    @property
    def adaptive(self) -> list[Chapter]:
        """Those of adaptive methods."""
        return [one for one in self.chapters if one.adaptive is not None]

    @property
    def failed(self) -> list[tuple[Chapter, Any]]:
        """Checks that failed, with their methods."""
        return [(one, c) for one in self._verified for c in one.verification.checks if c.passed is False]

    @property
    def unverified(self) -> list[Chapter]:
        """Methods that could not be held against a run."""
        return [one for one in self.chapters if one.unverified is not None]

    @property
    def accepted(self) -> list[tuple[Chapter, Any]]:
        """Deliberate faults that were not noticed."""
        return [(one, c) for one in self._verified for c in one.verification.controls if c.rejected is False]

    @property
    def tally(self) -> dict[str, int]:
        """How many checks and controls there were."""
        checks = [check.passed for one in self._verified for check in one.verification.checks]
        controls = [control.rejected for one in self._verified for control in one.verification.controls]
        made, tried = (len(part) - part.count(None) for part in (checks, controls))
        of_checks = {"passed": checks.count(True), "made": made, "left": checks.count(None)}
        return of_checks | {"rejected": controls.count(True), "tried": tried}

    @property
    def _verified(self) -> list[Chapter]:
        return [chapter for chapter in self.chapters if chapter.verification is not None]

    @property
    def ranked(self) -> list[Chapter]:
        """Methods of the gradient alone that come to the minimiser and passed their checks, the fastest first."""
        usable = [one for one in self.chapters if one.answer and one.answer.steps and one and _at_minimiser(one)]
        return sorted((one for one in usable if not uses_hessian(one)), key=lambda one: one.answer.steps.count)

    @property
    def winners(self) -> list[Chapter]:
        """The fastest of them, and those that are as fast."""
        ranked = self.ranked
        return [one for one in ranked if one.answer.steps.count == ranked[0].answer.steps.count]

    @property
    def newton(self) -> list[Chapter]:
        """Methods that solve with the Hessian."""
        return [one for one in self.chapters if uses_hessian(one) and one.answer and one.answer.steps]

    @property
    def lost(self) -> list[Chapter]:
        """Methods that do not converge at their settings."""
        return [one for one in self.chapters if one.answer and one.answer.steps is None]

    @property
    def groups(self) -> list[list[Chapter]]:
        """Methods of equal theory together, the simplest of each first."""
        classes = self.study.classes
        names = [] if classes is None else [list(group) for group in classes.classes]
        grouped = {name for group in names for name in group}
        alone = [[one] for one in self.chapters if one.name not in grouped]
        return [*([self.study[name] for name in group] for group in names), *alone]

    def map_to(self, chapter: Chapter) -> Any:
        """The Equivalence from a method to the first of its group; None for the first itself."""
        classes = self.study.classes
        return None if classes is None else next((one for one in classes.maps if one.a == chapter.name), None)

    def same_iterates(self, group: Sequence[Chapter]) -> list[list[Chapter]]:
        """Those methods of a group that have the very same iterates."""
        names = {one.name for one in group}
        classes = self.study.classes.same_iterates if self.study.classes else ()
        return [[self.study[name] for name in same] for same in classes if names.issuperset(same)]

    @property
    def directions(self) -> list[tuple[Direction, str]]:
        """The directions that are named, and the columns that make each up."""
        return [(d, columns_of(self.study.problem, d.index)) for d in self._shown]

    @property
    def _shown(self) -> list[Direction]:
        every = self.study.problem.named_directions[: self.study.problem.rank]
        half = NAMED // 2
        return list(every) if len(every) <= NAMED else [*every[:half], *every[-half:]]

    @property
    def hidden(self) -> int:
        """How many directions with curvature are not named."""
        return self.study.problem.rank - len(self._shown)


def _at_minimiser(chapter: Chapter) -> bool:
    return chapter.system is None or chapter.system.rest[0] == 1


def uses_hessian(chapter: Chapter) -> bool:
    """Whether a rule solves with the Hessian."""
    return ".solve(" in chapter.method.code


def columns_of(problem: Quadratic, index: int) -> str:
    """The columns that make a direction up, heaviest first."""
    weights = np.abs(problem.directions[:, index])
    heavy = [k for k in np.argsort(-weights, kind="stable")[:HEAVIEST] if weights[k] >= HEAVY * weights.max()]
    return " and ".join(problem.columns[k] for k in heavy)


def direction_name(problem: Quadratic, index: int) -> str:
    """A direction in words: "direction 1 (x1 and x2)"."""
    return f"direction {index + 1} ({columns_of(problem, index)})"
