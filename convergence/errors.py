"""The errors of the package: each says what was expected, what came, and the way out.

All of them are ``ValueError`` or ``TypeError`` too, so a caller who knows nothing of this package can still catch them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches


class ConvergenceError(Exception):
    """Anything this package refuses to do, and why: the contract, what came, the way out.

    The command line shows it as one line and exits with status 2. Each is a ValueError or TypeError as well.

    >>> import convergence as cv
    >>> try:
    ...     cv.stability("heavyball")
    ... except cv.ConvergenceError as error:
    ...     type(error).__name__, "heavy_ball" in str(error)
    ('BadName', True)

    ``terminal`` is the message in the words of the command line, where those of Python are others.
    """

    def __init__(self, message: str = "", terminal: str | None = None) -> None:
        super().__init__(message)
        self.terminal = message if terminal is None else terminal


class BadData(ConvergenceError, ValueError):
    """A matrix, a target, a list of curvatures or a file that cannot be a problem: of a wrong shape, empty, not finite.

    It says the row and the column, of a file the line. A number of steps that is no whole number is one too.
    """


class BadHyperparameter(ConvergenceError, ValueError):
    """A hyperparameter that is missing, unknown, negative where it may not be, or not a finite number.

    The message has the names that the method takes, and the nearest to a name that it does not know.
    """


class NotANumber(BadHyperparameter, TypeError):
    """What is read as an exact number and is none, as a text or a list."""


class BadName(ConvergenceError, ValueError):
    """A name (of a method, a preset, a loss, a column) that does not exist; the message offers the nearest one."""


class BadRule(ConvergenceError, TypeError):
    """A function that is no update rule: by its signature, by what it returns, or because it answers differently each time.

    Random numbers and counters outside the rule are such reasons: what is derived of one reading would be untrue of
    the next.
    """


class BadOutput(ConvergenceError, ValueError):
    """A place where results cannot be written, as a folder that is a file, or a disk that is full."""


class NotLinear(ConvergenceError, ValueError):
    """A rule without an iteration matrix: it is not differentiable at the minimiser, or does not rest there.

    Sign descent, clipping and Adam's normalised step are such rules; the message says which of both it is.
    """


class NoStableLearningRate(ConvergenceError, ValueError):
    """Nothing can be tuned: no learning rate makes the method converge, the other hyperparameters being as given."""


class NoEquivalent(ConvergenceError, ValueError):
    """Settings that another method, or library, cannot imitate at all; where there is a counterexample, it is said."""


class NoCode(ConvergenceError, ValueError):
    """A formula that has no code: it uses a function that other languages do not have, or have with another meaning."""


def nearest(name: str, known: Iterable[str], more: Iterable[str] = ()) -> str:
    """The end of an error message that helps: the nearest known name, or one of ``more``, if there is one, and all known."""
    names = sorted(known)
    close = get_close_matches(name, [*names, *more], n=1, cutoff=0.6)
    guess = f"did you mean {close[0]!r}? " if close else ""
    return f"{guess}known: {', '.join(names) or 'none'}"


def require_formats(names: Collection[str], known: Collection[str]) -> None:
    """Raise BadName for a format that is not known."""
    for name in names:
        if name not in known:
            raise BadName(f"there is no format {name!r}; {nearest(name, known)}")
