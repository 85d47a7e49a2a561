"""What a study says of an adaptive method: its linearisation at the minimiser, its 2-cycle, and what it does not notice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sympy as sp

import convergence as cv
from convergence.errors import ConvergenceError, NotLinear
from convergence.evidence.adaptive import verify_along
from convergence.evidence.verification import Verification
from convergence.formula_text import Letters, formula, symbols
from convergence.methods import ADAPTIVE
from convergence.numerics.invariances import Invariances
from convergence.numerics.radius import bounds
from convergence.parts import method as linear
from convergence.parts.case import Case
from convergence.rule import Method
from convergence.theory.cycles import Cycle
from convergence.theory.symbols import CURVATURE


@dataclass(frozen=True, eq=False)
class Adaptive:
    """What holds of an adaptive method on ½λx², along an axis of its coordinates.

    Attributes
    ----------
    shares
        β₁, β₂ and the like, which the cycles are given at.
    cycles
        Its 2-cycles, formulas in learning rate, ε and λ.
    here
        Those at numbers along the steepest and the flattest direction, where a learning rate was given.
    invariances
        Which changes of the problem it does not notice.
    limit
        The largest learning rate at which the minimiser of the data attracts, at the settings' ε; None where there is none.
    reason
        Why it has no linearisation, or no limit; empty where it has.
    """

    shares: Mapping[str, float] = field(hash=False)
    cycles: tuple[Cycle, ...]
    here: tuple[Cycle, ...]
    invariances: Invariances
    limit: float | None
    reason: str

    @property
    def cycle(self) -> Cycle | None:
        """The largest one."""
        return self.cycles[0] if self.cycles else None


def is_adaptive(method: Method) -> bool:
    """Whether it is one of the catalogue's adaptive methods, whose chapter is another than that of a linear one."""
    return method in ADAPTIVE.values()


def settings(case: Case) -> dict[str, float]:
    """What was given, and the defaults; the learning rate only where it was given."""
    return {**dict(case.method.defaults), **case.given}


def adaptive(case: Case) -> Adaptive:
    """Its 2-cycles, invariances, and the limit on the data."""
    method, given = case.method, settings(case)
    shares = {name: value for name, value in given.items() if method.domains[name].is_share}
    limit, reason = _limit(case)
    try:
        found = cv.cycles(method, 2, curvature=CURVATURE, **shares)
    except ConvergenceError as error:
        found, reason = [], reason or str(error)
    here: list[Cycle] = []
    if method.rate in given:
        here = [
            c
            for end in (case.problem.L, case.problem.mu)
            for c in cv.cycles(method, 2, curvature=float(end), **given)[:1]
        ]
    return Adaptive(shares, tuple(map(_kept, found)), tuple(here), cv.invariances(method), limit, reason)


def _kept(cycle: Cycle) -> Cycle:
    """With its formulas as they are when a study is read from text: those that are written there are the same again."""
    return replace(
        cycle,
        amplitude=_read(cycle.amplitude),
        exists=_read(cycle.exists),
        attracting=_read(cycle.attracting),
        state=tuple(map(_read, cycle.state)),
        multipliers=tuple(map(_read, cycle.multipliers)),
    )


def _read(value: Any) -> Any:
    letters = Letters()
    return formula(letters.text(value), symbols(letters.table)) if isinstance(value, sp.Basic) else value


def _limit(case: Case) -> tuple[float | None, str]:
    method, others = case.method, {**settings(case), str(case.method.rate): 1.0}
    try:
        limit = float(bounds(method, case.problem.curvatures[:1], others)[0])
    except NotLinear as error:
        return None, str(error)
    if limit > 0:
        return limit, ""
    return (
        None,
        "one of its states never forgets, so it rests on a line of states; how fast it comes there depends on the start",
    )


def verification(case: Case) -> Verification | None:
    """Checks of the limit and of the 2-cycle on ½x²; None where there is nothing to check."""
    given = {name: value for name, value in case.given.items() if name != case.method.rate}
    found = verify_along(case.method, given)
    return found if any(check.passed is not None for check in found.checks) else None


def _where_linear(part: Callable[[Case], Any]) -> Callable[[Case], Any]:
    def found(case: Case) -> Any:
        try:
            return part(case)
        except NotLinear:  # its reason stands in ``Adaptive``
            return None

    return found


OF_ADAPTIVE: dict[str, Callable[[Case], Any]] = {
    "system": _where_linear(linear.system),
    "region": _where_linear(linear.region),
    "adaptive": adaptive,
    "verification": verification,
}
"""What a study says of an adaptive method: a part that does not apply is left out."""
