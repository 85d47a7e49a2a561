"""An update rule and exact settings go in; its characteristic polynomial, run and not derived, is held against another.

The rule itself is run on unit states, with exact numbers for λ and the hyperparameters; Faddeev and LeVerrier's recurrence
makes the characteristic polynomial of the matrix that appears.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from convergence.certificates.exact_certificates import Doubt
from convergence.certificates.exact_discs import ONE, ZERO
from convergence.certificates.exact_numbers import Number
from convergence.certificates.exact_polynomials import unforeseen
from convergence.certificates.exact_signs import Coefficients, at
from convergence.rule import Method

NOT_RUN = (
    "the characteristic polynomial was taken as derived: the rule cannot be run on exact numbers, or is not linear"
)


class Parabola:
    """½λx² for one exact curvature."""

    def __init__(self, curvature: Number) -> None:
        self.curvature = curvature

    def grad(self, x: Any, /) -> Any:
        return x * self.curvature

    def solve(self, g: Any, /) -> Any:
        return g / self.curvature


def held_against(method: Method, hyper: Mapping[str, Number], characteristic: list[Coefficients]) -> str | None:
    """Raise Doubt where the rule has another characteristic polynomial; a note where it could not be run."""
    degree = max(len(c) for c in characteristic)
    places = [Fraction(3 * k + 2, 7) for k in range(2 * degree + 2)]
    for place in (*places, *(x for (x,) in unforeseen(characteristic, 1))):  # the rule's own degree is not known
        curvature = Number(None, (place,))
        below = at(characteristic[0], curvature)
        if not below:
            continue
        own = run_characteristic(method, curvature, hyper)
        if own is None:
            return NOT_RUN
        if len(own) != len(characteristic) or any(
            a * below - at(c, curvature) for a, c in zip(own, characteristic, strict=True)
        ):
            raise Doubt(f"not the characteristic polynomial of {method.name}")
    return None


def run_characteristic(method: Method, curvature: Number, hyper: Mapping[str, Number]) -> list[Number] | None:
    """The coefficients of det(zI − A), highest first; None where the rule cannot be run, or is not linear."""
    size = len(method.state)
    still = _image(method, curvature, hyper, [ZERO] * size)
    images = [_image(method, curvature, hyper, [ONE if k == j else ZERO for k in range(size)]) for j in range(size)]
    mixed = _image(method, curvature, hyper, [ONE * (k + 2) for k in range(size)])
    if still is None or mixed is None or None in images:
        return None
    columns = [[a - b for a, b in zip(image, still, strict=True)] for image in images if image is not None]
    expected = [sum((columns[j][i] * (j + 2) for j in range(size)), still[i]) for i in range(size)]
    if any(a - b for a, b in zip(expected, mixed, strict=True)):
        return None
    return _faddeev([[columns[j][i] for j in range(size)] for i in range(size)])


def _image(method: Method, curvature: Number, hyper: Mapping[str, Number], state: list[Number]) -> list[Number] | None:
    try:
        return [ZERO + value for value in method(Parabola(curvature), *state, **hyper)]
    except (TypeError, AttributeError, ValueError, NotImplementedError, ZeroDivisionError):
        return None


def _faddeev(matrix: list[list[Number]]) -> list[Number]:
    size = len(matrix)
    identity = [[ONE if i == j else ZERO for j in range(size)] for i in range(size)]
    power, result = identity, [ONE]
    for k in range(1, size + 1):
        product = [
            [sum((matrix[i][m] * power[m][j] for m in range(size)), ZERO) for j in range(size)] for i in range(size)
        ]
        coefficient = -sum((product[i][i] for i in range(size)), ZERO) / k
        result.append(coefficient)
        power = [
            [p + coefficient * e for p, e in zip(*rows, strict=True)] for rows in zip(product, identity, strict=True)
        ]
    return result
