"""Advice: what to do about a diagnosis, a sentence each, what to do first at first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from convergence.diagnosis.best import Best, best
from convergence.diagnosis.directions import DirectionState, rests_elsewhere
from convergence.diagnosis.nearest import Nearest
from convergence.diagnosis.spectrum import Spectrum
from convergence.diagnosis.verdict import MANY, is_slow
from convergence.diagnosis.wording import DIGITS, counted, number, rounded, settings_text, steps
from convergence.errors import BadData
from convergence.methods import METHODS
from convergence.problem import LeastSquares, Quadratic
from convergence.rule import Method
from convergence.theory.system import system

SCALES = 4.0
"""Scaling the columns is worth saying where it makes κ this many times smaller."""

OTHER = "heavy_ball"
"""What a method is compared with when its best is slow: the fastest of the fixed two-step methods on a quadratic."""

PATIENCE = 20
"""A best setting that takes so few steps needs no other method."""


@dataclass(frozen=True)
class Scaling:
    """What scaling does to the condition number: ``kappa`` now, with columns of one length, and centred as well.

    ``largest`` and ``smallest`` name the columns of the greatest and the least length.
    """

    kappa: float
    scaled: float
    standardized: float | None
    largest: str
    smallest: str

    @property
    def helps(self) -> bool:
        """Whether scaling the columns alone makes κ much smaller."""
        return self.kappa >= SCALES * self.scaled

    @property
    def centring_helps(self) -> bool:
        """Whether centring them makes κ much smaller still."""
        return self.standardized is not None and self.scaled >= SCALES * self.standardized


@dataclass(frozen=True)
class Case:
    """All that advice is made of."""

    method: Method
    settings: Mapping[str, Any]
    spectrum: Spectrum
    verdict: str
    worst: DirectionState
    nearest: Nearest | None
    joint: Nearest | None
    best: Best | None
    best_rate: Best | None
    scaling: Scaling | None


def scaling(problem: Quadratic | None) -> Scaling | None:
    """κ after the columns were brought to one length, and after they were centred first, with an intercept beside them."""
    if problem is None or len(problem.columns) < 2:
        return None
    lengths = np.linalg.norm(problem.X, axis=0)
    if not lengths.all():
        return None
    scaled = LeastSquares(problem.X / lengths, problem.y, problem.loss_name).kappa
    order = np.argsort(lengths)
    names = problem.columns[int(order[-1])], problem.columns[int(order[0])]
    return Scaling(problem.kappa, scaled, _standardized(problem), *names)


def _standardized(problem: Quadratic) -> float | None:
    """κ of the centred and scaled columns with an intercept; None where too little varies."""
    centred = problem.X - problem.X.mean(axis=0)
    spread = centred.std(axis=0)
    varies = spread > 8 * np.finfo(float).eps * np.abs(problem.X).max(axis=0)
    if varies.sum() < 1:
        return None
    X = np.column_stack((np.ones(problem.rows), centred[:, varies] / spread[varies]))
    try:
        return LeastSquares(X, problem.y, problem.loss_name).kappa
    except BadData:
        return None


def advice(case: Case) -> tuple[str, ...]:
    """Short sentences, in the order in which to follow them."""
    first = _when_unstable(case) if case.verdict in ("diverges", "stalls") else _when_slow(case)
    scale = tuple(_scale(case))
    hopeless = case.best is not None and (case.best.steps or MANY) >= MANY
    return (*scale, *first, *_notes(case)) if hopeless and scale else (*first, *scale, *_other(case), *_notes(case))


def _when_unstable(case: Case) -> Iterator[str]:
    rate = case.method.rate
    told = next((one.printed for one in (case.nearest, case.joint) if one is not None), None)
    cost = "" if told is None or told.steps is None else f": {steps(told.steps)} to 1e-3"
    if case.nearest is not None and rate is not None and told is not None:
        now, safe, edge = float(case.settings[rate]), case.nearest.safe, case.nearest.edge
        verb, side = ("Lower", "below") if safe[rate] < now else ("Raise", "above")
        bound = f" (it must stay {side} {number(rounded(edge, DIGITS, -1 if side == 'below' else 1))})"
        yield f"{verb} {rate} from {number(now)} to {told.hyper[rate]:.15g}{bound if safe[rate] != edge else ''}{cost}."
    elif case.joint is not None and told is not None:
        yield f"No {rate} alone converges with these other settings: set {settings_text(told.hyper)}{cost}."
    else:
        yield f"Change the settings of {case.method.name}: no {rate or 'learning rate'} alone makes them converge."
    yield from _set_best(case)


def _when_slow(case: Case) -> Iterator[str]:
    if case.verdict == "fine":
        return
    rate, told = case.method.rate, case.best_rate and case.best_rate.printed
    helps = told is not None and told.steps is not None and is_slow(case.worst.steps, told.steps)
    if rate is not None and told is not None and case.best is not None and helps:
        verb = "Raise" if told.hyper[rate] > float(case.settings[rate]) else "Lower"
        rest = " with the other settings as they are" if len(case.method.hyper) > 1 else ""
        yield f"{verb} {rate} to {told.hyper[rate]:.15g}{rest}: {steps(told.steps)}, not {steps(case.worst.steps)}."
    if case.best is not None and (told is None or is_slow(told.steps, case.best.steps or 0)):
        if case.verdict == "oscillates" and any(domain.is_share for domain in case.method.domains.values()):
            yield f"The {case.worst.name} rings: more damping (in the best setting) stops that."
        elif case.verdict == "overdamped":
            yield f"The {case.worst.name} creeps: it has less push than its memory could carry."
        yield from _set_best(case)


def _set_best(case: Case) -> Iterator[str]:
    if case.best is not None:
        yield f"Best for {case.method.name} on this spectrum: {case.best}."


def _scale(case: Case) -> Iterator[str]:
    found = case.scaling
    if found is None or not case.best or (case.best.steps or PATIENCE) < PATIENCE:
        return
    if found.helps:
        yield (
            f"Scale the columns to one length ({found.largest} is the longest, {found.smallest} the shortest): "
            f"κ falls from {number(found.kappa)} to {number(found.scaled)}."
        )
    if found.centring_helps:
        yield (
            f"Standardise (centre the columns, scale them, add an intercept): "
            f"κ falls to {number(found.standardized or found.scaled)}."
        )


def _other(case: Case) -> Iterator[str]:
    if case.best is None or case.best.steps is None or case.best.steps < PATIENCE or OTHER not in METHODS:
        return
    if case.spectrum.mu == 0:  # weight decay alone moves the weights there: no other method without it would
        return
    other = best(METHODS[OTHER], case.spectrum.curvatures, dict.fromkeys(METHODS[OTHER].hyper, 0.0))
    if other is not None and other.steps is not None and is_slow(case.best.steps, other.steps):
        yield f"With κ = {number(case.spectrum.kappa)}, take another method: {OTHER} at {other}."


def _notes(case: Case) -> Iterator[str]:
    derived = system(case.method)
    if not derived.linear:
        yield "All this holds near the minimiser, where the rule was linearised."
    if derived.clock is not None:
        yield "The method keeps time: this is its limit after many steps; its early steps differ."
    if case.spectrum.mu == 0:
        yield "Along λ = 0 the data say nothing: weight decay alone moves the weights there."
    if rests_elsewhere(case.method, case.settings):
        yield "The method does not rest at the minimiser but nearby; steps are counted to where it rests."
    if case.spectrum.flat:
        yield f"Along {counted(case.spectrum.flat, 'direction')} the data say nothing: the weights stay as they began there."
