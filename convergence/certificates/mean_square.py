"""Stability in mean square, proven or refuted for the rows of the data: a second moment that a step shrinks, or does not."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, cast, get_args

import numpy as np
from numpy.typing import NDArray

from convergence.certificates import certificate
from convergence.certificates.certificate import Drawn
from convergence.certificates.exact import Doubt
from convergence.certificates.optimum import undecided
from convergence.certificates.proof import Proof
from convergence.certificates.second_moment import Moments, moments_of
from convergence.certificates.words import claim
from convergence.crossing import fraction
from convergence.errors import BadData, BadHyperparameter, NotLinear
from convergence.problem import LeastSquares, as_quadratic
from convergence.rule import Method
from convergence.stochastic.batches import checked_batch, checked_sampling

Array = NDArray[np.float64]

LARGEST = 16
"""Coordinates of all states: the witness has half as many entries as their square."""

WEIGHTS = {"sum": (0, 2), "half": (0, 1), "mean": (2, 0), "half_mean": (1, 0)}
"""c·n of each loss, exactly: the first, plus n times the second."""


def mean_square(method: Method, p: Any, batch: int, sampling: str, hyper: Mapping[str, Any]) -> Proof:
    """Whether second moments tend to zero: a witness from floats, rounded, and the checker's word for it."""
    given = _stated(method, p, batch, sampling, hyper)
    try:
        step = moments_of(given, method)
    except Doubt as doubt:
        raise NotLinear(f"{method.name} has no exact step of second moments: {doubt}") from None
    size = len(step.still) * len(step.mean)
    if size > LARGEST:
        raise BadData(f"a certificate is for at most {LARGEST} numbers of states and directions; got {size}")
    operator = _operator(step)
    with np.errstate(all="ignore"):
        values, vectors = np.linalg.eig(operator)
        leading = int(np.abs(values).argmax())
        stable = bool(np.abs(values[leading]) < 1)
        flat = np.linalg.solve(np.eye(size**2) - operator, np.eye(size).ravel()) if stable else vectors[:, leading].real
        moment = flat.reshape(size, size)
    if not np.isfinite(moment).all():
        return undecided(method, claim(given), "its numbers leave the range of floats")
    moment = (moment + moment.T) * np.sign(np.trace(moment)) / np.abs(moment).max()
    rows = tuple(tuple(str(Fraction(str(float(v)))) for v in row[: k + 1]) for k, row in enumerate(moment))
    proof = Proof(given.model_copy(update={"holds": stable, "moment": rows}), method)
    if proof.recheck():
        return proof
    radius = float(np.abs(values[leading]))
    return undecided(
        method, claim(given), f"no witness was found: the step of second moments has a radius near {radius:.12g}"
    )


def _stated(method: Method, p: Any, batch: int, sampling: str, hyper: Mapping[str, Any]) -> certificate.MeanSquare:
    """The claim as a certificate, without its witness."""
    problem = as_quadratic(p)
    if not isinstance(problem, LeastSquares) or len(problem.X) != problem.rows:
        raise BadData("a certificate in mean square is about the rows of the data: give a LeastSquares, or (X, y)")
    if problem.rank < len(problem.columns):
        raise BadData(
            f"the data say nothing about {len(problem.columns) - problem.rank} of {len(problem.columns)} directions, along "
            f"which no error shrinks; leave the columns out that depend on others"
        )
    if checked_sampling(sampling) not in get_args(Drawn):
        raise BadHyperparameter(f"a certificate is for sampling='replacement' or 'step'; got {sampling!r}")
    size = checked_batch(problem, batch, sampling, drawn=False)
    n, (plain, times) = problem.rows, WEIGHTS[problem.loss_name]
    return certificate.MeanSquare(
        method=method.name,
        kind="mean square",
        holds=True,
        hyper={name: str(fraction(value)) for name, value in method.scalars(hyper).items()},
        rows=tuple(tuple(str(fraction(v)) for v in row) for row in problem.X.tolist()),
        weight=str(plain + times * n),
        batch=size,
        sampling=cast(Drawn, sampling),
        moment=(("0",),),
    )


def _operator(step: Moments) -> Array:
    """T on flattened matrices, in floats."""
    parts = (step.still, step.slope, step.mean, step.fourth)
    still, slope, mean, fourth = (np.array(part, dtype=float) for part in parts)
    d, s = len(mean), len(still)
    A = np.kron(still, np.eye(d)) + np.kron(slope, mean)
    spread = fourth.reshape((d,) * 4) - np.einsum("ik,mj->ikmj", mean, mean)
    noise = np.einsum("ac,bd,ikmj->aibjckdm", slope, slope, spread).reshape((s * d) ** 2, (s * d) ** 2)
    return np.asarray(np.kron(A, A) + float(step.share) * noise)
