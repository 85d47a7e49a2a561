"""Parts of a study: for each name a function that makes the result, and ``study``, which makes all of them.

A part that fails is a gap with its reason; the others stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from numbers import Integral
from typing import Any

from convergence.document import Chapter, Gap, Study
from convergence.errors import BadHyperparameter, BadName, nearest
from convergence.methods import METHODS, as_method
from convergence.parts.adaptive import OF_ADAPTIVE, is_adaptive, settings
from convergence.parts.answer import answer
from convergence.parts.case import Case
from convergence.parts.finite import finite
from convergence.parts.method import certificates, diagnosis, libraries, optimum, regimes, region, system, verification
from convergence.parts.noise import noise as noise_part
from convergence.parts.schedule import schedule as schedule_part
from convergence.parts.schedule import shapes
from convergence.parts.whole import classes, limit, rates_of
from convergence.problem import Quadratic, as_quadratic
from convergence.rule import Method
from convergence.stochastic.batches import checked_batch, checked_sampling
from convergence.stochastic.sampling import added_noise
from convergence.workers import spread

OF_METHOD: dict[str, Callable[[Case], Any]] = {
    part.__name__: part
    for part in (system, region, regimes, optimum, answer, verification, certificates, finite, libraries, diagnosis)
}
"""What a study says of each method."""

NOISE = "noise"
"""What it says too where a batch or noise is given."""

SCHEDULE = "schedule"
"""What it says too where schedules are given."""

OWN = "adaptive"
"""What it says of an adaptive method in the place of parts that do not apply to it."""

WHERE_ASKED = {NOISE: noise_part, SCHEDULE: schedule_part}

OF_STUDY: dict[str, Callable[..., Any]] = {part.__name__: part for part in (classes, limit)}
"""What it says of all of them together; and ``RATES``, which are made method by method."""

RATES = "rates"

CLASSIC = ("gradient_descent", "heavy_ball", "nesterov", "newton")
"""The methods of a report that a lecturer hands out."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done, the number of the method (from 1), and how many there are."""


def study(
    p: Any,
    methods: Iterable[Any] | Any = None,
    *,
    parts: Iterable[str] | None = None,
    hyper: Mapping[str, float] | None = None,
    steps: int | None = None,
    batch: int | None = None,
    sampling: str = "replacement",
    noise: Any = None,
    schedules: Any = None,
    title: str | None = None,
    progress: Progress | None = None,
    workers: int = 1,
) -> Study:
    """Derive, run, check and collect: a ``Study``, which holds the results of the public functions, each by name.

    Parameters
    ----------
    p
        The problem: a LeastSquares, (X, y), a list of curvatures, or a density.
    methods
        One method or several: Methods, names, presets, plain rules; the catalogue, if not given.
    parts
        Names of what is made (default: everything; see ``OF_METHOD`` and ``OF_STUDY``; "noise" with a batch or noise,
        "schedule" with schedules; of an adaptive method "system", "region", "adaptive" and "verification").
    hyper
        Fixes hyperparameters for every method that has them; the others are the best for those given.
    steps
        The length of the runs that figures show; None: as long as they need. With schedules also theirs, 100 by default.
    batch, sampling, noise
        As for ``moments``: each method has a part on noise then.
    schedules
        Of the learning rate, a list or names to: schedules, taken as they are; or functions of a base rate, such as
        ``lambda lr: cv.schedules.cosine(lr, 100)``, taken at the learning rate in ``hyper``, or else at the best one, which
        is sought. Each method has a part on them then.
    title
        Names the data.
    progress
        Called with the method that is done, its number from 1, and how many there are.
    workers
        Processes that share the methods.

    Returns
    -------
    Study
        A part that cannot be made is a ``Gap`` with its reason; the rest stands.

    Raises
    ------
    BadHyperparameter
        Where no method has one of the names in ``hyper``; for a batch or noise that is none, or schedules that are none.
    BadName
        For an unknown method or part.
    BadData
        For what is no problem.

    >>> import convergence as cv
    >>> heavy = cv.study([1.0, 10.0], "heavy_ball", parts=["region", "answer"])["heavy_ball"]
    >>> heavy.region.lr_max
    2*(beta + 1)/lambda
    >>> round(heavy.answer.rate, 4)
    0.5195
    """
    problem = as_quadratic(p)
    one = isinstance(methods, str | Method) or callable(methods)
    given = METHODS.values() if methods is None else [methods] if one else methods
    if not isinstance(given, Iterable):
        raise BadName(f"a study takes methods, a list of them; got {str(given)[:60]!r}")
    chosen = list(dict.fromkeys(map(as_method, given)))
    if not chosen:
        raise BadName("a study needs at least one method: its name, a Method, or a rule")
    fixed = dict(hyper or {})
    _require_usable(chosen, fixed, steps)
    random = _random(problem, batch, sampling, noise)
    given_shapes = shapes(schedules, steps)
    names = _part_names(parts, random, given_shapes)
    own = [name for name in (*OF_METHOD, OWN, *WHERE_ASKED) if name in names]
    asked = own, random, given_shapes, steps
    cases = [Case(problem, m, {n: v for n, v in fixed.items() if n in m.hyper}, *asked) for m in chosen]
    chapters, curves = [], []
    jobs = spread(partial(chapter_of, rates=RATES in names), cases, workers)
    linear = [m for m in chosen if not is_adaptive(m)]
    whole = {
        name: made(name, partial(OF_STUDY[name], problem, linear)) for name in OF_STUDY if linear and name in names
    }
    for place, (case, (chapter, curve)) in enumerate(zip(cases, jobs, strict=True), 1):
        if progress is not None:
            progress(case.method.title, place, len(cases))
        chapters.append(replace(chapter, method=case.method))  # another process had a copy, without its source
        if RATES in names and not is_adaptive(case.method):
            curves.append(curve if isinstance(curve, Gap) else replace(curve, method=case.method))
    if RATES in names and linear:
        whole[RATES] = next((curve for curve in curves if isinstance(curve, Gap)), tuple(curves))
    return Study(title or "least-squares data", problem, tuple(chapters), whole, steps)


def chapter_of(case: Case, rates: bool) -> tuple[Chapter, Any]:
    """Every part of one method that is asked for, and its curve of rates, which the same derivation serves."""
    if is_adaptive(case.method):
        asked = [name for name in case.parts if name in OF_ADAPTIVE]
        own = {name: made(name, partial(OF_ADAPTIVE[name], case)) for name in asked}
        own = {name: part for name, part in own.items() if part is not None}
        return Chapter(case.method, case.given, settings(case), own), None
    names = [name for name in case.parts if name != OWN]
    parts = {name: made(name, partial({**OF_METHOD, **WHERE_ASKED}[name], case)) for name in names}
    settled = made("hyper", lambda: case.hyper)
    chapter = Chapter(case.method, case.given, {} if isinstance(settled, Gap) else settled, parts)
    return chapter, made(RATES, lambda: rates_of(case)) if rates else None


def made(name: str, make: Callable[[], Any]) -> Any:
    """A part, or the gap in its place."""
    try:
        return make()
    except Exception as error:  # whatever one method does, the others are to be studied
        kind = "" if isinstance(error, ValueError) else f"{type(error).__name__}: "
        return Gap(name, f"{kind}{error}" or type(error).__name__)


def _random(problem: Quadratic, batch: int | None, sampling: str, noise: Any) -> dict[str, Any] | None:
    """What is random, if anything is. Raises for what is no batch, sampling or noise."""
    if batch is None and noise is None:
        return None
    checked_sampling(sampling)
    if batch is not None:
        checked_batch(problem, batch, sampling)
    added_noise(problem, noise, batch or 1)
    return {"batch": batch, "sampling": sampling, "noise": noise}


def _part_names(
    parts: Iterable[str] | None, random: Mapping[str, Any] | None, schedules: Mapping[str, Any] | None
) -> tuple[str, ...]:
    there = {NOISE: random is not None, SCHEDULE: schedules is not None}
    known = (*OF_METHOD, OWN, *(name for name, is_there in there.items() if is_there), *OF_STUDY, RATES)
    if not isinstance(parts, Iterable | None) or isinstance(parts, bytes):
        raise BadName(f"parts are names, as {known[0]!r}; got {str(parts)[:60]!r}")
    names = known if parts is None else (parts,) if isinstance(parts, str) else tuple(parts)
    for name in names:
        if isinstance(name, str) and name == NOISE and random is None:
            raise BadHyperparameter("a study has a part on noise where there is any: give batch= or noise=")
        if isinstance(name, str) and name == SCHEDULE and schedules is None:
            raise BadHyperparameter("a study has a part on schedules where there are any: give schedules=")
        if not isinstance(name, str) or name not in known:
            raise BadName(f"a study has no part {str(name)[:60]!r}: {nearest(str(name), known)}")
    return names


def _require_usable(methods: Iterable[Method], given: Mapping[str, Any], steps: Any) -> None:
    """Raise for what is wrong whatever the method: then nothing is a gap, but a mistake of the caller."""
    known = {name for method in methods for name in method.hyper}
    for name in given:
        if name not in known:
            raise BadHyperparameter(f"none of the methods has a hyperparameter {name!r}: {nearest(name, known)}")
    for method in methods:
        method.scalars({**dict.fromkeys(method.hyper, 0.5), **{n: v for n, v in given.items() if n in method.hyper}})
    if steps is not None and (isinstance(steps, bool) or not isinstance(steps, Integral) or steps < 0):
        raise BadHyperparameter(f"steps must be a whole number, 0 or more; got {steps!r}")
