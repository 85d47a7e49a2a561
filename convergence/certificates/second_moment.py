"""The checker's step of second moments under minibatches, in fractions: a positive map T, and a matrix that it shrinks or not.

Where M ≻ 0 and M − T(M) ≻ 0, powers of T tend to zero; where M ⪰ 0 is not 0 and T(M) ⪰ M, they do not. Definite is what
elimination finds pivots above 0 in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from convergence.certificates.certificate import MeanSquare
from convergence.certificates.exact import require
from convergence.certificates.loop import ring_of, run

if TYPE_CHECKING:
    from convergence.rule import Method

Matrix = list[list[Fraction]]


@dataclass(frozen=True)
class Moments:
    """A step s ← (still⊗I + slope⊗h)s, with h the mean of weight·xxᵀ over a batch; ``share`` of their spread is left."""

    still: Matrix
    slope: Matrix
    rows: Matrix
    weight: Fraction
    share: Fraction

    def hessian(self, rows: Matrix) -> Matrix:
        """The mean of weight·xxᵀ over rows."""
        return [[self.weight * v / len(rows) for v in row] for row in _product(_turned(rows), rows)]

    def after(self, M: Matrix) -> Matrix:
        """T(M) = ĀMĀᵀ + share·E (AMAᵀ − ĀMĀᵀ), with A the step of a row, and Ā that of all."""
        total = self._moved(self.rows, M)
        parts = [_plus(self._moved([x], M), total, -1) for x in self.rows]
        for part in parts:
            total = _plus(total, part, self.share / len(self.rows))
        return total

    def _moved(self, rows: Matrix, M: Matrix) -> Matrix:
        eye = [[Fraction(i == j) for j in range(len(rows[0]))] for i in range(len(rows[0]))]
        A = _plus(_kron(self.still, eye), _kron(self.slope, self.hessian(rows)))
        return _product(_product(A, M), _turned(A))


def moments_of(c: MeanSquare, method: Method) -> Moments:
    """What the certificate's data and the rule make of a step. Doubt where it is not affine in the sampled Hessian."""
    rows, weight, ring = [[Fraction(v) for v in row] for row in c.rows], Fraction(c.weight), ring_of(method)
    n = len(rows)
    require(len({*map(len, rows)}) == 1 and weight > 0, "the rows are no data")
    require(c.sampling == "replacement" or c.batch <= n, "a batch of distinct rows has at most all of them")
    hyper = {name: (ring.constant(Fraction(v)), ring.constant(1)) for name, v in c.hyper.items()}
    loop = run(method, ring.letter("λ"), hyper)
    require(not loop.clocks, "its steps change with a clock")
    plain = all(by and not by.has("λ") for by in loop.divisors) and all(by.is_constant for by in loop.belows)
    parts = [[[part.value for part in entry.by("λ")] + [Fraction(0)] for entry in row] for row in loop.rows]
    require(plain and all(len(p) <= 3 for row in parts for p in row), "its step is not affine in the sampled Hessian")
    still, slope = ([[p[k] for p in row] for row in parts] for k in (0, 1))
    share = Fraction(n - c.batch, c.batch * max(n - 1, 1)) if c.sampling == "step" else Fraction(1, c.batch)
    return Moments(still, slope, rows, weight, share)


def second_moments(c: MeanSquare, method: Method) -> list[str]:
    """The facts that carry the claim. Doubt where they are not so."""
    step = moments_of(c, method)
    size = len(step.still) * len(step.rows[0])
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


def _plus(A: Matrix, B: Matrix, times: Fraction | int = 1) -> Matrix:
    return [[a + times * b for a, b in zip(x, y, strict=True)] for x, y in zip(A, B, strict=True)]


def _product(A: Matrix, B: Matrix) -> Matrix:
    return [[sum((a * b for a, b in zip(x, y, strict=True) if a), Fraction(0)) for y in _turned(B)] for x in A]


def _turned(A: Matrix) -> Matrix:
    return [list(column) for column in zip(*A, strict=True)]


def _kron(A: Matrix, B: Sequence[Sequence[Fraction]]) -> Matrix:
    return [[a * b for a in x for b in y] for x in A for y in B]
