"""The errors of the package: each says what was expected, what came, and the way out.

All of them are ``ValueError`` or ``TypeError`` too, so a caller who knows nothing of this package can still catch them.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class ConvergenceError(Exception):
    """Anything this package refuses to do, and why. The command line shows it as one line and exits with status 2."""


class BadData(ConvergenceError, ValueError):
    """A matrix, a target or a file that cannot be a least-squares problem."""


class BadHyperparameter(ConvergenceError, ValueError):
    """A hyperparameter that is missing, unknown, negative where it may not be, or not a finite number."""


class BadName(ConvergenceError, ValueError):
    """A name (of a method, a loss, a column) that does not exist; the message offers the nearest that does."""


class BadRule(ConvergenceError, TypeError):
    """A function whose signature or result is not that of an update rule."""


class BadOutput(ConvergenceError, ValueError):
    """A place where results cannot be written."""


class NotLinear(ConvergenceError, ValueError):
    """A rule without an iteration matrix: it is not differentiable at the minimiser, or does not rest there."""


class NoStableLearningRate(ConvergenceError, ValueError):
    """Nothing can be tuned: no learning rate makes the method converge."""


class NoEquivalent(ConvergenceError, ValueError):
    """Settings that another method, or library, cannot imitate at all."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of an error message that helps: the nearest known name if there is one, and all of them."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1, cutoff=0.5)
    guess = f"did you mean {close[0]!r}? " if close else ""
    return f"{guess}known: {', '.join(names) or 'none'}"
