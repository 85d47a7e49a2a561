"""The checker's step of second moments under minibatches, in fractions: a positive map T, and a matrix that it shrinks or not.

Where M ≻ 0 and M − T(M) ≻ 0, powers of T tend to zero; where M ⪰ 0 is not 0 and T(M) ⪰ M, they do not. Definite is what
elimination finds pivots above 0 in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from convergence.certificates.certificate import MeanSquare
from convergence.certificates.exact import require
from convergence.certificates.loop import matrix, ring_of
from convergence.rule import Method

Matrix = list[list[Fraction]]


@dataclass(frozen=True)
class Moments:
    """A step s ← (still⊗I + slope⊗h)s, with h the Hessian of a batch: its mean, E hh, and the variance of a batch's mean."""

    still: Matrix
    slope: Matrix
    mean: Matrix
    fourth: dict[tuple[int, int, int, int], Fraction]
    factor: Fraction

    def after(self, M: Matrix) -> Matrix:
        """T(M) = ĀMĀᵀ + factor·(E h Q h − h̄Qh̄), with Q = (slope⊗I)M(slope⊗I)ᵀ and each h on its state's coordinates."""
        d, states = len(self.mean), len(self.still)
        eye = [[Fraction(i == j) for j in range(d)] for i in range(d)]
        carried = _sandwiched(_plus(_kron(self.still, eye), _kron(self.slope, self.mean)), M)
        Q = _sandwiched(_kron(self.slope, eye), M)
        for a, b, i, j in product(range(states), range(states), range(d), range(d)):
            spread = sum(
                (self.fourth[i, k, m, j] - self.mean[i][k] * self.mean[m][j]) * Q[a * d + k][b * d + m]
                for k, m in product(range(d), range(d))
            )
            carried[a * d + i][b * d + j] += self.factor * spread
        return carried


def moments_of(c: MeanSquare, method: Method) -> Moments:
    """What the certificate's data and the rule make of a step. Doubt where it is not affine in the sampled Hessian."""
    rows, weight, ring = [[Fraction(v) for v in row] for row in c.rows], Fraction(c.weight), ring_of(method)
    n, d = len(rows), len(rows[0])
    require(all(len(row) == d for row in rows) and weight > 0, "the rows are no data")
    require(c.sampling == "replacement" or c.batch <= n, "a batch of distinct rows has at most all of them")
    hyper = {name: (ring.constant(Fraction(v)), ring.constant(1)) for name, v in c.hyper.items()}
    entries, scale, divisors, clocks = matrix(method, ring.letter("λ"), hyper)
    require(not clocks, "its steps change with a clock")
    plain = all(by and not by.has("λ") for by in divisors) and scale.is_constant and bool(scale)
    parts = [[[part.value for part in entry.by("λ")] + [Fraction(0)] for entry in row] for row in entries]
    require(plain and all(len(p) <= 3 for row in parts for p in row), "its step is not affine in the sampled Hessian")
    still, slope = ([[p[k] / scale.value for p in row] for row in parts] for k in (0, 1))
    mean = [[weight * sum((x[i] * x[j] for x in rows), Fraction(0)) / n for j in range(d)] for i in range(d)]
    known: dict[tuple[int, ...], Fraction] = {}
    for places in product(range(d), repeat=4):
        if (key := tuple(sorted(places))) not in known:
            i, j, k, m = key
            known[key] = weight**2 * sum((x[i] * x[j] * x[k] * x[m] for x in rows), Fraction(0)) / n
    fourth = {(i, j, k, m): known[tuple(sorted((i, j, k, m)))] for i, j, k, m in product(range(d), repeat=4)}
    factor = Fraction(n - c.batch, c.batch * max(n - 1, 1)) if c.sampling == "step" else Fraction(1, c.batch)
    return Moments(still, slope, mean, fourth, factor)


def second_moments(c: MeanSquare, method: Method) -> list[str]:
    """The facts that carry the claim. Doubt where they are not so."""
    step = moments_of(c, method)
    size = len(step.still) * len(step.mean)
    require([len(row) for row in c.moment] == [*range(1, size + 1)], "the moment is not of the states' coordinates")
    M = [[Fraction(c.moment[max(i, j)][min(i, j)]) for j in range(size)] for i in range(size)]
    after = step.after(M)
    if c.holds:
        require(definite(M, strict=True), "the moment is not positive definite")
        require(definite(_plus(M, after, -1), strict=True), "a step does not shrink the moment")
        return [
            f"a second moment of {size} numbers is positive definite",
            "one step makes it smaller: by a definite matrix",
        ]
    require(definite(M, strict=False) and any(map(any, M)), "the moment is none")
    require(definite(_plus(after, M, -1), strict=False), "a step shrinks the moment")
    return [f"a second moment of {size} numbers is positive semidefinite, and not zero", "no step makes it smaller"]


def definite(M: Matrix, *, strict: bool) -> bool:
    """Whether a symmetric matrix is positive definite, or (not ``strict``) semidefinite, by elimination."""
    rest = [list(row) for row in M]
    for k, row in enumerate(rest):
        pivot, tail = row[k], row[k + 1 :]
        if pivot < 0 or (pivot == 0 and (strict or any(tail))):
            return False
        for i in range(k + 1, len(rest)) if pivot else ():
            share = rest[i][k] / pivot
            rest[i] = [a - share * b for a, b in zip(rest[i], row, strict=True)]
    return True


def _plus(A: Matrix, B: Matrix, times: int = 1) -> Matrix:
    return [[a + times * b for a, b in zip(x, y, strict=True)] for x, y in zip(A, B, strict=True)]


def _product(A: Matrix, B: Matrix) -> Matrix:
    return [
        [sum((a * b for a, b in zip(row, column, strict=True)), Fraction(0)) for column in zip(*B, strict=True)]
        for row in A
    ]


def _sandwiched(A: Matrix, M: Matrix) -> Matrix:
    return _product(_product(A, M), [list(column) for column in zip(*A, strict=True)])


def _kron(A: Matrix, B: Sequence[Sequence[Fraction]]) -> Matrix:
    return [[a * b for a in x for b in y] for x in A for y in B]
