"""A characteristic polynomial in the sceptic's numbers goes in; its Liénard–Chipart polynomials, by evaluation, come out.

Written apart from ``discs``: everything is evaluated at fractions, determinants by Gaussian elimination, and polynomials in
ε come back by interpolation.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from convergence.certificates.exact_numbers import Number
from convergence.certificates.exact_signs import Coefficients, at, divisor, roots_between

ZERO, ONE = Number(None, ()), Number(None, (Fraction(1),))


def count(degree: int) -> int:
    """How many Liénard–Chipart polynomials there are."""
    return 1 + len(range(degree, 0, -2)) + len(range(degree - 1, 0, -2))


def values(coefficients: list[Number], radius: Number) -> list[Number]:
    """The Liénard–Chipart numbers of a polynomial (highest coefficient first) for a disc."""
    high = image(coefficients, radius)
    size = len(high) - 1
    minors = [_minor(high, order) for order in range(size - 1, 0, -2)]
    return [high[0], *(high[k] for k in range(size, 0, -2)), *minors]


def necessary(coefficients: list[Number], radius: Number) -> list[Number]:
    """All half-plane coefficients, highest first, and the Hurwitz determinants of order two and more."""
    high = image(coefficients, radius)
    return [*high, *(_minor(high, order) for order in range(len(high) - 2, 1, -2))]


def image(coefficients: list[Number], radius: Number) -> list[Number]:
    """The half-plane coefficients, highest first."""
    size = len(coefficients) - 1
    total = [ZERO] * (size + 1)  # lowest first
    for k, a in enumerate(coefficients):
        factor = [a * coefficients[0] * radius ** (size - k)]
        for _ in range(size - k):
            factor = _times_linear(factor, 1)
        for _ in range(k):
            factor = _times_linear(factor, -1)
        total = [p + q for p, q in zip(total, factor, strict=True)]
    return total[::-1]


def _times_linear(poly: list[Number], sign: int) -> list[Number]:
    """The polynomial times 1 ± s."""
    return [a + b * sign for a, b in zip([*poly, ZERO], [ZERO, *poly], strict=True)]


def _minor(high: list[Number], order: int) -> Number:
    size = len(high) - 1
    padded = [*([ZERO] * order), *high, *([ZERO] * order)]  # entry (i, j) is coefficient 2j−i+1
    return _eliminated(
        [[padded[order + 2 * j - i + 1] if 2 * j - i < size else ZERO for j in range(order)] for i in range(order)]
    )


def _eliminated(rows: list[list[Number]]) -> Number:
    result = ONE
    for k in range(len(rows)):
        pivot = next((i for i in range(k, len(rows)) if rows[i][k]), None)
        if pivot is None:
            return ZERO
        if pivot != k:
            rows[k], rows[pivot], result = rows[pivot], rows[k], -result
        result = result * rows[k][k]
        for i in range(k + 1, len(rows)):
            factor = rows[i][k] / rows[k][k]
            rows[i] = [a - factor * b for a, b in zip(rows[i], rows[k], strict=True)]
    return result


def agrees(
    characteristic: list[Coefficients], radius: Number, closed: bool, place: int, order: int, poly: Coefficients
) -> bool:
    """Whether this is the ``order``-th coefficient in ε of the Liénard–Chipart polynomial, and lower ones are zero."""
    size = len(characteristic) - 1
    depth = max(1, size - 1)
    width = 2 * max(len(c) for c in characteristic) * depth
    if not closed and order:
        return False
    for k in range(max(width, len(poly)) + 1):
        x = Fraction(k + 1, 3)
        here = [at(c, x) for c in characteristic]
        found = expanded(here, radius, place, 1 if closed else 0, size * depth)
        wanted = at(poly, x)
        if any(bool(c) for c in found[:order]) or bool(found[order] - wanted):
            return False
    return True


def expanded(here: list[Number], radius: Number, place: int, order: int, degree: int) -> list[Number]:
    """The coefficients in ε of a Liénard–Chipart number for the disc of radius + ε; where ``order`` is 0, the first alone."""
    if not order:
        return [values(here, radius)[place]]
    points = [Fraction(k) for k in range(degree + 1)]
    return interpolated(points, [values(here, radius + e)[place] for e in points])


def orders(size: int) -> list[int]:
    """The orders of the Hurwitz determinants of ``necessary``, for a polynomial of this degree."""
    return list(range(size - 1, 1, -2))


def degrees(size: int) -> list[int]:
    """Of which degree each Liénard–Chipart polynomial is in the coefficients."""
    return [1, *(1 for _ in range(size, 0, -2)), *range(size - 1, 0, -2)]


def interpolated(points: list[Fraction], heights: list[Number]) -> list[Number]:
    """The coefficients, lowest first, of the polynomial through these points (Newton's divided differences)."""
    differences: list[Any] = list(heights)
    for level in range(1, len(points)):
        for k in range(len(points) - 1, level - 1, -1):
            differences[k] = (differences[k] - differences[k - 1]) / (points[k] - points[k - level])
    result: list[Number] = [ZERO] * len(points)
    for k in range(len(points) - 1, -1, -1):
        shifted = [ZERO, *result[:-1]]
        result = [a - b * points[k] for a, b in zip(shifted, result, strict=True)]
        result[0] = result[0] + differences[k]
    return result


def shares_root(poly: Coefficients, root_of: Coefficients, low: Number, high: Number) -> bool:
    """Whether the root of ``root_of`` between the two is one of ``poly`` too."""
    shared = divisor(root_of, poly) if poly else root_of
    return len(shared) > 1 and roots_between(shared, low, high) == 1
