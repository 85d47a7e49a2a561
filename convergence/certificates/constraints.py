"""A method, curvatures and a radius go in; polynomials in its hyperparameters come out that are positive wherever it is faster.

Where all roots lie inside the disc at every one of these curvatures, every coefficient of p(Rz) under z = (1+s)/(1−s) and
every Hurwitz determinant is positive. What cannot all be positive proves that no hyperparameters reach the radius.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flint import fmpq, fmpq_mpoly_ctx

from convergence.certificates.characteristic import terms
from convergence.certificates.discs import half_plane, hurwitz, scaled
from convergence.rule import RATE_NAMES, Method


@dataclass(frozen=True)
class Constraint:
    """A polynomial of the hyperparameters: the ``place``-th for the disc, at this curvature."""

    curvature: fmpq
    place: int
    poly: Any


def ring(unknown: Sequence[str]) -> Any:
    """Polynomials in these hyperparameters."""
    return fmpq_mpoly_ctx.get(tuple(unknown), "lex")


def constraints(
    method: Method, unknown: Sequence[str], held: Mapping[str, fmpq], curvatures: Sequence[fmpq], radius: fmpq
) -> tuple[Constraint, ...]:
    """What must be positive at these curvatures for a radius below this one."""
    made = []
    for curvature in curvatures:
        coefficients = at_curvature(method, unknown, held, curvature)
        for place, poly in enumerate(necessary(scaled(coefficients, radius))):
            made.append(Constraint(curvature, place, poly))
    return tuple(made)


def at_curvature(method: Method, unknown: Sequence[str], held: Mapping[str, fmpq], curvature: fmpq) -> list[Any]:
    """The characteristic polynomial's coefficients at one curvature, polynomials in the unknown hyperparameters."""
    letters = dict(zip(unknown, ring(unknown).gens(), strict=True))
    inputs = [curvature, *(letters.get(name, held.get(name)) for name in method.hyper)]
    return [_value(part, inputs, ring(unknown)) for part in terms(method)]


def _value(part: Any, inputs: Sequence[Any], context: Any) -> Any:
    total = context.constant(0)
    for exponents, coefficient in part:
        product = context.constant(coefficient)
        for number, exponent in zip(inputs, exponents, strict=True):
            product = product * number**exponent if exponent else product
        total = total + product
    return total


def necessary(coefficients: Sequence[Any]) -> list[Any]:
    """All half-plane coefficients, then the Hurwitz determinants of order two and more of Liénard and Chipart."""
    mapped = half_plane(coefficients)
    size = len(mapped) - 1
    return [*mapped, *(hurwitz(mapped, k) for k in range(size - 1, 1, -2))]


def not_negative(name: str) -> bool:
    """Whether a hyperparameter is taken for not negative: a learning rate, or the momentum."""
    return name in RATE_NAMES or name == "momentum"
