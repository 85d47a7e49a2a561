"""The schedules of the course notes, by the number of the notes and a word, each with its clock in words.

Those of notes 004 count epochs: ``epoch`` is how many steps one has, and the rate changes once in each. Those of notes 001
count the steps in a global t that is 1 before the loop and is raised before it is read: it is 2 in the first step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sympy as sp

from convergence.schedule import STEP, Schedule
from convergence.schedules import families
from convergence.schedules.libraries import called

GLOBAL = "k counts steps, 0 at the first, where the code's global t is 2 already: t = k + 2"

FIRST = 2
"""The t of notes 001 in the first step."""


def _inverse(*, base: float, rate: float, epoch: int = 1) -> Schedule:
    return _by_epoch(families.inverse_time(base, rate), epoch)


def _exponential(*, base: float, rate: float, epoch: int = 1) -> Schedule:
    return _by_epoch(_made(families.number(base, "base") * sp.exp(-families.number(rate, "rate") * STEP)), epoch)


def _percent(*, base: float, epoch: int = 1) -> Schedule:
    return _by_epoch(families.exponential(base, 0.95), epoch)


def _staircase(*, base: float, factor: float, every: int, epoch: int = 1) -> Schedule:
    return _by_epoch(families.staircase(base, factor, every), epoch)


def _root(*, base: float, rate: float, epoch: int = 1) -> Schedule:
    size = families.number(rate, "rate") * families.number(base, "base")
    return _by_epoch(_made(size / sp.sqrt(STEP + 1)), epoch, first=1)


def _piecewise(*, values: Sequence[float], boundaries: Sequence[int]) -> Schedule:
    return _from_two(families.piecewise(values, boundaries))


def _decaying(*, base: float, rate: float = 0.1) -> Schedule:
    return _from_two(_made(families.number(base, "base") * sp.exp(-families.number(rate, "rate") * STEP)))


def _polynomial(*, base: float, rate: float = 0.1, power: float = 0.5) -> Schedule:
    return _from_two(families.polynomial(base, rate, power))


def _made(formula: sp.Expr) -> Schedule:
    return Schedule("", formula)


def _by_epoch(schedule: Schedule, epoch: int, first: int = 0) -> Schedule:
    counted = "k counts epochs" if epoch == 1 else f"k counts steps, {epoch} an epoch"
    begins = (
        "epoch 0 is the first" if first == 0 else "epoch 1 is the first, where k is 0: in epoch 0 it would be infinite"
    )
    return replace(schedule if epoch == 1 else schedule.per_epoch(epoch), clock=f"{counted}; {begins}")


def _from_two(schedule: Schedule) -> Schedule:
    assert schedule.formula is not None
    return replace(schedule, formula=schedule.formula.subs(STEP, STEP + FIRST), clock=GLOBAL)


NOTES: Mapping[str, Callable[..., Schedule]] = {
    "004-inverse": _inverse,
    "004-exponential": _exponential,
    "004-0.95": _percent,
    "004-staircase": _staircase,
    "004-root": _root,
    "001-piecewise": _piecewise,
    "001-exponential": _decaying,
    "001-polynomial": _polynomial,
}


def notes(name: str, /, **arguments: Any) -> Schedule:
    """A schedule of the course notes: those of 004 with ``epoch=`` steps an epoch (default 1), those of 001 with t from 2.

    "004-inverse" η₀/(1 + k·epoch), "004-exponential" η₀e^(−k·epoch), "004-0.95" 0.95^epoch·η₀ (called polynomial there; it is
    exponential), "004-staircase", "004-root" kη₀/√epoch; "001-piecewise", "001-exponential" η₀e^(−λt) with λ = 0.1, and
    "001-polynomial" η₀(βt + 1)^(−α) with β = 0.1, α = ½. η₀ is ``base``, k, λ or β is ``rate``, α is ``power``.

    Raises
    ------
    BadName
        For a schedule that is not known.
    BadHyperparameter
        For an argument that it does not take, or that is missing, or that is no number.

    >>> notes("001-exponential", base=1.0).values(2).round(4)
    array([0.8187, 0.7408])
    >>> notes("004-0.95", base=1.0, epoch=2).values(4)
    array([1.  , 1.  , 0.95, 0.95])
    """
    return called("notes", NOTES, name, arguments)
