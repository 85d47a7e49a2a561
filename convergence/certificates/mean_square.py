"""Stability in mean square, proven or refuted for the rows of the data: a matrix that a step shrinks, definite or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Context
from fractions import Fraction
from typing import Any, cast, get_args

import flint
import numpy as np
from numpy.typing import NDArray

from convergence.certificates import certificate
from convergence.certificates.certificate import Drawn
from convergence.certificates.exact import Doubt
from convergence.certificates.optimum import undecided
from convergence.certificates.proof import Proof
from convergence.certificates.second_moment import Moments, definite, moments_of, symmetric
from convergence.certificates.words import claim
from convergence.crossing import exact, fraction
from convergence.errors import BadData, BadHyperparameter, NotLinear
from convergence.problem import LeastSquares, as_quadratic
from convergence.rule import Method
from convergence.stochastic.batches import checked_batch, checked_sampling

LARGEST = 16
"""Coordinates of all states: the witness has half as many entries as their square."""

DIGITS = (17, 34, 68, 136, 272)
"""Of a witness: as few as do. They grow with how near the limit is."""

WEIGHTS = {"sum": (0, 2), "half": (0, 1), "mean": (2, 0), "half_mean": (1, 0)}
"""c·n of each loss, exactly: the first, plus n times the second."""


def mean_square(method: Method, p: Any, batch: int, sampling: str, hyper: Mapping[str, Any]) -> Proof:
    """Whether second moments tend to zero: M − T(M) = 1 solved in fractions, rounded, and the checker's word for it."""
    given = _stated(method, p, batch, sampling, hyper)
    try:
        step = moments_of(given, method)
    except Doubt as doubt:
        raise NotLinear(f"{method.name} has no exact step of second moments: {doubt}") from None
    size = len(step.still) * len(step.mean)
    if size > LARGEST:
        raise BadData(f"a certificate is for at most {LARGEST} numbers of states and directions; got {size}")
    for numbers in _witnesses(step):
        moment = tuple(tuple(str(v) for v in numbers[k * (k + 1) // 2 :][: k + 1]) for k in range(size))
        stable = definite(symmetric(moment), strict=True)
        proof = Proof(given.model_copy(update={"holds": stable, "moment": moment}), method)
        if proof.recheck():
            return proof
    return undecided(method, claim(given), f"so near to its limit that no witness of {DIGITS[-1]} digits was found")


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
    method.scalars(hyper)  # refuses a schedule and a letter; its numbers are floats
    given = {name: exact(value) for name, value in method.settings(hyper).items()}
    if odd := [f"{name}={value}" for name, value in given.items() if not value.is_Rational]:
        raise BadHyperparameter(f"a certificate in mean square needs rational numbers (such as 9/10); got {odd[0]}")
    n, (plain, times) = problem.rows, WEIGHTS[problem.loss_name]
    return certificate.MeanSquare(
        method=method.name,
        kind="mean square",
        holds=True,
        hyper={name: str(value) for name, value in given.items()},
        rows=tuple(tuple(str(fraction(v)) for v in row) for row in problem.X.tolist()),
        weight=str(plain + times * n),
        batch=size,
        sampling=cast(Drawn, sampling),
        moment=(("0",),),
    )


def _witnesses(step: Moments) -> Iterator[list[Fraction]]:
    """Lower triangles of the M with M − T(M) = 1, rounded to more and more digits; at the limit itself of M = T(M)."""
    size = len(step.still) * len(step.mean)
    i, j = np.tril_indices(size)
    operator = _operator(step).reshape((size,) * 4)[i, j]
    stein = np.eye(len(i), dtype=object) - operator[:, i, j] - operator[:, j, i] * (i != j).astype(object)
    system, ones = flint.fmpq_mat(len(i), len(i), [*stein.flat]), flint.fmpq_mat(len(i), 1, [int(v) for v in i == j])
    try:
        solution = system.solve(ones).entries()
    except ZeroDivisionError:
        kernel = [row[0] for row in system.numer_denom()[0].nullspace()[0].tolist()]
        yield from ([sign * Fraction(int(v)) for v in kernel] for sign in (1, -1))
        return
    for digits in DIGITS:
        yield [Fraction(Context(prec=digits).divide(int(v.p), int(v.q))) for v in solution]


def _operator(step: Moments) -> NDArray[np.object_]:
    """T on flattened matrices, in fractions."""
    parts = (step.still, step.slope, step.mean, step.fourth)
    still, slope, mean, fourth = (np.array([[_fmpq(v) for v in row] for row in part]) for part in parts)
    d, s = len(mean), len(still)
    A = np.kron(still, np.eye(d, dtype=object)) + np.kron(slope, mean)
    spread = fourth.reshape((d,) * 4) - np.einsum("ik,mj->ikmj", mean, mean)
    noise = np.einsum("ac,bd,ikmj->aibjckdm", slope, slope, spread).reshape((s * d) ** 2, (s * d) ** 2)
    return np.asarray(np.kron(A, A) + _fmpq(step.share) * noise)


def _fmpq(v: Fraction) -> Any:
    return flint.fmpq(v.numerator, v.denominator)
