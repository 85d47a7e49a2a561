"""Advice: what to do about a diagnosis, a sentence each, what to do first at first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from convergence.diagnosis.best import best
from convergence.diagnosis.directions import rests_elsewhere
from convergence.diagnosis.spectrum import Spectrum
from convergence.diagnosis.verdict import MANY, is_slow
from convergence.diagnosis.wording import DIGITS, counted, number, rounded, settings_text, steps
from convergence.errors import BadData
from convergence.methods import METHODS
from convergence.numerics.smooth_cycle import smooth_cycle
from convergence.problem import LeastSquares, Quadratic
from convergence.reading import prepare
from convergence.rule import Method
from convergence.theory.system import system

if TYPE_CHECKING:
    from convergence.diagnosis.result import Diagnosis

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


def scaling(problem: Quadratic | None) -> Scaling | None:
    """κ after the columns were brought to one length, and after they were centred first, with an intercept beside them."""
    if problem is None or len(problem.columns) < 2:
        return None
    lengths = np.linalg.norm(problem.X, axis=0)
    if not lengths.all():
        return None
    scaled = LeastSquares(problem.X / lengths, problem.y, problem.loss_name).kappa
    try:
        standardized = prepare(problem.X, problem.y, None, problem.loss_name, intercept=True, standardize=True).kappa
    except BadData:  # no column varies
        standardized = None
    longest, shortest = (problem.columns[int(k)] for k in (lengths.argmax(), lengths.argmin()))
    return Scaling(problem.kappa, scaled, standardized, longest, shortest)


def advice(found: Diagnosis, method: Method, spectrum: Spectrum) -> tuple[str, ...]:
    """Short sentences, in the order in which to follow them."""
    first = _when_slow(found, method) if found.converges else _when_unstable(found, method)
    scale, notes = tuple(_scale(found)), tuple(_notes(found, method, spectrum))
    if scale and found.best is not None and (found.best.steps or MANY) >= MANY:  # nothing else will help
        return (*scale, *first, *notes)
    return (*first, *scale, *_other(found, spectrum), *notes)


def _when_unstable(found: Diagnosis, method: Method) -> Iterator[str]:
    rate, alone, joint = method.rate, found.nearest_rate, found.nearest_joint
    written = next((one.printed for one in (alone, joint) if one is not None), None)
    cost = "" if written is None or written.steps is None else f": {steps(written.steps)} to 1e-3"
    if alone is not None and rate is not None and written is not None:
        lower = alone.safe[rate] < found.hyper[rate]
        verb, side = ("Lower", "below") if lower else ("Raise", "above")
        bound = f" (it must stay {side} {number(rounded(alone.edge, DIGITS, -1 if lower else 1))})"
        bound = bound if alone.safe[rate] != alone.edge else ""
        yield f"{verb} {rate} from {number(found.hyper[rate])} to {written.hyper[rate]:.15g}{bound}{cost}."
    elif joint is not None and written is not None:
        yield f"No {rate} alone converges with these other settings: set {settings_text(written.hyper)}{cost}."
    else:
        yield f"Change the settings of {found.method}: no {rate or 'learning rate'} alone makes them converge."
    yield from _set_best(found)


def _when_slow(found: Diagnosis, method: Method) -> Iterator[str]:
    if found.verdict == "fine" or found.best is None:
        return
    rate, written = method.rate, found.best_rate and found.best_rate.printed
    if rate is not None and written is not None and written.steps is not None and is_slow(found.steps, written.steps):
        verb = "Raise" if written.hyper[rate] > found.hyper[rate] else "Lower"
        rest = " with the other settings as they are" if len(method.hyper) > 1 else ""
        yield f"{verb} {rate} to {written.hyper[rate]:.15g}{rest}: {steps(written.steps)}, not {steps(found.steps)}."
    if written is None or is_slow(written.steps, found.best.steps or 0):
        if found.verdict == "oscillates" and any(domain.is_share for domain in method.domains.values()):
            yield f"The {found.direction.name} rings: more damping (in the best setting) stops that."
        elif found.verdict == "overdamped":
            yield f"The {found.direction.name} creeps: it has less push than its memory could carry."
        yield from _set_best(found)


def _set_best(found: Diagnosis) -> Iterator[str]:
    if found.best is not None:
        yield f"Best for {found.method} on this spectrum: {found.best}."


def _scale(found: Diagnosis) -> Iterator[str]:
    sizes = found.scaling
    if sizes is None or not found.best or (found.best.steps or PATIENCE) < PATIENCE:
        return
    if sizes.helps:
        yield (
            f"Scale the columns to one length ({sizes.largest} is the longest, {sizes.smallest} the shortest): "
            f"κ falls from {number(sizes.kappa)} to {number(sizes.scaled)}."
        )
    if sizes.standardized is not None and sizes.centring_helps:
        yield f"Standardise (centre the columns, scale them, add an intercept): κ falls to {number(sizes.standardized)}."


def _other(found: Diagnosis, spectrum: Spectrum) -> Iterator[str]:
    """Another method; none where weight decay alone moves weights along λ = 0, where no method without it would."""
    if found.best is None or (found.best.steps or 0) < PATIENCE or OTHER not in METHODS or spectrum.mu == 0:
        return
    other = best(METHODS[OTHER], spectrum.curvatures, dict.fromkeys(METHODS[OTHER].hyper, 0.0))
    if other is not None and other.steps is not None and is_slow(found.best.steps, other.steps):
        yield f"With κ = {number(found.kappa)}, take another method: {OTHER} at {other}."


def _notes(found: Diagnosis, method: Method, spectrum: Spectrum) -> Iterator[str]:
    derived = system(method)
    if not derived.linear:
        yield "All this holds near the minimiser, where the rule was linearised."
    if found and 0 < spectrum.mu < spectrum.L:
        cycle = smooth_cycle(method, mu=spectrum.mu, L=spectrum.L, **found.hyper)
        if cycle is not None:
            yield (
                f"All this is a theorem about quadratics: on a smooth function with the same ends of curvatures these settings "
                f"go round {len(cycle.points)} points for ever (smooth_cycle; Lessard, Recht and Packard 2016, sec. 4.6)."
            )
    if derived.clock is not None:
        yield "The method keeps time: this is its limit after many steps; its early steps differ."
    if spectrum.mu == 0:
        yield "Along λ = 0 the data say nothing: weight decay alone moves the weights there."
    if rests_elsewhere(method, found.hyper):
        yield "The method does not rest at the minimiser but nearby; steps are counted to where it rests."
    if found.flat:
        yield f"Along {counted(found.flat, 'direction')} the data say nothing: the weights stay as they began there."
