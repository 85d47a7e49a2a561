"""What a hyperparameter may be: its letter in formulas, its interval, how it is searched, how it scales with curvature.

A rule says it by annotation (``lr: Rate``, ``momentum: Share``, or ``Annotated[float, Domain(...)]``); where it says
nothing, a table of conventional names does. Nothing else in the package asks what a hyperparameter is called.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from typing import Annotated, Any, Literal, get_type_hints

import sympy as sp

UNBOUNDED = 1.5
"""Where a plain number has no end to its interval, searches look this far from zero; refinements may leave it."""


@dataclass(frozen=True)
class Domain:
    """The values that a hyperparameter is meant to take. Formulas assume the lower end; searches cover the interval.

    Parameters
    ----------
    letter
        Its name in formulas, a Greek one spelled out: ``"eta"``. Empty: the hyperparameter's own name.
    low, high
        The interval. ``low`` belongs to it only where ``closed``; ``high`` does not.
    closed
        Whether ``low`` itself is meant: momentum may be 0, a learning rate may not.
    scale
        ``"log"`` where factors matter (learning rates), ``"linear"`` where differences do.
    unit
        The power of the curvature that it is measured in: −1 for a learning rate (lr·λ is a pure number), +1 for weight
        decay (it adds to λ), 0 for pure numbers.

    >>> Domain("theta", 0, 1, closed=True).symbol.is_nonnegative
    True
    """

    letter: str = ""
    low: float = -inf
    high: float = inf
    closed: bool = False
    scale: Literal["linear", "log"] = "linear"
    unit: int = 0

    @property
    def symbol(self) -> sp.Symbol:
        """The SymPy symbol, with what the interval lets a formula assume: positive, nonnegative, or real."""
        if self.low < 0:
            return sp.Symbol(self.letter, real=True)
        return sp.Symbol(self.letter, nonnegative=True) if self.closed else sp.Symbol(self.letter, positive=True)

    @property
    def is_rate(self) -> bool:
        """Whether it is a learning rate: measured in one over the curvature."""
        return self.unit == -1

    @property
    def is_share(self) -> bool:
        """Whether it is a share of what it multiplies, as momentum is: from 0 up to, not including, 1."""
        return self.low == 0 and self.high == 1 and self.unit == 0

    @property
    def span(self) -> tuple[float, float]:
        """The finite part of the interval that a search on a linear scale covers."""
        return max(self.low, -UNBOUNDED), min(self.high, UNBOUNDED)


RATE = Domain("eta", 0, inf, scale="log", unit=-1)
SHARE = Domain("beta", 0, 1, closed=True)
DECAY = Domain("delta", 0, inf, closed=True, scale="log", unit=1)
OFFSET = Domain("epsilon", 0, inf, scale="log")
NUMBER = Domain()

Rate = Annotated[Any, replace(RATE, letter="")]
"""A learning rate: positive, on a logarithmic scale, in units of 1/λ."""
Share = Annotated[Any, replace(SHARE, letter="")]
"""A number in [0, 1), as a momentum is."""
Decay = Annotated[Any, replace(DECAY, letter="")]
"""A weight decay: not negative, in units of λ."""
Offset = Annotated[Any, replace(OFFSET, letter="")]
"""A small positive number that keeps a quotient finite, as ε does."""

CONVENTIONAL: dict[str, Domain] = {
    **dict.fromkeys(("learning_rate", "step_size", "stepsize", "step", "eta", "alpha"), replace(RATE, letter="")),
    **dict.fromkeys(("beta", "beta1", "beta2", "mom"), replace(SHARE, letter="")),
    "lr": RATE,
    "momentum": SHARE,
    "weight_decay": DECAY,
    "dampening": Domain("d"),
    "eps": OFFSET,
}
"""What hyperparameters of these names are, where a rule does not say."""

TAKEN = {"lambda", "sigma", "mu", "L", "kappa", "rho", "n", "z"}
"""Letters of curvatures, the condition number, the rate, rows and eigenvalues: a hyperparameter has them with a zero below."""


def domains(rule: Callable[..., Any], names: tuple[str, ...]) -> dict[str, Domain]:
    """The domain of each hyperparameter of a rule; two never share a letter, nor one of ``TAKEN``."""
    hints = _hints(rule)
    kinds = {name: _annotated(hints.get(name)) or CONVENTIONAL.get(name, NUMBER) for name in names}
    letters = {name: kind.letter or CONVENTIONAL.get(name, NUMBER).letter or name for name, kind in kinds.items()}
    letters = {name: f"{letter}_0" if letter in TAKEN else letter for name, letter in letters.items()}
    clashing = {name for name in names if list(letters.values()).count(letters[name]) > 1}
    return {name: replace(kind, letter=name if name in clashing else letters[name]) for name, kind in kinds.items()}


def _hints(rule: Callable[..., Any]) -> dict[str, Any]:
    try:
        return get_type_hints(rule, include_extras=True)
    except (NameError, TypeError, AttributeError):  # an annotation that is not there at run time says nothing
        return dict(getattr(rule, "__annotations__", {}))


def _annotated(hint: Any) -> Domain | None:
    parts = (hint, *getattr(hint, "__metadata__", ()))
    return next((part for part in parts if isinstance(part, Domain)), None)
