"""The checker's step of second moments under minibatches, in fractions: a positive map T, and a matrix that it shrinks.

Where M ≻ 0 and M − T(M) ≻ 0, powers of T tend to zero (Stein 1952). Where M − T(M) ⪰ 0 and M is not ⪰ 0, they do not: else M
were the sum of all Tᵏ(M − T(M)). Definite is what elimination finds pivots above 0 in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import lcm
from operator import mul
from typing import TYPE_CHECKING

from convergence.certificates.certificate import MeanSquare
from convergence.certificates.exact import require
from convergence.certificates.loop import ring_of, run

if TYPE_CHECKING:
    from convergence.rule import Method

Matrix = list[list[Fraction]]


@dataclass(frozen=True)
class Moments:
    """A step s ← (still⊗I + slope⊗h)s, with h the Hessian of a batch: ``mean`` E h and ``fourth`` E h⊗h over the rows.

    ``share`` of the spread of the rows is left in a batch.
    """

    still: Matrix
    slope: Matrix
    mean: Matrix
    fourth: Matrix
    share: Fraction

    def after(self, M: Matrix) -> Matrix:
        """T(M) = ĀMĀᵀ + share·(E hQh − h̄Qh̄), with Q = (slope⊗I)M(slope⊗I)ᵀ and each h on its state's coordinates."""
        d, states = len(self.mean), len(self.still)
        eye = [[Fraction(i == j) for j in range(d)] for i in range(d)]
        total = _moved(_plus(_kron(self.still, eye), _kron(self.slope, self.mean)), M)
        Q = _moved(_kron(self.slope, eye), M)
        spread = _plus(self.fourth, _kron(self.mean, self.mean), -1)
        for a, b, i, j in product(range(states), range(states), range(d), range(d)):
            terms = (spread[i * d + j][k * d + m] * Q[a * d + k][b * d + m] for k, m in product(range(d), repeat=2))
            total[a * d + i][b * d + j] += self.share * sum(terms)
        return total


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
    squares = [[a * b for a in x for b in x] for x in rows]
    return Moments(still, slope, _gram(rows, weight), _gram(squares, weight**2), share)


def second_moments(c: MeanSquare, method: Method) -> list[str]:
    """The facts that carry the claim. Doubt where they are not so."""
    step = moments_of(c, method)
    size = len(step.still) * len(step.mean)
    require([len(row) for row in c.moment] == [*range(1, size + 1)], "the moment is not of the states' coordinates")
    M = symmetric(c.moment)
    left = _plus(M, step.after(M), -1)
    require(definite(left, strict=c.holds), "a step does not shrink the matrix")
    if c.holds:
        require(definite(M, strict=True), "the matrix is not positive definite")
        return [
            f"a second moment of {size} numbers is positive definite",
            "one step makes it smaller: by a definite matrix",
        ]
    require(not definite(M, strict=False), "the matrix is positive semidefinite")
    return [
        f"a symmetric matrix of {size} rows is not positive semidefinite",
        "what one step takes from it is: of moments that tend to zero, all steps together would take the matrix itself",
    ]


def symmetric(triangle: Sequence[Sequence[str]]) -> Matrix:
    """The symmetric matrix with this lower triangle."""
    places = range(len(triangle))
    return [[Fraction(triangle[max(i, j)][min(i, j)]) for j in places] for i in places]


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
    rows, columns = [_whole(x) for x in A], [_whole(y) for y in zip(*B, strict=True)]
    return [[Fraction(sum(map(mul, x, y)), a * b) for y, b in columns] for x, a in rows]


def _whole(entries: Sequence[Fraction]) -> tuple[list[int], int]:
    """The numerators over the least common denominator, and that."""
    below = lcm(*(v.denominator for v in entries))
    return [v.numerator * (below // v.denominator) for v in entries], below


def _moved(A: Matrix, M: Matrix) -> Matrix:
    """AMAᵀ."""
    return _product(_product(A, M), [list(column) for column in zip(*A, strict=True)])


def _gram(rows: Matrix, weight: Fraction) -> Matrix:
    """The mean of weight·xxᵀ over the rows."""
    return [[weight * v / len(rows) for v in row] for row in _product([list(c) for c in zip(*rows, strict=True)], rows)]


def _kron(A: Matrix, B: Sequence[Sequence[Fraction]]) -> Matrix:
    return [[a * b for a in x for b in y] for x in A for y in B]
