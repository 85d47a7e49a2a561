"""A problem and methods go in; a ``Study`` comes out: everything derived, run, checked and ready to be drawn, once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from convergence import __version__
from convergence.document import Study
from convergence.errors import BadHyperparameter, nearest
from convergence.evidence.setting import Setting, setting
from convergence.evidence.verification import verified
from convergence.pipeline.advice import advice
from convergence.pipeline.curves import curve, radius_map, regime_map, roots
from convergence.pipeline.data import data
from convergence.pipeline.finite import finite, limit
from convergence.pipeline.kappa import best_rates, over_kappa
from convergence.pipeline.landscape import landscape
from convergence.pipeline.letters import classes, libraries
from convergence.pipeline.proofs import proofs
from convergence.pipeline.theory import theory
from convergence.pipeline.tuning import shown_run, tuning
from convergence.problem import LeastSquares
from convergence.results import MethodResult, Vector
from convergence.rule import Method
from convergence.serialization import SCHEMA_VERSION
from convergence.workers import spread

Progress = Callable[[str, int, int], None]
"""Called with what is being done, the number of the method (from 1), and how many there are."""


@dataclass(frozen=True, eq=False)
class Job:
    """One method of a study: what a worker needs to derive, run and check it."""

    problem: LeastSquares
    method: Method
    given: Mapping[str, Any]
    steps: int | None


def study(
    problem: LeastSquares,
    methods: Sequence[Method],
    *,
    hyper: Mapping[str, float] | None = None,
    steps: int | None = None,
    title: str | None = None,
    progress: Progress | None = None,
    workers: int = 1,
) -> Study:
    """Derive, run, check and collect.

    ``hyper`` fixes hyperparameters for every method that has them; the others are the best for those given. ``steps`` is
    the length of the runs shown (default: somewhat longer than they need). ``title`` names the data. ``workers`` processes
    share the methods; with more than one, the calling program must guard its main module as ``multiprocessing`` asks.
    Raises BadHyperparameter where no method has one of the names, and what deriving and checking raise.
    """
    given = dict(hyper or {})
    _require_known(methods, given)
    _require_rate(methods)
    jobs = [Job(problem, m, {n: v for n, v in given.items() if n in m.hyper}, steps) for m in methods]
    made = []
    for place, found in enumerate(spread(_done, jobs, workers), 1):
        if progress is not None:
            progress(found[0].title, place, len(jobs))
        made.append(found)
    results = tuple(result for result, _ in made)
    return Study(
        schema_version=SCHEMA_VERSION,
        package_version=__version__,
        data=data(problem, title or "least-squares data"),
        methods=results,
        landscape=landscape(problem, {m: result.tuning.hyper for m, result in zip(methods, results, strict=True)}),
        kappa=over_kappa(results, [rates for _, rates in made], problem.kappa),
        limit=limit(problem),
        equivalences=classes(methods),
    )


def _done(job: Job) -> tuple[MethodResult, Vector]:
    """All about one method, and its best rates over the condition number."""
    at = setting(job.problem, job.method, dict(job.given))
    return _method(at, dict(job.given), job.steps), best_rates(job.method, job.problem.kappa)


def _method(at: Setting, given: dict[str, Any], steps: int | None) -> MethodResult:
    method = at.method
    found = tuning(at.problem, method, at.hyper, given)
    checked = verified(at)
    return MethodResult(
        name=method.name,
        title=method.title,
        doc=method.doc,
        rule=method.code,
        state=method.state,
        hyper=method.hyper,
        theory=theory(method, at.problem.loss_name),
        tuning=found,
        run=shown_run(at.problem, method, found, at.shown, steps),
        checks=checked.checks,
        controls=checked.controls,
        finite=finite(at.problem, method, at.hyper, given),
        certificates=proofs(at.problem, method, at.hyper, found.rate),
        libraries=libraries(method, at.hyper),
        diagnosis=advice(at.problem, method, at.hyper),
        curve=curve(at, found),
        roots=roots(at, found),
        map=radius_map(at, found),
        damping=regime_map(at),
    )


def _require_rate(methods: Sequence[Method]) -> None:
    for method in methods:
        if method.rate is None:
            raise BadHyperparameter(
                f"a study varies the learning rate, and {method.name} has none: make its constant a hyperparameter (*, lr)"
            )


def _require_known(methods: Sequence[Method], given: Mapping[str, Any]) -> None:
    known = {name for method in methods for name in method.hyper}
    for name in given:
        if name not in known:
            raise BadHyperparameter(f"none of the methods has a hyperparameter {name!r}: {nearest(name, known)}")
