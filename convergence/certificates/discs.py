"""A characteristic polynomial goes in; polynomials come out whose signs say whether its roots lie in a disc.

For the open disc of radius R, the Liénard–Chipart polynomials of p(Rz) under z = (1+s)/(1−s) are all positive. For the
closed disc of radius r: they are positive for every R = r + ε with small ε > 0, so the first coefficient in ε that is not
identically zero decides; double roots on the circle and roots that stay on it for all λ need no case of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import comb
from typing import Any

from flint import fmpq, fmpq_mpoly_ctx, fmpq_poly

from convergence.certificates.characteristic import Characteristic
from convergence.certificates.field import Algebraic, Field, Scalar
from convergence.certificates.univariate import Poly, trimmed

RING = fmpq_mpoly_ctx.get(("lambda", "epsilon", "theta"), "lex")
LAMBDA, EPSILON, THETA = RING.gens()


@dataclass(frozen=True)
class Condition:
    """One Liénard–Chipart polynomial: ``order`` in ε at which it first shows, and that coefficient as a polynomial in λ."""

    place: int
    order: int
    poly: tuple[Scalar, ...]


def conditions(characteristic: Characteristic, radius: Scalar, closed: bool) -> tuple[Condition, ...]:
    """For the open disc, the polynomials at the radius itself (order 0); for the closed one, what shows first beyond it."""
    coefficients = [_lifted(c) for c in characteristic.coefficients]
    beyond = _number(radius) + (EPSILON if closed else RING.constant(0))
    made = []
    for place, polynomial in enumerate(lienard_chipart(scaled(coefficients, beyond))):
        orders = _by_epsilon(polynomial, characteristic.field)
        order = next((k for k, p in enumerate(orders) if p), 0)
        made.append(Condition(place, order, tuple(orders[order] if orders else [])))
    return tuple(made)


def scaled(coefficients: Sequence[Any], radius: Any) -> list[Any]:
    """p(Rz), with positive multiples of the monic polynomial's coefficients: once more times the first coefficient."""
    first = coefficients[0]
    size = len(coefficients) - 1
    return [a * first * radius ** (size - k) for k, a in enumerate(coefficients)]


def lienard_chipart(coefficients: Sequence[Any]) -> list[Any]:
    """Polynomials that are all positive exactly where the roots in z lie in the unit disc (Gantmacher 1959, XV §13)."""
    mapped = half_plane(coefficients)
    size = len(mapped) - 1
    minors = [hurwitz(mapped, k) for k in range(size - 1, 0, -2)]
    return [mapped[0], *(mapped[k] for k in range(size, 0, -2)), *minors]


def half_plane(coefficients: Sequence[Any]) -> list[Any]:
    """The coefficients, highest first, of Σ aₖ (1+s)ⁿ⁻ᵏ (1−s)ᵏ."""
    size = len(coefficients) - 1
    rows = _mapping(size)
    return [sum((w * a for w, a in zip(row, coefficients, strict=True) if w), 0 * coefficients[0]) for row in rows]


@cache
def _mapping(size: int) -> tuple[tuple[int, ...], ...]:
    def weight(power: int, k: int) -> int:
        chosen = range(max(0, power - (size - k)), min(k, power) + 1)
        return sum((-1) ** j * comb(k, j) * comb(size - k, power - j) for j in chosen)

    return tuple(tuple(weight(power, k) for k in range(size + 1)) for power in range(size, -1, -1))


def hurwitz(coefficients: Sequence[Any], order: int) -> Any:
    """The leading Hurwitz determinant of this order, without division."""
    size = len(coefficients) - 1
    zero = 0 * coefficients[0]
    places = [[2 * j - i + 1 for j in range(order)] for i in range(order)]
    return determinant([[coefficients[k] if 0 <= k <= size else zero for k in row] for row in places])


def determinant(rows: list[list[Any]]) -> Any:
    """By expansion along the first row: these are small."""
    if len(rows) == 1:
        return rows[0][0]
    minors = [[[*row[:j], *row[j + 1 :]] for row in rows[1:]] for j in range(len(rows))]
    parts = [(-1) ** j * rows[0][j] * determinant(minor) for j, minor in enumerate(minors) if rows[0][j] != 0]
    return sum(parts, 0 * rows[0][0])


def _lifted(poly: Sequence[Scalar]) -> Any:
    return sum((_number(c) * LAMBDA**k for k, c in enumerate(poly)), RING.constant(0))


def _number(number: Scalar) -> Any:
    if isinstance(number, Algebraic):
        return sum((c * THETA**k for k, c in enumerate(number.poly.coeffs())), RING.constant(0))
    return RING.constant(number)


def _by_epsilon(polynomial: Any, field: Field | None) -> list[Poly]:
    """The coefficients by powers of ε, each a polynomial in λ over the field."""
    found: dict[tuple[int, int], dict[int, fmpq]] = {}
    for (power, order, theta), coefficient in polynomial.to_dict().items():
        found.setdefault((order, power), {})[theta] = coefficient
    orders = max((order for order, _ in found), default=-1) + 1
    result: list[Poly] = [[fmpq(0)] * (1 + max((p for o, p in found if o == k), default=-1)) for k in range(orders)]
    for (order, power), parts in found.items():
        result[order][power] = _scalar(parts, field)
    return [trimmed(p) for p in result]


def _scalar(parts: dict[int, fmpq], field: Field | None) -> Scalar:
    if field is None:
        return parts[0]
    poly = fmpq_poly([parts.get(k, fmpq(0)) for k in range(max(parts) + 1)])
    return field.element(poly.coeffs())
