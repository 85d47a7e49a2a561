"""Diagnosis of a logged run: its recurrence identified, then its settings judged as any others are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from convergence.diagnosis import remarks
from convergence.diagnosis.aliases import aliases
from convergence.diagnosis.diagnosis import judged
from convergence.diagnosis.fit import Fit
from convergence.diagnosis.identified import Identified, identified
from convergence.diagnosis.log import TINY, Log, recorded
from convergence.diagnosis.recurrence import recurrence, recurrences
from convergence.diagnosis.resolution import Resolution
from convergence.diagnosis.result import Diagnosis
from convergence.diagnosis.run_result import RunDiagnosis, ScheduledRunDiagnosis
from convergence.diagnosis.scale import Scale, scale
from convergence.diagnosis.scheduled import ScheduledDiagnosis, under_schedules
from convergence.diagnosis.spectrum import Spectrum
from convergence.errors import BadData, BadHyperparameter
from convergence.methods import METHODS, as_method
from convergence.setting import varies

Array = NDArray[np.float64]

TRIED = ("gradient_descent", "heavy_ball", "nesterov")
"""The methods that a log is held against where none is named, simplest first."""

UNRESOLVED = 0.25
"""A direction whose leading eigenvalue has a larger error bar is not resolved, and left out."""

CLEAN = 1e-12
"""Noise below this part of the log is rounding of doubles: what does not move above it, does not move."""

GRAINS = 16.0
"""No number computed from a log is better than so many units in the last place of it, nor are the settings of its run."""

EVIDENCE = 3.0
"""A recurrence explains a log where it makes it more likely than rest and noise do, by e to this power at least."""


def diagnose_run(
    iterates: Any = None,
    /,
    gradients: Any = None,
    *,
    method: Any = None,
    lr: Any = None,
    curvatures: Any = None,
    columns: Sequence[str] | None = None,
    steps: Any = None,
    losses: Any = None,
    **hyper: Any,
) -> RunDiagnosis:
    """Identify eigenvalues, momentum, lr·λ and the minimiser of a run from its log alone, with error bars, and judge it.

    In each direction the log obeys a recurrence of two steps (Prony 1795; here all directions at once, the minimiser
    unknown, by variable projection). Error bars are 99.7 % ones, for noise or rounding in the log.

    Parameters
    ----------
    iterates
        Weights (rows, d), a row a step; or a single weight's series (rows,); or a Run.
    gradients
        Those at the iterates, of the same shape (the last row may be missing). With them, or with the known ``lr``, or known
        ``curvatures`` (one for each direction or more), lr and λ are told apart.
    lr
        The learning rate, also by the method's name for it: one number, or a schedule (a ``Schedule``, a function of the
        step, a rate for each step). Under a schedule the result is a ``ScheduledRunDiagnosis``, and lr, lr·λ and eigenvalues
        are those at its largest rate.
    method
        The rule; without it gradient descent, heavy ball and Nesterov are tried, then any two roots a direction.
    columns
        Names of the weights.
    steps
        The step (rows,) of each row, where not every step was logged: whole numbers, in any order, with gaps or not.
    losses
        A series of losses (rows,) in the place of iterates: their roots are products of those of the iterates.
    hyper
        Other known settings of the method (a known momentum, a dampening).

    Where two explanations fit the log equally well (two slow directions, or one with a momentum; losses, whose squares hide
    a change of sign; rows that skip steps), the notes name both, the error bars hold both, and of two momenta or methods
    no settings are advised. Settings with a default (dampening, weight decay) are taken at it where they are not given.

    Where the log leaves the slowest direction open (its radius' error bar reaches 1 or is half of 1 − radius; it has hardly
    moved; it lies below the noise), a note says so and what to log; no steps and no best settings are told then.

    Raises BadData for a log with a NaN or ∞ inside, or that is too short (with the steps that it needs), or that does
    not move, or of another shape; BadHyperparameter for a method with more than two states, or unknown or missing settings.

    >>> import numpy as np
    >>> found = diagnose_run(3 + 0.5 ** np.arange(20), lr=0.1)
    >>> found.method, found.curvatures.round(6)
    ('gradient_descent', array([5.]))
    """
    chosen = None if method is None else as_method(method)
    if chosen is None and hyper:
        belong = f"{', '.join(hyper)}: settings belong to a method; name it with"
        raise BadHyperparameter(f"{belong} method=…", f"{belong} --method")
    if chosen is not None and chosen.rate in hyper:
        if lr is not None:
            raise BadHyperparameter(f"the learning rate was given twice, as lr and as {chosen.rate}: give one")
        lr = hyper.pop(chosen.rate)
    if (iterates is None) == (losses is None):
        raise BadData("a run is told by its iterates, or by losses=…: exactly one of them")
    with _libraries().limit(limits=1), np.errstate(all="ignore"):
        log = recorded(iterates if losses is None else losses, gradients, steps, losses is not None)
        tried = [recurrence(METHODS[n], {}) for n in TRIED] if chosen is None else recurrences(chosen, hyper)
        rates = _rates(lr, log) if varies(lr) else None
        if rates is not None:
            tried = [replace(one, rates=rates / rates.max()) for one in tried]
        found = _resolved(identified(log, tried))
        largest = lr if rates is None else float(rates.max())
        return _judged(found, log, scale(found, log, GRAINS * log.grain, largest, curvatures), columns, rates)


def _rates(lr: Any, log: Log) -> Array:
    """The learning rates (steps,) of a schedule, from the step of the first row to that of the last."""
    try:
        rates = np.asarray(METHODS["gradient_descent"].at(lr=lr).over(log.last)["lr"])[log.first :]
    except BadHyperparameter as error:
        raise BadHyperparameter(
            f"lr must be the positive learning rate of the run, or a schedule of it: {error}"
        ) from None
    if not rates.any():
        raise BadHyperparameter("lr must be the positive learning rate of the run, or a schedule of it; got zeros only")
    return rates


@cache
def _libraries() -> ThreadpoolController:
    """The libraries with threads of their own, looked for once."""
    return ThreadpoolController()


def _judged(
    found: Identified, log: Log, split: Scale, columns: Sequence[str] | None, rates: Array | None
) -> RunDiagnosis:
    fit, grain = found.fit, GRAINS * log.grain
    noise = float(fit.scale * np.median(log.noise(fit.relative)))
    momentum, momentum_error = _momentum(found, grain)
    others = aliases(fit, log)
    split = split.doubted(found.reach(others), log.gradients is not None and not log.losses)
    minimiser, minimiser_error = _minimiser(found, noise, grain)
    rounding = log.grain <= CLEAN and noise <= CLEAN * max(float(np.abs(found.offset).max()), TINY)
    idle = fit.idle - fit.score < EVIDENCE
    open_ones = Resolution(*fit.eigenvalues(grain), log.steps, 0 if rounding else found.hidden, idle)
    diagnosis = None if found.others else _diagnosis(fit, momentum, split, open_ones, log, rates)
    reasons = dict(remarks.reasons(found, momentum, momentum_error, split, log, diagnosis))
    kind = RunDiagnosis if rates is None else partial(ScheduledRunDiagnosis, rates=rates)
    return kind(
        verdict=_verdict(open_ones, split, diagnosis),
        method=fit.recurrence.name if fit.recurrence.method else None,
        direction=open_ones.decisive if diagnosis is None else int(open_ones.kept[diagnosis.direction.index]),
        eigenvalues=open_ones.eigenvalues,
        error=open_ones.error,
        vectors=found.directions,
        momentum=momentum,
        momentum_error=momentum_error,
        lr_curvature=split.product,
        lr_curvature_error=split.product_error,
        lr=split.lr,
        lr_error=split.lr_error,
        curvatures=split.curvatures,
        curvatures_error=split.curvatures_error,
        minimiser=minimiser,
        minimiser_error=minimiser_error,
        noise=noise,
        steps=log.steps,
        columns=_columns(columns, log),
        diagnosis=diagnosis,
        reasons=reasons,
        notes=(*log.notes, *remarks.notes(found, log, split, others), *open_ones.notes),
        unresolved=tuple(open_ones.open),
        unseen=open_ones.hidden,
    )


def _resolved(found: Identified) -> Identified:
    """Without the directions that are not resolved; steepest first, or without a method, largest modulus first."""
    doubt = found.fit.eigenvalues(0.0)[1].max(axis=1)
    keep = np.nonzero(doubt <= max(UNRESOLVED, float(doubt.min())))[0]
    fit = found.fit.part(keep)
    size = fit.own[:, 0] if fit.recurrence.method else np.abs(fit.recurrence.roots(fit.unknowns)).max(axis=1)
    fit = fit.part(np.argsort(-size, kind="stable"))
    return replace(found, fit=fit, hidden=found.hidden + len(doubt) - len(keep))


def _momentum(found: Identified, grain: float) -> tuple[float | None, float | None]:
    """The momentum, with an error bar that holds those of the rivals; one that holds any momentum is none."""
    value, bar = found.fit.momentum(grain)
    for other, error in (rival.momentum(grain) for rival in found.rivals):
        if value is not None and other is not None:
            bar = max(bar or 0.0, abs(other - value) + (error or 0.0))
    if bar is None or bar < 1:
        return value, bar
    return (None if found.fit.recurrence.shared or found.others else value), None


def _minimiser(found: Identified, noise: float, grain: float) -> tuple[Array, Array]:
    """Where the run rests (d,), with error bars: its mean in directions in which it is not seen to move."""
    at = found.offset + found.visible @ found.fit.center
    unseen = np.sqrt(np.maximum(1 - np.square(found.visible).sum(axis=1), 0)) * found.fit.factor * noise
    bars = np.sqrt(np.square(found.visible) @ np.square(found.fit.center_error))
    return at, np.hypot(bars, unseen) + grain * np.abs(at)


def _diagnosis(
    fit: Fit, momentum: float | None, split: Scale, open_ones: Resolution, log: Log, rates: Array | None
) -> Diagnosis | ScheduledDiagnosis | None:
    """The diagnosis of the identified settings: on λ where it is known, else on lr·λ at a learning rate of 1.

    On the directions that are not left open; where that is not the whole, slower ones may be (of losses alone, steeper ones),
    and only that one grows is told.
    """
    made_by, kept = fit.recurrence, open_ones.kept
    whole = not (open_ones.open or open_ones.hidden or log.losses)
    if made_by.method is None or made_by.method.rate is None or split.product is None or not len(kept):
        return None
    product = split.product[kept]
    if split.note or not (product > 0).all():
        return None
    rate = 1.0 if split.lr is None else split.lr
    given = {**made_by.hyper, made_by.method.rate: rate if rates is None else rates}
    if made_by.momentum:
        given[made_by.momentum] = max(float(momentum or 0.0), 0.0)
    if rates is not None:
        return under_schedules(made_by.method, given, Spectrum(product / rate, 0), len(rates))
    return None if not (whole or open_ones.grows) else judged(Spectrum(product / rate, 0), made_by.method, given, whole)


def _verdict(open_ones: Resolution, split: Scale, diagnosis: Diagnosis | ScheduledDiagnosis | None) -> str:
    """The diagnosis' own, unless the log leaves open on which side of 1 the radius lies, or contradicts itself."""
    if isinstance(diagnosis, ScheduledDiagnosis):
        return diagnosis.verdict
    if open_ones.grows:
        return "diverges"
    if split.note or not open_ones.decided:
        return "undecided"
    return "converges" if diagnosis is None else diagnosis.verdict


def _columns(names: Sequence[str] | None, log: Log) -> tuple[str, ...]:
    if names is not None:
        return tuple(map(str, names))
    return ("loss",) if log.losses else tuple(f"w{k + 1}" for k in range(log.x.shape[1]))
