"""A polynomial in t goes in; whether it is not negative for all t beyond a start comes out, or a t where it is."""

from __future__ import annotations

from typing import Any

from flint import fmpq, fmpq_poly

from convergence.certificates.univariate import Isolated, Poly, trimmed, value, violation


def shifted(poly: Poly, start: fmpq) -> Poly:
    """The polynomial in u = t − start."""
    return trimmed(fmpq_poly(poly)(fmpq_poly([start, 1])).coeffs()) if poly else []


def beyond(poly: Poly) -> fmpq:
    """Cauchy's bound: no root is larger."""
    return 1 + max((abs(c / poly[-1]) for c in poly), default=fmpq(0))


def negative_at(poly: Poly, start: fmpq, strict: bool = False) -> Any:
    """A t > start where the polynomial is negative (``strict``: not positive); None where there is none."""
    moved = shifted(trimmed(poly), start)
    if not moved:
        return start + 1 if strict else None
    last = beyond(moved)
    if moved[-1] < 0:
        return start + last
    if all(c >= 0 for c in moved):
        return None
    first = next(k for k, c in enumerate(moved) if c != 0)
    place = violation(moved[first:], fmpq(0), last, strict)
    if place is not None and value(moved[first:], fmpq(0)) < 0:
        place = _small(moved[first:])
    return None if place is None else start + (place.low if isinstance(place, Isolated) else place)


def _small(poly: Poly) -> fmpq:
    """A positive number so small that the polynomial has the sign that it has at zero."""
    point = fmpq(1)
    while value(poly, point) * value(poly, fmpq(0)) <= 0:
        point = point / 2
    return point
