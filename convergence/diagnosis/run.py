"""Diagnosis of a logged run: its recurrence identified, then its settings judged as any others are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from convergence.diagnosis import wording
from convergence.diagnosis.diagnosis import Diagnosis, judged
from convergence.diagnosis.fit import ROUNDINGS, Fit
from convergence.diagnosis.identified import Identified, alike, identified
from convergence.diagnosis.log import EPS, Log, recorded
from convergence.diagnosis.recurrence import Recurrence, recurrence
from convergence.diagnosis.run_result import REMEDY, RunDiagnosis
from convergence.diagnosis.scale import Scale, scale
from convergence.diagnosis.spectrum import Spectrum
from convergence.errors import BadData, BadHyperparameter
from convergence.methods import METHODS, as_method

Array = NDArray[np.float64]

TRIED = ("gradient_descent", "heavy_ball", "nesterov")
"""The methods that a log is held against where none is named, simplest first."""

MISFIT = 0.5
"""Successive residuals correlated more than this are no noise: the recurrence itself does not fit."""

UNEVEN = 0.12
"""Residuals spread over a smaller part of the rows than this are no noise, either."""

VAGUE = 0.25
"""A direction whose leading eigenvalue has a larger error bar is not resolved, and left out."""

OPEN = 0.5
"""An error bar larger than this part of 1 − radius leaves the number of steps open by a factor of two."""

MOVED = 0.1
"""(1 − radius)·steps below this: the direction has hardly moved yet, and its steps would be an extrapolation."""

CLEAN = 1e-12
"""Noise below this part of the log is rounding of doubles: what does not move above it, does not move."""

GRAINS = 8.0
"""No number computed from a log is better than so many units in the last place of it, nor are the settings of its run."""

TINY = 1e-300

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

    Where the log leaves the slowest direction open (its radius' error bar reaches 1 or is half of 1 − radius; it has hardly
    moved; it lies below the noise), a note says so and what to log; no steps and no best settings are told then.

    Raises BadData for a log with a NaN inside, or that is too short (with the steps that it needs), or that does
    not move, or of another shape; BadHyperparameter for a method with more than two states, or unknown or missing settings.

    >>> import numpy as np
    >>> found = diagnose_run(3 + 0.5 ** np.arange(20), lr=0.1)
    >>> found.method, found.curvatures.round(6)
    ('gradient_descent', array([5.]))
    """
    chosen = None if method is None else as_method(method)
    if chosen is None and hyper:
        raise BadHyperparameter(f"{', '.join(hyper)}: settings belong to a method; name it with method=…")
    if (iterates is None) == (losses is None):
        raise BadData("a run is told by its iterates, or by losses=…: exactly one of them")
    with threadpool_limits(1), np.errstate(all="ignore"):
        log = recorded(iterates if losses is None else losses, gradients, steps, losses is not None)
        tried = [recurrence(METHODS[n], {}) for n in TRIED] if chosen is None else [recurrence(chosen, hyper)]
        found = identified(log, tried)
        doubt = found.fit.eigenvalues(0.0)[1].max(axis=1)
        found = _kept(found, doubt <= max(VAGUE, float(doubt.min())))
        return _told(found, log, lr, curvatures, columns)


def _told(found: Identified, log: Log, lr: Any, curvatures: Any, columns: Sequence[str] | None) -> RunDiagnosis:
    fit, grain = found.fit, GRAINS * log.grain
    made_by = fit.recurrence
    eigenvalues, error = fit.eigenvalues(grain)
    product, product_error = _product(fit, grain)
    split = Scale(reason="the run follows no known method: name it with method=…")
    if product is not None and product_error is not None:
        split = scale(found, log, product, product_error, grain, lr, curvatures)
    momentum, momentum_error = _momentum(found, grain)
    noise = float(fit.scale * np.median(log.noise(fit.relative)))
    minimiser, minimiser_error = _minimiser(found, noise, grain)
    idle = fit.idle - fit.score < EVIDENCE
    open_ones = _unresolved(eigenvalues, error, log.steps, idle)
    hidden = found.hidden if log.grain > CLEAN or noise > CLEAN * max(float(np.abs(found.offset).max()), TINY) else 0
    kept = np.array([k for k in range(len(eigenvalues)) if k not in open_ones], dtype=int)
    diagnosis = _diagnosis(made_by, product, momentum, split, kept, not (open_ones or hidden or log.losses))
    grows = not idle and bool((np.abs(eigenvalues) - error > 1).any())
    if (open_ones or hidden or log.losses) and not grows:  # losses do not show the steepest directions
        diagnosis = None
    return RunDiagnosis(
        verdict=_verdict(eigenvalues, error, diagnosis, grows, idle),
        method=None if made_by.method is None else made_by.name,
        direction=_decisive(eigenvalues, error, open_ones)
        if diagnosis is None
        else int(kept[diagnosis.direction.index]),
        eigenvalues=eigenvalues,
        error=error,
        vectors=found.directions,
        momentum=momentum,
        momentum_error=momentum_error,
        lr_curvature=product,
        lr_curvature_error=product_error,
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
        reasons=_reasons(fit, split),
        notes=(*log.notes, *_notes(found, log, split), *_left_open(open_ones, hidden, idle)),
        unresolved=tuple(open_ones),
        unseen=hidden,
    )


def _kept(found: Identified, keep: NDArray[np.bool_]) -> Identified:
    """Without the directions that are not resolved; steepest first, or without a method, largest modulus first."""
    fit = found.fit.kept(keep)
    size = fit.own[:, 0] if fit.recurrence.method else np.abs(fit.recurrence.roots(fit.unknowns)).max(axis=1)
    fit = fit.ordered(np.argsort(-size, kind="stable"))
    return replace(found, fit=fit, hidden=found.hidden + int((~keep).sum()))


def _product(fit: Fit, grain: float) -> tuple[Array | None, Array | None]:
    """lr·λ of each direction, with error bars."""
    if fit.recurrence.method is None:
        return None, None
    values = fit.own[:, 0]
    variance = np.diag(fit.covariance)[fit.recurrence.shared :]
    return values, fit.factor * np.sqrt(variance) + grain * np.abs(values)


def _momentum(found: Identified, grain: float) -> tuple[float | None, float | None]:
    """The momentum, with its error bar; of a method that has none 0, with what the rivals would allow."""
    fit = found.fit
    if fit.recurrence.method is None:
        return None, None
    if fit.recurrence.shared:
        value = float(fit.unknowns[0])
        return value, float(fit.factor * fit.covariance[0, 0] ** 0.5 + grain * abs(value))
    shares = [n for n, domain in fit.recurrence.method.domains.items() if domain.is_share]
    known = next((fit.recurrence.hyper[n] for n in shares if n in fit.recurrence.hyper), None)
    if known is not None:
        return known, 0.0
    bars = [_momentum(replace(found, fit=f, rivals=()), grain) for f in found.rivals if f.recurrence.shared]
    reach = max((abs(value or 0.0) + (error or 0.0) for value, error in bars), default=None)
    return 0.0, reach if reach is not None and isfinite(reach) else None


def _minimiser(found: Identified, noise: float, grain: float) -> tuple[Array, Array]:
    """Where the run rests (d,), with error bars: its mean in directions in which it is not seen to move."""
    at = found.offset + found.visible @ found.fit.center
    unseen = np.sqrt(np.maximum(1 - np.square(found.visible).sum(axis=1), 0)) * found.fit.factor * noise
    bars = np.sqrt(np.square(found.visible) @ np.square(found.fit.center_error))
    return at, np.hypot(bars, unseen) + grain * np.abs(at)


def _unresolved(eigenvalues: NDArray[np.complex128], error: Array, steps: int, idle: bool) -> dict[int, str]:
    """The directions whose number of steps the log leaves open, each with the reason; none that surely grows."""
    reasons: dict[int, str] = {}
    for k, (radius, bar) in enumerate(zip(*_leading(eigenvalues, error), strict=True)):
        gap = 1 - radius
        if idle:
            reasons[k] = "the log is not told from noise about a point at rest"
        elif radius - bar > 1:
            continue
        elif not bar < gap:
            reasons[k] = f"its radius is {radius:.6g} ± {bar:.1e}, on either side of 1"
        elif bar > OPEN * gap:
            reasons[k] = f"1 − radius is {gap:.1e} ± {bar:.1e}"
        elif gap * steps < MOVED:
            reasons[k] = f"in {steps} steps it went {gap * steps:.1e} of its way; all beyond is extrapolated"
    return reasons


def _leading(eigenvalues: NDArray[np.complex128], error: Array) -> tuple[Array, Array]:
    """The radius (m,) of each direction, and its error bar."""
    sizes = np.abs(eigenvalues)
    place = sizes.argmax(axis=1)[:, None]
    return np.take_along_axis(sizes, place, axis=1)[:, 0], np.take_along_axis(error, place, axis=1)[:, 0]


def _diagnosis(
    made_by: Recurrence,
    product: Array | None,
    momentum: float | None,
    split: Scale,
    kept: NDArray[np.intp],
    whole: bool,
) -> Diagnosis | None:
    """The diagnosis of the identified settings: on λ where it is known, else on lr·λ at a learning rate of 1.

    On the directions that are ``kept``; where these are not the ``whole``, slower ones may be.
    """
    if made_by.method is None or product is None or made_by.method.rate is None or not len(kept):
        return None
    product = product[kept]
    if not (product > 0).all():
        return None
    rate = 1.0 if split.lr is None else split.lr
    given = {**made_by.hyper, made_by.method.rate: rate}
    if made_by.momentum:
        given[made_by.momentum] = max(float(momentum or 0.0), 0.0)
    return judged(Spectrum(product / rate, 0), made_by.method, given, whole)


def _verdict(
    eigenvalues: NDArray[np.complex128], error: Array, diagnosis: Diagnosis | None, grows: bool, idle: bool
) -> str:
    """The diagnosis' own, unless the error bars leave open on which side of 1 the radius lies."""
    if grows:
        return "diverges"
    if idle or (np.abs(eigenvalues) + error >= 1).any():
        return "undecided"
    return "converges" if diagnosis is None else diagnosis.verdict


def _decisive(eigenvalues: NDArray[np.complex128], error: Array, open_ones: Mapping[int, str]) -> int:
    """The direction of the largest radius: of those that surely grow, else of those left open, else of all."""
    radius, bar = _leading(eigenvalues, error)
    sure = radius - bar > 1
    among = sure if sure.any() else np.isin(np.arange(len(radius)), list(open_ones)) if open_ones else radius >= 0
    return int(np.where(among, radius, -1.0).argmax())


def _columns(names: Sequence[str] | None, log: Log) -> tuple[str, ...]:
    if names is not None:
        return tuple(map(str, names))
    return ("loss",) if log.losses else tuple(f"w{k + 1}" for k in range(log.x.shape[1]))


def _reasons(fit: Fit, split: Scale) -> dict[str, str]:
    reasons = {} if split.lr is not None else {"lr": split.reason, "curvatures": split.reason}
    if fit.recurrence.method is None:
        unknown = "no known method fits: name it with method=…"
        return reasons | {"momentum": unknown, "lr_curvature": unknown}
    if fit.recurrence.order == 1:
        reasons["momentum_error"] = "each direction shows one root only, so nothing remembers"
    return reasons


def _notes(found: Identified, log: Log, split: Scale) -> list[str]:
    fit = found.fit
    notes = [split.note] if split.note else []
    if log.losses:
        notes.append(
            "of losses alone: a direction that alternates in sign looks like one that does not; log the weights"
        )
    if found.hidden and not log.losses:
        notes.append(
            f"{wording.counted(found.hidden, 'direction')} of {log.x.shape[1]} not seen: no movement above the noise"
        )
    rivals = ", ".join(_rival(f) for f in found.rivals if alike(f, fit))
    if rivals:
        notes.append(f"the log fits {rivals} just as well: name the method to choose")
    above = fit.scale > ROUNDINGS * log.grain / EPS
    if above and (abs(fit.correlation) > MISFIT or fit.spread < UNEVEN):
        notes.append(
            "what the fit leaves over is no noise: the settings changed on the way, or no rule of two steps made this "
            "run, or it moves in more directions than were logged, or its steps were noisy themselves; do not trust the "
            "error bars"
        )
    return notes


def _left_open(open_ones: Mapping[int, str], hidden: int, idle: bool) -> list[str]:
    """What the log leaves open, and what to log instead."""
    notes = [f"the log does not resolve direction {k + 1}: {why}; {REMEDY}" for k, why in open_ones.items()]
    if hidden and not idle:
        notes.append(
            f"a direction that is not seen may be slower than all that are ({hidden} may): no steps and no best "
            f"settings are told; {REMEDY}"
        )
    return notes


def _rival(fit: Fit) -> str:
    made_by = fit.recurrence
    return f"{made_by.name}({made_by.momentum}={fit.unknowns[0]:.4g})" if made_by.shared else made_by.name
