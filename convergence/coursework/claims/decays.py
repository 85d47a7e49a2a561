"""What notes 004 and 001 leave open about learning rates that decay: where a descent under them ends."""

from __future__ import annotations

from math import exp
from typing import Any

import sympy as sp

import convergence as cv
from convergence.coursework.claim import Answer
from convergence.coursework.claims.notes_001 import NOTES as NOTES_001
from convergence.coursework.claims.notes_004 import NOTES as NOTES_004
from convergence.coursework.letters import HALF
from convergence.schedule import STEP

FIVE: dict[str, dict[str, Any]] = {
    "004-inverse": {"base": 0.5, "rate": 0.1},
    "004-exponential": {"base": 0.5, "rate": 0.1},
    "004-0.95": {"base": 0.5},
    "004-staircase": {"base": 0.5, "factor": 0.5, "every": 10},
    "004-root": {"base": 0.5, "rate": 1},
}
"""The five decays of notes 004 with η₀ = ½."""

WRITTEN = {
    "004-inverse": "η₀/(1 + k·epoch)",
    "004-exponential": "η₀e^(−k·epoch)",
    "004-0.95": "0.95^epoch·η₀",
    "004-staircase": "the staircase",
    "004-root": "kη₀/√epoch",
}


def left(schedule: cv.Schedule, curvature: Any = 1) -> Any:
    """The limit of what is left of an error."""
    limit = cv.product(schedule, 0, curvature).limit
    assert limit is not None
    return limit


@NOTES_004.exactly("004-decays", "learning-rate decay: the five formulas", decays=("004-inverse", "004-root"))
def arrives(decays: tuple[str, ...] = tuple(FIVE)) -> Answer:
    """Does the descent still reach a minimum, whichever of the five decays is taken?

    on a parabola with η₀λ = ½, a step an epoch, k = 0.1 (1 for kη₀/√epoch), and stairs that halve the rate each 10 epochs:
    where Ση is infinite the error goes to 0, {reach}. Where it is finite a part stays for good: {stay}, with {parts} of
    the error.
    """
    limits = {name: left(cv.schedules.notes(name, **FIVE[name])) for name in decays}
    reach = [WRITTEN[name] for name, limit in limits.items() if not limit.stops]
    stay = [WRITTEN[name] for name, limit in limits.items() if limit.stops]
    parts = [limit.value for limit in limits.values() if limit.stops]
    return not stay, {"reach": reach, "stay": stay, "parts": parts}


@NOTES_004.closely("004-epoch-step", "learning-rate decay: epochs, in the training loop", steps=1)
def clocks(steps: int = 5) -> Answer:
    """Is it the same decay where each step counts, and not each epoch?

    with {steps} steps an epoch each rate is used {steps} times. Of an error with η₀λ = ½, 0.95^epoch leaves {by_epoch} for
    good, and 0.95^step leaves {by_step}: the one is the other to the power {steps}. Tolerance 1e-12.
    """
    by_step, by_epoch = (left(cv.schedules.notes("004-0.95", base=0.5, epoch=n)).value for n in (1, steps))
    return abs(by_epoch / by_step - 1) < 1e-12, {"steps": steps, "by_epoch": by_epoch, "by_step": by_step}


@NOTES_001.exactly("001-polynomial", '"Dynamic Learning Rate", polynomial_lr', power=2)
def polynomial(power: Any = HALF) -> Answer:
    """Does (0.1t + 1)^(−½) stop the descent before the minimum, as e^(−0.1t) does?

    of (0.1t + 1)^(−α) the sum Ση is infinite for α ≤ 1, and then the product of 1 − ηλ goes to 0: with η₀λ = 0.1 it is
    {thousand} after 1000 steps, and {more} after 10 000. (α = 2 would leave {two} for good.)
    """
    schedule, fast = (cv.schedules.notes("001-polynomial", base=0.1, power=p) for p in (power, 2))
    thousand, more = (cv.product(schedule, steps, 1).value for steps in (10**3, 10**4))
    return left(schedule).stops, {"thousand": thousand, "more": more, "two": left(fast).value}


@NOTES_001.closely("001-from-two", '"Dynamic Learning Rate": the global t in the code', first=0)
def from_two(first: int = 2) -> Answer:
    """Does it change where the descent ends that t is 2 in the first step, and not 0?

    under e^(−0.1t) with η₀λ = 0.1 the part {stays} of the error stays for good, and with t from 0 it would be {formula}.
    The two steps that are left out would have multiplied it by (1 − 0.1)(1 − 0.1·e^(−0.1)). Tolerance 1e-12.
    """
    rates = (cv.Schedule("η₀e^(−0.1t)", sp.exp(-(STEP + t) / sp.Integer(10)) / 10) for t in (first, 0))
    stays, formula = (left(schedule).value for schedule in rates)
    skipped = 0.9 * (1 - 0.1 * exp(-0.1))
    return abs(stays * skipped / formula - 1) < 1e-12, {"stays": stays, "formula": formula}


@NOTES_001.exactly("001-piecewise", '"Dynamic Learning Rate", piecewise constant', last=0)
def piecewise(last: float = 0.1) -> Answer:
    """Does the descent reach the minimum under a piecewise constant rate?

    as long as its last value is above 0 and below 2/λ: each step multiplies the error by 1 − ηλ from there on. (With a
    last value of 0 what is left then stays: {part} after 10 steps at ηλ = ½.)
    """
    schedule, ended = (cv.schedules.notes("001-piecewise", values=[0.5, end], boundaries=[12]) for end in (last, 0))
    return not left(schedule).stops, {"part": left(ended).value}
