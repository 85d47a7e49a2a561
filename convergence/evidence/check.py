"""One claim held against one observation: ``Check``; and the same on purpose with wrong theory: ``Control``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """A claim of theory held against one observation; truthy unless it failed.

    Attributes
    ----------
    kind
        "iterates", "eigenvalues", "edge", "optimum", "published", "steps".
    claim
        In words.
    predicted, observed
        The two numbers, where it is about numbers.
    error, tolerance
        How far apart they are, and may be: each a part of the size that ``why`` says.
    why
        The reason for the tolerance; of a check that could not be made, the reason for that.
    passed
        None where the check could not be made: neither a pass nor a failure.
    """

    kind: str
    claim: str
    predicted: float | None
    observed: float | None
    error: float | None
    tolerance: float | None
    why: str
    passed: bool | None

    def __bool__(self) -> bool:
        return self.passed is not False


@dataclass(frozen=True)
class Control:
    """The same kind of check made with a deliberate fault in the theory; it must be rejected.

    Attributes
    ----------
    kind
        That of the check.
    fault
        What was made wrong, in words: "eigenvalues off by 1 %".
    error, tolerance
        As in the check.
    rejected
        None where it could not be tried.
    """

    kind: str
    fault: str
    error: float | None
    tolerance: float | None
    rejected: bool | None

    def __bool__(self) -> bool:
        return self.rejected is not False


def compared(
    kind: str, claim: str, predicted: float, observed: float, error: float, tolerance: float, why: str
) -> Check:
    """A check whose verdict is ``error ≤ tolerance``."""
    return Check(
        kind, claim, float(predicted), float(observed), float(error), float(tolerance), why, bool(error <= tolerance)
    )


def not_made(kind: str, claim: str, why: str) -> Check:
    """A check that could not be made, and why."""
    return Check(kind, claim, None, None, None, None, why, None)
