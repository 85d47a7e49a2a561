"""A time limit for derivations and searches."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from time import process_time

from convergence.errors import BadHyperparameter


@dataclass(frozen=True)
class Deadline:
    """The end of a time limit, on the clock ``time.process_time``: of this process, so that a busy machine changes no answer.

    All deadlines are equal, so that a cache does not tell them apart: it keeps what was finished, and whoever runs out of
    time raises, which no cache keeps.
    """

    end: float = field(default=inf, compare=False)

    @property
    def over(self) -> bool:
        return process_time() > self.end

    def check(self) -> None:
        """Raise TimeoutError where the time is up."""
        if self.over:
            raise TimeoutError("the time limit was reached")


NEVER = Deadline()
"""No time limit."""


def within(seconds: float) -> Deadline:
    """The deadline that many seconds from now. BadHyperparameter where that is no positive number.

    >>> within(20).over
    False
    """
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds > 0:
        raise BadHyperparameter(f"expected a positive number of seconds as the time limit; got {seconds!r}")
    return Deadline(process_time() + seconds)
