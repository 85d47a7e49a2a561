"""Remarks on a logged run: why a number is not known, what else would explain the log, and what to log instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from convergence.diagnosis import wording
from convergence.diagnosis.fit import Fit
from convergence.diagnosis.identified import Identified
from convergence.diagnosis.log import Log
from convergence.diagnosis.resolution import REMEDY
from convergence.diagnosis.result import Diagnosis
from convergence.diagnosis.scale import Scale
from convergence.diagnosis.scheduled import ScheduledDiagnosis

Array = NDArray[np.float64]

COLOURED = 38.3
"""Noise has a larger portmanteau in one log of a million (χ² of six degrees): the recurrence itself does not fit."""

UNEVEN = 0.12
"""Residuals spread over a smaller part of the rows than this are no noise, either."""

BRANCHES = 3
"""At most so many aliases of a direction are listed."""


def reasons(
    found: Identified,
    momentum: float | None,
    momentum_error: float | None,
    split: Scale,
    log: Log,
    diagnosis: Diagnosis | ScheduledDiagnosis | None,
) -> Iterator[tuple[str, str]]:
    """Why, for everything that is None."""
    fit = found.fit
    if split.lr is None:
        yield from (("lr", split.reason), ("curvatures", split.reason))
    if fit.recurrence.method is None:
        unknown = "no known method fits: if you know it, name it"
        yield from (("momentum", unknown), ("lr_curvature", unknown))
    elif momentum is None:
        yield "momentum", "not determined by this log: name the method, and give its momentum"
    elif momentum_error is None:
        yield (
            "momentum_error",
            "each direction shows one root only; how much memory that may hide, this log does not determine",
        )
    if diagnosis is not None:
        return
    if found.others and not (log.losses and (np.abs(fit.recurrence.roots(fit.unknowns)) < 1).all()):
        all_of_them = " and ".join(_named(f) for f in (fit, *found.others))
        why = f"Name the method and give its momentum: the log fits {all_of_them} alike."
    elif log.losses:
        why = "Log the weights: losses show the slowest directions, and how large lr may be is up to the steepest."
    elif split.note:
        why = "Make sure of lr, of the steps between the rows and of the gradients: they contradict one another."
    elif fit.recurrence.method is None:
        why = "Name the method of the run, so that its settings can be judged."
    else:
        why = f"{REMEDY[:1].upper()}{REMEDY[1:]}: the slowest direction decides, and this log does not resolve it."
    yield "diagnosis", why


def notes(found: Identified, log: Log, split: Scale, others: Sequence[Array]) -> Iterator[str]:
    """What is to be said besides, with the aliases (``others``) of each direction."""
    if split.note:
        yield split.note
    yield from _aliased(found.fit, log, others)
    if found.hidden and not log.losses:
        unseen = wording.counted(found.hidden, "direction")
        yield f"{unseen} of {log.x.shape[1]} not seen: no movement above the noise"
    if found.others:
        rivals = ", ".join(_named(f) for f in found.others)
        yield f"the log fits {rivals} just as well: name the method, and give its momentum, to choose"
    if not found.fit.rounding(log) and (found.fit.portmanteau > COLOURED or found.fit.spread < UNEVEN):
        yield (
            "what the fit leaves over is no noise: the settings changed on the way (a schedule is given as lr), or no rule "
            "of two steps made this run, or it moves in more directions than were logged, or its steps were noisy "
            "themselves; do not trust the error bars"
        )


def _aliased(fit: Fit, log: Log, others: Sequence[Array]) -> Iterator[str]:
    """The lr·λ that the log does not tell from those found."""
    cause, remedy = f"of a row every {log.stride} steps", "log each step"
    if log.losses:
        cause, remedy = "of losses alone, whose squares hide a change of sign", "log the weights"
        if fit.recurrence.method is None:
            yield f"{cause}: {remedy}"
    for k, (own, some) in enumerate(zip(fit.own[:, 0], others, strict=True)):
        if len(some):
            listed = ", ".join(f"{value:.4g}" for value in some[:BRANCHES]) + ", …" * (len(some) > BRANCHES)
            yield f"{cause}, lr·λ of direction {k + 1} may be {listed} just as well as {own:.4g}: {remedy}"


def _named(fit: Fit) -> str:
    """A fit by its rule, momentum and directions."""
    assert fit.recurrence.method is not None
    share = next((name for name, domain in fit.recurrence.method.domains.items() if domain.is_share), None)
    momentum = f"({share}={fit.momentum(0.0)[0]:.4g})" if share else ""
    products = ", ".join(f"{value:.4g}" for value in fit.own[:, 0])
    return f"{fit.recurrence.name}{momentum} with lr·λ = {products}"
