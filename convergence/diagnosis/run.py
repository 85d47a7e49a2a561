"""The log of a run goes in, and nothing else; how it was made and what is wrong with it come out, with error bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convergence.diagnosis import wording
from convergence.diagnosis.diagnosis import Diagnosis, diagnose
from convergence.diagnosis.family import MOMENTUM, Family, family
from convergence.diagnosis.fitting import Fit
from convergence.diagnosis.identifying import Identified, alike, identified
from convergence.diagnosis.recording import Log, recorded
from convergence.diagnosis.resolution import leading, told, unresolved, unseen
from convergence.diagnosis.run_result import RunDiagnosis
from convergence.diagnosis.scale import Scale, scale
from convergence.diagnosis.spectrum import Spectrum
from convergence.diagnosis.values import (
    eigenvalues_of,
    minimiser_of,
    momentum_of,
    order_of,
    ordered,
    product_of,
    resolved,
)
from convergence.methods import METHODS
from convergence.rule import Method

Array = NDArray[np.float64]

TRIED = ("gradient_descent", "heavy_ball", "nesterov")
"""The methods that a log is held against where none is named, simplest first."""

MISFIT = 0.5
"""Successive residuals correlated more than this are no noise: the recurrence itself does not fit."""

UNEVEN = 0.08
"""Residuals spread over a smaller part of the rows than this are no noise, either."""


def diagnose_run(
    iterates: Any,
    gradients: Any,
    method: Method | None,
    lr: Any,
    curvatures: Any,
    columns: Sequence[str] | None,
    hyper: Mapping[str, Any],
) -> RunDiagnosis:
    """Identify and judge a run from its log. ``convergence.diagnose_run`` says what goes in, and what is raised."""
    log = recorded(iterates, gradients)
    tried = [family(METHODS[n], {}) for n in TRIED] if method is None else [family(method, hyper)]
    found = resolved(identified(log, tried))
    made_by = found.fit.family
    order = order_of(found.fit)
    eigenvalues, error = eigenvalues_of(found, order)
    product, product_error = product_of(found, order)
    split = Scale(reason="the run follows no known method: name it with method=…")
    if product is not None and product_error is not None:
        split = scale(ordered(found, order), log, product, product_error, lr, curvatures)
    momentum, momentum_error = momentum_of(found)
    noise = float(found.fit.scale * np.median(log.noise(found.fit.picture.relative)[: found.rows]))
    minimiser, minimiser_error = minimiser_of(found, noise)
    open_ones, hidden = unresolved(eigenvalues, error, found.rows - 1), unseen(found, noise)
    kept = np.array([k for k in range(len(eigenvalues)) if k not in open_ones], dtype=int)
    judged = _judgement(made_by, product, momentum, split, kept, not open_ones and not hidden)
    if (open_ones or hidden) and not _grows(eigenvalues, error):
        judged = None
    return RunDiagnosis(
        verdict=_verdict(eigenvalues, error, judged),
        method=None if made_by.method is None else made_by.name,
        direction=int(kept[judged.direction.index]) if judged is not None else _slowest(eigenvalues, error, open_ones),
        eigenvalues=eigenvalues,
        error=error,
        vectors=found.directions[:, order],
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
        steps=found.rows - 1,
        columns=_columns(columns, log.x.shape[1]),
        diagnosis=judged,
        reasons=_reasons(found.fit, split),
        notes=(*log.notes, *_notes(found, log, made_by), *told(open_ones, hidden)),
        unresolved=tuple(open_ones),
        unseen=hidden,
    )


def _judgement(
    made_by: Family, product: Array | None, momentum: float | None, split: Scale, kept: NDArray[np.intp], whole: bool
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
    if made_by.shared:
        given[MOMENTUM] = max(float(momentum or 0.0), 0.0)
    return diagnose(Spectrum(product / rate, 0), made_by.method, given, whole)


def _verdict(eigenvalues: NDArray[np.complex128], error: Array, judged: Diagnosis | None) -> str:
    """The diagnosis' own, unless the error bars leave open on which side of 1 the radius lies."""
    if _grows(eigenvalues, error):
        return "diverges"
    if (np.abs(eigenvalues) + error >= 1).any():
        return "undecided"
    return "converges" if judged is None else judged.verdict


def _grows(eigenvalues: NDArray[np.complex128], error: Array) -> bool:
    """Whether a direction surely diverges."""
    return bool((np.abs(eigenvalues) - error > 1).any())


def _slowest(eigenvalues: NDArray[np.complex128], error: Array, open_ones: Mapping[int, str]) -> int:
    """The direction of the largest radius: of those that surely grow, else of those left open, else of all."""
    radius, bar = leading(eigenvalues, error)
    sure = radius - bar > 1
    among = sure if sure.any() else np.isin(np.arange(len(radius)), list(open_ones)) if open_ones else radius >= 0
    return int(np.where(among, radius, -1.0).argmax())


def _columns(names: Sequence[str] | None, count: int) -> tuple[str, ...]:
    return tuple(f"w{k + 1}" for k in range(count)) if names is None else tuple(map(str, names))


def _reasons(fit: Fit, split: Scale) -> dict[str, str]:
    found: dict[str, str] = {}
    if split.lr is None:
        found |= {"lr": split.reason, "curvatures": split.reason}
    if fit.family.method is None:
        unknown = "no known method fits: name it with method=…"
        found |= {"momentum": unknown, "lr_curvature": unknown}
    elif not fit.family.shared and MOMENTUM not in fit.family.hyper:
        found["momentum_error"] = "each direction shows one root only, so nothing remembers"
    return found


def _notes(found: Identified, log: Log, made_by: Family) -> list[str]:
    notes = []
    if found.rows < len(log.x):
        notes.append(f"the first {found.rows} rows are used, so many directions move")
    if found.hidden:
        notes.append(
            f"{wording.counted(found.hidden, 'direction')} of {log.x.shape[1]} not seen: no movement above the noise"
        )
    rivals = ", ".join(_rival(f) for f in found.rivals if alike(f, found.fit))
    if rivals:
        notes.append(f"the log fits {rivals} just as well: name the method to choose")
    if found.fit.correlation > MISFIT or found.fit.spread < UNEVEN:
        notes.append(
            "what the fit leaves over is no noise: the settings changed on the way, or no rule of two steps made this "
            "run, or it moves in more directions than were logged; do not trust the error bars"
        )
    return notes


def _rival(fit: Fit) -> str:
    return f"{fit.family.name}({MOMENTUM}={fit.shared[0]:.4g})" if len(fit.shared) else fit.family.name
